/* lnx_addr: addresses and routes. */
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "core/str.h"
#include "worker/linux/lnx.h"

static uint8_t
family(const struct ip *ip)
{
	return (ip->family == 4 ? AF_INET : AF_INET6);
}

static size_t
ip_len(const struct ip *ip)
{
	return (ip->family == 4 ? 4 : 16);
}

/* The socket of a jail for a removal: 1 = there is none, so nothing to remove. */
static int
removal_nl(struct lnx *l, const char *jail, struct nl **nl, struct err *err)
{
	struct err why = { 0 };

	*nl = lnx_ns_nl(l, jail, &why);
	if (*nl != NULL)
		return (0);
	if (why.code == ERR_NOT_FOUND)
		return (1);
	if (err != NULL)
		*err = why;
	return (-1);
}

static struct nlmsghdr *
addr_msg(char req[NL_REQ_SIZE], uint16_t type, uint16_t flags, const struct prefix *p, uint32_t ifindex)
{
	struct nlmsghdr *nlh = nl_begin(req, type, flags);
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));

	ifa->ifa_family = family(&p->ip);
	ifa->ifa_prefixlen = p->len;
	ifa->ifa_index = ifindex;
	mnl_attr_put(nlh, IFA_LOCAL, ip_len(&p->ip), p->ip.b);
	mnl_attr_put(nlh, IFA_ADDRESS, ip_len(&p->ip), p->ip.b);
	return (nlh);
}

/* The subnet's broadcast address, as every other tool sets it; /31 and /32 have none. */
static void
put_broadcast(struct nlmsghdr *nlh, const struct prefix *p)
{
	uint32_t bc;

	if (p->ip.family != 4 || p->len >= 31)
		return;
	memcpy(&bc, p->ip.b, sizeof(bc));
	bc |= htonl(p->len == 0 ? UINT32_MAX : UINT32_MAX >> p->len);
	mnl_attr_put_u32(nlh, IFA_BROADCAST, bc);
}

struct find_addr {
	const struct prefix *p;
	uint32_t ifindex;
	bool found;
};

static int
match_addr(void *arg, const struct nlmsghdr *nlh)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[IFA_MAX + 1], *a;
	struct find_addr *f = arg;

	nl_attrs(nlh, sizeof(*ifa), tb, IFA_MAX);
	a = tb[IFA_LOCAL] != NULL ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	if (a != NULL && ifa->ifa_index == f->ifindex && ifa->ifa_prefixlen == f->p->len &&
	    mnl_attr_get_payload_len(a) == ip_len(&f->p->ip) && memcmp(mnl_attr_get_payload(a), f->p->ip.b, ip_len(&f->p->ip)) == 0)
		f->found = true;
	return (0);
}

/* "File exists" can also mean the same IPv6 address with another length. */
static bool
have_addr(struct nl *nl, const struct prefix *p, uint32_t ifindex)
{
	struct find_addr f = { .p = p, .ifindex = ifindex };
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh = nl_begin(req, RTM_GETADDR, 0);
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));

	ifa->ifa_family = family(&p->ip);
	ifa->ifa_index = ifindex;
	return (nl_dump(nl, nlh, match_addr, &f) == 0 && f.found);
}

int
lnx_addr_add(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_addr *a = &c->u.addr;
	char req[NL_REQ_SIZE], text[PREFIX_TEXT_SIZE], ext[sizeof(l->host.ext)];
	struct nlmsghdr *nlh;
	struct lnx_link link;
	struct nl *nl;
	int sys;

	nl = lnx_ns_nl(l, a->jail, err);
	if (nl == NULL || lnx_link_mine(l, nl, a->jail, a->ifname, true, &link, err) == -1)
		return (-1);
	nlh = addr_msg(req, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &a->prefix, link.o.ifindex);
	put_broadcast(nlh, &a->prefix);
	/* On what we made, uniqueness is checked before the kernel hears of it, and packets shall flow at once; on a foreign
	 * interface there are hosts we do not know, so there the kernel looks for duplicates itself. */
	if (a->prefix.ip.family == 6 && link.o.mark.ours)
		mnl_attr_put_u32(nlh, IFA_FLAGS, IFA_F_NODAD);
	sys = nl_talk(nl, nlh);
	out->result = REPLY_DONE;
	if (sys == 0) {
		lnx_announce(l, nl, a->jail, &link);
		return (0);
	}
	memcpy(ext, nl->ext, sizeof(ext));
	if (sys == EEXIST && have_addr(nl, &a->prefix, link.o.ifindex)) {
		out->result = REPLY_UNCHANGED;
		return (0);
	}
	memcpy(nl->ext, ext, sizeof(ext));
	return (nl_fail(nl, err, sys, "adding %s to %s", prefix_format(&a->prefix, text), a->ifname));
}

/* Without this, removing the first IPv4 address of a subnet takes the others of that subnet along. */
static void
promote_secondaries(struct nl *nl, uint32_t ifindex)
{
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	struct nlattr *spec, *inet, *conf;

	nl_begin_link(req, RTM_SETLINK, 0, &nlh)->ifi_index = (int)ifindex;
	spec = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
	inet = mnl_attr_nest_start(nlh, AF_INET);
	conf = mnl_attr_nest_start(nlh, IFLA_INET_CONF);
	mnl_attr_put_u32(nlh, IPV4_DEVCONF_PROMOTE_SECONDARIES, 1);
	mnl_attr_nest_end(nlh, conf);
	mnl_attr_nest_end(nlh, inet);
	mnl_attr_nest_end(nlh, spec);
	(void)nl_talk(nl, nlh);
}

