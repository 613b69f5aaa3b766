/*
 * jailnetd: opens the listeners, enters the sandbox if asked to, and is supervisor and worker from then on.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/log.h"
#include "core/str.h"
#include "core/version.h"
#include "worker/listen.h"
#include "worker/options.h"
#include "worker/sandbox.h"
#include "worker/supervise.h"

struct worker {
	struct options options;
	struct listen listen;
	struct spawn spawn;
	struct serve serve;
	struct driver_conf driver_conf;
	void *ctx;
	bool made_state_dir;	/* by mkdtemp: goes at the end */
	char pidfile[PATH_SIZE * 2];	/* "" = none */
	char log_dir[PATH_SIZE];	/* of a sandbox that has a run directory of its own */
	int told;		/* pipe to the parent that waits for us to be ready, -1 = none */
};

/* A sandbox's own temporary place.  Its /run will hide ours, so nothing of it may be there. */
static int
make_state_dir(struct worker *w, struct err *err)
{
	struct options *o = &w->options;
	const char *tmp = getenv("TMPDIR");
	char real[PATH_MAX];

	if (o->state_dir[0] == '\0') {
		if (str_format(o->state_dir, sizeof(o->state_dir), "%s/jailnet.XXXXXX", tmp == NULL || tmp[0] != '/' ? "/tmp" : tmp) == -1)
			return (err_set(err, ERR_INVALID, "TMPDIR is too long"));
		if (mkdtemp(o->state_dir) == NULL)
			return (err_sys(err, "%s", o->state_dir));
		w->made_state_dir = true;
	} else if (mkdir(o->state_dir, 0700) == -1 && errno != EEXIST)
		return (err_sys(err, "mkdir %s", o->state_dir));
	if (o->sandbox && realpath(o->state_dir, real) != NULL && strncmp(real, "/run/", 5) == 0)
		return (err_set(err, ERR_INVALID, "a sandbox has a /run of its own: choose a state directory elsewhere"));
	if (o->socket[0] == '\0' && str_format(o->socket, sizeof(o->socket), "%s/api.sock", o->state_dir) == -1)
		return (err_set(err, ERR_INVALID, "state directory: too long"));
	return (0);
}

static int
make_dir(const char *path, mode_t mode, struct err *err)
{
	if (mkdir(path, mode) == -1 && errno != EEXIST)
		return (err_sys(err, "mkdir %s", path));
	return (0);
}

/* One jailnetd per run directory.  A POSIX lock: job children do not inherit it. */
static int
lock_run_dir(const char *dir, struct err *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[PATH_SIZE];
	int fd;

	str_format(path, sizeof(path), "%s/lock", dir);
	if ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) == -1)
		return (err_sys(err, "%s", path));
	if (fcntl(fd, F_SETLK, &lock) == 0)
		return (0);
	close(fd);
	return (err_set(err, ERR_IN_USE, "another jailnetd is running"));
}

static int
open_tcp(struct worker *w, const char *where, bool tls, struct err *err)
{
	char words[sizeof(w->options.listen)], *save = NULL;

	str_copy(words, sizeof(words), where);
	for (char *s = strtok_r(words, " \t", &save); s != NULL; s = strtok_r(NULL, " \t", &save)) {
		if (listen_tcp(&w->listen, s, tls, err) == -1)
			return (-1);
		serve_keep(&w->serve, w->listen.tcp[w->listen.ntcp - 1]);
	}
	return (0);
}

static int
open_listeners(struct worker *w, struct err *err)
{
	struct options *o = &w->options;
	if (listen_local(&w->listen, o->socket, o->socket_mode, o->socket_group, err) == -1)
		return (-1);
	serve_keep(&w->serve, w->listen.local);
	return (open_tcp(w, o->listen, false, err) == -1 ? -1 : open_tcp(w, o->conf.tls_listen, true, err));
}

static void
announce(const struct worker *w)
{
	printf("socket %s\n", w->options.socket);
	for (size_t i = 0; i < w->listen.ntcp; i++)
		printf("url %s\n", w->listen.url[i]);
	if (w->options.sandbox)
		printf("sandbox pid %d\n", (int)getpid());
	fflush(stdout);
}

