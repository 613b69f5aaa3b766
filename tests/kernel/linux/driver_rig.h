/*
 * driver_rig: the Linux driver on the real kernel, every result read back by an independent reader: ip(8), bridge(8), ping.
 *
 * rig_main() first goes into namespaces of its own (network, mounts, users when not root) with a /run of its own, so nothing of the
 * machine is touched and nothing is left.  The tests of a program share one driver and use names of their own.
 */
#ifndef JN_DRIVER_RIG_H
#define JN_DRIVER_RIG_H

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

#define UNUSED __attribute__((unused))
#define DO(c) do { struct cmd c_ = (c); done(&c_); } while (0)
#define SAME(c) do { struct cmd c_ = (c); unchanged(&c_); } while (0)
#define FAIL(c, code, words) do { struct cmd c_ = (c); fails(&c_, (code), (words)); } while (0)

static void *ctx;
static UNUSED bool vlans;	/* this kernel can filter them */
static const char *foreign;	/* the one foreign interface the policy allows */
static struct reply reply;
static struct err err;

static UNUSED bool
foreign_ok(void *arg, const char *ifname)
{
	(void)arg;
	return (foreign != NULL && str_equal(foreign, ifname));
}

/* Runs a shell line; what it wrote (both streams) in out.  Returns the exit status. */
static UNUSED int
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
static UNUSED void
run(const char *line)
{
	char out[4096];

	if (sh(out, sizeof(out), "%s", line) != 0)
		fail_msg("%s: %s", line, out);
}

/* What the line writes must contain the text. */
static UNUSED void
says(const char *line, const char *text)
{
	char out[16384];

	(void)sh(out, sizeof(out), "%s", line);
	if (strstr(out, text) == NULL)
		fail_msg("%s: no \"%s\" in: %s", line, text, out);
}

static UNUSED void
says_not(const char *line, const char *text)
{
	char out[16384];

	(void)sh(out, sizeof(out), "%s", line);
	if (strstr(out, text) != NULL)
		fail_msg("%s: \"%s\" in: %s", line, text, out);
}

static UNUSED void
done(const struct cmd *c)
{
	char text[256];

	if (driver->exec(ctx, c, &reply, &err) != 0)
		fail_msg("%s: %s (%s)", cmd_print(c, text, sizeof(text)), err.msg, reply.text);
	if (reply.result != REPLY_DONE)
		fail_msg("%s: not DONE", cmd_print(c, text, sizeof(text)));
}

static UNUSED void
unchanged(const struct cmd *c)
{
	char text[256];

	if (driver->exec(ctx, c, &reply, &err) != 0)
		fail_msg("%s: %s", cmd_print(c, text, sizeof(text)), err.msg);
	if (reply.result != REPLY_UNCHANGED)
		fail_msg("%s: not UNCHANGED", cmd_print(c, text, sizeof(text)));
}

static UNUSED void
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

static UNUSED struct mac
mac(const char *text)
{
	struct mac m;

	assert_int_equal(mac_parse(text, &m, NULL), 0);
	return (m);
}

static UNUSED struct ip
ip(const char *text)
{
	struct ip a = { 0 };

	assert_int_equal(ip_parse(text, &a, NULL), 0);
	return (a);
}

static UNUSED struct prefix
prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(text, &p, NULL), 0);
	return (p);
}

static UNUSED struct cmd
jail_cmd(enum cmd_op op, const char *name)
{
	struct cmd c = { .op = op };

	(void)str_copy(c.u.jail.name, NAME_SIZE, name);
	return (c);
}

static UNUSED struct cmd
ref_cmd(enum cmd_op op, const char *name)
{
	struct cmd c = { .op = op };

	(void)str_copy(c.u.ref.name, NAME_SIZE, name);
	return (c);
}

static UNUSED struct cmd
bridge_cmd(enum cmd_op op, const char *name, const char *m, uint32_t mtu)
{
	struct cmd c = { .op = op };

	(void)str_copy(c.u.bridge.name, IFNAME_SIZE, name);
	c.u.bridge.mac = mac(m);
	c.u.bridge.mtu = mtu;
	return (c);
}

/* NAMEa on the host or in a bridge, NAMEb in a jail; the MACs come from 'n'. */
static UNUSED struct cmd
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

static UNUSED struct cmd
iface_cmd(const char *jail, const char *ifname)
{
	struct cmd c = { .op = CMD_EPAIR_DESTROY };

	(void)str_copy(c.u.iface.jail, NAME_SIZE, jail);
	(void)str_copy(c.u.iface.ifname, IFNAME_SIZE, ifname);
	return (c);
}

static UNUSED struct cmd
addr_cmd(enum cmd_op op, const char *jail, const char *ifname, const char *p)
{
	struct cmd c = { .op = op };

	(void)str_copy(c.u.addr.jail, NAME_SIZE, jail);
	(void)str_copy(c.u.addr.ifname, IFNAME_SIZE, ifname);
	c.u.addr.prefix = prefix(p);
	return (c);
}

static UNUSED struct cmd
route_cmd(enum cmd_op op, const char *jail, const char *dst, const char *gw)
{
	struct cmd c = { .op = op };

	(void)str_copy(c.u.route.jail, NAME_SIZE, jail);
	c.u.route.dst = prefix(dst);
	c.u.route.gateway = ip(gw);
	return (c);
}

static UNUSED struct cmd
move_cmd(const char *ifname, const char *from, const char *to)
{
	struct cmd c = { .op = CMD_IF_MOVE };

	(void)str_copy(c.u.move.ifname, IFNAME_SIZE, ifname);
	(void)str_copy(c.u.move.from, NAME_SIZE, from);
	(void)str_copy(c.u.move.to, NAME_SIZE, to);
	return (c);
}

static UNUSED struct cmd
port_cmd(enum cmd_op op, const char *bridge, const char *ifname)
{
	struct cmd c = { .op = op };

	(void)str_copy(c.u.port.bridge, IFNAME_SIZE, bridge);
	(void)str_copy(c.u.port.ifname, IFNAME_SIZE, ifname);
	return (c);
}

static UNUSED struct cmd
exec_cmd(enum cmd_op op, const char *name, const char *command, uint32_t timeout_s)
{
	struct cmd c = { .op = op };

	(void)str_copy(c.u.exec.name, NAME_SIZE, name);
	(void)str_copy(c.u.exec.command, COMMAND_SIZE, command);
	c.u.exec.timeout_s = timeout_s;
	return (c);
}

static UNUSED void
look(struct observed *o, enum observe_scope scope, const char *name)
{
	struct cmd_observe s = { .scope = scope };

	(void)str_copy(s.name, sizeof(s.name), name);
	observed_init(o);
	if (driver->observe(ctx, &s, o, &err) != 0)
		fail_msg("observe: %s", err.msg);
}

static UNUSED void
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd == -1 || write(fd, text, strlen(text)) == -1)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	if (fd != -1)
		close(fd);
}

/* A world of our own: nothing here reaches the machine. */
static UNUSED int
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

static const struct driver_conf conf = { "/run/jailnet", "/run/netns", "/run/log", foreign_ok, NULL, NULL };

static UNUSED int
rig_main(const struct CMUnitTest *tests, size_t n)
{
	int failed;

	if (isolate() == -1) {
		printf("skipped: no namespaces here: %s\n", strerror(errno));
		return (77);
	}
	if (driver->open(&conf, &ctx, &err) == -1) {
		fprintf(stderr, "open: %s\n", err.msg);
		return (1);
	}
	failed = _cmocka_run_group_tests("driver", tests, n, NULL, NULL);
	driver->close(ctx);
	return (failed);
}

#endif
