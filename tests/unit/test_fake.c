/*
 * fake: the fake kernel has the manners the planner and the worker count on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/str.h"
#include "tests/fake/fake_kernel.h"

static struct fake *f;
static struct reply reply;
static struct err err;

static const struct mac mac_a = { { 2, 0, 0, 0, 0, 1 } }, mac_b = { { 2, 0, 0, 0, 0, 2 } };

static int
setup(void **state)
{
	(void)state;
	return ((f = fake_new()) == NULL ? -1 : 0);
}

static int
teardown(void **state)
{
	(void)state;
	fake_free(f);
	return (0);
}

static int
run(struct cmd c)
{
	memset(&err, 0, sizeof(err));
	return (driver->exec(f, &c, &reply, &err));
}

static void
done(struct cmd c)
{
	char text[512];

	if (run(c) == -1)
		fail_msg("%s: %s", cmd_print(&c, text, sizeof(text)), err.msg);
	assert_int_equal(reply.result, REPLY_DONE);
	assert_int_equal(run(c), 0);
	if (c.op != CMD_SYSCTL_GET && c.op != CMD_PROBE)
		assert_int_equal(reply.result, REPLY_UNCHANGED);
}

static void
fails(struct cmd c, enum err_code code, int sys)
{
	char *before = fake_snapshot(f, false), *after;

	assert_int_equal(run(c), -1);
	assert_int_equal(err.code, code);
	assert_int_equal(err.sys, sys);
	after = fake_snapshot(f, false);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static struct prefix
pfx(const char *s)
{
	struct prefix p = { .len = 0 };

	assert_int_equal(prefix_parse(s, &p, NULL), 0);
	return (p);
}

static struct ip
addr(const char *s)
{
	struct ip ip = { .family = 0 };

	assert_int_equal(ip_parse(s, &ip, NULL), 0);
	return (ip);
}

static void
jail(const char *name)
{
	struct cmd c = { .op = CMD_JAIL_CREATE, .u.jail = { .boot = 1 } };

	strcpy(c.u.jail.name, name);
	done(c);
}

static void
bridge(const char *name)
{
	struct cmd c = { .op = CMD_BRIDGE_CREATE, .u.bridge = { .mac = mac_a, .mtu = 1500 } };

	strcpy(c.u.bridge.name, name);
	done(c);
}

/* name + a in the bridge, name + b in the jail with an address */
static struct cmd
epair(const char *name, const char *br, const char *ja)
{
	struct cmd c = { .op = CMD_EPAIR_CREATE,
		.u.epair = { .mtu = 1500, .end = { { .mac = mac_a, .up = true }, { .mac = mac_b, .up = true } } } };

	strcpy(c.u.epair.name, name);
	str_format(c.u.epair.end[0].ifname, IFNAME_SIZE, "%sa", name);
	str_format(c.u.epair.end[1].ifname, IFNAME_SIZE, "%sb", name);
	strcpy(c.u.epair.end[0].bridge, br);
	strcpy(c.u.epair.end[1].jail, ja);
	return (c);
}

static struct cmd
addr_add(const char *ja, const char *ifname, const char *p)
{
	struct cmd c = { .op = CMD_ADDR_ADD, .u.addr = { .prefix = pfx(p) } };

	strcpy(c.u.addr.jail, ja);
	strcpy(c.u.addr.ifname, ifname);
	return (c);
}

static struct cmd
route_add(const char *ja, const char *dst, const char *gw)
{
	struct cmd c = { .op = CMD_ROUTE_ADD, .u.route = { .dst = pfx(dst), .gateway = addr(gw) } };

	strcpy(c.u.route.jail, ja);
	return (c);
}

static void
look(struct observed *o)
{
	struct cmd_observe all = { OBSERVE_ALL, "" };

	observed_init(o);
	assert_int_equal(driver->observe(f, &all, o, &err), 0);
	observed_sort(o);
}

static void
lan(void)
{
	bridge("lan0");
	jail("one");
	jail("two");
	done(epair("e1", "lan0", "one"));
	done(epair("e2", "lan0", "two"));
	done(addr_add("one", "e1b", "192.0.2.1/24"));
	done(addr_add("one", "e1b", "2001:db8::1/64"));
	done(addr_add("two", "e2b", "192.0.2.2/24"));
}

