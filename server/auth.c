/* auth: see auth.h */
#include "server/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/conf.h"
#include "core/str.h"
#include "server/ident.h"

#define SECRET_BYTES 32

static int
peer_uid(int fd, uid_t *uid)
{
#ifdef SO_PEERCRED
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1)
		return (-1);
	*uid = cred.uid;
	return (0);
#else
	gid_t gid;

	return (getpeereid(fd, uid, &gid));
#endif
}

void
auth_peer(const struct auth_conf *conf, int fd, struct principal *out)
{
	char text[16];
	uid_t uid;

	memset(out, 0, sizeof(*out));
	if (peer_uid(fd, &uid) == -1)
		return;
	snprintf(text, sizeof(text), "%lu", (unsigned long)uid);
	snprintf(out->actor, sizeof(out->actor), "uid:%s", text);
	if (conf->sandbox || uid == 0 || conf_words_match(conf->admin_uids, text))
		out->role = ROLE_ADMIN;
}

static enum role
role_of(const char *name)
{
	static const char *const names[] = { "none", "viewer", "operator", "admin" };

	for (size_t i = 0; i < NELEMS(names); i++) {
		if (strcmp(names[i], name) == 0)
			return ((enum role)i);
	}
	return (ROLE_NONE);
}

void
auth_bearer(struct store *reader, const char *header, struct principal *out)
{
	static const char scheme[] = "Bearer ";
	struct token_row row;
	struct err ignored;
	uint8_t hash[32];

	memset(out, 0, sizeof(*out));
	if (header == NULL || strncmp(header, scheme, sizeof(scheme) - 1) != 0)
		return;
	header += sizeof(scheme) - 1;
	if (strncmp(header, "jnd_", 4) != 0 || strlen(header) >= TOKEN_SIZE)
		return;
	crypto_hash_sha256(hash, (const unsigned char *)header, strlen(header));
	/* looked up by hash: how long that takes says nothing about the token */
	if (store_token_find(reader, hash, &row, &ignored) == -1)
		return;
	out->role = role_of(row.role);
	snprintf(out->actor, sizeof(out->actor), "token:%s", row.id);
}

/* --- the first token ---------------------------------------------------------------------------------------- */

static int
token_path(const char *dir, char *path, size_t size, struct err *err)
{
	if (str_format(path, size, "%s/admin.token", dir) == -1)
		return (err_set(err, ERR_LIMIT, "state directory name too long"));
	return (0);
}

static int
token_write(const char *path, const char *text, struct err *err)
{
	int fd, rc = 0;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return (err_sys(err, "%s", path));
	if (dprintf(fd, "%s\n", text) < 0 || fsync(fd) == -1)
		rc = err_sys(err, "%s", path);
	close(fd);
	return (rc);
}

static void
token_read(const char *path, char text[TOKEN_SIZE])
{
	ssize_t n;
	int fd;

	text[0] = '\0';
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return;
	n = read(fd, text, TOKEN_SIZE - 1);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	close(fd);
}

static void
token_make(char text[TOKEN_SIZE], struct token_row *row)
{
	unsigned char secret[SECRET_BYTES];
	char encoded[sodium_base64_ENCODED_LEN(SECRET_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];

	memset(row, 0, sizeof(*row));
	ident_new("tk_", row->id);
	str_copy(row->name, sizeof(row->name), "first admin");
	str_copy(row->role, sizeof(row->role), "admin");
	row->created_at = ident_now_ms();
	ident_random(secret, sizeof(secret));
	sodium_bin2base64(encoded, sizeof(encoded), secret, sizeof(secret), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	snprintf(text, TOKEN_SIZE, "jnd_%.8s_%s", row->id + 3, encoded);
	crypto_hash_sha256(row->sha256, (const unsigned char *)text, strlen(text));
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(encoded, sizeof(encoded));
}

int
auth_first_token(struct store *writer, const char *dir, char text[TOKEN_SIZE], struct err *err)
{
	struct token_row row;
	char path[512];
	size_t n;

	if (token_path(dir, path, sizeof(path), err) == -1 || store_token_count(writer, &n, err) == -1)
		return (-1);
	if (n > 0) {
		token_read(path, text);
		return (0);
	}
	token_make(text, &row);
	/* the file first: a token nobody can read would lock everybody out */
	if (unlink(path) == -1 && errno != ENOENT)
		return (err_sys(err, "%s", path));
	if (token_write(path, text, err) == -1 || store_begin(writer, err) == -1)
		return (-1);
	if (store_token_add(writer, &row, err) == -1) {
		store_rollback(writer);
		return (-1);
	}
	return (store_commit(writer, err));
}
