/* test_driver_link: bridges, epairs, ports, names and moves.  See driver_rig.h. */
#include "tests/kernel/linux/driver_rig.h"

static void
bridge_life(void **state)
{
	struct cmd c = bridge_cmd(CMD_BRIDGE_CREATE, "br0", "02:00:00:00:01:01", 1400);

	(void)state;
	c.u.bridge.stp = true;
	DO(c);
	SAME(c);
	says("ip -d link show br0", "alias jailnet:bridge/br0");
	says("ip -d link show br0", "stp_state 1");
	says("ip link show br0", "mtu 1400");
	says("ip link show br0", "02:00:00:00:01:01");
	says("ip link show br0", "UP");
	c.op = CMD_BRIDGE_SET;
	SAME(c);
	c.u.bridge.stp = false;
	c.u.bridge.mtu = 1500;
	c.u.bridge.vlan_filter = vlans;
	c.u.bridge.mac = mac("02:00:00:00:01:02");
	DO(c);
	says("ip -d link show br0", "stp_state 0");
	says("ip -d link show br0", vlans ? "vlan_filtering 1" : "vlan_filtering 0");
	says("ip link show br0", "mtu 1500");
	says("ip link show br0", "02:00:00:00:01:02");
	c.u.bridge.backend = BACKEND_NETGRAPH;
	FAIL(c, ERR_UNSUPPORTED, "netgraph");
	DO(ref_cmd(CMD_BRIDGE_DESTROY, "br0"));
	SAME(ref_cmd(CMD_BRIDGE_DESTROY, "br0"));
	says("ip link show br0", "does not exist");
	/* half made: created, not labelled */
	run("ip link add br1 group 27246 type bridge");
	DO(bridge_cmd(CMD_BRIDGE_CREATE, "br1", "02:00:00:00:01:03", 1500));
	says("ip link show br1", "alias jailnet:bridge/br1");
	DO(ref_cmd(CMD_BRIDGE_DESTROY, "br1"));
}

static void
bridge_foreign(void **state)
{
	(void)state;
	run("ip link add brf type bridge");
	FAIL(bridge_cmd(CMD_BRIDGE_CREATE, "brf", "02:00:00:00:01:04", 1500), ERR_EXISTS, "File exists");
	FAIL(bridge_cmd(CMD_BRIDGE_SET, "brf", "02:00:00:00:01:04", 1500), ERR_DENIED, "not made by jailnet");
	FAIL(ref_cmd(CMD_BRIDGE_DESTROY, "brf"), ERR_DENIED, "not made by jailnet");
	FAIL(bridge_cmd(CMD_BRIDGE_SET, "nix", "02:00:00:00:01:04", 1500), ERR_NOT_FOUND, "no interface nix");
	run("ip link del brf");
}

/* A port of another MTU must not drag the bridge along. */
static void
bridge_keeps_mtu(void **state)
{
	(void)state;
	DO(bridge_cmd(CMD_BRIDGE_CREATE, "brm", "02:00:00:00:01:05", 1500));
	DO(epair_cmd("mt", 9, "brm", ""));
	says("ip link show mta", "mtu 1400");
	says("ip link show brm", "mtu 1500");
	DO(iface_cmd("", "mta"));
	DO(ref_cmd(CMD_BRIDGE_DESTROY, "brm"));
}

