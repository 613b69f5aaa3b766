/*
 * cache: rendered GET answers of one HTTP thread, by target, valid for one generation of the store.
 *
 * A commit of any kind raises the generation, so an entry never outlives what it shows.  Bodies are counted: a response in flight keeps its
 * text when the entry goes.  One thread.
 */
#ifndef JN_CACHE_H
#define JN_CACHE_H

#include <stddef.h>
#include <stdint.h>

#define CACHE_SLOTS 4096		/* power of two */
#define CACHE_BYTES_MAX (8 * 1024 * 1024)
#define CACHE_TARGET_SIZE 160		/* longer targets are not kept */

struct api_route;

struct cache_body {
	char *text;
	size_t size;
	_Atomic int refs;
	char etag[40];
	char link[320];
	const char *content_type;
	int status;
	const struct api_route *route;
};

struct cache_entry {
	char target[CACHE_TARGET_SIZE];
	struct cache_body *body;
};

struct cache {
	int64_t generation;
	size_t bytes;
	struct cache_entry slots[CACHE_SLOTS];
};

struct cache *cache_new(void);
void cache_free(struct cache *c);
/* A reference for the caller, or NULL. */
struct cache_body *cache_get(struct cache *c, int64_t generation, const char *target);
/* Keeps a reference of its own; may decline. */
void cache_put(struct cache *c, int64_t generation, const char *target, struct cache_body *body);

/* Takes ownership of text; one reference.  NULL = out of memory, text is freed. */
struct cache_body *cache_body_new(char *text, size_t size);
void cache_body_unref(void *body);

#endif
