/*
 * plan_epair: makes, moves, changes and destroys epairs, once plan_claim.c has found their ends.
 */
#include <stdlib.h>
#include <string.h>

#include "core/plan_int.h"

#define BULK_ENDS 64 /* ends to be made in one plan */
#include "core/str.h"

/* Waits on the host, unconnected: its jail is not there, or that jail's manager has not taken it in yet. */
static bool
is_parked(const struct planner *pl, const struct plan_end *e)
{
	if (plan_minds_itself(e->jail))
		return (plan_is_awaited(pl, e->jail, e->link));
	return (e->want->jail != NULL && (e->jail == NULL || !e->jail->there));
}

/* After this plan routes can go through it, in its jail. */
static bool
is_usable(const struct planner *pl, const struct plan_end *e)
{
	if (plan_minds_itself(e->jail))
		return (e->link != NULL && e->link->up && strcmp(e->link->jail, e->want->jail) == 0);
	return (e->want->jail != NULL && !is_parked(pl, e) && e->want->up);
}

static const char *
target_jail(const struct planner *pl, const struct plan_end *e)
{
	if (e->want->jail == NULL || is_parked(pl, e))
		return ("");
	return (plan_minds_itself(e->jail) ? e->link->jail : e->want->jail);
}

static bool
is_connected(const struct plan_end *e)
{
	return (e->bridge != NULL && e->bridge->there);
}

static void
fill_iface(const struct planner *pl, const struct plan_end *e, enum end_side side, struct plan_iface *i)
{
	*i = (struct plan_iface){ .kind = KIND_EPAIR,
		.name = e->epair->name,
		.need = "",
		.link = e->link,
		.ifname = e->want->ifname,
		.jail = target_jail(pl, e),
		.from = e->from,
		.to = e->jail,
		.bridge = "",
		.mac = e->want->mac,
		.mtu = epair_mtu(pl->want, e->epair),
		.mark = e->adopted,
		.side = (uint8_t)side,
		.addrs_only = is_parked(pl, e) || !plan_minds_itself(e->jail) };
	str_format(i->base, sizeof(i->base), "/epairs/%s/%s", e->epair->name, side == END_A ? "a" : "b");
	i->reclaimed = e->from != NULL && e->from->teardown;
	/* who takes it finds it as it will be */
	i->up = e->want->up && (!is_parked(pl, e) || plan_minds_itself(e->jail));
	if (is_parked(pl, e))
		return;
	i->leave_up = plan_minds_itself(e->jail);
	i->addrs = e->want->addrs.v;
	i->naddrs = e->want->addrs.n;
	if (e->want->jail != NULL) {
		i->need_kind = KIND_JAIL;
		i->need = i->jail;
	} else if (is_connected(e)) {
		i->need_kind = KIND_BRIDGE;
		i->need = i->bridge = e->want->bridge;
		i->bridge_now = e->bridge->link == NULL ? NULL : e->bridge->link->ifname;
		i->port = &e->want->port;
		i->vlan_filter = e->bridge->want->u.bridge.vlan_filter;
		i->stp = e->bridge->want->u.bridge.stp;
	}
}

/* The name this end must get belongs to another of our interfaces right now, which will give it up, or wait for ours.
 */
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

/* One half is enough, the kernel takes the other.  The one in a jail that lives on says more about what is interrupted.
 */
static const struct obs_link *
spokesman(const struct planner *pl, const struct obs_link *a, const struct obs_link *b)
{
	const struct plan_jail *j = plan_jail_of(pl, b);

	return (j != NULL && !j->teardown ? b : a);
}

/* other: the half that goes with it, NULL = not known. */
static void
emit_destroy(struct planner *pl, const char *name, const struct obs_link *l, const struct obs_link *other)
{
	struct cmd_iface *c = &plan_emit(pl, PH_EPAIR_DESTROY, KIND_EPAIR, name, CMD_EPAIR_DESTROY)->cmd.u.iface;

	str_copy(c->jail, sizeof(c->jail), l->jail);
	str_copy(c->ifname, sizeof(c->ifname), l->ifname);
	if (other == NULL)
		return;
	str_copy(c->other_jail, sizeof(c->other_jail), other->jail);
	str_copy(c->other, sizeof(c->other), other->ifname);
}

