/*
 * http_conn: the connections of a listener: whose they are, and what each is doing since when.
 *
 * libmicrohttpd ends connections on which nothing moves; one byte now and then is enough for it.  The watchdog ends those on which a request takes
 * too long as a whole.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "server/http_int.h"
#include "server/ident.h"

#define WATCH_MS 500
#define FEW 4		/* as many connections of one address are served even when there is little room */

/* What must never be NULL when memory is out: such a connection is closed before its first request. */
static struct conn *
conn_new(struct http_listener *l, struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *fd = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	const union MHD_ConnectionInfo *address = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct conn *c = fd == NULL ? NULL : calloc(1, sizeof(*c));
	struct ip ip = { 0 };
	uid_t uid;

	if (c == NULL)
		return (NULL);
	c->fd = fd->connect_fd;
	c->since = ident_mono_ms();
	if (!l->local) {
		http_ip(address == NULL ? NULL : address->client_addr, &ip);
		ip_format(&ip, c->address);
	} else if (auth_uid(c->fd, &uid) == 0)
		ip = peers_user(uid);
	c->peer = peers_get(l->peers, &ip, c->since);
	/* whose it is, is known this late only on a UNIX socket */
	if (++c->peer->connections > (uint32_t)l->conf->limits.per_address && l->local)
		shutdown(c->fd, SHUT_RDWR);
	return (c);
}

/* libmicrohttpd would count single addresses: whoever has a /64 had all connections. */
enum MHD_Result
http_conn_accept(void *listener, const struct sockaddr *addr, socklen_t len)
{
	struct http_listener *l = listener;
	struct ip ip;

	(void)len;
	if (l->local)
		return (MHD_YES);
	http_ip(addr, &ip);
	return (peers_get(l->peers, &ip, ident_mono_ms())->connections < (uint32_t)l->conf->limits.per_address ? MHD_YES : MHD_NO);
}

void
http_conn_notify(void *listener, struct MHD_Connection *conn, void **context, enum MHD_ConnectionNotificationCode what)
{
	struct http_listener *l = listener;
	struct conn *c = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = c = conn_new(l, conn);
		if (c == NULL)
			return;
		if (l->tls)
			http_tls_ask(conn);
		pthread_mutex_lock(&l->conns_lock);
		l->nconns++;
		atomic_fetch_add(&l->conf->metrics->connections, 1);
		c->next = l->conns;
		c->link = &l->conns;
		if (c->next != NULL)
			c->next->link = &c->next;
		l->conns = c;
		pthread_mutex_unlock(&l->conns_lock);
	} else if (c != NULL) {
		/* the descriptor is closed after this: the watchdog must not know it any more */
		pthread_mutex_lock(&l->conns_lock);
		l->nconns--;
		atomic_fetch_sub(&l->conf->metrics->connections, 1);
		*c->link = c->next;
		if (c->next != NULL)
			c->next->link = c->link;
		pthread_mutex_unlock(&l->conns_lock);
		c->peer->connections--;
		free(c);
		*context = NULL;
	}
}

struct conn *
http_conn_of(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return (info == NULL ? NULL : info->socket_context);
}

void
http_conn_state(struct http_listener *l, struct conn *c, enum conn_state state)
{
	pthread_mutex_lock(&l->conns_lock);
	c->state = state;
	c->since = ident_mono_ms();
	pthread_mutex_unlock(&l->conns_lock);
}

static bool
too_many(struct request *r, int status, const char *code, const char *detail)
{
	r->refuse = status;
	r->refuse_code = code;
	r->refuse_detail = detail;
	r->retry_after = 1;
	r->close |= status == 503;
	return (false);
}

/* An answer before the limits of libmicrohttpd are reached, which only hangs up. */
bool
http_conn_admit(struct request *r)
{
	const struct http_limits *lim = &r->l->conf->limits;
	struct peer *p = r->c->peer;

	if (!r->l->local && !peer_request(p, (uint32_t)(r->l->loopback ? lim->rate_loopback : lim->rate), ident_mono_ms()))
		return (too_many(r, 429, "too_many", "too many requests a second from this address"));
	if (p->connections > FEW && p->connections > (uint32_t)lim->per_address * 3 / 4)
		return (too_many(r, 503, "busy", "too many connections from this address"));
	if (p->connections > FEW && r->l->nconns > (size_t)lim->connections * 3 / 4)
		return (too_many(r, 503, "busy", "too many connections"));
	return (true);
}

bool
http_principal_admit(struct request *r)
{
	const struct http_limits *lim = &r->l->conf->limits;
	int64_t now = ident_mono_ms();
	struct ip ip;

	if (r->l->local || r->who.token[0] == '\0')
		return (true);
	ip = peers_token(r->who.token);
	return (peer_request(peers_get(r->l->principals, &ip, now), (uint32_t)(r->l->loopback ? lim->rate_loopback : lim->rate), now) ||
	    too_many(r, 429, "too_many", "too many requests a second with this token"));
}

/* --- the watchdog ------------------------------------------------------------------------------------------------ */

/* A stream says something every 15 s, when it is read. */
static bool
is_late(const struct http_listener *l, const struct conn *c, int64_t now)
{
	int64_t allowed[] = { [CONN_RECEIVING] = l->conf->limits.request_s * 1000LL, [CONN_WORKING] = INT64_MAX,
		[CONN_SENDING] = l->conf->limits.request_s * 2000LL, [CONN_STREAMING] = 60000 };

	return (now - c->since > allowed[c->state]);
}

static void *
watch(void *arg)
{
	struct http_listener *l = arg;
	struct timespec until;
	int64_t now;

	pthread_mutex_lock(&l->conns_lock);
	while (!l->watchdog_stop) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += WATCH_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		pthread_cond_timedwait(&l->watchdog_wake, &l->conns_lock, &until);
		now = ident_mono_ms();
		for (struct conn *c = l->conns; c != NULL; c = c->next) {
			if (is_late(l, c, now))
				shutdown(c->fd, SHUT_RDWR);
		}
		pthread_mutex_unlock(&l->conns_lock);
		http_wait_wake(l, now);
		if (l->tls)
			http_tls_watch();
		pthread_mutex_lock(&l->conns_lock);
	}
	pthread_mutex_unlock(&l->conns_lock);
	return (NULL);
}

int
http_watchdog_start(struct http_listener *l, struct err *err)
{
	pthread_condattr_t attr;
	int rc;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	rc = pthread_cond_init(&l->watchdog_wake, &attr);
	pthread_condattr_destroy(&attr);
	if (rc != 0)
		return (err_num(err, rc, "watchdog"));
	rc = pthread_create(&l->watchdog, NULL, watch, l);
	if (rc != 0) {
		pthread_cond_destroy(&l->watchdog_wake);
		return (err_num(err, rc, "watchdog"));
	}
	l->has_watchdog = true;
	return (0);
}

void
http_watchdog_stop(struct http_listener *l)
{
	if (!l->has_watchdog)
		return;
	pthread_mutex_lock(&l->conns_lock);
	l->watchdog_stop = true;
	pthread_cond_signal(&l->watchdog_wake);
	pthread_mutex_unlock(&l->conns_lock);
	pthread_join(l->watchdog, NULL);
	pthread_cond_destroy(&l->watchdog_wake);
	l->has_watchdog = false;
}
