/* lnx_look: see the header. */
#include "worker/linux/lnx_look.h"

#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/netconf.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"

#define DUMP_TRIES 10	/* a table that changes while it is read is read again */

static int
names_add(struct names *t, uint32_t ifindex, size_t row, uint32_t master)
{
	void *more;
	size_t room;

	if (t->n == t->room) {
		room = t->room == 0 ? 16 : t->room * 2;
		more = realloc(t->v, room * sizeof(*t->v));
		if (more == NULL)
			return (-1);
		t->v = more;
		t->room = room;
	}
	t->v[t->n].ifindex = ifindex;
	t->v[t->n].row = row;
	t->v[t->n].master = master;
	t->n++;
	return (0);
}

static int
names_compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;	/* ifindex is the first member */

	return (*x < *y ? -1 : *x > *y);
}

/* The row of an interface, or NULL. */
static struct obs_link *
named(struct look *k, uint32_t ifindex)
{
	size_t lo = 0, hi = k->names.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (k->names.v[mid].ifindex < ifindex)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (lo < k->names.n && k->names.v[lo].ifindex == ifindex ? &k->out->links[k->names.v[lo].row] : NULL);
}

static int
take_link(void *arg, const struct nlmsghdr *nlh)
{
	struct look *k = arg;
	struct lnx_link link;
	struct obs_link *o;

	lnx_link_parse(nlh, &link);
	if (link.o.type == LINK_LOOPBACK)
		return (0);
	o = observed_link_add(k->out);
	if (o == NULL || names_add(&k->names, link.o.ifindex, k->out->nlinks - 1, link.master) == -1)
		return (ENOMEM);
	*o = link.o;
	(void)str_copy(o->jail, sizeof(o->jail), k->jail);
	o->adoptable = !o->mark.ours && (o->type == LINK_EPAIR || (o->type == LINK_BRIDGE && k->jail[0] == '\0')) && lnx_adopt_ok(k->l, o->ifname);
	if (k->jail[0] == '\0' && !o->mark.ours && k->l->foreign_ok != NULL && k->l->foreign_ok(k->l->arg, o->ifname))
		o->traits = (struct traits){ .fields = TRAIT_FLAGS, .flags = link.traits };
	k->filtering = k->filtering || link.o.vlan_filter;
	return (0);
}

static int
look_links(struct look *k)
{
	size_t from = k->out->nlinks;
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	int sys = EINTR;

	for (int i = 0; i < DUMP_TRIES && sys == EINTR; i++) {
		k->out->nlinks = from;
		k->names.n = 0;
		(void)nl_begin_link(req, RTM_GETLINK, 0, &nlh);
		mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
		if (k->ifname != NULL)
			mnl_attr_put_strz(nlh, IFLA_IFNAME, k->ifname);
		sys = k->ifname != NULL ? nl_query(k->nl, nlh, take_link, k) : nl_dump(k->nl, nlh, take_link, k);
	}
	if (k->ifname != NULL && k->names.n == 1)
		k->only = k->names.v[0].ifindex;
	if (k->names.n > 1)
		qsort(k->names.v, k->names.n, sizeof(*k->names.v), names_compare);
	return (sys);
}

/* Bridge names need all names, so they come after the dump. */
static void
name_masters(struct look *k)
{
	for (size_t i = 0; i < k->names.n; i++) {
		struct obs_link *o = &k->out->links[k->names.v[i].row];
		const struct obs_link *br;
		struct lnx_link link;

		if (k->names.v[i].master == 0 || k->out->links == NULL)
			continue;
		br = named(k, k->names.v[i].master);
		if (br != NULL)
			memcpy(o->bridge, br->ifname, sizeof(o->bridge));
		else if (k->ifname != NULL && lnx_link_get_index(k->nl, k->names.v[i].master, &link) == 0) {
			memcpy(o->bridge, link.o.ifname, sizeof(o->bridge));
			k->filtering = k->filtering || link.o.vlan_filter;
		}
	}
}

static void
add_vlans(struct obs_link *o, uint16_t from, uint16_t to)
{
	for (unsigned v = from; v <= to && o->ntagged < LIMIT_TAGGED; v++)
		o->tagged[o->ntagged++] = (uint16_t)v;
}

