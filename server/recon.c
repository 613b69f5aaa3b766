/*
 * recon: the loop of thread R.
 */
#include "server/recon.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/str.h"
#include "core/version.h"
#include "server/ident.h"
#include "server/recon_int.h"

struct job *
job_free(struct recon *r)
{
	for (size_t i = 0; i < JOBS_MAX; i++) {
		if (r->jobs[i].seq == 0)
			return (&r->jobs[i]);
	}
	return (NULL);
}

/* What may work when simply tried again. */
bool
err_is_transient(const struct err *err)
{
	return (err->code == ERR_BUSY || err->code == ERR_PROTO || err->code == ERR_NOMEM ||
	    (err->code == ERR_KERNEL && (err->sys == EAGAIN || err->sys == ENOBUFS || err->sys == ENOMEM || err->sys == EINTR)));
}

/* err NULL: repaired just now; remembered so that the same drift again and again is repaired later and later. */
struct trouble *
trouble_add(struct recon *r, enum kind kind, const char *name, const struct err *err)
{
	struct trouble *t = objmap_add(&r->trouble, kind, name);
	int64_t wait = 0;

	if (t == NULL)
		return (NULL);
	if (t->since == 0)
		t->since = ident_now_ms();
	if (err != NULL)
		t->err = *err;
	else
		memset(&t->err, 0, sizeof(t->err));
	t->retries++;
	/* the first two repairs are at once; a failure waits from the first */
	if (err != NULL || t->retries > 2)
		wait = (int64_t)BACKOFF_MIN_MS << (t->retries > 6 ? 6 : t->retries);
	t->next_at = ident_mono_ms() + (wait > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : wait);
	return (t);
}

/* --- the worker's messages ---------------------------------------------------------------------------------- */

static void
hello_send(struct recon *r)
{
	struct cmd c = { .op = CMD_HELLO, .u.hello.proto = PROTO_VERSION };
	uint64_t seq;
	struct err err;

	str_copy(c.u.hello.build, sizeof(c.u.hello.build), JAILNET_BUILD);
	r->phase = PHASE_HELLO;
	if (remote_send(&r->remote, &c, &seq, &err) == -1)
		r->gone = err;
}

static void
hello_done(struct recon *r, const struct reply *reply)
{
	if (reply->result == REPLY_FAILED) {
		r->gone = reply->err;
		return;
	}
	atomic_store(&r->conf->health->features, reply->features);
	atomic_store(&r->conf->health->worker, true);
	log_info("reconcile", "worker ready driver=%s", reply->text);
	r->phase = PHASE_IDLE;
	r->dirty_all = true;
}

static void
probe_done(struct recon *r, struct job *job, const struct reply *reply)
{
	struct ticket *t = job->probe;

	job->probe = NULL;
	if (reply->result == REPLY_FAILED) {
		ticket_fail(r, t, &reply->err);
		return;
	}
	t->out.kind = OUT_PROBE;
	t->out.probe = *reply;
	ticket_answer(t);
}

static void
job_done(struct recon *r, struct job *job, const struct reply *reply)
{
	job->seq = 0;
	if (job->probe != NULL) {
		probe_done(r, job, reply);
		return;
	}
	if (reply->result == REPLY_FAILED) {
		op_step_failed(r, &job->step, &reply->err);
		op_rollback_failed(r);
	} else
		progress_done(r, &job->step);
	scope_dirty_ref(r, KIND_JAIL, job->step.name);
	cycle_continue(r);
}

/* From one look at everything to the next.  On a busy machine one that is cheap may take long, once: what drifts is not left alone for that. */
static int64_t
look_spacing(int64_t cost)
{
	int64_t spacing = cost * LOOK_SHARE;

	if (spacing > LOOK_PATIENCE_MS)
		spacing = cost * LOOK_SHARE_MIN < LOOK_PATIENCE_MS ? LOOK_PATIENCE_MS : cost * LOOK_SHARE_MIN;
	return (spacing < LOOK_SPACING_MS ? LOOK_SPACING_MS : spacing);
}

void
look_after(struct recon *r, int64_t ms)
{
	int64_t at = ident_mono_ms() + ms, spacing = look_spacing(r->look_cost);

	if (at < r->last_look + spacing)
		at = r->last_look + spacing;
	if (at < r->look_at)
		r->look_at = at;
}

static void
take_reply(struct recon *r, const struct remote_msg *m)
{
	if (m->op == CMD_HELLO) {
		hello_done(r, &m->reply);
		return;
	}
	if (m->op == CMD_COUNTERS) {
		counters_reply(r, &m->reply);
		return;
	}
	if (m->op == CMD_FILES) {
		files_reply(r, &m->reply);
		return;
	}
	for (size_t i = 0; i < JOBS_MAX; i++) {
		if (r->jobs[i].seq == m->seq) {
			job_done(r, &r->jobs[i], &m->reply);
			return;
		}
	}
	cycle_reply(r, m);
}

