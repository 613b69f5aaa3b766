/*
 * fbsd_reap: epairs that nobody wants any more: out of sight at once, destroyed in the background.
 *
 * SIOCIFDESTROY waits for the network's epochs, about 100 ms a pair, and holds ifnet_detach_sxlock meanwhile, which moves into and out of jails
 * and the end of a jail's network need, too.  So EPAIR_DESTROY only brings both halves home, out of their bridges, down and without addresses,
 * and calls them GONE_PREFIX and their ifindex, a name nobody else can want.  What is called so and in our group is left out of all looks.
 * When no command came for a while, a child destroys it: the reaper, one at a time.  A command that comes meanwhile ends the reaper, whose
 * current pair it may have to wait for; from GONE_WAITS_MS on it is left alone.  Only the names remember: a new worker goes on from them.
 */
#include "worker/freebsd/fbsd_sys.h"

#include <sys/capsicum.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"
#include "worker/freebsd/fbsd_bridge.h"
#include "worker/freebsd/fbsd_iflist.h"
#include "worker/freebsd/fbsd_ng.h"

#define GONE_PREFIX "jngone"
#define GONE_MAX 256		/* pairs; from then on a request waits: they come faster than they can go */
#define GONE_WAITS_MS 5000
#define IDLE_MS 200
#define STUCK_MS 30000		/* none of them could be destroyed */
#define NAP_MS 2		/* for others who want the lock: the kernel does not queue them */
#define TIMER 2
#define SOCKET_FD 3

/* --- what is gone ------------------------------------------------------------------------------------------------- */

bool
fbsd_gone_name(const char *ifname, unsigned index)
{
	char name[IFNAME_SIZE];

	return (str_format(name, sizeof(name), GONE_PREFIX "%u", index) == 0 && str_equal(name, ifname));
}

bool
fbsd_is_gone(int s, const char *ifname, unsigned index)
{
	bool epair;

	return (fbsd_gone_name(ifname, index) && fbsd_if_in_groups(s, ifname, FBSD_GROUP, "epair", &epair) && epair);
}

/* Their halves; the caller frees *v. */
static size_t
list(struct fbsd *f, struct ifg_req **v)
{
	size_t n = 0, all;

	if (fbsd_if_members(f->s, FBSD_GROUP, v, &all) != 0)
		return (0);
	for (size_t i = 0; i < all; i++)
		if (fbsd_is_gone(f->s, (*v)[i].ifgrq_member, fbsd_if_index(f->s, (*v)[i].ifgrq_member)))
			(*v)[n++] = (*v)[i];
	return (n);
}

static size_t
count(struct fbsd *f)
{
	struct ifg_req *v = NULL;
	size_t n = list(f, &v);

	free(v);
	return ((n + 1) / 2);
}

/* --- out of sight ------------------------------------------------------------------------------------------------- */

static int
leave_bridge(struct fbsd *f, const char *ifname)
{
	struct ifg_req *v = NULL;
	int sys = ENOENT;
	size_t n;

	if (fbsd_if_members(f->s, "bridge", &v, &n) == 0)
		for (size_t i = 0; i < n && sys == ENOENT; i++)
			sys = fbsd_port_del(f->s, v[i].ifgrq_member, ifname);
	free(v);
	if (sys == ENOENT)
		fbsd_ngport_leave(ifname);
	return (sys == ENOENT ? 0 : sys);
}

static int
drop_addrs(struct fbsd *f, const struct fbsd_link *link)
{
	struct fbsd_iflist l;
	struct fbsd_ifmsg m;
	int sys = fbsd_iflist_read(&l, link->o.ifindex);

	while (sys == 0 && fbsd_iflist_next(&l, &m)) {
		struct cmd c = { .op = CMD_ADDR_DEL };
		struct reply r = { 0 };

		if (!m.is_addr || ip_is_link_local(&m.prefix.ip))
			continue;
		memcpy(c.u.addr.ifname, link->o.ifname, sizeof(c.u.addr.ifname));
		c.u.addr.prefix = m.prefix;
		if (fbsd_addr_del(f, &c, &r, NULL) == -1)
			sys = EBUSY;
	}
	fbsd_iflist_fini(&l);
	return (sys);
}

/* The name comes last: what was cut short before is seen again. */
static int
hide(struct fbsd *f, const struct fbsd_link *link)
{
	const struct mark nothing = { .ours = true };
	const char *ifname = link->o.ifname;
	char name[IFNAME_SIZE];
	int sys = 0;

	/* ports of bridges of either kind are promiscuous */
	if ((link->flags & IFF_PROMISC) != 0)
		sys = leave_bridge(f, ifname);
	if (sys == 0 && link->o.up)
		sys = fbsd_if_up(f->s, ifname, false);
	if (sys == 0)
		sys = drop_addrs(f, link);
	if (sys == 0 && !link->group)
		sys = fbsd_if_group(f->s, ifname);
	if (sys == 0)
		sys = fbsd_if_mark(f->s, ifname, &nothing);
	if (sys == 0)
		sys = str_format(name, sizeof(name), GONE_PREFIX "%u", link->o.ifindex) == -1 ? ENAMETOOLONG : fbsd_if_rename_to(f->s, ifname, name);
	return (sys);
}

