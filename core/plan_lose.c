/*
 * plan_lose: a jail stops: whose routes go through it?  Words for the operator only; nothing is done for it.
 *
 * What it has is taken from the kernel, what the others want from the topology: a gateway of theirs is an address that is seen in the
 * jail, on an epair that shares a bridge with one of theirs, or is the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/plan_int.h"

#define GATES_AT_ONCE 4 /* stopping jails that one jail can be told to lose */

struct gate {
	struct ip ip;
	struct plan_jail *jail;
	const struct obs_link *link;
};

static int
cmp_gate(const void *a, const void *b)
{
	const struct gate *x = a, *y = b;
	int c = ip_cmp(&x->ip, &y->ip);

	return (c != 0 ? c : strcmp(x->jail->name, y->jail->name));
}

/* The addresses of all jails that stop. */
static struct gate *
gates(struct planner *pl, size_t *n)
{
	struct gate *v = arena_array(&pl->arena, pl->have->naddrs + 1, sizeof(*v));

	*n = 0;
	for (size_t i = 0; v != NULL && i < pl->have->naddrs; i++) {
		const struct obs_addr *a = pl->addrs[i];
		struct plan_jail *j = plan_jail_find(pl, a->jail);

		if (j == NULL || j->stop == 0)
			continue;
		v[*n] = (struct gate){ a->prefix.ip, j, plan_link_find(pl, a->jail, a->ifname) };
		*n += v[*n].link != NULL;
	}
	if (*n > 0)
		qsort(v, *n, sizeof(*v), cmp_gate);
	return (v);
}

static const char *
bridge_behind(const struct planner *pl, const struct mark *m)
{
	for (size_t i = 0; i < pl->have->nlinks; i++) {
		const struct mark *o = &pl->have->links[i].mark;

		if (o->has_object && o->kind == KIND_EPAIR && o->side != m->side && strcmp(o->name, m->name) == 0)
			return (pl->have->links[i].bridge);
	}
	return ("");
}

static bool
is_met(const struct planner *pl, const struct plan_jail *j, const struct gate *g)
{
	const char *bridge;

	if (!g->link->mark.has_object || g->link->mark.kind != KIND_EPAIR)
		return (false);
	bridge = bridge_behind(pl, &g->link->mark);
	for (size_t i = 0; i < j->nends; i++) {
		const struct plan_end *e = pl->jail_ends[j->first_end + i];
		const struct end *other = pl->ends[(size_t)(e - pl->ends) ^ 1].want;

		if (strcmp(e->epair->name, g->link->mark.name) == 0)
			return (true);
		if (bridge[0] != '\0' && other->bridge != NULL && strcmp(other->bridge, bridge) == 0)
			return (true);
	}
	return (false);
}

static void
note(struct losers *l, const char *name)
{
	size_t len = strlen(l->names), room = sizeof(l->names) - len;

	if (l->more == 0 && strlen(name) + 3 <= room)
		(void)snprintf(l->names + len, room, "%s%s", len == 0 ? "" : ", ", name);
	else
		l->more++;
}

/* Once for each jail that it loses, as the worse of the two. */
static void
look(struct planner *pl, const struct plan_jail *j, const struct gate *v, size_t n, bool defaults, const struct plan_jail *done[GATES_AT_ONCE])
{
	const struct jail *w = &j->want->u.jail;

	for (size_t i = 0; i < w->nroutes; i++) {
		const struct ip *gw = &w->routes[i].gateway;
		size_t lo = 0, hi = n, k = 0;

		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;

			if (ip_cmp(&v[mid].ip, gw) < 0)
				lo = mid + 1;
			else
				hi = mid;
		}
		while (lo < n && ip_cmp(&v[lo].ip, gw) == 0 && !is_met(pl, j, &v[lo]))
			lo++;
		if (lo == n || ip_cmp(&v[lo].ip, gw) != 0 || prefix_is_default(&w->routes[i].dst) != defaults)
			continue;
		while (k < GATES_AT_ONCE && done[k] != NULL && done[k] != v[lo].jail)
			k++;
		if (k == GATES_AT_ONCE || done[k] != NULL)
			continue;
		done[k] = v[lo].jail;
		note(&pl->out->v[v[lo].jail->stop - 1].lose[defaults ? LOSE_WAY_OUT : LOSE_ROUTE], j->name);
	}
}

void
plan_lose(struct planner *pl)
{
	const struct gate *v = NULL;
	size_t n = 0;

	for (size_t i = 0; i < pl->njails && v == NULL; i++)
		if (pl->jails[i].stop != 0 && (v = gates(pl, &n)) == NULL)
			return;
	for (size_t i = 0; n > 0 && i < pl->njails; i++) {
		const struct plan_jail *j = &pl->jails[i], *done[GATES_AT_ONCE] = { NULL };

		if (j->want == NULL || !jail_wanted(j->want) || j->stop != 0)
			continue;
		look(pl, j, v, n, true, done);
		look(pl, j, v, n, false, done);
	}
}
