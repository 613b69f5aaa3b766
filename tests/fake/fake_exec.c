/*
 * fake_exec: what each command does.  Nothing is left half done on failure, unless a fault point asks for it.
 */
#include <errno.h>
#include <string.h>

#include "core/str.h"
#include "tests/fake/fake_int.h"

/* Like err_num, with a code better than "the kernel refused". */
#define REFUSE(r, c, sys_, ...) (err_num((r)->err, sys_, __VA_ARGS__), (r)->err == NULL ? -1 : ((r)->err->code = (c), -1))

int
fake_run_unchanged(struct fake_run *r)
{
	r->out->result = REPLY_UNCHANGED;
	return (0);
}

int
fake_run_changed_if(struct fake_run *r, bool changed)
{
	r->out->result = changed ? REPLY_DONE : REPLY_UNCHANGED;
	return (0);
}

int
fake_run_cut_short(struct fake_run *r)
{
	return (err_num(r->err, EIO, "%s", "cut short"));
}

int
fake_run_find_ns(struct fake_run *r, const char *jail, int *ns)
{
	*ns = fake_jail_find(r->f, jail);
	if (*ns == FAKE_NO_JAIL)
		return (REFUSE(r, ERR_NOT_FOUND, ENOENT, "jail %s", jail));
	return (0);
}

static int
find_link(struct fake_run *r, const char *jail, const char *ifname, int *link)
{
	int ns;

	if (fake_run_find_ns(r, jail, &ns) == -1)
		return (-1);
	if ((*link = fake_link_find(r->f, ns, ifname)) == -1)
		return (err_num(r->err, ENODEV, "%s", ifname));
	return (0);
}

/* Ours, or foreign and policy lets us. */
static int
may_touch(struct fake_run *r, int link)
{
	const struct fake_link *l = &r->f->t->links[link];

	if (l->mark.ours || (r->f->foreign_ok != NULL && r->f->foreign_ok(r->f->foreign_arg, l->ifname)))
		return (0);
	return (err_set(r->err, ERR_DENIED, "%s is not ours", l->ifname));
}

int
fake_run_full(struct fake_run *r)
{
	return (err_num(r->err, ENOSPC, "the fake kernel is full"));
}

static bool
bridge_apply(struct fake_link *l, const struct cmd_bridge *c)
{
	bool change = l->mtu != c->mtu || !mac_equal(&l->mac, &c->mac) || l->stp != c->stp ||
	    l->vlan_filter != c->vlan_filter || !l->up;

	l->mtu = c->mtu;
	l->mac = c->mac;
	l->stp = c->stp;
	l->vlan_filter = c->vlan_filter;
	l->up = true;
	return (change);
}

static void
mark_object(struct mark *m, enum kind kind, const char *name, uint8_t side)
{
	m->ours = m->has_object = true;
	m->kind = kind;
	str_copy(m->name, sizeof(m->name), name);
	m->side = side;
}

static bool
mark_is(const struct mark *m, enum kind kind, const char *name)
{
	return (m->ours && m->has_object && m->kind == kind && strcmp(m->name, name) == 0);
}

static bool
netgraph_cannot(struct fake_run *r, const struct cmd_bridge *c)
{
	return (c->backend == BACKEND_NETGRAPH && (c->stp || c->vlan_filter) &&
	    err_set(r->err, ERR_UNSUPPORTED, "netgraph has no STP and no VLANs") == -1);
}

static int
bridge_create(struct fake_run *r, const struct cmd_bridge *c)
{
	struct fake_link *l;
	int i = fake_link_find(r->f, FAKE_HOST, c->name);

	if (netgraph_cannot(r, c))
		return (-1);
	if (i != -1) {
		l = &r->f->t->links[i];
		if (l->type != LINK_BRIDGE || l->backend != c->backend || !mark_is(&l->mark, KIND_BRIDGE, c->name))
			return (REFUSE(r, ERR_EXISTS, EEXIST, "%s", c->name));
		return (fake_run_changed_if(r, bridge_apply(l, c)));
	}
	if ((i = fake_link_new(r->f, FAKE_HOST, c->name, LINK_BRIDGE)) == -1)
		return (fake_run_full(r));
	l = &r->f->t->links[i];
	l->mark.ours = true;
	l->backend = c->backend;
	if (r->half)
		return (fake_run_cut_short(r));
	mark_object(&l->mark, KIND_BRIDGE, c->name, 0);
	bridge_apply(l, c);
	return (0);
}

