/*
 * topo: sorted arrays of object pointers, one per kind.
 */
#include "core/topo.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 16

void
topo_init(struct topo *t)
{
	*t = (struct topo){ 0 };
}

void
topo_fini(struct topo *t)
{
	size_t i;
	int kind;

	for (kind = 0; kind < KIND_COUNT; kind++) {
		for (i = 0; !t->borrowed && i < t->n[kind]; i++)
			object_free(t->v[kind][i]);
		free(t->v[kind]);
	}
	free(t->found);
	topo_init(t);
}

static void *
copy_array(const void *p, size_t n, size_t size)
{
	void *copy = calloc(n, size);

	if (copy != NULL)
		memcpy(copy, p, n * size);
	return (copy);
}

int
topo_view(struct topo *t, const struct topo *of, struct err *err)
{
	int kind;

	topo_init(t);
	t->borrowed = true;
	t->revision = of->revision;
	for (kind = 0; kind < KIND_COUNT; kind++) {
		if (of->n[kind] == 0)
			continue;
		t->v[kind] = copy_array(of->v[kind], of->n[kind], sizeof(*of->v[kind]));
		if (t->v[kind] == NULL)
			goto fail;
		t->n[kind] = t->room[kind] = of->n[kind];
	}
	if (of->nfound > 0) {
		t->found = copy_array(of->found, of->nfound, sizeof(*of->found));
		if (t->found == NULL)
			goto fail;
		t->nfound = t->found_room = of->nfound;
	}
	return (0);
fail:
	topo_fini(t);
	return (err_nomem(err));
}

/* Index of the first object whose name is not before 'name'. */
static size_t
lower_bound(const struct topo *t, enum kind kind, const char *name)
{
	size_t lo = 0, hi = t->n[kind], mid;

	/* Loading in order is the usual case. */
	if (hi > 0 && strcmp(t->v[kind][hi - 1]->name, name) < 0)
		return (hi);
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (strcmp(t->v[kind][mid]->name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (lo);
}

static bool
is_at(const struct topo *t, enum kind kind, size_t i, const char *name)
{
	return (i < t->n[kind] && strcmp(t->v[kind][i]->name, name) == 0);
}

struct object *
topo_find(const struct topo *t, enum kind kind, const char *name)
{
	size_t i = lower_bound(t, kind, name);

	return (is_at(t, kind, i, name) ? t->v[kind][i] : NULL);
}

long
topo_index(const struct topo *t, enum kind kind, const char *name)
{
	size_t i = lower_bound(t, kind, name);

	return (is_at(t, kind, i, name) ? (long)i : -1);
}

/* Room for one more; 'v' is unchanged when memory is out. */
static void *
grow(void *v, size_t n, size_t *room, size_t size)
{
	size_t want = *room == 0 ? ROOM_FIRST : *room * 2;
	void *p;

	if (n < *room)
		return (v);
	p = realloc(v, want * size);
	if (p != NULL)
		*room = want;
	return (p);
}

int
topo_put(struct topo *t, struct object *o, struct err *err)
{
	enum kind kind = o->kind;
	struct object **v;
	size_t i = lower_bound(t, kind, o->name);

	if (is_at(t, kind, i, o->name)) {
		if (!t->borrowed && t->v[kind][i] != o)
			object_free(t->v[kind][i]);
		t->v[kind][i] = o;
		return (0);
	}
	v = grow(t->v[kind], t->n[kind], &t->room[kind], sizeof(*v));
	if (v == NULL)
		return (err_nomem(err));
	memmove(v + i + 1, v + i, (t->n[kind] - i) * sizeof(*v));
	v[i] = o;
	t->v[kind] = v;
	t->n[kind]++;
	return (0);
}

struct object *
topo_take(struct topo *t, enum kind kind, const char *name)
{
	size_t i = lower_bound(t, kind, name);
	struct object **v = t->v[kind], *o;

	if (!is_at(t, kind, i, name))
		return (NULL);
	o = v[i];
	t->n[kind]--;
	memmove(v + i, v + i + 1, (t->n[kind] - i) * sizeof(*v));
	return (o);
}

bool
topo_remove(struct topo *t, enum kind kind, const char *name)
{
	struct object *o = topo_take(t, kind, name);

	if (o == NULL)
		return (false);
	if (!t->borrowed)
		object_free(o);
	return (true);
}

/* Where ifname is or would be; *there says which. */
static size_t
found_index(const struct topo *t, const char *ifname, bool *there)
{
	size_t lo = 0, hi = t->nfound, mid;
	int c;

	*there = false;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		c = strcmp(t->found[mid].ifname, ifname);
		if (c == 0) {
			*there = true;
			return (mid);
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (lo);
}

const struct found *
topo_found(const struct topo *t, const char *ifname)
{
	bool there;
	size_t i = found_index(t, ifname, &there);

	return (there ? &t->found[i] : NULL);
}

int
topo_found_put(struct topo *t, const struct found *f, struct err *err)
{
	struct found *v, copy = *f;	/* 'f' may be one of ours, about to move */
	bool there;
	size_t i = found_index(t, copy.ifname, &there);

	if (!there) {
		v = grow(t->found, t->nfound, &t->found_room, sizeof(*v));
		if (v == NULL)
			return (err_nomem(err));
		memmove(v + i + 1, v + i, (t->nfound - i) * sizeof(*v));
		t->found = v;
		t->nfound++;
	}
	t->found[i] = copy;
	return (0);
}

void
topo_found_remove(struct topo *t, const char *ifname)
{
	bool there;
	size_t i = found_index(t, ifname, &there);

	if (!there)
		return;
	t->nfound--;
	memmove(t->found + i, t->found + i + 1, (t->nfound - i) * sizeof(*t->found));
}

uint32_t
epair_mtu(const struct topo *t, const struct object *epair)
{
	const struct epair *e = &epair->u.epair;
	const struct object *bridge;
	int side;

	assert(epair->kind == KIND_EPAIR);
	if (e->mtu != 0)
		return (e->mtu);
	for (side = END_A; side <= END_B; side++) {
		if (e->end[side].bridge == NULL)
			continue;
		bridge = topo_find(t, KIND_BRIDGE, e->end[side].bridge);
		if (bridge != NULL)
			return (bridge->u.bridge.mtu);
	}
	return (MTU_DEFAULT);
}

bool
jail_wanted(const struct object *jail)
{
	assert(jail->kind == KIND_JAIL);
	return (jail->u.jail.external || jail->u.jail.running);
}
