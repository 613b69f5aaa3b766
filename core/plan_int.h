/*
 * plan_int: what the plan_*.c files share.  Private to the planner.
 *
 * plan_build() runs in four passes: index the kernel's tables and pair them with the wanted objects; decide what
 * becomes of each jail; let epairs, bridges and foreign interfaces emit their steps; finish the jails (sysctls, routes,
 * start).  Steps are emitted in any order and sorted stably by phase at the end.
 */
#ifndef JN_PLAN_INT_H
#define JN_PLAN_INT_H

#include "core/arena.h"
#include "core/plan.h"

#define PLAN_START_TIMEOUT_S 60
#define PLAN_STOP_TIMEOUT_S 60

/* The total order of a plan; inside a phase objects are in name order. */
enum phase {
	PH_ROUTE_DEL,
	PH_ADDR_DEL,
	PH_DETACH,
	PH_JAIL_STOP,
	PH_EPAIR_DESTROY,
	PH_BRIDGE_DESTROY,
	PH_RENAME, /* where things are now, so that final names cannot clash when moved */
	PH_RECLAIM,
	PH_JAIL_DESTROY,
	PH_RESTORE, /* after the bridges went: they may hold the address to be given back */
	PH_BRIDGE,
	PH_JAIL,
	PH_EPAIR_CREATE,
	PH_MOVE,
	PH_IF_SET,
	PH_ATTACH,
	PH_ADDR_ADD,
	PH_UP,
	PH_SYSCTL,
	PH_ROUTE_ADD,
	PH_JAIL_START
};
#define PH_COUNT (PH_JAIL_START + 1)

/* A jail that is wanted, there, or both. */
struct plan_jail {
	const char *name;
	const struct object *want;   /* NULL = not in the topology */
	const struct obs_jail *have; /* NULL = not in the kernel */
	bool in_scope;
	bool frozen;		 /* a job runs or is planned: nothing inside is touched in this round */
	bool teardown;		 /* destroyed by this plan */
	bool create;		 /* created by this plan: starts without sysctls and routes */
	size_t stop;		 /* number of the step that stops or destroys it, until the plan is sorted; from 1, 0 = none */
	bool there;		 /* after this plan interfaces can be inside */
	bool reroute;		 /* an interface inside was moved, made or readdressed: the kernel dropped its routes */
	size_t first_end, nends; /* in planner.jail_ends */
	size_t first_att, natts; /* in planner.jail_atts */
};

/* A wanted bridge. */
struct plan_bridge {
	const struct object *want;
	const struct obs_link *link; /* NULL = missing */
	bool in_scope;
	bool fresh;   /* created by this plan: nothing is attached or addressed */
	bool adopted; /* its label is missing and gets written again */
	bool replaced; /* one of another kind goes first */
	bool there;   /* after this plan */
};

/* One end of a wanted epair. */
struct plan_end {
	const struct object *epair;
	const struct end *want;
	const struct obs_link *link;
	struct plan_jail *jail; /* wanted jail, NULL = host or bridge */
	struct plan_jail *from; /* where it is now, NULL = host or a namespace we do not know */
	struct plan_bridge *bridge;
	bool adopted;
	bool ambiguous; /* two links claim to be this end, equally well */
	bool frozen;
	bool settled; /* this plan makes it as wanted, so it has the wanted addresses, not those seen now */
	bool usable;  /* after this plan: in its jail and up, so that routes can go through it */
};

/* A foreign interface that the topology names or that must be given back. */
struct plan_foreign {
	const char *ifname;
	struct plan_bridge *bridge; /* wanted as a member */
	const struct member *member;
	const struct object *att; /* wanted as an attachment */
	const struct found *found;
	const struct obs_link *link;
	struct plan_jail *from;
	bool settled, usable; /* as in struct plan_end */
};

struct planner {
	const struct topo *want;
	const struct observed *have;
	const struct plan_opts *opts;
	struct plan *out;
	uint8_t *phase; /* of each step of 'out' */
	size_t phase_room;
	bool nomem; /* sticky; emitting goes to 'scratch' from then on */
	struct step scratch;
	struct arena arena;

	/* the kernel's tables in order, whatever order they came in */
	const struct obs_jail **obs_jails;
	const struct obs_link **links;	   /* by jail, name */
	const struct obs_link **by_name;   /* by name, jail */
	const struct obs_addr **addrs;	   /* by jail, name, prefix */
	const struct obs_route **routes;   /* by jail, dst, gateway */
	const struct obs_sysctl **sysctls; /* by jail, key */