static int
bridge_set(struct fake_run *r, const struct cmd_bridge *c)
{
	struct fake_link *l;
	int i;

	if (find_link(r, "", c->name, &i) == -1)
		return (-1);
	l = &r->f->t->links[i];
	if (l->type != LINK_BRIDGE || !l->mark.ours)
		return (err_set(r->err, ERR_DENIED, "%s is not a bridge of ours", c->name));
	if (l->backend != c->backend || netgraph_cannot(r, c))
		return (err_set(r->err, ERR_UNSUPPORTED, "%s is of the other kind", c->name));
	return (fake_run_changed_if(r, bridge_apply(l, c)));
}

static int
bridge_destroy(struct fake_run *r, const struct cmd_ref *c)
{
	int i = fake_link_find(r->f, FAKE_HOST, c->name);

	if (i == -1)
		return (fake_run_unchanged(r));
	if (r->f->t->links[i].type != LINK_BRIDGE || !r->f->t->links[i].mark.ours)
		return (err_set(r->err, ERR_DENIED, "%s is not a bridge of ours", c->name));
	fake_link_destroy(r->f, i);
	return (0);
}

/* Both halves there exactly as wanted? */
static bool
epair_is(const struct fake *f, const struct cmd_epair *c, const int ns[2], const int bridge[2])
{
	int link[2];

	for (int i = 0; i < 2; i++) {
		const struct fake_link *l;

		if ((link[i] = fake_link_find(f, ns[i], c->end[i].ifname)) == -1)
			return (false);
		l = &f->t->links[link[i]];
		if (!mark_is(&l->mark, KIND_EPAIR, c->name) || l->mark.side != i || l->mtu != c->mtu ||
		    !mac_equal(&l->mac, &c->end[i].mac) || l->up != c->end[i].up || l->bridge != bridge[i])
			return (false);
	}
	return (f->t->links[link[0]].peer == link[1]);
}

static int
epair_create(struct fake_run *r, const struct cmd_epair *c)
{
	int ns[2], bridge[2] = { -1, -1 }, link[2];

	for (int i = 0; i < 2; i++) {
		const struct cmd_end *e = &c->end[i];

		if (fake_run_find_ns(r, e->jail, &ns[i]) == -1 || (e->bridge[0] != '\0' && find_link(r, "", e->bridge, &bridge[i]) == -1))
			return (-1);
		if (bridge[i] != -1 && (r->f->t->links[bridge[i]].type != LINK_BRIDGE || ns[i] != FAKE_HOST))
			return (err_num(r->err, EINVAL, "%s into %s", e->ifname, e->bridge));
		if (bridge[i] != -1 && may_touch(r, bridge[i]) == -1)
			return (-1);
	}
	if (epair_is(r->f, c, ns, bridge))
		return (fake_run_unchanged(r));
	for (int i = 0; i < 2; i++)
		if (fake_link_find(r->f, ns[i], c->end[i].ifname) != -1 ||
		    (ns[0] == ns[1] && strcmp(c->end[0].ifname, c->end[1].ifname) == 0))
			return (REFUSE(r, ERR_EXISTS, EEXIST, "%s", c->end[i].ifname));
	link[0] = fake_link_new(r->f, ns[0], c->end[0].ifname, LINK_EPAIR);
	link[1] = link[0] == -1 ? -1 : fake_link_new(r->f, ns[1], c->end[1].ifname, LINK_EPAIR);
	if (link[1] == -1) {
		if (link[0] != -1)
			fake_link_destroy(r->f, link[0]);
		return (fake_run_full(r));
	}
	for (int i = 0; i < 2; i++) {
		struct fake_link *l = &r->f->t->links[link[i]];

		l->peer = link[!i];
		l->mark.ours = true;
		l->mac = c->end[i].mac;
		l->mtu = c->mtu;
		l->bridge = bridge[i];
		l->up = c->end[i].up;
	}
	if (r->half)
		return (fake_run_cut_short(r));
	for (int i = 0; i < 2; i++)
		mark_object(&r->f->t->links[link[i]].mark, KIND_EPAIR, c->name, (uint8_t)i);
	return (0);
}

