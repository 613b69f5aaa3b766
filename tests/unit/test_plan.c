/*
 * plan: golden plans for what happens to epairs and bridges; who waits for whom.
 */
#include "tests/unit/plan_rig.h"

static void
test_create(void **state)
{
	const struct pair ttl = { "net.ipv4.ip_default_ttl", "7" };
	struct object *o = small();

	(void)state;
	assert_int_equal(object_pairs(o, &o->u.jail.sysctls, &ttl, 1), 0);
	text(o, &o->u.jail.exec_start, "service start");
	planned("BRIDGE_CREATE lan0 mac=02:6c:61:6e:30:07 mtu=1500 stp=0 vlan_filter=0 backend=if_bridge\n"
		"JAIL_CREATE web path=/ hostname=- forwarding=0 boot=1\n"
		"EPAIR_CREATE web0 mtu=1500 a=web0a,02:77:65:62:30:00,bridge=lan0,up "
		"b=web0b,02:77:65:62:30:01,jail=web,up\n"
		"ADDR_ADD jail=web if=web0b 10.0.0.2/24\n"
		"ADDR_ADD jail=web if=web0b fd00::2/64\n"
		"ADDR_ADD jail=- if=lan0 10.0.0.1/24\n"
		"SYSCTL_SET jail=web net.ipv4.ip_default_ttl=7\n"
		"ROUTE_ADD jail=web 0.0.0.0/0 via 10.0.0.1\n"
		"JAIL_START web path=/ timeout=60 command=service start\n");
	assert_true(plan.waiting);
	assert_string_equal(step_of(CMD_ROUTE_ADD)->pointer, "/jails/web/routes/default");
	assert_string_equal(step_of(CMD_ADDR_ADD)->pointer, "/epairs/web0/b/addresses/0");
	assert_string_equal(step_of(CMD_JAIL_START)->pointer, "/jails/web/exec/start");
	assert_string_equal(step_of(CMD_SYSCTL_SET)->pointer, "/jails/web/sysctls/net.ipv4.ip_default_ttl");
	/* who waits for whom */
	assert_int_equal(step_of(CMD_EPAIR_CREATE)->needs[0].kind, KIND_BRIDGE);
	assert_string_equal(step_of(CMD_EPAIR_CREATE)->needs[0].name, "lan0");
	assert_int_equal(step_of(CMD_EPAIR_CREATE)->needs[1].kind, KIND_JAIL);
	assert_string_equal(step_of(CMD_EPAIR_CREATE)->needs[1].name, "web");
	assert_int_equal(step_of(CMD_ROUTE_ADD)->needs[0].kind, KIND_EPAIR);
	assert_string_equal(step_of(CMD_ROUTE_ADD)->needs[0].name, "web0");
	execute();
	converged();
}

static void
test_pointers_are_escaped(void **state)
{
	struct object *o = small();

	(void)state;
	route(o, "198.51.100.0/24", "10.0.0.1");
	route(o, "::/0", "fd00::1");
	look();
	build();
	assert_string_equal(plan.v[plan.n - 3].pointer, "/jails/web/routes/default");
	assert_string_equal(plan.v[plan.n - 2].pointer, "/jails/web/routes/198.51.100.0~124");
	assert_string_equal(plan.v[plan.n - 1].pointer, "/jails/web/routes/::~10");
}

