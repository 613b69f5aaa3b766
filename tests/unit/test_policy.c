/*
 * policy: every legal command passes an open policy; every illegal value and everything the file forbids is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/str.h"
#include "tests/unit/cmd_samples.h"
#include "worker/policy.h"

static struct policy closed;	/* what an empty jailnetd.conf gives */
static struct policy all;
static struct policy_counts none;

static int
setup(void **state)
{
	(void)state;
	policy_open(&all);
	memset(&closed, 0, sizeof(closed));
	str_copy(closed.sysctls, sizeof(closed.sysctls), "net.ipv4.* net.ipv6.*");
	closed.max_jails = closed.max_epairs = closed.max_bridges = 3;
	memset(&none, 0, sizeof(none));
	return (0);
}

static enum err_code
ask(const struct policy *p, struct cmd c)
{
	struct err err = { ERR_NONE, 0, "", "" };

	if (policy_check(p, &none, &c, &err) == 0)
		return (ERR_NONE);
	assert_true(err.msg[0] != '\0');
	return (err.code);
}

static void
every_sample_passes_an_open_policy(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEMS(cmd_samples); i++)
		if (ask(&all, cmd_samples[i].cmd) != ERR_NONE)
			fail_msg("refused: %s", cmd_samples[i].text);
}

#define IP4(w, x, y, z) SAMPLE_IP4(w, x, y, z)
#define MAC SAMPLE_MAC(1)

