/*
 * test_api_codec: what is encoded decodes to the same object; what is wrong is named, all of it.
 */
#include "tests/unit/store_samples.h"

#include "api/api.h"
#include "api/api_codec.h"

static json_t *
parse(const char *text)
{
	struct err err;
	json_t *j;

	if (api_json_parse(text, strlen(text), &j, &err) == -1)
		fail_msg("%s: %s", err.msg, text);
	return (j);
}

static void
round_trip(struct object *o)
{
	struct errs errs = { .n = 0 };
	json_t *j = codec_encode(o, true), *item = codec_item(o, 1500, NULL);
	struct object *back;
	struct jd d;

	jd_init(&d, &errs, "");
	back = codec_decode(o->kind, NULL, true, j, &d);
	if (errs.n > 0)
		fail_msg("%s: %s", errs.v[0].field, errs.v[0].msg);
	assert_true(object_equal(o, back));
	object_free(back);
	/* GET | PUT: the fields of the server are ignored. */
	back = codec_decode(o->kind, o->name, true, item, &d);
	assert_int_equal(errs.n, 0);
	assert_true(object_equal(o, back));
	assert_string_equal(back->id, "");
	object_free(back);
	json_decref(j);
	json_decref(item);
	object_free(o);
}

static void
test_round_trip(void **state)
{
	struct object *ep = full_epair("web0", 20, "lan", "web");

	(void)state;
	round_trip(ep);
	round_trip(full_bridge("lan", 1));
	round_trip(full_jail("web", 10));
	round_trip(full_attachment("em0.100", 30, "web"));
	round_trip(sample(KIND_BRIDGE, "bare", 2));
	round_trip(sample(KIND_EPAIR, "bare", 3));
	round_trip(sample(KIND_JAIL, "bare", 4));
}

static void
test_item(void **state)
{
	struct status_row st = { .kind = KIND_EPAIR, .state = "failed", .since = 1700000000042 };
	struct object *o = full_epair("web0", 20, "lan", "web");
	json_t *item;
	char *text;

	(void)state;
	err_num(&st.err, 17, "create web0a");
	item = codec_item(o, 1400, &st);
	text = json_dumps(item, JSON_COMPACT);
	assert_non_null(strstr(text, "\"kind\":\"epair\",\"id\":\"ep_00000000000000000000000020\",\"revision\":20"));
	assert_non_null(strstr(text, "\"created_at\":\"2023-11-14T22:13:20.020Z\""));
	assert_non_null(
	    strstr(text, "\"allocated\":{\"mtu\":1400,\"a\":{\"ifname\":\"web0a\",\"mac\":\"02:10:00:00:00:28\"},"
			 "\"b\":{\"ifname\":\"eth0\",\"mac\":\"02:10:00:00:00:29\"}}"));
	assert_non_null(strstr(text,
	    "\"status\":{\"state\":\"failed\",\"since\":\"2023-11-14T22:13:20.042Z\",\"reason\":\"create web0a: File "
	    "exists\",\"errno\":17}"));
	assert_non_null(
	    strstr(text, "\"a\":{\"bridge\":\"lan\",\"addresses\":[\"fe80::1/64\"],\"up\":false,\"private\":true,"
			 "\"stp\":true,\"edge\":true,\"untagged\":9,\"tagged\":[2,3]}"));
	assert_null(strstr(text, "\"mac\":\"02:10:00:00:00:28\",\"bridge\""));	/* not pinned: not a writable field */
	free(text);
	json_decref(item);
	object_free(o);
	o = full_jail("web", 10);
	item = codec_encode(o, false);
	text = json_dumps(json_object_get(item, "routes"), JSON_COMPACT);
	assert_string_equal(
	    text, "{\"default\":\"192.0.2.1\",\"10.0.0.0/8\":\"192.0.2.254\",\"::/0\":\"2001:db8::1\"}");
	free(text);
	json_decref(item);
	object_free(o);
}

