/* fbsd_port: interfaces as members of a bridge. */
#include "worker/freebsd/fbsd_sys.h"

#include <sys/sysctl.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"
#include "worker/freebsd/fbsd_bridge.h"
#include "worker/freebsd/fbsd_iflist.h"
#include "worker/freebsd/fbsd_ng.h"

void
fbsd_port_request(struct ifbreq *r, const char *ifname)
{
	memset(r, 0, sizeof(*r));
	(void)str_copy(r->ifbr_ifsname, sizeof(r->ifbr_ifsname), ifname);
}

int
fbsd_port_get(int s, const char *bridge, const char *ifname, struct ifbreq *r)
{
	fbsd_port_request(r, ifname);
	return (fbsd_bridge_do(s, bridge, BRDGGIFFLGS, r, sizeof(*r), false));
}

/*
 * What is written replaces the whole word, with the STP port options: those are written as they were.  EDGE as read says what STP
 * found out, ADMEDGE what was asked for.
 */
static int
put(int s, const char *bridge, struct ifbreq *r, uint32_t flags)
{
	r->ifbr_ifsflags = flags & IFBIF_BSTP_ADMEDGE ? flags | IFBIF_BSTP_EDGE : flags & ~IFBIF_BSTP_EDGE;
	return (fbsd_bridge_do(s, bridge, BRDGSIFFLGS, r, sizeof(*r), true));
}

int
fbsd_port_flags(int s, const char *bridge, const char *ifname, uint32_t mask, uint32_t value)
{
	struct ifbreq r;
	int sys = fbsd_port_get(s, bridge, ifname, &r);

	if (sys != 0 || (r.ifbr_ifsflags & mask) == value)
		return (sys);
	return (put(s, bridge, &r, (r.ifbr_ifsflags & ~mask) | value));
}

static int
apply(int s, const struct cmd_port *p, bool *changed)
{
	uint32_t flags;
	struct ifbreq r;
	uint16_t pvid;
	int sys = fbsd_port_get(s, p->bridge, p->ifname, &r);

	if (sys != 0)
		return (sys);
	pvid = fbsd_port_pvid_of(&r);
	flags = r.ifbr_ifsflags & ~(IFBIF_PRIVATE | IFBIF_STP | IFBIF_BSTP_ADMEDGE);
	flags |= (p->priv ? IFBIF_PRIVATE : 0) | (p->edge ? IFBIF_BSTP_ADMEDGE : 0) |
	    (p->stp || fbsd_bridge_stp(s, p->bridge) ? IFBIF_STP : 0);
	if (flags != r.ifbr_ifsflags) {
		*changed = true;
		sys = put(s, p->bridge, &r, flags);
	}
	if (sys == 0 && fbsd_bridge_filters(s, p->bridge))
		sys = fbsd_port_vlans(s, p, pvid, changed);
	return (sys);
}

/* Adds; already in it is fine.  0 or errno. */
static int
add(int s, const char *bridge, const char *ifname, bool *added)
{
	struct ifbreq r;
	int sys;

	fbsd_port_request(&r, ifname);
	sys = fbsd_bridge_do(s, bridge, BRDGADD, &r, sizeof(r), true);
	*added = sys == 0;
	return (sys == EEXIST ? 0 : sys);
}

int
fbsd_port_del(int s, const char *bridge, const char *ifname)
{
	struct ifbreq r;

	fbsd_port_request(&r, ifname);
	return (fbsd_bridge_do(s, bridge, BRDGDEL, &r, sizeof(r), true));
}

int
fbsd_port_join(struct fbsd *f, const char *bridge, const char *ifname, struct err *err)
{
	struct fbsd_link link;
	bool ours, stp, added;
	int sys;

	/* one question for a bridge of ours: this is done for every new epair */
	fbsd_bridge_groups(f->s, bridge, &ours, &stp);
	if (!ours && fbsd_bridge_mine(f, bridge, true, &link, err) == -1)
		return (-1);
	if (fbsd_ngbridge_is(bridge))
		return (fbsd_ngport_attach(bridge, ifname, true, &added, err));
	sys = add(f->s, bridge, ifname, &added);
	if (sys == 0)
		sys = fbsd_if_arp(f->s, ifname, false);
	if (sys == 0 && stp)
		sys = fbsd_port_flags(f->s, bridge, ifname, IFBIF_STP, IFBIF_STP);
	return (sys == 0 ? 0 : fbsd_num(err, sys, "attaching %s to bridge %s", ifname, bridge));
}

/* The port and its bridge: both must be such that we may touch them. */
struct joint {
	struct fbsd_link port, bridge;
};

static int
find_joint(struct fbsd *f, const struct cmd_port *p, struct joint *joint, struct err *err)
{
	struct fbsd_in host;

	fbsd_in_host(f, &host);
	if (fbsd_link_mine(&host, p->ifname, true, &joint->port, err) == -1 || fbsd_bridge_mine(f, p->bridge, true, &joint->bridge, err) == -1)
		return (-1);
	if (joint->bridge.o.backend == BACKEND_NETGRAPH && (p->priv || p->stp || p->edge || p->untagged != 0 || p->ntagged != 0))
		return (err_set(err, ERR_UNSUPPORTED, "bridge %s: the ports of a netgraph bridge have no private, stp, edge or VLANs", p->bridge));
	return (0);
}

