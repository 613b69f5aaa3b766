/*
 * plan_text: a step in words: for the dry run, the operation's log and /v1/drift.  One row of a table for each command.
 */
#include <stdio.h>
#include <string.h>

#include "core/plan.h"
#include "core/str.h"

/* Texts are cut rather than refused: they are for reading. */
#define SAY(buf, size, ...) ((void)snprintf(buf, size, __VA_ARGS__))
#define PLACE_SIZE (NAME_SIZE + 16)

static const char *
place(const char *jail, char buf[PLACE_SIZE])
{
	if (jail[0] == '\0')
		SAY(buf, PLACE_SIZE, "on the host");
	else
		SAY(buf, PLACE_SIZE, "in jail %s", jail);
	return (buf);
}

static void
say_bridge(const struct step *s, char *buf, size_t size)
{
	const struct cmd_bridge *c = &s->cmd.u.bridge;
	char mac[MAC_TEXT_SIZE] = "new";

	if (!mac_is_zero(&c->mac))
		mac_format(&c->mac, mac);
	SAY(buf, size, "%s bridge %s: mtu %u, mac %s%s%s%s", s->cmd.op == CMD_BRIDGE_CREATE ? "create" : "set", c->name,
	    (unsigned)c->mtu, mac, c->stp ? ", stp" : "", c->vlan_filter ? ", vlan filter" : "",
	    c->backend == BACKEND_NETGRAPH ? ", netgraph" : "");
}

static void
say_ref(const struct step *s, char *buf, size_t size)
{
	SAY(buf, size, "destroy bridge %s", s->cmd.u.ref.name);
}

static void
say_end(const struct cmd_end *e, char *buf, size_t size)
{
	if (e->jail[0] != '\0')
		SAY(buf, size, "%s in jail %s%s", e->ifname, e->jail, e->up ? "" : " (down)");
	else if (e->bridge[0] != '\0')
		SAY(buf, size, "%s in bridge %s%s", e->ifname, e->bridge, e->up ? "" : " (down)");
	else
		SAY(buf, size, "%s on the host%s", e->ifname, e->up ? "" : " (down)");
}

static void
say_epair(const struct step *s, char *buf, size_t size)
{
	const struct cmd_epair *c = &s->cmd.u.epair;
	char a[160], b[160];

	say_end(&c->end[END_A], a, sizeof(a));
	say_end(&c->end[END_B], b, sizeof(b));
	SAY(buf, size, "create epair %s: %s, %s, mtu %u", c->name, a, b, (unsigned)c->mtu);
}

static void
say_epair_destroy(const struct step *s, char *buf, size_t size)
{
	char at[PLACE_SIZE];

	SAY(buf, size, "destroy epair %s (%s %s)", s->name, s->cmd.u.iface.ifname, place(s->cmd.u.iface.jail, at));
}

static void
say_ifset(const struct step *s, char *buf, size_t size)
{
	const struct cmd_ifset *c = &s->cmd.u.ifset;
	char at[PLACE_SIZE], mac[MAC_TEXT_SIZE], text[128] = "", traits[TRAITS_TEXT_SIZE];
	size_t n = 0;

	if (c->fields & IFSET_MTU)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " mtu %u", (unsigned)c->mtu);
	if (c->fields & IFSET_MAC)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " mac %s", mac_format(&c->mac, mac));
	if (c->fields & IFSET_UP)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %s", c->up ? "up" : "down");
	if (c->fields & IFSET_MARK)
		SAY(text + n, sizeof(text) - n, " label (it is %s %s)", kind_name(s->kind), s->name);
	SAY(buf, size, "set %s %s:%s%s", c->ifname, place(c->jail, at), text, traits_format(&c->traits, c->traits.fields, traits));
}

static void
say_rename(const struct step *s, char *buf, size_t size)
{
	const struct cmd_rename *c = &s->cmd.u.rename;
	char at[PLACE_SIZE];

	SAY(buf, size, "rename %s to %s %s", c->ifname, c->to, place(c->jail, at));
}

