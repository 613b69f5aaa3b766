/*
 * api_iface: GET /v1/interfaces: physical and foreign interfaces as last seen.
 */
#include <stdio.h>
#include <string.h>

#include "api/api_codec.h"
#include "api/api_int.h"

static int
row(void *arg, const struct iface_row *r, struct err *err)
{
	struct api_page *page = arg;
	char key[NAME_SIZE + IFNAME_SIZE + 1];
	json_t *j;

	/* below every character of a name: the order is that of jails, then that of names */
	snprintf(key, sizeof(key), "%s\t%s", r->jail, r->ifname);
	if (!api_page_wants(page, key))
		return (0);
	j = json_pack("{s:o, s:s, s:o, s:o, s:I, s:b, s:b, s:o, s:o, s:o}", "name", codec_text(r->ifname), "type",
	    link_type_name(r->type), "jail", codec_text_or_null(r->jail), "mac", codec_put_mac(&r->mac), "mtu",
	    (json_int_t)r->mtu, "up", r->up, "running", r->running, "bridge", codec_text_or_null(r->bridge),
	    "member_of", codec_text_or_null(r->member_of), "addresses", codec_put_words(r->addrs));
	return (api_page_add(page, j, err));
}

void
api_iface_list(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p, struct api_res *res)
{
	struct api_page page;
	struct err err;
	int rc;
	(void)r;

	if (!api_page_open(&page, p, req, res))
		return;
	rc = store_ifaces(a->reader, row, &page, &err);
	res->cacheable = true;
	api_page_answer(&page, rc, &err, a, req, res);
}
