/*
 * fake_int: the tables of the fake kernel.  Private to tests/fake.
 *
 * Everything is an index into a table of one shared mapping (no pointers), so that it may live in a file and be changed
 * by a forked child.  -1 = none; namespace -1 = the host.
 */
#ifndef JN_FAKE_INT_H
#define JN_FAKE_INT_H

#include "tests/fake/fake_kernel.h"

#define FAKE_JAILS 6000
#define FAKE_LINKS 26000
#define FAKE_ADDRS 64000
#define FAKE_ROUTES 32000
#define FAKE_SYSCTLS 16000
#define FAKE_FAULTS 8
#define FAKE_HOST (-1)

struct fake_jail {
	bool used, ours, forwarding;
	char name[NAME_SIZE];
	char path[PATH_SIZE];
	char hostname[HOSTNAME_SIZE];
	enum jail_phase phase;
	uint32_t boot, processes, params, dying;
};

struct fake_link {
	bool used, up;
	bool blinks;	/* the next look misses it: it moves meanwhile */
	bool stp, vlan_filter;
	enum backend backend;
	bool priv, port_stp, edge;
	enum link_type type;
	int ns, peer, bridge;
	uint32_t ifindex, mtu;
	char ifname[IFNAME_SIZE];
	struct mark mark;
	struct mac mac;
	uint16_t untagged, ntagged;
	uint16_t tagged[LIMIT_TAGGED];
	uint64_t counters[COUNTER_COUNT];
	struct traits traits;	/* of a physical one; a move loses those that the kernel keeps per network */
};

struct fake_addr {
	bool used, duplicate;
	int link;
	struct prefix prefix;
};

struct fake_route {
	bool used, ours;
	int ns, link;
	struct prefix dst;
	struct ip gateway;
};

struct fake_sysctl {
	bool used;
	int ns;
	char key[NAME_SIZE];
	char value[128];
};

struct fake_faultpoint {
	bool armed;
	int op;
	unsigned left;
	enum fake_fault what;
	int sys;
};

/* n* are high-water marks: slots from there on were never used. */
struct fake_tables {
	uint32_t ifindex;
	unsigned count[CMD_COUNT];
	bool faults_set;
	struct fake_faultpoint faults[FAKE_FAULTS];
	int njails, nlinks, naddrs, nroutes, nsysctls;
	struct fake_jail jails[FAKE_JAILS];
	struct fake_link links[FAKE_LINKS];
	struct fake_addr addrs[FAKE_ADDRS];
	struct fake_route routes[FAKE_ROUTES];
	struct fake_sysctl sysctls[FAKE_SYSCTLS];
};

struct fake {
	struct fake_tables *t;
	bool (*foreign_ok)(void *arg, const char *ifname);
	void *foreign_arg;
	bool (*adopt_ok)(void *arg, const char *name);	/* NULL = nothing may become ours */
	void *adopt_arg;
	unsigned delay_us, look_us;	/* each command and each look takes so long */
	int watch[2];	/* datagrams of control lines; [1] is our own writing end */
	char control[108];
};

/* Lookups; -1 = none.  jail "" answers FAKE_HOST, an unknown one -2. */
#define FAKE_NO_JAIL (-2)
int fake_jail_find(const struct fake *f, const char *name);
int fake_link_find(const struct fake *f, int ns, const char *ifname);
const char *fake_ns_name(const struct fake *f, int ns);

/* New slots, zeroed and used; -1 = table full. */
int fake_jail_new(struct fake *f, const char *name);
int fake_link_new(struct fake *f, int ns, const char *ifname, enum link_type type);
int fake_addr_new(struct fake *f, int link, const struct prefix *p);
int fake_route_new(struct fake *f, int ns, int link, const struct prefix *dst, const struct ip *gateway);
int fake_sysctl_new(struct fake *f, int ns, const char *key);

/* What the kernel does by itself. */
void fake_link_destroy(struct fake *f, int link);	/* with its peer; ports of a bridge come loose */
void fake_link_move(struct fake *f, int link, int ns);
void fake_link_up(struct fake *f, int link, bool up);
void fake_link_leave(struct fake *f, int link);		/* its bridge */
void fake_addr_remove(struct fake *f, int addr);
int fake_addr_find(const struct fake *f, int link, const struct prefix *p);
void fake_jail_end(struct fake *f, int jail);
int fake_route_find(const struct fake *f, int ns, const struct prefix *dst);
int fake_gateway_link(const struct fake *f, int ns, const struct ip *gateway);	/* -1 = unreachable */

/* One command being executed. */
struct fake_run {
	struct fake *f;
	bool half;	/* stop in the middle, as if killed there */
	struct reply *out;
	struct err *err;
};
/* Endings and look-ups that several commands share; all as in driver->exec. */
int fake_run_unchanged(struct fake_run *r);
int fake_run_changed_if(struct fake_run *r, bool changed);
int fake_run_cut_short(struct fake_run *r);
int fake_run_full(struct fake_run *r);
int fake_run_find_ns(struct fake_run *r, const char *jail, int *ns);
int fake_run_sysctl_set(struct fake_run *r, const struct cmd_sysctl *c);
int fake_run_sysctl_get(struct fake_run *r, const struct cmd_sysctl *c);
int fake_run_jail_create(struct fake_run *r, const struct cmd_jail *c);
int fake_run_jail_set(struct fake_run *r, const struct cmd_jail *c);
int fake_run_jail_start(struct fake_run *r, const struct cmd_exec *c);
int fake_run_jail_stop(struct fake_run *r, const struct cmd_exec *c);
int fake_run_jail_destroy(struct fake_run *r, const struct cmd_ref *c);
int fake_run_probe(struct fake_run *r, const struct cmd_probe *c);

/* Executes one command; half: stop in the middle. */
int fake_exec(struct fake *f, const struct cmd *c, bool half, struct reply *out, struct err *err);
int fake_counters(struct fake *f, const struct cmd_observe *scope, struct observed *out, struct err *err);
int fake_observe(struct fake *f, const struct cmd_observe *scope, struct observed *out, struct err *err);

#endif
