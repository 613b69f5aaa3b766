/*
 * test_api_begin: routing, negotiation, query strings, headers, bodies: what a stranger can get wrong.
 */
#include <errno.h>

#include "api/api_int.h"
#include "tests/unit/api_samples.h"

static void
test_paths(void **state)
{
	(void)state;
	rig_expect("GET", "/", NULL, 200);
	rig_expect("HEAD", "/livez", NULL, 200);
	rig_expect("GET", "/v1/", NULL, 404);
	rig_expect("GET", "//", NULL, 404);
	rig_expect("GET", "/v1/bridges/", NULL, 404);
	rig_expect("GET", "/v1/%62ridges", NULL, 404);	/* literals are not decoded */
	rig_expect("GET", "http://x/v1", NULL, 404);
	rig_expect("GET", "*", NULL, 404);
	rig_expect("GET", "/v1/bridges/a%2Fb", NULL, 404);
	rig_expect("GET", "/v1/bridges/%zz", NULL, 400);
	rig_expect("GET", "/v1/bridges/a%00b", NULL, 400);
	rig_expect("GET", "/v1/bridges/%2", NULL, 400);
	rig_expect("GET", "/v1/bridges/%ff", NULL, 400);
	rig_expect("GET", "/v1/bridges/a%0ab", NULL, 400);
	rig_expect("GET", "/v1/jails/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    NULL, 404);
	rig_expect("PUT", "/v1/jails/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    "{}", 422);
	rig_expect("PUT", "/v1/bridges/sixteenletters16", "{}", 422);
	rig_has("\"pointer\":\"/name\"");
	rig_has("\\\"sixteenletters1\\\" would fit");
}

static void
test_methods(void **state)
{
	(void)state;
	rig_expect("PUT", "/v1/bridges", "{}", 405);
	assert_string_equal(rig.res.allow, "GET, HEAD, POST, OPTIONS");
	rig_has("\"code\":\"method\"");
	rig_expect("BREW", "/v1/bridges/x", NULL, 405);
	assert_string_equal(rig.res.allow, "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");
	rig_expect("get", "/livez", NULL, 405);
	rig_expect("BREW", "/coffee", NULL, 404);
	rig_expect("OPTIONS", "/v1/topology", NULL, 204);
	assert_string_equal(rig.res.allow, "GET, HEAD, PUT, OPTIONS");
}

static void
test_roles(void **state)
{
	static const char *const open_targets[] = { "/", "/livez", "/openapi.json", "/problems/invalid" };
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(open_targets); i++) {
		rig.req.role = ROLE_NONE;
		rig_expect("GET", open_targets[i], NULL, 200);
	}
	rig.req.role = ROLE_NONE;
	rig_expect("GET", "/v1", NULL, 401);
	rig_has("\"code\":\"unauthorized\"");
	rig.req.role = ROLE_VIEWER;
	rig_expect("GET", "/v1/bridges", NULL, 200);
	rig.req.role = ROLE_VIEWER;
	rig_expect("POST", "/v1/bridges", "{\"name\":\"x\"}", 403);
	rig_has("\"code\":\"forbidden\"");
	rig.req.role = ROLE_OPERATOR;
	write_free(rig_write("POST", "/v1/bridges", "{\"name\":\"x\"}"));
}

static void
test_accept(void **state)
{
	static const struct {
		const char *accept;
		int status;
	} cases[] = { { "", 200 }, { "*/*", 200 }, { "application/*", 200 },
		{ "image/png, application/json;q=0.5", 200 }, { "APPLICATION/JSON", 200 }, { "image/png", 406 },
		{ "text/*", 406 }, { "application/json;q=0", 406 }, { "*/*;q=0", 406 }, { "application/jsonx", 406 } };
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(cases); i++) {
		rig.req.accept = cases[i].accept;
		rig_expect("GET", "/v1/bridges", NULL, cases[i].status);
	}
	rig.req.accept = "image/png";
	rig_expect("POST", "/v1/bridges", "{\"name\":\"x\"}", 406);	/* before anything is done */
}

