/*
 * test_api_read: every GET against a store with rows made by hand.
 */
#include "api/api_int.h"
#include "tests/unit/api_samples.h"

#define COMMIT(call)			\
	do {				\
		OK(store_begin(rig.writer, E));	\
		OK(call);			\
		OK(store_commit(rig.writer, E));	\
	} while (0)

static void
fill(void)
{
	struct status_row st = { .kind = KIND_JAIL, .name = "web", .state = "ready", .since = 1700000000001 };
	struct object *ep = sample(KIND_EPAIR, "web0", 4), *loose = sample(KIND_EPAIR, "loose", 5);

	object_str(ep, &ep->u.epair.end[END_A].bridge, "lan");
	object_str(ep, &ep->u.epair.end[END_B].jail, "web");
	rig_put(full_bridge("lan", 1));
	rig_put(full_jail("web", 3));
	rig_put(ep);
	rig_put(loose);
	rig_put(full_attachment("em0.7", 6, "web"));
	COMMIT(store_status_put(rig.writer, &st, E));
	COMMIT(store_revision_set(rig.writer, 12, E));
}

static void
test_objects(void **state)
{
	(void)state;
	fill();
	rig_expect("GET", "/v1/jails/web", NULL, 200);
	assert_string_equal(rig.res.content_type, "application/json");
	assert_string_equal(rig.res.etag, "\"r3\"");
	assert_true(rig.res.cacheable);
	rig_has("\"name\":\"web\",\"manager\":\"external\",\"moves\":\"manager\",\"running\":false");
	rig_has(
	    "\"status\":{\"state\":\"ready\",\"since\":\"2023-11-14T22:13:20.001Z\",\"reason\":null,\"errno\":null,\"dying\":0}");
	rig_expect("GET", "/v1/epairs/web0", NULL, 200);
	rig_has("\"allocated\":{\"mtu\":9000,");	/* of its bridge */
	rig_has("\"status\":{\"state\":\"pending\",\"since\":null");
	rig_expect("GET", "/v1/epairs/loose", NULL, 200);
	rig_has("\"allocated\":{\"mtu\":1500,");
	rig_expect("GET", "/v1/interfaces/em0.7/jail", NULL, 200);
	rig_has("\"jail\":\"web\"");
	rig_expect("GET", "/v1/interfaces/em1/jail", NULL, 404);
	rig_has("there is no attachment em1");
	rig_expect("GET", "/v1/bridges/lan9", NULL, 404);
	rig_has("\"type\":\"/problems/not_found\"");
	assert_false(rig.res.cacheable);
	assert_string_equal(rig.res.etag, "");
}

static void
test_lists(void **state)
{
	char target[128];
	const char *next;
	json_t *j;
	int i;

	(void)state;
	fill();
	rig_expect("GET", "/v1/epairs", NULL, 200);
	j = json_loads(rig.res.body, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(j, "items")), 2);
	assert_true(json_is_null(json_object_get(j, "next")));
	assert_int_equal(json_integer_value(json_object_get(j, "revision")), 12);
	json_decref(j);
	rig_has("\"allocated\":{\"mtu\":9000,");
	for (i = 0; i < 5; i++) {
		snprintf(target, sizeof(target), "j%d", i);
		rig_put(sample(KIND_JAIL, target, 40 + (unsigned)i));
	}
	/* Pages of four: j0 j1 j2 j3 | j4 web. */
	rig_expect("GET", "/v1/jails?limit=4", NULL, 200);
	j = json_loads(rig.res.body, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(j, "items")), 4);
	next = json_string_value(json_object_get(j, "next"));
	assert_non_null(next);
	snprintf(target, sizeof(target), "/v1/jails?limit=4&cursor=%s", next);
	json_decref(j);
	rig_expect("GET", target, NULL, 200);
	rig_has("\"name\":\"j4\"");
	rig_has("\"name\":\"web\"");
	rig_has("\"state\":\"ready\"");
	rig_has("\"next\":null");
	rig_expect("GET", "/v1/jails?limit=6", NULL, 200);
	rig_has("\"next\":null");
}

