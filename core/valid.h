/*
 * valid: is this desired state legal?  Pure: no I/O, no clock.
 *
 * Pointers in errors are JSON pointers into the topology document: "/epairs/web0/a/mac".  All errors are
 * reported, up to ERRS_MAX.  Codes: ERR_INVALID (a field by itself), ERR_REFERENCE (names what does not exist),
 * ERR_CONFLICT (two things clash; the message names the other), ERR_LIMIT, ERR_UNSUPPORTED.
 */
#ifndef JN_VALID_H
#define JN_VALID_H

#include "core/err.h"
#include "core/topo.h"

/* What the platform under the worker can do (HELLO answers it). */
#define FEATURE_NETGRAPH 0x01u
#define FEATURE_VLAN_FILTER 0x02u
#define FEATURE_JAIL_PARAMS 0x04u
#define FEATURE_EXTERNAL_JAILS 0x08u
#define FEATURE_PORT_STP 0x10u /* STP per member rather than per bridge */

/* One object by itself: names, ranges, lengths, addresses. */
void valid_object(const struct object *o, uint32_t features, struct errs *errs);
/*
 * The whole: references, interface names unique in the topology, MACs unique, an address used twice in one L2
 * segment or one jail, MTU of epair and bridge, gateways reachable from the jail's own prefixes, an interface in
 * two places, counts.  O(n log n).
 */
void valid_topo(const struct topo *t, struct errs *errs);

#endif
