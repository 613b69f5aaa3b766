/*
 * plan_iface: from an interface as it is to an interface as it is wanted: the part that epair ends, bridge members,
 * attachments and interfaces given back have in common.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/plan_int.h"
#include "core/str.h"

static enum phase
phase_of(const struct plan_iface *i, enum phase ph)
{
	if (!i->undo)
		return (ph);
	return (ph == PH_MOVE ? PH_RECLAIM : PH_RESTORE);
}

static struct step *
emit(struct planner *pl, const struct plan_iface *i, enum phase ph, enum cmd_op op)
{
	struct step *s = plan_emit(pl, ph, i->kind, i->name, op);

	plan_pointer(s, "%s", i->base);
	/* if it did not get out of the dying jail, there is nothing to work on; the renaming comes before */
	if (i->reclaimed && ph > PH_RECLAIM)
		plan_need(s, KIND_JAIL, i->from->name);
	return (s);
}

/* Leaves the wrong bridge, gets its name where it is, goes to its place.  Moves lose addresses, port, up flag and
 * routes. */
static void
settle_place(struct planner *pl, struct plan_iface *i)
{
	const char *at = i->reclaimed ? "" : i->link->jail;
	bool stays = i->bridge_now != NULL && strcmp(i->link->bridge, i->bridge_now) == 0 && i->bridge[0] != '\0';
	struct step *s;

	/* a bridge inside a jail is that jail's own */
	if (i->link->bridge[0] != '\0' && i->link->jail[0] == '\0' && !stays) {
		s = emit(pl, i, PH_DETACH, CMD_PORT_DETACH);
		str_copy(s->cmd.u.port.bridge, IFNAME_SIZE, i->link->bridge);
		str_copy(s->cmd.u.port.ifname, IFNAME_SIZE, i->link->ifname);
	}
	if (strcmp(i->link->ifname, i->ifname) != 0) {
		s = emit(pl, i, PH_RENAME, CMD_IF_RENAME);
		str_copy(s->cmd.u.rename.jail, NAME_SIZE, i->link->jail);
		str_copy(s->cmd.u.rename.ifname, IFNAME_SIZE, i->link->ifname);
		str_copy(s->cmd.u.rename.to, IFNAME_SIZE, i->ifname);
		plan_pointer(s, "%s/ifname", i->base);
	}
	if (strcmp(at, i->jail) != 0) {
		s = emit(pl, i, phase_of(i, PH_MOVE), CMD_IF_MOVE);
		str_copy(s->cmd.u.move.ifname, IFNAME_SIZE, i->ifname);
		str_copy(s->cmd.u.move.from, NAME_SIZE, at);
		str_copy(s->cmd.u.move.to, NAME_SIZE, i->jail);
		plan_pointer(s, "%s/jail", i->base);
		plan_need(s, i->need_kind, i->need);
		i->fresh = true;
	}
	if (i->reclaimed)
		i->fresh = true;
}

static struct step *
emit_set(struct planner *pl, const struct plan_iface *i, enum phase ph, uint32_t fields)
{
	struct step *s = emit(pl, i, phase_of(i, ph), CMD_IF_SET);
	struct cmd_ifset *c = &s->cmd.u.ifset;

	str_copy(c->jail, NAME_SIZE, i->jail);
	str_copy(c->ifname, IFNAME_SIZE, i->ifname);
	c->fields = fields;
	c->mtu = fields & IFSET_MTU ? i->mtu : 0;
	if (fields & IFSET_MAC)
		c->mac = i->mac;
	c->up = fields & IFSET_UP ? i->up : false;
	plan_need(s, i->jail[0] != '\0' ? i->need_kind : KIND_JAIL, i->jail[0] != '\0' ? i->need : "");
	return (s);
}

/* One command for all that differs; its pointer names the first field. */
static void
settle_fields(struct planner *pl, struct plan_iface *i)
{
	const struct obs_link *l = i->link;
	uint32_t fields = 0, traits = 0;
	const char *field = "";
	struct step *s;

	if (!i->leave_up && !i->up && l->up && !i->fresh) {
		fields |= IFSET_UP;
		field = "/up";
		i->downed = true;
	}
	if (!mac_is_zero(&i->mac) && !mac_equal(&i->mac, &l->mac)) {
		fields |= IFSET_MAC;
		field = "/mac";
	}
	if (i->mtu != 0 && i->mtu != l->mtu) {
		fields |= IFSET_MTU;
		field = "/mtu";
	}
	if (i->mark)
		fields |= IFSET_MARK;
	/* inside a jail they are not looked at, and the move home loses some */
	if (i->traits != NULL)
		traits = i->fresh ? i->traits->fields : traits_differ(i->traits, &l->traits);
	if (traits != 0)
		fields |= IFSET_TRAITS;
	if (fields == 0)
		return;
	s = emit_set(pl, i, PH_IF_SET, fields);
	if (traits != 0) {
		s->cmd.u.ifset.traits = *i->traits;
		s->cmd.u.ifset.traits.fields = traits;
	}
	if (i->mark) {
		struct mark *m = &s->cmd.u.ifset.mark;

		*m = (struct mark){ .ours = true, .has_object = true, .kind = i->kind };
		str_copy(m->name, sizeof(m->name), i->name);
		m->side = i->side;
	}
	if (strcmp(field, "/mtu") == 0 && i->mtu_pointer != NULL)
		plan_pointer(s, "%s", i->mtu_pointer);
	else
		plan_pointer(s, "%s%s", i->base, field);
}

