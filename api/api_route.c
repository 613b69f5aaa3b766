/*
 * api_route: the one list of operations (as in openapi/openapi.yaml), path matching, and api_begin.
 */
#include <stdio.h>
#include <string.h>

#include "api/api_int.h"
#include "api/api_json.h"
#include "core/str.h"

static const char *const q_list[] = { "limit", "cursor", NULL };
static const char *const q_objects[] = { "limit", "cursor", "label", "state", "fields", "view", NULL };
static const char *const q_epairs[] = { "limit", "cursor", "label", "state", "jail", "bridge", "fields", "view", NULL };
static const char *const q_object[] = { "fields", "view", NULL };
static const char *const q_dry[] = { "dry_run", "confirm_timeout", "if_revision", NULL };
static const char *const q_if[] = { "if_revision", NULL };
static const char *const q_topology[] = { "dry_run", "manager", "confirm_timeout", "if_revision", NULL };
static const char *const q_format[] = { "format", "revision", NULL };
static const char *const q_manager[] = { "manager", NULL };
static const char *const q_confirm[] = { "confirm_timeout", NULL };
static const char *const q_audit[] = { "limit", "cursor", "actor", "result", NULL };
static const char *const q_diff[] = { "from", "to", NULL };
static const char *const q_system[] = { "system", NULL };
static const char *const q_verbose[] = { "verbose", NULL };
static const char *const q_counters[] = { "limit", "cursor", "jail", "bridge", "epair", NULL };
static const char *const q_changes[] = { "since", "wait", "limit", NULL };
static const char *const q_events[] = { "since", "limit", "order", "cursor", "object", "type", "actor", NULL };

#define READ(path, id, role, kind, query, fn) { "GET", path, id, role, kind, false, 0, false, query, fn }
#define WRITE(method, path, id, kind, verb, query)                                                                     \
	{                                                                                                              \
		method, path, id, ROLE_OPERATOR, kind, true, verb, false, query, NULL                                  \
	}
/* A GET that only R can answer: it goes the way of a write and changes nothing. */
#define ASK(path, id, verb, query) { "GET", path, id, ROLE_VIEWER, 0, true, verb, false, query, NULL }
#define ACCOUNT(method, path, id, role, verb) { method, path, id, role, 0, true, verb, false, NULL, NULL }
#define OBJECTS(base, kind, query, list, create, get, put, patch, delete)				\
	READ(base, list, ROLE_VIEWER, kind, query, api_object_list),				\
	WRITE("POST", base, create, kind, WRITE_CREATE, q_dry),					\
	READ(base "/{name}", get, ROLE_VIEWER, kind, q_object, api_object_get),			\
	WRITE("PUT", base "/{name}", put, kind, WRITE_PUT, q_dry),				\
	WRITE("PATCH", base "/{name}", patch, kind, WRITE_PATCH, q_dry),			\
	WRITE("DELETE", base "/{name}", delete, kind, WRITE_DELETE, q_dry)