static void
test_defaults(void **state)
{
	static const char *const text[KIND_COUNT] = { "{\"name\":\"x0\"}", "{\"name\":\"x0\"}", "{\"name\":\"x0\"}",
		"{\"name\":\"x0\",\"jail\":\"web\"}" };
	struct errs errs = { .n = 0 };
	struct object *o;
	struct jd d;
	json_t *j;
	int kind;

	(void)state;
	for (kind = 0; kind < KIND_COUNT; kind++) {
		j = parse(text[kind]);
		jd_init(&d, &errs, "");
		o = codec_decode((enum kind)kind, NULL, true, j, &d);
		assert_int_equal(errs.n, 0);
		if (kind == KIND_BRIDGE)
			assert_int_equal(o->u.bridge.mtu, MTU_DEFAULT);
		else if (kind == KIND_EPAIR) {
			assert_string_equal(o->u.epair.end[END_B].ifname, "x0b");
			assert_true(o->u.epair.end[END_A].up);
			assert_false(o->u.epair.end[END_A].mac_pinned);
		} else if (kind == KIND_JAIL)
			assert_true(o->u.jail.running && !o->u.jail.external);
		object_free(o);
		json_decref(j);
	}
}

static void
test_default_route_family(void **state)
{
	struct errs errs = { .n = 0 };
	struct object *o;
	struct jd d;
	json_t *j;

	(void)state;
	jd_init(&d, &errs, "");
	j = parse(
	    "{\"routes\":{\"default\":\"2001:db8::1\",\"0.0.0.0/0\":\"192.0.2.1\",\"10.1.2.3/8\":\"192.0.2.2\"}}");
	o = codec_decode(KIND_JAIL, "web", true, j, &d);
	assert_int_equal(errs.n, 0);
	assert_int_equal(o->u.jail.nroutes, 3);
	assert_int_equal(o->u.jail.routes[0].dst.ip.family, 4);
	assert_int_equal(o->u.jail.routes[1].dst.ip.b[1], 0);	/* network form */
	assert_true(prefix_is_default(&o->u.jail.routes[2].dst) && o->u.jail.routes[2].dst.ip.family == 6);
	object_free(o);
	json_decref(j);
	j = parse("{\"routes\":{\"default\":\"192.0.2.1\",\"0.0.0.0/0\":\"192.0.2.1\"}}");
	o = codec_decode(KIND_JAIL, "web", true, j, &d);
	assert_int_equal(errs.n, 1);
	assert_string_equal(errs.v[0].field, "/routes/0.0.0.0~10");
	object_free(o);
	json_decref(j);
}

/* text, then pointer and words of each error, NULL at the end; their number must be right, too. */
static void
wrong(enum kind kind, const char *name, const char *text, const char *const *expected)
{
	struct errs errs = { .n = 0 };
	struct object *o;
	json_t *j = parse(text);
	struct jd d;
	size_t n = 0, i;

	jd_init(&d, &errs, "");
	o = codec_decode(kind, name, true, j, &d);
	for (; *expected != NULL; expected += 2, n++) {
		for (i = 0; i < errs.n; i++) {
			if (strcmp(errs.v[i].field, expected[0]) == 0 && strstr(errs.v[i].msg, expected[1]) != NULL)
				break;
		}
		if (i == errs.n)
			print_message("missing %s: %s\n", expected[0], expected[1]);
		if (i == errs.n || errs.n == 0) {
			for (i = 0; i < errs.n; i++)
				print_message("got %s: %s\n", errs.v[i].field, errs.v[i].msg);
			fail();
		}
	}
	if (errs.n != n)
		fail_msg("%zu errors, not %zu, the last is %s: %s", errs.n, n, errs.v[errs.n - 1].field,
		    errs.v[errs.n - 1].msg);
	object_free(o);
	json_decref(j);
}

#define WRONG(kind, name, text, ...) wrong(kind, name, text, (const char *const []){ __VA_ARGS__, NULL })

