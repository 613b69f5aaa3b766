/* lnx_bridge: bridges and their ports. */
#include <linux/if.h>
#include <linux/if_bridge.h>

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "core/str.h"
#include "core/valid.h"
#include "worker/linux/lnx.h"

#define VLAN_OWN 1	/* the VLAN of a filtering bridge's own addresses */

static int
unsupported(const struct lnx *l, const struct cmd_bridge *b, struct err *err)
{
	if (b->backend == BACKEND_NETGRAPH)
		return (err_set(err, ERR_UNSUPPORTED, "bridge %s: there is no netgraph on Linux", b->name));
	if (b->vlan_filter && (l->features & FEATURE_VLAN_FILTER) == 0)
		return (err_set(err, ERR_UNSUPPORTED, "bridge %s: this kernel's bridges cannot filter VLANs", b->name));
	return (0);
}

static struct mark
bridge_mark(const char *name)
{
	struct mark m = { .ours = true, .has_object = true, .kind = KIND_BRIDGE };

	(void)str_copy(m.name, sizeof(m.name), name);
	return (m);
}

static int
delete_link(struct nl *nl, uint32_t ifindex)
{
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;

	nl_begin_link(req, RTM_DELLINK, 0, &nlh)->ifi_index = (int)ifindex;
	return (nl_talk(nl, nlh));
}

/* The VLANs of a port (or of the bridge itself) as one AF_BRIDGE message: add with SETLINK, remove with DELLINK. */
static void
put_vlan(struct nlmsghdr *nlh, uint16_t vid, uint16_t flags)
{
	struct bridge_vlan_info v = { .flags = flags, .vid = vid };

	mnl_attr_put(nlh, IFLA_BRIDGE_VLAN_INFO, sizeof(v), &v);
}

static int
own_vlan(struct nl *nl, uint32_t ifindex)
{
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;
	struct nlattr *nest;

	ifi = nl_begin_link(req, RTM_SETLINK, 0, &nlh);
	ifi->ifi_family = AF_BRIDGE;
	ifi->ifi_index = (int)ifindex;
	nest = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
	mnl_attr_put_u16(nlh, IFLA_BRIDGE_FLAGS, BRIDGE_FLAGS_SELF);
	put_vlan(nlh, VLAN_OWN, BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED);
	mnl_attr_nest_end(nlh, nest);
	return (nl_talk(nl, nlh));
}

/* Changes what differs between the bridge and the wish; NULL have = everything. */
static int
bridge_apply(struct nl *nl, const struct cmd_bridge *b, uint32_t ifindex, const struct lnx_link *have, bool *changed)
{
	struct mark m = bridge_mark(b->name);
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;
	struct nlattr *info, *data;
	bool info_differs, mark_differs;

	info_differs = have == NULL ? b->stp || b->vlan_filter : have->o.stp != b->stp || have->o.vlan_filter != b->vlan_filter;
	mark_differs = have == NULL || have->group != LNX_GROUP || !have->o.mark.has_object;
	if (!info_differs && !mark_differs && have->o.mtu == b->mtu && mac_equal(&have->o.mac, &b->mac))
		return (0);
	*changed = true;
	ifi = nl_begin_link(req, RTM_NEWLINK, 0, &nlh);
	ifi->ifi_index = (int)ifindex;
	if (mark_differs)
		lnx_link_put_mark(nlh, &m);
	if (have == NULL || have->o.mtu != b->mtu)
		mnl_attr_put_u32(nlh, IFLA_MTU, b->mtu);
	if (have != NULL && !mac_equal(&have->o.mac, &b->mac))
		mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(b->mac.b), b->mac.b);
	if (info_differs) {
		info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
		mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "bridge");
		data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
		if (have == NULL ? b->stp : have->o.stp != b->stp)
			mnl_attr_put_u32(nlh, IFLA_BR_STP_STATE, b->stp);
		if (have == NULL ? b->vlan_filter : have->o.vlan_filter != b->vlan_filter)
			mnl_attr_put_u8(nlh, IFLA_BR_VLAN_FILTERING, b->vlan_filter);
		mnl_attr_nest_end(nlh, data);
		mnl_attr_nest_end(nlh, info);
	}
	return (nl_talk(nl, nlh));
}

/*
 * A bridge whose MTU nobody set follows the smallest of its ports.  The kernel counts only a change as setting, so it is born
 * one off and gets its MTU with the alias.
 */