static int
take_vlans(void *arg, const struct nlmsghdr *nlh)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[IFLA_MAX + 1], *a;
	struct look *k = arg;
	struct obs_link *o = named(k, (uint32_t)ifi->ifi_index), *br;
	uint16_t begin = 0;

	nl_attrs(nlh, sizeof(*ifi), tb, IFLA_MAX);
	if (o == NULL || o->bridge[0] == '\0' || tb[IFLA_AF_SPEC] == NULL || tb[IFLA_MASTER] == NULL)
		return (0);
	br = named(k, nl_u32(tb[IFLA_MASTER]));
	if (br != NULL && !br->vlan_filter)
		return (0);
	mnl_attr_for_each_nested(a, tb[IFLA_AF_SPEC]) {
		const struct bridge_vlan_info *v = nl_bytes(a, sizeof(*v));

		if (mnl_attr_get_type(a) != IFLA_BRIDGE_VLAN_INFO || v == NULL)
			continue;
		if (v->flags & BRIDGE_VLAN_INFO_PVID)
			o->untagged = v->vid;
		else if (v->flags & BRIDGE_VLAN_INFO_RANGE_BEGIN)
			begin = v->vid;
		else if (v->flags & BRIDGE_VLAN_INFO_RANGE_END)
			add_vlans(o, begin, v->vid);
		else
			add_vlans(o, v->vid, v->vid);
	}
	return (0);
}

static int
look_vlans(struct look *k)
{
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	int sys = EINTR;

	for (int i = 0; i < DUMP_TRIES && sys == EINTR; i++) {
		for (size_t j = 0; j < k->names.n; j++) {
			k->out->links[k->names.v[j].row].untagged = 0;
			k->out->links[k->names.v[j].row].ntagged = 0;
		}
		nl_begin_link(req, RTM_GETLINK, 0, &nlh)->ifi_family = AF_BRIDGE;
		mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN_COMPRESSED);
		sys = nl_dump(k->nl, nlh, take_vlans, k);
	}
	return (sys);
}

static int
take_addr(void *arg, const struct nlmsghdr *nlh)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[IFA_MAX + 1], *a;
	struct look *k = arg;
	struct obs_link *link;
	struct obs_addr *o;
	struct prefix p = { .len = ifa->ifa_prefixlen };
	uint32_t flags;

	if (ifa->ifa_family == AF_INET6 && ifa->ifa_scope == RT_SCOPE_LINK)
		return (0);
	link = named(k, ifa->ifa_index);
	if (link == NULL)
		return (0);
	nl_attrs(nlh, sizeof(*ifa), tb, IFA_MAX);
	a = tb[IFA_LOCAL] != NULL ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	if (a == NULL || mnl_attr_get_payload_len(a) > sizeof(p.ip.b))
		return (0);
	p.ip.family = ifa->ifa_family == AF_INET ? 4 : 6;
	memcpy(p.ip.b, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));
	if (ip_is_link_local(&p.ip))
		return (0);
	o = observed_addr_add(k->out);
	if (o == NULL)
		return (ENOMEM);
	flags = tb[IFA_FLAGS] != NULL ? nl_u32(tb[IFA_FLAGS]) : ifa->ifa_flags;
	(void)str_copy(o->jail, sizeof(o->jail), k->jail);
	memcpy(o->ifname, link->ifname, sizeof(o->ifname));
	o->prefix = p;
	o->duplicate = (flags & IFA_F_DADFAILED) != 0;
	return (0);
}

static int
look_addrs(struct look *k)
{
	size_t from = k->out->naddrs;
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	struct ifaddrmsg *ifa;
	int sys = EINTR;

	for (int i = 0; i < DUMP_TRIES && sys == EINTR; i++) {
		k->out->naddrs = from;
		nlh = nl_begin(req, RTM_GETADDR, 0);
		ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
		ifa->ifa_index = k->only;
		sys = nl_dump(k->nl, nlh, take_addr, k);
	}
	return (sys);
}