int
lnx_addr_del(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_addr *a = &c->u.addr;
	char req[NL_REQ_SIZE], text[PREFIX_TEXT_SIZE];
	struct lnx_link link;
	struct nl *nl;
	int sys;

	out->result = REPLY_UNCHANGED;
	sys = removal_nl(l, a->jail, &nl, err);
	if (sys != 0)
		return (sys == 1 ? 0 : -1);
	if (lnx_link_get(nl, a->ifname, &link) == ENODEV)
		return (0);
	if (lnx_link_mine(l, nl, a->jail, a->ifname, true, &link, err) == -1)
		return (-1);
	if (a->prefix.ip.family == 4 && link.o.mark.ours)
		promote_secondaries(nl, link.o.ifindex);
	sys = nl_talk(nl, addr_msg(req, RTM_DELADDR, 0, &a->prefix, link.o.ifindex));
	if (sys == EADDRNOTAVAIL)
		return (0);
	if (sys != 0)
		return (nl_fail(nl, err, sys, "removing %s from %s", prefix_format(&a->prefix, text), a->ifname));
	out->result = REPLY_DONE;
	return (0);
}

static struct nlmsghdr *
route_msg(char req[NL_REQ_SIZE], uint16_t type, uint16_t flags, const struct cmd_route *r)
{
	struct nlmsghdr *nlh = nl_begin(req, type, flags);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	struct prefix net = prefix_network(&r->dst);

	rtm->rtm_family = family(&r->dst.ip);
	rtm->rtm_dst_len = r->dst.len;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = LNX_PROTO;
	/* a removal matches any scope and type only when these are "nowhere" and 0 */
	rtm->rtm_scope = type == RTM_DELROUTE ? RT_SCOPE_NOWHERE : RT_SCOPE_UNIVERSE;
	rtm->rtm_type = type == RTM_DELROUTE ? RTN_UNSPEC : RTN_UNICAST;
	if (r->dst.len > 0)
		mnl_attr_put(nlh, RTA_DST, ip_len(&net.ip), net.ip.b);
	if (r->gateway.family != 0)
		mnl_attr_put(nlh, RTA_GATEWAY, ip_len(&r->gateway), r->gateway.b);
	return (nlh);
}

struct find_route {
	struct prefix dst;
	const struct ip *gateway;
	bool foreign, ours, same;
};

static int
match_route(void *arg, const struct nlmsghdr *nlh)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tb[RTA_MAX + 1];
	struct find_route *f = arg;
	size_t len = ip_len(&f->dst.ip);

	nl_attrs(nlh, sizeof(*rtm), tb, RTA_MAX);
	if (rtm->rtm_dst_len != f->dst.len || rtm->rtm_table != RT_TABLE_MAIN ||
	    (f->dst.len > 0 && (nl_bytes(tb[RTA_DST], len) == NULL || memcmp(nl_bytes(tb[RTA_DST], len), f->dst.ip.b, len) != 0)))
		return (0);
	if (rtm->rtm_protocol != LNX_PROTO) {
		f->foreign = true;
		return (0);
	}
	f->ours = true;
	f->same = f->same || (tb[RTA_GATEWAY] != NULL && mnl_attr_get_payload_len(tb[RTA_GATEWAY]) == len &&
	    memcmp(mnl_attr_get_payload(tb[RTA_GATEWAY]), f->gateway->b, len) == 0);
	return (0);
}

/* What is there for this destination. */
static int
route_look(struct nl *nl, const struct cmd_route *r, struct find_route *f)
{
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	struct rtmsg *rtm;

	*f = (struct find_route){ .dst = prefix_network(&r->dst), .gateway = &r->gateway };
	nlh = nl_begin(req, RTM_GETROUTE, 0);
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = family(&r->dst.ip);
	mnl_attr_put_u32(nlh, RTA_TABLE, RT_TABLE_MAIN);
	return (nl_dump_still(nl, nlh, match_route, f, sizeof(*f)));
}

int
lnx_route_add(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_route *r = &c->u.route;
	char req[NL_REQ_SIZE], dst[PREFIX_TEXT_SIZE], gw[IP_TEXT_SIZE];
	struct find_route f;
	struct nl *nl;
	int sys;

	nl = lnx_ns_nl(l, r->jail, err);
	if (nl == NULL)
		return (-1);
	out->result = REPLY_DONE;
	sys = nl_talk(nl, route_msg(req, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, r));
	if (sys == EEXIST && (sys = route_look(nl, r, &f)) == 0) {
		if (f.same) {
			out->result = REPLY_UNCHANGED;
			return (0);
		}
		if (!f.ours)
			return (err_set(err, ERR_CONFLICT, "adding route %s: a route not made by jailnet is there (File exists)",
			    prefix_format(&r->dst, dst)));
		sys = nl_talk(nl, route_msg(req, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, r));
	}
	if (sys != 0)
		return (nl_fail(nl, err, sys, "adding route %s by %s", prefix_format(&r->dst, dst), ip_format(&r->gateway, gw)));
	return (0);
}

int
lnx_route_del(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_route *r = &c->u.route;
	char req[NL_REQ_SIZE], dst[PREFIX_TEXT_SIZE];
	struct nl *nl;
	int sys;

	out->result = REPLY_UNCHANGED;
	sys = removal_nl(l, r->jail, &nl, err);
	if (sys != 0)
		return (sys == 1 ? 0 : -1);
	sys = nl_talk(nl, route_msg(req, RTM_DELROUTE, 0, r));
	if (sys == ESRCH)
		return (0);
	if (sys != 0)
		return (nl_fail(nl, err, sys, "removing route %s", prefix_format(&r->dst, dst)));
	out->result = REPLY_DONE;
	return (0);
}
