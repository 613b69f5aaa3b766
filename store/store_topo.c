/*
 * store_topo: desired objects, what all kinds share.  A list is read by running the statement of the kind's table and
 * those of its child tables side by side, all in name order, each once.
 */
#include "store/store_int.h"

#include "core/str.h"

/* After every legal name. */
#define LAST "\177"

static const struct store_kind *const kinds[KIND_COUNT] = {
	[KIND_BRIDGE] = &store_bridge_kind,
	[KIND_EPAIR] = &store_epair_kind,
	[KIND_JAIL] = &store_jail_kind,
	[KIND_ATTACHMENT] = &store_attachment_kind,
};

static void
loader_close(struct store_loader *l)
{
	int i;

	store_q_close(&l->head);
	for (i = 0; i < STORE_CHILDREN && l->k->child[i] != SQL_NONE; i++)
		store_q_close(&l->child[i].q);
}

/* lo and hi must outlive the loader. */
static void
loader_open(struct store_loader *l, struct store *s, enum kind kind, const char *lo, const char *hi, size_t limit)
{
	int i;

	*l = (struct store_loader){ .s = s, .k = kinds[kind], .items = &s->items };
	l->head = store_q_open(s, l->k->head);
	store_q_text(&l->head, lo);
	store_q_text(&l->head, hi);
	store_q_int(&l->head, limit > INT64_MAX ? -1 : (int64_t)limit);
	for (i = 0; i < STORE_CHILDREN && l->k->child[i] != SQL_NONE; i++) {
		l->child[i].open = true;
		l->child[i].q = store_q_open(s, l->k->child[i]);
		store_q_text(&l->child[i].q, lo);
		store_q_text(&l->child[i].q, hi);
	}
}

/* 1 = *out is the caller's, 0 = no more, -1 = error. */
static int
loader_next(struct store_loader *l, enum kind kind, struct object **out, struct err *err)
{
	struct store_q *q = &l->head;
	char name[NAME_SIZE];
	struct object *o;
	int rc;

	rc = store_q_row(q, err);
	if (rc != 1)
		return (rc);
	STORE_GET_STR(q, name);
	if (store_q_check(q, err) == -1)
		return (-1);
	o = object_new(kind, name);
	if (o == NULL)
		return (err_nomem(err));
	STORE_GET_STR(q, o->id);
	o->revision = store_q_get_int(q);
	o->created_at = store_q_get_int(q);
	o->updated_at = store_q_get_int(q);
	if (store_child_text(q, o, &o->description, err) == -1 || l->k->load(l, o, err) == -1 ||
	    store_child_pairs(l, &l->child[0], o, &o->labels, err) == -1) {
		object_free(o);
		return (-1);
	}
	*out = o;
	return (1);
}

/* Objects lo..hi to the callback, which owns them. */
static int
load_range(struct store *s, enum kind kind, const char *lo, const char *hi, size_t limit,
    int (*each)(void *arg, struct object *o, struct err *err), void *arg, struct err *err)
{
	struct store_loader l;
	struct object *o = NULL;
	bool own;
	int rc;

	if (store_read_begin(s, &own, err) == -1)
		return (-1);
	loader_open(&l, s, kind, lo, hi, limit);
	while ((rc = loader_next(&l, kind, &o, err)) == 1)
		if (each(arg, o, err) == -1) {
			rc = -1;
			break;
		}
	loader_close(&l);
	store_read_end(s, own);
	return (rc);
}

int
store_objects(struct store *s, enum kind kind, const char *after, size_t limit,
    int (*each)(void *arg, struct object *o, struct err *err), void *arg, struct err *err)
{
	char lo[PATH_SIZE];

	/* The first name that can follow 'after'. */
	if (str_format(lo, sizeof(lo), "%s%s", after, after[0] == '\0' ? "" : "\001") == -1)
		return (err_set(err, ERR_INVALID, "no name is as long as \"%.80s...\"", after));
	return (load_range(s, kind, lo, LAST, limit, each, arg, err));
}

static int
take_one(void *arg, struct object *o, struct err *err)
{
	struct object **out = arg;

	(void)err;
	*out = o;
	return (0);
}

int
store_object(struct store *s, enum kind kind, const char *name, struct object **out, struct err *err)
{
	struct object *o = NULL;

	if (load_range(s, kind, name, name, 1, take_one, &o, err) == -1) {
		object_free(o);
		return (-1);
	}
	if (o == NULL)
		return (err_set(err, ERR_NOT_FOUND, "there is no %s named %s", kind_name(kind), name));
	*out = o;
	return (0);
}

