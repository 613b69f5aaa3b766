/*
 * valid: each rule of one object with what breaks it, the pointer it names and the words it uses.
 */
#include "tests/unit/valid_rig.h"

static void
test_names(void **state)
{
	struct object *o;

	(void)state;
	object_fine(jail("a23456789012345678901234567890123456789012345678901234567890123"));
	object_fine(bridge("a23456789012345", ""));
	object_bad(bridge("a234567890123456", ""), ERR_INVALID, "/bridges/a234567890123456",
	    "at most 15 characters, longest that fits: 'a23456789012345'");
	object_bad(bridge("9lives", ""), ERR_INVALID, "/bridges/9lives", "starts with a letter");
	object_bad(bridge("a.b", ""), ERR_INVALID, "/bridges/a.b", "letters, digits, '_' and '-'");
	object_bad(bridge("lo0", ""), ERR_INVALID, "/bridges/lo0", "loopback");
	object_fine(epair("a2345678901234", "", "", "", ""));

	/* 15 fit only when both ends bring their own names */
	o = put(object_new(KIND_EPAIR, "a23456789012345"));
	assert_int_equal(epair_default_ifnames(o), -1);
	object_bad(
	    o, ERR_INVALID, "/epairs/a23456789012345", "at most 14 characters, longest that fits: 'a2345678901234'");
	o->u.epair.end[END_A].ifname_given = o->u.epair.end[END_B].ifname_given = true;
	str_copy(o->u.epair.end[END_A].ifname, IFNAME_SIZE, "in0");
	str_copy(o->u.epair.end[END_B].ifname, IFNAME_SIZE, "out0");
	object_fine(o);
	str_copy(o->u.epair.end[END_B].ifname, IFNAME_SIZE, "in0");
	object_bad(o, ERR_INVALID, "/epairs/a23456789012345/b/ifname", "same name");
	str_copy(o->u.epair.end[END_B].ifname, IFNAME_SIZE, "in 0");
	object_bad(o, ERR_INVALID, "/epairs/a23456789012345/b/ifname", "starts with a letter");
	/* foreign interfaces are named by others */
	object_fine(attachment("eth0.100", "web", ""));
	object_bad(attachment("lo", "web", ""), ERR_INVALID, "/attachments/lo", "loopback");
}

static void
test_common(void **state)
{
	const struct pair bad_key = { "a b", "x" }, bad_value = { "team", "\xff" },
			  good = { "example.org/team", "a b" };
	struct object *o = jail("web");
	char longer[TEXT_SIZE + 1];

	(void)state;
	memset(longer, 'x', TEXT_SIZE);
	longer[TEXT_SIZE] = '\0';
	text(o, &o->description, longer);
	object_bad(o, ERR_INVALID, "/jails/web/description", "1023");
	text(o, &o->description, longer + 1);
	object_fine(o);
	text(o, &o->description, "\xc0\x80");
	object_bad(o, ERR_INVALID, "/jails/web/description", "UTF-8");
	text(o, &o->description, "");
	assert_int_equal(object_pairs(o, &o->labels, &bad_key, 1), 0);
	object_bad(o, ERR_INVALID, "/jails/web/labels/a b", "letters");
	assert_int_equal(object_pairs(o, &o->labels, &bad_value, 1), 0);
	object_bad(o, ERR_INVALID, "/jails/web/labels/team", "UTF-8");
	assert_int_equal(object_pairs(o, &o->labels, &good, 1), 0);
	object_fine(o);
}

