/*
 * objmap: a hash map from (kind, name) to a small record of the caller's.  Grows by doubling; records move when it grows.
 */
#ifndef JN_OBJMAP_H
#define JN_OBJMAP_H

#include "core/model.h"

struct objmap_slot {
	bool used;
	enum kind kind;
	char name[NAME_SIZE];
};

struct objmap {
	unsigned char *slots;	/* room * stride bytes: struct objmap_slot, then the record */
	size_t record, stride, room, n;
};

void objmap_init(struct objmap *m, size_t record_size);
void objmap_fini(struct objmap *m);
void objmap_clear(struct objmap *m);
/* The record, or NULL. */
void *objmap_get(const struct objmap *m, enum kind kind, const char *name);
/* The record, zeroed when new; NULL = out of memory.  Valid until the next add or remove. */
void *objmap_add(struct objmap *m, enum kind kind, const char *name);
void objmap_remove(struct objmap *m, enum kind kind, const char *name);
bool objmap_has(const struct objmap *m, enum kind kind, const char *name);
/* Walk: start with *at = 0; false at the end. */
bool objmap_next(const struct objmap *m, size_t *at, enum kind *kind, const char **name, void **record);

#endif
