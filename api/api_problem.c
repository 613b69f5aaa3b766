/*
 * api_problem: every problem code with its status and words (RFC 9457), and the one place where errors become answers.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/api_codec.h"
#include "api/api_int.h"
#include "api/api_json.h"
#include "core/str.h"

static const struct problem {
	const char *code;
	int status;
	const char *title;
	bool retryable;
} problems[] = {
	/* In the order of enum err_code, from ERR_SYNTAX on. */
	{ "syntax", 400, "The request cannot be read", false },
	{ "invalid", 422, "A field is not legal", false },
	{ "not_found", 404, "No such object", false },
	{ "reference", 422, "It names something that does not exist", false },
	{ "exists", 409, "The name is taken", false },
	{ "conflict", 409, "It clashes with another object", false },
	{ "in_use", 409, "Others still depend on it", false },
	{ "precondition", 412, "The object has changed", false },
	{ "denied", 403, "Policy forbids it", false },
	{ "limit", 422, "A stated limit is reached", false },
	{ "unsupported", 501, "This platform cannot do it", false },
	{ "busy", 503, "Busy, try again", true },
	{ "timeout", 504, "It took too long", true },
	{ "kernel", 422, "The kernel refused", false },
	{ "exec", 422, "A command inside the jail failed", false },
	{ "store", 500, "The store failed", true },
	{ "proto", 502, "The worker cannot be reached", true },
	{ "nomem", 503, "Out of memory", true },
	{ "internal", 500, "Internal error", false },
	/* No err_code: rules of HTTP. */
	{ "unauthorized", 401, "Who are you?", false },
	{ "forbidden", 403, "Not with these rights", false },
	{ "method", 405, "Not with this method", false },
	{ "gone", 410, "It is not kept any more", false },
	{ "not_acceptable", 406, "Not available in a type you accept", false },
	{ "too_large", 413, "The body is too large", false },
	{ "media_type", 415, "The body has the wrong type", false },
	{ "required", 428, "If-Match is required", false },
	{ "misdirected", 421, "Not a name of this server", false },
	{ "too_many", 429, "Too many requests, slow down", true },
};

static const struct problem *
problem_find(const char *code)
{
	size_t i;

	for (i = 0; i < NELEMS(problems); i++) {
		if (strcmp(problems[i].code, code) == 0)
			return (&problems[i]);
	}
	return (&problems[ERR_INTERNAL - 1]);
}

int
api_status_of(enum err_code code, int sys)
{
	if (code == ERR_STORE && sys == ENOSPC)
		return (507);
	return (problem_find(err_code_name(code))->status);
}

const char *
api_code_of_status(int status)
{
	size_t i;

	/* HTTP's own rules first: 403 is "forbidden", not "denied". */
	for (i = NELEMS(problems); i-- > ERR_INTERNAL;) {
		if (problems[i].status == status)
			return (problems[i].code);
	}
	for (i = 0; i < ERR_INTERNAL; i++) {
		if (problems[i].status == status)
			return (problems[i].code);
	}
	return (status < 500 ? "syntax" : "internal");
}

static json_t *
problem_json(const char *code, int status, const char *detail, const char *request_id, json_t *errors, int sys)
{
	const struct problem *p = problem_find(code);
	char type[64];

	snprintf(type, sizeof(type), "/problems/%s", p->code);
	return (json_pack("{s:s, s:s, s:i, s:o, s:n, s:s, s:o, s:o, s:o, s:o, s:b}", "type", type, "title", p->title,
	    "status", status, "detail", codec_text(detail), "instance", "code", p->code, "request_id",
	    codec_text_or_null(request_id != NULL ? request_id : ""), "errors", errors, "errno",
	    sys != 0 ? json_integer(sys) : json_null(), "kernel_message",
	    sys != 0 ? codec_text(strerror(sys)) : json_null(), "retryable", p->retryable || status == 507));
}

static const char *
strip(const char *pointer, const char *prefix)
{
	size_t len = prefix != NULL ? strlen(prefix) : 0;

	if (len > 0 && strncmp(pointer, prefix, len) == 0 && (pointer[len] == '/' || pointer[len] == '\0'))
		return (pointer + len);
	return (pointer);
}

json_t *
api_problem_json(const struct errs *errs, const char *strip_prefix, const char *request_id, int *status)
{
	static const struct err unknown = { .code = ERR_INTERNAL, .msg = "failed without a reason" };
	const struct err *first = errs->n > 0 ? &errs->v[0] : &unknown;
	json_t *list = json_array(), *j;
	int code, rc = 0;
	size_t i;

	for (i = 0; i < errs->n; i++) {
		const struct err *e = &errs->v[i];

		if (e->field[0] != '\0')
			rc |= json_array_append_new(
			    list, json_pack("{s:o, s:s, s:o}", "pointer", codec_text(strip(e->field, strip_prefix)),
				      "code", err_code_name(e->code), "detail", codec_text(e->msg)));
	}
	if (rc != 0) {
		json_decref(list);
		list = NULL;
	}
	code = api_status_of(first->code, first->sys);
	if (status != NULL)
		*status = code;
	j = problem_json(err_code_name(first->code), code, first->msg, request_id, list, first->sys);
	if (j != NULL && errs->more > 0)
		json_object_set_new(j, "more_errors", json_integer((json_int_t)errs->more));
	return (j);
}

static void
answer(struct api_res *res, int status, json_t *j)
{
	const char *detail = json_string_value(json_object_get(j, "detail"));

	snprintf(res->detail, sizeof(res->detail), "%s", detail != NULL ? detail : "");
	api_res_fini(res);
	res->status = status;
	res->content_type = "application/problem+json";
	res->etag[0] = res->location[0] = res->link[0] = '\0';
	res->cacheable = false;
	if (status == 503 || status == 429)
		res->retry_after = 1;
	res->body = api_json_text(j);
	res->body_size = res->body != NULL ? strlen(res->body) : 0;
	json_decref(j);
}

void
api_problem(struct api_res *res, int status, const char *code, const char *detail, const char *request_id)
{
	api_json_fresh();
	if (code == NULL)
		code = api_code_of_status(status);
	if (detail == NULL)
		detail = problem_find(code)->title;
	answer(res, status, problem_json(code, status, detail, request_id, json_array(), 0));
}

void
api_problem_stale(struct api_res *res, const struct errs *errs, const char *strip_prefix, const char *request_id, const char *etag)
{
	int status;
	json_t *j;

	api_json_fresh();
	j = api_problem_json(errs, strip_prefix, request_id, &status);
	if (j != NULL)
		json_object_set_new(j, "current_etag", codec_text_or_null(etag));
	answer(res, status, j);
}

void
api_problem_errs(struct api_res *res, const struct errs *errs, const char *strip_prefix, const char *request_id)
{
	int status;
	json_t *j;

	api_json_fresh();
	j = api_problem_json(errs, strip_prefix, request_id, &status);
	answer(res, status, j);
}

void
api_problem_get(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p,
    struct api_res *res)
{
	const struct problem *pr = problem_find(p->name);
	struct err err;
	(void)a;
	(void)r;

	if (strcmp(pr->code, p->name) != 0) {
		err_set(&err, ERR_NOT_FOUND, "there is no problem code %s", p->name);
		api_answer_err(res, &err, req->request_id);
		return;
	}
	api_answer_json(res, 200,
	    json_pack("{s:s, s:i, s:s, s:b}", "code", pr->code, "status", pr->status, "title", pr->title, "retryable",
		pr->retryable),
	    req);
}
