/*
 * Epairs that go, on a real FreeBSD kernel, through the driver: out of sight when the command is answered, destroyed behind it.
 */
#include "tests/kernel/freebsd/fbsd_rig.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "worker/freebsd/fbsd.h"

#define MANY 20

static int s;

/* What the reaper has before it: interfaces of the host called jngone and a number. */
static size_t
waiting(void)
{
	struct if_nameindex *v = if_nameindex();
	size_t n = 0;

	for (size_t i = 0; v != NULL && v[i].if_name != NULL; i++)
		n += fbsd_gone_name(v[i].if_name, v[i].if_index);
	if_freenameindex(v);
	return (n);
}

/* As the worker does it, until nothing waits any more; how many changes were told meanwhile. */
static unsigned
pump(int ms)
{
	struct pollfd p = { .fd = driver->watch_fd(ctx), .events = POLLIN };
	double end = now_s() + ms / 1e3;
	struct change ch;
	unsigned told = 0;

	while (now_s() < end && waiting() > 0) {
		(void)poll(&p, 1, 20);
		while (driver->watch_read(ctx, &ch) == 1)
			told++;
	}
	return (told);
}

static void
drain(void)
{
	struct change ch;

	while (driver->watch_read(ctx, &ch) == 1)
		continue;
}

static struct cmd
gone_cmd(const char *a, const char *jail, const char *b)
{
	struct cmd c = { .op = CMD_EPAIR_DESTROY };

	str_copy(c.u.iface.ifname, IFNAME_SIZE, a);
	str_copy(c.u.iface.other_jail, NAME_SIZE, jail);
	str_copy(c.u.iface.other, IFNAME_SIZE, b);
	return (c);
}

static bool
exists(const char *ifname)
{
	return (if_nametoindex(ifname) != 0);
}

static struct cmd
bridge_cmd(void)
{
	struct cmd c = { .op = CMD_BRIDGE_CREATE, .u.bridge = { .mac = { { 2, 0x6a, 0x74, 0xff, 0, 0 } }, .mtu = 1500 } };

	str_copy(c.u.bridge.name, IFNAME_SIZE, "jtbr");
	return (c);
}

/* A pair in a bridge, its other half in a jail with an address. */
static void
make(const char *name, int n)
{
	struct cmd c = epair_cmd(name, n, "jtg");
	char ifname[IFNAME_SIZE];

	str_copy(c.u.epair.end[0].bridge, IFNAME_SIZE, "jtbr");
	str_format(ifname, sizeof(ifname), "%sb", name);
	check(run(c, NULL, NULL) == REPLY_DONE && run(addr_cmd("jtg", ifname, "10.98.0.2/24"), NULL, NULL) == REPLY_DONE,
	    "%s: one half in a bridge, one in a jail with an address", name);
}

static void
test_in_a_jail(void)
{
	const struct obs_addr *a;
	unsigned told;
	size_t n;

	make("jtp", 1);
	check(run(gone_cmd("jtpa", "jtg", "jtpb"), NULL, NULL) == REPLY_DONE, "it is destroyed");
	check(waiting() == 2, "in fact both halves wait for it, on the host");
	(void)look("");
	check(observed_link(&seen, "", "jtpa") == NULL && observed_link(&seen, "jtg", "jtpb") == NULL, "neither is where it was");
	for (size_t i = 0; i < seen.nlinks; i++)
		check(strncmp(seen.links[i].ifname, "jngone", 6) != 0, "%s is seen, not a waiting one", seen.links[i].ifname);
	make("jtp", 1);
	(void)look("");
	a = observed_addrs(&seen, "jtg", "jtpb", &n);
	check(n == 1 && a != NULL && observed_link(&seen, "", "jtpa") != NULL && str_equal(observed_link(&seen, "", "jtpa")->bridge, "jtbr"),
	    "a new one of the same names and address is whole at once");
	check(waiting() == 2, "the old one still waits");
	drain();
	told = pump(20000);
	check(waiting() == 0, "the old one is destroyed");
	check(told == 0, "and nobody was told to look because of it (%u)", told);
	check(is_there("", "jtpa") && is_there("jtg", "jtpb"), "the new one is as it was");
}

static void
test_new_worker(void)
{
	double began = now_s();
	void *old = ctx;

	check(run(gone_cmd("jtpa", "jtg", "jtpb"), NULL, NULL) == REPLY_DONE && waiting() == 2, "another one waits");
	/* as after kill -9: nobody closes */
	check(rig_open() == 0 && waiting() == 2, "the worker is another");
	(void)pump(20000);
	check(waiting() == 0, "which goes on (%.1f s)", now_s() - began);
	driver->close(old);
	make("jtp", 1);
	check(run(gone_cmd("jtpa", "jtg", "jtpb"), NULL, NULL) == REPLY_DONE && waiting() == 2, "another one waits");
	driver->close(ctx);
	for (int i = 0; i < 400 && waiting() > 0; i++)
		usleep(50000);
	check(waiting() == 0, "it goes, though the worker has ended");
	check(rig_open() == 0, "and another one begins");
}

