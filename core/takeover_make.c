/* takeover_make: the objects of what can be taken over. */
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "core/takeover_int.h"

static int
take_addrs(struct taking *t, struct object *o, struct prefixes *out, const struct obs_link *l)
{
	struct prefix v[LIMIT_ADDRESSES];
	size_t n;
	const struct obs_addr *have = observed_addrs(t->have, l->jail, l->ifname, &n);

	for (size_t i = 0; i < n && i < LIMIT_ADDRESSES; i++)
		v[i] = have[i].prefix;
	return (object_prefixes(o, out, v, n < LIMIT_ADDRESSES ? n : LIMIT_ADDRESSES));
}

static int
take_port(struct object *o, struct port *port, const struct obs_link *l, bool vlan_filter)
{
	port->priv = l->priv;
	port->stp = l->port_stp_known && l->port_stp;
	port->edge = l->port_stp_known && l->edge;
	if (!vlan_filter)
		return (0);
	port->untagged = l->untagged;
	return (object_tagged(o, port, l->tagged, l->ntagged));
}

static void
make_bridge(struct taking *t, const struct piece *p)
{
	struct object *o = takeover_add(t, KIND_BRIDGE, p->l->ifname);
	struct member *members;
	struct bridge *b;
	size_t n = 0;

	members = calloc(t->have->nlinks + 1, sizeof(*members));
	if (o == NULL || members == NULL) {
		t->nomem = true;
		goto out;
	}
	b = &o->u.bridge;
	b->mtu = p->l->mtu;
	b->stp = p->l->stp;
	b->vlan_filter = p->l->vlan_filter;
	b->mac = p->l->mac;
	b->mac_pinned = true;
	if (take_addrs(t, o, &b->addrs, p->l) == -1)
		t->nomem = true;
	for (size_t i = 0; i < t->have->nlinks; i++) {
		const struct obs_link *l = t->v[i].l;

		if (l->jail[0] != '\0' || strcmp(l->bridge, p->l->ifname) != 0 || t->v[i].fate == HALF || l->mark.ours)
			continue;
		members[n].ifname = l->ifname;
		if (take_port(o, &members[n++].port, l, b->vlan_filter) == -1)
			t->nomem = true;
		takeover_say(t, false, "member", "%s becomes a member of %s and stays foreign otherwise", l->ifname, p->l->ifname);
	}
	if (object_members(o, members, n) == -1)
		t->nomem = true;
out:
	free(members);
}

/* epair17a and epair17b are epair17; others are called as their half on the host. */
static bool
epair_name(const struct taking *t, const struct obs_link *a, const struct obs_link *b, char out[NAME_SIZE])
{
	size_t n = strlen(a->ifname);

	if (n > 1 && n == strlen(b->ifname) && strncmp(a->ifname, b->ifname, n - 1) == 0 && a->ifname[n - 1] == 'a' && b->ifname[n - 1] == 'b') {
		(void)str_format(out, NAME_SIZE, "%.*s", (int)(n - 1), a->ifname);
		if (name_is_legal(out, IFNAME_SIZE - 1) && !takeover_is_made(t, KIND_EPAIR, out))
			return (true);
	}
	(void)str_copy(out, NAME_SIZE, a->ifname);
	for (int i = 2; takeover_is_made(t, KIND_EPAIR, out) && i < 1000; i++)
		(void)str_format(out, NAME_SIZE, "%.11s-%d", a->ifname, i);
	return (!takeover_is_made(t, KIND_EPAIR, out));
}

static void
make_end(struct taking *t, struct object *o, enum end_side side, const struct obs_link *l)
{
	struct end *e = &o->u.epair.end[side];
	const struct piece *bridge = l->jail[0] == '\0' && l->bridge[0] != '\0' ? takeover_piece(t, "", l->bridge) : NULL;

	memcpy(e->ifname, l->ifname, sizeof(e->ifname));
	e->ifname_given = true;
	e->mac = l->mac;
	e->mac_pinned = true;
	e->up = l->up;
	if ((l->jail[0] != '\0' && object_str(o, &e->jail, l->jail) == -1) || take_addrs(t, o, &e->addrs, l) == -1)
		t->nomem = true;
	if (bridge != NULL && (object_str(o, &e->bridge, l->bridge) == -1 || take_port(o, &e->port, l, bridge->l->vlan_filter) == -1))
		t->nomem = true;
}

static void
make_epair(struct taking *t, const struct piece *p)
{
	/* the half on the host is a, as ever */
	bool turn = p->l->jail[0] != '\0' && p->other->l->jail[0] == '\0';
	size_t n = strlen(p->l->ifname);
	const struct obs_link *a, *b;
	char name[NAME_SIZE];
	struct object *o;

	turn = turn || ((p->l->jail[0] == '\0') == (p->other->l->jail[0] == '\0') && n > 0 && p->l->ifname[n - 1] == 'b');
	a = turn ? p->other->l : p->l;
	b = turn ? p->l : p->other->l;
	if (!epair_name(t, a, b, name) || (o = takeover_add(t, KIND_EPAIR, name)) == NULL) {
		t->nomem = true;
		return;
	}
	o->u.epair.mtu = a->mtu;
	make_end(t, o, END_A, a);
	make_end(t, o, END_B, b);
}

void
takeover_make(struct taking *t)
{
	for (size_t i = 0; i < t->have->nlinks; i++) {
		struct piece *p = &t->v[i];

		if (p->fate == BRIDGE)
			make_bridge(t, p);
		else if (p->fate == HALF && p < p->other)
			make_epair(t, p);
		else if (p->fate == STAYS && !p->told && !p->l->mark.ours && p->l->jail[0] == '\0' && p->l->bridge[0] == '\0')
			takeover_say(t, false, "host", "%s (%s) stays the host's", p->l->ifname, link_type_name(p->l->type));
		else if (p->fate == STAYS && !p->told && !p->l->mark.ours && p->l->jail[0] != '\0' && takeover_is_made(t, KIND_JAIL, p->l->jail))
			takeover_say(t, true, "inside",
			    "%s in jail %s (%s) stays as it is: jailnet gives jails ends of epairs and what is attached to them", p->l->ifname,
			    p->l->jail, link_type_name(p->l->type));
	}
}
