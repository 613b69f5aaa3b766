/*
 * api_event: events as a JSON page and as SSE text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_codec.h"
#include "api/api_int.h"
#include "api/api_json.h"
#include "core/str.h"

static json_t *
event_json(const struct event_row *e)
{
	return (json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "seq", (json_int_t)e->seq, "revision",
	    (json_int_t)e->revision, "at", codec_time_json(e->at), "type", codec_text(e->type), "object",
	    codec_text_or_null(e->object), "actor", codec_text(e->actor), "operation", codec_text_or_null(e->op),
	    "text", codec_text(e->text)));
}

char *
api_event_sse(const struct event_row *e)
{
	char *data, *out = NULL;
	size_t size;
	json_t *j;

	api_json_fresh();
	j = event_json(e);
	data = api_json_text(j);
	/* JSON text has no line breaks, and types are our own words: no field of the stream can be forged. */
	if (data != NULL) {
		size = strlen(data) + sizeof(e->type) + 64;
		out = malloc(size);
		if (out != NULL)
			snprintf(out, size, "id: %lld\nevent: %s\ndata: %s\n\n", (long long)e->seq, e->type, data);
	}
	free(data);
	json_decref(j);
	return (out);
}

#define WAIT_DEFAULT_S 30
#define WAIT_MAX_S 60

struct page {
	json_t *items;
	int64_t last;
};

static int
row(void *arg, const struct event_row *e, struct err *err)
{
	struct page *p = arg;

	p->last = e->seq;
	return (json_array_append_new(p->items, event_json(e)) == 0 ? 0 : err_nomem(err));
}

static int
newest_row(void *arg, const struct event_row *e, struct err *err)
{
	struct api_page *page = arg;
	char key[24];

	snprintf(key, sizeof(key), "%lld", (long long)e->seq);
	return (api_page_room(page, key) ? api_page_add(page, event_json(e), err) : 0);
}

/* order=desc: newest first, page by page. */
static void
newest_page(struct api *a, const struct api_req *req, const struct api_params *p, struct event_filter *f, struct api_res *res)
{
	struct api_page page;
	struct err err;
	int rc;

	if (!api_page_open(&page, p, req, res) || !api_page_before(&page, req, res, &f->before))
		return;
	rc = store_events_find(a->reader, f, true, page.from.limit + 1, newest_row, &page, &err);
	api_page_answer(&page, rc, &err, a, req, res);
}

/* Oldest first: what to ask 'since' for next; null = that was all for now. */
static void
oldest_page(struct api *a, const struct api_req *req, const struct api_params *p, const struct event_filter *f, struct api_res *res)
{
	struct page page = { 0 };
	struct page_from from;
	char next[24];
	struct err err;

	/* there are no cursors of this order: one that is given is another list's */
	if (!api_query_page(p, req, &from, res))
		return;
	page.items = json_array();
	if (store_events_find(a->reader, f, false, from.limit, row, &page, &err) == -1) {
		json_decref(page.items);
		api_answer_err(res, &err, req->request_id);
		return;
	}
	snprintf(next, sizeof(next), "%lld", (long long)page.last);
	api_answer_json(res, 200,
	    json_pack("{s:o, s:o}", "next", json_array_size(page.items) == from.limit ? json_string(next) : json_null(),
		"items", page.items),
	    req);
}

void
api_event_page(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p,
    struct api_res *res)
{
	const char *since = req->last_event_id != NULL ? req->last_event_id : api_query(p, "since"), *asked = api_query(p, "since");
	const char *order = api_query(p, "order");
	struct event_filter f = { .object = api_query(p, "object"), .type = api_query(p, "type"), .actor = api_query(p, "actor") };
	uint64_t after = 0;
	(void)r;

	/* the header wins, but a wrong query is an error all the same */
	if ((asked != NULL && str_u64(asked, 0, API_NUMBER_MAX, &after) == -1) ||
	    (since != NULL && str_u64(since, 0, API_NUMBER_MAX, &after) == -1)) {
		api_answer_bad(res, 400, req->request_id, "since and Last-Event-ID want a sequence number");
		return;
	}
	f.after = (int64_t)after;
	if (order != NULL && strcmp(order, "desc") != 0)
		api_answer_bad(res, 400, req->request_id, "order wants desc: newest first");
	else if (order != NULL)
		newest_page(a, req, p, &f, res);
	else
		oldest_page(a, req, p, &f, res);
}

/* The long poll: what happened after 'since'.  Nothing yet: the answer says how long the client would wait for it. */
void
api_change_list(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p, struct api_res *res)
{
	const char *since = api_query(p, "since"), *wait = api_query(p, "wait");
	uint64_t after, seconds = WAIT_DEFAULT_S;
	struct page page = { 0 };
	int64_t first, last;
	size_t limit;
	char next[24];
	struct err err;
	(void)r;

	if (since == NULL || str_u64(since, 0, API_NUMBER_MAX, &after) == -1 || (wait != NULL && str_u64(wait, 0, WAIT_MAX_S, &seconds) == -1)) {
		api_answer_bad(res, 400, req->request_id, "since wants the sequence number of an event, wait 0 to %d seconds", WAIT_MAX_S);
		return;
	}
	if (!api_query_limit(p, req, &limit, res))
		return;
	if (store_event_range(a->reader, &first, &last, &err) == -1) {
		api_answer_err(res, &err, req->request_id);
		return;
	}
	if ((int64_t)after > last || (first > 1 && (int64_t)after < first - 1)) {
		api_answer_bad(res, 410, req->request_id, "events %lld to %lld are kept: read what there is, and go on after the last",
		    (long long)first, (long long)last);
		return;
	}
	page.items = json_array();
	page.last = (int64_t)after;
	if (store_events(a->reader, (int64_t)after, limit, row, &page, &err) == -1) {
		json_decref(page.items);
		api_answer_err(res, &err, req->request_id);
		return;
	}
	if (json_array_size(page.items) == 0 && strcmp(req->method, "HEAD") != 0)
		res->wait_s = (int)seconds;
	snprintf(next, sizeof(next), "%lld", (long long)page.last);
	api_answer_json(res, 200, json_pack("{s:o, s:s}", "items", page.items, "next", next), req);
}
