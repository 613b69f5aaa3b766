/*
 * conv_export: a topology as rc.conf, jail.conf and ezjail files that make the same network at boot without jailnet.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/conv_int.h"
#include "core/str.h"

/* --- units --------------------------------------------------------------------------------------------------------- */

/* rc.conf can only make "bridge3" and "epair3"; another name is given afterwards. */
static bool
has_unit(const char *name, const char *kind, unsigned *unit)
{
	size_t n = strlen(kind);

	if (strncmp(name, kind, n) != 0 || name[n] == '\0' || strlen(name + n) > 5 || (name[n] == '0' && name[n + 1] != '\0') ||
	    name[n + strspn(name + n, "0123456789")] != '\0')
		return (false);
	*unit = (unsigned)strtoul(name + n, NULL, 10);
	return (true);
}

/* A unit for each object of the kind: its own, or the next free one. */
static unsigned *
units(struct conv *c, const struct topo *t, enum kind kind, const char *word)
{
	unsigned *u = conv_alloc(c, (t->n[kind] + 1) * sizeof(*u)), next = 0, own;
	bool *taken = conv_alloc(c, t->n[kind] + 1);

	if (u == NULL || taken == NULL)
		return (NULL);
	for (size_t i = 0; i < t->n[kind]; i++)
		if (has_unit(t->v[kind][i]->name, word, &own) && own < t->n[kind])
			taken[own] = true;
	for (size_t i = 0; i < t->n[kind]; i++) {
		if (has_unit(t->v[kind][i]->name, word, &own)) {
			u[i] = own;
			continue;
		}
		while (next < t->n[kind] && taken[next])
			next++;
		u[i] = next++;
	}
	return (u);
}

static bool
is_jib(const struct object *o)
{
	const char *a = o->u.epair.end[END_A].ifname, *z = o->u.epair.end[END_B].ifname;
	size_t n = 1 + strspn(a + 1, "0123456789");

	return (a[0] == 'e' && n > 1 && a[n] == 'a' && a[n + 1] == '_' && strncmp(a, z, n) == 0 && z[n] == 'b' &&
		strcmp(a + n + 1, z + n + 1) == 0);
}

/* --- rc.conf of the host --------------------------------------------------------------------------------------------- */

static void
put_port(struct conv_buf *b, const char *ifname, const struct port *p)
{
	cb_printf(b, " addm %s", ifname);
	if (p->untagged != 0)
		cb_printf(b, " untagged %u", p->untagged);
	for (size_t i = 0; i < p->ntagged; i++)
		cb_printf(b, "%s%u", i == 0 ? " tagged " : ",", p->tagged[i]);
	if (p->stp)
		cb_printf(b, " stp %s", ifname);
	if (p->edge)
		cb_printf(b, " edge %s", ifname);
	if (p->priv)
		cb_printf(b, " private %s", ifname);
}

/* The addresses: the first IPv4 into the main line was done by the caller ('skip'). */
static void
put_addr_lines(struct conv_buf *b, const char *ifname, const struct prefixes *a, bool skip_first4)
{
	char text[PREFIX_TEXT_SIZE], key[IFNAME_SIZE];
	unsigned alias = 0;
	bool first6 = true;

	str_copy(key, sizeof(key), ifname);
	for (char *p = key; *p != '\0'; p++)
		if (strchr(".-/+", *p) != NULL)
			*p = '_';
	for (size_t i = 0; i < a->n; i++) {
		const char *family = a->v[i].ip.family == 4 ? "inet" : "inet6";

		prefix_format(&a->v[i], text);
		if (a->v[i].ip.family == 4 && skip_first4) {
			skip_first4 = false;
			continue;
		}
		if (a->v[i].ip.family == 6 && first6) {
			cb_printf(b, "ifconfig_%s_ipv6=\"inet6 %s\"\n", key, text);
			first6 = false;
		} else
			cb_printf(b, "ifconfig_%s_alias%u=\"%s %s\"\n", key, alias++, family, text);
	}
}

static bool
put_first4(struct conv_buf *b, const struct prefixes *a)
{
	char text[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].ip.family == 4) {
			cb_printf(b, "inet %s ", prefix_format(&a->v[i], text));
			return (true);
		}
	return (false);
}

