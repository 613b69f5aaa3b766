/*
 * lnx_look: one network namespace as it is now: four questions: links, addresses, routes of ours, forwarding.  Everything the kernel can
 * leave out it is told to leave out (statistics, other routes).
 */
#ifndef JN_LNX_LOOK_H
#define JN_LNX_LOOK_H

#include "worker/linux/lnx.h"

/* Names of the interfaces of one namespace, for what the kernel tells by number. */
struct names {
	struct {
		uint32_t ifindex;
		size_t row;	/* in out->links */
		uint32_t master;
	} *v;
	size_t n, room;
};

struct look {
	struct lnx *l;
	struct nl *nl;
	const char *jail;
	const char *ifname;	/* only this interface; NULL = all */
	uint32_t only;		/* its ifindex, once it was seen */
	struct observed *out;
	struct names names;
	bool filtering;		/* some bridge filters VLANs */
	bool forwards;
};

/* Adds the rows of the namespace of k->nl, which is jail k->jail, to k->out.  k->names is the caller's to free, once. */
int lnx_look_net(struct look *k, struct err *err);
/* Does the namespace forward both families?  (Only IPv4 counts where the kernel has no IPv6.)  Cheaper than /proc. */
bool lnx_look_forwards(struct look *k);

#endif
