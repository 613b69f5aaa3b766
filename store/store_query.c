/*
 * store_query: parameters into a statement, columns out of it.
 */
#include "store/store_int.h"

#include <assert.h>
#include <string.h>

#include "core/str.h"

const char *const store_kind_words[KIND_COUNT] = {
	[KIND_BRIDGE] = "bridge",
	[KIND_EPAIR] = "epair",
	[KIND_JAIL] = "jail",
	[KIND_ATTACHMENT] = "attachment",
};
const char *const store_side_words[2] = { [END_A] = "a", [END_B] = "b" };

struct store_q
store_q_open(struct store *s, enum store_sql id)
{
	struct store_q q = { .s = s, .param = 1 };

	/* or who asks nothing but such questions would never be answered again */
	if ((s->broken || s->db == NULL) && store_is_idle(s))
		(void)store_heal(s, NULL);
	q.st = store_stmt(s, id, &q.rc);
	return (q);
}

void
store_q_close(struct store_q *q)
{
	if (q->st != NULL)
		(void)sqlite3_reset(q->st);
	q->st = NULL;
}

int
store_q_run(struct store_q *q, struct err *err)
{
	struct store *s = q->s;
	struct err local;
	int rc = q->rc;

	assert(s->in_txn);
	if (err == NULL)
		err = &local;
	if (s->sticky.code != ERR_NONE) {
		*err = s->sticky;
		store_q_close(q);
		return (-1);
	}
	if (!store_is_open(s))
		rc = SQLITE_ABORT;
	if (rc == SQLITE_OK)
		rc = store_step(s, q->st);
	if (rc != SQLITE_DONE) {
		store_fail(s, rc, err);
		store_stick(s, err);
	}
	store_q_close(q);
	return (rc == SQLITE_DONE ? 0 : -1);
}

int
store_q_row(struct store_q *q, struct err *err)
{
	int rc = q->rc;

	if (q->st == NULL && rc == SQLITE_OK)
		return (0);
	if (rc == SQLITE_OK)
		rc = store_step(q->s, q->st);
	if (rc == SQLITE_ROW) {
		q->col = 0;
		return (1);
	}
	if (rc != SQLITE_DONE)
		store_fail(q->s, rc, err);
	store_q_close(q);
	return (rc == SQLITE_DONE ? 0 : -1);
}

int
store_q_check(struct store_q *q, struct err *err)
{
	if (q->rc == SQLITE_OK && q->bad == NULL)
		return (0);
	if (q->bad != NULL)
		err_set(err, ERR_STORE, "database holds a %s that cannot be", q->bad);
	else
		store_fail(q->s, q->rc, err);
	store_q_close(q);
	return (-1);
}

static void
keep(struct store_q *q, int rc)
{
	if (q->rc == SQLITE_OK)
		q->rc = rc;
}

void
store_q_int(struct store_q *q, int64_t v)
{
	keep(q, sqlite3_bind_int64(q->st, q->param++, v));
}

void
store_q_text(struct store_q *q, const char *v)
{
	keep(q, sqlite3_bind_text(q->st, q->param++, v, -1, SQLITE_STATIC));
}

void
store_q_blob(struct store_q *q, const void *v, size_t len)
{
	keep(q, sqlite3_bind_blob64(q->st, q->param++, v, len, SQLITE_STATIC));
}

void
store_q_mac(struct store_q *q, const struct mac *m)
{
	if (mac_is_zero(m))
		keep(q, sqlite3_bind_null(q->st, q->param++));
	else
		store_q_blob(q, m->b, sizeof(m->b));
}

void
store_q_ip(struct store_q *q, const struct ip *ip)
{
	store_q_blob(q, ip->b, ip->family == 4 ? 4 : 16);
}

void
store_q_prefix(struct store_q *q, const struct prefix *p)
{
	store_q_ip(q, &p->ip);
	store_q_int(q, p->len);
}

void
store_q_err(struct store_q *q, const struct err *e)
{
	store_q_text(q, err_code_name(e->code));
	store_q_int(q, e->sys);
	store_q_text(q, e->field);
	store_q_text(q, e->msg);
}

int64_t
store_q_get_int(struct store_q *q)
{
	return (sqlite3_column_int64(q->st, q->col++));
}

int64_t
store_q_get_range(struct store_q *q, int64_t min, int64_t max)
{
	int64_t v = store_q_get_int(q);

	if (v < min || v > max) {
		q->bad = "number";
		return (min);
	}
	return (v);
}

bool
store_q_get_bool(struct store_q *q)
{
	return (store_q_get_range(q, 0, 1) == 1);
}

const char *
store_q_get_text(struct store_q *q)
{
	int col = q->col++;
	const unsigned char *text;

	if (sqlite3_column_type(q->st, col) == SQLITE_NULL)
		return (NULL);
	text = sqlite3_column_text(q->st, col);
	if (text == NULL)
		keep(q, SQLITE_NOMEM);
	return ((const char *)text);
}

void
store_q_get_str(struct store_q *q, char *dst, size_t size)
{
	const char *text = store_q_get_text(q);

	if (str_copy(dst, size, text == NULL ? "" : text) == -1)
		q->bad = "text";
}

void
store_q_get_blob(struct store_q *q, void *dst, size_t len)
{
	int col = q->col++;
	const void *v = sqlite3_column_blob(q->st, col);

	memset(dst, 0, len);
	if (v == NULL || (size_t)sqlite3_column_bytes(q->st, col) != len)
		q->bad = "blob";
	else
		memcpy(dst, v, len);
}

void
store_q_get_mac(struct store_q *q, struct mac *m)
{
	if (sqlite3_column_type(q->st, q->col) == SQLITE_NULL) {
		*m = (struct mac){ { 0 } };
		q->col++;
	} else
		store_q_get_blob(q, m->b, sizeof(m->b));
}

void
store_q_get_ip(struct store_q *q, struct ip *ip)
{
	int bytes = sqlite3_column_bytes(q->st, q->col);

	*ip = (struct ip){ 0 };
	ip->family = bytes == 4 ? 4 : 6;
	store_q_get_blob(q, ip->b, bytes == 4 ? 4 : 16);
}

void
store_q_get_prefix(struct store_q *q, struct prefix *p)
{
	store_q_get_ip(q, &p->ip);
	p->len = (uint8_t)store_q_get_range(q, 0, p->ip.family == 4 ? 32 : 128);
}

void
store_q_get_err(struct store_q *q, struct err *e)
{
	const char *word = store_q_get_text(q);
	int code;

	*e = (struct err){ 0 };
	/* A code of a newer program, read after a downgrade, is still an error. */
	e->code = ERR_INTERNAL;
	for (code = 0; word != NULL && code < ERR_CODE_COUNT; code++)
		if (strcmp(word, err_code_name((enum err_code)code)) == 0)
			e->code = (enum err_code)code;
	e->sys = (int)store_q_get_int(q);
	STORE_GET_STR(q, e->field);
	STORE_GET_STR(q, e->msg);
}

int
store_q_get_word(struct store_q *q, const char *const *words, int n)
{
	const char *text = store_q_get_text(q);
	int i;

	for (i = 0; text != NULL && i < n; i++)
		if (strcmp(text, words[i]) == 0)
			return (i);
	q->bad = "word";
	return (0);
}
