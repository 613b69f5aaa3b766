/*
 * recon_op: operations: one request and all it changed, until the kernel has it.
 *
 * All or nothing: when the kernel or the policy definitely refuses a part, the objects go back to what they were in a new revision, the
 * planner undoes what had been done, and then the client gets the refusal.  What may still work (busy, worker restarting) is tried again,
 * and the client gets 202 when its time is up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/str.h"
#include "core/valid.h"
#include "server/ident.h"
#include "server/recon_int.h"

void
op_free(struct op *op)
{
	if (op == NULL)
		return;
	for (size_t i = 0; i < op->nundo; i++)
		object_free(op->undo[i].before);
	free(op->undo);
	objmap_fini(&op->objects);
	free(op);
}

struct op *
op_of(struct recon *r, enum kind kind, const char *name)
{
	for (struct op *op = r->ops; op != NULL; op = op->next) {
		if (!op->undone && objmap_has(&op->objects, kind, name))
			return (op);
	}
	return (NULL);
}

static struct op *
op_find(struct recon *r, const char *id)
{
	for (struct op *op = r->ops; op != NULL; op = op->next) {
		if (strcmp(op->row.id, id) == 0)
			return (op);
	}
	return (NULL);
}

static struct op *
op_of_step(struct recon *r, const struct step *s)
{
	struct op *op = op_of(r, s->kind, s->name);

	for (size_t i = 0; op == NULL && i < NELEMS(s->needs); i++) {
		if (s->needs[i].name[0] != '\0')
			op = op_of(r, s->needs[i].kind, s->needs[i].name);
	}
	return (op);
}

void
op_step_failed(struct recon *r, const struct step *s, const struct err *err)
{
	struct op *op = op_of_step(r, s);
	struct err *kept;
	char line[200];

	cmd_print(&s->cmd, line, sizeof(line));
	log_warn("reconcile", "%s failed: %s", line, err->msg);
	kept = objmap_add(&r->failed, s->kind, s->name);
	if (kept == NULL)
		return;
	if (kept->code == ERR_NONE)
		*kept = *err;
	if (kept->field[0] == '\0')
		str_copy(kept->field, sizeof(kept->field), s->pointer);
	if (op == NULL || op->keep || op->row.id[0] == '\0' || err_is_transient(err))
		trouble_add(r, s->kind, s->name, kept);
	else if (op->row.err.code == ERR_NONE)
		op->row.err = *kept;
}

/* --- rollback ---------------------------------------------------------------------------------------------- */

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

/* --- answers ----------------------------------------------------------------------------------------------- */

static void
op_answer(struct op *op, enum outcome_kind kind)
{
	struct ticket *t = op->ticket;

	if (t == NULL)
		return;
	op->ticket = NULL;
	t->out.kind = kind;
	memcpy(t->out.op, op->row.id, sizeof(op->row.id));
	if (kind == OUT_FAILED)
		errs_add_err(&t->out.errs, &op->row.err);
	ticket_answer(t);
}

/* Does the operation still wait for a job: one of its jails, or a jail one of its epairs ends in? */
static bool
op_waits(const struct recon *r, const struct op *op)
{
	const struct object *o;
	const char *name, *jail;
	enum kind kind;

	for (size_t i = 0; i < JOBS_MAX; i++) {
		if (r->jobs[i].seq == 0 || r->jobs[i].probe != NULL)
			continue;
		jail = r->jobs[i].step.name;
		if ((op->everything && !op->undone) || objmap_has(&op->objects, KIND_JAIL, jail))
			return (true);
		for (size_t at = 0; objmap_next(&op->objects, &at, &kind, &name, NULL);) {
			o = kind == KIND_EPAIR ? topo_find(&r->want, kind, name) : NULL;
			for (int s = 0; o != NULL && s < 2; s++) {
				if (o->u.epair.end[s].jail != NULL && str_equal(o->u.epair.end[s].jail, jail))
					return (true);
			}
		}
	}
	return (false);
}

static bool
op_is_dirty(const struct recon *r, const struct op *op)
{
	const char *name;
	enum kind kind;

	if (r->dirty_all)
		return (true);
	/* a jail whose command has just ended is looked at once more */
	for (size_t at = 0; op->everything && !op->undone && objmap_next(&r->dirty, &at, &kind, &name, NULL);) {
		if (kind == KIND_JAIL)
			return (true);
	}
	for (size_t at = 0; objmap_next(&op->objects, &at, &kind, &name, NULL);) {
		if (objmap_has(&r->dirty, kind, name))
			return (true);
	}
	return (false);
}

/* Transient trouble of its own objects keeps an operation running. */
static bool
op_in_trouble(const struct recon *r, const struct op *op)
{
	const struct trouble *t;
	const char *name;
	enum kind kind;

	for (size_t at = 0; !op->undone && objmap_next(&op->objects, &at, &kind, &name, NULL);) {
		t = objmap_get(&r->trouble, kind, name);
		if (t != NULL && t->err.code != ERR_NONE)
			return (true);
	}
	return (false);
}

static bool
op_is_through(const struct recon *r, const struct op *op)
{
	return (op->in_cycle && !op_waits(r, op) && !op_is_dirty(r, op) && (op->row.id[0] == '\0' || !op_in_trouble(r, op)));
}

static void
ended_free(struct recon *r)
{
	struct op *op;

	while ((op = r->ended) != NULL) {
		r->ended = op->next;
		op_free(op);
	}
}

