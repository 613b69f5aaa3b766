/*
 * store_status: what the reconcile loop saw: state of each object, drift, interfaces.
 */
#include "store/store_int.h"

#include "core/str.h"

static int
write_status(struct store *s, enum store_sql id, const struct status_row *r, struct err *err)
{
	struct store_q q = store_q_open(s, id);

	store_q_text(&q, store_kind_words[r->kind]);
	store_q_text(&q, r->name);
	store_q_text(&q, r->state);
	store_q_int(&q, r->since);
	store_q_err(&q, &r->err);
	store_q_int(&q, r->dying);
	store_q_text(&q, r->duplicates);
	return (store_q_run(&q, err));
}

int
store_status_put(struct store *s, const struct status_row *r, struct err *err)
{
	if (write_status(s, SQL_STATUS_SET, r, err) == -1)
		return (-1);
	return (sqlite3_changes(s->db) == 1 ? 0 : write_status(s, SQL_STATUS_ADD, r, err));
}

int
store_status_delete(struct store *s, enum kind kind, const char *name, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_STATUS_DELETE);

	store_q_text(&q, store_kind_words[kind]);
	store_q_text(&q, name);
	return (store_q_run(&q, err));
}

static void
get_status(struct store_q *q, struct status_row *r)
{
	*r = (struct status_row){ 0 };
	r->kind = (enum kind)store_q_get_word(q, store_kind_words, KIND_COUNT);
	STORE_GET_STR(q, r->name);
	STORE_GET_STR(q, r->state);
	r->since = store_q_get_int(q);
	store_q_get_err(q, &r->err);
	r->dying = (uint32_t)store_q_get_int(q);
	STORE_GET_STR(q, r->duplicates);
}

int
store_status(struct store *s, enum kind kind, const char *name, struct status_row *out, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_STATUS);
	struct status_row r;
	int rc;

	store_q_text(&q, store_kind_words[kind]);
	store_q_text(&q, name);
	rc = store_q_row(&q, err);
	if (rc == 0)
		return (err_set(err, ERR_NOT_FOUND, "there is no status of %s %s", kind_name(kind), name));
	if (rc == -1)
		return (-1);
	get_status(&q, &r);
	if (store_q_check(&q, err) == -1)
		return (-1);
	store_q_close(&q);
	*out = r;
	return (0);
}

int
store_statuses(struct store *s, enum kind kind, int (*each)(void *arg, const struct status_row *r, struct err *err),
    void *arg, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_STATUS_ALL);
	struct status_row r;
	int rc;

	store_q_text(&q, store_kind_words[kind]);
	while ((rc = store_q_row(&q, err)) == 1) {
		get_status(&q, &r);
		if (store_q_check(&q, err) == -1 || each(arg, &r, err) == -1) {
			rc = -1;
			break;
		}
	}
	store_q_close(&q);
	return (rc);
}

int
store_drift_set(struct store *s, const struct drift_row *v, size_t n, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_DRIFT_CLEAR);
	size_t i;

	if (store_q_run(&q, err) == -1)
		return (-1);
	for (i = 0; i < n; i++) {
		q = store_q_open(s, SQL_DRIFT_ADD);
		store_q_int(&q, (int64_t)i);
		store_q_text(&q, v[i].object);
		store_q_text(&q, v[i].want);
		store_q_text(&q, v[i].have);
		store_q_text(&q, v[i].cause);
		store_q_int(&q, v[i].since);
		store_q_text(&q, v[i].place.ifname);
		store_q_text(&q, v[i].place.jail);
		store_q_text(&q, v[i].place.bridge);
		if (store_q_run(&q, err) == -1)
			return (-1);
	}
	return (0);
}

int
store_drift(
    struct store *s, int (*each)(void *arg, const struct drift_row *r, struct err *err), void *arg, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_DRIFT_ALL);
	struct drift_row r;
	int rc;

	while ((rc = store_q_row(&q, err)) == 1) {
		r = (struct drift_row){ 0 };
		STORE_GET_STR(&q, r.object);
		STORE_GET_STR(&q, r.want);
		STORE_GET_STR(&q, r.have);
		STORE_GET_STR(&q, r.cause);
		r.since = store_q_get_int(&q);
		STORE_GET_STR(&q, r.place.ifname);
		STORE_GET_STR(&q, r.place.jail);
		STORE_GET_STR(&q, r.place.bridge);
		if (store_q_check(&q, err) == -1 || each(arg, &r, err) == -1) {
			rc = -1;
			break;
		}
	}
	store_q_close(&q);
	return (rc);
}

int
store_ifaces_set(struct store *s, const struct iface_row *v, size_t n, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_IFACE_CLEAR);
	size_t i;

	if (store_q_run(&q, err) == -1)
		return (-1);
	for (i = 0; i < n; i++) {
		q = store_q_open(s, SQL_IFACE_ADD);
		store_q_text(&q, v[i].ifname);
		store_q_text(&q, v[i].jail);
		store_q_text(&q, link_type_name(v[i].type));
		store_q_mac(&q, &v[i].mac);
		store_q_int(&q, v[i].mtu);
		store_q_int(&q, v[i].up);
		store_q_int(&q, v[i].running);
		store_q_text(&q, v[i].bridge);
		store_q_text(&q, v[i].member_of);
		store_q_text(&q, v[i].addrs);
		if (store_q_run(&q, err) == -1)
			return (-1);
	}
	return (0);
}

static void
get_iface(struct store_q *q, struct iface_row *r)
{
	const char *type;
	int i;

	*r = (struct iface_row){ .type = LINK_OTHER };
	STORE_GET_STR(q, r->ifname);
	STORE_GET_STR(q, r->jail);
	type = store_q_get_text(q);
	for (i = 0; type != NULL && i < LINK_TYPE_COUNT; i++)
		if (str_equal(type, link_type_name((enum link_type)i)))
			r->type = (enum link_type)i;
	store_q_get_mac(q, &r->mac);
	r->mtu = (uint32_t)store_q_get_range(q, 0, UINT32_MAX);
	r->up = store_q_get_bool(q);
	r->running = store_q_get_bool(q);
	STORE_GET_STR(q, r->bridge);
	STORE_GET_STR(q, r->member_of);
	STORE_GET_STR(q, r->addrs);
}

int
store_ifaces(
    struct store *s, int (*each)(void *arg, const struct iface_row *r, struct err *err), void *arg, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_IFACE_ALL);
	struct iface_row r;
	int rc;

	while ((rc = store_q_row(&q, err)) == 1) {
		get_iface(&q, &r);
		if (store_q_check(&q, err) == -1 || each(arg, &r, err) == -1) {
			rc = -1;
			break;
		}
	}
	store_q_close(&q);
	return (rc);
}
