/*
 * api_finish: the answer to a write, once R knows how it went.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "api/api_codec.h"
#include "api/api_int.h"
#include "api/api_json.h"

/* Only what an answer needs of the request: the type was checked before the write was taken. */
static struct api_req
bare_request(const struct write *w)
{
	return (
	    (struct api_req){ .method = w->method, .target = w->path, .actor = w->actor, .request_id = w->request_id });
}

int
api_refusal(const struct write *w, const struct errs *errs)
{
	const struct err *first = &errs->v[0];

	if (errs->n == 0 || api_verb_asks(w->verb) || (w->import != NULL && api_import_is_answer(errs)))
		return (0);
	if (w->verb == WRITE_SIGN_IN && first->code == ERR_DENIED)
		return (401);
	return (api_status_of(first->code, first->sys));
}

/* What a condition would have to name now. */
static void
etag_now(struct api *a, const struct write *w, char *buf, size_t size)
{
	struct object *o = NULL;
	int64_t revision;
	struct err err;

	buf[0] = '\0';
	if (w->verb == WRITE_TOPOLOGY) {
		if (store_revision(a->reader, &revision, &err) == 0)
			snprintf(buf, size, "\"r%lld\"", (long long)revision);
	} else if (store_object(a->reader, w->kind, w->name, &o, &err) == 0)
		snprintf(buf, size, "\"r%lld\"", (long long)o->revision);
	object_free(o);
}

static void
finish_failed(struct api *a, const struct write *w, const struct outcome *o, struct api_res *res)
{
	struct errs errs = o->errs;
	char prefix[160] = "", etag[24];
	size_t i;

	/* "There is no bridge lan0" would be a strange answer to its deletion. */
	for (i = 0; i < errs.n; i++) {
		if (errs.v[i].code == ERR_IN_USE && w->verb == WRITE_DELETE)
			snprintf(errs.v[i].msg, sizeof(errs.v[i].msg), "%s %s is still used at %.180s",
			    kind_name(w->kind), w->name, errs.v[i].field);
	}
	if (w->verb != WRITE_TOPOLOGY && w->verb != WRITE_CONFIRM)
		snprintf(prefix, sizeof(prefix), "/%s/%s", kind_plural(w->kind), w->name);
	if (errs.n > 0 && errs.v[0].code == ERR_PRECONDITION) {
		etag_now(a, w, etag, sizeof(etag));
		api_problem_stale(res, &errs, prefix, w->request_id, etag);
	} else
		api_problem_errs(res, &errs, prefix, w->request_id);
}

json_t *
api_steps_json(const struct plan *p, int64_t revision)
{
	return (json_pack("{s:I, s:o}", "revision", (json_int_t)revision, "steps", api_plan_steps(p)));
}

static json_t *
probe_json(const struct reply *r)
{
	json_t *rtt = json_array();
	uint32_t i;

	for (i = 0; i < r->received && i < PROBE_MAX; i++)
		json_array_append_new(rtt, json_real(r->rtt_us[i] / 1000.0));
	return (json_pack("{s:I, s:I, s:o, s:o}", "sent", (json_int_t)r->sent, "received", (json_int_t)r->received,
	    "rtt_ms", rtt, "error", codec_text_or_null(r->probe_error)));
}

static json_t *
topology_result(const struct outcome *o)
{
	return (json_pack("{s:I, s:I, s:o, s:o}", "revision", (json_int_t)o->revision, "changed", (json_int_t)o->changed,
	    "operation", codec_text_or_null(o->op), "confirm_by", codec_time_json(o->confirm_by)));
}

static void
object_location(const struct write *w, struct api_res *res)
{
	if (w->kind == KIND_ATTACHMENT)
		snprintf(res->location, sizeof(res->location), "/v1/interfaces/%s/jail", w->name);
	else
		snprintf(res->location, sizeof(res->location), "/v1/%s/%s", kind_plural(w->kind), w->name);
}

static void
finish_backup(const struct outcome *o, const struct write *w, struct api_res *res)
{
	struct err err;

	/* the ticket closes its own */
	res->fd = fcntl(o->fd, F_DUPFD_CLOEXEC, 3);
	if (res->fd == -1) {
		err_sys(&err, "the backup");
		api_answer_err(res, &err, w->request_id);
		return;
	}
	res->has_file = true;
	res->status = 200;
	res->content_type = "application/vnd.sqlite3";
}

static void
finish_done(
    struct api *a, const struct write *w, const struct outcome *o, const struct api_req *req, struct api_res *res)
{
	int64_t revision;
	struct err err;
	json_t *j;

	if (w->verb == WRITE_TOPOLOGY || w->verb == WRITE_CONFIRM) {
		api_answer_json(res, 200, topology_result(o), req);
		api_etag(res, o->revision);
		return;
	}
	if (w->verb == WRITE_BACKUP) {
		finish_backup(o, w, res);
		return;
	}
	if (w->verb == WRITE_DELETE || w->verb == WRITE_DETACH || w->verb == WRITE_PLAN_DELETE) {
		res->status = 204;
		return;
	}
	if (api_object_json(a, req, w->kind, w->name, &j, &revision, &err) == -1) {
		if (w->verb == WRITE_DRIFT_ADOPT && err.code == ERR_NOT_FOUND)
			res->status = 204;
		else
			api_answer_err(res, &err, w->request_id);
		return;
	}
	api_answer_json(res, o->created ? 201 : 200, j, req);
	api_etag(res, revision);
	if (o->created)
		object_location(w, res);
}