/* Home, if it is in a jail, and looked at; jail: where it is by now. */
static bool
bring(struct fbsd *f, char *jail, const char *ifname, struct fbsd_link *out)
{
	struct cmd c = { .op = CMD_IF_MOVE };
	struct reply r = { 0 };
	struct fbsd_in host;

	(void)str_copy(c.u.move.ifname, sizeof(c.u.move.ifname), ifname);
	(void)str_copy(c.u.move.from, sizeof(c.u.move.from), jail);
	if (jail[0] != '\0' && fbsd_if_move(f, &c, &r, NULL) == -1)
		return (false);
	jail[0] = '\0';
	fbsd_in_host(f, &host);
	return (fbsd_link_get(&host, ifname, out) == 0 && out->o.type == LINK_EPAIR && out->o.mark.ours);
}

static bool
is_pair(const struct fbsd_link *a, const struct fbsd_link *b)
{
	char unit[2][IFNAME_SIZE];

	return (a->o.ifindex != b->o.ifindex && fbsd_if_unit(a->o.ifindex, unit[0]) == 0 && fbsd_if_unit(b->o.ifindex, unit[1]) == 0 &&
	    str_equal(unit[0], unit[1]));
}

bool
fbsd_gone_put(struct fbsd *f, struct cmd_iface *c)
{
	struct fbsd_link link, other;

	if (c->other[0] == '\0' || f->gone >= GONE_MAX || !bring(f, c->jail, c->ifname, &link) || !bring(f, c->other_jail, c->other, &other) ||
	    !is_pair(&link, &other) || hide(f, &other) != 0 || hide(f, &link) != 0)
		return (false);
	f->gone++;
	return (true);
}

bool
fbsd_gone_end(struct fbsd *f, const char *unit)
{
	struct ifg_req *v = NULL;
	char name[IFNAME_SIZE];
	bool ended = false;
	size_t n = f->gone == 0 ? 0 : list(f, &v);

	for (size_t i = 0; i < n && !ended; i++)
		ended = fbsd_if_unit(fbsd_if_index(f->s, v[i].ifgrq_member), name) == 0 && str_equal(name, unit) &&
		    fbsd_if_destroy(f->s, v[i].ifgrq_member) == 0;
	free(v);
	return (ended);
}

/* --- the reaper --------------------------------------------------------------------------------------------------- */

/* It can do one thing: destroy interfaces of the host. */
static void __attribute__((noreturn))
reap(int s, const struct ifg_req *v, size_t n)
{
	const struct timespec nap = { .tv_nsec = NAP_MS * 1000000L };
	const unsigned long only[] = { SIOCIFDESTROY };

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	if (dup2(s, SOCKET_FD) == -1)
		_exit(1);
	closefrom(SOCKET_FD + 1);
	for (int std = 0; std < SOCKET_FD; std++)
		close(std);
	if ((cap_ioctls_limit(SOCKET_FD, only, NELEMS(only)) == -1 || cap_enter() == -1) && errno != ENOSYS)
		_exit(1);
	for (size_t i = 0; i < n; i++)
		/* ENXIO: it went with its other half */
		if (fbsd_if_destroy(SOCKET_FD, v[i].ifgrq_member) == 0)
			nanosleep(&nap, NULL);
	_exit(0);
}

static void
wait_ms(struct fbsd *f, int ms)
{
	struct kevent ev;

	EV_SET(&ev, TIMER, EVFILT_TIMER, EV_ADD | EV_ONESHOT, NOTE_MSECONDS, ms, NULL);
	(void)kevent(f->kq, &ev, 1, NULL, 0, NULL);
}

static void
ended(struct fbsd *f)
{
	size_t before = f->gone;

	(void)waitpid(f->reaper, NULL, WNOHANG);	/* the worker may have been faster */
	f->reaper = 0;
	f->gone = count(f);
	if (f->gone > 0)
		wait_ms(f, f->gone < before ? IDLE_MS : STUCK_MS);
	else
		f->gone_due = 0;
}

static void
start(struct fbsd *f)
{
	struct ifg_req *v = NULL;
	struct kevent ev;
	size_t n = list(f, &v);

	f->gone = (n + 1) / 2;
	if (n == 0) {
		free(v);
		f->gone_due = 0;
		return;
	}
	f->reaper = fork();
	if (f->reaper == 0)
		reap(f->s, v, n);
	free(v);
	if (f->reaper == -1) {
		f->reaper = 0;
		wait_ms(f, STUCK_MS);
		return;
	}
	EV_SET(&ev, (uintptr_t)f->reaper, EVFILT_PROC, EV_ADD | EV_ONESHOT, NOTE_EXIT, 0, NULL);
	if (kevent(f->kq, &ev, 1, NULL, 0, NULL) == -1)
		ended(f);
}

void
fbsd_reap_yield(struct fbsd *f)
{
	if (f->reaper != 0 && fbsd_now_ms() < f->gone_due)
		(void)kill(f->reaper, SIGKILL);
}

void
fbsd_reap_later(struct fbsd *f)
{
	int64_t now = fbsd_now_ms();

	if (f->gone == 0 || f->reaper != 0)
		return;
	if (f->gone_due == 0)
		f->gone_due = now + GONE_WAITS_MS;
	if (now < f->gone_due)
		wait_ms(f, IDLE_MS);
}

void
fbsd_reap_open(struct fbsd *f)
{
	f->gone = count(f);
	fbsd_reap_later(f);
}

void
fbsd_reap_close(struct fbsd *f)
{
	/* one that runs may have been told to end */
	if (f->gone > 0)
		start(f);
}

bool
fbsd_reap_event(struct fbsd *f, const struct kevent *ev)
{
	if (ev->filter == EVFILT_PROC && (pid_t)ev->ident == f->reaper)
		ended(f);
	else if (ev->filter == EVFILT_TIMER && ev->ident == TIMER) {
		if (f->reaper == 0)
			start(f);
	} else
		return (false);
	return (true);
}
