/*
 * sandbox: what the worker asks of the operating system that is not networking: an empty world to play in, and giving up power for
 * good.  One file per platform: worker/linux/lnx_sandbox.c, worker/freebsd/.
 */
#ifndef JN_SANDBOX_H
#define JN_SANDBOX_H

#include <sys/types.h>

#include "core/err.h"

/* Linux: a new, empty network and mounts of our own; an ordinary user becomes uid 0 of a user namespace.  /run is empty afterwards but for
 * /run/netns and /run/jailnet.  FreeBSD: a VNET jail that goes with its last process.  lo is up.  Call once, single-threaded, after
 * listeners were opened. */
int sandbox_enter(struct err *err);
/* Where the sandbox keeps what otherwise is in the run directory, to be removed at the end; NULL = the usual place is its own. */
const char *sandbox_run_dir(void);
/* True when uid 0 here is an ordinary user outside. */
bool sandbox_is_user(void);

/*
 * In the child that becomes the server, while still privileged: no capability can be held or regained, no set-uid program gains
 * anything.  Then, with drop_all, what is held now goes too (for a uid 0 that stays uid 0).  Without it, the caller changes uid.
 */
int sandbox_limit(bool drop_all, struct err *err);

/* In a child of 'parent': is killed when that ends, also if it has ended already.  Survives execve. */
void sandbox_end_with(pid_t parent);

#endif
