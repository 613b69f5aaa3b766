/*
 * fbsd_rig: what the C tests of a real FreeBSD kernel share: the driver opened in a run directory of its own, checks that print a line each,
 * commands.  Needs root; what the tests make begins with jt.
 */
#ifndef JN_FBSD_RIG_H
#define JN_FBSD_RIG_H

#include "worker/freebsd/fbsd_sys.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/str.h"
#include "worker/driver.h"

#define UNUSED __attribute__((unused))

static void *ctx;
static int failed, passed;
static struct observed seen;

static UNUSED double
now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

static void __attribute__((format(printf, 2, 3)))
check(bool ok, const char *fmt, ...)
{
	va_list ap;

	printf("%s ", ok ? "ok  " : "FAIL");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	ok ? passed++ : failed++;
}

/* The result, or -1 with *err. */
static UNUSED int
run(struct cmd c, struct reply *out, struct err *err)
{
	struct reply spare;
	struct err why = { 0 };

	out = out == NULL ? &spare : out;
	if (driver->exec(ctx, &c, out, err == NULL ? &why : err) == 0)
		return ((int)out->result);
	if (err == NULL)
		printf("     %s: %s\n", cmd_name(c.op), why.msg);
	return (-1);
}

static UNUSED struct cmd
jail_cmd(enum cmd_op op, const char *name, const char *params)
{
	struct cmd c = { .op = op };

	str_copy(c.u.jail.name, NAME_SIZE, name);
	str_copy(c.u.jail.params, PARAMS_SIZE, params);
	c.u.jail.boot = 7;
	return (c);
}

static UNUSED struct cmd
exec_cmd(enum cmd_op op, const char *name, const char *command)
{
	struct cmd c = { .op = op };

	str_copy(c.u.exec.name, NAME_SIZE, name);
	str_copy(c.u.exec.command, COMMAND_SIZE, command);
	c.u.exec.timeout_s = 10;
	return (c);
}

static UNUSED struct cmd
ref_cmd(enum cmd_op op, const char *name)
{
	struct cmd c = { .op = op };

	str_copy(c.u.ref.name, NAME_SIZE, name);
	return (c);
}

static UNUSED struct cmd
move_cmd(const char *ifname, const char *from, const char *to)
{
	struct cmd c = { .op = CMD_IF_MOVE };

	str_copy(c.u.move.ifname, IFNAME_SIZE, ifname);
	str_copy(c.u.move.from, NAME_SIZE, from);
	str_copy(c.u.move.to, NAME_SIZE, to);
	return (c);
}

static UNUSED struct cmd
addr_cmd(const char *jail, const char *ifname, const char *text)
{
	struct cmd c = { .op = CMD_ADDR_ADD };

	str_copy(c.u.addr.jail, NAME_SIZE, jail);
	str_copy(c.u.addr.ifname, IFNAME_SIZE, ifname);
	(void)prefix_parse(text, &c.u.addr.prefix, NULL);
	return (c);
}

static UNUSED struct cmd
up_cmd(const char *jail, const char *ifname)
{
	struct cmd c = { .op = CMD_IF_SET, .u.ifset = { .fields = IFSET_UP, .up = true } };

	str_copy(c.u.ifset.jail, NAME_SIZE, jail);
	str_copy(c.u.ifset.ifname, IFNAME_SIZE, ifname);
	return (c);
}

static UNUSED struct cmd
epair_cmd(const char *name, int n, const char *jail)
{
	struct cmd c = { .op = CMD_EPAIR_CREATE, .u.epair = { .mtu = 1500 } };

	str_copy(c.u.epair.name, NAME_SIZE, name);
	for (int i = 0; i < 2; i++) {
		struct cmd_end *e = &c.u.epair.end[i];

		str_format(e->ifname, IFNAME_SIZE, "%s%c", name, i == 0 ? 'a' : 'b');
		e->mac = (struct mac){ { 2, 0x6a, 0x74, (uint8_t)(n >> 8), (uint8_t)n, (uint8_t)i } };
		e->up = true;
	}
	str_copy(c.u.epair.end[1].jail, NAME_SIZE, jail);
	return (c);
}

static UNUSED const struct obs_jail *
look(const char *name)
{
	const struct cmd_observe all = { .scope = OBSERVE_ALL };
	struct err err = { 0 };

	observed_fini(&seen);
	observed_init(&seen);
	if (driver->observe(ctx, &all, &seen, &err) == -1)
		check(false, "OBSERVE: %s", err.msg);
	return (observed_jail_row(&seen, name));
}

static UNUSED bool
is_there(const char *jail, const char *ifname)
{
	(void)look("");
	return (observed_link(&seen, jail, ifname) != NULL);
}

static const char *untouchable = "";	/* the one that policy does not name */

static UNUSED bool
any(void *arg, const char *ifname)
{
	(void)arg;
	return (!str_equal(ifname, untouchable));
}

/* 0, or it says why and the test is over. */
static UNUSED int
rig_open(void)
{
	const struct driver_conf conf = { .run_dir = "/var/run/jailnet-test", .netns_dir = "", .log_dir = "/var/log/jailnet-test",
		.foreign_ok = any, .adopt_ok = any };
	struct err err = { 0 };

	setvbuf(stdout, NULL, _IONBF, 0);
	observed_init(&seen);
	if (driver->open(&conf, &ctx, &err) == 0)
		return (0);
	printf("%s\n", err.msg);
	return (-1);
}

/* The exit status. */
static UNUSED int
rig_close(void)
{
	(void)look("");
	for (size_t i = 0; i < seen.nlinks; i++)
		if (strncmp(seen.links[i].ifname, "jt", 2) == 0)
			check(false, "left behind: %s", seen.links[i].ifname);
	driver->close(ctx);
	observed_fini(&seen);
	printf("%d passed, %d failed\n", passed, failed);
	return (failed > 0);
}

#endif
