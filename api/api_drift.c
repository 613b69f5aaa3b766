/*
 * api_drift: GET /v1/drift: where the kernel differs from the desired state.
 */
#include <stdio.h>
#include <string.h>

#include "api/api_codec.h"
#include "api/api_int.h"

static int
row(void *arg, const struct drift_row *r, struct err *err)
{
	json_t *items = arg, *j;
	char id[96];

	/* one row an object, so that is its name */
	snprintf(id, sizeof(id), "%s", r->object);
	id[strcspn(id, "/")] = ':';
	j = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "id", codec_text(id), "object", codec_text(r->object), "want", codec_text(r->want), "have",
	    codec_text(r->have), "since", codec_time_json(r->since), "cause", codec_text(r->cause));
	return (json_array_append_new(items, j) == 0 ? 0 : err_nomem(err));
}

void
api_drift_list(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p,
    struct api_res *res)
{
	json_t *items = json_array();
	struct err err;
	(void)r;
	(void)p;

	if (store_drift(a->reader, row, items, &err) == -1) {
		json_decref(items);
		api_answer_err(res, &err, req->request_id);
		return;
	}
	res->cacheable = true;
	api_answer_json(res, 200, api_list(items, json_null(), a), req);
}
