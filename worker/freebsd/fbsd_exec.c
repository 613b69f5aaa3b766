/*
 * fbsd_exec: starting and stopping a jail: exec.start and exec.stop inside it, and its processes.
 * Runs in a child of the worker (a job), so it may wait.
 */
#include "worker/freebsd/fbsd_sys.h"

#include <sys/procctl.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/command.h"
#include "worker/freebsd/fbsd_prison.h"

#define STOP_WAIT_MS 5000	/* between TERM and KILL */

/* Nobody in the jail may look into the process before it is one of them. */
static const char *
enter(void *arg)
{
	const int *jid = arg;
	int off = PROC_TRACE_CTL_DISABLE;

	closefrom(STDERR_FILENO + 1);
	if (procctl(P_PID, 0, PROC_TRACE_CTL, &off) == -1)
		return ("PROC_TRACE_CTL");
	return (jail_attach(*jid) == -1 ? "entering the jail" : NULL);
}

static int
wait_for(pid_t pid, uint32_t timeout_s, struct err *err)
{
	const struct timespec limit = { .tv_sec = timeout_s };
	int kq = kqueuex(KQUEUE_CLOEXEC), n;
	struct kevent ev;

	if (kq == -1)
		return (err_sys(err, "kqueue"));
	EV_SET(&ev, (uintptr_t)pid, EVFILT_PROC, EV_ADD | EV_ONESHOT, NOTE_EXIT, 0, NULL);
	/* ESRCH: it has ended already */
	n = kevent(kq, &ev, 1, NULL, 0, NULL) == -1 ? 1 : 0;
	while (n == 0 && (n = kevent(kq, NULL, 0, &ev, 1, timeout_s == 0 ? NULL : &limit)) == -1 && errno == EINTR)
		n = 0;
	close(kq);
	return (n == 0);
}

/* Runs the command to its end.  what: "exec.start" or "exec.stop". */
static int
run_command(struct fbsd *f, int jid, const struct cmd_exec *c, const char *what, struct reply *out, struct err *err)
{
	const struct command_how how = { .log_dir = f->log_dir, .enter = enter, .arg = &jid, .wait = wait_for };

	return (command_run(&how, c, what, out, err));
}

static int
put_phase(struct fbsd *f, struct prison_held *h, enum jail_phase phase, struct err *err)
{
	h->mark.phase = phase;
	return (prison_put_mark(f, h, err));
}

/* -1 in the middle leaves the phase STARTING: what exec.start had done then nobody knows. */
static int
start(struct fbsd *f, struct prison_held *h, const struct cmd_exec *x, struct reply *out, struct err *err)
{
	if (h->j.phase == JAIL_STARTING)
		return (err_set(err, ERR_BUSY, "exec.start of jail %s was cut short: the jail has to be made anew", x->name));
	if (put_phase(f, h, JAIL_STARTING, err) == -1)
		return (-1);
	if (run_command(f, h->j.jid, x, "exec.start", out, err) == 0)
		return (put_phase(f, h, JAIL_STARTED, err));
	(void)put_phase(f, h, JAIL_CREATED, NULL);
	return (-1);
}

int
fbsd_jail_start(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_exec *x = &c->u.exec;
	struct prison_held h;
	int rc = 0;

	if (prison_hold_own(f, x->name, &h, err) == -1)
		return (-1);
	out->result = REPLY_UNCHANGED;
	if (h.j.phase != JAIL_STARTED) {
		out->result = REPLY_DONE;
		rc = start(f, &h, x, out, err);
	}
	prison_drop(&h);
	return (rc);
}

/* TERM, some time, KILL.  New ones that appear meanwhile are met by the next look. */
static void
end_processes(struct fbsd *f, int jid)
{
	int64_t deadline = fbsd_now_ms() + STOP_WAIT_MS;
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };

	if (fbsd_process_kill(f, jid, SIGTERM) == 0)
		return;
	while (fbsd_now_ms() < deadline) {
		nanosleep(&pause, NULL);
		if (fbsd_process_count(f, jid) == 0)
			return;
	}
	for (int i = 0; i < 50 && fbsd_process_kill(f, jid, SIGKILL) > 0; i++)
		nanosleep(&pause, NULL);
}

int
fbsd_jail_stop(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_exec *x = &c->u.exec;
	struct err why = { 0 };
	struct prison_held h;
	int rc;

	if (prison_hold_own(f, x->name, &h, err) == -1)
		return (-1);
	if (h.j.phase == JAIL_STOPPED && fbsd_process_count(f, h.j.jid) == 0) {
		out->result = REPLY_UNCHANGED;
		prison_drop(&h);
		return (0);
	}
	/* A failing exec.stop is told, but the jail stops all the same. */
	if (run_command(f, h.j.jid, x, "exec.stop", out, &why) == -1)
		(void)snprintf(out->text, sizeof(out->text), "%s", why.msg);
	end_processes(f, h.j.jid);
	rc = put_phase(f, &h, JAIL_STOPPED, err);
	prison_drop(&h);
	out->result = REPLY_DONE;
	return (rc);
}
