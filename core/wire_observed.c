/*
 * wire_observed: observations as frames of rows.  A row is a tag byte and the fields of its struct.
 */
#include <string.h>

#include "core/walk.h"
#include "core/wire.h"

enum row_tag { ROW_JAIL = 1, ROW_LINK, ROW_ADDR, ROW_ROUTE, ROW_SYSCTL, ROW_COUNTER };

struct stream {
	struct frame f;
	struct walk w;
	uint64_t seq;
	int (*emit)(void *arg, const struct frame *f, struct err *err);
	void *arg;
};

static void
walk_row_jail(struct walk *w, struct obs_jail *r)
{
	WALK_STR(w, r->name);
	walk_bool(w, &r->ours);
	walk_bool(w, &r->adoptable);
	WALK_ENUM(w, r->phase, enum jail_phase, JAIL_PHASE_COUNT);
	walk_bool(w, &r->busy);
	walk_u32(w, &r->boot);
	walk_u32(w, &r->jid);
	WALK_STR(w, r->hostname);
	walk_bool(w, &r->forwarding);
	walk_u32(w, &r->processes);
	walk_u32(w, &r->params);
	walk_u32(w, &r->path);
	walk_u32(w, &r->dying);
	WALK_STR(w, r->reason);
}

static void
walk_row_link(struct walk *w, struct obs_link *r)
{
	WALK_STR(w, r->jail);
	WALK_STR(w, r->ifname);
	walk_u32(w, &r->ifindex);
	WALK_ENUM(w, r->type, enum link_type, LINK_TYPE_COUNT);
	walk_mark(w, &r->mark);
	walk_mac(w, &r->mac);
	walk_u32(w, &r->mtu);
	walk_bool(w, &r->up);
	walk_bool(w, &r->running);
	WALK_STR(w, r->bridge);
	walk_bool(w, &r->stp);
	walk_bool(w, &r->vlan_filter);
	WALK_ENUM(w, r->backend, enum backend, BACKEND_NETGRAPH + 1);
	walk_bool(w, &r->priv);
	walk_bool(w, &r->port_stp_known);
	walk_bool(w, &r->port_stp);
	walk_bool(w, &r->edge);
	walk_u16(w, &r->untagged);
	walk_tagged(w, &r->ntagged, r->tagged);
	walk_u32(w, &r->peer);
	walk_bool(w, &r->peer_away);
	walk_bool(w, &r->adoptable);
	walk_traits(w, &r->traits);
}

static void
walk_row_addr(struct walk *w, struct obs_addr *r)
{
	WALK_STR(w, r->jail);
	WALK_STR(w, r->ifname);
	walk_prefix(w, &r->prefix);
	walk_bool(w, &r->duplicate);
}

static void
walk_row_route(struct walk *w, struct obs_route *r)
{
	WALK_STR(w, r->jail);
	walk_prefix(w, &r->dst);
	walk_ip(w, &r->gateway);
}

static void
walk_row_sysctl(struct walk *w, struct obs_sysctl *r)
{
	WALK_STR(w, r->jail);
	WALK_STR(w, r->key);
	WALK_STR(w, r->value);
}

static void
walk_row_counter(struct walk *w, struct obs_counter *r)
{
	WALK_STR(w, r->jail);
	WALK_STR(w, r->ifname);
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		walk_u64(w, &r->v[i]);
}

static void
stream_begin(struct stream *s)
{
	s->w = walk_begin_put(&s->f, FRAME_OBSERVED, s->seq);
}

static int
stream_flush(struct stream *s, struct err *err)
{
	if (s->w.b.pos == 0)
		return (0);
	s->f.len = s->w.b.pos;
	if (s->emit(s->arg, &s->f, err) == -1)
		return (-1);
	stream_begin(s);
	return (0);
}

/*
 * One table of the observation.  The row is walked as a copy, because a walk may assign; when it does not fit what is left
 * of the frame, that frame goes out and the row starts the next one.
 */
#define PUT_ROWS(kind, tag)								\
static int										\
put_##kind##s(struct stream *s, const struct obs_##kind *v, size_t n, struct err *err)	\
{											\
	for (size_t i = 0; i < n; i++) {						\
		struct obs_##kind row = v[i];						\
		size_t start = s->w.b.pos;						\
											\
		buf_put_u8(&s->w.b, tag);						\
		walk_row_##kind(&s->w, &row);						\
		if (!s->w.b.bad)							\
			continue;							\
		if (start == 0)								\
			return (err_set(err, ERR_PROTO, "observed " #kind " row %zu has a value out of range", i)); \
		s->w.b.pos = start;							\
		s->w.b.bad = false;							\
		if (stream_flush(s, err) == -1)						\
			return (-1);							\
		i--;									\
	}										\
	return (0);									\
}

PUT_ROWS(jail, ROW_JAIL)
PUT_ROWS(link, ROW_LINK)
PUT_ROWS(addr, ROW_ADDR)
PUT_ROWS(route, ROW_ROUTE)
PUT_ROWS(sysctl, ROW_SYSCTL)
PUT_ROWS(counter, ROW_COUNTER)

int
wire_put_observed(const struct observed *o, uint64_t seq, int (*emit)(void *arg, const struct frame *f, struct err *err),
    void *arg, struct err *err)
{
	struct stream s = { .seq = seq, .emit = emit, .arg = arg };

	stream_begin(&s);
	if (put_jails(&s, o->jails, o->njails, err) == -1 || put_links(&s, o->links, o->nlinks, err) == -1 ||
	    put_addrs(&s, o->addrs, o->naddrs, err) == -1 || put_routes(&s, o->routes, o->nroutes, err) == -1 ||
	    put_sysctls(&s, o->sysctls, o->nsysctls, err) == -1 || put_counters(&s, o->counters, o->ncounters, err) == -1)
		return (-1);
	return (stream_flush(&s, err));
}

/* Reads one row; false = out of memory. */
#define GET_ROW(kind)							\
static bool								\
get_##kind(struct walk *w, struct observed *into)			\
{									\
	struct obs_##kind *row = observed_##kind##_add(into);		\
									\
	if (row == NULL)						\
		return (false);						\
	walk_row_##kind(w, row);					\
	return (true);							\
}

GET_ROW(jail)
GET_ROW(link)
GET_ROW(addr)
GET_ROW(route)
GET_ROW(sysctl)
GET_ROW(counter)

static bool (*const get_row[])(struct walk *, struct observed *) = {
	[ROW_JAIL] = get_jail, [ROW_LINK] = get_link, [ROW_ADDR] = get_addr, [ROW_ROUTE] = get_route, [ROW_SYSCTL] = get_sysctl,
	[ROW_COUNTER] = get_counter,
};

int
wire_get_observed(const struct frame *f, struct observed *into, struct err *err)
{
	struct observed before = *into;
	struct walk w;
	uint8_t tag;

	if (walk_begin_get(f, FRAME_OBSERVED, &w, err) == -1)
		return (-1);
	while (!w.b.bad && buf_left(&w.b) > 0) {
		tag = buf_get_u8(&w.b);
		if (tag < ROW_JAIL || tag > ROW_COUNTER)
			w.b.bad = true;
		else if (!get_row[tag](&w, into))
			return (err_nomem(err));
	}
	if (walk_end_get(&w, "observation", err) == 0)
		return (0);
	/* nothing of a bad frame counts; the room that was made stays */
	into->njails = before.njails;
	into->nlinks = before.nlinks;
	into->naddrs = before.naddrs;
	into->nroutes = before.nroutes;
	into->nsysctls = before.nsysctls;
	into->ncounters = before.ncounters;
	return (-1);
}
