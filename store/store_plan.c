/*
 * store_plan: plans that wait to be applied.
 */
#include "store/store_int.h"

int
store_plan_put(struct store *s, const struct plan_row *p, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_PLAN_PUT);

	store_q_text(&q, p->id);
	store_q_int(&q, p->base);
	store_q_text(&q, p->actor);
	store_q_text(&q, p->manager);
	store_q_int(&q, p->created_at);
	store_q_int(&q, p->expires_at);
	store_q_text(&q, p->steps);
	store_q_text(&q, p->document);
	return (store_q_run(&q, err));
}

int
store_plan_use(struct store *s, const char *id, int64_t now, int (*use)(void *arg, const struct plan_row *p, struct err *err), void *arg,
    struct err *err)
{
	struct store_q q = store_q_open(s, SQL_PLAN);
	struct plan_row p = { .base = 0 };
	int rc;

	store_q_text(&q, id);
	store_q_int(&q, now);
	rc = store_q_row(&q, err);
	if (rc == 0)
		return (err_set(err, ERR_NOT_FOUND, "there is no plan %s (any more)", id));
	if (rc == 1) {
		STORE_GET_STR(&q, p.id);
		p.base = store_q_get_int(&q);
		STORE_GET_STR(&q, p.actor);
		STORE_GET_STR(&q, p.manager);
		p.created_at = store_q_get_int(&q);
		p.expires_at = store_q_get_int(&q);
		p.steps = store_q_get_text(&q);
		p.document = store_q_get_text(&q);
		rc = store_q_check(&q, err) == -1 ? -1 : use(arg, &p, err);
	}
	store_q_close(&q);
	return (rc);
}

int
store_plan_delete(struct store *s, const char *id, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_PLAN_DELETE);
	int rc;

	store_q_text(&q, id);
	rc = store_q_row(&q, err);
	if (rc == 0)
		return (err_set(err, ERR_NOT_FOUND, "there is no plan %s (any more)", id));
	store_q_close(&q);
	return (rc == 1 ? 0 : -1);
}

int
store_plan_trim(struct store *s, int64_t now, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_PLAN_TRIM);

	store_q_int(&q, now);
	store_q_int(&q, PLANS_KEEP - 1);
	return (store_q_run(&q, err));
}
