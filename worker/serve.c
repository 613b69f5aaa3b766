/*
 * serve: see the header.  Only this file decides what a server may say when.
 */
#include "worker/serve.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/str.h"
#include "core/version.h"
#include "worker/hostfile_read.h"

/* After so many frames the loop looks at signals again. */
#define FRAMES_AT_ONCE 256
#define CHANGES_AT_ONCE 4096
#define PRINT_SIZE 256

enum when { NEVER, FIRST /* once, before all others */, LATER /* after HELLO */ };

struct answer {
	struct serve *s;
	uint64_t seq;
	struct reply reply;
	bool later;	/* a job will answer */
	bool broken;	/* the channel failed in the middle of an answer */
};

static int run_hello(struct answer *a, const struct cmd *c, struct err *err);
static int run_observe(struct answer *a, const struct cmd *c, struct err *err);
static int run_counters(struct answer *a, const struct cmd *c, struct err *err);
static int run_exec(struct answer *a, const struct cmd *c, struct err *err);
static int run_job(struct answer *a, const struct cmd *c, struct err *err);
static int run_files(struct answer *a, const struct cmd *c, struct err *err);

/* The permit table: what is not here is a protocol violation. */
static const struct {
	enum when when;
	int (*run)(struct answer *a, const struct cmd *c, struct err *err);
} permits[CMD_COUNT] = {
	[CMD_HELLO] = { FIRST, run_hello },
	[CMD_OBSERVE] = { LATER, run_observe },
	[CMD_COUNTERS] = { LATER, run_counters },
	[CMD_BRIDGE_CREATE] = { LATER, run_exec },
	[CMD_BRIDGE_SET] = { LATER, run_exec },
	[CMD_BRIDGE_DESTROY] = { LATER, run_exec },
	[CMD_EPAIR_CREATE] = { LATER, run_exec },
	[CMD_EPAIR_DESTROY] = { LATER, run_exec },
	[CMD_IF_SET] = { LATER, run_exec },
	[CMD_IF_RENAME] = { LATER, run_exec },
	[CMD_IF_MOVE] = { LATER, run_exec },
	[CMD_PORT_ATTACH] = { LATER, run_exec },
	[CMD_PORT_SET] = { LATER, run_exec },
	[CMD_PORT_DETACH] = { LATER, run_exec },
	[CMD_ADDR_ADD] = { LATER, run_exec },
	[CMD_ADDR_DEL] = { LATER, run_exec },
	[CMD_ROUTE_ADD] = { LATER, run_exec },
	[CMD_ROUTE_DEL] = { LATER, run_exec },
	[CMD_SYSCTL_SET] = { LATER, run_exec },
	[CMD_SYSCTL_GET] = { LATER, run_exec },
	[CMD_JAIL_CREATE] = { LATER, run_exec },
	[CMD_JAIL_SET] = { LATER, run_exec },
	[CMD_JAIL_START] = { LATER, run_job },
	[CMD_JAIL_STOP] = { LATER, run_job },
	[CMD_JAIL_DESTROY] = { LATER, run_exec },
	[CMD_PROBE] = { LATER, run_job },
	[CMD_FILES] = { LATER, run_files },
};

void
serve_init(struct serve *s, const struct driver *drv, void *ctx, const struct policy *policy)
{
	memset(s, 0, sizeof(*s));
	s->drv = drv;
	s->ctx = ctx;
	s->policy = policy;
	chan_init(&s->chan, -1);
	jobs_init(&s->jobs);
	s->changed_at = -SERVE_CHANGED_MS;
}

void
serve_fini(struct serve *s)
{
	serve_disconnect(s);
	jobs_end(&s->jobs, 1000);
}

void
serve_keep(struct serve *s, int fd)
{
	if (s->nkeep < SERVE_KEEP_MAX)
		s->keep[s->nkeep++] = fd;
}

void
serve_connect(struct serve *s, int fd)
{
	serve_disconnect(s);
	chan_init(&s->chan, fd);
	s->server++;
	s->greeted = false;
}

void
serve_disconnect(struct serve *s)
{
	if (s->chan.fd != -1)
		close(s->chan.fd);
	chan_init(&s->chan, -1);
	s->greeted = false;
	s->changed = false;
}