static void
test_changes(void **state)
{
	struct object *o = small(), *e = topo_find(&want, KIND_EPAIR, "web0"),
		      *b = topo_find(&want, KIND_BRIDGE, "lan0");

	(void)state;
	settle();
	o->u.jail.forwarding = true;
	text(o, &o->u.jail.hostname, "www");
	b->u.bridge.mtu = 9000;
	b->u.bridge.stp = true;
	e->u.epair.end[END_A].port.priv = true;
	set_addresses(e, &e->u.epair.end[END_B].addrs, "10.0.0.3/24");
	planned("ADDR_DEL jail=web if=web0b 10.0.0.2/24\n"
		"ADDR_DEL jail=web if=web0b fd00::2/64\n"
		"BRIDGE_SET lan0 mac=02:6c:61:6e:30:07 mtu=9000 stp=1 vlan_filter=0 backend=if_bridge\n"
		"JAIL_SET web path=/ hostname=www forwarding=1 boot=1\n"
		"IF_SET jail=- if=web0a mtu=9000\n"
		"IF_SET jail=web if=web0b mtu=9000\n"
		"PORT_SET bridge=lan0 if=web0a private\n"
		"ADDR_ADD jail=web if=web0b 10.0.0.3/24\n"
		"ROUTE_ADD jail=web 0.0.0.0/0 via 10.0.0.1\n");
	assert_string_equal(step_of(CMD_BRIDGE_SET)->pointer, "/bridges/lan0/mtu");
	assert_string_equal(step_of(CMD_IF_SET)->pointer, "/epairs/web0/mtu");
	execute();
	converged();
}

/* From if_bridge to netgraph and back: the bridge is another one, nothing in a jail is touched. */
static void
test_backend(void **state)
{
	static const enum backend kinds[] = { BACKEND_NETGRAPH, BACKEND_IF_BRIDGE };
	struct object *b;

	(void)state;
	small();
	b = topo_find(&want, KIND_BRIDGE, "lan0");
	settle();
	for (size_t i = 0; i < NELEMS(kinds); i++) {
		char expected[512];

		b->u.bridge.backend = kinds[i];
		snprintf(expected, sizeof(expected), "PORT_DETACH bridge=lan0 if=web0a\n"
		    "BRIDGE_DESTROY lan0\n"
		    "BRIDGE_CREATE lan0 mac=02:6c:61:6e:30:07 mtu=1500 stp=0 vlan_filter=0 backend=%s\n"
		    "PORT_ATTACH bridge=lan0 if=web0a\n"
		    "ADDR_ADD jail=- if=lan0 10.0.0.1/24\n", i == 0 ? "netgraph" : "if_bridge");
		planned(expected);
		assert_string_equal(step_of(CMD_BRIDGE_CREATE)->pointer, "/bridges/lan0/backend");
		assert_int_equal(step_of(CMD_PORT_ATTACH)->needs[0].kind, KIND_BRIDGE);
		execute();
		converged();
	}
}

/* Somebody shut the ng_bridge down: its interface is still there, with our mark, and is in the way of a new one. */
static void
test_only_the_interface_is_left(void **state)
{
	struct obs_link *l;

	(void)state;
	small();
	topo_find(&want, KIND_BRIDGE, "lan0")->u.bridge.backend = BACKEND_NETGRAPH;
	settle();
	look();
	for (size_t i = 0; i < have.nlinks; i++) {
		l = &have.links[i];
		if (strcmp(l->ifname, "lan0") == 0)
			l->type = LINK_OTHER;
		if (strcmp(l->bridge, "lan0") == 0)
			l->bridge[0] = '\0';
	}
	build();
	assert_int_equal(plan.v[0].cmd.op, CMD_BRIDGE_DESTROY);
	assert_string_equal(plan.v[0].cmd.u.ref.name, "lan0");
	assert_int_equal(count_of(CMD_BRIDGE_CREATE), 1);
	assert_int_equal(count_of(CMD_PORT_ATTACH), 1);
	assert_int_equal(count_of(CMD_ADDR_ADD), 1);
	execute();
	converged();
}

/* A move loses addresses, up flag and routes: all of it comes again in the same plan. */
static void
test_move_between_jails(void **state)
{
	struct object *web = small(), *db = jail("db"), *e = topo_find(&want, KIND_EPAIR, "web0");

	(void)state;
	settle();
	web->u.jail.nroutes = 0;
	route(db, "default", "10.0.0.1");
	set_end(e, END_B, "jail:db", "10.0.0.2/24");
	planned("ROUTE_DEL jail=web 0.0.0.0/0 via 10.0.0.1\n"
		"IF_MOVE if=web0b from=web to=db\n"
		"ADDR_ADD jail=db if=web0b 10.0.0.2/24\n"
		"IF_SET jail=db if=web0b up\n"
		"ROUTE_ADD jail=db 0.0.0.0/0 via 10.0.0.1\n");
	execute();
	converged();
}

