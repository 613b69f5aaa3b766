/*
 * bare_loop: the least a C program can do to make N jails as jailnet has them: the yardstick of tests/bench.
 *
 * One process, one thread, libmnl, no checks, no plans, no database.  For each jail: a network namespace with lo up, mounted
 * twice, its two marker files; a veth pair with names, MACs, MTU, group, aliases, one half a port of a bridge, the other
 * in the jail, both up; an IPv4 and an IPv6 address; an IPv4 default route.  Then looks at all of it, then deletes it.
 *
 *	bare_loop N [PORTS]		a bridge for each PORTS jails (N); prints {"jails":N,"create_ms":..,"observe_ms":..,"delete_ms":..}
 *	bare_loop N PORTS nodelete	leaves the deleting to the end of its namespaces
 */
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GROUP 0x6a6e
#define PROTO 106
#define DIR_JAILS "/run/jailnet/jails"
#define DIR_NETNS "/run/netns"

static char req[4096], rx[65536];
static struct mnl_socket *host;
static int host_fd;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6);
}

static struct mnl_socket *
nl_open(void)
{
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int on = 1;

	if (s == NULL || mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) == -1)
		die("netlink");
	(void)mnl_socket_setsockopt(s, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return (s);
}

static struct nlmsghdr *
begin(uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(req);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = 1;
	return (nlh);
}

static void
talk(struct mnl_socket *s, struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e;

	nlh->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(s, nlh, nlh->nlmsg_len) == -1 || mnl_socket_recvfrom(s, rx, sizeof(rx)) == -1)
		die("netlink");
	e = mnl_nlmsg_get_payload((struct nlmsghdr *)(void *)rx);
	if (e->error != 0) {
		errno = -e->error;
		die("netlink request");
	}
}

static void
put_end(struct nlmsghdr *nlh, const char *name, int n, int side)
{
	unsigned char mac[6] = { 2, 0, 0, (unsigned char)(n >> 8), (unsigned char)n, (unsigned char)side };

	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	mnl_attr_put(nlh, IFLA_ADDRESS, 6, mac);
	mnl_attr_put_u32(nlh, IFLA_MTU, 1500);
	mnl_attr_put_u32(nlh, IFLA_GROUP, GROUP);
	mnl_attr_put_u32(nlh, IFLA_NUM_TX_QUEUES, 1);
	mnl_attr_put_u32(nlh, IFLA_NUM_RX_QUEUES, 1);
}

static int
make_bridge(int k)
{
	char name[16];
	struct nlmsghdr *nlh = begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	struct nlattr *info;

	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	snprintf(name, sizeof(name), "br%d", k);
	put_end(nlh, name, 0xffff, 0);	/* one queue is what a bridge has anyway */
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(nlh, info);
	talk(host, nlh);
	return ((int)if_nametoindex(name));
}

static void
alias(struct mnl_socket *s, const char *ifname, const char *text, bool up)
{
	struct nlmsghdr *nlh = begin(RTM_SETLINK, 0);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	if (up)
		ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, ifname);
	mnl_attr_put_strz(nlh, IFLA_IFALIAS, text);
	talk(s, nlh);
}

static void
make_veth(int n, int bridge, int ns_fd)
{
	struct nlmsghdr *nlh = begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	struct nlattr *info, *data, *peer;
	char name[16];

	ifi->ifi_flags = ifi->ifi_change = IFF_UP;
	snprintf(name, sizeof(name), "e%da", n);
	put_end(nlh, name, n, 1);
	mnl_attr_put_u32(nlh, IFLA_MASTER, (uint32_t)bridge);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(nlh, VETH_INFO_PEER);
	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	snprintf(name, sizeof(name), "e%db", n);
	put_end(nlh, name, n, 2);
	mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, (uint32_t)ns_fd);
	mnl_attr_nest_end(nlh, peer);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	talk(host, nlh);
}