static void
rc_key(char key[IFNAME_SIZE], const char *ifname)
{
	str_copy(key, IFNAME_SIZE, ifname);
	for (char *p = key; *p != '\0'; p++)
		if (strchr(".-/+", *p) != NULL)
			*p = '_';
}

struct port_ref {
	const char *bridge, *ifname;
	const struct port *port;
};

static int
port_cmp(const void *x, const void *y)
{
	const struct port_ref *a = x, *b = y;
	int d = strcmp(a->bridge, b->bridge);
	size_t n, m;

	if (d != 0)
		return (d);
	/* epair2a before epair10a */
	n = strcspn(a->ifname, "0123456789");
	m = strcspn(b->ifname, "0123456789");
	if (n == m && memcmp(a->ifname, b->ifname, n) == 0) {
		unsigned long u = strtoul(a->ifname + n, NULL, 10), w = strtoul(b->ifname + m, NULL, 10);

		if (u != w)
			return (u < w ? -1 : 1);
	}
	return (strcmp(a->ifname, b->ifname));
}

/* All ends that are bridge ports, by bridge. */
static size_t
ports(struct conv *c, const struct topo *t, bool without_jib, struct port_ref **out)
{
	struct port_ref *v = conv_alloc(c, (t->n[KIND_EPAIR] * 2 + 1) * sizeof(*v));
	size_t n = 0;

	*out = v;
	if (v == NULL)
		return (0);
	for (size_t i = 0; i < t->n[KIND_EPAIR]; i++) {
		const struct object *o = t->v[KIND_EPAIR][i];

		for (int side = END_A; side <= END_B && !(without_jib && is_jib(o)); side++)
			if (o->u.epair.end[side].bridge != NULL)
				v[n++] = (struct port_ref){ o->u.epair.end[side].bridge, o->u.epair.end[side].ifname,
					&o->u.epair.end[side].port };
	}
	if (n > 0)
		qsort(v, n, sizeof(*v), port_cmp);
	return (n);
}

/* Does nothing but jib need this bridge? */
static bool
only_jib(const struct topo *t, const struct object *bridge, const struct port_ref *p, size_t np)
{
	size_t len;

	if (bridge->u.bridge.nmembers != 1 || bridge->u.bridge.addrs.n > 0)
		return (false);
	len = strlen(bridge->u.bridge.members[0].ifname);
	if (strncmp(bridge->name, bridge->u.bridge.members[0].ifname, len) != 0 || strcmp(bridge->name + len, "bridge") != 0)
		return (false);
	for (size_t i = 0; i < np; i++)
		if (strcmp(p[i].bridge, bridge->name) == 0)
			return (false);
	(void)t;
	return (true);
}

static void
put_bridge(struct conv_buf *b, const struct object *o, unsigned unit, const struct port_ref *p, size_t np, const struct bridge *br)
{
	char name[IFNAME_SIZE], mac[MAC_TEXT_SIZE], key[IFNAME_SIZE];
	bool first4;

	snprintf(name, sizeof(name), "bridge%u", unit % 100000);
	if (strcmp(name, o->name) != 0)
		cb_printf(b, "ifconfig_%s_name=\"%s\"\n", name, o->name);
	rc_key(key, o->name);
	cb_printf(b, "ifconfig_%s=\"", key);
	first4 = put_first4(b, &br->addrs);
	cb_put(b, "up");
	if (br->mac_pinned)
		cb_printf(b, " ether %s", mac_format(&br->mac, mac));
	if (br->vlan_filter)
		cb_put(b, " vlanfilter");
	for (size_t i = 0; i < br->nmembers; i++)
		put_port(b, br->members[i].ifname, &br->members[i].port);
	for (size_t i = 0; i < np; i++)
		put_port(b, p[i].ifname, p[i].port);
	/* after its members: the first of them sets the bridge's */
	if (br->mtu != MTU_DEFAULT)
		cb_printf(b, " mtu %u", br->mtu);
	cb_put(b, "\"\n");
	put_addr_lines(b, o->name, &br->addrs, first4);
}