static void
a_lan_is_built_observed_and_carries_packets(void **state)
{
	const struct obs_link *l;
	struct observed o;
	struct ip one = addr("192.0.2.1"), two = addr("192.0.2.2"), none = addr("192.0.2.3");
	struct cmd probe = { .op = CMD_PROBE, .u.probe = { .jail = "one", .to = two, .count = 3 } };

	(void)state;
	lan();
	assert_true(fake_reaches(f, "one", &two));
	assert_true(fake_reaches(f, "two", &one));
	assert_false(fake_reaches(f, "two", &none));
	done(probe);
	assert_int_equal(reply.received, 3);
	look(&o);
	assert_int_equal(o.njails, 2);
	assert_int_equal(o.nlinks, 5);
	l = observed_link(&o, "one", "e1b");
	assert_non_null(l);
	assert_true(l->mark.ours && l->mark.has_object && l->mark.side == END_B && l->up && l->running);
	assert_string_equal(observed_link(&o, "", "e1a")->bridge, "lan0");
	observed_fini(&o);
	fake_set_up(f, "", "lan0", false);
	assert_false(fake_reaches(f, "one", &two));
}

static void
private_ports_do_not_hear_each_other(void **state)
{
	struct cmd c = { .op = CMD_PORT_SET, .u.port = { .bridge = "lan0", .ifname = "e1a", .priv = true } };
	struct ip two = addr("192.0.2.2");

	(void)state;
	lan();
	done(c);
	assert_true(fake_reaches(f, "one", &two));
	strcpy(c.u.port.ifname, "e2a");
	done(c);
	assert_false(fake_reaches(f, "one", &two));
}

static void
a_router_in_between(void **state)
{
	struct cmd fwd = { .op = CMD_JAIL_SET, .u.jail = { .name = "two", .forwarding = true } };
	struct ip far = addr("198.51.100.9");

	(void)state;
	lan();
	bridge("lan1");
	jail("three");
	done(epair("e3", "lan1", "two"));
	done(epair("e4", "lan1", "three"));
	done(addr_add("two", "e3b", "198.51.100.1/24"));
	done(addr_add("three", "e4b", "198.51.100.9/24"));
	done(route_add("one", "0.0.0.0/0", "192.0.2.2"));
	assert_false(fake_reaches(f, "one", &far));
	done(route_add("three", "192.0.2.0/24", "198.51.100.1"));
	assert_false(fake_reaches(f, "one", &far));
	done(fwd);
	assert_true(fake_reaches(f, "one", &far));
}

static void
names_taken_and_things_missing(void **state)
{
	struct cmd up = { .op = CMD_IF_SET, .u.ifset = { .ifname = "nope", .fields = IFSET_UP, .up = true } };
	struct cmd other = epair("e1", "lan0", "");

	(void)state;
	lan();
	fails(other, ERR_EXISTS, EEXIST);
	fails(epair("e9", "lan0", "nojail"), ERR_NOT_FOUND, ENOENT);
	fails(epair("e9", "nobridge", "one"), ERR_KERNEL, ENODEV);
	fails(addr_add("one", "nope", "192.0.2.7/24"), ERR_KERNEL, ENODEV);
	fails(route_add("one", "0.0.0.0/0", "203.0.113.1"), ERR_KERNEL, ENETUNREACH);
	fails(up, ERR_KERNEL, ENODEV);
}

static bool
refuse(void *arg, const char *ifname)
{
	(void)arg;
	return (strcmp(ifname, "re0") == 0);
}

static void
foreign_things_are_refused(void **state)
{
	struct cmd destroy = { .op = CMD_EPAIR_DESTROY, .u.iface = { .ifname = "xa" } };
	struct cmd br = { .op = CMD_BRIDGE_DESTROY, .u.ref = { .name = "br9" } };
	struct cmd ja = { .op = CMD_JAIL_DESTROY, .u.ref = { .name = "alien" } };
	struct cmd make = { .op = CMD_JAIL_CREATE, .u.jail = { .name = "alien" } };
	struct cmd move = { .op = CMD_IF_MOVE, .u.move = { .ifname = "re1", .to = "one" } };
	struct cmd rename = { .op = CMD_IF_RENAME, .u.rename = { .ifname = "re0", .to = "re9" } };

	(void)state;
	jail("one");
	fake_set_foreign(f, refuse, NULL);
	assert_int_equal(fake_add_foreign_epair(f, "xa", "xb"), 0);
	assert_int_equal(fake_add_foreign_bridge(f, "br9"), 0);
	assert_int_equal(fake_add_jail(f, "alien", false), 0);
	assert_int_equal(fake_add_physical(f, "re0", &mac_a, true, NULL, 0), 0);
	assert_int_equal(fake_add_physical(f, "re1", &mac_b, true, NULL, 0), 0);
	assert_int_equal(fake_add_physical(f, "re1", &mac_b, true, NULL, 0), -1);
	fails(destroy, ERR_DENIED, 0);
	fails(br, ERR_DENIED, 0);
	fails(ja, ERR_DENIED, 0);
	fails(make, ERR_CONFLICT, 0);
	fails(move, ERR_DENIED, 0);
	fails(rename, ERR_DENIED, 0);
	fails(addr_add("", "re1", "192.0.2.7/24"), ERR_DENIED, 0);
	done(addr_add("", "re0", "192.0.2.7/24"));
}

