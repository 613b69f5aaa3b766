/*
 * store_attachment: foreign interfaces that live in a jail.
 */
#include "store/store_int.h"

enum { LABELS, ADDRS };

static void
bind(struct store_q *q, const struct object *o)
{
	store_q_text(q, o->u.attachment.jail);
}

static int
put_children(struct store *s, const struct object *o, struct err *err)
{
	return (store_child_put_prefixes(s, SQL_ATTACHMENT_ADDR_PUT, o->name, NULL, &o->u.attachment.addrs, err));
}

static int
load(struct store_loader *l, struct object *o, struct err *err)
{
	if (store_child_text(&l->head, o, &o->u.attachment.jail, err) == -1)
		return (-1);
	return (store_child_prefixes(l, &l->child[ADDRS], o, NULL, &o->u.attachment.addrs, err));
}

const struct store_kind store_attachment_kind = {
	.head = SQL_ATTACHMENT,
	.has = SQL_ATTACHMENT_HAS,
	.put = SQL_ATTACHMENT_PUT,
	.delete = SQL_ATTACHMENT_DELETE,
	.child = { SQL_ATTACHMENT_LABEL, SQL_ATTACHMENT_ADDR, SQL_NONE },
	.clear = { SQL_ATTACHMENT_LABEL_CLEAR, SQL_ATTACHMENT_ADDR_CLEAR, SQL_NONE },
	.label_put = SQL_ATTACHMENT_LABEL_PUT,
	.bind = bind,
	.put_children = put_children,
	.load = load,
};