static int
has(struct store *s, const struct store_kind *k, const char *name, bool *out, struct err *err)
{
	struct store_q q = store_q_open(s, k->has);
	int rc;

	store_q_text(&q, name);
	rc = store_q_row(&q, err);
	store_q_close(&q);
	*out = rc == 1;
	return (rc == -1 ? store_stick(s, err) : 0);
}

/* Same MACs and interface names, which object_equal leaves to us. */
static bool
same_ends(const struct object *a, const struct object *b)
{
	const struct end *x, *y;
	int side;

	for (side = 0; a->kind == KIND_EPAIR && side <= END_B; side++) {
		x = &a->u.epair.end[side];
		y = &b->u.epair.end[side];
		if (!mac_equal(&x->mac, &y->mac) || x->ifname_given != y->ifname_given)
			return (false);
	}
	return (true);
}

/* Empties the child tables, unless what they hold is right already; then *keep. */
static int
clear(struct store *s, const struct object *o, bool *keep, struct err *err)
{
	const struct store_kind *k = kinds[o->kind];
	struct object *old = NULL;
	struct store_q q;
	int i;

	if (store_object(s, o->kind, o->name, &old, err) == -1 || old == NULL)
		return (store_stick(s, err));
	*keep = object_equal(old, o) && same_ends(old, o);
	object_free(old);
	for (i = 0; !*keep && i < STORE_CHILDREN && k->clear[i] != SQL_NONE; i++) {
		q = store_q_open(s, k->clear[i]);
		store_q_text(&q, o->name);
		if (store_q_run(&q, err) == -1)
			return (-1);
	}
	return (0);
}

int
store_object_put(struct store *s, const struct object *o, struct err *err)
{
	const struct store_kind *k = kinds[o->kind];
	struct err local;
	struct store_q q;
	bool there, keep = false;

	if (err == NULL)
		err = &local;
	if (has(s, k, o->name, &there, err) == -1 || (there && clear(s, o, &keep, err) == -1))
		return (-1);
	q = store_q_open(s, k->put);
	store_q_text(&q, o->name);
	store_q_text(&q, o->id);
	store_q_int(&q, o->revision);
	store_q_int(&q, o->created_at);
	store_q_int(&q, o->updated_at);
	store_q_text(&q, o->description);
	k->bind(&q, o);
	if (store_q_run(&q, err) == -1 || (!keep && k->put_children(s, o, err) == -1) ||
	    (!keep && store_child_put_pairs(s, k->label_put, o->name, &o->labels, err) == -1))
		return (err_wrap(err, "%s %s", kind_name(o->kind), o->name));
	return (0);
}

int
store_object_delete(struct store *s, enum kind kind, const char *name, struct err *err)
{
	struct store_q q = store_q_open(s, kinds[kind]->delete);

	store_q_text(&q, name);
	return (store_q_run(&q, err));
}

int
store_revision(struct store *s, int64_t *out, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_REVISION);
	int64_t v = 0;
	int rc;

	rc = store_q_row(&q, err);
	if (rc == 1)
		v = store_q_get_int(&q);
	store_q_close(&q);
	if (rc == 0)
		return (err_set(err, ERR_STORE, "database holds no revision"));
	if (rc == 1)
		*out = v;
	return (rc == 1 ? 0 : -1);
}

int
store_revision_set(struct store *s, int64_t revision, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_REVISION_SET);

	store_q_int(&q, revision);
	return (store_q_run(&q, err));
}

static int
into_topo(void *arg, struct object *o, struct err *err)
{
	if (topo_put(arg, o, err) == 0)
		return (0);
	object_free(o);
	return (-1);
}

int
store_topo(struct store *s, struct topo *out, struct err *err)
{
	int kind, rc = -1;
	bool own;

	topo_init(out);
	if (store_read_begin(s, &own, err) == -1)
		return (-1);
	for (kind = 0; kind < KIND_COUNT; kind++)
		if (load_range(s, (enum kind)kind, "", LAST, SIZE_MAX, into_topo, out, err) == -1)
			goto out;
	if (store_found_load(s, out, err) == -1 || store_revision(s, &out->revision, err) == -1)
		goto out;
	rc = 0;
out:
	store_read_end(s, own);
	if (rc == -1)
		topo_fini(out);
	return (rc);
}
