/*
 * plan_claim: pairs the kernel's links with the wanted ends by their labels.
 *
 * A label can be forged by root inside a jail.  A claimant in the wanted place beats one on the host, which beats any
 * other; so a jail can at worst disturb its own epairs.
 */
#include <stdlib.h>
#include <string.h>

#include "core/plan_int.h"

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
		if (hit != NULL && (*hit)->link == NULL && !mac_is_zero(&l->mac) &&
		    mac_equal(&l->mac, &(*hit)->want->mac)) {
			(*hit)->link = l;
			(*hit)->adopted = true;
		} else
			pl->strays[pl->nstrays++] = l;
	}
	return (0);
}

/* An end that runs already, unlabelled, in its place, with its name and its address. */
static const struct obs_link *
running_end(const struct planner *pl, const struct plan_end *e)
{
	const struct obs_link *l = plan_link_find(pl, e->want->jail != NULL ? e->want->jail : "", e->want->ifname);

	if (l == NULL || l->mark.ours || !l->adoptable || l->type != LINK_EPAIR || mac_is_zero(&l->mac) || !mac_equal(&l->mac, &e->want->mac))
		return (NULL);
	return (l);
}

/* Somebody else's pair becomes a wanted epair where policy lets it: both halves or, where it was cut short, the second. */
static void
take_over(struct planner *pl)
{
	for (size_t i = 0; i < pl->want->n[KIND_EPAIR]; i++) {
		struct plan_end *e = &pl->ends[2 * i];
		const struct obs_link *l[2];

		if ((e[0].link != NULL && e[1].link != NULL) || e[0].ambiguous || e[1].ambiguous)
			continue;
		for (int side = END_A; side <= END_B; side++)
			l[side] = e[side].link != NULL ? e[side].link : running_end(pl, &e[side]);
		if (l[0] == NULL || l[1] == NULL || !observed_is_pair(l[0], l[1]))
			continue;
		for (int side = END_A; side <= END_B; side++) {
			e[side].adopted = e[side].adopted || e[side].link == NULL;
			e[side].link = l[side];
		}
	}
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
	take_over(pl);
	for (size_t i = 0; i < 2 * n; i++) {
		struct plan_end *e = &pl->ends[i];

		e->from = plan_jail_of(pl, e->link);
		e->frozen = (e->jail != NULL && e->jail->frozen) || (e->from != NULL && e->from->frozen);
	}
}