static void
test_wrong(void **state)
{
	(void)state;
	WRONG(KIND_BRIDGE, NULL, "{}", "/name", "is missing");
	WRONG(KIND_BRIDGE, NULL, "[]", "", "wants an object, got a list");
	WRONG(KIND_BRIDGE, NULL, "{\"name\":7}", "/name", "wants a string");
	WRONG(KIND_BRIDGE, NULL, "{\"name\":\"1st\"}", "/name", "starts with a letter");
	WRONG(KIND_BRIDGE, NULL, "{\"name\":\"a b\"}", "/name", "starts with a letter");
	WRONG(KIND_BRIDGE, NULL, "{\"name\":\"abcdefghijklmnop\"}", "/name",
	    "at most 15 characters, this one has 16: \"abcdefghijklmno\" would fit");
	WRONG(KIND_EPAIR, NULL, "{\"name\":\"abcdefghijklmno\"}", "/name", "would not fit the 15 characters");
	WRONG(KIND_BRIDGE, "lan0", "{\"name\":\"lan1\"}", "/name", "wants \"lan0\", the name in the path");
	WRONG(KIND_BRIDGE, "lan0",
	    "{\"mtu\":71,\"stp\":\"on\",\"mac\":5,\"addresses\":[\"192.0.2.1\",7,\"10.0.0.1/8\",\"10.0.0.1/8\"],"
	    "\"vlan_filter\":null,\"backend\":\"ovs\",\"labels\":{\"a\":1,\"\":\"x\"},\"description\":[],\"colour\":1}",
	    "/mtu", "from 72 to 65535, got 71", "/stp", "true or false", "/mac", "wants a string", "/addresses/0",
	    "ADDRESS/LENGTH", "/addresses/1", "got 7", "/addresses/3", "already in the list", "/vlan_filter",
	    "got null", "/backend", "\"netgraph\"", "/labels/a", "wants a string", "/labels/", "1 to 63 bytes",
	    "/description", "got a list", "/colour", "unknown field");
	WRONG(KIND_BRIDGE, "lan0",
	    "{\"members\":{\"re0\":{\"tagged\":[1,1,4095,\"2\"],\"untagged\":0,\"colour\":1},\"a/b\":{},"
	    "\"abcdefghijklmnop\":{},\"re1\":[]}}",
	    "/members/re0/tagged/1", "already", "/members/re0/tagged/2", "got 4095", "/members/re0/tagged/3",
	    "got a string", "/members/re0/untagged", "from 1 to 4094", "/members/re0/colour", "unknown",
	    "/members/a~1b", "an interface name is", "/members/abcdefghijklmnop", "at most 15", "/members/re1",
	    "wants an object");
	WRONG(KIND_EPAIR, "web0",
	    "{\"a\":{\"bridge\":\"lan\",\"jail\":\"web\"},\"b\":{\"ifname\":\"0\",\"stpp\":true,\"up\":1},\"c\":{}}",
	    "/a", "not in both", "/b/ifname", "starts with a letter", "/b/stpp", "unknown", "/b/up", "true or false",
	    "/c", "unknown");
	WRONG(KIND_JAIL, "web",
	    "{\"manager\":\"me\",\"running\":0,\"routes\":{\"default\":\"x\",\"10.0.0.0\":\"10.0.0.1\"},\"exec\":{"
	    "\"run\":\"\"},"
	    "\"sysctls\":[],\"boot\":3}",
	    "/manager", "\"jailnet\" or \"external\"", "/running", "got 0", "/routes/default", "not an IP",
	    "/routes/10.0.0.0", "destination", "/exec/run", "unknown", "/sysctls", "wants an object", "/boot",
	    "unknown");
	WRONG(KIND_ATTACHMENT, "em0", "{}", "/jail", "is missing");
}