const struct api_route api_routes[] = {
	READ("/", "getVersions", ROLE_NONE, 0, NULL, api_root_get),
	READ("/v1", "getServer", ROLE_VIEWER, 0, NULL, api_server_get),
	READ("/livez", "getLivez", ROLE_NONE, 0, NULL, api_livez_get),
	READ("/readyz", "getReadyz", ROLE_NONE, 0, q_verbose, api_readyz_get),
	READ("/openapi.json", "getOpenapi", ROLE_NONE, 0, NULL, api_openapi_get),
	READ("/problems/{code}", "getProblem", ROLE_NONE, 0, NULL, api_problem_get),
	OBJECTS("/v1/bridges", KIND_BRIDGE, q_objects, "listBridges", "createBridge", "getBridge", "putBridge", "patchBridge",
	    "deleteBridge"),
	OBJECTS(
	    "/v1/epairs", KIND_EPAIR, q_epairs, "listEpairs", "createEpair", "getEpair", "putEpair", "patchEpair", "deleteEpair"),
	OBJECTS("/v1/jails", KIND_JAIL, q_objects, "listJails", "createJail", "getJail", "putJail", "patchJail", "deleteJail"),
	WRITE("POST", "/v1/jails/{name}/start", "startJail", KIND_JAIL, WRITE_START, q_dry),
	WRITE("POST", "/v1/jails/{name}/stop", "stopJail", KIND_JAIL, WRITE_STOP, q_dry),
	WRITE("POST", "/v1/jails/{name}/restart", "restartJail", KIND_JAIL, WRITE_RESTART, q_dry),
	WRITE("POST", "/v1/jails/{name}/probe", "probeJail", KIND_JAIL, WRITE_PROBE, NULL),
	READ("/v1/interfaces", "listInterfaces", ROLE_VIEWER, 0, q_list, api_iface_list),
	READ("/v1/interfaces/{name}/jail", "getAttachment", ROLE_VIEWER, KIND_ATTACHMENT, q_object, api_object_get),
	WRITE("PUT", "/v1/interfaces/{name}/jail", "attachInterface", KIND_ATTACHMENT, WRITE_ATTACH, q_dry),
	WRITE("DELETE", "/v1/interfaces/{name}/jail", "detachInterface", KIND_ATTACHMENT, WRITE_DETACH, q_dry),
	ASK("/v1/counters", "listCounters", WRITE_COUNTERS, q_counters),
	ASK("/metrics", "getMetrics", WRITE_METRICS, NULL),
	READ("/v1/macs", "listMacs", ROLE_VIEWER, 0, q_list, api_mac_list),
	READ("/v1/topology", "getTopology", ROLE_VIEWER, 0, q_format, api_topology_get),
	WRITE("PUT", "/v1/topology", "putTopology", 0, WRITE_TOPOLOGY, q_topology),
	READ("/v1/topology/confirm", "getConfirmation", ROLE_VIEWER, 0, NULL, api_confirm_get),
	WRITE("POST", "/v1/topology/confirm", "confirmTopology", 0, WRITE_CONFIRM, q_if),
	WRITE("POST", "/v1/topology/rollback", "rollbackTopology", 0, WRITE_ROLLBACK, q_dry),
	WRITE("POST", "/v1/plans", "createPlan", 0, WRITE_PLAN, q_manager),
	READ("/v1/plans/{id}", "getPlan", ROLE_VIEWER, 0, NULL, api_plan_get),
	WRITE("DELETE", "/v1/plans/{id}", "deletePlan", 0, WRITE_PLAN_DELETE, NULL),
	WRITE("POST", "/v1/plans/{id}/apply", "applyPlan", 0, WRITE_PLAN_APPLY, q_confirm),
	READ("/v1/revisions", "listRevisions", ROLE_VIEWER, 0, q_list, api_revision_list),
	/* the last that matches wins */
	READ("/v1/revisions/{revision}", "getRevision", ROLE_VIEWER, 0, NULL, api_revision_get),
	READ("/v1/revisions/diff", "diffRevisions", ROLE_VIEWER, 0, q_diff, api_revision_diff),
	WRITE("POST", "/v1/import/ezjail", "importEzjail", 0, WRITE_IMPORT, NULL),
	WRITE("POST", "/v1/import/jail-conf", "importJailConf", 0, WRITE_IMPORT, NULL),
	WRITE("POST", "/v1/import/rc-conf", "importRcConf", 0, WRITE_IMPORT, NULL),
	WRITE("POST", "/v1/import/host", "importHost", 0, WRITE_TAKEOVER, NULL),
	READ("/v1/export/rc-conf", "exportRcConf", ROLE_VIEWER, 0, NULL, api_export_get),
	READ("/v1/export/jail-conf", "exportJailConf", ROLE_VIEWER, 0, NULL, api_export_get),
	READ("/v1/export/ezjail", "exportEzjail", ROLE_VIEWER, 0, NULL, api_export_get),
	READ("/v1/export/shell", "exportShell", ROLE_VIEWER, 0, q_system, api_export_get),
	READ("/v1/operations", "listOperations", ROLE_VIEWER, 0, q_list, api_op_list),
	READ("/v1/operations/{id}", "getOperation", ROLE_VIEWER, 0, NULL, api_op_get),
	READ("/v1/changes", "listChanges", ROLE_VIEWER, 0, q_changes, api_change_list),
	{ "GET", "/v1/events", "streamEvents", ROLE_VIEWER, 0, false, 0, true, q_events, api_event_page },
	READ("/v1/drift", "listDrift", ROLE_VIEWER, 0, q_list, api_drift_list),
	WRITE("POST", "/v1/drift/{id}/repair", "repairDrift", 0, WRITE_DRIFT_REPAIR, NULL),
	WRITE("POST", "/v1/drift/{id}/adopt", "adoptDrift", 0, WRITE_DRIFT_ADOPT, q_dry),
	{ "POST", "/v1/backup", "createBackup", ROLE_ADMIN, 0, true, WRITE_BACKUP, false, NULL, NULL },
	{ "GET", "/v1/support", "getSupport", ROLE_ADMIN, 0, true, WRITE_SUPPORT, false, NULL, NULL },
	READ("/v1/audit", "listAudit", ROLE_ADMIN, 0, q_audit, api_audit_list),
	READ("/v1/tokens", "listTokens", ROLE_ADMIN, 0, q_list, api_token_list),
	ACCOUNT("POST", "/v1/tokens", "createToken", ROLE_ADMIN, WRITE_TOKEN_CREATE),
	READ("/v1/tokens/{id}", "getToken", ROLE_ADMIN, 0, NULL, api_token_get),
	ACCOUNT("DELETE", "/v1/tokens/{id}", "deleteToken", ROLE_ADMIN, WRITE_TOKEN_DELETE),
	READ("/v1/whoami", "getWhoami", ROLE_VIEWER, 0, NULL, api_whoami_get),
	ACCOUNT("POST", "/v1/session", "signIn", ROLE_NONE, WRITE_SIGN_IN),
	ACCOUNT("DELETE", "/v1/session", "signOut", ROLE_VIEWER, WRITE_SIGN_OUT),
	ACCOUNT("POST", "/v1/session/code", "createSignInCode", ROLE_VIEWER, WRITE_SIGN_IN_CODE),
};
const size_t api_route_count = NELEMS(api_routes);

