/*
 * plan_foreign: interfaces that are not ours but that the topology names, as bridge members or attachments, and those
 * that must be given back as they were found.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/plan_int.h"
#include "core/str.h"

static int
cmp_foreign(const void *a, const void *b)
{
	const struct plan_foreign *x = a, *y = b;

	return (strcmp(x->ifname, y->ifname));
}

/* One row for each name, whatever gave it. */
static void
merge_rows(struct planner *pl)
{
	size_t n = 0;

	qsort(pl->foreign, pl->nforeign, sizeof(*pl->foreign), cmp_foreign);
	for (size_t i = 0; i < pl->nforeign; i++) {
		struct plan_foreign *f = &pl->foreign[i], *last = n == 0 ? NULL : &pl->foreign[n - 1];

		if (last == NULL || strcmp(last->ifname, f->ifname) != 0) {
			pl->foreign[n++] = *f;
			continue;
		}
		if (f->member != NULL) {
			last->member = f->member;
			last->bridge = f->bridge;
		}
		if (f->att != NULL)
			last->att = f->att;
		if (f->found != NULL)
			last->found = f->found;
	}
	pl->nforeign = n;
}

static size_t
count_rows(const struct topo *t)
{
	size_t n = t->n[KIND_ATTACHMENT] + t->nfound;

	for (size_t i = 0; i < t->n[KIND_BRIDGE]; i++)
		n += t->v[KIND_BRIDGE][i]->u.bridge.nmembers;
	return (n);
}

static void
collect(struct planner *pl)
{
	const struct topo *t = pl->want;

	for (size_t i = 0; i < t->n[KIND_BRIDGE]; i++) {
		const struct bridge *b = &t->v[KIND_BRIDGE][i]->u.bridge;

		for (size_t m = 0; m < b->nmembers; m++)
			pl->foreign[pl->nforeign++] = (struct plan_foreign){ .ifname = b->members[m].ifname,
				.member = &b->members[m],
				.bridge = pl->bridges == NULL ? NULL : &pl->bridges[i] };
	}
	for (size_t i = 0; i < t->n[KIND_ATTACHMENT]; i++)
		pl->foreign[pl->nforeign++] =
		    (struct plan_foreign){ .ifname = t->v[KIND_ATTACHMENT][i]->name, .att = t->v[KIND_ATTACHMENT][i] };
	for (size_t i = 0; i < t->nfound; i++)
		pl->foreign[pl->nforeign++] =
		    (struct plan_foreign){ .ifname = t->found[i].ifname, .found = &t->found[i] };
	merge_rows(pl);
}

/* Inside a jail a name alone proves nothing: it is ours to touch where we put it, or when it has the MAC we noted, even
 * in a jail that the topology has forgotten meanwhile. */
static bool
is_it(const struct plan_foreign *f, const struct obs_link *l, const struct plan_jail *j)
{
	if (f->att != NULL && strcmp(f->att->u.attachment.jail, l->jail) == 0)
		return (true);
	if (f->found == NULL)
		return (false);
	if (mac_is_zero(&f->found->mac))
		return (j->want != NULL || (j->have != NULL && j->have->ours));
	return (mac_equal(&f->found->mac, &l->mac));
}

static void
locate(struct planner *pl, struct plan_foreign *f)
{
	const struct obs_link *const *v;
	size_t n;

	v = plan_links_named(pl, f->ifname, &n);
	for (size_t i = 0; i < n; i++) {
		const struct obs_link *l = v[i];
		struct plan_jail *j;

		if (l->mark.ours || l->type == LINK_LOOPBACK)
			continue;
		if (l->jail[0] == '\0') { /* sorted first */
			f->link = l;
			return;
		}
		j = plan_jail_find(pl, l->jail);
		if (j == NULL || !is_it(f, l, j))
			continue;
		if (f->link == NULL || (f->att != NULL && strcmp(f->att->u.attachment.jail, l->jail) == 0)) {
			f->link = l;
			f->from = j;
		}
	}
}

static int
index_by_jail(struct planner *pl)
{
	size_t sum = 0;

	if ((pl->jail_atts = arena_array(&pl->arena, pl->nforeign + 1, sizeof(struct plan_foreign *))) == NULL)
		return (-1);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < pl->nforeign; i++) {
			struct plan_foreign *f = &pl->foreign[i];
			struct plan_jail *j = f->att == NULL ? NULL : plan_jail_find(pl, f->att->u.attachment.jail);

			if (j != NULL && pass == 0)
				j->natts++;
			else if (j != NULL)
				pl->jail_atts[j->first_att + j->natts++] = f;
		}
		for (size_t i = 0; pass == 0 && i < pl->njails; i++) {
			pl->jails[i].first_att = sum;
			sum += pl->jails[i].natts;
			pl->jails[i].natts = 0;
		}
	}
	return (0);
}

int
plan_foreign_match(struct planner *pl, struct err *err)
{
	if ((pl->foreign = arena_array(&pl->arena, count_rows(pl->want) + 1, sizeof(*pl->foreign))) == NULL)
		return (err_nomem(err));
	collect(pl);
	for (size_t i = 0; i < pl->nforeign; i++)
		locate(pl, &pl->foreign[i]);
	return (index_by_jail(pl) == -1 ? err_nomem(err) : 0);
}

