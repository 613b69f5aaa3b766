/*
 * loops: what the FreeBSD driver costs beside a bare loop of the same requests, in one process, in turn, in one boot.
 *
 * Pairs: created, given MACs and names, bridged and up; then destroyed.  Jails: created with one half of a pair inside; then all of
 * it removed.  Run it in a VNET jail that may be played with (bench.sh does).
 *
 *	loops N ROUNDS		prints medians in ms and ratios
 */
#include "worker/freebsd/fbsd_sys.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sockio.h>
#include <sys/uio.h>

#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_bridgevar.h>

#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/driver.h"

#define ROUNDS_MAX 25

enum what { PAIRS, PAIRS_ANSWER, PAIRS_GONE, JAILS, LOOK, NWHAT };

static const char *const what_name[] = { "pairs created", "pairs destroyed: answered", "pairs destroyed: gone", "jails with a half inside",
	"look at all of it" };

static void *ctx;
static int s;

static double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6);
}

/* --- bare --------------------------------------------------------------------------------------------------------- */

static void
req(unsigned long op, struct ifreq *r, const char *what)
{
	if (ioctl(s, op, r) == -1)
		err(1, "%s %s", what, r->ifr_name);
}

static void
bare_up(const char *ifname)
{
	struct ifreq r = { 0 };

	strlcpy(r.ifr_name, ifname, sizeof(r.ifr_name));
	req(SIOCGIFFLAGS, &r, "flags of");
	r.ifr_flags |= IFF_UP;
	req(SIOCSIFFLAGS, &r, "up");
}

static void
bare_half(char *made, const char *ifname, int n, int side)
{
	const uint8_t mac[ETHER_ADDR_LEN] = { 2, 0, 1, 0, (uint8_t)n, (uint8_t)side };
	struct ifreq r = { 0 };
	char name[IFNAMSIZ];

	strlcpy(r.ifr_name, made, sizeof(r.ifr_name));
	r.ifr_addr.sa_len = ETHER_ADDR_LEN;
	r.ifr_addr.sa_family = AF_LINK;
	memcpy(r.ifr_addr.sa_data, mac, sizeof(mac));
	req(SIOCSIFLLADDR, &r, "MAC of");
	strlcpy(name, ifname, sizeof(name));
	r.ifr_data = name;
	req(SIOCSIFNAME, &r, "name of");
}

static void
bare_pair(int n, bool both_up)
{
	struct ifreq r = { .ifr_name = "epair" };
	struct ifbreq member = { 0 };
	struct ifdrv d = { .ifd_name = "br0", .ifd_cmd = BRDGADD, .ifd_len = sizeof(member), .ifd_data = &member };
	char made[IFNAMSIZ], name[2][IFNAMSIZ];

	req(SIOCIFCREATE2, &r, "create");
	strlcpy(made, r.ifr_name, sizeof(made));
	for (int side = 0; side < 2; side++) {
		made[strlen(made) - 1] = (char)('a' + side);
		snprintf(name[side], sizeof(name[side]), "e%d%c", n, 'a' + side);
		bare_half(made, name[side], n, side + 1);
	}
	strlcpy(member.ifbr_ifsname, name[0], sizeof(member.ifbr_ifsname));
	if (ioctl(s, SIOCSDRVSPEC, &d) == -1)
		err(1, "adding %s to br0", name[0]);
	bare_up(name[0]);
	if (both_up)
		bare_up(name[1]);
}

/* One parameter of jail_set(2) and jail_get(2). */
static void
put(struct iovec *v, unsigned *k, const char *name, void *value, size_t size)
{
	v[(*k)++] = (struct iovec){ (void *)(uintptr_t)name, strlen(name) + 1 };
	v[(*k)++] = (struct iovec){ value, size };
}

