/*
 * api_export: GET /v1/export/...: the topology as files that make the same network without jailnet.
 */
#include <stdlib.h>
#include <string.h>

#include "api/api_int.h"
#include "convert/conv.h"
#include "core/str.h"

static bool
format_of(struct api *a, const struct api_route *r, const char *system, enum conv_format *out)
{
	static const struct {
		const char *path;
		enum conv_format format;
	} formats[] = {
		{ "/v1/export/rc-conf", CONV_TO_RC_CONF },
		{ "/v1/export/jail-conf", CONV_TO_JAIL_CONF },
		{ "/v1/export/ezjail", CONV_TO_EZJAIL },
	};

	for (size_t i = 0; i < NELEMS(formats); i++)
		if (strcmp(r->path, formats[i].path) == 0) {
			*out = formats[i].format;
			return (true);
		}
	if (system == NULL)
		system = a->info->platform;
	*out = strcmp(system, "freebsd") == 0 ? CONV_TO_SHELL_FREEBSD : CONV_TO_SHELL_LINUX;
	return (strcmp(system, "freebsd") == 0 || strcmp(system, "linux") == 0);
}

void
api_export_get(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p, struct api_res *res)
{
	enum conv_format format;
	struct err err;
	struct topo t;
	struct conv c;

	if (req->who != NULL && req->who->selector[0] != '\0') {
		api_answer_bad(res, 403, req->request_id, "an export is of the whole topology; you may see a part of it");
		return;
	}
	if (!format_of(a, r, api_query(p, "system"), &format)) {
		api_answer_bad(res, 400, req->request_id, "system wants freebsd or linux");
		return;
	}
	if (store_topo(a->reader, &t, &err) == -1) {
		api_answer_err(res, &err, req->request_id);
		return;
	}
	conv_init(&c);
	if (conv_export(&c, format, &t, &err) == -1)
		api_answer_err(res, &err, req->request_id);
	else {
		api_etag(res, t.revision);
		if (!api_not_modified(req, res))
			api_answer_json(res, 200, api_conv_json(&c), req);
	}
	conv_fini(&c);
	topo_fini(&t);
}
