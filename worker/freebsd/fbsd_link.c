/* fbsd_link: any interface: reading one, may we touch it, single requests, set and rename. */
#include "worker/freebsd/fbsd_sys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"
#include "worker/freebsd/fbsd_iflist.h"

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

int
fbsd_if_up(int s, const char *ifname, bool up)
{
	struct ifreq ifr;
	int flags;

	request(&ifr, ifname);
	if (ioctl(s, SIOCGIFFLAGS, &ifr) == -1)
		return (errno);
	flags = (ifr.ifr_flags & 0xffff) | ifr.ifr_flagshigh << 16;
	flags = up ? flags | IFF_UP : flags & ~IFF_UP;
	ifr.ifr_flags = (short)(flags & 0xffff);
	ifr.ifr_flagshigh = (short)(flags >> 16);
	return (result(ioctl(s, SIOCSIFFLAGS, &ifr)));
}

int
fbsd_if_raise(int s, const char *ifname)
{
	struct ifreq ifr;

	request(&ifr, ifname);
	ifr.ifr_flags = IFF_UP;
	return (result(ioctl(s, SIOCSIFFLAGS, &ifr)));
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

/* Software that looks like a network card; its name begins with that of its group unless somebody renamed it. */
static bool
is_cloner(const char *group, const char *ifname)
{
	static const char *const cloners[] = { "tap", "vmnet", "lagg", "vxlan", "wlan", "ngeth", "ovpn" };

	for (size_t i = 0; i < NELEMS(cloners); i++)
		if (str_equal(group, cloners[i]))
			return (true);
	return (strncmp(ifname, group, strlen(group)) == 0);
}

/* Groups: ours, and which cloner made it. */
static void
look_groups(int s, struct fbsd_link *out)
{
	struct ifg_req v[FBSD_GROUPS_MAX];

	fbsd_if_groups(s, out->o.ifname, v);
	for (size_t i = 0; i < NELEMS(v) && v[i].ifgrq_group[0] != '\0'; i++) {
		if (str_equal(v[i].ifgrq_group, FBSD_GROUP))
			out->group = true;
		else if (str_equal(v[i].ifgrq_group, "epair"))
			out->o.type = LINK_EPAIR;
		else if (out->o.type == LINK_PHYSICAL && is_cloner(v[i].ifgrq_group, out->o.ifname))
			out->o.type = LINK_OTHER;
	}
}

void
fbsd_link_fill(int s, const struct fbsd_ifmsg *m, struct fbsd_link *out)
{
	char text[MARK_TEXT_SIZE];
	struct ifreq ifr;

	memset(out, 0, sizeof(*out));
	out->flags = m->flags;
	out->o.ifindex = m->index;
	memcpy(out->o.ifname, m->name, sizeof(out->o.ifname));
	out->o.mac = m->mac;
	out->o.mtu = m->mtu;
	out->o.up = (m->flags & IFF_UP) != 0;
	out->o.running = m->carrier;
	out->o.type = m->type == IFT_LOOP ? LINK_LOOPBACK : m->type == IFT_BRIDGE ? LINK_BRIDGE :
	    m->type == IFT_L2VLAN ? LINK_VLAN : m->type == IFT_ETHER ? LINK_PHYSICAL : LINK_OTHER;
	if (out->o.type == LINK_LOOPBACK)
		return;
	request(&ifr, m->name);
	ifr.ifr_buffer.buffer = text;
	ifr.ifr_buffer.length = sizeof(text);
	/* a longer description comes back as no buffer: it is not ours */
	if (ioctl(s, SIOCGIFDESCR, &ifr) == 0 && ifr.ifr_buffer.buffer != NULL)
		mark_parse(text, &out->o.mark);
	look_groups(s, out);
	/* Either half of the mark is enough: who removed one shall not make the interface a foreigner that is never cleaned up. */
	out->o.mark.ours = out->o.mark.ours || out->group;
}

bool
fbsd_adoptable(const struct fbsd_in *in, const struct obs_link *o)
{
	/* which halves belong together the kernel does not tell: epairs stay with who made them */
	return (!o->mark.ours && in->jid == 0 && o->type == LINK_BRIDGE && in->f->adopt_ok != NULL && in->f->adopt_ok(in->f->arg, o->ifname));
}

int
fbsd_link_get(const struct fbsd_in *in, const char *ifname, struct fbsd_link *out)
{
	unsigned index = fbsd_if_index(in->s, ifname);
	struct fbsd_iflist l;
	struct fbsd_ifmsg m;
	int sys;

	if (index == 0)
		return (errno);
	sys = fbsd_iflist_read(&l, index);
	if (sys == 0) {
		sys = ENXIO;
		while (sys != 0 && fbsd_iflist_next(&l, &m))
			if (!m.is_addr && str_equal(m.name, ifname)) {
				fbsd_link_fill(in->s, &m, out);
				sys = 0;
			}
	}
	fbsd_iflist_fini(&l);
	return (sys);
}

const char *
fbsd_where(const char *jail, char buf[FBSD_WHERE])
{
	buf[0] = '\0';
	if (jail[0] != '\0')
		snprintf(buf, FBSD_WHERE, " in jail %s", jail);
	return (buf);
}

int
fbsd_link_mine(const struct fbsd_in *in, const char *ifname, bool foreign, struct fbsd_link *out, struct err *err)
{
	char where[FBSD_WHERE];
	int sys;

	sys = fbsd_link_get(in, ifname, out);
	if (sys == ENXIO)
		return (err_set(err, ERR_NOT_FOUND, "there is no interface %s%s", ifname, fbsd_where(in->jail, where)));
	if (sys != 0)
		return (err_num(err, sys, "%s%s", ifname, fbsd_where(in->jail, where)));
	if (out->o.mark.ours || (foreign && in->f->foreign_ok != NULL && in->f->foreign_ok(in->f->arg, ifname)))
		return (0);
	return (err_set(err, ERR_DENIED, "interface %s%s was not made by jailnet and the policy does not allow to touch it",
	    ifname, fbsd_where(in->jail, where)));
}

struct set {
	const struct cmd_ifset *c;
	bool changed;
};

static bool
mark_equal(const struct mark *a, const struct mark *b)
{
	return (a->ours == b->ours && a->has_object == b->has_object && a->kind == b->kind && a->side == b->side &&
	    str_equal(a->name, b->name));
}

/* Down comes first and up last, so that nothing is changed on an interface in use longer than needed. */
static int
set_inside(struct fbsd_in *in, void *arg, struct err *err)
{
	struct set *set = arg;
	const struct cmd_ifset *c = set->c;
	struct fbsd_link link;
	bool up, group;
	int sys = 0;

	if (c->fields == IFSET_MARK && c->mark.kind == KIND_BRIDGE && fbsd_link_get(in, c->ifname, &link) == 0 &&
	    fbsd_adoptable(in, &link.o)) {
		/* somebody else's becomes ours: nothing but the mark is written */
		set->changed = true;
		sys = fbsd_if_group(in->s, c->ifname);
		if (sys == 0)
			sys = fbsd_if_mark(in->s, c->ifname, &c->mark);
		return (sys == 0 ? 0 : fbsd_num(err, sys, "changing %s", c->ifname));
	}
	if (fbsd_link_mine(in, c->ifname, (c->fields & IFSET_MARK) == 0, &link, err) == -1)
		return (-1);
	up = (c->fields & IFSET_UP) && link.o.up != c->up;
	/* a move dropped the group; inside jails the description alone counts */
	group = link.o.mark.ours && in->jid == 0 && !link.group;
	if (up && !c->up)
		sys = fbsd_if_up(in->s, c->ifname, false);
	if (sys == 0 && (c->fields & IFSET_MAC) && !mac_equal(&link.o.mac, &c->mac)) {
		sys = fbsd_if_mac(in->s, c->ifname, &c->mac);
		set->changed = true;
	}
	if (sys == 0 && (c->fields & IFSET_MTU) && link.o.mtu != c->mtu) {
		sys = fbsd_if_mtu(in->s, c->ifname, c->mtu);
		set->changed = true;
	}
	if (sys == 0 && (c->fields & IFSET_MARK) && !mark_equal(&link.o.mark, &c->mark)) {
		sys = fbsd_if_mark(in->s, c->ifname, &c->mark);
		set->changed = true;
	}
	if (sys == 0 && group)
		sys = fbsd_if_group(in->s, c->ifname);
	if (sys == 0 && (c->fields & IFSET_TRAITS) && fbsd_traits_set(in, c->ifname, &c->traits, &set->changed, err) == -1)
		return (-1);
	if (sys == 0 && up && c->up)
		sys = fbsd_if_up(in->s, c->ifname, true);
	set->changed = set->changed || up;
	return (sys == 0 ? 0 : fbsd_num(err, sys, "changing %s", c->ifname));
}

int
fbsd_if_set(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	struct set set = { .c = &c->u.ifset };

	if (fbsd_inside_name(f, c->u.ifset.jail, set_inside, &set, sizeof(set), err) == -1)
		return (-1);
	out->result = set.changed ? REPLY_DONE : REPLY_UNCHANGED;
	return (0);
}

struct rename {
	const struct cmd_rename *c;
	bool changed;
};

static int
rename_inside(struct fbsd_in *in, void *arg, struct err *err)
{
	struct rename *r = arg;
	struct fbsd_link link;
	int sys;

	if (fbsd_link_get(in, r->c->ifname, &link) == ENXIO && fbsd_link_get(in, r->c->to, &link) == 0 && link.o.mark.ours)
		return (0);
	if (fbsd_link_mine(in, r->c->ifname, false, &link, err) == -1)
		return (-1);
	r->changed = true;
	sys = fbsd_if_rename_to(in->s, r->c->ifname, r->c->to);
	return (sys == 0 ? 0 : fbsd_num(err, sys, "renaming %s to %s", r->c->ifname, r->c->to));
}

int
fbsd_if_rename(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	struct rename r = { .c = &c->u.rename };

	if (fbsd_inside_name(f, c->u.rename.jail, rename_inside, &r, sizeof(r), err) == -1)
		return (-1);
	out->result = r.changed ? REPLY_DONE : REPLY_UNCHANGED;
	return (0);
}