static void
say_move(const struct step *s, char *buf, size_t size)
{
	const struct cmd_move *c = &s->cmd.u.move;

	if (s->kind == KIND_JAIL) {
		SAY(buf, size, "take %s out of jail %s, which stops", c->ifname, c->from);
		return;
	}
	SAY(buf, size, "move %s from %s%s to %s%s", c->ifname, c->from[0] == '\0' ? "the host" : "jail ", c->from,
	    c->to[0] == '\0' ? "the host" : "jail ", c->to);
}

static void
say_port(const struct step *s, char *buf, size_t size)
{
	const struct cmd_port *c = &s->cmd.u.port;
	char vlan[96] = "";
	size_t n = 0;

	if (s->cmd.op == CMD_PORT_DETACH) {
		SAY(buf, size, "detach %s from bridge %s", c->ifname, c->bridge);
		return;
	}
	if (c->untagged != 0)
		n += (size_t)snprintf(vlan, sizeof(vlan), ", untagged %u", (unsigned)c->untagged);
	for (size_t i = 0; i < c->ntagged && n < sizeof(vlan); i++)
		n += (size_t)snprintf(vlan + n, sizeof(vlan) - n, "%s%u", i == 0 ? ", tagged " : " ", (unsigned)c->tagged[i]);
	SAY(buf, size, "%s %s %s bridge %s%s%s%s%s", s->cmd.op == CMD_PORT_SET ? "set" : "attach", c->ifname,
	    s->cmd.op == CMD_PORT_SET ? "in" : "to", c->bridge, c->priv ? ", private" : "", c->stp ? ", stp" : "",
	    c->edge ? ", edge" : "", vlan);
}

static void
say_addr(const struct step *s, char *buf, size_t size)
{
	const struct cmd_addr *c = &s->cmd.u.addr;
	char at[PLACE_SIZE], prefix[PREFIX_TEXT_SIZE];
	bool add = s->cmd.op == CMD_ADDR_ADD;

	SAY(buf, size, "%s %s %s %s %s", add ? "add" : "remove", prefix_format(&c->prefix, prefix), add ? "to" : "from",
	    c->ifname, place(c->jail, at));
}

static void
say_route(const struct step *s, char *buf, size_t size)
{
	const struct cmd_route *c = &s->cmd.u.route;
	char at[PLACE_SIZE], dst[PREFIX_TEXT_SIZE], gateway[IP_TEXT_SIZE];

	if (prefix_is_default(&c->dst))
		SAY(dst, sizeof(dst), "default route");
	else
		prefix_format(&c->dst, dst);
	SAY(buf, size, "%s %s%s via %s %s", s->cmd.op == CMD_ROUTE_ADD ? "add" : "remove",
	    prefix_is_default(&c->dst) ? "" : "route to ", dst, ip_format(&c->gateway, gateway), place(c->jail, at));
}

static void
say_sysctl(const struct step *s, char *buf, size_t size)
{
	const struct cmd_sysctl *c = &s->cmd.u.sysctl;
	char at[PLACE_SIZE];

	SAY(buf, size, "set %s=%s %s", c->key, c->value, place(c->jail, at));
}

static void
say_jail_destroy(const struct step *s, char *buf, size_t size)
{
	SAY(buf, size, "%s jail %s%s", s->why == WHY_GONE ? "destroy" : "stop", s->cmd.u.ref.name,
	    s->why == WHY_ANEW ? ", to be made anew" : "");
}

/* Params have a line each. */
static void
say_params(const char *params, char *buf, size_t size)
{
	SAY(buf, size, "%s%s", params[0] == '\0' ? "" : ", params ", params);
	for (char *p = buf; *p != '\0'; p++)
		if (*p == '\n')
			*p = p[1] == '\0' ? '\0' : ' ';
}

static void
say_jail_create(const struct step *s, char *buf, size_t size)
{
	const struct cmd_jail *c = &s->cmd.u.jail;
	char params[200], what[300];

	say_params(c->params, params, sizeof(params));
	SAY(what, sizeof(what), "%s%s%s%s", c->hostname[0] == '\0' ? "" : ", hostname ", c->hostname,
	    c->forwarding ? ", forwarding" : "", params);
	SAY(buf, size, "create jail %s%s%s", c->name, what[0] == '\0' ? "" : ":", what[0] == '\0' ? "" : what + 1);
}

