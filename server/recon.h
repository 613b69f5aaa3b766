/*
 * recon: thread R: the only writer of the store and the reconcile loop.
 *
 *	tickets -> commit (one transaction for all that wait) -> cycle: observe > plan > execute > observe again -> answers
 *
 * It is one poll loop over the wake pipe, the worker channel and its timers; nothing in it blocks but SQLite.
 */
#ifndef JN_RECON_H
#define JN_RECON_H

#include "server/ticket.h"

#define RECON_HALT 'h'

struct recon_conf {
	struct store *writer;
	struct ticket_queue *queue;
	struct api_health *health;
	struct api_metrics *metrics;
	int channel_fd;
	size_t revisions_keep;
	unsigned revisions_days;	/* 0 = whatever their age */
	int stop_fd;		/* a byte: end at once; RECON_HALT: when the jails of ours are stopped */
	void (*notify)(void *arg);	/* something was committed: event streams look again */
	void *arg;
};

/* Returns 0 after stop_fd, -1 when the worker is gone or the store is lost (err says why). All tickets have been answered. */
int recon_run(const struct recon_conf *conf, struct err *err);

#endif
