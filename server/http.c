/* http: listeners and the life of a request.  See http.h */
#include "server/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "core/log.h"
#include "core/str.h"
#include "server/http_int.h"
#include "server/http_www.h"
#include "server/ident.h"

#define LOG_LINES_A_SECOND 5
#define CONNECTION_MEMORY (32u * 1024)
#define IDLE_TIMEOUT_S 30u
#define CLOSE_WAIT_MS 2000
#define BODIES_MAX (8 * (API_TOPOLOGY_MAX + (size_t)1))	/* of all connections together */

#ifdef __linux__
#define POLLING MHD_USE_EPOLL
#else
#define POLLING MHD_USE_POLL
#endif

/* --- life of a request -------------------------------------------------------------------------------------- */

static void *
request_new(void *cls, const char *uri, struct MHD_Connection *conn)
{
	struct request *r;

	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return (NULL);
	r->l = cls;
	r->conn = conn;
	r->line = uri;
	r->target = strdup(uri == NULL ? "" : uri);
	if (r->target == NULL) {
		free(r);
		return (NULL);
	}
	return (r);
}

static void
body_drop(struct request *r)
{
	r->l->bodies -= r->room;
	free(r->body);
	r->body = NULL;
	r->size = r->room = 0;
}

static void
request_done(void *cls, struct MHD_Connection *conn, void **con_cls, enum MHD_RequestTerminationCode why)
{
	struct request *r = *con_cls;

	(void)cls;
	(void)conn;
	(void)why;
	if (r == NULL)
		return;
	*con_cls = NULL;
	if (r->c != NULL)
		http_conn_state(r->l, r->c, CONN_RECEIVING);
	ticket_free(r->ticket);
	body_drop(r);
	free(r->target);
	free(r);
}

static const char *
header(const struct request *r, const char *name)
{
	return (MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, name));
}

static void
refuse(struct request *r, int status, const char *code, const char *detail)
{
	r->refuse = status;
	r->refuse_code = code;
	r->refuse_detail = detail;
}

/* The client's request id when it is harmless, else a new one. */
static void
request_identify(struct request *r)
{
	const char *given = header(r, "X-Request-Id");
	size_t len = given == NULL ? 0 : strlen(given);

	if (len > 0 && len < sizeof(r->id) &&
	    strspn(given, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len)
		memcpy(r->id, given, len + 1);
	else
		snprintf(r->id, sizeof(r->id), "rq-%012llx-%llx", (unsigned long long)(r->l->request_prefix & 0xffffffffffffULL),
		    (unsigned long long)++r->l->request_count);
}

/* The headers are there.  A refusal of a request with a body is sent at once (MHD then closes); without a body it waits for the last call, so that
 * the connection lives on. */
static enum MHD_Result
request_start(struct request *r, const char *method, const char *version)
{
	uint64_t length = 0;
	bool has_body = false;
	int status;

	r->started = true;
	r->started_us = metric_now_us();
	if ((r->c = http_conn_of(r->conn)) == NULL)
		return (MHD_NO);	/* out of memory */
	request_identify(r);
	snprintf(r->method, sizeof(r->method), "%.7s", method);
	if (r->line == NULL || version != r->line + strlen(r->target) + 1)
		refuse(r, 400, "syntax", "the request line holds a NUL");
	if (r->refuse != 0 || !http_check(r, method, &has_body, &length))
		has_body = true;	/* whatever follows is not to be read as the next request */
	else if (strlen(r->target) > TARGET_MAX)
		refuse(r, 414, "too_large", "the request target is longer than 4096 bytes");
	else if (http_conn_admit(r) && http_authenticate(r, method) && http_principal_admit(r) &&
	    (status = api_precheck(method, r->target, header(r, "Content-Type"), length, has_body, r->who.role, &r->max)) != 0)
		refuse(r, status, NULL, status == 401 ? "a token or the UNIX socket is needed" : status == 403 ? "this needs a higher role" : NULL);
	else if (length > 0 && length < r->max)
		r->max = (size_t)length;
	return (r->refuse != 0 && has_body ? http_refuse(r) : MHD_YES);
}

/* Room for so many more bytes and a NUL, twice as much as is there; less than was announced is never needed.  False: memory is out. */
static bool
body_grow(struct request *r, size_t more)
{
	size_t room = (r->size + more + 1) * 2;
	char *grown;

	if (room > r->max + 1)
		room = r->max + 1;
	if (r->l->bodies - r->room + room > BODIES_MAX) {
		refuse(r, 503, "busy", "too many large requests at once");
		r->retry_after = 1;
		return (true);
	}
	grown = realloc(r->body, room);
	if (grown == NULL)
		return (false);
	r->body = grown;
	r->l->bodies += room - r->room;
	r->room = room;
	return (true);
}

/* What is too much is eaten, and refused at the end. */
static enum MHD_Result
request_body(struct request *r, const char *data, size_t *size)
{
	if (r->size + *size > r->max)
		r->too_large = true;
	if (!r->too_large && r->refuse == 0 && r->size + *size + 1 > r->room && !body_grow(r, *size))
		return (MHD_NO);
	if (r->too_large || r->refuse != 0)
		body_drop(r);
	else {
		memcpy(r->body + r->size, data, *size);
		r->size += *size;
		r->body[r->size] = '\0';
	}
	*size = 0;
	return (MHD_YES);
}

/* --- writes ---------------------------------------------------------------------------------------------------- */

/* In R's thread. */
static void
write_done(struct ticket *t)
{
	struct request *r = t->arg;

	atomic_fetch_sub(&r->l->writing, 1);
	MHD_resume_connection(r->conn);
}

/* What the client asked for: the same key for something else is a mistake. */
static void
fingerprint(const struct request *r, uint8_t out[32])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, 32);
	crypto_generichash_update(&state, (const unsigned char *)r->method, strlen(r->method) + 1);
	crypto_generichash_update(&state, (const unsigned char *)r->target, strlen(r->target) + 1);
	if (r->size > 0)
		crypto_generichash_update(&state, (const unsigned char *)r->body, r->size);
	crypto_generichash_final(&state, out, 32);
}

