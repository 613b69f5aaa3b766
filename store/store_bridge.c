/*
 * store_bridge: desired bridges, their addresses, members and members' VLANs.
 */
#include "store/store_int.h"

#include "core/str.h"

enum { LABELS, ADDRS, MEMBERS, VLANS };

static const char *const backends[] = { [BACKEND_IF_BRIDGE] = "if_bridge", [BACKEND_NETGRAPH] = "netgraph" };

static void
bind(struct store_q *q, const struct object *o)
{
	const struct bridge *b = &o->u.bridge;

	store_q_int(q, b->mtu);
	store_q_int(q, b->stp);
	store_q_int(q, b->vlan_filter);
	store_q_text(q, backends[b->backend]);
	store_q_mac(q, &b->mac);
	store_q_int(q, b->mac_pinned);
}

static int
put_member(struct store *s, const struct object *o, const struct member *m, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_BRIDGE_MEMBER_PUT);

	store_q_text(&q, o->name);
	store_q_text(&q, m->ifname);
	store_q_int(&q, m->port.priv);
	store_q_int(&q, m->port.stp);
	store_q_int(&q, m->port.edge);
	store_q_int(&q, m->port.untagged);
	if (store_q_run(&q, err) == -1)
		return (-1);
	return (store_child_put_vlans(s, SQL_BRIDGE_MEMBER_VLAN_PUT, o->name, m->ifname, &m->port, err));
}

static int
put_children(struct store *s, const struct object *o, struct err *err)
{
	const struct bridge *b = &o->u.bridge;
	size_t i;

	for (i = 0; i < b->nmembers; i++)
		if (put_member(s, o, &b->members[i], err) == -1)
			return (-1);
	return (store_child_put_prefixes(s, SQL_BRIDGE_ADDR_PUT, o->name, NULL, &b->addrs, err));
}

static int
load_member(struct store_loader *l, struct object *o, struct member *m, struct err *err)
{
	struct store_q *q = &l->child[MEMBERS].q;

	*m = (struct member){ 0 };
	if (store_child_text(q, o, &m->ifname, err) == -1)
		return (-1);
	m->port.priv = store_q_get_bool(q);
	m->port.stp = store_q_get_bool(q);
	m->port.edge = store_q_get_bool(q);
	m->port.untagged = (uint16_t)store_q_get_range(q, 0, 4095);
	if (store_q_check(q, err) == -1)
		return (-1);
	return (store_child_vlans(&l->child[VLANS], o, m->ifname, &m->port, err));
}

static int
load_members(struct store_loader *l, struct object *o, struct err *err)
{
	struct member m;
	int rc;

	l->items->n = 0;
	while ((rc = store_child_next(&l->child[MEMBERS], o->name, NULL, err)) == 1)
		if (load_member(l, o, &m, err) == -1 || store_vec_add(l->items, &m, sizeof(m), err) == -1)
			return (-1);
	if (rc == -1 || l->items->n == 0)
		return (rc);
	o->u.bridge.members = arena_memdup(&o->arena, l->items->v, l->items->n * sizeof(m));
	if (o->u.bridge.members == NULL)
		return (err_nomem(err));
	o->u.bridge.nmembers = l->items->n;
	return (0);
}

static int
load(struct store_loader *l, struct object *o, struct err *err)
{
	struct bridge *b = &o->u.bridge;
	struct store_q *q = &l->head;

	b->mtu = (uint32_t)store_q_get_range(q, 0, MTU_MAX);
	b->stp = store_q_get_bool(q);
	b->vlan_filter = store_q_get_bool(q);
	b->backend = (enum backend)store_q_get_word(q, backends, NELEMS(backends));
	store_q_get_mac(q, &b->mac);
	b->mac_pinned = store_q_get_bool(q);
	if (store_q_check(q, err) == -1 || store_child_prefixes(l, &l->child[ADDRS], o, NULL, &b->addrs, err) == -1)
		return (-1);
	return (load_members(l, o, err));
}

const struct store_kind store_bridge_kind = {
	.head = SQL_BRIDGE,
	.has = SQL_BRIDGE_HAS,
	.put = SQL_BRIDGE_PUT,
	.delete = SQL_BRIDGE_DELETE,
	.child = { SQL_BRIDGE_LABEL, SQL_BRIDGE_ADDR, SQL_BRIDGE_MEMBER, SQL_BRIDGE_MEMBER_VLAN, SQL_NONE },
	.clear = { SQL_BRIDGE_LABEL_CLEAR, SQL_BRIDGE_ADDR_CLEAR, SQL_BRIDGE_MEMBER_CLEAR, SQL_NONE },
	.label_put = SQL_BRIDGE_LABEL_PUT,
	.bind = bind,
	.put_children = put_children,
	.load = load,
};
