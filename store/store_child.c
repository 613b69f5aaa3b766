/*
 * store_child: the lists inside objects, one row per item.
 */
#include "store/store_int.h"

#include <stdlib.h>
#include <string.h>

int
store_vec_add(struct store_vec *v, const void *item, size_t size, struct err *err)
{
	size_t used = v->n * size, room = v->room == 0 ? 1024 : v->room * 2;
	void *p;

	if (used + size > v->room) {
		p = realloc(v->v, room);
		if (p == NULL)
			return (err_nomem(err));
		v->v = p;
		v->room = room;
	}
	memcpy((char *)v->v + used, item, size);
	v->n++;
	return (0);
}

/* Where the waiting row stands: before, at or after the owner.  Its key columns are taken. */
static int
compare(struct store_q *q, const char *owner, const char *sub)
{
	const char *text;
	int c;

	q->col = 0;
	text = store_q_get_text(q);
	c = strcmp(text == NULL ? "" : text, owner);
	if (c != 0 || sub == NULL)
		return (c);
	text = store_q_get_text(q);
	return (strcmp(text == NULL ? "" : text, sub));
}

int
store_child_next(struct store_child *c, const char *owner, const char *sub, struct err *err)
{
	int at, rc;

	while (c->open) {
		if (!c->have) {
			rc = store_q_row(&c->q, err);
			c->open = rc == 1;
			if (rc != 1)
				return (rc);
		}
		at = compare(&c->q, owner, sub);
		c->have = at > 0;
		if (at > 0)
			return (0);
		if (at == 0)
			return (1);
	}
	return (0);
}

int
store_child_prefixes(struct store_loader *l, struct store_child *c, struct object *o, const char *sub,
    struct prefixes *out, struct err *err)
{
	struct prefix p;
	int rc;

	l->items->n = 0;
	while ((rc = store_child_next(c, o->name, sub, err)) == 1) {
		store_q_get_prefix(&c->q, &p);
		if (store_q_check(&c->q, err) == -1 || store_vec_add(l->items, &p, sizeof(p), err) == -1)
			return (-1);
	}
	if (rc == 0 && l->items->n > 0 && object_prefixes(o, out, l->items->v, l->items->n) == -1)
		return (err_nomem(err));
	return (rc);
}

int
store_child_text(struct store_q *q, struct object *o, const char **field, struct err *err)
{
	const char *text = store_q_get_text(q);

	if (store_q_check(q, err) == -1)
		return (-1);
	/* Most are empty: those need no memory. */
	if (text != NULL && text[0] == '\0')
		*field = "";
	else if (object_str(o, field, text) == -1)
		return (err_nomem(err));
	return (0);
}

int
store_child_pairs(struct store_loader *l, struct store_child *c, struct object *o, struct pairs *out, struct err *err)
{
	struct pair p;
	int rc;

	l->items->n = 0;
	while ((rc = store_child_next(c, o->name, NULL, err)) == 1)
		if (store_child_text(&c->q, o, &p.key, err) == -1 || store_child_text(&c->q, o, &p.value, err) == -1 ||
		    store_vec_add(l->items, &p, sizeof(p), err) == -1)
			return (-1);
	if (rc == -1 || l->items->n == 0)
		return (rc);
	/* Already sorted, and the strings are the object's: object_pairs would copy them once more. */
	out->v = arena_memdup(&o->arena, l->items->v, l->items->n * sizeof(p));
	if (out->v == NULL)
		return (err_nomem(err));
	out->n = l->items->n;
	return (0);
}

int
store_child_vlans(struct store_child *c, struct object *o, const char *sub, struct port *port, struct err *err)
{
	uint16_t vlans[4096];
	size_t n = 0;
	int rc;

	/* The primary key keeps them apart, so 4096 is enough. */
	while (n < 4096 && (rc = store_child_next(c, o->name, sub, err)) == 1) {
		vlans[n++] = (uint16_t)store_q_get_range(&c->q, 0, 4095);
		if (store_q_check(&c->q, err) == -1)
			return (-1);
	}
	if (rc == 0 && n > 0 && object_tagged(o, port, vlans, n) == -1)
		return (err_nomem(err));
	return (rc == 1 ? 0 : rc);
}

int
store_child_put_prefixes(
    struct store *s, enum store_sql id, const char *owner, const char *sub, const struct prefixes *v, struct err *err)
{
	struct store_q q;
	size_t i;

	for (i = 0; i < v->n; i++) {
		q = store_q_open(s, id);
		store_q_text(&q, owner);
		if (sub != NULL)
			store_q_text(&q, sub);
		store_q_int(&q, (int64_t)i);
		store_q_prefix(&q, &v->v[i]);
		if (store_q_run(&q, err) == -1)
			return (-1);
	}
	return (0);
}

int
store_child_put_pairs(struct store *s, enum store_sql id, const char *owner, const struct pairs *v, struct err *err)
{
	struct store_q q;
	size_t i;

	for (i = 0; i < v->n; i++) {
		q = store_q_open(s, id);
		store_q_text(&q, owner);
		store_q_text(&q, v->v[i].key);
		store_q_text(&q, v->v[i].value);
		if (store_q_run(&q, err) == -1)
			return (-1);
	}
	return (0);
}

int
store_child_put_vlans(
    struct store *s, enum store_sql id, const char *owner, const char *sub, const struct port *port, struct err *err)
{
	struct store_q q;
	size_t i;

	for (i = 0; i < port->ntagged; i++) {
		q = store_q_open(s, id);
		store_q_text(&q, owner);
		store_q_text(&q, sub);
		store_q_int(&q, port->tagged[i]);
		if (store_q_run(&q, err) == -1)
			return (-1);
	}
	return (0);
}