	struct plan_jail *jails; /* by name */
	size_t njails;
	struct plan_bridge *bridges;  /* as want->v[KIND_BRIDGE] */
	struct plan_end *ends;	      /* two for each of want->v[KIND_EPAIR] */
	struct plan_end **jail_ends;  /* by wanted jail, then epair and side */
	struct plan_foreign *foreign; /* by ifname */
	size_t nforeign;
	bool ports_last; /* many epairs are made: their bridge ports come up at the end */
	struct plan_foreign **jail_atts; /* by wanted jail, then ifname */
	const struct obs_link **strays;	 /* of ours, but wanted by nothing */
	size_t nstrays;
	const char **held; /* names that links of ours keep in this round, for a frozen jail; sorted */
	size_t nheld;
};

/*
 * What one interface shall become: the common half of epair ends, members, attachments and interfaces given back.
 * plan_settle() emits the difference to 'link'.
 */
struct plan_iface {
	enum kind kind; /* the object the steps serve */
	const char *name;
	char base[96]; /* JSON pointer of the end, member or attachment */
	enum kind need_kind;
	const char *need; /* "" = none */
	const struct obs_link *link;
	const char *ifname; /* final name */
	const char *jail;   /* final place, "" = host */
	struct plan_jail *from, *to;
	const char *bridge;	 /* final bridge, "" = none */
	const char *bridge_now;	 /* the name under which that bridge is seen now; NULL = it is not there yet */
	const struct port *port; /* NULL = leave the port's settings alone */
	bool vlan_filter, stp;	/* of the bridge it shall be in */
	uint32_t mtu;		 /* 0 = leave */
	const char *mtu_pointer; /* NULL = base + "/mtu" */
	struct mac mac;		 /* zero = leave */
	const struct traits *traits; /* NULL = leave */
	bool leave_up, up;
	bool mark;    /* write the label again */
	uint8_t side; /* for the label of an epair end */
	const struct prefix *addrs;
	size_t naddrs;
	bool addrs_only;  /* remove all others */
	bool undo;	  /* giving back: early in the plan */
	bool reclaimed;	  /* the teardown of its jail brings it to the host in this plan */
	bool downed;	  /* out: set down by this plan, for which Linux drops the IPv6 addresses */
	bool fresh;	  /* out: was moved, so it has no address, port or up flag left */
	bool readdressed; /* out */
};

/* plan_index.c */
int plan_open(struct planner *pl, const struct topo *want, const struct observed *have, struct err *err);
void plan_close(struct planner *pl);
struct plan_jail *plan_jail_find(const struct planner *pl, const char *name);
/* The jail a link is in; NULL for none, the host, or a link that is not there. */
struct plan_jail *plan_jail_of(const struct planner *pl, const struct obs_link *l);
struct plan_bridge *plan_bridge_find(const struct planner *pl, const char *name);
const struct obs_link *plan_link_find(const struct planner *pl, const char *jail, const char *ifname);
/* All links of that name in any jail: the first and their count. */
const struct obs_link *const *plan_links_named(const struct planner *pl, const char *ifname, size_t *n);
const struct obs_addr *const *plan_addrs_of(const struct planner *pl, const struct obs_link *link, size_t *n);
const struct obs_route *const *plan_routes_of(const struct planner *pl, const char *jail, size_t *n);
const struct obs_sysctl *plan_sysctl_find(const struct planner *pl, const char *jail, const char *key);

/* plan_emit.c: never NULL; the caller fills cmd.u and may fill pointer and needs. */
struct step *plan_emit(struct planner *pl, enum phase ph, enum kind kind, const char *name, enum cmd_op op);
void plan_pointer(struct step *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void plan_need(struct step *s, enum kind kind, const char *name);
bool plan_in_scope(const struct planner *pl, enum kind kind, const char *name);
int plan_sort(struct planner *pl, struct err *err);

/* plan_iface.c */
void plan_settle(struct planner *pl, struct plan_iface *i);
void plan_up(struct planner *pl, const struct plan_iface *i, enum phase ph);
/* Makes the addresses of 'link' (NULL = none yet) be those; true when something changes. */
bool plan_addresses(struct planner *pl, struct plan_iface *i, const struct obs_link *link);

/* plan_jail.c */
/* Its manager moves the interfaces in, and the jail may set what it likes inside.  NULL is no jail. */
bool plan_minds_itself(const struct plan_jail *j);
/* That manager has yet to move the interface in.  A jail that the topology does not know will do: jib's names need not be those of jails. */
bool plan_is_awaited(const struct planner *pl, const struct plan_jail *j, const struct obs_link *l);
void plan_jails_decide(struct planner *pl);
void plan_jails_finish(struct planner *pl);

/* plan_lose.c */
void plan_lose(struct planner *pl);

/* plan_bridge.c */
void plan_bridges_match(struct planner *pl);
void plan_bridges(struct planner *pl);

/* plan_claim.c */
void plan_epairs_match(struct planner *pl);

/* plan_epair.c */
void plan_epairs(struct planner *pl);

/* plan_foreign.c */
int plan_foreign_match(struct planner *pl, struct err *err);
void plan_foreign(struct planner *pl);

#endif
