/* fbsd_route: the routes of the vnet of the calling thread. */
#ifndef JN_FBSD_ROUTE_H
#define JN_FBSD_ROUTE_H

#include "core/addr.h"

struct fbsd_routes {
	char *buf;
	size_t len, at;
};
struct fbsd_rtmsg {
	struct prefix dst;
	struct ip gateway;	/* family 0 = none */
	bool ours;
};

#define FBSD_ROUTES_OURS RTF_PROTO1

/* family 0 = both; flags: only those that carry one of them, 0 = all.  0 or errno. */
int fbsd_routes_read(int family, int flags, struct fbsd_routes *out);
bool fbsd_routes_next(struct fbsd_routes *r, struct fbsd_rtmsg *out);
void fbsd_routes_fini(struct fbsd_routes *r);

#endif