static void
say_jail_set(const struct step *s, char *buf, size_t size)
{
	const struct cmd_jail *c = &s->cmd.u.jail;
	char params[200];

	say_params(c->params, params, sizeof(params));
	SAY(buf, size, "set jail %s: %s%s, %s%s", c->name, c->hostname[0] == '\0' ? "no hostname" : "hostname ", c->hostname,
	    c->forwarding ? "forwarding" : "no forwarding", params[0] == '\0' ? ", no params" : params);
}

static void
say_exec(const struct step *s, char *buf, size_t size)
{
	const struct cmd_exec *c = &s->cmd.u.exec;

	SAY(buf, size, "%s jail %s%s%s", s->cmd.op == CMD_JAIL_START ? "start" : "stop", c->name,
	    c->command[0] == '\0' ? "" : ": ", c->command);
}

static void
say_name(const struct step *s, char *buf, size_t size)
{
	cmd_print(&s->cmd, buf, size);
}

/* "Interruption": what stops working for somebody, and for how long. */
static void
cut_move(const struct step *s, char *buf, size_t size)
{
	const struct cmd_move *c = &s->cmd.u.move;

	if (s->kind == KIND_JAIL)
		return; /* that the jail stops says it all */
	if (c->from[0] == '\0')
		SAY(buf, size, "the host loses %s", c->ifname);
	else
		SAY(buf, size, "jail %s loses %s for about 1 s", c->from, c->ifname);
	if (s->kind == KIND_EPAIR && c->from[0] == '\0')
		buf[0] = '\0'; /* an end parked on the host carried nothing */
}

static void
cut_epair(const struct step *s, char *buf, size_t size)
{
	const struct cmd_iface *c = &s->cmd.u.iface;

	if (c->jail[0] == '\0')
		SAY(buf, size, "epair %s goes away", s->name);
	else
		SAY(buf, size, "jail %s loses %s", c->jail, c->ifname);
}

static void
cut_port(const struct step *s, char *buf, size_t size)
{
	if (s->kind != KIND_EPAIR)
		SAY(buf, size, "%s may flap for about 1 s", s->cmd.u.port.ifname);
	else if (s->cmd.op == CMD_PORT_DETACH)
		SAY(buf, size, "%s leaves bridge %s", s->cmd.u.port.ifname, s->cmd.u.port.bridge);
}

static void
cut_ifset(const struct step *s, char *buf, size_t size)
{
	const struct cmd_ifset *c = &s->cmd.u.ifset;

	if ((c->fields & IFSET_UP) && !c->up)
		SAY(buf, size, "%s goes down", c->ifname);
	else if (c->fields & (IFSET_MAC | IFSET_MTU))
		SAY(buf, size, "%s may flap for about 1 s", c->ifname);
}

static void
cut_bridge(const struct step *s, char *buf, size_t size)
{
	size_t len = strlen(s->pointer);

	if (len > 4 && strcmp(s->pointer + len - 4, "/mtu") == 0)
		SAY(buf, size, "all members of %s change MTU", s->cmd.u.bridge.name);
}

static void
cut_bridge_destroy(const struct step *s, char *buf, size_t size)
{
	SAY(buf, size, "all members of %s lose each other", s->cmd.u.ref.name);
}

static void
cut_rename(const struct step *s, char *buf, size_t size)
{
	SAY(buf, size, "%s may flap for about 1 s", s->cmd.u.rename.ifname);
}

static void
cut_addr(const struct step *s, char *buf, size_t size)
{
	char prefix[PREFIX_TEXT_SIZE], at[PLACE_SIZE];

	SAY(buf, size, "connections to %s %s end", prefix_format(&s->cmd.u.addr.prefix, prefix),
	    place(s->cmd.u.addr.jail, at));
}

static void
cut_route(const struct step *s, char *buf, size_t size)
{
	char dst[PREFIX_TEXT_SIZE];

	SAY(buf, size, "jail %s loses its route to %s", s->cmd.u.route.jail,
	    prefix_is_default(&s->cmd.u.route.dst) ? "everywhere else" : prefix_format(&s->cmd.u.route.dst, dst));
}

