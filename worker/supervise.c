/*
 * supervise: poll, reap, restart with back-off.  While the server is down, the network stays as it is.
 */
#include "worker/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "core/log.h"
#include "core/str.h"

struct super {
	struct serve *serve;
	const struct spawn *spawn;
	pid_t pid;		/* 0 = no server */
	int64_t started_at, start_at;	/* ms */
	int backoff_ms;
	bool stopping;
	bool halting;		/* the server stops the jails; we end when it does */
	bool terminal;		/* then SIGHUP says that it is gone */
	int status;		/* of the program, when done */
	bool done;
};

static int signal_pipe[2] = { -1, -1 };

static void
on_signal(int sig)
{
	int saved = errno;
	char byte = (char)sig;

	if (write(signal_pipe[1], &byte, 1) == -1)
		errno = saved;	/* full: a look is due anyway */
	errno = saved;
}

int
supervise_signals(struct err *err)
{
	static const int wanted[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD };
	struct sigaction sa;

	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) == -1)
		return (err_sys(err, "pipe"));
	memset(&sa, 0, sizeof(sa));
	sigemptyset(&sa.sa_mask);
	sa.sa_handler = on_signal;
	sa.sa_flags = SA_RESTART;
	for (size_t i = 0; i < NELEMS(wanted); i++)
		if (sigaction(wanted[i], &sa, NULL) == -1)
			return (err_sys(err, "sigaction"));
	sa.sa_handler = SIG_IGN;
	return (sigaction(SIGPIPE, &sa, NULL) == -1 ? err_sys(err, "sigaction") : 0);
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

static void
start(struct super *s)
{
	struct err err = { ERR_NONE, 0, "", "" };
	int channel;

	s->started_at = now_ms();
	if (spawn_server(s->spawn, &s->pid, &channel, &err) == 0) {
		serve_connect(s->serve, channel);
		log_info("supervise", "server started pid=%d", (int)s->pid);
		return;
	}
	log_error("supervise", "%s", err.msg);
	s->pid = 0;
	s->start_at = s->started_at + s->backoff_ms;
}

static void
server_gone(struct super *s, int status)
{
	int64_t now = now_ms();

	s->pid = 0;
	serve_disconnect(s->serve);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EX_CONFIG) {
		log_error("supervise", "the server cannot work like this, see its message");
		s->status = EX_CONFIG;
		s->done = true;
	}
	s->stopping = s->stopping || s->halting;
	if (s->stopping || s->done)
		return;
	if (now - s->started_at >= SUPERVISE_ALIVE_MS)
		s->backoff_ms = SUPERVISE_BACKOFF_MIN_MS;
	log_warn("supervise", "server ended %s=%d restart_ms=%d", WIFSIGNALED(status) ? "signal" : "exit",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), s->backoff_ms);
	s->start_at = now + s->backoff_ms;
	s->backoff_ms = s->backoff_ms * 2 < SUPERVISE_BACKOFF_MAX_MS ? s->backoff_ms * 2 : SUPERVISE_BACKOFF_MAX_MS;
}

/* Everything that ended: the server, or job children (their pipes say the rest). */
static void
reap(struct super *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == s->pid)
			server_gone(s, status);
}

/* HUP: the server reads its certificate again.  USR1: the host goes down; without a server nobody knows how a jail is stopped. */
static void
take_signal(struct super *s, int sig)
{
	if (sig == SIGTERM || sig == SIGINT || (sig == SIGHUP && s->terminal))
		s->stopping = true;
	else if (sig == SIGUSR1 && s->pid == 0)
		s->stopping = true;
	else if (s->pid > 0 && (sig == SIGHUP || sig == SIGUSR1))
		kill(s->pid, sig);
	s->halting = s->halting || sig == SIGUSR1;
}

static void
handle_signals(struct super *s)
{
	char bytes[64];
	ssize_t n;

	while ((n = read(signal_pipe[0], bytes, sizeof(bytes))) > 0)
		for (ssize_t i = 0; i < n; i++)
			take_signal(s, bytes[i]);
	reap(s);
}

static void
handle_input(struct super *s)
{
	struct err err = { ERR_NONE, 0, "", "" };

	switch (serve_input(s->serve, now_ms(), &err)) {
	case SERVE_OK:
		return;
	case SERVE_VIOLATION:
		log_security("the server broke the protocol, it is killed pid=%d why=\"%s\"", (int)s->pid, err.msg);
		if (s->pid > 0)
			kill(s->pid, SIGKILL);
		break;
	case SERVE_EOF:
		/* a server without a channel is of no use, but may still be writing its last words */
		if (s->pid > 0)
			kill(s->pid, SIGTERM);
		break;
	}
	serve_disconnect(s->serve);
}

/* The shorter of two waits, -1 = for ever. */
static int
sooner(int a, int64_t b)
{
	if (b < 0)
		b = 0;
	return (a == -1 || b < a ? (int)b : a);
}

static void
turn(struct super *s)
{
	struct pollfd v[SERVE_FDS + 1];
	int64_t now = now_ms();
	int wait = serve_wait_ms(s->serve, now);
	size_t n;

	if (s->pid == 0)
		wait = sooner(wait, s->start_at - now);
	n = serve_fds(s->serve, v);
	v[n++] = (struct pollfd){ .fd = signal_pipe[0], .events = POLLIN };
	if (poll(v, (nfds_t)n, wait) == -1 && errno != EINTR)
		log_error("supervise", "poll: %s", strerror(errno));
	handle_signals(s);
	if (s->stopping || s->done)
		return;
	handle_input(s);
	if (s->pid == 0 && !s->done && now_ms() >= s->start_at)
		start(s);
}

/* TERM, and KILL when it takes too long.  What it still asks for meanwhile is served. */
static void
stop(struct super *s)
{
	int64_t until = now_ms() + SUPERVISE_STOP_MS, left;
	struct pollfd v[SERVE_FDS + 1];
	size_t n;

	if (s->pid > 0)
		kill(s->pid, SIGTERM);
	while (s->pid > 0 && (left = until - now_ms()) > 0) {
		n = serve_fds(s->serve, v);
		v[n++] = (struct pollfd){ .fd = signal_pipe[0], .events = POLLIN };
		poll(v, (nfds_t)n, (int)(left < 100 ? left : 100));
		handle_input(s);
		handle_signals(s);
	}
	if (s->pid > 0) {
		log_warn("supervise", "the server did not end in %d ms, it is killed", SUPERVISE_STOP_MS);
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
}

int
supervise_run(struct serve *serve, const struct spawn *spawn)
{
	struct super s = { .serve = serve, .spawn = spawn, .backoff_ms = SUPERVISE_BACKOFF_MIN_MS, .terminal = isatty(STDIN_FILENO) };

	serve_keep(serve, signal_pipe[0]);
	serve_keep(serve, signal_pipe[1]);
	start(&s);
	while (!s.stopping && !s.done)
		turn(&s);
	stop(&s);
	return (s.status);
}