static void
finish_plan(struct api *a, const struct write *w, const struct outcome *o, const struct api_req *req, struct api_res *res)
{
	struct err err;
	json_t *j;

	if (api_plan_json(a, o->plan_id, &j, &err) == -1) {
		api_answer_err(res, &err, w->request_id);
		return;
	}
	api_answer_json(res, 201, j, req);
	snprintf(res->location, sizeof(res->location), "/v1/plans/%s", o->plan_id);
}

static bool
finish_op(struct api *a, int status, const struct write *w, const struct outcome *o, const struct api_req *req, struct api_res *res)
{
	struct err err;
	json_t *j;

	if (api_op_load(a, o->op, &j, &err) == -1) {
		api_answer_err(res, &err, w->request_id);
		return (false);
	}
	api_answer_json(res, status, j, req);
	return (true);
}

/* As the first answer was, made from what became of it; when the object is gone meanwhile, what is left is its operation. */
static void
finish_replay(struct api *a, const struct write *w, const struct outcome *o, const struct api_req *req, struct api_res *res)
{
	struct op_row op = { .state = OP_SUCCEEDED };
	struct err err;

	res->replayed = true;
	if (o->op[0] != '\0' && store_op(a->reader, o->op, &op, &err) == -1) {
		api_answer_err(res, &err, w->request_id);
		return;
	}
	if (op.err.code != ERR_NONE) {
		api_answer_err(res, &op.err, w->request_id);
		return;
	}
	finish_done(a, w, o, req, res);
	if (res->status == 404 && o->op[0] != '\0') {
		api_res_fini(res);
		finish_op(a, 200, w, o, req, res);
	}
}

static void
finish_accepted(
    struct api *a, const struct write *w, const struct outcome *o, const struct api_req *req, struct api_res *res)
{
	if (!finish_op(a, 202, w, o, req, res))
		return;
	snprintf(res->location, sizeof(res->location), "/v1/operations/%s", o->op);
	res->retry_after = 1;
}

/* What was sent is told with its defaults: only so can it be compared with what GET tells. */
static json_t *
valid_json(const struct write *w, const struct outcome *o)
{
	json_t *j = json_pack("{s:b, s:I}", "valid", 1, "revision", (json_int_t)o->revision), *doc, *map;
	int kind, rc = 0;
	size_t i;

	if (w->verb != WRITE_TOPOLOGY || w->rollback)
		return (j);
	doc = json_object();
	for (kind = 0; kind < KIND_COUNT; kind++)
		rc |= json_object_set_new(doc, kind_plural((enum kind)kind), json_object());
	for (i = 0; i < w->nobjects; i++) {
		map = json_object_get(doc, kind_plural(w->objects[i]->kind));
		rc |= json_object_set_new(map, w->objects[i]->name, codec_encode(w->objects[i], false));
	}
	rc |= json_object_set_new(j, "topology", doc);
	if (rc == 0)
		return (j);
	json_decref(j);
	return (NULL);
}

/* It is committed: that there is no memory for its answer must not look like a refusal, which would be tried again. */
static void
finish_unsaid(const struct write *w, struct api_res *res)
{
	char detail[160];

	if (res->status < 500 || w->verb == WRITE_BACKUP)
		return;
	snprintf(
	    detail, sizeof(detail), "it is done or under way, only its answer could not be made (HTTP %d): ask for what it changed", res->status);
	api_res_fini(res);
	api_problem(res, 500, "internal", detail, w->request_id);
}

void
api_finish(struct api *a, const struct write *w, const struct outcome *o, struct api_res *res)
{
	struct principal who = { .role = ROLE_VIEWER };
	struct api_req req = bare_request(w);

	/* what he may not see is not in the answer either */
	memcpy(who.selector, w->selector, sizeof(who.selector));
	req.who = &who;
	api_json_fresh();
	res->route = w->route;
	if (verb_is_account(w->verb)) {
		api_account_finish(w, o, &req, res);
		if (o->kind == OUT_DONE)
			finish_unsaid(w, res);
		return;
	}
	if (w->import != NULL) {
		api_import_finish(w, o, &req, res);
		return;
	}
	if (w->verb == WRITE_SUPPORT) {
		/* the less works, the more it is wanted */
		api_support_answer(a, o->counters, res, &req);
		return;
	}
	switch (o->kind) {
	case OUT_FAILED:
		finish_failed(a, w, o, res);
		return;
	case OUT_DONE:
		finish_done(a, w, o, &req, res);
		finish_unsaid(w, res);
		break;
	case OUT_REPLAY:
		finish_replay(a, w, o, &req, res);
		break;
	case OUT_ACCEPTED:
		finish_accepted(a, w, o, &req, res);
		finish_unsaid(w, res);
		break;
	case OUT_VALID:
		api_answer_json(res, 200, valid_json(w, o), &req);
		break;
	case OUT_PLAN:
		if (o->plan_id[0] != '\0') {
			finish_plan(a, w, o, &req, res);
			finish_unsaid(w, res);
			break;
		}
		api_answer_json(res, 200, api_steps_json(&o->plan, o->revision), &req);
		break;
	case OUT_PROBE:
		api_answer_json(res, 200, probe_json(&o->probe), &req);
		break;
	case OUT_FILES:
		api_answer_bad(res, 500, w->request_id, "files nobody asked for");
		break;
	case OUT_COUNTERS:
		if (w->verb == WRITE_METRICS)
			api_metrics_answer(a, o->counters, res, &req);
		else
			api_counters_answer(a, w, o->counters, res, &req);
		break;
	}
	if (w->async)
		snprintf(res->preference_applied, sizeof(res->preference_applied), "respond-async");
	else if (w->waits)
		snprintf(res->preference_applied, sizeof(res->preference_applied), "wait=%d", w->wait_s);
}
