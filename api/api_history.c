/*
 * api_history: revisions: list, one with its topology, differences between two, and the way back to one.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_codec.h"
#include "api/api_int.h"
#include "api/api_json.h"
#include "core/str.h"

#define NEXT_SIZE 24

char *
api_object_text(const struct object *o)
{
	json_t *j;
	char *text;

	api_json_fresh();
	j = codec_encode(o, false);
	text = api_json_text(j);

	json_decref(j);
	return (text);
}

const char *
api_time_text(int64_t ms, char buf[TIME_SIZE])
{
	return (codec_time(ms, buf));
}

/* --- a revision as a topology --------------------------------------------------------------------------------- */

struct loading {
	struct topo *topo;
	struct errs *errs;
};

static int
load_object(void *arg, enum kind kind, const char *name, const char *text, struct err *err)
{
	struct loading *l = arg;
	struct object *o = NULL;
	json_t *j = NULL;
	char pointer[160];
	struct jd d;
	int rc = -1;

	if (api_json_parse(text, strlen(text), &j, err) == -1)
		goto out;
	snprintf(pointer, sizeof(pointer), "/%s/%s", kind_plural(kind), name);
	jd_init(&d, l->errs, pointer);
	o = codec_decode(kind, name, false, j, &d);
	if (o == NULL || l->errs->n > 0) {
		*err = l->errs->n > 0 ? l->errs->v[0] : (struct err){ .code = ERR_NOMEM, .msg = "out of memory" };
		goto out;
	}
	rc = topo_put(l->topo, o, err);
	if (rc == 0)
		o = NULL;
out:
	object_free(o);
	json_decref(j);
	return (rc);
}

int
api_history_topo(struct store *s, int64_t revision, struct topo *out, struct err *err)
{
	struct errs errs = { .n = 0 };
	struct loading l = { .errs = &errs };
	struct revision_row row;
	int64_t first, last;

	topo_init(out);
	l.topo = out;
	if (store_history_get(s, revision, &row, err) == -1) {
		if (err->code == ERR_NOT_FOUND && store_history_range(s, &first, &last, err) == 0)
			err_set(err, ERR_NOT_FOUND, "there is no revision %lld; %lld to %lld are kept", (long long)revision,
			    (long long)first, (long long)last);
		return (-1);
	}
	if (store_history_at(s, revision, load_object, &l, err) == -1) {
		topo_fini(out);
		topo_init(out);
		return (-1);
	}
	out->revision = revision;
	return (0);
}

/* For readers: all rows of one moment. */
static int
read_topo(struct api *a, int64_t revision, struct topo *out, struct err *err)
{
	int rc;

	if (store_begin(a->reader, err) == -1) {
		topo_init(out);
		return (-1);
	}
	rc = api_history_topo(a->reader, revision, out, err);
	store_rollback(a->reader);
	return (rc);
}

/* --- rollback ------------------------------------------------------------------------------------------------- */

int
api_rollback_fill(struct write *w, struct store *s, int64_t revision, struct err *err)
{
	struct topo t;
	int kind;
	size_t i, n = 0;

	if (api_history_topo(s, revision, &t, err) == -1)
		return (-1);
	for (kind = 0; kind < KIND_COUNT; kind++)
		n += t.n[kind];
	w->objects = calloc(n + 1, sizeof(*w->objects));
	if (w->objects == NULL) {
		topo_fini(&t);
		return (err_nomem(err));
	}
	for (kind = 0; kind < KIND_COUNT; kind++) {
		for (i = 0; i < t.n[kind]; i++)
			w->objects[w->nobjects++] = t.v[kind][i];
	}
	/* they are the write's now */
	t.borrowed = true;
	topo_fini(&t);
	w->verb = WRITE_TOPOLOGY;
	w->rollback = true;
	snprintf(w->note, sizeof(w->note), "rollback to revision %lld", (long long)revision);
	return (0);
}

