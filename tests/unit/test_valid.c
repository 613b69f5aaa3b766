/*
 * valid: each rule with what breaks it, the pointer it names and the words it uses; the whole topology; speed at the
 * limits.
 */
#include "tests/unit/plan_samples.h"

#include <time.h>

#include "core/valid.h"

#define ALL (FEATURE_NETGRAPH | FEATURE_VLAN_FILTER | FEATURE_JAIL_PARAMS | FEATURE_EXTERNAL_JAILS)

static struct errs errs;
static uint32_t features;

static int
setup(void **state)
{
	(void)state;
	topo_init(&want);
	errs.n = errs.more = 0;
	features = ALL;
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	topo_fini(&want);
	return (0);
}

static void
dump(void)
{
	for (size_t i = 0; i < errs.n; i++)
		print_message("%s %s: %s\n", err_code_name(errs.v[i].code), errs.v[i].field, errs.v[i].msg);
}

/* Exactly one error: that code at that pointer, and its text holds the words. */
static void
only(enum err_code code, const char *pointer, const char *words)
{
	if (errs.n != 1 || errs.v[0].code != code || strcmp(errs.v[0].field, pointer) != 0 ||
	    strstr(errs.v[0].msg, words) == NULL) {
		dump();
		fail_msg("expected %s %s: ...%s...", err_code_name(code), pointer, words);
	}
	errs.n = errs.more = 0;
}

static void
fine(void)
{
	if (errs.n != 0) {
		dump();
		fail_msg("should be legal");
	}
}

static void
object_bad(const struct object *o, enum err_code code, const char *pointer, const char *words)
{
	valid_object(o, features, &errs);
	only(code, pointer, words);
}

static void
object_fine(const struct object *o)
{
	valid_object(o, features, &errs);
	fine();
}

static void
topo_bad(enum err_code code, const char *pointer, const char *words)
{
	valid_topo(&want, &errs);
	only(code, pointer, words);
}

static void
topo_fine(void)
{
	for (int kind = 0; kind < KIND_COUNT; kind++)
		for (size_t i = 0; i < want.n[kind]; i++)
			valid_object(want.v[kind][i], features, &errs);
	valid_topo(&want, &errs);
	fine();
}

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
	const struct CMUnitTest tests[] = { T(test_names), T(test_common), T(test_bridge), T(test_foreign_names), T(test_addresses),
		T(test_epair), T(test_jail), T(test_external), T(test_routes), T(test_references),
		T(test_interface_names), T(test_macs), T(test_addresses_clash), T(test_mtu_and_loops), T(test_gateways),
		T(test_all_errors_at_once), T(test_limits_and_speed) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
