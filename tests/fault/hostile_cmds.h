/*
 * hostile_cmds: legal frames that ask for what a closed policy or a missing mark forbids.  re0, fbr0 (with port fbr1), ext0a and ext0b belong to the
 * host, jail ext to somebody else.
 */
#ifndef JN_HOSTILE_CMDS_H
#define JN_HOSTILE_CMDS_H

#include "tests/unit/cmd_samples.h"

/* What is ours, made first: jail web, bridge lan0, epair web0 with end a in lan0 and end b in web. */
static const struct cmd own_cmds[] = {
	{ CMD_JAIL_CREATE, { .jail = { .name = "web" } } },
	{ CMD_BRIDGE_CREATE, { .bridge = { "lan0", SAMPLE_MAC(1), 1500, false, false, BACKEND_IF_BRIDGE } } },
	{ CMD_EPAIR_CREATE,
	    { .epair = { "web0", 1500, { { "web0a", SAMPLE_MAC(2), "", "lan0", true }, { "web0b", SAMPLE_MAC(3), "web", "", true } } } } },
};

static const struct cmd hostile_cmds[] = {
	/* it may look at all there is, by names that are names */
	{ CMD_OBSERVE, { .observe = { OBSERVE_JAIL, "../ext" } } },
	{ CMD_OBSERVE, { .observe = { OBSERVE_LINK, "re0/../../x" } } },
	{ CMD_COUNTERS, { .observe = { OBSERVE_LINK, "re0;x" } } },
	{ CMD_BRIDGE_CREATE, { .bridge = { "fbr0", SAMPLE_MAC(1), 1500, false, false, BACKEND_IF_BRIDGE } } },
	{ CMD_BRIDGE_CREATE, { .bridge = { "re0", SAMPLE_MAC(1), 1500, false, false, BACKEND_IF_BRIDGE } } },
	{ CMD_EPAIR_CREATE, { .epair = { "e0", 1500, { { "e0a", SAMPLE_MAC(4), "", "fbr0", true }, { "e0b", SAMPLE_MAC(5), "", "", true } } } } },
	{ CMD_EPAIR_CREATE, { .epair = { "e0", 1500, { { "e0a", SAMPLE_MAC(4), "", "", true }, { "re0", SAMPLE_MAC(5), "", "", true } } } } },
	{ CMD_EPAIR_CREATE, { .epair = { "ext0", 1500, { { "ext0a", SAMPLE_MAC(4), "", "", true }, { "ext0b", SAMPLE_MAC(5), "", "", true } } } } },
	{ CMD_BRIDGE_DESTROY, { .ref = { "fbr0" } } },
	{ CMD_BRIDGE_SET, { .bridge = { "fbr0", SAMPLE_MAC(1), 9000, false, false, BACKEND_IF_BRIDGE } } },
	{ CMD_EPAIR_DESTROY, { .iface = { .ifname = "ext0a" } } },
	{ CMD_EPAIR_DESTROY, { .iface = { .ifname = "re0" } } },
	{ CMD_IF_SET, { .ifset = { .ifname = "re0", .fields = IFSET_UP, .up = false } } },
	{ CMD_IF_SET, { .ifset = { .ifname = "re0", .fields = IFSET_MARK, .mark = { true, true, KIND_EPAIR, "mine", END_A } } } },
	{ CMD_IF_SET, { .ifset = { .ifname = "fbr0", .fields = IFSET_MARK, .mark = { true, true, KIND_BRIDGE, "fbr0", END_A } } } },
	{ CMD_IF_SET, { .ifset = { .ifname = "ext0a", .fields = IFSET_MARK, .mark = { true, true, KIND_EPAIR, "ext0", END_A } } } },
	{ CMD_IF_SET, { .ifset = { .ifname = "lo", .fields = IFSET_UP, .up = false } } },
	{ CMD_IF_RENAME, { .rename = { "", "re0", "mine0" } } },
	{ CMD_IF_MOVE, { .move = { "re0", "", "web" } } },
	{ CMD_IF_MOVE, { .move = { "ext0a", "", "web" } } },
	{ CMD_PORT_ATTACH, { .port = { .bridge = "lan0", .ifname = "re0" } } },
	{ CMD_PORT_ATTACH, { .port = { .bridge = "fbr0", .ifname = "web0a" } } },
	{ CMD_PORT_SET, { .port = { .bridge = "fbr0", .ifname = "fbr1", .priv = true } } },
	{ CMD_PORT_SET, { .port = { .bridge = "lan0", .ifname = "re0", .priv = true } } },
	{ CMD_PORT_DETACH, { .port = { .bridge = "fbr0", .ifname = "fbr1" } } },
	{ CMD_ADDR_ADD, { .addr = { "", "re0", { SAMPLE_IP4(198, 51, 100, 2), 24 } } } },
	{ CMD_ADDR_DEL, { .addr = { "", "re0", { SAMPLE_IP4(198, 51, 100, 1), 24 } } } },
	{ CMD_ROUTE_ADD, { .route = { "", { { .family = 4 }, 0 }, SAMPLE_IP4(198, 51, 100, 9) } } },
	{ CMD_ROUTE_DEL, { .route = { "", { { .family = 4 }, 0 }, SAMPLE_IP4(198, 51, 100, 9) } } },
	{ CMD_SYSCTL_SET, { .sysctl = { "", "net.ipv4.ip_forward", "1" } } },
	{ CMD_SYSCTL_SET, { .sysctl = { "web", "kernel.core_pattern", "|/bin/sh" } } },
	{ CMD_SYSCTL_SET, { .sysctl = { "web", "net.ipv4/../../kernel/core_pattern", "x" } } },
	{ CMD_JAIL_CREATE, { .jail = { .name = "evil", .path = "/etc" } } },
	{ CMD_JAIL_CREATE, { .jail = { .name = "evil", .path = "/jails/../etc" } } },
	{ CMD_JAIL_CREATE, { .jail = { .name = "../evil" } } },
	{ CMD_SYSCTL_GET, { .sysctl = { "", "kernel.core_pattern", "" } } },
	{ CMD_SYSCTL_GET, { .sysctl = { "web", "net/../../etc/passwd", "" } } },
	{ CMD_JAIL_SET, { .jail = { .name = "ext", .hostname = "mine", .forwarding = true } } },
	{ CMD_JAIL_DESTROY, { .ref = { "ext" } } },
	{ CMD_JAIL_START, { .exec = { "web", "/jails/web", "touch /tmp/pwned", 5 } } },
	{ CMD_JAIL_STOP, { .exec = { "web", "/jails/web", "touch /tmp/pwned", 5 } } },
	{ CMD_PROBE, { .probe = { "../ext", SAMPLE_IP4(198, 51, 100, 9), 1, 1, 1 } } },
	{ CMD_PROBE, { .probe = { "web", SAMPLE_IP4(224, 0, 0, 1), 1, 1, 1 } } },
	{ CMD_FILES, { .files = { HOST_EZJAIL } } },
	{ CMD_FILES, { .files = { HOST_RC_CONF } } },
};

#endif
