/* lnx_epair: veth pairs, both halves made, marked and placed by one message. */
#include <linux/if.h>
#include <linux/veth.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/linux/lnx.h"

/* One half with where it shall be. */
struct half {
	const struct cmd_end *end;
	struct mark mark;
	int ns_fd;		/* -1 = the namespace of the socket */
	uint32_t master;	/* ifindex of its bridge, 0 = none */
};

static void
half_init(struct half *h, const struct cmd_epair *e, enum end_side side)
{
	memset(h, 0, sizeof(*h));
	h->end = &e->end[side];
	h->ns_fd = -1;
	h->mark.ours = h->mark.has_object = true;
	h->mark.kind = KIND_EPAIR;
	h->mark.side = (uint8_t)side;
	(void)str_copy(h->mark.name, sizeof(h->mark.name), e->name);
}

static int
find_bridge(struct lnx *l, struct half *h, struct err *err)
{
	struct lnx_link br;

	if (h->end->bridge[0] == '\0')
		return (0);
	if (lnx_link_mine(l, &l->host, "", h->end->bridge, true, &br, err) == -1)
		return (-1);
	if (br.o.type != LINK_BRIDGE)
		return (err_set(err, ERR_CONFLICT, "%s is not a bridge", h->end->bridge));
	h->master = br.o.ifindex;
	return (0);
}

static void
put_up(struct ifinfomsg *ifi, const struct half *h)
{
	ifi->ifi_change = IFF_UP;
	ifi->ifi_flags = h->end->up ? IFF_UP : 0;
}

static void
put_half(struct nlmsghdr *nlh, const struct half *h, uint32_t mtu)
{
	mnl_attr_put_strz(nlh, IFLA_IFNAME, h->end->ifname);
	mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(h->end->mac.b), h->end->mac.b);
	mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	mnl_attr_put_u32(nlh, IFLA_GROUP, LNX_GROUP);
	/* A veth starts with one queue in use whatever it has; having no more spares a wait for RCU for each half. */
	mnl_attr_put_u32(nlh, IFLA_NUM_TX_QUEUES, 1);
	mnl_attr_put_u32(nlh, IFLA_NUM_RX_QUEUES, 1);
	if (h->ns_fd != -1)
		mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, (uint32_t)h->ns_fd);
}

/*
 * The one message.  'first' is up and may be in a bridge by it.  For the peer the kernel takes no master, and it refuses up
 * because the two are not joined yet, so a half that goes into a bridge is first whenever only one does.
 */
static int
make_pair(struct nl *nl, const struct half *first, const struct half *peer, uint32_t mtu)
{
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;
	struct nlattr *info, *data, *nest;

	ifi = nl_begin_link(req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &nlh);
	put_up(ifi, first);
	put_half(nlh, first, mtu);
	if (first->master != 0)
		mnl_attr_put_u32(nlh, IFLA_MASTER, first->master);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	nest = mnl_attr_nest_start(nlh, VETH_INFO_PEER);
	(void)mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	put_half(nlh, peer, mtu);
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return (nl_talk(nl, nlh));
}

/* The alias, which the kernel does not take in the creating message (seen on 6.18), and what the peer still lacks. */
static int
label(struct lnx *l, const struct half *h, bool peer, struct err *err)
{
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;
	struct nl *nl;
	int sys;

	nl = lnx_ns_nl(l, h->end->jail, err);
	if (nl == NULL)
		return (-1);
	ifi = nl_begin_link(req, RTM_SETLINK, 0, &nlh);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, h->end->ifname);
	lnx_link_put_mark(nlh, &h->mark);
	if (peer)
		put_up(ifi, h);
	if (peer && h->master != 0)
		mnl_attr_put_u32(nlh, IFLA_MASTER, h->master);
	sys = nl_talk(nl, nlh);
	return (sys == 0 ? 0 : nl_fail(nl, err, sys, "marking %s", h->end->ifname));
}

static int
delete_name(struct nl *nl, const char *ifname)
{
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;

	nl_begin_link(req, RTM_DELLINK, 0, &nlh);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, ifname);
	return (nl_talk(nl, nlh));
}

/* Whether the half stands where it should, as a veth of ours for this epair (or not yet labelled). */
static bool
half_there(struct lnx *l, const struct half *h, struct lnx_link *out)
{
	struct nl *nl = lnx_ns_nl(l, h->end->jail, NULL);

	return (nl != NULL && lnx_link_get(nl, h->end->ifname, out) == 0 && out->o.type == LINK_EPAIR && out->o.mark.ours &&
	    (!out->o.mark.has_object || (out->o.mark.kind == KIND_EPAIR && out->o.mark.side == h->mark.side &&
	    str_equal(out->o.mark.name, h->mark.name))));
}

/* Makes an existing half so. */
static int
half_fix(struct lnx *l, const struct half *h, const struct lnx_link *have, uint32_t mtu, bool *changed, struct err *err)
{
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	struct ifinfomsg *ifi;
	struct nl *nl;
	int sys;

	if (have->o.mark.has_object && have->group == LNX_GROUP && have->o.mtu == mtu && have->master == h->master &&
	    have->o.up == h->end->up && mac_equal(&have->o.mac, &h->end->mac))
		return (0);
	nl = lnx_ns_nl(l, h->end->jail, err);
	if (nl == NULL)
		return (-1);
	*changed = true;
	ifi = nl_begin_link(req, RTM_SETLINK, 0, &nlh);
	ifi->ifi_index = (int)have->o.ifindex;
	put_up(ifi, h);
	lnx_link_put_mark(nlh, &h->mark);
	mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(h->end->mac.b), h->end->mac.b);
	mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	mnl_attr_put_u32(nlh, IFLA_MASTER, h->master);
	sys = nl_talk(nl, nlh);
	return (sys == 0 ? 0 : nl_fail(nl, err, sys, "changing %s", h->end->ifname));
}

