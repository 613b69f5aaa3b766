/*
 * fake_kernel: life of the fake, the driver interface, and changes by hand.
 */
#include "tests/fake/fake_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/str.h"
#include "core/valid.h"
#include "tests/fake/fake_int.h"

#ifndef MAP_NORESERVE	/* FreeBSD reserves nothing anyway */
#define MAP_NORESERVE 0
#endif

static bool
anything(void *arg, const char *ifname)
{
	(void)arg;
	(void)ifname;
	return (true);
}

/* file NULL = memory that goes with the process. *fresh: nobody used it before. */
static struct fake_tables *
map_tables(const char *file, bool *fresh)
{
	int fd = -1, flags = MAP_SHARED;
	struct stat st;
	void *p;

	*fresh = true;
	if (file == NULL)
		flags |= MAP_ANONYMOUS | MAP_NORESERVE;
	else {
		if ((fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) == -1 || fstat(fd, &st) == -1 ||
		    ftruncate(fd, (off_t)sizeof(struct fake_tables)) == -1) {
			if (fd != -1)
				close(fd);
			return (NULL);
		}
		*fresh = st.st_size == 0;
	}
	p = mmap(NULL, sizeof(struct fake_tables), PROT_READ | PROT_WRITE, flags, fd, 0);
	if (fd != -1)
		close(fd);
	return (p == MAP_FAILED ? NULL : p);
}

static struct fake *
make(const char *file, bool *fresh)
{
	struct fake *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return (NULL);
	f->watch[0] = f->watch[1] = -1;
	f->foreign_ok = anything;
	if ((f->t = map_tables(file, fresh)) == NULL ||
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, f->watch) == -1) {
		fake_free(f);
		return (NULL);
	}
	return (f);
}

struct fake *
fake_new(void)
{
	bool fresh;

	return (make(NULL, &fresh));
}

void
fake_free(struct fake *f)
{
	if (f == NULL)
		return;
	if (f->t != NULL)
		munmap(f->t, sizeof(*f->t));
	for (int i = 0; i < 2; i++)
		if (f->watch[i] != -1)
			close(f->watch[i]);
	if (f->control[0] != '\0')
		unlink(f->control);
	free(f);
}

void
fake_set_foreign(struct fake *f, bool (*ok)(void *arg, const char *ifname), void *arg)
{
	f->foreign_ok = ok;
	f->foreign_arg = arg;
}

void
fake_set_adopt(struct fake *f, bool (*ok)(void *arg, const char *name), void *arg)
{
	f->adopt_ok = ok;
	f->adopt_arg = arg;
}

/* Tells a watcher; a full queue is fine, the watcher will look anyway. */
static int
notify(struct fake *f, const char *jail, const char *ifname)
{
	char line[128];

	str_format(line, sizeof(line), "changed %s %s", jail[0] == '\0' ? "-" : jail, ifname[0] == '\0' ? "-" : ifname);
	if (f->watch[1] != -1)
		send(f->watch[1], line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL);
	return (0);
}

static int
bind_control(struct fake *f, const char *path, struct err *err)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	unlink(path);
	if (str_copy(sun.sun_path, sizeof(sun.sun_path), path) == -1 || str_copy(f->control, sizeof(f->control), path) == -1)
		return (err_set(err, ERR_INVALID, "JAILNET_FAKE_CONTROL is too long"));
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		return (err_sys(err, "socket"));
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		close(fd);
		return (err_sys(err, "bind %s", path));
	}
	close(f->watch[0]);
	close(f->watch[1]);
	f->watch[0] = fd;
	f->watch[1] = -1;
	return (0);
}

