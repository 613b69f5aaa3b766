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
	struct api_page *page = arg;
	json_t *j;
	char owner[96], key[MAC_TEXT_SIZE];

	if (!api_page_wants(page, mac_format(&r->mac, key)))
		return (0);
	snprintf(owner, sizeof(owner), "%s/%s", kind_name(r->kind), r->name);
	j = json_pack("{s:o, s:s, s:o, s:s, s:s}", "address", codec_put_mac(&r->mac), "owner", owner, "end",
	    r->kind == KIND_EPAIR ? json_string(r->side == END_A ? "a" : "b") : json_null(), "state", states[r->state],
	    "source", r->source);
	return (api_page_add(page, j, err));
}

void
api_mac_list(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p, struct api_res *res)
{
	struct api_page page;
	struct err err;
	int rc;
	(void)r;

	if (!api_page_open(&page, p, req, res))
		return;
	rc = store_macs(a->reader, row, &page, &err);
	res->cacheable = true;
	api_page_answer(&page, rc, &err, a, req, res);
}