/* In the child only: no terminal, no standard output, a pid file; the parent waits for tell_parent(). */
static int
daemonize(struct worker *w, struct err *err)
{
	char byte;
	int fds[2];
	pid_t pid;

	fflush(NULL);
	if (pipe2(fds, O_CLOEXEC) == -1)
		return (err_sys(err, "pipe"));
	if ((pid = fork()) == -1)
		return (err_sys(err, "fork"));
	if (pid > 0) {
		close(fds[1]);
		_exit(read(fds[0], &byte, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	close(fds[0]);
	w->told = fds[1];
	setsid();
	return (0);
}

static int
write_pidfile(struct worker *w, struct err *err)
{
	const char *dir = w->options.sandbox ? w->options.state_dir : w->options.run_dir;
	char text[16];
	int fd;

	str_format(w->pidfile, sizeof(w->pidfile), "%s/jailnetd.pid", dir);
	unlink(w->pidfile);
	if ((fd = open(w->pidfile, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644)) == -1)
		return (err_sys(err, "%s", w->pidfile));
	str_format(text, sizeof(text), "%d\n", (int)getpid());
	if (write(fd, text, strlen(text)) == -1)
		err_sys(err, "%s", w->pidfile);
	close(fd);
	return (0);
}

/* Everything that can fail at start has worked: let go of the terminal. */
static int
tell_parent(struct worker *w, struct err *err)
{
	int null;

	if (w->told == -1)
		return (0);
	log_init("jailnetd", true, w->options.log_level);
	if ((null = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1)
		return (err_sys(err, "/dev/null"));
	if (write(w->told, "", 1) == -1)
		log_warn("main", "the parent is gone");
	close(w->told);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	close(null);
	return (chdir("/") == -1 ? err_sys(err, "/") : 0);
}

static int
open_driver(struct worker *w, struct err *err)
{
	const struct options *o = &w->options;

	w->driver_conf = (struct driver_conf){ .run_dir = o->run_dir, .netns_dir = o->netns_dir, .log_dir = o->log_dir,
		.foreign_ok = policy_foreign_ok, .adopt_ok = policy_adopt_ok, .arg = &w->options.conf.policy };
	if (make_dir(o->run_dir, 0755, err) == -1 || make_dir(o->log_dir, 0700, err) == -1)
		return (-1);
	return (driver->open(&w->driver_conf, &w->ctx, err) == -1 ? err_wrap(err, "%s driver", driver->name) : 0);
}

static int
start(struct worker *w, struct err *err)
{
	struct options *o = &w->options;

	/* before the lock: a fork does not inherit it */
	if (!o->foreground && daemonize(w, err) == -1)
		return (-1);
	if (!o->sandbox && (make_dir(o->run_dir, 0755, err) == -1 || lock_run_dir(o->run_dir, err) == -1))
		return (-1);
	if (make_state_dir(w, err) == -1 || open_listeners(w, err) == -1 || (o->sandbox && sandbox_enter(err) == -1))
		return (-1);
	if (o->sandbox && sandbox_run_dir() != NULL) {
		o->run_dir = sandbox_run_dir();
		if (str_format(w->log_dir, sizeof(w->log_dir), "%s/log", o->run_dir) == -1)
			return (err_set(err, ERR_INTERNAL, "run directory: too long"));
		o->log_dir = w->log_dir;
	}
	/* who we are is asked only now: a sandbox may have made us uid 0 of nothing */
	if (spawn_init(&w->spawn, o, &w->listen, err) == -1)
		return (-1);
	if (!o->foreground && write_pidfile(w, err) == -1)
		return (-1);
	if (supervise_signals(err) == -1 || open_driver(w, err) == -1 || spawn_own_state_dir(&w->spawn, err) == -1)
		return (-1);
	w->serve.ctx = w->ctx;
	announce(w);
	return (tell_parent(w, err));
}

/* Whoever still runs inside a sandbox's jails would keep its namespaces alive, and so do jails below a jail. */
static void
empty_sandbox(struct worker *w)
{
	const struct cmd_observe all = { .scope = OBSERVE_ALL };
	struct observed o;
	struct reply reply;
	struct err err;

	observed_init(&o);
	if (driver->observe(w->ctx, &all, &o, &err) == 0)
		for (size_t i = 0; i < o.njails; i++) {
			struct cmd c = { .op = CMD_JAIL_STOP };

			str_copy(c.u.exec.name, sizeof(c.u.exec.name), o.jails[i].name);
			if (o.jails[i].ours && o.jails[i].processes > 0 && driver->exec(w->ctx, &c, &reply, &err) == -1)
				log_warn("main", "stopping jail %s: %s", o.jails[i].name, err.msg);
			c = (struct cmd){ .op = CMD_JAIL_DESTROY };
			str_copy(c.u.ref.name, sizeof(c.u.ref.name), o.jails[i].name);
			if (o.jails[i].ours && driver->exec(w->ctx, &c, &reply, &err) == -1)
				log_warn("main", "removing jail %s: %s", o.jails[i].name, err.msg);
		}
	observed_fini(&o);
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	remove(path);
	return (0);
}

static void
finish(struct worker *w)
{
	serve_fini(&w->serve);
	if (w->ctx != NULL) {
		if (w->options.sandbox)
			empty_sandbox(w);
		driver->close(w->ctx);
	}
	if (w->listen.local != -1)
		unlink(w->options.socket);
	listen_close(&w->listen);
	if (w->pidfile[0] != '\0')
		unlink(w->pidfile);
	if (w->options.sandbox && sandbox_run_dir() != NULL)
		nftw(sandbox_run_dir(), remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	if (w->made_state_dir)
		nftw(w->options.state_dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

int
main(int argc, char **argv)
{
	static struct worker w;
	struct err err = { ERR_NONE, 0, "", "" };
	int status;

	if (options_load(&w.options, argc, argv, &err) == -1) {
		fprintf(stderr, "jailnetd: %s\n%s", err.msg, err.code == ERR_SYNTAX ? options_usage : "");
		return (err.code == ERR_SYNTAX ? EX_USAGE : EX_CONFIG);
	}
	if (w.options.help || w.options.version || w.options.check_only) {
		fputs(w.options.help ? options_usage : w.options.version ? "jailnetd " JAILNET_VERSION "\n" : "ok\n", stdout);
		return (EXIT_SUCCESS);
	}
	log_init("jailnetd", false, w.options.log_level);
	w.told = -1;
	listen_init(&w.listen);
	serve_init(&w.serve, driver, NULL, &w.options.conf.policy);
	if (start(&w, &err) == -1) {
		fprintf(stderr, "jailnetd: %s\n", err.msg);
		finish(&w);
		return (EXIT_FAILURE);
	}
	status = supervise_run(&w.serve, &w.spawn);
	finish(&w);
	return (status);
}
