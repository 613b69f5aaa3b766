/*
 * test_api_apply: each verb against a desired topology: what changes, what is kept, what is refused.
 */
#include "tests/unit/api_samples.h"

static struct topo want;
static struct changes changes;
static struct errs errs;
static struct topo next;

static void
want_put(struct object *o)
{
	OK(topo_put(&want, o, E));
}

static int
setup(void **state)
{
	struct object *ep, *o;

	rig_setup(state);
	topo_init(&want);
	want.revision = 9;
	o = full_bridge("lan", 1);
	o->u.bridge.backend = BACKEND_IF_BRIDGE;	/* the other cannot do what this one has */
	want_put(o);
	want_put(full_jail("ext", 2));	/* external */
	want_put(sample(KIND_JAIL, "web", 3));
	ep = sample(KIND_EPAIR, "web0", 4);
	ep->u.epair.end[END_A].mac = M(100);
	ep->u.epair.end[END_B].mac = M(101);
	ep->u.epair.end[END_B].mac_pinned = true;
	want_put(ep);
	return (0);
}

static void
forget(void)
{
	topo_fini(&next);
	changes_fini(&changes);
	errs = (struct errs){ .n = 0 };
}

static int
teardown(void **state)
{
	forget();
	topo_fini(&want);
	return (rig_teardown(state));
}

static int
apply(const char *method, const char *target, const char *body)
{
	struct write *w = rig_write(method, target, body);
	int rc;

	forget();
	OK(topo_view(&next, &want, E));
	rc = write_apply(w, &want, &next, &changes, &errs);
	if (rc == 0 && errs.n > 0)
		fail_msg("0 with an error: %s", errs.v[0].msg);
	write_free(w);
	return (rc);
}

static void
done(const char *method, const char *target, const char *body, size_t n)
{
	if (apply(method, target, body) == -1)
		fail_msg("%s %s: %s: %s", method, target, errs.v[0].field, errs.v[0].msg);
	assert_int_equal(changes.n, n);
}

static void
refused(const char *method, const char *target, const char *body, enum err_code code, const char *field)
{
	assert_int_equal(apply(method, target, body), -1);
	assert_int_equal(errs.v[0].code, code);
	assert_string_equal(errs.v[0].field, field);
}

static void
test_create(void **state)
{
	(void)state;
	done("POST", "/v1/epairs", "{\"name\":\"db0\",\"b\":{\"mac\":\"02:00:00:00:00:07\"}}", 1);
	assert_null(changes.v[0].before);
	assert_string_equal(changes.v[0].name, "db0");
	assert_string_equal(changes.v[0].after->id, "");
	assert_true(mac_is_zero(&changes.v[0].after->u.epair.end[END_A].mac));
	assert_ptr_equal(topo_find(&next, KIND_EPAIR, "db0"), changes.v[0].after);
	assert_null(topo_find(&want, KIND_EPAIR, "db0"));
	refused("POST", "/v1/epairs", "{\"name\":\"web0\"}", ERR_EXISTS, "/epairs/web0/name");
	rig.req.if_none_match = "*";
	refused("POST", "/v1/epairs", "{\"name\":\"web0\"}", ERR_PRECONDITION, "");
}

static void
test_put(void **state)
{
	const struct end *e;

	(void)state;
	done("PUT", "/v1/epairs/web0", "{\"mtu\":1400}", 1);
	e = changes.v[0].after->u.epair.end;
	assert_ptr_equal(changes.v[0].before, topo_find(&want, KIND_EPAIR, "web0"));
	assert_int_equal(changes.v[0].after->revision, 4);
	assert_string_equal(changes.v[0].after->id, "ep_00000000000000000000000004");
	assert_true(mac_equal(&e[END_A].mac, &(struct mac){ { 2, 0x10, 0, 0, 0, 100 } }));	/* kept for life */
	assert_true(mac_is_zero(&e[END_B].mac));	/* unpinned now: R chooses */
	assert_false(e[END_B].mac_pinned);
	/* The same again changes nothing. */
	done("PUT", "/v1/epairs/web0", "{\"b\":{\"mac\":\"02:10:00:00:00:65\"}}", 0);
	assert_ptr_equal(topo_find(&next, KIND_EPAIR, "web0"), topo_find(&want, KIND_EPAIR, "web0"));
	done("PUT", "/v1/bridges/new0", "{\"name\":\"new0\"}", 1);
	done("PUT", "/v1/interfaces/em0.7/jail", "{\"jail\":\"web\"}", 1);
	assert_int_equal(changes.v[0].kind, KIND_ATTACHMENT);
}

