/*
 * recon_cycle: observe, plan, execute one command at a time, observe again, until the plan is empty.
 *
 * Level-triggered: nothing is remembered between cycles but what is wanted and what was seen.  A step that fails skips the steps that
 * need its object; everything else goes on.  Jobs run beside the cycle; when one ends its jail is looked at again.
 */
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/str.h"
#include "server/ident.h"
#include "server/recon_int.h"

static void cycle_round(struct recon *r);
static void cycle_plan(struct recon *r);
static void cycle_execute(struct recon *r);
static void looks_go_on(struct recon *r);

static void
lost(struct recon *r, const struct err *err)
{
	if (r->gone.code == ERR_NONE)
		r->gone = *err;
}

static void
flight_send(struct recon *r, const struct cmd *c, size_t at)
{
	size_t slot = (r->flight_first + r->nflights) % FLIGHTS_MAX;
	struct err err;

	if (remote_send(&r->remote, c, &r->flights[slot].seq, &err) == -1) {
		lost(r, &err);
		return;
	}
	r->flights[slot].at = at;
	r->nflights++;
}

/* --- start ------------------------------------------------------------------------------------------------- */

static void
scope_take(struct recon *r)
{
	size_t at = 0;
	const char *name;
	enum kind kind;

	r->scope_all = r->dirty_all;
	objmap_clear(&r->scope);
	while (!r->scope_all && objmap_next(&r->dirty, &at, &kind, &name, NULL)) {
		if (objmap_add(&r->scope, kind, name) == NULL)
			r->scope_all = true;
	}
	objmap_clear(&r->dirty);
	r->dirty_all = false;
}

/* An operation takes part when all it changed is in scope. */
static void
ops_join(struct recon *r)
{
	const char *name;
	enum kind kind;
	size_t at;

	for (struct op *op = r->ops; op != NULL; op = op->next) {
		op->in_cycle = r->scope_all || op->looked;
		if (r->scope_all || (op->everything && !op->undone))
			continue;
		op->in_cycle = true;
		for (at = 0; op->in_cycle && objmap_next(&op->objects, &at, &kind, &name, NULL);)
			op->in_cycle = objmap_has(&r->scope, kind, name);
	}
}

void
cycle_start(struct recon *r)
{
	r->cycle_us = metric_now_us();
	scope_take(r);
	ops_join(r);
	r->rounds = 0;
	r->doubted = false;
	objmap_clear(&r->failed);
	if (!r->unstored)
		objmap_clear(&r->drifting);
	cycle_round(r);
}

static void
cycle_round(struct recon *r)
{
	struct err err;

	r->phase = PHASE_OBSERVING;
	r->look = 0;
	r->looked = false;
	r->rounds++;
	observed_fini(&r->part);	/* rows of a look that was given up */
	observed_init(&r->part);
	if (r->scope_all) {
		r->last_look = ident_mono_ms();
		r->look_at = r->last_look + LOOK_EVERY_MS;
	}
	if (scope_looks(r, &err) == -1)
		lost(r, &err);
	else
		looks_go_on(r);
}

/* --- observe ----------------------------------------------------------------------------------------------- */

/* Jails whose sysctls are wanted must be asked for them by name. */
static int
sysctl_looks(struct recon *r, struct err *err)
{
	struct cmd c = { .op = CMD_SYSCTL_GET };
	const struct object *o;

	for (size_t i = 0; i < r->want.n[KIND_JAIL]; i++) {
		o = r->want.v[KIND_JAIL][i];
		if (o->u.jail.sysctls.n == 0 || !jail_wanted(o) || observed_jail(&r->have, o->name) == NULL ||
		    (!r->scope_all && !objmap_has(&r->scope, KIND_JAIL, o->name)))
			continue;
		for (size_t k = 0; k < o->u.jail.sysctls.n; k++) {
			memcpy(c.u.sysctl.jail, o->name, sizeof(o->name));
			if (str_copy(c.u.sysctl.key, sizeof(c.u.sysctl.key), o->u.jail.sysctls.v[k].key) == 0 &&
			    look_add(r, &c, err) == -1)
				return (-1);
		}
	}
	return (0);
}

static int
sysctl_seen(struct recon *r, const struct cmd_sysctl *c, const struct reply *reply, struct err *err)
{
	struct obs_sysctl *row;

	if (reply->result == REPLY_FAILED)
		return (0);	/* unknown: the plan will set it, and the kernel will say why not */
	for (size_t i = 0; i < r->have.nsysctls; i++) {
		row = &r->have.sysctls[i];
		if (strcmp(row->jail, c->jail) == 0 && strcmp(row->key, c->key) == 0)
			return (str_copy(row->value, sizeof(row->value), reply->text));
	}
	row = observed_sysctl_add(&r->have);
	if (row == NULL)
		return (err_nomem(err));
	memcpy(row->jail, c->jail, sizeof(row->jail));
	memcpy(row->key, c->key, sizeof(row->key));
	str_copy(row->value, sizeof(row->value), reply->text);
	observed_sort(&r->have);
	return (0);
}

