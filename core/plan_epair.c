/*
 * plan_epair: pairs the kernel's links with the wanted ends by their labels, then makes, moves, changes or destroys.
 *
 * A label can be forged by root inside a jail.  A claimant in the wanted place beats one on the host, which beats any other;
 * so a jail can at worst disturb its own epairs.
 */
#include <stdlib.h>
#include <string.h>

#include "core/plan_int.h"
#include "core/str.h"

static struct plan_jail *
jail_of(const struct planner *pl, const struct obs_link *l)
{
	return (l == NULL || l->jail[0] == '\0' ? NULL : plan_jail_find(pl, l->jail));
}

static int
rank(const struct plan_end *e, const struct obs_link *l)
{
	if (strcmp(l->jail, e->want->jail != NULL ? e->want->jail : "") == 0)
		return (2);
	return (l->jail[0] == '\0' ? 1 : 0);
}

static void
claim(struct planner *pl, struct plan_end *e, const struct obs_link *l)
{
	int old, new;

	if (e->link == NULL) {
		e->link = l;
		return;
	}
	old = rank(e, e->link);
	new = rank(e, l);
	e->ambiguous = new == old || (e->ambiguous && new < old);
	pl->strays[pl->nstrays++] = new > old ? e->link : l;
	if (new > old)
		e->link = l;
}

static int
cmp_end_name(const void *a, const void *b)
{
	const struct plan_end *const *x = a, *const *y = b;

	return (strcmp((*x)->want->ifname, (*y)->want->ifname));
}

/* Links made by us whose label is missing: taken for what they are when name and MAC are as wanted, else they go. */
static int
adopt(struct planner *pl)
{
	size_t n = 2 * pl->want->n[KIND_EPAIR];
	struct plan_end **v = NULL;

	for (size_t i = 0; i < pl->have->nlinks; i++) {
		const struct obs_link *l = pl->links[i];
		struct end key = { 0 };
		struct plan_end probe = { .want = &key }, *p = &probe, **hit;

		if (!l->mark.ours || l->mark.has_object || l->type != LINK_EPAIR)
			continue;
		if (v == NULL) {
			if ((v = arena_array(&pl->arena, n + 1, sizeof(struct plan_end *))) == NULL)
				return (-1);
			for (size_t k = 0; k < n; k++)
				v[k] = &pl->ends[k];
			qsort(v, n, sizeof(struct plan_end *), cmp_end_name);
		}
		memcpy(key.ifname, l->ifname, sizeof(key.ifname));
		hit = bsearch(&p, v, n, sizeof(struct plan_end *), cmp_end_name);
		if (hit != NULL && (*hit)->link == NULL && !mac_is_zero(&l->mac) && mac_equal(&l->mac, &(*hit)->want->mac)) {
			(*hit)->link = l;
			(*hit)->adopted = true;
		} else
			pl->strays[pl->nstrays++] = l;
	}
	return (0);
}

/* Ends by the jail that wants them, in epair order: a counting sort over the jails. */
static int
index_by_jail(struct planner *pl)
{
	size_t n = 2 * pl->want->n[KIND_EPAIR], sum = 0;

	if ((pl->jail_ends = arena_array(&pl->arena, n + 1, sizeof(struct plan_end *))) == NULL)
		return (-1);
	for (size_t i = 0; i < n; i++)
		if (pl->ends[i].jail != NULL)
			pl->ends[i].jail->nends++;
	for (size_t i = 0; i < pl->njails; i++) {
		pl->jails[i].first_end = sum;
		sum += pl->jails[i].nends;
		pl->jails[i].nends = 0;
	}
	for (size_t i = 0; i < n; i++) {
		struct plan_jail *j = pl->ends[i].jail;

		if (j != NULL)
			pl->jail_ends[j->first_end + j->nends++] = &pl->ends[i];
	}
	return (0);
}

