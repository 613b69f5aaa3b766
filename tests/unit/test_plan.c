/*
 * plan: golden plans for what happens to jails, epairs, bridges and foreign interfaces; who waits for whom; words; speed.
 */
#include "tests/unit/plan_samples.h"

#include <time.h>

#include "core/plan.h"
#include "tests/fake/fake_kernel.h"

static struct fake *f;
static struct observed have;
static struct plan plan;
static struct plan_opts opts;

static int
setup(void **state)
{
	(void)state;
	topo_init(&want);
	observed_init(&have);
	plan_init(&plan);
	opts = (struct plan_opts){ .nbusy = 0 };
	return ((f = fake_new()) == NULL ? -1 : 0);
}

static int
teardown(void **state)
{
	(void)state;
	topo_fini(&want);
	observed_fini(&have);
	plan_fini(&plan);
	fake_free(f);
	return (0);
}

static void
look(void)
{
	struct cmd_observe all = { .scope = OBSERVE_ALL };

	observed_fini(&have);
	observed_init(&have);
	assert_int_equal(driver->observe(f, &all, &have, NULL), 0);
	observed_sort(&have);
}

static void
build(void)
{
	assert_int_equal(plan_build(&want, &have, &opts, &plan, NULL), 0);
}

/* Every command of the plan works. */
static void
execute(void)
{
	for (size_t i = 0; i < plan.n; i++) {
		struct reply reply = { .sent = 0 };
		struct err err = { .code = ERR_NONE };
		char line[512];

		if (driver->exec(f, &plan.v[i].cmd, &reply, &err) == -1)
			fail_msg("%s: %s", cmd_print(&plan.v[i].cmd, line, sizeof(line)), err.msg);
	}
}

