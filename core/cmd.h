/*
 * cmd: the closed list of things the worker can be asked to do.  The one noun of the program: the planner emits it, the
 * wire carries it, the worker checks and executes it, the fake kernel applies it, tests print it.
 *
 * Every command can be repeated: already so is REPLY_UNCHANGED, already gone is success.  A command is complete in
 * itself; the worker remembers nothing between two.  Jail "" is the host.
 *
 * Adding one: a line here, its struct, wire.c encode+decode, cmd_print, policy.c, the drivers, the fake kernel.
 */
#ifndef JN_CMD_H
#define JN_CMD_H

#include "core/err.h"
#include "core/model.h"
#include "core/observed.h"

/* X(OP, union member, flags).  J = job: runs in a child of the worker, its reply comes later. */
#define CMD_NOW 0
#define CMD_JOB 1
#define CMD_LIST(X)						\
	X(HELLO, hello, CMD_NOW)				\
	X(OBSERVE, observe, CMD_NOW)				\
	X(COUNTERS, observe, CMD_NOW)				\
	X(BRIDGE_CREATE, bridge, CMD_NOW)			\
	X(BRIDGE_SET, bridge, CMD_NOW)				\
	X(BRIDGE_DESTROY, ref, CMD_NOW)				\
	X(EPAIR_CREATE, epair, CMD_NOW)				\
	X(EPAIR_DESTROY, iface, CMD_NOW)			\
	X(IF_SET, ifset, CMD_NOW)				\
	X(IF_RENAME, rename, CMD_NOW)				\
	X(IF_MOVE, move, CMD_NOW)				\
	X(PORT_ATTACH, port, CMD_NOW)				\
	X(PORT_SET, port, CMD_NOW)				\
	X(PORT_DETACH, port, CMD_NOW)				\
	X(ADDR_ADD, addr, CMD_NOW)				\
	X(ADDR_DEL, addr, CMD_NOW)				\
	X(ROUTE_ADD, route, CMD_NOW)				\
	X(ROUTE_DEL, route, CMD_NOW)				\
	X(SYSCTL_SET, sysctl, CMD_NOW)				\
	X(SYSCTL_GET, sysctl, CMD_NOW)				\
	X(JAIL_CREATE, jail, CMD_NOW)				\
	X(JAIL_SET, jail, CMD_NOW)				\
	X(JAIL_START, exec, CMD_JOB)				\
	X(JAIL_STOP, exec, CMD_JOB)				\
	X(JAIL_DESTROY, ref, CMD_NOW)				\
	X(PROBE, probe, CMD_JOB)				\
	X(FILES, files, CMD_NOW)

enum cmd_op {
#define X(op, member, flags) CMD_##op,
	CMD_LIST(X)
#undef X
};
#define CMD_COUNT (CMD_FILES + 1)

#define PROTO_VERSION 1
#define PROBE_MAX 64

struct cmd_hello {
	uint32_t proto;
	char build[41];		/* both programs must come from one build */
};

enum observe_scope { OBSERVE_ALL, OBSERVE_JAIL /* that jail, all inside it */, OBSERVE_LINK /* one host interface and its addresses */ };
struct cmd_observe {
	enum observe_scope scope;
	char name[NAME_SIZE];
};

struct cmd_ref {
	char name[NAME_SIZE];
};

/* Create: makes, marks, names and sets all fields, up.  Set: makes an existing bridge of ours so. */
struct cmd_bridge {
	char name[IFNAME_SIZE];
	struct mac mac;
	uint32_t mtu;
	bool stp, vlan_filter;
	enum backend backend;
};

struct cmd_end {
	char ifname[IFNAME_SIZE];
	struct mac mac;
	char jail[NAME_SIZE];		/* moved there at once; "" = host */
	char bridge[IFNAME_SIZE];	/* attached at once; "" = none; only with jail "" */
	bool up;
};
/* Makes both halves with mark, names, MACs, MTU, placed, attached and up.  All of it or nothing. */
struct cmd_epair {
	char name[NAME_SIZE];
	uint32_t mtu;
	struct cmd_end end[2];
};

/*
 * EPAIR_DESTROY: either half, wherever it is; the other goes with it.  Refused when it is not ours.  Where the other was seen is a hint ("" =
 * not seen): a driver that knows both ends can let the kernel do its waiting behind the answer.
 */
struct cmd_iface {
	char jail[NAME_SIZE];
	char ifname[IFNAME_SIZE];
	char other_jail[NAME_SIZE];
	char other[IFNAME_SIZE];
};