void
plan_epairs_match(struct planner *pl)
{
	size_t n = pl->want->n[KIND_EPAIR];

	if ((pl->ends = arena_array(&pl->arena, 2 * n + 1, sizeof(*pl->ends))) == NULL) {
		pl->nomem = true;
		return;
	}
	for (size_t i = 0; i < 2 * n; i++) {
		struct plan_end *e = &pl->ends[i];

		e->epair = pl->want->v[KIND_EPAIR][i / 2];
		e->want = &e->epair->u.epair.end[i % 2];
		e->jail = e->want->jail == NULL ? NULL : plan_jail_find(pl, e->want->jail);
		e->bridge = e->want->bridge == NULL ? NULL : plan_bridge_find(pl, e->want->bridge);
	}
	for (size_t i = 0; i < pl->have->nlinks; i++) {
		const struct obs_link *l = pl->links[i];
		long at;

		if (!l->mark.ours || !l->mark.has_object || l->mark.kind != KIND_EPAIR)
			continue;
		if ((at = topo_index(pl->want, KIND_EPAIR, l->mark.name)) == -1 || l->mark.side > END_B)
			pl->strays[pl->nstrays++] = l;
		else
			claim(pl, &pl->ends[2 * at + l->mark.side], l);
	}
	if (adopt(pl) == -1 || index_by_jail(pl) == -1) {
		pl->nomem = true;
		return;
	}
	for (size_t i = 0; i < 2 * n; i++) {
		struct plan_end *e = &pl->ends[i];

		e->from = jail_of(pl, e->link);
		e->frozen = (e->jail != NULL && e->jail->frozen) || (e->from != NULL && e->from->frozen);
	}
}

/* Waits on the host, down, unconnected: its jail is not there. */
static bool
is_parked(const struct plan_end *e)
{
	return (e->want->jail != NULL && (e->jail == NULL || !e->jail->there));
}

static const char *
target_jail(const struct plan_end *e)
{
	return (e->want->jail == NULL || is_parked(e) ? "" : e->want->jail);
}

static bool
is_connected(const struct plan_end *e)
{
	return (e->bridge != NULL && e->bridge->there);
}

static void
fill_iface(const struct planner *pl, const struct plan_end *e, enum end_side side, struct plan_iface *i)
{
	*i = (struct plan_iface){ .kind = KIND_EPAIR, .name = e->epair->name, .need = "", .link = e->link,
		.ifname = e->want->ifname, .jail = target_jail(e), .from = e->from, .to = e->jail, .bridge = "",
		.mac = e->want->mac, .mtu = epair_mtu(pl->want, e->epair), .mark = e->adopted, .side = (uint8_t)side,
		.addrs_only = true };
	str_format(i->base, sizeof(i->base), "/epairs/%s/%s", e->epair->name, side == END_A ? "a" : "b");
	i->reclaimed = e->from != NULL && e->from->teardown;
	if (is_parked(e))
		return;
	i->up = e->want->up;
	i->addrs = e->want->addrs.v;
	i->naddrs = e->want->addrs.n;
	if (e->want->jail != NULL) {
		i->need_kind = KIND_JAIL;
		i->need = e->want->jail;
	} else if (is_connected(e)) {
		i->need_kind = KIND_BRIDGE;
		i->need = i->bridge = e->want->bridge;
		i->bridge_now = e->bridge->link == NULL ? NULL : e->bridge->link->ifname;
		i->port = &e->want->port;
		i->vlan_filter = e->bridge->want->u.bridge.vlan_filter;
	}
}

/* The name this end must get belongs to another of our interfaces right now, which will give it up, or wait for ours. */
static bool
name_is_held(const struct planner *pl, const struct plan_end *e)
{
	const struct obs_link *const *v;
	size_t n;

	if (strcmp(e->link->ifname, e->want->ifname) == 0)
		return (false);
	v = plan_links_named(pl, e->want->ifname, &n);
	for (size_t i = 0; i < n; i++) {
		const struct mark *m = &v[i]->mark;

		if (m->ours && m->has_object && strcmp(v[i]->jail, e->link->jail) == 0 &&
		    topo_index(pl->want, m->kind, m->name) != -1)
			return (true);
	}
	return (false);
}

static int
cmp_text(const void *a, const void *b)
{
	return (strcmp(*(const char *const *)a, *(const char *const *)b));
}

/* The end cannot get its name in this round; its turn comes when the jobs of the frozen jail have ended. */
static bool
must_wait(const struct planner *pl, const struct plan_end *e)
{
	const char *name = e->want->ifname;

	if (e->link != NULL && strcmp(e->link->ifname, name) == 0)
		return (false);
	return (pl->nheld > 0 && bsearch(&name, pl->held, pl->nheld, sizeof(*pl->held), cmp_text) != NULL);
}

static void
emit_destroy(struct planner *pl, const char *name, const struct obs_link *l)
{
	struct cmd_iface *c = &plan_emit(pl, PH_EPAIR_DESTROY, KIND_EPAIR, name, CMD_EPAIR_DESTROY)->cmd.u.iface;

	str_copy(c->jail, sizeof(c->jail), l->jail);
	str_copy(c->ifname, sizeof(c->ifname), l->ifname);
}

