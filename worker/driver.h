/*
 * driver: the kernel behind a few functions.  One per platform (worker/linux, worker/freebsd), and the fake kernel of the tests.
 *
 * A driver sees core/ and this header only.  It trusts the command's shape (wire.c and policy.c checked it), not the kernel's
 * state: a command that would touch an interface, bridge or jail without our mark fails with ERR_DENIED, except IF_MOVE, IF_SET,
 * PORT_* and ADDR_* on a foreign interface for which conf->foreign_ok says yes.  Destroying is only ever for what is ours.
 * What conf->adopt_ok says yes to can become ours: IF_SET with nothing but a mark, JAIL_CREATE of a namespace that is there.
 * Neither touches a packet.
 *
 * EPAIR_DESTROYs that follow each other may be carried out together: at the latest before a command of another kind (other
 * than a job) is executed, before anything is observed, and when the driver is opened or closed.  What an EPAIR_DESTROY took away is in no
 * look any more and its names are free; the kernel may still have work with it, which no command waits for in full.
 */
#ifndef JN_DRIVER_H
#define JN_DRIVER_H

#include "core/cmd.h"
#include "core/wire.h"

struct driver_conf {
	const char *run_dir;	/* root-owned, tmpfs: /run/jailnet; jail marks live in run_dir/jails/NAME/ */
	const char *netns_dir;	/* Linux: /run/netns */
	const char *log_dir;	/* console logs of exec.start and exec.stop: log_dir/JAIL.log */
	/* policy: may this interface, which does not carry our mark, be touched at all? */
	bool (*foreign_ok)(void *arg, const char *ifname);
	void *arg;
	/* policy: may it become ours?  NULL = nothing may */
	bool (*adopt_ok)(void *arg, const char *name);
};

struct driver {
	const char *name;	/* "linux", "freebsd", "fake" */
	uint32_t features;	/* FEATURE_* of core/valid.h */
	int (*open)(const struct driver_conf *conf, void **ctx, struct err *err);
	void (*close)(void *ctx);
	/* scope as in OBSERVE; appends to out */
	int (*observe)(void *ctx, const struct cmd_observe *scope, struct observed *out, struct err *err);
	/* COUNTERS: appends one row of out->counters for each interface of the scope that can be read without waiting; loopbacks are left out.
	 * NULL = this platform cannot. */
	int (*counters)(void *ctx, const struct cmd_observe *scope, struct observed *out, struct err *err);
	/* 0: out->result says DONE or UNCHANGED; -1: err.  Nothing is left half done on failure.  Jobs are called in a child process of
	 * the worker and may block; all others must not. */
	int (*exec)(void *ctx, const struct cmd *c, struct reply *out, struct err *err);
	/* A descriptor that polls readable when something changed in the kernel, -1 = none. */
	int (*watch_fd)(void *ctx);
	/* Reads one notification not caused by our own commands where that can be told: 1 = *out filled, 0 = no more. */
	int (*watch_read)(void *ctx, struct change *out);
};

/* The one this program was linked with. */
extern const struct driver *const driver;

#endif
