/*
 * fbsd_observe: the kernel as it is now.
 *
 * One vnet is one list of interfaces with their addresses, two questions for each interface (description, groups), one for
 * the members of each bridge, and the routes of ours.  A jail's is read by a child inside it.
 */
#include "worker/freebsd/fbsd_sys.h"

#include <netinet/in_var.h>
#include <netinet6/in6_var.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "worker/command.h"
#include "worker/freebsd/fbsd.h"
#include "worker/freebsd/fbsd_bridge.h"
#include "worker/freebsd/fbsd_iflist.h"
#include "worker/freebsd/fbsd_look.h"
#include "worker/freebsd/fbsd_ng.h"
#include "worker/freebsd/fbsd_route.h"

/* Duplicate address detection found another host with it. */
static bool
is_duplicate(const struct fbsd_in *in, const char *ifname, const struct ip *ip)
{
	struct in6_ifreq r;

	if (ip->family != 6 || in->s6 == -1)
		return (false);
	memset(&r, 0, sizeof(r));
	(void)str_copy(r.ifr_name, sizeof(r.ifr_name), ifname);
	r.ifr_addr.sin6_len = sizeof(r.ifr_addr);
	r.ifr_addr.sin6_family = AF_INET6;
	memcpy(&r.ifr_addr.sin6_addr, ip->b, 16);
	return (ioctl(in->s6, SIOCGIFAFLAG_IN6, &r) == 0 && (r.ifr_ifru.ifru_flags6 & IN6_IFF_DUPLICATED) != 0);
}

static int
take_link(struct fbsd_look *k, const struct fbsd_ifmsg *m, bool *skip)
{
	struct fbsd_link link;
	struct obs_link *o;

	*skip = m->type == IFT_LOOP || (k->only != NULL && !str_equal(m->name, k->only));
	*skip = *skip || (k->in->jid == 0 && fbsd_is_gone(k->in->s, m->name, m->index));
	if (*skip)
		return (0);
	fbsd_link_fill(k->in->s, m, &link);
	o = observed_link_add(k->out);
	if (o == NULL)
		return (ENOMEM);
	*o = link.o;
	o->adoptable = fbsd_adoptable(k->in, o);
	if (k->in->jid == 0 && !o->mark.ours && k->in->f->foreign_ok != NULL && k->in->f->foreign_ok(k->in->f->arg, o->ifname))
		fbsd_traits_read(k->in, o->ifname, link.flags, &o->traits);
	o->peer = fbsd_pair_unit(k->in, o);
	(void)str_copy(o->jail, sizeof(o->jail), k->jail);
	return (0);
}

/* Of the interface that was taken last: that is their order in the list. */
static int
take_addr(struct fbsd_look *k, const struct fbsd_ifmsg *m)
{
	const struct obs_link *link = &k->out->links[k->out->nlinks - 1];
	struct obs_addr *o;

	if (ip_is_link_local(&m->prefix.ip))
		return (0);
	o = observed_addr_add(k->out);
	if (o == NULL)
		return (ENOMEM);
	(void)str_copy(o->jail, sizeof(o->jail), k->jail);
	memcpy(o->ifname, link->ifname, sizeof(o->ifname));
	o->prefix = m->prefix;
	o->duplicate = is_duplicate(k->in, link->ifname, &m->prefix.ip);
	return (0);
}

static struct obs_link *
named(struct fbsd_look *k, const char *ifname)
{
	for (size_t i = k->from; i < k->out->nlinks; i++)
		if (str_equal(k->out->links[i].ifname, ifname))
			return (&k->out->links[i]);
	return (NULL);
}

static int
take_ports(struct fbsd_look *k, const char *bridge, bool filters)
{
	struct ifbreq *v;
	size_t n;
	int sys = fbsd_bridge_ports(k->in->s, bridge, &v, &n);

	for (size_t i = 0; i < n && sys == 0; i++) {
		struct obs_link *o = v[i].ifbr_ifsflags & IFBIF_SPAN ? NULL : named(k, v[i].ifbr_ifsname);

		if (o == NULL)
			continue;
		(void)str_copy(o->bridge, sizeof(o->bridge), bridge);
		o->priv = (v[i].ifbr_ifsflags & IFBIF_PRIVATE) != 0;
		o->port_stp_known = true;
		o->port_stp = (v[i].ifbr_ifsflags & IFBIF_STP) != 0;
		o->edge = (v[i].ifbr_ifsflags & IFBIF_BSTP_ADMEDGE) != 0;
		o->untagged = 0;
		if (filters) {
			o->untagged = fbsd_port_pvid_of(&v[i]);
			sys = fbsd_port_tagged(k->in->s, bridge, o->ifname, o->tagged, &o->ntagged);
		}
	}
	free(v);
	return (sys == ENXIO || sys == ENOENT ? 0 : sys);	/* it went away meanwhile */
}

static int
take_bridge(struct fbsd_look *k, const char *name)
{
	bool filters = fbsd_bridge_filters(k->in->s, name);
	struct obs_link *o = named(k, name);

	if (o != NULL) {
		o->vlan_filter = filters;
		o->stp = fbsd_bridge_stp(k->in->s, name);
	}
	return (take_ports(k, name, filters));
}

