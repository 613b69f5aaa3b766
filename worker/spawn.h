/*
 * spawn: starts jailnetd-server as somebody who can do nothing, with nothing but its channel and its listeners.
 */
#ifndef JN_SPAWN_H
#define JN_SPAWN_H

#include <sys/types.h>

#include "core/err.h"
#include "worker/listen.h"
#include "worker/options.h"

struct spawn {
	const struct options *options;
	const struct listen *listen;
	char server[PATH_SIZE * 4];	/* program */
	char www[PATH_SIZE * 4];	/* directory of the dashboard, "" = none */
	bool change_user;		/* we are root and the server must not be */
	uid_t uid;
	gid_t gid;
};

/* Finds the program and the user.  A missing user is replaced by nobody, which is logged. */
int spawn_init(struct spawn *s, const struct options *o, const struct listen *l, struct err *err);
/* Gives the state directory to that user, 0700, making it when missing. */
int spawn_own_state_dir(const struct spawn *s, struct err *err);
/* Starts one server; its end of a new socketpair is its descriptor 3, ours is *channel. */
int spawn_server(const struct spawn *s, pid_t *pid, int *channel, struct err *err);

#endif
