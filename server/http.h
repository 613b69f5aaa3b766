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

struct http_limits {
	int connections, per_address;	/* of one listener; on the UNIX socket an address is a user */
	int request_s;		/* from the first byte of a request to its last; the answer has twice that, or until it stops moving */
	int rate, rate_loopback;	/* requests a second of an address, and of a token, 0 = any */
};

struct http_www;

struct http_conf {
	struct ticket_queue *queue;
	struct api_health *health;
	const struct api_info *info;
	struct api_metrics *metrics;
	const char *state_dir;
	const char *hosts;	/* names this server is called by, besides its own addresses; blank-separated patterns */
	struct http_limits limits;
	const struct http_www *www;	/* NULL = the dashboard is not there */
	struct auth_conf auth;
};

enum http_kind { HTTP_LOCAL /* UNIX socket */, HTTP_PLAIN, HTTP_TLS };

struct http_listener;

const char *http_library(void);
const char *http_tls_library(void);	/* libmicrohttpd's version */

/*
 * TLS 1.3 with this certificate chain and key (PEM), for all TLS listeners; before the first of them.  The files are read again when they
 * change, or after http_tls_reload (a signal handler may call it); what cannot be used is logged, and the old ones stay.
 */
int http_tls_open(const char *cert_path, const char *key_path, struct err *err);
void http_tls_reload(void);
void http_tls_close(void);

/* fd is a listening socket.  conf is borrowed until http_close. */
int http_open(const struct http_conf *conf, int fd, enum http_kind kind, struct http_listener **out, struct err *err);
/* Any thread: events were committed, waiting streams look again. */
void http_notify(struct http_listener *l);
/* Ends streams, lets answers that are ready go out, stops the thread.  R must have answered every ticket. NULL is fine. */
void http_close(struct http_listener *l);

#endif