static void
illegal_values_are_refused_even_when_all_is_open(void **state)
{
	static const struct cmd bad[] = {
		{ CMD_JAIL_DESTROY, { .ref = { "" } } },
		{ CMD_JAIL_DESTROY, { .ref = { "../x" } } },
		{ CMD_JAIL_DESTROY, { .ref = { "a b" } } },
		{ CMD_BRIDGE_DESTROY, { .ref = { "sixteencharacter" } } },
		{ CMD_OBSERVE, { .observe = { OBSERVE_JAIL, "/" } } },
		{ CMD_OBSERVE, { .observe = { OBSERVE_LINK, "a/b" } } },
		{ CMD_BRIDGE_CREATE, { .bridge = { "b0", MAC, 71, false, false, BACKEND_IF_BRIDGE } } },
		{ CMD_BRIDGE_CREATE, { .bridge = { "b0", MAC, 65536, false, false, BACKEND_IF_BRIDGE } } },
		{ CMD_BRIDGE_CREATE, { .bridge = { "b0", { { 0 } }, 1500, false, false, BACKEND_IF_BRIDGE } } },
		{ CMD_BRIDGE_SET, { .bridge = { "b0", { { 1, 0, 0, 0, 0, 1 } }, 1500, false, false, BACKEND_IF_BRIDGE } } },
		{ CMD_BRIDGE_CREATE, { .bridge = { "..", MAC, 1500, false, false, BACKEND_IF_BRIDGE } } },
		{ CMD_EPAIR_CREATE, { .epair = { "e", 1500, { { "ea", MAC, "j", "b", true }, { "eb", MAC, "", "", true } } } } },
		{ CMD_EPAIR_CREATE, { .epair = { "e", 1500, { { "e/a", MAC, "", "", true }, { "eb", MAC, "", "", true } } } } },
		{ CMD_EPAIR_CREATE, { .epair = { "e", 1500, { { "ea", MAC, "", "", true }, { "eb", { { 0 } }, "", "", true } } } } },
		{ CMD_EPAIR_CREATE, { .epair = { "e", 1500, { { "ea", MAC, "..", "", true }, { "eb", MAC, "", "", true } } } } },
		{ CMD_EPAIR_DESTROY, { .iface = { "", "..", "", "" } } },
		{ CMD_EPAIR_DESTROY, { .iface = { "", "ea", "..", "eb" } } },
		{ CMD_EPAIR_DESTROY, { .iface = { "", "ea", "", "e/b" } } },
		{ CMD_IF_SET, { .ifset = { .ifname = "re0" } } },
		{ CMD_IF_SET, { .ifset = { .ifname = "re0", .fields = 0x20 } } },
		{ CMD_IF_SET, { .ifset = { .ifname = "re0", .fields = IFSET_MTU, .mtu = 3 } } },
		{ CMD_IF_SET, { .ifset = { .ifname = "re0", .fields = IFSET_MAC } } },
		{ CMD_IF_SET, { .ifset = { .ifname = "re0", .fields = IFSET_MARK } } },
		{ CMD_IF_SET, { .ifset = { .ifname = "re0", .jail = "web", .fields = IFSET_TRAITS, .traits = { .fields = TRAIT_FLAGS } } } },
		{ CMD_IF_SET, { .ifset = { .ifname = "re0", .fields = IFSET_TRAITS, .traits = { .fields = 0x100 } } } },
		{ CMD_IF_SET, { .ifset = { .ifname = "re0", .fields = IFSET_TRAITS } } },
		{ CMD_IF_SET, { .ifset = { .ifname = "re0", .fields = IFSET_MARK, .mark = { true, true, KIND_JAIL, "x", 0 } } } },
		{ CMD_IF_SET, { .ifset = { .ifname = "re0", .fields = IFSET_MARK, .mark = { true, true, KIND_EPAIR, "x\ny", 0 } } } },
		{ CMD_IF_RENAME, { .rename = { "", "re0", "-x" } } },
		{ CMD_IF_MOVE, { .move = { "-f", "", "web" } } },
		{ CMD_IF_MOVE, { .move = { "re0", "", "/" } } },
		{ CMD_PORT_ATTACH, { .port = { .bridge = "b0", .ifname = "re0", .untagged = 4095 } } },
		{ CMD_PORT_SET, { .port = { .bridge = "b0", .ifname = "re0", .ntagged = 1, .tagged = { 0 } } } },
		{ CMD_PORT_DETACH, { .port = { .bridge = "", .ifname = "re0" } } },
		{ CMD_ADDR_ADD, { .addr = { "web", "x", { .len = 0 } } } },
		{ CMD_ADDR_ADD, { .addr = { "web", "x", { IP4(0, 0, 0, 0), 24 } } } },
		{ CMD_ADDR_ADD, { .addr = { "web", "x", { IP4(224, 0, 0, 1), 24 } } } },
		{ CMD_ADDR_ADD, { .addr = { "web", "x", { IP4(10, 0, 0, 1), 0 } } } },
		{ CMD_ROUTE_ADD, { .route = { "web", { IP4(10, 0, 0, 1), 24 }, IP4(10, 0, 1, 1) } } },
		{ CMD_ROUTE_ADD, { .route = { "web", { IP4(10, 0, 0, 0), 24 }, SAMPLE_IP6(1) } } },
		{ CMD_ROUTE_ADD, { .route = { "web", { IP4(10, 0, 0, 0), 24 }, { .family = 0 } } } },
		{ CMD_ROUTE_ADD, { .route = { "web", { IP4(10, 0, 0, 0), 24 }, IP4(224, 0, 0, 5) } } },
		{ CMD_SYSCTL_SET, { .sysctl = { "web", "kernel.core_pattern", "|/bin/sh" } } },
		{ CMD_SYSCTL_SET, { .sysctl = { "web", "net.ipv4/../../kernel", "1" } } },
		{ CMD_SYSCTL_SET, { .sysctl = { "web", "net...x", "1" } } },
		{ CMD_SYSCTL_SET, { .sysctl = { "web", "net.ipv4.", "1" } } },
		{ CMD_SYSCTL_SET, { .sysctl = { "web", "net.ipv4.x", "1\n2" } } },
		{ CMD_SYSCTL_GET, { .sysctl = { "web", "vm.swappiness", "" } } },
		{ CMD_JAIL_CREATE, { .jail = { .name = "web", .path = "relative" } } },
		{ CMD_JAIL_CREATE, { .jail = { .name = "web", .path = "/jails/../etc" } } },
		{ CMD_JAIL_CREATE, { .jail = { .name = "web", .path = "/jails/.." } } },
		{ CMD_JAIL_CREATE, { .jail = { .name = "web", .path = "//etc" } } },
		{ CMD_JAIL_CREATE, { .jail = { .name = "web", .hostname = "a b" } } },
		{ CMD_JAIL_START, { .exec = { "web", "", "true", 3601 } } },
		{ CMD_JAIL_START, { .exec = { "web", "", "\xff\xfe", 10 } } },
		{ CMD_JAIL_STOP, { .exec = { "web", "..", "true", 10 } } },
		{ CMD_PROBE, { .probe = { "web", IP4(10, 0, 0, 1), 0, 1, 1 } } },
		{ CMD_PROBE, { .probe = { "web", IP4(10, 0, 0, 1), PROBE_MAX + 1, 1, 1 } } },
		{ CMD_PROBE, { .probe = { "web", IP4(10, 0, 0, 1), 1, 10001, 1 } } },
		{ CMD_PROBE, { .probe = { "web", IP4(239, 0, 0, 1), 1, 1, 1 } } },
		{ CMD_FILES, { .files = { (enum host_format)HOST_FORMAT_COUNT } } },
		{ (enum cmd_op)CMD_COUNT, { .ref = { "x" } } },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < NELEMS(bad); i++)
		if (ask(&all, bad[i]) != ERR_DENIED)
			fail_msg("not refused: %s", cmd_print(&bad[i], text, sizeof(text)));
}

