/* auth: see auth.h */
#include "server/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/conf.h"
#include "core/str.h"
#include "server/ident.h"

#define SECRET_BYTES 32

enum role
auth_uid_role(const struct auth_conf *conf, uid_t uid)
{
	enum role role = ROLE_ADMIN;
	char text[16];

	if (uid == 0)
		return (ROLE_ADMIN);
	snprintf(text, sizeof(text), "%lu", (unsigned long)uid);
	while (role > ROLE_NONE && (conf->uids[role] == NULL || !conf_words_match(conf->uids[role], text)))
		role--;
	return (role);
}

void
auth_peer(const struct auth_conf *conf, int fd, struct principal *out)
{
	uid_t uid;

	memset(out, 0, sizeof(*out));
	if (auth_uid(fd, &uid) == -1)
		return;
	snprintf(out->actor, sizeof(out->actor), "uid:%lu", (unsigned long)uid);
	out->role = conf->sandbox ? ROLE_ADMIN : auth_uid_role(conf, uid);
}

void
auth_hash(const char *secret, uint8_t out[32])
{
	crypto_hash_sha256(out, (const unsigned char *)secret, strlen(secret));
}

bool
auth_address_ok(const char *cidrs, const char *address)
{
	char words[sizeof(((struct grant *)0)->cidrs)], *save = NULL;
	struct prefix net;
	struct ip ip;

	if (*cidrs == '\0' || *address == '\0')
		return (true);
	if (ip_parse(address, &ip, NULL) == -1 || str_copy(words, sizeof(words), cidrs) == -1)
		return (false);
	for (char *w = strtok_r(words, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
		if (prefix_parse(w, &net, NULL) == 0 && prefix_contains(&net, &ip))
			return (true);
	}
	return (false);
}

bool
auth_still_good(const struct principal *who, const char *address, int64_t now)
{
	return ((who->expires_at == 0 || now < who->expires_at) && auth_address_ok(who->cidrs, address));
}

/* From nobody to somebody, when the grant is good here and now. */
static void
grant_use(const struct grant *g, int64_t now, struct principal *who)
{
	uint32_t scopes;

	if (api_scopes(g->scopes, &scopes, NULL) == -1)
		return;
	who->expires_at = g->expires_at;
	str_copy(who->cidrs, sizeof(who->cidrs), g->cidrs);
	if (!auth_still_good(who, who->address, now))
		return;
	who->scopes = scopes;
	str_copy(who->selector, sizeof(who->selector), g->selector);
	who->role = api_role(g->role);
}

static void
nobody(struct principal *who)
{
	char address[sizeof(who->address)];

	memcpy(address, who->address, sizeof(address));
	memset(who, 0, sizeof(*who));
	memcpy(who->address, address, sizeof(address));
}

/* Looked up by hash: how long that takes says nothing about the token. */
static int
by_token(struct store *reader, bool is_certificate, int64_t now, struct principal *who, struct err *err)
{
	struct token_row row;

	if (store_token_find(reader, who->hash, is_certificate, &row, err) == -1)
		return (err->code == ERR_NOT_FOUND ? 0 : -1);
	grant_use(&row.grant, now, who);
	who->is_certificate = is_certificate;
	memcpy(who->token, row.id, sizeof(who->token));
	snprintf(who->actor, sizeof(who->actor), "%s:%s", is_certificate ? "cert" : "token", row.id);
	return (0);
}

static int
by_session(struct store *reader, int64_t now, struct principal *who, struct err *err)
{
	struct session_row row;

	if (store_session_find(reader, who->hash, &row, err) == -1)
		return (err->code == ERR_NOT_FOUND ? 0 : -1);
	if (row.is_code)
		return (0);
	grant_use(&row.grant, now, who);
	who->is_session = true;
	memcpy(who->token, row.token, sizeof(who->token));
	memcpy(who->actor, row.actor, sizeof(who->actor));
	return (0);
}

int
auth_bearer(struct store *reader, const char *header, int64_t now, struct principal *who, struct err *err)
{
	static const char scheme[] = "Bearer ";

	nobody(who);
	if (strncasecmp(header, scheme, sizeof(scheme) - 1) != 0)
		return (0);
	header += sizeof(scheme) - 1;
	if (strncmp(header, "jnd_", 4) != 0 || strlen(header) >= TOKEN_SIZE)
		return (0);
	auth_hash(header, who->hash);
	return (by_token(reader, false, now, who, err));
}

int
auth_certificate(struct store *reader, const uint8_t sha256[32], int64_t now, struct principal *who, struct err *err)
{
	nobody(who);
	memcpy(who->hash, sha256, sizeof(who->hash));
	return (by_token(reader, true, now, who, err));
}

int
auth_cookie(struct store *reader, const char *secret, int64_t now, struct principal *who, struct err *err)
{
	nobody(who);
	if (strncmp(secret, "jns_", 4) != 0 || strlen(secret) >= TOKEN_SIZE)
		return (0);
	auth_hash(secret, who->hash);
	return (by_session(reader, now, who, err));
}

int
auth_again(struct store *reader, int64_t now, struct principal *who, struct err *err)
{
	struct principal was = *who;

	if (was.role == ROLE_NONE || (!was.is_session && was.token[0] == '\0'))
		return (0);
	nobody(who);
	memcpy(who->hash, was.hash, sizeof(who->hash));
	return (was.is_session ? by_session(reader, now, who, err) : by_token(reader, was.is_certificate, now, who, err));
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

void
auth_secret(const char *prefix, const char *id, char out[SECRET_SIZE])
{
	unsigned char secret[SECRET_BYTES];
	char encoded[sodium_base64_ENCODED_LEN(SECRET_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];

	ident_random(secret, sizeof(secret));
	sodium_bin2base64(encoded, sizeof(encoded), secret, sizeof(secret), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	snprintf(out, SECRET_SIZE, "%s_%.8s_%s", prefix, id + 3, encoded);
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(encoded, sizeof(encoded));
}

static void
token_make(char text[TOKEN_SIZE], struct token_row *row)
{
	memset(row, 0, sizeof(*row));
	ident_new("tk_", row->id);
	str_copy(row->name, sizeof(row->name), "first admin");
	str_copy(row->grant.role, sizeof(row->grant.role), "admin");
	str_copy(row->created_by, sizeof(row->created_by), "jailnetd");
	row->grant.created_at = ident_now_ms();
	auth_secret("jnd", row->id, text);
	auth_hash(text, row->sha256);
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
