/*
 * api_mac: GET /v1/macs: the registry, retired addresses included.
 */
#include <stdio.h>

#include "api/api_codec.h"
#include "api/api_int.h"

static int
row(void *arg, const struct mac_row *r, struct err *err)
{
	static const char *const states[] = { [MAC_ALLOCATED] = "allocated",
		[MAC_PINNED] = "pinned",
		[MAC_IMPORTED] = "imported",
		[MAC_RETIRED] = "retired" };
	json_t *items = arg, *j;
	char owner[96];

	snprintf(owner, sizeof(owner), "%s/%s", kind_name(r->kind), r->name);
	j = json_pack("{s:o, s:s, s:o, s:s, s:s}", "address", codec_put_mac(&r->mac), "owner", owner, "end",
	    r->kind == KIND_EPAIR ? json_string(r->side == END_A ? "a" : "b") : json_null(), "state", states[r->state],
	    "source", r->source);
	return (json_array_append_new(items, j) == 0 ? 0 : err_nomem(err));
}

void
api_mac_list(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p,
    struct api_res *res)
{
	json_t *items = json_array();
	struct err err;
	(void)r;
	(void)p;

	if (store_macs(a->reader, row, items, &err) == -1) {
		json_decref(items);
		api_answer_err(res, &err, req->request_id);
		return;
	}
	res->cacheable = true;
	api_answer_json(res, 200, api_list(items, json_null(), a), req);
}
