/*
 * fbsd: the FreeBSD driver.  A jail is a VNET jail, an epair an epair(4), a bridge an if_bridge(4) or a netgraph ng_bridge.
 *
 * Our mark: interface group FBSD_GROUP (the first ioctl after the creating one; lost by a move into or out of a jail, where
 * it is put again) and the description "jailnet:epair/web0:a", which a move keeps.  Either half is enough.  Inside a jail only the
 * description counts there, and only with a MAC that can be ours: jail root can write it.  A jail of ours has a directory
 * RUN_DIR/jails/NAME and the parameter meta (where the kernel has it).  Our routes carry RTF_PROTO1.
 *
 * Files: fbsd_driver.c (table, open), fbsd_ioctl.c (requests by name, errors), fbsd_inside.c (children attached to a jail),
 * fbsd_look.c (the same in all jails), fbsd_iflist.c (the kernel's list), fbsd_if.c (single requests), fbsd_link.c (any interface: look, set, name),
 * fbsd_traits.c, fbsd_move.c (between host and jails), fbsd_epair.c, fbsd_reap.c, fbsd_pair.c, fbsd_bridge.c, fbsd_port.c, fbsd_filter.c (VLANs),
 * fbsd_ng.c, fbsd_ngbridge.c, fbsd_ngport.c (netgraph), fbsd_addr.c, fbsd_route.c, fbsd_sysctl.c, fbsd_kld.c, fbsd_observe.c, fbsd_counters.c,
 * fbsd_watch.c, fbsd_probe.c, fbsd_lo.c; fbsd_jail.c, fbsd_exec.c, fbsd_process.c (jails, their commands and processes); fbsd_sandbox.c.
 *
 * One thread.  The process itself never attaches to a jail; what must run inside one runs in a child (fbsd_inside).
 */
#ifndef JN_FBSD_H
#define JN_FBSD_H

#include <sys/types.h>
#include <sys/event.h>

#include "worker/driver.h"

#define FBSD_GROUP "jailnet"	/* must not end in a digit */
#define FBSD_PATH 512
/* devfsrules_jail_vnet of /etc/defaults/devfs.rules: what a jail with a network of its own may see; a jail in a jail must have its parent's */
#define FBSD_DEVFS_RULESET 5

struct fbsd {
	char run_dir[PATH_SIZE], log_dir[PATH_SIZE];
	bool (*foreign_ok)(void *arg, const char *ifname);
	bool (*adopt_ok)(void *arg, const char *name);
	void *arg;
	uint32_t features;	/* FEATURE_* this kernel really has */
	int s;			/* AF_LOCAL datagram socket: carries interface ioctls of the host */
	int s4, s6;		/* AF_INET, AF_INET6: addresses of the host; -1 = the kernel has no such family */
	int kq;			/* watch_fd: routing socket and jails */
	int rt;			/* routing socket that is watched */
	bool jail_events;	/* EVFILT_JAIL works: fbsd_jail_watch */
	struct fbsd_guest *guests;
	size_t nguests, rguests;
	uint64_t jail_digest;	/* which jails there were, where there are no events of them */
	struct fbsd_process *procs;	/* fbsd_process_look */
	size_t nprocs;
	struct fbsd_pair *pairs;	/* fbsd_pair.c: of the last look at all */
	size_t npairs;
	/* fbsd_reap.c */
	size_t gone;		/* pairs that are out of sight, not yet destroyed */
	int64_t gone_due;	/* from then on nothing puts the reaper off; 0 = none waits */
	pid_t reaper;		/* 0 = none runs */
};

typedef int fbsd_exec_fn(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err);

