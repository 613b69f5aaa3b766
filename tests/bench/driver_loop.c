/*
 * driver_loop: what bare_loop does, by the commands of core/cmd.h through the driver, in one process: what the driver itself costs.
 *
 *	driver_loop N	prints {"jails":N,"create_ms":..,"observe_ms":..,"delete_ms":..}
 */
#include <sys/mount.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/str.h"
#include "worker/driver.h"

static void *ctx;

static double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6);
}

static void
run(const struct cmd *c)
{
	struct err err = { 0 };
	struct reply reply;
	char text[256];

	if (driver->exec(ctx, c, &reply, &err) == 0)
		return;
	fprintf(stderr, "%s: %s\n", cmd_print(c, text, sizeof(text)), err.msg);
	exit(1);
}

static void
make_bridge(void)
{
	struct cmd c = { .op = CMD_BRIDGE_CREATE, .u.bridge = { .name = "br0", .mac = { { 2, 0, 0, 0xff, 0xff, 0 } }, .mtu = 1500 } };

	run(&c);
}

static void
make_jail(int n)
{
	struct cmd c = { .op = CMD_JAIL_CREATE };

	(void)str_format(c.u.jail.name, NAME_SIZE, "j%d", n);
	run(&c);
}

static void
make_epair(int n)
{
	struct cmd c = { .op = CMD_EPAIR_CREATE };
	struct cmd_epair *e = &c.u.epair;

	(void)str_format(e->name, sizeof(e->name), "e%d", n);
	e->mtu = 1500;
	for (int i = 0; i < 2; i++) {
		(void)str_format(e->end[i].ifname, IFNAME_SIZE, "e%d%c", n, 'a' + i);
		e->end[i].mac = (struct mac){ { 2, 0, 0, (uint8_t)(n >> 8), (uint8_t)n, (uint8_t)(i + 1) } };
		e->end[i].up = true;
	}
	(void)str_copy(e->end[0].bridge, IFNAME_SIZE, "br0");
	(void)str_format(e->end[1].jail, NAME_SIZE, "j%d", n);
	run(&c);
}

static void
make_addrs(int n)
{
	struct cmd c = { .op = CMD_ADDR_ADD };
	struct cmd_addr *a = &c.u.addr;

	(void)str_format(a->jail, NAME_SIZE, "j%d", n);
	(void)str_format(a->ifname, IFNAME_SIZE, "e%db", n);
	a->prefix = (struct prefix){ .ip = { 4, { 10, 0, (uint8_t)((n + 2) >> 8), (uint8_t)(n + 2) } }, .len = 8 };
	run(&c);
	a->prefix = (struct prefix){ .ip = { 6, { 0x20, 1, 0x0d, 0xb8, [14] = (uint8_t)((n + 2) >> 8), [15] = (uint8_t)(n + 2) } },
		.len = 64 };
	run(&c);
}

static void
make_route(int n)
{
	struct cmd c = { .op = CMD_ROUTE_ADD };

	(void)str_format(c.u.route.jail, NAME_SIZE, "j%d", n);
	c.u.route.dst = (struct prefix){ .ip = { .family = 4 } };
	c.u.route.gateway = (struct ip){ 4, { 10, 0, 0, 1 } };
	run(&c);
}

static void
delete_all(int jails)
{
	struct cmd c = { .op = CMD_EPAIR_DESTROY };

	for (int n = 0; n < jails; n++) {
		(void)str_format(c.u.iface.ifname, IFNAME_SIZE, "e%da", n);
		run(&c);
	}
	c = (struct cmd){ .op = CMD_JAIL_DESTROY };
	for (int n = 0; n < jails; n++) {
		(void)str_format(c.u.ref.name, NAME_SIZE, "j%d", n);
		run(&c);
	}
	c = (struct cmd){ .op = CMD_BRIDGE_DESTROY, .u.ref.name = "br0" };
	run(&c);
}

static size_t
look_all(void)
{
	const struct cmd_observe all = { .scope = OBSERVE_ALL };
	struct observed o;
	struct err err;
	size_t n;

	observed_init(&o);
	if (driver->observe(ctx, &all, &o, &err) == -1) {
		fprintf(stderr, "observe: %s\n", err.msg);
		exit(1);
	}
	n = o.naddrs;
	observed_fini(&o);
	return (n);
}

int
main(int argc, char **argv)
{
	const struct driver_conf conf = { .run_dir = "/run/jailnet", .netns_dir = "/run/netns", .log_dir = "/run/log" };
	int jails = argc > 1 ? atoi(argv[1]) : 500;
	double t0, t1, t2, t3;
	struct err err;
	size_t seen;

	if (unshare(CLONE_NEWNET | CLONE_NEWNS) == -1 || mount("", "/", "none", MS_PRIVATE | MS_REC, NULL) == -1 ||
	    mount("tmpfs", "/run", "tmpfs", 0, NULL) == -1) {
		perror("namespaces of our own");
		return (1);
	}
	if (driver->open(&conf, &ctx, &err) == -1) {
		fprintf(stderr, "open: %s\n", err.msg);
		return (1);
	}
	t0 = now_ms();
	make_bridge();
	/* kind by kind, as the planner does */
	for (int n = 0; n < jails; n++)
		make_jail(n);
	for (int n = 0; n < jails; n++)
		make_epair(n);
	for (int n = 0; n < jails; n++)
		make_addrs(n);
	for (int n = 0; n < jails; n++)
		make_route(n);
	t1 = now_ms();
	seen = look_all();
	t2 = now_ms();
	delete_all(jails);
	t3 = now_ms();
	driver->close(ctx);
	if (seen != (size_t)jails * 2) {
		fprintf(stderr, "%zu addresses seen, not %d\n", seen, jails * 2);
		return (1);
	}
	printf("{\"jails\":%d,\"create_ms\":%.1f,\"observe_ms\":%.1f,\"delete_ms\":%.1f}\n", jails, t1 - t0, t2 - t1, t3 - t2);
	return (0);
}