static int
epair_destroy(struct fake_run *r, const struct cmd_iface *c)
{
	int ns = fake_jail_find(r->f, c->jail), i;

	if (ns == FAKE_NO_JAIL || (i = fake_link_find(r->f, ns, c->ifname)) == -1)
		return (fake_run_unchanged(r));
	if (r->f->t->links[i].type != LINK_EPAIR || !r->f->t->links[i].mark.ours)
		return (err_set(r->err, ERR_DENIED, "%s is not an epair of ours", c->ifname));
	fake_link_destroy(r->f, i);
	return (0);
}

/* What others made becomes ours by the mark alone. */
static int
may_mark(struct fake_run *r, const struct fake_link *l, const struct cmd_ifset *c)
{
	if (l->mark.ours)
		return (0);
	if (c->fields == IFSET_MARK && l->type == (c->mark.kind == KIND_BRIDGE ? LINK_BRIDGE : LINK_EPAIR) && r->f->adopt_ok != NULL &&
	    r->f->adopt_ok(r->f->adopt_arg, l->ifname))
		return (0);
	return (err_set(r->err, ERR_DENIED, "%s was not made by us", c->ifname));
}

static void
take_traits(struct traits *to, const struct traits *from)
{
	if (from->fields & TRAIT_FLAGS)
		to->flags = from->flags;
	if (from->fields & TRAIT_CAPS)
		to->caps = from->caps;
	if (from->fields & TRAIT_ND6)
		to->nd6 = from->nd6;
	if (from->fields & TRAIT_GROUPS)
		str_copy(to->groups, sizeof(to->groups), from->groups);
}

static int
if_set(struct fake_run *r, const struct cmd_ifset *c)
{
	struct fake_link *l;
	bool change = false;
	int i;

	if (find_link(r, c->jail, c->ifname, &i) == -1)
		return (-1);
	l = &r->f->t->links[i];
	if ((c->fields & IFSET_MARK) ? may_mark(r, l, c) == -1 : may_touch(r, i) == -1)
		return (-1);
	if ((c->fields & IFSET_MTU) && l->mtu != c->mtu) {
		l->mtu = c->mtu;
		change = true;
	}
	if ((c->fields & IFSET_MAC) && !mac_equal(&l->mac, &c->mac)) {
		l->mac = c->mac;
		change = true;
	}
	if ((c->fields & IFSET_UP) && l->up != c->up) {
		fake_link_up(r->f, i, c->up);
		change = true;
	}
	if (c->fields & IFSET_MARK) {
		change = change || !mark_is(&l->mark, c->mark.kind, c->mark.name) || l->mark.side != c->mark.side;
		l->mark = c->mark;
	}
	if ((c->fields & IFSET_TRAITS) && traits_differ(&c->traits, &l->traits) != 0) {
		take_traits(&l->traits, &c->traits);
		change = true;
	}
	return (fake_run_changed_if(r, change));
}

static int
if_rename(struct fake_run *r, const struct cmd_rename *c)
{
	int ns, i, there;

	if (fake_run_find_ns(r, c->jail, &ns) == -1)
		return (-1);
	i = fake_link_find(r->f, ns, c->ifname);
	there = fake_link_find(r->f, ns, c->to);
	if (i == -1 && there != -1 && r->f->t->links[there].mark.ours)
		return (fake_run_unchanged(r));
	if (i == -1)
		return (err_num(r->err, ENODEV, "%s", c->ifname));
	if (!r->f->t->links[i].mark.ours)
		return (err_set(r->err, ERR_DENIED, "%s is not ours", c->ifname));
	if (there != -1 && there != i)
		return (REFUSE(r, ERR_EXISTS, EEXIST, "%s", c->to));
	str_copy(r->f->t->links[i].ifname, IFNAME_SIZE, c->to);
	return (fake_run_changed_if(r, there != i));
}

static int
if_move(struct fake_run *r, const struct cmd_move *c)
{
	int from, to, i;

	if (fake_run_find_ns(r, c->to, &to) == -1)
		return (-1);
	from = fake_jail_find(r->f, c->from);
	i = from == FAKE_NO_JAIL ? -1 : fake_link_find(r->f, from, c->ifname);
	if (i == -1) {
		if (fake_link_find(r->f, to, c->ifname) != -1)
			return (fake_run_unchanged(r));
		return (err_num(r->err, ENODEV, "%s", c->ifname));
	}
	if (may_touch(r, i) == -1)
		return (-1);
	if (from == to)
		return (fake_run_unchanged(r));
	if (r->f->t->links[i].type == LINK_BRIDGE)
		return (err_num(r->err, EINVAL, "%s cannot leave the host", c->ifname));
	if (fake_link_find(r->f, to, c->ifname) != -1)
		return (REFUSE(r, ERR_EXISTS, EEXIST, "%s", c->ifname));
	fake_link_move(r->f, i, to);
	return (0);
}