static void
test_content_type(void **state)
{
	static const struct {
		const char *type;
		bool local, ok, patch_ok;
	} cases[] = { { NULL, true, true, true }, { NULL, false, false, false },
		{ "application/json", false, true, true }, { "application/json; charset=utf-8", false, true, true },
		{ "Application/JSON;charset=\"UTF-8\"", false, true, true },
		{ "application/json; charset=latin1", false, false, false }, { "text/plain", false, false, false },
		{ "application/x-www-form-urlencoded", true, false, false },
		{ "application/merge-patch+json", false, false, true },
		{ "application/json-patch+json", false, false, false } };
	struct write *w;
	size_t i, max;

	(void)state;
	for (i = 0; i < NELEMS(cases) * 2; i++) {
		bool patch = i % 2 == 1, ok = patch ? cases[i / 2].patch_ok : cases[i / 2].ok;

		rig.req.content_type = cases[i / 2].type;
		rig.req.local = cases[i / 2].local;
		assert_int_equal(
		    rig_begin(patch ? "PATCH" : "PUT", "/v1/bridges/x", "{}", &w), ok ? API_WRITE : API_ANSWER);
		write_free(w);
		if (!ok)
			assert_int_equal(rig.res.status, 415);
		if (cases[i / 2].type != NULL)
			assert_int_equal(
			    api_precheck(patch ? "PATCH" : "PUT", "/v1/bridges/x", cases[i / 2].type, 2, true, ROLE_ADMIN, &max),
			    ok ? 0 : 415);
	}
	assert_int_equal(api_precheck("PUT", "/v1/bridges/x", "application/json", API_BODY_MAX + 1, true, ROLE_ADMIN, &max), 413);
	assert_int_equal(api_precheck("PUT", "/v1/topology?x", "application/json", API_BODY_MAX + 1, true, ROLE_ADMIN, &max), 0);
	assert_int_equal(max, API_TOPOLOGY_MAX);
	assert_int_equal(api_precheck("PUT", "/nowhere", "text/plain", UINT64_MAX, true, ROLE_ADMIN, &max), 0);
	assert_int_equal(max, API_BODY_MAX);
}

static void
test_bodies(void **state)
{
	(void)state;
	rig_expect("POST", "/v1/bridges", NULL, 400);
	rig_has("a JSON body is wanted");
	rig_expect("POST", "/v1/bridges", "{", 400);
	rig_has("\"code\":\"syntax\"");
	rig_expect("POST", "/v1/bridges", "[]", 422);
	rig_expect("DELETE", "/v1/bridges/x", "{\"a\":1}", 400);
	rig_expect("POST", "/v1/bridges", "{\"name\":\"x\",\"mtu\":1,\"colour\":2}", 422);
	rig_has("\"errors\":[{\"pointer\":\"/mtu\",\"code\":\"invalid\",\"detail\":\"wants an integer from 72 to "
		"65535, got 1\"},{\"pointer\":\"/colour\"");
	rig_expect("PUT", "/v1/topology", "{\"epairs\":{\"web0\":{\"a\":{\"mac\":\"zz\"}}},\"vlans\":{}}", 422);
	rig_has("\"pointer\":\"/epairs/web0/a/mac\"");
	rig_has("\"pointer\":\"/vlans\",\"code\":\"invalid\",\"detail\":\"unknown field\"");
	/* What validation finds comes along with what decoding found. */
	rig_expect("PUT", "/v1/epairs/web0", "{\"mtu\":1,\"a\":{\"mac\":\"01:00:00:00:00:01\"}}", 422);
	rig_has("\"pointer\":\"/mtu\"");
	rig_has("\"pointer\":\"/a/mac\"");
	rig_expect("PUT", "/v1/topology", "{\"epairs\":{\"w\":{\"a\":{\"mac\":\"01:00:00:00:00:01\"}}},\"x\":1}", 422);
	rig_has("\"pointer\":\"/epairs/w/a/mac\"");
	rig_has("\"pointer\":\"/x\"");
	rig_expect("PUT", "/v1/topology", "{\"jails\":{\"1st\":{},\"web\":{\"name\":\"wen\"}}}", 422);
	rig_has("\"pointer\":\"/jails/1st\"");
	rig_has("\"pointer\":\"/jails/web/name\"");
	rig_expect("POST", "/v1/jails/web/probe", "{}", 422);
	rig_has("\"pointer\":\"/to\"");
	rig_expect("POST", "/v1/jails/web/probe", "{\"to\":\"192.0.2.1\",\"count\":65,\"x\":1}", 422);
	rig_has("\"pointer\":\"/count\"");
	rig_has("\"pointer\":\"/x\"");
}

