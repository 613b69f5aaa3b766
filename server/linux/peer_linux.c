/* peer_linux: whose a connected UNIX socket is; see auth.h.  A user of another user namespace is the one that it is mapped to here. */
#include <sys/socket.h>

#include "server/auth.h"

int
auth_uid(int fd, uid_t *uid)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1)
		return (-1);
	*uid = cred.uid;
	return (0);
}