static void
moving_loses_what_a_kernel_loses(void **state)
{
	struct cmd out = { .op = CMD_IF_MOVE, .u.move = { .ifname = "e1b", .from = "one", .to = "" } };
	struct observed o;
	size_t n;

	(void)state;
	lan();
	done(route_add("one", "0.0.0.0/0", "192.0.2.2"));
	done(out);
	look(&o);
	assert_null(observed_link(&o, "one", "e1b"));
	assert_false(observed_link(&o, "", "e1b")->up);
	assert_true(observed_link(&o, "", "e1b")->mark.ours);
	observed_addrs(&o, "", "e1b", &n);
	assert_int_equal(n, 0);
	observed_routes(&o, "one", &n);
	assert_int_equal(n, 0);
	observed_fini(&o);
}

static void
down_loses_routes_and_ipv6(void **state)
{
	struct observed o;
	size_t n;

	(void)state;
	lan();
	done(route_add("one", "0.0.0.0/0", "192.0.2.2"));
	assert_int_equal(fake_control(f, "down one e1b"), 0);
	look(&o);
	observed_addrs(&o, "one", "e1b", &n);
	assert_int_equal(n, 1);
	observed_routes(&o, "one", &n);
	assert_int_equal(n, 0);
	observed_fini(&o);
}

static void
jails_end(void **state)
{
	struct cmd move = { .op = CMD_IF_MOVE, .u.move = { .ifname = "re0", .to = "one" } };
	struct cmd destroy = { .op = CMD_JAIL_DESTROY, .u.ref = { .name = "one" } };
	struct observed o;

	(void)state;
	lan();
	fake_add_physical(f, "re0", &mac_a, true, NULL, 0);
	done(move);
	fails(destroy, ERR_IN_USE, 0);
	assert_int_equal(fake_control(f, "move one re0 -"), 0);
	done(destroy);
	look(&o);
	assert_null(observed_jail(&o, "one"));
	assert_null(observed_link(&o, "", "e1a"));
	assert_non_null(observed_link(&o, "", "re0"));
	observed_fini(&o);
	/* somebody kills the other one with the uplink inside: it comes back */
	strcpy(move.u.move.to, "two");
	done(move);
	assert_int_equal(fake_del_jail(f, "two"), 0);
	look(&o);
	assert_non_null(observed_link(&o, "", "re0"));
	assert_int_equal(o.nlinks, 2);
	observed_fini(&o);
}

static void
bridge_destroy_lets_ports_go(void **state)
{
	struct cmd c = { .op = CMD_BRIDGE_DESTROY, .u.ref = { .name = "lan0" } };
	struct observed o;

	(void)state;
	lan();
	done(c);
	look(&o);
	assert_string_equal(observed_link(&o, "", "e1a")->bridge, "");
	observed_fini(&o);
}

static void
commands_run_inside(void **state)
{
	struct cmd start = { .op = CMD_JAIL_START, .u.exec = { .name = "one", .command = "daemon; daemon", .timeout_s = 5 } };
	struct cmd stop = { .op = CMD_JAIL_STOP, .u.exec = { .name = "one", .command = "exit 1", .timeout_s = 5 } };
	struct observed o;

	(void)state;
	jail("one");
	strcpy(start.u.exec.command, "exit 3");
	fails(start, ERR_EXEC, 0);
	strcpy(start.u.exec.command, "sleep 9");
	start.u.exec.timeout_s = 0;
	fails(start, ERR_TIMEOUT, 0);
	strcpy(start.u.exec.command, "daemon; daemon");
	done(start);
	look(&o);
	assert_int_equal(observed_jail(&o, "one")->processes, 2);
	assert_int_equal(observed_jail(&o, "one")->phase, JAIL_STARTED);
	observed_fini(&o);
	assert_int_equal(run(stop), 0);
	assert_string_equal(reply.text, "exec.stop exited with 1");
	look(&o);
	assert_int_equal(observed_jail(&o, "one")->phase, JAIL_STOPPED);
	observed_fini(&o);
}