static void
add_addr(struct mnl_socket *s, uint8_t family, uint32_t ifindex, const void *addr, size_t len, uint8_t prefix)
{
	struct nlmsghdr *nlh = begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));

	ifa->ifa_family = family;
	ifa->ifa_prefixlen = prefix;
	ifa->ifa_index = ifindex;
	mnl_attr_put(nlh, IFA_LOCAL, len, addr);
	mnl_attr_put(nlh, IFA_ADDRESS, len, addr);
	if (family == AF_INET6)
		mnl_attr_put_u32(nlh, IFA_FLAGS, IFA_F_NODAD);
	talk(s, nlh);
}

static void
add_default(struct mnl_socket *s, uint32_t gateway)
{
	struct nlmsghdr *nlh = begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));

	rtm->rtm_family = AF_INET;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = PROTO;
	rtm->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(nlh, RTA_GATEWAY, gateway);
	talk(s, nlh);
}

static void
write_file(const char *path, const char *text)
{
	char tmp[256];
	int fd;

	snprintf(tmp, sizeof(tmp), "%s.new", path);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1 || write(fd, text, strlen(text)) == -1 || close(fd) == -1 || rename(tmp, path) == -1)
		die(path);
}

static void
bind_on(const char *what, const char *path)
{
	int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0444);

	if (fd == -1 || close(fd) == -1 || mount(what, path, "none", MS_BIND, NULL) == -1)
		die(path);
}

static void
lo_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd == -1 || ioctl(fd, SIOCSIFFLAGS, &ifr) == -1)
		die("lo");
	close(fd);
}

static void
make_jail(int n, int bridge)
{
	char dir[64], path[128], net[128], name[16], text[64];
	uint32_t ip4 = htonl(0x0a000000u + (uint32_t)n + 2), gw = htonl(0x0a000001u);
	uint8_t ip6[16] = { 0x20, 0x01, 0x0d, 0xb8, [14] = (uint8_t)((n + 2) >> 8), [15] = (uint8_t)(n + 2) };
	struct mnl_socket *s;
	int fd;

	snprintf(dir, sizeof(dir), DIR_JAILS "/j%d", n);
	if (mkdir(dir, 0700) == -1)
		die(dir);
	snprintf(path, sizeof(path), "%s/boot", dir);
	write_file(path, "0");
	if (unshare(CLONE_NEWNET) == -1)
		die("unshare");
	lo_up();
	snprintf(net, sizeof(net), "%s/net", dir);
	bind_on("/proc/thread-self/ns/net", net);
	s = nl_open();
	setns(host_fd, CLONE_NEWNET);
	snprintf(path, sizeof(path), DIR_NETNS "/j%d", n);
	bind_on(net, path);
	snprintf(path, sizeof(path), "%s/phase", dir);
	write_file(path, "created");
	fd = open(net, O_RDONLY | O_CLOEXEC);
	make_veth(n, bridge, fd);
	close(fd);
	snprintf(name, sizeof(name), "e%da", n);
	snprintf(text, sizeof(text), "jailnet:epair/e%d:a", n);
	alias(host, name, text, false);
	snprintf(name, sizeof(name), "e%db", n);
	text[strlen(text) - 1] = 'b';
	alias(s, name, text, true);
	/* lo is 1; the veth got the next free number, which its namespace tells best by being the only other */
	struct nlmsghdr *nlh = begin(RTM_GETLINK, 0);
	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	if (mnl_socket_sendto(s, nlh, nlh->nlmsg_len) == -1 || mnl_socket_recvfrom(s, rx, sizeof(rx)) == -1)
		die("getlink");
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload((struct nlmsghdr *)(void *)rx);
	uint32_t ifindex = (uint32_t)ifi->ifi_index;

	add_addr(s, AF_INET, ifindex, &ip4, 4, 8);
	add_addr(s, AF_INET6, ifindex, ip6, 16, 64);
	add_default(s, gw);
	mnl_socket_close(s);
}

/* Reads a dump to its end; nothing is kept. */
static void
dump(struct mnl_socket *s, struct nlmsghdr *nlh)
{
	nlh->nlmsg_flags |= NLM_F_DUMP;
	if (mnl_socket_sendto(s, nlh, nlh->nlmsg_len) == -1)
		die("dump");
	for (;;) {
		const struct nlmsghdr *a = (const struct nlmsghdr *)(const void *)rx;
		ssize_t n = mnl_socket_recvfrom(s, rx, sizeof(rx));
		int left;

		if (n == -1)
			die("dump");
		for (left = (int)n; mnl_nlmsg_ok(a, left); a = mnl_nlmsg_next(a, &left))
			if (a->nlmsg_type == NLMSG_DONE || a->nlmsg_type == NLMSG_ERROR)
				return;
	}
}