static bool
port_apply(struct fake_link *l, const struct cmd_port *c)
{
	bool change = l->priv != c->priv || l->port_stp != c->stp || l->edge != c->edge || l->untagged != c->untagged ||
	    l->ntagged != c->ntagged || memcmp(l->tagged, c->tagged, sizeof(c->tagged[0]) * c->ntagged) != 0;

	l->priv = c->priv;
	l->port_stp = c->stp;
	l->edge = c->edge;
	l->untagged = c->untagged;
	l->ntagged = c->ntagged;
	memcpy(l->tagged, c->tagged, sizeof(l->tagged));
	return (change);
}

static int
find_bridge_and_port(struct fake_run *r, const struct cmd_port *c, int *bridge, int *port)
{
	if (find_link(r, "", c->bridge, bridge) == -1 || find_link(r, "", c->ifname, port) == -1 ||
	    may_touch(r, *bridge) == -1 || may_touch(r, *port) == -1)
		return (-1);
	if (r->f->t->links[*bridge].type != LINK_BRIDGE)
		return (err_num(r->err, EOPNOTSUPP, "%s is not a bridge", c->bridge));
	if (r->f->t->links[*bridge].backend == BACKEND_NETGRAPH && (c->priv || c->stp || c->edge || c->untagged != 0 || c->ntagged != 0))
		return (err_num(r->err, EOPNOTSUPP, "%s is a netgraph bridge", c->bridge));
	return (0);
}

static int
port_attach(struct fake_run *r, const struct cmd_port *c)
{
	struct fake_link *l;
	int bridge, port;
	bool joined;

	if (find_bridge_and_port(r, c, &bridge, &port) == -1)
		return (-1);
	l = &r->f->t->links[port];
	if (l->type == LINK_BRIDGE)
		return (err_num(r->err, ELOOP, "%s into %s", c->ifname, c->bridge));
	if (l->bridge != -1 && l->bridge != bridge)
		return (err_num(r->err, EBUSY, "%s is in another bridge", c->ifname));
	joined = l->bridge == -1;
	l->bridge = bridge;
	if (r->half)
		return (fake_run_cut_short(r));
	return (fake_run_changed_if(r, port_apply(l, c) || joined));
}

static int
port_set(struct fake_run *r, const struct cmd_port *c)
{
	int bridge, port;

	if (find_bridge_and_port(r, c, &bridge, &port) == -1)
		return (-1);
	if (r->f->t->links[port].bridge != bridge)
		return (err_num(r->err, ENOENT, "%s is not in %s", c->ifname, c->bridge));
	return (fake_run_changed_if(r, port_apply(&r->f->t->links[port], c)));
}

static int
port_detach(struct fake_run *r, const struct cmd_port *c)
{
	int bridge = fake_link_find(r->f, FAKE_HOST, c->bridge), port = fake_link_find(r->f, FAKE_HOST, c->ifname);

	if (bridge == -1 || port == -1 || r->f->t->links[port].bridge != bridge)
		return (fake_run_unchanged(r));
	if (may_touch(r, port) == -1)
		return (-1);
	fake_link_leave(r->f, port);
	return (0);
}

static int
addr_add(struct fake_run *r, const struct cmd_addr *c)
{
	int i;

	if (find_link(r, c->jail, c->ifname, &i) == -1 || may_touch(r, i) == -1)
		return (-1);
	if (fake_addr_find(r->f, i, &c->prefix) != -1)
		return (fake_run_unchanged(r));
	if (fake_addr_new(r->f, i, &c->prefix) == -1)
		return (fake_run_full(r));
	return (0);
}

static int
addr_del(struct fake_run *r, const struct cmd_addr *c)
{
	int ns = fake_jail_find(r->f, c->jail), i, a;

	if (ns == FAKE_NO_JAIL || (i = fake_link_find(r->f, ns, c->ifname)) == -1)
		return (fake_run_unchanged(r));
	if (may_touch(r, i) == -1)
		return (-1);
	if ((a = fake_addr_find(r->f, i, &c->prefix)) == -1)
		return (fake_run_unchanged(r));
	fake_addr_remove(r->f, a);
	return (0);
}

