/*
 * plan: foreign interfaces as members and attachments, external jails, and all that must be left alone.
 */
#include "tests/unit/plan_rig.h"

static int
keep(void *arg, const struct found *found, struct err *err)
{
	(void)arg;
	return (topo_found_put(&want, found, err));
}

static int
forget(void *arg, const char *ifname, struct err *err)
{
	(void)arg;
	(void)err;
	topo_found_remove(&want, ifname);
	return (0);
}

static void
note(void)
{
	look();
	assert_int_equal(plan_found(&want, &have, keep, NULL, NULL), 0);
	assert_int_equal(plan_returned(&want, &have, forget, NULL, NULL), 0);
}

static void
test_member(void **state)
{
	struct object *b;
	char *before;

	(void)state;
	small();
	physical("re0", false);
	assert_int_equal(fake_add_foreign_bridge(f, "theirs"), 0);
	assert_int_equal(fake_set_bridge(f, "re0", "theirs"), 0);
	before = fake_snapshot(f, true);
	settle();
	b = topo_find(&want, KIND_BRIDGE, "lan0");
	b->u.bridge.mtu = 9000;
	settle();
	member(b, "re0");
	note();
	assert_int_equal(want.nfound, 1);
	assert_string_equal(want.found[0].bridge, "theirs");
	planned("PORT_DETACH bridge=theirs if=re0\n"
		"IF_SET jail=- if=re0 mtu=9000\n"
		"PORT_ATTACH bridge=lan0 if=re0\n"
		"IF_SET jail=- if=re0 up\n");
	assert_string_equal(step_of(CMD_PORT_ATTACH)->pointer, "/bridges/lan0/members/re0");
	execute();
	converged();
	note();
	assert_int_equal(want.nfound, 1); /* still in use */
	assert_int_equal(object_members(b, NULL, 0), 0);
	planned("PORT_DETACH bridge=lan0 if=re0\n"
		"IF_SET jail=- if=re0 mtu=1500 down\n"
		"PORT_ATTACH bridge=theirs if=re0\n");
	execute();
	converged();
	note();
	assert_int_equal(want.nfound, 0);
	topo_fini(&want);
	settle();
	{
		char *after = fake_snapshot(f, true);

		assert_string_equal(before, after);
		free(after);
	}
	free(before);
}

static void
test_attachment(void **state)
{
	struct object *o = small();
	char *before, *after;

	(void)state;
	physical("re0", true);
	before = fake_snapshot(f, true);
	settle();
	attachment("re0", "web", "198.51.100.7/24");
	route(o, "203.0.113.0/24", "198.51.100.1");
	note();
	planned("IF_MOVE if=re0 from=- to=web\n"
		"ADDR_ADD jail=web if=re0 198.51.100.7/24\n"
		"IF_SET jail=web if=re0 up\n"
		"ROUTE_ADD jail=web 0.0.0.0/0 via 10.0.0.1\n"
		"ROUTE_ADD jail=web 203.0.113.0/24 via 198.51.100.1\n");
	execute();
	converged();
	/* out before its jail goes, and waits */
	o->u.jail.running = false;
	planned("IF_MOVE if=web0b from=web to=-\n"
		"IF_MOVE if=re0 from=web to=-\n"
		"JAIL_DESTROY web\n");
	execute();
	converged();
	o->u.jail.running = true;
	settle();
	/* nobody wants it: as it was */
	topo_remove(&want, KIND_ATTACHMENT, "re0");
	object_routes(o, NULL, 0);
	note();
	planned("ROUTE_DEL jail=web 0.0.0.0/0 via 10.0.0.1\n"
		"ROUTE_DEL jail=web 203.0.113.0/24 via 198.51.100.1\n"
		"IF_MOVE if=re0 from=web to=-\n"
		"ADDR_ADD jail=- if=re0 192.0.2.5/24\n"
		"IF_SET jail=- if=re0 up\n");
	execute();
	note();
	assert_int_equal(want.nfound, 0);
	after = fake_snapshot(f, true);
	assert_string_equal(before, after);
	free(before);
	free(after);
	/* missing from the kernel: nothing to do about it */
	attachment("re7", "web", "");
	converged();
}

