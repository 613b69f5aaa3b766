/*
 * lnx_exec: starting and stopping a jail: exec.start and exec.stop inside it, and its processes.
 *
 * Runs in a child of the worker (a job), so it may wait.  The command writes to a log file, never to a pipe: what it leaves
 * running in the background keeps the file, and nobody waits for that.
 */
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

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
#include "worker/linux/lnx.h"

#define STOP_WAIT_MS 5000	/* between TERM and KILL */
#define TAIL_SIZE 400

struct run {
	const struct cmd_exec *c;
	int log, ns, uts;	/* uts -1 = the host's name */
	off_t log_from;		/* what this command wrote starts here */
};

static void
say(const char *what)
{
	dprintf(STDERR_FILENO, "jailnet: %s: %s\n", what, strerror(errno));
	_exit(126);
}

/* In the new process: become the command.  Never returns. */
static void
become(const struct run *r)
{
	char sh[] = "sh", dash_c[] = "-c", command[COMMAND_SIZE], jname[NAME_SIZE + 8];
	char path[] = "PATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin", home[] = "HOME=/";
	char *argv[] = { sh, dash_c, command, NULL }, *env[] = { path, home, jname, NULL };
	sigset_t none;
	int null;

	(void)str_copy(command, sizeof(command), r->c->command);
	(void)str_format(jname, sizeof(jname), "JNAME=%s", r->c->name);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null == -1 || dup2(null, STDIN_FILENO) == -1 || dup2(r->log, STDOUT_FILENO) == -1 || dup2(r->log, STDERR_FILENO) == -1)
		_exit(126);
	if (setns(r->ns, CLONE_NEWNET) == -1 || (r->uts != -1 && setns(r->uts, CLONE_NEWUTS) == -1))
		say("entering the jail");
	/* Mounts of the command are its own.  /sys shows the interfaces of the namespace it was mounted in; a jail without /sys works. */
	if (unshare(CLONE_NEWNS) == -1 || mount("", "/", "none", MS_SLAVE | MS_REC, NULL) == -1)
		say("private mounts");
	if (umount2("/sys", MNT_DETACH) == 0 || errno == EINVAL)
		(void)mount("sysfs", "/sys", "sysfs", 0, NULL);
	if (r->c->path[0] != '\0' && !str_equal(r->c->path, "/") && chroot(r->c->path) == -1)
		say(r->c->path);
	if (chdir("/") == -1)
		say("/");
	(void)close_range(3, ~0U, 0);
	execve("/bin/sh", argv, env);
	say("/bin/sh");
}

/* The last bytes of what the command wrote, without line ends at the end. */
static void
tail(const struct run *r, char *out, size_t size)
{
	off_t end = lseek(r->log, 0, SEEK_END), from;
	ssize_t n;

	out[0] = '\0';
	from = end - (off_t)(size - 1) > r->log_from ? end - (off_t)(size - 1) : r->log_from;
	n = pread(r->log, out, size - 1, from);
	if (n <= 0)
		return;
	while (n > 0 && (out[n - 1] == '\n' || out[n - 1] == '\0'))
		n--;
	out[n] = '\0';
	for (char *p = out; *p != '\0'; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	/* not from the middle of a character */
	for (size_t i = 0; !str_utf8(out, strlen(out)) && i < 4 && out[0] != '\0'; i++)
		memmove(out, out + 1, strlen(out));
	if (!str_utf8(out, strlen(out)))
		for (char *p = out; *p != '\0'; p++)
			if ((unsigned char)*p >= 0x80)
				*p = '?';
}

/* 0 ended (*status), 1 time is up. */
static int
wait_for(pid_t pid, uint32_t timeout_s, int *status, struct err *err)
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
	if (rc == 0) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
	}
	while (waitpid(pid, status, 0) == -1)
		if (errno != EINTR)
			return (err_sys(err, "waitpid"));
	return (rc == 0);
}

static int
open_all(struct lnx *l, struct run *r, struct err *err)
{
	char path[LNX_PATH];
	struct stat st;

	if (lnx_path(path, err, "%s/%s.log", l->log_dir, r->c->name) == -1)
		return (-1);
	r->log = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (r->log == -1 || fstat(r->log, &st) == -1)
		return (err_sys(err, "%s", path));
	r->log_from = st.st_size;
	r->ns = lnx_ns_open(l, r->c->name, err);
	if (r->ns == -1 || lnx_path(path, err, "%s/jails/%s/uts", l->run_dir, r->c->name) == -1)
		return (-1);
	r->uts = open(path, O_RDONLY | O_CLOEXEC);
	if (r->uts == -1 && errno != ENOENT)
		return (err_sys(err, "%s", path));
	return (0);
}

/* Runs the command to its end.  what: "exec.start" or "exec.stop". */
static int
run_command(struct lnx *l, const struct cmd_exec *c, const char *what, struct reply *out, struct err *err)
{
	struct run r = { .c = c, .log = -1, .ns = -1, .uts = -1 };
	char end[TAIL_SIZE];
	int status = 0, rc = -1, late;
	pid_t pid;

	if (c->command[0] == '\0')
		return (0);
	if (open_all(l, &r, err) == -1)
		goto out;
	pid = fork();
	if (pid == -1) {
		err_sys(err, "fork");
		goto out;
	}
	if (pid == 0)
		become(&r);
	late = wait_for(pid, c->timeout_s, &status, err);
	if (late == -1)
		goto out;
	tail(&r, end, sizeof(end));
	if (late == 1)
		err_set(err, ERR_TIMEOUT, "%s did not end within %u s: %.200s", what, c->timeout_s, end);
	else if (WIFSIGNALED(status))
		err_set(err, ERR_EXEC, "%s was ended by signal %d: %.200s", what, WTERMSIG(status), end);
	else if (WEXITSTATUS(status) != 0)
		err_set(err, ERR_EXEC, "%s exited with %d: %.200s", what, WEXITSTATUS(status), end);
	else
		rc = 0;
	if (rc == -1)
		(void)str_copy(out->text, sizeof(out->text), end);
out:
	if (r.log != -1)
		close(r.log);
	if (r.ns != -1)
		close(r.ns);
	if (r.uts != -1)
		close(r.uts);
	return (rc);
}

/* Ours and whole, or why not. */
static int
look(struct lnx *l, const char *name, struct lnx_jail *j, struct err *err)
{
	if (lnx_jail_look(l, name, j, err) == -1)
		return (-1);
	if ((j->flags & LNX_JAIL_DIR) == 0)
		return (err_set(err, j->flags & LNX_JAIL_FOREIGN ? ERR_DENIED : ERR_NOT_FOUND,
		    j->flags & LNX_JAIL_FOREIGN ? "network namespace %s was not made by jailnet" : "there is no jail %s", name));
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
	if (run_command(l, x, "exec.start", out, err) == -1)
		return (-1);
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
	if (run_command(l, x, "exec.stop", out, &why) == -1)
		snprintf(out->text, sizeof(out->text), "%s", why.msg);
	end_processes(l, j.ino);
	out->result = REPLY_DONE;
	return (lnx_jail_put_phase(l, x->name, JAIL_STOPPED, err));
}
