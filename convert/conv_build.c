/*
 * conv_build: the host that the files describe becomes a topology: first what is VNET already, then the conversion of
 * traditional jails (conv_convert.c).
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/conv_build.h"
#include "core/str.h"

/* --- pairs ---------------------------------------------------------------------------------------------------- */

static void
set_end(struct build *b, struct end *e, const char *ifname, const char *def, const struct conv_if *f)
{
	str_copy(e->ifname, sizeof(e->ifname), ifname);
	e->ifname_given = strcmp(ifname, def) != 0;
	if (f == NULL)
		return;
	e->up = !f->down;
	if (f->has_mac) {
		e->mac = f->mac;
		e->mac_pinned = true;
	}
	(void)b;
}

/* e0a_web and e0b_web, as jib and Bastille call them, are e0_web. */
static bool
jib_pair_name(const char *a, const char *z, char out[IFNAME_SIZE])
{
	size_t n = 1 + strspn(a + (a[0] != '\0'), "0123456789");

	if (a[0] != 'e' || n < 2 || strncmp(a + n, "a_", 2) != 0 || strncmp(a, z, n) != 0 || z[n] != 'b' || strcmp(a + n + 1, z + n + 1) != 0)
		return (false);
	return (str_format(out, IFNAME_SIZE, "%.*s%s", (int)n, a, a + n + 1) == 0);
}

const char *
conv_pair_name(struct conv *c, const char *a, const char *z, unsigned unit)
{
	size_t n = strlen(a);
	char text[IFNAME_SIZE];

	if (jib_pair_name(a, z, text))
		return (conv_dup(c, text));
	if (n > 1 && strlen(z) == n && memcmp(a, z, n - 1) == 0 && a[n - 1] == 'a' && z[n - 1] == 'b')
		return (conv_dupn(c, a, n - 1));
	return (conv_printf(c, "epair%u", unit));
}

/* What our own description says, or what the names of the halves do. */
static const char *
pair_name(struct conv *c, const struct conv_if *a, const struct conv_if *z, unsigned unit)
{
	struct mark m = { .ours = false };

	if (a->descr != NULL)
		mark_parse(a->descr, &m);
	if (!m.ours && z->descr != NULL)
		mark_parse(z->descr, &m);
	return (m.ours && m.has_object && m.kind == KIND_EPAIR ? conv_dup(c, m.name) : conv_pair_name(c, a->name, z->name, unit));
}

static void
end_addrs(struct build *b, struct object *o, struct end *e, const struct conv_if *f)
{
	for (size_t i = 0; f != NULL && i < f->addrs.n; i++)
		build_address(b, o, &e->addrs, &f->addrs.v[i].prefix, &f->addrs.v[i].pos);
}

struct object *
build_pair(struct build *b, unsigned unit, const struct conv_pos *pos)
{
	char na[IFNAME_SIZE], nz[IFNAME_SIZE];
	struct conv_if *a, *z;
	struct object *o;
	const char *name;

	snprintf(na, sizeof(na), "epair%ua", unit % 100000);
	snprintf(nz, sizeof(nz), "epair%ub", unit % 100000);
	a = host_if(b->h, na, true);
	z = host_if(b->h, nz, true);
	if (a == NULL || z == NULL)
		return (NULL);
	a = host_if(b->h, na, true);	/* adding may have moved it */
	if (a == NULL || (name = pair_name(b->h->c, a, z, unit)) == NULL)
		return (NULL);
	o = topo_find(b->out, KIND_EPAIR, name);
	if (o != NULL || (o = build_object(b, KIND_EPAIR, name)) == NULL)
		return (o);
	set_end(b, &o->u.epair.end[END_A], a->name, conv_printf(b->h->c, "%sa", name), a);
	set_end(b, &o->u.epair.end[END_B], z->name, conv_printf(b->h->c, "%sb", name), z);
	end_addrs(b, o, &o->u.epair.end[END_A], a);
	end_addrs(b, o, &o->u.epair.end[END_B], z);
	build_pin_running(b, o, END_A);
	build_pin_running(b, o, END_B);
	build_description(b, o, z);
	build_description(b, o, a);	/* of two descriptions that of the half on the host */
	o->u.epair.mtu = a->mtu != 0 ? a->mtu : z->mtu;
	build_end_add(b, o, END_A, a->pos.src != NULL ? &a->pos : pos);
	build_end_add(b, o, END_B, z->pos.src != NULL ? &z->pos : pos);
	return (o);
}

/* --- what the files say is there ------------------------------------------------------------------------------- */

static void
make_pairs(struct build *b)
{
	size_t n = b->h->nifs;
	unsigned unit;
	char side;

	for (size_t i = 0; i < n; i++)
		if (b->h->ifs[i].cloned && build_epair_unit(b->h->ifs[i].unit, &unit, &side) && side == 'a')
			build_pair(b, unit, &b->h->ifs[i].pos);
}