static void
bare_jail(int n)
{
	char name[32], path[] = "/", errmsg[1024] = "";
	int vnet = JAIL_SYS_NEW, jid;
	struct ifreq r = { 0 };
	struct iovec v[10];
	unsigned k = 0;

	snprintf(name, sizeof(name), "j%d", n);
	put(v, &k, "name", name, strlen(name) + 1);
	put(v, &k, "path", path, sizeof(path));
	put(v, &k, "vnet", &vnet, sizeof(vnet));
	put(v, &k, "persist", NULL, 0);
	put(v, &k, "errmsg", errmsg, sizeof(errmsg));
	jid = jail_set(v, k, JAIL_CREATE);
	if (jid == -1)
		err(1, "jail %s: %s", name, errmsg);
	bare_pair(n, false);
	snprintf(r.ifr_name, sizeof(r.ifr_name), "e%db", n);
	r.ifr_jid = jid;
	req(SIOCSIFVNET, &r, "moving");
}

static void
bare_pairs_gone(int n)
{
	struct ifreq r = { 0 };

	for (int i = 0; i < n; i++) {
		snprintf(r.ifr_name, sizeof(r.ifr_name), "e%da", i);
		req(SIOCIFDESTROY, &r, "destroy");
	}
}

static void
bare_jails_gone(int n)
{
	char name[32];

	for (int i = 0; i < n; i++) {
		struct iovec v[2];
		unsigned k = 0;
		int jid;

		snprintf(name, sizeof(name), "j%d", i);
		put(v, &k, "name", name, strlen(name) + 1);
		jid = jail_get(v, k, 0);
		if (jid == -1 || jail_remove(jid) == -1)
			err(1, "removing %s", name);
	}
}

/* --- ours --------------------------------------------------------------------------------------------------------- */

static void
run(const struct cmd *c)
{
	struct err why = { 0 };
	struct reply reply;
	char text[256];

	if (driver->exec(ctx, c, &reply, &why) == -1)
		errx(1, "%s: %s", cmd_print(c, text, sizeof(text)), why.msg);
}

static void
our_pair(int n, bool jail)
{
	struct cmd c = { .op = CMD_EPAIR_CREATE };
	struct cmd_epair *e = &c.u.epair;

	(void)str_format(e->name, sizeof(e->name), "e%d", n);
	e->mtu = 1500;
	for (int i = 0; i < 2; i++) {
		(void)str_format(e->end[i].ifname, IFNAME_SIZE, "e%d%c", n, 'a' + i);
		e->end[i].mac = (struct mac){ { 2, 0, 1, 0, (uint8_t)n, (uint8_t)(i + 1) } };
		e->end[i].up = i == 0 || !jail;
	}
	(void)str_copy(e->end[0].bridge, IFNAME_SIZE, "br0");
	if (jail)
		(void)str_format(e->end[1].jail, NAME_SIZE, "j%d", n);
	run(&c);
}

static void
our_jail(int n)
{
	struct cmd c = { .op = CMD_JAIL_CREATE };

	(void)str_format(c.u.jail.name, NAME_SIZE, "j%d", n);
	run(&c);
	our_pair(n, true);
}

static size_t
pairs_left(void)
{
	struct ifgroupreq r = { .ifgr_name = "epair" };

	return (ioctl(s, SIOCGIFGMEMB, &r) == -1 ? 0 : r.ifgr_len / sizeof(struct ifg_req));
}

static size_t
our_look(void)
{
	const struct cmd_observe all = { .scope = OBSERVE_ALL };
	struct observed o;
	struct err why;
	size_t n;

	observed_init(&o);
	if (driver->observe(ctx, &all, &o, &why) == -1)
		errx(1, "observe: %s", why.msg);
	n = o.nlinks;
	observed_fini(&o);
	return (n);
}

/* Answered: in ms. */
static double
our_pairs_gone(int n, bool jails)
{
	struct cmd c = { .op = CMD_EPAIR_DESTROY };
	struct pollfd p = { .fd = driver->watch_fd(ctx), .events = POLLIN };
	double t = now_ms();
	struct change ch;

	for (int i = 0; i < n; i++) {
		(void)str_format(c.u.iface.ifname, IFNAME_SIZE, "e%da", i);
		(void)str_format(c.u.iface.other, IFNAME_SIZE, "e%db", i);
		if (jails)
			(void)str_format(c.u.iface.other_jail, NAME_SIZE, "j%d", i);
		run(&c);
	}
	t = now_ms() - t;
	/* what the worker does when it has nothing else to do, until the kernel has no pair any more */
	while (pairs_left() > 0) {
		(void)poll(&p, 1, 5);
		while (driver->watch_read(ctx, &ch) == 1)
			continue;
	}
	return (t);
}