static void
test_topology(void **state)
{
	struct errs errs = { .n = 0 };
	struct changes changes = { 0 };
	struct topo want, next;
	struct write *w;
	char *text;

	(void)state;
	fill();
	rig_expect("GET", "/v1/topology", NULL, 200);
	assert_string_equal(rig.res.etag, "\"r12\"");
	/* A PUT of what GET answered changes nothing. */
	text = strdup(rig.res.body);
	w = rig_write("PUT", "/v1/topology", text);
	OK(store_topo(rig.reader, &want, E));
	OK(topo_view(&next, &want, E));
	assert_int_equal(write_apply(w, &want, &next, &changes, &errs), 0);
	assert_int_equal(changes.n, 0);
	write_free(w);
	free(text);
	topo_fini(&next);
	topo_fini(&want);
	rig.req.if_none_match = "\"r12\"";
	rig_expect("GET", "/v1/topology?format=json", NULL, 304);
	assert_null(rig.res.body);
	rig.req.if_none_match = "\"r11\"";
	rig_expect("GET", "/v1/topology", NULL, 200);
	rig_expect("GET", "/v1/topology?format=dot", NULL, 200);
	assert_string_equal(rig.res.content_type, "text/vnd.graphviz");
	rig_has("  \"host\" [shape=house];\n");
	rig_has("  \"bridge/lan\" [shape=box, label=\"lan\\n192.0.2.1/24\\n2001:db8::1/64\\n10.0.0.1/8\"];\n");
	rig_has("  \"u0_0\" [shape=cds, label=\"re0\"];\n  \"u0_0\" -- \"bridge/lan\";\n");
	rig_has("  \"i0\" [shape=cds, label=\"em0.7\\n198.51.100.2/30\"];\n  \"i0\" -- \"jail/web\";\n");
	rig_has("  \"host\" -- \"host\" [label=\"loosea - looseb\"];\n");
	rig_has("  \"bridge/lan\" -- \"jail/web\" [label=\"web0a - web0b\"];\n}\n");
	rig_expect("GET", "/v1/topology?format=mermaid", NULL, 200);
	assert_string_equal(rig.res.content_type, "text/plain");
	rig_has("graph LR\n  host[/\"host\"\\]\n  b0[\"lan<br/>192.0.2.1/24<br/>");
	rig_has("  j0([\"web\"])\n");
	rig_has("  b0 ---|\"web0a - web0b\"| j0\n");
	rig.req.accept = "application/json";
	rig_expect("GET", "/v1/topology?format=dot", NULL, 406);
}

static void
test_tables(void **state)
{
	struct mac_row mac = { .mac = M(9),
		.kind = KIND_EPAIR,
		.name = "web0",
		.side = END_B,
		.state = MAC_PINNED,
		.source = "user",
		.created_at = 1 };
	struct mac_row bmac = { .mac = M(10),
		.kind = KIND_BRIDGE,
		.name = "lan",
		.state = MAC_ALLOCATED,
		.source = "random",
		.created_at = 1 };
	struct drift_row drift = { .object = "epair/web0",
		.want = "mtu 1500",
		.have = "mtu 1400",
		.cause = "by hand \xff",
		.since = 1700000000001,
		.place = { .ifname = "web0a", .bridge = "other" } };
	struct iface_row ifaces[] = { { .ifname = "re0",
					  .type = LINK_PHYSICAL,
					  .mac = M(11),
					  .mtu = 1500,
					  .up = true,
					  .member_of = "lan",
					  .addrs = "192.0.2.7/24 2001:db8::7/64" },
		{ .ifname = "em0", .jail = "web" } };

	(void)state;
	fill();
	COMMIT(store_mac_put(rig.writer, &mac, E));
	COMMIT(store_mac_put(rig.writer, &bmac, E));
	COMMIT(store_drift_set(rig.writer, &drift, 1, E));
	COMMIT(store_ifaces_set(rig.writer, ifaces, 2, E));
	rig_expect("GET", "/v1/macs", NULL, 200);
	rig_has("{\"address\":\"02:10:00:00:00:09\",\"owner\":\"epair/"
		"web0\",\"end\":\"b\",\"state\":\"pinned\",\"source\":\"user\"}");
	rig_has("{\"address\":\"02:10:00:00:00:0a\",\"owner\":\"bridge/"
		"lan\",\"end\":null,\"state\":\"allocated\",\"source\":\"random\"}");
	rig_expect("GET", "/v1/drift", NULL, 200);
	rig_has("[{\"id\":\"epair:web0\",\"object\":\"epair/web0\",\"want\":\"mtu 1500\",\"have\":\"mtu "
		"1400\",\"since\":\"2023-11-14T22:13:20.001Z\",\"cause\":\"by hand ?\","
		"\"place\":{\"interface\":\"web0a\",\"jail\":null,\"bridge\":\"other\"}}]");
	rig_expect("GET", "/v1/interfaces", NULL, 200);
	rig_has("{\"name\":\"re0\",\"type\":\"physical\",\"jail\":null,\"mac\":\"02:10:00:00:00:0b\",\"mtu\":1500,"
		"\"up\":true,\"running\":false,"
		"\"bridge\":null,\"member_of\":\"lan\",\"addresses\":[\"192.0.2.7/24\",\"2001:db8::7/64\"]}");
	rig_has("\"jail\":\"web\"");
}

