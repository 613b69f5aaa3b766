/*
 * api_write: the write half of api_begin: headers, query (api_write_head.c) and body become a struct write.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/api_codec.h"
#include "api/api_int.h"
#include "core/str.h"

void
write_free(struct write *w)
{
	size_t i;

	if (w == NULL)
		return;
	for (i = 0; i < w->nobjects; i++)
		object_free(w->objects[i]);
	free(w->objects);
	free(w->patch);
	free(w->import);
	free(w->document);
	free(w->plan_steps);
	if (w->account != NULL)
		explicit_bzero(w->account->secret, sizeof(w->account->secret));
	free(w->account);
	free(w);
}

/* --- body -------------------------------------------------------------------------------------------------- */

static bool
check_body(const struct api_req *req, const struct api_route *r, struct api_res *res)
{
	bool is_patch = r->verb == WRITE_PATCH;
	size_t max = r->verb == WRITE_TOPOLOGY || r->verb == WRITE_PLAN || r->verb == WRITE_IMPORT ? API_TOPOLOGY_MAX : API_BODY_MAX;

	if (!api_verb_has_body(r->verb)) {
		if (req->body_size == 0 || (req->body_size == 2 && memcmp(req->body, "{}", 2) == 0))
			return (true);
		api_answer_bad(res, 400, req->request_id, "this request takes no body");
	} else if (req->body_size == 0)
		api_answer_bad(res, 400, req->request_id, "a JSON body is wanted");
	else if (req->body_size > max)
		api_answer_bad(res, 413, req->request_id, "the body has more than %zu bytes", max);
	else if (req->content_type == NULL ? !req->local : !api_content_ok(req->content_type, is_patch))
		api_answer_bad(res, 415, req->request_id, "the body wants Content-Type: application/json in UTF-8");
	else
		return (true);
	return (false);
}

static int
add_object(struct write *w, enum kind kind, const char *name, bool is_path, const json_t *j, struct jd *d)
{
	struct object *o = codec_decode(kind, name, is_path, j, d);

	if (o == NULL)
		return (-1);
	/* Without its name (there was an error) pointers into the topology would lead nowhere. */
	if (!is_path && strcmp(o->name, name) != 0)
		object_free(o);
	else
		w->objects[w->nobjects++] = o;
	return (0);
}

static size_t
topology_count(const json_t *j)
{
	size_t n = 0;
	int kind;

	for (kind = 0; kind < KIND_COUNT; kind++)
		n += json_object_size(json_object_get(j, kind_plural((enum kind)kind)));
	return (n);
}

static void
take_topology(struct write *w, const json_t *j, struct jd *d)
{
	static const size_t limits[KIND_COUNT] = { LIMIT_BRIDGES, LIMIT_EPAIRS, LIMIT_JAILS, LIMIT_ATTACHMENTS };
	const char *known[KIND_COUNT + 1] = { NULL };
	const char *name;
	const json_t *map;
	json_t *value;
	size_t mark, inner;
	int kind;

	if (!jd_is_object(d, j))
		return;
	w->objects = calloc(topology_count(j) + 1, sizeof(*w->objects));
	if (w->objects == NULL) {
		jd_nomem(d);
		return;
	}
	for (kind = 0; kind < KIND_COUNT; kind++) {
		known[kind] = kind_plural((enum kind)kind);
		map = jd_object(d, j, known[kind], limits[kind]);
		if (map == NULL)
			continue;
		mark = jd_push(d, known[kind]);
		api_json_each(map, name, value) {
			if (d->errs->more > 0)
				break;	/* nobody is told more */
			inner = jd_push(d, name);
			add_object(w, (enum kind)kind, name, false, value, d);
			jd_pop(d, inner);
		}
		jd_pop(d, mark);
	}
	jd_known(d, j, known, NULL);
}

