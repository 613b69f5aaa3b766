/* confine_linux: seccomp and Landlock; see confine.h */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/log.h"
#include "core/str.h"
#include "server/confine.h"

/* Newer than the headers of Debian 12 (linux/landlock.h): ABI 2, 3, 4 and 6. */
#define FS_REFER (1ULL << 13)
#define FS_TRUNCATE (1ULL << 14)
#define NET_BIND_TCP (1ULL << 0)
#define NET_CONNECT_TCP (1ULL << 1)
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define SCOPE_SIGNAL (1ULL << 1)

struct ruleset {	/* struct landlock_ruleset_attr, as long as we know it */
	uint64_t fs, net, scoped;
};

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_ALL ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)	/* of ABI 1 */
#define FS_WRITE (FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG)

/* --- Landlock --------------------------------------------------------------------------------------------------- */

static int
rule_fd(int ruleset, int fd, uint64_t access, struct err *err)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access, .parent_fd = fd };

	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == -1)
		return (err_sys(err, "landlock_add_rule"));
	return (0);
}

static int
rule_path(int ruleset, const char *path, uint64_t access, struct err *err)
{
	int fd = open(path, O_PATH | O_CLOEXEC), rc;

	if (fd == -1)
		return (err_sys(err, "%s", path));
	rc = rule_fd(ruleset, fd, access, err);
	close(fd);
	return (rc);
}

/* The directory: a new certificate is a new file. */
static int
rule_parent(int ruleset, const char *file, struct err *err)
{
	char dir[4096];
	char *slash;

	if (file == NULL)
		return (0);
	if (str_copy(dir, sizeof(dir), file) == -1 || (slash = strrchr(dir, '/')) == NULL)
		return (err_set(err, ERR_INVALID, "%s is not an absolute path", file));
	slash[slash == dir] = '\0';
	return (rule_path(ruleset, dir, FS_READ, err));
}

static int
add_rules(int ruleset, const struct confine *c, uint64_t write, struct err *err)
{
	if (rule_path(ruleset, c->state_dir, write, err) == -1 || rule_parent(ruleset, c->read_files[0], err) == -1 ||
	    rule_parent(ruleset, c->read_files[1], err) == -1)
		return (-1);
	if (c->read_fd != -1 && rule_fd(ruleset, c->read_fd, FS_READ, err) == -1)
		return (-1);
	/* the metrics tell of this process itself; SQLite's and libsodium's random numbers come from the system call where there is one */
	return (rule_path(ruleset, "/proc/self", FS_READ, err) == -1 || rule_path(ruleset, "/dev/urandom", LANDLOCK_ACCESS_FS_READ_FILE, err) == -1
		    ? -1
		    : 0);
}

static int
landlock(const struct confine *c, struct err *err)
{
	int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION), fd, rc = -1;
	uint64_t write = FS_WRITE;
	struct ruleset r = { .fs = FS_ALL };
	size_t size = sizeof(r.fs);

	if (abi < 1) {
		log_warn("confine", "this kernel has no Landlock: the server can read what its user can");
		return (0);
	}
	if (abi >= 2)
		r.fs |= FS_REFER;
	if (abi >= 3) {
		r.fs |= FS_TRUNCATE;
		write |= FS_TRUNCATE;
	}
	if (abi >= 4) {
		r.net = NET_BIND_TCP | NET_CONNECT_TCP;
		size = offsetof(struct ruleset, scoped);
	}
	if (abi >= 6) {
		r.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
		size = sizeof(r);
	}
	fd = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
	if (fd == -1)
		return (err_sys(err, "landlock_create_ruleset"));
	if (add_rules(fd, c, write, err) == 0)
		rc = syscall(SYS_landlock_restrict_self, fd, 0) == -1 ? err_sys(err, "landlock_restrict_self") : 0;
	close(fd);
	return (rc);
}

/* --- seccomp ---------------------------------------------------------------------------------------------------- */

