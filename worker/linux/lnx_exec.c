/*
 * lnx_exec: starting and stopping a jail: exec.start and exec.stop inside it, and its processes.
 * Runs in a child of the worker (a job), so it may wait.
 */
#include <sys/mount.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/command.h"
#include "worker/linux/lnx.h"

#define STOP_WAIT_MS 5000	/* between TERM and KILL */

struct inside {
	const char *root;	/* the one the jail was made with: another one in the command is for the next jail */
	int ns, uts;	/* uts -1 = the host's name */
};

static const char *
enter(void *arg)
{
	const struct inside *in = arg;

	if (setns(in->ns, CLONE_NEWNET) == -1 || (in->uts != -1 && setns(in->uts, CLONE_NEWUTS) == -1))
		return ("entering the jail");
	/* Mounts of the command are its own.  /sys shows the interfaces of the namespace it was mounted in; a jail without /sys works. */
	if (unshare(CLONE_NEWNS) == -1 || mount("", "/", "none", MS_SLAVE | MS_REC, NULL) == -1)
		return ("private mounts");
	if (umount2("/sys", MNT_DETACH) == 0 || errno == EINVAL)
		(void)mount("sysfs", "/sys", "sysfs", 0, NULL);
	if (in->root[0] != '\0' && !str_equal(in->root, "/") && chroot(in->root) == -1)
		return (in->root);
	return (NULL);
}

static int
wait_for(pid_t pid, uint32_t timeout_s, struct err *err)
{
	struct pollfd pfd = { .events = POLLIN };
	int rc;

	pfd.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pfd.fd == -1)
		return (err_sys(err, "pidfd_open"));
	do
		rc = poll(&pfd, 1, timeout_s == 0 ? -1 : (int)(timeout_s > 86400 ? 86400 : timeout_s) * 1000);
	while (rc == -1 && errno == EINTR);
	close(pfd.fd);
	return (rc == 0);
}

/* Runs the command to its end.  what: "exec.start" or "exec.stop". */
static int
run_command(struct lnx *l, const struct lnx_jail *j, const struct cmd_exec *c, const char *what, struct reply *out, struct err *err)
{
	struct inside in = { .root = j->path[0] != '\0' ? j->path : c->path, .ns = -1, .uts = -1 };
	struct command_how how = { .log_dir = l->log_dir, .enter = enter, .arg = &in, .wait = wait_for };
	char path[LNX_PATH];
	int rc = -1;

	if (c->command[0] == '\0')
		return (0);
	in.ns = lnx_ns_open(l, c->name, err);
	if (in.ns == -1 || lnx_path(path, err, "%s/jails/%s/uts", l->run_dir, c->name) == -1)
		goto out;
	in.uts = open(path, O_RDONLY | O_CLOEXEC);
	if (in.uts == -1 && errno != ENOENT)
		err_sys(err, "%s", path);
	else
		rc = command_run(&how, c, what, out, err);
out:
	if (in.ns != -1)
		close(in.ns);
	if (in.uts != -1)
		close(in.uts);
	return (rc);
}

/* Ours and whole, or why not. */
static int
look(struct lnx *l, const char *name, struct lnx_jail *j, struct err *err)
{
	if (lnx_jail_own(l, name, j, err) == -1)
		return (-1);
	if ((j->flags & LNX_JAIL_NET) == 0)
		return (err_set(err, ERR_NOT_FOUND, "jail %s is not complete: it has no network namespace", name));
	return (0);
}

int
lnx_jail_start(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_exec *x = &c->u.exec;
	struct lnx_jail j;

	if (look(l, x->name, &j, err) == -1)
		return (-1);
	if (j.phase == JAIL_STARTED) {
		out->result = REPLY_UNCHANGED;
		return (0);
	}
	/* What it had done nobody knows. */
	if (j.phase == JAIL_STARTING)
		return (err_set(err, ERR_BUSY, "exec.start of jail %s was cut short: the jail has to be made anew", x->name));
	if (lnx_jail_put_phase(l, x->name, JAIL_STARTING, err) == -1)
		return (-1);
	if (run_command(l, &j, x, "exec.start", out, err) == -1) {
		(void)lnx_jail_put_phase(l, x->name, JAIL_CREATED, NULL);
		return (-1);
	}
	out->result = REPLY_DONE;
	return (lnx_jail_put_phase(l, x->name, JAIL_STARTED, err));
}

/* TERM, some time, KILL.  New ones that appear meanwhile are met by the next look. */
static void
end_processes(struct lnx *l, ino_t ino)
{
	int64_t deadline = lnx_now_ms() + STOP_WAIT_MS;
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };

	if (lnx_process_kill(l, ino, SIGTERM, 0) == 0)
		return;
	while (lnx_now_ms() < deadline) {
		nanosleep(&pause, NULL);
		if (lnx_process_look(l, 0, NULL) == -1 || lnx_process_count(l, ino) == 0)
			return;
	}
	for (int i = 0; i < 50 && lnx_process_kill(l, ino, SIGKILL, 0) > 0; i++)
		nanosleep(&pause, NULL);
}

int
lnx_jail_stop(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_exec *x = &c->u.exec;
	struct err why = { 0 };
	struct lnx_jail j;

	if (look(l, x->name, &j, err) == -1)
		return (-1);
	if (j.phase == JAIL_STOPPED && lnx_process_look(l, 0, NULL) == 0 && lnx_process_count(l, j.ino) == 0) {
		out->result = REPLY_UNCHANGED;
		return (0);
	}
	/* A failing exec.stop is told, but the jail stops all the same. */
	if (run_command(l, &j, x, "exec.stop", out, &why) == -1)
		snprintf(out->text, sizeof(out->text), "%s", why.msg);
	end_processes(l, j.ino);
	out->result = REPLY_DONE;
	return (lnx_jail_put_phase(l, x->name, JAIL_STOPPED, err));
}