static void
take_probe(struct write *w, const json_t *j, struct jd *d)
{
	static const char *const known[] = { "to", "count", "interval_ms", "timeout_ms", NULL };
	struct cmd_probe *p = &w->probe;

	*p = (struct cmd_probe){ .count = 3, .interval_ms = 200, .timeout_ms = 1000 };
	memcpy(p->jail, w->name, sizeof(p->jail));
	if (!jd_is_object(d, j))
		return;
	jd_ip(d, j, "to", &p->to);
	if (json_object_get(j, "to") == NULL)
		jd_error_at(d, "to", ERR_INVALID, "is missing");
	jd_u32(d, j, "count", 1, PROBE_MAX, &p->count);
	jd_u32(d, j, "interval_ms", 1, 10000, &p->interval_ms);
	jd_u32(d, j, "timeout_ms", 1, 10000, &p->timeout_ms);
	jd_known(d, j, known, NULL);
}

/* The text is kept: it can only be merged against the object that R sees. */
static void
take_patch(struct write *w, const json_t *j, const struct api_req *req, struct jd *d)
{
	if (!jd_is_object(d, j))
		return;
	w->patch = malloc(req->body_size);
	if (w->patch == NULL) {
		jd_nomem(d);
		return;
	}
	memcpy(w->patch, req->body, req->body_size);
	w->patch_size = req->body_size;
}

static void
take_one(struct write *w, const json_t *j, struct jd *d)
{
	w->objects = calloc(1, sizeof(*w->objects));
	if (w->objects == NULL) {
		jd_nomem(d);
		return;
	}
	if (add_object(w, w->kind, w->verb == WRITE_CREATE ? NULL : w->name, true, j, d) == 0 &&
	    w->verb == WRITE_CREATE)
		memcpy(w->name, w->objects[0]->name, sizeof(w->name));
}

/* The objects of the revision to go back to. */
static void
take_rollback(struct api *a, struct write *w, const json_t *j, struct jd *d)
{
	static const char *const known[] = { "revision", NULL };
	const json_t *n;
	struct err err;
	int rc;

	if (!jd_is_object(d, j))
		return;
	n = json_object_get(j, "revision");
	jd_known(d, j, known, NULL);
	if (!json_is_integer(n) || json_integer_value(n) < 0) {
		jd_error_at(d, "revision", ERR_INVALID, "wants the number of a revision");
		return;
	}
	rc = store_begin(a->reader, &err);
	if (rc == 0) {
		rc = api_rollback_fill(w, a->reader, json_integer_value(n), &err);
		store_rollback(a->reader);
	}
	if (rc == -1)
		jd_error_at(d, "revision", err.code == ERR_NOT_FOUND ? ERR_REFERENCE : err.code, "%s", err.msg);
}

/* The text is kept: it is what will be applied. */
static void
take_plan(struct write *w, const json_t *j, const struct api_req *req, struct jd *d)
{
	take_topology(w, j, d);
	w->document = strndup(req->body, req->body_size);
	if (w->document == NULL)
		jd_nomem(d);
	w->verb = WRITE_TOPOLOGY;
	w->dry_run = DRY_PLAN;
}

/* The object a drift is about: "epair:web0". */
static bool
take_drift(struct write *w)
{
	const char *colon = strchr(w->name, ':');
	size_t len = colon != NULL ? (size_t)(colon - w->name) : 0;

	for (int kind = 0; len > 0 && kind < KIND_COUNT; kind++) {
		const char *word = kind_name((enum kind)kind);

		if (strlen(word) == len && strncmp(w->name, word, len) == 0) {
			w->kind = (enum kind)kind;
			memmove(w->name, colon + 1, strlen(colon + 1) + 1);
			return (true);
		}
	}
	return (false);
}

