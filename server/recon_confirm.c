/*
 * recon_confirm: commit-confirm: a change made with confirm_timeout is rolled back at its deadline unless somebody confirms it.
 *
 * The deadline is in the store, in the transaction of the change: a daemon that was killed meanwhile rolls back before anything else.
 * While a change waits, nothing else is changed: going back to its base would undo what others did since.
 */
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "server/ident.h"
#include "server/recon_int.h"

#define AGAIN_MS 5000

void
confirm_watch(struct recon *r)
{
	const struct confirm_row *c = &r->confirm;
	int64_t left = c->deadline - ident_now_ms(), longest = c->deadline - c->created_at;

	/* a wall clock that was set back must not make it wait longer than was asked for */
	r->confirm_at = c->revision == 0 ? INT64_MAX : ident_mono_ms() + (left < 0 ? 0 : left > longest ? longest : left);
}

int
confirm_load(struct recon *r, struct err *err)
{
	if (store_confirm(r->store, &r->confirm, err) == -1)
		return (-1);
	confirm_watch(r);
	return (0);
}

int
confirm_refuses(const struct confirm_row *c, const struct write *w, struct errs *errs)
{
	char until[TIME_SIZE];

	if (c->revision == 0 || w->dry_run != DRY_NONE || w->rollback)
		return (0);
	return (errs_add(errs, ERR_CONFLICT, "", "revision %lld waits for its confirmation until %s: confirm it or roll back first",
	    (long long)c->revision, api_time_text(c->deadline, until)));
}

int
confirm_store(struct recon *r, struct confirm_row *c, const struct write *w, const struct op_row *op, int64_t base, struct err *err)
{
	bool pending = c->revision != 0;

	if (w->rollback && pending) {
		recon_event(r, w->expired ? "confirm.expired" : "confirm.cancelled", "", w->actor, op->id,
		    "revision %lld was not confirmed%s: back to revision %lld", (long long)c->revision, w->expired ? " in time" : "",
		    (long long)c->base);
		memset(c, 0, sizeof(*c));
		if (store_confirm_clear(r->store, err) == -1)
			return (-1);
	}
	if (w->confirm_s == 0 || op->id[0] == '\0')
		return (0);
	c->revision = op->revision;
	c->base = base;
	memcpy(c->op, op->id, sizeof(c->op));
	memcpy(c->actor, w->actor, sizeof(c->actor));
	c->created_at = ident_now_ms();
	c->deadline = c->created_at + (int64_t)w->confirm_s * 1000;
	recon_event(r, "confirm.pending", "", w->actor, op->id, "revision %lld is rolled back in %d s unless it is confirmed",
	    (long long)c->revision, w->confirm_s);
	return (store_confirm_put(r->store, c, err));
}

int
confirm_accept(struct recon *r, struct confirm_row *c, struct ticket *t, struct err *err)
{
	if (c->revision == 0)
		return (err_set(err, ERR_CONFLICT, "nothing waits for a confirmation"));
	if (t->write->has_if_revision && t->write->if_revision != c->revision)
		return (err_set(err, ERR_PRECONDITION, "revision %lld waits for a confirmation, not %lld", (long long)c->revision,
		    (long long)t->write->if_revision));
	recon_event(r, "confirm.done", "", t->write->actor, c->op, "revision %lld is confirmed by %s", (long long)c->revision, t->write->actor);
	t->out.revision = c->revision;
	memcpy(t->out.op, c->op, sizeof(t->out.op));
	memset(c, 0, sizeof(*c));
	return (store_confirm_clear(r->store, err));
}

/* The request was refused by the kernel and is undone: nothing is left to confirm.  Inside a transaction. */
void
confirm_drop(struct recon *r, const struct op *op)
{
	struct err ignored;

	if (r->confirm.revision == 0 || strcmp(r->confirm.op, op->row.id) != 0)
		return;
	store_confirm_clear(r->store, &ignored);
}

/* --- the deadline ------------------------------------------------------------------------------------------- */

static void
expired_done(struct ticket *t)
{
	if (t->out.kind == OUT_FAILED)
		log_error("confirm", "rolling back: %s", t->out.errs.n > 0 ? t->out.errs.v[0].msg : "failed");
	ticket_free(t);
}

void
confirm_due(struct recon *r, int64_t now)
{
	struct errs errs = { .n = 0 };
	struct ticket *t = NULL;
	struct write *w;

	if (r->confirm.revision == 0 || r->phase == PHASE_HELLO || now < r->confirm_at)
		return;
	/* when it cannot be done now it is tried again; done clears r->confirm */
	r->confirm_at = now + AGAIN_MS;
	log_warn("confirm", "revision %lld was not confirmed in time: back to revision %lld", (long long)r->confirm.revision,
	    (long long)r->confirm.base);
	w = api_rollback_write(r->store, r->confirm.base, &errs);
	if (w == NULL || (t = ticket_new(w)) == NULL) {
		log_error("confirm", "rolling back: %s", errs.n > 0 ? errs.v[0].msg : "out of memory");
		write_free(w);
		return;
	}
	w->expired = true;
	w->async = true;
	t->done = expired_done;
	recon_commit(r, t);
}
