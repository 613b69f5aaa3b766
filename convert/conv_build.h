/*
 * conv_build: what conv_build.c and conv_convert.c share while they make a topology.
 */
#ifndef JN_CONV_BUILD_H
#define JN_CONV_BUILD_H

#include "convert/conv_int.h"

struct build_end {
	const char *ifname;
	struct object *o;
	int side;
};
struct build {
	struct conv_host *h;
	struct topo *out;
	struct err *err;
	struct build_end *ends;	/* by interface name */
	size_t nends, rends;
	bool need_gateway;	/* the host must forward */
	bool failed;
};

struct object *build_object(struct build *b, enum kind kind, const char *name);
struct object *build_bridge(struct build *b, const char *name);	/* made when missing */
struct object *build_jail(struct build *b, struct conv_jail *j);
struct object *build_pair(struct build *b, unsigned unit);
struct object *build_jib_pair(struct build *b, const struct conv_jib *jib, unsigned counter);
void build_end_add(struct build *b, struct object *o, int side);
struct build_end *build_end(struct build *b, const char *ifname);
void build_address(struct build *b, struct object *o, struct prefixes *list, const struct prefix *p);
void build_member(struct build *b, struct object *bridge, const char *ifname, const struct port *port);
void build_route(struct build *b, struct object *jail, const struct prefix *dst, const struct ip *gateway);
const struct mac *build_known_mac(struct build *b, const char *ifname);
/* Traditional jails become VNET jails. */
void build_convert(struct build *b);

#endif
