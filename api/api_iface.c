/*
 * api_iface: GET /v1/interfaces: physical and foreign interfaces as last seen.
 */
#include <string.h>

#include "api/api_codec.h"
#include "api/api_int.h"

/* "192.0.2.1/24 2001:db8::1/64" becomes a list. */
static json_t *
split(const char *words)
{
	json_t *list = json_array();
	size_t len;

	for (; *words != '\0'; words += len) {
		words += strspn(words, " ");
		len = strcspn(words, " ");
		if (len > 0)
			json_array_append_new(list, json_stringn(words, len));
	}
	return (list);
}

static int
row(void *arg, const struct iface_row *r, struct err *err)
{
	json_t *items = arg, *j;

	j = json_pack("{s:o, s:s, s:o, s:o, s:I, s:b, s:b, s:o, s:o, s:o}", "name", codec_text(r->ifname), "type",
	    link_type_name(r->type), "jail", codec_text_or_null(r->jail), "mac", codec_put_mac(&r->mac), "mtu",
	    (json_int_t)r->mtu, "up", r->up, "running", r->running, "bridge", codec_text_or_null(r->bridge),
	    "member_of", codec_text_or_null(r->member_of), "addresses", split(r->addrs));
	return (json_array_append_new(items, j) == 0 ? 0 : err_nomem(err));
}

void
api_iface_list(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p,
    struct api_res *res)
{
	json_t *items = json_array();
	struct err err;
	(void)r;
	(void)p;

	if (store_ifaces(a->reader, row, items, &err) == -1) {
		json_decref(items);
		api_answer_err(res, &err, req->request_id);
		return;
	}
	res->cacheable = true;
	api_answer_json(res, 200, api_list(items, json_null(), a), req);
}
