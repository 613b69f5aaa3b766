/*
 * jailnetd-server: the unprivileged program: HTTP, API, store, reconcile loop.
 *
 * Started by jailnetd only, which has opened the listeners and the channel to itself (fd 3) and has given up root before the exec:
 *
 *	jailnetd-server --channel 3 --state-dir DIR --unix FD --tcp FD ... [--sandbox] [--powerless-root] [--admin-uids "UID ..."] [--worker-pid N]
 *... [--revisions-keep N] [--revisions-days N] [--www FD] [-v] [-f]
 *
 * JAILNET_POLICY is the policy in words, for who may ask: whoever runs ps reads the command line.
 *
 * Exit status: 0 asked to stop, 78 (EX_CONFIG) starting again will not help, 1 anything else.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/log.h"
#include "core/str.h"
#include "core/version.h"
#include "server/confine.h"
#include "server/http.h"
#include "server/http_www.h"
#include "server/ident.h"
#include "server/recon.h"

#define LISTENERS_MAX 8

struct options {
	const char *state_dir;
	int channel;
	struct {
		int fd;
		enum http_kind kind;
	} listen[LISTENERS_MAX];
	size_t nlisten;
	bool sandbox, verbose, foreground;
	bool powerless_root;	/* uid 0 of a user namespace, all capabilities gone */
	const char *uids[ROLE_ADMIN + 1], *hosts;
	const char *tls_cert, *tls_key;
	struct http_limits limits;
	int worker_pid;
	int revisions_keep, revisions_days;
	const char *policy;	/* of jailnetd.conf, to be told; root keeps it */
	char kernel[160];
	int www_fd;		/* the directory of the dashboard, -1 = none */
};

struct server {
	struct http_listener *listeners[LISTENERS_MAX];
	size_t n;
};

static int stop_pipe[2] = { -1, -1 };

static void
on_signal(int sig)
{
	int saved = errno;

	char c = sig == SIGUSR1 ? RECON_HALT : 0;

	if (write(stop_pipe[1], &c, 1) == -1)
		(void)0;	/* full: R is already told */
	errno = saved;
}

static void
on_reload(int sig)
{
	(void)sig;
	http_tls_reload();
}

static int
number(const char *s, int *out)
{
	uint64_t v;

	if (str_u64(s, 0, INT32_MAX, &v) == -1)
		return (-1);
	*out = (int)v;
	return (0);
}

static int
add_listener(struct options *o, const char *fd, enum http_kind kind)
{
	if (o->nlisten == LISTENERS_MAX || number(fd, &o->listen[o->nlisten].fd) == -1)
		return (-1);
	o->listen[o->nlisten++].kind = kind;
	return (0);
}

/* What jailnetd says on the command line (worker/spawn.c). */
enum arg { ARG_FLAG, ARG_TEXT, ARG_NUMBER, ARG_LISTEN };
#define ARG(name, is, field) { name, is, offsetof(struct options, field) }
static const struct arg_row {
	const char *name;
	enum arg is;
	size_t at;	/* in struct options; of ARG_LISTEN the kind */
} args[] = {
	ARG("channel", ARG_NUMBER, channel),
	ARG("state-dir", ARG_TEXT, state_dir),
	{ "unix", ARG_LISTEN, HTTP_LOCAL },
	{ "tcp", ARG_LISTEN, HTTP_PLAIN },
	{ "tls", ARG_LISTEN, HTTP_TLS },
	ARG("tls-cert", ARG_TEXT, tls_cert),
	ARG("tls-key", ARG_TEXT, tls_key),
	ARG("sandbox", ARG_FLAG, sandbox),
	ARG("powerless-root", ARG_FLAG, powerless_root),
	ARG("admin-uids", ARG_TEXT, uids[ROLE_ADMIN]),
	ARG("operator-uids", ARG_TEXT, uids[ROLE_OPERATOR]),
	ARG("viewer-uids", ARG_TEXT, uids[ROLE_VIEWER]),
	ARG("worker-pid", ARG_NUMBER, worker_pid),
	ARG("hosts", ARG_TEXT, hosts),
	ARG("connections", ARG_NUMBER, limits.connections),
	ARG("connections-per-address", ARG_NUMBER, limits.per_address),
	ARG("request-timeout", ARG_NUMBER, limits.request_s),
	ARG("rate-limit", ARG_NUMBER, limits.rate),
	ARG("rate-limit-loopback", ARG_NUMBER, limits.rate_loopback),
	ARG("revisions-keep", ARG_NUMBER, revisions_keep),
	ARG("revisions-days", ARG_NUMBER, revisions_days),
	ARG("www", ARG_NUMBER, www_fd),
};
#define ARG_FIRST 256	/* getopt's value of args[0]: no letter */

