/*
 * spawn: fork, arrange descriptors, lose privileges, exec.
 */
#include "worker/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#ifdef __FreeBSD__
#include <sys/sysctl.h>
#endif
#include <unistd.h>

#include "core/log.h"
#include "core/str.h"
#include "worker/sandbox.h"

extern char **environ;	/* no header of FreeBSD has it */

#define FIRST_FD 3
#define ARGS_MAX 96
#define EX_EXEC_FAILED 78	/* not worth a restart */

/* Our own program's directory, so that a build tree works as it is. */
static int
find_server(struct spawn *s, struct err *err)
{
	const char *other = getenv("JAILNETD_SERVER");
	char self[PATH_SIZE * 2], *slash;
	ssize_t n;

	if (other != NULL && s->options->sandbox) {
		if (str_copy(s->server, sizeof(s->server), other) == -1)
			return (err_set(err, ERR_INVALID, "JAILNETD_SERVER is too long"));
		return (0);
	}
#ifdef __FreeBSD__
	/* procfs is not mounted by default */
	const int mib[] = { CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1 };
	size_t size = sizeof(self);

	n = sysctl(mib, 4, self, &size, NULL, 0) == -1 ? -1 : (ssize_t)strnlen(self, sizeof(self) - 1);
#else
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
#endif
	if (n == -1)
		return (err_sys(err, "finding our own program"));
	self[n] = '\0';
	if ((slash = strrchr(self, '/')) == NULL)
		return (err_set(err, ERR_INTERNAL, "our own program is %s", self));
	*slash = '\0';
	return (str_format(s->server, sizeof(s->server), "%s/jailnetd-server", self) == -1 ?
	    err_set(err, ERR_INTERNAL, "the path of jailnetd-server is too long") : 0);
}

/* Where it was configured; else beside us in a build tree, else where make install puts it. */
static void
find_www(struct spawn *s)
{
	static const char *const places[] = { "www", "../share/jailnet/www" };
	int len = (int)(strrchr(s->server, '/') - s->server);

	if (s->options->conf.www[0] != '\0') {
		str_copy(s->www, sizeof(s->www), s->options->conf.www);
		return;
	}
	for (size_t i = 0; i < NELEMS(places); i++) {
		if (str_format(s->www, sizeof(s->www), "%.*s/%s", len, s->server, places[i]) == 0 && access(s->www, F_OK) == 0)
			return;
	}
	s->www[0] = '\0';
}

static int
find_user(struct spawn *s, struct err *err)
{
	const char *name = s->options->conf.user;
	struct passwd *pw = getpwnam(name);

	if (pw == NULL) {
		log_warn("spawn", "there is no user %s: jailnetd-server runs as nobody", name);
		if ((pw = getpwnam("nobody")) == NULL)
			return (err_set(err, ERR_INVALID, "there is neither a user %s nor nobody", name));
	}
	if (pw->pw_uid == 0)
		return (err_set(err, ERR_INVALID, "jailnetd-server must not run as root: choose another user"));
	s->uid = pw->pw_uid;
	s->gid = pw->pw_gid;
	return (0);
}

int
spawn_init(struct spawn *s, const struct options *o, const struct listen *l, struct err *err)
{
	memset(s, 0, sizeof(*s));
	s->options = o;
	s->listen = l;
	/* uid 0 of a user namespace is an ordinary user already, and there is nobody else to be */
	s->change_user = geteuid() == 0 && !sandbox_is_user();
	if (find_server(s, err) == -1)
		return (-1);
	if (access(s->server, X_OK) == -1)
		return (err_sys(err, "%s", s->server));
	find_www(s);
	return (s->change_user ? find_user(s, err) : 0);
}

/* On a read-only file system it must be right already: what is in it is still read. */
static bool
is_own(const struct spawn *s, int fd)
{
	struct stat st;

	return (errno == EROFS && fstat(fd, &st) == 0 && st.st_uid == (s->change_user ? s->uid : geteuid()) && (st.st_mode & 077) == 0);
}

int
spawn_own_state_dir(const struct spawn *s, struct err *err)
{
	const char *dir = s->options->state_dir;
	int fd, ret = 0;

	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		return (err_sys(err, "mkdir %s", dir));
	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return (err_sys(err, "%s", dir));
	if (((s->change_user && fchown(fd, s->uid, s->gid) == -1) || fchmod(fd, 0700) == -1) && !is_own(s, fd))
		ret = err_sys(err, "%s", dir);
	close(fd);
	return (ret);
}

/* 3 = channel, then the listeners, then the dashboard's directory, nothing else.  First out of the way, then into place.  Returns the program, which
 * closes itself on exec; -1 = failed. */
static int
arrange_fds(const struct spawn *s, int channel, int www)
{
	int fds[LISTEN_TCP_MAX + 3], n = 0, null;

	fds[n++] = channel;
	if (s->listen->local != -1)
		fds[n++] = s->listen->local;
	for (size_t i = 0; i < s->listen->ntcp; i++)
		fds[n++] = s->listen->tcp[i];
	if (www != -1)
		fds[n++] = www;
	for (int i = 0; i < n; i++)
		if ((fds[i] = fcntl(fds[i], F_DUPFD, FIRST_FD + n)) == -1)
			return (-1);
	for (int i = 0; i < n; i++)
		if (dup2(fds[i], FIRST_FD + i) == -1)
			return (-1);
	if ((null = open("/dev/null", O_RDONLY)) == -1 || dup2(null, 0) == -1 ||
	    close_range((unsigned)(FIRST_FD + n), ~0u, 0) == -1)
		return (-1);
	return (open(s->server, O_RDONLY | O_CLOEXEC));
}

