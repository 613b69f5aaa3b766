/*
 * recon_commit: every ticket that waits goes into one transaction (group commit): a flush of the disk is the dear part of a write.
 *
 * Each ticket is worked into a view of the desired topology on top of the one before it; one that is refused goes back to its
 * savepoint alone.  The owning topology is changed only after the commit, so memory never knows more than the disk.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "server/ident.h"
#include "server/recon_int.h"

#define PLAN_LIFE_MS (30 * INT64_C(60000))

/* A ticket whose rows are written, waiting for the commit. */
struct pending {
	struct pending *next;
	struct ticket *ticket;
	struct changes changes;
	struct op *op;		/* NULL: done with the commit */
};

struct group {
	struct topo view;	/* want + the accepted tickets */
	struct pending *head, **tail;
	struct confirm_row confirm;	/* what waits once this is committed */
	int64_t revision;
	bool wrote;
};

static void
group_add(struct group *g, struct pending *p)
{
	*g->tail = p;
	g->tail = &p->next;
}

void
ticket_fail(struct recon *r, struct ticket *t, const struct err *err)
{
	t->out.kind = OUT_FAILED;
	if (t->out.errs.n == 0)
		errs_add_err(&t->out.errs, err);
	audit_refused(r, t);
	ticket_answer(t);
}

/* --- one ticket -------------------------------------------------------------------------------------------- */

static void
change_event(struct recon *r, const struct change_item *it, const struct write *w, const struct op *op)
{
	static const char *const done[] = { "created", "updated", "deleted" };
	int what = it->before == NULL ? 0 : it->after == NULL ? 2 : 1;
	char type[32], object[96];

	snprintf(type, sizeof(type), "%s.%s", kind_name(it->kind), done[what]);
	object_ref(it->kind, it->name, object, sizeof(object));
	recon_event(r, type, object, w->actor, op->row.id, "%s %s %s by %s", kind_name(it->kind), it->name, done[what], w->actor);
}

static struct op *
op_new(const struct ticket *t, bool changes, bool taken, int64_t revision, int64_t now)
{
	const struct write *w = t->write;
	struct op *op;

	op = calloc(1, sizeof(*op));
	if (op == NULL)
		return (NULL);
	objmap_init(&op->objects, 0);
	if (changes)
		ident_new("op_", op->row.id);
	memcpy(op->row.method, w->method, sizeof(op->row.method));
	memcpy(op->row.path, w->path, sizeof(op->row.path));
	memcpy(op->row.actor, w->actor, sizeof(op->row.actor));
	op->row.state = OP_RUNNING;
	op->row.revision = revision;
	op->row.created_at = now;
	op->route = w->route;
	op->began_us = metric_now_us();
	op->everything = w->verb == WRITE_TOPOLOGY;
	op->keep = w->expired || taken;
	op->deadline = ident_mono_ms() + (w->async ? 0 : (int64_t)w->wait_s * 1000);
	return (op);
}

