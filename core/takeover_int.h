/*
 * takeover_int: shared by takeover.c (what each link can become) and takeover_make.c (the objects).
 */
#ifndef JN_TAKEOVER_INT_H
#define JN_TAKEOVER_INT_H

#include "core/takeover.h"

enum fate { STAYS, BRIDGE, HALF /* of an epair */ };

struct piece {
	const struct obs_link *l;
	enum fate fate;
	struct piece *other;	/* the other half */
	bool told;
};

struct taking {
	const struct topo *want;
	const struct observed *have;
	struct takeover *out;
	struct piece *v;	/* as have->links */
	struct piece **by_index;
	bool nomem;
};

/* A note for the answer; fmt as printf(3). */
void takeover_say(struct taking *t, bool warning, const char *code, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* A new object, NULL when memory is out (t->nomem). */
struct object *takeover_add(struct taking *t, enum kind kind, const char *name);
/* Is there one already, wanted or just made? */
bool takeover_is_made(const struct taking *t, enum kind kind, const char *name);
/* What was seen under that name, NULL = nothing. */
struct piece *takeover_piece(const struct taking *t, const char *jail, const char *ifname);

/* Objects of all that is a bridge or an epair now. */
void takeover_make(struct taking *t);

#endif
