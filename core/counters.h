/*
 * counters: what went through the interfaces, and to whom it belongs: the kernel's rows (COUNTERS) joined with what was seen of the
 * interfaces (OBSERVE) and with what is wanted.  Pure.
 *
 * Every interface has its row.  To add up without counting anything twice, add rows of one class only: CLASS_NIC rows are one for each
 * interface inside a jail (and, for an epair with no end in a jail, its end a).
 */
#ifndef JN_COUNTERS_H
#define JN_COUNTERS_H

#include "core/observed.h"
#include "core/topo.h"

enum counter_class {
	CLASS_NIC,	/* a jail's interface */
	CLASS_BRIDGE,	/* the bridge itself: what reached or left the host */
	CLASS_UPLINK,	/* a foreign interface that is in one of our bridges */
	CLASS_OTHER	/* the other halves of epairs, the host's own interfaces */
};
#define COUNTER_CLASS_COUNT (CLASS_OTHER + 1)

struct counter_row {
	char jail[NAME_SIZE];		/* where it is, "" = the host */
	char ifname[IFNAME_SIZE];
	char bridge[IFNAME_SIZE];	/* the bridge it, or the other half of its epair, is in; "" = none */
	char epair[NAME_SIZE];		/* "" = not an epair of ours */
	uint8_t side;			/* of the epair */
	enum link_type type;
	enum counter_class class;
	uint64_t v[COUNTER_COUNT];
};

/* Counted references: one answer is shared by all who ask within the same second. */
struct counters {
	_Atomic int refs;
	int64_t at;		/* ms */
	size_t dying;		/* jails of ours, or of a name that is wanted, that have ended and that the kernel has not let go of */
	size_t mac_conflicts;	/* interfaces of others with a MAC address of ours */
	size_t leaked;		/* interfaces and jails that carry our mark and that nobody wants */
	size_t n;
	struct counter_row v[];	/* by jail, then name */
};

/* 'have' is sorted.  One reference for the caller, NULL = out of memory. */
struct counters *counters_new(const struct topo *want, const struct observed *have, const struct observed *counted, int64_t at);
void counters_ref(struct counters *c);
void counters_unref(struct counters *c);	/* NULL is fine */

#endif