/* Writes the rows of one ticket; the caller holds a savepoint. */
static int
ticket_store(struct recon *r, struct group *g, struct pending *p, struct confirm_row *confirm, struct err *err)
{
	const struct write *w = p->ticket->write;
	struct revision_row counts = { 0 };
	int64_t now = ident_now_ms();
	const struct changes *c = &p->changes;

	p->op = op_new(p->ticket, c->n > 0, changes_take_over(r, c), c->n > 0 ? g->revision + 1 : g->revision, now);
	if (p->op == NULL)
		return (err_nomem(err));
	if (c->n == 0) {
		p->ticket->out.revision = g->revision;
		if (!p->op->everything && objmap_add(&p->op->objects, w->kind, w->name) == NULL)
			return (err_nomem(err));
		if (w->verb == WRITE_DRIFT_REPAIR || (w->rollback && confirm->revision != 0)) {
			audit_nothing(r, w);
			g->wrote = true;
		}
		g->wrote |= w->key[0] != '\0';
		if (idem_store(r, p->ticket, &p->op->row, err) == -1)
			return (-1);
		return (confirm_store(r, confirm, w, &p->op->row, g->revision, err));
	}
	p->op->undo = calloc(c->n, sizeof(*p->op->undo));
	if (p->op->undo == NULL)
		return (err_nomem(err));
	for (size_t i = 0; i < c->n; i++) {
		if (objmap_add(&p->op->objects, c->v[i].kind, c->v[i].name) == NULL)
			return (err_nomem(err));
		change_event(r, &c->v[i], w, p->op);
	}
	if (changes_store(r, c->v, c->n, g->revision + 1, &counts, err) == -1 ||
	    store_op_put(r->store, &p->op->row, err) == -1 ||
	    history_revision(r, g->revision + 1, &p->op->row, w->note, &counts, err) == -1 ||
	    confirm_store(r, confirm, w, &p->op->row, g->revision, err) == -1)
		return (-1);
	audit_changes(r, w, c, p->op->row.id, g->revision + 1);
	g->revision++;
	g->wrote = true;
	p->ticket->out.revision = g->revision;
	p->ticket->out.changed = c->n;
	p->ticket->out.confirm_by = w->confirm_s != 0 ? confirm->deadline : 0;
	p->ticket->out.created = c->n > 0 && c->v[0].before == NULL;
	return (idem_store(r, p->ticket, &p->op->row, err));
}

static void
ticket_dry(struct recon *r, const struct topo *view, struct ticket *t, struct topo *next)
{
	struct err err;

	t->out.revision = r->want.revision;
	if (t->write->dry_run == DRY_VALIDATE)
		t->out.kind = OUT_VALID;
	else if (plan_dry(r, next, &t->out.plan, &err) == 0) {
		check_plan(t->write, view, next, &t->out.plan);
		t->out.kind = OUT_PLAN;
	} else {
		ticket_fail(r, t, &err);
		return;
	}
	ticket_answer(t);
}

static void
pending_free(struct pending *p)
{
	changes_fini(&p->changes);
	op_free(p->op);
	free(p);
}

/* The plan and its document are kept to be applied later.  Takes p and next. */
static void
plan_keep(struct recon *r, struct group *g, struct pending *p, struct topo *next)
{
	struct ticket *t = p->ticket;
	struct plan_row row = { .base = g->revision, .created_at = ident_now_ms(), .document = t->write->document };
	char *steps = NULL;
	struct err err;

	if (plan_dry(r, next, &t->out.plan, &err) == -1 || store_savepoint(r->store, &err) == -1)
		goto fail;
	steps = api_plan_text(&t->out.plan);
	row.steps = steps;
	row.expires_at = row.created_at + PLAN_LIFE_MS;
	ident_new("pl_", row.id);
	memcpy(row.actor, t->write->actor, sizeof(row.actor));
	memcpy(row.manager, t->write->manager, sizeof(row.manager));
	if (steps == NULL || store_plan_trim(r->store, row.created_at, &err) == -1 || store_plan_put(r->store, &row, &err) == -1) {
		if (steps == NULL)
			err_nomem(&err);
		store_release(r->store, false, &(struct err){ 0 });
		goto fail;
	}
	if (store_release(r->store, true, &err) == -1)
		goto fail;
	audit_committed(r, t->write, "", 0, row.id);
	memcpy(t->out.plan_id, row.id, sizeof(t->out.plan_id));
	t->out.revision = g->revision;
	g->wrote = true;
	group_add(g, p);
	free(steps);
	topo_fini(next);
	return;
fail:
	free(steps);
	topo_fini(next);
	ticket_fail(r, t, &err);
	pending_free(p);
}

/* Works the ticket into 'next'; false = out.errs says what is wrong with it. */
static bool
ticket_work(struct recon *r, const struct group *g, struct pending *p, struct topo *next)
{
	const struct write *w = p->ticket->write;
	struct errs *errs = &p->ticket->out.errs;

	if (!check_there(w, &g->view, errs))
		return (false);
	if (write_apply(w, &g->view, next, &p->changes, errs) == 0 && check_selector(w, &p->changes, next, errs)) {
		drift_ticket(r, w, &p->changes, next, errs);
		if (errs->n == 0)
			check_valid(r, &p->changes, next, w->verb, errs);
	}
	if (errs->n == 0 && p->changes.n > 0)
		confirm_refuses(&g->confirm, w, errs);
	if (errs->n == 0)
		plan_is_as_shown(r, w, next, errs);
	if (errs->n == 0 && w->confirm_s != 0 && changes_take_over(r, &p->changes))
		errs_add(errs, ERR_CONFLICT, "",
		    "what runs already is taken over by this: it could not be given back when nobody confirms; take it over first");
	return (errs->n == 0);
}

