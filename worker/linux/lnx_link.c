/* lnx_link: any interface: reading one, may we touch it, set, rename, move. */
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_bridge.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/linux/lnx.h"

static const struct {
	const char *kind;
	enum link_type type;
} types[] = {
	{ "veth", LINK_EPAIR },
	{ "bridge", LINK_BRIDGE },
	{ "vlan", LINK_VLAN },
};

static enum link_type
type_of(const char *kind, unsigned short arphrd)
{
	if (arphrd == ARPHRD_LOOPBACK)
		return (LINK_LOOPBACK);
	if (kind[0] == '\0')
		return (arphrd == ARPHRD_ETHER ? LINK_PHYSICAL : LINK_OTHER);
	for (size_t i = 0; i < NELEMS(types); i++)
		if (str_equal(types[i].kind, kind))
			return (types[i].type);
	return (LINK_OTHER);
}

static bool
flag(const struct nlattr *a)
{
	return (a != NULL && nl_u8(a) != 0);
}

static void
parse_info(const struct nlattr *info, struct lnx_link *out)
{
	const struct nlattr *tb[IFLA_INFO_MAX + 1], *data[IFLA_BR_MAX + 1], *port[IFLA_BRPORT_MAX + 1];

	nl_nested(info, tb, IFLA_INFO_MAX);
	if (tb[IFLA_INFO_KIND] != NULL)
		(void)str_copy(out->kind, sizeof(out->kind), nl_str(tb[IFLA_INFO_KIND]));
	if (tb[IFLA_INFO_DATA] != NULL && str_equal(out->kind, "bridge")) {
		nl_nested(tb[IFLA_INFO_DATA], data, IFLA_BR_MAX);
		out->o.stp = data[IFLA_BR_STP_STATE] != NULL && nl_u32(data[IFLA_BR_STP_STATE]) != 0;
		out->o.vlan_filter = flag(data[IFLA_BR_VLAN_FILTERING]);
	}
	if (tb[IFLA_INFO_SLAVE_DATA] != NULL && tb[IFLA_INFO_SLAVE_KIND] != NULL &&
	    str_equal(nl_str(tb[IFLA_INFO_SLAVE_KIND]), "bridge")) {
		nl_nested(tb[IFLA_INFO_SLAVE_DATA], port, IFLA_BRPORT_MAX);
		out->o.priv = flag(port[IFLA_BRPORT_ISOLATED]);
	}
}

void
lnx_link_parse(const struct nlmsghdr *nlh, struct lnx_link *out)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[IFLA_MAX + 1];
	struct obs_link *o = &out->o;

	memset(out, 0, sizeof(*out));
	nl_attrs(nlh, sizeof(*ifi), tb, IFLA_MAX);
	o->ifindex = (uint32_t)ifi->ifi_index;
	o->up = (ifi->ifi_flags & IFF_UP) != 0;
	o->running = (ifi->ifi_flags & IFF_LOWER_UP) != 0;
	out->traits = ifi->ifi_flags & LNX_TRAIT_FLAGS;
	if (tb[IFLA_IFNAME] != NULL)
		(void)str_copy(o->ifname, sizeof(o->ifname), nl_str(tb[IFLA_IFNAME]));
	if (tb[IFLA_ADDRESS] != NULL && mnl_attr_get_payload_len(tb[IFLA_ADDRESS]) == sizeof(o->mac.b))
		memcpy(o->mac.b, mnl_attr_get_payload(tb[IFLA_ADDRESS]), sizeof(o->mac.b));
	if (tb[IFLA_MTU] != NULL)
		o->mtu = nl_u32(tb[IFLA_MTU]);
	if (tb[IFLA_MASTER] != NULL)
		out->master = nl_u32(tb[IFLA_MASTER]);
	if (tb[IFLA_GROUP] != NULL)
		out->group = nl_u32(tb[IFLA_GROUP]);
	out->own_ns_peer = tb[IFLA_LINK_NETNSID] != NULL;
	if (tb[IFLA_IFALIAS] != NULL)
		mark_parse(nl_str(tb[IFLA_IFALIAS]), &o->mark);
	/* Either half of the mark is enough: who removed one shall not make the link a foreigner that is never cleaned up. */
	o->mark.ours = o->mark.ours || out->group == LNX_GROUP || out->group == LNX_GROUP_DYING;
	if (tb[IFLA_LINKINFO] != NULL)
		parse_info(tb[IFLA_LINKINFO], out);
	o->type = type_of(out->kind, ifi->ifi_type);
	if (o->type == LINK_EPAIR && tb[IFLA_LINK] != NULL) {
		o->peer = nl_u32(tb[IFLA_LINK]);
		o->peer_away = out->own_ns_peer;
	}
}

static int
keep_link(void *arg, const struct nlmsghdr *nlh)
{
	lnx_link_parse(nlh, arg);
	return (0);
}

