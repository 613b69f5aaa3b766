/*
 * fbsd_pair: which halves make an epair, for pairs that somebody else made.
 *
 * The kernel does not tell; it tells what it made each half as, "epair7", whatever it is called now and wherever it is.  Units are counted in
 * each network, so a jail that makes pairs of its own may have a 7, too: two halves belong together when no third one of that unit is seen.  A
 * third one that nobody can look at (in a jail below a jail) would be missed.  Pairs of ours are known by their marks and need none of this.
 */
#include "worker/freebsd/fbsd_sys.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"

struct fbsd_pair {
	uint32_t half, other;	/* ifindexes; these are the kernel's, not the network's */
	bool away;
};

uint32_t
fbsd_pair_unit(const struct fbsd_in *in, const struct obs_link *o)
{
	char unit[IFNAME_SIZE], *end;
	unsigned long n;

	/* of ours only those whose taking over may have been cut short */
	if (o->type != LINK_EPAIR || (o->mark.ours && (in->f->adopt_ok == NULL || !in->f->adopt_ok(in->f->arg, o->ifname))) ||
	    fbsd_if_unit(o->ifindex, unit) != 0 || strncmp(unit, "epair", 5) != 0)
		return (0);
	n = strtoul(unit + 5, &end, 10);
	return (end == unit + 5 || *end != '\0' ? 0 : (uint32_t)n + 1);
}

static int
by_unit(const void *a, const void *b)
{
	const struct obs_link *x = *(struct obs_link *const *)a, *y = *(struct obs_link *const *)b;

	return ((x->peer > y->peer) - (x->peer < y->peer));
}

static int
by_half(const void *a, const void *b)
{
	const struct fbsd_pair *x = a, *y = b;

	return ((x->half > y->half) - (x->half < y->half));
}

/* v[0..n) are all that were made as one unit. */
static void
join(struct obs_link **v, size_t n)
{
	bool two = n == 2, away = n == 1 || (two && strcmp(v[0]->jail, v[1]->jail) != 0);

	for (size_t i = 0; i < n; i++) {
		v[i]->peer = two ? v[1 - i]->ifindex : 0;
		v[i]->peer_away = away;
	}
}

/* For the looks at a part, until the next look at all. */
static void
keep(struct fbsd *f, struct obs_link **v, size_t n)
{
	free(f->pairs);
	f->npairs = 0;
	f->pairs = n == 0 ? NULL : malloc(n * sizeof(*f->pairs));
	for (size_t i = 0; f->pairs != NULL && i < n; i++)
		f->pairs[f->npairs++] = (struct fbsd_pair){ v[i]->ifindex, v[i]->peer, v[i]->peer_away };
	if (f->npairs > 1)
		qsort(f->pairs, f->npairs, sizeof(*f->pairs), by_half);
}

static void
remember(const struct fbsd *f, struct obs_link *o)
{
	const struct fbsd_pair key = { .half = o->ifindex };
	const struct fbsd_pair *p = f->npairs == 0 ? NULL : bsearch(&key, f->pairs, f->npairs, sizeof(key), by_half);

	o->peer = p == NULL ? 0 : p->other;
	o->peer_away = p == NULL || p->away;
}

int
fbsd_pairs(struct fbsd *f, struct observed *o, size_t from, bool all)
{
	struct obs_link **v = all ? calloc(o->nlinks - from + 1, sizeof(struct obs_link *)) : NULL;
	size_t n = 0, end;

	if (all && v == NULL)
		return (-1);
	for (size_t i = from; i < o->nlinks; i++) {
		if (o->links[i].peer == 0)
			continue;
		if (all)
			v[n++] = &o->links[i];
		else
			remember(f, &o->links[i]);
	}
	if (!all)
		return (0);
	if (n > 1)
		qsort(v, n, sizeof(*v), by_unit);
	for (size_t i = 0; i < n; i = end) {
		uint32_t unit = v[i]->peer;

		for (end = i + 1; end < n && v[end]->peer == unit; end++)
			continue;
		join(&v[i], end - i);
	}
	keep(f, v, n);
	free(v);
	return (0);
}
