/* http: listeners.  See http.h */
#include "server/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "core/log.h"
#include "core/str.h"
#include "server/http_int.h"
#include "server/ident.h"

#define LOG_LINES_A_SECOND 5
#define CONNECTION_MEMORY (32u * 1024)
#define IDLE_TIMEOUT_S 30u
#define CLOSE_WAIT_MS 2000

#ifdef __linux__
#define POLLING MHD_USE_EPOLL
#else
#define POLLING MHD_USE_POLL
#endif

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
	l->mhd = MHD_start_daemon(flags | (l->tls ? MHD_USE_TLS : 0), 0, http_conn_accept, l, http_request_handle, l, MHD_OPTION_EXTERNAL_LOGGER,
	    mhd_log, l, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)lim->connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT_S, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK,
	    no_unescape, NULL, MHD_OPTION_URI_LOG_CALLBACK, http_request_new, l, MHD_OPTION_NOTIFY_COMPLETED, http_request_done, NULL,
	    MHD_OPTION_NOTIFY_CONNECTION, http_conn_notify, l, MHD_OPTION_ARRAY, l->tls ? tls : &tls[2], MHD_OPTION_END);
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
