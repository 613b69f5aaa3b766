/*
 * cli_enter on Linux: a jail is a named network namespace, with a UTS namespace of its own when it has a hostname.
 */
#include "cli/cli_enter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/model.h"
#include "core/str.h"

#define NETNS_DIR "/run/netns"
#define JAILS_DIR "/run/jailnet/jails"
#define PATH_ROOM 320

static int
enter_failed(struct err *err, const char *what)
{
	if (errno == EPERM || errno == EACCES)
		return (err_set(err, ERR_DENIED,
		    "%s: not permitted; exec needs root, or the user who started the sandbox", what));
	return (err_sys(err, "%s", what));
}

/* Our own namespace of that type and the other are the same: entering a user namespace twice is an error. */
static bool
is_own(int fd, const char *own)
{
	struct stat a, b;

	return (fstat(fd, &a) == 0 && stat(own, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

static int
enter_file(int dir, const char *path, const char *own, int type, struct err *err)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC), rv = -1;

	if (fd == -1)
		return (enter_failed(err, path));
	if (own != NULL && is_own(fd, own))
		rv = 0;
	else if (setns(fd, type) == -1)
		enter_failed(err, path);
	else
		rv = 0;
	close(fd);
	return (rv);
}

/* The directory of the process is opened once, so that all files are of the same process even if it ends meanwhile. */
static int
enter_sandbox(pid_t worker, struct err *err)
{
	char path[64];
	int dir, rv = -1;

	(void)str_format(path, sizeof(path), "/proc/%ld", (long)worker);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return (err_set(err, ERR_NOT_FOUND, "the daemon's worker (process %ld) is not on this machine",
		    (long)worker));
	if (enter_file(dir, "ns/user", "/proc/self/ns/user", CLONE_NEWUSER, err) == -1 ||
	    enter_file(dir, "ns/mnt", "/proc/self/ns/mnt", CLONE_NEWNS, err) == -1) {
		err_wrap(err, "entering the sandbox");
		goto out;
	}
	rv = 0;
out:
	close(dir);
	return (rv);
}

/* The root that the jail was made with: another one in the document is for its next start. */
static int
enter_root(const struct cli_enter *where, struct err *err)
{
	char file[PATH_ROOM], root[PATH_SIZE];
	ssize_t n = -1;
	int fd = -1;

	if (str_format(file, sizeof(file), JAILS_DIR "/%s/path", where->jail) == 0 && (fd = open(file, O_RDONLY | O_CLOEXEC)) != -1)
		n = read(fd, root, sizeof(root) - 1);
	if (fd != -1)
		close(fd);
	if (n <= 0)
		(void)str_copy(root, sizeof(root), where->path);	/* one that was taken over was made with none */
	else
		root[n] = '\0';
	if (root[0] != '\0' && !str_equal(root, "/") && (chroot(root) == -1 || chdir("/") == -1))
		return (enter_failed(err, root));
	return (0);
}

/* /sys shows the network of whoever mounted it: without a new one, /sys/class/net would list the host's interfaces. */
static int
enter_mounts(struct err *err)
{
	if (unshare(CLONE_NEWNS) == -1)
		return (enter_failed(err, "a mount namespace for the command"));
	if (mount("", "/", NULL, MS_SLAVE | MS_REC, NULL) == -1)
		return (enter_failed(err, "keeping mounts private"));
	if (mount("jailnet", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == -1)
		return (enter_failed(err, "mounting /sys for the jail"));
	return (0);
}

int
cli_enter(const struct cli_enter *where, struct err *err)
{
	char net[PATH_ROOM], uts[PATH_ROOM];

	if (where->sandbox && enter_sandbox(where->worker, err) == -1)
		return (-1);
	if (str_format(net, sizeof(net), NETNS_DIR "/%s", where->jail) == -1 ||
	    str_format(uts, sizeof(uts), JAILS_DIR "/%s/uts", where->jail) == -1)
		return (err_set(err, ERR_INVALID, "the name of the jail is too long"));
	if (access(net, F_OK) == -1 && errno == ENOENT)
		return (err_set(err, ERR_NOT_FOUND, "jail %s is not running here (no %s)", where->jail, net));
	/* The UTS file is opened before the mounts change; a jail without a hostname has none. */
	if (access(uts, F_OK) == 0 && enter_file(AT_FDCWD, uts, NULL, CLONE_NEWUTS, err) == -1)
		return (-1);
	if (enter_file(AT_FDCWD, net, NULL, CLONE_NEWNET, err) == -1)
		return (-1);
	if (enter_mounts(err) == -1)
		return (-1);
	/* as exec.start has it */
	return (enter_root(where, err));
}
