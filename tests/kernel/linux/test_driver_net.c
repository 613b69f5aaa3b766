/* test_driver_net: addresses, routes, probes, looks and notifications.  See driver_rig.h. */
#include "tests/kernel/linux/driver_rig.h"

#include <libmnl/libmnl.h>

static unsigned cut_at, reads;	/* what the kernel says is not to be had, once; 0: it is */

/* Instead of libmnl's. */
ssize_t
mnl_socket_recvfrom(const struct mnl_socket *s, void *buf, size_t size)
{
	if (cut_at != 0 && ++reads == cut_at) {
		errno = ENOMEM;
		return (-1);
	}
	return (recv(mnl_socket_get_fd(s), buf, size, 0));
}

static void
hello(void **state)
{
	struct cmd c = { .op = CMD_HELLO };

	(void)state;
	DO(c);
	assert_string_equal(reply.text, "linux");
	vlans = (reply.features & FEATURE_VLAN_FILTER) != 0;
	c.op = CMD_OBSERVE;
	FAIL(c, ERR_UNSUPPORTED, "OBSERVE");
}

static void
addresses(void **state)
{
	(void)state;
	DO(jail_cmd(CMD_JAIL_CREATE, "j1"));
	DO(epair_cmd("e1", 1, "", "j1"));
	DO(addr_cmd(CMD_ADDR_ADD, "j1", "e1b", "192.0.2.10/24"));
	SAME(addr_cmd(CMD_ADDR_ADD, "j1", "e1b", "192.0.2.10/24"));
	DO(addr_cmd(CMD_ADDR_ADD, "j1", "e1b", "192.0.2.11/24"));
	DO(addr_cmd(CMD_ADDR_ADD, "j1", "e1b", "2001:db8::10/64"));
	SAME(addr_cmd(CMD_ADDR_ADD, "j1", "e1b", "2001:db8::10/64"));
	FAIL(addr_cmd(CMD_ADDR_ADD, "j1", "e1b", "2001:db8::10/80"), ERR_EXISTS, "2001:db8::10/80");
	says("ip -n j1 addr show e1b", "192.0.2.10/24 brd 192.0.2.255");
	says_not("ip -n j1 addr show e1b to 2001:db8::/32", "tentative");
	/* the first of a subnet goes, the second stays */
	DO(addr_cmd(CMD_ADDR_DEL, "j1", "e1b", "192.0.2.10/24"));
	SAME(addr_cmd(CMD_ADDR_DEL, "j1", "e1b", "192.0.2.10/24"));
	says("ip -n j1 addr show e1b", "192.0.2.11/24");
	DO(addr_cmd(CMD_ADDR_DEL, "j1", "e1b", "2001:db8::10/64"));
	SAME(addr_cmd(CMD_ADDR_DEL, "j1", "e1b", "2001:db8::10/64"));
	SAME(addr_cmd(CMD_ADDR_DEL, "j1", "nix", "2001:db8::10/64"));
	SAME(addr_cmd(CMD_ADDR_DEL, "nojail", "nix", "2001:db8::10/64"));
	FAIL(addr_cmd(CMD_ADDR_ADD, "j1", "nix", "2001:db8::10/64"), ERR_NOT_FOUND, "nix in jail j1");
	FAIL(addr_cmd(CMD_ADDR_ADD, "j1", "e1b", "ff02::1/64"), ERR_KERNEL, "adding ff02::1/64");
	DO(iface_cmd("", "e1a"));
	DO(ref_cmd(CMD_JAIL_DESTROY, "j1"));
}