/* "; guest4, guest5 lose their default route; guest1 loses a route" */
static void
say_losers(const struct losers v[LOSE_COUNT], char *buf, size_t size)
{
	static const char *const what[LOSE_COUNT][2] = { { "its default route", "their default route" }, { "a route", "a route" } };
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < LOSE_COUNT && n < size; i++) {
		bool many = v[i].more > 0 || strchr(v[i].names, ',') != NULL;
		char more[24] = "";

		if (v[i].names[0] == '\0')
			continue;
		if (v[i].more > 0)
			SAY(more, sizeof(more), " and %u more", (unsigned)v[i].more);
		n += (size_t)snprintf(buf + n, size - n, "; %s%s %s %s", v[i].names, more, many ? "lose" : "loses", what[i][many]);
	}
}

static void
cut_jail(const struct step *s, char *buf, size_t size)
{
	char losers[256];

	say_losers(s->lose, losers, sizeof(losers));
	SAY(buf, size, "jail %s %s%s", s->name, s->why == WHY_ANEW ? "restarts" : "stops", losers);
}


static const struct words {
	const char *verb;
	void (*say)(const struct step *s, char *buf, size_t size);
	void (*cut)(const struct step *s, char *buf, size_t size); /* NULL = nothing is interrupted */
} words[CMD_COUNT] = { [CMD_HELLO] = { "change", say_name, NULL },
	[CMD_OBSERVE] = { "change", say_name, NULL },
	[CMD_COUNTERS] = { "change", say_name, NULL },
	[CMD_BRIDGE_CREATE] = { "create", say_bridge, NULL },
	[CMD_BRIDGE_SET] = { "change", say_bridge, cut_bridge },
	[CMD_BRIDGE_DESTROY] = { "delete", say_ref, cut_bridge_destroy },
	[CMD_EPAIR_CREATE] = { "create", say_epair, NULL },
	[CMD_EPAIR_DESTROY] = { "delete", say_epair_destroy, cut_epair },
	[CMD_IF_SET] = { "change", say_ifset, cut_ifset },
	[CMD_IF_RENAME] = { "change", say_rename, cut_rename },
	[CMD_IF_MOVE] = { "move", say_move, cut_move },
	[CMD_PORT_ATTACH] = { "attach", say_port, cut_port },
	[CMD_PORT_SET] = { "change", say_port, NULL },
	[CMD_PORT_DETACH] = { "detach", say_port, cut_port },
	[CMD_ADDR_ADD] = { "create", say_addr, NULL },
	[CMD_ADDR_DEL] = { "delete", say_addr, cut_addr },
	[CMD_ROUTE_ADD] = { "create", say_route, NULL },
	[CMD_ROUTE_DEL] = { "delete", say_route, cut_route },
	[CMD_SYSCTL_SET] = { "change", say_sysctl, NULL },
	[CMD_SYSCTL_GET] = { "change", say_name, NULL },
	[CMD_JAIL_CREATE] = { "create", say_jail_create, NULL },
	[CMD_JAIL_SET] = { "change", say_jail_set, NULL },
	[CMD_JAIL_START] = { "start", say_exec, NULL },
	[CMD_JAIL_STOP] = { "stop", say_exec, cut_jail },
	[CMD_JAIL_DESTROY] = { "delete", say_jail_destroy, cut_jail },
	[CMD_PROBE] = { "change", say_name, NULL },
	[CMD_FILES] = { "change", say_name, NULL } };

const char *
step_verb(const struct step *s)
{
	/* the object stays */
	if (s->cmd.op == CMD_JAIL_DESTROY && s->why != WHY_GONE)
		return ("stop");
	return (words[s->cmd.op].verb);
}

void
step_object(const struct step *s, char *buf, size_t size)
{
	SAY(buf, size, "%s/%s", kind_name(s->kind), s->name);
}

void
step_detail(const struct step *s, char *buf, size_t size)
{
	words[s->cmd.op].say(s, buf, size);
}

void
step_interrupts(const struct step *s, char *buf, size_t size)
{
	if (size > 0)
		buf[0] = '\0';
	if (size > 0 && words[s->cmd.op].cut != NULL)
		words[s->cmd.op].cut(s, buf, size);
}