/* Segment by segment; "{...}" takes one whole segment. */
static enum api_match
path_matches(const char *tmpl, const char *path, size_t len, char *name, size_t name_size)
{
	enum api_match rc = MATCH_OK;
	const char *end = path + len;
	size_t t, p;

	while (*tmpl == '/' && path < end && *path == '/') {
		tmpl++;
		path++;
		t = strcspn(tmpl, "/");
		for (p = 0; path + p < end && path[p] != '/'; p++)
			;
		if (*tmpl == '{') {
			rc = api_decode(path, p, false, name, name_size);
			if (p == 0)
				return (MATCH_NO_PATH);
		} else if (t != p || memcmp(tmpl, path, t) != 0)
			return (MATCH_NO_PATH);
		tmpl += t;
		path += p;
	}
	return (*tmpl == '\0' && path == end ? rc : MATCH_NO_PATH);
}

static void
allow_add(char *allow, size_t size, const char *method)
{
	size_t len = strlen(allow);

	snprintf(allow + len, size - len, "%s%s", len > 0 ? ", " : "", method);
	if (strcmp(method, "GET") == 0)
		allow_add(allow, size, "HEAD");
}

enum api_match
api_match(const char *method, const char *path, size_t path_len, const struct api_route **route,
    struct api_params *params, char *allow, size_t allow_size)
{
	enum api_match m, rc = MATCH_NO_PATH;
	size_t i;

	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	allow[0] = '\0';
	for (i = 0; i < api_route_count; i++) {
		m = path_matches(api_routes[i].path, path, path_len, params->name, sizeof(params->name));
		if (m == MATCH_NO_PATH)
			continue;
		allow_add(allow, allow_size, api_routes[i].method);
		if (strcmp(api_routes[i].method, method) == 0) {
			*route = &api_routes[i];
			rc = m;
		} else if (rc == MATCH_NO_PATH)
			rc = MATCH_NO_METHOD;
	}
	if (rc != MATCH_NO_PATH)
		allow_add(allow, allow_size, "OPTIONS");
	return (rc);
}

bool
api_verb_has_body(enum write_verb verb)
{
	return (verb == WRITE_IMPORT || verb == WRITE_CREATE || verb == WRITE_PUT || verb == WRITE_PATCH || verb == WRITE_TOPOLOGY ||
		verb == WRITE_ATTACH || verb == WRITE_PROBE || verb == WRITE_TOKEN_CREATE || verb == WRITE_SIGN_IN ||
		verb == WRITE_ROLLBACK || verb == WRITE_PLAN);
}

bool
api_verb_asks(enum write_verb verb)
{
	return (verb == WRITE_COUNTERS || verb == WRITE_METRICS || verb == WRITE_SUPPORT);
}

int
api_precheck(const char *method, const char *target, const char *content_type, uint64_t content_length, bool has_body,
    enum role role, size_t *max_body)
{
	struct api_params params = { 0 };
	const struct api_route *r = NULL;
	char allow[64];
	enum api_match m;

	*max_body = API_BODY_MAX;
	m = api_match(method, target, strcspn(target, "?"), &r, &params, allow, sizeof(allow));
	if (m == MATCH_OK && r->is_write && (r->verb == WRITE_TOPOLOGY || r->verb == WRITE_PLAN || r->verb == WRITE_IMPORT))
		*max_body = API_TOPOLOGY_MAX;
	if (!has_body)
		return (0);
	if (role == ROLE_NONE && (m != MATCH_OK || r->role != ROLE_NONE))
		return (401);
	if (m == MATCH_OK && role < r->role)
		return (403);
	if (role == ROLE_NONE || (m == MATCH_OK && r->role == ROLE_NONE))
		*max_body = API_SIGN_IN_MAX;
	if (content_length != UINT64_MAX && content_length > *max_body)
		return (413);
	if (m == MATCH_OK && r->is_write && api_verb_has_body(r->verb) && content_type != NULL &&
	    !api_content_ok(content_type, r->verb == WRITE_PATCH))
		return (415);
	return (0);
}

void
api_init(void)
{
	api_json_init();
}

/* --- api_begin --------------------------------------------------------------------------------------------- */

