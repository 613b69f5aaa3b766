/*
 * store_history: revisions, and what each of them made of which object.  The topology at revision N is, for each object, its last row at
 * or before N.  Trimming keeps those rows, so that every kept revision stays whole.
 */
#include "store/store_int.h"

/* --- revisions ---------------------------------------------------------------------------------------------- */

int
store_history_add(struct store *s, const struct revision_row *r, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_HISTORY_ADD);

	store_q_int(&q, r->revision);
	store_q_int(&q, r->at);
	store_q_text(&q, r->actor);
	store_q_text(&q, r->method);
	store_q_text(&q, r->path);
	store_q_text(&q, r->op);
	store_q_text(&q, r->note);
	store_q_int(&q, r->created);
	store_q_int(&q, r->updated);
	store_q_int(&q, r->deleted);
	return (store_q_run(&q, err));
}

static void
get(struct store_q *q, struct revision_row *r)
{
	*r = (struct revision_row){ 0 };
	r->revision = store_q_get_int(q);
	r->at = store_q_get_int(q);
	STORE_GET_STR(q, r->actor);
	STORE_GET_STR(q, r->method);
	STORE_GET_STR(q, r->path);
	STORE_GET_STR(q, r->op);
	STORE_GET_STR(q, r->note);
	r->created = (uint32_t)store_q_get_range(q, 0, UINT32_MAX);
	r->updated = (uint32_t)store_q_get_range(q, 0, UINT32_MAX);
	r->deleted = (uint32_t)store_q_get_range(q, 0, UINT32_MAX);
}

int
store_history_get(struct store *s, int64_t revision, struct revision_row *out, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_HISTORY_GET);
	int rc;

	store_q_int(&q, revision);
	rc = store_q_row(&q, err);
	if (rc == 0)
		return (err_set(err, ERR_NOT_FOUND, "revision %lld is not kept", (long long)revision));
	if (rc == -1)
		return (-1);
	get(&q, out);
	if (store_q_check(&q, err) == -1)
		return (-1);
	store_q_close(&q);
	return (0);
}

int
store_history_list(struct store *s, int64_t before, size_t limit,
    int (*each)(void *arg, const struct revision_row *r, struct err *err), void *arg, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_HISTORY_LIST);
	struct revision_row r;
	int rc;

	store_q_int(&q, before == 0 ? INT64_MAX : before);
	store_q_int(&q, limit > INT64_MAX ? -1 : (int64_t)limit);
	while ((rc = store_q_row(&q, err)) == 1) {
		get(&q, &r);
		if (store_q_check(&q, err) == -1 || each(arg, &r, err) == -1) {
			rc = -1;
			break;
		}
	}
	store_q_close(&q);
	return (rc);
}

int
store_history_range(struct store *s, int64_t *first, int64_t *last, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_HISTORY_RANGE);
	int rc = store_q_row(&q, err);

	if (rc == 1) {
		/* NULL reads as 0. */
		*first = store_q_get_int(&q);
		*last = store_q_get_int(&q);
	}
	store_q_close(&q);
	return (rc == 1 ? 0 : -1);
}

/* --- objects ------------------------------------------------------------------------------------------------ */

int
store_history_put(struct store *s, int64_t revision, enum kind kind, const char *name, const char *json, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_HISTORY_PUT);

	store_q_int(&q, revision);
	store_q_text(&q, store_kind_words[kind]);
	store_q_text(&q, name);
	store_q_text(&q, json);
	return (store_q_run(&q, err));
}

static int
rows(struct store *s, enum store_sql id, int64_t revision,
    int (*each)(void *arg, enum kind kind, const char *name, const char *json, struct err *err), void *arg, struct err *err)
{
	struct store_q q = store_q_open(s, id);
	char name[NAME_SIZE];
	const char *json;
	enum kind kind;
	int rc;

	store_q_int(&q, revision);
	while ((rc = store_q_row(&q, err)) == 1) {
		kind = (enum kind)store_q_get_word(&q, store_kind_words, KIND_COUNT);
		STORE_GET_STR(&q, name);
		json = store_q_get_text(&q);
		if (store_q_check(&q, err) == -1 || each(arg, kind, name, json, err) == -1) {
			rc = -1;
			break;
		}
	}
	store_q_close(&q);
	return (rc);
}

int
store_history_at(struct store *s, int64_t revision,
    int (*each)(void *arg, enum kind kind, const char *name, const char *json, struct err *err), void *arg, struct err *err)
{
	return (rows(s, SQL_HISTORY_AT, revision, each, arg, err));
}

int
store_history_changes(struct store *s, int64_t revision,
    int (*each)(void *arg, enum kind kind, const char *name, const char *json, struct err *err), void *arg, struct err *err)
{
	return (rows(s, SQL_HISTORY_CHANGES, revision, each, arg, err));
}

/* --- trimming ----------------------------------------------------------------------------------------------- */

static int
run(struct store *s, enum store_sql id, int64_t v, struct err *err)
{
	struct store_q q = store_q_open(s, id);

	store_q_int(&q, v);
	return (store_q_run(&q, err));
}

int
store_history_trim(struct store *s, size_t keep, int64_t before, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_HISTORY_OLDEST);
	int64_t oldest = 0;
	int rc;

	/* The newest stays whatever its age. */
	store_q_int(&q, (int64_t)keep);
	store_q_int(&q, before);
	rc = store_q_row(&q, err);
	if (rc == 1)
		oldest = store_q_get_int(&q);
	store_q_close(&q);
	if (rc == -1 || oldest == 0)
		return (rc == -1 ? -1 : 0);
	if (run(s, SQL_HISTORY_TRIM, oldest, err) == -1 || run(s, SQL_HISTORY_TRIM_OLD, oldest, err) == -1)
		return (-1);
	return (run(s, SQL_HISTORY_TRIM_GONE, oldest, err));
}

/* --- the change that waits for its confirmation --------------------------------------------------------------- */

int
store_confirm(struct store *s, struct confirm_row *out, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_CONFIRM);
	int rc = store_q_row(&q, err);

	*out = (struct confirm_row){ 0 };
	if (rc == 1) {
		out->revision = store_q_get_int(&q);
		out->base = store_q_get_int(&q);
		STORE_GET_STR(&q, out->op);
		STORE_GET_STR(&q, out->actor);
		out->created_at = store_q_get_int(&q);
		out->deadline = store_q_get_int(&q);
		if (store_q_check(&q, err) == -1)
			return (-1);
	}
	store_q_close(&q);
	return (rc == -1 ? -1 : 0);
}

int
store_confirm_put(struct store *s, const struct confirm_row *c, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_CONFIRM_PUT);

	store_q_int(&q, c->revision);
	store_q_int(&q, c->base);
	store_q_text(&q, c->op);
	store_q_text(&q, c->actor);
	store_q_int(&q, c->created_at);
	store_q_int(&q, c->deadline);
	return (store_q_run(&q, err));
}

int
store_confirm_clear(struct store *s, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_CONFIRM_CLEAR);

	return (store_q_run(&q, err));
}