static void
put_half(struct conv_buf *b, const struct object *o, int side, unsigned unit)
{
	const struct end *e = &o->u.epair.end[side];
	char name[IFNAME_SIZE], mac[MAC_TEXT_SIZE], key[IFNAME_SIZE];
	bool first4 = false;

	snprintf(name, sizeof(name), "epair%u%c", unit % 100000, side == END_A ? 'a' : 'b');
	if (strcmp(name, e->ifname) != 0)
		cb_printf(b, "ifconfig_%s_name=\"%s\"\n", name, e->ifname);
	rc_key(key, e->ifname);
	/* A half for a jail is brought up there. */
	if (e->jail != NULL && !e->mac_pinned && o->u.epair.mtu == 0)
		return;
	cb_printf(b, "ifconfig_%s=\"", key);
	if (e->jail == NULL)
		first4 = put_first4(b, &e->addrs);
	if (e->mac_pinned)
		cb_printf(b, "ether %s ", mac_format(&e->mac, mac));
	if (o->u.epair.mtu != 0)
		cb_printf(b, "mtu %u ", o->u.epair.mtu);
	cb_put(b, e->jail == NULL && e->up ? "up\"\n" : "down\"\n");
	if (e->jail == NULL)
		put_addr_lines(b, e->ifname, &e->addrs, first4);
}

/* What only our own mark can tell: a pair whose name is not in the names of its halves. */
static void
put_mark(struct conv_buf *b, const struct object *o, unsigned unit)
{
	const struct end *e = o->u.epair.end;
	size_t n = strlen(o->name);
	char text[MARK_TEXT_SIZE], key[IFNAME_SIZE];
	struct mark m = { .ours = true, .has_object = true, .kind = KIND_EPAIR, .side = END_A };
	unsigned own;

	if (strncmp(e[END_A].ifname, o->name, n) == 0 && strcmp(e[END_A].ifname + n, "a") == 0 &&
	    strncmp(e[END_B].ifname, o->name, n) == 0 && strcmp(e[END_B].ifname + n, "b") == 0)
		return;
	if (has_unit(o->name, "epair", &own) && own == unit &&
	    (strlen(e[0].ifname) < 2 || strlen(e[0].ifname) != strlen(e[1].ifname) ||
		memcmp(e[0].ifname, e[1].ifname, strlen(e[0].ifname) - 1) != 0))
		return;
	str_copy(m.name, sizeof(m.name), o->name);
	mark_format(&m, text);
	rc_key(key, e[END_A].ifname);
	cb_printf(b, "ifconfig_%s_descr=\"%s\"\n", key, text);
}

void
conv_put_rc(struct conv_buf *b, const struct topo *t, bool without_jib)
{
	struct conv *c = b->c;
	unsigned *ub = units(c, t, KIND_BRIDGE, "bridge"), *ue = units(c, t, KIND_EPAIR, "epair");
	struct port_ref *p, *order;
	size_t np = ports(c, t, without_jib, &p), at = 0, n = 0;
	bool any = false;

	if (ub == NULL || ue == NULL || p == NULL)
		return;
	/* Bridges, then epairs by number. */
	for (size_t i = 0; i < t->n[KIND_BRIDGE]; i++) {
		if (without_jib && only_jib(t, t->v[KIND_BRIDGE][i], p, np))
			continue;
		cb_printf(b, "%sbridge%u", any ? " " : "cloned_interfaces=\"", ub[i]);
		any = true;
	}
	order = conv_alloc(c, (t->n[KIND_EPAIR] + 1) * sizeof(*order));
	for (size_t i = 0; order != NULL && i < t->n[KIND_EPAIR]; i++)
		if (!without_jib || !is_jib(t->v[KIND_EPAIR][i]))
			order[n++] = (struct port_ref){ "", conv_printf(c, "epair%u", ue[i]), NULL };
	if (c->nomem)
		return;
	if (n > 0)
		qsort(order, n, sizeof(*order), port_cmp);
	for (size_t i = 0; i < n; i++) {
		cb_printf(b, "%s%s", any ? " " : "cloned_interfaces=\"", order[i].ifname);
		any = true;
	}
	if (any)
		cb_put(b, "\"\n");
	for (size_t i = 0; i < t->n[KIND_BRIDGE]; i++) {
		const struct object *o = t->v[KIND_BRIDGE][i];
		size_t from;

		while (at < np && strcmp(p[at].bridge, o->name) < 0)
			at++;
		for (from = at; at < np && strcmp(p[at].bridge, o->name) == 0; at++)
			;
		if (!without_jib || !only_jib(t, o, p, np))
			put_bridge(b, o, ub[i], p + from, at - from, &o->u.bridge);
	}
	for (size_t i = 0; i < t->n[KIND_EPAIR]; i++) {
		const struct object *o = t->v[KIND_EPAIR][i];

		if (without_jib && is_jib(o))
			continue;
		put_half(b, o, END_A, ue[i]);
		put_half(b, o, END_B, ue[i]);
		put_mark(b, o, ue[i]);
	}
}

