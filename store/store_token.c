/*
 * store_token: who may use the API over TCP.  Only the hash of a token is kept.
 */
#include "store/store_int.h"

int
store_token_add(struct store *s, const struct token_row *t, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_TOKEN_ADD);

	store_q_text(&q, t->id);
	store_q_text(&q, t->name);
	store_q_text(&q, t->role);
	store_q_blob(&q, t->sha256, sizeof(t->sha256));
	store_q_int(&q, t->created_at);
	return (store_q_run(&q, err));
}

int
store_token_find(struct store *s, const uint8_t sha256[32], struct token_row *out, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_TOKEN_FIND);
	struct token_row t = { 0 };
	int rc;

	store_q_blob(&q, sha256, sizeof(t.sha256));
	rc = store_q_row(&q, err);
	if (rc == 0)
		return (err_set(err, ERR_NOT_FOUND, "there is no such token"));
	if (rc == -1)
		return (-1);
	STORE_GET_STR(&q, t.id);
	STORE_GET_STR(&q, t.name);
	STORE_GET_STR(&q, t.role);
	store_q_get_blob(&q, t.sha256, sizeof(t.sha256));
	t.created_at = store_q_get_int(&q);
	if (store_q_check(&q, err) == -1)
		return (-1);
	store_q_close(&q);
	*out = t;
	return (0);
}

int
store_token_count(struct store *s, size_t *out, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_TOKEN_COUNT);
	int rc;

	rc = store_q_row(&q, err);
	if (rc == 1)
		*out = (size_t)store_q_get_int(&q);
	store_q_close(&q);
	return (rc == 1 ? 0 : -1);
}
