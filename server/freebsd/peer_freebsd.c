/*
 * peer_freebsd: whose a connected UNIX socket is; see auth.h.
 *
 * A jail that is shown the socket (nullfs) has a root of its own, and its user id is 0, too: the kernel does not say whose.  So whoever is in another
 * jail than this program is nobody, and so is a process that is gone since it connected.
 */
#include <sys/param.h>
#include <sys/socket.h>
#include <sys/sysctl.h>
#include <sys/ucred.h>
#include <sys/un.h>
#include <sys/user.h>
#include <unistd.h>

#include "server/auth.h"

static int
jail_of(pid_t pid, int *jid)
{
	int mib[] = { CTL_KERN, KERN_PROC, KERN_PROC_PID, pid };
	struct kinfo_proc info;
	size_t size = sizeof(info);

	if (sysctl(mib, nitems(mib), &info, &size, NULL, 0) == -1 || size != sizeof(info) || info.ki_pid != pid)
		return (-1);
	*jid = info.ki_jid;
	return (0);
}

/* With security.bsd.see_other_uids=0 the processes of others cannot be looked at: then there is nothing to go by. */
static bool
is_blind(void)
{
	int jid;

	return (jail_of(1, &jid) == -1);
}

int
auth_uid(int fd, uid_t *uid)
{
	struct xucred cred;
	socklen_t len = sizeof(cred);
	int own, jid;

	if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERCRED, &cred, &len) == -1 || cred.cr_version != XUCRED_VERSION)
		return (-1);
	if (jail_of(getpid(), &own) == -1 || (jail_of(cred.cr_pid, &jid) == -1 ? !is_blind() : jid != own))
		return (-1);
	*uid = cred.cr_uid;
	return (0);
}