static int
bridge_make(struct nl *nl, const struct cmd_bridge *b)
{
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;
	struct nlattr *info, *data;

	ifi = nl_begin_link(req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &nlh);
	ifi->ifi_change = IFF_UP;
	ifi->ifi_flags = IFF_UP;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, b->name);
	mnl_attr_put_u32(nlh, IFLA_GROUP, LNX_GROUP);
	mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(b->mac.b), b->mac.b);
	mnl_attr_put_u32(nlh, IFLA_MTU, b->mtu < MTU_MAX ? b->mtu + 1 : b->mtu - 1);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "bridge");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	/* Ports get the VLANs they are given and no others; it can be set only while filtering is off. */
	mnl_attr_put_u16(nlh, IFLA_BR_VLAN_DEFAULT_PVID, 0);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return (nl_talk(nl, nlh));
}

static int
bridge_change(struct nl *nl, const struct cmd_bridge *b, const struct lnx_link *have, struct reply *out, struct err *err)
{
	bool changed = false;
	int sys;

	sys = bridge_apply(nl, b, have->o.ifindex, have, &changed);
	if (sys == 0 && b->vlan_filter && !have->o.vlan_filter)
		sys = own_vlan(nl, have->o.ifindex);
	if (sys != 0)
		return (nl_fail(nl, err, sys, "changing bridge %s", b->name));
	out->result = changed ? REPLY_DONE : REPLY_UNCHANGED;
	return (0);
}

/* Whether this kernel was built with VLAN filtering shows only when it is switched on: tried in a namespace that is thrown away. */
uint32_t
lnx_bridge_features(struct lnx *l)
{
	struct cmd_bridge b = { .name = "br0", .mtu = MTU_DEFAULT, .mac = { { 2, 0, 0, 0, 0, 1 } }, .vlan_filter = true };
	uint32_t features = 0;
	struct lnx_link link;
	struct nl nl;
	bool changed;

	if (unshare(CLONE_NEWNET) == -1)
		return (0);
	if (nl_open(&nl, l->rx, 0, NULL) == 0 && bridge_make(&nl, &b) == 0 && lnx_link_get(&nl, b.name, &link) == 0 &&
	    bridge_apply(&nl, &b, link.o.ifindex, NULL, &changed) == 0)
		features = FEATURE_VLAN_FILTER;
	nl_close(&nl);
	lnx_ns_leave(l);
	return (features);
}

int
lnx_bridge_create(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_bridge *b = &c->u.bridge;
	struct nl *nl = &l->host;
	struct lnx_link link;
	bool changed;
	int sys;

	if (unsupported(l, b, err) == -1)
		return (-1);
	sys = bridge_make(nl, b);
	if (sys == EEXIST && lnx_link_get(nl, b->name, &link) == 0 && link.o.mark.ours && link.o.type == LINK_BRIDGE)
		return (bridge_change(nl, b, &link, out, err));
	if (sys == EEXIST)
		return (err_set(err, ERR_EXISTS, "creating bridge %s: an interface of that name, not made by jailnet for it, "
		    "exists (File exists)", b->name));
	if (sys != 0)
		return (nl_fail(nl, err, sys, "creating bridge %s", b->name));
	sys = lnx_link_get(nl, b->name, &link);
	if (sys != 0)
		return (nl_fail(nl, err, sys, "creating bridge %s", b->name));
	sys = bridge_apply(nl, b, link.o.ifindex, NULL, &changed);
	if (sys == 0 && b->vlan_filter)
		sys = own_vlan(nl, link.o.ifindex);
	if (sys != 0) {
		nl_fail(nl, err, sys, "creating bridge %s", b->name);
		(void)delete_link(nl, link.o.ifindex);
		return (-1);
	}
	out->result = REPLY_DONE;
	return (0);
}

int
lnx_bridge_set(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_bridge *b = &c->u.bridge;
	struct lnx_link link;

	if (unsupported(l, b, err) == -1 || lnx_link_mine(l, &l->host, "", b->name, false, &link, err) == -1)
		return (-1);
	if (link.o.type != LINK_BRIDGE)
		return (err_set(err, ERR_CONFLICT, "%s is not a bridge", b->name));
	return (bridge_change(&l->host, b, &link, out, err));
}