/* The plan, one command a line, is exactly this. */
static void
planned(const char *expected)
{
	static char got[16384];
	char line[512];
	size_t n = 0;

	got[0] = '\0';
	look();
	build();
	for (size_t i = 0; i < plan.n && n < sizeof(got); i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s\n", cmd_print(&plan.v[i].cmd, line, sizeof(line)));
	assert_string_equal(got, expected);
}

static void
converged(void)
{
	planned("");
	assert_false(plan.waiting);
}

static void
settle(void)
{
	for (int i = 0; i < 4; i++) {
		look();
		build();
		execute();
	}
	converged();
}

static const struct step *
step_of(enum cmd_op op)
{
	for (size_t i = 0; i < plan.n; i++)
		if (plan.v[i].cmd.op == op)
			return (&plan.v[i]);
	fail_msg("no %s in the plan", cmd_name(op));
	return (NULL);
}

static size_t
count_of(enum cmd_op op)
{
	size_t n = 0;

	for (size_t i = 0; i < plan.n; i++)
		n += plan.v[i].cmd.op == op;
	return (n);
}

/* lan0 - web0 - jail web with addresses, default route */
static struct object *
small(void)
{
	struct object *o;

	bridge("lan0", "10.0.0.1/24");
	o = jail("web");
	epair("web0", "bridge:lan0", "", "jail:web", "10.0.0.2/24 fd00::2/64");
	route(o, "default", "10.0.0.1");
	return (o);
}

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
	    "EPAIR_CREATE web0 mtu=1500 a=web0a,02:77:65:62:30:00,bridge=lan0,up b=web0b,02:77:65:62:30:01,jail=web,up\n"
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
	struct object *o = small(), *e = topo_find(&want, KIND_EPAIR, "web0"), *b = topo_find(&want, KIND_BRIDGE, "lan0");

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
	set_addresses(topo_find(&want, KIND_EPAIR, "web0"), &topo_find(&want, KIND_EPAIR, "web0")->u.epair.end[END_B].addrs,
	    "10.0.0.2/24 10.0.0.3/24");
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

/* The command first, alone; when it has ended, interfaces come out before the jail goes. */
static void
test_stop(void **state)
{
	struct object *o = small();

	(void)state;
	text(o, &o->u.jail.exec_start, "service start");
	text(o, &o->u.jail.exec_stop, "service stop");
	settle();
	o->u.jail.running = false;
	planned("JAIL_STOP web path=/ timeout=60 command=service stop\n");
	assert_true(plan.waiting);
	execute();
	planned("IF_MOVE if=web0b from=web to=-\n"
	    "JAIL_DESTROY web\n");
	assert_int_equal(plan.v[0].kind, KIND_JAIL);	/* the jail's end waits for it */
	execute();
	converged();
	assert_int_equal(have.njails, 0);
	assert_non_null(observed_link(&have, "", "web0b"));
	assert_false(observed_link(&have, "", "web0b")->up);
}

static void
test_stop_for_processes(void **state)
{
	(void)state;
	small();
	settle();
	assert_int_equal(fake_jail_processes(f, "web", 3), 0);
	topo_remove(&want, KIND_EPAIR, "web0");
	topo_remove(&want, KIND_JAIL, "web");
	planned("JAIL_STOP web path=/ timeout=60 command=-\n");	/* its epair waits, too */
	execute();
	planned("EPAIR_DESTROY jail=- if=web0a\n"
	    "JAIL_DESTROY web\n");
	execute();
	converged();
}

static void
test_restart(void **state)
{
	struct object *o = small();

	(void)state;
	text(o, &o->u.jail.exec_start, "service start");
	settle();
	o->u.jail.boot++;
	planned("IF_MOVE if=web0b from=web to=-\n"
	    "JAIL_DESTROY web\n"
	    "JAIL_CREATE web path=/ hostname=- forwarding=0 boot=2\n"
	    "IF_MOVE if=web0b from=- to=web\n"
	    "ADDR_ADD jail=web if=web0b 10.0.0.2/24\n"
	    "ADDR_ADD jail=web if=web0b fd00::2/64\n"
	    "IF_SET jail=web if=web0b up\n"
	    "ROUTE_ADD jail=web 0.0.0.0/0 via 10.0.0.1\n"
	    "JAIL_START web path=/ timeout=60 command=service start\n");
	execute();
	converged();
}

static void
test_busy(void **state)
{
	const char *busy[] = { "web" };
	struct object *o = small();

	(void)state;
	jail("db");
	settle();
	opts.busy = busy;
	opts.nbusy = 1;
	o->u.jail.running = false;
	o->u.jail.forwarding = true;
	topo_find(&want, KIND_JAIL, "db")->u.jail.forwarding = true;
	assert_int_equal(fake_addr(f, "web", "web0b", &(struct prefix){ { 4, { 10, 9, 9, 9 } }, 24 }, true), 0);
	assert_int_equal(fake_set_up(f, "", "web0a", false), 0);
	planned("JAIL_SET db path=/ hostname=- forwarding=1 boot=1\n"
	    "IF_SET jail=- if=web0a up\n");
	assert_true(plan.waiting);
	topo_remove(&want, KIND_EPAIR, "web0");
	topo_remove(&want, KIND_JAIL, "web");
	planned("JAIL_SET db path=/ hostname=- forwarding=1 boot=1\n");
	assert_true(plan.waiting);
	/* an epair whose jail is busy is not made either */
	jail("web");
	epair("new0", "bridge:lan0", "", "jail:web", "");
	planned("JAIL_SET db path=/ hostname=- forwarding=1 boot=1\n");
}

/* Another epair wants the name that an interface keeps until the job in its jail has ended. */
static void
test_busy_keeps_names(void **state)
{
	const char *busy[] = { "web" };
	struct object *o;

	(void)state;
	small();
	settle();
	topo_remove(&want, KIND_EPAIR, "web0");
	o = epair("db0", "bridge:lan0", "", "", "");
	str_copy(o->u.epair.end[END_B].ifname, IFNAME_SIZE, "web0a");
	opts.busy = busy;
	opts.nbusy = 1;
	topo_find(&want, KIND_JAIL, "web")->u.jail.nroutes = 0;
	planned("");
	assert_true(plan.waiting);
	opts.nbusy = 0;
	settle();
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
	planned("EPAIR_CREATE web0 mtu=1500 a=web0a,02:77:65:62:30:00,bridge=lan0,up b=web0b,02:77:65:62:30:01,jail=web,up\n"
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
	assert_int_equal(driver->exec(f, &(struct cmd){ .op = CMD_IF_RENAME, .u.rename = { .ifname = "lan0", .to = "xyz" } },
	    &(struct reply){ .sent = 0 }, NULL), 0);
	planned("IF_RENAME jail=- if=xyz to=lan0\n");
	execute();
	converged();
}

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
physical(const char *name, bool up)
{
	const struct mac m = mac_of(name, 9);
	struct prefix p = pfx("192.0.2.5/24");

	assert_int_equal(fake_add_physical(f, name, &m, up, &p, 1), 0);
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
	assert_int_equal(want.nfound, 1);	/* still in use */
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
	assert_int_equal(count_of(CMD_EPAIR_CREATE), 1);	/* the kernel will refuse the name, and say so */
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
	converged();	/* nobody waits for a jail that may never come */
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

static void
test_dying_and_partial(void **state)
{
	struct object *o = small();

	(void)state;
	settle();
	have.jails[0].phase = JAIL_DYING;
	o->u.jail.forwarding = true;
	build();
	assert_int_equal(plan.n, 0);
	assert_true(plan.waiting);
	have.jails[0].phase = JAIL_PARTIAL;
	build();
	assert_int_equal(plan.v[0].cmd.op, CMD_JAIL_CREATE);
	assert_false(plan.waiting);
}

static void
test_reclaim_needs_the_jail(void **state)
{
	struct object *o = small();

	(void)state;
	settle();
	o->u.jail.running = false;
	topo_find(&want, KIND_EPAIR, "web0")->u.epair.mtu = 1400;
	topo_find(&want, KIND_BRIDGE, "lan0")->u.bridge.mtu = 1400;
	look();
	build();
	for (size_t i = 0; i < plan.n; i++)
		if (plan.v[i].cmd.op == CMD_IF_SET && strcmp(plan.v[i].cmd.u.ifset.ifname, "web0b") == 0)
			assert_string_equal(plan.v[i].needs[0].name, "web");
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
	look();
	build();
	assert_int_equal(count_of(CMD_PORT_SET), 0);	/* means nothing without the bridge's filter */
	b->u.bridge.vlan_filter = true;
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
	says(CMD_EPAIR_CREATE, "create", "epair/web0", "create epair web0: web0a in bridge lan0, web0b in jail web, mtu 1500", "");
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
	says(CMD_IF_MOVE, "move", "epair/web0", "move web0b from jail web to jail db", "jail web loses web0b for about 1 s");
	topo_remove(&want, KIND_EPAIR, "web0");
	look();
	build();
	says(CMD_EPAIR_DESTROY, "delete", "epair/web0", "destroy epair web0 (web0b in jail web)", "jail web loses web0b");
	topo_remove(&want, KIND_JAIL, "web");
	topo_remove(&want, KIND_BRIDGE, "lan0");
	look();
	build();
	says(CMD_BRIDGE_DESTROY, "delete", "bridge/lan0", "destroy bridge lan0", "all members of lan0 lose each other");
	says(CMD_JAIL_DESTROY, "delete", "jail/web", "destroy jail web", "jail web stops");
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

		*l = (struct obs_link){ .type = LINK_EPAIR, .mac = e->mac, .mtu = 1500, .up = true,
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
	mirror();
	l = observed_link_add(&have);
	*l = (struct obs_link){ .ifname = "lan0", .type = LINK_BRIDGE, .mtu = 1500, .up = true, .mac = b->u.bridge.mac,
		.mark = { .ours = true, .has_object = true, .kind = KIND_BRIDGE, .name = "lan0" } };
	start = seconds();
	build();
	again = seconds() - start;
	assert_int_equal(plan.n, 0);
	print_message("5000 jails, 10000 epairs: first plan %.0f ms, empty plan %.0f ms\n", create * 1e3, again * 1e3);
	assert_true(create < 1.0 && again < 1.0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = { T(test_create), T(test_pointers_are_escaped), T(test_changes), T(test_move_between_jails),
		T(test_routes_come_again), T(test_route_differs), T(test_stop), T(test_stop_for_processes), T(test_restart),
		T(test_busy), T(test_busy_keeps_names), T(test_scope), T(test_broken_epairs), T(test_forged_label),
		T(test_leftovers), T(test_names), T(test_member), T(test_attachment), T(test_foreign_is_left_alone),
		T(test_external), T(test_dying_and_partial), T(test_reclaim_needs_the_jail), T(test_vlans), T(test_words),
		T(test_speed) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
