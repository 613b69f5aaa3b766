/*
 * hostfile_read: the worker's look into the host's configuration files, for imports.  The table of paths is here and nowhere else: a
 * server names a format, never a path.  Read-only.
 *
 * A file is read when it is a regular one (symbolic links are not followed) in a directory that nobody but its owner, root or ourselves,
 * can write: else a link planted there would show what is not configuration.  What is not read is told, with the reason; what is not
 * there is not missed.
 */
#ifndef JN_HOSTFILE_READ_H
#define JN_HOSTFILE_READ_H

#include "core/cmd.h"
#include "core/hostfile.h"

/* Calls emit with each part; -1 = emit failed, or memory is out.  root: what stands before every path, "" = nothing. */
int hostfile_read(enum host_format format, const char *root, int (*emit)(void *arg, const struct hostfile_part *p, struct err *err),
    void *arg, struct err *err);

#endif