static int
lose_privileges(const struct spawn *s, struct err *err)
{
	if (sandbox_limit(!s->change_user, err) == -1)
		return (-1);
	if (!s->change_user)
		return (0);
	if (setgroups(0, NULL) == -1 || setresgid(s->gid, s->gid, s->gid) == -1 || setresuid(s->uid, s->uid, s->uid) == -1)
		return (err_sys(err, "changing to user %u", (unsigned)s->uid));
	if (setuid(0) == 0)
		return (err_set(err, ERR_INTERNAL, "the server could become root again"));
	return (0);
}

struct args {
	const char *v[ARGS_MAX];
	size_t n;
	char numbers[LISTEN_TCP_MAX + 16][16];
	size_t nnumbers;
	char uids[sizeof(((struct options_conf *)0)->admin_uids) + 4];
};

static void
add(struct args *a, const char *s)
{
	if (a->n < ARGS_MAX - 1)
		a->v[a->n++] = s;
}

static void
add_number(struct args *a, const char *option, int v)
{
	char *text = a->numbers[a->nnumbers++];

	str_format(text, sizeof(a->numbers[0]), "%d", v);
	add(a, option);
	add(a, text);
}

static void
add_text(struct args *a, const char *option, const char *text)
{
	if (text[0] == '\0')
		return;
	add(a, option);
	add(a, text);
}

/* uid 0 always administers */
static void
build_args(struct args *a, const struct spawn *s, pid_t worker, bool has_www)
{
	const struct options *o = s->options;
	int fd = FIRST_FD;

	memset(a, 0, sizeof(*a));
	add(a, "jailnetd-server");
	add_number(a, "--channel", fd++);
	add(a, "--state-dir");
	add(a, o->state_dir);
	if (s->listen->local != -1)
		add_number(a, "--unix", fd++);
	for (size_t i = 0; i < s->listen->ntcp; i++)
		add_number(a, s->listen->tls[i] ? "--tls" : "--tcp", fd++);
	if (has_www)
		add_number(a, "--www", fd++);
	if (o->sandbox)
		add(a, "--sandbox");
	if (!s->change_user && geteuid() == 0)
		add(a, "--powerless-root");
	str_format(a->uids, sizeof(a->uids), "0 %s", o->conf.admin_uids);
	add(a, "--admin-uids");
	add(a, a->uids);
	add_text(a, "--operator-uids", o->conf.operator_uids);
	add_text(a, "--viewer-uids", o->conf.viewer_uids);
	add_number(a, "--worker-pid", (int)worker);
	add_text(a, "--hosts", o->conf.hosts);
	add_text(a, "--tls-cert", o->conf.tls_cert);
	add_text(a, "--tls-key", o->conf.tls_key);
	add_number(a, "--connections", (int)o->conf.connections);
	add_number(a, "--connections-per-address", (int)o->conf.connections_per_address);
	add_number(a, "--request-timeout", (int)o->conf.request_timeout);
	add_number(a, "--rate-limit", (int)o->conf.rate_limit);
	add_number(a, "--rate-limit-loopback", (int)o->conf.rate_limit_loopback);
	add_number(a, "--revisions-keep", (int)o->conf.revisions_keep);
	add_number(a, "--revisions-days", (int)o->conf.revisions_days);
	if (o->log_level == LOG_LVL_DEBUG)
		add(a, "-v");
	if (o->foreground)
		add(a, "-f");
}

static void __attribute__((noreturn))
child(const struct spawn *s, int channel, pid_t worker)
{
	struct err err = { ERR_NONE, 0, "", "" };
	char policy[POLICY_TEXT_SIZE];
	struct args a;
	sigset_t none;
	int program, www = -1;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* opened with our rights: its parents may be closed to the server's user */
	if (s->www[0] != '\0' && (www = open(s->www, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		log_warn("spawn", "no dashboard: %s: %s", s->www, strerror(errno));
	build_args(&a, s, worker, www != -1);
	/* not on the command line, which everybody can read */
	policy_print(&s->options->conf.policy, policy);
	if (setenv("JAILNET_POLICY", policy, 1) == -1)
		err_sys(&err, "telling the policy");
	else if ((program = arrange_fds(s, channel, www)) == -1)
		err_sys(&err, "arranging descriptors");
	else if (lose_privileges(s, &err) == 0) {
		execv(s->server, (char *const *)(uintptr_t)a.v);
		/* its directory may be closed to the server's user, as in root's home */
		if (errno == EACCES)
			fexecve(program, (char *const *)(uintptr_t)a.v, environ);
		err_sys(&err, "%s", s->server);
	}
	log_error("spawn", "%s", err.msg);
	_exit(EX_EXEC_FAILED);
}

int
spawn_server(const struct spawn *s, pid_t *pid, int *channel, struct err *err)
{
	pid_t worker = getpid();
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return (err_sys(err, "socketpair"));
	fflush(NULL);
	if ((*pid = fork()) == -1) {
		err_sys(err, "fork");
		close(fds[0]);
		close(fds[1]);
		return (-1);
	}
	if (*pid == 0)
		child(s, fds[1], worker);
	close(fds[1]);
	*channel = fds[0];
	return (0);
}
