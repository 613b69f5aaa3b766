/*
 * test_api_finish: each outcome of a write becomes the right answer.
 */
#include "api/api_int.h"
#include "tests/unit/api_samples.h"

static void
finish(const char *method, const char *target, const char *body, const struct outcome *o)
{
	struct write *w = rig_write(method, target, body);

	api_res_fini(&rig.res);
	api_res_init(&rig.res);
	api_finish(&rig.api, w, o, &rig.res);
	write_free(w);
}

static void
test_done(void **state)
{
	struct outcome o = { .kind = OUT_DONE, .revision = 5, .created = true, .changed = 1 };

	(void)state;
	rig_put(sample(KIND_BRIDGE, "lan0", 5));
	rig_put(sample(KIND_JAIL, "web", 6));
	finish("POST", "/v1/bridges", "{\"name\":\"lan0\"}", &o);
	assert_int_equal(rig.res.status, 201);
	assert_string_equal(rig.res.location, "/v1/bridges/lan0");
	assert_string_equal(rig.res.etag, "\"r5\"");
	rig_has("\"name\":\"lan0\",\"mtu\":1500");
	assert_false(rig.res.cacheable);
	o.created = false;
	finish("PUT", "/v1/bridges/lan0", "{}", &o);
	assert_int_equal(rig.res.status, 200);
	assert_string_equal(rig.res.location, "");
	finish("POST", "/v1/jails/web/start", NULL, &o);
	assert_int_equal(rig.res.status, 200);
	rig_has("\"kind\":\"jail\"");
	finish("DELETE", "/v1/bridges/lan0", NULL, &o);
	assert_int_equal(rig.res.status, 204);
	assert_null(rig.res.body);
	finish("DELETE", "/v1/interfaces/em0/jail", NULL, &o);
	assert_int_equal(rig.res.status, 204);
	finish("PUT", "/v1/topology", "{}", &o);
	assert_int_equal(rig.res.status, 200);
	assert_string_equal(rig.res.body, "{\"revision\":5,\"changed\":1,\"operation\":null,\"confirm_by\":null}");
	/* Gone again before it could be read: an honest 404. */
	finish("PUT", "/v1/bridges/lan9", "{}", &o);
	assert_int_equal(rig.res.status, 404);
	rig_put(full_attachment("em0.7", 6, "web"));
	o.created = true;
	finish("PUT", "/v1/interfaces/em0.7/jail", "{\"jail\":\"web\"}", &o);
	assert_int_equal(rig.res.status, 201);
	assert_string_equal(rig.res.location, "/v1/interfaces/em0.7/jail");
}

static void
test_accepted(void **state)
{
	struct op_row op = { .id = "op_7",
		.state = OP_RUNNING,
		.method = "PUT",
		.path = "/v1/bridges/lan0",
		.actor = "uid:0",
		.revision = 5,
		.created_at = 1 };
	struct outcome o = { .kind = OUT_ACCEPTED, .revision = 5, .changed = 2, .op = "op_7" };

	(void)state;
	OK(store_begin(rig.writer, E));
	OK(store_op_put(rig.writer, &op, E));
	OK(store_commit(rig.writer, E));
	rig.req.prefer = "respond-async";
	finish("PUT", "/v1/bridges/lan0", "{}", &o);
	assert_int_equal(rig.res.status, 202);
	assert_string_equal(rig.res.location, "/v1/operations/op_7");
	assert_string_equal(rig.res.preference_applied, "respond-async");
	rig_has("\"id\":\"op_7\",\"state\":\"running\"");
	finish("PUT", "/v1/topology", "{}", &o);
	assert_int_equal(rig.res.status, 202);
	assert_string_equal(rig.res.preference_applied, "");
	assert_string_equal(rig.res.location, "/v1/operations/op_7");
	rig_has("\"id\":\"op_7\",\"state\":\"running\"");
	rig_has("\"error\":null,\"confirm_by\":null}");
}

