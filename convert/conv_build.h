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
void build_description(struct build *b, struct object *o, const char *text);
const struct mac *build_known_mac(struct build *b, const char *ifname);
/* Traditional jails become VNET jails. */
void build_convert(struct build *b);

/* --- the conversion: conv_convert.c, conv_known.c ----------------------------------------------------------------- */

/* For whom a segment is looked up. */
struct who {
	const struct conv_jail *jail;
	const struct conv_addr *addr;	/* as it will be */
};

struct seg {
	const char *key;
	char bridge[IFNAME_SIZE];
	struct ip gw[2];	/* the way out: IPv4, IPv6; family 0 = not known */
};

struct used_ip {
	struct ip ip;
	const struct conv_jail *jail;	/* NULL = the host's */
};

struct convert {
	struct build *b;
	struct conv_host *h;
	struct conv *c;
	const struct conv_opts *opts;
	struct seg *segs;
	size_t nsegs, rsegs;
	struct prefix *nets;
	size_t nnets, rnets;
	struct used_ip *used;	/* sorted */
	size_t nused, rused;
	unsigned next_unit, next_bridge;
	size_t renumbered;
	bool said_services;
};

void known_collect(struct convert *v);
/* The smallest known network around an address; NULL = none. */
const struct prefix *known_net(const struct convert *v, const struct ip *ip);
/* Has another jail this address?  Then it has been said. */
bool known_shared(struct convert *v, const struct conv_jail *j, const struct conv_addr *a);
/* Does the host's own configuration give the address to this interface? */
bool known_alias(struct convert *v, const struct conv_addr *a, const char *ifname);
/* The first address of the net that nobody has. */
bool known_free(struct convert *v, const struct prefix *net, struct ip *out);

#endif