static int
from_environment(struct fake *f, bool fresh, struct err *err)
{
	const char *physical = getenv("JAILNET_FAKE_PHYSICAL"), *fault = getenv("JAILNET_FAKE_FAULT"),
	    *delay = getenv("JAILNET_FAKE_DELAY_US"), *look = getenv("JAILNET_FAKE_LOOK_US"), *control = getenv("JAILNET_FAKE_CONTROL");
	char text[256], line[300], *save = NULL;

	if (delay != NULL)
		f->delay_us = (unsigned)atoi(delay);
	if (look != NULL)
		f->look_us = (unsigned)atoi(look);
	fake_break_clear(f);	/* a fault ends with the worker it was meant for, the kernel does not */
	if (fault != NULL && fake_break_text(f, fault) == -1)
		return (err_set(err, ERR_INVALID, "JAILNET_FAKE_FAULT: %s", fault));
	if (fresh && physical != NULL && str_copy(text, sizeof(text), physical) == 0)
		for (char *s = strtok_r(text, ",", &save); s != NULL; s = strtok_r(NULL, ",", &save)) {
			str_format(line, sizeof(line), "physical %s", s);
			fake_control(f, line);
		}
	return (control == NULL ? 0 : bind_control(f, control, err));
}

static int
drv_open(const struct driver_conf *conf, void **ctx, struct err *err)
{
	bool fresh;
	struct fake *f = make(getenv("JAILNET_FAKE_STATE"), &fresh);

	if (f == NULL)
		return (err_sys(err, "fake kernel"));
	f->foreign_ok = conf->foreign_ok;
	f->foreign_arg = f->adopt_arg = conf->arg;
	f->adopt_ok = conf->adopt_ok;
	if (from_environment(f, fresh, err) == -1) {
		fake_free(f);
		return (-1);
	}
	*ctx = f;
	return (0);
}

static void
drv_close(void *ctx)
{
	fake_free(ctx);
}

static void
linger(unsigned us)
{
	if (us > 0)
		nanosleep(&(struct timespec){ .tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000 }, NULL);
}

static int
drv_observe(void *ctx, const struct cmd_observe *scope, struct observed *out, struct err *err)
{
	struct fake *f = ctx;

	f->t->count[CMD_OBSERVE]++;
	linger(f->look_us);
	return (fake_observe(f, scope, out, err));
}

static int
drv_counters(void *ctx, const struct cmd_observe *scope, struct observed *out, struct err *err)
{
	struct fake *f = ctx;

	f->t->count[CMD_COUNTERS]++;
	return (fake_counters(f, scope, out, err));
}

/* The fault due now, if any; it is spent. */
static bool
fault_due(struct fake *f, enum cmd_op op, struct fake_faultpoint *out)
{
	bool due = false;

	for (size_t i = 0; i < FAKE_FAULTS; i++) {
		struct fake_faultpoint *p = &f->t->faults[i];

		if (!p->armed || (p->op != -1 && p->op != (int)op))
			continue;
		/* all count; of several that are due, each takes a call of its own */
		if (p->left > 1)
			p->left--;
		else if (!due) {
			p->armed = false;
			*out = *p;
			due = true;
		}
	}
	return (due);
}

static int
drv_exec(void *ctx, const struct cmd *c, struct reply *out, struct err *err)
{
	struct fake_faultpoint fault = { 0 };
	struct fake *f = ctx;
	int ret;

	memset(out, 0, sizeof(*out));
	linger(f->delay_us);
	f->t->count[c->op]++;
	if (!fault_due(f, c->op, &fault))
		return (fake_exec(f, c, false, out, err));
	if (fault.what == FAKE_FAIL)
		return (err_num(err, fault.sys, "%s", cmd_name(c->op)));
	if (fault.what == FAKE_CRASH)
		_exit(137);
	ret = fake_exec(f, c, true, out, err);
	if (fault.what == FAKE_HALF_CRASH)
		_exit(137);
	return (ret);
}

static int
drv_watch_fd(void *ctx)
{
	struct fake *f = ctx;

	return (f->watch[0]);
}

static int
drv_watch_read(void *ctx, struct change *out)
{
	char line[256], jail[NAME_SIZE] = "", ifname[IFNAME_SIZE] = "";
	struct fake *f = ctx;
	ssize_t n = recv(f->watch[0], line, sizeof(line) - 1, MSG_DONTWAIT);

	if (n < 0)
		return (0);
	line[n] = '\0';
	memset(out, 0, sizeof(*out));
	if (sscanf(line, "changed %63s %15s", jail, ifname) != 2) {
		fake_control(f, line);
		out->all = true;
		return (1);
	}
	str_copy(out->jail, sizeof(out->jail), strcmp(jail, "-") == 0 ? "" : jail);
	str_copy(out->ifname, sizeof(out->ifname), strcmp(ifname, "-") == 0 ? "" : ifname);
	return (1);
}