static void
routes(void **state)
{
	(void)state;
	DO(jail_cmd(CMD_JAIL_CREATE, "j1"));
	DO(epair_cmd("e1", 1, "", "j1"));
	DO(addr_cmd(CMD_ADDR_ADD, "j1", "e1b", "192.0.2.10/24"));
	DO(addr_cmd(CMD_ADDR_ADD, "j1", "e1b", "2001:db8::10/64"));
	DO(route_cmd(CMD_ROUTE_ADD, "j1", "0.0.0.0/0", "192.0.2.1"));
	SAME(route_cmd(CMD_ROUTE_ADD, "j1", "0.0.0.0/0", "192.0.2.1"));
	says("ip -n j1 route", "default via 192.0.2.1 dev e1b proto 106");
	DO(route_cmd(CMD_ROUTE_ADD, "j1", "0.0.0.0/0", "192.0.2.2"));
	says_not("ip -n j1 route", "192.0.2.1 ");
	DO(route_cmd(CMD_ROUTE_ADD, "j1", "::/0", "2001:db8::1"));
	SAME(route_cmd(CMD_ROUTE_ADD, "j1", "::/0", "2001:db8::1"));
	DO(route_cmd(CMD_ROUTE_ADD, "j1", "::/0", "2001:db8::2"));
	SAME(route_cmd(CMD_ROUTE_ADD, "j1", "::/0", "2001:db8::2"));
	says_not("ip -n j1 -6 route", "2001:db8::1 ");
	DO(route_cmd(CMD_ROUTE_ADD, "j1", "198.51.100.0/24", "192.0.2.1"));
	FAIL(route_cmd(CMD_ROUTE_ADD, "j1", "203.0.113.0/24", "10.0.0.1"), ERR_KERNEL, "Nexthop has invalid gateway");
	run("ip -n j1 route add 203.0.113.0/24 via 192.0.2.9");
	FAIL(route_cmd(CMD_ROUTE_ADD, "j1", "203.0.113.0/24", "192.0.2.1"), ERR_CONFLICT, "not made by jailnet");
	SAME(route_cmd(CMD_ROUTE_DEL, "j1", "203.0.113.0/24", "192.0.2.9"));
	says("ip -n j1 route", "203.0.113.0/24");
	DO(route_cmd(CMD_ROUTE_DEL, "j1", "0.0.0.0/0", "192.0.2.2"));
	SAME(route_cmd(CMD_ROUTE_DEL, "j1", "0.0.0.0/0", "192.0.2.2"));
	DO(route_cmd(CMD_ROUTE_DEL, "j1", "::/0", "2001:db8::2"));
	SAME(route_cmd(CMD_ROUTE_DEL, "nojail", "::/0", "2001:db8::2"));
	says_not("ip -n j1 -6 route; ip -n j1 route", "default");
	DO(iface_cmd("", "e1a"));
	DO(ref_cmd(CMD_JAIL_DESTROY, "j1"));
}

static void
probes(void **state)
{
	struct cmd c = { .op = CMD_PROBE };
	struct cmd_probe *p = &c.u.probe;

	(void)state;
	DO(bridge_cmd(CMD_BRIDGE_CREATE, "br0", "02:00:00:00:01:01", 1500));
	DO(jail_cmd(CMD_JAIL_CREATE, "j1"));
	DO(jail_cmd(CMD_JAIL_CREATE, "j2"));
	DO(epair_cmd("e1", 1, "br0", "j1"));
	DO(epair_cmd("e2", 2, "br0", "j2"));
	DO(addr_cmd(CMD_ADDR_ADD, "j1", "e1b", "192.0.2.1/24"));
	DO(addr_cmd(CMD_ADDR_ADD, "j2", "e2b", "192.0.2.2/24"));
	DO(addr_cmd(CMD_ADDR_ADD, "j1", "e1b", "2001:db8::1/64"));
	DO(addr_cmd(CMD_ADDR_ADD, "j2", "e2b", "2001:db8::2/64"));
	(void)str_copy(p->jail, NAME_SIZE, "j1");
	p->count = 3;
	p->interval_ms = 10;
	/* a busy machine takes its time to open a bridge port, and then ARP asks again only after a second */
	p->timeout_ms = 5000;
	p->to = ip("192.0.2.2");
	DO(c);
	assert_int_equal(reply.sent, 3);
	assert_int_equal(reply.received, 3);
	assert_true(reply.rtt_us[0] > 0 && reply.rtt_us[0] < 5000000);
	assert_string_equal(reply.probe_error, "");
	p->to = ip("2001:db8::2");
	DO(c);
	assert_int_equal(reply.received, 3);
	run("ip netns exec j1 ping -c 1 -W 1 192.0.2.2");
	/* nobody there; no way there */
	p->count = 1;
	p->timeout_ms = 4000;
	p->to = ip("192.0.2.99");
	DO(c);
	assert_int_equal(reply.sent, 1);
	assert_int_equal(reply.received, 0);
	assert_string_equal(reply.probe_error, "Destination Host Unreachable");
	p->timeout_ms = 100;
	p->to = ip("203.0.113.1");
	DO(c);
	assert_int_equal(reply.received, 0);
	assert_string_equal(reply.probe_error, "Network is unreachable");
	(void)str_copy(p->jail, NAME_SIZE, "nojail");
	FAIL(c, ERR_NOT_FOUND, "no jail nojail");
	DO(iface_cmd("", "e1a"));
	DO(iface_cmd("", "e2a"));
	DO(ref_cmd(CMD_JAIL_DESTROY, "j1"));
	DO(ref_cmd(CMD_JAIL_DESTROY, "j2"));
	DO(ref_cmd(CMD_BRIDGE_DESTROY, "br0"));
}