struct write *
api_rollback_write(struct store *s, int64_t revision, struct errs *errs)
{
	struct write *w;
	struct err err;

	w = calloc(1, sizeof(*w));
	if (w == NULL) {
		errs_add(errs, ERR_NOMEM, "", "out of memory");
		return (NULL);
	}
	w->if_match = -1;
	snprintf(w->actor, sizeof(w->actor), "jailnet");
	snprintf(w->method, sizeof(w->method), "POST");
	snprintf(w->path, sizeof(w->path), "/v1/topology/rollback");
	if (api_rollback_fill(w, s, revision, &err) == 0)
		return (w);
	errs_add_err(errs, &err);
	write_free(w);
	return (NULL);
}

/* --- answers -------------------------------------------------------------------------------------------------- */

static json_t *
revision_json(const struct revision_row *r)
{
	return (json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I}", "revision", (json_int_t)r->revision, "at",
	    codec_time_json(r->at), "actor", codec_text(r->actor), "method", codec_text_or_null(r->method), "path",
	    codec_text_or_null(r->path), "operation", codec_text_or_null(r->op), "note", codec_text_or_null(r->note), "created",
	    (json_int_t)r->created, "updated", (json_int_t)r->updated, "deleted", (json_int_t)r->deleted));
}

static int
list_row(void *arg, const struct revision_row *r, struct err *err)
{
	struct api_page *page = arg;
	char key[NEXT_SIZE];

	snprintf(key, sizeof(key), "%lld", (long long)r->revision);
	return (api_page_room(page, key) ? api_page_add(page, revision_json(r), err) : 0);
}

void
api_revision_list(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p, struct api_res *res)
{
	struct api_page page;
	int64_t before;
	struct err err;
	int rc;
	(void)r;

	if (!api_page_open(&page, p, req, res) || !api_page_before(&page, req, res, &before))
		return;
	rc = store_history_list(a->reader, before, page.from.limit + 1, list_row, &page, &err);
	res->cacheable = true;
	api_page_answer(&page, rc, &err, a, req, res);
}

/* The revision a path or a parameter names; false: res has the answer. */
static bool
take_revision(const char *text, const char *what, const struct api_req *req, struct api_res *res, int64_t *out)
{
	uint64_t v;

	if (str_u64(text, 0, INT64_MAX, &v) == -1) {
		api_answer_bad(res, 400, req->request_id, "%s wants the number of a revision", what);
		return (false);
	}
	*out = (int64_t)v;
	return (true);
}

static int
change_row(void *arg, enum kind kind, const char *name, const char *text, struct err *err)
{
	char object[96];

	snprintf(object, sizeof(object), "%s/%s", kind_name(kind), name);
	return (json_array_append_new(arg, json_pack("{s:s, s:o}", "op", text == NULL ? "delete" : "put", "object",
	    codec_text(object))) == 0 ? 0 : err_nomem(err));
}

void
api_revision_get(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p, struct api_res *res)
{
	json_t *changes = json_array(), *j = NULL;
	struct revision_row row;
	struct topo t;
	int64_t n;
	struct err err;
	(void)r;

	topo_init(&t);
	if (!take_revision(p->name, "the path", req, res, &n))
		goto out;
	if (read_topo(a, n, &t, &err) == -1 || store_history_get(a->reader, n, &row, &err) == -1 ||
	    store_history_changes(a->reader, n, change_row, changes, &err) == -1) {
		api_answer_err(res, &err, req->request_id);
		goto out;
	}
	j = revision_json(&row);
	if (j != NULL && (json_object_set(j, "changes", changes) != 0 || json_object_set_new(j, "topology", api_topology_json(&t)) != 0)) {
		json_decref(j);
		j = NULL;
	}
	api_answer_json(res, 200, j, req);
	res->cacheable = true;
	api_etag(res, n);
out:
	json_decref(changes);
	topo_fini(&t);
}

/* --- differences ---------------------------------------------------------------------------------------------- */

static int
diff_add(json_t *out, const char *op, const char *object, const char *path, const json_t *from, const json_t *to)
{
	json_t *j;

	j = json_pack("{s:s, s:o, s:o, s:O?, s:O?}", "op", op, "object", codec_text(object), "path", codec_text(path), "from", from,
	    "to", to);
	return (json_array_append_new(out, j));
}

