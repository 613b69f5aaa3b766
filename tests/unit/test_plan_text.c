/*
 * plan: a step in words; and how long planning takes at the stated limits.
 */
#include <time.h>

#include "tests/unit/plan_rig.h"

/* The words of a step, and what they interrupt. */
static void
says(enum cmd_op op, const char *verb, const char *object, const char *detail, const char *interrupts)
{
	const struct step *s = step_of(op);
	char text_[512];

	assert_string_equal(step_verb(s), verb);
	step_object(s, text_, sizeof(text_));
	assert_string_equal(text_, object);
	step_detail(s, text_, sizeof(text_));
	assert_string_equal(text_, detail);
	step_interrupts(s, text_, sizeof(text_));
	assert_string_equal(text_, interrupts);
}

static void
drifts(enum cmd_op op, const char *wanted, const char *found)
{
	char a[256], b[256];

	step_drift(step_of(op), &have, a, sizeof(a), b, sizeof(b));
	assert_string_equal(a, wanted);
	assert_string_equal(b, found);
}

/* Where the interface is that is not in its place. */
static void
is_at(enum cmd_op op, const char *ifname, const char *jail, const char *bridge)
{
	struct step_place at = step_place(step_of(op), &have);

	assert_string_equal(at.ifname, ifname);
	assert_string_equal(at.jail, jail);
	assert_string_equal(at.bridge, bridge);
}

static void
caused(enum cmd_op op, const char *words)
{
	char buf[200];

	step_cause(step_of(op), &have, buf, sizeof(buf));
	assert_string_equal(buf, words);
}

static void
test_causes(void **state)
{
	struct prefix p;

	(void)state;
	small();
	look();
	build();
	caused(CMD_EPAIR_CREATE, "it was removed outside jailnet, likely by a command on the host");	/* there is no jail web */
	settle();
	assert_int_equal(fake_del_link(f, "web", "web0b"), 0);
	look();
	build();
	caused(CMD_EPAIR_CREATE, "it was removed outside jailnet, likely by root of jail web");
	settle();
	jail("db");
	set_end(topo_find(&want, KIND_EPAIR, "web0"), END_A, "jail:db", "");
	settle();
	assert_int_equal(fake_del_link(f, "web", "web0b"), 0);
	look();
	build();
	caused(CMD_EPAIR_CREATE, "it was removed outside jailnet, likely by root of jail web or of jail db");
	settle();
	assert_int_equal(fake_set_mtu(f, "web", "web0b", 1300), 0);
	assert_int_equal(prefix_parse("10.0.0.2/24", &p, NULL), 0);
	assert_int_equal(fake_addr(f, "web", "web0b", &p, false), 0);
	assert_int_equal(fake_set_up(f, "", "lan0", false), 0);
	look();
	build();
	caused(CMD_ADDR_ADD, "it was removed outside jailnet, likely by root of jail web");
	settle();
	assert_int_equal(fake_set_up(f, "", "lan0", false), 0);
	look();
	build();
	caused(CMD_IF_SET, "it was changed outside jailnet, likely by a command on the host");
}