static void
epair_life(void **state)
{
	struct cmd c = epair_cmd("e1", 1, "br0", "j1"), both;
	struct observed o;

	(void)state;
	DO(bridge_cmd(CMD_BRIDGE_CREATE, "br0", "02:00:00:00:01:01", 1500));
	DO(jail_cmd(CMD_JAIL_CREATE, "j1"));
	DO(jail_cmd(CMD_JAIL_CREATE, "j2"));
	DO(c);
	SAME(c);
	says("ip link show e1a", "master br0");
	says("ip link show e1a", "mtu 1400");
	says("ip link show e1a", "UP,LOWER_UP");
	says("ip link show e1a", "02:00:00:00:01:0a");
	says("ip link show e1a", "alias jailnet:epair/e1:a");
	says("ip -n j1 link show e1b", "alias jailnet:epair/e1:b");
	says("ip -n j1 link show e1b", "02:00:00:00:01:0b");
	says("ip -n j1 link show e1b", "mtu 1400");
	says("ip -n j1 link show e1b", "UP,LOWER_UP");
	says("ip -n j1 link show e1b", "group 27246");
	/* cut short before the labels, and altered: made so again */
	run("ip -n j1 link set e1b alias ''");
	run("ip link set e1a nomaster");
	DO(c);
	SAME(c);
	says("ip -n j1 link show e1b", "alias jailnet:epair/e1:b");
	says("ip link show e1a", "master br0");
	/* destroyed by either half */
	DO(iface_cmd("j1", "e1b"));
	SAME(iface_cmd("j1", "e1b"));
	SAME(iface_cmd("nojail", "e1b"));
	says("ip link show e1a", "does not exist");
	/* several from the host's side go together before anything else is done or seen */
	DO(c);
	DO(epair_cmd("e7", 7, "br0", "j2"));
	DO(iface_cmd("", "e1a"));
	SAME(iface_cmd("", "e1a"));
	DO(iface_cmd("", "e7a"));
	look(&o, OBSERVE_ALL, "");
	assert_null(observed_link(&o, "", "e1a"));
	assert_null(observed_link(&o, "", "e7a"));
	assert_null(observed_link(&o, "j2", "e7b"));
	observed_fini(&o);
	DO(c);
	DO(iface_cmd("", "e1a"));
	DO(c);
	DO(iface_cmd("j1", "e1b"));
	says("ip link show e1a", "does not exist");
	/* both in jails, also the same one */
	both = epair_cmd("e2", 2, "", "j2");
	(void)str_copy(both.u.epair.end[0].jail, NAME_SIZE, "j1");
	DO(both);
	SAME(both);
	says("ip -n j1 link show e2a", "UP,LOWER_UP");
	says("ip -n j2 link show e2b", "alias jailnet:epair/e2:b");
	DO(iface_cmd("j2", "e2b"));
	says("ip -n j1 link show e2a", "does not exist");
	(void)str_copy(both.u.epair.end[1].jail, NAME_SIZE, "j1");
	DO(both);
	SAME(both);
	DO(iface_cmd("j1", "e2a"));
	/* both in one bridge; the second half too */
	both = epair_cmd("e3", 3, "", "");
	(void)str_copy(both.u.epair.end[1].bridge, IFNAME_SIZE, "br0");
	both.u.epair.end[0].up = false;
	DO(both);
	SAME(both);
	says("ip link show e3b", "master br0");
	says_not("ip link show e3a", "UP>");
	DO(iface_cmd("", "e3b"));
	DO(ref_cmd(CMD_JAIL_DESTROY, "j1"));
	DO(ref_cmd(CMD_JAIL_DESTROY, "j2"));
	DO(ref_cmd(CMD_BRIDGE_DESTROY, "br0"));
}

static void
epair_clash(void **state)
{
	(void)state;
	DO(jail_cmd(CMD_JAIL_CREATE, "j1"));
	run("ip link add e1a type veth peer name f1b");
	FAIL(epair_cmd("e1", 1, "", "j1"), ERR_EXISTS, "File exists");
	FAIL(iface_cmd("", "e1a"), ERR_DENIED, "not made by jailnet");
	says("ip -n j1 link show e1b", "does not exist");
	run("ip link set f1b netns j1 name e1b");
	FAIL(epair_cmd("e1", 1, "", "j1"), ERR_EXISTS, "File exists");
	run("ip link set e1a name f1a");
	FAIL(epair_cmd("e1", 1, "", "j1"), ERR_EXISTS, "File exists");
	says("ip link show e1a", "does not exist");
	run("ip link del f1a");
	/* the name belongs to another epair of ours */
	DO(epair_cmd("e1", 1, "", "j1"));
	struct cmd c = epair_cmd("other", 2, "", "j1");
	(void)str_copy(c.u.epair.end[0].ifname, IFNAME_SIZE, "e1a");
	FAIL(c, ERR_EXISTS, "File exists");
	FAIL(epair_cmd("e9", 1, "nobridge", "j1"), ERR_NOT_FOUND, "nobridge");
	FAIL(epair_cmd("e9", 1, "", "nojail"), ERR_NOT_FOUND, "no jail nojail");
	says("ip link show e9a", "does not exist");
	DO(iface_cmd("", "e1a"));
	c = epair_cmd("big", 1, "", "j1");
	c.u.epair.mtu = 65536;
	FAIL(c, ERR_KERNEL, "creating epair big");
	DO(ref_cmd(CMD_JAIL_DESTROY, "j1"));
}