static void
test_many_errors(void **state)
{
	char body[4000] = "{\"name\":\"x\"";
	size_t i, len = strlen(body);

	(void)state;
	for (i = 0; i < ERRS_MAX + 8; i++)
		len += (size_t)snprintf(body + len, sizeof(body) - len, ",\"u%zu\":1", i);
	snprintf(body + len, sizeof(body) - len, "}");
	rig_expect("POST", "/v1/bridges", body, 422);
	rig_has("\"more_errors\":8");
}

static void
test_query(void **state)
{
	struct write *w;

	(void)state;
	rig_expect("GET", "/v1/bridges?limt=1", NULL, 400);
	rig_has("unknown query parameter \\\"limt\\\"");
	rig_expect("GET", "/v1/bridges?limit=1&limit=2", NULL, 400);
	rig_expect("GET", "/v1/bridges?limit=0", NULL, 400);
	rig_expect("GET", "/v1/bridges?limit=10001", NULL, 400);
	rig_expect("GET", "/v1/bridges?limit=-1", NULL, 400);
	rig_expect("GET", "/v1/bridges?limit", NULL, 400);
	rig_expect("GET", "/v1/bridges?cursor=!", NULL, 400);
	rig_expect("GET", "/v1/bridges?cursor=", NULL, 400);
	rig_expect("GET", "/v1/bridges?cursor=A", NULL, 400);
	rig_expect("GET", "/v1/bridges?limit=%zz", NULL, 400);
	rig_expect("GET", "/v1/bridges?%6cimit=1&", NULL, 200);
	rig_expect("GET", "/v1/topology?format=png", NULL, 400);
	rig_expect("GET", "/readyz?verbose", NULL, 503);
	rig_expect("DELETE", "/v1/bridges/x?dry_run=yes", NULL, 400);
	rig_expect("PUT", "/v1/topology?manager=", "{}", 400);
	w = rig_write("PUT", "/v1/topology?dry_run=plan&manager=a%20b+c", "{}");
	assert_int_equal(w->dry_run, DRY_PLAN);
	assert_string_equal(w->manager, "a b c");
	assert_string_equal(w->path, "/v1/topology");
	write_free(w);
	w = rig_write("DELETE", "/v1/bridges/x?dry_run=validate", NULL);
	assert_int_equal(w->dry_run, DRY_VALIDATE);
	write_free(w);
}

static void
test_write_headers(void **state)
{
	static const char *const no_match[] = { "W/\"r1\"", "\"x1\"", "r1", "\"r\"", "\"r-1\"", "\"r01\"",
		"\"r99999999999999999999999\"", "" };
	struct write *w;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(no_match); i++) {
		rig.req.if_match = no_match[i];
		rig_expect("DELETE", "/v1/bridges/x", NULL, 412);
	}
	rig.req.if_match = "\"r1\", \"r2\"";
	rig_expect("DELETE", "/v1/bridges/x", NULL, 400);
	rig.req.if_none_match = "\"r1\"";
	rig_expect("PUT", "/v1/bridges/x", "{}", 400);
	rig.req.if_match = "\"r12\"";
	rig.req.prefer = "return=minimal, Respond-Async; x=1, wait=30";
	w = rig_write("PUT", "/v1/bridges/x", "{}");
	assert_int_equal(w->if_match, 12);
	assert_true(w->async);
	assert_int_equal(w->wait_s, 30);
	assert_int_equal(w->verb, WRITE_PUT);
	assert_string_equal(w->name, "x");
	assert_string_equal(w->actor, "uid:0");
	assert_string_equal(w->request_id, "r1");
	write_free(w);
	rig.req.prefer = "wait=-1,,;,wait=1000";
	w = rig_write("PUT", "/v1/bridges/x", "{}");
	assert_int_equal(w->if_match, -1);
	assert_int_equal(w->wait_s, 10);
	write_free(w);
	atomic_store(&rig.health.draining, true);
	rig_expect("PUT", "/v1/bridges/x", "{}", 503);
	assert_int_equal(rig.res.retry_after, 1);
}