/* --- inside a jail ------------------------------------------------------------------------------------------------------ */

size_t
conv_places(struct conv *c, const struct topo *t, const struct object *jail, struct conv_place **out)
{
	struct conv_place *v = NULL;
	size_t n = 0, room = 0;

	for (size_t i = 0; i < t->n[KIND_EPAIR]; i++)
		for (int side = END_A; side <= END_B; side++) {
			const struct end *e = &t->v[KIND_EPAIR][i]->u.epair.end[side];

			if (e->jail != NULL && strcmp(e->jail, jail->name) == 0 && conv_room(c, &v, n, &room, sizeof(*v)))
				v[n++] = (struct conv_place){ e->ifname, &e->addrs, t->v[KIND_EPAIR][i], side };
		}
	for (size_t i = 0; i < t->n[KIND_ATTACHMENT]; i++) {
		const struct object *o = t->v[KIND_ATTACHMENT][i];

		if (strcmp(o->u.attachment.jail, jail->name) == 0 && conv_room(c, &v, n, &room, sizeof(*v)))
			v[n++] = (struct conv_place){ o->name, &o->u.attachment.addrs, o, 0 };
	}
	*out = v;
	return (n);
}

void
conv_put_jail_rc(struct conv_buf *b, const struct topo *t, const struct object *jail)
{
	const struct jail *j = &jail->u.jail;
	struct conv_place *v;
	size_t n = conv_places(b->c, t, jail, &v), statics[2] = { 0, 0 };
	char gw[IP_TEXT_SIZE], dst[PREFIX_TEXT_SIZE], key[IFNAME_SIZE];

	for (size_t i = 0; i < n; i++) {
		bool first4;

		rc_key(key, v[i].ifname);
		cb_printf(b, "ifconfig_%s=\"", key);
		first4 = put_first4(b, v[i].addrs);
		if (first4)
			b->len--;	/* the blank */
		cb_put(b, first4 ? "\"\n" : "up\"\n");
		put_addr_lines(b, v[i].ifname, v[i].addrs, first4);
	}
	for (size_t i = 0; i < j->nroutes; i++) {
		const struct route *r = &j->routes[i];
		bool six = r->dst.ip.family == 6;

		ip_format(&r->gateway, gw);
		if (prefix_is_default(&r->dst))
			cb_printf(b, "%s=\"%s\"\n", six ? "ipv6_defaultrouter" : "defaultrouter", gw);
		else
			cb_printf(b, "%s_jn%zu=\"%s %s\"\n", six ? "ipv6_route" : "route", statics[six]++, prefix_format(&r->dst, dst), gw);
	}
	for (int six = 0; six < 2; six++) {
		for (size_t i = 0; i < statics[six]; i++)
			cb_printf(b, "%sjn%zu", i > 0 ? " " : six ? "ipv6_static_routes=\"" : "static_routes=\"", i);
		if (statics[six] > 0)
			cb_put(b, "\"\n");
	}
	if (j->forwarding)
		cb_put(b, "gateway_enable=\"YES\"\nipv6_gateway_enable=\"YES\"\n");
}

/* --- jail.conf -------------------------------------------------------------------------------------------------------- */

static void
put_jc_string(struct conv_buf *b, const char *s)
{
	cb_put(b, "\"");
	for (; *s != '\0'; s++) {
		if (*s == '\n') {
			cb_put(b, "\\n");
			continue;
		}
		if (*s == '"' || *s == '\\' || *s == '$')
			cb_put(b, "\\");
		cb_putn(b, s, 1);
	}
	cb_put(b, "\"");
}