static void
test_words(void **state)
{
	struct object *o = small();

	(void)state;
	text(o, &o->u.jail.exec_start, "service start");
	text(o, &o->u.jail.exec_stop, "service stop");
	physical("re0", true);
	member(topo_find(&want, KIND_BRIDGE, "lan0"), "re0");
	look();
	build();
	says(CMD_BRIDGE_CREATE, "create", "bridge/lan0", "create bridge lan0: mtu 1500, mac 02:6c:61:6e:30:07", "");
	says(CMD_JAIL_CREATE, "create", "jail/web", "create jail web", "");
	says(CMD_EPAIR_CREATE, "create", "epair/web0",
	    "create epair web0: web0a in bridge lan0, web0b in jail web, mtu 1500", "");
	says(CMD_ADDR_ADD, "create", "epair/web0", "add 10.0.0.2/24 to web0b in jail web", "");
	says(CMD_ROUTE_ADD, "create", "jail/web", "add default route via 10.0.0.1 in jail web", "");
	says(CMD_PORT_ATTACH, "attach", "bridge/lan0", "attach re0 to bridge lan0", "re0 may flap for about 1 s");
	says(CMD_JAIL_START, "start", "jail/web", "start jail web: service start", "");
	drifts(CMD_EPAIR_CREATE, "epair/web0", "missing");
	drifts(CMD_JAIL_CREATE, "hostname -, forwarding off", "missing");
	settle();
	assert_int_equal(fake_move(f, "web", "web0b", ""), 0);
	look();
	build();
	drifts(CMD_IF_MOVE, "web0b in web", "web0b in host");
	drifts(CMD_IF_SET, "web0b: up", "web0b: elsewhere");
	is_at(CMD_IF_MOVE, "web0b", "", "");
	is_at(CMD_IF_SET, "", "", "");
	settle();
	assert_int_equal(fake_add_foreign_bridge(f, "other"), 0);
	assert_int_equal(fake_set_bridge(f, "web0a", "other"), 0);
	look();
	build();
	is_at(CMD_PORT_ATTACH, "web0a", "", "other");
	settle();
	assert_int_equal(fake_set_mtu(f, "web", "web0b", 1300), 0);
	look();
	build();
	says(CMD_IF_SET, "change", "epair/web0", "set web0b in jail web: mtu 1500", "web0b may flap for about 1 s");
	drifts(CMD_IF_SET, "web0b: mtu 1500", "web0b: mtu 1300");
	settle();
	topo_find(&want, KIND_BRIDGE, "lan0")->u.bridge.mtu = 1400;
	look();
	build();
	says(CMD_BRIDGE_SET, "change", "bridge/lan0", "set bridge lan0: mtu 1400, mac 02:6c:61:6e:30:07",
	    "all members of lan0 change MTU");
	topo_find(&want, KIND_BRIDGE, "lan0")->u.bridge.mtu = 1500;
	jail("db");
	set_end(topo_find(&want, KIND_EPAIR, "web0"), END_B, "jail:db", "10.0.0.2/24");
	look();
	build();
	says(CMD_IF_MOVE, "move", "epair/web0", "move web0b from jail web to jail db",
	    "jail web loses web0b for about 1 s");
	topo_remove(&want, KIND_EPAIR, "web0");
	look();
	build();
	says(CMD_EPAIR_DESTROY, "delete", "epair/web0", "destroy epair web0 (web0b in jail web)",
	    "jail web loses web0b");
	topo_remove(&want, KIND_JAIL, "web");
	topo_remove(&want, KIND_BRIDGE, "lan0");
	look();
	build();
	says(CMD_BRIDGE_DESTROY, "delete", "bridge/lan0", "destroy bridge lan0", "all members of lan0 lose each other");
	says(CMD_JAIL_DESTROY, "delete", "jail/web", "destroy jail web", "jail web stops");
}

static void
test_small_differences(void **state)
{
	struct object *o = small(), *e = topo_find(&want, KIND_EPAIR, "web0");
	const uint16_t tagged[] = { 20, 30 };

	(void)state;
	topo_find(&want, KIND_BRIDGE, "lan0")->u.bridge.vlan_filter = true;
	settle();
	e->u.epair.end[END_A].port.untagged = 10;
	assert_int_equal(object_tagged(e, &e->u.epair.end[END_A].port, tagged, 2), 0);
	look();
	build();
	drifts(CMD_PORT_SET, "web0a in bridge lan0, untagged 10, tagged 20 30", "web0a in bridge lan0");
	says(CMD_PORT_SET, "change", "epair/web0", "set web0a in bridge lan0, untagged 10, tagged 20 30", "");
	settle();
	assert_int_equal(object_pairs(o, &o->u.jail.params, &(struct pair){ "securelevel", "2" }, 1), 0);
	look();
	build();
	drifts(CMD_JAIL_SET, "hostname -, forwarding off, params securelevel=2", "hostname -, forwarding off, other params");
	says(CMD_JAIL_SET, "change", "jail/web", "set jail web: no hostname, no forwarding, params securelevel=2", "");
	settle();
	assert_int_equal(object_pairs(o, &o->u.jail.params, NULL, 0), 0);
	look();
	build();
	drifts(CMD_JAIL_SET, "hostname -, forwarding off, no params", "hostname -, forwarding off, other params");
	says(CMD_JAIL_SET, "change", "jail/web", "set jail web: no hostname, no forwarding, no params", "");
	settle();
	text(o, &o->u.jail.hostname, "www");
	look();
	build();
	drifts(CMD_JAIL_SET, "hostname www, forwarding off", "hostname -, forwarding off");
	settle();
	assert_int_equal(fake_set_up(f, "", "lan0", false), 0);
	look();
	build();
	drifts(CMD_IF_SET, "lan0: up", "lan0: down");
}