/* Takes p and next when it succeeds. */
static int
ticket_accept(struct recon *r, struct group *g, struct pending *p, struct topo *next, struct err *err)
{
	struct confirm_row confirm = g->confirm;
	int64_t revision = g->revision;
	bool wrote = g->wrote;

	if (store_savepoint(r->store, err) == -1)
		return (-1);
	if (ticket_store(r, g, p, &confirm, err) == -1) {
		store_release(r->store, false, &(struct err){ 0 });
		goto refuse;
	}
	if (store_release(r->store, true, err) == -1)
		goto refuse;
	next->revision = g->revision;	/* what the next ticket of the group is compared with */
	topo_fini(&g->view);
	g->view = *next;
	g->confirm = confirm;
	group_add(g, p);
	return (0);
refuse:
	/* what is not stored has no number: the next one would leave a gap */
	g->revision = revision;
	g->wrote = wrote;
	return (-1);
}

/* Accepts the ticket into the group, or answers it. */
static void
ticket_take(struct recon *r, struct group *g, struct ticket *t)
{
	struct outcome *out = &t->out;
	struct pending *p;
	struct topo next;
	struct err err = { 0 };

	if (idem_answers(r, t))
		return;
	if (t->write->verb == WRITE_TAKEOVER &&
	    api_import_running(t->write, &g->view, &r->have, atomic_load(&r->conf->health->features), &err) == -1) {
		ticket_fail(r, t, &err);
		return;
	}
	topo_init(&next);
	p = calloc(1, sizeof(*p));
	if (p == NULL || topo_view(&next, &g->view, &err) == -1) {
		err_nomem(&err);
		goto refuse;
	}
	p->ticket = t;
	if (!ticket_work(r, g, p, &next))
		goto refuse;
	if (t->write->document != NULL && t->write->plan_steps == NULL) {
		plan_keep(r, g, p, &next);
		return;
	}
	if (t->write->dry_run != DRY_NONE) {
		ticket_dry(r, &g->view, t, &next);
		goto out;
	}
	if (ticket_accept(r, g, p, &next, &err) == 0)
		return;
refuse:
	if (out->errs.n == 0 && err.code == ERR_NONE)
		err_set(&err, ERR_INTERNAL, "refused without a reason");
	ticket_fail(r, t, &err);
out:
	if (p != NULL)
		pending_free(p);
	topo_fini(&next);
}

/* Rows of a request that has no objects of its own. */
static int
note_store(struct recon *r, struct confirm_row *confirm, struct ticket *t, struct err *err)
{
	audit_committed(r, t->write, "", 0, t->write->verb == WRITE_CONFIRM ? confirm->op : t->write->name);
	if (t->write->verb == WRITE_CONFIRM)
		return (confirm_accept(r, confirm, t, err));
	return (store_plan_delete(r->store, t->write->name, err));
}

/* A request that changes rows of its own and nothing in the topology. */
static void
ticket_note(struct recon *r, struct group *g, struct ticket *t)
{
	struct confirm_row confirm = g->confirm;
	struct pending *p;
	struct err err;

	p = calloc(1, sizeof(*p));
	if (p == NULL)
		err_nomem(&err);
	else if (store_savepoint(r->store, &err) == 0) {
		p->ticket = t;
		if (note_store(r, &confirm, t, &err) == -1)
			store_release(r->store, false, &(struct err){ 0 });
		else if (store_release(r->store, true, &err) == 0) {
			g->wrote = true;
			g->confirm = confirm;
			group_add(g, p);
			return;
		}
	}
	free(p);
	ticket_fail(r, t, &err);
}

