/*
 * recon_undo: an operation of which a part was refused: its objects go back to what they were, in a new revision, and the planner undoes what
 * had been done.
 */
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/valid.h"
#include "server/ident.h"
#include "server/recon_int.h"

/* Somebody deleted it since: that stays. */
static bool
undo_is_void(const struct recon *r, const struct undo *u)
{
	return (!u->deleted && topo_find(&r->want, u->kind, u->name) == NULL);
}

/* Puts what the undo list remembers into a view; objects somebody changed again since stay as they are. */
static int
undo_view(struct recon *r, const struct op *op, struct topo *view, struct err *err)
{
	const struct object *now;
	const struct undo *u;

	for (size_t i = op->nundo; i-- > 0;) {
		u = &op->undo[i];
		if (undo_is_void(r, u))
			continue;
		now = topo_find(&r->want, u->kind, u->name);
		if (now != NULL && now->revision != op->row.revision)
			return (err_set(err, ERR_CONFLICT, "%s %s has been changed since", kind_name(u->kind), u->name));
		if (u->before == NULL)
			topo_remove(view, u->kind, u->name);
		else if (topo_put(view, u->before, err) == -1)
			return (-1);
	}
	return (0);
}

/* Inside a transaction: each object is again what it was. */
static int
undo_store(struct recon *r, struct op *op, int64_t revision, struct err *err)
{
	struct revision_row counts = { 0 };
	struct change_item *v;
	const struct undo *u;
	size_t n = 0;
	int rc = -1;

	v = calloc(op->nundo, sizeof(*v));
	if (v == NULL)
		return (err_nomem(err));
	for (size_t i = 0; i < op->nundo; i++) {
		u = &op->undo[i];
		if (undo_is_void(r, u))
			continue;
		v[n] = (struct change_item){ .kind = u->kind, .before = topo_find(&r->want, u->kind, u->name), .after = u->before };
		memcpy(v[n].name, u->name, sizeof(v[n].name));
		n++;
	}
	if (changes_store(r, v, n, revision, &counts, err) == -1 || store_revision_set(r->store, revision, err) == -1 ||
	    history_revision(r, revision, &op->row, "undone: it was refused", &counts, err) == -1)
		goto out;
	confirm_drop(r, op);
	audit_undone(r, &op->row, revision);
	op->row.state = OP_ROLLED_BACK;
	rc = store_op_put(r->store, &op->row, err);
out:
	free(v);
	return (rc);
}

/* Memory follows the disk. */
static void
undo_apply(struct recon *r, struct op *op)
{
	struct object *o;
	struct undo *u;
	struct err err;

	for (size_t i = op->nundo; i-- > 0;) {
		u = &op->undo[i];
		if (undo_is_void(r, u))
			continue;
		o = topo_take(&r->want, u->kind, u->name);
		if (o != NULL)
			scope_dirty(r, o);
		object_free(o);
		objmap_remove(&r->trouble, u->kind, u->name);
		if (u->before == NULL) {
			status_forget(r, u->kind, u->name);
			continue;
		}
		scope_dirty(r, u->before);
		if (topo_put(&r->want, u->before, &err) == -1)
			r->gone = err;
		u->before = NULL;
	}
}

static int
op_undo(struct recon *r, struct op *op, struct err *err)
{
	int64_t revision = r->want.revision + 1;
	struct errs errs = { .n = 0 };
	struct topo view;
	int rc = -1;

	if (topo_view(&view, &r->want, err) == -1)
		return (-1);
	if (undo_view(r, op, &view, err) == -1)
		goto out;
	valid_topo(&view, &errs);
	if (errs.n > 0) {
		*err = errs.v[0];
		goto out;
	}
	if (recon_begin(r, true, err) == -1)
		goto out;
	if (undo_store(r, op, revision, err) == -1) {
		store_rollback(r->store);
		goto out;
	}
	recon_event(r, "operation.rolled_back", "", op->row.actor, op->row.id, "%s %s was refused and undone: %s", op->row.method,
	    op->row.path, op->row.err.msg);
	if (recon_end(r, err) == -1)
		goto out;
	r->want.revision = revision;
	atomic_store(&r->conf->health->revision, revision);
	if (strcmp(r->confirm.op, op->row.id) == 0) {
		memset(&r->confirm, 0, sizeof(r->confirm));
		confirm_watch(r);
	}
	undo_apply(r, op);
	rc = 0;
out:
	topo_fini(&view);
	return (rc);
}

void
op_rollback_failed(struct recon *r)
{
	struct err err;

	for (struct op *op = r->ops; op != NULL; op = op->next) {
		if (op->row.err.code == ERR_NONE || op->undone)
			continue;
		if (op_undo(r, op, &err) == -1) {
			log_warn("reconcile", "%s cannot be undone: %s", op->row.id, err.msg);
			op->row.state = OP_FAILED;
			op->row.finished_at = ident_now_ms();
		}
		op->undone = true;
	}
}
