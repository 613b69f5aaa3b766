/*
 * api_support: GET /v1/support: what somebody who is to help must know, and nothing that is nobody's business: no secrets, no hashes of
 * tokens, and no free text of users (descriptions, label values, commands, jail parameters), in which secrets may stand.
 */
#include <string.h>

#include "api/api_codec.h"
#include "api/api_int.h"

#define SHOWN 500

/* Instead of the text: that there is one, and how long. */
static json_t *
redacted(const json_t *text)
{
	size_t n = json_string_length(text);

	return (n == 0 ? json_string("") : json_sprintf("[%zu bytes]", n));
}

static int
redact_values(json_t *map)
{
	const char *key;
	json_t *value;
	void *next;
	int rc = 0;

	json_object_foreach_safe(map, next, key, value)
		rc |= json_object_set_new(map, key, redacted(value));
	return (rc);
}

static int
redact_object(json_t *o)
{
	int rc = redact_values(json_object_get(o, "labels")) | redact_values(json_object_get(o, "params")) |
	    redact_values(json_object_get(o, "exec"));

	if (json_object_get(o, "description") != NULL)
		rc |= json_object_set_new(o, "description", redacted(json_object_get(o, "description")));
	return (rc);
}

static json_t *
topology(struct api *a, struct err *err)
{
	const char *key, *name;
	json_t *doc, *map, *o;
	struct topo t;
	int rc = 0;

	if (store_topo(a->reader, &t, err) == -1)
		return (NULL);
	doc = api_topology_json(&t);
	topo_fini(&t);
	json_object_foreach(doc, key, map) {
		json_object_foreach(map, name, o)
			rc |= redact_object(o);
	}
	if (doc != NULL && rc == 0)
		return (doc);
	json_decref(doc);
	err_nomem(err);
	return (NULL);
}

/* --- lists ------------------------------------------------------------------------------------------------------ */

static int
op_row(void *arg, const struct op_row *op, struct err *err)
{
	static const struct confirm_row nothing;
	struct op_row shown = *op;

	/* a command's own words may hold anything */
	if (shown.err.code == ERR_EXEC)
		err_set(&shown.err, ERR_EXEC, "[redacted]");
	return (json_array_append_new(arg, api_op_json(&shown, &nothing)) == 0 ? 0 : err_nomem(err));
}

static int
drift_row(void *arg, const struct drift_row *d, struct err *err)
{
	return (json_array_append_new(arg, json_pack("{s:o, s:o, s:o, s:o}", "object", codec_text(d->object), "want", codec_text(d->want),
	    "have", codec_text(d->have), "cause", codec_text(d->cause))) == 0 ? 0 : err_nomem(err));
}

static int
status_row(void *arg, const struct status_row *s, struct err *err)
{
	if (strcmp(s->state, "ready") == 0)
		return (0);
	return (json_array_append_new(arg, json_pack("{s:s, s:o, s:s, s:s, s:i, s:o}", "kind", kind_name(s->kind), "name",
	    codec_text(s->name), "state", s->state, "code", err_code_name(s->err.code), "errno", s->err.sys, "reason",
	    codec_text(s->err.code == ERR_EXEC ? "[redacted]" : s->err.msg))) == 0 ? 0 : err_nomem(err));
}

static int
revision_row(void *arg, const struct revision_row *r, struct err *err)
{
	return (json_array_append_new(arg, json_pack("{s:I, s:o, s:o, s:o, s:I, s:I, s:I}", "revision", (json_int_t)r->revision, "at",
	    codec_time_json(r->at), "path", codec_text(r->path), "note", codec_text(r->note), "created", (json_int_t)r->created, "updated",
	    (json_int_t)r->updated, "deleted", (json_int_t)r->deleted)) == 0 ? 0 : err_nomem(err));
}

static json_t *
server(const struct api *a)
{
	struct api_health *h = a->health;

	return (json_pack("{s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:I, s:I, s:I}", "version", a->info->version, "platform",
	    a->info->platform, "http_library", a->info->http_library, "sandbox", a->info->sandbox, "worker", (int)atomic_load(&h->worker),
	    "reconciled", (int)atomic_load(&h->reconciled), "store_ok", (int)atomic_load(&h->store_ok), "draining",
	    (int)atomic_load(&h->draining), "revision", (json_int_t)atomic_load(&h->revision), "applied_revision",
	    (json_int_t)atomic_load(&h->applied_revision), "features", (json_int_t)atomic_load(&h->features)));
}

void
api_support_get(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p, struct api_res *res)
{
	json_t *ops = json_array(), *drift = json_array(), *status = json_array(), *revisions = json_array(), *topo = NULL;
	struct err err;
	int rc;
	(void)r;
	(void)p;

	rc = store_ops(a->reader, SHOWN, op_row, ops, &err) | store_drift(a->reader, drift_row, drift, &err) |
	    store_history_list(a->reader, 0, SHOWN, revision_row, revisions, &err);
	for (int kind = 0; rc == 0 && kind < KIND_COUNT; kind++)
		rc = store_statuses(a->reader, (enum kind)kind, status_row, status, &err);
	if (rc == 0)
		topo = topology(a, &err);
	if (topo == NULL)
		api_answer_err(res, &err, req->request_id);
	else
		api_answer_json(res, 200, json_pack("{s:o, s:O, s:O, s:O, s:O, s:O}", "server", server(a), "topology", topo, "not_ready",
		    status, "drift", drift, "operations", ops, "revisions", revisions), req);
	json_decref(topo);
	json_decref(ops);
	json_decref(drift);
	json_decref(status);
	json_decref(revisions);
}
