/*
 * lnx: the Linux driver.  A jail is a named network namespace, an epair a veth pair, a bridge a bridge.
 *
 * Our mark: every link we make is born in link group LNX_GROUP (set by the creating message, so there is no instant without it);
 * its ifalias, written right after, says which object it belongs to.  A jail of ours has a directory RUN_DIR/jails/NAME
 * with `net` (the namespace, bind-mounted, same inode as NETNS_DIR/NAME), `uts` when it has a host name of its own, `boot` and
 * `phase`.  Our routes carry protocol LNX_PROTO.
 *
 * Files: lnx_driver.c (table, open), lnx_netlink.c (socket), lnx_ns.c (namespaces and their sockets), lnx_link.c (any
 * interface), lnx_bridge.c, lnx_epair.c, lnx_addr.c (addresses, routes), lnx_announce.c, lnx_jail.c, lnx_jail_dir.c, lnx_exec.c (start, stop),
 * lnx_process.c, lnx_probe.c, lnx_sysctl.c, lnx_observe.c, lnx_look.c (one namespace), lnx_counters.c, lnx_watch.c.
 *
 * One thread; the thread is in the host namespace whenever a function of the driver is not running.
 */
#ifndef JN_LNX_H
#define JN_LNX_H

#include <sys/types.h>

#include "worker/driver.h"
#include "worker/linux/lnx_netlink.h"

#define LNX_GROUP 0x6a6eu	/* "jn" */
#define LNX_GROUP_DYING 0x6a6fu	/* ours, to be deleted: lnx_epair.c */
#define LNX_PROTO 106		/* rtm_protocol of our routes; free in rtnetlink.h */
#define LNX_NS_CACHE 8192
#define LNX_PATH 512

/*
 * A namespace's socket.  Opening one costs as much as several requests, so they are kept; one that a full look did not
 * come by is dropped, because an open socket keeps a namespace alive that somebody deletes by hand.
 */
struct lnx_ns {
	char name[NAME_SIZE];
	ino_t ino;
	uint64_t used;
	struct nl nl;
};

struct lnx_process {
	pid_t pid;
	ino_t ino;	/* its network namespace, never the host's */
};

struct lnx {
	char run_dir[PATH_SIZE], netns_dir[PATH_SIZE], log_dir[PATH_SIZE];
	bool (*foreign_ok)(void *arg, const char *ifname);
	bool (*adopt_ok)(void *arg, const char *name);
	void *arg;
	int host_fd;		/* /proc/self/ns/net at open */
	ino_t host_ino;
	int uts_fd;
	uint32_t features;	/* FEATURE_* this kernel really has */
	uint32_t portid;	/* of all our sockets */
	struct nl host;
	struct lnx_ns ns[LNX_NS_CACHE];
	uint64_t clock;
	bool dying;		/* some links of the host are in LNX_GROUP_DYING */
	struct lnx_process *procs;	/* sorted by ino */
	size_t nprocs, rprocs;
	int64_t looked_ms;	/* when */
	struct mnl_socket *watch;
	char *rx, *watch_rx;
	size_t watch_left;	/* unread bytes in watch_rx, at watch_next */
	char *watch_next;
	int watch_nsid;
};

/* An interface as a command sees it. */
#define LNX_TRAIT_FLAGS (IFF_PROMISC | IFF_ALLMULTI | IFF_NOARP)	/* what an administrator sets, and a move keeps */
struct lnx_link {
	struct obs_link o;	/* jail and bridge names are not filled */
	uint32_t group;
	uint32_t master;	/* ifindex, 0 = none */
	bool own_ns_peer;	/* veth: the other half is in another namespace */
	char kind[16];
	uint32_t traits;	/* LNX_TRAIT_FLAGS of it */
};

typedef int lnx_exec_fn(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err);

