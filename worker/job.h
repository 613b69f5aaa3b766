/*
 * job: commands that take long (JAIL_START, JAIL_STOP, PROBE) run in a child of the worker, in a process group of its own.
 *
 * The child hands its reply back through a pipe as an encoded frame; the worker checks it and passes it on.  A job whose
 * server is gone runs to its end, its reply is dropped.  A job ends with its worker, and a jail's command with its job.
 */
#ifndef JN_JOB_H
#define JN_JOB_H

#include <sys/types.h>

#include "core/wire.h"
#include "worker/driver.h"

#define JOBS_MAX 64

struct job {
	pid_t pid;		/* 0 = free slot */
	int fd;
	uint64_t seq;
	enum cmd_op op;
	char jail[NAME_SIZE];	/* which it starts or stops; "" = none */
	unsigned server;	/* which server asked */
	size_t have;		/* bytes in raw */
	uint8_t *raw;		/* WIRE_FRAME_MAX */
};

struct jobs {
	struct job v[JOBS_MAX];
};

void jobs_init(struct jobs *j);
/* Starts one.  ERR_BUSY when all slots are taken.  The child closes close_fds[] first. */
int jobs_start(struct jobs *j, const struct driver *drv, void *ctx, const struct cmd *c, uint64_t seq, unsigned server,
    const int *close_fds, size_t nclose, struct err *err);
/* Is this jail being started or stopped? */
bool jobs_busy(const struct jobs *j, const char *jail);
/* Reads from slot i after poll.  True = ended: *f holds its reply (ERR_INTERNAL "job died" if it gave none); the slot is free. */
bool jobs_read(struct jobs *j, size_t i, struct frame *f);
/* TERM to all their process groups, KILL after wait_ms, slots freed. */
void jobs_end(struct jobs *j, int wait_ms);

#endif
