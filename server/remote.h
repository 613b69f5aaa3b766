/*
 * remote: the worker as R sees it: one command in flight, any number of jobs (JAIL_START, JAIL_STOP, PROBE), all by sequence number.
 *
 * Non-blocking: remote_send queues nothing, it writes one frame; replies are taken by remote_next when the descriptor is readable.
 */
#ifndef JN_REMOTE_H
#define JN_REMOTE_H

#include "core/chan.h"

#define REMOTE_PENDING_MAX 96

struct remote_pending {
	uint64_t seq;		/* 0 = free */
	enum cmd_op op;
};

struct remote {
	struct chan chan;
	struct frame frame;
	uint64_t seq;
	struct remote_pending pending[REMOTE_PENDING_MAX];
};

enum remote_kind { REMOTE_NOTHING, REMOTE_REPLY, REMOTE_OBSERVED, REMOTE_FILE, REMOTE_CHANGED, REMOTE_GONE };
struct remote_msg {
	enum remote_kind kind;
	uint64_t seq;
	enum cmd_op op;
	struct reply reply;
	struct change change;
	struct err err;		/* REMOTE_GONE: why */
};

void remote_init(struct remote *r, int fd);
/* Sends; *seq identifies the answer. */
int remote_send(struct remote *r, const struct cmd *c, uint64_t *seq, struct err *err);
/* The next message, REMOTE_NOTHING when none is there.  Observed rows are appended to 'rows', those that answer COUNTERS to
 * 'counted', files to 'files'. */
void remote_next(struct remote *r, struct observed *rows, struct observed *counted, struct hostfiles *files, struct remote_msg *out);

#endif