size_t
serve_fds(const struct serve *s, struct pollfd v[SERVE_FDS])
{
	size_t n = 0;
	int watch = s->drv->watch_fd(s->ctx);

	if (s->chan.fd != -1)
		v[n++] = (struct pollfd){ .fd = s->chan.fd, .events = POLLIN };
	if (watch != -1)
		v[n++] = (struct pollfd){ .fd = watch, .events = POLLIN };
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (s->jobs.v[i].fd != -1)
			v[n++] = (struct pollfd){ .fd = s->jobs.v[i].fd, .events = POLLIN };
	return (n);
}

int
serve_wait_ms(const struct serve *s, int64_t now_ms)
{
	int64_t due = s->changed_at + SERVE_CHANGED_MS;

	if (s->chan.fd != -1 && chan_pending(&s->chan))
		return (0);
	if (!s->changed || !s->greeted)
		return (-1);
	return (due <= now_ms ? 0 : (int)(due - now_ms));
}

static void
count_observed(struct serve *s, const struct observed *o)
{
	uint32_t halves = 0;

	s->counts = (struct policy_counts){ 0 };
	for (size_t i = 0; i < o->njails; i++)
		s->counts.jails += o->jails[i].ours;
	for (size_t i = 0; i < o->nlinks; i++) {
		if (!o->links[i].mark.ours)
			continue;
		s->counts.bridges += o->links[i].type == LINK_BRIDGE;
		halves += o->links[i].type == LINK_EPAIR;
	}
	s->counts.epairs = (halves + 1) / 2;
	s->counted = true;
}

/* Between two observations the worker counts for itself what it makes and takes away. */
static void
count_done(struct policy_counts *n, enum cmd_op op)
{
	uint32_t *count = op == CMD_JAIL_CREATE || op == CMD_JAIL_DESTROY ? &n->jails :
	    op == CMD_EPAIR_CREATE || op == CMD_EPAIR_DESTROY ? &n->epairs :
	    op == CMD_BRIDGE_CREATE || op == CMD_BRIDGE_DESTROY ? &n->bridges : NULL;

	if (count == NULL)
		return;
	if (op == CMD_JAIL_CREATE || op == CMD_EPAIR_CREATE || op == CMD_BRIDGE_CREATE)
		(*count)++;
	else if (*count > 0)
		(*count)--;
}

static int
run_hello(struct answer *a, const struct cmd *c, struct err *err)
{
	const struct cmd_hello *h = &c->u.hello;

	if (h->proto != PROTO_VERSION || strcmp(h->build, JAILNET_BUILD) != 0)
		return (err_set(err, ERR_UNSUPPORTED, "jailnetd is build %s (protocol %d), jailnetd-server is build %s (protocol %u)",
		    JAILNET_BUILD, PROTO_VERSION, h->build, h->proto));
	str_copy(a->reply.text, sizeof(a->reply.text), a->s->drv->name);
	a->reply.features = a->s->drv->features;
	a->s->greeted = true;
	return (0);
}

static int
emit(void *arg, const struct frame *f, struct err *err)
{
	struct answer *a = arg;

	if (chan_send(&a->s->chan, f, SERVE_SEND_MS, err) == 0)
		return (0);
	a->broken = true;
	return (-1);
}

/* The driver sees what a command has left so far; that one runs is known here. */
static void
mark_busy(const struct jobs *jobs, struct observed *o)
{
	for (size_t i = 0; i < o->njails; i++)
		o->jails[i].busy |= o->jails[i].ours && jobs_busy(jobs, o->jails[i].name);
}

static int
run_observe(struct answer *a, const struct cmd *c, struct err *err)
{
	struct observed o;
	int ret;

	observed_init(&o);
	ret = a->s->drv->observe(a->s->ctx, &c->u.observe, &o, err);
	mark_busy(&a->s->jobs, &o);
	if (ret == 0 && c->u.observe.scope == OBSERVE_ALL)
		count_observed(a->s, &o);
	if (ret == 0)
		ret = wire_put_observed(&o, a->seq, emit, a, err);
	observed_fini(&o);
	return (ret);
}

