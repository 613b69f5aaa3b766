/*
 * store_jail: desired jails, their routes, sysctls and parameters.
 */
#include "store/store_int.h"

enum { LABELS, ROUTES, SYSCTLS, PARAMS };

static const char *const managers[] = { "jailnet", "external" }, *const movers[] = { "jailnet", "manager" };

static void
bind(struct store_q *q, const struct object *o)
{
	const struct jail *j = &o->u.jail;

	store_q_text(q, managers[j->external]);
	store_q_int(q, j->running);
	store_q_int(q, j->forwarding);
	store_q_int(q, j->boot);
	store_q_text(q, j->path);
	store_q_text(q, j->hostname);
	store_q_text(q, j->exec_start);
	store_q_text(q, j->exec_stop);
	store_q_text(q, movers[j->manager_moves]);
}

static int
put_route(struct store *s, const struct object *o, size_t i, struct err *err)
{
	const struct route *r = &o->u.jail.routes[i];
	struct store_q q = store_q_open(s, SQL_JAIL_ROUTE_PUT);

	store_q_text(&q, o->name);
	store_q_int(&q, (int64_t)i);
	store_q_prefix(&q, &r->dst);
	store_q_ip(&q, &r->gateway);
	return (store_q_run(&q, err));
}

static int
put_children(struct store *s, const struct object *o, struct err *err)
{
	const struct jail *j = &o->u.jail;
	size_t i;

	for (i = 0; i < j->nroutes; i++)
		if (put_route(s, o, i, err) == -1)
			return (-1);
	if (store_child_put_pairs(s, SQL_JAIL_SYSCTL_PUT, o->name, &j->sysctls, err) == -1)
		return (-1);
	return (store_child_put_pairs(s, SQL_JAIL_PARAM_PUT, o->name, &j->params, err));
}

static int
load_routes(struct store_loader *l, struct object *o, struct err *err)
{
	struct store_child *c = &l->child[ROUTES];
	struct route r;
	int rc;

	l->items->n = 0;
	while ((rc = store_child_next(c, o->name, NULL, err)) == 1) {
		store_q_get_prefix(&c->q, &r.dst);
		store_q_get_ip(&c->q, &r.gateway);
		if (store_q_check(&c->q, err) == -1 || store_vec_add(l->items, &r, sizeof(r), err) == -1)
			return (-1);
	}
	if (rc == 0 && l->items->n > 0 && object_routes(o, l->items->v, l->items->n) == -1)
		return (err_nomem(err));
	return (rc);
}

static int
load(struct store_loader *l, struct object *o, struct err *err)
{
	struct jail *j = &o->u.jail;
	struct store_q *q = &l->head;

	j->external = store_q_get_word(q, managers, 2) == 1;
	j->running = store_q_get_bool(q);
	j->forwarding = store_q_get_bool(q);
	j->boot = (uint32_t)store_q_get_range(q, 0, UINT32_MAX);
	if (store_child_text(q, o, &j->path, err) == -1 || store_child_text(q, o, &j->hostname, err) == -1 ||
	    store_child_text(q, o, &j->exec_start, err) == -1 || store_child_text(q, o, &j->exec_stop, err) == -1)
		return (-1);
	j->manager_moves = store_q_get_word(q, movers, 2) == 1;
	if (load_routes(l, o, err) == -1 || store_child_pairs(l, &l->child[SYSCTLS], o, &j->sysctls, err) == -1)
		return (-1);
	return (store_child_pairs(l, &l->child[PARAMS], o, &j->params, err));
}

const struct store_kind store_jail_kind = {
	.head = SQL_JAIL,
	.has = SQL_JAIL_HAS,
	.put = SQL_JAIL_PUT,
	.delete = SQL_JAIL_DELETE,
	.child = { SQL_JAIL_LABEL, SQL_JAIL_ROUTE, SQL_JAIL_SYSCTL, SQL_JAIL_PARAM, SQL_NONE },
	.clear = { SQL_JAIL_LABEL_CLEAR, SQL_JAIL_ROUTE_CLEAR, SQL_JAIL_SYSCTL_CLEAR, SQL_JAIL_PARAM_CLEAR, SQL_NONE },
	.label_put = SQL_JAIL_LABEL_PUT,
	.bind = bind,
	.put_children = put_children,
	.load = load,
};
