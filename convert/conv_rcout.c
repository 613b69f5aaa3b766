/*
 * conv_rcout: a topology as lines of rc.conf(5): the host's side, and what a jail's own rc.conf needs.
 *
 * The lines are added to a file that has others, and the last assignment of a name counts: what may be a list of somebody else's is
 * continued ("${cloned_interfaces} bridge0"), never replaced.
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

void
conv_put_port(struct conv_buf *b, const char *ifname, const struct port *p, bool stp)
{
	cb_printf(b, " addm %s", ifname);
	if (p->untagged != 0)
		cb_printf(b, " untagged %u", p->untagged);
	for (size_t i = 0; i < p->ntagged; i++)
		cb_printf(b, "%s%u", i == 0 ? " tagged " : ",", p->tagged[i]);
	if (p->stp || stp)
		cb_printf(b, " stp %s", ifname);
	if (p->edge)
		cb_printf(b, " edge %s", ifname);
	if (p->priv)
		cb_printf(b, " private %s", ifname);
}

/* A variable's name has '_' for these. */
static void
rc_key(char key[IFNAME_SIZE], const char *ifname)
{
	str_copy(key, IFNAME_SIZE, ifname);
	for (char *p = key; *p != '\0'; p++)
		if (strchr(".-/+", *p) != NULL)
			*p = '_';
}

