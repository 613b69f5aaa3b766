/*
 * http: the listeners.  Only server/http*.c know libmicrohttpd.
 *
 * One listener = one socket = one MHD daemon with its own polling thread (thread H), its own reader connection and its own cache.  Reads are
 * answered in that thread.  A write suspends its connection, goes to R as a ticket, and is answered when R is through with it; nothing
 * in an H thread ever waits.
 */
#ifndef JN_HTTP_H
#define JN_HTTP_H

#include "server/auth.h"
#include "server/ticket.h"

struct http_conf {
	struct ticket_queue *queue;
	struct api_health *health;
	const struct api_info *info;
	struct api_metrics *metrics;
	const char *state_dir;
	const char *hosts;	/* names this server is called by, besides its own addresses; blank-separated patterns */
	struct auth_conf auth;
};

struct http_listener;

const char *http_library(void);	/* libmicrohttpd's version */

/* fd is a listening socket; local = a UNIX socket.  conf is borrowed until http_close. */
int http_open(const struct http_conf *conf, int fd, bool local, struct http_listener **out, struct err *err);
/* Any thread: events were committed, waiting streams look again. */
void http_notify(struct http_listener *l);
/* Ends streams, lets answers that are ready go out, stops the thread.  R must have answered every ticket. NULL is fine. */
void http_close(struct http_listener *l);

#endif
