/*
 * arena: a list of growing chunks, newest first; only the newest has free room.
 */
#include "core/arena.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN alignof(max_align_t)
/* Most objects need little: a few names and addresses. */
#define CHUNK_FIRST 256
#define CHUNK_MAX 16384

struct arena_chunk {
	struct arena_chunk *next;
	size_t size, used;
	alignas(max_align_t) unsigned char data[];
};

void
arena_init(struct arena *a)
{
	a->head = NULL;
}

void
arena_fini(struct arena *a)
{
	struct arena_chunk *c;

	while ((c = a->head) != NULL) {
		a->head = c->next;
		free(c);
	}
}

static struct arena_chunk *
chunk_add(struct arena *a, size_t want)
{
	struct arena_chunk *c;
	size_t size = CHUNK_FIRST;

	if (a->head != NULL)
		size = a->head->size < CHUNK_MAX / 2 ? a->head->size * 2 : CHUNK_MAX;
	if (size < want)
		size = want;
	c = calloc(1, sizeof(*c) + size);
	if (c == NULL)
		return (NULL);
	c->size = size;
	c->next = a->head;
	a->head = c;
	return (c);
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct arena_chunk *c = a->head;
	void *p;

	/* Far past any object; keeps the sums below from overflowing. */
	if (size > PTRDIFF_MAX / 2)
		return (NULL);
	/* At least one byte, so that no two answers are the same pointer. */
	size = size == 0 ? ALIGN : (size + ALIGN - 1) / ALIGN * ALIGN;
	if (c == NULL || c->size - c->used < size) {
		c = chunk_add(a, size);
		if (c == NULL)
			return (NULL);
	}
	p = c->data + c->used;
	c->used += size;
	return (p);
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		return (NULL);
	return (arena_alloc(a, n * size));
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return (arena_memdup(a, s, strlen(s) + 1));
}

void *
arena_memdup(struct arena *a, const void *p, size_t size)
{
	void *copy;

	copy = arena_alloc(a, size);
	if (copy != NULL && size > 0)
		memcpy(copy, p, size);
	return (copy);
}