static bool
take_kept_plan(struct api *a, const struct api_req *req, struct write *w, struct errs *errs, struct api_res *res)
{
	json_t *j = NULL;
	struct err err;
	struct jd d;

	if (api_plan_fill(a, w, &err) == -1 || api_json_parse(w->document, strlen(w->document), &j, &err) == -1) {
		api_answer_err(res, &err, req->request_id);
		return (false);
	}
	jd_init(&d, errs, "");
	take_topology(w, j, &d);
	w->verb = WRITE_TOPOLOGY;
	json_decref(j);
	return (true);
}

static void
take_body(struct api *a, struct write *w, const json_t *j, const struct api_req *req, struct errs *errs)
{
	struct jd d;

	jd_init(&d, errs, "");
	if (w->verb == WRITE_TOPOLOGY)
		take_topology(w, j, &d);
	else if (w->verb == WRITE_PROBE)
		take_probe(w, j, &d);
	else if (w->verb == WRITE_ROLLBACK)
		take_rollback(a, w, j, &d);
	else if (w->verb == WRITE_PLAN)
		take_plan(w, j, req, &d);
	else if (w->verb == WRITE_PATCH || w->verb == WRITE_IMPORT)
		take_patch(w, j, req, &d);
	else
		take_one(w, j, &d);
}

/* Who asks for what; NULL = out of memory. */
static struct write *
write_of(const struct api_req *req, const struct api_route *r, const struct api_params *p)
{
	struct write *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return (NULL);
	w->route = r;
	w->verb = r->verb;
	w->kind = r->kind;
	memcpy(w->name, p->name, sizeof(w->name));
	snprintf(w->actor, sizeof(w->actor), "%s", req->actor);
	snprintf(w->method, sizeof(w->method), "%s", req->method);
	snprintf(w->path, sizeof(w->path), "%.*s", (int)strcspn(req->target, "?"), req->target);
	snprintf(w->request_id, sizeof(w->request_id), "%s", req->request_id != NULL ? req->request_id : "");
	snprintf(w->selector, sizeof(w->selector), "%s", req->who != NULL ? req->who->selector : "");
	return (w);
}

/* What is to be written: from the body, a kept plan or the path.  False: res has the answer; errs are not answered yet. */
static bool
take_content(struct api *a, const struct api_req *req, struct write *w, struct errs *errs, struct api_res *res)
{
	json_t *j = NULL;
	struct err err;

	if (api_verb_has_body(w->verb)) {
		if (api_json_parse(req->body, req->body_size, &j, &err) == -1) {
			api_answer_err(res, &err, req->request_id);
			return (false);
		}
		take_body(a, w, j, req, errs);
		json_decref(j);
	}
	if (w->verb == WRITE_PLAN_APPLY)
		return (take_kept_plan(a, req, w, errs, res));
	if ((w->verb == WRITE_DRIFT_REPAIR || w->verb == WRITE_DRIFT_ADOPT) && !take_drift(w)) {
		api_answer_bad(res, 404, req->request_id, "there is no drift %s", w->name);
		return (false);
	}
	return (true);
}

bool
api_write_new(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p,
    struct api_res *res, struct write **out)
{
	struct errs errs = { .n = 0 };
	struct write *w;

	if (r->verb == WRITE_TAKEOVER && req->who != NULL && req->who->selector[0] != '\0') {
		api_answer_bad(res, 403, req->request_id, "an import concerns the whole topology; you may see a part of it");
		return (false);
	}
	if (!check_body(req, r, res))
		return (false);
	w = write_of(req, r, p);
	if (w == NULL) {
		api_problem(res, 503, "nomem", NULL, req->request_id);
		return (false);
	}
	if (!api_write_head(req, p, w, res) || !take_content(a, req, w, &errs, res))
		goto fail;
	if (errs.n > 0) {
		for (size_t i = 0; i < w->nobjects; i++)
			codec_check_rest(w->objects[i], w->verb != WRITE_TOPOLOGY, &errs);
		api_problem_errs(res, &errs, NULL, req->request_id);
		goto fail;
	}
	*out = w;
	return (true);
fail:
	write_free(w);
	return (false);
}