static void
our_jails_gone(int n)
{
	struct cmd c = { .op = CMD_JAIL_DESTROY };

	for (int i = 0; i < n; i++) {
		(void)str_format(c.u.ref.name, NAME_SIZE, "j%d", i);
		run(&c);
	}
}

/* --- in turn ------------------------------------------------------------------------------------------------------ */

static void
bare_round(int n, double *ms)
{
	double t = now_ms();

	for (int i = 0; i < n; i++)
		bare_pair(i, true);
	ms[PAIRS] = now_ms() - t;
	t = now_ms();
	bare_pairs_gone(n);
	ms[PAIRS_ANSWER] = ms[PAIRS_GONE] = now_ms() - t;
	t = now_ms();
	for (int i = 0; i < n; i++)
		bare_jail(i);
	ms[JAILS] = now_ms() - t;
	ms[LOOK] = ms[JAILS];	/* a look is compared with making it all */
	bare_pairs_gone(n);
	bare_jails_gone(n);
}

static void
our_round(int n, double *ms)
{
	double t = now_ms();

	for (int i = 0; i < n; i++)
		our_pair(i, false);
	ms[PAIRS] = now_ms() - t;
	t = now_ms();
	ms[PAIRS_ANSWER] = our_pairs_gone(n, false);
	ms[PAIRS_GONE] = now_ms() - t;
	t = now_ms();
	for (int i = 0; i < n; i++)
		our_jail(i);
	ms[JAILS] = now_ms() - t;
	t = now_ms();
	if (our_look() < (size_t)n * 2)
		errx(1, "not all interfaces were seen");
	ms[LOOK] = now_ms() - t;
	(void)our_pairs_gone(n, true);
	our_jails_gone(n);
}

static int
less(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return ((*x > *y) - (*x < *y));
}

int
main(int argc, char **argv)
{
	static double bare[ROUNDS_MAX][NWHAT], ours[ROUNDS_MAX][NWHAT];
	const struct driver_conf conf = { .run_dir = "/tmp/jnbench-run", .log_dir = "/tmp/jnbench-log" };
	struct cmd c = { .op = CMD_BRIDGE_CREATE, .u.bridge = { .name = "br0", .mac = { { 2, 0, 0, 0xff, 0xff, 0 } }, .mtu = 1500 } };
	int n = argc > 1 ? atoi(argv[1]) : 50, rounds = argc > 2 ? atoi(argv[2]) : 5;
	struct err why;

	if (n < 1 || n > 250 || rounds < 1 || rounds > ROUNDS_MAX)
		errx(2, "usage: loops N ROUNDS");
	s = socket(AF_LOCAL, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s == -1)
		err(1, "socket");
	if (driver->open(&conf, &ctx, &why) == -1)
		errx(1, "open: %s", why.msg);
	run(&c);
	for (int i = 0; i < rounds; i++) {
		bare_round(n, bare[i]);
		our_round(n, ours[i]);
	}
	printf("%d at a time, medians of %d rounds\n%-28s %12s %12s %8s\n", n, rounds, "", "bare ms", "jailnet ms", "ratio");
	for (int w = 0; w < NWHAT; w++) {
		double a[ROUNDS_MAX], b[ROUNDS_MAX];

		for (int i = 0; i < rounds; i++) {
			a[i] = bare[i][w];
			b[i] = ours[i][w];
		}
		qsort(a, (size_t)rounds, sizeof(a[0]), less);
		qsort(b, (size_t)rounds, sizeof(b[0]), less);
		printf("%-28s %12.1f %12.1f %8.2f\n", what_name[w], a[rounds / 2], b[rounds / 2], b[rounds / 2] / a[rounds / 2]);
	}
	c = (struct cmd){ .op = CMD_BRIDGE_DESTROY, .u.ref.name = "br0" };
	run(&c);
	driver->close(ctx);
	return (0);
}
