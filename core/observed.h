/*
 * observed: what the kernel says now: flat tables, filled by a driver, carried by the wire, read by the planner.
 *
 * jail "" is the host.  IPv6 link-local addresses, loopback interfaces inside jails and routes that are not ours are
 * left out.  Tables are sorted by (jail, name) after observed_sort().
 */
#ifndef JN_OBSERVED_H
#define JN_OBSERVED_H

#include "core/err.h"
#include "core/mark.h"
#include "core/model.h"

enum link_type { LINK_OTHER, LINK_BRIDGE, LINK_EPAIR, LINK_VLAN, LINK_PHYSICAL, LINK_LOOPBACK };
#define LINK_TYPE_COUNT (LINK_LOOPBACK + 1)
const char *link_type_name(enum link_type type);

struct obs_link {
	char jail[NAME_SIZE];
	char ifname[IFNAME_SIZE];
	uint32_t ifindex;
	enum link_type type;
	struct mark mark;
	struct mac mac;
	uint32_t mtu;
	bool up;		/* administratively */
	bool running;		/* has carrier */
	char bridge[IFNAME_SIZE];	/* bridge it is a port of, "" = none */
	bool stp, vlan_filter;	/* of a bridge */
	enum backend backend;	/* of a bridge */
	/* of a port; without port_stp_known (Linux: STP belongs to the bridge) port_stp and edge say nothing */
	bool priv, port_stp_known, port_stp, edge;
	uint16_t untagged, ntagged;
	uint16_t tagged[LIMIT_TAGGED];
	/* the other half of an epair: its ifindex, 0 = not known; away: in another network, whose numbers are its own */
	uint32_t peer;
	bool peer_away;
	bool adoptable;		/* not ours, but policy lets it become ours */
	struct traits traits;	/* of a foreign one on the host */
};
/* Are they the two halves of one epair? */
bool observed_is_pair(const struct obs_link *a, const struct obs_link *b);

struct obs_addr {
	char jail[NAME_SIZE];
	char ifname[IFNAME_SIZE];
	struct prefix prefix;
	bool duplicate;		/* IPv6 DAD failed */
};

struct obs_route {
	char jail[NAME_SIZE];
	struct prefix dst;
	struct ip gateway;
};

/* Where a jail of ours stands.  Absent from the table = does not exist. */
enum jail_phase {
	JAIL_PARTIAL,	/* creation was cut short: JAIL_CREATE again, or JAIL_DESTROY */
	JAIL_CREATED,	/* there, exec.start not run, or it ended and failed */
	JAIL_STARTING,	/* exec.start began: it runs (then the jail is busy), or was cut short, and nobody knows what it had done */
	JAIL_STARTED,	/* exec.start ran */
	JAIL_STOPPED,	/* exec.stop ran and its processes are gone; interfaces may still be inside */
	JAIL_IS_DYING	/* only that is left of it, and in nobody's way; not JAIL_DYING: that is a macro of FreeBSD's sys/jail.h */
};
#define JAIL_PHASE_COUNT (JAIL_IS_DYING + 1)
const char *jail_phase_name(enum jail_phase phase);

struct obs_jail {
	char name[NAME_SIZE];
	bool ours;		/* carries our mark; false: external or foreign */
	bool adoptable;		/* not ours, but policy lets it become ours; then its inside is looked at, too */
	enum jail_phase phase;
	bool busy;		/* a START or STOP runs, or nobody could look inside: it is left alone; known to the worker only */
	uint32_t boot;
	uint32_t jid;		/* FreeBSD; 0 elsewhere */
	char hostname[HOSTNAME_SIZE];
	bool forwarding;
	uint32_t processes;
	uint32_t params;	/* params_hash() of what was applied */
	uint32_t path;		/* path_hash() of the root it was made with; 0 = not known */
	uint32_t dying;		/* how many jails of this name are gone but not yet given back by the kernel; FreeBSD */
	char reason[128];	/* why dying or partial, "" = nothing to say */
};

struct obs_sysctl {
	char jail[NAME_SIZE];
	char key[NAME_SIZE];
	char value[128];
};

/* What went through an interface since it was made, at that interface itself (not at the other half of a pair). */
enum counter { RX_BYTES, RX_PACKETS, RX_ERRORS, RX_DROPS, TX_BYTES, TX_PACKETS, TX_ERRORS, TX_DROPS };
#define COUNTER_COUNT (TX_DROPS + 1)
const char *counter_name(enum counter c);	/* "rx_bytes" */

struct obs_counter {
	char jail[NAME_SIZE];
	char ifname[IFNAME_SIZE];
	uint64_t v[COUNTER_COUNT];
};

struct observed {
	struct obs_jail *jails;
	struct obs_link *links;
	struct obs_addr *addrs;
	struct obs_route *routes;
	struct obs_sysctl *sysctls;
	struct obs_counter *counters;	/* of COUNTERS only; OBSERVE leaves it empty */
	size_t njails, nlinks, naddrs, nroutes, nsysctls, ncounters;
	size_t rjails, rlinks, raddrs, rroutes, rsysctls, rcounters;	/* room */
};

void observed_init(struct observed *o);
void observed_fini(struct observed *o);
/* Appends a zeroed row and returns it; NULL = out of memory. */
struct obs_jail *observed_jail_add(struct observed *o);
struct obs_link *observed_link_add(struct observed *o);
struct obs_addr *observed_addr_add(struct observed *o);
struct obs_route *observed_route_add(struct observed *o);
struct obs_sysctl *observed_sysctl_add(struct observed *o);
struct obs_counter *observed_counter_add(struct observed *o);
void observed_sort(struct observed *o);

/* On a sorted one. */
/* NULL also when only a dying one is left; observed_jail_row() gives that too. */
const struct obs_jail *observed_jail(const struct observed *o, const char *name);
const struct obs_jail *observed_jail_row(const struct observed *o, const char *name);
const struct obs_link *observed_link(const struct observed *o, const char *jail, const char *ifname);
/* The addresses of one interface: first row, count in *n. */
const struct obs_addr *observed_addrs(const struct observed *o, const char *jail, const char *ifname, size_t *n);
const struct obs_route *observed_routes(const struct observed *o, const char *jail, size_t *n);
const struct obs_sysctl *observed_sysctl(const struct observed *o, const char *jail, const char *key);

/*
 * Takes a partial look into a full one: every row of the scope is replaced by what 'part' has.  Scope as in
 * struct cmd_observe.  'into' is sorted again.  'part' keeps its memory.
 */
struct cmd_observe;
int observed_merge(struct observed *into, const struct observed *part, const struct cmd_observe *scope, struct err *err);

#endif
