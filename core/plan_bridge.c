/*
 * plan_bridge: bridges themselves; their ports are the business of plan_epair and plan_foreign.
 */
#include <string.h>

#include "core/plan_int.h"
#include "core/str.h"

/* A bridge keeps its kind for life: of another kind, or with only its interface left, it makes room for a new one. */
static bool
is_other_kind(const struct plan_bridge *b, const struct obs_link *l)
{
	return (b->in_scope && (l->type != LINK_BRIDGE || l->backend != b->want->u.bridge.backend));
}

/* Better candidates for a bridge of that name win: the one that also bears the right name. */
static void
claim(struct planner *pl, struct plan_bridge *b, const struct obs_link *l)
{
	if (b->link == NULL) {
		b->link = l;
	} else if (strcmp(b->link->ifname, b->want->name) != 0 && strcmp(l->ifname, b->want->name) == 0) {
		pl->strays[pl->nstrays++] = b->link;
		b->link = l;
	} else
		pl->strays[pl->nstrays++] = l;
}

/* Made by us, name and MAC as wanted, only the label is missing: creation was cut short, or somebody wiped it. */
static bool
is_adoptable(const struct plan_bridge *b, const struct obs_link *l)
{
	return (strcmp(l->ifname, b->want->name) == 0 && !mac_is_zero(&l->mac) &&
		mac_equal(&l->mac, &b->want->u.bridge.mac));
}

/* What runs under the name and the address of a wanted bridge becomes it, where policy lets it. */
static void
take_over(struct planner *pl)
{
	for (size_t i = 0; i < pl->want->n[KIND_BRIDGE]; i++) {
		struct plan_bridge *b = &pl->bridges[i];
		const struct obs_link *l = b->link != NULL ? NULL : plan_link_find(pl, "", b->want->name);

		if (l != NULL && l->adoptable && !l->mark.ours && l->type == LINK_BRIDGE && is_adoptable(b, l))
			b->link = l;
	}
}

/* Bridges live on the host only: a "bridge of ours" inside a jail is that jail's own invention. */
void
plan_bridges_match(struct planner *pl)
{
	size_t n = pl->want->n[KIND_BRIDGE];

	if ((pl->bridges = arena_array(&pl->arena, n + 1, sizeof(*pl->bridges))) == NULL) {
		pl->nomem = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		pl->bridges[i].want = pl->want->v[KIND_BRIDGE][i];
		pl->bridges[i].in_scope = plan_in_scope(pl, KIND_BRIDGE, pl->bridges[i].want->name);
	}
	for (size_t i = 0; i < pl->have->nlinks; i++) {
		const struct obs_link *l = pl->links[i];
		struct plan_bridge *b = NULL;

		if (!l->mark.ours || l->jail[0] != '\0')
			continue;
		if (l->mark.has_object && l->mark.kind == KIND_BRIDGE) {
			b = plan_bridge_find(pl, l->mark.name);
		} else if (!l->mark.has_object && l->type == LINK_BRIDGE) {
			b = plan_bridge_find(pl, l->ifname);
			if (b != NULL && (b->link != NULL || !is_adoptable(b, l)))
				b = NULL;
		} else
			continue;
		if (b == NULL || is_other_kind(b, l)) {
			if (b != NULL)
				b->replaced = true;
			pl->strays[pl->nstrays++] = l;
			continue;
		}
		claim(pl, b, l);
	}
	take_over(pl);
	for (size_t i = 0; i < n; i++) {
		struct plan_bridge *b = &pl->bridges[i];

		b->fresh = b->link == NULL && b->in_scope;
		b->adopted = b->link != NULL && !b->link->mark.has_object;
		b->there = b->link != NULL || b->in_scope;
	}
}

static void
fill(struct cmd_bridge *c, const struct object *o)
{
	const struct bridge *w = &o->u.bridge;

	str_copy(c->name, sizeof(c->name), o->name);
	c->mac = w->mac;
	c->mtu = w->mtu;
	c->stp = w->stp;
	c->vlan_filter = w->vlan_filter;
	c->backend = w->backend;
}