/* Everything observed is what ip(8) says. */
static void
observe_all(void **state)
{
	const struct obs_link *link;
	const struct obs_addr *a;
	const struct obs_route *r;
	struct observed o;
	size_t n;

	(void)state;
	DO(bridge_cmd(CMD_BRIDGE_CREATE, "br0", "02:00:00:00:01:01", 1500));
	DO(addr_cmd(CMD_ADDR_ADD, "", "br0", "192.0.2.1/24"));
	struct cmd c = jail_cmd(CMD_JAIL_CREATE, "j1");
	c.u.jail.boot = 7;
	c.u.jail.forwarding = true;
	DO(c);
	DO(epair_cmd("e1", 1, "br0", "j1"));
	DO(addr_cmd(CMD_ADDR_ADD, "j1", "e1b", "192.0.2.10/24"));
	DO(addr_cmd(CMD_ADDR_ADD, "j1", "e1b", "2001:db8::10/64"));
	DO(route_cmd(CMD_ROUTE_ADD, "j1", "0.0.0.0/0", "192.0.2.1"));
	run("ip -n j1 route add 203.0.113.0/24 via 192.0.2.9");
	run("ip link add up0 type veth peer name up1");
	look(&o, OBSERVE_ALL, "");
	assert_int_equal(o.njails, 1);
	assert_true(o.jails[0].ours && o.jails[0].forwarding);
	assert_int_equal(o.jails[0].phase, JAIL_CREATED);
	assert_int_equal(o.jails[0].boot, 7);
	assert_null(observed_link(&o, "j1", "lo"));
	assert_null(observed_link(&o, "", "lo"));
	link = observed_link(&o, "", "up0");
	assert_non_null(link);
	assert_false(link->mark.ours || link->up);
	link = observed_link(&o, "", "e1a");
	assert_non_null(link);
	assert_true(link->mark.ours && link->mark.has_object && link->up && link->running);
	assert_string_equal(link->mark.name, "e1");
	assert_string_equal(link->bridge, "br0");
	assert_int_equal(link->type, LINK_EPAIR);
	link = observed_link(&o, "j1", "e1b");
	assert_non_null(link);
	assert_int_equal(link->mark.side, END_B);
	assert_int_equal(link->mtu, 1400);
	assert_true(mac_equal(&link->mac, &(struct mac){ { 2, 0, 0, 0, 1, 0x0b } }));
	assert_int_equal(observed_link(&o, "", "br0")->type, LINK_BRIDGE);
	a = observed_addrs(&o, "j1", "e1b", &n);
	assert_int_equal(n, 2);
	assert_int_equal(a[0].prefix.ip.family + a[1].prefix.ip.family, 10);
	a = observed_addrs(&o, "", "br0", &n);
	assert_int_equal(n, 1);
	r = observed_routes(&o, "j1", &n);
	assert_int_equal(n, 1);
	assert_true(prefix_is_default(&r->dst));
	assert_int_equal(r->gateway.b[3], 1);
	observed_fini(&o);
	look(&o, OBSERVE_JAIL, "j1");
	assert_int_equal(o.njails, 1);
	assert_int_equal(o.nlinks, 1);
	assert_int_equal(o.naddrs, 2);
	assert_int_equal(o.nroutes, 1);
	observed_fini(&o);
	look(&o, OBSERVE_LINK, "br0");
	assert_int_equal(o.nlinks, 1);
	assert_int_equal(o.naddrs, 1);
	assert_int_equal(o.njails, 0);
	observed_fini(&o);
	look(&o, OBSERVE_LINK, "nix");
	assert_int_equal(o.nlinks, 0);
	observed_fini(&o);
	look(&o, OBSERVE_JAIL, "nix");
	assert_int_equal(o.njails, 0);
	observed_fini(&o);
	run("ip link del up0");
	DO(iface_cmd("", "e1a"));
	DO(ref_cmd(CMD_JAIL_DESTROY, "j1"));
	DO(ref_cmd(CMD_BRIDGE_DESTROY, "br0"));
}

