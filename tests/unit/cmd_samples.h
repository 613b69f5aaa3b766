/*
 * cmd_samples: one or more filled commands of every kind, with the text cmd_print must give.  Shared by the tests of cmd, wire,
 * policy and serve.
 */
#ifndef JN_CMD_SAMPLES_H
#define JN_CMD_SAMPLES_H

#include "core/cmd.h"

#define SAMPLE_IP4(w, x, y, z) { .family = 4, .b = { w, x, y, z } }
#define SAMPLE_IP6(last) { .family = 6, .b = { 0x20, 0x01, 0x0d, 0xb8, [15] = last } }
#define SAMPLE_MAC(last) { { 0x02, 0x11, 0x22, 0x33, 0x44, last } }

static const struct {
	struct cmd cmd;
	const char *text;
} cmd_samples[] = {
	{ { CMD_HELLO, { .hello = { PROTO_VERSION, "0123456789abcdef" } } }, "HELLO proto=1 build=0123456789abcdef" },
	{ { CMD_OBSERVE, { .observe = { OBSERVE_ALL, "" } } }, "OBSERVE all" },
	{ { CMD_OBSERVE, { .observe = { OBSERVE_JAIL, "web" } } }, "OBSERVE jail web" },
	{ { CMD_OBSERVE, { .observe = { OBSERVE_LINK, "lan0" } } }, "OBSERVE link lan0" },
	{ { CMD_COUNTERS, { .observe = { OBSERVE_ALL, "" } } }, "COUNTERS all" },
	{ { CMD_BRIDGE_CREATE, { .bridge = { "lan0", SAMPLE_MAC(1), 1500, true, false, BACKEND_IF_BRIDGE } } },
	    "BRIDGE_CREATE lan0 mac=02:11:22:33:44:01 mtu=1500 stp=1 vlan_filter=0 backend=if_bridge" },
	{ { CMD_BRIDGE_SET, { .bridge = { "lan0", SAMPLE_MAC(1), 9000, false, true, BACKEND_NETGRAPH } } },
	    "BRIDGE_SET lan0 mac=02:11:22:33:44:01 mtu=9000 stp=0 vlan_filter=1 backend=netgraph" },
	{ { CMD_BRIDGE_DESTROY, { .ref = { "lan0" } } }, "BRIDGE_DESTROY lan0" },
	{ { CMD_EPAIR_CREATE, { .epair = { "web0", 1500, { { "web0a", SAMPLE_MAC(2), "", "lan0", true },
	    { "web0b", SAMPLE_MAC(3), "web", "", false } } } } },
	    "EPAIR_CREATE web0 mtu=1500 a=web0a,02:11:22:33:44:02,bridge=lan0,up b=web0b,02:11:22:33:44:03,jail=web,down" },
	{ { CMD_EPAIR_DESTROY, { .iface = { "web", "web0b", "", "" } } }, "EPAIR_DESTROY jail=web if=web0b" },
	{ { CMD_EPAIR_DESTROY, { .iface = { "", "web0a", "web", "web0b" } } }, "EPAIR_DESTROY jail=- if=web0a other=web0b@web" },
	{ { CMD_IF_SET, { .ifset = { "", "web0a", IFSET_MTU | IFSET_MAC | IFSET_UP | IFSET_MARK, 1400, SAMPLE_MAC(4), true,
	    { true, true, KIND_EPAIR, "web0", END_A }, { 0 } } } },
	    "IF_SET jail=- if=web0a mtu=1400 mac=02:11:22:33:44:04 up mark=jailnet:epair/web0:a" },
	{ { CMD_IF_SET, { .ifset = { .ifname = "re0", .fields = IFSET_UP } } }, "IF_SET jail=- if=re0 down" },
	{ { CMD_IF_SET, { .ifset = { .ifname = "re0", .fields = IFSET_TRAITS, .traits = { TRAIT_ALL, 0x20000, 0x1b, 0x21, "lan wan" } } } },
	    "IF_SET jail=- if=re0 flags 0x20000 offloads 0x1b nd6 0x21 groups lan wan" },
	{ { CMD_IF_RENAME, { .rename = { "web", "web0b", "eth0" } } }, "IF_RENAME jail=web if=web0b to=eth0" },
	{ { CMD_IF_MOVE, { .move = { "re1", "", "web" } } }, "IF_MOVE if=re1 from=- to=web" },
	{ { CMD_PORT_ATTACH, { .port = { "lan0", "web0a", true, true, true, 10, 2, { 20, 30 } } } },
	    "PORT_ATTACH bridge=lan0 if=web0a private stp edge untagged=10 tagged=20,30" },
	{ { CMD_PORT_SET, { .port = { .bridge = "lan0", .ifname = "web0a" } } }, "PORT_SET bridge=lan0 if=web0a" },
	{ { CMD_PORT_DETACH, { .port = { .bridge = "lan0", .ifname = "re0" } } }, "PORT_DETACH bridge=lan0 if=re0" },
	{ { CMD_ADDR_ADD, { .addr = { "web", "web0b", { SAMPLE_IP4(192, 0, 2, 10), 24 } } } },
	    "ADDR_ADD jail=web if=web0b 192.0.2.10/24" },
	{ { CMD_ADDR_DEL, { .addr = { "", "lan0", { SAMPLE_IP6(1), 64 } } } }, "ADDR_DEL jail=- if=lan0 2001:db8::1/64" },
	{ { CMD_ROUTE_ADD, { .route = { "web", { { .family = 4 }, 0 }, SAMPLE_IP4(192, 0, 2, 1) } } },
	    "ROUTE_ADD jail=web 0.0.0.0/0 via 192.0.2.1" },
	{ { CMD_ROUTE_DEL, { .route = { "web", { { .family = 6 }, 0 }, SAMPLE_IP6(1) } } },
	    "ROUTE_DEL jail=web ::/0 via 2001:db8::1" },
	{ { CMD_SYSCTL_SET, { .sysctl = { "web", "net.ipv4.ip_default_ttl", "70" } } },
	    "SYSCTL_SET jail=web net.ipv4.ip_default_ttl=70" },
	{ { CMD_SYSCTL_GET, { .sysctl = { "web", "net.ipv4.ip_default_ttl", "" } } },
	    "SYSCTL_GET jail=web net.ipv4.ip_default_ttl" },
	{ { CMD_JAIL_CREATE, { .jail = { "web", "/jails/web", "web.example.org", true, 3, "" } } },
	    "JAIL_CREATE web path=/jails/web hostname=web.example.org forwarding=1 boot=3" },
	{ { CMD_JAIL_SET, { .jail = { .name = "db", .params = "allow.raw_sockets=1\n" } } },
	    "JAIL_SET db path=/ hostname=- forwarding=0 boot=0 params=ffbc248d" },
	{ { CMD_JAIL_SET, { .jail = { .name = "web" } } }, "JAIL_SET web path=/ hostname=- forwarding=0 boot=0" },
	{ { CMD_JAIL_START, { .exec = { "web", "", "/etc/rc start", 60 } } },
	    "JAIL_START web path=/ timeout=60 command=/etc/rc start" },
	{ { CMD_JAIL_STOP, { .exec = { "web", "", "", 10 } } }, "JAIL_STOP web path=/ timeout=10 command=-" },
	{ { CMD_JAIL_DESTROY, { .ref = { "web" } } }, "JAIL_DESTROY web" },
	{ { CMD_PROBE, { .probe = { "web", SAMPLE_IP6(9), 3, 100, 1000 } } },
	    "PROBE jail=web to=2001:db8::9 count=3 interval=100ms timeout=1000ms" },
	{ { CMD_FILES, { .files = { HOST_JAIL_CONF } } }, "FILES jail-conf" },
};

#endif
