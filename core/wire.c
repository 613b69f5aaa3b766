/*
 * wire: encode and decode.  docs/protocol.md is normative.
 *
 * Each struct has one function that walks its fields; the same walk writes or reads, so the two directions cannot drift
 * apart.  Writing walks a copy: the walk needs a struct it may assign to.
 */
#include "core/wire.h"

#include <string.h>

#include "core/buf.h"
#include "core/walk.h"

static void
w_hello(struct walk *w, struct cmd_hello *c)
{
	walk_u32(w, &c->proto);
	WALK_STR(w, c->build);
}

static void
w_observe(struct walk *w, struct cmd_observe *c)
{
	WALK_ENUM(w, c->scope, enum observe_scope, OBSERVE_LINK + 1);
	WALK_STR(w, c->name);
}

static void
w_bridge(struct walk *w, struct cmd_bridge *c)
{
	WALK_STR(w, c->name);
	walk_mac(w, &c->mac);
	walk_u32(w, &c->mtu);
	walk_bool(w, &c->stp);
	walk_bool(w, &c->vlan_filter);
	WALK_ENUM(w, c->backend, enum backend, BACKEND_NETGRAPH + 1);
}

static void
w_ref(struct walk *w, struct cmd_ref *c)
{
	WALK_STR(w, c->name);
}

static void
w_epair(struct walk *w, struct cmd_epair *c)
{
	WALK_STR(w, c->name);
	walk_u32(w, &c->mtu);
	for (size_t i = 0; i < 2; i++) {
		struct cmd_end *e = &c->end[i];

		WALK_STR(w, e->ifname);
		walk_mac(w, &e->mac);
		WALK_STR(w, e->jail);
		WALK_STR(w, e->bridge);
		walk_bool(w, &e->up);
	}
}

static void
w_iface(struct walk *w, struct cmd_iface *c)
{
	WALK_STR(w, c->jail);
	WALK_STR(w, c->ifname);
	WALK_STR(w, c->other_jail);
	WALK_STR(w, c->other);
}

static void
w_ifset(struct walk *w, struct cmd_ifset *c)
{
	WALK_STR(w, c->jail);
	WALK_STR(w, c->ifname);
	walk_u32(w, &c->fields);
	walk_u32(w, &c->mtu);
	walk_mac(w, &c->mac);
	walk_bool(w, &c->up);
	walk_mark(w, &c->mark);
	walk_traits(w, &c->traits);
}

static void
w_rename(struct walk *w, struct cmd_rename *c)
{
	WALK_STR(w, c->jail);
	WALK_STR(w, c->ifname);
	WALK_STR(w, c->to);
}

static void
w_move(struct walk *w, struct cmd_move *c)
{
	WALK_STR(w, c->ifname);
	WALK_STR(w, c->from);
	WALK_STR(w, c->to);
}

static void
w_port(struct walk *w, struct cmd_port *c)
{
	WALK_STR(w, c->bridge);
	WALK_STR(w, c->ifname);
	walk_bool(w, &c->priv);
	walk_bool(w, &c->stp);
	walk_bool(w, &c->edge);
	walk_u16(w, &c->untagged);
	walk_tagged(w, &c->ntagged, c->tagged);
}

static void
w_addr(struct walk *w, struct cmd_addr *c)
{
	WALK_STR(w, c->jail);
	WALK_STR(w, c->ifname);
	walk_prefix(w, &c->prefix);
}

static void
w_route(struct walk *w, struct cmd_route *c)
{
	WALK_STR(w, c->jail);
	walk_prefix(w, &c->dst);
	walk_ip(w, &c->gateway);
}

static void
w_sysctl(struct walk *w, struct cmd_sysctl *c)
{
	WALK_STR(w, c->jail);
	WALK_STR(w, c->key);
	WALK_STR(w, c->value);
}

static void
w_jail(struct walk *w, struct cmd_jail *c)
{
	WALK_STR(w, c->name);
	WALK_STR(w, c->path);
	WALK_STR(w, c->hostname);
	walk_bool(w, &c->forwarding);
	walk_u32(w, &c->boot);
	WALK_STR(w, c->params);
}

static void
w_exec(struct walk *w, struct cmd_exec *c)
{
	WALK_STR(w, c->name);
	WALK_STR(w, c->path);
	WALK_STR(w, c->command);
	walk_u32(w, &c->timeout_s);
}

static void
w_probe(struct walk *w, struct cmd_probe *c)
{
	WALK_STR(w, c->jail);
	walk_ip(w, &c->to);
	walk_u32(w, &c->count);
	walk_u32(w, &c->interval_ms);
	walk_u32(w, &c->timeout_ms);
}

static void
w_files(struct walk *w, struct cmd_files *c)
{
	WALK_ENUM(w, c->format, enum host_format, HOST_FORMAT_COUNT);
}

static void
w_cmd(struct walk *w, struct cmd *c)
{
	WALK_ENUM(w, c->op, enum cmd_op, CMD_COUNT);
	if (w->b.bad)
		return;
	switch (c->op) {
#define X(op, member, flags)			\
	case CMD_##op:				\
		w_##member(w, &c->u.member);	\
		break;
	CMD_LIST(X)
#undef X
	}
}

static void
w_err(struct walk *w, struct err *e)
{
	uint32_t sys = (uint32_t)e->sys;

	WALK_ENUM(w, e->code, enum err_code, ERR_CODE_COUNT);
	walk_u32(w, &sys);
	if (sys > 0xffff)
		w->b.bad = true;
	e->sys = (int)sys;
	WALK_STR(w, e->field);
	WALK_STR(w, e->msg);
}