static void
faults_come_when_told(void **state)
{
	struct cmd c = { .op = CMD_JAIL_CREATE, .u.jail = { .name = "one" } };
	struct observed o;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(fake_break_text(f, "JAIL_CREATE:2:12,BRIDGE_CREATE:1:half"), 0);
	assert_int_equal(fake_break_text(f, "NONSENSE:1:5"), -1);
	assert_int_equal(fake_break_text(f, "*:0:5"), -1);
	done((struct cmd){ .op = CMD_SYSCTL_SET, .u.sysctl = { .key = "net.x", .value = "1" } });
	assert_int_equal(run(c), 0);
	fails(c, ERR_KERNEL, ENOMEM);
	assert_int_equal(run(c), 0);
	assert_int_equal(fake_count(f, CMD_JAIL_CREATE), 3);
	/* half a bridge: ours, but not labelled */
	c = (struct cmd){ .op = CMD_BRIDGE_CREATE, .u.bridge = { .name = "lan0", .mac = mac_a, .mtu = 1500 } };
	assert_int_equal(run(c), -1);
	look(&o);
	assert_true(observed_link(&o, "", "lan0")->mark.ours);
	assert_false(observed_link(&o, "", "lan0")->mark.has_object);
	observed_fini(&o);
	/* a crash in a child leaves its work in the shared kernel */
	assert_int_equal(fake_break_text(f, "JAIL_CREATE:1:halfcrash"), 0);
	c = (struct cmd){ .op = CMD_JAIL_CREATE, .u.jail = { .name = "three" } };
	if ((pid = fork()) == 0) {
		run(c);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(WEXITSTATUS(status), 137);
	look(&o);
	assert_int_equal(observed_jail(&o, "three")->phase, JAIL_PARTIAL);
	observed_fini(&o);
	assert_int_equal(run(c), 0);
	assert_int_equal(reply.result, REPLY_DONE);
}

static void
changes_by_hand_are_told(void **state)
{
	struct change c;

	(void)state;
	lan();
	assert_int_equal(driver->watch_read(f, &c), 0);
	assert_int_equal(fake_set_up(f, "one", "e1b", false), 0);
	assert_int_equal(driver->watch_read(f, &c), 1);
	assert_false(c.all);
	assert_string_equal(c.jail, "one");
	assert_string_equal(c.ifname, "e1b");
	assert_int_equal(driver->watch_read(f, &c), 0);
}

static void
scopes(void **state)
{
	struct cmd_observe one = { OBSERVE_JAIL, "one" }, link = { OBSERVE_LINK, "lan0" };
	struct observed o;

	(void)state;
	lan();
	done(addr_add("", "lan0", "192.0.2.254/24"));
	observed_init(&o);
	assert_int_equal(driver->observe(f, &one, &o, &err), 0);
	assert_int_equal(o.njails, 1);
	assert_int_equal(o.nlinks, 1);
	assert_int_equal(o.naddrs, 2);
	observed_fini(&o);
	observed_init(&o);
	assert_int_equal(driver->observe(f, &link, &o, &err), 0);
	assert_int_equal(o.njails, 0);
	assert_int_equal(o.nlinks, 1);
	assert_int_equal(o.naddrs, 1);
	observed_fini(&o);
}

static void
the_foreign_part_of_a_snapshot(void **state)
{
	char *before, *after;

	(void)state;
	fake_add_physical(f, "re0", &mac_a, true, NULL, 0);
	before = fake_snapshot(f, true);
	assert_string_equal(before,
	    "link jail= re0 type=physical mac=02:00:00:00:00:01 mtu=1500 up bridge= priv=0 edge=0 stp=0,0 vlan=0,0,0 peer= mark=\n");
	lan();
	after = fake_snapshot(f, true);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_lan_is_built_observed_and_carries_packets),
		T(private_ports_do_not_hear_each_other),
		T(a_router_in_between),
		T(names_taken_and_things_missing),
		T(foreign_things_are_refused),
		T(moving_loses_what_a_kernel_loses),
		T(down_loses_routes_and_ipv6),
		T(jails_end),
		T(bridge_destroy_lets_ports_go),
		T(commands_run_inside),
		T(faults_come_when_told),
		T(changes_by_hand_are_told),
		T(scopes),
		T(the_foreign_part_of_a_snapshot),
	};

	return (cmocka_run_group_tests_name("fake", tests, NULL, NULL));
}
