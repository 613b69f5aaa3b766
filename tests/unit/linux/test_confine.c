/*
 * test_confine: what a server in somebody else's hands can still do.  Each try is made in a child that has shut itself in.
 */
#include "server/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/log.h"
#include "core/str.h"

static char dir[] = "/tmp/jn-confine.XXXXXX", outside[] = "/tmp/jn-outside.XXXXXX", www[] = "/tmp/jn-www.XXXXXX";
static int board = -1;

/* Each returns 0 when it could, else the errno. */
static int
result(long rc)
{
	return (rc == -1 ? errno : 0);
}

static int
try_write_inside(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/db", dir);
	return (result(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)));
}

static int
try_rename_inside(void)
{
	char from[64], to[64];

	snprintf(from, sizeof(from), "%s/db", dir);
	snprintf(to, sizeof(to), "%s/db2", dir);
	return (result(rename(from, to)));
}

static int
try_read_certificate(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/cert", outside);
	return (result(open(path, O_RDONLY | O_CLOEXEC)));
}

/* The dashboard: by the descriptor it was given. */
static int
try_read_dashboard(void)
{
	return (result(openat(board, "index.html", O_RDONLY | O_CLOEXEC)));
}

static int
try_write_dashboard(void)
{
	return (result(openat(board, "index.html", O_WRONLY | O_CLOEXEC)));
}

static int
try_write_outside(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/cert", outside);
	return (result(open(path, O_WRONLY | O_CLOEXEC)));
}

static int
try_read_passwd(void)
{
	return (result(open("/etc/passwd", O_RDONLY | O_CLOEXEC)));
}

static int
try_symlink_out(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/link", dir);
	return (result(open(path, O_RDONLY | O_CLOEXEC)));
}

static void *
nothing(void *arg)
{
	return (arg);
}

static int
try_thread(void)
{
	pthread_t t;
	int rc = pthread_create(&t, NULL, nothing, NULL);

	return (rc != 0 ? rc : pthread_join(t, NULL));
}

static int
try_tcp_socket(void)
{
	return (result(socket(AF_INET, SOCK_STREAM, 0)));
}

static int
try_netlink(void)
{
	return (result(socket(AF_NETLINK, SOCK_RAW, 0)));
}

static int
try_unix_socket(void)
{
	return (result(socket(AF_UNIX, SOCK_DGRAM, 0)));
}

static int
try_signal_parent(void)
{
	return (result(kill(getppid(), 0)));
}

static int
try_executable_memory(void)
{
	return (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0);
}

static int
try_exec(void)
{
	char *argv[] = { (char *)(uintptr_t)"true", NULL };

	return (result(execv("/bin/true", argv)));
}

static int
try_mount(void)
{
	return (result(mount("none", "/tmp", "tmpfs", 0, NULL)));
}

static int
try_ptrace(void)
{
	return (result(ptrace(PTRACE_TRACEME, 0, NULL, NULL)));
}

static int
try_setuid(void)
{
	return (result(setuid(0)));
}

#define KILLED -1
#define REFUSED -2	/* any errno */

static const struct {
	const char *name;
	int (*run)(void);
	int want;
} tries[] = {
	{ "write inside", try_write_inside, 0 }, { "rename inside", try_rename_inside, 0 }, { "read the certificate", try_read_certificate, 0 },
	{ "read the dashboard", try_read_dashboard, 0 }, { "write the dashboard", try_write_dashboard, REFUSED },
	{ "thread", try_thread, 0 }, { "log socket", try_unix_socket, 0 }, { "write outside", try_write_outside, REFUSED },
	{ "read /etc/passwd", try_read_passwd, REFUSED }, { "leave by a symbolic link", try_symlink_out, REFUSED },
	{ "TCP socket", try_tcp_socket, EPERM }, { "netlink socket", try_netlink, EPERM }, { "signal the worker", try_signal_parent, EPERM },
	{ "executable memory", try_executable_memory, EPERM }, { "exec", try_exec, KILLED }, { "mount", try_mount, KILLED },
	{ "ptrace", try_ptrace, KILLED }, { "setuid", try_setuid, KILLED },
};

static int
in_confinement(int (*run)(void))
{
	struct confine c = { .state_dir = dir, .read_fd = board };
	char cert[64];
	struct err err;
	int status;
	pid_t pid;

	snprintf(cert, sizeof(cert), "%s/cert", outside);
	c.read_files[0] = cert;
	pid = fork();
	assert_true(pid != -1);
	if (pid == 0)
		_exit(confine_enter(&c, &err) == -1 ? 255 : run());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return (WTERMSIG(status) == SIGSYS ? KILLED : -100);
	return (WEXITSTATUS(status));
}

static void
test_tries(void **state)
{
	int got;

	(void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__linux__)
	skip();
#endif
	for (size_t i = 0; i < NELEMS(tries); i++) {
		/* what is tried would work, or fail otherwise, outside */
		got = in_confinement(tries[i].run);
		if (tries[i].want == REFUSED ? got != EACCES && got != EPERM : got != tries[i].want)
			fail_msg("%s: %d", tries[i].name, got);
	}
}

static int
setup(void **state)
{
	char path[64];
	FILE *f;

	(void)state;
	log_init("test_confine", true, LOG_LVL_ERROR);
	if (mkdtemp(dir) == NULL || mkdtemp(outside) == NULL || mkdtemp(www) == NULL)
		return (-1);
	snprintf(path, sizeof(path), "%s/cert", outside);
	if ((f = fopen(path, "w")) == NULL)
		return (-1);
	fclose(f);
	snprintf(path, sizeof(path), "%s/index.html", www);
	if ((f = fopen(path, "w")) == NULL)
		return (-1);
	fclose(f);
	if ((board = open(www, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return (-1);
	snprintf(path, sizeof(path), "%s/link", dir);
	return (symlink("/etc/passwd", path));
}

static int
teardown(void **state)
{
	static const char *const inside[] = { "db", "db2", "link" };
	char path[64];

	(void)state;
	for (size_t i = 0; i < NELEMS(inside); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, inside[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/cert", outside);
	unlink(path);
	snprintf(path, sizeof(path), "%s/index.html", www);
	unlink(path);
	close(board);
	if (rmdir(www) == -1)
		return (-1);
	return (rmdir(dir) == -1 || rmdir(outside) == -1 ? -1 : 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_tries) };

	return (cmocka_run_group_tests(tests, setup, teardown));
}
