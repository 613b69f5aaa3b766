/* objmap: see objmap.h.  Linear probing. */
#include "server/objmap.h"

#include <stdlib.h>
#include <string.h>

#include "core/str.h"

#define ROOM_MIN 64

static struct objmap_slot *
slot_at(const struct objmap *m, size_t i)
{
	return ((struct objmap_slot *)(void *)(m->slots + i * m->stride));
}

static void *
record_of(struct objmap_slot *s)
{
	return ((unsigned char *)s + ((sizeof(*s) + 15) & ~(size_t)15));
}

/* The names come from our own validated objects. */
static size_t
hash(enum kind kind, const char *name)
{
	uint64_t h = hash_bytes(HASH_START ^ (uint64_t)kind, name, strlen(name));

	return ((size_t)(h ^ (h >> 32)));
}

static struct objmap_slot *
find(const struct objmap *m, enum kind kind, const char *name)
{
	struct objmap_slot *s;
	size_t i;

	for (i = hash(kind, name) & (m->room - 1);; i = (i + 1) & (m->room - 1)) {
		s = slot_at(m, i);
		if (!s->used || (s->kind == kind && strcmp(s->name, name) == 0))
			return (s);
	}
}

void
objmap_init(struct objmap *m, size_t record_size)
{
	memset(m, 0, sizeof(*m));
	m->record = record_size;
	m->stride = (((sizeof(struct objmap_slot) + 15) & ~(size_t)15) + record_size + 15) & ~(size_t)15;
}

void
objmap_fini(struct objmap *m)
{
	free(m->slots);
	objmap_init(m, m->record);
}

void
objmap_clear(struct objmap *m)
{
	objmap_fini(m);
}

static int
grow(struct objmap *m)
{
	struct objmap old = *m;
	struct objmap_slot *from, *to;

	m->room = old.room == 0 ? ROOM_MIN : old.room * 2;
	m->slots = calloc(m->room, m->stride);
	if (m->slots == NULL) {
		*m = old;
		return (-1);
	}
	for (size_t i = 0; i < old.room; i++) {
		from = slot_at(&old, i);
		if (!from->used)
			continue;
		to = find(m, from->kind, from->name);
		memcpy(to, from, m->stride);
	}
	free(old.slots);
	return (0);
}

void *
objmap_get(const struct objmap *m, enum kind kind, const char *name)
{
	struct objmap_slot *s;

	if (m->n == 0)
		return (NULL);
	s = find(m, kind, name);
	return (s->used ? record_of(s) : NULL);
}

bool
objmap_has(const struct objmap *m, enum kind kind, const char *name)
{
	return (objmap_get(m, kind, name) != NULL);
}

void *
objmap_add(struct objmap *m, enum kind kind, const char *name)
{
	struct objmap_slot *s;

	if ((m->n + 1) * 4 > m->room * 3 && grow(m) == -1)
		return (NULL);
	s = find(m, kind, name);
	if (!s->used) {
		memset(s, 0, m->stride);
		s->used = true;
		s->kind = kind;
		memcpy(s->name, name, strnlen(name, NAME_SIZE - 1));
		m->n++;
	}
	return (record_of(s));
}

/* Backward-shift deletion: no tombstones, no allocation. */
void
objmap_remove(struct objmap *m, enum kind kind, const char *name)
{
	struct objmap_slot *s;
	size_t hole, i, home;

	if (m->n == 0 || !(s = find(m, kind, name))->used)
		return;
	hole = (size_t)((unsigned char *)s - m->slots) / m->stride;
	for (i = (hole + 1) & (m->room - 1); slot_at(m, i)->used; i = (i + 1) & (m->room - 1)) {
		home = hash(slot_at(m, i)->kind, slot_at(m, i)->name) & (m->room - 1);
		if (((i - home) & (m->room - 1)) < ((i - hole) & (m->room - 1)))
			continue;
		memcpy(slot_at(m, hole), slot_at(m, i), m->stride);
		hole = i;
	}
	slot_at(m, hole)->used = false;
	m->n--;
}

bool
objmap_next(const struct objmap *m, size_t *at, enum kind *kind, const char **name, void **record)
{
	struct objmap_slot *s;

	for (; *at < m->room; (*at)++) {
		s = slot_at(m, *at);
		if (!s->used)
			continue;
		*kind = s->kind;
		*name = s->name;
		if (record != NULL)
			*record = record_of(s);
		(*at)++;
		return (true);
	}
	return (false);
}