/* Of the host's network, as it is now: the default changed between releases.  A kernel without it (14) has no such rule. */
static bool
refuses_addrs(void)
{
	int on = 0;
	size_t size = sizeof(on);

	return (sysctlbyname("net.link.bridge.member_ifaddrs", &on, &size, NULL, 0) == 0 && on == 0);
}

/* family: 4, 6 or 0 = any */
static bool
has_addr(const struct fbsd_link *port, int family)
{
	struct fbsd_iflist l;
	struct fbsd_ifmsg m;
	bool found = false;

	if (fbsd_iflist_read(&l, port->o.ifindex) == 0)
		while (!found && fbsd_iflist_next(&l, &m))
			found = m.is_addr && (family == 0 || m.prefix.ip.family == family);
	fbsd_iflist_fini(&l);
	return (found);
}

/* The kernel's words first, which the next request would replace; where they do not say what to do, ours. */
static int
refused(const struct cmd_port *p, const struct fbsd_link *port, int sys, struct err *err)
{
	fbsd_num(err, sys, "attaching %s to bridge %s", p->ifname, p->bridge);
	if (sys == EINVAL && has_addr(port, 0) && refuses_addrs())
		err_num(err, sys, "attaching %s to bridge %s: it has an address, which net.link.bridge.member_ifaddrs=0 forbids; the address "
		    "belongs on the bridge", p->ifname, p->bridge);
	return (-1);
}

int
fbsd_port_attach(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_port *p = &c->u.port;
	char before[IFNAME_SIZE] = "";
	bool changed = false, added;
	struct joint joint;
	int sys;

	if (find_joint(f, p, &joint, err) == -1)
		return (-1);
	if (joint.bridge.o.backend == BACKEND_NETGRAPH) {
		if (fbsd_ngport_attach(p->bridge, p->ifname, joint.port.o.mark.ours, &added, err) == -1)
			return (-1);
		out->result = added ? REPLY_DONE : REPLY_UNCHANGED;
		return (0);
	}
	sys = add(f->s, p->bridge, p->ifname, &added);
	if (sys == EBUSY && fbsd_bridge_of(f->s, p->ifname, before))
		return (err_num(err, sys, "attaching %s to bridge %s: it is a member of bridge %s", p->ifname, p->bridge, before));
	if (sys == 0)
		sys = apply(f->s, p, &changed);
	if (sys == 0 && joint.port.o.mark.ours && !has_addr(&joint.port, 4))
		sys = fbsd_if_arp(f->s, p->ifname, false);
	if (sys != 0) {
		(void)refused(p, &joint.port, sys, err);
		if (added)
			(void)fbsd_port_del(f->s, p->bridge, p->ifname);
		return (-1);
	}
	out->result = added || changed ? REPLY_DONE : REPLY_UNCHANGED;
	return (0);
}

int
fbsd_port_set(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_port *p = &c->u.port;
	bool changed = false;
	struct joint joint;
	int sys;

	if (find_joint(f, p, &joint, err) == -1)
		return (-1);
	out->result = REPLY_UNCHANGED;
	if (joint.bridge.o.backend == BACKEND_NETGRAPH)
		return (0);
	sys = apply(f->s, p, &changed);
	if (sys == ENOENT)
		return (err_set(err, ERR_NOT_FOUND, "%s is not a port of bridge %s", p->ifname, p->bridge));
	if (sys != 0)
		return (fbsd_num(err, sys, "setting port %s of bridge %s", p->ifname, p->bridge));
	out->result = changed ? REPLY_DONE : REPLY_UNCHANGED;
	return (0);
}

int
fbsd_port_detach(struct fbsd *f, const struct cmd *c, struct reply *out, struct err *err)
{
	const struct cmd_port *p = &c->u.port;
	struct fbsd_link link;
	struct fbsd_in host;
	bool gone;
	int sys;

	out->result = REPLY_UNCHANGED;
	if (fbsd_if_index(f->s, p->ifname) == 0 || fbsd_if_index(f->s, p->bridge) == 0)
		return (0);
	fbsd_in_host(f, &host);
	if (fbsd_link_mine(&host, p->ifname, true, &link, err) == -1)
		return (-1);
	if (fbsd_ngbridge_is(p->bridge)) {
		if (fbsd_ngport_detach(p->bridge, p->ifname, &gone, err) == -1)
			return (-1);
		out->result = gone ? REPLY_UNCHANGED : REPLY_DONE;
		return (0);
	}
	sys = fbsd_port_del(f->s, p->bridge, p->ifname);
	if (sys == ENOENT)
		return (0);
	if (sys == 0 && link.o.mark.ours)
		sys = fbsd_if_arp(f->s, p->ifname, true);
	if (sys != 0)
		return (fbsd_num(err, sys, "detaching %s from bridge %s", p->ifname, p->bridge));
	out->result = REPLY_DONE;
	return (0);
}