/* The kernel drops a route with the interface that carried it, though another could: it is put back at once. */
static void
test_routes_come_again(void **state)
{
	struct object *web = small(), *e2 = epair("web1", "bridge:lan0", "", "jail:web", "10.0.0.9/24");

	(void)state;
	settle();
	set_end(e2, END_B, "", "");
	look();
	build();
	assert_int_equal(count_of(CMD_IF_MOVE), 1);
	assert_int_equal(count_of(CMD_ROUTE_ADD), 1);
	settle();
	set_addresses(topo_find(&want, KIND_EPAIR, "web0"),
	    &topo_find(&want, KIND_EPAIR, "web0")->u.epair.end[END_B].addrs, "10.0.0.2/24 10.0.0.3/24");
	look();
	build();
	assert_int_equal(count_of(CMD_ADDR_ADD), 1);
	assert_int_equal(count_of(CMD_ROUTE_ADD), 1);
	settle();
	/* no route through an interface that is down: the kernel would only refuse */
	topo_find(&want, KIND_EPAIR, "web0")->u.epair.end[END_B].up = false;
	settle();
	assert_int_equal(have.nroutes, 0);
	(void)web;
}

static void
test_route_differs(void **state)
{
	struct object *o = small();
	struct prefix all = pfx("0.0.0.0/0"), other = pfx("203.0.113.0/24");
	struct ip gw = addr("10.0.0.1"), wrong = addr("10.0.0.7");
	struct obs_route *r;

	(void)state;
	(void)o;
	settle();
	assert_int_equal(fake_route(f, "web", &other, &gw, true, true), 0);
	planned("ROUTE_DEL jail=web 203.0.113.0/24 via 10.0.0.1\n");
	execute();
	/* a second one beside the right one goes; a wrong one alone is replaced */
	look();
	r = observed_route_add(&have);
	*r = (struct obs_route){ .jail = "web", .dst = all, .gateway = wrong };
	build();
	assert_int_equal(plan.n, 1);
	assert_int_equal(plan.v[0].cmd.op, CMD_ROUTE_DEL);
	assert_int_equal(ip_cmp(&plan.v[0].cmd.u.route.gateway, &wrong), 0);
	look();
	have.routes[0].gateway = wrong;
	build();
	assert_int_equal(plan.n, 1);
	assert_int_equal(plan.v[0].cmd.op, CMD_ROUTE_ADD);
}

static bool
only_bridges(void *arg, enum kind kind, const char *name)
{
	(void)arg;
	(void)name;
	return (kind == KIND_BRIDGE);
}

static void
test_scope(void **state)
{
	(void)state;
	small();
	opts.in_scope = only_bridges;
	planned("BRIDGE_CREATE lan0 mac=02:6c:61:6e:30:07 mtu=1500 stp=0 vlan_filter=0 backend=if_bridge\n"
		"ADDR_ADD jail=- if=lan0 10.0.0.1/24\n");
	execute();
	converged();
	/* nothing is planned for a jail out of scope, so an epair for it waits on the host */
	opts.in_scope = NULL;
	settle();
	topo_remove(&want, KIND_EPAIR, "web0");
	topo_remove(&want, KIND_JAIL, "web");
	opts.in_scope = only_bridges;
	planned("");
}

