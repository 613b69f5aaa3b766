/*
 * api_audit: GET /v1/audit: who did what, and who was refused what.
 */
#include <stdio.h>
#include <string.h>

#include "api/api_codec.h"
#include "api/api_int.h"
#include "core/str.h"

static const char *
hex(const uint8_t hash[AUDIT_HASH_SIZE], char buf[AUDIT_HASH_SIZE * 2 + 1])
{
	for (size_t i = 0; i < AUDIT_HASH_SIZE; i++)
		snprintf(buf + i * 2, 3, "%02x", hash[i]);
	return (buf);
}

static int
row(void *arg, const struct audit_row *r, struct err *err)
{
	char text[AUDIT_HASH_SIZE * 2 + 1];
	struct api_page *page = arg;
	char key[24];

	snprintf(key, sizeof(key), "%lld", (long long)r->seq);
	if (!api_page_room(page, key))
		return (0);
	return (api_page_add(page, json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o, s:s}", "seq",
	    (json_int_t)r->seq, "at", codec_time_json(r->at), "actor", codec_text_or_null(r->actor), "peer", codec_text_or_null(r->peer),
	    "request_id", codec_text_or_null(r->request_id), "method", codec_text_or_null(r->method), "path", codec_text_or_null(r->path),
	    "result", codec_text(r->result), "status", (json_int_t)r->status, "revision", (json_int_t)r->revision, "operation",
	    codec_text_or_null(r->op), "detail", codec_text(r->detail), "hash", hex(r->hash, text)), err));
}

void
api_audit_list(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p, struct api_res *res)
{
	struct audit_filter f = { .actor = api_query(p, "actor"), .result = api_query(p, "result") };
	struct api_page page;
	char text[AUDIT_HASH_SIZE * 2 + 1];
	uint8_t hash[AUDIT_HASH_SIZE];
	int64_t seq;
	struct err err;
	json_t *j;
	(void)r;

	if (f.result != NULL && strcmp(f.result, "committed") != 0 && strcmp(f.result, "undone") != 0 && strcmp(f.result, "refused") != 0) {
		api_answer_bad(res, 400, req->request_id, "result wants committed, undone or refused");
		return;
	}
	if (!api_page_open(&page, p, req, res) || !api_page_before(&page, req, res, &f.before))
		return;
	if (store_audits(a->reader, &f, page.from.limit + 1, row, &page, &err) == -1 || store_audit_base(a->reader, &seq, hash, &err) == -1) {
		json_decref(page.items);
		api_answer_err(res, &err, req->request_id);
		return;
	}
	j = api_page_list(&page, a, res);
	/* the row before the oldest: what its hash is checked against */
	if (j != NULL)
		json_object_set_new(j, "base", json_pack("{s:I, s:s}", "seq", (json_int_t)seq, "hash", hex(hash, text)));
	api_answer_json(res, 200, j, req);
}