static int
get(struct nl *nl, uint32_t ifindex, const char *ifname, struct lnx_link *out)
{
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;
	int sys;

	ifi = nl_begin_link(req, RTM_GETLINK, 0, &nlh);
	ifi->ifi_index = (int)ifindex;
	if (ifname != NULL)
		mnl_attr_put_strz(nlh, IFLA_IFNAME, ifname);
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	memset(out, 0, sizeof(*out));
	sys = nl_query(nl, nlh, keep_link, out);
	return (sys == 0 && out->o.ifindex == 0 ? ENODEV : sys);
}

int
lnx_link_get(struct nl *nl, const char *ifname, struct lnx_link *out)
{
	return (get(nl, 0, ifname, out));
}

int
lnx_link_get_index(struct nl *nl, uint32_t ifindex, struct lnx_link *out)
{
	return (get(nl, ifindex, NULL, out));
}

/* " in jail web" or "" for messages. */
static const char *
where(const char *jail, char buf[NAME_SIZE + 16])
{
	buf[0] = '\0';
	if (jail[0] != '\0')
		snprintf(buf, NAME_SIZE + 16, " in jail %s", jail);
	return (buf);
}

int
lnx_link_mine(struct lnx *l, struct nl *nl, const char *jail, const char *ifname, bool foreign, struct lnx_link *out,
    struct err *err)
{
	char in[NAME_SIZE + 16];
	int sys;

	sys = lnx_link_get(nl, ifname, out);
	if (sys == ENODEV)
		return (err_set(err, ERR_NOT_FOUND, "there is no interface %s%s", ifname, where(jail, in)));
	if (sys != 0)
		return (nl_fail(nl, err, sys, "%s%s", ifname, where(jail, in)));
	if (out->o.mark.ours || (foreign && l->foreign_ok != NULL && l->foreign_ok(l->arg, ifname)))
		return (0);
	return (err_set(err, ERR_DENIED, "interface %s%s was not made by jailnet and the policy does not allow to touch it",
	    ifname, where(jail, in)));
}

void
lnx_link_put_mark(struct nlmsghdr *nlh, const struct mark *m)
{
	char text[MARK_TEXT_SIZE];

	mark_format(m, text);
	mnl_attr_put_u32(nlh, IFLA_GROUP, LNX_GROUP);
	mnl_attr_put_strz(nlh, IFLA_IFALIAS, text);
}

static struct ifinfomsg *
begin_set(char req[NL_REQ_SIZE], uint32_t ifindex, struct nlmsghdr **nlh)
{
	struct ifinfomsg *ifi;

	ifi = nl_begin_link(req, RTM_SETLINK, 0, nlh);
	ifi->ifi_index = (int)ifindex;
	return (ifi);
}

static int
set_up(struct nl *nl, uint32_t ifindex, bool up)
{
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;

	ifi = begin_set(req, ifindex, &nlh);
	ifi->ifi_change = IFF_UP;
	ifi->ifi_flags = up ? IFF_UP : 0;
	return (nl_talk(nl, nlh));
}

/* Some drivers and older kernels change a name or a MAC only while the interface is down. */
static int
talk_maybe_down(struct nl *nl, struct nlmsghdr *nlh, const struct lnx_link *link)
{
	char ext[sizeof(nl->ext)];
	int sys;

	sys = nl_talk(nl, nlh);
	if (sys != EBUSY || !link->o.up || set_up(nl, link->o.ifindex, false) != 0)
		return (sys);
	sys = nl_talk(nl, nlh);
	memcpy(ext, nl->ext, sizeof(ext));
	if (set_up(nl, link->o.ifindex, true) == 0)
		memcpy(nl->ext, ext, sizeof(ext));
	return (sys);
}

static bool
mark_equal(const struct mark *a, const struct mark *b)
{
	return (a->ours == b->ours && a->has_object == b->has_object && a->kind == b->kind && a->side == b->side &&
	    str_equal(a->name, b->name));
}

/* Somebody else's link becomes ours: nothing but the mark is written, no packet notices. */
static int
may_adopt(const struct lnx *l, const struct cmd_ifset *s, const struct lnx_link *link, struct err *err)
{
	enum link_type type = s->mark.kind == KIND_BRIDGE ? LINK_BRIDGE : LINK_EPAIR;

	if (link->o.mark.ours)
		return (0);
	if (s->fields != IFSET_MARK || link->o.type != type)
		return (err_set(err, ERR_DENIED, "%s was not made by jailnet and is no %s to be taken over", s->ifname, kind_name(s->mark.kind)));
	if (!lnx_adopt_ok(l, s->ifname))
		return (err_set(err, ERR_DENIED, "interface %s was not made by jailnet, and adopt of jailnetd.conf does not name it", s->ifname));
	return (0);
}

