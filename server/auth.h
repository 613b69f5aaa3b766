/*
 * auth: who is asking, and what may they do.
 *
 * UNIX socket: the peer's user id from the kernel (FreeBSD: not out of a jail); 0 is admin, the configured ones are what they are configured as.  In
 * a sandbox whoever can open the socket (mode 0600) is admin: user ids are not comparable across user namespaces.  TCP: "Authorization: Bearer
 * jnd_...", or a session cookie; the store knows the SHA-256 only: 256 random bits need no slow hash.
 */
#ifndef JN_AUTH_H
#define JN_AUTH_H

#include <sys/types.h>

#include "api/api.h"

#define TOKEN_SIZE SECRET_SIZE

struct auth_conf {
	bool sandbox;
	const char *uids[ROLE_ADMIN + 1];	/* blank-separated, by role; 0 is always admin */
};

/* The highest role that names this user. */
enum role auth_uid_role(const struct auth_conf *conf, uid_t uid);

/* fd: a connected UNIX socket. */
int auth_uid(int fd, uid_t *uid);	/* server/linux, server/freebsd: -1 = nobody that counts */
void auth_peer(const struct auth_conf *conf, int fd, struct principal *out);
/*
 * header: the value of Authorization; secret: that of the session cookie.  ROLE_NONE when it is not good, has expired at 'now', or may
 * not be used from who->address, which stays.  -1 = it could not be looked up: then nobody knows whether it is good.
 */
int auth_bearer(struct store *reader, const char *header, int64_t now, struct principal *who, struct err *err);
/* sha256: of a client certificate that TLS has proved to be the client's. */
int auth_certificate(struct store *reader, const uint8_t sha256[32], int64_t now, struct principal *who, struct err *err);
int auth_cookie(struct store *reader, const char *secret, int64_t now, struct principal *who, struct err *err);
/* Neither expired nor elsewhere?  For a principal that was found before. */
bool auth_still_good(const struct principal *who, const char *address, int64_t now);
/* The same credential is looked up once more: ROLE_NONE when it is gone or no good any more.  Who came by the UNIX socket stays. */
int auth_again(struct store *reader, int64_t now, struct principal *who, struct err *err);
/* May a credential with these limits be used from here?  "" = the UNIX socket, never limited. */
bool auth_address_ok(const char *cidrs, const char *address);
void auth_hash(const char *secret, uint8_t out[32]);
/* A new secret: prefix ("jnd", "jns", "jnl"), a part of id, 256 random bits. */
void auth_secret(const char *prefix, const char *id, char out[SECRET_SIZE]);
/*
 * First start: makes the one admin token, writes it to DIR/admin.token (0600) and gives its text; when there are tokens already, text
 * is read back from that file ("" when the file is gone).
 */
int auth_first_token(struct store *writer, const char *dir, char text[TOKEN_SIZE], struct err *err);

#endif
