/*
 * http_int: shared by http.c (listeners), http_request.c (the life of a request), http_auth.c (who asks), http_check.c (what MHD lets
 * through and we do not), http_conn.c (connections and their time), http_reply.c (answers), http_stream.c (event streams) and http_wait.c
 * (long polls).
 */
#ifndef JN_HTTP_INT_H
#define JN_HTTP_INT_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>

#include "server/cache.h"
#include "server/http.h"
#include "server/peers.h"

#define REQUEST_ID_SIZE 65
#define TARGET_MAX 4096

#define KNOWN_MAX 16

struct stream;
struct sockaddr;

/* A credential that was good: clients repeat themselves. */
struct known {
	char presented[SECRET_SIZE + 16];
	size_t len;		/* 0 = unused */
	struct principal who;
	int64_t generation;	/* when it was looked up */
	int64_t told_at;	/* R was told that it is in use, ms */
};

/* One connection; its address, and what it is doing since when. */
enum conn_state { CONN_RECEIVING, CONN_WORKING, CONN_SENDING, CONN_STREAMING };
struct conn {
	struct conn *next, **link;
	int fd;
	char address[48];	/* "" = UNIX socket */
	struct peer *peer;
	enum conn_state state;
	int64_t since;		/* monotonic */
	bool certificate_looked, has_certificate;
	uint8_t certificate[32];	/* SHA-256 of the client's, when its dates are good */
};

struct http_listener {
	const struct http_conf *conf;
	bool local;
	struct MHD_Daemon *mhd;
	struct store *reader;
	struct api api;
	struct cache *cache;
	pthread_mutex_t lock;	/* streams, waiting, notified, stopping */
	struct stream *streams;
	struct request *waiting;	/* suspended long polls */
	uint64_t notified;	/* commits we were told of */
	bool stopping;
	_Atomic int writing;	/* suspended writes */
	uint64_t request_prefix, request_count;
	bool tls, loopback;
	char cookie_name[24];
	struct known known[KNOWN_MAX];
	size_t known_next;
	struct peers *peers, *principals;	/* by address or user; by token */
	pthread_mutex_t conns_lock;
	struct conn *conns;
	size_t nconns;
	size_t bodies;		/* bytes of the requests that are being received or answered */
	pthread_t watchdog;
	pthread_cond_t watchdog_wake;
	bool has_watchdog, watchdog_stop;
	int64_t log_second;	/* what libmicrohttpd says, at most some lines a second */
	unsigned log_lines;
};

/* One request, from its request line to its last byte. */
struct request {
	struct http_listener *l;
	struct MHD_Connection *conn;
	struct conn *c;
	char *target;		/* raw */
	const char *line;	/* where it stands in libmicrohttpd's buffer; to compare with, not to read */
	bool started;		/* the headers have been seen */
	int64_t started_us;
	const struct api_route *route;	/* NULL = none matched (yet) */
	struct principal who;
	char id[REQUEST_ID_SIZE];
	char method[8];
	char *body;
	size_t size, room, max;
	bool too_large;
	int refuse;		/* HTTP status to answer once the body is through, 0 = none */
	const char *refuse_code, *refuse_detail;
	int retry_after;	/* of the refusal, seconds, 0 = none */
	bool close;		/* the connection ends with the answer */
	struct ticket *ticket;	/* a write under way or done */
	bool unheard;		/* R did not take it */
	struct request *next_waiting;
	int64_t wait_until;	/* a long poll's, monotonic; 0 = has not waited */
};

/* http_request.c: what libmicrohttpd calls when a request begins, comes in and is over */
void *http_request_new(void *listener, const char *uri, struct MHD_Connection *conn);
enum MHD_Result http_request_handle(void *listener, struct MHD_Connection *conn, const char *url, const char *method, const char *version,
    const char *data, size_t *size, void **context);
void http_request_done(void *listener, struct MHD_Connection *conn, void **context, enum MHD_RequestTerminationCode why);

/* http_check.c: looks at the headers; false = r->refuse is set. */
bool http_check(struct request *r, const char *method, bool *has_body, uint64_t *length);

/* http_auth.c: fills r->who; false = r->refuse is set. */
bool http_authenticate(struct request *r, const char *method);
bool http_authenticate_again(struct request *r);	/* after it has waited */
void http_ip(const struct sockaddr *sa, struct ip *out);	/* family 0 for a UNIX socket */

/* http_conn.c */
enum MHD_Result http_conn_accept(void *listener, const struct sockaddr *addr, socklen_t len);
void http_conn_notify(void *listener, struct MHD_Connection *conn, void **context, enum MHD_ConnectionNotificationCode what);
struct conn *http_conn_of(struct MHD_Connection *conn);
void http_conn_state(struct http_listener *l, struct conn *c, enum conn_state state);
/* False: r->refuse is set, because there are too many connections or requests. */
bool http_conn_admit(struct request *r);
bool http_principal_admit(struct request *r);	/* the same for who asks, from however many addresses */
int http_watchdog_start(struct http_listener *l, struct err *err);
void http_watchdog_stop(struct http_listener *l);

/* http_tls.c */
int http_tls_certificate(gnutls_session_t session, const gnutls_datum_t *dn, int ndn, const gnutls_pk_algorithm_t *algos, int nalgos,
    gnutls_pcert_st **cert, unsigned int *ncert, gnutls_privkey_t *key);	/* MHD_OPTION_HTTPS_CERT_CALLBACK */
void http_tls_ask(struct MHD_Connection *conn);	/* a new connection: asks for a client certificate, which need not come */
void http_tls_look(struct MHD_Connection *conn, struct conn *c);	/* after the handshake */
void http_tls_watch(void);	/* now and then: have the files changed? */

/* http_reply.c */
bool http_headers(
    struct MHD_Response *resp, const struct request *r, const char *content_type, const char *etag, const char *link); /* those of every answer */
enum MHD_Result http_reply(struct request *r, struct api_res *res);	/* takes res's body */
enum MHD_Result http_reply_cached(struct request *r, struct cache_body *body);	/* takes the reference */
enum MHD_Result http_refuse(struct request *r);

/* http_wait.c */
uint64_t http_wait_mark(struct http_listener *l);	/* to be taken before looking for something new */
enum http_waits {
	HTTP_WAITS,	/* suspended; the request will be handled again */
	HTTP_WAITED,	/* long enough, or the server is stopping */
	HTTP_NO_ROOM
};
enum http_waits http_wait(struct request *r, int wait_s, uint64_t mark);
void http_wait_wake(struct http_listener *l, int64_t due);	/* those whose time is up by then, monotonic; INT64_MAX = all */

/* http_stream.c */
enum MHD_Result http_stream(struct request *r, int64_t since);

#endif