static void
test_dry_and_probe(void **state)
{
	struct outcome o = { .kind = OUT_VALID, .revision = 5 };
	struct step step = { .cmd = { .op = CMD_BRIDGE_CREATE, .u.bridge = { .name = "lan0", .mtu = 1500 } },
		.kind = KIND_BRIDGE,
		.name = "lan0" };

	(void)state;
	finish("PUT", "/v1/topology?dry_run=validate", "{}", &o);
	assert_string_equal(
	    rig.res.body, "{\"valid\":true,\"revision\":5,\"topology\":{\"bridges\":{},\"epairs\":{},\"jails\":{},\"attachments\":{}}}");
	o.kind = OUT_PLAN;
	finish("PUT", "/v1/topology?dry_run=plan", "{}", &o);
	assert_string_equal(rig.res.body, "{\"revision\":5,\"steps\":[]}");
	o.plan = (struct plan){ .v = &step, .n = 1 };
	finish("PUT", "/v1/topology?dry_run=plan", "{}", &o);
	rig_has("\"steps\":[{\"op\":\"create\",\"object\":\"bridge/lan0\",\"detail\":\"");
	rig_has("\"interrupts\":null}]");
	o.kind = OUT_PROBE;
	o.probe = (struct reply){ .sent = 3, .received = 2, .rtt_us = { 31, 1500 }, .probe_error = "" };
	finish("POST", "/v1/jails/web/probe", "{\"to\":\"192.0.2.1\"}", &o);
	rig_has("{\"sent\":3,\"received\":2,\"rtt_ms\":[0.031");
	rig_has(",1.5],\"error\":null}");
	snprintf(o.probe.probe_error, sizeof(o.probe.probe_error), "No route to host");
	finish("POST", "/v1/jails/web/probe", "{\"to\":\"192.0.2.1\"}", &o);
	rig_has("\"error\":\"No route to host\"");
}

static void
test_failed(void **state)
{
	struct outcome o = { .kind = OUT_FAILED };
	struct err err;

	(void)state;
	/* The object's own prefix goes, others stay. */
	errs_add(&o.errs, ERR_INVALID, "/epairs/web0/a/mac", "bad");
	errs_add(&o.errs, ERR_CONFLICT, "/epairs/web01/b/mac", "clash");
	finish("PUT", "/v1/epairs/web0", "{}", &o);
	assert_int_equal(rig.res.status, 422);
	rig_has("\"detail\":\"bad\"");
	rig_has("\"request_id\":\"r1\"");
	rig_has("{\"pointer\":\"/a/mac\",\"code\":\"invalid\",\"detail\":\"bad\"}");
	rig_has("{\"pointer\":\"/epairs/web01/b/mac\",\"code\":\"conflict\"");
	finish("PUT", "/v1/topology", "{}", &o);
	rig_has("\"pointer\":\"/epairs/web0/a/mac\"");
	o.errs = (struct errs){ .n = 0 };
	errs_add(&o.errs, ERR_IN_USE, "/epairs/web0/a/bridge", "there is no bridge lan0");
	finish("DELETE", "/v1/bridges/lan0", NULL, &o);
	assert_int_equal(rig.res.status, 409);
	rig_has("\"code\":\"in_use\"");
	rig_has("\"detail\":\"bridge lan0 is still used at /epairs/web0/a/bridge\"");
	rig_has("\"pointer\":\"/epairs/web0/a/bridge\"");
	o.errs = (struct errs){ .n = 0 };
	err_num(&err, 28, "add 192.0.2.1/24 to lan0");
	errs_add_err(&o.errs, &err);
	finish("PUT", "/v1/bridges/lan0", "{}", &o);
	assert_int_equal(rig.res.status, 422);
	rig_has("\"code\":\"kernel\"");
	rig_has("\"errors\":[],\"errno\":28,\"kernel_message\":\"No space left on device\",\"retryable\":false");
	o.errs.v[0].code = ERR_STORE;
	finish("PUT", "/v1/bridges/lan0", "{}", &o);
	assert_int_equal(rig.res.status, 507);
	o.errs = (struct errs){ .n = 0 };
	finish("PUT", "/v1/bridges/lan0", "{}", &o);
	assert_int_equal(rig.res.status, 500);
	errs_add(&o.errs, ERR_BUSY, "", "too many jobs");
	finish("PUT", "/v1/bridges/lan0", "{}", &o);
	assert_int_equal(rig.res.status, 503);
	assert_int_equal(rig.res.retry_after, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_done, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_accepted, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_dry_and_probe, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_failed, rig_setup, rig_teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