int
lnx_bridge_destroy(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const char *name = c->u.ref.name;
	struct nl *nl = &l->host;
	struct lnx_link link;
	int sys;

	if (lnx_link_get(nl, name, &link) == ENODEV) {
		out->result = REPLY_UNCHANGED;
		return (0);
	}
	if (lnx_link_mine(l, nl, "", name, false, &link, err) == -1)
		return (-1);
	if (link.o.type != LINK_BRIDGE)
		return (err_set(err, ERR_CONFLICT, "%s is not a bridge", name));
	sys = delete_link(nl, link.o.ifindex);
	if (sys != 0 && sys != ENODEV)
		return (nl_fail(nl, err, sys, "destroying bridge %s", name));
	out->result = REPLY_DONE;
	return (0);
}

/* Both ends of a port command, looked up and allowed. */
static int
port_pair(struct lnx *l, const struct cmd_port *p, struct lnx_link *br, struct lnx_link *port, struct err *err)
{
	if (lnx_link_mine(l, &l->host, "", p->bridge, true, br, err) == -1 ||
	    lnx_link_mine(l, &l->host, "", p->ifname, true, port, err) == -1)
		return (-1);
	if (br->o.type != LINK_BRIDGE)
		return (err_set(err, ERR_CONFLICT, "%s is not a bridge", p->bridge));
	return (0);
}

struct vlans {
	uint32_t ifindex;
	bool has[4096];
	uint16_t pvid;
};

static int
keep_vlans(void *arg, const struct nlmsghdr *nlh)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[IFLA_MAX + 1], *a;
	struct vlans *v = arg;

	nl_attrs(nlh, sizeof(*ifi), tb, IFLA_MAX);
	if ((uint32_t)ifi->ifi_index != v->ifindex || tb[IFLA_AF_SPEC] == NULL)
		return (0);
	mnl_attr_for_each_nested(a, tb[IFLA_AF_SPEC]) {
		const struct bridge_vlan_info *i = nl_bytes(a, sizeof(*i));

		if (mnl_attr_get_type(a) != IFLA_BRIDGE_VLAN_INFO || i == NULL || i->vid >= NELEMS(v->has))
			continue;
		v->has[i->vid] = true;
		if (i->flags & BRIDGE_VLAN_INFO_PVID)
			v->pvid = i->vid;
	}
	return (0);
}

static int
vlans_of(struct nl *nl, uint32_t ifindex, struct vlans *v)
{
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;

	memset(v, 0, sizeof(*v));
	v->ifindex = ifindex;
	nl_begin_link(req, RTM_GETLINK, 0, &nlh)->ifi_family = AF_BRIDGE;
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN);
	return (nl_dump_still(nl, nlh, keep_vlans, v, sizeof(*v)));
}

/* Sends the VLANs chosen by 'pick' as additions (SETLINK) or removals (DELLINK); nothing to send is fine. */
static int
send_vlans(struct nl *nl, uint16_t type, uint32_t ifindex, const bool pick[4096], uint16_t pvid, bool *changed)
{
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;
	struct nlattr *nest;
	unsigned vid = 1, n;
	int sys;

	while (vid < 4095) {
		ifi = nl_begin_link(req, type, 0, &nlh);
		ifi->ifi_family = AF_BRIDGE;
		ifi->ifi_index = (int)ifindex;
		nest = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
		for (n = 0; vid < 4095 && n < 128; vid++)
			if (pick[vid]) {
				put_vlan(nlh, (uint16_t)vid,
				    vid == pvid ? BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED : 0);
				n++;
			}
		mnl_attr_nest_end(nlh, nest);
		if (n == 0)
			break;
		*changed = true;
		sys = nl_talk(nl, nlh);
		if (sys != 0)
			return (sys);
	}
	return (0);
}

static int
port_vlans(struct nl *nl, const struct cmd_port *p, uint32_t ifindex, bool *changed)
{
	bool want[4096] = { false }, add[4096], del[4096];
	struct vlans v;
	int sys;

	sys = vlans_of(nl, ifindex, &v);
	if (sys != 0)
		return (sys);
	if (p->untagged < 4095)
		want[p->untagged] = p->untagged != 0;
	for (size_t i = 0; i < p->ntagged; i++)
		if (p->tagged[i] < 4095)
			want[p->tagged[i]] = true;
	for (size_t i = 0; i < NELEMS(want); i++) {
		/* becoming or ceasing to be the untagged one is a change of the same entry */
		bool differs = v.pvid != p->untagged && (i == v.pvid || i == p->untagged);

		add[i] = want[i] && (!v.has[i] || differs);
		del[i] = v.has[i] && !want[i];
	}
	sys = send_vlans(nl, RTM_DELLINK, ifindex, del, 0, changed);
	return (sys != 0 ? sys : send_vlans(nl, RTM_SETLINK, ifindex, add, p->untagged, changed));
}