/* Commands run inside: addresses, routes, forwarding. */
static void
put_jc_inside(struct conv_buf *b, const struct object *o, const struct conv_place *v, size_t n)
{
	const struct jail *j = &o->u.jail;
	char text[PREFIX_TEXT_SIZE], gw[IP_TEXT_SIZE];

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < v[i].addrs->n; k++)
			cb_printf(b, "\texec.start += \"/sbin/ifconfig %s %s %s alias\";\n", v[i].ifname,
			    v[i].addrs->v[k].ip.family == 4 ? "inet" : "inet6", prefix_format(&v[i].addrs->v[k], text));
		cb_printf(b, "\texec.start += \"/sbin/ifconfig %s up\";\n", v[i].ifname);
	}
	for (size_t i = 0; i < j->nroutes; i++)
		cb_printf(b, "\texec.start += \"/sbin/route %sadd %s %s\";\n", j->routes[i].dst.ip.family == 4 ? "" : "-6 ",
		    prefix_is_default(&j->routes[i].dst) ? "default" : prefix_format(&j->routes[i].dst, text),
		    ip_format(&j->routes[i].gateway, gw));
	if (j->forwarding)
		cb_put(b, "\texec.start += \"/sbin/sysctl net.inet.ip.forwarding=1\";\n"
			  "\texec.start += \"/sbin/sysctl net.inet6.ip6.forwarding=1\";\n");
	for (size_t i = 0; i < j->sysctls.n; i++) {
		cb_put(b, "\texec.start += ");
		put_jc_string(b, conv_printf(b->c, "/sbin/sysctl %s=%s", j->sysctls.v[i].key, j->sysctls.v[i].value));
		cb_put(b, ";\n");
	}
}

static void
put_jc_jail(struct conv_buf *b, const struct topo *t, const struct object *o)
{
	const struct jail *j = &o->u.jail;
	struct conv_place *v;
	size_t n = conv_places(b->c, t, o, &v);
	char quoted[2 * NAME_SIZE];

	snprintf(quoted, sizeof(quoted), "%s", o->name);
	cb_printf(b, "%s {\n\tvnet;\n", quoted);
	for (size_t i = 0; i < n; i++)
		cb_printf(b, "%s\"%s\"", i == 0 ? "\tvnet.interface = " : ", ", v[i].ifname);
	if (n > 0)
		cb_put(b, ";\n");
	if (j->external)
		cb_put(b, "\t# path, host.hostname and the rest are its own manager's\n");
	else {
		cb_put(b, "\tpath = ");
		put_jc_string(b, j->path[0] != '\0' ? j->path : "/");
		cb_put(b, ";\n\tpersist;\n");
		if (j->hostname[0] != '\0') {
			cb_put(b, "\thost.hostname = ");
			put_jc_string(b, j->hostname);
			cb_put(b, ";\n");
		}
		for (size_t i = 0; i < j->params.n; i++) {
			cb_printf(b, "\t%.200s = ", j->params.v[i].key);
			put_jc_string(b, j->params.v[i].value);
			cb_put(b, ";\n");
		}
	}
	put_jc_inside(b, o, v, n);
	if (j->exec_start[0] != '\0') {
		cb_put(b, "\texec.start += ");
		put_jc_string(b, j->exec_start);
		cb_put(b, ";\n");
	}
	if (j->exec_stop[0] != '\0') {
		cb_put(b, "\texec.stop = ");
		put_jc_string(b, j->exec_stop);
		cb_put(b, ";\n");
	}
	cb_put(b, "}\n");
}

static void
to_jail_conf(struct conv *c, const struct topo *t)
{
	struct conv_buf b;

	cb_init(&b, c);
	for (size_t i = 0; i < t->n[KIND_JAIL]; i++)
		put_jc_jail(&b, t, t->v[KIND_JAIL][i]);
	conv_text_add(c, "/etc/jail.conf", false, cb_take(&b));
}

/* --- ezjail ------------------------------------------------------------------------------------------------------------- */

static const char *
safe_name(struct conv *c, const char *name)
{
	char *s = conv_dup(c, name);

	for (char *p = s; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p))
			*p = '_';
	return (s);
}