static int
arg_take(struct options *o, const struct arg_row *a, const char *value)
{
	void *field = (char *)o + (a->is == ARG_LISTEN ? 0 : a->at);

	switch (a->is) {
	case ARG_FLAG:
		*(bool *)field = true;
		return (0);
	case ARG_TEXT:
		*(const char **)field = value;
		return (0);
	case ARG_NUMBER:
		return (number(value, field));
	case ARG_LISTEN:
		return (add_listener(o, value, (enum http_kind)a->at));
	}
	return (-1);
}

static int
parse(int argc, char **argv, struct options *o)
{
	struct option longs[NELEMS(args) + 1] = { { NULL, 0, NULL, 0 } };
	int ch, bad = 0;

	*o = (struct options){ .channel = -1, .www_fd = -1, .hosts = "", .limits = { .connections = 512, .per_address = 64, .request_s = 30 },
		.revisions_keep = 1000, .revisions_days = 90 };
	for (size_t i = 0; i < NELEMS(args); i++)
		longs[i] = (struct option){ args[i].name, args[i].is == ARG_FLAG ? no_argument : required_argument, NULL, ARG_FIRST + (int)i };
	while ((ch = getopt_long(argc, argv, "vf", longs, NULL)) != -1) {
		o->verbose |= ch == 'v';
		o->foreground |= ch == 'f';
		if (ch == '?')
			bad = -1;
		else if (ch >= ARG_FIRST)
			bad |= arg_take(o, &args[ch - ARG_FIRST], optarg);
	}
	o->policy = getenv("JAILNET_POLICY");
	return (bad != 0 || o->channel == -1 || o->state_dir == NULL || optind != argc ? -1 : 0);
}

/* Signals are for the main thread (R) alone: MHD's threads inherit the blocked mask. */
static int
signals_setup(struct err *err)
{
	struct sigaction sa = { .sa_handler = on_signal };

	if (pipe(stop_pipe) == -1)
		return (err_sys(err, "pipe"));
	for (int i = 0; i < 2; i++) {
		if (fcntl(stop_pipe[i], F_SETFL, O_NONBLOCK) == -1 || fcntl(stop_pipe[i], F_SETFD, FD_CLOEXEC) == -1)
			return (err_sys(err, "fcntl"));
	}
	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGTERM, &sa, NULL) == -1 || sigaction(SIGINT, &sa, NULL) == -1 || sigaction(SIGUSR1, &sa, NULL) == -1)
		return (err_sys(err, "sigaction"));
	sa.sa_handler = on_reload;
	sa.sa_flags = SA_RESTART;
	if (sigaction(SIGHUP, &sa, NULL) == -1)
		return (err_sys(err, "sigaction"));
	sa.sa_handler = SIG_IGN;
	if (sigaction(SIGPIPE, &sa, NULL) == -1)
		return (err_sys(err, "sigaction"));
	return (0);
}

static void
notify_all(void *arg)
{
	struct server *s = arg;

	for (size_t i = 0; i < s->n; i++)
		http_notify(s->listeners[i]);
}

