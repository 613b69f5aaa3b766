/*
 * fake_kernel: a network stack in memory behind worker/driver.h, with a real kernel's manners, for tests.
 *
 * Two ways to use it.  In one process: fake_new(), then driver->exec(f, ...) and driver->observe(f, ...) directly.  As a program:
 * link jailnetd with all of tests/fake instead of the lnx_ driver; then driver->open() makes it and these variables rule it:
 *	JAILNET_FAKE_PHYSICAL="re0,re1"	physical interfaces at start
 *	JAILNET_FAKE_DELAY_US=100	each command takes that long
 *	JAILNET_FAKE_FAULT="OP:N:WHAT"	the N-th OP ("*" = any) fails; WHAT is an errno number, "half" (left half done, EIO),
 *					"crash" (before it) or "halfcrash" (in the middle: _exit(137)); several with ','
 *	JAILNET_FAKE_STATE=FILE		the kernel lives in that file and so outlives a killed worker
 *	JAILNET_FAKE_CONTROL=PATH	datagram socket for changes by hand while it runs (see fake_control)
 *
 * What it models: links on the host and in jails, bridges with ports and private ports, epairs, addresses, routes, jails with
 * phases, sysctls.  Moving an interface loses its addresses, its routes, the up flag, the bridge, groups and nd6 flags; down loses IPv6 addresses and
 * routes.  Jail "" is the host.  Direct calls below are "somebody by hand": no marks are checked.
 *
 * The state is one shared mapping: job children of the worker change the same kernel.
 */
#ifndef JN_FAKE_KERNEL_H
#define JN_FAKE_KERNEL_H

#include "worker/driver.h"

struct fake;

/* NULL when memory is out.  Everything foreign may be touched until fake_set_foreign says otherwise. */
struct fake *fake_new(void);
void fake_free(struct fake *f);
void fake_set_foreign(struct fake *f, bool (*ok)(void *arg, const char *ifname), void *arg);

void fake_set_adopt(struct fake *f, bool (*ok)(void *arg, const char *name), void *arg);	/* what may become ours; at first nothing */

/* By hand.  0, or -1 when a thing named is not there or already is. */
int fake_add_physical(struct fake *f, const char *name, const struct mac *mac, bool up, const struct prefix *addrs, size_t naddrs);
int fake_add_foreign_bridge(struct fake *f, const char *name);
int fake_add_foreign_epair(struct fake *f, const char *a, const char *b);	/* both on the host */
int fake_add_jail(struct fake *f, const char *name, bool ours);	/* ours false: somebody else's */
int fake_del_jail(struct fake *f, const char *name);	/* dies: epairs inside go with it, physical ones return */
int fake_del_link(struct fake *f, const char *jail, const char *ifname);
int fake_set_up(struct fake *f, const char *jail, const char *ifname, bool up);
int fake_set_mtu(struct fake *f, const char *jail, const char *ifname, uint32_t mtu);
int fake_set_traits(struct fake *f, const char *jail, const char *ifname, const struct traits *traits);
int fake_blink(struct fake *f, const char *jail, const char *ifname);	/* the next look misses it: it moves meanwhile */
int fake_set_mac(struct fake *f, const char *jail, const char *ifname, const struct mac *mac);
int fake_set_bridge(struct fake *f, const char *ifname, const char *bridge);	/* "" = take out */
int fake_clear_mark(struct fake *f, const char *jail, const char *ifname, bool keep_ours);
int fake_move(struct fake *f, const char *from, const char *ifname, const char *to);
int fake_addr(struct fake *f, const char *jail, const char *ifname, const struct prefix *p, bool add);
int fake_duplicate(struct fake *f, const char *jail, const char *ifname, const struct prefix *p, bool on);	/* another host has it */
int fake_route(struct fake *f, const char *jail, const struct prefix *dst, const struct ip *gateway, bool ours, bool add);
/* A packet from this interface: counted there, at the other half of an epair, and at the bridge that half is in. */
int fake_traffic(struct fake *f, const char *jail, const char *ifname, uint64_t bytes, uint64_t packets);
int fake_jail_processes(struct fake *f, const char *name, uint32_t processes);

/* One line of the same by text, as the control socket takes it ("-" is the host):
 *	"up JAIL IF", "down JAIL IF", "del JAIL IF", "mtu JAIL IF N", "mac JAIL IF MAC", "traits JAIL IF FLAGS CAPS ND6 GROUP|-",
 *	"unmark JAIL IF", "bridge IF BRIDGE|-", "move FROM IF TO", "blink JAIL IF", "addr-add JAIL IF PREFIX", "addr-del JAIL IF PREFIX",
 *	"dup JAIL IF PREFIX", "undup JAIL IF PREFIX", "route-del JAIL PREFIX", "jail-add NAME", "jail-del NAME", "dying JAIL N",
 *	"sysctl JAIL KEY VALUE", "physical NAME", "bridge-add NAME", "epair-add A B", "traffic JAIL IF BYTES PACKETS", "overflow",
 *	"break FAULTS" (as JAILNET_FAKE_FAULT, from now on)
 */
int fake_control(struct fake *f, const char *line);

/* Faults.  op -1 = any command.  nth counts from 1 from now on.  One that has happened is spent. */
enum fake_fault { FAKE_FAIL, FAKE_HALF, FAKE_CRASH, FAKE_HALF_CRASH };
int fake_break(struct fake *f, int op, unsigned nth, enum fake_fault what, int sys);
void fake_break_clear(struct fake *f);
int fake_break_text(struct fake *f, const char *spec);	/* the variable's form */

/* Commands executed since the start (successful or not); op -1 = all. */
unsigned fake_count(const struct fake *f, int op);
void fake_count_reset(struct fake *f);

/* The whole state as sorted text, for comparison and failure messages; foreign_only leaves out all that is ours.
 * malloc'd; NULL when memory is out. */
char *fake_snapshot(const struct fake *f, bool foreign_only);

/* Would an echo from this jail be answered?  Layer 2 through bridges and epairs, routes there and back. */
bool fake_reaches(const struct fake *f, const char *jail, const struct ip *to);

#endif
