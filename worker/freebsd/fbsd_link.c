/* fbsd_link: any interface: reading one, may we touch it, set and rename. */
#include "worker/freebsd/fbsd_sys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"
#include "worker/freebsd/fbsd_iflist.h"

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
	memset(&ifr, 0, sizeof(ifr));
	(void)str_copy(ifr.ifr_name, sizeof(ifr.ifr_name), m->name);
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
	return (!o->mark.ours && (o->type == LINK_EPAIR || (o->type == LINK_BRIDGE && in->jid == 0)) && in->f->adopt_ok != NULL &&
	    in->f->adopt_ok(in->f->arg, o->ifname));
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

	if (c->fields == IFSET_MARK && fbsd_link_get(in, c->ifname, &link) == 0 && fbsd_adoptable(in, &link.o) &&
	    link.o.type == (c->mark.kind == KIND_BRIDGE ? LINK_BRIDGE : LINK_EPAIR)) {
		/* somebody else's becomes ours: nothing but the mark is written */
		set->changed = true;
		sys = in->jid == 0 ? fbsd_if_group(in->s, c->ifname) : 0;
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
