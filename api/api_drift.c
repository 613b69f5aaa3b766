/*
 * api_drift: GET /v1/drift: where the kernel differs from the desired state.
 */
#include <stdio.h>
#include <string.h>

#include "api/api_codec.h"
#include "api/api_int.h"

/* Where an interface is that is not in its place. */
static json_t *
place_json(const struct step_place *at)
{
	if (at->ifname[0] == '\0')
		return (json_null());
	return (json_pack("{s:o, s:o, s:o}", "interface", codec_text(at->ifname), "jail", codec_text_or_null(at->jail), "bridge",
	    codec_text_or_null(at->bridge)));
}

static int
row(void *arg, const struct drift_row *r, struct err *err)
{
	struct api_page *page = arg;
	json_t *j;
	char id[96];

	if (!api_page_wants(page, r->object))
		return (0);
	/* one row an object, so that is its name */
	snprintf(id, sizeof(id), "%s", r->object);
	id[strcspn(id, "/")] = ':';
	j = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", codec_text(id), "object", codec_text(r->object), "want", codec_text(r->want),
	    "have", codec_text(r->have), "since", codec_time_json(r->since), "cause", codec_text(r->cause), "place", place_json(&r->place));
	return (api_page_add(page, j, err));
}

void
api_drift_list(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p, struct api_res *res)
{
	struct api_page page;
	struct err err;
	int rc;
	(void)r;

	if (!api_page_open(&page, p, req, res))
		return;
	rc = store_drift(a->reader, row, &page, &err);
	res->cacheable = true;
	api_page_answer(&page, rc, &err, a, req, res);
}