static void
worker_read(struct recon *r)
{
	static struct remote_msg m;	/* large; R is one thread */

	while (r->gone.code == ERR_NONE) {
		remote_next(&r->remote, &r->part, &r->count.rows, &r->files.got, &m);
		switch (m.kind) {
		case REMOTE_NOTHING:
			return;
		case REMOTE_REPLY:
			take_reply(r, &m);
			break;
		case REMOTE_CHANGED:
			look_after(r, LOOK_AFTER_CHANGE_MS);	/* a look at everything misses nothing */
			break;
		case REMOTE_OBSERVED:
			break;	/* rows are in r->part or r->count.rows */
		case REMOTE_FILE:
			break;	/* in r->files.got */
		case REMOTE_GONE:
			r->gone = m.err;
			break;
		}
	}
}

/* --- the loop ------------------------------------------------------------------------------------------------ */

int64_t
trouble_next(const struct recon *r)
{
	int64_t next = INT64_MAX;
	const struct trouble *t;
	const char *name;
	enum kind kind;
	void *record;

	for (size_t at = 0; objmap_next(&r->trouble, &at, &kind, &name, &record);) {
		t = record;
		if (t->err.code != ERR_NONE && t->next_at < next)
			next = t->next_at;
	}
	return (next);
}

static int
timeout_ms(const struct recon *r)
{
	int64_t now = ident_mono_ms(), at = r->heartbeat_at, t;
	bool idle = r->phase == PHASE_IDLE && r->nflights == 0;

	if (r->damaged.code != ERR_NONE)
		return (at <= now ? 0 : (int)(at - now));
	if (idle && (r->dirty_all || r->dirty.n > 0))
		return (0);
	if (idle && r->look_at < at)
		at = r->look_at;
	if ((t = op_next_deadline(r)) < at)
		at = t;
	if (r->audit_at < at)
		at = r->audit_at;
	if (r->progress_at < at)
		at = r->progress_at;
	if (r->phase != PHASE_HELLO && r->confirm_at < at)
		at = r->confirm_at;
	if (idle && (t = trouble_next(r)) < at)
		at = t;
	return (at <= now ? 0 : at - now > 60000 ? 60000 : (int)(at - now));
}

/* Objects whose back-off is over get another try; memories of repairs fade. */
static void
troubles_due(struct recon *r, int64_t now)
{
	const char *name;
	enum kind kind;
	void *record;
	struct trouble *t;

	for (size_t at = 0; objmap_next(&r->trouble, &at, &kind, &name, &record);) {
		t = record;
		if (t->next_at > now)
			continue;
		if (t->err.code != ERR_NONE) {
			/* keeps its count: the next failure waits longer */
			memset(&t->err, 0, sizeof(t->err));
			scope_dirty_ref(r, kind, name);
		} else if (t->next_at + BACKOFF_MAX_MS < now) {
			objmap_remove(&r->trouble, kind, name);
			return;	/* the walk is void; the rest next time */
		}
	}
}

/* A look at all of it takes a while: not at each read that fails. */
static void
check_store(struct recon *r, int64_t now)
{
	struct err err;

	if (now < r->check_at || !atomic_exchange(&r->conf->health->store_suspect, false))
		return;
	r->check_at = now + CHECK_SPACING_MS;
	if (store_check(r->store, &err) == -1)
		log_error("store", "%s", err.msg);
	damage_look(r);
}

static void
timers(struct recon *r)
{
	int64_t now = ident_mono_ms();
	struct err err;

	check_store(r, now);
	if (r->damaged.code != ERR_NONE) {
		/* what is under way ends here: answers of the worker still come */
		if (r->phase != PHASE_HELLO)
			r->phase = PHASE_IDLE;
		op_answer_all(r, &r->damaged);
		if (now >= r->heartbeat_at) {
			r->heartbeat_at = now + HEARTBEAT_MS;
			r->conf->notify(r->conf->arg);
		}
		return;
	}
	progress_due(r, now);
	op_deadlines(r, now);
	if (!r->halting)
		confirm_due(r, now);
	audit_look(r, now);
	audit_due(r, now);
	if (now >= r->heartbeat_at) {
		r->heartbeat_at = now + HEARTBEAT_MS;
		r->conf->notify(r->conf->arg);
		if (recon_begin(r, false, &err) == 0 && (store_event_trim(r->store, &err) == -1 || recon_end(r, &err) == -1))
			store_rollback(r->store);
		history_trim(r);
		idem_trim(r);
		if (recon_begin(r, false, &err) == 0 && (store_audit_trim(r->store, AUDIT_KEEP, &err) == -1 || recon_end(r, &err) == -1))
			store_rollback(r->store);
	}
	if (r->phase != PHASE_IDLE || r->nflights > 0)
		return;
	troubles_due(r, now);
	if (now >= r->look_at)
		r->dirty_all = true;
	if (r->dirty_all || r->dirty.n > 0)
		cycle_start(r);
}