/* lnx_ns.c */
/* The socket of a jail's namespace, or of the host for "".  Borrowed until the next call.  ERR_NOT_FOUND: no such jail. */
struct nl *lnx_ns_nl(struct lnx *l, const char *jail, struct err *err);
/* Opens NETNS_DIR/NAME (or the host's) as a namespace descriptor; the caller closes. */
int lnx_ns_open(struct lnx *l, const char *jail, struct err *err);
/* A namespace of that name that is not ours and that policy lets become ours: -1 = it is not such a one.  Caller closes. */
int lnx_ns_open_foreign(struct lnx *l, const char *name);
bool lnx_adopt_ok(const struct lnx *l, const char *name);
int lnx_ns_enter(int fd, struct err *err);
void lnx_ns_leave(struct lnx *l);
void lnx_ns_forget(struct lnx *l, const char *jail);
void lnx_ns_forget_before(struct lnx *l, uint64_t clock);	/* those not used since */
void lnx_ns_forget_all(struct lnx *l);
/* 1 and *ino when path is a mounted namespace, 0 when there is none, -1 when it cannot be told. */
int lnx_ns_is(const char *path, ino_t *ino, struct err *err);
int lnx_path(char out[LNX_PATH], struct err *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* lnx_link.c */
void lnx_link_parse(const struct nlmsghdr *nlh, struct lnx_link *out);
/* 0 found, else errno (ENODEV); nl->ext as usual. */
int lnx_link_get(struct nl *nl, const char *ifname, struct lnx_link *out);
int lnx_link_get_index(struct nl *nl, uint32_t ifindex, struct lnx_link *out);
/* Finds an interface that a command may touch: ours, or allowed by policy. */
int lnx_link_mine(struct lnx *l, struct nl *nl, const char *jail, const char *ifname, bool foreign, struct lnx_link *out,
    struct err *err);
void lnx_link_put_mark(struct nlmsghdr *nlh, const struct mark *m);
lnx_exec_fn lnx_if_set, lnx_if_rename, lnx_if_move;

uint32_t lnx_bridge_features(struct lnx *l);
lnx_exec_fn lnx_bridge_create, lnx_bridge_set, lnx_bridge_destroy, lnx_port_attach, lnx_port_set, lnx_port_detach;
lnx_exec_fn lnx_epair_create, lnx_epair_destroy;
int lnx_epair_reap(struct lnx *l, struct err *err);	/* deletes what is dying */
lnx_exec_fn lnx_addr_add, lnx_addr_del, lnx_route_add, lnx_route_del;
lnx_exec_fn lnx_sysctl_set, lnx_sysctl_get;
lnx_exec_fn lnx_jail_create, lnx_jail_set, lnx_jail_destroy;
lnx_exec_fn lnx_jail_start, lnx_jail_stop;
lnx_exec_fn lnx_probe;

/* lnx_announce.c */
/* From now on the kernel tells the neighbours when this interface comes up or gets another MAC address. */
void lnx_announce_changes(struct lnx *l, const char *jail, const struct lnx_link *link);
/* Tells them now of the addresses it has. */
void lnx_announce(struct lnx *l, struct nl *nl, const char *jail, const struct lnx_link *link);

/* lnx_sysctl.c: dotted key below /proc/sys of the namespace the thread is in; only net.* */
int lnx_sysctl_write(const char *key, const char *value, bool *changed, struct err *err);
int lnx_sysctl_read(const char *key, char *value, size_t size, struct err *err);

/* lnx_jail_dir.c: what is on disk. */
#define LNX_JAIL_DIR 0x1u	/* RUN_DIR/jails/NAME */
#define LNX_JAIL_NET 0x2u	/* its net is a namespace */
#define LNX_JAIL_NAMED 0x4u	/* NETNS_DIR/NAME is the same */
#define LNX_JAIL_FOREIGN 0x8u	/* NETNS_DIR/NAME is another, or there is no directory of ours */
#define LNX_JAIL_UTS 0x10u
#define LNX_JAIL_PHASE 0x20u
struct lnx_jail {
	uint32_t flags;
	ino_t ino;
	enum jail_phase phase;
	uint32_t boot;
	char path[PATH_SIZE];	/* the root it was made with, "/" = the host's; "" = not known */
};
int lnx_jail_look(struct lnx *l, const char *name, struct lnx_jail *out, struct err *err);
/* The same; -1 also when there is none (ERR_NOT_FOUND) or it is not ours (ERR_DENIED). */
int lnx_jail_own(struct lnx *l, const char *name, struct lnx_jail *out, struct err *err);
/* Is it whole? */
bool lnx_jail_whole(const struct lnx_jail *j);
/* Writes one of the directory's files, whole or not at all. */
int lnx_jail_put(struct lnx *l, const char *name, const char *file, const char *text, struct err *err);
int lnx_jail_put_phase(struct lnx *l, const char *name, enum jail_phase phase, struct err *err);

/* lnx_jail.c: the jail's own host name, "" when it has none. */
int lnx_jail_hostname(struct lnx *l, const char *name, char out[HOSTNAME_SIZE], struct err *err);

/* lnx_process.c: who is inside.  A look at /proc is one for all jails; max_age_ms 0 = a new one. */
int lnx_process_look(struct lnx *l, int64_t max_age_ms, struct err *err);
unsigned lnx_process_count(const struct lnx *l, ino_t ino);	/* as of the last look */
/* Sends sig to every process in the namespace; how many there were.  max_age_ms as above. */
unsigned lnx_process_kill(struct lnx *l, ino_t ino, int sig, int64_t max_age_ms);
int64_t lnx_now_ms(void);

/* lnx_observe.c, lnx_counters.c, lnx_watch.c */
int lnx_observe(struct lnx *l, const struct cmd_observe *scope, struct observed *out, struct err *err);
int lnx_counters(struct lnx *l, const struct cmd_observe *scope, struct observed *out, struct err *err);
int lnx_watch_open(struct lnx *l, struct err *err);
int lnx_watch_read(struct lnx *l, struct change *out);
/* Off around a change of a link that the kernel tells of without saying that it was ours; for an instant, others' are missed. */
void lnx_watch_links(struct lnx *l, bool on);

#endif
