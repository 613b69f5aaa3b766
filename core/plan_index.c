/*
 * plan_index: the kernel's tables as sorted arrays of pointers, so that every later look-up is a binary search and the
 * order in which the kernel listed things does not matter.
 */
#include <stdlib.h>
#include <string.h>

#include "core/plan_int.h"

static int
cmp_jail(const void *a, const void *b)
{
	const struct obs_jail *const *x = a, *const *y = b;

	return (strcmp((*x)->name, (*y)->name));
}

static int
cmp_link(const void *a, const void *b)
{
	const struct obs_link *const *x = a, *const *y = b;
	int c;

	if ((c = strcmp((*x)->jail, (*y)->jail)) == 0)
		c = strcmp((*x)->ifname, (*y)->ifname);
	return (c);
}

static int
cmp_link_by_name(const void *a, const void *b)
{
	const struct obs_link *const *x = a, *const *y = b;
	int c;

	if ((c = strcmp((*x)->ifname, (*y)->ifname)) == 0)
		c = strcmp((*x)->jail, (*y)->jail);
	return (c);
}

static int
cmp_addr(const void *a, const void *b)
{
	const struct obs_addr *const *x = a, *const *y = b;
	int c;

	if ((c = strcmp((*x)->jail, (*y)->jail)) == 0 && (c = strcmp((*x)->ifname, (*y)->ifname)) == 0)
		c = prefix_cmp(&(*x)->prefix, &(*y)->prefix);
	return (c);
}

static int
cmp_route(const void *a, const void *b)
{
	const struct obs_route *const *x = a, *const *y = b;
	int c;

	if ((c = strcmp((*x)->jail, (*y)->jail)) == 0 && (c = prefix_cmp(&(*x)->dst, &(*y)->dst)) == 0)
		c = ip_cmp(&(*x)->gateway, &(*y)->gateway);
	return (c);
}

static int
cmp_sysctl(const void *a, const void *b)
{
	const struct obs_sysctl *const *x = a, *const *y = b;
	int c;

	if ((c = strcmp((*x)->jail, (*y)->jail)) == 0)
		c = strcmp((*x)->key, (*y)->key);
	return (c);
}

/* Pointers to the n rows of a table, sorted; NULL when memory is out.  Tables mostly come sorted: then nothing is
 * moved. */
static void *
index_rows(struct arena *arena, const void *rows, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	const char *row = rows;
	const void **v;
	bool sorted = true;

	if ((v = arena_array(arena, n + 1, sizeof(*v))) == NULL)
		return (NULL);
	for (size_t i = 0; i < n; i++) {
		v[i] = row + i * size;
		if (i > 0 && cmp(&v[i - 1], &v[i]) > 0)
			sorted = false;
	}
	if (!sorted)
		qsort(v, n, sizeof(*v), cmp);
	return (v);
}

int
plan_open(struct planner *pl, const struct topo *want, const struct observed *have, struct err *err)
{
	*pl = (struct planner){ .want = want, .have = have };
	arena_init(&pl->arena);
	pl->obs_jails = index_rows(&pl->arena, have->jails, have->njails, sizeof(*have->jails), cmp_jail);
	pl->links = index_rows(&pl->arena, have->links, have->nlinks, sizeof(*have->links), cmp_link);
	pl->by_name = index_rows(&pl->arena, have->links, have->nlinks, sizeof(*have->links), cmp_link_by_name);
	pl->addrs = index_rows(&pl->arena, have->addrs, have->naddrs, sizeof(*have->addrs), cmp_addr);
	pl->routes = index_rows(&pl->arena, have->routes, have->nroutes, sizeof(*have->routes), cmp_route);
	pl->sysctls = index_rows(&pl->arena, have->sysctls, have->nsysctls, sizeof(*have->sysctls), cmp_sysctl);
	if (pl->obs_jails == NULL || pl->links == NULL || pl->by_name == NULL || pl->addrs == NULL ||
	    pl->routes == NULL || pl->sysctls == NULL) {
		plan_close(pl);
		return (err_nomem(err));
	}
	return (0);
}

void
plan_close(struct planner *pl)
{
	free(pl->phase);
	pl->phase = NULL;
	arena_fini(&pl->arena);
}

