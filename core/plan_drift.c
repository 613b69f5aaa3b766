/*
 * plan_drift: what a repair step says about the kernel: what should be there, what is.
 */
#include <stdio.h>
#include <string.h>

#include "core/plan.h"

#define SAY(buf, size, ...) ((void)snprintf(buf, size, __VA_ARGS__))

struct lines {
	char *want;
	size_t wsize;
	char *have;
	size_t hsize;
};

static const char *
place(const char *jail)
{
	return (jail[0] == '\0' ? "host" : jail);
}

static void
drift_missing(const struct step *s, const struct observed *o, struct lines *l)
{
	(void)o;
	step_object(s, l->want, l->wsize);
	SAY(l->have, l->hsize, "missing");
}

static void
drift_unwanted(const struct step *s, const struct observed *o, struct lines *l)
{
	(void)o;
	SAY(l->want, l->wsize, "nothing");
	step_object(s, l->have, l->hsize);
}

static void
drift_bridge(const struct step *s, const struct observed *o, struct lines *l)
{
	static const char *const kinds[] = { "", ", netgraph" };
	const struct cmd_bridge *c = &s->cmd.u.bridge;
	const struct obs_link *k = observed_link(o, "", c->name);
	char mac[MAC_TEXT_SIZE];

	SAY(l->want, l->wsize, "mtu %u, stp %s, vlan_filter %s, mac %s%s", (unsigned)c->mtu, c->stp ? "on" : "off",
	    c->vlan_filter ? "on" : "off", mac_format(&c->mac, mac), kinds[c->backend == BACKEND_NETGRAPH]);
	if (k == NULL)
		SAY(l->have, l->hsize, "missing");
	else
		SAY(l->have, l->hsize, "mtu %u, stp %s, vlan_filter %s, mac %s%s", (unsigned)k->mtu,
		    k->stp ? "on" : "off", k->vlan_filter ? "on" : "off", mac_format(&k->mac, mac),
		    k->type != LINK_BRIDGE ? ", no bridge" : kinds[k->backend == BACKEND_NETGRAPH]);
}

static void
say_fields(uint32_t fields, uint32_t mtu, const struct mac *m, bool up, bool labelled, char *buf, size_t size)
{
	char mac[MAC_TEXT_SIZE], mtu_text[24] = "";

	if (fields & IFSET_MTU)
		SAY(mtu_text, sizeof(mtu_text), " mtu %u", (unsigned)mtu);
	SAY(buf, size, "%s%s%s%s%s", mtu_text, fields & IFSET_MAC ? " mac " : "",
	    fields & IFSET_MAC ? mac_format(m, mac) : "", fields & IFSET_UP ? (up ? " up" : " down") : "",
	    fields & IFSET_MARK ? (labelled ? " label" : " no label") : "");
}

static void
drift_ifset(const struct step *s, const struct observed *o, struct lines *l)
{
	const struct cmd_ifset *c = &s->cmd.u.ifset;
	const struct obs_link *k = observed_link(o, c->jail, c->ifname);
	char text[128], traits[TRAITS_TEXT_SIZE];

	say_fields(c->fields, c->mtu, &c->mac, c->up, true, text, sizeof(text));
	SAY(l->want, l->wsize, "%s:%s%s", c->ifname, text, traits_format(&c->traits, c->traits.fields, traits));
	if (k == NULL) {
		SAY(l->have, l->hsize, "%s: elsewhere", c->ifname);
		return;
	}
	say_fields(c->fields, k->mtu, &k->mac, k->up, k->mark.has_object, text, sizeof(text));
	SAY(l->have, l->hsize, "%s:%s%s", c->ifname, text, traits_format(&k->traits, c->traits.fields, traits));
}

static void
drift_rename(const struct step *s, const struct observed *o, struct lines *l)
{
	(void)o;
	SAY(l->want, l->wsize, "name %s", s->cmd.u.rename.to);
	SAY(l->have, l->hsize, "name %s", s->cmd.u.rename.ifname);
}

static void
drift_move(const struct step *s, const struct observed *o, struct lines *l)
{
	(void)o;
	SAY(l->want, l->wsize, "%s in %s", s->cmd.u.move.ifname, place(s->cmd.u.move.to));
	SAY(l->have, l->hsize, "%s in %s", s->cmd.u.move.ifname, place(s->cmd.u.move.from));
}

