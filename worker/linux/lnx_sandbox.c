/*
 * lnx_sandbox: namespaces for --sandbox; capabilities for the server.
 */
#include "worker/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/str.h"

static bool in_user_namespace;

static int
write_file(const char *path, const char *text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return (err_sys(err, "%s", path));
	n = write(fd, text, strlen(text));
	if (n == -1)
		err_sys(err, "%s", path);
	close(fd);
	return (n == -1 ? -1 : 0);
}

/* Our own ids become 0; only one id can be mapped without help. */
static int
map_ids(uid_t uid, gid_t gid, struct err *err)
{
	char map[64];

	str_format(map, sizeof(map), "0 %u 1", (unsigned)uid);
	if (write_file("/proc/self/setgroups", "deny", err) == -1 || write_file("/proc/self/uid_map", map, err) == -1)
		return (-1);
	str_format(map, sizeof(map), "0 %u 1", (unsigned)gid);
	return (write_file("/proc/self/gid_map", map, err));
}

static int
loopback_up(struct err *err)
{
	struct ifreq ifr;
	int fd, ret;

	memset(&ifr, 0, sizeof(ifr));
	str_copy(ifr.ifr_name, sizeof(ifr.ifr_name), "lo");
	ifr.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
	if ((fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return (err_sys(err, "socket"));
	ret = ioctl(fd, SIOCSIFFLAGS, &ifr);
	if (ret == -1)
		err_sys(err, "lo up");
	close(fd);
	return (ret);
}

static int
fresh_run(struct err *err)
{
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return (err_sys(err, "making mounts private"));
	if (mount("jailnet", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=64m") == -1)
		return (err_sys(err, "tmpfs on /run"));
	if (mkdir("/run/netns", 0755) == -1 || mkdir("/run/jailnet", 0755) == -1)
		return (err_sys(err, "mkdir in /run"));
	return (0);
}

int
sandbox_enter(struct err *err)
{
	/* The host name is ours too: coming back from a jail's needs rights over the one we left. */
	int flags = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS;
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (uid != 0)
		flags |= CLONE_NEWUSER;
	if (unshare(flags) == -1) {
		int sys = errno;

		err_num(err, sys, "unshare");
		if (uid != 0 && (sys == EPERM || sys == EACCES || sys == ENOSPC))
			err_wrap(err, "this system does not let users make namespaces; run as root");
		return (-1);
	}
	if (uid != 0 && map_ids(uid, gid, err) == -1)
		return (err_wrap(err, "user namespace"));
	in_user_namespace = uid != 0;
	return (fresh_run(err) == -1 || loopback_up(err) == -1 ? -1 : 0);
}

const char *
sandbox_run_dir(void)
{
	return (NULL);
}

/* A user namespace in which only one id exists: made by sandbox_enter, or by whoever started us in it. */
bool
sandbox_is_user(void)
{
	unsigned long inside, outside, count;
	bool alone = false;
	FILE *f;

	if (in_user_namespace)
		return (true);
	f = fopen("/proc/self/uid_map", "re");
	if (f == NULL)
		return (false);
	if (fscanf(f, "%lu %lu %lu", &inside, &outside, &count) == 3)
		alone = inside == 0 && count == 1 && fscanf(f, "%lu", &inside) != 1;
	fclose(f);
	return (alone);
}

static int
limit_bounding_set(struct err *err)
{
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1)
			return (err_sys(err, "dropping capability %lu", cap));
	return (0);
}

static int
drop_held(struct err *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	memset(data, 0, sizeof(data));
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &header, data) == -1)
		return (err_sys(err, "capset"));
	return (0);
}

int
sandbox_limit(bool drop_all, struct err *err)
{
	const unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_KEEP_CAPS_LOCKED;

	/* an ordinary user outside a sandbox has nothing to limit and may not try */
	if (geteuid() == 0 && (limit_bounding_set(err) == -1 ||
	    (drop_all && prctl(PR_SET_SECUREBITS, bits | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED, 0, 0, 0) == -1 &&
	    err_sys(err, "securebits") == -1) || (drop_all && drop_held(err) == -1)))
		return (-1);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return (err_sys(err, "no_new_privs"));
	return (0);
}

void
sandbox_end_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1 || getppid() != parent)
		_exit(126);
}