/* Sends what fits; when all have been answered, on to the sysctls, then to the plan. */
static void
looks_go_on(struct recon *r)
{
	struct err err;

	if (r->look == r->nlooks && r->nflights == 0 && !r->looked) {
		r->looked = true;
		if (sysctl_looks(r, &err) == -1) {
			lost(r, &err);
			return;
		}
	}
	for (; r->look < r->nlooks && r->nflights < FLIGHTS_MAX && r->gone.code == ERR_NONE; r->look++)
		flight_send(r, &r->looks[r->look], r->look);
	if (!r->looked || r->nflights > 0 || r->gone.code != ERR_NONE)
		return;
	if (r->scope_all)
		r->look_cost = ident_mono_ms() - r->last_look;
	r->seen = true;
	cycle_plan(r);
}

static void
look_done(struct recon *r, const struct cmd *c, const struct reply *reply)
{
	struct err err = { 0 };
	int rc;

	if (c->op == CMD_SYSCTL_GET)
		rc = sysctl_seen(r, &c->u.sysctl, reply, &err);
	else if (reply->result == REPLY_FAILED) {
		log_warn("reconcile", "looking at the kernel failed: %s", reply->err.msg);
		r->phase = PHASE_IDLE;
		r->look_at = ident_mono_ms() + BACKOFF_MIN_MS;
		return;
	} else
		rc = observed_merge(&r->have, &r->part, &c->u.observe, &err);
	observed_fini(&r->part);
	observed_init(&r->part);
	if (rc == -1)
		lost(r, &err);
	else
		looks_go_on(r);
}

/* --- plan -------------------------------------------------------------------------------------------------- */

/* Objects in trouble wait for their back-off, unless a request touches them. */
static bool
in_scope(void *arg, enum kind kind, const char *name)
{
	struct recon *r = arg;
	const struct trouble *t = objmap_get(&r->trouble, kind, name);

	if (t != NULL && t->next_at > ident_mono_ms())
		return (false);
	return (r->scope_all || objmap_has(&r->scope, kind, name));
}

static size_t
busy_jails(const struct recon *r, const char *out[JOBS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < JOBS_MAX; i++) {
		if (r->jobs[i].seq != 0 && r->jobs[i].probe == NULL)
			out[n++] = r->jobs[i].step.name;
	}
	return (n);
}

/* A plan that never becomes empty: what is left of it is the error. */
static void
not_converging(struct recon *r)
{
	char detail[200];
	struct err err;

	for (size_t i = 0; i < r->plan.n; i++) {
		step_detail(&r->plan.v[i], detail, sizeof(detail));
		err_set(&err, ERR_INTERNAL, "does not converge: still to do: %s", detail);
		op_step_failed(r, &r->plan.v[i], &err);
	}
}

static void
cycle_finish(struct recon *r)
{
	struct api_metrics *m = r->conf->metrics;

	metric_observe(&m->reconcile, metric_now_us() - r->cycle_us);
	atomic_fetch_add(r->failed.n == 0 ? &m->cycles_ok : &m->cycles_failed, 1);
	r->phase = PHASE_IDLE;
	for (struct op *op = r->ops; op != NULL; op = op->next)
		op->looked |= op->in_cycle && r->scope_all;
	op_cycle_done(r);
}

static void
cycle_plan(struct recon *r)
{
	const char *busy[JOBS_MAX];
	struct plan_opts opts = { .busy = busy, .in_scope = in_scope, .arg = r };
	struct err err;

	if (found_keep(r, &err) == -1) {
		log_error("store", "%s", err.msg);
		r->phase = PHASE_IDLE;
		r->look_at = ident_mono_ms() + BACKOFF_MIN_MS;
		return;
	}
	if (r->gone.code != ERR_NONE)
		return;
	opts.nbusy = busy_jails(r, busy);
	plan_fini(&r->plan);
	plan_init(&r->plan);
	if (plan_build(&r->want, &r->have, &opts, &r->plan, &err) == -1) {
		lost(r, &err);
		return;
	}
	r->halt_planned = r->halt_planned || (r->halting && r->scope_all);
	if (!r->doubted && plan_remakes(&r->plan)) {
		r->doubted = true;
		cycle_round(r);
		return;
	}
	progress_planned(r);
	r->step = 0;
	r->executed = 0;
	drift_jails(r);
	if (r->plan.n == 0) {
		cycle_finish(r);
		return;
	}
	if (r->rounds > ROUNDS_MAX) {
		not_converging(r);
		op_rollback_failed(r);
		cycle_finish(r);
		return;
	}
	drift_found(r);
	r->phase = PHASE_EXECUTING;
	cycle_execute(r);
}