/* False: res has the answer. */
static bool
find_route(const struct api_req *req, const struct api_route **r, struct api_params *params, struct api_res *res)
{
	size_t len = strcspn(req->target, "?");

	switch (api_match(req->method, req->target, len, r, params, res->allow, sizeof(res->allow))) {
	case MATCH_OK:
		res->allow[0] = '\0';
		return (true);
	case MATCH_NO_METHOD:
		if (strcmp(req->method, "OPTIONS") == 0)
			res->status = 204;
		else
			api_answer_bad(
			    res, 405, req->request_id, "%.20s is not possible here; Allow names what is", req->method);
		return (false);
	case MATCH_NO_PATH:
		api_answer_bad(res, 404, req->request_id, "there is no %.*s", len > 200 ? 200 : (int)len, req->target);
		break;
	case MATCH_BAD:
		api_answer_bad(res, 400, req->request_id, "the path cannot be decoded");
		break;
	case MATCH_LONG:
		if ((*r)->is_write)
			api_problem(res, 422, "invalid", "no name is longer than 63 characters", req->request_id);
		else
			api_answer_bad(res, 404, req->request_id, "no name is longer than 63 characters");
		break;
	}
	res->allow[0] = '\0';
	return (false);
}

/* Where a stream starts; false: res has the answer. */
static bool
stream_since(struct api *a, const struct api_req *req, const struct api_params *p, struct api_res *res, int64_t *since)
{
	static const char *const paged[] = { "order", "cursor", "object", "type", "actor" };
	const char *s = req->last_event_id != NULL ? req->last_event_id : api_query(p, "since");
	int64_t first;
	uint64_t v;
	struct err err;

	for (size_t i = 0; i < NELEMS(paged); i++) {
		if (api_query(p, paged[i]) != NULL) {
			api_answer_bad(res, 400, req->request_id, "%s is for pages (Accept: application/json), not for a stream", paged[i]);
			return (false);
		}
	}
	if (s == NULL) {
		if (store_event_range(a->reader, &first, since, &err) == 0)
			return (true);
		api_answer_err(res, &err, req->request_id);
		return (false);
	}
	if (str_u64(s, 0, API_NUMBER_MAX, &v) == -1) {
		api_answer_bad(res, 400, req->request_id, "since and Last-Event-ID want a sequence number");
		return (false);
	}
	*since = (int64_t)v;
	return (true);
}

/* A page is for those who ask for JSON or a limit; the rest get the stream. */
static bool
wants_stream(const struct api_req *req, const struct api_params *p)
{
	if (api_accept_names(req->accept, "text/event-stream"))
		return (true);
	return (!api_accept_names(req->accept, "application/json") && api_query(p, "limit") == NULL && api_query(p, "order") == NULL &&
	    api_accepts(req->accept, "text/event-stream"));
}

static enum api_next
begin(struct api *a, const struct api_req *req, struct api_res *res, struct write **w, int64_t *since)
{
	const char *query = strchr(req->target, '?');
	struct api_params params = { 0 };
	const struct api_route *r = NULL;

	if (!find_route(req, &r, &params, res) || !api_may(req, r, res))
		return (API_ANSWER);
	if (query != NULL && !api_query_parse(query + 1, r, &params, res, req->request_id))
		return (API_ANSWER);
	res->route = r;
	if (r->is_write) {
		if (atomic_load(&a->health->draining)) {
			api_answer_bad(res, 503, req->request_id, "the server is stopping");
			return (API_ANSWER);
		}
		if (verb_is_account(r->verb))
			return (api_account_new(req, r, &params, res, w) ? API_WRITE : API_ANSWER);
		if (!api_write_new(a, req, r, &params, res, w))
			return (API_ANSWER);
		if (r->verb == WRITE_IMPORT && !api_import_convert(a, req, *w, res)) {
			write_free(*w);
			*w = NULL;
			return (API_ANSWER);
		}
		return (API_WRITE);
	}
	if (r->is_stream && strcmp(req->method, "HEAD") != 0 && wants_stream(req, &params))
		return (stream_since(a, req, &params, res, since) ? API_STREAM : API_ANSWER);
	r->read(a, req, r, &params, res);
	return (API_ANSWER);
}

enum api_next
api_begin(struct api *a, const struct api_req *req, struct api_res *res, struct write **w, int64_t *since)
{
	enum api_next next;

	api_json_fresh();
	next = begin(a, req, res, w, since);
	if (next == API_WRITE && api_json_failed()) {
		write_free(*w);
		*w = NULL;
		api_problem(res, 503, "nomem", "out of memory", req->request_id);
		next = API_ANSWER;
	}
	if (next == API_WRITE && req->who != NULL)
		snprintf((*w)->peer, sizeof((*w)->peer), "%s", req->who->address);
	return (next);
}