static bool
bridge_is_ours(const struct planner *pl, const char *ifname)
{
	const struct obs_link *l = plan_link_find(pl, "", ifname);

	return (l != NULL && l->mark.ours);
}

static void
pointer_base(struct plan_iface *i, const char *collection, const char *object, const char *ifname)
{
	char key[2 * IFNAME_SIZE];

	if (ifname == NULL)
		str_format(i->base, sizeof(i->base), "/%s/%s", collection, object);
	else
		str_format(i->base, sizeof(i->base), "/%s/%s/members/%s", collection, object,
		    str_pointer(ifname, key, sizeof(key)));
}

/* Taken out of a jail that dies in this plan, whatever becomes of it then. */
static bool
reclaim(struct planner *pl, const struct plan_foreign *f)
{
	struct step *s;

	if (f->from == NULL || !f->from->teardown)
		return (false);
	s = plan_emit(pl, PH_RECLAIM, KIND_JAIL, f->from->name, CMD_IF_MOVE);
	str_copy(s->cmd.u.move.ifname, IFNAME_SIZE, f->link->ifname);
	str_copy(s->cmd.u.move.from, NAME_SIZE, f->link->jail);
	return (true);
}

static void
plan_member(struct planner *pl, const struct plan_foreign *f, struct plan_iface *i)
{
	const struct plan_bridge *b = f->bridge;
	char mtu_pointer[64];

	if (!b->in_scope)
		return;
	i->kind = i->need_kind = KIND_BRIDGE;
	i->name = i->need = i->bridge = b->want->name;
	pointer_base(i, "bridges", b->want->name, f->ifname);
	i->bridge_now = b->link == NULL ? NULL : b->link->ifname;
	i->port = &f->member->port;
	i->vlan_filter = b->want->u.bridge.vlan_filter;
	i->stp = b->want->u.bridge.stp;
	i->mtu = b->want->u.bridge.mtu; /* all members of a bridge have one MTU, if_bridge(4) */
	str_format(mtu_pointer, sizeof(mtu_pointer), "/bridges/%s/mtu", b->want->name);
	i->mtu_pointer = mtu_pointer;
	i->up = true;
	plan_settle(pl, i);
}

/* A foreign bridge it sits in on the host is none of our business. */
static bool
keep_bridge(const struct planner *pl, struct plan_iface *i)
{
	if (i->link->jail[0] != '\0' || i->link->bridge[0] == '\0' || bridge_is_ours(pl, i->link->bridge))
		return (false);
	i->bridge = i->bridge_now = i->link->bridge;
	return (true);
}

static void
plan_attachment(struct planner *pl, struct plan_foreign *f, struct plan_iface *i)
{
	const struct attachment *a = &f->att->u.attachment;
	struct plan_jail *j = plan_jail_find(pl, a->jail);

	if (j == NULL || j->frozen || !plan_in_scope(pl, KIND_ATTACHMENT, f->ifname)) {
		f->usable = f->from != NULL && f->from == j && f->link->up && !f->from->teardown;
		return;
	}
	i->kind = KIND_ATTACHMENT;
	i->name = f->ifname;
	pointer_base(i, "attachments", f->ifname, NULL);
	if (plan_minds_itself(j) ? plan_is_awaited(pl, j, f->link) : !j->there) { /* waits on the host for its jail, otherwise as it is */
		keep_bridge(pl, i);
		i->leave_up = true;
		plan_settle(pl, i);
		return;
	}
	i->need_kind = KIND_JAIL;
	i->need = i->jail = plan_minds_itself(j) ? f->link->jail : a->jail;
	i->to = j;
	i->up = true;
	i->addrs = a->addrs.v;
	i->naddrs = a->addrs.n;
	i->leave_up = plan_minds_itself(j);
	i->addrs_only = !i->leave_up;
	plan_settle(pl, i);
	f->settled = true;
	f->usable = !i->leave_up || (f->link->up && strcmp(f->link->jail, a->jail) == 0);
}

/* What gave the interface to us is gone: as it was found.  A bridge somebody else put it into meanwhile is left alone.
 */
static void
plan_restore(struct planner *pl, const struct plan_foreign *f, struct plan_iface *i)
{
	const struct found *was = f->found;

	i->kind = KIND_ATTACHMENT;
	i->name = f->ifname;
	i->undo = true;
	pointer_base(i, "attachments", f->ifname, NULL);
	if (!keep_bridge(pl, i) && was->bridge[0] != '\0' && plan_link_find(pl, "", was->bridge) != NULL &&
	    !bridge_is_ours(pl, was->bridge))
		i->bridge = i->bridge_now = was->bridge;
	i->up = was->up;
	i->mtu = was->mtu;
	i->mac = was->mac;
	i->traits = &was->traits;
	i->addrs = was->addrs;
	i->naddrs = was->naddrs;
	plan_settle(pl, i);
}