static void
test_broken_epairs(void **state)
{
	(void)state;
	small();
	settle();
	/* both halves gone */
	assert_int_equal(fake_del_link(f, "", "web0a"), 0);
	planned("EPAIR_CREATE web0 mtu=1500 a=web0a,02:77:65:62:30:00,bridge=lan0,up "
		"b=web0b,02:77:65:62:30:01,jail=web,up\n"
		"ADDR_ADD jail=web if=web0b 10.0.0.2/24\n"
		"ADDR_ADD jail=web if=web0b fd00::2/64\n"
		"ROUTE_ADD jail=web 0.0.0.0/0 via 10.0.0.1\n");
	execute();
	converged();
	/* a half that nobody knows any more takes the pair with it */
	assert_int_equal(fake_clear_mark(f, "web", "web0b", false), 0);
	look();
	build();
	assert_int_equal(plan.v[0].cmd.op, CMD_EPAIR_DESTROY);
	assert_int_equal(count_of(CMD_EPAIR_CREATE), 1);
	execute();
	converged();
	/* only the label is lost: it is written again */
	assert_int_equal(fake_clear_mark(f, "web", "web0b", true), 0);
	planned("IF_SET jail=web if=web0b mark=jailnet:epair/web0:b\n");
	execute();
	converged();
	assert_int_equal(fake_clear_mark(f, "", "lan0", true), 0);
	planned("IF_SET jail=- if=lan0 mark=jailnet:bridge/lan0\n");
	execute();
	converged();
}

static void
copy_link(const char *jail_name, const char *ifname, const char *to_jail, const char *to_name)
{
	struct obs_link copy = *observed_link(&have, jail_name, ifname);

	str_copy(copy.jail, sizeof(copy.jail), to_jail);
	str_copy(copy.ifname, sizeof(copy.ifname), to_name);
	*observed_link_add(&have) = copy;
}

/* Root inside a jail can write any label on what is his: only that goes. */
static void
test_forged_label(void **state)
{
	(void)state;
	small();
	jail("evil");
	settle();
	copy_link("web", "web0b", "evil", "mine0");
	copy_link("", "web0a", "evil", "mine1");
	build();
	assert_int_equal(plan.n, 1);
	assert_int_equal(plan.v[0].cmd.op, CMD_EPAIR_DESTROY);
	assert_string_equal(plan.v[0].cmd.u.iface.jail, "evil");
	assert_string_equal(plan.v[0].needs[0].name, "");
	/* two equally good ones: nobody can tell, both go, the pair is made anew */
	look();
	copy_link("", "web0a", "", "web0x");
	build();
	assert_int_equal(count_of(CMD_EPAIR_DESTROY), 3);
	assert_int_equal(count_of(CMD_EPAIR_CREATE), 1);
}

static void
test_leftovers(void **state)
{
	struct obs_link *l;

	(void)state;
	small();
	settle();
	l = observed_link_add(&have);
	*l = (struct obs_link){ .ifname = "veth77", .type = LINK_EPAIR, .mark = { .ours = true } };
	l = observed_link_add(&have);
	*l = (struct obs_link){ .ifname = "br77", .type = LINK_BRIDGE, .mark = { .ours = true } };
	l = observed_link_add(&have);
	*l = (struct obs_link){ .ifname = "eth9", .type = LINK_PHYSICAL, .up = true };
	build();
	assert_int_equal(plan.n, 2);
	assert_int_equal(plan.v[0].cmd.op, CMD_EPAIR_DESTROY);
	assert_string_equal(plan.v[0].cmd.u.iface.ifname, "veth77");
	assert_int_equal(plan.v[1].cmd.op, CMD_BRIDGE_DESTROY);
	assert_string_equal(plan.v[1].cmd.u.ref.name, "br77");
}

static void
test_names(void **state)
{
	struct object *e, *g;

	(void)state;
	small();
	g = epair("db0", "", "", "", "");
	settle();
	e = topo_find(&want, KIND_EPAIR, "web0");
	str_copy(e->u.epair.end[END_B].ifname, IFNAME_SIZE, "eth0");
	planned("IF_RENAME jail=web if=web0b to=eth0\n");
	execute();
	converged();
	/* two that want each other's name are made anew */
	str_copy(e->u.epair.end[END_A].ifname, IFNAME_SIZE, "db0a");
	str_copy(g->u.epair.end[END_A].ifname, IFNAME_SIZE, "web0a");
	look();
	build();
	assert_int_equal(count_of(CMD_EPAIR_DESTROY), 2);
	assert_int_equal(count_of(CMD_EPAIR_CREATE), 2);
	assert_int_equal(count_of(CMD_IF_RENAME), 0);
	settle();
	/* somebody renamed our bridge */
	assert_int_equal(
	    driver->exec(f, &(struct cmd){ .op = CMD_IF_RENAME, .u.rename = { .ifname = "lan0", .to = "xyz" } },
		&(struct reply){ .sent = 0 }, NULL),
	    0);
	planned("IF_RENAME jail=- if=xyz to=lan0\n");
	execute();
	converged();
}