static struct cmd
jail_at(const char *path)
{
	struct cmd c = { CMD_JAIL_CREATE, { .jail = { .name = "web" } } };

	str_copy(c.u.jail.path, sizeof(c.u.jail.path), path);
	return (c);
}

static void
paths_lie_within_jail_paths(void **state)
{
	(void)state;
	assert_int_equal(ask(&closed, jail_at("")), ERR_NONE);
	assert_int_equal(ask(&closed, jail_at("/")), ERR_NONE);
	assert_int_equal(ask(&closed, jail_at("/jails/web")), ERR_DENIED);
	str_copy(closed.jail_paths, sizeof(closed.jail_paths), "/jails /usr/jails/");
	assert_int_equal(ask(&closed, jail_at("/jails/web")), ERR_NONE);
	assert_int_equal(ask(&closed, jail_at("/jails")), ERR_NONE);
	assert_int_equal(ask(&closed, jail_at("/usr/jails/a")), ERR_NONE);
	assert_int_equal(ask(&closed, jail_at("/jailsx")), ERR_DENIED);
	assert_int_equal(ask(&closed, jail_at("/jails/../etc")), ERR_DENIED);
	assert_int_equal(ask(&closed, jail_at("/jails/..x/.y")), ERR_NONE);
}

static void
commands_need_allow_exec(void **state)
{
	struct cmd run = { CMD_JAIL_START, { .exec = { "web", "", "true", 1 } } };
	struct cmd plain = { CMD_JAIL_STOP, { .exec = { "web", "", "", 1 } } };

	(void)state;
	assert_int_equal(ask(&closed, run), ERR_DENIED);
	assert_int_equal(ask(&closed, plain), ERR_NONE);
	closed.allow_exec = true;
	assert_int_equal(ask(&closed, run), ERR_NONE);
}

static void
sysctls_follow_the_patterns(void **state)
{
	struct cmd c = { CMD_SYSCTL_SET, { .sysctl = { "web", "net.ipv4.ip_forward", "1" } } };

	(void)state;
	assert_int_equal(ask(&closed, c), ERR_NONE);
	str_copy(c.u.sysctl.key, sizeof(c.u.sysctl.key), "net.core.somaxconn");
	assert_int_equal(ask(&closed, c), ERR_DENIED);
	c.op = CMD_SYSCTL_GET;
	assert_int_equal(ask(&closed, c), ERR_NONE);
	/* the host is another matter */
	c = (struct cmd){ CMD_SYSCTL_SET, { .sysctl = { "", "net.ipv4.ip_forward", "1" } } };
	assert_int_equal(ask(&closed, c), ERR_DENIED);
	str_copy(closed.host_sysctls, sizeof(closed.host_sysctls), "net.ipv4.ip_forward");
	assert_int_equal(ask(&closed, c), ERR_NONE);
}

