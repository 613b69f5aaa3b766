/*
 * store_audit: the audit trail.  The hashes are the caller's.
 */
#include "store/store_int.h"

int
store_audit_add(struct store *s, const struct audit_row *r, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_AUDIT_ADD);

	store_q_int(&q, r->seq);
	store_q_int(&q, r->at);
	store_q_text(&q, r->actor);
	store_q_text(&q, r->peer);
	store_q_text(&q, r->request_id);
	store_q_text(&q, r->method);
	store_q_text(&q, r->path);
	store_q_text(&q, r->result);
	store_q_int(&q, r->status);
	store_q_int(&q, r->revision);
	store_q_text(&q, r->op);
	store_q_text(&q, r->detail);
	store_q_blob(&q, r->hash, sizeof(r->hash));
	return (store_q_run(&q, err));
}

static int
seq_and_hash(struct store *s, enum store_sql id, int64_t *seq, uint8_t hash[AUDIT_HASH_SIZE], struct err *err)
{
	struct store_q q = store_q_open(s, id);
	int rc = store_q_row(&q, err);

	if (rc == 1) {
		*seq = store_q_get_int(&q);
		store_q_get_blob(&q, hash, AUDIT_HASH_SIZE);
		if (store_q_check(&q, err) == -1)
			return (-1);
	}
	store_q_close(&q);
	return (rc);
}

int
store_audit_base(struct store *s, int64_t *seq, uint8_t hash[AUDIT_HASH_SIZE], struct err *err)
{
	int rc = seq_and_hash(s, SQL_AUDIT_BASE, seq, hash, err);

	if (rc == 0)
		return (err_set(err, ERR_STORE, "database holds no start of the audit trail"));
	return (rc == 1 ? 0 : -1);
}

int
store_audit_last(struct store *s, int64_t *seq, uint8_t hash[AUDIT_HASH_SIZE], struct err *err)
{
	struct err local;
	int rc;

	if (err == NULL)
		err = &local;
	rc = seq_and_hash(s, SQL_AUDIT_LAST, seq, hash, err);
	if (rc == 0)
		rc = store_audit_base(s, seq, hash, err) == 0 ? 1 : -1;
	/* nothing is done that the trail does not tell */
	return (rc == 1 ? 0 : store_stick(s, err));
}

int
store_audits(struct store *s, const struct audit_filter *f, size_t limit,
    int (*each)(void *arg, const struct audit_row *r, struct err *err), void *arg, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_AUDIT_ALL);
	struct audit_row r;
	int rc;

	store_q_int(&q, f->before == 0 ? INT64_MAX : f->before);
	store_q_text(&q, f->actor != NULL ? f->actor : "");
	store_q_text(&q, f->result != NULL ? f->result : "");
	store_q_int(&q, limit > INT64_MAX ? -1 : (int64_t)limit);
	while ((rc = store_q_row(&q, err)) == 1) {
		r = (struct audit_row){ 0 };
		r.seq = store_q_get_int(&q);
		r.at = store_q_get_int(&q);
		STORE_GET_STR(&q, r.actor);
		STORE_GET_STR(&q, r.peer);
		STORE_GET_STR(&q, r.request_id);
		STORE_GET_STR(&q, r.method);
		STORE_GET_STR(&q, r.path);
		STORE_GET_STR(&q, r.result);
		r.status = store_q_get_int(&q);
		r.revision = store_q_get_int(&q);
		STORE_GET_STR(&q, r.op);
		STORE_GET_STR(&q, r.detail);
		store_q_get_blob(&q, r.hash, sizeof(r.hash));
		if (store_q_check(&q, err) == -1 || each(arg, &r, err) == -1) {
			rc = -1;
			break;
		}
	}
	store_q_close(&q);
	return (rc);
}

int
store_audit_trim(struct store *s, size_t keep, struct err *err)
{
	static const enum store_sql steps[] = { SQL_AUDIT_TRIM_BASE, SQL_AUDIT_TRIM };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct store_q q = store_q_open(s, steps[i]);

		if (i == 0)
			store_q_int(&q, (int64_t)keep);
		if (store_q_run(&q, err) == -1)
			return (-1);
	}
	return (0);
}
