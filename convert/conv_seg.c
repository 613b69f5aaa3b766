/*
 * conv_seg: the bridges of a conversion.  A segment is a group of jails: those on one interface of the host, those the host routes,
 * those behind the router; both families of a jail are on one bridge.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/conv_build.h"
#include "core/str.h"

bool
conv_is_lo(const char *ifname)
{
	return (strncmp(ifname, "lo", 2) == 0 && isdigit((unsigned char)ifname[2]));
}

static bool
bridge_is_taken(struct convert *v, const char *name)
{
	return (topo_find(v->b->out, KIND_BRIDGE, name) != NULL || host_if(v->h, name, false) != NULL ||
		(v->opts->have != NULL && topo_find(v->opts->have, KIND_BRIDGE, name) != NULL));
}

static const char *
bridge_with_member(const struct topo *t, const char *ifname)
{
	for (size_t i = 0; t != NULL && i < t->n[KIND_BRIDGE]; i++) {
		const struct bridge *br = &t->v[KIND_BRIDGE][i]->u.bridge;

		for (size_t k = 0; k < br->nmembers; k++)
			if (strcmp(br->members[k].ifname, ifname) == 0)
				return (t->v[KIND_BRIDGE][i]->name);
	}
	return (NULL);
}

/* Where this address of this jail is in the topology there is; NULL = nowhere. */
static const char *
present_bridge(const struct convert *v, const struct conv_jail *j, const struct ip *ip)
{
	const struct topo *t = v->opts->have;

	for (size_t i = 0; t != NULL && i < t->n[KIND_EPAIR]; i++) {
		const struct end *e = t->v[KIND_EPAIR][i]->u.epair.end;

		if (e[END_B].jail == NULL || e[END_A].bridge == NULL || strcmp(e[END_B].jail, j->name) != 0)
			continue;
		for (size_t k = 0; k < e[END_B].addrs.n; k++)
			if (ip_cmp(&e[END_B].addrs.v[k].ip, ip) == 0)
				return (e[END_A].bridge);
	}
	return (NULL);
}

static void
new_bridge_name(struct convert *v, const char *ifname, const struct who *w, char out[IFNAME_SIZE])
{
	const char *there = present_bridge(v, w->jail, &w->addr->prefix.ip);

	if (there != NULL && topo_find(v->b->out, KIND_BRIDGE, there) == NULL) {
		str_copy(out, IFNAME_SIZE, there);
		return;
	}
	if (v->opts->hooks == CONV_JIB && ifname[0] != '\0' && !conv_is_lo(ifname) &&
	    str_format(out, IFNAME_SIZE, "%sbridge", ifname) == 0 && name_is_legal(out, IFNAME_SIZE - 1))
		return;
	do
		snprintf(out, IFNAME_SIZE, "bridge%u", v->next_bridge++ % 100000);
	while (bridge_is_taken(v, out));
}

static struct seg *
seg_new(struct convert *v, enum place place, const char *ifname)
{
	if (!conv_room(v->c, &v->segs, v->nsegs, &v->rsegs, sizeof(*v->segs)))
		return (NULL);
	v->segs[v->nsegs] = (struct seg){ .place = place };
	str_copy(v->segs[v->nsegs].ifname, IFNAME_SIZE, ifname);
	return (&v->segs[v->nsegs++]);
}

