/*
 * valid_topo: the rules of the whole topology; speed at the limits.
 */
#include <time.h>

#include "tests/unit/valid_rig.h"

static struct object *
small(void)
{
	struct object *o;

	bridge("lan0", "10.0.0.1/24");
	o = jail("web");
	epair("web0", "bridge:lan0", "", "jail:web", "10.0.0.2/24");
	route(o, "default", "10.0.0.1");
	return (o);
}

static void
test_references(void **state)
{
	(void)state;
	small();
	topo_fine();
	topo_remove(&want, KIND_BRIDGE, "lan0");
	topo_bad(ERR_REFERENCE, "/epairs/web0/a/bridge", "there is no bridge 'lan0'");
	bridge("lan0", "");
	topo_remove(&want, KIND_JAIL, "web");
	topo_bad(ERR_REFERENCE, "/epairs/web0/b/jail", "there is no jail 'web'");
	jail("web");
	attachment("re0", "db", "");
	topo_bad(ERR_REFERENCE, "/attachments/re0/jail", "there is no jail 'db'");
}

static void
test_interface_names(void **state)
{
	struct object *e, *lan0;

	(void)state;
	small();
	lan0 = topo_find(&want, KIND_BRIDGE, "lan0");
	member(lan0, "re0");
	topo_fine();
	member(bridge("lan1", ""), "re0");
	topo_bad(ERR_CONFLICT, "/bridges/lan1/members/re0", "taken by a member of bridge 'lan0'");
	topo_remove(&want, KIND_BRIDGE, "lan1");
	attachment("re0", "web", "");
	topo_bad(ERR_CONFLICT, "/attachments/re0", "taken by a member of bridge 'lan0'");
	topo_remove(&want, KIND_ATTACHMENT, "re0");
	member(lan0, "web0b");
	topo_bad(ERR_CONFLICT, "/bridges/lan0/members/web0b",
	    "is end b of epair 'web0': give that end \"bridge\": \"lan0\"");
	member(lan0, "lan0");
	topo_bad(ERR_CONFLICT, "/bridges/lan0/members/lan0", "taken by bridge 'lan0'");
	assert_int_equal(object_members(lan0, NULL, 0), 0);
	e = epair("db0", "", "", "", "");
	str_copy(e->u.epair.end[END_A].ifname, IFNAME_SIZE, "web0b");
	topo_bad(ERR_CONFLICT, "/epairs/web0/b/ifname", "taken by end a of epair 'db0'");
	/* whoever asks is told where his own is wrong, not where it stood before */
	e->fresh = true;
	topo_bad(ERR_CONFLICT, "/epairs/db0/a/ifname", "taken by end b of epair 'web0'");
	e->fresh = false;
	str_copy(e->u.epair.end[END_A].ifname, IFNAME_SIZE, "lan0");
	topo_bad(ERR_CONFLICT, "/epairs/db0/a/ifname", "taken by bridge 'lan0'");
}

static void
test_macs(void **state)
{
	struct object *o = small();

	(void)state;
	(void)o;
	topo_find(&want, KIND_EPAIR, "web0")->u.epair.end[END_B].mac =
	    topo_find(&want, KIND_BRIDGE, "lan0")->u.bridge.mac;
	topo_bad(ERR_CONFLICT, "/epairs/web0/b/mac", "taken by bridge 'lan0'");
	topo_find(&want, KIND_BRIDGE, "lan0")->fresh = true;
	topo_bad(ERR_CONFLICT, "/bridges/lan0/mac", "taken by end b of epair 'web0'");
	/* not given yet: two unknown ones do not clash */
	for (int side = END_A; side <= END_B; side++)
		topo_find(&want, KIND_EPAIR, "web0")->u.epair.end[side].mac = (struct mac){ { 0 } };
	topo_fine();
}

static void
test_addresses_clash(void **state)
{
	(void)state;
	small();
	jail("db");
	/* one segment, two jails */
	epair("db0", "bridge:lan0", "", "jail:db", "10.0.0.2/16");
	topo_bad(ERR_CONFLICT, "/epairs/web0/b/addresses/0",
	    "10.0.0.2 is also on end b of epair 'db0', in the same layer 2 segment");
	/* the bridge's own */
	epair("db0", "bridge:lan0", "", "jail:db", "10.0.0.1/24");
	topo_bad(ERR_CONFLICT, "/epairs/db0/b/addresses/0", "bridge 'lan0'");
	/* another segment: fine */
	bridge("lan1", "");
	epair("db0", "bridge:lan1", "", "jail:db", "10.0.0.2/24");
	topo_fine();
	/* until somebody joins them */
	epair("join0", "bridge:lan0", "", "bridge:lan1", "");
	topo_bad(ERR_CONFLICT, "/epairs/web0/b/addresses/0", "db0");
	topo_remove(&want, KIND_EPAIR, "join0");
	/* twice in one jail, on different segments */
	epair("db0", "bridge:lan1", "", "jail:web", "10.0.0.2/24");
	topo_bad(ERR_CONFLICT, "/epairs/web0/b/addresses/0", "in the same jail");
	topo_remove(&want, KIND_EPAIR, "db0");
	attachment("re0", "web", "10.0.0.2/24");
	topo_bad(ERR_CONFLICT, "/attachments/re0/addresses/0", "in the same jail");
	topo_remove(&want, KIND_ATTACHMENT, "re0");
	/* both ends of a pair without bridge; twice on the host */
	epair("p2p0", "jail:db", "10.9.9.1/30", "jail:web", "10.9.9.1/30");
	topo_bad(ERR_CONFLICT, "/epairs/p2p0/b/addresses/0", "at the other end");
	epair("p2p0", "", "10.0.0.1/24", "jail:db", "10.9.9.2/30");
	topo_bad(ERR_CONFLICT, "/epairs/p2p0/a/addresses/0", "on the host");
	/* two clashes of one address are told once: the host and the segment of lan0 */
	epair("p2p0", "bridge:lan0", "", "", "10.0.0.1/24");
	topo_bad(ERR_CONFLICT, "/epairs/p2p0/b/addresses/0", "bridge 'lan0'");
}