static void
test_probe(void **state)
{
	struct write *w;

	(void)state;
	w = rig_write("POST", "/v1/jails/web/probe", "{\"to\":\"2001:db8::1\"}");
	assert_int_equal(w->verb, WRITE_PROBE);
	assert_string_equal(w->probe.jail, "web");
	assert_int_equal(w->probe.to.family, 6);
	assert_int_equal(w->probe.count, 3);
	assert_int_equal(w->probe.interval_ms, 200);
	assert_int_equal(w->probe.timeout_ms, 1000);
	write_free(w);
}

static void
test_problem_table(void **state)
{
	static const struct {
		enum err_code code;
		int status;
	} want[] = { { ERR_SYNTAX, 400 }, { ERR_INVALID, 422 }, { ERR_NOT_FOUND, 404 }, { ERR_REFERENCE, 422 },
		{ ERR_EXISTS, 409 }, { ERR_CONFLICT, 409 }, { ERR_IN_USE, 409 }, { ERR_PRECONDITION, 412 },
		{ ERR_DENIED, 403 }, { ERR_LIMIT, 422 }, { ERR_UNSUPPORTED, 501 }, { ERR_BUSY, 503 },
		{ ERR_TIMEOUT, 504 }, { ERR_KERNEL, 422 }, { ERR_EXEC, 422 }, { ERR_STORE, 500 }, { ERR_PROTO, 502 },
		{ ERR_NOMEM, 503 }, { ERR_INTERNAL, 500 } };
	static const struct {
		int status;
		const char *code;
	} codes[] = { { 400, "syntax" }, { 401, "unauthorized" }, { 403, "forbidden" }, { 404, "not_found" },
		{ 405, "method" }, { 406, "not_acceptable" }, { 412, "precondition" }, { 413, "too_large" },
		{ 415, "media_type" }, { 428, "required" }, { 503, "busy" }, { 499, "syntax" }, { 599, "internal" } };
	char target[64];
	size_t i;

	(void)state;
	assert_int_equal(NELEMS(want), ERR_CODE_COUNT - 1);
	for (i = 0; i < NELEMS(want); i++) {
		assert_int_equal(api_status_of(want[i].code, 0), want[i].status);
		snprintf(target, sizeof(target), "/problems/%s", err_code_name(want[i].code));
		rig_expect("GET", target, NULL, 200);
		snprintf(target, sizeof(target), "\"code\":\"%s\",\"status\":%d,", err_code_name(want[i].code),
		    want[i].status);
		rig_has(target);
	}
	assert_int_equal(api_status_of(ERR_STORE, ENOSPC), 507);
	assert_int_equal(api_status_of(ERR_KERNEL, ENOSPC), 422);
	rig_expect("GET", "/problems/nosuch", NULL, 404);
	for (i = 0; i < NELEMS(codes); i++)
		assert_string_equal(api_code_of_status(codes[i].status), codes[i].code);
	api_res_fini(&rig.res);
	api_problem(&rig.res, 413, NULL, NULL, NULL);
	rig_has("\"detail\":\"The body is too large\"");
	rig_has("\"request_id\":null");
	assert_string_equal(rig.res.content_type, "application/problem+json");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_paths, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_methods, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_roles, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_accept, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_content_type, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_bodies, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_many_errors, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_query, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_write_headers, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_probe, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_problem_table, rig_setup, rig_teardown),
	};

	api_init();
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