static void
one_ezjail(struct conv *c, const struct topo *t, const struct object *o)
{
	const char *key = safe_name(c, o->name), *root;
	struct conv_place *v;
	size_t n = conv_places(c, t, o, &v);
	struct conv_buf b;

	root = o->u.jail.path[0] != '\0' ? o->u.jail.path : conv_printf(c, "/usr/jails/%s", o->name);
	if (root == NULL)
		return;
	cb_init(&b, c);
	cb_printf(&b, "export jail_%.80s_hostname=\"%s\"\n", key, o->u.jail.hostname[0] != '\0' ? o->u.jail.hostname : o->name);
	cb_printf(&b, "export jail_%.80s_rootdir=\"", key);
	cb_put_quoted(&b, root);
	cb_put(&b, "\"\n");
	cb_printf(&b, "export jail_%.80s_ip=\"\"\nexport jail_%.80s_vnet_enable=\"YES\"\nexport jail_%.80s_vnet_interface=\"", key, key, key);
	for (size_t i = 0; i < n; i++)
		cb_printf(&b, "%s%s", i > 0 ? " " : "", v[i].ifname);
	cb_put(&b, "\"\n");
	conv_text_add(c, conv_printf(c, "/usr/local/etc/ezjail/%s%s", key, o->u.jail.running ? "" : ".norun"), false, cb_take(&b));
	cb_init(&b, c);
	conv_put_jail_rc(&b, t, o);
	conv_text_add(c, conv_printf(c, "%s/etc/rc.conf", root), true, cb_take(&b));
}

/* --- what a format cannot say --------------------------------------------------------------------------------------------- */

static void
export_says(struct conv *c, enum conv_format format, const struct topo *t)
{
	bool jails = format != CONV_TO_RC_CONF, host = format != CONV_TO_JAIL_CONF;

	for (size_t i = 0; host && i < t->n[KIND_BRIDGE]; i++) {
		const struct object *o = t->v[KIND_BRIDGE][i];

		if (o->u.bridge.backend == BACKEND_NETGRAPH)
			conv_say(c, CONV_WARNING, NULL, "netgraph", "bridge %s is a netgraph bridge; the export makes an if_bridge", o->name);
	}
	for (size_t i = 0; jails && i < t->n[KIND_JAIL]; i++)
		if (t->v[KIND_JAIL][i]->u.jail.external && format == CONV_TO_JAIL_CONF)
			conv_say(c, CONV_NOTE, NULL, "external", "jail %s has its own manager: only its network is written", t->v[KIND_JAIL][i]->name);
	for (size_t i = 0; format == CONV_TO_EZJAIL && i < t->n[KIND_JAIL]; i++)
		if (strchr(t->v[KIND_JAIL][i]->name, '-') != NULL)
			conv_say(c, CONV_WARNING, NULL, "renamed", "ezjail knows the jail %s as %s", t->v[KIND_JAIL][i]->name,
			    safe_name(c, t->v[KIND_JAIL][i]->name));
	for (size_t i = 0; jails && i < t->n[KIND_JAIL]; i++)
		if (format == CONV_TO_EZJAIL && t->v[KIND_JAIL][i]->u.jail.params.n > 0)
			conv_say(c, CONV_WARNING, NULL, "params", "jail %s has jail parameters that an ezjail file cannot say", t->v[KIND_JAIL][i]->name);
	for (size_t i = 0; format == CONV_TO_EZJAIL && i < t->n[KIND_JAIL]; i++)
		if (t->v[KIND_JAIL][i]->u.jail.sysctls.n > 0)
			conv_say(c, CONV_WARNING, NULL, "sysctls",
			    "jail %s has sysctls that an ezjail file cannot say; they go into the jail's own sysctl.conf", t->v[KIND_JAIL][i]->name);
}

int
conv_export(struct conv *c, enum conv_format format, const struct topo *t, struct err *err)
{
	struct conv_buf b;

	export_says(c, format, t);
	if (format == CONV_TO_SHELL_FREEBSD || format == CONV_TO_SHELL_LINUX)
		conv_shell(c, format, t);
	if (format == CONV_TO_RC_CONF || format == CONV_TO_EZJAIL) {
		cb_init(&b, c);
		conv_put_rc(&b, t, false);
		conv_put_notes(&b, t);
		conv_text_add(c, "/etc/rc.conf", true, cb_take(&b));
	}
	if (format == CONV_TO_JAIL_CONF)
		to_jail_conf(c, t);
	for (size_t i = 0; format == CONV_TO_EZJAIL && i < t->n[KIND_JAIL]; i++)
		one_ezjail(c, t, t->v[KIND_JAIL][i]);
	return (c->nomem ? err_nomem(err) : 0);
}
