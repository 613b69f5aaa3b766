/* lnx_watch: "something changed, look again" from the kernel's notifications of all namespaces. */
#include <linux/if_addr.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/str.h"
#include "worker/linux/lnx.h"

#define WATCH_ROOM (1024 * 1024)	/* a burst of some thousand changes; more is an overflow, and then all is looked at */

int
lnx_watch_open(struct lnx *l, struct err *err)
{
	static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE };
	int on = 1, room = WATCH_ROOM;

	l->watch = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (l->watch == NULL || mnl_socket_bind(l->watch, 0, MNL_SOCKET_AUTOPID) == -1)
		return (err_sys(err, "netlink watch"));
	(void)setsockopt(mnl_socket_get_fd(l->watch), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	/* Jails other than through notifications of the host: not on old kernels, and the periodic look covers it. */
	(void)mnl_socket_setsockopt(l->watch, NETLINK_LISTEN_ALL_NSID, &on, sizeof(on));
	for (size_t i = 0; i < NELEMS(groups); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(l->watch, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == -1)
			return (err_sys(err, "netlink watch"));
	}
	return (0);
}

void
lnx_watch_links(struct lnx *l, bool on)
{
	int group = RTNLGRP_LINK;

	if (l->watch != NULL)
		(void)mnl_socket_setsockopt(l->watch, on ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP, &group, sizeof(group));
}

/* One datagram into watch_rx.  -1 = none; overflow is told as ENOBUFS. */
static int
receive(struct lnx *l)
{
	char control[CMSG_SPACE(sizeof(int)) * 4];
	struct iovec iov = { .iov_base = l->watch_rx, .iov_len = NL_RX_SIZE };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	ssize_t n;

	do
		n = recvmsg(mnl_socket_get_fd(l->watch), &msg, 0);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return (-1);
	l->watch_nsid = -1;
	for (c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_NETLINK && c->cmsg_type == NETLINK_LISTEN_ALL_NSID)
			memcpy(&l->watch_nsid, CMSG_DATA(c), sizeof(l->watch_nsid));
	l->watch_next = l->watch_rx;
	l->watch_left = (size_t)n;
	return (0);
}

/* Names the host interface of an address, when it is still there. */
static void
name_index(struct lnx *l, uint32_t ifindex, struct change *out)
{
	struct lnx_link link;

	if (lnx_link_get_index(&l->host, ifindex, &link) == 0)
		memcpy(out->ifname, link.o.ifname, sizeof(out->ifname));
}

static bool
link_local(const struct ifaddrmsg *ifa)
{
	return (ifa->ifa_family == AF_INET6 && ifa->ifa_scope == RT_SCOPE_LINK);
}

/* True when the message is about something a planner cares for. */
static bool
interesting(struct lnx *l, const struct nlmsghdr *nlh, struct change *out)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct lnx_link link;

	memset(out, 0, sizeof(*out));
	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		lnx_link_parse(nlh, &link);
		if (link.o.type == LINK_LOOPBACK)
			return (false);
		memcpy(out->ifname, link.o.ifname, sizeof(out->ifname));
		return (true);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		if (link_local(ifa))
			return (false);
		if (l->watch_nsid == -1)
			name_index(l, ifa->ifa_index, out);
		return (true);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return (rtm->rtm_protocol == LNX_PROTO);
	default:
		return (false);
	}
}

int
lnx_watch_read(struct lnx *l, struct change *out)
{
	for (;;) {
		const struct nlmsghdr *nlh;
		int left;

		if (l->watch_left == 0 && receive(l) == -1) {
			if (errno != ENOBUFS)
				return (0);
			memset(out, 0, sizeof(*out));
			out->all = true;
			return (1);
		}
		nlh = (const struct nlmsghdr *)(const void *)l->watch_next;
		left = (int)l->watch_left;
		if (!nl_ok(nlh, left)) {
			l->watch_left = 0;
			continue;
		}
		l->watch_next = (char *)(void *)mnl_nlmsg_next(nlh, &left);
		l->watch_left = left > 0 ? (size_t)left : 0;
		if (nlh->nlmsg_pid == l->portid || !nl_whole(nlh) || !interesting(l, nlh, out))
			continue;
		/* Another namespace: which jail it is would cost a question for each jail. */
		if (l->watch_nsid != -1) {
			memset(out, 0, sizeof(*out));
			out->all = true;
		}
		return (1);
	}
}