static void
test_operations(void **state)
{
	struct op_row op = { .id = "op_1",
		.state = OP_RUNNING,
		.method = "PUT",
		.path = "/v1/topology",
		.actor = "uid:0",
		.revision = 3,
		.created_at = 1700000000001,
		.steps_done = 1,
		.steps_total = 5 };

	(void)state;
	COMMIT(store_op_put(rig.writer, &op, E));
	rig_expect("GET", "/v1/operations/op_1", NULL, 200);
	rig_has("{\"id\":\"op_1\",\"state\":\"running\",\"method\":\"PUT\",\"path\":\"/v1/"
		"topology\",\"actor\":\"uid:0\",\"revision\":3,"
		"\"created_at\":\"2023-11-14T22:13:20.001Z\",\"finished_at\":null,\"steps\":{\"done\":1,\"total\":5},"
		"\"error\":null,\"confirm_by\":null}");
	op.state = OP_ROLLED_BACK;
	op.finished_at = 1700000000500;
	err_num(&op.err, 28, "create x");
	COMMIT(store_op_put(rig.writer, &op, E));
	rig_expect("GET", "/v1/operations", NULL, 200);
	rig_has("\"state\":\"rolled_back\"");
	rig_has("\"error\":{\"type\":\"/problems/kernel\"");
	rig_has("\"errno\":28,\"kernel_message\":\"No space left on device\"");
	rig_expect("GET", "/v1/operations/op_2", NULL, 404);
	rig_expect("GET", "/v1/operations?cursor=x", NULL, 400);
}

static void
test_events(void **state)
{
	struct event_row e = { .revision = 3,
		.at = 1700000000001,
		.type = "epair.created",
		.object = "epair/web0",
		.actor = "uid:0",
		.op = "op_1",
		.text = "made\nby \"me\"" };
	struct write *w;
	char *sse;
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		COMMIT(store_event_add(rig.writer, &e, E));
	assert_int_equal(rig_begin("GET", "/v1/events", NULL, &w), API_STREAM);
	assert_int_equal(rig.since, 3);	/* what happens next */
	assert_int_equal(rig_begin("GET", "/v1/events?since=1", NULL, &w), API_STREAM);
	assert_int_equal(rig.since, 1);
	rig.req.accept = "text/event-stream";
	rig.req.last_event_id = "2";
	assert_int_equal(rig_begin("GET", "/v1/events?since=1", NULL, &w), API_STREAM);
	assert_int_equal(rig.since, 2);
	rig_expect("GET", "/v1/events?since=x", NULL, 400);
	rig.req.accept = "application/json";
	rig_expect("GET", "/v1/events?since=1", NULL, 200);
	rig_has("\"next\":null");
	rig_has("{\"seq\":2,\"revision\":3,\"at\":\"2023-11-14T22:13:20.001Z\",\"type\":\"epair.created\",\"object\":"
		"\"epair/web0\","
		"\"actor\":\"uid:0\",\"operation\":\"op_1\",\"text\":\"made\\nby \\\"me\\\"\"}");
	rig_expect("GET", "/v1/events?limit=2", NULL, 200);
	rig_has("\"next\":\"2\"");
	rig.req.accept = "image/png";
	rig_expect("GET", "/v1/events", NULL, 406);
	e.seq = 7;
	sse = api_event_sse(&e);
	assert_non_null(sse);
	assert_non_null(strstr(sse, "id: 7\nevent: epair.created\ndata: {\"seq\":7,"));
	assert_string_equal(strstr(sse, "\"}\n"), "\"}\n\n");
	free(sse);
}