/* First index in [0, n) for which the row is not below the key. */
static size_t
lower_bound(size_t n, int (*below)(const struct planner *, size_t, const char *, const char *),
    const struct planner *pl, const char *k1, const char *k2)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (below(pl, mid, k1, k2) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (lo);
}

static int
at_link(const struct planner *pl, size_t i, const char *jail, const char *ifname)
{
	int c = strcmp(pl->links[i]->jail, jail);

	return (c != 0 ? c : strcmp(pl->links[i]->ifname, ifname));
}

static int
at_name(const struct planner *pl, size_t i, const char *ifname, const char *unused)
{
	(void)unused;
	return (strcmp(pl->by_name[i]->ifname, ifname));
}

static int
at_addr(const struct planner *pl, size_t i, const char *jail, const char *ifname)
{
	int c = strcmp(pl->addrs[i]->jail, jail);

	return (c != 0 ? c : strcmp(pl->addrs[i]->ifname, ifname));
}

static int
at_route(const struct planner *pl, size_t i, const char *jail, const char *unused)
{
	(void)unused;
	return (strcmp(pl->routes[i]->jail, jail));
}

static int
at_sysctl(const struct planner *pl, size_t i, const char *jail, const char *key)
{
	int c = strcmp(pl->sysctls[i]->jail, jail);

	return (c != 0 ? c : strcmp(pl->sysctls[i]->key, key));
}

static int
at_jail(const struct planner *pl, size_t i, const char *name, const char *unused)
{
	(void)unused;
	return (strcmp(pl->jails[i].name, name));
}

struct plan_jail *
plan_jail_find(const struct planner *pl, const char *name)
{
	size_t i = lower_bound(pl->njails, at_jail, pl, name, NULL);

	return (i < pl->njails && at_jail(pl, i, name, NULL) == 0 ? &pl->jails[i] : NULL);
}

struct plan_jail *
plan_jail_of(const struct planner *pl, const struct obs_link *l)
{
	return (l == NULL || l->jail[0] == '\0' ? NULL : plan_jail_find(pl, l->jail));
}

struct plan_bridge *
plan_bridge_find(const struct planner *pl, const char *name)
{
	long i = topo_index(pl->want, KIND_BRIDGE, name);

	return (i == -1 ? NULL : &pl->bridges[i]);
}

const struct obs_link *
plan_link_find(const struct planner *pl, const char *jail, const char *ifname)
{
	size_t n = pl->have->nlinks, i = lower_bound(n, at_link, pl, jail, ifname);

	return (i < n && at_link(pl, i, jail, ifname) == 0 ? pl->links[i] : NULL);
}

const struct obs_link *const *
plan_links_named(const struct planner *pl, const char *ifname, size_t *n)
{
	size_t total = pl->have->nlinks, first = lower_bound(total, at_name, pl, ifname, NULL), i = first;

	while (i < total && at_name(pl, i, ifname, NULL) == 0)
		i++;
	*n = i - first;
	return (&pl->by_name[first]);
}

const struct obs_addr *const *
plan_addrs_of(const struct planner *pl, const struct obs_link *link, size_t *n)
{
	size_t total = pl->have->naddrs, first = lower_bound(total, at_addr, pl, link->jail, link->ifname), i = first;

	while (i < total && at_addr(pl, i, link->jail, link->ifname) == 0)
		i++;
	*n = i - first;
	return (&pl->addrs[first]);
}

const struct obs_route *const *
plan_routes_of(const struct planner *pl, const char *jail, size_t *n)
{
	size_t total = pl->have->nroutes, first = lower_bound(total, at_route, pl, jail, NULL), i = first;

	while (i < total && at_route(pl, i, jail, NULL) == 0)
		i++;
	*n = i - first;
	return (&pl->routes[first]);
}

const struct obs_sysctl *
plan_sysctl_find(const struct planner *pl, const char *jail, const char *key)
{
	size_t n = pl->have->nsysctls, i = lower_bound(n, at_sysctl, pl, jail, key);

	return (i < n && at_sysctl(pl, i, jail, key) == 0 ? pl->sysctls[i] : NULL);
}