/* --- execute ----------------------------------------------------------------------------------------------- */

static const struct err *
step_blocked(const struct recon *r, const struct step *s)
{
	const struct err *e = objmap_get(&r->failed, s->kind, s->name);

	for (size_t i = 0; e == NULL && i < NELEMS(s->needs); i++) {
		if (s->needs[i].name[0] != '\0')
			e = objmap_get(&r->failed, s->needs[i].kind, s->needs[i].name);
	}
	return (e);
}

/* True when the step must be left out: its object failed before, waits for one that did, or has changed since the plan was made. */
static bool
step_skipped(struct recon *r, const struct step *s)
{
	const struct err *cause = step_blocked(r, s);
	struct err err;

	if (cause == NULL)
		return (r->dirty_all ? false : objmap_has(&r->dirty, s->kind, s->name));
	if (!objmap_has(&r->failed, s->kind, s->name)) {
		err = *cause;
		op_step_failed(r, s, &err);
	}
	return (true);
}

static bool
job_send(struct recon *r, const struct step *s)
{
	struct job *job = job_free(r);
	struct err err;

	if (job == NULL)
		return (false);
	if (remote_send(&r->remote, &s->cmd, &job->seq, &err) == -1) {
		job->seq = 0;
		lost(r, &err);
		return (false);
	}
	job->step = *s;
	job->probe = NULL;
	return (true);
}

/*
 * Most steps may be sent ahead: one whose predecessor fails fails too, and only the first failure of an object counts.  What destroys must
 * first know how everything before it ended: a jail must not go while an interface could not be taken out of it.
 */
static bool
step_must_wait(const struct recon *r, const struct step *s)
{
	const struct step *before;

	if (r->nflights == FLIGHTS_MAX)
		return (true);
	if (s->cmd.op != CMD_JAIL_DESTROY && s->cmd.op != CMD_BRIDGE_DESTROY && s->cmd.op != CMD_EPAIR_DESTROY && !cmd_is_job(s->cmd.op))
		return (false);
	for (size_t i = 0; i < r->nflights; i++) {
		before = &r->plan.v[r->flights[(r->flight_first + i) % FLIGHTS_MAX].at];
		if (before->cmd.op != s->cmd.op)
			return (true);
	}
	return (false);
}

static void
cycle_execute(struct recon *r)
{
	const struct step *s;
	char line[256];

	for (; r->step < r->plan.n && r->gone.code == ERR_NONE && r->damaged.code == ERR_NONE; r->step++) {
		s = &r->plan.v[r->step];
		if (step_must_wait(r, s))
			return;
		if (step_skipped(r, s))
			continue;
		log_debug("plan", "%s", cmd_print(&s->cmd, line, sizeof(line)));
		if (!cmd_is_job(s->cmd.op))
			flight_send(r, &s->cmd, r->step);
		else if (!job_send(r, s))
			return;	/* cycle_continue when a job ends */
		r->executed++;
	}
	if (r->gone.code != ERR_NONE || r->damaged.code != ERR_NONE || r->nflights > 0)
		return;
	op_rollback_failed(r);
	/* What failed and was undone, and what came in meanwhile, belongs to the next cycle; this one verifies its own. */
	if (r->executed == 0)
		cycle_finish(r);
	else
		cycle_round(r);
}

/* Of a step that was sent ahead of a failure of what it needs, that failure is the reason, not what the worker found missing. */
static void
step_done(struct recon *r, const struct step *s, const struct reply *reply)
{
	const struct err *cause = step_blocked(r, s);
	struct err err = cause != NULL ? *cause : reply->err;

	if (reply->result == REPLY_FAILED)
		op_step_failed(r, s, &err);
	else
		progress_done(r, s);
	cycle_execute(r);
}

void
cycle_reply(struct recon *r, const struct remote_msg *m)
{
	size_t at = r->flights[r->flight_first].at;

	if (r->nflights == 0 || r->flights[r->flight_first].seq != m->seq) {
		err_set(&r->gone, ERR_PROTO, "the worker answers out of order");
		return;
	}
	r->flight_first = (r->flight_first + 1) % FLIGHTS_MAX;
	r->nflights--;
	switch (r->phase) {
	case PHASE_OBSERVING:
		look_done(r, &r->looks[at], &m->reply);
		break;
	case PHASE_EXECUTING:
		step_done(r, &r->plan.v[at], &m->reply);
		break;
	case PHASE_IDLE:
	case PHASE_HELLO:
		break;
	}
}

void
cycle_continue(struct recon *r)
{
	if (r->phase == PHASE_EXECUTING)
		cycle_execute(r);
}