/* A name was taken.  By this very epair: make the rest so.  Else it is a clash, in the kernel's words. */
static int
existing(struct lnx *l, const struct cmd_epair *e, const struct half h[2], struct reply *out, struct err *err)
{
	struct lnx_link have[2];
	bool changed = false;

	if (!half_there(l, &h[0], &have[0]) || !half_there(l, &h[1], &have[1]))
		return (err_set(err, ERR_EXISTS, "creating epair %s: %s or %s: an interface of that name, not made by jailnet for it, "
		    "exists (File exists)", e->name, e->end[0].ifname, e->end[1].ifname));
	for (int i = 0; i < 2; i++)
		if (half_fix(l, &h[i], &have[i], e->mtu, &changed, err) == -1)
			return (-1);
	out->result = changed ? REPLY_DONE : REPLY_UNCHANGED;
	return (0);
}

static int
create(struct lnx *l, const struct cmd_epair *e, const struct half h[2], struct reply *out, struct err *err)
{
	/* Through the host's socket the peer goes straight into its jail, and the first half may too. */
	int first = h[0].master == 0 && h[1].master != 0 ? 1 : 0;
	int sys;

	sys = make_pair(&l->host, &h[first], &h[1 - first], e->mtu);
	if (sys == EEXIST)
		return (existing(l, e, h, out, err));
	if (sys != 0)
		return (nl_fail(&l->host, err, sys, "creating epair %s (%s, %s)", e->name, e->end[0].ifname, e->end[1].ifname));
	if (label(l, &h[first], false, err) == 0 && label(l, &h[1 - first], true, err) == 0) {
		out->result = REPLY_DONE;
		return (0);
	}
	for (int i = 0; i < 2; i++) {
		struct lnx_link link;
		struct nl *nl;

		/* the labelled half is looked at first, so that never a foreigner of that name is deleted */
		if (half_there(l, &h[i], &link) && (nl = lnx_ns_nl(l, e->end[i].jail, NULL)) != NULL &&
		    delete_name(nl, e->end[i].ifname) == 0)
			break;
	}
	return (-1);
}

int
lnx_epair_create(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_epair *e = &c->u.epair;
	struct half h[2];
	int rc = -1;

	half_init(&h[0], e, END_A);
	half_init(&h[1], e, END_B);
	for (int i = 0; i < 2; i++) {
		if (find_bridge(l, &h[i], err) == -1)
			goto out;
		if (e->end[i].jail[0] != '\0' && (h[i].ns_fd = lnx_ns_open(l, e->end[i].jail, err)) == -1)
			goto out;
	}
	rc = create(l, e, h, out, err);
out:
	for (int i = 0; i < 2; i++)
		if (h[i].ns_fd != -1)
			close(h[i].ns_fd);
	return (rc);
}

/*
 * Destroying one pair costs 5 to 20 ms of waiting inside the kernel, destroying a thousand in one request hardly more.  So a
 * half on the host is only put into the group of the dying; they go together before the driver does or shows anything else,
 * and when a worker that was killed in between comes back.
 */
static int
doom(struct lnx *l, const struct lnx_link *link)
{
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	int sys;

	nl_begin_link(req, RTM_SETLINK, 0, &nlh)->ifi_index = (int)link->o.ifindex;
	mnl_attr_put_u32(nlh, IFLA_GROUP, LNX_GROUP_DYING);
	sys = nl_talk(&l->host, nlh);
	if (sys == 0)
		l->dying = true;
	return (sys);
}

int
lnx_epair_reap(struct lnx *l, struct err *err)
{
	char req[NL_REQ_SIZE];
	struct nlmsghdr *nlh;
	int sys;

	nl_begin_link(req, RTM_DELLINK, 0, &nlh);
	mnl_attr_put_u32(nlh, IFLA_GROUP, LNX_GROUP_DYING);
	sys = nl_talk(&l->host, nlh);
	if (sys != 0 && sys != ENODEV)
		return (nl_fail(&l->host, err, sys, "destroying epairs"));
	l->dying = false;
	return (0);
}

int
lnx_epair_destroy(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_iface *i = &c->u.iface;
	struct err gone = { 0 };
	struct lnx_link link;
	struct nl *nl;
	int sys;

	out->result = REPLY_UNCHANGED;
	nl = lnx_ns_nl(l, i->jail, &gone);
	if (nl == NULL && gone.code == ERR_NOT_FOUND)
		return (0);
	if (nl == NULL) {
		if (err != NULL)
			*err = gone;
		return (-1);
	}
	if (lnx_link_mine(l, nl, i->jail, i->ifname, false, &link, &gone) == -1) {
		if (gone.code == ERR_NOT_FOUND)
			return (0);
		if (err != NULL)
			*err = gone;
		return (-1);
	}
	if (link.o.type != LINK_EPAIR)
		return (err_set(err, ERR_CONFLICT, "%s is not an epair", i->ifname));
	if (link.group == LNX_GROUP_DYING)
		return (0);
	sys = nl == &l->host ? doom(l, &link) : delete_name(nl, i->ifname);
	if (sys != 0 && sys != ENODEV)
		return (nl_fail(nl, err, sys, "destroying %s", i->ifname));
	out->result = REPLY_DONE;
	return (0);
}
