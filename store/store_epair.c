/*
 * store_epair: desired epairs and their two ends.
 */
#include "store/store_int.h"

enum { LABELS, ENDS, ADDRS, VLANS };

static void
bind(struct store_q *q, const struct object *o)
{
	store_q_int(q, o->u.epair.mtu);
}

static int
put_end(struct store *s, const struct object *o, int side, struct err *err)
{
	const struct end *e = &o->u.epair.end[side];
	const char *word = store_side_words[side];
	struct store_q q = store_q_open(s, SQL_EPAIR_END_PUT);

	store_q_text(&q, o->name);
	store_q_text(&q, word);
	store_q_text(&q, e->ifname);
	store_q_int(&q, e->ifname_given);
	store_q_mac(&q, &e->mac);
	store_q_int(&q, e->mac_pinned);
	store_q_text(&q, e->bridge);
	store_q_text(&q, e->jail);
	store_q_int(&q, e->up);
	store_q_int(&q, e->port.priv);
	store_q_int(&q, e->port.stp);
	store_q_int(&q, e->port.edge);
	store_q_int(&q, e->port.untagged);
	if (store_q_run(&q, err) == -1 ||
	    store_child_put_prefixes(s, SQL_EPAIR_END_ADDR_PUT, o->name, word, &e->addrs, err) == -1)
		return (-1);
	return (store_child_put_vlans(s, SQL_EPAIR_END_VLAN_PUT, o->name, word, &e->port, err));
}

static int
put_children(struct store *s, const struct object *o, struct err *err)
{
	return (put_end(s, o, END_A, err) == -1 || put_end(s, o, END_B, err) == -1 ? -1 : 0);
}

static int
load_end(struct store_loader *l, struct object *o, int side, struct err *err)
{
	struct end *e = &o->u.epair.end[side];
	const char *word = store_side_words[side];
	struct store_child *c = &l->child[ENDS];
	int rc;

	rc = store_child_next(c, o->name, word, err);
	if (rc == 0)
		return (err_set(err, ERR_STORE, "database holds epair %s without its end %s", o->name, word));
	if (rc == -1)
		return (-1);
	store_q_get_str(&c->q, e->ifname, sizeof(e->ifname));
	e->ifname_given = store_q_get_bool(&c->q);
	store_q_get_mac(&c->q, &e->mac);
	e->mac_pinned = store_q_get_bool(&c->q);
	if (store_child_text(&c->q, o, &e->bridge, err) == -1 || store_child_text(&c->q, o, &e->jail, err) == -1)
		return (-1);
	e->up = store_q_get_bool(&c->q);
	e->port.priv = store_q_get_bool(&c->q);
	e->port.stp = store_q_get_bool(&c->q);
	e->port.edge = store_q_get_bool(&c->q);
	e->port.untagged = (uint16_t)store_q_get_range(&c->q, 0, 4095);
	if (store_q_check(&c->q, err) == -1 || store_child_prefixes(l, &l->child[ADDRS], o, word, &e->addrs, err) == -1)
		return (-1);
	return (store_child_vlans(&l->child[VLANS], o, word, &e->port, err));
}

static int
load(struct store_loader *l, struct object *o, struct err *err)
{
	o->u.epair.mtu = (uint32_t)store_q_get_range(&l->head, 0, MTU_MAX);
	if (store_q_check(&l->head, err) == -1)
		return (-1);
	return (load_end(l, o, END_A, err) == -1 || load_end(l, o, END_B, err) == -1 ? -1 : 0);
}

const struct store_kind store_epair_kind = {
	.head = SQL_EPAIR,
	.has = SQL_EPAIR_HAS,
	.put = SQL_EPAIR_PUT,
	.delete = SQL_EPAIR_DELETE,
	.child = { SQL_EPAIR_LABEL, SQL_EPAIR_END, SQL_EPAIR_END_ADDR, SQL_EPAIR_END_VLAN, SQL_NONE },
	.clear = { SQL_EPAIR_LABEL_CLEAR, SQL_EPAIR_END_CLEAR, SQL_NONE },
	.label_put = SQL_EPAIR_LABEL_PUT,
	.bind = bind,
	.put_children = put_children,
	.load = load,
};
