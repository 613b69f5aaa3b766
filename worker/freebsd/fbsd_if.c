/* fbsd_if: single requests about one interface, by name. */
#include "worker/freebsd/fbsd_sys.h"

#include <sys/sysctl.h>
#include <net/if_mib.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"

#define UNIT_MAX 0x7fff

static void
request(struct ifreq *ifr, const char *ifname)
{
	memset(ifr, 0, sizeof(*ifr));
	(void)str_copy(ifr->ifr_name, sizeof(ifr->ifr_name), ifname);
}

static int
result(int rc)
{
	return (rc == -1 ? errno : 0);
}

int
fbsd_if_set_group(int s, const char *ifname, const char *group, bool in)
{
	struct ifgroupreq r;
	int sys;

	memset(&r, 0, sizeof(r));
	(void)str_copy(r.ifgr_name, sizeof(r.ifgr_name), ifname);
	(void)str_copy(r.ifgr_group, sizeof(r.ifgr_group), group);
	sys = result(ioctl(s, in ? SIOCAIFGROUP : SIOCDIFGROUP, &r));
	return (sys == (in ? EEXIST : ENOENT) ? 0 : sys);
}

int
fbsd_if_group(int s, const char *ifname)
{
	return (fbsd_if_set_group(s, ifname, FBSD_GROUP, true));
}

int
fbsd_if_mark(int s, const char *ifname, const struct mark *m)
{
	char text[MARK_TEXT_SIZE];
	struct ifreq ifr;

	mark_format(m, text);
	request(&ifr, ifname);
	ifr.ifr_buffer.buffer = text;
	ifr.ifr_buffer.length = strlen(text) + 1;
	return (result(ioctl(s, SIOCSIFDESCR, &ifr)));
}

int
fbsd_if_mac(int s, const char *ifname, const struct mac *mac)
{
	struct ifreq ifr;

	request(&ifr, ifname);
	ifr.ifr_addr.sa_len = sizeof(mac->b);
	ifr.ifr_addr.sa_family = AF_LINK;
	memcpy(ifr.ifr_addr.sa_data, mac->b, sizeof(mac->b));
	return (result(ioctl(s, SIOCSIFLLADDR, &ifr)));
}

int
fbsd_if_mtu(int s, const char *ifname, uint32_t mtu)
{
	struct ifreq ifr;

	request(&ifr, ifname);
	ifr.ifr_mtu = (int)mtu;
	return (result(ioctl(s, SIOCSIFMTU, &ifr)));
}

int
fbsd_if_rename_to(int s, const char *ifname, const char *to)
{
	char name[IFNAME_SIZE];
	struct ifreq ifr;

	(void)str_copy(name, sizeof(name), to);
	request(&ifr, ifname);
	ifr.ifr_data = name;
	return (result(ioctl(s, SIOCSIFNAME, &ifr)));
}

static int
set_flag(int s, const char *ifname, int flag, bool on)
{
	struct ifreq ifr;
	int have, want;

	request(&ifr, ifname);
	if (ioctl(s, SIOCGIFFLAGS, &ifr) == -1)
		return (errno);
	have = (ifr.ifr_flags & 0xffff) | ifr.ifr_flagshigh << 16;
	want = on ? have | flag : have & ~flag;
	if (want == have)
		return (0);
	ifr.ifr_flags = (short)(want & 0xffff);
	ifr.ifr_flagshigh = (short)(want >> 16);
	return (result(ioctl(s, SIOCSIFFLAGS, &ifr)));
}

int
fbsd_if_up(int s, const char *ifname, bool up)
{
	return (set_flag(s, ifname, IFF_UP, up));
}

int
fbsd_if_arp(int s, const char *ifname, bool on)
{
	return (set_flag(s, ifname, IFF_NOARP, !on));
}

static int
clone_named(int s, const char *want, char made[IFNAME_SIZE])
{
	struct ifreq ifr;

	request(&ifr, want);
	if (ioctl(s, SIOCIFCREATE2, &ifr) == -1)
		return (errno);
	(void)str_copy(made, IFNAME_SIZE, ifr.ifr_name);
	return (0);
}