static void
test_preconditions(void **state)
{
	(void)state;
	rig.req.if_match = "\"r4\"";
	done("PUT", "/v1/epairs/web0", "{}", 1);
	rig.req.if_match = "\"r5\"";
	refused("PUT", "/v1/epairs/web0", "{}", ERR_PRECONDITION, "");
	assert_string_equal(errs.v[0].msg, "epair web0 is at \"r4\", not \"r5\"");
	rig.req.if_match = "*";
	done("PUT", "/v1/epairs/web0", "{}", 1);
	rig.req.if_match = "*";
	refused("PUT", "/v1/epairs/no", "{}", ERR_PRECONDITION, "");
	rig.req.if_match = "\"r1\"";
	refused("PUT", "/v1/epairs/no", "{}", ERR_PRECONDITION, "");
	rig.req.if_none_match = "*";
	refused("PUT", "/v1/epairs/web0", "{}", ERR_PRECONDITION, "");
	rig.req.if_none_match = "*";
	done("PUT", "/v1/epairs/no", "{}", 1);
	rig.req.if_match = "\"r5\"";
	refused("DELETE", "/v1/epairs/web0", NULL, ERR_PRECONDITION, "");
	rig.req.if_match = "\"r8\"";
	refused("PUT", "/v1/topology", "{}", ERR_PRECONDITION, "");
	rig.req.if_match = "\"r9\"";
	done("PUT", "/v1/topology", "{}", 4);
	done("PUT", "/v1/epairs/web0?if_revision=9", "{}", 1);
	refused("PUT", "/v1/epairs/web0?if_revision=8", "{}", ERR_PRECONDITION, "");
	assert_string_equal(errs.v[0].msg, "the network is at revision 9, not 8");
	refused("POST", "/v1/epairs?if_revision=10", "{\"name\":\"db0\"}", ERR_PRECONDITION, "");
	rig.req.if_match = "*";
	refused("PUT", "/v1/topology?if_revision=0", "{}", ERR_PRECONDITION, "");
}

static void
test_patch(void **state)
{
	const struct bridge *b;

	(void)state;
	done("PATCH", "/v1/bridges/lan",
	    "{\"mtu\":null,\"labels\":{\"site\":null,\"b\":\"2\"},\"members\":{\"re1\":null,\"re9\":{\"edge\":true}}}",
	    1);
	b = &changes.v[0].after->u.bridge;
	assert_int_equal(b->mtu, MTU_DEFAULT);
	assert_true(b->stp && b->mac_pinned);
	assert_int_equal(b->nmembers, 3);
	assert_string_equal(b->members[2].ifname, "re9");
	assert_true(b->members[2].port.edge);
	assert_int_equal(b->addrs.n, 3);
	assert_int_equal(changes.v[0].after->labels.n, 2);
	assert_string_equal(changes.v[0].after->labels.v[1].key, "b");
	done("PATCH", "/v1/bridges/lan", "{}", 0);
	done("PATCH", "/v1/bridges/lan", "{\"revision\":77,\"status\":null}", 0);
	/* Lists are replaced whole; a patch that is no object where one was wanted is found out by the decoder. */
	done("PATCH", "/v1/bridges/lan", "{\"addresses\":[\"192.0.2.1/24\"]}", 1);
	assert_int_equal(changes.v[0].after->u.bridge.addrs.n, 1);
	refused("PATCH", "/v1/bridges/lan", "{\"members\":7,\"colour\":1}", ERR_INVALID, "/bridges/lan/members");
	assert_int_equal(errs.n, 2);
	assert_string_equal(errs.v[1].field, "/bridges/lan/colour");
	refused("PATCH", "/v1/bridges/lan", "{\"name\":\"wan\"}", ERR_INVALID, "/bridges/lan/name");
	refused("PATCH", "/v1/bridges/no", "{}", ERR_NOT_FOUND, "");
}