/* Root of the jail changes it; the move home loses groups and nd6 flags by itself. */
static void
test_traits(void **state)
{
	static const char found[] = "traits - re0 0x20000 0x1b 0x21 wan";
	char *before, *after;

	(void)state;
	small();
	physical("re0", true);
	assert_int_equal(fake_control(f, found), 0);
	before = fake_snapshot(f, true);
	settle();
	attachment("re0", "web", "");
	note();
	assert_int_equal(want.found[0].traits.fields, TRAIT_ALL);
	assert_string_equal(want.found[0].traits.groups, "wan");
	execute();
	settle();
	assert_int_equal(fake_control(f, "traits web re0 4 0 0x60 lan"), 0);
	converged(); /* inside it is the jail's business */
	topo_remove(&want, KIND_ATTACHMENT, "re0");
	note();
	assert_int_equal(want.nfound, 1);
	planned("IF_MOVE if=re0 from=web to=-\n"
		"IF_SET jail=- if=re0 flags 0x20000 offloads 0x1b nd6 0x21 groups wan\n"
		"ADDR_ADD jail=- if=re0 192.0.2.5/24\n"
		"IF_SET jail=- if=re0 up\n"
		"ROUTE_ADD jail=web 0.0.0.0/0 via 10.0.0.1\n");
	execute();
	/* one of them again, by hand, before we knew that all is back */
	assert_int_equal(fake_control(f, "traits - re0 0x20000 0x1b 0x20 wan"), 0);
	note();
	assert_int_equal(want.nfound, 1);
	planned("IF_SET jail=- if=re0 nd6 0x21\n");
	execute();
	note();
	assert_int_equal(want.nfound, 0);
	after = fake_snapshot(f, true);
	assert_string_equal(before, after);
	free(before);
	free(after);
	/* a member of somebody's bridge: that one gives the offloads back */
	assert_int_equal(fake_add_foreign_bridge(f, "theirs"), 0);
	assert_int_equal(fake_set_bridge(f, "re0", "theirs"), 0);
	attachment("re0", "web", "");
	note();
	assert_int_equal(want.found[0].traits.fields, TRAIT_ALL & ~TRAIT_CAPS);
}

static void
test_foreign_is_left_alone(void **state)
{
	(void)state;
	physical("re0", true);
	assert_int_equal(fake_add_jail(f, "theirs", false), 0);
	assert_int_equal(fake_add_foreign_epair(f, "web0a", "x1"), 0);
	small();
	/* somebody put his own into our bridge: his business */
	look();
	build();
	assert_int_equal(count_of(CMD_EPAIR_CREATE), 1); /* the kernel will refuse the name, and say so */
	assert_int_equal(fake_del_link(f, "", "x1"), 0);
	settle();
	assert_int_equal(fake_set_bridge(f, "re0", "lan0"), 0);
	converged();
	/* a jail of that name that is not ours: the driver refuses */
	jail("theirs");
	planned("JAIL_CREATE theirs path=/ hostname=- forwarding=0 boot=1\n");
}

static void
test_external(void **state)
{
	struct object *o = small();

	(void)state;
	o->u.jail.external = true;
	planned("BRIDGE_CREATE lan0 mac=02:6c:61:6e:30:07 mtu=1500 stp=0 vlan_filter=0 backend=if_bridge\n"
		"EPAIR_CREATE web0 mtu=1500 a=web0a,02:77:65:62:30:00,bridge=lan0,up b=web0b,02:77:65:62:30:01,down\n"
		"ADDR_ADD jail=- if=lan0 10.0.0.1/24\n");
	execute();
	converged(); /* nobody waits for a jail that may never come */
	assert_int_equal(fake_add_jail(f, "web", false), 0);
	planned("IF_MOVE if=web0b from=- to=web\n"
		"ADDR_ADD jail=web if=web0b 10.0.0.2/24\n"
		"ADDR_ADD jail=web if=web0b fd00::2/64\n"
		"IF_SET jail=web if=web0b up\n"
		"ROUTE_ADD jail=web 0.0.0.0/0 via 10.0.0.1\n");
	execute();
	converged();
	/* it died and took the interface with it */
	assert_int_equal(fake_del_jail(f, "web"), 0);
	look();
	build();
	assert_int_equal(count_of(CMD_EPAIR_CREATE), 1);
	execute();
	converged();
}