static const struct driver fake_driver = {
	.name = "fake",
	.features = FEATURE_VLAN_FILTER | FEATURE_EXTERNAL_JAILS,
	.open = drv_open,
	.close = drv_close,
	.observe = drv_observe,
	.counters = drv_counters,
	.exec = drv_exec,
	.watch_fd = drv_watch_fd,
	.watch_read = drv_watch_read,
};

const struct driver *const driver = &fake_driver;

unsigned
fake_count(const struct fake *f, int op)
{
	unsigned sum = 0;

	for (int i = 0; i < CMD_COUNT; i++)
		if (op == -1 || op == i)
			sum += f->t->count[i];
	return (sum);
}

void
fake_count_reset(struct fake *f)
{
	memset(f->t->count, 0, sizeof(f->t->count));
}

static int
find(const struct fake *f, const char *jail, const char *ifname)
{
	int ns = fake_jail_find(f, jail);

	return (ns == FAKE_NO_JAIL ? -1 : fake_link_find(f, ns, ifname));
}

int
fake_add_physical(struct fake *f, const char *name, const struct mac *mac, bool up, const struct prefix *addrs, size_t naddrs)
{
	int i;

	if (find(f, "", name) != -1 || (i = fake_link_new(f, FAKE_HOST, name, LINK_PHYSICAL)) == -1)
		return (-1);
	f->t->links[i].mac = *mac;
	f->t->links[i].up = up;
	for (size_t k = 0; k < naddrs; k++)
		if (fake_addr_new(f, i, &addrs[k]) == -1)
			return (-1);
	return (notify(f, "", name));
}

int
fake_add_foreign_bridge(struct fake *f, const char *name)
{
	if (find(f, "", name) != -1 || fake_link_new(f, FAKE_HOST, name, LINK_BRIDGE) == -1)
		return (-1);
	return (notify(f, "", name));
}

int
fake_add_foreign_epair(struct fake *f, const char *a, const char *b)
{
	int i, k;

	if (find(f, "", a) != -1 || find(f, "", b) != -1 || (i = fake_link_new(f, FAKE_HOST, a, LINK_EPAIR)) == -1 ||
	    (k = fake_link_new(f, FAKE_HOST, b, LINK_EPAIR)) == -1)
		return (-1);
	f->t->links[i].peer = k;
	f->t->links[k].peer = i;
	return (notify(f, "", a));
}

int
fake_add_jail(struct fake *f, const char *name, bool ours)
{
	int i;

	if (fake_jail_find(f, name) != FAKE_NO_JAIL || (i = fake_jail_new(f, name)) == -1)
		return (-1);
	f->t->jails[i].ours = ours;
	f->t->jails[i].phase = JAIL_CREATED;
	return (notify(f, name, ""));
}

int
fake_del_jail(struct fake *f, const char *name)
{
	int i = fake_jail_find(f, name);

	if (i < 0)
		return (-1);
	fake_jail_end(f, i);
	return (notify(f, name, ""));
}

int
fake_del_link(struct fake *f, const char *jail, const char *ifname)
{
	int i = find(f, jail, ifname);

	if (i == -1)
		return (-1);
	fake_link_destroy(f, i);
	return (notify(f, jail, ifname));
}

int
fake_set_up(struct fake *f, const char *jail, const char *ifname, bool up)
{
	int i = find(f, jail, ifname);

	if (i == -1)
		return (-1);
	fake_link_up(f, i, up);
	return (notify(f, jail, ifname));
}

int
fake_set_mtu(struct fake *f, const char *jail, const char *ifname, uint32_t mtu)
{
	int i = find(f, jail, ifname);

	if (i == -1)
		return (-1);
	f->t->links[i].mtu = mtu;
	return (notify(f, jail, ifname));
}

int
fake_set_traits(struct fake *f, const char *jail, const char *ifname, const struct traits *traits)
{
	int i = find(f, jail, ifname);

	if (i == -1)
		return (-1);
	f->t->links[i].traits = *traits;
	return (notify(f, jail, ifname));
}