static void
say_port(const struct cmd_port *c, bool stp_known, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	if (c->priv)
		n += (size_t)snprintf(buf + n, size - n, ", private");
	if (stp_known && c->stp)
		n += (size_t)snprintf(buf + n, size - n, ", stp");
	if (stp_known && c->edge)
		n += (size_t)snprintf(buf + n, size - n, ", edge");
	if (c->untagged != 0)
		n += (size_t)snprintf(buf + n, size - n, ", untagged %u", (unsigned)c->untagged);
	for (size_t i = 0; i < c->ntagged && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%u", i == 0 ? ", tagged " : " ", (unsigned)c->tagged[i]);
}

/* What is seen, as the command would have it. */
static void
port_seen(const struct obs_link *k, struct cmd_port *c)
{
	*c = (struct cmd_port){ .priv = k->priv, .stp = k->port_stp, .edge = k->edge, .untagged = k->untagged, .ntagged = k->ntagged };
	memcpy(c->tagged, k->tagged, sizeof(c->tagged));
}

static void
drift_port(const struct step *s, const struct observed *o, struct lines *l)
{
	const struct cmd_port *c = &s->cmd.u.port;
	const struct obs_link *k = observed_link(o, "", c->ifname);
	char flags[128] = "";
	struct cmd_port seen;

	if (s->cmd.op == CMD_PORT_SET)
		say_port(c, k != NULL && k->port_stp_known, flags, sizeof(flags));
	SAY(l->want, l->wsize, "%s %s bridge %s%s", c->ifname, s->cmd.op == CMD_PORT_DETACH ? "not in" : "in", c->bridge, flags);
	if (k == NULL || k->bridge[0] == '\0') {
		SAY(l->have, l->hsize, "%s in no bridge", c->ifname);
		return;
	}
	port_seen(k, &seen);
	flags[0] = '\0';
	if (s->cmd.op == CMD_PORT_SET)
		say_port(&seen, k->port_stp_known, flags, sizeof(flags));
	SAY(l->have, l->hsize, "%s in bridge %s%s", c->ifname, k->bridge, flags);
}

static void
drift_addr(const struct step *s, const struct observed *o, struct lines *l)
{
	const struct cmd_addr *c = &s->cmd.u.addr;
	bool add = s->cmd.op == CMD_ADDR_ADD;
	char text[PREFIX_TEXT_SIZE];

	(void)o;
	prefix_format(&c->prefix, text);
	SAY(l->want, l->wsize, "%s %s %s", c->ifname, add ? "with" : "without", text);
	SAY(l->have, l->hsize, "%s %s %s", c->ifname, add ? "without" : "with", text);
}

static void
drift_route(const struct step *s, const struct observed *o, struct lines *l)
{
	const struct cmd_route *c = &s->cmd.u.route;
	char dst[PREFIX_TEXT_SIZE], gateway[IP_TEXT_SIZE];
	const struct obs_route *r;
	size_t n;

	prefix_format(&c->dst, dst);
	if (s->cmd.op == CMD_ROUTE_DEL) {
		SAY(l->want, l->wsize, "no route to %s", dst);
		SAY(l->have, l->hsize, "%s via %s", dst, ip_format(&c->gateway, gateway));
		return;
	}
	SAY(l->want, l->wsize, "%s via %s", dst, ip_format(&c->gateway, gateway));
	SAY(l->have, l->hsize, "no route to %s", dst);
	r = observed_routes(o, c->jail, &n);
	for (size_t i = 0; i < n; i++)
		if (prefix_cmp(&r[i].dst, &c->dst) == 0)
			SAY(l->have, l->hsize, "%s via %s", dst, ip_format(&r[i].gateway, gateway));
}

static void
drift_sysctl(const struct step *s, const struct observed *o, struct lines *l)
{
	const struct cmd_sysctl *c = &s->cmd.u.sysctl;
	const struct obs_sysctl *k = observed_sysctl(o, c->jail, c->key);

	SAY(l->want, l->wsize, "%s=%s", c->key, c->value);
	SAY(l->have, l->hsize, "%s=%s", c->key, k == NULL ? "?" : k->value);
}

static void
drift_jail(const struct step *s, const struct observed *o, struct lines *l)
{
	const struct cmd_jail *c = &s->cmd.u.jail;
	const struct obs_jail *k = observed_jail(o, c->name);

	const bool params = s->cmd.op == CMD_JAIL_SET && k != NULL && params_hash(c->params) != k->params;

	SAY(l->want, l->wsize, "hostname %s, forwarding %s%s%.*s", c->hostname[0] == '\0' ? "-" : c->hostname,
	    c->forwarding ? "on" : "off", !params ? "" : c->params[0] == '\0' ? ", no params" : ", params ",
	    params ? (int)strcspn(c->params, "\n") : 0, c->params);
	if (k == NULL)
		SAY(l->have, l->hsize, "missing");
	else if (s->cmd.op == CMD_JAIL_CREATE)
		SAY(l->have, l->hsize, "%s%s", k->ours ? "" : "not ours, ", jail_phase_name(k->phase));
	else
		SAY(l->have, l->hsize, "hostname %s, forwarding %s%s", k->hostname[0] == '\0' ? "-" : k->hostname,
		    k->forwarding ? "on" : "off", params ? ", other params" : "");
}

static void
drift_exec(const struct step *s, const struct observed *o, struct lines *l)
{
	const struct obs_jail *k = observed_jail(o, s->cmd.u.exec.name);

	SAY(l->want, l->wsize, "%s", s->cmd.op == CMD_JAIL_START ? "started" : "stopped");
	SAY(l->have, l->hsize, "%s", k == NULL ? "missing" : jail_phase_name(k->phase));
}

static void (*const drift[CMD_COUNT])(
    const struct step *s, const struct observed *o, struct lines *l) = { [CMD_BRIDGE_CREATE] = drift_missing,
	[CMD_BRIDGE_SET] = drift_bridge,
	[CMD_BRIDGE_DESTROY] = drift_unwanted,
	[CMD_EPAIR_CREATE] = drift_missing,
	[CMD_EPAIR_DESTROY] = drift_unwanted,
	[CMD_IF_SET] = drift_ifset,
	[CMD_IF_RENAME] = drift_rename,
	[CMD_IF_MOVE] = drift_move,
	[CMD_PORT_ATTACH] = drift_port,
	[CMD_PORT_SET] = drift_port,
	[CMD_PORT_DETACH] = drift_port,
	[CMD_ADDR_ADD] = drift_addr,
	[CMD_ADDR_DEL] = drift_addr,
	[CMD_ROUTE_ADD] = drift_route,
	[CMD_ROUTE_DEL] = drift_route,
	[CMD_SYSCTL_SET] = drift_sysctl,
	[CMD_JAIL_CREATE] = drift_jail,
	[CMD_JAIL_SET] = drift_jail,
	[CMD_JAIL_START] = drift_exec,
	[CMD_JAIL_STOP] = drift_exec,
	[CMD_JAIL_DESTROY] = drift_unwanted };

void
step_drift(const struct step *s, const struct observed *have, char *want, size_t wsize, char *found, size_t fsize)
{
	struct lines l = { want, wsize, found, fsize };

	SAY(want, wsize, "%s", "");
	SAY(found, fsize, "%s", "");
	if (drift[s->cmd.op] != NULL)
		drift[s->cmd.op](s, have, &l);
	/* an earlier step makes, moves or addresses what it is in, and this has to follow */
	if (strcmp(want, found) == 0)
		SAY(found, fsize, "%s", DRIFT_FOLLOWS);
}

struct step_place
step_place(const struct step *s, const struct observed *have)
{
	struct step_place at = { "", "", "" };
	const struct obs_link *k = NULL;

	if (s->cmd.op == CMD_IF_MOVE)
		k = observed_link(have, s->cmd.u.move.from, s->cmd.u.move.ifname);
	else if (s->cmd.op == CMD_PORT_ATTACH || s->cmd.op == CMD_PORT_DETACH)
		k = observed_link(have, "", s->cmd.u.port.ifname);
	if (k != NULL) {
		memcpy(at.ifname, k->ifname, sizeof(at.ifname));
		memcpy(at.jail, k->jail, sizeof(at.jail));
		memcpy(at.bridge, k->bridge, sizeof(at.bridge));
	}
	return (at);
}