/* One half is enough, the kernel takes the other.  The one in a jail that lives on says more about what is interrupted. */
static const struct obs_link *
spokesman(const struct planner *pl, const struct obs_link *a, const struct obs_link *b)
{
	const struct plan_jail *j = jail_of(pl, b);

	return (j != NULL && !j->teardown ? b : a);
}

static void
destroy(struct planner *pl, const struct plan_end *a, const struct plan_end *b)
{
	const char *name = a->epair->name;

	if (a->link != NULL && b->link != NULL && !a->ambiguous && !b->ambiguous) {
		emit_destroy(pl, name, spokesman(pl, a->link, b->link));
		return;
	}
	if (a->link != NULL)
		emit_destroy(pl, name, a->link);
	if (b->link != NULL)
		emit_destroy(pl, name, b->link);
}

static bool
port_is_default(const struct plan_iface *i)
{
	return (!i->port->priv && (!i->vlan_filter || (i->port->untagged == 0 && i->port->ntagged == 0)));
}

static void
create_port(struct planner *pl, const struct plan_iface *i)
{
	struct step *s;
	struct cmd_port *c;

	if (i->bridge[0] == '\0' || port_is_default(i))
		return;
	s = plan_emit(pl, PH_ATTACH, KIND_EPAIR, i->name, CMD_PORT_SET);
	plan_pointer(s, "%s", i->base);
	plan_need(s, i->need_kind, i->need);
	c = &s->cmd.u.port;
	str_copy(c->bridge, sizeof(c->bridge), i->bridge);
	str_copy(c->ifname, sizeof(c->ifname), i->ifname);
	c->priv = i->port->priv;
	c->stp = i->port->stp;
	c->edge = i->port->edge;
	if (!i->vlan_filter)
		return;
	c->untagged = i->port->untagged;
	for (; c->ntagged < i->port->ntagged && c->ntagged < LIMIT_TAGGED; c->ntagged++)
		c->tagged[c->ntagged] = i->port->tagged[c->ntagged];
}

static void
create(struct planner *pl, struct plan_end end[2])
{
	struct step *s = plan_emit(pl, PH_EPAIR_CREATE, KIND_EPAIR, end[0].epair->name, CMD_EPAIR_CREATE);
	struct cmd_epair *c = &s->cmd.u.epair;
	struct plan_iface i[2];

	str_copy(c->name, sizeof(c->name), end[0].epair->name);
	for (int side = END_A; side <= END_B; side++) {
		fill_iface(pl, &end[side], side, &i[side]);
		str_copy(c->end[side].ifname, IFNAME_SIZE, i[side].ifname);
		c->end[side].mac = i[side].mac;
		str_copy(c->end[side].jail, NAME_SIZE, i[side].jail);
		str_copy(c->end[side].bridge, IFNAME_SIZE, i[side].bridge);
		c->end[side].up = i[side].up;
		plan_need(s, i[side].need_kind, i[side].need);
		c->mtu = i[side].mtu;
		if (end[side].from != NULL)
			end[side].from->reroute = true;
		if (end[side].jail != NULL)
			end[side].jail->reroute = true;
	}
	for (int side = END_A; side <= END_B; side++) {
		create_port(pl, &i[side]);
		plan_addresses(pl, &i[side], NULL);
	}
}

/* The jail dies in this plan, the end stays wanted: it is taken out first.  Serves the jail, whose end waits for it. */
static void
reclaim(struct planner *pl, const struct plan_end *e, const char *ifname)
{
	struct step *s;

	if (e->from == NULL || !e->from->teardown)
		return;
	s = plan_emit(pl, PH_RECLAIM, KIND_JAIL, e->from->name, CMD_IF_MOVE);
	str_copy(s->cmd.u.move.ifname, IFNAME_SIZE, ifname);
	str_copy(s->cmd.u.move.from, NAME_SIZE, e->link->jail);
}

static void
settle(struct planner *pl, struct plan_end *e, enum end_side side)
{
	char mtu_pointer[64];
	struct plan_iface i;

	fill_iface(pl, e, side, &i);
	str_format(mtu_pointer, sizeof(mtu_pointer), "/epairs/%s/mtu", e->epair->name);
	i.mtu_pointer = mtu_pointer;
	if (e->bridge != NULL && e->bridge->fresh)
		i.bridge_now = NULL;
	plan_settle(pl, &i);
}