static int
take_all(struct fbsd_look *k, struct fbsd_iflist *l)
{
	struct fbsd_ifmsg m;
	bool skip = true;
	int sys = 0;

	while (sys == 0 && fbsd_iflist_next(l, &m)) {
		if (!m.is_addr)
			sys = take_link(k, &m, &skip);
		else if (!skip)
			sys = take_addr(k, &m);
	}
	/* bridges need the names of all */
	l->at = 0;
	while (sys == 0 && fbsd_iflist_next(l, &m))
		if (!m.is_addr && m.type == IFT_BRIDGE)
			sys = take_bridge(k, m.name);
	return (sys == 0 && k->in->jid == 0 ? fbsd_ngbridge_observe(k->in, k->out, k->from) : sys);
}

static int
take_routes(struct fbsd_look *k)
{
	struct fbsd_routes v;
	struct fbsd_rtmsg m;
	int sys = fbsd_routes_read(0, FBSD_ROUTES_OURS, &v);

	while (sys == 0 && fbsd_routes_next(&v, &m)) {
		struct obs_route *o;

		if (!m.ours)
			continue;
		o = observed_route_add(k->out);
		if (o == NULL) {
			sys = ENOMEM;
			break;
		}
		(void)str_copy(o->jail, sizeof(o->jail), k->jail);
		o->dst = m.dst;
		o->gateway = m.gateway;
	}
	fbsd_routes_fini(&v);
	return (sys);
}

static int
look_net(struct fbsd_look *k, struct err *err)
{
	char where[FBSD_WHERE];
	struct fbsd_iflist l;
	int sys;

	k->from = k->out->nlinks;
	sys = fbsd_iflist_read(&l, 0);
	if (sys == 0)
		sys = take_all(k, &l);
	fbsd_iflist_fini(&l);
	if (sys == 0 && k->only == NULL)
		sys = take_routes(k);
	if (sys == ENOMEM)
		return (err_nomem(err));
	return (sys == 0 ? 0 : fbsd_num(err, sys, "reading the network%s", fbsd_where(k->jail, where)));
}

static int
look_inside(struct fbsd_in *in, void *arg, struct err *err)
{
	struct fbsd_look *k = arg;

	k->in = in;
	k->forwarding = fbsd_forwarding();
	return (look_net(k, err));
}

static int
look_host(struct fbsd *f, const char *only, struct observed *out, struct err *err)
{
	struct fbsd_in host;
	struct fbsd_look k = { .in = &host, .jail = "", .only = only, .out = out };

	fbsd_in_host(f, &host);
	return (look_net(&k, err));
}

/* Moved in by us, or perhaps by a worker before this one: a card that policy lets us touch. */
static bool
is_guest(struct fbsd *f, int jid, const struct obs_link *l)
{
	return (l->mark.ours || fbsd_is_guest(f, jid, l->ifname) ||
	    (l->type == LINK_PHYSICAL && f->foreign_ok != NULL && f->foreign_ok(f->arg, l->ifname)));
}

/* What is ours to take home is remembered, for the time when nobody can look any more. */
static void
note_guests(struct fbsd *f, int jid, const struct obs_link *v, size_t n)
{
	fbsd_guests_begin(f, jid);
	for (size_t i = 0; i < n; i++)
		if (is_guest(f, jid, &v[i]))
			fbsd_guest_note(f, jid, v[i].ifname);
	fbsd_guests_end(f, jid);
}

static void
looked(struct fbsd *f, struct obs_jail *row, const struct fbsd_look *k)
{
	row->forwarding = k->forwarding;
	note_guests(f, (int)row->jid, k->out->links + k->from, k->out->nlinks - k->from);
}

/* Interfaces in jails that are not alive any more come home first, so that the look at the host sees them. */
static void
rescue(struct fbsd *f, const struct observed *o)
{
	for (size_t i = 0; i < f->nguests;) {
		int jid = f->guests[i].jid;
		bool alive = false;

		for (size_t k = 0; k < o->njails && !alive; k++)
			alive = (int)o->jails[k].jid == jid && o->jails[k].phase != JAIL_IS_DYING;
		if (alive || !f->guests[i].keep) {
			i++;
			continue;
		}
		(void)fbsd_take_home(f, jid);
		/* what could not be taken is still in the list, but is not tried again in this look */
		for (size_t k = 0; k < f->nguests; k++)
			if (f->guests[k].jid == jid)
				f->guests[k].keep = false;
		i = 0;
	}
	for (size_t i = 0; i < f->nguests; i++)
		f->guests[i].keep = true;
}

int
fbsd_observe(struct fbsd *f, const struct cmd_observe *scope, struct observed *out, struct err *err)
{
	size_t first = out->njails, from = out->nlinks;
	int rc = -1;

	switch (scope->scope) {
	case OBSERVE_ALL:
		command_trim_logs(f->log_dir);
		if (fbsd_jail_observe(f, NULL, out, err) == -1)
			break;
		rescue(f, out);
		if (look_host(f, NULL, out, err) == 0)
			rc = fbsd_look_jails(f, out, first, look_inside, out, looked, err);
		break;
	case OBSERVE_JAIL:
		if (fbsd_jail_observe(f, scope->name, out, err) == 0)
			rc = fbsd_look_jails(f, out, first, look_inside, out, looked, err);
		break;
	case OBSERVE_LINK:
		rc = look_host(f, scope->name, out, err);
		break;
	}
	if (rc == 0 && fbsd_pairs(f, out, from, scope->scope == OBSERVE_ALL) == -1)
		rc = err_nomem(err);
	if (rc == 0)
		observed_sort(out);
	return (rc);
}
