/*
 * fbsd_exec: starting and stopping a jail: exec.start and exec.stop inside it, and its processes.
 *
 * Runs in a child of the worker (a job), so it may wait.  The command writes to a log file, never to a pipe: what it leaves
 * running in the background keeps the file, and nobody waits for that.
 */
#include "worker/freebsd/fbsd_sys.h"

#include <sys/procctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/freebsd/fbsd_prison.h"

#define STOP_WAIT_MS 5000	/* between TERM and KILL */
#define TAIL_SIZE 400

struct run {
	const struct cmd_exec *c;
	int jid, log;
	off_t log_from;		/* what this command wrote starts here */
};

static void
say(const char *what)
{
	dprintf(STDERR_FILENO, "jailnet: %s: %s\n", what, strerror(errno));
	_exit(126);
}

/* In the new process: become the command.  Nobody in the jail may look into it before it is one of them. */
static void
become(const struct run *r)
{
	char sh[] = "sh", dash_c[] = "-c", command[COMMAND_SIZE], jname[NAME_SIZE + 8];
	char path[] = "PATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin", home[] = "HOME=/";
	char *argv[] = { sh, dash_c, command, NULL }, *env[] = { path, home, jname, NULL };
	int null, off = PROC_TRACE_CTL_DISABLE;
	sigset_t none;

	(void)str_copy(command, sizeof(command), r->c->command);
	(void)str_format(jname, sizeof(jname), "JNAME=%s", r->c->name);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null == -1 || dup2(null, STDIN_FILENO) == -1 || dup2(r->log, STDOUT_FILENO) == -1 || dup2(r->log, STDERR_FILENO) == -1)
		_exit(126);
	closefrom(STDERR_FILENO + 1);
	if (procctl(P_PID, 0, PROC_TRACE_CTL, &off) == -1)
		say("PROC_TRACE_CTL");
	if (jail_attach(r->jid) == -1)
		say("entering the jail");
	if (chdir("/") == -1)
		say("/");
	execve("/bin/sh", argv, env);
	say("/bin/sh");
}

/* The last bytes of what the command wrote, as one line. */
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
	str_clean(out);
}

/* 0 ended (*status), 1 time is up. */
static int
wait_for(pid_t pid, uint32_t timeout_s, int *status, struct err *err)
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
	if (n == 0) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
	}
	while (waitpid(pid, status, 0) == -1)
		if (errno != EINTR)
			return (err_sys(err, "waitpid"));
	return (n == 0);
}

/* Runs the command to its end.  what: "exec.start" or "exec.stop". */
static int
run_command(struct fbsd *f, int jid, const struct cmd_exec *c, const char *what, struct reply *out, struct err *err)
{
	struct run r = { .c = c, .jid = jid, .log = -1 };
	char path[FBSD_PATH], end[TAIL_SIZE];
	int status = 0, rc = -1, late;
	struct stat st;
	pid_t pid;

	if (c->command[0] == '\0')
		return (0);
	if (fbsd_path(path, err, "%s/%s.log", f->log_dir, c->name) == -1)
		return (-1);
	r.log = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (r.log == -1 || fstat(r.log, &st) == -1) {
		err_sys(err, "%s", path);
		goto out;
	}
	r.log_from = st.st_size;
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
	return (rc);
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
		rc = run_command(f, h.j.jid, x, "exec.start", out, err);
		h.mark.phase = JAIL_STARTED;
		if (rc == 0)
			rc = prison_put_mark(f, &h, err);
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
	h.mark.phase = JAIL_STOPPED;
	rc = prison_put_mark(f, &h, err);
	prison_drop(&h);
	out->result = REPLY_DONE;
	return (rc);
}