static void
request_push(struct request *r)
{
	struct err err;

	/* suspend first: R may answer before push returns */
	atomic_fetch_add(&r->l->writing, 1);
	MHD_suspend_connection(r->conn);
	if (ticket_queue_push(r->l->conf->queue, r->ticket, &err) == -1) {
		r->unheard = true;
		r->ticket->out.kind = OUT_FAILED;
		errs_add_err(&r->ticket->out.errs, &err);
		write_done(r->ticket);
	}
}

static enum MHD_Result
request_write(struct request *r, struct write *w)
{
	if (w->verb == WRITE_SIGN_IN && !r->l->local && (r->retry_after = peer_waits(r->c->peer, ident_mono_ms())) > 0) {
		write_free(w);
		metric_auth_failed(r->l->conf->metrics, AUTH_MADE_TO_WAIT);
		refuse(r, 429, "too_many", "too many wrong credentials from this address");
		return (http_refuse(r));
	}
	if (w->key[0] != '\0')
		fingerprint(r, w->fingerprint);
	r->ticket = ticket_new(w);
	if (r->ticket == NULL) {
		write_free(w);
		return (MHD_NO);
	}
	r->ticket->done = write_done;
	r->ticket->arg = r;
	request_push(r);
	return (MHD_YES);
}

static enum MHD_Result
request_finish(struct request *r)
{
	enum MHD_Result rc;
	struct api_res res;

	api_res_init(&res);
	/* the first half of an import of the host's own files: now it can be worked out */
	if (r->ticket->out.kind == OUT_FILES) {
		if (api_import_files(&r->l->api, r->ticket->write, &r->ticket->out.files, &res)) {
			ticket_reset(r->ticket);
			request_push(r);
			api_res_fini(&res);
			return (MHD_YES);
		}
	} else
		api_finish(&r->l->api, r->ticket->write, &r->ticket->out, &res);
	if (r->ticket->write->verb == WRITE_SIGN_IN && res.status == 401) {
		metric_auth_failed(r->l->conf->metrics, AUTH_BAD_SIGN_IN);
		if (!r->l->local)
			peer_failed(r->c->peer, ident_mono_ms());
	}
	rc = http_reply(r, &res);
	api_res_fini(&res);
	return (rc);
}

/* --- reads ----------------------------------------------------------------------------------------------------- */

static bool
accepts_json(const struct request *r)
{
	const char *accept = header(r, "Accept");

	return (accept == NULL || strcmp(accept, "*/*") == 0 || strcmp(accept, "application/json") == 0);
}

static enum MHD_Result
reply_and_keep(struct request *r, int64_t generation, struct api_res *res)
{
	struct cache_body *body;

	body = cache_body_new(res->body, res->body_size);
	res->body = NULL;
	if (body == NULL)
		return (MHD_NO);
	body->status = res->status;
	body->content_type = res->content_type;
	body->route = res->route;
	memcpy(body->etag, res->etag, sizeof(body->etag));
	memcpy(body->link, res->link, sizeof(body->link));
	cache_put(r->l->cache, generation, r->target, body);
	return (http_reply_cached(r, body));
}

