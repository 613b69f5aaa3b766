/*
 * api_topology: GET /v1/topology as JSON, DOT or Mermaid.
 */
#include <string.h>

#include "api/api_codec.h"
#include "api/api_int.h"
#include "core/str.h"

json_t *
api_topology_json(const struct topo *t)
{
	json_t *doc = json_object(), *map;
	int kind, rc = 0;
	size_t i;

	for (kind = 0; kind < KIND_COUNT; kind++) {
		map = json_object();
		for (i = 0; i < t->n[kind]; i++)
			rc |= json_object_set_new(map, t->v[kind][i]->name, codec_encode(t->v[kind][i], false));
		rc |= json_object_set_new(doc, kind_plural((enum kind)kind), map);
	}
	if (rc == 0)
		return (doc);
	json_decref(doc);
	return (NULL);
}

static void
render(const struct topo *t, const char *format, const struct api_req *req, struct api_res *res)
{
	if (strcmp(format, "dot") == 0)
		api_answer_text(res, api_graph_dot(t), "text/vnd.graphviz", req);
	else if (strcmp(format, "mermaid") == 0)
		api_answer_text(res, api_graph_mermaid(t), "text/plain", req);
	else
		api_answer_json(res, 200, api_topology_json(t), req);
}

void
api_topology_get(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p,
    struct api_res *res)
{
	const char *format = api_query(p, "format"), *at = api_query(p, "revision");
	uint64_t revision = 0;
	struct topo t;
	struct err err;
	(void)r;

	if (format == NULL)
		format = "json";
	if (strcmp(format, "json") != 0 && strcmp(format, "dot") != 0 && strcmp(format, "mermaid") != 0) {
		api_answer_bad(res, 400, req->request_id, "format wants json, dot or mermaid");
		return;
	}
	if (at != NULL && str_u64(at, 0, INT64_MAX, &revision) == -1) {
		api_answer_bad(res, 400, req->request_id, "revision wants the number of a revision");
		return;
	}
	if ((at == NULL ? store_topo(a->reader, &t, &err) : api_history_topo(a->reader, (int64_t)revision, &t, &err)) == -1) {
		api_answer_err(res, &err, req->request_id);
		return;
	}
	api_etag(res, t.revision);
	if (!api_not_modified(req, res)) {
		res->cacheable = true;
		render(&t, format, req, res);
	}
	topo_fini(&t);
}