/* The addresses: the first IPv4 into the main line was done by the caller ('skip'). */
static void
put_addr_lines(struct conv_buf *b, const char *ifname, const struct prefixes *a, bool skip_first4)
{
	char text[PREFIX_TEXT_SIZE], key[IFNAME_SIZE];
	unsigned alias = 0;
	bool first6 = true;

	rc_key(key, ifname);
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

/* Any MAC we know, also one that was ours to choose.  ifconfig takes "ether" as the first word only, so the addresses get lines of their own. */
static bool
put_mac(struct conv_buf *b, const struct mac *m)
{
	char text[MAC_TEXT_SIZE];

	if (mac_is_zero(m))
		return (false);
	cb_printf(b, "ether %s ", mac_format(m, text));
	return (true);
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
only_jib(const struct object *bridge, const struct port_ref *p, size_t np)
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
	return (true);
}

static void
put_bridge(struct conv_buf *b, const struct object *o, unsigned unit, const struct port_ref *p, size_t np, const struct bridge *br)
{
	char name[IFNAME_SIZE], key[IFNAME_SIZE];
	bool first4;

	snprintf(name, sizeof(name), "bridge%u", unit % 100000);
	if (strcmp(name, o->name) != 0)
		cb_printf(b, "ifconfig_%s_name=\"%s\"\n", name, o->name);
	rc_key(key, o->name);
	cb_printf(b, "ifconfig_%s=\"", key);
	first4 = !put_mac(b, &br->mac) && put_first4(b, &br->addrs);
	cb_put(b, "up");
	if (br->vlan_filter)
		cb_put(b, " vlanfilter");
	for (size_t i = 0; i < br->nmembers; i++)
		conv_put_port(b, br->members[i].ifname, &br->members[i].port, br->stp);
	for (size_t i = 0; i < np; i++)
		conv_put_port(b, p[i].ifname, p[i].port, br->stp);
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
	char name[IFNAME_SIZE], key[IFNAME_SIZE];
	bool first4 = false;

	snprintf(name, sizeof(name), "epair%u%c", unit % 100000, side == END_A ? 'a' : 'b');
	if (strcmp(name, e->ifname) != 0)
		cb_printf(b, "ifconfig_%s_name=\"%s\"\n", name, e->ifname);
	rc_key(key, e->ifname);
	/* A half for a jail is brought up there. */
	if (e->jail != NULL && mac_is_zero(&e->mac) && o->u.epair.mtu == 0)
		return;
	cb_printf(b, "ifconfig_%s=\"", key);
	if (!put_mac(b, &e->mac) && e->jail == NULL)
		first4 = put_first4(b, &e->addrs);
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
	char text[MARK_TEXT_SIZE], key[IFNAME_SIZE];
	struct mark m = { .ours = true, .has_object = true, .kind = KIND_EPAIR, .side = END_A };

	if (strcmp(conv_pair_name(b->c, e[END_A].ifname, e[END_B].ifname, unit), o->name) == 0)
		return;
	str_copy(m.name, sizeof(m.name), o->name);
	mark_format(&m, text);
	rc_key(key, e[END_A].ifname);
	cb_printf(b, "ifconfig_%s_descr=\"%s\"\n", key, text);
}

/* Has the file that the lines are added to been read? */
static bool
knows_rc(const struct conv_host *h)
{
	for (size_t i = 0; h != NULL && i < h->nsrcs; i++)
		if (h->srcs[i].kind == CONV_RC_CONF && h->srcs[i].ok)
			return (true);
	return (false);
}

/* "lo1:sticky" is lo1. */
static bool
has_clone(const char **w, size_t n, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (strncmp(w[i], name, len) == 0 && (w[i][len] == '\0' || w[i][len] == ':'))
			return (true);
	return (false);
}

/* What is cloned already goes on being so: as the words of the file, or by the variable where they are not known. */
static void
put_cloned(struct conv_buf *b, const struct conv_host *h, const char *const *names, size_t n)
{
	const struct conv_var *v = knows_rc(h) ? conv_var(&h->rc, "cloned_interfaces") : NULL;
	bool known = knows_rc(h) && (v == NULL || v->proven);
	const char **have, *blank = "";
	size_t nhave = conv_words(b->c, known && v != NULL ? v->value : "", &have);

	if (n == 0)
		return;
	cb_put(b, "cloned_interfaces=\"");
	if (!known) {
		cb_put(b, "${cloned_interfaces}");
		blank = " ";
	}
	for (size_t i = 0; i < nhave; i++, blank = " ") {
		cb_put(b, blank);
		cb_put(b, have[i]);
	}
	for (size_t i = 0; i < n; i++)
		if (!has_clone(have, nhave, names[i])) {
			cb_put(b, blank);
			cb_put(b, names[i]);
			blank = " ";
		}
	cb_put(b, "\"\n");
}

/* A member that nobody configures stays down, and the bridge has no way out. */
static void
put_member_up(struct conv_buf *b, struct conv_host *h, const char *ifname)
{
	const struct conv_if *f = knows_rc(h) ? host_if(h, ifname, false) : NULL;
	char key[IFNAME_SIZE];

	rc_key(key, ifname);
	if (!knows_rc(h))
		cb_printf(b, "ifconfig_%s=\"${ifconfig_%s} up\"\n", key, key);
	else if ((f == NULL || !f->seen) && conv_var(&h->rc, conv_printf(b->c, "ifconfig_%s", key)) == NULL &&
	    conv_var(&h->rc, "ifconfig_DEFAULT") == NULL)
		cb_printf(b, "ifconfig_%s=\"up\"\n", key);
}

/* Bridges, then epairs by number. */
static size_t
clone_names(struct conv *c, const struct topo *t, const bool *bridges, const unsigned *ub, const bool *epairs, const unsigned *ue,
    const char **out)
{
	struct port_ref *order = conv_alloc(c, (t->n[KIND_EPAIR] + 1) * sizeof(*order));
	size_t n = 0, count = 0;

	for (size_t i = 0; i < t->n[KIND_BRIDGE]; i++)
		if (bridges[i])
			out[count++] = conv_printf(c, "bridge%u", ub[i]);
	for (size_t i = 0; order != NULL && i < t->n[KIND_EPAIR]; i++)
		if (epairs[i])
			order[n++] = (struct port_ref){ "", conv_printf(c, "epair%u", ue[i]), NULL };
	if (c->nomem)
		return (0);
	if (n > 0)
		qsort(order, n, sizeof(*order), port_cmp);
	for (size_t i = 0; i < n; i++)
		out[count++] = order[i].ifname;
	return (count);
}

void
conv_put_rc(struct conv_buf *b, const struct topo *t, struct conv_host *h, bool without_jib)
{
	struct conv *c = b->c;
	unsigned *ub = units(c, t, KIND_BRIDGE, "bridge"), *ue = units(c, t, KIND_EPAIR, "epair");
	bool *bridges = conv_alloc(c, t->n[KIND_BRIDGE] + 1), *epairs = conv_alloc(c, t->n[KIND_EPAIR] + 1);
	const char **names = conv_alloc(c, (t->n[KIND_BRIDGE] + t->n[KIND_EPAIR] + 1) * sizeof(*names));
	struct port_ref *p;
	size_t np = ports(c, t, without_jib, &p), at = 0;

	if (ub == NULL || ue == NULL || p == NULL || bridges == NULL || epairs == NULL || names == NULL)
		return;
	for (size_t i = 0; i < t->n[KIND_BRIDGE]; i++)
		bridges[i] = !without_jib || !only_jib(t->v[KIND_BRIDGE][i], p, np);
	for (size_t i = 0; i < t->n[KIND_EPAIR]; i++)
		epairs[i] = !without_jib || !is_jib(t->v[KIND_EPAIR][i]);
	put_cloned(b, h, names, clone_names(c, t, bridges, ub, epairs, ue, names));
	for (size_t i = 0; i < t->n[KIND_BRIDGE]; i++) {
		const struct object *o = t->v[KIND_BRIDGE][i];
		size_t from;

		while (at < np && strcmp(p[at].bridge, o->name) < 0)
			at++;
		for (from = at; at < np && strcmp(p[at].bridge, o->name) == 0; at++)
			;
		if (!bridges[i])
			continue;
		put_bridge(b, o, ub[i], p + from, at - from, &o->u.bridge);
		for (size_t k = 0; k < o->u.bridge.nmembers; k++)
			put_member_up(b, h, o->u.bridge.members[k].ifname);
	}
	for (size_t i = 0; i < t->n[KIND_EPAIR]; i++) {
		const struct object *o = t->v[KIND_EPAIR][i];

		if (!epairs[i])
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

/* Does the jail's own rc.conf say this route already? */
static bool
own_route(const struct conv_jail *own, const struct route *r)
{
	for (size_t i = 0; own != NULL && i < own->nroutes; i++)
		if (own->routes[i].own && prefix_cmp(&own->routes[i].dst, &r->dst) == 0 && ip_cmp(&own->routes[i].gateway, &r->gateway) == 0)
			return (true);
	return (false);
}

/* route_jn0="..." and the list of their names, which continues the jail's own. */
static void
put_statics(struct conv_buf *b, const struct jail *j, const struct conv_jail *own, bool six)
{
	const char *word = six ? "ipv6_route" : "route";
	char gw[IP_TEXT_SIZE], dst[PREFIX_TEXT_SIZE];
	struct conv_buf names;
	unsigned n = 0;

	cb_init(&names, b->c);
	for (size_t i = 0; i < j->nroutes; i++) {
		const struct route *r = &j->routes[i];

		if ((r->dst.ip.family == 6) != six || prefix_is_default(&r->dst) || own_route(own, r))
			continue;
		while (own != NULL && conv_var(&own->rc, conv_printf(b->c, "%s_jn%u", word, n)) != NULL)
			n++;
		cb_printf(b, "%s_jn%u=\"%s %s\"\n", word, n, prefix_format(&r->dst, dst), ip_format(&r->gateway, gw));
		cb_printf(&names, " jn%u", n++);
	}
	if (names.len > 0)
		cb_printf(b, "%sstatic_routes=\"${%sstatic_routes}", six ? "ipv6_" : "", six ? "ipv6_" : "");
	cb_put(b, names.len > 0 ? names.s : "");
	cb_put(b, names.len > 0 ? "\"\n" : "");
	cb_take(&names);
}

void
conv_put_jail_rc(struct conv_buf *b, const struct topo *t, const struct object *jail, const struct conv_jail *own)
{
	const struct jail *j = &jail->u.jail;
	struct conv_place *v;
	size_t n = conv_places(b->c, t, jail, &v);
	char gw[IP_TEXT_SIZE], key[IFNAME_SIZE];

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
	for (size_t i = 0; i < j->nroutes; i++)
		if (prefix_is_default(&j->routes[i].dst) && !own_route(own, &j->routes[i]))
			cb_printf(b, "%s=\"%s\"\n", j->routes[i].dst.ip.family == 6 ? "ipv6_defaultrouter" : "defaultrouter",
			    ip_format(&j->routes[i].gateway, gw));
	put_statics(b, j, own, false);
	put_statics(b, j, own, true);
	if (j->forwarding)
		cb_put(b, "gateway_enable=\"YES\"\nipv6_gateway_enable=\"YES\"\n");
}
