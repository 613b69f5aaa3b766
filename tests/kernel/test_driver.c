/*
 * The Linux driver on the real kernel, every result read back by an independent reader: ip(8), bridge(8), ping.
 *
 * main() first goes into namespaces of its own (network, mounts, users when not root) with a /run of its own, so nothing of the
 * machine is touched and nothing is left.  The tests share one driver and use names of their own.
 */
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/str.h"
#include "core/valid.h"
#include "worker/driver.h"

static void *ctx;
static bool vlans;	/* this kernel can filter them */
static const char *foreign;	/* the one foreign interface the policy allows */
static struct reply reply;
static struct err err;

static bool
foreign_ok(void *arg, const char *ifname)
{
	(void)arg;
	return (foreign != NULL && str_equal(foreign, ifname));
}

/* Runs a shell line; what it wrote (both streams) in out.  Returns the exit status. */
static int
sh(char *out, size_t size, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	size_t n = 0;
	int p[2], status;
	pid_t pid;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		dup2(p[1], 1);
		dup2(p[1], 2);
		close(p[0]);
		close(p[1]);
		execl("/bin/sh", "sh", "-c", line, (char *)NULL);
		_exit(127);
	}
	close(p[1]);
	while (n < size - 1) {
		ssize_t got = read(p[0], out + n, size - 1 - n);

		if (got <= 0)
			break;
		n += (size_t)got;
	}
	out[n] = '\0';
	close(p[0]);
	waitpid(pid, &status, 0);
	return (WEXITSTATUS(status));
}

/* The line must succeed. */
static void
run(const char *line)
{
	char out[4096];

	if (sh(out, sizeof(out), "%s", line) != 0)
		fail_msg("%s: %s", line, out);
}

/* What the line writes must contain the text. */
static void
says(const char *line, const char *text)
{
	char out[16384];

	(void)sh(out, sizeof(out), "%s", line);
	if (strstr(out, text) == NULL)
		fail_msg("%s: no \"%s\" in: %s", line, text, out);
}

static void
says_not(const char *line, const char *text)
{
	char out[16384];

	(void)sh(out, sizeof(out), "%s", line);
	if (strstr(out, text) != NULL)
		fail_msg("%s: \"%s\" in: %s", line, text, out);
}

static void
done(const struct cmd *c)
{
	char text[256];

	if (driver->exec(ctx, c, &reply, &err) != 0)
		fail_msg("%s: %s (%s)", cmd_print(c, text, sizeof(text)), err.msg, reply.text);
	if (reply.result != REPLY_DONE)
		fail_msg("%s: not DONE", cmd_print(c, text, sizeof(text)));
}

static void
unchanged(const struct cmd *c)
{
	char text[256];

	if (driver->exec(ctx, c, &reply, &err) != 0)
		fail_msg("%s: %s", cmd_print(c, text, sizeof(text)), err.msg);
	if (reply.result != REPLY_UNCHANGED)
		fail_msg("%s: not UNCHANGED", cmd_print(c, text, sizeof(text)));
}

static void
fails(const struct cmd *c, enum err_code code, const char *words)
{
	char text[256];

	memset(&err, 0, sizeof(err));
	if (driver->exec(ctx, c, &reply, &err) != -1)
		fail_msg("%s: did not fail", cmd_print(c, text, sizeof(text)));
	if (err.code != code || strstr(err.msg, words) == NULL)
		fail_msg("%s: %s, not %s \"%s\": %s", cmd_print(c, text, sizeof(text)), err_code_name(err.code), err_code_name(code),
		    words, err.msg);
}

static struct mac
mac(const char *text)
{
	struct mac m;

	assert_int_equal(mac_parse(text, &m, NULL), 0);
	return (m);
}

static struct ip
ip(const char *text)
{
	struct ip a = { 0 };

	assert_int_equal(ip_parse(text, &a, NULL), 0);
	return (a);
}

static struct prefix
prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(text, &p, NULL), 0);
	return (p);
}