/* vnet.interface of jail.conf moves it in, the jail's own rc addresses it: neither is done a second time, nor undone. */
static void
test_manager_moves(void **state)
{
	struct prefix own = pfx("10.0.0.9/24");
	struct object *o;

	(void)state;
	bridge("lan0", "10.0.0.1/24");
	o = jail("web");
	o->u.jail.external = o->u.jail.manager_moves = true;
	epair("web0", "bridge:lan0", "", "jail:web", "");
	route(o, "default", "10.0.0.1");
	physical("re0", true);
	attachment("re0", "web", "");
	planned("BRIDGE_CREATE lan0 mac=02:6c:61:6e:30:07 mtu=1500 stp=0 vlan_filter=0 backend=if_bridge\n"
		"EPAIR_CREATE web0 mtu=1500 a=web0a,02:77:65:62:30:00,bridge=lan0,up b=web0b,02:77:65:62:30:01,up\n"
		"ADDR_ADD jail=- if=lan0 10.0.0.1/24\n");
	execute();
	converged();
	assert_int_equal(fake_add_jail(f, "web", false), 0);
	converged();
	assert_int_equal(fake_move(f, "", "web0b", "web"), 0);
	assert_int_equal(fake_move(f, "", "re0", "web"), 0);
	converged();
	assert_int_equal(fake_addr(f, "web", "web0b", &own, true), 0);
	assert_int_equal(fake_set_up(f, "web", "web0b", true), 0);
	settle();
	converged();
	assert_int_equal(have.naddrs, 2);	/* the bridge's and its own */
	assert_int_equal(have.nroutes, 1);	/* the gateway is reached with that */
	/* jib's name is not always the jail's: in one that nobody speaks of it is in place */
	assert_int_equal(fake_add_jail(f, "theirs", false), 0);
	assert_int_equal(fake_move(f, "web", "web0b", "theirs"), 0);
	settle();
	converged();
	assert_non_null(observed_link(&have, "theirs", "web0b"));
	/* in another that the topology has it is not, and its manager finds it on the host */
	jail("mine");
	settle();
	assert_int_equal(fake_move(f, "theirs", "web0b", "mine"), 0);
	planned("IF_MOVE if=web0b from=mine to=-\n"
		"IF_SET jail=- if=web0b up\n");
	execute();
	converged();
	/* lost while the jail lives on: a new one waits on the host */
	assert_int_equal(fake_move(f, "", "web0b", "web"), 0);
	assert_int_equal(fake_del_link(f, "", "web0a"), 0);
	settle();
	converged();
	assert_non_null(observed_link(&have, "", "web0b"));
	assert_int_equal(fake_del_jail(f, "web"), 0);
	settle();
	converged();
}

/* Waits on the host, as it is there, until its jail comes. */
static void
test_attachment_waits(void **state)
{
	struct object *o = jail("web");

	(void)state;
	physical("re0", true);
	o->u.jail.running = false;
	attachment("re0", "web", "198.51.100.7/24");
	converged();
	o->u.jail.running = true;
	settle();
	assert_non_null(observed_link(&have, "web", "re0"));
}

/* In a bridge of ours is not where it was found. */
static void
test_found_in_our_bridge(void **state)
{
	(void)state;
	small();
	physical("re0", true);
	settle();
	assert_int_equal(fake_set_bridge(f, "re0", "lan0"), 0);
	member(topo_find(&want, KIND_BRIDGE, "lan0"), "re0");
	note();
	assert_int_equal(want.nfound, 1);
	assert_string_equal(want.found[0].bridge, "");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = { T(test_member), T(test_attachment), T(test_traits), T(test_foreign_is_left_alone),
		T(test_external), T(test_manager_moves), T(test_attachment_waits), T(test_found_in_our_bridge) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