static int
run_counters(struct answer *a, const struct cmd *c, struct err *err)
{
	struct observed o;
	int ret;

	if (a->s->drv->counters == NULL)
		return (err_set(err, ERR_UNSUPPORTED, "driver %s does not count", a->s->drv->name));
	observed_init(&o);
	ret = a->s->drv->counters(a->s->ctx, &c->u.observe, &o, err);
	if (ret == 0)
		ret = wire_put_observed(&o, a->seq, emit, a, err);
	observed_fini(&o);
	return (ret);
}

static int
emit_part(void *arg, const struct hostfile_part *p, struct err *err)
{
	struct answer *a = arg;
	struct frame f;

	if (wire_put_part(&f, a->seq, p, err) == -1)
		return (-1);
	return (emit(a, &f, err));
}

static int
run_files(struct answer *a, const struct cmd *c, struct err *err)
{
	return (hostfile_read(c->u.files.format, a->s->policy->import_root, emit_part, a, err));
}

/* One START or STOP of a jail at a time: one that outlived its server is not known to the next. */
static int
be_alone(const struct serve *s, const char *jail, struct err *err)
{
	return (jobs_busy(&s->jobs, jail) ? err_set(err, ERR_BUSY, "jail %s is still being started or stopped", jail) : 0);
}

static int
run_exec(struct answer *a, const struct cmd *c, struct err *err)
{
	if (c->op == CMD_JAIL_DESTROY && be_alone(a->s, c->u.ref.name, err) == -1)
		return (-1);
	if (a->s->drv->exec(a->s->ctx, c, &a->reply, err) == -1)
		return (-1);
	if (a->reply.result == REPLY_DONE)
		count_done(&a->s->counts, c->op);
	return (0);
}

static int
run_job(struct answer *a, const struct cmd *c, struct err *err)
{
	struct serve *s = a->s;
	int close_fds[SERVE_KEEP_MAX + 1];

	memcpy(close_fds, s->keep, sizeof(s->keep));
	close_fds[s->nkeep] = s->chan.fd;
	if (c->op != CMD_PROBE && be_alone(s, c->u.exec.name, err) == -1)
		return (-1);
	a->later = true;
	if (jobs_start(&s->jobs, s->drv, s->ctx, c, a->seq, s->server, close_fds, s->nkeep + 1, err) == 0)
		return (0);
	a->later = false;
	return (-1);
}

/* Creations need to know how many there are; a server that never looked makes the worker look. */
static int
know_counts(struct serve *s, enum cmd_op op, struct err *err)
{
	const struct cmd_observe all = { .scope = OBSERVE_ALL };
	struct observed o;
	int ret;

	if (s->counted || (op != CMD_JAIL_CREATE && op != CMD_EPAIR_CREATE && op != CMD_BRIDGE_CREATE))
		return (0);
	observed_init(&o);
	if ((ret = s->drv->observe(s->ctx, &all, &o, err)) == 0)
		count_observed(s, &o);
	observed_fini(&o);
	return (ret);
}

/* By policy_check, or by the driver: only it can tell that an interface is not ours. */
static void
log_refused(const struct cmd *c, const struct err *err)
{
	char text[PRINT_SIZE], quoted[PRINT_SIZE * 2];

	log_security("refused command=%s why=\"%s\"", log_quote(cmd_print(c, text, sizeof(text)), quoted, sizeof(quoted)), err->msg);
}

static enum serve_result
send_frame(struct serve *s, const struct frame *f, struct err *err)
{
	if (chan_send(&s->chan, f, SERVE_SEND_MS, err) == 0)
		return (SERVE_OK);
	return (err->code == ERR_TIMEOUT ? SERVE_VIOLATION : SERVE_EOF);
}

static enum serve_result
send_reply(struct serve *s, uint64_t seq, enum cmd_op op, const struct reply *r, struct err *err)
{
	struct frame f;

	if (wire_put_reply(&f, seq, op, r, err) == -1) {
		struct reply bad = { .result = REPLY_FAILED };

		/* a driver's mistake must not hang the server */
		err_set(&bad.err, ERR_INTERNAL, "the reply to %s does not fit a frame", cmd_name(op));
		if (wire_put_reply(&f, seq, op, &bad, err) == -1)
			return (SERVE_VIOLATION);
	}
	return (send_frame(s, &f, err));
}