static void
test_server(void **state)
{
	char etag[40];

	(void)state;
	rig_expect("GET", "/", NULL, 200);
	rig_has("\"versions\":[\"v1\"]");
	atomic_store(&rig.health.features, 2);
	rig_expect("GET", "/v1", NULL, 200);
	rig_has("\"features\":[\"vlan_filter\"]");
	rig_has("\"jails\":5000");
	rig_has("\"actor\":\"uid:0\"");
	rig_expect("GET", "/livez", NULL, 200);
	assert_string_equal(rig.res.body, "ok\n");
	rig_expect("GET", "/readyz", NULL, 503);
	assert_string_equal(rig.res.body, "[-]worker failed\n[-]reconciled failed\nnot ready\n");
	atomic_store(&rig.health.worker, true);
	atomic_store(&rig.health.reconciled, true);
	rig_expect("GET", "/readyz", NULL, 200);
	assert_string_equal(rig.res.body, "ok\n");
	rig_expect("GET", "/readyz?verbose", NULL, 200);
	rig_has("[+]store ok\n");
	rig_expect("GET", "/openapi.json", NULL, 200);
	rig_has("\"openapi\":\"3.1.0\"");
	memcpy(etag, rig.res.etag, sizeof(etag));
	rig.req.if_none_match = etag;
	rig_expect("GET", "/openapi.json", NULL, 304);
}

/* A broken store is a problem, not a crash. */
static void
test_broken_store(void **state)
{
	static const char *const targets[] = { "/v1/bridges", "/v1/bridges/lan", "/v1/topology", "/v1/macs",
		"/v1/interfaces", "/v1/drift", "/v1/operations", "/v1/operations/op_1", "/v1/events?limit=1" };
	size_t i;

	(void)state;
	fill();
	for (i = 0; i < NELEMS(targets); i++) {
		store_fault_at(rig.reader, 1);
		rig_expect("GET", targets[i], NULL, 500);
		rig_has("\"code\":\"store\"");
		rig_has("\"retryable\":true");
		/* An I/O error closes the reader's statements: open it anew, as the server does. */
		store_close(rig.reader);
		OK(store_open(rig.dir, STORE_READER, &rig.reader, E));
		rig.api.reader = rig.reader;
	}
}

static void
test_many(void **state)
{
	char name[32];
	json_t *j;
	int i;

	(void)state;
	OK(store_begin(rig.writer, E));
	for (i = 0; i < 500; i++) {
		struct object *o;

		snprintf(name, sizeof(name), "ep%d", i);
		o = sample(KIND_EPAIR, name, 1000 + (unsigned)i);
		OK(store_object_put(rig.writer, o, E));
		object_free(o);
	}
	OK(store_commit(rig.writer, E));
	rig_expect("GET", "/v1/epairs", NULL, 200);
	j = json_loads(rig.res.body, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(j, "items")), 500);
	json_decref(j);
	rig_has("\"name\":\"ep499\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_objects, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_lists, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_topology, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_tables, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_operations, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_events, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_server, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_broken_store, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_many, rig_setup, rig_teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