/* Figure 3 in small: back is behind router, front knows the way to it, other has a router of the same address. */
static void
test_stop_of_a_router(void **state)
{
	struct object *r, *o;
	char name[16], address[24];

	(void)state;
	(void)bridge("lan0", "");
	(void)bridge("lan1", "");
	(void)bridge("lan2", "");
	r = jail("router");
	(void)epair("r0", "bridge:lan0", "", "jail:router", "10.0.0.3/24");
	(void)epair("r1", "bridge:lan1", "", "jail:router", "10.0.1.1/24");
	route(jail("back"), "default", "10.0.1.1");
	(void)epair("b0", "bridge:lan1", "", "jail:back", "10.0.1.2/24");
	o = jail("front");
	route(o, "10.0.1.0/24", "10.0.0.3");
	(void)epair("f0", "bridge:lan0", "", "jail:front", "10.0.0.2/24");
	route(jail("other"), "default", "10.0.1.1");
	(void)epair("o0", "bridge:lan2", "", "jail:other", "10.0.1.2/24");
	settle();

	r->u.jail.running = false;
	look();
	build();
	says(CMD_IF_MOVE, "move", "jail/router", "take r0b out of jail router, which stops", "");
	says(CMD_JAIL_DESTROY, "stop", "jail/router", "stop jail router",
	    "jail router stops; back loses its default route; front loses a route");
	text(r, &r->u.jail.exec_stop, "service stop");
	build();
	says(CMD_JAIL_STOP, "stop", "jail/router", "stop jail router: service stop",
	    "jail router stops; back loses its default route; front loses a route");
	text(r, &r->u.jail.exec_stop, "");
	r->u.jail.running = true;
	r->u.jail.boot++;
	build();
	says(CMD_JAIL_DESTROY, "stop", "jail/router", "stop jail router, to be made anew",
	    "jail router restarts; back loses its default route; front loses a route");
	/* who stops as well loses nothing */
	o->u.jail.running = false;
	r->u.jail.running = false;
	build();
	says(CMD_JAIL_DESTROY, "stop", "jail/front", "stop jail front", "jail front stops");
	topo_remove(&want, KIND_EPAIR, "r0");
	topo_remove(&want, KIND_EPAIR, "r1");
	topo_remove(&want, KIND_JAIL, "router");
	topo_remove(&want, KIND_EPAIR, "f0");
	topo_remove(&want, KIND_JAIL, "front");
	for (unsigned i = 0; i < 30; i++) {
		str_format(name, sizeof(name), "c%02u", i);
		route(jail(name), "default", "10.0.1.1");
		str_format(name, sizeof(name), "ec%02u", i);
		str_format(address, sizeof(address), "10.0.1.%u/24", 10 + i);
		o = epair(name, "bridge:lan1", "", "", "");
		str_format(name, sizeof(name), "jail:c%02u", i);
		set_end(o, END_B, name, address);
	}
	build();
	says(CMD_JAIL_DESTROY, "delete", "jail/front", "destroy jail front", "jail front stops");
	for (size_t i = 0; i < plan.n; i++) {
		char words[400];

		if (plan.v[i].cmd.op != CMD_JAIL_DESTROY || strcmp(plan.v[i].name, "router") != 0)
			continue;
		step_interrupts(&plan.v[i], words, sizeof(words));
		assert_string_equal(words, "jail router stops; back, c00, c01, c02, c03, c04, c05, c06, c07, c08, c09, c10, c11, c12, c13, c14 "
		    "and 15 more lose their default route");
	}
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((double)t.tv_sec + (double)t.tv_nsec / 1e9);
}