/* One line for each leaf that differs; lists count as leaves.  Bounded by the depth of our own objects. */
static int
diff_value(json_t *out, const char *object, const char *path, const json_t *from, const json_t *to)
{
	char inner[192];
	const char *key;
	json_t *value;
	int rc = 0;

	if (json_equal(from, to))
		return (0);
	if (!json_is_object(from) || !json_is_object(to))
		return (diff_add(out, "change", object, path, from, to));
	api_json_each(from, key, value) {
		snprintf(inner, sizeof(inner), "%s/%s", path, key);
		rc |= diff_value(out, object, inner, value, json_object_get(to, key));
	}
	api_json_each(to, key, value) {
		snprintf(inner, sizeof(inner), "%s/%s", path, key);
		if (json_object_get(from, key) == NULL)
			rc |= diff_add(out, "change", object, inner, NULL, value);
	}
	return (rc);
}

/* any: whichever of the two there is */
static int
diff_object(json_t *out, const struct object *any, const struct object *from, const struct object *to)
{
	json_t *a = from != NULL ? codec_encode(from, false) : NULL, *b = to != NULL ? codec_encode(to, false) : NULL;
	char object[96];
	int rc = -1;

	assert(any != NULL);
	if ((from != NULL && a == NULL) || (to != NULL && b == NULL))
		goto out;
	snprintf(object, sizeof(object), "%s/%s", kind_name(any->kind), any->name);
	if (a == NULL || b == NULL)
		rc = diff_add(out, a == NULL ? "create" : "delete", object, "", a, b);
	else
		rc = diff_value(out, object, "", a, b);
out:
	json_decref(a);
	json_decref(b);
	return (rc);
}

static json_t *
diff_topos(const struct topo *from, const struct topo *to)
{
	json_t *out = json_array();
	int kind, rc = 0;
	size_t i;

	for (kind = 0; kind < KIND_COUNT; kind++) {
		for (i = 0; i < from->n[kind]; i++)
			rc |= diff_object(out, from->v[kind][i], from->v[kind][i], topo_find(to, (enum kind)kind, from->v[kind][i]->name));
		for (i = 0; i < to->n[kind]; i++) {
			if (topo_find(from, (enum kind)kind, to->v[kind][i]->name) == NULL)
				rc |= diff_object(out, to->v[kind][i], NULL, to->v[kind][i]);
		}
	}
	if (rc == 0)
		return (out);
	json_decref(out);
	return (NULL);
}

void
api_revision_diff(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p, struct api_res *res)
{
	const char *from = api_query(p, "from"), *to = api_query(p, "to");
	int64_t nfrom, nto = 0;
	struct topo tfrom, tto;
	struct err err;
	(void)r;

	topo_init(&tfrom);
	topo_init(&tto);
	if (from == NULL) {
		api_answer_bad(res, 400, req->request_id, "from is missing: the number of a revision");
		return;
	}
	if (!take_revision(from, "from", req, res, &nfrom) || (to != NULL && !take_revision(to, "to", req, res, &nto)))
		return;
	if ((to == NULL && store_revision(a->reader, &nto, &err) == -1) || read_topo(a, nfrom, &tfrom, &err) == -1 ||
	    read_topo(a, nto, &tto, &err) == -1) {
		api_answer_err(res, &err, req->request_id);
		goto out;
	}
	res->cacheable = true;
	api_answer_json(res, 200, json_pack("{s:I, s:I, s:o}", "from", (json_int_t)nfrom, "to", (json_int_t)nto, "changes",
	    diff_topos(&tfrom, &tto)), req);
out:
	topo_fini(&tfrom);
	topo_fini(&tto);
}

/* --- what waits for its confirmation --------------------------------------------------------------------------- */

void
api_confirm_get(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p, struct api_res *res)
{
	struct confirm_row c;
	struct err err;
	(void)r;
	(void)p;

	if (store_confirm(a->reader, &c, &err) == -1) {
		api_answer_err(res, &err, req->request_id);
		return;
	}
	res->cacheable = true;
	api_answer_json(res, 200, c.revision == 0 ? json_pack("{s:n}", "pending") : json_pack("{s:{s:I, s:I, s:s, s:o, s:o, s:o}}",
	    "pending", "revision", (json_int_t)c.revision, "base", (json_int_t)c.base, "operation", c.op, "actor", codec_text(c.actor),
	    "created_at", codec_time_json(c.created_at), "deadline", codec_time_json(c.deadline)), req);
}
