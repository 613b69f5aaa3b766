/*
 * recon_counters: the kernel's counters for GET /metrics and GET /v1/counters.
 *
 * Asked for only when somebody wants to know, and at most once a second however many do; the reconcile loop never waits for it.
 */
#include <string.h>

#include "server/ident.h"
#include "server/recon_int.h"

#define COUNTERS_FRESH_MS 1000

static void
answer(struct recon *r, struct ticket *t)
{
	counters_ref(r->count.last);
	t->out.kind = OUT_COUNTERS;
	t->out.counters = r->count.last;
	ticket_answer(t);
}

static void
fail_waiting(struct recon *r, const struct err *err)
{
	struct ticket *t, *next;

	for (t = r->count.waiting; t != NULL; t = next) {
		next = t->next;
		ticket_fail(r, t, err);
	}
	r->count.waiting = NULL;
}

void
counters_ask(struct recon *r, struct ticket *t)
{
	struct cmd c = { .op = CMD_COUNTERS, .u.observe.scope = OBSERVE_ALL };
	struct err err;

	if (r->count.last != NULL && ident_mono_ms() - r->count.last_at < COUNTERS_FRESH_MS) {
		answer(r, t);
		return;
	}
	t->next = r->count.waiting;
	r->count.waiting = t;
	if (r->count.seq == 0 && remote_send(&r->remote, &c, &r->count.seq, &err) == -1) {
		r->count.seq = 0;
		fail_waiting(r, &err);
	}
}

void
counters_reply(struct recon *r, const struct reply *reply)
{
	struct counters *c = NULL;
	struct ticket *t, *next;
	struct err err;

	r->count.seq = 0;
	observed_sort(&r->count.rows);
	if (reply->result == REPLY_FAILED)
		err = reply->err;
	else if ((c = counters_new(&r->want, &r->have, &r->count.rows, ident_now_ms())) == NULL)
		err_nomem(&err);
	observed_fini(&r->count.rows);
	if (c == NULL) {
		fail_waiting(r, &err);
		return;
	}
	counters_unref(r->count.last);
	r->count.last = c;
	r->count.last_at = ident_mono_ms();
	for (t = r->count.waiting; t != NULL; t = next) {
		next = t->next;
		answer(r, t);
	}
	r->count.waiting = NULL;
}

void
counters_end(struct recon *r, const struct err *err)
{
	fail_waiting(r, err);
	counters_unref(r->count.last);
	r->count.last = NULL;
	observed_fini(&r->count.rows);
}