static bool
port_differs(const struct plan_iface *i)
{
	const struct obs_link *l = i->link;
	const struct port *p = i->port;

	if (l->priv != p->priv)
		return (true);
	/* a bridge with STP has it on all its ports */
	if (l->port_stp_known && (l->edge != p->edge || (!i->stp && l->port_stp != p->stp)))
		return (true);
	if (!i->vlan_filter)
		return (false);
	if (l->untagged != p->untagged || l->ntagged != p->ntagged)
		return (true);
	return (p->ntagged > 0 && memcmp(l->tagged, p->tagged, p->ntagged * sizeof(*p->tagged)) != 0);
}

static void
settle_port(struct planner *pl, struct plan_iface *i)
{
	bool attached = !i->fresh && i->bridge_now != NULL && strcmp(i->link->bridge, i->bridge_now) == 0;
	struct cmd_port *c;
	struct step *s;

	if (i->bridge[0] == '\0' || (attached && (i->port == NULL || !port_differs(i))))
		return;
	s = emit(pl, i, phase_of(i, PH_ATTACH), attached ? CMD_PORT_SET : CMD_PORT_ATTACH);
	c = &s->cmd.u.port;
	str_copy(c->bridge, IFNAME_SIZE, i->bridge);
	str_copy(c->ifname, IFNAME_SIZE, i->ifname);
	if (i->port != NULL) {
		c->priv = i->port->priv;
		c->stp = i->port->stp;
		c->edge = i->port->edge;
		if (i->vlan_filter) {
			c->untagged = i->port->untagged;
			c->ntagged = i->port->ntagged;
			for (size_t n = 0; n < c->ntagged && n < LIMIT_TAGGED; n++)
				c->tagged[n] = i->port->tagged[n];
		}
	}
	if (i->kind == KIND_EPAIR)
		plan_pointer(s, attached ? "%s" : "%s/bridge", i->base);
	plan_need(s, i->need_kind, i->need);
}

static int
cmp_prefix(const void *a, const void *b)
{
	const struct prefix *const *x = a, *const *y = b;

	return (prefix_cmp(*x, *y));
}

bool
plan_addresses(struct planner *pl, struct plan_iface *i, const struct obs_link *link)
{
	const struct prefix *sorted[LIMIT_ADDRESSES];
	const struct obs_addr *const *have = NULL;
	size_t nhave = 0, nwant = i->naddrs < LIMIT_ADDRESSES ? i->naddrs : LIMIT_ADDRESSES;
	bool seen[LIMIT_ADDRESSES] = { false }, changed = false;
	struct step *s;

	if (link != NULL)
		have = plan_addrs_of(pl, link, &nhave);
	for (size_t n = 0; n < nwant; n++)
		sorted[n] = &i->addrs[n];
	/* cppcheck-suppress uninitvar ; filled by the loop above */
	qsort(sorted, nwant, sizeof(*sorted), cmp_prefix);
	for (size_t n = 0; n < nhave; n++) {
		const struct prefix *p = &have[n]->prefix, **hit;

		hit = nwant == 0 ? NULL : bsearch(&p, sorted, nwant, sizeof(*sorted), cmp_prefix);
		if (hit != NULL) {
			seen[*hit - i->addrs] = !(i->downed && p->ip.family == 6);
		} else if (i->addrs_only) {
			s = emit(pl, i, PH_ADDR_DEL, CMD_ADDR_DEL);
			str_copy(s->cmd.u.addr.jail, NAME_SIZE, link->jail);
			str_copy(s->cmd.u.addr.ifname, IFNAME_SIZE, link->ifname);
			s->cmd.u.addr.prefix = *p;
			plan_pointer(s, "%s/addresses", i->base);
			changed = true;
		}
	}
	for (size_t n = 0; n < nwant; n++) {
		if (seen[n])
			continue;
		s = emit(pl, i, phase_of(i, PH_ADDR_ADD), CMD_ADDR_ADD);
		str_copy(s->cmd.u.addr.jail, NAME_SIZE, i->jail);
		str_copy(s->cmd.u.addr.ifname, IFNAME_SIZE, i->ifname);
		s->cmd.u.addr.prefix = i->addrs[n];
		plan_pointer(s, "%s/addresses/%zu", i->base, n);
		if (i->jail[0] != '\0')
			plan_need(s, i->need_kind, i->need);
		changed = true;
	}
	return (changed);
}

void
plan_up(struct planner *pl, const struct plan_iface *i, enum phase ph)
{
	struct step *s = emit_set(pl, i, ph, IFSET_UP);

	plan_pointer(s, "%s/up", i->base);
}

void
plan_settle(struct planner *pl, struct plan_iface *i)
{
	settle_place(pl, i);
	settle_fields(pl, i);
	settle_port(pl, i);
	i->readdressed = plan_addresses(pl, i, i->fresh ? NULL : i->link);
	if (!i->leave_up && i->up && (i->fresh || !i->link->up))
		plan_up(pl, i, PH_UP);
	if (i->fresh && i->from != NULL)
		i->from->reroute = true;
	if ((i->fresh || i->readdressed) && i->to != NULL)
		i->to->reroute = true;
}
