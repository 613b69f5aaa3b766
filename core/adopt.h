/*
 * adopt: the other way round: an object as the kernel has it becomes the wish.  Pure.
 */
#ifndef JN_ADOPT_H
#define JN_ADOPT_H

#include "core/observed.h"
#include "core/topo.h"

/*
 * A copy of o in which what the kernel has differently (addresses, MTU, up, bridge, jail, names, MAC, routes, forwarding) is as the
 * kernel has it; *out NULL: it is not there at all.  A jail that is not there becomes one that is not running.
 */
int object_adopt(const struct object *o, const struct topo *want, const struct observed *have, struct object **out, struct err *err);

#endif