static const char *const allowed[] = {
	/* files: Landlock says which */
	"read",
	"write",
	"readv",
	"writev",
	"pread64",
	"pwrite64",
	"preadv",
	"pwritev",
	"open",
	"openat",
	"close",
	"lseek",
	"_llseek",
	"fstat",
	"stat",
	"lstat",
	"newfstatat",
	"fstat64",
	"stat64",
	"lstat64",
	"fstatat64",
	"statx",
	"statfs",
	"fstatfs",
	"statfs64",
	"fstatfs64",
	"access",
	"faccessat",
	"faccessat2",
	"unlink",
	"unlinkat",
	"rename",
	"renameat",
	"renameat2",
	"ftruncate",
	"ftruncate64",
	"fallocate",
	"fsync",
	"fdatasync",
	"fcntl",
	"fcntl64",
	"flock",
	"getdents64",
	"getcwd",
	"readlink",
	"readlinkat",
	"fchmod",
	"fchmodat",
	"umask",
	"fadvise64",
	"sendfile",
	"sendfile64",
	"dup",
	/* memory */
	"mmap2",
	"munmap",
	"mremap",
	"madvise",
	"brk",
	"mlock",
	"munlock",
	/* threads and time */
	"futex",
	"futex_time64",
	"set_robust_list",
	"get_robust_list",
	"rseq",
	"exit",
	"exit_group",
	"sched_yield",
	"sched_getaffinity",
	"gettid",
	"getpid",
	"getppid",
	"set_tid_address",
	"membarrier",
	"restart_syscall",
	"clock_gettime",
	"clock_gettime64",
	"clock_getres",
	"clock_nanosleep",
	"clock_nanosleep_time64",
	"nanosleep",
	"gettimeofday",
	"time",
	"arch_prctl",
	"set_thread_area",
	"sysinfo",
	"uname",
	"getrusage",
	"times",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sigreturn",
	"sigaltstack",
	"tgkill",
	"getrandom",
	"getuid",
	"geteuid",
	"getgid",
	"getegid",
	"getuid32",
	"geteuid32",
	"getgid32",
	"getegid32",
	"getrlimit",
	"ugetrlimit",
	/* sockets we have */
	"poll",
	"ppoll",
	"ppoll_time64",
	"select",
	"pselect6",
	"epoll_create",
	"epoll_create1",
	"epoll_ctl",
	"epoll_wait",
	"epoll_pwait",
	"eventfd",
	"eventfd2",
	"pipe",
	"pipe2",
	"accept",
	"accept4",
	"recv",
	"recvfrom",
	"recvmsg",
	"send",
	"sendto",
	"sendmsg",
	"shutdown",
	"getsockname",
	"getpeername",
	"getsockopt",
	"setsockopt",
};

/* Nothing that we do on a good day, and a lot of what is done on a bad one. */
static const char *const deadly[] = { "execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev", "mount", "umount2",
	"pivot_root", "chroot", "setns", "unshare", "bpf", "perf_event_open", "init_module", "finit_module", "delete_module", "kexec_load", "reboot",
	"add_key", "request_key", "keyctl", "setuid", "setgid", "setresuid", "setresgid", "setgroups", "capset", "userfaultfd", "io_uring_setup" };

static int
add_names(scmp_filter_ctx f, uint32_t action, const char *const *names, size_t n, struct err *err)
{
	int nr, rc;

	for (size_t i = 0; i < n; i++) {
		nr = seccomp_syscall_resolve_name(names[i]);
		if (nr == __NR_SCMP_ERROR)
			continue;	/* not on this machine, or newer than the library */
		if ((rc = seccomp_rule_add(f, action, nr, 0)) != 0)
			return (err_num(err, -rc, "seccomp rule %s", names[i]));
	}
	return (0);
}

/* Calls that are fine with some arguments only. */
static int
add_arguments(scmp_filter_ctx f, struct err *err)
{
	const struct {
		int nr;
		struct scmp_arg_cmp arg;
	} some[] = {
		{ SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD) },
		{ SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		{ SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) },
		{ SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_UNIX) },	/* the system log */
		{ SCMP_SYS(connect), SCMP_A0(SCMP_CMP_GE, 0) },
		{ SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME) },
		{ SCMP_SYS(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0) },	/* to read */
		{ SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, 0x5401) },	/* TCGETS: is it a terminal */
		{ SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, 0x541b) },	/* FIONREAD */
	};
	int rc;

	for (size_t i = 0; i < NELEMS(some); i++) {
		if ((rc = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, some[i].nr, 1, &some[i].arg)) != 0)
			return (err_num(err, -rc, "seccomp rule %zu", i));
	}
	/* its flags are behind a pointer; glibc takes clone then */
	if ((rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0)) != 0)
		return (err_num(err, -rc, "seccomp rule clone3"));
	return (0);
}

static int
filter(struct err *err)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc = -1, n;

	if (f == NULL)
		return (err_set(err, ERR_INTERNAL, "libseccomp does not start"));
	if (add_names(f, SCMP_ACT_ALLOW, allowed, NELEMS(allowed), err) == 0 &&
	    add_names(f, SCMP_ACT_KILL_PROCESS, deadly, NELEMS(deadly), err) == 0 && add_arguments(f, err) == 0) {
		n = seccomp_load(f);
		rc = n == 0 ? 0 : err_num(err, -n, "seccomp");
	}
	seccomp_release(f);
	return (rc);
}

int
confine_enter(const struct confine *c, struct err *err)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) == -1)
		return (err_sys(err, "RLIMIT_CORE"));
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	log_warn("confine", "a sanitizer build is not confined: its run time needs more");
	(void)c;
	(void)landlock;
	(void)filter;
	return (0);
#else
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return (err_sys(err, "no_new_privs"));
	return (landlock(c, err) == -1 ? -1 : filter(err));
#endif
}
