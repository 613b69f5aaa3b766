/* cache: see cache.h.  Direct-mapped: two targets in one slot only cost a rendering. */
#include "server/cache.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"

struct cache *
cache_new(void)
{
	return (calloc(1, sizeof(struct cache)));
}

static void
cache_drop_all(struct cache *c)
{
	if (c->bytes == 0)
		return;
	for (size_t i = 0; i < CACHE_SLOTS; i++) {
		cache_body_unref(c->slots[i].body);
		c->slots[i].body = NULL;
	}
	c->bytes = 0;
}

void
cache_free(struct cache *c)
{
	if (c == NULL)
		return;
	cache_drop_all(c);
	free(c);
}

static struct cache_entry *
slot_of(struct cache *c, const char *target)
{
	uint64_t h = hash_bytes(HASH_START, target, strlen(target));

	return (&c->slots[(h ^ (h >> 29)) & (CACHE_SLOTS - 1)]);
}

struct cache_body *
cache_get(struct cache *c, int64_t generation, const char *target)
{
	struct cache_entry *e;

	if (c->generation != generation) {
		cache_drop_all(c);
		c->generation = generation;
		return (NULL);
	}
	e = slot_of(c, target);
	if (e->body == NULL || strcmp(e->target, target) != 0)
		return (NULL);
	atomic_fetch_add(&e->body->refs, 1);
	return (e->body);
}

void
cache_put(struct cache *c, int64_t generation, const char *target, struct cache_body *body)
{
	struct cache_entry *e;
	size_t len = strlen(target);

	if (len >= CACHE_TARGET_SIZE || body->size > CACHE_BYTES_MAX || c->generation != generation)
		return;
	if (c->bytes + body->size > CACHE_BYTES_MAX)
		cache_drop_all(c);
	e = slot_of(c, target);
	if (e->body != NULL) {
		c->bytes -= e->body->size + 1;
		cache_body_unref(e->body);
	}
	memcpy(e->target, target, len + 1);
	e->body = body;
	c->bytes += body->size + 1;
	atomic_fetch_add(&body->refs, 1);
}

struct cache_body *
cache_body_new(char *text, size_t size)
{
	struct cache_body *b;

	b = calloc(1, sizeof(*b));
	if (b == NULL) {
		free(text);
		return (NULL);
	}
	b->text = text;
	b->size = size;
	atomic_init(&b->refs, 1);
	return (b);
}

void
cache_body_unref(void *body)
{
	struct cache_body *b = body;

	if (b == NULL || atomic_fetch_sub(&b->refs, 1) != 1)
		return;
	free(b->text);
	free(b);
}
