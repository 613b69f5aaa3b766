/*
 * cmd: names of the commands and their one-line text.
 */
#include "core/cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"

struct out {
	char *buf;
	size_t size, pos;
	bool cut;
};

static const struct {
	const char *name;
	int flags;
} cmds[] = {
#define X(op, member, flags) [CMD_##op] = { #op, flags },
	CMD_LIST(X)
#undef X
};

static const char *const scope_names[] = { [OBSERVE_ALL] = "all", [OBSERVE_JAIL] = "jail", [OBSERVE_LINK] = "link" };
static const char *const format_names[] = { [HOST_EZJAIL] = "ezjail", [HOST_JAIL_CONF] = "jail-conf", [HOST_RC_CONF] = "rc-conf" };
static const char *const backend_names[] = { [BACKEND_IF_BRIDGE] = "if_bridge", [BACKEND_NETGRAPH] = "netgraph" };

static void put(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
put(struct out *o, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (o->cut || o->size == 0)
		return;
	va_start(ap, fmt);
	n = vsnprintf(o->buf + o->pos, o->size - o->pos, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= o->size - o->pos)
		o->cut = true;
	else
		o->pos += (size_t)n;
}

static const char *
place(const char *jail)
{
	return (jail[0] == '\0' ? "-" : jail);
}

static void
print_hello(struct out *o, const struct cmd_hello *c)
{
	put(o, " proto=%u build=%s", c->proto, c->build);
}

static void
print_observe(struct out *o, const struct cmd_observe *c)
{
	put(o, " %s", (size_t)c->scope < NELEMS(scope_names) ? scope_names[c->scope] : "?");
	if (c->name[0] != '\0')
		put(o, " %s", c->name);
}

static void
print_bridge(struct out *o, const struct cmd_bridge *c)
{
	char mac[MAC_TEXT_SIZE];

	put(o, " %s mac=%s mtu=%u stp=%d vlan_filter=%d backend=%s", c->name, mac_format(&c->mac, mac), c->mtu, c->stp,
	    c->vlan_filter, (size_t)c->backend < NELEMS(backend_names) ? backend_names[c->backend] : "?");
}

static void
print_ref(struct out *o, const struct cmd_ref *c)
{
	put(o, " %s", c->name);
}

static void
print_epair(struct out *o, const struct cmd_epair *c)
{
	char mac[MAC_TEXT_SIZE];

	put(o, " %s mtu=%u", c->name, c->mtu);
	for (int i = 0; i < 2; i++) {
		const struct cmd_end *e = &c->end[i];

		put(o, " %c=%s,%s", "ab"[i], e->ifname, mac_format(&e->mac, mac));
		if (e->jail[0] != '\0')
			put(o, ",jail=%s", e->jail);
		if (e->bridge[0] != '\0')
			put(o, ",bridge=%s", e->bridge);
		put(o, ",%s", e->up ? "up" : "down");
	}
}

static void
print_iface(struct out *o, const struct cmd_iface *c)
{
	put(o, " jail=%s if=%s", place(c->jail), c->ifname);
	if (c->other[0] != '\0')
		put(o, " other=%s%s%s", c->other, c->other_jail[0] == '\0' ? "" : "@", c->other_jail);
}

static void
print_ifset(struct out *o, const struct cmd_ifset *c)
{
	char mac[MAC_TEXT_SIZE], mark[MARK_TEXT_SIZE], traits[TRAITS_TEXT_SIZE];

	put(o, " jail=%s if=%s", place(c->jail), c->ifname);
	if (c->fields & IFSET_MTU)
		put(o, " mtu=%u", c->mtu);
	if (c->fields & IFSET_MAC)
		put(o, " mac=%s", mac_format(&c->mac, mac));
	if (c->fields & IFSET_UP)
		put(o, " %s", c->up ? "up" : "down");
	if (c->fields & IFSET_MARK) {
		mark_format(&c->mark, mark);
		put(o, " mark=%s", mark);
	}
	if (c->fields & IFSET_TRAITS)
		put(o, "%s", traits_format(&c->traits, c->traits.fields, traits));
}

static void
print_rename(struct out *o, const struct cmd_rename *c)
{
	put(o, " jail=%s if=%s to=%s", place(c->jail), c->ifname, c->to);
}

static void
print_move(struct out *o, const struct cmd_move *c)
{
	put(o, " if=%s from=%s to=%s", c->ifname, place(c->from), place(c->to));
}

static void
print_port(struct out *o, const struct cmd_port *c)
{
	put(o, " bridge=%s if=%s", c->bridge, c->ifname);
	if (c->priv)
		put(o, " private");
	if (c->stp)
		put(o, " stp");
	if (c->edge)
		put(o, " edge");
	if (c->untagged != 0)
		put(o, " untagged=%u", c->untagged);
	for (size_t i = 0; i < c->ntagged && i < LIMIT_TAGGED; i++)
		put(o, "%s%u", i == 0 ? " tagged=" : ",", c->tagged[i]);
}

static void
print_addr(struct out *o, const struct cmd_addr *c)
{
	char text[PREFIX_TEXT_SIZE];

	put(o, " jail=%s if=%s %s", place(c->jail), c->ifname, prefix_format(&c->prefix, text));
}

static void
print_route(struct out *o, const struct cmd_route *c)
{
	char dst[PREFIX_TEXT_SIZE], gw[IP_TEXT_SIZE];

	put(o, " jail=%s %s via %s", place(c->jail), prefix_format(&c->dst, dst), ip_format(&c->gateway, gw));
}

static void
print_sysctl(struct out *o, const struct cmd_sysctl *c)
{
	put(o, " jail=%s %s", place(c->jail), c->key);
	if (c->value[0] != '\0')
		put(o, "=%s", c->value);
}

static void
print_jail(struct out *o, const struct cmd_jail *c)
{
	put(o, " %s path=%s hostname=%s forwarding=%d boot=%u", c->name, c->path[0] == '\0' ? "/" : c->path,
	    place(c->hostname), c->forwarding, c->boot);
	if (c->params[0] != '\0')
		put(o, " params=%08x", params_hash(c->params));
}

static void
print_exec(struct out *o, const struct cmd_exec *c)
{
	put(o, " %s path=%s timeout=%u command=%s", c->name, c->path[0] == '\0' ? "/" : c->path, c->timeout_s,
	    place(c->command));
}

static void
print_probe(struct out *o, const struct cmd_probe *c)
{
	char to[IP_TEXT_SIZE];

	put(o, " jail=%s to=%s count=%u interval=%ums timeout=%ums", place(c->jail), ip_format(&c->to, to), c->count,
	    c->interval_ms, c->timeout_ms);
}

static void
print_files(struct out *o, const struct cmd_files *c)
{
	put(o, " %s", host_format_name(c->format));
}

const char *
host_format_name(enum host_format format)
{
	return ((size_t)format < NELEMS(format_names) ? format_names[format] : "?");
}

const char *
cmd_name(enum cmd_op op)
{
	return ((size_t)op < NELEMS(cmds) ? cmds[op].name : "UNKNOWN");
}

bool
cmd_is_job(enum cmd_op op)
{
	return ((size_t)op < NELEMS(cmds) && cmds[op].flags == CMD_JOB);
}

const char *
cmd_print(const struct cmd *c, char *buf, size_t size)
{
	struct out o = { .buf = buf, .size = size };

	put(&o, "%s", cmd_name(c->op));
	switch (c->op) {
#define X(op, member, flags)				\
	case CMD_##op:					\
		print_##member(&o, &c->u.member);	\
		break;
	CMD_LIST(X)
#undef X
	}
	/* values come from users: a log line or golden file must stay one line */
	for (size_t i = 0; i < o.pos; i++)
		if ((unsigned char)buf[i] < 0x20 || buf[i] == 0x7f)
			buf[i] = '?';
	if (o.cut) {
		size_t end = size > 4 ? size - 4 : 0;

		for (size_t i = o.pos; i < end; i++)
			if ((unsigned char)buf[i] < 0x20 || buf[i] == 0x7f)
				buf[i] = '?';
		snprintf(buf + end, size - end, "...");
	}
	return (buf);
}