static void
test_bridge(void **state)
{
	struct object *b = bridge("lan0", "10.0.0.1/24");
	const uint16_t tagged[] = { 10, 10 };
	struct member m = { .ifname = "re0" };

	(void)state;
	object_fine(b);
	b->u.bridge.mtu = 71;
	object_bad(b, ERR_INVALID, "/bridges/lan0/mtu", "from 72 to 65535");
	b->u.bridge.mtu = 65536;
	object_bad(b, ERR_INVALID, "/bridges/lan0/mtu", "from 72 to 65535");
	b->u.bridge.mtu = 1279;
	object_fine(b);
	set_addresses(b, &b->u.bridge.addrs, "fd00::1/64");
	object_bad(b, ERR_INVALID, "/bridges/lan0/mtu", "1280");
	b->u.bridge.mtu = 1280;
	object_fine(b);
	b->u.bridge.mac = (struct mac){ { 1, 2, 3, 4, 5, 6 } };
	object_fine(b); /* not written by the user: made by us */
	b->u.bridge.mac_pinned = true;
	object_bad(b, ERR_INVALID, "/bridges/lan0/mac", "unicast");
	b->u.bridge.mac_pinned = false;
	b->u.bridge.vlan_filter = true;
	object_fine(b);
	features = 0;
	object_bad(b, ERR_UNSUPPORTED, "/bridges/lan0/vlan_filter", "VLANs");
	b->u.bridge.vlan_filter = false;
	b->u.bridge.backend = BACKEND_NETGRAPH;
	object_bad(b, ERR_UNSUPPORTED, "/bridges/lan0/backend", "if_bridge");
	features = ALL;
	object_fine(b);
	b->u.bridge.mtu = 9019;
	object_bad(b, ERR_INVALID, "/bridges/lan0/mtu", "9018");
	b->u.bridge.mtu = 1500;
	b->u.bridge.stp = true;
	object_bad(b, ERR_INVALID, "/bridges/lan0/stp", "if_bridge");
	b->u.bridge.stp = false;
	b->u.bridge.vlan_filter = true;
	object_bad(b, ERR_INVALID, "/bridges/lan0/vlan_filter", "if_bridge");
	b->u.bridge.vlan_filter = false;
	m.port.priv = true;
	assert_int_equal(object_members(b, &m, 1), 0);
	object_bad(b, ERR_INVALID, "/bridges/lan0/members/re0", "netgraph");
	m.port.priv = false;
	assert_int_equal(object_members(b, &m, 1), 0);
	object_fine(b);
	b->u.bridge.backend = BACKEND_IF_BRIDGE;
	m.port.untagged = 5;
	assert_int_equal(object_members(b, &m, 1), 0);
	object_bad(b, ERR_INVALID, "/bridges/lan0/members/re0", "vlan_filter");
	b->u.bridge.vlan_filter = true;
	object_fine(b);
	m.port = (struct port){ .ntagged = 2, .tagged = tagged };
	assert_int_equal(object_members(b, &m, 1), 0);
	object_bad(b, ERR_INVALID, "/bridges/lan0/members/re0/tagged/1", "twice");
	m.port.untagged = 10;
	m.port.ntagged = 1;
	assert_int_equal(object_members(b, &m, 1), 0);
	object_bad(b, ERR_INVALID, "/bridges/lan0/members/re0/tagged/0", "either");
	m.port = (struct port){ .untagged = 4095 };
	assert_int_equal(object_members(b, &m, 1), 0);
	object_bad(b, ERR_INVALID, "/bridges/lan0/members/re0/untagged", "1 to 4094");
	m = (struct member){ .ifname = "a/b" };
	assert_int_equal(object_members(b, &m, 1), 0);
	object_bad(b, ERR_INVALID, "/bridges/lan0/members/a~1b", "interface name");
}