/* The name of a kernel's pair is also its unit, which is free when the old one is really gone. */
static void
test_unit(void)
{
	char unit[IFNAME_SIZE] = "";
	struct cmd c = epair_cmd("epair61", 2, "");

	check(run(c, NULL, NULL) == REPLY_DONE && run(gone_cmd("epair61a", "", "epair61b"), NULL, NULL) == REPLY_DONE && waiting() == 2,
	    "epair61 waits");
	check(run(c, NULL, NULL) == REPLY_DONE && fbsd_if_unit(if_nametoindex("epair61a"), unit) == 0 && str_equal(unit, "epair61"),
	    "a new epair61 is the kernel's %s", unit);
	check(waiting() == 0, "for that the old one was ended");
	check(run(gone_cmd("epair61a", "", "epair61b"), NULL, NULL) == REPLY_DONE, "away");
	(void)pump(20000);
}

/* What cannot be put out of sight is destroyed as the command runs. */
static void
test_at_once(void)
{
	struct ifreq r = { .ifr_name = "epair" };
	char name[IFNAME_SIZE];

	check(run(epair_cmd("jtq", 3, ""), NULL, NULL) == REPLY_DONE && run(epair_cmd("jtr", 4, ""), NULL, NULL) == REPLY_DONE, "two more");
	check(run(gone_cmd("jtqa", "", ""), NULL, NULL) == REPLY_DONE && waiting() == 0 && !exists("jtqa") && !exists("jtqb"),
	    "without a word about the other half: at once");
	check(run(epair_cmd("jtq", 3, ""), NULL, NULL) == REPLY_DONE && run(gone_cmd("jtqa", "", "jtrb"), NULL, NULL) == REPLY_DONE &&
	    waiting() == 0 && !exists("jtqa") && exists("jtra"), "what is named is no half of it: at once, and the other pair stays");
	/* somebody has the name that jtrb would get */
	str_format(name, sizeof(name), "jngone%u", if_nametoindex("jtrb"));
	check(ioctl(s, SIOCIFCREATE2, &r) == 0 && fbsd_if_rename_to(s, r.ifr_name, name) == 0, "a foreign %s", name);
	check(run(gone_cmd("jtra", "", "jtrb"), NULL, NULL) == REPLY_DONE && !exists("jtra") && !exists("jtrb"), "at once");
	(void)look("");
	check(exists(name) && observed_link(&seen, "", name) != NULL, "the foreign one is left alone, and seen");
	(void)fbsd_if_destroy(s, name);
	check(run(gone_cmd("jtra", "", "jtrb"), NULL, NULL) == REPLY_UNCHANGED, "what is gone already is no news");
}

static void
test_many(void)
{
	char name[IFNAME_SIZE], a[IFNAME_SIZE], b[IFNAME_SIZE];
	double began, answered;
	int bad = 0;

	for (int i = 0; i < MANY; i++) {
		str_format(name, sizeof(name), "jtm%d", i);
		bad += run(epair_cmd(name, 100 + i, ""), NULL, NULL) != REPLY_DONE;
	}
	began = now_s();
	for (int i = 0; i < MANY; i++) {
		str_format(a, sizeof(a), "jtm%da", i);
		str_format(b, sizeof(b), "jtm%db", i);
		bad += run(gone_cmd(a, "", b), NULL, NULL) != REPLY_DONE;
	}
	answered = now_s() - began;
	check(bad == 0 && waiting() == 2 * MANY, "%d pairs wait", MANY);
	/* a command comes first: it must not wait for all of them */
	began = now_s();
	(void)pump(1000);
	check(waiting() > 0 && run(move_cmd("jtza", "", "jtg"), NULL, NULL) == REPLY_DONE, "a move in the middle of it, %zu halves left", waiting());
	check(waiting() > 0, "came before the end of them");
	(void)pump(60000);
	check(waiting() == 0, "answered after %.0f ms, gone after %.0f ms", answered * 1e3, (now_s() - began) * 1e3);
	check(answered < (now_s() - began) / 5, "the answer took less than a fifth of it");
}

int
main(void)
{
	struct cmd c = { .op = CMD_JAIL_CREATE };

	if (rig_open() == -1)
		return (1);
	s = socket(AF_LOCAL, SOCK_DGRAM, 0);
	str_copy(c.u.jail.name, NAME_SIZE, "jtg");
	check(run(c, NULL, NULL) == REPLY_DONE && run(bridge_cmd(), NULL, NULL) == REPLY_DONE &&
	    run(epair_cmd("jtz", 9, ""), NULL, NULL) == REPLY_DONE, "a jail, a bridge, a pair that stays");
	test_in_a_jail();
	test_new_worker();
	test_unit();
	test_at_once();
	test_many();
	(void)run(gone_cmd("jtza", "", ""), NULL, NULL);
	(void)run(gone_cmd("jtzb", "", ""), NULL, NULL);
	c.op = CMD_JAIL_DESTROY;
	memset(&c.u, 0, sizeof(c.u));
	str_copy(c.u.ref.name, NAME_SIZE, "jtg");
	(void)run(c, NULL, NULL);
	c.op = CMD_BRIDGE_DESTROY;
	str_copy(c.u.ref.name, NAME_SIZE, "jtbr");
	(void)run(c, NULL, NULL);
	close(s);
	return (rig_close());
}