/* There is nothing to tell yet.  True: *rc is the answer, or that there will be one later. */
static bool
request_waits(struct request *r, int wait_s, uint64_t mark, enum MHD_Result *rc)
{
	switch (http_wait(r, wait_s, mark)) {
	case HTTP_WAITS:
		*rc = MHD_YES;
		return (true);
	case HTTP_NO_ROOM:
		refuse(r, 503, "busy", "too many requests that wait");
		r->retry_after = 1;
		*rc = http_refuse(r);
		return (true);
	case HTTP_WAITED:
		break;
	}
	return (false);
}

static enum MHD_Result
request_answer(struct request *r, const char *method)
{
	uint64_t mark = http_wait_mark(r->l);
	bool plain_get = strcmp(method, "GET") == 0 && r->size == 0 && r->who.role >= ROLE_VIEWER && accepts_json(r) &&
	    header(r, "If-None-Match") == NULL && r->who.scopes == 0 && r->who.selector[0] == '\0';
	int64_t generation = atomic_load(&r->l->conf->health->generation), since = 0;
	struct api_req req = { .method = method, .target = r->target, .body = r->size > 0 ? r->body : NULL, .body_size = r->size,
		.local = r->l->local, .role = r->who.role, .actor = r->who.actor, .who = &r->who, .request_id = r->id };
	struct cache_body *kept;
	struct write *w = NULL;
	enum MHD_Result rc = MHD_NO;
	struct api_res res;

	if (plain_get && (kept = cache_get(r->l->cache, generation, r->target)) != NULL)
		return (http_reply_cached(r, kept));
	req.content_type = header(r, "Content-Type");
	req.accept = header(r, "Accept");
	req.if_match = header(r, "If-Match");
	req.if_none_match = header(r, "If-None-Match");
	req.prefer = header(r, "Prefer");
	req.idempotency_key = header(r, "Idempotency-Key");
	req.last_event_id = header(r, "Last-Event-ID");
	api_res_init(&res);
	switch (api_begin(&r->l->api, &req, &res, &w, &since)) {
	case API_ANSWER:
		/* who has waited is asked again, after the answer was read: it holds nothing that is newer than his right to it */
		if (r->wait_until != 0 && !http_authenticate_again(r)) {
			rc = http_refuse(r);
			break;
		}
		if (res.wait_s > 0 && request_waits(r, res.wait_s, mark, &rc))
			break;
		rc = plain_get && res.cacheable && res.status == 200 && res.body != NULL ? reply_and_keep(r, generation, &res) : http_reply(r, &res);
		break;
	case API_WRITE:
		rc = request_write(r, w);
		break;
	case API_STREAM:
		r->route = res.route;
		rc = http_stream(r, since);
		break;
	}
	api_res_fini(&res);
	return (rc);
}

static enum MHD_Result
handle(void *cls, struct MHD_Connection *conn, const char *url, const char *method, const char *version, const char *data, size_t *size,
    void **con_cls)
{
	struct request *r = *con_cls;
	enum MHD_Result rc;

	(void)cls;
	(void)url;
	(void)version;
	if (r == NULL)
		return (MHD_NO);	/* out of memory */
	if (!r->started)
		return (request_start(r, method, version));
	if (*size > 0)
		return (request_body(r, data, size));
	if (r->ticket != NULL)
		return (request_finish(r));
	http_conn_state(r->l, r->c, CONN_WORKING);
	if (r->wait_until != 0)
		r->started_us = metric_now_us();	/* to wait is not to be slow */
	if (r->too_large)
		refuse(r, 413, "too_large", "the body is larger than GET /v1 says");
	if (r->refuse != 0)
		return (http_refuse(r));
	if ((strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0) && http_www_reply(r->l->conf->www, conn, r->target, &rc))
		return (rc);
	return (request_answer(r, method));
}

/* --- listeners ------------------------------------------------------------------------------------------------- */

const char *
http_library(void)
{
	return (MHD_get_version());
}

/* Path and query are decoded by api/, strictly: MHD would cut at %00 and turn + into a blank. */
static size_t
no_unescape(void *cls, struct MHD_Connection *conn, char *s)
{
	(void)cls;
	(void)conn;
	return (strlen(s));
}