/* Of the signals that came: one that ends us now. */
static bool
is_stopped(struct recon *r)
{
	char c;

	while (read(r->conf->stop_fd, &c, 1) == 1) {
		if (c != RECON_HALT)
			return (true);
		halt_begin(r);
	}
	return (false);
}

static int
loop(struct recon *r)
{
	struct pollfd p[3] = {
		{ .fd = r->conf->queue->wake[0], .events = POLLIN },
		{ .fd = r->conf->channel_fd, .events = POLLIN },
		{ .fd = r->conf->stop_fd, .events = POLLIN },
	};

	while (r->gone.code == ERR_NONE) {
		bool waits;

		/* desired state is compared with what the worker can do and with what the kernel has: wait for its HELLO and for a first look */
		p[0].events = r->seen || r->halting || r->damaged.code != ERR_NONE ? POLLIN : 0;
		if (poll(p, NELEMS(p), timeout_ms(r)) == -1)
			continue;	/* EINTR */
		if (p[2].revents != 0 && is_stopped(r))
			return (0);
		if (p[1].revents != 0)
			worker_read(r);
		waits = p[0].events != 0 && (p[0].revents != 0 || ticket_queue_waits(r->conf->queue));
		if (waits && r->halting)
			halt_refuse(r, ticket_queue_take(r->conf->queue));
		else if (waits && r->phase != PHASE_HELLO)
			recon_commit(r, ticket_queue_take(r->conf->queue));
		timers(r);
		if (halt_is_done(r))
			return (0);
	}
	return (-1);
}

static void
init(struct recon *r, const struct recon_conf *conf)
{
	memset(r, 0, sizeof(*r));
	r->conf = conf;
	r->store = conf->writer;
	remote_init(&r->remote, conf->channel_fd);
	observed_init(&r->have);
	observed_init(&r->part);
	observed_init(&r->count.rows);
	objmap_init(&r->status, sizeof(uint64_t));
	objmap_init(&r->trouble, sizeof(struct trouble));
	objmap_init(&r->scope, 0);
	objmap_init(&r->dirty, 0);
	objmap_init(&r->failed, sizeof(struct err));
	objmap_init(&r->external, sizeof(struct seen_jail));
	objmap_init(&r->drifting, 0);
	plan_init(&r->plan);
	r->audit_at = r->progress_at = INT64_MAX;
	r->look_at = ident_mono_ms() + LOOK_EVERY_MS;
	r->heartbeat_at = ident_mono_ms() + HEARTBEAT_MS;
}

static void
fini(struct recon *r)
{
	observed_fini(&r->have);
	observed_fini(&r->part);
	objmap_fini(&r->status);
	objmap_fini(&r->trouble);
	objmap_fini(&r->scope);
	objmap_fini(&r->dirty);
	objmap_fini(&r->failed);
	objmap_fini(&r->external);
	objmap_fini(&r->drifting);
	plan_fini(&r->plan);
	topo_fini(&r->want);
	free(r->looks);
	free(r->drift);
}

/* Nobody is left waiting. */
static void
answer_all(struct recon *r, const struct err *err)
{
	struct ticket *t, *next;

	ticket_queue_close(r->conf->queue);
	op_answer_all(r, err);
	counters_end(r, err);
	files_end(r, err);
	for (size_t i = 0; i < JOBS_MAX; i++) {
		if (r->jobs[i].seq != 0 && r->jobs[i].probe != NULL)
			ticket_fail(r, r->jobs[i].probe, err);
	}
	for (t = ticket_queue_take(r->conf->queue); t != NULL; t = next) {
		next = t->next;
		ticket_fail(r, t, err);
	}
}

int
recon_run(const struct recon_conf *conf, struct err *err)
{
	struct recon *r;
	struct err ending;
	int rc = -1;

	r = malloc(sizeof(*r));
	if (r == NULL)
		return (err_nomem(err));
	init(r, conf);
	damage_look(r);
	if (r->damaged.code == ERR_NONE &&
	    (store_topo(r->store, &r->want, err) == -1 || history_baseline(r, err) == -1 || confirm_load(r, err) == -1))
		goto out;
	atomic_store(&conf->health->revision, r->want.revision);
	atomic_store(&conf->health->store_ok, r->damaged.code == ERR_NONE);
	hello_send(r);
	rc = loop(r);
	*err = r->gone;
	err_set(&ending, ERR_BUSY, "the daemon is stopping");
	answer_all(r, &ending);
	audit_flush(r);
out:
	fini(r);
	free(r);
	return (rc);
}