static void
op_finish(struct recon *r, struct op *op)
{
	struct err ignored;

	if (op->row.id[0] == '\0')
		return;
	if (!op->ended) {
		op->ended = true;
		op->row.finished_at = ident_now_ms();
		metric_operation(r->conf->metrics, op->route, metric_now_us() - op->began_us);
		if (op->row.err.code == ERR_NONE)
			op->row.state = OP_SUCCEEDED;
	}
	if (op->row.state == OP_SUCCEEDED) {
		recon_event(r, "operation.succeeded", "", op->row.actor, op->row.id, "%s %s is in the kernel", op->row.method,
		    op->row.path);
	}
	store_op_put(r->store, &op->row, &ignored);
}

/*
 * Operations a killed server left running: what they wanted is in the store, and this look has just made it so, or not.  While a command of a jail
 * runs, perhaps still one of that server's, nobody can tell.
 */
struct leftovers {
	struct op_row v[64];
	size_t n;
};

static int
leftover(void *arg, const struct op_row *row, struct err *err)
{
	struct leftovers *l = arg;

	(void)err;
	if (row->state == OP_RUNNING && l->n < NELEMS(l->v))
		l->v[l->n++] = *row;
	return (0);
}

static bool
any_jail_busy(const struct recon *r)
{
	for (size_t i = 0; i < r->have.njails; i++) {
		if (r->have.jails[i].ours && r->have.jails[i].busy)
			return (true);
	}
	for (size_t i = 0; i < JOBS_MAX; i++) {
		if (r->jobs[i].seq != 0 && r->jobs[i].probe == NULL)
			return (true);
	}
	return (false);
}

static void
op_recover(struct recon *r)
{
	struct leftovers *l;
	struct err ignored;

	if (r->recovered || !(r->scope_all || atomic_load(&r->conf->health->reconciled)) || any_jail_busy(r))
		return;
	l = calloc(1, sizeof(*l));
	if (l == NULL || store_ops(r->store, 1000, leftover, l, &ignored) == -1) {
		free(l);
		return;
	}
	for (size_t i = 0; i < l->n; i++) {
		if (op_find(r, l->v[i].id) != NULL)
			continue;
		l->v[i].finished_at = ident_now_ms();
		l->v[i].state = OP_SUCCEEDED;
		if (trouble_next(r) != INT64_MAX) {
			l->v[i].state = OP_FAILED;
			err_set(&l->v[i].err, ERR_INTERNAL, "the daemon was restarted meanwhile, and not everything could be made: see the "
			    "status of its objects");
		}
		store_op_put(r->store, &l->v[i], &ignored);
	}
	free(l);
	r->recovered = true;
}

/* What a cycle has found; all of it, or it is said again after the next look, which is soon then. */
static void
cycle_store(struct recon *r)
{
	bool recovered = r->recovered;
	struct err err;

	r->unstored = true;
	if (recon_begin(r, false, &err) == 0) {
		for (struct op *op = r->ended; op != NULL; op = op->next)
			op_finish(r, op);
		op_recover(r);
		drift_settle(r);
		status_write(r);
		ifaces_write(r);
		r->unstored = recon_end(r, &err) == -1;
	}
	if (!r->unstored) {
		drift_settled(r);
		return;
	}
	log_error("store", "status is not stored: %s", err.msg);
	r->recovered = recovered;
	status_unstored(r);
	look_after(r, BACKOFF_MIN_MS);
}

void
op_cycle_done(struct recon *r)
{
	struct op *op, **link, **tail = &r->ended;

	while (*tail != NULL)
		tail = &(*tail)->next;
	for (link = &r->ops; (op = *link) != NULL;) {
		if (!op_is_through(r, op)) {
			link = &op->next;
			continue;
		}
		*link = op->next;
		op->next = NULL;
		*tail = op;
		tail = &op->next;
	}
	cycle_store(r);
	if (r->ops == NULL)
		atomic_store(&r->conf->health->applied_revision, r->want.revision);
	if (r->scope_all)
		atomic_store(&r->conf->health->reconciled, true);
	for (op = r->ended; op != NULL; op = op->next)
		op_answer(op, op->row.err.code == ERR_NONE ? OUT_DONE : OUT_FAILED);
	if (!r->unstored)
		ended_free(r);
	r->conf->notify(r->conf->arg);
}

void
op_deadlines(struct recon *r, int64_t now)
{
	for (struct op *op = r->ops; op != NULL; op = op->next) {
		if (op->ticket != NULL && op->deadline <= now)
			op_answer(op, op->row.id[0] == '\0' ? OUT_DONE : OUT_ACCEPTED);
	}
}

int64_t
op_next_deadline(const struct recon *r)
{
	int64_t next = INT64_MAX;

	for (const struct op *op = r->ops; op != NULL; op = op->next) {
		if (op->ticket != NULL && op->deadline < next)
			next = op->deadline;
	}
	return (next);
}

void
op_answer_all(struct recon *r, const struct err *err)
{
	struct op *op;

	while ((op = r->ops) != NULL) {
		r->ops = op->next;
		if (op->ticket != NULL && op->row.id[0] == '\0') {
			op->row.err = *err;
			op_answer(op, OUT_FAILED);
		} else
			op_answer(op, OUT_ACCEPTED);
		op_free(op);
	}
	ended_free(r);
}
