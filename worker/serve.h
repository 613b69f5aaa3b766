/*
 * serve: the worker's side of one channel: frame in, decode, permit table, policy, driver, reply out.
 *
 * The caller polls serve_fds() and calls serve_input when one is ready or serve_wait_ms() has passed.  It owns the server process; a
 * result of SERVE_VIOLATION means: kill it.
 */
#ifndef JN_SERVE_H
#define JN_SERVE_H

#include <poll.h>

#include "core/chan.h"
#include "worker/driver.h"
#include "worker/job.h"
#include "worker/policy.h"

#define SERVE_FDS (JOBS_MAX + 2)
#define SERVE_KEEP_MAX 16
#define SERVE_SEND_MS 5000	/* a server that does not read for so long is killed */
#define SERVE_CHANGED_MS 50	/* at most one FRAME_CHANGED in this time */

enum serve_result { SERVE_OK, SERVE_EOF, SERVE_VIOLATION };

struct serve {
	const struct driver *drv;
	void *ctx;
	const struct policy *policy;
	struct policy_counts counts;
	bool counted;		/* counts were taken from an observation */
	struct chan chan;	/* fd -1 = no server */
	unsigned server;	/* counts servers, so that replies of jobs never reach the wrong one */
	bool greeted;		/* HELLO was answered well */
	struct jobs jobs;
	bool changed;		/* something to tell */
	struct change change;
	int64_t changed_at;	/* ms of the last FRAME_CHANGED */
	int keep[SERVE_KEEP_MAX];	/* descriptors a job child has to close */
	size_t nkeep;
};

void serve_init(struct serve *s, const struct driver *drv, void *ctx, const struct policy *policy);
/* Ends the jobs and closes the channel. */
void serve_fini(struct serve *s);
/* A descriptor that must not live on in job children (listeners). */
void serve_keep(struct serve *s, int fd);
/* A new server speaks through fd (taken over). */
void serve_connect(struct serve *s, int fd);
void serve_disconnect(struct serve *s);

/* Fills v with what to poll; returns how many.  Order does not matter. */
size_t serve_fds(const struct serve *s, struct pollfd v[SERVE_FDS]);
/* How long the poll may sleep; -1 = for ever. */
int serve_wait_ms(const struct serve *s, int64_t now_ms);
/* Handles whatever is ready, never waits for input.  err says why, except for SERVE_OK. */
enum serve_result serve_input(struct serve *s, int64_t now_ms, struct err *err);

#endif