static struct cmd
jail_cmd(enum cmd_op op, const char *name)
{
	struct cmd c = { .op = op };

	(void)str_copy(c.u.jail.name, NAME_SIZE, name);
	return (c);
}

static struct cmd
ref_cmd(enum cmd_op op, const char *name)
{
	struct cmd c = { .op = op };

	(void)str_copy(c.u.ref.name, NAME_SIZE, name);
	return (c);
}

static struct cmd
bridge_cmd(enum cmd_op op, const char *name, const char *m, uint32_t mtu)
{
	struct cmd c = { .op = op };

	(void)str_copy(c.u.bridge.name, IFNAME_SIZE, name);
	c.u.bridge.mac = mac(m);
	c.u.bridge.mtu = mtu;
	return (c);
}

/* NAMEa on the host or in a bridge, NAMEb in a jail; the MACs come from 'n'. */
static struct cmd
epair_cmd(const char *name, uint8_t n, const char *bridge, const char *jail)
{
	struct cmd c = { .op = CMD_EPAIR_CREATE };
	struct cmd_epair *e = &c.u.epair;

	(void)str_copy(e->name, sizeof(e->name), name);
	e->mtu = 1400;
	for (int i = 0; i < 2; i++) {
		e->end[i].mac = (struct mac){ { 0x02, 0, 0, 0, n, (uint8_t)(0x0a + i) } };
		e->end[i].up = true;
		assert_int_equal(str_format(e->end[i].ifname, IFNAME_SIZE, "%s%c", name, 'a' + i), 0);
	}
	(void)str_copy(e->end[0].bridge, IFNAME_SIZE, bridge);
	(void)str_copy(e->end[1].jail, NAME_SIZE, jail);
	return (c);
}

static struct cmd
iface_cmd(const char *jail, const char *ifname)
{
	struct cmd c = { .op = CMD_EPAIR_DESTROY };

	(void)str_copy(c.u.iface.jail, NAME_SIZE, jail);
	(void)str_copy(c.u.iface.ifname, IFNAME_SIZE, ifname);
	return (c);
}

static struct cmd
addr_cmd(enum cmd_op op, const char *jail, const char *ifname, const char *p)
{
	struct cmd c = { .op = op };

	(void)str_copy(c.u.addr.jail, NAME_SIZE, jail);
	(void)str_copy(c.u.addr.ifname, IFNAME_SIZE, ifname);
	c.u.addr.prefix = prefix(p);
	return (c);
}

static struct cmd
route_cmd(enum cmd_op op, const char *jail, const char *dst, const char *gw)
{
	struct cmd c = { .op = op };

	(void)str_copy(c.u.route.jail, NAME_SIZE, jail);
	c.u.route.dst = prefix(dst);
	c.u.route.gateway = ip(gw);
	return (c);
}

static struct cmd
move_cmd(const char *ifname, const char *from, const char *to)
{
	struct cmd c = { .op = CMD_IF_MOVE };

	(void)str_copy(c.u.move.ifname, IFNAME_SIZE, ifname);
	(void)str_copy(c.u.move.from, NAME_SIZE, from);
	(void)str_copy(c.u.move.to, NAME_SIZE, to);
	return (c);
}

static struct cmd
port_cmd(enum cmd_op op, const char *bridge, const char *ifname)
{
	struct cmd c = { .op = op };

	(void)str_copy(c.u.port.bridge, IFNAME_SIZE, bridge);
	(void)str_copy(c.u.port.ifname, IFNAME_SIZE, ifname);
	return (c);
}

static struct cmd
exec_cmd(enum cmd_op op, const char *name, const char *command, uint32_t timeout_s)
{
	struct cmd c = { .op = op };

	(void)str_copy(c.u.exec.name, NAME_SIZE, name);
	(void)str_copy(c.u.exec.command, COMMAND_SIZE, command);
	c.u.exec.timeout_s = timeout_s;
	return (c);
}

