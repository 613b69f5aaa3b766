/*
 * store_found: foreign interfaces as they were, to be given back so.
 */
#include "store/store_int.h"

#include "core/str.h"

static int
load_addrs(struct store_child *c, struct found *f, struct err *err)
{
	int rc;

	while ((rc = store_child_next(c, f->ifname, NULL, err)) == 1) {
		if (f->naddrs == NELEMS(f->addrs))
			return (err_set(err, ERR_STORE, "database holds more than %d found addresses of %s",
			    LIMIT_ADDRESSES, f->ifname));
		store_q_get_prefix(&c->q, &f->addrs[f->naddrs++]);
		if (store_q_check(&c->q, err) == -1)
			return (-1);
	}
	return (rc);
}

static void
get_traits(struct store_q *q, struct traits *t)
{
	t->fields = (uint32_t)store_q_get_range(q, 0, UINT32_MAX) & TRAIT_ALL;
	t->flags = (uint32_t)store_q_get_range(q, 0, UINT32_MAX);
	t->caps = (uint32_t)store_q_get_range(q, 0, UINT32_MAX);
	t->nd6 = (uint32_t)store_q_get_range(q, 0, UINT32_MAX);
	STORE_GET_STR(q, t->groups);
}

int
store_found_load(struct store *s, struct topo *into, struct err *err)
{
	struct store_child c = { .q = store_q_open(s, SQL_FOUND_ADDR), .open = true };
	struct store_q q = store_q_open(s, SQL_FOUND);
	struct found f;
	int rc;

	while ((rc = store_q_row(&q, err)) == 1) {
		f = (struct found){ 0 };
		STORE_GET_STR(&q, f.ifname);
		f.up = store_q_get_bool(&q);
		f.mtu = (uint32_t)store_q_get_range(&q, 0, UINT32_MAX);
		store_q_get_mac(&q, &f.mac);
		STORE_GET_STR(&q, f.bridge);
		get_traits(&q, &f.traits);
		rc = -1;
		if (store_q_check(&q, err) == -1 || load_addrs(&c, &f, err) == -1 ||
		    topo_found_put(into, &f, err) == -1)
			break;
	}
	store_q_close(&q);
	store_q_close(&c.q);
	return (rc);
}

int
store_found_put(struct store *s, const struct found *f, struct err *err)
{
	struct prefixes addrs = { f->addrs, f->naddrs };
	struct store_q q;

	q = store_q_open(s, SQL_FOUND_ADDR_CLEAR);
	store_q_text(&q, f->ifname);
	if (store_q_run(&q, err) == -1)
		return (-1);
	q = store_q_open(s, SQL_FOUND_PUT);
	store_q_text(&q, f->ifname);
	store_q_int(&q, f->up);
	store_q_int(&q, f->mtu);
	store_q_mac(&q, &f->mac);
	store_q_text(&q, f->bridge);
	store_q_int(&q, f->traits.fields);
	store_q_int(&q, f->traits.flags);
	store_q_int(&q, f->traits.caps);
	store_q_int(&q, f->traits.nd6);
	store_q_text(&q, f->traits.groups);
	if (store_q_run(&q, err) == -1)
		return (-1);
	return (store_child_put_prefixes(s, SQL_FOUND_ADDR_PUT, f->ifname, NULL, &addrs, err));
}

int
store_found_delete(struct store *s, const char *ifname, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_FOUND_DELETE);

	store_q_text(&q, ifname);
	return (store_q_run(&q, err));
}