int
fake_blink(struct fake *f, const char *jail, const char *ifname)
{
	int i = find(f, jail, ifname);

	if (i == -1)
		return (-1);
	f->t->links[i].blinks = true;
	return (notify(f, jail, ifname));
}

static void
count(struct fake *f, int link, int bytes_at, uint64_t bytes, uint64_t packets)
{
	if (link == -1)
		return;
	f->t->links[link].counters[bytes_at] += bytes;
	f->t->links[link].counters[bytes_at + 1] += packets;
}

int
fake_traffic(struct fake *f, const char *jail, const char *ifname, uint64_t bytes, uint64_t packets)
{
	int i = find(f, jail, ifname), peer;

	if (i == -1)
		return (-1);
	peer = f->t->links[i].peer;
	count(f, i, TX_BYTES, bytes, packets);
	count(f, peer, RX_BYTES, bytes, packets);
	if (peer != -1)
		count(f, f->t->links[peer].bridge, RX_BYTES, bytes, packets);
	return (0);
}

int
fake_set_mac(struct fake *f, const char *jail, const char *ifname, const struct mac *mac)
{
	int i = find(f, jail, ifname);

	if (i == -1)
		return (-1);
	f->t->links[i].mac = *mac;
	return (notify(f, jail, ifname));
}

int
fake_set_bridge(struct fake *f, const char *ifname, const char *bridge)
{
	int i = find(f, "", ifname), b = bridge[0] == '\0' ? -1 : find(f, "", bridge);

	if (i == -1 || (bridge[0] != '\0' && b == -1))
		return (-1);
	fake_link_leave(f, i);
	f->t->links[i].bridge = b;
	return (notify(f, "", ifname));
}

int
fake_clear_mark(struct fake *f, const char *jail, const char *ifname, bool keep_ours)
{
	int i = find(f, jail, ifname);

	if (i == -1)
		return (-1);
	memset(&f->t->links[i].mark, 0, sizeof(f->t->links[i].mark));
	f->t->links[i].mark.ours = keep_ours;
	return (notify(f, jail, ifname));
}

int
fake_move(struct fake *f, const char *from, const char *ifname, const char *to)
{
	int i = find(f, from, ifname), ns = fake_jail_find(f, to);

	if (i == -1 || ns == FAKE_NO_JAIL || fake_link_find(f, ns, ifname) != -1)
		return (-1);
	fake_link_move(f, i, ns);
	notify(f, to, ifname);
	return (notify(f, from, ifname));
}

int
fake_duplicate(struct fake *f, const char *jail, const char *ifname, const struct prefix *p, bool on)
{
	int i = find(f, jail, ifname), a = i == -1 ? -1 : fake_addr_find(f, i, p);

	if (a == -1)
		return (-1);
	f->t->addrs[a].duplicate = on;
	return (notify(f, jail, ifname));
}

int
fake_addr(struct fake *f, const char *jail, const char *ifname, const struct prefix *p, bool add)
{
	int i = find(f, jail, ifname), a = i == -1 ? -1 : fake_addr_find(f, i, p);

	if (i == -1 || (a != -1) == add)
		return (-1);
	if (!add)
		fake_addr_remove(f, a);
	else if (fake_addr_new(f, i, p) == -1)
		return (-1);
	return (notify(f, jail, ifname));
}

int
fake_route(struct fake *f, const char *jail, const struct prefix *dst, const struct ip *gateway, bool ours, bool add)
{
	int ns = fake_jail_find(f, jail), i, link;

	if (ns == FAKE_NO_JAIL || ((i = fake_route_find(f, ns, dst)) != -1) == add)
		return (-1);
	if (!add)
		f->t->routes[i].used = false;
	else if ((link = fake_gateway_link(f, ns, gateway)) == -1 || (i = fake_route_new(f, ns, link, dst, gateway)) == -1)
		return (-1);
	else
		f->t->routes[i].ours = ours;
	return (notify(f, jail, ""));
}

int
fake_jail_processes(struct fake *f, const char *name, uint32_t processes)
{
	int i = fake_jail_find(f, name);

	if (i < 0)
		return (-1);
	f->t->jails[i].processes = processes;
	return (notify(f, name, ""));
}