static void
if_set_rename(void **state)
{
	struct cmd c = { .op = CMD_IF_SET }, r = { .op = CMD_IF_RENAME };
	struct cmd_ifset *s = &c.u.ifset;

	(void)state;
	DO(jail_cmd(CMD_JAIL_CREATE, "j1"));
	DO(epair_cmd("e1", 1, "", "j1"));
	(void)str_copy(s->jail, NAME_SIZE, "j1");
	(void)str_copy(s->ifname, IFNAME_SIZE, "e1b");
	s->fields = IFSET_MTU | IFSET_MAC | IFSET_UP;
	s->mtu = 1300;
	s->mac = mac("02:00:00:00:00:77");
	s->up = false;
	DO(c);
	SAME(c);
	says("ip -n j1 link show e1b", "mtu 1300");
	says("ip -n j1 link show e1b", "02:00:00:00:00:77");
	says_not("ip -n j1 link show e1b", ",UP");
	s->fields = IFSET_UP;
	s->up = true;
	DO(c);
	run("ip -n j1 link set e1b alias ''");
	s->fields = IFSET_MARK;
	s->mark = (struct mark){ .ours = true, .has_object = true, .kind = KIND_EPAIR, .name = "e1", .side = END_B };
	DO(c);
	SAME(c);
	says("ip -n j1 link show e1b", "alias jailnet:epair/e1:b");
	s->fields = IFSET_MTU;
	s->mtu = 10;
	FAIL(c, ERR_KERNEL, "mtu less than device minimum");
	(void)str_copy(r.u.rename.jail, NAME_SIZE, "j1");
	(void)str_copy(r.u.rename.ifname, IFNAME_SIZE, "e1b");
	(void)str_copy(r.u.rename.to, IFNAME_SIZE, "eth0");
	DO(r);
	SAME(r);
	says("ip -n j1 link show eth0", "UP");
	(void)str_copy(r.u.rename.ifname, IFNAME_SIZE, "eth0");
	(void)str_copy(r.u.rename.to, IFNAME_SIZE, "lo");
	FAIL(r, ERR_EXISTS, "File exists");
	run("ip link add fx type veth peer name fy");
	s->jail[0] = '\0';
	(void)str_copy(s->ifname, IFNAME_SIZE, "fx");
	FAIL(c, ERR_DENIED, "policy");
	foreign = "fx";
	s->mtu = 1000;
	DO(c);
	s->fields = IFSET_MARK;
	FAIL(c, ERR_DENIED, "not made by jailnet");
	foreign = NULL;
	says("ip link show fx", "mtu 1000");
	run("ip link del fx");
	DO(iface_cmd("", "e1a"));
	DO(ref_cmd(CMD_JAIL_DESTROY, "j1"));
}

/* What root of a jail changed of an interface of the host. */
static void
traits(void **state)
{
	struct cmd c = { .op = CMD_IF_SET };
	const struct obs_link *fx;
	struct observed o;

	(void)state;
	run("ip link add fx type veth peer name fy");
	run("ip link set fx promisc on");
	foreign = "fx";
	look(&o, OBSERVE_LINK, "fx");
	fx = observed_link(&o, "", "fx");
	assert_non_null(fx);
	assert_int_equal(fx->traits.fields, TRAIT_FLAGS);
	(void)str_copy(c.u.ifset.ifname, IFNAME_SIZE, "fx");
	c.u.ifset.fields = IFSET_TRAITS;
	c.u.ifset.traits = fx->traits;
	observed_fini(&o);
	SAME(c);
	run("ip link set fx promisc off arp off allmulticast on up");
	DO(c);
	says("ip link show fx", "PROMISC");
	says("ip link show fx", ",UP");
	says_not("ip link show fx", "NOARP");
	says_not("ip link show fx", "ALLMULTI");
	SAME(c);
	foreign = NULL;
	FAIL(c, ERR_DENIED, "policy");
	look(&o, OBSERVE_LINK, "fx");
	assert_int_equal(observed_link(&o, "", "fx")->traits.fields, 0);
	observed_fini(&o);
	run("ip link del fx");
}

/* A running interface into a running jail, to another, and back; up all the time; the other half carries on. */
static void
move(void **state)
{
	(void)state;
	DO(jail_cmd(CMD_JAIL_CREATE, "j1"));
	DO(jail_cmd(CMD_JAIL_CREATE, "j2"));
	DO(epair_cmd("e1", 1, "", ""));
	DO(move_cmd("e1b", "", "j1"));
	SAME(move_cmd("e1b", "", "j1"));
	says("ip -n j1 link show e1b", "UP,LOWER_UP");
	says("ip -n j1 link show e1b", "alias jailnet:epair/e1:b");
	says("ip -n j1 link show e1b", "group 27246");
	DO(move_cmd("e1b", "j1", "j2"));
	says("ip -n j2 link show e1b", "UP,LOWER_UP");
	run("ip -n j1 link add e1b type veth peer name q");
	FAIL(move_cmd("e1b", "j2", "j1"), ERR_EXISTS, "name is taken in jail j1");
	says("ip -n j2 link show e1b", "UP,LOWER_UP");
	run("ip -n j1 link del e1b");
	DO(move_cmd("e1b", "j2", ""));
	says("ip link show e1b", "UP,LOWER_UP");
	FAIL(move_cmd("nix", "", "j1"), ERR_NOT_FOUND, "no interface nix");
	/* a foreign one, an uplink: only with the policy's leave, and the jail that holds it is not destroyed */
	run("ip link add up0 type veth peer name up1 && ip link set up0 up");
	FAIL(move_cmd("up0", "", "j1"), ERR_DENIED, "policy");
	foreign = "up0";
	DO(move_cmd("up0", "", "j1"));
	FAIL(ref_cmd(CMD_JAIL_DESTROY, "j1"), ERR_IN_USE, "up0");
	DO(move_cmd("up0", "j1", ""));
	says_not("ip link show up0", "alias");
	foreign = NULL;
	run("ip link del up0");
	DO(iface_cmd("", "e1a"));
	DO(ref_cmd(CMD_JAIL_DESTROY, "j1"));
	DO(ref_cmd(CMD_JAIL_DESTROY, "j2"));
}

