/*
 * supervise: the worker's main loop: serve the server, start it again when it dies, stop on a signal.
 */
#ifndef JN_SUPERVISE_H
#define JN_SUPERVISE_H

#include "worker/serve.h"
#include "worker/spawn.h"

#define SUPERVISE_BACKOFF_MIN_MS 100
#define SUPERVISE_BACKOFF_MAX_MS 10000
#define SUPERVISE_ALIVE_MS 30000	/* a server that lived so long starts the back-off anew */
#define SUPERVISE_STOP_MS 5000		/* between TERM and KILL */

/* Signal handlers that write a byte into a pipe; call before the first fork that matters. */
int supervise_signals(struct err *err);
/* Runs until told to stop.  Returns the exit status of the program: 0, or 78 when the server said a restart is no use. */
int supervise_run(struct serve *serve, const struct spawn *spawn);

#endif
