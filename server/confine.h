/*
 * confine: the server shuts itself in before it reads a byte from anybody.  One file per platform: server/linux, server/freebsd.
 *
 * Linux: seccomp (only the calls it needs; starting a program kills it), Landlock (only its state directory, the certificate's directory
 * and the dashboard; no TCP connection or listener of its own; no signals and no abstract sockets outside), no new privileges, no core dumps.
 * FreeBSD: resource limits, no core dumps, no tracing.
 */
#ifndef JN_CONFINE_H
#define JN_CONFINE_H

#include "core/err.h"

struct confine {
	const char *state_dir;	/* read and written */
	const char *read_files[2];	/* their directories are read; NULL = none */
	int read_fd;		/* a directory that is read, -1 = none */
};

/* In main, before any thread.  What this kernel does not have is logged and left out; -1: what it has failed. */
int confine_enter(const struct confine *c, struct err *err);

#endif
