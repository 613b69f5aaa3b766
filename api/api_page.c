/*
 * api_page: lists that are read page by page; see api_int.h.
 */
#include <string.h>

#include "api/api_int.h"
#include "core/str.h"

bool
api_page_open(struct api_page *page, const struct api_params *p, const struct api_req *req, struct api_res *res)
{
	memset(page, 0, sizeof(*page));
	if (!api_query_page(p, req, &page->from, res))
		return (false);
	page->items = json_array();
	return (true);
}

bool
api_page_before(struct api_page *page, const struct api_req *req, struct api_res *res, int64_t *out)
{
	uint64_t v = 0;

	if (page->from.after[0] == '\0' || str_u64(page->from.after, 1, INT64_MAX, &v) == 0) {
		*out = (int64_t)v;
		return (true);
	}
	json_decref(page->items);
	page->items = NULL;
	api_answer_bad(res, 400, req->request_id, "the cursor is not one of ours");
	return (false);
}

bool
api_page_room(struct api_page *page, const char *key)
{
	/* the row after the last says that there is a next page, and nothing else */
	if (json_array_size(page->items) == page->from.limit)
		page->has_more = true;
	return (!page->has_more && str_copy(page->last, sizeof(page->last), key) == 0);
}

bool
api_page_wants(struct api_page *page, const char *key)
{
	int c = strcmp(key, page->from.after);

	if (page->from.after[0] != '\0' && (page->newest_first ? c >= 0 : c <= 0))
		return (false);
	return (api_page_room(page, key));
}

int
api_page_add(struct api_page *page, json_t *item, struct err *err)
{
	return (json_array_append_new(page->items, item) == 0 ? 0 : err_nomem(err));
}

json_t *
api_page_list(struct api_page *page, struct api *a, struct api_res *res)
{
	json_t *items = page->items;

	page->items = NULL;
	return (api_list(items, page->has_more ? api_next(&page->from, page->last, res) : json_null(), a));
}

void
api_page_answer(struct api_page *page, int rc, const struct err *err, struct api *a, const struct api_req *req, struct api_res *res)
{
	if (rc == 0) {
		api_answer_json(res, 200, api_page_list(page, a, res), req);
		return;
	}
	json_decref(page->items);
	page->items = NULL;
	api_answer_err(res, err, req->request_id);
}