static int
route_add(struct fake_run *r, const struct cmd_route *c)
{
	struct fake_route *have;
	int ns, link, i;

	if (fake_run_find_ns(r, c->jail, &ns) == -1)
		return (-1);
	i = fake_route_find(r->f, ns, &c->dst);
	have = i == -1 ? NULL : &r->f->t->routes[i];
	if (have != NULL && !have->ours)
		return (err_set(r->err, ERR_CONFLICT, "a route not made by jailnet has this destination"));
	if (have != NULL && ip_cmp(&have->gateway, &c->gateway) == 0)
		return (fake_run_unchanged(r));
	if ((link = fake_gateway_link(r->f, ns, &c->gateway)) == -1)
		return (err_num(r->err, c->gateway.family == 4 ? ENETUNREACH : EHOSTUNREACH, "route"));
	if (have != NULL) {
		have->gateway = c->gateway;
		have->link = link;
		return (0);
	}
	if ((i = fake_route_new(r->f, ns, link, &c->dst, &c->gateway)) == -1)
		return (fake_run_full(r));
	r->f->t->routes[i].ours = true;
	return (0);
}

static int
route_del(struct fake_run *r, const struct cmd_route *c)
{
	int ns = fake_jail_find(r->f, c->jail), i;

	if (ns == FAKE_NO_JAIL || (i = fake_route_find(r->f, ns, &c->dst)) == -1)
		return (fake_run_unchanged(r));
	if (!r->f->t->routes[i].ours)
		return (err_set(r->err, ERR_DENIED, "the route is not ours"));
	r->f->t->routes[i].used = false;
	return (0);
}

static int
not_for_exec(struct fake_run *r)
{
	return (err_set(r->err, ERR_UNSUPPORTED, "not for the driver's exec"));
}

int
fake_exec(struct fake *f, const struct cmd *c, bool half, struct reply *out, struct err *err)
{
	struct fake_run r = { .f = f, .half = half, .out = out, .err = err };

	out->result = REPLY_DONE;
	switch (c->op) {
	case CMD_HELLO: return (not_for_exec(&r));
	case CMD_OBSERVE: return (not_for_exec(&r));
	case CMD_COUNTERS: return (not_for_exec(&r));
	case CMD_BRIDGE_CREATE: return (bridge_create(&r, &c->u.bridge));
	case CMD_BRIDGE_SET: return (bridge_set(&r, &c->u.bridge));
	case CMD_BRIDGE_DESTROY: return (bridge_destroy(&r, &c->u.ref));
	case CMD_EPAIR_CREATE: return (epair_create(&r, &c->u.epair));
	case CMD_EPAIR_DESTROY: return (epair_destroy(&r, &c->u.iface));
	case CMD_IF_SET: return (if_set(&r, &c->u.ifset));
	case CMD_IF_RENAME: return (if_rename(&r, &c->u.rename));
	case CMD_IF_MOVE: return (if_move(&r, &c->u.move));
	case CMD_PORT_ATTACH: return (port_attach(&r, &c->u.port));
	case CMD_PORT_SET: return (port_set(&r, &c->u.port));
	case CMD_PORT_DETACH: return (port_detach(&r, &c->u.port));
	case CMD_ADDR_ADD: return (addr_add(&r, &c->u.addr));
	case CMD_ADDR_DEL: return (addr_del(&r, &c->u.addr));
	case CMD_ROUTE_ADD: return (route_add(&r, &c->u.route));
	case CMD_ROUTE_DEL: return (route_del(&r, &c->u.route));
	case CMD_SYSCTL_SET: return (fake_run_sysctl_set(&r, &c->u.sysctl));
	case CMD_SYSCTL_GET: return (fake_run_sysctl_get(&r, &c->u.sysctl));
	case CMD_JAIL_CREATE: return (fake_run_jail_create(&r, &c->u.jail));
	case CMD_JAIL_SET: return (fake_run_jail_set(&r, &c->u.jail));
	case CMD_JAIL_START: return (fake_run_jail_start(&r, &c->u.exec));
	case CMD_JAIL_STOP: return (fake_run_jail_stop(&r, &c->u.exec));
	case CMD_JAIL_DESTROY: return (fake_run_jail_destroy(&r, &c->u.ref));
	case CMD_PROBE: return (fake_run_probe(&r, &c->u.probe));
	case CMD_FILES: return (not_for_exec(&r));
	}
	return (err_set(err, ERR_INTERNAL, "unknown command %d", (int)c->op));
}
