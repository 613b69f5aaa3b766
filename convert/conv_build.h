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
	struct conv_pos pos;	/* of the line that its address is from */
};
struct build {
	struct conv_host *h;
	struct topo *out;
	struct err *err;
	struct build_end *ends;	/* by interface name */
	size_t nends, rends;
	bool need_gateway[2];	/* the host must forward: IPv4, IPv6 */
	bool failed;
};

struct object *build_object(struct build *b, enum kind kind, const char *name);
struct object *build_bridge(struct build *b, const char *name);	/* made when missing */
struct object *build_jail(struct build *b, struct conv_jail *j);
/* "epair17b" or "epair17": unit and side; side 0 for the bare unit. */
bool build_epair_unit(const char *s, unsigned *unit, char *side);
struct object *build_pair(struct build *b, unsigned unit, const struct conv_pos *pos);
void build_jibs(struct build *b);
void build_jails(struct build *b);
struct object *build_jib_pair(struct build *b, const struct conv_jib *jib, unsigned counter);
void build_end_add(struct build *b, struct object *o, int side, const struct conv_pos *pos);
struct build_end *build_end(struct build *b, const char *ifname);
void build_address(struct build *b, struct object *o, struct prefixes *list, const struct prefix *p, const struct conv_pos *pos);
void build_member(struct build *b, struct object *bridge, const char *ifname, const struct port *port);
void build_route(struct build *b, struct object *jail, const struct prefix *dst, const struct ip *gateway);
/* What the interface is described as, but for our own mark. */
void build_description(struct build *b, struct object *o, const struct conv_if *f);
/* The address of an interface of the host as the kernel or the files have it; NULL = not known. */
const struct mac *build_known_mac(struct build *b, const char *ifname);
/*
 * The address that this end has now, on the host or in the jail of its files, when the pair is not jailnet's yet: a pair that runs
 * keeps it.
 */
bool build_pin_running(struct build *b, struct object *epair, int side);
/* Traditional jails become VNET jails. */
void build_convert(struct build *b);

/* --- the conversion: conv_convert.c, conv_seg.c, conv_known.c ----------------------------------------------------------------- */

/* For whom a segment is looked up. */
struct who {
	const struct conv_jail *jail;
	const struct conv_addr *addr;	/* as it will be */
};

/* Which side of whom: on the host's own network, routed by the host, behind the router jail. */
enum place { PLACE_FLAT, PLACE_ROUTED, PLACE_BEHIND };

struct seg_net {
	struct prefix net;
	struct ip gw;		/* its router there; family 0 = none was free */
	struct ip way;		/* and on the network outside; family 0 = not known */
	struct conv_pos pos;
};
struct seg {
	enum place place;
	bool is_target;			/* for the jails with new addresses */
	char ifname[IFNAME_SIZE];	/* flat: the interface they had their addresses on */
	char bridge[IFNAME_SIZE];
	struct ip gw[2];		/* flat: the way out, IPv4 and IPv6; family 0 = not known */
	struct seg_net *nets;		/* of the others */
	size_t nnets, rnets;
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
	const char *router;
	struct ip target_gw[2];	/* the router's addresses in the new networks; family 0 = not chosen yet */
	bool said_services;
};

bool conv_is_lo(const char *ifname);
struct seg *seg_of_interface(struct convert *v, const char *ifname, const struct who *w);
/* A bridge of their own for jails with these networks. */
struct seg *seg_of_nets(struct convert *v, enum place place, const struct prefix *nets, size_t n, const struct who *w);
/* The network where the addresses of a family become new ones at this place; NULL = they do not. */
const struct prefix *target_of(const struct convert *v, enum place place, const struct ip *ip);
/* Its router's address; family 0 = none is free. */
struct ip target_router(struct convert *v, enum place place, const struct prefix *net);
/* The way out for an address there; family 0 = not known. */
const struct ip *seg_gateway(const struct seg *s, const struct prefix *p);

void known_collect(struct convert *v);
/* The smallest known network around an address; NULL = none. */
const struct prefix *known_net(const struct convert *v, const struct ip *ip);
/* Has another jail this address?  Then it has been said. */
bool known_shared(struct convert *v, const struct conv_jail *j, const struct conv_addr *a);
/* Does the host's own configuration give the address to this interface? */
bool known_alias(struct convert *v, const struct conv_addr *a, const char *ifname);
/* Is the network, or a part of it, on an interface of the host, as far as anybody can know? */
bool known_of_host(struct convert *v, const struct prefix *net, const char *ifname);
/* The first address of the net that nobody has; from then on somebody has it. */
bool known_free(struct convert *v, const struct prefix *net, struct ip *out);

#endif