static void
parameters_follow_the_patterns(void **state)
{
	static const char *const bad[] = { "vnet=2\n", "path=/\n", "allow.mount=1\n", "devfs_ruleset", "devfs_ruleset=4\nname=x\n",
		"devfs_ruleset=\t\n", "=1\n", "Allow=1\n" };
	struct cmd c = { CMD_JAIL_SET, { .jail = { .name = "web", .params = "allow.raw_sockets=1\ndevfs_ruleset=4\n" } } };

	(void)state;
	str_copy(closed.jail_params, sizeof(closed.jail_params), "allow.raw_sockets devfs_*");
	assert_int_equal(ask(&closed, c), ERR_NONE);
	for (size_t i = 0; i < NELEMS(bad); i++) {
		str_copy(c.u.jail.params, sizeof(c.u.jail.params), bad[i]);
		assert_int_equal(ask(&closed, c), ERR_DENIED);
	}
}

static void
routes_of_the_host_need_permission(void **state)
{
	struct cmd c = { CMD_ROUTE_ADD, { .route = { "", { { .family = 4 }, 0 }, IP4(192, 0, 2, 1) } } };

	(void)state;
	assert_int_equal(ask(&closed, c), ERR_DENIED);
	closed.host_routes = true;
	assert_int_equal(ask(&closed, c), ERR_NONE);
}

static void
counts_have_limits(void **state)
{
	static const enum cmd_op ops[] = { CMD_JAIL_CREATE, CMD_EPAIR_CREATE, CMD_BRIDGE_CREATE };
	uint32_t *counts[] = { &none.jails, &none.epairs, &none.bridges };

	(void)state;
	closed.allow_exec = true;
	for (size_t i = 0; i < NELEMS(ops); i++)
		for (size_t k = 0; k < NELEMS(cmd_samples); k++) {
			struct cmd c = cmd_samples[k].cmd;

			if (c.op != ops[i])
				continue;
			if (c.op == CMD_JAIL_CREATE)
				c.u.jail.path[0] = '\0';
			*counts[i] = 2;
			assert_int_equal(ask(&closed, c), ERR_NONE);
			*counts[i] = 3;
			assert_int_equal(ask(&closed, c), ERR_LIMIT);
			*counts[i] = 0;
		}
}

static void
foreign_interfaces_are_named_by_pattern(void **state)
{
	(void)state;
	assert_false(policy_foreign_ok(&closed, "re0"));
	str_copy(closed.uplinks, sizeof(closed.uplinks), "re0 em*");
	assert_true(policy_foreign_ok(&closed, "re0"));
	assert_true(policy_foreign_ok(&closed, "em17"));
	assert_false(policy_foreign_ok(&closed, "re01"));
	assert_true(policy_foreign_ok(&all, "anything"));
	/* not even a sandbox takes over what others made, unless the file says so */
	assert_false(policy_adopt_ok(&all, "anything"));
	assert_false(policy_adopt_ok(&closed, "br0"));
	strcpy(closed.adopt, "br* web");
	assert_true(policy_adopt_ok(&closed, "br0") && policy_adopt_ok(&closed, "web"));
	assert_false(policy_adopt_ok(&closed, "web2"));
}

#define T(name) cmocka_unit_test_setup(name, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_sample_passes_an_open_policy),
		T(illegal_values_are_refused_even_when_all_is_open),
		T(paths_lie_within_jail_paths),
		T(commands_need_allow_exec),
		T(sysctls_follow_the_patterns), T(parameters_follow_the_patterns),
		T(routes_of_the_host_need_permission),
		T(counts_have_limits),
		T(foreign_interfaces_are_named_by_pattern),
	};

	return (cmocka_run_group_tests_name("policy", tests, NULL, NULL));
}