static void
look(struct observed *o, enum observe_scope scope, const char *name)
{
	struct cmd_observe s = { .scope = scope };

	(void)str_copy(s.name, sizeof(s.name), name);
	observed_init(o);
	if (driver->observe(ctx, &s, o, &err) != 0)
		fail_msg("observe: %s", err.msg);
}

#define DO(c) do { struct cmd c_ = (c); done(&c_); } while (0)
#define SAME(c) do { struct cmd c_ = (c); unchanged(&c_); } while (0)
#define FAIL(c, code, words) do { struct cmd c_ = (c); fails(&c_, (code), (words)); } while (0)

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
jail_life(void **state)
{
	struct cmd c = jail_cmd(CMD_JAIL_CREATE, "web");

	(void)state;
	(void)str_copy(c.u.jail.hostname, HOSTNAME_SIZE, "web.example");
	c.u.jail.forwarding = true;
	c.u.jail.boot = 3;
	DO(c);
	SAME(c);
	says("ip netns list", "web");
	says("ip netns exec web ip link show lo", "UP");
	says("ip netns exec web cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding", "1\n1");
	says("nsenter --uts=/run/jailnet/jails/web/uts hostname", "web.example");
	says_not("hostname", "web.example");
	c.op = CMD_JAIL_SET;
	c.u.jail.forwarding = false;
	(void)str_copy(c.u.jail.hostname, HOSTNAME_SIZE, "www");
	DO(c);
	SAME(c);
	says("nsenter --uts=/run/jailnet/jails/web/uts hostname", "www");
	says("ip netns exec web cat /proc/sys/net/ipv4/ip_forward", "0");
	c.u.jail.hostname[0] = '\0';
	DO(c);
	says("test -e /run/jailnet/jails/web/uts || echo gone", "gone");
	DO(ref_cmd(CMD_JAIL_DESTROY, "web"));
	SAME(ref_cmd(CMD_JAIL_DESTROY, "web"));
	says_not("ip netns list", "web");
	says("ls /run/jailnet/jails | wc -l; ls /run/netns | wc -l", "0\n0");
	c.op = CMD_JAIL_SET;
	FAIL(c, ERR_NOT_FOUND, "no jail web");
}

static void
jail_foreign(void **state)
{
	struct observed o;

	(void)state;
	run("ip netns add theirs");
	FAIL(jail_cmd(CMD_JAIL_CREATE, "theirs"), ERR_CONFLICT, "not made by jailnet");
	FAIL(ref_cmd(CMD_JAIL_DESTROY, "theirs"), ERR_DENIED, "not made by jailnet");
	FAIL(jail_cmd(CMD_JAIL_SET, "theirs"), ERR_DENIED, "not made by jailnet");
	FAIL(exec_cmd(CMD_JAIL_START, "theirs", "true", 1), ERR_DENIED, "not made by jailnet");
	FAIL(addr_cmd(CMD_ADDR_ADD, "theirs", "lo", "10.9.9.9/24"), ERR_NOT_FOUND, "no jail theirs");
	look(&o, OBSERVE_ALL, "");
	assert_non_null(observed_jail(&o, "theirs"));
	assert_false(observed_jail(&o, "theirs")->ours);
	observed_fini(&o);
	run("ip netns del theirs");
}

/* Cut short at each step, by hand; seen as partial, completed by creating again, removed by destroying. */
static void
jail_partial(void **state)
{
	static const char *const cuts[] = {
		"rm /run/jailnet/jails/half/phase",
		"umount /run/netns/half",
		"ip netns del half",
		"rm /run/jailnet/jails/half/phase; ip netns del half; umount /run/jailnet/jails/half/net",
		"rm /run/jailnet/jails/half/phase; ip netns del half; umount /run/jailnet/jails/half/net; rm /run/jailnet/jails/half/*",
	};
	struct observed o;

	(void)state;
	for (int destroy = 0; destroy < 2; destroy++)
		for (size_t i = 0; i < NELEMS(cuts); i++) {
			DO(jail_cmd(CMD_JAIL_CREATE, "half"));
			run(cuts[i]);
			look(&o, OBSERVE_JAIL, "half");
			assert_int_equal(o.njails, 1);
			assert_true(o.jails[0].ours);
			assert_int_equal(o.jails[0].phase, JAIL_PARTIAL);
			assert_true(o.jails[0].reason[0] != '\0');
			observed_fini(&o);
			if (!destroy) {
				DO(jail_cmd(CMD_JAIL_CREATE, "half"));
				SAME(jail_cmd(CMD_JAIL_CREATE, "half"));
				run("ip netns exec half true");
			}
			DO(ref_cmd(CMD_JAIL_DESTROY, "half"));
			says("ls /run/jailnet/jails | wc -l; ls /run/netns | wc -l", "0\n0");
		}
}