/* One refused connection, one line: a flood must not fill the log. */
static void __attribute__((format(printf, 2, 0)))
mhd_log(void *cls, const char *fmt, va_list ap)
{
	struct http_listener *l = cls;
	char text[256], quoted[512];
	int64_t second = ident_mono_ms() / 1000;

	if (second != l->log_second) {
		l->log_second = second;
		l->log_lines = 0;
	}
	if (l->log_lines++ >= LOG_LINES_A_SECOND)
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	log_info("http", "libmicrohttpd %s", log_quote(text, quoted, sizeof(quoted)));
}

static int
listener_start(struct http_listener *l, int fd, struct err *err)
{
	unsigned flags = POLLING | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	const struct http_limits *lim = &l->conf->limits;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)"SECURE128:-VERS-ALL:+VERS-TLS1.3" },
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)http_tls_certificate },
		{ MHD_OPTION_END, 0, NULL },
	};

	/* the logger comes first, else start-up text goes to stderr */
	l->mhd = MHD_start_daemon(flags | (l->tls ? MHD_USE_TLS : 0), 0, http_conn_accept, l, handle, l, MHD_OPTION_EXTERNAL_LOGGER, mhd_log, l,
	    MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)lim->connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT_S,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK, no_unescape, NULL, MHD_OPTION_URI_LOG_CALLBACK, request_new, l,
	    MHD_OPTION_NOTIFY_COMPLETED, request_done, NULL, MHD_OPTION_NOTIFY_CONNECTION, http_conn_notify, l,
	    MHD_OPTION_ARRAY, l->tls ? tls : &tls[2], MHD_OPTION_END);
	if (l->mhd == NULL)
		return (err_set(err, ERR_INTERNAL, "libmicrohttpd does not start"));
	return (http_watchdog_start(l, err));
}

/* Cookies do not know ports: two daemons on one machine need two names. */
static void
listener_name(struct http_listener *l, int fd)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	} a;
	socklen_t len = sizeof(a);
	struct ip ip = { 0 };
	unsigned port = 0;

	memset(&a, 0, sizeof(a));
	if (!l->local && getsockname(fd, &a.sa, &len) == 0) {
		http_ip(&a.sa, &ip);
		port = ntohs(a.sa.sa_family == AF_INET6 ? a.in6.sin6_port : a.in4.sin_port);
	}
	l->loopback = ip.family == 4 ? ip.b[0] == 127 : ip.family == 6 && memcmp(ip.b, &in6addr_loopback, sizeof(in6addr_loopback)) == 0;
	snprintf(l->cookie_name, sizeof(l->cookie_name), "%sjnd-%u", l->tls ? "__Host-" : "", port);
}

int
http_open(const struct http_conf *conf, int fd, enum http_kind kind, struct http_listener **out, struct err *err)
{
	struct http_listener *l;

	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return (err_nomem(err));
	l->conf = conf;
	l->local = kind == HTTP_LOCAL;
	l->tls = kind == HTTP_TLS;
	ident_random(&l->request_prefix, sizeof(l->request_prefix));
	pthread_mutex_init(&l->lock, NULL);
	pthread_mutex_init(&l->conns_lock, NULL);
	listener_name(l, fd);
	l->cache = cache_new();
	l->peers = peers_new(l->request_prefix);
	l->principals = peers_new(l->request_prefix);
	if (l->cache == NULL || l->peers == NULL || l->principals == NULL) {
		err_nomem(err);
		goto fail;
	}
	if (store_open(conf->state_dir, STORE_READER, &l->reader, err) == -1)
		goto fail;
	l->api = (struct api){ .reader = l->reader, .health = conf->health, .info = conf->info, .metrics = conf->metrics };
	if (listener_start(l, fd, err) == -1)
		goto fail;
	*out = l;
	return (0);
fail:
	http_close(l);
	return (-1);
}

static void
sleep_ms(long ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000 };

	nanosleep(&ts, NULL);
}

void
http_close(struct http_listener *l)
{
	if (l == NULL)
		return;
	if (l->mhd != NULL) {
		pthread_mutex_lock(&l->lock);
		l->stopping = true;
		pthread_mutex_unlock(&l->lock);
		/* MHD aborts the process when it is stopped with a suspended connection */
		http_notify(l);
		for (int i = 0; i < CLOSE_WAIT_MS / 10 && atomic_load(&l->writing) > 0; i++)
			sleep_ms(10);
		sleep_ms(50);
		http_watchdog_stop(l);
		MHD_stop_daemon(l->mhd);
	}
	store_close(l->reader);
	cache_free(l->cache);
	peers_free(l->peers);
	peers_free(l->principals);
	pthread_mutex_destroy(&l->lock);
	pthread_mutex_destroy(&l->conns_lock);
	free(l);
}