/* The server or the worker was killed while exec.start ran: the next exec.start must meet a fresh jail, and only when nothing runs. */
/* A port that shall be private is up only when it is. */
static void
test_private_before_open(void **state)
{
	struct object *e;

	(void)state;
	(void)small();
	e = topo_find(&want, KIND_EPAIR, "web0");
	e->u.epair.end[END_A].port.priv = true;
	look();
	build();
	assert_false(step_of(CMD_EPAIR_CREATE)->cmd.u.epair.end[END_A].up);
	assert_true(step_of(CMD_EPAIR_CREATE)->cmd.u.epair.end[END_B].up);
	assert_true(step_of(CMD_EPAIR_CREATE) < step_of(CMD_PORT_SET) && step_of(CMD_PORT_SET) < step_of(CMD_IF_SET));
	assert_string_equal(step_of(CMD_IF_SET)->cmd.u.ifset.ifname, "web0a");
	assert_true(step_of(CMD_IF_SET)->cmd.u.ifset.up);
	execute();
	converged();
}

static void
test_vlans(void **state)
{
	const uint16_t tagged[] = { 10, 20 };
	struct object *b, *e;

	(void)state;
	small();
	b = topo_find(&want, KIND_BRIDGE, "lan0");
	e = topo_find(&want, KIND_EPAIR, "web0");
	e->u.epair.end[END_A].port.untagged = 5;
	assert_int_equal(object_tagged(e, &e->u.epair.end[END_A].port, tagged, 2), 0);
	settle();
	look();
	have.links[0].untagged = have.links[1].untagged = have.links[2].untagged = 9;
	build();
	assert_int_equal(plan.n, 0); /* means nothing without the bridge's filter */
	b->u.bridge.vlan_filter = true;
	look();
	build();
	assert_int_equal(step_of(CMD_PORT_SET)->cmd.u.port.untagged, 5);
	assert_int_equal(step_of(CMD_PORT_SET)->cmd.u.port.ntagged, 2);
	execute();
	converged();
	assert_int_equal(object_tagged(e, &e->u.epair.end[END_A].port, tagged, 1), 0);
	look();
	build();
	assert_int_equal(plan.n, 1);
	assert_int_equal(plan.v[0].cmd.op, CMD_PORT_SET);
}

static void
test_port_flags(void **state)
{
	struct object *b, *e;
	struct port *p;

	(void)state;
	small();
	b = topo_find(&want, KIND_BRIDGE, "lan0");
	e = topo_find(&want, KIND_EPAIR, "web0");
	p = &e->u.epair.end[END_A].port;
	p->edge = true;
	settle(); /* also when the pair is made */
	assert_true(observed_link(&have, "", "web0a")->edge);
	p->stp = true;
	planned("PORT_SET bridge=lan0 if=web0a stp edge\n");
	execute();
	converged();
	b->u.bridge.stp = true;
	look();
	build();
	execute();
	p->stp = false;
	look();
	build();
	assert_int_equal(plan.n, 0); /* its bridge has it on all ports */
	have.links[0].port_stp_known = have.links[1].port_stp_known = have.links[2].port_stp_known = false;
	p->edge = false;
	build();
	assert_int_equal(plan.n, 0); /* nobody knows */
	look();
	build();
	assert_int_equal(plan.n, 1);
	assert_int_equal(plan.v[0].cmd.op, CMD_PORT_SET);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = { T(test_create), T(test_pointers_are_escaped), T(test_changes), T(test_backend),
		T(test_only_the_interface_is_left), T(test_move_between_jails), T(test_routes_come_again), T(test_route_differs),
		T(test_scope), T(test_broken_epairs), T(test_forged_label), T(test_leftovers), T(test_names), T(test_private_before_open),
		T(test_vlans), T(test_port_flags) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
