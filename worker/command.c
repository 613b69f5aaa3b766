/* command: see command.h */
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/command.h"
#include "worker/sandbox.h"

#define TAIL_SIZE 400
#define LOG_PATH 512

static void
say(const char *what)
{
	dprintf(STDERR_FILENO, "jailnet: %s: %s\n", what, strerror(errno));
	_exit(126);
}

/* In the new process: become the command.  Never returns. */
static void
become(const struct command_how *how, const struct cmd_exec *c, pid_t parent, int log)
{
	char sh[] = "sh", dash_c[] = "-c", command[COMMAND_SIZE], jname[NAME_SIZE + 8];
	char path[] = "PATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin", home[] = "HOME=/";
	char *argv[] = { sh, dash_c, command, NULL }, *env[] = { path, home, jname, NULL };
	const char *failed;
	sigset_t none;
	int null;

	(void)str_copy(command, sizeof(command), c->command);
	(void)str_format(jname, sizeof(jname), "JNAME=%s", c->name);
	setsid();
	/* not inside yet, nobody would find it there */
	sandbox_end_with(parent);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null == -1 || dup2(null, STDIN_FILENO) == -1 || dup2(log, STDOUT_FILENO) == -1 || dup2(log, STDERR_FILENO) == -1)
		_exit(126);
	failed = how->enter(how->arg);
	if (failed != NULL)
		say(failed);
	if (chdir("/") == -1)
		say("/");
	(void)close_range(STDERR_FILENO + 1, ~0U, 0);
	execve("/bin/sh", argv, env);
	say("/bin/sh");
}

/* Who writes appends, so nothing is torn but what is written in this very moment. */
static void
trim(int log)
{
	static char keep[COMMAND_LOG_KEEP];
	struct stat st;
	ssize_t n;

	if (fstat(log, &st) == -1 || st.st_size <= COMMAND_LOG_MAX)
		return;
	n = pread(log, keep, sizeof(keep), st.st_size - (off_t)sizeof(keep));
	if (ftruncate(log, 0) == 0 && n > 0 && write(log, keep, (size_t)n) == -1)
		return;
}

void
command_trim_logs(const char *log_dir)
{
	struct dirent *d;
	struct stat st;
	DIR *dir = opendir(log_dir);
	int log;

	while (dir != NULL && (d = readdir(dir)) != NULL) {
		if (fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1 || !S_ISREG(st.st_mode) || st.st_size <= COMMAND_LOG_MAX)
			continue;
		log = openat(dirfd(dir), d->d_name, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (log == -1)
			continue;
		trim(log);
		close(log);
	}
	if (dir != NULL)
		closedir(dir);
}

/* The last bytes of what was written after 'since', as one line. */
static void
tail(int log, off_t since, char out[TAIL_SIZE])
{
	off_t from = lseek(log, 0, SEEK_END) - (TAIL_SIZE - 1);
	ssize_t n;

	out[0] = '\0';
	n = pread(log, out, TAIL_SIZE - 1, from > since ? from : since);
	if (n <= 0)
		return;
	while (n > 0 && (out[n - 1] == '\n' || out[n - 1] == '\0'))
		n--;
	out[n] = '\0';
	for (char *p = out; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ')
			*p = ' ';
	}
	/* also the half of a character it may begin with */
	str_clean(out);
}

static int
judge(const struct cmd_exec *c, const char *what, bool late, int status, const char *end, struct err *err)
{
	if (late)
		return (err_set(err, ERR_TIMEOUT, "%s did not end within %u s: %.200s", what, c->timeout_s, end));
	if (WIFSIGNALED(status))
		return (err_set(err, ERR_EXEC, "%s was ended by signal %d: %.200s", what, WTERMSIG(status), end));
	if (WEXITSTATUS(status) != 0)
		return (err_set(err, ERR_EXEC, "%s exited with %d: %.200s", what, WEXITSTATUS(status), end));
	return (0);
}

static int
run(const struct command_how *how, const struct cmd_exec *c, int log, int *status, struct err *err)
{
	pid_t parent = getpid(), pid = fork();
	int late;

	if (pid == -1)
		return (err_sys(err, "fork"));
	if (pid == 0)
		become(how, c, parent, log);
	late = how->wait(pid, c->timeout_s, err);
	if (late != 0) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
	}
	while (waitpid(pid, status, 0) == -1) {
		if (errno != EINTR)
			return (err_sys(err, "waitpid"));
	}
	return (late);
}

int
command_run(const struct command_how *how, const struct cmd_exec *c, const char *what, struct reply *out, struct err *err)
{
	char path[LOG_PATH], end[TAIL_SIZE];
	int log = -1, out_fd = -1, late, status = 0, rc = -1;
	struct stat st;

	if (c->command[0] == '\0')
		return (0);
	if (str_format(path, sizeof(path), "%s/%s.log", how->log_dir, c->name) == -1)
		return (err_set(err, ERR_LIMIT, "%s/%s.log is too long a name", how->log_dir, c->name));
	log = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (log == -1)
		return (err_sys(err, "%s", path));
	trim(log);
	/* what is inside must not read what others have said there */
	out_fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (out_fd == -1 || fstat(log, &st) == -1)
		err_sys(err, "%s", path);
	else if ((late = run(how, c, out_fd, &status, err)) != -1) {
		tail(log, st.st_size, end);
		rc = judge(c, what, late == 1, status, end, err);
		if (rc == -1)
			(void)str_copy(out->text, sizeof(out->text), end);
	}
	trim(log);
	if (out_fd != -1)
		close(out_fd);
	close(log);
	return (rc);
}