/* The host's own addresses on a cloned loopback were the gateway of nobody; on the bridge they are. */
static void
loopback_net(struct convert *v, struct seg *s, struct object *bridge, const char *ifname, const struct conv_pos *pos)
{
	struct conv_if *f = host_if(v->h, ifname, false);

	conv_say(v->c, CONV_WARNING, pos, "loopback-net",
	    "the jails on %s get the bridge %s instead, which takes its addresses, too: they must go from %s; filter and NAT rules that name %s "
	    "must name %s",
	    ifname, s->bridge, ifname, ifname, s->bridge);
	if (f != NULL)
		f->moved = true;
	for (size_t k = 0; f != NULL && k < f->addrs.n; k++) {
		const struct prefix *p = &f->addrs.v[k].prefix;
		int i = p->ip.family == 4 ? 0 : 1;
		struct conv_addr a = { .prefix = *p };
		bool jails = false;

		for (size_t j = 0; j < v->nused; j++)
			jails = jails || (v->used[j].jail != NULL && ip_cmp(&v->used[j].ip, &a.prefix.ip) == 0);
		if (conv_is_loopback(&p->ip))
			f->moved = false;
		if (jails || conv_is_loopback(&p->ip) || p->len == (p->ip.family == 4 ? 32 : 128))
			continue;
		build_address(v->b, bridge, &bridge->u.bridge.addrs, p, &f->addrs.v[k].pos);
		if (s->gw[i].family == 0)
			s->gw[i] = p->ip;
		v->b->need_gateway[i] = true;
	}
}

static void
uplink_says(struct convert *v, const char *ifname, const char *bridge, const struct conv_pos *pos)
{
	const struct conv_if *f = host_if(v->h, ifname, false);
	char text[PREFIX_TEXT_SIZE];

	for (size_t k = 0; f != NULL && k < f->addrs.n; k++) {
		if (f->addrs.v[k].prefix.len == (f->addrs.v[k].prefix.ip.family == 4 ? 32 : 128))
			continue;
		conv_say(v->c, CONV_WARNING, pos, "address-on-member",
		    "%s becomes a member of %s and keeps the host's %s; FreeBSD wants it on the bridge (net.link.bridge.member_ifaddrs): "
		    "move it when you have another way in",
		    ifname, bridge, prefix_format(&f->addrs.v[k].prefix, text));
		return;
	}
	if (f != NULL && f->dhcp)
		conv_say(v->c, CONV_WARNING, pos, "address-on-member",
		    "%s becomes a member of %s and asks for its address (DHCP); FreeBSD wants addresses on the bridge", ifname, bridge);
}

struct seg *
seg_of_interface(struct convert *v, const char *ifname, const struct who *w)
{
	const struct conv_pos *pos = &w->addr->pos;
	const struct conv_if *f = host_if(v->h, ifname, false);
	const char *there;
	struct object *o;
	struct seg *s;

	for (size_t i = 0; i < v->nsegs; i++)
		if (v->segs[i].place == PLACE_FLAT && strcmp(v->segs[i].ifname, ifname) == 0)
			return (&v->segs[i]);
	if ((s = seg_new(v, PLACE_FLAT, ifname)) == NULL)
		return (NULL);
	there = f != NULL && f->is_bridge && name_is_legal(f->name, IFNAME_SIZE - 1) ? f->name :
		ifname[0] == '\0' ? NULL : bridge_with_member(v->b->out, ifname);
	if (there == NULL && ifname[0] != '\0')
		there = bridge_with_member(v->opts->have, ifname);
	if (there != NULL)
		str_copy(s->bridge, sizeof(s->bridge), there);
	else
		new_bridge_name(v, ifname, w, s->bridge);
	if ((o = build_bridge(v->b, s->bridge)) == NULL)
		return (NULL);
	s->gw[0] = v->h->router4;
	s->gw[1] = v->h->router6;
	if (ifname[0] == '\0')
		conv_say(v->c, CONV_WARNING, pos, "no-interface",
		    "no interface is named for this address; the bridge %s gets no way out (parameter \"uplink\")", s->bridge);
	else if (conv_is_lo(ifname)) {
		s->gw[0] = s->gw[1] = (struct ip){ .family = 0 };
		loopback_net(v, s, o, ifname, pos);
	} else if (f == NULL || !f->is_bridge) {
		build_member(v->b, o, ifname, NULL);
		if (there == NULL)
			uplink_says(v, ifname, s->bridge, pos);
		if (f != NULL && f->mtu != 0)
			o->u.bridge.mtu = f->mtu;
	}
	return (s);
}

/* --- away from the host's network --------------------------------------------------------------------------------- */