static void
emit_destroy_pair(struct planner *pl, const char *name, const struct obs_link *a, const struct obs_link *b)
{
	const struct obs_link *l = spokesman(pl, a, b);

	emit_destroy(pl, name, l, l == a ? b : a);
}

static void
destroy(struct planner *pl, const struct plan_end *a, const struct plan_end *b)
{
	const char *name = a->epair->name;

	if (a->link != NULL && b->link != NULL && !a->ambiguous && !b->ambiguous) {
		emit_destroy_pair(pl, name, a->link, b->link);
		return;
	}
	if (a->link != NULL)
		emit_destroy(pl, name, a->link, NULL);
	if (b->link != NULL)
		emit_destroy(pl, name, b->link, NULL);
}

static bool
port_is_default(const struct plan_iface *i)
{
	return (
	    !i->port->priv && !i->port->edge && (i->stp || !i->port->stp) && (!i->vlan_filter || (i->port->untagged == 0 && i->port->ntagged == 0)));
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
	struct cmd_epair *c = &s->cmd.u.epair;	/* until the next step is emitted */
	struct plan_iface i[2];
	bool late[2];

	str_copy(c->name, sizeof(c->name), end[0].epair->name);
	for (int side = END_A; side <= END_B; side++) {
		fill_iface(pl, &end[side], side, &i[side]);
		str_copy(c->end[side].ifname, IFNAME_SIZE, i[side].ifname);
		c->end[side].mac = i[side].mac;
		str_copy(c->end[side].jail, NAME_SIZE, i[side].jail);
		str_copy(c->end[side].bridge, IFNAME_SIZE, i[side].bridge);
		/* a port that shall be private, or in a VLAN, is not open for an instant before it is */
		late[side] = i[side].up && i[side].bridge[0] != '\0' && (pl->ports_last || !port_is_default(&i[side]));
		c->end[side].up = i[side].up && !late[side];
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
		/* else right after it: addresses that come when the line is open are announced */
		if (late[side])
			plan_up(pl, &i[side], pl->ports_last ? PH_UP : PH_ATTACH);
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
	broken = a->link == NULL || b->link == NULL || a->ambiguous || b->ambiguous || name_is_held(pl, a) ||
		 name_is_held(pl, b);
	if (broken && in_scope && !frozen) {
		destroy(pl, a, b);
		a->link = b->link = NULL;
		create(pl, end);
		a->settled = b->settled = true;
		a->usable = is_usable(pl, a);
		b->usable = is_usable(pl, b);
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
			e->usable = is_usable(pl, e);
		} else
			e->usable = e->link != NULL && e->link->up && e->from != NULL && e->from == e->jail &&
				    !e->from->teardown;
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
		const struct plan_jail *j = plan_jail_of(pl, v[i]);

		frozen = frozen || (j != NULL && j->frozen);
	}
	if (!frozen && n == 2 && v[0]->mark.side != v[1]->mark.side) {
		emit_destroy_pair(pl, v[0]->mark.name, v[0], v[1]);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (frozen)
			pl->held[pl->nheld++] = v[i]->ifname;
		else
			emit_destroy(pl, v[i]->mark.has_object ? v[i]->mark.name : v[i]->ifname, v[i], NULL);
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
	size_t n = pl->want->n[KIND_EPAIR], missing = 0;

	if ((pl->held = arena_array(&pl->arena, pl->have->nlinks + 1, sizeof(*pl->held))) == NULL) {
		pl->nomem = true;
		return;
	}
	plan_strays(pl);
	for (size_t i = 0; i < 2 * n; i++) {
		const struct plan_end *e = &pl->ends[i];

		missing += e->link == NULL;
		if (e->link != NULL && (e->frozen || pl->ends[i ^ 1].frozen) &&
		    strcmp(e->link->ifname, e->want->ifname) != 0)
			pl->held[pl->nheld++] = e->link->ifname;
	}
	/* A link that comes up says hello by multicast (MLD, neighbour discovery), and a bridge floods that to all its ports: the more ports are
	 * up, the longer the kernel takes to make the next. */
	pl->ports_last = missing > BULK_ENDS;
	qsort(pl->held, pl->nheld, sizeof(*pl->held), cmp_text);
	for (size_t i = 0; i < n; i++)
		plan_one(pl, &pl->ends[2 * i]);
}