/* Every list an object has: as many as its limit are taken, one more is refused where it is.  # counts from 1. */
static const struct {
	enum kind kind;
	unsigned limit;
	const char *before, *item, *after, *pointer;
} lists[] = {
	{ KIND_BRIDGE, LIMIT_ADDRESSES, "{\"addresses\":[", "\"10.0.0.#/8\"", "]}", "/addresses" },
	{ KIND_BRIDGE, LIMIT_MEMBERS, "{\"members\":{", "\"re#\":{}", "}}", "/members" },
	{ KIND_BRIDGE, LIMIT_TAGGED, "{\"members\":{\"re0\":{\"tagged\":[", "#", "]}}}", "/members/re0/tagged" },
	{ KIND_BRIDGE, LIMIT_PAIRS, "{\"labels\":{", "\"k#\":\"v\"", "}}", "/labels" },
	{ KIND_EPAIR, LIMIT_ADDRESSES, "{\"a\":{\"addresses\":[", "\"10.0.0.#/8\"", "]}}", "/a/addresses" },
	{ KIND_EPAIR, LIMIT_ADDRESSES, "{\"b\":{\"addresses\":[", "\"10.0.0.#/8\"", "]}}", "/b/addresses" },
	{ KIND_EPAIR, LIMIT_TAGGED, "{\"b\":{\"bridge\":\"lan0\",\"tagged\":[", "#", "]}}", "/b/tagged" },
	{ KIND_EPAIR, LIMIT_PAIRS, "{\"labels\":{", "\"k#\":\"v\"", "}}", "/labels" },
	{ KIND_JAIL, LIMIT_ROUTES, "{\"routes\":{", "\"fd00:#::/32\":\"fd00::1\"", "}}", "/routes" },
	{ KIND_JAIL, LIMIT_PAIRS, "{\"sysctls\":{", "\"net.k#\":\"1\"", "}}", "/sysctls" },
	{ KIND_JAIL, LIMIT_PAIRS, "{\"params\":{", "\"k#\":\"1\"", "}}", "/params" },
	{ KIND_JAIL, LIMIT_PAIRS, "{\"labels\":{", "\"k#\":\"v\"", "}}", "/labels" },
	{ KIND_ATTACHMENT, LIMIT_ADDRESSES, "{\"jail\":\"web\",\"addresses\":[", "\"10.0.0.#/8\"", "]}", "/addresses" },
	{ KIND_ATTACHMENT, LIMIT_PAIRS, "{\"jail\":\"web\",\"labels\":{", "\"k#\":\"v\"", "}}", "/labels" },
};

static void
decode_list(size_t at, unsigned n, struct errs *errs)
{
	char *text = malloc(64 * (n + 2)), *p;
	struct jd d;
	json_t *j;

	assert_non_null(text);
	p = text + sprintf(text, "%s", lists[at].before);
	for (unsigned i = 1; i <= n; i++) {
		if (i > 1)
			*p++ = ',';
		for (const char *c = lists[at].item; *c != '\0'; c++) {
			if (*c == '#')
				p += sprintf(p, "%u", i);
			else
				*p++ = *c;
		}
	}
	sprintf(p, "%s", lists[at].after);
	j = parse(text);
	jd_init(&d, errs, "");
	object_free(codec_decode(lists[at].kind, "o0", true, j, &d));
	json_decref(j);
	free(text);
}

static void
test_limits(void **state)
{
	char words[64];

	(void)state;
	for (size_t i = 0; i < NELEMS(lists); i++) {
		struct errs errs = { .n = 0 };

		decode_list(i, lists[i].limit, &errs);
		if (errs.n > 0)
			fail_msg("%s: %s", errs.v[0].field, errs.v[0].msg);
		decode_list(i, lists[i].limit + 1, &errs);
		assert_int_equal(errs.n, 1);
		assert_int_equal(errs.v[0].code, ERR_LIMIT);
		assert_string_equal(errs.v[0].field, lists[i].pointer);
		snprintf(words, sizeof(words), "at most %u entries (has %u)", lists[i].limit, lists[i].limit + 1);
		assert_string_equal(errs.v[0].msg, words);
	}
}

static void
test_long_text(void **state)
{
	char text[1200];

	(void)state;
	snprintf(text, sizeof(text), "{\"description\":\"%01024d\"}", 0);
	WRONG(KIND_BRIDGE, "lan0", text, "/description", "longer than 1023 bytes");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_item),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_default_route_family),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_long_text),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