static void
make_bridges(struct build *b)
{
	for (size_t i = 0; i < b->h->nifs; i++) {
		const struct conv_if *f = &b->h->ifs[i];
		struct object *o;

		if (!f->is_bridge)
			continue;
		if (!name_is_legal(f->name, IFNAME_SIZE - 1)) {
			conv_say(b->h->c, CONV_ERROR, &f->pos, "name", "bridge %s: a name begins with a letter and has letters, digits, _ and -",
			    f->name);
			continue;
		}
		if ((o = build_bridge(b, f->name)) == NULL)
			return;
		if (f->mtu != 0)
			o->u.bridge.mtu = f->mtu;
		if (f->has_mac) {
			o->u.bridge.mac = f->mac;
			o->u.bridge.mac_pinned = true;
		}
		o->u.bridge.vlan_filter = f->vlan_filter;
		for (size_t k = 0; k < f->addrs.n; k++)
			build_address(b, o, &o->u.bridge.addrs, &f->addrs.v[k].prefix, &f->addrs.v[k].pos);
		build_description(b, o, f);
		if (f->dhcp)
			conv_say(
			    b->h->c, CONV_WARNING, &f->dhcp_pos, "dhcp", "bridge %s asks for its address; jailnet sets fixed ones only", f->name);
	}
}

static void
warn_member(struct build *b, const struct conv_if *bridge, const struct conv_if *m, const struct conv_pos *pos)
{
	char text[PREFIX_TEXT_SIZE];

	if (m == NULL || m->addrs.n == 0 || m->is_bridge)
		return;
	conv_say(b->h->c, CONV_WARNING, pos, "address-on-member",
	    "%s has %s and is a member of %s: FreeBSD wants the host's addresses on the bridge, not on a member "
	    "(net.link.bridge.member_ifaddrs)",
	    m->name, prefix_format(&m->addrs.v[0].prefix, text), bridge->name);
}

/* VLANs, laggs and the like are members as they are; who makes them goes on making them. */
static void
note_made(struct build *b, const struct conv_if *bridge, const struct conv_if *m)
{
	if (m == NULL || m->pos.src == NULL || m->is_bridge || (!m->is_vlan && !m->cloned))
		return;
	conv_say(b->h->c, CONV_NOTE, &m->pos, "made-elsewhere", "%s is a member of %s; jailnet does not make it: leave its lines in rc.conf", m->name,
	    bridge->name);
}

static void
join(struct build *b, struct object *bridge, const struct conv_if *f, const struct conv_member *m)
{
	struct build_end *end;
	struct conv_if *mi;
	unsigned unit;
	char side;

	/* A pair that only a bridge line names: epair1a without cloned_interfaces. */
	if (build_end(b, m->ifname) == NULL && build_epair_unit(m->ifname, &unit, &side) && side != '\0') {
		conv_say(b->h->c, CONV_WARNING, &m->pos, "not-created", "%s is named but no line creates it; taken as an epair", m->ifname);
		build_pair(b, unit, &m->pos);
	}
	end = build_end(b, m->ifname);
	if (end == NULL) {
		mi = host_if(b->h, m->ifname, false);
		if (mi != NULL)
			str_copy(mi->in_bridge, sizeof(mi->in_bridge), bridge->name);
		warn_member(b, f, mi, &m->pos);
		note_made(b, f, mi);
		build_member(b, bridge, m->ifname, &m->port);
		return;
	}
	if (end->o->u.epair.end[end->side].bridge != NULL) {
		conv_say(b->h->c, CONV_WARNING, &m->pos, "contradiction", "%s is a member of %s already; left out of %s", m->ifname,
		    end->o->u.epair.end[end->side].bridge, bridge->name);
		return;
	}
	if (object_str(end->o, &end->o->u.epair.end[end->side].bridge, bridge->name) == -1 ||
	    object_tagged(end->o, &end->o->u.epair.end[end->side].port, m->port.tagged, m->port.ntagged) == -1) {
		b->h->c->nomem = true;
		return;
	}
	end->o->u.epair.end[end->side].port.priv = m->port.priv;
	end->o->u.epair.end[end->side].port.stp = m->port.stp;
	end->o->u.epair.end[end->side].port.edge = m->port.edge;
	end->o->u.epair.end[end->side].port.untagged = m->port.untagged;
}

