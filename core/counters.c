/*
 * counters: whose a counter is.
 */
#include "core/counters.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"

/* The halves of our epairs, by epair and side. */
struct halves {
	const struct obs_link **v;
	size_t n;
};

static int
half_cmp(const void *a, const void *b)
{
	const struct obs_link *x = *(const struct obs_link *const *)a, *y = *(const struct obs_link *const *)b;
	int c = strcmp(x->mark.name, y->mark.name);

	return (c != 0 ? c : (x->mark.side > y->mark.side) - (x->mark.side < y->mark.side));
}

static bool
is_half(const struct obs_link *l)
{
	return (l->mark.ours && l->mark.has_object && l->mark.kind == KIND_EPAIR);
}

static int
halves_find(struct halves *h, const struct observed *have)
{
	h->v = calloc(have->nlinks + 1, sizeof(struct obs_link *));
	if (h->v == NULL)
		return (-1);
	for (size_t i = 0; i < have->nlinks; i++)
		if (is_half(&have->links[i]))
			h->v[h->n++] = &have->links[i];
	qsort(h->v, h->n, sizeof(struct obs_link *), half_cmp);
	return (0);
}

static const struct obs_link *
other_half(const struct halves *h, const struct obs_link *l)
{
	struct obs_link key = { .mark = l->mark };
	const struct obs_link *p = &key, **found;

	key.mark.side = l->mark.side == END_A ? END_B : END_A;
	found = bsearch(&p, h->v, h->n, sizeof(struct obs_link *), half_cmp);
	return (found == NULL ? NULL : *found);
}

static enum counter_class
class_of(const struct observed *have, const struct obs_link *l, const struct obs_link *other)
{
	const struct obs_link *bridge;

	if (l->jail[0] != '\0')
		return (CLASS_NIC);
	if (is_half(l))
		return (l->mark.side == END_A && (other == NULL || other->jail[0] == '\0') ? CLASS_NIC : CLASS_OTHER);
	if (l->type == LINK_BRIDGE)
		return (l->mark.ours ? CLASS_BRIDGE : CLASS_OTHER);
	bridge = l->bridge[0] == '\0' ? NULL : observed_link(have, "", l->bridge);
	return (bridge != NULL && bridge->mark.ours ? CLASS_UPLINK : CLASS_OTHER);
}

static void
row_fill(struct counter_row *row, const struct obs_counter *c, const struct observed *have, const struct halves *h)
{
	const struct obs_link *l = observed_link(have, c->jail, c->ifname), *other = NULL;

	memcpy(row->jail, c->jail, sizeof(row->jail));
	memcpy(row->ifname, c->ifname, sizeof(row->ifname));
	memcpy(row->v, c->v, sizeof(row->v));
	row->class = CLASS_OTHER;
	if (l == NULL)
		return;		/* appeared after the last look */
	row->type = l->type;
	if (is_half(l)) {
		other = other_half(h, l);
		memcpy(row->epair, l->mark.name, sizeof(row->epair));
		row->side = l->mark.side;
	}
	memcpy(row->bridge, other != NULL && l->bridge[0] == '\0' ? other->bridge : l->bridge, sizeof(row->bridge));
	row->class = class_of(have, l, other);
}

static bool
is_leaked(const struct topo *want, const struct obs_link *l)
{
	return (l->mark.ours && (!l->mark.has_object || topo_find(want, l->mark.kind, l->mark.name) == NULL));
}

static int
mac_cmp(const void *a, const void *b)
{
	return (memcmp(a, b, sizeof(struct mac)));
}

/* Of our epairs and bridges, sorted; malloc'ed. */
static struct mac *
own_macs(const struct topo *want, size_t *n)
{
	struct mac *v = calloc(want->n[KIND_BRIDGE] + 2 * want->n[KIND_EPAIR] + 1, sizeof(*v));

	*n = 0;
	for (size_t i = 0; v != NULL && i < want->n[KIND_BRIDGE]; i++)
		v[(*n)++] = want->v[KIND_BRIDGE][i]->u.bridge.mac;
	for (size_t i = 0; v != NULL && i < want->n[KIND_EPAIR]; i++) {
		for (int side = 0; side < 2; side++)
			v[(*n)++] = want->v[KIND_EPAIR][i]->u.epair.end[side].mac;
	}
	if (v != NULL)
		qsort(v, *n, sizeof(*v), mac_cmp);
	return (v);
}

/* A VLAN has the address of what it is on, and that is no conflict. */
static int
count_conflicts(const struct topo *want, const struct observed *have, size_t *out)
{
	struct mac *v;
	size_t n;

	if ((v = own_macs(want, &n)) == NULL)
		return (-1);
	for (size_t i = 0; i < have->nlinks; i++) {
		const struct obs_link *l = &have->links[i];

		*out += !l->mark.ours && l->type != LINK_VLAN && !mac_is_zero(&l->mac) && bsearch(&l->mac, v, n, sizeof(*v), mac_cmp) != NULL;
	}
	free(v);
	return (0);
}

struct counters *
counters_new(const struct topo *want, const struct observed *have, const struct observed *counted, int64_t at)
{
	struct halves h = { 0 };
	struct counters *c = NULL;

	if (halves_find(&h, have) == 0)
		c = calloc(1, sizeof(*c) + counted->ncounters * sizeof(c->v[0]));
	if (c == NULL)
		goto out;
	atomic_init(&c->refs, 1);
	c->at = at;
	c->n = counted->ncounters;
	for (size_t i = 0; i < c->n; i++)
		row_fill(&c->v[i], &counted->counters[i], have, &h);
	for (size_t i = 0; i < have->nlinks; i++)
		c->leaked += is_leaked(want, &have->links[i]);
	for (size_t i = 0; i < have->njails; i++) {
		const struct obs_jail *j = &have->jails[i];
		bool wanted = topo_find(want, KIND_JAIL, j->name) != NULL;

		/* the row is the living one's; the dead of its name are a number */
		c->dying += j->ours || wanted ? j->dying : 0;
		c->leaked += j->ours && !wanted && j->phase != JAIL_IS_DYING;
	}
	if (count_conflicts(want, have, &c->mac_conflicts) == -1) {
		free(c);
		c = NULL;
	}
out:
	free(h.v);
	return (c);
}

void
counters_ref(struct counters *c)
{
	atomic_fetch_add(&c->refs, 1);
}

void
counters_unref(struct counters *c)
{
	if (c != NULL && atomic_fetch_sub(&c->refs, 1) == 1)
		free(c);
}
