/*
 * fbsd_watch: "something changed, look again": the host's routing socket, and events of jails where the kernel has them.
 *
 * Inside jails nobody listens: a socket there would keep a dying jail from going away.  The periodic look covers that.
 */
#include "worker/freebsd/fbsd_sys.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"
#include "worker/freebsd/fbsd_iflist.h"

#define WATCH_ROOM (512 * 1024)
#define BUF_SIZE 2048

int
fbsd_watch_open(struct fbsd *f, struct err *err)
{
	int on = 1, room = WATCH_ROOM;
	struct kevent ev;

	f->kq = kqueuex(KQUEUE_CLOEXEC);
	f->rt = socket(PF_ROUTE, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, AF_UNSPEC);
	if (f->kq == -1 || f->rt == -1)
		return (err_sys(err, "watching the network"));
	(void)setsockopt(f->rt, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	/* an overflow is told, as ENOBUFS */
	(void)setsockopt(f->rt, SOL_SOCKET, SO_RERROR, &on, sizeof(on));
	EV_SET(&ev, f->rt, EVFILT_READ, EV_ADD, 0, 0, NULL);
	if (kevent(f->kq, &ev, 1, NULL, 0, NULL) == -1)
		return (err_sys(err, "watching the network"));
	return (fbsd_jail_watch(f, err));
}

/* One that went away meanwhile was announced as well. */
static bool
name_index(unsigned index, struct change *out)
{
	char name[IF_NAMESIZE];

	return (if_indextoname(index, name) != NULL && !fbsd_gone_name(name, index) && str_copy(out->ifname, sizeof(out->ifname), name) == 0);
}

/* True when the message is about something a planner cares for. */
static bool
interesting(const char *buf, size_t len, struct change *out)
{
	const struct rt_msghdr *h = (const struct rt_msghdr *)(const void *)buf;
	const struct if_msghdr *ifm = (const struct if_msghdr *)(const void *)buf;
	const struct ifa_msghdr *ifam = (const struct ifa_msghdr *)(const void *)buf;
	const struct if_announcemsghdr *ifan = (const struct if_announcemsghdr *)(const void *)buf;

	memset(out, 0, sizeof(*out));
	if (len < sizeof(struct if_announcemsghdr) && len < sizeof(*ifam))
		return (false);
	switch (h->rtm_type) {
	case RTM_IFANNOUNCE:
		out->all = len < sizeof(*ifan) || !fbsd_gone_name(ifan->ifan_name, ifan->ifan_index);
		return (out->all);
	case RTM_IFINFO:
		return (name_index(ifm->ifm_index, out));
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return (name_index(ifam->ifam_index, out));
	case RTM_ADD:
	case RTM_DELETE:
	case RTM_CHANGE:
		out->all = true;
		return ((h->rtm_flags & RTF_PROTO1) != 0 && h->rtm_pid != getpid());
	default:
		return (false);
	}
}

/* 1 = *out filled, 0 = nothing left. */
static int
read_route(struct fbsd *f, struct change *out)
{
	char buf[BUF_SIZE] __attribute__((aligned(8)));

	for (;;) {
		ssize_t n = read(f->rt, buf, sizeof(buf));

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == ENOBUFS) {
			memset(out, 0, sizeof(*out));
			out->all = true;
			return (1);
		}
		if (n <= 0)
			return (0);
		if (interesting(buf, (size_t)n, out))
			return (1);
	}
}

int
fbsd_watch_read(struct fbsd *f, struct change *out)
{
	const struct timespec now = { 0 };
	struct kevent ev;

	if (read_route(f, out) == 1)
		return (1);
	while (kevent(f->kq, NULL, 0, &ev, 1, &now) == 1) {
		if (ev.filter == EVFILT_READ) {
			if (read_route(f, out) == 1)
				return (1);
		} else if (!fbsd_reap_event(f, &ev) && fbsd_jail_event(f, &ev, out))
			return (1);
	}
	return (0);
}
