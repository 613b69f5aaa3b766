/*
 * cli_enter_jail: cli_enter on FreeBSD: the process attaches to the jail.  A sandbox is a jail of the daemon's own, with its jails inside.
 */
#include "cli/cli_enter.h"

/* of core/model.h too */
#define jail sys_jail
#include <sys/param.h>
#include <sys/jail.h>
#include <sys/sysctl.h>
#include <sys/uio.h>
#include <sys/user.h>
#undef jail

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"

/* In which jail a process lives, as seen from here; 0 = in ours, -1 = there is none. */
static int
jail_of(pid_t pid)
{
	int mib[] = { CTL_KERN, KERN_PROC, KERN_PROC_PID, (int)pid };
	struct kinfo_proc kp;
	size_t size = sizeof(kp);

	if (sysctl(mib, 4, &kp, &size, NULL, 0) == -1 || size < sizeof(kp))
		return (-1);
	return (kp.ki_jid);
}

static int
jid_by_name(const char *name)
{
	char key[] = "name", words[] = "errmsg", text[64], errmsg[128] = "";
	struct iovec v[] = { { key, sizeof(key) }, { text, 0 }, { words, sizeof(words) }, { errmsg, sizeof(errmsg) } };

	if (str_copy(text, sizeof(text), name) == -1) {
		errno = ENAMETOOLONG;
		return (-1);
	}
	v[1].iov_len = strlen(text) + 1;
	return (jail_get(v, 4, 0));
}

static int
enter(int jid, const char *what, struct err *err)
{
	if (jail_attach(jid) == 0)
		return (0);
	if (errno == EPERM)
		return (err_set(err, ERR_DENIED, "%s: not permitted; exec needs root", what));
	return (err_sys(err, "entering %s", what));
}

int
cli_enter(const struct cli_enter *where, struct err *err)
{
	int jid;

	if (where->sandbox) {
		jid = jail_of(where->worker);
		if (jid == -1)
			return (err_set(err, ERR_NOT_FOUND, "the daemon's worker (process %ld) is not on this machine", (long)where->worker));
		if (jid != 0 && enter(jid, "the sandbox", err) == -1)
			return (-1);
	}
	jid = jid_by_name(where->jail);
	if (jid == -1)
		return (err_set(err, ERR_NOT_FOUND, "jail %s is not running here", where->jail));
	if (enter(jid, where->jail, err) == -1)
		return (-1);
	return (chdir("/") == 0 ? 0 : err_sys(err, "/"));
}
