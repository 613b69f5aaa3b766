/*
 * recon_op: operations: one request and all it changed, until the kernel has it.
 *
 * All or nothing: what the kernel or the policy definitely refuses is undone (recon_undo.c), and then the client gets the refusal.  What may
 * still work (busy, worker restarting) is tried again, and the client gets 202 when its time is up.
 */
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/str.h"
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
	if (kept == NULL || kept->code != ERR_NONE)
		return;		/* the rest follows from its first failure */
	*kept = *err;
	if (kept->field[0] == '\0')
		str_copy(kept->field, sizeof(kept->field), s->pointer);
	if (op == NULL || op->keep || op->row.id[0] == '\0' || err_is_transient(err))
		trouble_add(r, s->kind, s->name, kept);
	else if (op->row.err.code == ERR_NONE)
		op->row.err = *kept;
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