const struct prefix *
target_of(const struct convert *v, enum place place, const struct ip *ip)
{
	const struct prefix *p = place == PLACE_BEHIND ? &v->opts->behind_network[ip->family == 6] : &v->opts->routed_network[ip->family == 6];

	return (place == PLACE_FLAT || p->ip.family == 0 ? NULL : p);
}

/* The first address of each network is its router's: chosen once, before the jails get theirs. */
struct ip
target_router(struct convert *v, enum place place, const struct prefix *net)
{
	const struct prefix *target = target_of(v, place, &net->ip);
	struct ip gw = { .family = 0 }, *kept = target != NULL && prefix_cmp(target, net) == 0 ? &v->target_gw[net->ip.family == 6] : &gw;

	if (kept->family == 0 && !known_free(v, net, kept))
		kept->family = 0;
	return (*kept);
}

static struct seg_net *
net_in(struct seg *s, const struct prefix *net)
{
	for (size_t i = 0; i < s->nnets; i++)
		if (prefix_cmp(&s->nets[i].net, net) == 0)
			return (&s->nets[i]);
	return (NULL);
}

/* The network has a router: the host, with an address on the bridge, or the router jail (make_router). */
static void
seg_add_net(struct convert *v, struct seg *s, const struct prefix *net, const struct conv_pos *pos)
{
	char text[PREFIX_TEXT_SIZE], gw[IP_TEXT_SIZE];
	struct object *o = topo_find(v->b->out, KIND_BRIDGE, s->bridge);
	struct prefix p = *net;
	struct seg_net *n;

	if (net_in(s, net) != NULL || !conv_room(v->c, &s->nets, s->nnets, &s->rnets, sizeof(*s->nets)))
		return;
	n = &s->nets[s->nnets++];
	*n = (struct seg_net){ .net = *net, .pos = *pos, .gw = target_router(v, s->place, net) };
	prefix_format(net, text);
	if (n->gw.family == 0) {
		conv_say(v->c, CONV_WARNING, pos, "no-gateway", "no address of %s is free for a gateway", text);
		return;
	}
	if (s->place == PLACE_BEHIND)
		return;
	p.ip = n->gw;
	build_address(v->b, o, &o->u.bridge.addrs, &p, pos);
	v->b->need_gateway[net->ip.family == 6] = true;
	conv_say(v->c, CONV_WARNING, pos, "routed", "%s is on the bridge %s, the host is %s there and routes", text, s->bridge,
	    ip_format(&n->gw, gw));
}

struct seg *
seg_of_nets(struct convert *v, enum place place, const struct prefix *nets, size_t n, const struct who *w)
{
	struct seg *s = NULL;
	bool target = false;

	for (size_t k = 0; k < n; k++)
		target = target || (target_of(v, place, &nets[k].ip) != NULL && prefix_cmp(target_of(v, place, &nets[k].ip), &nets[k]) == 0);
	/* All jails behind the router are one group; the host routes between groups that share no network. */
	for (size_t i = 0; i < v->nsegs && s == NULL; i++) {
		bool same = v->segs[i].place == place && (place == PLACE_BEHIND || (target && v->segs[i].is_target));

		for (size_t k = 0; v->segs[i].place == place && k < n; k++)
			same = same || net_in(&v->segs[i], &nets[k]) != NULL;
		s = same ? &v->segs[i] : NULL;
	}
	if (s == NULL) {
		if ((s = seg_new(v, place, "")) == NULL)
			return (NULL);
		new_bridge_name(v, "", w, s->bridge);
		if (build_bridge(v->b, s->bridge) == NULL)
			return (NULL);
	}
	s->is_target = s->is_target || target;
	for (size_t i = 0; i < n; i++)
		seg_add_net(v, s, &nets[i], &w->addr->pos);
	return (s);
}

const struct ip *
seg_gateway(const struct seg *s, const struct prefix *p)
{
	for (size_t i = 0; i < s->nnets; i++)
		if (prefix_contains(&s->nets[i].net, &p->ip))
			return (&s->nets[i].gw);
	return (&s->gw[p->ip.family == 6]);
}
