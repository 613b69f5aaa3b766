/*
 * store_event: what happened, in the transaction in which it happened.
 */
#include "store/store_int.h"

int
store_event_add(struct store *s, const struct event_row *e, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_EVENT_ADD);

	store_q_int(&q, e->revision);
	store_q_int(&q, e->at);
	store_q_text(&q, e->type);
	store_q_text(&q, e->object);
	store_q_text(&q, e->actor);
	store_q_text(&q, e->op);
	store_q_text(&q, e->text);
	return (store_q_run(&q, err));
}

static int
rows(struct store_q *q, int (*each)(void *arg, const struct event_row *e, struct err *err), void *arg, struct err *err)
{
	struct event_row e;
	int rc;

	while ((rc = store_q_row(q, err)) == 1) {
		e = (struct event_row){ 0 };
		e.seq = store_q_get_int(q);
		e.revision = store_q_get_int(q);
		e.at = store_q_get_int(q);
		STORE_GET_STR(q, e.type);
		STORE_GET_STR(q, e.object);
		STORE_GET_STR(q, e.actor);
		STORE_GET_STR(q, e.op);
		STORE_GET_STR(q, e.text);
		if (store_q_check(q, err) == -1 || each(arg, &e, err) == -1) {
			rc = -1;
			break;
		}
	}
	store_q_close(q);
	return (rc);
}

int
store_events_find(struct store *s, const struct event_filter *f, bool newest_first, size_t limit,
    int (*each)(void *arg, const struct event_row *e, struct err *err), void *arg, struct err *err)
{
	struct store_q q = store_q_open(s, newest_first ? SQL_EVENT_NEWEST : SQL_EVENT_ALL);
	const char *const words[] = { f->object, f->type, f->actor };

	store_q_int(&q, f->after);
	store_q_int(&q, f->before == 0 ? INT64_MAX : f->before);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		store_q_text(&q, words[i] != NULL ? words[i] : "");
	store_q_int(&q, limit > INT64_MAX ? -1 : (int64_t)limit);
	return (rows(&q, each, arg, err));
}

int
store_events(struct store *s, int64_t after, size_t limit,
    int (*each)(void *arg, const struct event_row *e, struct err *err), void *arg, struct err *err)
{
	return (store_events_find(s, &(struct event_filter){ .after = after }, false, limit, each, arg, err));
}

int
store_event_range(struct store *s, int64_t *first, int64_t *last, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_EVENT_RANGE);
	int rc;

	rc = store_q_row(&q, err);
	if (rc == 1) {
		/* NULL reads as 0. */
		*first = store_q_get_int(&q);
		*last = store_q_get_int(&q);
	}
	store_q_close(&q);
	return (rc == 1 ? 0 : -1);
}

int
store_event_trim(struct store *s, struct err *err)
{
	struct store_q q;

	q = store_q_open(s, SQL_EVENT_TRIM);
	store_q_int(&q, EVENTS_KEEP);
	if (store_q_run(&q, err) == -1)
		return (-1);
	q = store_q_open(s, SQL_OP_TRIM);
	store_q_int(&q, OPERATIONS_KEEP - 1);
	return (store_q_run(&q, err));
}
