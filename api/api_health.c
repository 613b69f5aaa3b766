/*
 * api_health: what the server says about itself.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_int.h"
#include "core/str.h"
#include "core/valid.h"

void
api_root_get(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p,
    struct api_res *res)
{
	(void)a;
	(void)r;
	(void)p;

	api_answer_json(res, 200,
	    json_pack("{s:s, s:[s], s:{s:s, s:s}}", "service", "jailnet", "versions", "v1", "links", "api", "/v1",
		"openapi", "/openapi.json"),
	    req);
}

static json_t *
features_json(uint32_t features)
{
	static const char *const names[] = { "netgraph", "vlan_filter", "jail_params", "external_jails", "port_stp" };
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < NELEMS(names); i++) {
		if (features & 1u << i)
			json_array_append_new(list, json_string(names[i]));
	}
	return (list);
}

static json_t *
limits_json(void)
{
	return (json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "jails", LIMIT_JAILS,
	    "epairs", LIMIT_EPAIRS, "bridges", LIMIT_BRIDGES, "attachments", LIMIT_ATTACHMENTS, "addresses",
	    LIMIT_ADDRESSES, "members", LIMIT_MEMBERS, "routes", LIMIT_ROUTES, "pairs", LIMIT_PAIRS, "tagged", LIMIT_TAGGED, "body",
	    API_BODY_MAX, "topology", API_TOPOLOGY_MAX, "depth", API_DEPTH_MAX, "values", API_VALUES_MAX));
}

void
api_server_get(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p,
    struct api_res *res)
{
	const struct api_health *h = a->health;
	const struct api_info *i = a->info;
	(void)r;
	(void)p;

	api_answer_json(res, 200,
	    json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:s, s:s, s:i, s:b}", "version", i->version, "platform",
		i->platform, "features", features_json(atomic_load(&h->features)), "limits", limits_json(), "revision",
		(json_int_t)atomic_load(&h->revision), "applied_revision",
		(json_int_t)atomic_load(&h->applied_revision), "actor", req->actor, "http_library", i->http_library,
		"worker_pid", i->worker_pid, "sandbox", i->sandbox),
	    req);
}

void
api_livez_get(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p,
    struct api_res *res)
{
	(void)a;
	(void)r;
	(void)p;

	/* Looks at nothing: a stuck database must not get the process restarted in a loop. */
	api_answer_text(res, strdup("ok\n"), "text/plain", req);
}

void
api_readyz_get(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p,
    struct api_res *res)
{
	const struct {
		const char *name;
		bool ok;
	} checks[] = {
		{ "worker", atomic_load(&a->health->worker) },
		{ "store", atomic_load(&a->health->store_ok) },
		{ "reconciled", atomic_load(&a->health->reconciled) },
		{ "serving", !atomic_load(&a->health->draining) },
	};
	const char *asked = api_query(p, "verbose");
	bool ready = true, verbose = asked != NULL;
	char text[256] = "";
	size_t i, len = 0;
	(void)r;

	if (verbose && *asked != '\0' && strcmp(asked, "1") != 0 && strcmp(asked, "true") != 0) {
		api_answer_bad(res, 400, req->request_id, "verbose wants no value, 1 or true");
		return;
	}
	for (i = 0; i < NELEMS(checks); i++) {
		ready = ready && checks[i].ok;
		if (verbose || !checks[i].ok)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "[%c]%s %s\n", checks[i].ok ? '+' : '-',
			    checks[i].name, checks[i].ok ? "ok" : "failed");
	}
	snprintf(text + len, sizeof(text) - len, "%s\n", ready ? "ok" : "not ready");
	api_answer_text(res, strdup(text), "text/plain", req);
	if (res->status == 200 && !ready) {
		res->status = 503;
		res->retry_after = 1;
	}
}

void
api_openapi_get(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p,
    struct api_res *res)
{
	uint64_t hash = hash_bytes(HASH_START, api_openapi_json, strlen(api_openapi_json));

	(void)a;
	(void)r;
	(void)p;

	snprintf(res->etag, sizeof(res->etag), "\"o%016" PRIx64 "\"", hash);
	if (!api_not_modified(req, res))
		api_answer_text(res, strdup(api_openapi_json), "application/json", req);
}
