/*
 * api_object: GET of one object and of a list, for all kinds.
 */
#include <stdlib.h>
#include <string.h>

#include "api/api_codec.h"
#include "api/api_int.h"
#include "core/selector.h"

/* --- one ---------------------------------------------------------------------------------------------------- */

/* The effective MTU of an epair depends on the bridges of its ends. */
static int
one_mtu(struct api *a, const struct object *o, uint32_t *mtu, struct err *err)
{
	struct topo bridges;
	struct object *b;
	const char *name;
	int side, rc = -1;

	if (o->kind != KIND_EPAIR)
		return (0);
	topo_init(&bridges);
	for (side = END_A; side <= END_B && o->u.epair.mtu == 0; side++) {
		name = o->u.epair.end[side].bridge;
		if (name == NULL || topo_find(&bridges, KIND_BRIDGE, name) != NULL)
			continue;
		if (store_object(a->reader, KIND_BRIDGE, name, &b, err) == -1)
			goto out;
		if (topo_put(&bridges, b, err) == -1) {
			object_free(b);
			goto out;
		}
	}
	*mtu = epair_mtu(&bridges, o);
	rc = 0;
out:
	topo_fini(&bridges);
	return (rc);
}

int
api_object_json(struct api *a, const struct api_req *req, enum kind kind, const char *name, json_t **out, int64_t *revision, struct err *err)
{
	struct object *o = NULL;
	struct status_row st;
	bool has_status;
	uint32_t mtu = 0;
	int rc = -1;

	if (store_begin(a->reader, err) == -1)
		return (-1);
	if (store_object(a->reader, kind, name, &o, err) == -1) {
		if (err->code == ERR_NOT_FOUND)
			err_set(err, ERR_NOT_FOUND, "there is no %s %s", kind_name(kind), name);
		goto out;
	}
	if (!api_visible(req, &o->labels)) {
		err_set(err, ERR_NOT_FOUND, "there is no %s %s", kind_name(kind), name);
		goto out;
	}
	has_status = store_status(a->reader, kind, name, &st, err) == 0;
	if ((!has_status && err->code != ERR_NOT_FOUND) || one_mtu(a, o, &mtu, err) == -1)
		goto out;
	*revision = o->revision;
	*out = codec_item(o, mtu, has_status ? &st : NULL);
	rc = *out != NULL ? 0 : err_nomem(err);
out:
	object_free(o);
	store_rollback(a->reader);
	return (rc);
}

void
api_object_get(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p,
    struct api_res *res)
{
	struct api_pick pick;
	int64_t revision;
	struct err err;
	json_t *j;

	if (!api_pick_read(p, req, r->kind, &pick, res))
		return;
	if (api_object_json(a, req, r->kind, p->name, &j, &revision, &err) == -1) {
		api_answer_err(res, &err, req->request_id);
		return;
	}
	api_etag(res, revision);
	/* the ETag says nothing of the status */
	if (pick.spec && api_not_modified(req, res)) {
		json_decref(j);
		return;
	}
	res->cacheable = true;
	api_answer_json(res, 200, api_pick(j, &pick), req);
}

/* --- list --------------------------------------------------------------------------------------------------- */

struct listing {
	struct topo bridges;	/* of an epair list: for the effective MTU */
	struct status_row *st;
	size_t nst, room;
	json_t *items;
	const struct api_req *req;
	struct api_pick pick;
	struct page_from from;
	size_t rows;
	/* NULL = any */
	const char *label, *state, *jail, *bridge;
	char last[NAME_SIZE];
	bool has_more;
};

static int
take_bridge(void *arg, struct object *o, struct err *err)
{
	struct listing *l = arg;

	if (topo_put(&l->bridges, o, err) == 0)
		return (0);
	object_free(o);
	return (-1);
}

static int
take_status(void *arg, const struct status_row *r, struct err *err)
{
	struct listing *l = arg;
	struct status_row *v;

	if (l->nst == l->room) {
		l->room = l->room == 0 ? 64 : l->room * 2;
		v = realloc(l->st, l->room * sizeof(*v));
		if (v == NULL)
			return (err_nomem(err));
		l->st = v;
	}
	l->st[l->nst++] = *r;
	return (0);
}

static int
by_name(const void *a, const void *b)
{
	const struct status_row *x = a, *y = b;

	return (strcmp(x->name, y->name));
}

static int
name_of(const void *key, const void *row)
{
	const struct status_row *r = row;

	return (strcmp(key, r->name));
}

static bool
is_there(const char *where, const char *name)
{
	return (where != NULL && strcmp(where, name) == 0);
}