void
plan_foreign(struct planner *pl)
{
	for (size_t k = 0; k < pl->nforeign; k++) {
		struct plan_foreign *f = &pl->foreign[k];
		struct plan_iface i = {
			.need = "", .link = f->link, .ifname = f->ifname, .jail = "", .bridge = "", .from = f->from
		};

		if (f->link == NULL || (f->from != NULL && f->from->frozen))
			continue;
		i.reclaimed = reclaim(pl, f);
		if (f->member != NULL)
			plan_member(pl, f, &i);
		else if (f->att != NULL)
			plan_attachment(pl, f, &i);
		else if (f->found != NULL && plan_in_scope(pl, KIND_ATTACHMENT, f->ifname))
			plan_restore(pl, f, &i);
	}
}

static void
note(const struct planner *pl, const struct obs_link *l, struct found *out)
{
	const struct obs_addr *const *v;
	size_t n;

	*out = (struct found){ .up = l->up, .mtu = l->mtu, .mac = l->mac, .traits = l->traits };
	/* a bridge changes the offloads of its members, and gives them back itself */
	if (l->bridge[0] != '\0')
		out->traits.fields &= ~TRAIT_CAPS;
	str_copy(out->ifname, sizeof(out->ifname), l->ifname);
	if (!bridge_is_ours(pl, l->bridge))
		str_copy(out->bridge, sizeof(out->bridge), l->bridge);
	v = plan_addrs_of(pl, l, &n);
	for (size_t i = 0; i < n && i < LIMIT_ADDRESSES; i++)
		out->addrs[out->naddrs++] = v[i]->prefix;
}

int
plan_found(const struct topo *want, const struct observed *have,
    int (*put)(void *arg, const struct found *f, struct err *err), void *arg, struct err *err)
{
	struct planner pl;
	int r = 0;

	if (count_rows(want) == want->nfound)
		return (0);
	if (plan_open(&pl, want, have, err) == -1)
		return (-1);
	if ((pl.foreign = arena_array(&pl.arena, count_rows(want) + 1, sizeof(*pl.foreign))) == NULL) {
		r = err_nomem(err);
		goto out;
	}
	collect(&pl);
	for (size_t i = 0; r == 0 && i < pl.nforeign; i++) {
		const struct plan_foreign *f = &pl.foreign[i];
		const struct obs_link *l;
		struct found found;

		/* a row with a record may point into want->found, which 'put' changes: it is not looked at */
		if (f->found != NULL || (l = plan_link_find(&pl, "", f->ifname)) == NULL || l->mark.ours)
			continue;
		note(&pl, l, &found);
		r = put(arg, &found, err);
	}
out:
	plan_close(&pl);
	return (r);
}

/* Back as it was: plan_restore() would have nothing to do. */
static bool
is_back(const struct planner *pl, const struct found *was)
{
	const struct obs_link *l = plan_link_find(pl, "", was->ifname);
	const struct obs_addr *const *v;
	size_t n;

	if (l == NULL || l->mark.ours || l->up != was->up || l->mtu != was->mtu)
		return (false);
	if ((!mac_is_zero(&was->mac) && !mac_equal(&was->mac, &l->mac)) || traits_differ(&was->traits, &l->traits) != 0)
		return (false);
	if (l->bridge[0] != '\0' ? bridge_is_ours(pl, l->bridge)
				 : was->bridge[0] != '\0' && plan_link_find(pl, "", was->bridge) != NULL &&
				       !bridge_is_ours(pl, was->bridge))
		return (false);
	v = plan_addrs_of(pl, l, &n);
	for (size_t i = 0; i < was->naddrs; i++) {
		bool there = false;

		for (size_t k = 0; k < n; k++)
			there = there || prefix_cmp(&v[k]->prefix, &was->addrs[i]) == 0;
		if (!there)
			return (false);
	}
	return (true);
}

int
plan_returned(const struct topo *want, const struct observed *have,
    int (*drop)(void *arg, const char *ifname, struct err *err), void *arg, struct err *err)
{
	const char **names;
	struct planner pl;
	size_t n = 0;
	int r = 0;

	if (want->nfound == 0)
		return (0);
	if (plan_open(&pl, want, have, err) == -1)
		return (-1);
	names = arena_array(&pl.arena, want->nfound, sizeof(*names));
	pl.foreign = arena_array(&pl.arena, count_rows(want) + 1, sizeof(*pl.foreign));
	if (names == NULL || pl.foreign == NULL) {
		r = err_nomem(err);
		goto out;
	}
	collect(&pl);
	/* 'drop' may well change want->found, into which the rows point: read first, call then */
	for (size_t i = 0; r == 0 && i < pl.nforeign; i++) {
		const struct plan_foreign *f = &pl.foreign[i];

		if (f->member != NULL || f->att != NULL || !is_back(&pl, f->found))
			continue;
		if ((names[n++] = arena_strdup(&pl.arena, f->ifname)) == NULL)
			r = err_nomem(err);
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		r = drop(arg, names[i], err);
out:
	plan_close(&pl);
	return (r);
}
