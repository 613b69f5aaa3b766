/*
 * api_answer: filling a struct api_res.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "api/api_int.h"
#include "api/api_json.h"

void
api_res_init(struct api_res *r)
{
	*r = (struct api_res){ 0 };
}

void
api_res_fini(struct api_res *r)
{
	free(r->body);
	if (r->has_file)
		close(r->fd);
	r->has_file = false;
	r->body = NULL;
	r->body_size = 0;
}

void
api_answer_text(struct api_res *res, char *text, const char *content_type, const struct api_req *req)
{
	if (text == NULL) {
		api_problem(res, 503, "nomem", "out of memory", req->request_id);
		return;
	}
	if (!api_accepts(req->accept, content_type)) {
		free(text);
		api_answer_bad(res, 406, req->request_id, "this is only available as %s", content_type);
		return;
	}
	res->status = 200;
	res->body = text;
	res->body_size = strlen(text);
	res->content_type = content_type;
}

void
api_answer_json(struct api_res *res, int status, json_t *j, const struct api_req *req)
{
	char *text = api_json_text(j);

	json_decref(j);
	api_answer_text(res, text, "application/json", req);
	if (res->status == 200)
		res->status = status;
}

void
api_answer_err(struct api_res *res, const struct err *err, const char *request_id)
{
	struct errs errs = { .v[0] = *err, .n = 1 };

	api_problem_errs(res, &errs, NULL, request_id);
}

void
api_answer_bad(struct api_res *res, int status, const char *request_id, const char *fmt, ...)
{
	char detail[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	api_problem(res, status, NULL, detail, request_id);
}

void
api_etag(struct api_res *res, int64_t revision)
{
	/* a problem is of no revision */
	if (res->status < 400)
		snprintf(res->etag, sizeof(res->etag), "\"r%lld\"", (long long)revision);
}

json_t *
api_list(json_t *items, json_t *next, struct api *a)
{
	int64_t revision;
	struct err err;

	/* Not health->revision, which R sets a moment after the commit: answers are cached. */
	if (store_revision(a->reader, &revision, &err) == -1)
		revision = atomic_load(&a->health->revision);
	return (json_pack("{s:o, s:o, s:I}", "items", items, "next", next, "revision", (json_int_t)revision));
}

/* --- Accept ------------------------------------------------------------------------------------------------ */

static const char *
skip_blanks(const char *s)
{
	return (s + strspn(s, " \t"));
}

/* True when the parameters of a media range (up to its comma) hold q=0. */
static bool
is_refused(const char *s, const char *end)
{
	const char *q;

	for (q = s; q < end && (q = memchr(q, ';', (size_t)(end - q))) != NULL;) {
		q = skip_blanks(q + 1);
		if ((*q == 'q' || *q == 'Q') && q[1] == '=')
			return (strtod(q + 2, NULL) == 0.0);
	}
	return (false);
}

/* 2 = named, 1 = by wildcard, 0 = no. */
static int
range_matches(const char *s, size_t len, const char *type)
{
	size_t major = strcspn(type, "/");

	if (len == strlen(type) && strncasecmp(s, type, len) == 0)
		return (2);
	if (len == 3 && strncmp(s, "*/*", 3) == 0)
		return (1);
	return (len == major + 2 && strncasecmp(s, type, major + 1) == 0 && s[len - 1] == '*' ? 1 : 0);
}

static int
accept_level(const char *accept, const char *type)
{
	int best = 0, level;
	const char *end;

	for (; *accept != '\0'; accept = *end == ',' ? end + 1 : end) {
		accept = skip_blanks(accept);
		end = accept + strcspn(accept, ",");
		level = range_matches(accept, strcspn(accept, ",; \t"), type);
		if (level > best && !is_refused(accept, end))
			best = level;
	}
	return (best);
}

bool
api_accepts(const char *accept, const char *type)
{
	return (accept == NULL || *accept == '\0' || accept_level(accept, type) > 0);
}

bool
api_accept_names(const char *accept, const char *type)
{
	return (accept != NULL && accept_level(accept, type) == 2);
}