static void
w_probe_reply(struct walk *w, struct reply *r)
{
	walk_u32(w, &r->sent);
	walk_u32(w, &r->received);
	if (r->received > PROBE_MAX || r->received > r->sent) {
		w->b.bad = true;
		return;
	}
	for (uint32_t i = 0; i < r->received; i++)
		walk_u32(w, &r->rtt_us[i]);
	WALK_STR(w, r->probe_error);
}

static void
w_reply(struct walk *w, enum cmd_op op, struct reply *r)
{
	WALK_ENUM(w, r->result, enum reply_result, REPLY_RESULT_COUNT);
	if (r->result == REPLY_FAILED) {
		w_err(w, &r->err);
		if (r->err.code == ERR_NONE)
			w->b.bad = true;
	}
	WALK_STR(w, r->text);
	if (op == CMD_HELLO)
		walk_u32(w, &r->features);
	else if (op == CMD_PROBE)
		w_probe_reply(w, r);
}

static void
w_change(struct walk *w, struct change *c)
{
	walk_bool(w, &c->all);
	WALK_STR(w, c->jail);
	WALK_STR(w, c->ifname);
}

static void
w_part(struct walk *w, struct hostfile_part *p)
{
	WALK_STR(w, p->path);
	WALK_STR(w, p->note);
	walk_u16(w, &p->size);
	if (p->size > sizeof(p->data))
		w->b.bad = true;
	else
		walk_bytes(w, p->data, p->size);
}

int
wire_put_cmd(struct frame *f, uint64_t seq, const struct cmd *c, struct err *err)
{
	struct walk w = walk_begin_put(f, FRAME_CMD, seq);
	struct cmd copy = *c;

	w_cmd(&w, &copy);
	return (walk_end_put(f, &w, "command", err));
}

int
wire_put_reply(struct frame *f, uint64_t seq, enum cmd_op op, const struct reply *r, struct err *err)
{
	struct walk w = walk_begin_put(f, FRAME_REPLY, seq);
	struct reply copy = *r;

	w_reply(&w, op, &copy);
	return (walk_end_put(f, &w, "reply", err));
}

int
wire_put_changed(struct frame *f, const struct change *c, struct err *err)
{
	struct walk w = walk_begin_put(f, FRAME_CHANGED, 0);
	struct change copy = *c;

	w_change(&w, &copy);
	return (walk_end_put(f, &w, "change", err));
}

int
wire_put_part(struct frame *f, uint64_t seq, const struct hostfile_part *p, struct err *err)
{
	struct walk w = walk_begin_put(f, FRAME_FILE, seq);
	struct hostfile_part copy = *p;

	w_part(&w, &copy);
	return (walk_end_put(f, &w, "part of a file", err));
}

int
wire_get_cmd(const struct frame *f, struct cmd *out, struct err *err)
{
	struct walk w;
	struct cmd c;

	memset(&c, 0, sizeof(c));
	if (walk_begin_get(f, FRAME_CMD, &w, err) == -1)
		return (-1);
	w_cmd(&w, &c);
	if (walk_end_get(&w, "command", err) == -1)
		return (-1);
	*out = c;
	return (0);
}

int
wire_get_reply(const struct frame *f, enum cmd_op op, struct reply *out, struct err *err)
{
	struct reply r;
	struct walk w;

	memset(&r, 0, sizeof(r));
	if (walk_begin_get(f, FRAME_REPLY, &w, err) == -1)
		return (-1);
	w_reply(&w, op, &r);
	if (walk_end_get(&w, "reply", err) == -1)
		return (-1);
	*out = r;
	return (0);
}

int
wire_get_changed(const struct frame *f, struct change *out, struct err *err)
{
	struct change c;
	struct walk w;

	memset(&c, 0, sizeof(c));
	if (walk_begin_get(f, FRAME_CHANGED, &w, err) == -1)
		return (-1);
	w_change(&w, &c);
	if (walk_end_get(&w, "change", err) == -1)
		return (-1);
	*out = c;
	return (0);
}

int
wire_get_part(const struct frame *f, struct hostfile_part *out, struct err *err)
{
	struct hostfile_part p;
	struct walk w;

	memset(&p, 0, sizeof(p));
	if (walk_begin_get(f, FRAME_FILE, &w, err) == -1)
		return (-1);
	w_part(&w, &p);
	if (walk_end_get(&w, "part of a file", err) == -1)
		return (-1);
	*out = p;
	return (0);
}

void
wire_header_put(const struct frame *f, uint8_t header[WIRE_HEADER_SIZE])
{
	struct buf b;

	buf_init(&b, header, WIRE_HEADER_SIZE);
	buf_put_u32(&b, (uint32_t)f->len);
	buf_put_u16(&b, (uint16_t)f->type);
	buf_put_u16(&b, PROTO_VERSION);
	buf_put_u64(&b, f->seq);
}

int
wire_header_get(const uint8_t header[WIRE_HEADER_SIZE], struct frame *f, struct err *err)
{
	uint16_t type, version;
	uint32_t len;
	uint64_t seq;
	struct buf b;

	buf_init_const(&b, header, WIRE_HEADER_SIZE);
	len = buf_get_u32(&b);
	type = buf_get_u16(&b);
	version = buf_get_u16(&b);
	seq = buf_get_u64(&b);
	if (version != PROTO_VERSION)
		return (err_set(err, ERR_PROTO, "frame of protocol version %u, not %d", version, PROTO_VERSION));
	if (type < FRAME_CMD || type > FRAME_FILE)
		return (err_set(err, ERR_PROTO, "frame of unknown type %u", type));
	if (len > WIRE_PAYLOAD_MAX)
		return (err_set(err, ERR_PROTO, "frame of %u bytes, at most %d", len, WIRE_PAYLOAD_MAX));
	f->type = (enum frame_type)type;
	f->seq = seq;
	f->len = len;
	return (0);
}