static void
look(struct mnl_socket *s)
{
	struct nlmsghdr *nlh = begin(RTM_GETLINK, 0);

	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	dump(s, nlh);
	nlh = begin(RTM_GETADDR, 0);
	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifaddrmsg));
	dump(s, nlh);
	for (int i = 0; i < 2; i++) {
		nlh = begin(RTM_GETROUTE, 0);
		struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));

		rtm->rtm_family = i == 0 ? AF_INET : AF_INET6;
		rtm->rtm_protocol = PROTO;
		mnl_attr_put_u32(nlh, RTA_TABLE, RT_TABLE_MAIN);
		dump(s, nlh);
	}
}

static void
look_all(int jails)
{
	char path[64];

	look(host);
	for (int n = 0; n < jails; n++) {
		struct mnl_socket *s;
		int fd;

		snprintf(path, sizeof(path), DIR_NETNS "/j%d", n);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd == -1 || setns(fd, CLONE_NEWNET) == -1)
			die(path);
		close(fd);
		s = nl_open();
		setns(host_fd, CLONE_NEWNET);
		look(s);
		mnl_socket_close(s);
	}
}

static void
delete_link(const char *name)
{
	struct nlmsghdr *nlh = begin(RTM_DELLINK, 0);

	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	talk(host, nlh);
}

static void
delete_all(int jails, int per_bridge)
{
	char path[128];

	for (int n = 0; n < jails; n++) {
		snprintf(path, sizeof(path), "e%da", n);
		delete_link(path);
	}
	for (int n = 0; n < jails; n++) {
		static const char *const files[] = { "phase", "net", "boot" };

		snprintf(path, sizeof(path), DIR_NETNS "/j%d", n);
		umount2(path, MNT_DETACH);
		unlink(path);
		snprintf(path, sizeof(path), DIR_JAILS "/j%d/net", n);
		umount2(path, MNT_DETACH);
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
			snprintf(path, sizeof(path), DIR_JAILS "/j%d/%s", n, files[i]);
			unlink(path);
		}
		snprintf(path, sizeof(path), DIR_JAILS "/j%d", n);
		if (rmdir(path) == -1)
			die(path);
	}
	for (int k = 0; k * per_bridge < jails; k++) {
		snprintf(path, sizeof(path), "br%d", k);
		delete_link(path);
	}
}

int
main(int argc, char **argv)
{
	int jails = argc > 1 ? atoi(argv[1]) : 500, per_bridge = argc > 2 ? atoi(argv[2]) : jails, bridge = 0;
	double t0, t1, t2, t3;

	if (unshare(CLONE_NEWNET | CLONE_NEWNS) == -1 || mount("", "/", "none", MS_PRIVATE | MS_REC, NULL) == -1 ||
	    mount("tmpfs", "/run", "tmpfs", 0, NULL) == -1 || mkdir("/run/jailnet", 0755) == -1 || mkdir(DIR_JAILS, 0700) == -1 ||
	    mkdir(DIR_NETNS, 0755) == -1 || mount(DIR_NETNS, DIR_NETNS, "none", MS_BIND, NULL) == -1 ||
	    mount("", DIR_NETNS, "none", MS_SHARED, NULL) == -1)
		die("namespaces of our own");
	host_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	host = nl_open();
	t0 = now_ms();
	for (int n = 0; n < jails; n++) {
		if (n % per_bridge == 0)
			bridge = make_bridge(n / per_bridge);
		make_jail(n, bridge);
	}
	t1 = now_ms();
	look_all(jails);
	t2 = now_ms();
	if (argc < 4)
		delete_all(jails, per_bridge);
	t3 = now_ms();
	printf("{\"jails\":%d,\"create_ms\":%.1f,\"observe_ms\":%.1f,\"delete_ms\":%.1f}\n", jails, t1 - t0, t2 - t1, t3 - t2);
	return (0);
}