/* What the kernel shows when all of it is done. */
static void
mirror(void)
{
	for (size_t i = 0; i < want.n[KIND_JAIL]; i++) {
		const struct object *o = want.v[KIND_JAIL][i];
		struct obs_jail *j = observed_jail_add(&have);
		struct obs_route *r = observed_route_add(&have);

		str_copy(j->name, sizeof(j->name), o->name);
		j->ours = true;
		j->phase = JAIL_CREATED;
		j->boot = 1;
		*r = (struct obs_route){ .dst = o->u.jail.routes[0].dst, .gateway = o->u.jail.routes[0].gateway };
		str_copy(r->jail, sizeof(r->jail), o->name);
	}
	for (size_t i = 0; i < 2 * want.n[KIND_EPAIR]; i++) {
		const struct object *o = want.v[KIND_EPAIR][i / 2];
		const struct end *e = &o->u.epair.end[i % 2];
		struct obs_link *l = observed_link_add(&have);

		*l = (struct obs_link){ .type = LINK_EPAIR,
			.mac = e->mac,
			.mtu = 1500,
			.up = true,
			.mark = { .ours = true, .has_object = true, .kind = KIND_EPAIR, .side = i % 2 } };
		str_copy(l->mark.name, sizeof(l->mark.name), o->name);
		str_copy(l->ifname, sizeof(l->ifname), e->ifname);
		str_copy(l->jail, sizeof(l->jail), e->jail == NULL ? "" : e->jail);
		str_copy(l->bridge, sizeof(l->bridge), e->bridge == NULL ? "" : e->bridge);
		for (size_t k = 0; k < e->addrs.n; k++) {
			struct obs_addr *a = observed_addr_add(&have);

			str_copy(a->ifname, sizeof(a->ifname), l->ifname);
			str_copy(a->jail, sizeof(a->jail), l->jail);
			a->prefix = e->addrs.v[k];
		}
	}
}

/* The stated limits: 5000 jails, 10000 epairs. */
static void
test_speed(void **state)
{
	double start, create, again;
	struct object *b = bridge("lan0", "");
	struct obs_link *l;

	(void)state;
	for (unsigned i = 0; i < LIMIT_EPAIRS; i++) {
		char name[16], where[32], address[32];

		str_format(name, sizeof(name), "j%04u", i / 2);
		str_format(where, sizeof(where), "jail:%s", name);
		str_format(address, sizeof(address), "10.%u.%u.2/8", i / 250, i % 250);
		if (i % 2 == 0)
			route(jail(name), "default", "10.255.255.1");
		str_format(name, sizeof(name), "e%05u", i);
		epair(name, "bridge:lan0", "", where, address);
	}
	start = seconds();
	build();
	create = seconds() - start;
	assert_int_equal(count_of(CMD_EPAIR_CREATE), LIMIT_EPAIRS);
	assert_int_equal(count_of(CMD_ROUTE_ADD), LIMIT_JAILS);
	/* so many at once: each bridge port comes up after everything else is there */
	assert_int_equal(count_of(CMD_IF_SET), LIMIT_EPAIRS);
	mirror();
	l = observed_link_add(&have);
	*l = (struct obs_link){ .ifname = "lan0",
		.type = LINK_BRIDGE,
		.mtu = 1500,
		.up = true,
		.mac = b->u.bridge.mac,
		.mark = { .ours = true, .has_object = true, .kind = KIND_BRIDGE, .name = "lan0" } };
	start = seconds();
	build();
	again = seconds() - start;
	assert_int_equal(plan.n, 0);
	print_message("5000 jails, 10000 epairs: first plan %.0f ms, empty plan %.0f ms\n", create * 1e3, again * 1e3);
	assert_true(create < 10.0 && again < 10.0); /* quadratic would be minutes; room for memcheck */
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = { T(test_causes), T(test_words), T(test_small_differences), T(test_stop_of_a_router), T(test_speed) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