static int
listeners_open(struct server *s, const struct options *o, const struct http_conf *conf, struct err *err)
{
	sigset_t all, before;
	int rc = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (size_t i = 0; i < o->nlisten && rc == 0; i++) {
		rc = http_open(conf, o->listen[i].fd, o->listen[i].kind, &s->listeners[s->n], err);
		if (rc == 0)
			s->n++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return (rc);
}

/* Without a dashboard everything else works. */
static struct http_www *
dashboard_open(int dir_fd)
{
	struct http_www *w = NULL;
	struct err err;

	if (dir_fd == -1)
		return (NULL);
	if (http_www_open(dir_fd, &w, &err) == -1)
		log_warn("main", "no dashboard: %s", err.msg);
	close(dir_fd);
	return (w);
}

static int
serve(const struct options *o, struct store *writer, struct err *err)
{
	static struct api_health health;
	static struct api_metrics metrics;
	static const char platform[] =
#ifdef __FreeBSD__
	    "freebsd";
#else
	    "linux";
#endif
	struct api_info info = { .version = JAILNET_VERSION, .platform = platform, .http_library = http_library(),
		.worker_pid = o->worker_pid, .sandbox = o->sandbox, .kernel = o->kernel, .policy = o->policy, .tls_library = http_tls_library(),
		.store_library = store_library(), .hash_library = sodium_version_string() };
	struct ticket_queue queue;
	struct http_www *www = dashboard_open(o->www_fd);
	struct http_conf http = { .queue = &queue, .health = &health, .metrics = &metrics, .info = &info, .state_dir = o->state_dir,
		.hosts = o->hosts, .www = www, .limits = o->limits,
		.auth = { .sandbox = o->sandbox } };
	struct server server = { .n = 0 };
	struct recon_conf recon = { .writer = writer,
		.queue = &queue,
		.health = &health,
		.metrics = &metrics,
		.channel_fd = o->channel,
		.stop_fd = stop_pipe[0],
		.notify = notify_all,
		.arg = &server,
		.revisions_keep = (size_t)o->revisions_keep,
		.revisions_days = (unsigned)o->revisions_days };
	int rc = -1;

	memcpy(http.auth.uids, o->uids, sizeof(http.auth.uids));
	metrics.started_at = ident_now_ms();
	atomic_store(&health.store_ok, true);
	if (ticket_queue_init(&queue, err) == -1) {
		http_www_close(www);
		return (-1);
	}
	if ((o->tls_cert == NULL || http_tls_open(o->tls_cert, o->tls_key, err) == 0) && listeners_open(&server, o, &http, err) == 0) {
		puts("ready");
		fflush(stdout);
		rc = recon_run(&recon, err);
	}
	atomic_store(&health.draining, true);
	ticket_queue_close(&queue);
	for (size_t i = 0; i < server.n; i++)
		http_close(server.listeners[i]);
	http_tls_close();
	ticket_queue_fini(&queue);
	http_www_close(www);
	return (rc);
}

/* We are not root; whoever chose the folder was. */
static int
may_enter(const char *dir, struct err *err)
{
	struct stat st;

	if (stat(dir, &st) == 0 || errno != EACCES)
		return (0);
	return (err_num(err, EACCES, "%s: user %u must be able to go into each folder above it", dir, (unsigned)geteuid()));
}

int
main(int argc, char **argv)
{
	char token[TOKEN_SIZE] = "";
	struct store *writer = NULL;
	struct confine confine;
	struct utsname un;
	struct options o;
	struct err err = { 0 }, damage;
	int rc = -1;

	if (parse(argc, argv, &o) == -1) {
		fputs("jailnetd-server is started by jailnetd, not by hand\n", stderr);
		return (EX_USAGE);
	}
	log_init("jailnetd-server", !o.foreground, o.verbose ? LOG_LVL_DEBUG : LOG_LVL_INFO);
	umask(077);
	if (geteuid() == 0 && !o.powerless_root) {
		log_error("main", "jailnetd-server never runs as root");
		return (EX_CONFIG);
	}
	api_init();
	if (uname(&un) == 0)
		snprintf(o.kernel, sizeof(o.kernel), "%.40s %.60s %.20s", un.sysname, un.release, un.machine);
	confine = (struct confine){ .state_dir = o.state_dir, .read_files = { o.tls_cert, o.tls_key }, .read_fd = o.www_fd };
	if (may_enter(o.state_dir, &err) == 0 && ident_init(&err) == 0 && confine_enter(&confine, &err) == 0 && signals_setup(&err) == 0 &&
	    store_open(o.state_dir, STORE_WRITER, &writer, &err) == 0 &&
	    (store_is_damaged(writer, &damage) || auth_first_token(writer, o.state_dir, token, &err) == 0)) {
		if (o.sandbox && token[0] != '\0')
			printf("token %s\n", token);
		rc = serve(&o, writer, &err);
	}
	store_close(writer);
	if (rc == 0)
		return (0);
	log_error("main", "%s", err.msg);
	return (err.code == ERR_UNSUPPORTED ? EX_CONFIG : EXIT_FAILURE);
}