static void
test_mtu_and_loops(void **state)
{
	struct object *e;

	(void)state;
	small();
	e = topo_find(&want, KIND_EPAIR, "web0");
	e->u.epair.mtu = 1400;
	topo_bad(ERR_INVALID, "/epairs/web0/mtu", "MTU 1400 does not match MTU 1500 of bridge 'lan0'");
	e->u.epair.mtu = 1500;
	topo_fine();
	e->u.epair.mtu = 0;
	topo_find(&want, KIND_BRIDGE, "lan0")->u.bridge.mtu = 1000;
	topo_fine();
	set_addresses(e, &e->u.epair.end[END_B].addrs, "10.0.0.2/24 fd00::2/64");
	topo_bad(ERR_INVALID, "/epairs/web0/mtu", "the bridge has 1000");
	topo_find(&want, KIND_BRIDGE, "lan0")->u.bridge.mtu = 1500;
	topo_find(&want, KIND_BRIDGE, "lan0")->u.bridge.backend = BACKEND_NETGRAPH;
	e->u.epair.end[END_A].port.priv = true;
	topo_bad(ERR_INVALID, "/epairs/web0/a", "netgraph");
	e->u.epair.end[END_A].port.priv = false;
	topo_find(&want, KIND_BRIDGE, "lan0")->u.bridge.backend = BACKEND_IF_BRIDGE;
	bridge("lan1", "");
	epair("x0", "bridge:lan0", "", "bridge:lan0", "");
	topo_bad(ERR_INVALID, "/epairs/x0/b/bridge", "loop");
	epair("x0", "bridge:lan0", "", "bridge:lan1", "");
	topo_fine();
	epair("x1", "bridge:lan1", "", "bridge:lan0", "");
	topo_bad(ERR_INVALID, "/epairs/x1/b/bridge", "joined already");
	topo_find(&want, KIND_BRIDGE, "lan0")->u.bridge.stp = topo_find(&want, KIND_BRIDGE, "lan1")->u.bridge.stp =
	    true;
	topo_fine();
}

static void
test_gateways(void **state)
{
	struct object *o = small();

	(void)state;
	route(o, "198.51.100.0/24", "192.0.2.1");
	topo_bad(ERR_INVALID, "/jails/web/routes/198.51.100.0~124", "192.0.2.1 is in no network");
	attachment("re0", "web", "192.0.2.9/24");
	topo_fine();
	attachment("re0", "web", "192.0.2.1/24");
	topo_bad(ERR_INVALID, "/jails/web/routes/198.51.100.0~124", "own address");
}

static void
test_all_errors_at_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		char name[16];

		str_format(name, sizeof(name), "e%u", i);
		epair(name, "bridge:none", "", "", "");
	}
	valid_topo(&want, &errs);
	assert_int_equal(errs.n, ERRS_MAX);
	assert_int_equal(errs.more, 40 - ERRS_MAX);
	assert_string_equal(errs.v[0].field, "/epairs/e0/a/bridge");
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((double)t.tv_sec + (double)t.tv_nsec / 1e9);
}

static void
test_limits_and_speed(void **state)
{
	double start, best = 1e9;

	(void)state;
	bridge("lan0", "");
	for (unsigned i = 0; i < LIMIT_EPAIRS; i++) {
		char name[16], where[32], address[64];
		struct object *e;

		str_format(name, sizeof(name), "j%04u", i / 2);
		str_format(where, sizeof(where), "jail:%s", name);
		str_format(address, sizeof(address), "10.%u.%u.2/8 fd00::%x:1/64", i / 250, i % 250, i);
		if (i % 2 == 0)
			route(jail(name), "default", "10.255.255.1");
		str_format(name, sizeof(name), "e%05u", i);
		e = epair(name, "bridge:lan0", "", where, address);
		for (int side = 0; side < 2; side++)
			e->u.epair.end[side].mac =
			    (struct mac){ { 2, (uint8_t)side, 0, 0, (uint8_t)(i >> 8), (uint8_t)i } };
	}
	for (int i = 0; i < 3; i++) {
		start = seconds();
		valid_topo(&want, &errs);
		if (seconds() - start < best)
			best = seconds() - start;
	}
	fine();
	print_message("5000 jails, 10000 epairs: %.0f ms\n", best * 1e3);
	assert_true(best < 5.0); /* quadratic would be tens of seconds; room for sanitizers, memcheck and a busy machine */
	epair("zzz", "", "", "", "");
	topo_bad(ERR_LIMIT, "/epairs", "at most 10000 epairs, this would be 10001");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = { T(test_references), T(test_interface_names), T(test_macs), T(test_addresses_clash),
		T(test_mtu_and_loops), T(test_gateways), T(test_all_errors_at_once), T(test_limits_and_speed) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