static void
plan_one(struct planner *pl, struct plan_end end[2])
{
	struct plan_end *a = &end[END_A], *b = &end[END_B];
	bool in_scope = plan_in_scope(pl, KIND_EPAIR, a->epair->name), frozen = a->frozen || b->frozen, broken;

	if (must_wait(pl, a) || must_wait(pl, b))
		in_scope = false;
	broken = a->link == NULL || b->link == NULL || a->ambiguous || b->ambiguous || name_is_held(pl, a) || name_is_held(pl, b);
	if (broken && in_scope && !frozen) {
		destroy(pl, a, b);
		create(pl, end);
		a->settled = b->settled = true;
		a->usable = a->want->jail != NULL && !is_parked(a) && a->want->up;
		b->usable = b->want->jail != NULL && !is_parked(b) && b->want->up;
		return;
	}
	for (int side = END_A; side <= END_B; side++) {
		struct plan_end *e = &end[side];
		bool change = in_scope && !broken && !e->frozen;

		if (e->link != NULL)
			reclaim(pl, e, change ? e->want->ifname : e->link->ifname);
		if (change) {
			settle(pl, e, side);
			e->settled = true;
			e->usable = e->want->jail != NULL && !is_parked(e) && e->want->up;
		} else
			e->usable = e->link != NULL && e->link->up && e->from != NULL && e->from == e->jail && !e->from->teardown;
	}
}

static int
cmp_stray(const void *a, const void *b)
{
	const struct obs_link *x = *(const struct obs_link *const *)a, *y = *(const struct obs_link *const *)b;
	int c;

	if ((c = strcmp(x->mark.name, y->mark.name)) != 0 || (c = (int)x->mark.side - (int)y->mark.side) != 0)
		return (c);
	c = strcmp(x->jail, y->jail);
	return (c != 0 ? c : strcmp(x->ifname, y->ifname));
}

static bool
is_epair_stray(const struct obs_link *l)
{
	return (l->mark.has_object ? l->mark.kind == KIND_EPAIR : l->type == LINK_EPAIR);
}

/* Links v[0..n) bear the label of one epair (or each none).  Nothing of it goes while a half sits in a frozen jail. */
static void
destroy_strays(struct planner *pl, const struct obs_link *const *v, size_t n)
{
	bool frozen = false;

	for (size_t i = 0; i < n; i++) {
		const struct plan_jail *j = jail_of(pl, v[i]);

		frozen = frozen || (j != NULL && j->frozen);
	}
	if (!frozen && n == 2 && v[0]->mark.side != v[1]->mark.side) {
		emit_destroy(pl, v[0]->mark.name, spokesman(pl, v[0], v[1]));
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (frozen)
			pl->held[pl->nheld++] = v[i]->ifname;
		else
			emit_destroy(pl, v[i]->mark.has_object ? v[i]->mark.name : v[i]->ifname, v[i]);
	}
}

static void
plan_strays(struct planner *pl)
{
	size_t end;

	qsort(pl->strays, pl->nstrays, sizeof(*pl->strays), cmp_stray);
	for (size_t i = 0; i < pl->nstrays; i = end) {
		const struct mark *m = &pl->strays[i]->mark;

		end = i + 1;
		if (!is_epair_stray(pl->strays[i]))
			continue;
		while (m->has_object && end < pl->nstrays && is_epair_stray(pl->strays[end]) &&
		    strcmp(pl->strays[end]->mark.name, m->name) == 0)
			end++;
		destroy_strays(pl, &pl->strays[i], end - i);
	}
}

/* Strays go first here, so that the names they keep are known. */
void
plan_epairs(struct planner *pl)
{
	size_t n = pl->want->n[KIND_EPAIR];

	if ((pl->held = arena_array(&pl->arena, pl->have->nlinks + 1, sizeof(*pl->held))) == NULL) {
		pl->nomem = true;
		return;
	}
	plan_strays(pl);
	for (size_t i = 0; i < 2 * n; i++) {
		const struct plan_end *e = &pl->ends[i];

		if (e->link != NULL && (e->frozen || pl->ends[i ^ 1].frozen) && strcmp(e->link->ifname, e->want->ifname) != 0)
			pl->held[pl->nheld++] = e->link->ifname;
	}
	qsort(pl->held, pl->nheld, sizeof(*pl->held), cmp_text);
	for (size_t i = 0; i < n; i++)
		plan_one(pl, &pl->ends[2 * i]);
}