/* fbsd_ioctl.c ------------------------------------------------------------------------------------------------------- */
/* err_sys() with the kernel's own sentence (uexterr_gettext(3), FreeBSD 15) behind errno's.  Always -1. */
int fbsd_fail(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same with errno's value in hand, as the single requests below return it: at once, before any other system call. */
int fbsd_num(struct err *err, int sys, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int fbsd_path(char out[FBSD_PATH], struct err *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int64_t fbsd_now_ms(void);
/* A sysctl table that may grow meanwhile; the caller frees *buf.  0 or errno. */
int fbsd_table_read(const int *mib, unsigned n, char **buf, size_t *len);

/* fbsd_inside.c ------------------------------------------------------------------------------------------------------ */
/*
 * Where code runs: sockets of that vnet, opened by fbsd_inside before fn is called.  s4/s6 -1: no such family.
 */
struct fbsd_in {
	struct fbsd *f;
	const char *jail;	/* "" = the host */
	int jid;		/* 0 = the host */
	int s, s4, s6;
};
typedef int fbsd_inside_fn(struct fbsd_in *in, void *arg, struct err *err);
/*
 * Runs fn in the vnet of a jail.  jid 0: here, in this process.  Else in a short-lived child: closefrom, PROC_TRACE_CTL,
 * jail_attach; what fn changed in arg[size], its result and err come back through a pipe, and the rows it appended to 'rows' (NULL = none).
 * Inside: no exec, no dlopen, no name or locale look-ups.  The jail ended meanwhile, or its root stopped the child: ERR_BUSY.
 */
int fbsd_inside(struct fbsd *f, int jid, const char *jail, fbsd_inside_fn *fn, void *arg, size_t size, struct observed *rows,
    struct err *err);
/* The same in two steps, so that several can be under way; rows is the same in both.  Each begun one is ended, or dropped. */
struct fbsd_visit {
	pid_t pid;
	int fd;
	int answer_ms;		/* how long fbsd_visit_end waits; fbsd_visit_begin sets what does for all but probes */
	int64_t deadline;
};
int fbsd_visit_begin(struct fbsd *f, int jid, const char *jail, fbsd_inside_fn *fn, void *arg, size_t size, struct observed *rows,
    struct fbsd_visit *v, struct err *err);
int fbsd_visit_end(struct fbsd_visit *v, const char *jail, void *arg, size_t size, struct observed *rows, struct err *err);
void fbsd_visit_drop(struct fbsd_visit *v);
/* The same by jail name, "" = host; ERR_NOT_FOUND when there is no living jail of that name. */
int fbsd_inside_name(struct fbsd *f, const char *jail, fbsd_inside_fn *fn, void *arg, size_t size, struct err *err);

/* fbsd_jail.c (jails as the kernel has them, and what we keep of ours) ------------------------------------------------ */
struct fbsd_jail {
	int jid;
	bool vnet;		/* has a network of its own */
	bool ours;		/* carries our mark */
	bool dying;
	enum jail_phase phase;
	uint32_t boot;
};
/*
 * The living jail of that name (with a vnet of its own, else ERR_CONFLICT); a dying one of the same name never counts.
 * ERR_NOT_FOUND: none.  The jid is good for now only: never remember it between two commands.
 */
int fbsd_jail_find(struct fbsd *f, const char *name, struct fbsd_jail *out, struct err *err);
/*
 * Calls fn for each vnet jail below us, dying ones too.  fn returns 0 or -1 (ends the walk).
 */
int fbsd_jail_each(struct fbsd *f, int (*fn)(void *arg, const char *name, const struct fbsd_jail *j, struct err *err), void *arg,
    struct err *err);
/*
 * Appends a row for each vnet jail below us and for each of our directories without one (only != NULL: for that name only):
 * everything but 'forwarding', which fbsd_observe.c fills in.  A living jail hides a dying one of the same name.
 */
int fbsd_jail_observe(struct fbsd *f, const char *only, struct observed *out, struct err *err);
int fbsd_jail_open(struct fbsd *f, struct err *err);	/* directories, features of jails into f->features */
/* Puts jails on f->kq where the kernel can tell about them (sets f->jail_events); an event of them: true = *out filled. */
int fbsd_jail_watch(struct fbsd *f, struct err *err);
bool fbsd_jail_event(struct fbsd *f, const struct kevent *ev, struct change *out);
fbsd_exec_fn fbsd_jail_create, fbsd_jail_set, fbsd_jail_destroy;
/* fbsd_exec.c: exec.start, exec.stop with a console log */
fbsd_exec_fn fbsd_jail_start, fbsd_jail_stop;
/* fbsd_process.c: how many live in the jail; sends sig to all of them (0 = only counts).  -1 never happens: 0 when unknown. */
unsigned fbsd_process_count(struct fbsd *f, int jid);
unsigned fbsd_process_kill(struct fbsd *f, int jid, int sig);
/* Between these two, fbsd_process_count answers from one look for all. */
void fbsd_process_look(struct fbsd *f);
void fbsd_process_forget(struct fbsd *f);

/* fbsd_link.c -------------------------------------------------------------------------------------------------------- */
/* An interface as a command sees it. */
struct fbsd_link {
	struct obs_link o;	/* jail is not filled, bridge only by fbsd_observe */
	int flags;		/* IFF_* */
	bool group;		/* is in FBSD_GROUP */
};
struct fbsd_ifmsg;
void fbsd_link_fill(int s, const struct fbsd_ifmsg *m, struct fbsd_link *out);
void fbsd_in_host(struct fbsd *f, struct fbsd_in *out);	/* the host as fbsd_in, no child */
fbsd_exec_fn fbsd_if_set, fbsd_if_rename;
#define FBSD_WHERE (NAME_SIZE + 16)
/* " in jail web", or "" for the host. */
const char *fbsd_where(const char *jail, char buf[FBSD_WHERE]);
/* Not ours, but policy lets it become ours. */
bool fbsd_adoptable(const struct fbsd_in *in, const struct obs_link *o);
/* Reads one of the vnet of in.  0 found, else errno (ENXIO). */
int fbsd_link_get(const struct fbsd_in *in, const char *ifname, struct fbsd_link *out);
/* Finds one that a command may touch: ours, or (foreign) allowed by policy. */
int fbsd_link_mine(const struct fbsd_in *in, const char *ifname, bool foreign, struct fbsd_link *out, struct err *err);

/* fbsd_if.c: single requests on socket s; 0 or errno.  They change even what is as wished already. -------------------- */
int fbsd_if_mark(int s, const char *ifname, const struct mark *m);
int fbsd_if_group(int s, const char *ifname);	/* into FBSD_GROUP */
int fbsd_if_set_group(int s, const char *ifname, const char *group, bool in);
/* Is it in the first group, and (*second) in the other?  One request. */
bool fbsd_if_in_groups(int s, const char *ifname, const char *group, const char *other, bool *second);
#define FBSD_GROUPS_MAX 32
struct ifg_req;
void fbsd_if_groups(int s, const char *ifname, struct ifg_req *v);	/* room for FBSD_GROUPS_MAX; the rest is zero */
int fbsd_if_mac(int s, const char *ifname, const struct mac *mac);
int fbsd_if_mtu(int s, const char *ifname, uint32_t mtu);
int fbsd_if_rename_to(int s, const char *ifname, const char *to);
int fbsd_if_up(int s, const char *ifname, bool up);
/*
 * A member of an if_bridge that has no address answers ARP for the bridge's, with its own MAC, when that is the host's first address
 * (in_arpinput in sys/netinet/if_ether.c: "fall back to using any inet address"); with member_ifaddrs=0 nothing sent there arrives.
 * So what is ours and a member without an address does no ARP; it does again when it leaves the bridge, moves or gets an address.
 */
int fbsd_if_arp(int s, const char *ifname, bool on);
/*
 * Makes an interface; made gets its name.  EINVAL: the kernel has no such kind.
 * The kernel takes the lowest free unit and only then looks whether the name is free (an epairNb may have come out of a jail);
 * it says EEXIST and does not try the next one, so this does.
 */
int fbsd_if_clone(int s, const char *kind, char made[IFNAME_SIZE]);
unsigned fbsd_if_index(int s, const char *ifname);	/* 0 = none, errno says why */
/* The interfaces in a group (ifgrq_member); the caller frees *v. */
int fbsd_if_members(int s, const char *group, struct ifg_req **v, size_t *n);
/* What the kernel made it as, in the vnet of the caller: "epair7" for both halves of that pair, whatever they are called. */
int fbsd_if_unit(unsigned index, char unit[IFNAME_SIZE]);
int fbsd_if_destroy(int s, const char *ifname);
int fbsd_if_to_jail(int s, const char *ifname, int jid);
int fbsd_if_from_jail(int s, const char *ifname, int jid);

/* fbsd_traits.c: what of a foreign interface on the host is given back */
void fbsd_traits_read(const struct fbsd_in *in, const char *ifname, int flags, struct traits *out);
int fbsd_traits_set(const struct fbsd_in *in, const char *ifname, const struct traits *want, bool *changed, struct err *err);

/* fbsd_move.c */
/*
 * Guests: interfaces of ours and of the host that are in a jail.  Nobody can look into a dying jail, but by name and jid an
 * interface can be taken out of it; so the names are kept from look to look (a restarted worker has none; then the planner makes
 * new epairs).
 */
struct fbsd_guest {
	int jid;
	bool keep;		/* still there in this look */
	char ifname[IFNAME_SIZE];
};
void fbsd_guest_note(struct fbsd *f, int jid, const char *ifname);
bool fbsd_is_guest(struct fbsd *f, int jid, const char *ifname);
void fbsd_guest_forget(struct fbsd *f, int jid, const char *ifname);
/* Before and after the links of a living jail were looked at and noted. */
void fbsd_guests_begin(struct fbsd *f, int jid);
void fbsd_guests_end(struct fbsd *f, int jid);
/* Takes home all guests of a jail, living or dying.  How many came. */
unsigned fbsd_take_home(struct fbsd *f, int jid);
int fbsd_move_in(struct fbsd *f, const char *ifname, const char *jail, struct err *err);	/* from the host */
fbsd_exec_fn fbsd_if_move;

/*
 * fbsd_pair.c.  What a half was made as, 0 = not known or not wanted: kept in peer until fbsd_pairs, which makes it the other half's ifindex for
 * the links from 'from' on.  all: these are all there are.  -1: no memory.
 */
uint32_t fbsd_pair_unit(const struct fbsd_in *in, const struct obs_link *o);
int fbsd_pairs(struct fbsd *f, struct observed *o, size_t from, bool all);

/*
 * fbsd_reap.c.  An interface of the host that is gone is in no look and no count; its name (the index is its own) is enough where nothing
 * depends on it.
 */
bool fbsd_gone_name(const char *ifname, unsigned index);
bool fbsd_is_gone(int s, const char *ifname, unsigned index);
/* The pair is gone: both halves, which must be known.  false: it must be destroyed here and now; then c->jail says where c->ifname is by now. */
bool fbsd_gone_put(struct fbsd *f, struct cmd_iface *c);
/* Somebody needs the unit ("epair7") of one that is gone: waits for its end.  false: there is none. */
bool fbsd_gone_end(struct fbsd *f, const char *unit);
/* Around each command: it comes first, and the reaper when no other has come for a while. */
void fbsd_reap_yield(struct fbsd *f);
void fbsd_reap_later(struct fbsd *f);
void fbsd_reap_open(struct fbsd *f);
void fbsd_reap_close(struct fbsd *f);	/* the last reaper outlives the worker */
bool fbsd_reap_event(struct fbsd *f, const struct kevent *ev);	/* false: it is about something else */

/* the rest ------------------------------------------------------------------------------------------------------------ */
int fbsd_kld_load(const char *module, struct err *err);	/* already there is fine; not loadable: says why */
uint32_t fbsd_bridge_features(struct fbsd *f);
fbsd_exec_fn fbsd_bridge_create, fbsd_bridge_set, fbsd_bridge_destroy;
int fbsd_port_join(struct fbsd *f, const char *bridge, const char *ifname, struct err *err);	/* with the flags of a new member */
fbsd_exec_fn fbsd_port_attach, fbsd_port_set, fbsd_port_detach;
fbsd_exec_fn fbsd_epair_create, fbsd_epair_destroy;
fbsd_exec_fn fbsd_addr_add, fbsd_addr_del;
fbsd_exec_fn fbsd_route_add, fbsd_route_del;
fbsd_exec_fn fbsd_sysctl_set, fbsd_sysctl_get;
fbsd_exec_fn fbsd_probe;
/* net.inet.ip.forwarding and net.inet6.ip6.forwarding of the vnet this runs in (an fbsd_inside_fn calls it). */
int fbsd_forwarding_set(bool on, bool *changed, struct err *err);
bool fbsd_forwarding(void);
/* lo0 of the vnet of in up, with 127.0.0.1 and ::1: a jail that runs no /etc/rc has neither. */
int fbsd_lo_up(const struct fbsd_in *in, struct err *err);

int fbsd_observe(struct fbsd *f, const struct cmd_observe *scope, struct observed *out, struct err *err);
int fbsd_counters(struct fbsd *f, const struct cmd_observe *scope, struct observed *out, struct err *err);
int fbsd_watch_open(struct fbsd *f, struct err *err);
int fbsd_watch_read(struct fbsd *f, struct change *out);

#endif
