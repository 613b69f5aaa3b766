/*
 * fbsd_sandbox: a throw-away VNET jail for --sandbox; giving up power for the server.
 *
 * The process itself goes into the jail and makes its jails below it.  The jail is not persistent: it goes with the last process.
 */
#include "worker/freebsd/fbsd_sys.h"

#include <sys/procctl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"
#include "worker/sandbox.h"

#define CHILDREN_MAX 10000

static char run_dir[64];

/* One parameter of jail_set(2). */
static void
put(struct iovec **v, const char *name, void *value, size_t size)
{
	(*v)->iov_base = strdup(name);
	(*v)->iov_len = strlen(name) + 1;
	(*v)++;
	(*v)->iov_base = value;
	(*v)->iov_len = size;
	(*v)++;
}

static int
enter_jail(struct err *err)
{
	char name[48], path[] = "/", host[] = "jailnet-sandbox", errmsg[1024] = "";
	int vnet = JAIL_SYS_NEW, children = CHILDREN_MAX, ruleset = FBSD_DEVFS_RULESET;
	struct iovec v[32], *end = v;
	int jid, sys;

	snprintf(name, sizeof(name), "jailnet-sandbox-%d", (int)getpid());
	put(&end, "name", name, strlen(name) + 1);
	put(&end, "path", path, sizeof(path));
	put(&end, "host.hostname", host, sizeof(host));
	put(&end, "vnet", &vnet, sizeof(vnet));
	put(&end, "children.max", &children, sizeof(children));
	put(&end, "devfs_ruleset", &ruleset, sizeof(ruleset));
	put(&end, "allow.raw_sockets", NULL, 0);
	put(&end, "errmsg", errmsg, sizeof(errmsg));
	/* A jail must have fewer below it than the one it is in, if it is in one, and only 15 says how many that has. */
	for (;;) {
		jid = jail_set(v, (unsigned)(end - v), JAIL_CREATE | JAIL_ATTACH);
		sys = errno;
		if (jid != -1 || sys != EPERM || children == 0)
			break;
		children /= 2;
	}
	for (struct iovec *i = v; i < end; i += 2)
		free(i->iov_base);
	if (jid != -1)
		return (0);
	err_num(err, sys, "making a jail for the sandbox%s%s", errmsg[0] != '\0' ? ": " : "", errmsg);
	return (sys == EPERM && geteuid() != 0 ? err_wrap(err, "a sandbox needs root on FreeBSD") : -1);
}

int
sandbox_enter(struct err *err)
{
	struct fbsd_in in = { .jail = "", .s = -1, .s4 = -1, .s6 = -1 };
	int rc;
	static const char *const nice_to_have[] = { "if_vlan", "netgraph", "ng_socket", "ng_ether", "ng_bridge", "ng_eiface" };

	/* no module can be loaded from inside a jail */
	if (fbsd_kld_load("if_epair", err) == -1 || fbsd_kld_load("if_bridge", err) == -1)
		return (-1);
	for (size_t i = 0; i < sizeof(nice_to_have) / sizeof(nice_to_have[0]); i++)
		(void)fbsd_kld_load(nice_to_have[i], NULL);
	snprintf(run_dir, sizeof(run_dir), "/var/run/jailnet-sandbox.%d", (int)getpid());
	if (mkdir(run_dir, 0755) == -1 && errno != EEXIST)
		return (err_sys(err, "mkdir %s", run_dir));
	if (enter_jail(err) == -1)
		return (-1);
	in.s = socket(AF_LOCAL, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	in.s4 = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	rc = in.s == -1 ? err_sys(err, "socket") : fbsd_lo_up(&in, err);
	if (in.s != -1)
		close(in.s);
	if (in.s4 != -1)
		close(in.s4);
	return (rc);
}

const char *
sandbox_run_dir(void)
{
	return (run_dir[0] == '\0' ? NULL : run_dir);
}

bool
sandbox_is_user(void)
{
	return (false);
}

/* A uid 0 that stays uid 0 does not happen here: the server always runs as somebody else. */
int
sandbox_limit(bool drop_all, struct err *err)
{
	int on = PROC_NO_NEW_PRIVS_ENABLE;

	(void)drop_all;
	if (procctl(P_PID, 0, PROC_NO_NEW_PRIVS_CTL, &on) == -1)
		return (err_sys(err, "PROC_NO_NEW_PRIVS"));
	return (0);
}

void
sandbox_end_with(pid_t parent)
{
	int sig = SIGKILL;

	if (procctl(P_PID, 0, PROC_PDEATHSIG_CTL, &sig) == -1 || getppid() != parent)
		_exit(126);
}