static int
port_isolated(struct nl *nl, uint32_t ifindex, bool on)
{
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;
	struct nlattr *nest;

	ifi = nl_begin_link(req, RTM_SETLINK, 0, &nlh);
	ifi->ifi_family = AF_BRIDGE;
	ifi->ifi_index = (int)ifindex;
	nest = mnl_attr_nest_start(nlh, IFLA_PROTINFO | NLA_F_NESTED);
	mnl_attr_put_u8(nlh, IFLA_BRPORT_ISOLATED, on);
	mnl_attr_nest_end(nlh, nest);
	return (nl_talk(nl, nlh));
}

/* FreeBSD's per-member STP and edge have no counterpart worth having here: STP belongs to the bridge. */
static int
port_apply(struct nl *nl, const struct cmd_port *p, const struct lnx_link *br, const struct lnx_link *port, bool *changed)
{
	int sys = 0;

	if (port->o.priv != p->priv) {
		sys = port_isolated(nl, port->o.ifindex, p->priv);
		*changed = true;
	}
	if (sys == 0 && br->o.vlan_filter)
		sys = port_vlans(nl, p, port->o.ifindex, changed);
	return (sys);
}

static int
set_master(struct nl *nl, uint32_t ifindex, uint32_t master)
{
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;

	nl_begin_link(req, RTM_SETLINK, 0, &nlh)->ifi_index = (int)ifindex;
	mnl_attr_put_u32(nlh, IFLA_MASTER, master);
	return (nl_talk(nl, nlh));
}

int
lnx_port_attach(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_port *p = &c->u.port;
	struct nl *nl = &l->host;
	struct lnx_link br, port;
	bool changed = false;
	uint32_t before;
	int sys = 0;

	if (port_pair(l, p, &br, &port, err) == -1)
		return (-1);
	before = port.master;
	if (before != br.o.ifindex) {
		sys = set_master(nl, port.o.ifindex, br.o.ifindex);
		port.o.priv = false;
		changed = true;
	}
	if (sys == 0)
		sys = port_apply(nl, p, &br, &port, &changed);
	if (sys != 0) {
		nl_fail(nl, err, sys, "attaching %s to bridge %s", p->ifname, p->bridge);
		if (before != br.o.ifindex)
			(void)set_master(nl, port.o.ifindex, before);
		return (-1);
	}
	out->result = changed ? REPLY_DONE : REPLY_UNCHANGED;
	return (0);
}

int
lnx_port_set(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_port *p = &c->u.port;
	struct lnx_link br, port;
	bool changed = false;
	int sys;

	if (port_pair(l, p, &br, &port, err) == -1)
		return (-1);
	if (port.master != br.o.ifindex)
		return (err_set(err, ERR_NOT_FOUND, "%s is not a port of bridge %s", p->ifname, p->bridge));
	sys = port_apply(&l->host, p, &br, &port, &changed);
	if (sys != 0)
		return (nl_fail(&l->host, err, sys, "setting port %s of bridge %s", p->ifname, p->bridge));
	out->result = changed ? REPLY_DONE : REPLY_UNCHANGED;
	return (0);
}

int
lnx_port_detach(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_port *p = &c->u.port;
	struct nl *nl = &l->host;
	struct lnx_link br, port;
	int sys;

	out->result = REPLY_UNCHANGED;
	if (lnx_link_get(nl, p->ifname, &port) == ENODEV || lnx_link_get(nl, p->bridge, &br) == ENODEV)
		return (0);
	if (lnx_link_mine(l, nl, "", p->ifname, true, &port, err) == -1)
		return (-1);
	if (port.master != br.o.ifindex)
		return (0);
	sys = set_master(nl, port.o.ifindex, 0);
	if (sys != 0)
		return (nl_fail(nl, err, sys, "detaching %s from bridge %s", p->ifname, p->bridge));
	out->result = REPLY_DONE;
	return (0);
}
