/*
 * store_token: who may use the API: tokens, certificates, sessions.  Only hashes of secrets are kept.
 */
#include "store/store_int.h"

static void
put_grant(struct store_q *q, const struct grant *g)
{
	store_q_text(q, g->role);
	store_q_text(q, g->scopes);
	store_q_text(q, g->cidrs);
	store_q_text(q, g->selector);
	store_q_int(q, g->created_at);
	store_q_int(q, g->expires_at);
}

static void
get_grant(struct store_q *q, struct grant *g)
{
	STORE_GET_STR(q, g->role);
	STORE_GET_STR(q, g->scopes);
	STORE_GET_STR(q, g->cidrs);
	STORE_GET_STR(q, g->selector);
	g->created_at = store_q_get_int(q);
	g->expires_at = store_q_get_int(q);
}

static int
count(struct store_q *q, size_t *out, struct err *err)
{
	int rc = store_q_row(q, err);

	if (rc == 1)
		*out = (size_t)store_q_get_int(q);
	store_q_close(q);
	return (rc == 1 ? 0 : -1);
}

/* --- tokens and certificates --------------------------------------------------------------------------------- */

int
store_token_add(struct store *s, const struct token_row *t, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_TOKEN_ADD);

	store_q_text(&q, t->id);
	store_q_text(&q, t->name);
	store_q_int(&q, t->is_certificate);
	store_q_blob(&q, t->sha256, sizeof(t->sha256));
	store_q_text(&q, t->created_by);
	put_grant(&q, &t->grant);
	return (store_q_run(&q, err));
}

static void
get_token(struct store_q *q, struct token_row *t)
{
	*t = (struct token_row){ 0 };
	STORE_GET_STR(q, t->id);
	STORE_GET_STR(q, t->name);
	t->is_certificate = store_q_get_bool(q);
	store_q_get_blob(q, t->sha256, sizeof(t->sha256));
	STORE_GET_STR(q, t->created_by);
	get_grant(q, &t->grant);
	t->last_used_at = store_q_get_int(q);
}

static int
one_token(struct store_q *q, struct token_row *out, struct err *err)
{
	struct token_row t;
	int rc = store_q_row(q, err);

	if (rc == 0)
		return (err_set(err, ERR_NOT_FOUND, "there is no such token"));
	if (rc == -1)
		return (-1);
	get_token(q, &t);
	if (store_q_check(q, err) == -1)
		return (-1);
	store_q_close(q);
	*out = t;
	return (0);
}

int
store_token_find(struct store *s, const uint8_t sha256[32], bool is_certificate, struct token_row *out, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_TOKEN_FIND);

	store_q_blob(&q, sha256, 32);
	store_q_int(&q, is_certificate);
	return (one_token(&q, out, err));
}

int
store_token(struct store *s, const char *id, struct token_row *out, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_TOKEN);

	store_q_text(&q, id);
	return (one_token(&q, out, err));
}

int
store_tokens(struct store *s, int (*each)(void *arg, const struct token_row *t, struct err *err), void *arg, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_TOKEN_ALL);
	struct token_row t;
	int rc;

	while ((rc = store_q_row(&q, err)) == 1) {
		get_token(&q, &t);
		if (store_q_check(&q, err) == -1 || each(arg, &t, err) == -1) {
			rc = -1;
			break;
		}
	}
	store_q_close(&q);
	return (rc);
}

int
store_token_used(struct store *s, const char *id, int64_t at, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_TOKEN_USED);

	store_q_text(&q, id);
	store_q_int(&q, at);
	return (store_q_run(&q, err));
}

int
store_token_delete(struct store *s, const char *id, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_TOKEN_DELETE);

	store_q_text(&q, id);
	return (store_q_run(&q, err));
}

int
store_token_count(struct store *s, size_t *out, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_TOKEN_COUNT);

	return (count(&q, out, err));
}

int
store_token_admins(struct store *s, const char *id, int64_t now, size_t *out, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_TOKEN_ADMINS);

	store_q_text(&q, id);
	store_q_int(&q, now);
	return (count(&q, out, err));
}

/* --- sessions and sign-in codes ------------------------------------------------------------------------------ */

int
store_session_add(struct store *s, const struct session_row *r, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_SESSION_ADD);

	store_q_text(&q, r->id);
	store_q_int(&q, r->is_code);
	store_q_blob(&q, r->sha256, sizeof(r->sha256));
	store_q_text(&q, r->token);
	store_q_text(&q, r->actor);
	put_grant(&q, &r->grant);
	return (store_q_run(&q, err));
}

int
store_session_find(struct store *s, const uint8_t sha256[32], struct session_row *out, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_SESSION_FIND);
	struct session_row r = { 0 };
	int rc;

	store_q_blob(&q, sha256, 32);
	rc = store_q_row(&q, err);
	if (rc == 0)
		return (err_set(err, ERR_NOT_FOUND, "there is no such session"));
	if (rc == -1)
		return (-1);
	STORE_GET_STR(&q, r.id);
	r.is_code = store_q_get_bool(&q);
	store_q_get_blob(&q, r.sha256, sizeof(r.sha256));
	STORE_GET_STR(&q, r.token);
	STORE_GET_STR(&q, r.actor);
	get_grant(&q, &r.grant);
	if (store_q_check(&q, err) == -1)
		return (-1);
	store_q_close(&q);
	*out = r;
	return (0);
}

int
store_session_delete(struct store *s, const uint8_t sha256[32], struct err *err)
{
	struct store_q q = store_q_open(s, SQL_SESSION_DELETE);

	store_q_blob(&q, sha256, 32);
	return (store_q_run(&q, err));
}

int
store_session_trim(struct store *s, int64_t now, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_SESSION_TRIM);

	store_q_int(&q, now);
	return (store_q_run(&q, err));
}

int
store_session_keep(struct store *s, const char *actor, bool is_code, int newest, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_SESSION_KEEP);

	store_q_text(&q, actor);
	store_q_int(&q, is_code);
	store_q_int(&q, newest);
	return (store_q_run(&q, err));
}