/* A namespace of a stranger in place of ours is neither entered nor removed. */
static void
jail_replaced(void **state)
{
	(void)state;
	DO(jail_cmd(CMD_JAIL_CREATE, "swap"));
	run("ip netns del swap; ip netns add swap");
	FAIL(jail_cmd(CMD_JAIL_CREATE, "swap"), ERR_CONFLICT, "not made by jailnet");
	DO(ref_cmd(CMD_JAIL_DESTROY, "swap"));
	says("ip netns list", "swap");
	run("ip netns exec swap true; ip netns del swap");
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
sysctls(void **state)
{
	struct cmd c = { .op = CMD_SYSCTL_SET };

	(void)state;
	DO(jail_cmd(CMD_JAIL_CREATE, "j1"));
	(void)str_copy(c.u.sysctl.jail, NAME_SIZE, "j1");
	(void)str_copy(c.u.sysctl.key, NAME_SIZE, "net.ipv4.ip_default_ttl");
	(void)str_copy(c.u.sysctl.value, sizeof(c.u.sysctl.value), "33");
	DO(c);
	SAME(c);
	says("ip netns exec j1 cat /proc/sys/net/ipv4/ip_default_ttl", "33");
	says("cat /proc/sys/net/ipv4/ip_default_ttl", "64");
	c.op = CMD_SYSCTL_GET;
	DO(c);
	assert_string_equal(reply.text, "33");
	(void)str_copy(c.u.sysctl.key, NAME_SIZE, "kernel.hostname");
	FAIL(c, ERR_DENIED, "only net.*");
	(void)str_copy(c.u.sysctl.key, NAME_SIZE, "net.ipv4/../../kernel/hostname");
	FAIL(c, ERR_INVALID, "dotted");
	(void)str_copy(c.u.sysctl.key, NAME_SIZE, "net...kernel.hostname");
	FAIL(c, ERR_INVALID, "dotted");
	(void)str_copy(c.u.sysctl.key, NAME_SIZE, "net.ipv4.nix");
	FAIL(c, ERR_REFERENCE, "does not exist");
	c.op = CMD_SYSCTL_SET;
	(void)str_copy(c.u.sysctl.key, NAME_SIZE, "net.ipv4.ip_default_ttl");
	(void)str_copy(c.u.sysctl.value, sizeof(c.u.sysctl.value), "999");
	FAIL(c, ERR_KERNEL, "Invalid argument");
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

static void
start_stop(void **state)
{
	struct cmd c = jail_cmd(CMD_JAIL_CREATE, "j1");
	struct observed o;

	(void)state;
	(void)str_copy(c.u.jail.hostname, HOSTNAME_SIZE, "one");
	DO(c);
	FAIL(exec_cmd(CMD_JAIL_START, "j1", "echo first; echo no luck >&2; exit 3", 5), ERR_EXEC, "exec.start exited with 3");
	assert_string_equal(reply.text, "first no luck");
	FAIL(exec_cmd(CMD_JAIL_START, "j1", "sleep 60 & sleep 60", 1), ERR_TIMEOUT, "within 1 s");
	FAIL(exec_cmd(CMD_JAIL_START, "j1", "kill -TERM $$", 1), ERR_EXEC, "signal 15");
	/* a daemon is left behind, and it does not hold us up */
	DO(exec_cmd(CMD_JAIL_START, "j1", "hostname; ls /sys/class/net; echo name $JNAME; trap '' TERM; sleep 77 & echo $! >/run/d", 5));
	SAME(exec_cmd(CMD_JAIL_START, "j1", "exit 1", 5));
	says("cat /run/log/j1.log", "one\nlo\nname j1");
	says("stat -c %a /run/log/j1.log", "600");
	look(&o, OBSERVE_JAIL, "j1");
	assert_int_equal(o.njails, 1);
	assert_int_equal(o.jails[0].phase, JAIL_STARTED);
	assert_string_equal(o.jails[0].hostname, "one");
	assert_int_equal(o.jails[0].processes, 1);
	observed_fini(&o);
	/* it ignores TERM, so this is the long way; a failing exec.stop does not hold it up */
	DO(exec_cmd(CMD_JAIL_STOP, "j1", "echo cannot; exit 4", 5));
	assert_non_null(strstr(reply.text, "exec.stop exited with 4: cannot"));
	SAME(exec_cmd(CMD_JAIL_STOP, "j1", "", 5));
	look(&o, OBSERVE_JAIL, "j1");
	assert_int_equal(o.jails[0].phase, JAIL_STOPPED);
	assert_int_equal(o.jails[0].processes, 0);
	observed_fini(&o);
	DO(exec_cmd(CMD_JAIL_START, "j1", "sleep 78 &", 5));
	DO(ref_cmd(CMD_JAIL_DESTROY, "j1"));
	says("sleep 0.1; ps ax | grep 'sleep 7[78]' || echo none", "none");
	FAIL(exec_cmd(CMD_JAIL_START, "j1", "true", 5), ERR_NOT_FOUND, "no jail j1");
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

static const struct driver_conf conf = { "/run/jailnet", "/run/netns", "/run/log", foreign_ok, NULL };

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
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd == -1 || write(fd, text, strlen(text)) == -1)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	if (fd != -1)
		close(fd);
}

/* A world of our own: nothing here reaches the machine. */
static int
isolate(void)
{
	char map[64];
	uid_t uid = getuid();
	gid_t gid = getgid();
	int flags = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS;

	if (unshare(uid == 0 ? flags : flags | CLONE_NEWUSER) == -1)
		return (-1);
	if (uid != 0) {
		put("/proc/self/setgroups", "deny");
		snprintf(map, sizeof(map), "0 %u 1", uid);
		put("/proc/self/uid_map", map);
		snprintf(map, sizeof(map), "0 %u 1", gid);
		put("/proc/self/gid_map", map);
	}
	if (mount("", "/", "none", MS_PRIVATE | MS_REC, NULL) == -1 || mount("tmpfs", "/run", "tmpfs", 0, NULL) == -1)
		return (-1);
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello),
		cmocka_unit_test(bridge_life),
		cmocka_unit_test(bridge_foreign),
		cmocka_unit_test(bridge_keeps_mtu),
		cmocka_unit_test(jail_life),
		cmocka_unit_test(jail_foreign),
		cmocka_unit_test(jail_partial),
		cmocka_unit_test(jail_replaced),
		cmocka_unit_test(epair_life),
		cmocka_unit_test(epair_clash),
		cmocka_unit_test(if_set_rename),
		cmocka_unit_test(move),
		cmocka_unit_test(ports),
		cmocka_unit_test(addresses),
		cmocka_unit_test(routes),
		cmocka_unit_test(sysctls),
		cmocka_unit_test(probes),
		cmocka_unit_test(start_stop),
		cmocka_unit_test(observe_all),
		cmocka_unit_test(watch),
		cmocka_unit_test(reopen),
	};
	int failed;

	if (isolate() == -1) {
		printf("skipped: no namespaces here: %s\n", strerror(errno));
		return (77);
	}
	if (driver->open(&conf, &ctx, &err) == -1) {
		fprintf(stderr, "open: %s\n", err.msg);
		return (1);
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	driver->close(ctx);
	return (failed);
}
