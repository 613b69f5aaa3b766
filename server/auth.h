/*
 * auth: who is asking, and what may they do.
 *
 * UNIX socket: the peer's user id from the kernel; 0 and the configured ones are admin.  In a sandbox whoever can open the socket (mode 0600) is
 * admin: user ids are not comparable across user namespaces.  TCP: "Authorization: Bearer jnd_..."; the store knows the SHA-256 only.
 */
#ifndef JN_AUTH_H
#define JN_AUTH_H

#include <sys/types.h>

#include "api/api.h"

#define TOKEN_SIZE 80		/* "jnd_" + 8 + "_" + 43 + NUL, with room */

struct auth_conf {
	bool sandbox;
	const char *admin_uids;	/* blank-separated, besides 0 */
};

struct principal {
	enum role role;
	char actor[64];		/* "uid:0", "token:tk_...", "" = nobody */
};

/* fd: a connected UNIX socket. */
void auth_peer(const struct auth_conf *conf, int fd, struct principal *out);
/* header: the value of Authorization, NULL = absent.  ROLE_NONE when it is not good. */
void auth_bearer(struct store *reader, const char *header, struct principal *out);
/*
 * First start: makes the one admin token, writes it to DIR/admin.token (0600) and gives its text; when there are tokens already, text
 * is read back from that file ("" when the file is gone).
 */
int auth_first_token(struct store *writer, const char *dir, char text[TOKEN_SIZE], struct err *err);

#endif
