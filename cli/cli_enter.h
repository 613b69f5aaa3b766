/*
 * cli_enter: this process goes into the network of a jail; one implementation per platform (cli/linux/).
 */
#ifndef JN_CLI_ENTER_H
#define JN_CLI_ENTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/err.h"

struct cli_enter {
	const char *jail;	/* a legal name */
	const char *path;	/* the root directory of the document, "" = the host's: for a jail that does not know its own */
	bool sandbox;		/* the daemon works in namespaces of its own; they are entered first */
	pid_t worker;		/* the daemon's worker; used with sandbox only */
};

/* After success the process is inside for good.  -1: err says which step, and what is needed. */
int cli_enter(const struct cli_enter *where, struct err *err);

#endif
