/*
 * fbsd_inside: code that runs in a jail's network: a child that attaches, does its work and reports through a pipe.
 *
 * After jail_attach the child is a process of that jail with uid 0, and root of the jail may not get at what it holds: all descriptors but
 * the pipe are closed before, and PROC_TRACE_CTL keeps debuggers away.  Signals of the jail's root reach it all the same (kern_prot.c,
 * cr_cansignal): one that is stopped is given up after ANSWER_MS.
 */
#include "worker/freebsd/fbsd_sys.h"

#include <sys/procctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"

#define PIPE_FD 3
#define TABLES 6
#define ANSWER_MS 5000

/* What comes through the pipe, in this order: head, arg[size], then the rows of each table. */
struct head {
	int rc;
	struct err err;
	size_t n[TABLES];
};

static void
row_counts(const struct observed *o, size_t n[TABLES])
{
	n[0] = o->njails;
	n[1] = o->nlinks;
	n[2] = o->naddrs;
	n[3] = o->nroutes;
	n[4] = o->nsysctls;
	n[5] = o->ncounters;
}

static int
write_all(int fd, const void *buf, size_t size)
{
	const char *p = buf;

	while (size > 0) {
		ssize_t n = write(fd, p, size);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return (-1);
		p += n;
		size -= (size_t)n;
	}
	return (0);
}

/* -1: it ended, or said nothing until the deadline (fbsd_now_ms). */
static int
read_all(const struct fbsd_visit *v, void *buf, size_t size)
{
	struct pollfd p = { .fd = v->fd, .events = POLLIN };
	char *at = buf;

	while (size > 0) {
		int64_t left = v->deadline - fbsd_now_ms();
		int ready = left <= 0 ? 0 : poll(&p, 1, (int)left);
		ssize_t n;

		if (ready == -1 && errno == EINTR)
			continue;
		if (ready <= 0)
			return (-1);
		n = read(v->fd, at, size);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return (-1);
		at += n;
		size -= (size_t)n;
	}
	return (0);
}

static int
send_rows(int fd, const struct observed *o, const size_t base[TABLES], const size_t n[TABLES])
{
	return (write_all(fd, o->jails + base[0], n[0] * sizeof(*o->jails)) == -1 ||
	    write_all(fd, o->links + base[1], n[1] * sizeof(*o->links)) == -1 ||
	    write_all(fd, o->addrs + base[2], n[2] * sizeof(*o->addrs)) == -1 ||
	    write_all(fd, o->routes + base[3], n[3] * sizeof(*o->routes)) == -1 ||
	    write_all(fd, o->sysctls + base[4], n[4] * sizeof(*o->sysctls)) == -1 ||
	    write_all(fd, o->counters + base[5], n[5] * sizeof(*o->counters)) == -1 ? -1 : 0);
}

/* The rows are structs of this very program, which forked: no coding is needed. */
#define TAKE(count, type, add)						\
	for (size_t i = 0; i < (count); i++) {				\
		struct type *row = add(o);				\
									\
		if (row == NULL || read_all(v, row, sizeof(*row)) == -1) \
			return (-1);					\
	}

static int
take_rows(const struct fbsd_visit *v, struct observed *o, const size_t n[TABLES])
{
	TAKE(n[0], obs_jail, observed_jail_add)
	TAKE(n[1], obs_link, observed_link_add)
	TAKE(n[2], obs_addr, observed_addr_add)
	TAKE(n[3], obs_route, observed_route_add)
	TAKE(n[4], obs_sysctl, observed_sysctl_add)
	TAKE(n[5], obs_counter, observed_counter_add)
	return (0);
}