static void
create(struct planner *pl, const struct plan_bridge *b)
{
	struct step *s = plan_emit(pl, PH_BRIDGE, KIND_BRIDGE, b->want->name, CMD_BRIDGE_CREATE);

	fill(&s->cmd.u.bridge, b->want);
	if (b->replaced)
		plan_pointer(s, "/bridges/%s/backend", b->want->name);
}

/* The first field that differs, NULL = none. */
static const char *
first_difference(const struct bridge *w, const struct obs_link *l)
{
	if (w->mtu != l->mtu)
		return ("mtu");
	if (w->stp != l->stp)
		return ("stp");
	if (w->vlan_filter != l->vlan_filter)
		return ("vlan_filter");
	if (!mac_is_zero(&w->mac) && !mac_equal(&w->mac, &l->mac))
		return ("mac");
	return (NULL);
}

static void
change(struct planner *pl, const struct plan_bridge *b)
{
	const char *name = b->want->name, *field = first_difference(&b->want->u.bridge, b->link);
	struct step *s;

	if (strcmp(b->link->ifname, name) != 0) {
		s = plan_emit(pl, PH_RENAME, KIND_BRIDGE, name, CMD_IF_RENAME);
		str_copy(s->cmd.u.rename.ifname, IFNAME_SIZE, b->link->ifname);
		str_copy(s->cmd.u.rename.to, IFNAME_SIZE, name);
	}
	if (b->adopted || !b->link->up) {
		struct cmd_ifset *c;

		s = plan_emit(pl, PH_BRIDGE, KIND_BRIDGE, name, CMD_IF_SET);
		c = &s->cmd.u.ifset;
		str_copy(c->ifname, IFNAME_SIZE, name);
		c->fields = (b->adopted ? IFSET_MARK : 0) | (b->link->up ? 0 : IFSET_UP);
		c->up = !b->link->up;
		if (b->adopted) {
			c->mark = (struct mark){ .ours = true, .has_object = true, .kind = KIND_BRIDGE };
			str_copy(c->mark.name, sizeof(c->mark.name), name);
		}
	}
	if (field != NULL) {
		s = plan_emit(pl, PH_BRIDGE, KIND_BRIDGE, name, CMD_BRIDGE_SET);
		fill(&s->cmd.u.bridge, b->want);
		plan_pointer(s, "/bridges/%s/%s", name, field);
	}
}

static void
plan_one(struct planner *pl, const struct plan_bridge *b)
{
	const struct bridge *w = &b->want->u.bridge;
	struct plan_iface i = { .kind = KIND_BRIDGE,
		.name = b->want->name,
		.ifname = b->want->name,
		.jail = "",
		.need = "",
		.addrs = w->addrs.v,
		.naddrs = w->addrs.n,
		.addrs_only = true };

	str_format(i.base, sizeof(i.base), "/bridges/%s", b->want->name);
	if (b->link == NULL)
		create(pl, b);
	else
		change(pl, b);
	plan_addresses(pl, &i, b->link);
}

/* Also destroys what is ours and wanted by nothing: strays of both kinds were collected by the two matchers. */
void
plan_bridges(struct planner *pl)
{
	for (size_t i = 0; i < pl->want->n[KIND_BRIDGE]; i++)
		if (pl->bridges[i].in_scope)
			plan_one(pl, &pl->bridges[i]);
	for (size_t i = 0; i < pl->nstrays; i++) {
		const struct obs_link *l = pl->strays[i];
		bool named = l->mark.has_object;

		if ((named ? l->mark.kind : l->type == LINK_BRIDGE ? KIND_BRIDGE : KIND_EPAIR) != KIND_BRIDGE)
			continue;
		str_copy(
		    plan_emit(pl, PH_BRIDGE_DESTROY, KIND_BRIDGE, named ? l->mark.name : l->ifname, CMD_BRIDGE_DESTROY)
			->cmd.u.ref.name,
		    NAME_SIZE, l->ifname);
	}
}