int
lnx_if_set(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_ifset *s = &c->u.ifset;
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;
	struct lnx_link link;
	struct nl *nl;
	bool change = false;
	int sys;

	nl = lnx_ns_nl(l, s->jail, err);
	if (nl == NULL)
		return (-1);
	if ((s->fields & IFSET_MARK) != 0 && lnx_link_get(nl, s->ifname, &link) == 0) {
		if (may_adopt(l, s, &link, err) == -1)
			return (-1);
	} else if (lnx_link_mine(l, nl, s->jail, s->ifname, (s->fields & IFSET_MARK) == 0, &link, err) == -1)
		return (-1);
	ifi = begin_set(req, link.o.ifindex, &nlh);
	if ((s->fields & IFSET_MTU) && link.o.mtu != s->mtu) {
		mnl_attr_put_u32(nlh, IFLA_MTU, s->mtu);
		change = true;
	}
	if ((s->fields & IFSET_MAC) && !mac_equal(&link.o.mac, &s->mac)) {
		mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(s->mac.b), s->mac.b);
		change = true;
	}
	if ((s->fields & IFSET_UP) && link.o.up != s->up) {
		ifi->ifi_change = IFF_UP;
		ifi->ifi_flags = s->up ? IFF_UP : 0;
		change = true;
	}
	if ((s->fields & IFSET_TRAITS) && (s->traits.fields & TRAIT_FLAGS) && link.traits != (s->traits.flags & LNX_TRAIT_FLAGS)) {
		ifi->ifi_change |= LNX_TRAIT_FLAGS;
		ifi->ifi_flags |= s->traits.flags & LNX_TRAIT_FLAGS;
		change = true;
	}
	if ((s->fields & IFSET_MARK) && (link.group != LNX_GROUP || !mark_equal(&link.o.mark, &s->mark))) {
		lnx_link_put_mark(nlh, &s->mark);
		change = true;
	}
	out->result = change ? REPLY_DONE : REPLY_UNCHANGED;
	if (!change)
		return (0);
	if ((s->fields & (IFSET_MAC | IFSET_UP)) && (s->up || link.o.up))
		lnx_announce_changes(l, s->jail, &link);
	sys = s->fields == IFSET_MARK ? nl_talk(nl, nlh) : talk_maybe_down(nl, nlh, &link);
	return (sys == 0 ? 0 : nl_fail(nl, err, sys, "changing %s", s->ifname));
}

int
lnx_if_rename(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_rename *r = &c->u.rename;
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	struct lnx_link link;
	struct nl *nl;
	int sys;

	nl = lnx_ns_nl(l, r->jail, err);
	if (nl == NULL)
		return (-1);
	if (lnx_link_get(nl, r->ifname, &link) == ENODEV && lnx_link_get(nl, r->to, &link) == 0 && link.o.mark.ours) {
		out->result = REPLY_UNCHANGED;
		return (0);
	}
	if (lnx_link_mine(l, nl, r->jail, r->ifname, false, &link, err) == -1)
		return (-1);
	begin_set(req, link.o.ifindex, &nlh);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, r->to);
	sys = talk_maybe_down(nl, nlh, &link);
	if (sys != 0)
		return (nl_fail(nl, err, sys, "renaming %s to %s", r->ifname, r->to));
	out->result = REPLY_DONE;
	return (0);
}

/* Not where it should come from: fine when it is already where it should go. */
static int
move_absent(struct lnx *l, const struct cmd_move *m, struct reply *out, struct err *err)
{
	struct lnx_link link;
	struct nl *nl;

	nl = lnx_ns_nl(l, m->to, err);
	if (nl == NULL || lnx_link_mine(l, nl, m->to, m->ifname, true, &link, err) == -1)
		return (-1);
	out->result = REPLY_UNCHANGED;
	return (0);
}

int
lnx_if_move(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_move *m = &c->u.move;
	char req[NL_REQ_SIZE], place[NAME_SIZE + 16];
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;
	struct lnx_link link;
	struct nl *nl;
	int fd, sys;

	nl = lnx_ns_nl(l, m->from, err);
	if (nl == NULL)
		return (-1);
	if (lnx_link_get(nl, m->ifname, &link) == ENODEV)
		return (move_absent(l, m, out, err));
	if (lnx_link_mine(l, nl, m->from, m->ifname, true, &link, err) == -1)
		return (-1);
	fd = lnx_ns_open(l, m->to, err);
	if (fd == -1)
		return (-1);
	ifi = begin_set(req, link.o.ifindex, &nlh);
	mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, (uint32_t)fd);
	/* The kernel closes an interface that moves; in the same message it comes up again on the other side. */
	if (link.o.up) {
		ifi->ifi_change = IFF_UP;
		ifi->ifi_flags = IFF_UP;
	}
	/* Our group and alias survive the move (seen on 6.18), but older kernels reset the group. */
	if (link.o.mark.ours)
		mnl_attr_put_u32(nlh, IFLA_GROUP, LNX_GROUP);
	sys = nl_talk(nl, nlh);
	close(fd);
	where(m->to, place);
	if (sys == EEXIST)
		return (nl_fail(nl, err, sys, "moving %s: the name is taken%s", m->ifname, place[0] != '\0' ? place : " on the host"));
	if (sys != 0)
		return (nl_fail(nl, err, sys, "moving %s%s", m->ifname, place[0] != '\0' ? place : " to the host"));
	out->result = REPLY_DONE;
	return (0);
}