int
fbsd_if_clone(int s, const char *kind, char made[IFNAME_SIZE])
{
	char want[IFNAME_SIZE];
	int sys = clone_named(s, kind, made);

	/* a unit was asked for */
	if (kind[0] == '\0' || strchr("0123456789", kind[strlen(kind) - 1]) != NULL)
		return (sys);
	for (int unit = 0; sys == EEXIST && unit <= UNIT_MAX; unit++)
		sys = str_format(want, sizeof(want), "%s%d", kind, unit) == -1 ? ENAMETOOLONG : clone_named(s, want, made);
	return (sys);
}

int
fbsd_if_destroy(int s, const char *ifname)
{
	struct ifreq ifr;

	request(&ifr, ifname);
	return (result(ioctl(s, SIOCIFDESTROY, &ifr)));
}

int
fbsd_if_to_jail(int s, const char *ifname, int jid)
{
	struct ifreq ifr;

	request(&ifr, ifname);
	ifr.ifr_jid = jid;
	return (result(ioctl(s, SIOCSIFVNET, &ifr)));
}

int
fbsd_if_from_jail(int s, const char *ifname, int jid)
{
	struct ifreq ifr;

	request(&ifr, ifname);
	ifr.ifr_jid = jid;
	return (result(ioctl(s, SIOCSIFRVNET, &ifr)));
}

unsigned
fbsd_if_index(int s, const char *ifname)
{
	struct ifreq ifr;

	request(&ifr, ifname);
	return (ioctl(s, SIOCGIFINDEX, &ifr) == -1 ? 0 : (unsigned short)ifr.ifr_index);
}

int
fbsd_if_members(int s, const char *group, struct ifg_req **v, size_t *n)
{
	struct ifgroupreq r;
	void *more;

	*v = NULL;
	*n = 0;
	memset(&r, 0, sizeof(r));
	(void)str_copy(r.ifgr_name, sizeof(r.ifgr_name), group);
	if (ioctl(s, SIOCGIFGMEMB, &r) == -1)
		return (errno);
	/* one that joins meanwhile does not fit: the next look finds it */
	more = malloc(r.ifgr_len + 1);
	if (more == NULL)
		return (ENOMEM);
	memset(more, 0, r.ifgr_len);
	r.ifgr_groups = *v = more;
	if (ioctl(s, SIOCGIFGMEMB, &r) == -1)
		return (errno);
	*n = r.ifgr_len / sizeof(**v);
	return (0);
}

int
fbsd_if_unit(unsigned index, char unit[IFNAME_SIZE])
{
	int mib[] = { CTL_NET, PF_LINK, NETLINK_GENERIC, IFMIB_IFDATA, (int)index, IFDATA_DRIVERNAME };
	size_t size = IFNAME_SIZE;

	unit[0] = '\0';
	return (result(sysctl(mib, NELEMS(mib), unit, &size, NULL, 0)));
}

void
fbsd_if_groups(int s, const char *ifname, struct ifg_req *v)
{
	struct ifgroupreq r;

	memset(&r, 0, sizeof(r));
	memset(v, 0, FBSD_GROUPS_MAX * sizeof(*v));
	(void)str_copy(r.ifgr_name, sizeof(r.ifgr_name), ifname);
	r.ifgr_len = (u_int)(FBSD_GROUPS_MAX * sizeof(*v));
	r.ifgr_groups = v;
	if (ioctl(s, SIOCGIFGROUP, &r) == -1)
		memset(v, 0, FBSD_GROUPS_MAX * sizeof(*v));
}

bool
fbsd_if_in_groups(int s, const char *ifname, const char *group, const char *other, bool *second)
{
	struct ifg_req v[FBSD_GROUPS_MAX];
	bool first = false;

	*second = false;
	fbsd_if_groups(s, ifname, v);
	for (size_t i = 0; i < NELEMS(v); i++) {
		first = first || str_equal(v[i].ifgrq_group, group);
		*second = *second || str_equal(v[i].ifgrq_group, other);
	}
	return (first);
}