/* The pattern of Ifname in openapi.yaml; the codec, the checks and root's policy all ask this one function. */
static void
test_foreign_names(void **state)
{
	static const char *const good[] = { "re0", "em0.100", "eth0:1", "a@b", "__main__", "0x", "abcdefghijklmno" };
	static const char *const bad[] = { "", ".", "..", "-a", ":a", "@a", "a/b", "a b", "a\tb", "a%", "\xc3\xa4", "abcdefghijklmnop" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(ifname_is_legal(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(ifname_is_legal(bad[i]));
}

static void
test_addresses(void **state)
{
	static const struct {
		const char *address, *words; /* NULL = legal */
	} v[] = { { "192.0.2.10/24", NULL }, { "192.0.2.10/32", NULL }, { "192.0.2.0/31", NULL },
		{ "192.0.2.1/31", NULL }, { "2001:db8::1/64", NULL }, { "2001:db8::/127", NULL },
		{ "169.254.0.9/16", NULL }, { "192.0.2.0/24", "network itself" }, { "192.0.2.255/24", "broadcast" },
		{ "10.255.255.255/8", "broadcast" }, { "0.0.0.0/24", "unspecified" }, { "::/64", "unspecified" },
		{ "224.0.0.1/24", "multicast" }, { "ff02::1/64", "multicast" }, { "127.0.0.2/8", "loopback" },
		{ "::1/128", "loopback" }, { "fe80::1/64", "link-local" }, { "192.0.2.10/0", "prefix length" },
		{ "2001:db8::1/0", "prefix length" } };

	(void)state;
	for (size_t i = 0; i < NELEMS(v); i++) {
		struct object *b = bridge("lan0", v[i].address);

		if (v[i].words == NULL)
			object_fine(b);
		else
			object_bad(b, ERR_INVALID, "/bridges/lan0/addresses/0", v[i].words);
	}
	object_bad(bridge("lan0", "192.0.2.10/24 192.0.2.10/25"), ERR_INVALID, "/bridges/lan0/addresses/1", "twice");
}

static void
test_epair(void **state)
{
	struct object *e = epair("web0", "bridge:lan0", "", "jail:web", "10.0.0.2/24");
	struct end *a = &e->u.epair.end[END_A], *b = &e->u.epair.end[END_B];
	struct prefix many[LIMIT_ADDRESSES + 1];

	(void)state;
	object_fine(e);
	text(e, &a->jail, "web");
	object_bad(e, ERR_INVALID, "/epairs/web0/a/bridge", "not in both");
	a->jail = NULL;
	set_addresses(e, &a->addrs, "10.0.0.3/24");
	object_bad(e, ERR_INVALID, "/epairs/web0/a/addresses", "on the bridge itself");
	set_addresses(e, &a->addrs, "");
	b->port.priv = true;
	object_bad(e, ERR_INVALID, "/epairs/web0/b/private", "in a bridge");
	b->port.priv = false;
	b->port.untagged = 3;
	object_bad(e, ERR_INVALID, "/epairs/web0/b/untagged", "in a bridge");
	b->port.untagged = 0;
	a->port.untagged = 3;
	object_fine(e);
	features = 0;
	object_bad(e, ERR_UNSUPPORTED, "/epairs/web0/a/untagged", "VLANs");
	a->port.untagged = 0;
	e->u.epair.mtu = 70;
	object_bad(e, ERR_INVALID, "/epairs/web0/mtu", "from 72");
	e->u.epair.mtu = 1000;
	object_fine(e);
	set_addresses(e, &b->addrs, "fd00::1/64");
	object_bad(e, ERR_INVALID, "/epairs/web0/mtu", "1280");
	e->u.epair.mtu = 0;
	b->mac = (struct mac){ { 0 } };
	b->mac_pinned = true;
	object_bad(e, ERR_INVALID, "/epairs/web0/b/mac", "not all zero");
	b->mac_pinned = false;
	for (size_t i = 0; i < NELEMS(many); i++) {
		many[i] = pfx("10.0.0.1/16");
		many[i].ip.b[3] = (uint8_t)(1 + i);
	}
	assert_int_equal(object_prefixes(e, &b->addrs, many, LIMIT_ADDRESSES), 0);
	object_fine(e);
	assert_int_equal(object_prefixes(e, &b->addrs, many, LIMIT_ADDRESSES + 1), 0);
	object_bad(e, ERR_LIMIT, "/epairs/web0/b/addresses", "at most 64");
}

static void
test_jail(void **state)
{
	static const char *const bad_paths[] = { "relative", "/a/../b", "/..", "/a/.." };
	static const char *const bad_hosts[] = { "-a", "a-", "a..b", "a_b", ".", "a.", "a b" };
	static const char *const bad_params[] = { "vnet", "name", "path", "ip4.addr", "meta.x", "exec.start", "UPPER", "host.hostname", "persist" };
	static const char *const bad_sysctls[] = { "kern.x", "net.", "net..x", "net.a.", "net.a/b", "net" };
	const struct pair param = { "allow.raw_sockets", "1" };
	struct object *o = jail("web");
	char line[COMMAND_SIZE + 1], where[96];

	(void)state;
	for (size_t i = 0; i < NELEMS(bad_paths); i++) {
		text(o, &o->u.jail.path, bad_paths[i]);
		object_bad(o, ERR_INVALID, "/jails/web/path", "path");
	}
	text(o, &o->u.jail.path, "/jails/..web/a..b");
	object_fine(o);
	for (size_t i = 0; i < NELEMS(bad_hosts); i++) {
		text(o, &o->u.jail.hostname, bad_hosts[i]);
		object_bad(o, ERR_INVALID, "/jails/web/hostname", "host name");
	}
	text(o, &o->u.jail.hostname, "3web.example-1.org");
	object_fine(o);
	for (size_t i = 0; i < NELEMS(bad_sysctls); i++) {
		const struct pair p = { bad_sysctls[i], "1" };
		char pointer[64];

		assert_int_equal(object_pairs(o, &o->u.jail.sysctls, &p, 1), 0);
		str_format(pointer, sizeof(pointer), "/jails/web/sysctls/%s",
		    strcmp(bad_sysctls[i], "net.a/b") == 0 ? "net.a~1b" : bad_sysctls[i]);
		object_bad(o, ERR_INVALID, pointer, "net.");
	}
	assert_int_equal(
	    object_pairs(o, &o->u.jail.sysctls, &(struct pair){ "net.ipv4.conf.eth0.rp_filter", "1\n2" }, 1), 0);
	object_bad(o, ERR_INVALID, "/jails/web/sysctls/net.ipv4.conf.eth0.rp_filter", "one line");
	assert_int_equal(object_pairs(o, &o->u.jail.sysctls, NULL, 0), 0);
	memset(line, 'x', COMMAND_SIZE);
	line[COMMAND_SIZE] = '\0';
	text(o, &o->u.jail.exec_start, line + 1);
	object_fine(o);
	text(o, &o->u.jail.exec_start, line);
	object_bad(o, ERR_INVALID, "/jails/web/exec/start", "511");
	text(o, &o->u.jail.exec_start, "");
	assert_int_equal(object_pairs(o, &o->u.jail.params, &param, 1), 0);
	object_fine(o);
	for (size_t i = 0; i < NELEMS(bad_params); i++) {
		assert_int_equal(object_pairs(o, &o->u.jail.params, &(struct pair){ bad_params[i], "1" }, 1), 0);
		str_format(where, sizeof(where), "/jails/web/params/%s", bad_params[i]);
		object_bad(o, ERR_INVALID, where, "jailnet's own");
	}
	memset(line, 'x', PARAMS_SIZE);
	line[PARAMS_SIZE - strlen("securelevel=\n") - 1] = '\0';
	assert_int_equal(object_pairs(o, &o->u.jail.params, &(struct pair){ "securelevel", line }, 1), 0);
	object_fine(o);
	line[strlen(line)] = 'x';
	line[PARAMS_SIZE - 1] = '\0';
	assert_int_equal(object_pairs(o, &o->u.jail.params, &(struct pair){ "securelevel", line }, 1), 0);
	object_bad(o, ERR_LIMIT, "/jails/web/params", "447 bytes");
	features = 0;
	object_bad(o, ERR_UNSUPPORTED, "/jails/web/params", "FreeBSD");
}

static void
test_external(void **state)
{
	struct object *o = jail("web");

	(void)state;
	o->u.jail.external = true;
	object_fine(o);
	text(o, &o->u.jail.exec_stop, "service stop");
	object_bad(o, ERR_INVALID, "/jails/web/exec/stop", "own manager");
	text(o, &o->u.jail.exec_stop, "");
	o->u.jail.manager_moves = true;
	object_fine(o);
	o->u.jail.external = false;
	object_bad(o, ERR_INVALID, "/jails/web/moves", "only an external jail");
	o->u.jail.external = true;
	features = 0;
	object_bad(o, ERR_UNSUPPORTED, "/jails/web/manager", "external");
}

static void
test_routes(void **state)
{
	struct object *o = jail("web");

	(void)state;
	route(o, "default", "fd00::1");
	object_bad(o, ERR_INVALID, "/jails/web/routes/default", "one family");
	o = jail("web");
	route(o, "198.51.100.7/24", "10.0.0.1");
	object_bad(o, ERR_INVALID, "/jails/web/routes/198.51.100.7~124", "host bits");
	o = jail("web");
	route(o, "::/0", "ff02::1");
	object_bad(o, ERR_INVALID, "/jails/web/routes/::~10", "neighbour");
	o = jail("web");
	route(o, "default", "10.0.0.1");
	route(o, "default", "10.0.0.2");
	object_bad(o, ERR_INVALID, "/jails/web/routes/default", "twice");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = { T(test_names), T(test_common), T(test_bridge), T(test_foreign_names), T(test_addresses),
		T(test_epair), T(test_jail), T(test_external), T(test_routes) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