static int
open_sockets(struct fbsd_in *in, struct err *err)
{
	in->s = socket(AF_LOCAL, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (in->s == -1)
		return (err_sys(err, "socket"));
	in->s4 = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	in->s6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return (0);
}

static int
attach(int jid, const char *jail, struct err *err)
{
	int off = PROC_TRACE_CTL_DISABLE;

	if (procctl(P_PID, 0, PROC_TRACE_CTL, &off) == -1)
		return (err_sys(err, "PROC_TRACE_CTL"));
	if (jail_attach(jid) == -1) {
		int sys = errno;

		/* EINVAL: no such jail, or it is dying */
		if (sys == EINVAL)
			return (err_set(err, ERR_BUSY, "jail %s ended meanwhile", jail));
		return (err_num(err, sys, "attaching to jail %s", jail));
	}
	return (0);
}

static void __attribute__((noreturn))
child(struct fbsd *f, int fd, int jid, const char *jail, fbsd_inside_fn *fn, void *arg, size_t size, struct observed *rows)
{
	struct fbsd_in in = { .f = f, .jail = jail, .jid = jid, .s = -1, .s4 = -1, .s6 = -1 };
	size_t base[TABLES] = { 0 }, now[TABLES] = { 0 };
	struct head h;
	sigset_t all;

	memset(&h, 0, sizeof(h));
	/* our handlers would write into descriptors that are others here; and the jail's root is left SIGKILL and SIGSTOP */
	sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	if (dup2(fd, PIPE_FD) == -1)
		_exit(1);
	closefrom(PIPE_FD + 1);
	for (int std = 0; std < PIPE_FD; std++)
		close(std);
	if (rows != NULL)
		row_counts(rows, base);
	h.rc = attach(jid, jail, &h.err);
	if (h.rc == 0)
		h.rc = open_sockets(&in, &h.err);
	if (h.rc == 0)
		h.rc = fn(&in, arg, &h.err);
	if (rows != NULL && h.rc == 0) {
		row_counts(rows, now);
		for (size_t i = 0; i < TABLES; i++)
			h.n[i] = now[i] - base[i];
	}
	if (write_all(PIPE_FD, &h, sizeof(h)) == 0 && write_all(PIPE_FD, arg, size) == 0 && rows != NULL)
		(void)send_rows(PIPE_FD, rows, base, h.n);
	_exit(0);
}

int
fbsd_visit_begin(struct fbsd *f, int jid, const char *jail, fbsd_inside_fn *fn, void *arg, size_t size, struct observed *rows,
    struct fbsd_visit *v, struct err *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1)
		return (err_sys(err, "pipe"));
	v->pid = fork();
	if (v->pid == -1) {
		err_sys(err, "fork");
		close(fds[0]);
		close(fds[1]);
		return (-1);
	}
	if (v->pid == 0)
		child(f, fds[1], jid, jail, fn, arg, size, rows);
	close(fds[1]);
	v->fd = fds[0];
	v->answer_ms = ANSWER_MS;
	return (0);
}

/*
 * One that has said all is ending by itself; a stopped one ends by SIGKILL only.  A SIGSTOP that comes after it stops the child once more, on its
 * way out (exit1, thread_suspend_check), so it is killed until it is gone: waiting for it would be waiting for the jail's root.
 */
void
fbsd_visit_drop(struct fbsd_visit *v)
{
	useconds_t us = 50;
	pid_t got;

	close(v->fd);
	(void)kill(v->pid, SIGKILL);
	while ((got = waitpid(v->pid, NULL, WNOHANG)) == 0 || (got == -1 && errno == EINTR)) {
		usleep(us);
		us = us < 10000 ? us * 2 : us;
		(void)kill(v->pid, SIGKILL);
	}
}

int
fbsd_visit_end(struct fbsd_visit *v, const char *jail, void *arg, size_t size, struct observed *rows, struct err *err)
{
	struct head h = { .rc = 0 };
	int rc = -1;

	v->deadline = fbsd_now_ms() + v->answer_ms;
	if (read_all(v, &h, sizeof(h)) == -1 || read_all(v, arg, size) == -1)
		err_set(err, ERR_BUSY, "jail %s ended meanwhile", jail);	/* which kills those in it */
	else if (rows != NULL && take_rows(v, rows, h.n) == -1)
		err_set(err, ERR_BUSY, "jail %s ended while it was looked at", jail);
	else
		rc = h.rc;
	if (rc == -1 && err != NULL && h.rc == -1 && h.err.code != ERR_NONE)
		*err = h.err;
	fbsd_visit_drop(v);
	return (rc);
}

void
fbsd_in_host(struct fbsd *f, struct fbsd_in *out)
{
	*out = (struct fbsd_in){ .f = f, .jail = "", .s = f->s, .s4 = f->s4, .s6 = f->s6 };
}

int
fbsd_inside(struct fbsd *f, int jid, const char *jail, fbsd_inside_fn *fn, void *arg, size_t size, struct observed *rows,
    struct err *err)
{
	struct fbsd_visit v;
	struct fbsd_in in;

	if (jid != 0)
		return (fbsd_visit_begin(f, jid, jail, fn, arg, size, rows, &v, err) == -1 ? -1 : fbsd_visit_end(&v, jail, arg, size, rows, err));
	fbsd_in_host(f, &in);
	return (fn(&in, arg, err));
}

int
fbsd_inside_name(struct fbsd *f, const char *jail, fbsd_inside_fn *fn, void *arg, size_t size, struct err *err)
{
	struct fbsd_jail j = { 0 };

	if (jail[0] != '\0' && fbsd_jail_find(f, jail, &j, err) == -1)
		return (-1);
	return (fbsd_inside(f, j.jid, jail, fn, arg, size, NULL, err));
}
