/*
 * store_idem: keys of requests that must not happen twice.
 */
#include "store/store_int.h"

int
store_idem_put(struct store *s, const struct idem_row *r, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_IDEM_PUT);

	store_q_text(&q, r->actor);
	store_q_text(&q, r->key);
	store_q_blob(&q, r->fingerprint, sizeof(r->fingerprint));
	store_q_text(&q, r->op);
	store_q_int(&q, r->revision);
	store_q_int(&q, r->created);
	store_q_int(&q, r->changed);
	store_q_int(&q, r->at);
	return (store_q_run(&q, err));
}

int
store_idem(struct store *s, const char *actor, const char *key, int64_t since, struct idem_row *out, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_IDEM);
	int rc;

	*out = (struct idem_row){ 0 };
	store_q_text(&q, actor);
	store_q_text(&q, key);
	store_q_int(&q, since);
	rc = store_q_row(&q, err);
	if (rc == 0)
		return (err_set(err, ERR_NOT_FOUND, "this key is new"));
	if (rc == -1)
		return (-1);
	STORE_GET_STR(&q, out->actor);
	STORE_GET_STR(&q, out->key);
	store_q_get_blob(&q, out->fingerprint, sizeof(out->fingerprint));
	STORE_GET_STR(&q, out->op);
	out->revision = store_q_get_int(&q);
	out->created = store_q_get_bool(&q);
	out->changed = store_q_get_int(&q);
	out->at = store_q_get_int(&q);
	if (store_q_check(&q, err) == -1)
		return (-1);
	store_q_close(&q);
	return (0);
}

int
store_idem_trim(struct store *s, int64_t before, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_IDEM_TRIM);

	store_q_int(&q, before);
	return (store_q_run(&q, err));
}