/* --- after the commit -------------------------------------------------------------------------------------- */

/* The objects go into the owning topology; what they replace becomes the operation's undo. */
static void
pending_apply(struct recon *r, struct pending *p)
{
	struct op *op = p->op, **tail;
	struct change_item *it;
	struct err err;

	for (size_t i = 0; i < p->changes.n; i++) {
		it = &p->changes.v[i];
		op->undo[i].kind = it->kind;
		memcpy(op->undo[i].name, it->name, sizeof(it->name));
		op->undo[i].deleted = it->after == NULL;
		op->undo[i].before = topo_take(&r->want, it->kind, it->name);
		op->nundo++;
		if (op->undo[i].before != NULL)
			scope_dirty(r, op->undo[i].before);
		if (it->after == NULL)
			status_forget(r, it->kind, it->name);
		else if (topo_put(&r->want, it->after, &err) == 0) {
			scope_dirty(r, it->after);
			it->after = NULL;
		} else
			r->gone = err;	/* memory and disk would differ: start again from the disk */
		objmap_remove(&r->trouble, it->kind, it->name);
	}
	if (p->changes.n == 0 && !op->everything) {
		const struct object *o = topo_find(&r->want, p->ticket->write->kind, p->ticket->write->name);

		/* asked for by hand: not later and later */
		if (p->ticket->write->verb == WRITE_DRIFT_REPAIR)
			objmap_remove(&r->trouble, p->ticket->write->kind, p->ticket->write->name);
		if (o != NULL)
			scope_dirty(r, o);
	}
	r->dirty_all |= op->everything;
	op->ticket = p->ticket;
	for (tail = &r->ops; *tail != NULL; tail = &(*tail)->next)
		continue;
	*tail = op;
	p->op = NULL;
}

static void
group_done(struct recon *r, struct group *g, const struct err *failed)
{
	struct pending *p;

	while ((p = g->head) != NULL) {
		g->head = p->next;
		if (failed != NULL)
			ticket_fail(r, p->ticket, failed);
		else if (p->op == NULL) {
			p->ticket->out.kind = p->ticket->out.plan_id[0] != '\0' ? OUT_PLAN : OUT_DONE;
			ticket_answer(p->ticket);
		} else
			pending_apply(r, p);
		pending_free(p);
	}
}

void
recon_commit(struct recon *r, struct ticket *list)
{
	struct group g = { .revision = r->want.revision, .confirm = r->confirm };
	struct ticket *t, *next;
	struct err err;
	int64_t began;
	bool open;

	g.tail = &g.head;
	topo_init(&g.view);
	list = questions_take(r, list);
	list = account_commit(r, list);
	if (list == NULL)
		return;
	if (r->damaged.code != ERR_NONE) {
		for (t = list; t != NULL; t = next) {
			next = t->next;
			ticket_fail(r, t, &r->damaged);
		}
		return;
	}
	began = metric_now_us();
	open = topo_view(&g.view, &r->want, &err) == 0 && recon_begin(r, true, &err) == 0;
	for (t = list; t != NULL; t = next) {
		next = t->next;
		if (!open)
			ticket_fail(r, t, &err);
		else if (t->write->verb == WRITE_CONFIRM || t->write->verb == WRITE_PLAN_DELETE)
			ticket_note(r, &g, t);
		else
			ticket_take(r, &g, t);
	}
	if (open && g.wrote) {
		store_revision_set(r->store, g.revision, &err);
		if (recon_end(r, &err) == -1) {
			log_error("store", "commit failed: %s", err.msg);
			atomic_fetch_add(&r->conf->metrics->commits_failed, 1);
			group_done(r, &g, &err);
		} else {
			metric_observe(&r->conf->metrics->commit, metric_now_us() - began);
			r->want.revision = g.revision;
			atomic_store(&r->conf->health->revision, g.revision);
			r->confirm = g.confirm;
			confirm_watch(r);
			group_done(r, &g, NULL);
			r->conf->notify(r->conf->arg);
		}
	} else if (open) {
		store_rollback(r->store);
		group_done(r, &g, NULL);
	}
	topo_fini(&g.view);
}
