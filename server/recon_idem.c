/*
 * recon_idem: Idempotency-Key: a request that is sent again after its answer was lost is answered, not done, again.
 *
 * The key is stored in the transaction of the effect; the answer is made anew from the operation.  What was refused left no effect, so it
 * leaves no key.
 */
#include <string.h>

#include "server/ident.h"
#include "server/recon_int.h"

#define LIFE_MS (24 * INT64_C(3600000))

bool
idem_answers(struct recon *r, struct ticket *t)
{
	const struct write *w = t->write;
	struct idem_row row;
	struct op_row op = { .state = OP_SUCCEEDED };
	struct err err;

	if (w->key[0] == '\0' || w->dry_run != DRY_NONE)
		return (false);
	if (store_idem(r->store, w->actor, w->key, ident_now_ms() - LIFE_MS, &row, &err) == -1) {
		if (err.code == ERR_NOT_FOUND)
			return (false);
	} else if (memcmp(row.fingerprint, w->fingerprint, sizeof(row.fingerprint)) != 0)
		err_set(&err, ERR_INVALID, "this Idempotency-Key was used for another request");
	else if (row.op[0] != '\0' && store_op(r->store, row.op, &op, &err) == -1 && err.code != ERR_NOT_FOUND)
		(void)0;	/* err says why */
	else if (op.state == OP_RUNNING)
		err_set(&err, ERR_CONFLICT, "the request with this Idempotency-Key is still under way: %s", row.op);
	else {
		t->out.kind = OUT_REPLAY;
		memcpy(t->out.op, row.op, sizeof(t->out.op));
		t->out.revision = row.revision;
		t->out.created = row.created;
		t->out.changed = (size_t)row.changed;
		ticket_answer(t);
		return (true);
	}
	ticket_fail(r, t, &err);
	return (true);
}

int
idem_store(struct recon *r, const struct ticket *t, const struct op_row *op, struct err *err)
{
	const struct write *w = t->write;
	struct idem_row row = { .revision = t->out.revision, .created = t->out.created, .changed = (int64_t)t->out.changed, .at = ident_now_ms() };

	if (w->key[0] == '\0')
		return (0);
	memcpy(row.actor, w->actor, sizeof(row.actor));
	memcpy(row.key, w->key, sizeof(row.key));
	memcpy(row.fingerprint, w->fingerprint, sizeof(row.fingerprint));
	memcpy(row.op, op->id, sizeof(row.op));
	return (store_idem_put(r->store, &row, err));
}

void
idem_trim(struct recon *r)
{
	struct err err;

	if (recon_begin(r, false, &err) == 0 &&
	    (store_idem_trim(r->store, ident_now_ms() - LIFE_MS, &err) == -1 || recon_end(r, &err) == -1))
		store_rollback(r->store);
}