#define IFSET_MTU 0x1u
#define IFSET_MAC 0x2u
#define IFSET_UP 0x4u
#define IFSET_MARK 0x8u		/* write the mark again (somebody removed it) */
#define IFSET_TRAITS 0x10u	/* a foreign one on the host gets back what it had */
struct cmd_ifset {
	char jail[NAME_SIZE];
	char ifname[IFNAME_SIZE];
	uint32_t fields;
	uint32_t mtu;
	struct mac mac;
	bool up;
	struct mark mark;
	struct traits traits;
};

struct cmd_rename {
	char jail[NAME_SIZE];
	char ifname[IFNAME_SIZE];
	char to[IFNAME_SIZE];
};

struct cmd_move {
	char ifname[IFNAME_SIZE];
	char from[NAME_SIZE];
	char to[NAME_SIZE];
};

/* ATTACH sets the port fields too.  DETACH uses bridge and ifname only. */
struct cmd_port {
	char bridge[IFNAME_SIZE];
	char ifname[IFNAME_SIZE];
	bool priv, stp, edge;
	uint16_t untagged, ntagged;
	uint16_t tagged[LIMIT_TAGGED];
};

struct cmd_addr {
	char jail[NAME_SIZE];
	char ifname[IFNAME_SIZE];
	struct prefix prefix;
};

struct cmd_route {
	char jail[NAME_SIZE];
	struct prefix dst;
	struct ip gateway;
};

struct cmd_sysctl {
	char jail[NAME_SIZE];
	char key[NAME_SIZE];	/* dotted, "net.ipv4.ip_forward"; only net.* */
	char value[128];	/* SYSCTL_GET answers in reply.text */
};

struct cmd_jail {
	char name[NAME_SIZE];
	char path[PATH_SIZE];		/* "" = "/" */
	char hostname[HOSTNAME_SIZE];	/* "" = leave the host's */
	bool forwarding;
	uint32_t boot;			/* kept in the mark; JAIL_SET leaves it alone */
	char params[PARAMS_SIZE];	/* FreeBSD: params_format() of model.h; "" = none */
};

/* JAIL_START: runs the command (if any), then the phase is JAIL_STARTED.  JAIL_STOP: runs the command, ends all processes
 * (TERM, wait, KILL), then the phase is JAIL_STOPPED. */
struct cmd_exec {
	char name[NAME_SIZE];
	char path[PATH_SIZE];
	char command[COMMAND_SIZE];	/* "" = nothing to run */
	uint32_t timeout_s;
};

struct cmd_probe {
	char jail[NAME_SIZE];
	struct ip to;
	uint32_t count;		/* 1..PROBE_MAX */
	uint32_t interval_ms;
	uint32_t timeout_ms;	/* for each answer */
};

/* The host's configuration files of one format: worker/hostfile.c knows where they are, nobody else says. */
enum host_format { HOST_EZJAIL, HOST_JAIL_CONF, HOST_RC_CONF };
#define HOST_FORMAT_COUNT (HOST_RC_CONF + 1)
const char *host_format_name(enum host_format format);	/* "jail-conf" */
struct cmd_files {
	enum host_format format;
};

struct cmd {
	enum cmd_op op;
	union {
		struct cmd_hello hello;
		struct cmd_observe observe;
		struct cmd_bridge bridge;
		struct cmd_ref ref;
		struct cmd_epair epair;
		struct cmd_iface iface;
		struct cmd_ifset ifset;
		struct cmd_rename rename;
		struct cmd_move move;
		struct cmd_port port;
		struct cmd_addr addr;
		struct cmd_route route;
		struct cmd_sysctl sysctl;
		struct cmd_jail jail;
		struct cmd_exec exec;
		struct cmd_probe probe;
		struct cmd_files files;
	} u;
};

enum reply_result { REPLY_DONE, REPLY_UNCHANGED, REPLY_FAILED };
#define REPLY_RESULT_COUNT (REPLY_FAILED + 1)

struct reply {
	enum reply_result result;
	struct err err;			/* when failed */
	char text[512];			/* SYSCTL_GET value, tail of a command's output, HELLO: driver name */
	uint32_t features;		/* HELLO: FEATURE_* of valid.h */
	/* PROBE */
	uint32_t sent, received;
	uint32_t rtt_us[PROBE_MAX];	/* of those received, in order */
	char probe_error[128];		/* "" or what stopped it, in the kernel's words */
};

const char *cmd_name(enum cmd_op op);	/* "BRIDGE_CREATE" */
bool cmd_is_job(enum cmd_op op);
/* One line for logs and golden tests: "ADDR_ADD jail=web if=web0b 192.0.2.10/24". Cut with "..." if it does not fit. */
const char *cmd_print(const struct cmd *c, char *buf, size_t size);

#endif
