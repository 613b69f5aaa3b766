/*
 * props_gen: random legal topologies, for the planner's property tests.  Everything follows from the seed.
 */
#ifndef JN_PROPS_GEN_H
#define JN_PROPS_GEN_H

#include "core/topo.h"

#define GEN_BRIDGES 4
#define GEN_JAILS 6
#define GEN_EXTERNALS 2		/* of the jails: x0, x1 */
#define GEN_EPAIRS 9
#define GEN_PHYSICALS 3		/* re0, re1, re2 on the host */

struct gen {
	uint64_t state;
};

uint32_t gen_below(struct gen *g, uint32_t n);	/* [0, n) */
bool gen_chance(struct gen *g, unsigned percent);

/*
 * A legal topology.  'like' (may be NULL): about half of its objects are taken over, some changed, so that plans between the
 * two have something to keep, to change and to remove.  Found records are copied.
 */
void gen_topo(struct gen *g, const struct topo *like, struct topo *out);

struct prefix gen_prefix(const char *text);
struct ip gen_ip(const char *text);

#endif