static void
ports(void **state)
{
	struct cmd c = port_cmd(CMD_PORT_ATTACH, "br0", "e1a"), b = bridge_cmd(CMD_BRIDGE_CREATE, "br0", "02:00:00:00:01:01", 1500);
	struct observed o;

	(void)state;
	b.u.bridge.vlan_filter = true;
	if (!vlans) {
		FAIL(b, ERR_UNSUPPORTED, "cannot filter VLANs");
		b.u.bridge.vlan_filter = false;
	}
	DO(b);
	DO(epair_cmd("e1", 1, "", ""));
	c.u.port.priv = true;
	c.u.port.untagged = 10;
	c.u.port.ntagged = 3;
	c.u.port.tagged[0] = 20;
	c.u.port.tagged[1] = 21;
	c.u.port.tagged[2] = 30;
	DO(c);
	SAME(c);
	says("ip -d link show e1a", "isolated on");
	if (vlans) {
		says("bridge vlan show dev e1a", "10 PVID Egress Untagged");
		says("bridge vlan show dev e1a", "21");
		says("bridge vlan show dev br0", "1 PVID Egress Untagged");
	}
	look(&o, OBSERVE_ALL, "");
	assert_string_equal(observed_link(&o, "", "e1a")->bridge, "br0");
	assert_true(observed_link(&o, "", "e1a")->priv);
	assert_int_equal(observed_link(&o, "", "e1a")->untagged, vlans ? 10 : 0);
	assert_int_equal(observed_link(&o, "", "e1a")->ntagged, vlans ? 3 : 0);
	assert_int_equal(observed_link(&o, "", "e1a")->tagged[1], vlans ? 21 : 0);
	assert_int_equal(observed_link(&o, "", "br0")->vlan_filter, vlans);
	observed_fini(&o);
	c.op = CMD_PORT_SET;
	c.u.port.priv = false;
	c.u.port.untagged = 20;
	c.u.port.ntagged = 1;
	c.u.port.tagged[0] = 10;
	DO(c);
	SAME(c);
	says("ip -d link show e1a", "isolated off");
	if (vlans) {
		says("bridge vlan show dev e1a", "20 PVID Egress Untagged");
		says_not("bridge vlan show dev e1a", "30");
	}
	look(&o, OBSERVE_LINK, "e1a");
	assert_int_equal(o.nlinks, 1);
	assert_string_equal(o.links[0].bridge, "br0");
	observed_fini(&o);
	DO(port_cmd(CMD_PORT_DETACH, "br0", "e1a"));
	SAME(port_cmd(CMD_PORT_DETACH, "br0", "e1a"));
	FAIL(c, ERR_NOT_FOUND, "not a port");
	says_not("ip link show e1a", "master");
	/* an uplink */
	run("ip link add up0 type veth peer name up1");
	FAIL(port_cmd(CMD_PORT_ATTACH, "br0", "up0"), ERR_DENIED, "policy");
	foreign = "up0";
	DO(port_cmd(CMD_PORT_ATTACH, "br0", "up0"));
	says("ip link show up0", "master br0");
	says_not("ip link show up0", "alias");
	DO(port_cmd(CMD_PORT_DETACH, "br0", "up0"));
	foreign = NULL;
	run("ip link del up0");
	FAIL(port_cmd(CMD_PORT_ATTACH, "br0", "nix"), ERR_NOT_FOUND, "nix");
	DO(iface_cmd("", "e1a"));
	DO(ref_cmd(CMD_BRIDGE_DESTROY, "br0"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bridge_life),
		cmocka_unit_test(bridge_foreign),
		cmocka_unit_test(bridge_keeps_mtu),
		cmocka_unit_test(epair_life),
		cmocka_unit_test(epair_clash),
		cmocka_unit_test(if_set_rename), cmocka_unit_test(traits),
		cmocka_unit_test(move),
		cmocka_unit_test(ports),
	};

	return (rig_main(tests, NELEMS(tests)));
}