static bool
wanted(const struct listing *l, const struct object *o, const struct status_row *st)
{
	const struct end *e = o->u.epair.end;

	if ((l->label != NULL && !selector_match(l->label, &o->labels)) ||
	    (l->state != NULL && strcmp(st != NULL ? st->state : "pending", l->state) != 0))
		return (false);
	/* the route knows these two for epairs only */
	if (l->jail != NULL && !is_there(e[END_A].jail, l->jail) && !is_there(e[END_B].jail, l->jail))
		return (false);
	return (l->bridge == NULL || is_there(e[END_A].bridge, l->bridge) || is_there(e[END_B].bridge, l->bridge));
}

static bool
is_filtered(const struct listing *l)
{
	return (l->label != NULL || l->state != NULL || l->jail != NULL || l->bridge != NULL);
}

static int
take_object(void *arg, struct object *o, struct err *err)
{
	struct listing *l = arg;
	const struct status_row *st;
	int rc = 0;

	st = l->nst > 0 ? bsearch(o->name, l->st, l->nst, sizeof(*l->st), name_of) : NULL;
	if (l->has_more || !wanted(l, o, st))
		goto out;
	/* One more than the limit is asked for: it only says that there is a next page. */
	if (l->rows++ == l->from.limit) {
		l->has_more = true;
		goto out;
	}
	memcpy(l->last, o->name, sizeof(l->last));
	if (!api_visible(l->req, &o->labels))
		goto out;	/* a page may be short, then */
	if (json_array_append_new(l->items, api_pick(codec_item(o, o->kind == KIND_EPAIR ? epair_mtu(&l->bridges, o) : 0, st), &l->pick)) == -1)
		rc = err_nomem(err);
out:
	object_free(o);
	return (rc);
}

static int
list_read(struct api *a, enum kind kind, const char *after, struct listing *l, struct err *err)
{
	int rc = -1;

	if (store_begin(a->reader, err) == -1)
		return (-1);
	if (kind == KIND_EPAIR && store_objects(a->reader, KIND_BRIDGE, "", LIMIT_BRIDGES, take_bridge, l, err) == -1)
		goto out;
	if (store_statuses(a->reader, kind, take_status, l, err) == -1)
		goto out;
	if (l->nst > 0)
		qsort(l->st, l->nst, sizeof(*l->st), by_name);
	rc = store_objects(a->reader, kind, after, is_filtered(l) ? SIZE_MAX : l->from.limit + 1, take_object, l, err);
out:
	store_rollback(a->reader);
	return (rc);
}

/* A filter that nothing can match is a typo; false: res has the 400. */
static bool
filters_ok(const struct listing *l, const struct api_req *req, struct api_res *res)
{
	static const char *const states[] = { "pending", "applying", "ready", "waiting", "failed", "stopped", NULL };
	size_t i = 0;

	while (l->state != NULL && states[i] != NULL && strcmp(states[i], l->state) != 0)
		i++;
	if (l->state != NULL && states[i] == NULL)
		api_answer_bad(res, 400, req->request_id, "state wants pending, applying, ready, waiting, failed or stopped");
	else if ((l->jail != NULL && !name_is_legal(l->jail, NAME_SIZE - 1)) || (l->bridge != NULL && !name_is_legal(l->bridge, NAME_SIZE - 1)))
		api_answer_bad(res, 400, req->request_id, "jail and bridge want a name");
	else
		return (true);
	return (false);
}

void
api_object_list(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p,
    struct api_res *res)
{
	struct listing l = { .items = json_array(), .req = req, .label = api_query(p, "label"), .state = api_query(p, "state"),
		.jail = api_query(p, "jail"), .bridge = api_query(p, "bridge") };
	struct err err;

	topo_init(&l.bridges);
	if (!filters_ok(&l, req, res) || !api_pick_read(p, req, r->kind, &l.pick, res))
		goto out;
	if (l.label != NULL && selector_check(l.label, &err) == -1) {
		api_answer_bad(res, 400, req->request_id, "label: %s", err.msg);
		goto out;
	}
	if (!api_query_page(p, req, &l.from, res))
		goto out;
	if (list_read(a, r->kind, l.from.after, &l, &err) == -1) {
		api_answer_err(res, &err, req->request_id);
		goto out;
	}
	res->cacheable = true;
	api_answer_json(
	    res, 200, api_list(json_incref(l.items), l.has_more ? api_next(&l.from, l.last, res) : json_null(), a), req);
out:
	json_decref(l.items);
	free(l.st);
	topo_fini(&l.bridges);
}