static enum serve_result
handle(struct serve *s, const struct frame *f, struct err *err)
{
	struct answer a = { .s = s, .seq = f->seq };
	struct err failed = { ERR_NONE, 0, "", "" };
	char text[PRINT_SIZE];
	struct cmd c;
	int ret;

	if (wire_get_cmd(f, &c, err) == -1)
		return (SERVE_VIOLATION);
	if (permits[c.op].when != (s->greeted ? LATER : FIRST)) {
		err_set(err, ERR_PROTO, "%s is not permitted %s HELLO", cmd_name(c.op), s->greeted ? "after" : "before");
		return (SERVE_VIOLATION);
	}
	log_debug("serve", "%s seq=%llu", cmd_print(&c, text, sizeof(text)), (unsigned long long)f->seq);
	ret = know_counts(s, c.op, &failed);
	if (ret == 0)
		ret = policy_check(s->policy, &s->counts, &c, &failed);
	if (ret == 0)
		ret = permits[c.op].run(&a, &c, &failed);
	if (ret == -1 && (failed.code == ERR_DENIED || failed.code == ERR_LIMIT))
		log_refused(&c, &failed);
	if (a.broken) {
		*err = failed;
		return (SERVE_VIOLATION);
	}
	if (ret == -1) {
		a.reply.result = REPLY_FAILED;
		a.reply.err = failed;
		if (failed.code == ERR_NONE)
			err_set(&a.reply.err, ERR_INTERNAL, "%s failed and did not say why", cmd_name(c.op));
		log_debug("serve", "%s failed: %s", cmd_name(c.op), a.reply.err.msg);
	}
	return (a.later ? SERVE_OK : send_reply(s, f->seq, c.op, &a.reply, err));
}

static enum serve_result
input_frames(struct serve *s, struct err *err)
{
	enum serve_result r;
	struct frame f;

	for (int i = 0; i < FRAMES_AT_ONCE && s->chan.fd != -1; i++) {
		switch (chan_recv(&s->chan, &f, 0, err)) {
		case CHAN_AGAIN:
			return (SERVE_OK);
		case CHAN_EOF:
			err_set(err, ERR_PROTO, "the server closed its channel");
			return (SERVE_EOF);
		case CHAN_ERROR:
			return (SERVE_VIOLATION);
		case CHAN_FRAME:
			if ((r = handle(s, &f, err)) != SERVE_OK)
				return (r);
		}
	}
	return (SERVE_OK);
}

static enum serve_result
input_jobs(struct serve *s, struct err *err)
{
	enum serve_result r;
	struct frame f;

	for (size_t i = 0; i < JOBS_MAX; i++) {
		unsigned server = s->jobs.v[i].server;

		if (s->jobs.v[i].fd == -1 || !jobs_read(&s->jobs, i, &f))
			continue;
		if (s->chan.fd != -1 && server == s->server) {
			if ((r = send_frame(s, &f, err)) != SERVE_OK)
				return (r);
			continue;
		}
		/* the server of now has seen the jail busy, and waits */
		s->changed = true;
		s->change.all = true;
	}
	return (SERVE_OK);
}

/* Several different changes become "look at all". */
static enum serve_result
input_changes(struct serve *s, int64_t now_ms, struct err *err)
{
	struct change c;
	struct frame f;

	for (int i = 0; i < CHANGES_AT_ONCE && s->drv->watch_read(s->ctx, &c) == 1; i++) {
		if (!s->changed)
			s->change = c;
		else if (c.all || strcmp(c.jail, s->change.jail) != 0 || strcmp(c.ifname, s->change.ifname) != 0)
			s->change = (struct change){ .all = true };
		s->changed = true;
	}
	if (!s->changed || !s->greeted || now_ms < s->changed_at + SERVE_CHANGED_MS)
		return (SERVE_OK);
	if (s->change.all)
		s->change = (struct change){ .all = true };
	s->changed = false;
	s->changed_at = now_ms;
	if (wire_put_changed(&f, &s->change, err) == -1)
		return (SERVE_OK);
	return (send_frame(s, &f, err));
}

enum serve_result
serve_input(struct serve *s, int64_t now_ms, struct err *err)
{
	enum serve_result r;

	if ((r = input_frames(s, err)) != SERVE_OK || (r = input_jobs(s, err)) != SERVE_OK)
		return (r);
	return (input_changes(s, now_ms, err));
}