static void
join_members(struct build *b)
{
	size_t n = b->h->nifs;

	for (size_t i = 0; i < n && !b->failed; i++) {
		struct object *o = b->h->ifs[i].is_bridge ? topo_find(b->out, KIND_BRIDGE, b->h->ifs[i].name) : NULL;

		for (size_t k = 0; o != NULL && k < b->h->ifs[i].nmembers; k++) {
			struct conv_if f = b->h->ifs[i];	/* the array may move */

			join(b, o, &f, &f.members[k]);
		}
	}
	for (size_t i = 0; i < b->h->nautobridge; i++) {
		struct conv_if *f = host_if(b->h, b->h->autobridge[i].bridge, false);
		struct object *o = topo_find(b->out, KIND_BRIDGE, b->h->autobridge[i].bridge);

		for (size_t k = 0; f != NULL && o != NULL && k < b->h->nifs; k++) {
			struct conv_if bridge = *f;
			struct conv_member m = { .pos = f->pos };
			struct build_end *e;

			if (b->h->ifs[k].is_bridge || !str_match(b->h->autobridge[i].glob, b->h->ifs[k].name))
				continue;
			e = build_end(b, b->h->ifs[k].name);
			if (e != NULL && e->o->u.epair.end[e->side].bridge != NULL)
				continue;
			str_copy(m.ifname, sizeof(m.ifname), b->h->ifs[k].name);
			join(b, o, &bridge, &m);
		}
	}
}

/* --- the whole --------------------------------------------------------------------------------------------------- */

struct seen_mac {
	struct mac mac;
	struct object *o;
	int side;
};

static int
mac_cmp(const void *x, const void *y)
{
	const struct seen_mac *a = x, *b = y;
	int d = memcmp(a->mac.b, b->mac.b, sizeof(a->mac.b));

	return (d != 0 ? d : strcmp(a->o->name, b->o->name));
}

/* Of two ends with one address only one can keep it. */
static void
check_macs(struct build *b)
{
	size_t n = 0, max = b->out->n[KIND_EPAIR] * 2;
	struct seen_mac *v = conv_alloc(b->h->c, (max + 1) * sizeof(*v));
	char text[MAC_TEXT_SIZE];

	if (v == NULL || b->h->c->nomem)
		return;
	for (size_t i = 0; i < b->out->n[KIND_EPAIR]; i++)
		for (int side = END_A; side <= END_B; side++) {
			struct end *e = &b->out->v[KIND_EPAIR][i]->u.epair.end[side];

			if (e->mac_pinned && !mac_is_usable(&e->mac)) {
				conv_say(b->h->c, CONV_WARNING, &build_end(b, e->ifname)->pos, "mac-clash",
				    "%s: %s is no address of one interface; it gets a new one", e->ifname, mac_format(&e->mac, text));
				e->mac_pinned = false;
				e->mac = (struct mac){ { 0 } };
			} else if (e->mac_pinned)
				v[n++] = (struct seen_mac){ e->mac, b->out->v[KIND_EPAIR][i], side };
		}
	qsort(v, n, sizeof(*v), mac_cmp);
	for (size_t i = 1; i < n; i++)
		if (mac_equal(&v[i].mac, &v[i - 1].mac)) {
			struct end *e = &v[i].o->u.epair.end[v[i].side];

			conv_say(b->h->c, CONV_WARNING, &build_end(b, e->ifname)->pos, "mac-clash",
			    "%s and %s have the same address %s; %s gets a new one", v[i - 1].o->u.epair.end[v[i - 1].side].ifname, e->ifname,
			    mac_format(&e->mac, text), e->ifname);
			e->mac_pinned = false;
			e->mac = (struct mac){ { 0 } };
		}
}

static void
unpin(struct mac *m, bool *pinned, const struct mac *have, bool have_pinned)
{
	if (*pinned && !have_pinned && mac_equal(m, have)) {
		*pinned = false;
		*m = (struct mac){ { 0 } };
	}
}

/* An export names every address; one that we have chosen ourselves stays our choice when it comes back. */
static void
unpin_ours(struct build *b)
{
	const struct topo *have = b->h->opts->have;
	struct object *o;

	for (int k = 0; have != NULL && k < KIND_COUNT; k++)
		for (size_t i = 0; i < b->out->n[k]; i++) {
			const struct object *was = topo_find(have, (enum kind)k, b->out->v[k][i]->name);

			o = b->out->v[k][i];
			if (was != NULL && k == KIND_BRIDGE)
				unpin(&o->u.bridge.mac, &o->u.bridge.mac_pinned, &was->u.bridge.mac, was->u.bridge.mac_pinned);
			for (int side = END_A; was != NULL && k == KIND_EPAIR && side <= END_B; side++) {
				struct end *e = &o->u.epair.end[side];
				const struct end *h = &was->u.epair.end[side];

				unpin(&e->mac, &e->mac_pinned, &h->mac, h->mac_pinned);
			}
		}
}

int
conv_build(struct conv_host *h, struct topo *out, struct err *err)
{
	struct build b = { .h = h, .out = out, .err = err };

	make_pairs(&b);
	make_bridges(&b);
	join_members(&b);
	build_jibs(&b);
	build_jails(&b);
	if (!b.failed)
		build_convert(&b);
	check_macs(&b);
	unpin_ours(&b);
	if (!b.failed)
		conv_take_notes(h, out);
	return (b.failed ? -1 : 0);
}