static void
test_delete(void **state)
{
	(void)state;
	done("DELETE", "/v1/epairs/web0", NULL, 1);
	assert_null(changes.v[0].after);
	assert_null(topo_find(&next, KIND_EPAIR, "web0"));
	assert_non_null(topo_find(&want, KIND_EPAIR, "web0"));
	refused("DELETE", "/v1/epairs/no", NULL, ERR_NOT_FOUND, "");
	refused("DELETE", "/v1/interfaces/em0/jail", NULL, ERR_NOT_FOUND, "");
}

static void
test_run(void **state)
{
	(void)state;
	done("POST", "/v1/jails/web/start", NULL, 0);
	done("POST", "/v1/jails/web/stop", NULL, 1);
	assert_false(changes.v[0].after->u.jail.running);
	done("POST", "/v1/jails/web/restart", "{}", 1);
	assert_int_equal(changes.v[0].after->u.jail.boot, 1);
	assert_true(changes.v[0].after->u.jail.running);
	refused("POST", "/v1/jails/ext/restart", NULL, ERR_CONFLICT, "");
	refused("POST", "/v1/jails/no/start", NULL, ERR_NOT_FOUND, "");
	topo_find(&want, KIND_JAIL, "web")->u.jail.running = false;
	refused("POST", "/v1/jails/web/restart", NULL, ERR_CONFLICT, "");
	done("POST", "/v1/jails/web/start", NULL, 1);
	/* A replaced jail keeps its boot count. */
	topo_find(&want, KIND_JAIL, "web")->u.jail.boot = 5;
	done("PUT", "/v1/jails/web", "{\"hostname\":\"h\"}", 1);
	assert_int_equal(changes.v[0].after->u.jail.boot, 5);
}

static void
test_topology(void **state)
{
	(void)state;
	done("PUT", "/v1/topology",
	    "{\"jails\":{\"web\":{},\"db\":{}},\"epairs\":{\"web0\":{\"b\":{\"mac\":\"02:10:00:00:00:65\"}}}}", 3);
	assert_non_null(topo_find(&next, KIND_JAIL, "db"));
	assert_null(topo_find(&next, KIND_JAIL, "ext"));
	assert_null(topo_find(&next, KIND_BRIDGE, "lan"));
	assert_ptr_equal(topo_find(&next, KIND_JAIL, "web"), topo_find(&want, KIND_JAIL, "web"));
	done("PUT", "/v1/topology", "{}", 4);
	/* Only what the named manager owns goes. */
	done("PUT", "/v1/topology?manager=ci", "{}", 0);
	object_pairs(topo_find(&want, KIND_EPAIR, "web0"), &topo_find(&want, KIND_EPAIR, "web0")->labels,
	    &(struct pair){ "manager", "ci" }, 1);
	done("PUT", "/v1/topology?manager=ci", "{\"bridges\":{\"dmz\":{}}}", 2);
	assert_null(topo_find(&next, KIND_EPAIR, "web0"));
	done("PUT", "/v1/topology?manager=other", "{}", 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_create, setup, teardown),
		cmocka_unit_test_setup_teardown(test_put, setup, teardown),
		cmocka_unit_test_setup_teardown(test_preconditions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_patch, setup, teardown),
		cmocka_unit_test_setup_teardown(test_delete, setup, teardown),
		cmocka_unit_test_setup_teardown(test_run, setup, teardown),
		cmocka_unit_test_setup_teardown(test_topology, setup, teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