static void
route_row(struct obs_route *o, const struct look *k, const struct rtmsg *rtm, const struct nlattr *const *tb)
{
	size_t len = rtm->rtm_family == AF_INET ? 4 : 16;

	(void)str_copy(o->jail, sizeof(o->jail), k->jail);
	o->dst.len = rtm->rtm_dst_len;
	o->dst.ip.family = rtm->rtm_family == AF_INET ? 4 : 6;
	if (nl_bytes(tb[RTA_DST], len) != NULL)
		memcpy(o->dst.ip.b, nl_bytes(tb[RTA_DST], len), len);
	if (nl_bytes(tb[RTA_GATEWAY], len) != NULL) {
		o->gateway.family = o->dst.ip.family;
		memcpy(o->gateway.b, nl_bytes(tb[RTA_GATEWAY], len), len);
	}
}

static int
take_route(void *arg, const struct nlmsghdr *nlh)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[RTA_MAX + 1];
	struct look *k = arg;
	struct obs_route *o;

	/* again, for a kernel that does not filter */
	if (rtm->rtm_protocol != LNX_PROTO || rtm->rtm_table != RT_TABLE_MAIN || (rtm->rtm_flags & RTM_F_CLONED))
		return (0);
	nl_attrs(nlh, sizeof(*rtm), tb, RTA_MAX);
	o = observed_route_add(k->out);
	if (o == NULL)
		return (ENOMEM);
	route_row(o, k, rtm, tb);
	return (0);
}

static int
look_routes(struct look *k)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	struct rtmsg *rtm;
	int sys = 0;

	for (size_t f = 0; f < NELEMS(families) && sys == 0; f++) {
		size_t from = k->out->nroutes;

		sys = EINTR;
		for (int i = 0; i < DUMP_TRIES && sys == EINTR; i++) {
			k->out->nroutes = from;
			nlh = nl_begin(req, RTM_GETROUTE, 0);
			rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
			rtm->rtm_family = families[f];
			rtm->rtm_protocol = LNX_PROTO;
			mnl_attr_put_u32(nlh, RTA_TABLE, RT_TABLE_MAIN);
			sys = nl_dump(k->nl, nlh, take_route, k);
		}
		/* no such table yet, or no such family in this kernel */
		if (sys == ENOENT || sys == EOPNOTSUPP)
			sys = 0;
	}
	return (sys);
}

static int
take_forwarding(void *arg, const struct nlmsghdr *nlh)
{
	const struct nlattr *tb[NETCONFA_MAX + 1];
	struct look *k = arg;

	nl_attrs(nlh, sizeof(struct netconfmsg), tb, NETCONFA_MAX);
	k->forwards = tb[NETCONFA_FORWARDING] != NULL && nl_u32(tb[NETCONFA_FORWARDING]) != 0;
	return (0);
}

bool
lnx_look_forwards(struct look *k)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	struct netconfmsg *ncm;

	for (size_t f = 0; f < NELEMS(families); f++) {
		k->forwards = false;
		nlh = nl_begin(req, RTM_GETNETCONF, 0);
		ncm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ncm));
		ncm->ncm_family = families[f];
		mnl_attr_put_u32(nlh, NETCONFA_IFINDEX, (uint32_t)NETCONFA_IFINDEX_ALL);
		if (nl_query(k->nl, nlh, take_forwarding, k) != 0 && families[f] == AF_INET6)
			return (true);
		if (!k->forwards)
			return (false);
	}
	return (true);
}

int
lnx_look_net(struct look *k, struct err *err)
{
	const char *what = "links";
	int sys;

	sys = look_links(k);
	if (k->ifname != NULL && (sys == ENODEV || k->names.n == 0))
		return (0);
	if (sys == 0) {
		name_masters(k);
		what = "VLANs";
		sys = k->filtering ? look_vlans(k) : 0;
	}
	if (sys == 0) {
		what = "addresses";
		sys = look_addrs(k);
	}
	if (sys == 0 && k->ifname == NULL) {
		what = "routes";
		sys = look_routes(k);
	}
	if (sys == ENOMEM)
		return (err_nomem(err));
	if (sys != 0)
		return (nl_fail(k->nl, err, sys, "reading %s of %s", what, k->jail[0] != '\0' ? k->jail : "the host"));
	return (0);
}