/* True when a change that fits comes within a second. */
static bool
change_comes(const char *ifname, const char *jail)
{
	struct pollfd pfd = { .fd = driver->watch_fd(ctx), .events = POLLIN };
	struct change ch;
	bool found = false;

	while (!found && poll(&pfd, 1, 1000) == 1)
		while (driver->watch_read(ctx, &ch) == 1)
			found = found || (ifname != NULL && !ch.all && str_equal(ch.ifname, ifname)) ||
			    (jail != NULL && (ch.all || str_equal(ch.jail, jail)));
	return (found);
}

static void
drain(void)
{
	struct change ch;

	usleep(50000);
	while (driver->watch_read(ctx, &ch) == 1)
		;
}

static void
watch(void **state)
{
	(void)state;
	DO(jail_cmd(CMD_JAIL_CREATE, "j1"));
	DO(epair_cmd("e1", 1, "", "j1"));
	DO(addr_cmd(CMD_ADDR_ADD, "", "e1a", "198.51.100.1/24"));
	drain();
	run("ip link set e1a down");
	assert_true(change_comes("e1a", NULL));
	run("ip link set e1a up");
	drain();
	run("ip addr del 198.51.100.1/24 dev e1a");
	assert_true(change_comes("e1a", NULL));
	drain();
	run("ip -n j1 link set e1b mtu 1000");
	assert_true(change_comes(NULL, "j1"));
	drain();
	/* ours alone is not told */
	DO(addr_cmd(CMD_ADDR_ADD, "", "e1a", "198.51.100.1/24"));
	assert_false(change_comes("e1a", NULL));
	DO(iface_cmd("", "e1a"));
	DO(ref_cmd(CMD_JAIL_DESTROY, "j1"));
}

/* Killed between an EPAIR_DESTROY and its effect: the next one to open ends it, and knows all that was made before. */
static void
reopen(void **state)
{
	struct observed o;
	void *second;

	(void)state;
	DO(jail_cmd(CMD_JAIL_CREATE, "j1"));
	DO(epair_cmd("e1", 1, "", "j1"));
	DO(epair_cmd("e2", 2, "", "j1"));
	DO(iface_cmd("", "e1a"));
	assert_int_equal(driver->open(&conf, &second, &err), 0);
	says("ip link show e1a", "does not exist");
	driver->close(second);
	look(&o, OBSERVE_ALL, "");
	assert_non_null(observed_link(&o, "j1", "e2b"));
	observed_fini(&o);
	DO(iface_cmd("", "e2a"));
	DO(ref_cmd(CMD_JAIL_DESTROY, "j1"));
}

/* An answer that could not be read to its end is a failure; the next question on that socket is not. */
static void
cut_short(void **state)
{
	struct cmd_observe all = { .scope = OBSERVE_ALL };
	struct observed o;
	bool reached = true;
	unsigned n;

	(void)state;
	DO(jail_cmd(CMD_JAIL_CREATE, "j1"));
	DO(epair_cmd("e1", 1, "", "j1"));
	for (n = 1; reached; n++) {
		reads = 0;
		cut_at = n;
		observed_init(&o);
		(void)driver->observe(ctx, &all, &o, &err);
		(void)driver->counters(ctx, &all, &o, &err);
		reached = reads >= n;
		cut_at = 0;
		observed_fini(&o);
		observed_init(&o);
		if (driver->counters(ctx, &all, &o, &err) == -1)
			fail_msg("%u: %s", n, err.msg);
		observed_fini(&o);
		look(&o, OBSERVE_ALL, "");
		assert_non_null(observed_link(&o, "", "e1a"));
		assert_non_null(observed_link(&o, "j1", "e1b"));
		observed_fini(&o);
	}
	assert_true(n > 10);
	DO(iface_cmd("", "e1a"));
	DO(ref_cmd(CMD_JAIL_DESTROY, "j1"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello),
		cmocka_unit_test(addresses),
		cmocka_unit_test(routes),
		cmocka_unit_test(probes),
		cmocka_unit_test(observe_all),
		cmocka_unit_test(watch),
		cmocka_unit_test(reopen),
		cmocka_unit_test(cut_short),
	};

	return (rig_main(tests, NELEMS(tests)));
}
