/*
 * arena: memory that is freed together.  Every object of the model owns one; all strings and lists inside
 * the object live in it, so an object has exactly one free.
 */
#ifndef JN_ARENA_H
#define JN_ARENA_H

#include <stddef.h>

struct arena_chunk;
struct arena {
	struct arena_chunk *head;
};

void arena_init(struct arena *a);
/* Frees everything; the arena can be used again. */
void arena_fini(struct arena *a);
/* Zeroed, aligned for any type.  NULL when memory is out. */
void *arena_alloc(struct arena *a, size_t size);
/* n * size with overflow check. */
void *arena_array(struct arena *a, size_t n, size_t size);
char *arena_strdup(struct arena *a, const char *s);
void *arena_memdup(struct arena *a, const void *p, size_t size);

#endif
