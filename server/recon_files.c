/*
 * recon_files: imports of what the host itself has: the worker reads its files.  One at a time; the reconcile loop never waits for it.
 */
#include <string.h>

#include "server/recon_int.h"

/* The first that waits is asked for; who cannot be is answered. */
static void
ask_next(struct recon *r)
{
	struct cmd c = { .op = CMD_FILES };
	struct ticket *t;
	struct err err;

	while (r->files.seq == 0 && (t = r->files.waiting) != NULL) {
		c.u.files.format = t->write->format;
		if (remote_send(&r->remote, &c, &r->files.seq, &err) == 0)
			return;
		r->files.seq = 0;
		r->files.waiting = t->next;
		ticket_fail(r, t, &err);
	}
}

void
files_ask(struct recon *r, struct ticket *t)
{
	struct ticket **tail = &r->files.waiting;

	while (*tail != NULL)
		tail = &(*tail)->next;
	t->next = NULL;
	*tail = t;
	ask_next(r);
}

void
files_reply(struct recon *r, const struct reply *reply)
{
	struct ticket *t = r->files.waiting;

	r->files.seq = 0;
	r->files.waiting = t->next;
	if (reply->result == REPLY_FAILED) {
		hostfiles_fini(&r->files.got);
		ticket_fail(r, t, &reply->err);
	} else {
		t->out.kind = OUT_FILES;
		t->out.files = r->files.got;
		memset(&r->files.got, 0, sizeof(r->files.got));
		ticket_answer(t);
	}
	ask_next(r);
}

void
files_end(struct recon *r, const struct err *err)
{
	struct ticket *t;

	while ((t = r->files.waiting) != NULL) {
		r->files.waiting = t->next;
		ticket_fail(r, t, err);
	}
	hostfiles_fini(&r->files.got);
}
