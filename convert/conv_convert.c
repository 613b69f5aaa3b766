/*
 * conv_convert: traditional jails, which borrow addresses of the host, become VNET jails with an epair of their own.
 *
 * flat: all on the host's network through a bridge with its interface (figure 1 of the conversion article).  routed: a bridge
 * for each subnet, the host routes (figure 2).  behind_router: some jails behind another one that routes (figure 3).
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/conv_build.h"
#include "core/str.h"

static bool
is_convertible(const struct conv_jail *j)
{
	return (!j->vnet && j->nvnet_ifs == 0 && j->addrs.n > 0 && name_is_legal(j->name, NAME_SIZE - 1));
}

static bool
is_lo(const char *ifname)
{
	return (strncmp(ifname, "lo", 2) == 0 && isdigit((unsigned char)ifname[2]));
}

static bool
is_behind(const struct convert *v, const struct conv_jail *j)
{
	for (size_t i = 0; v->opts->mode == CONV_BEHIND_ROUTER && i < v->opts->nbehind; i++)
		if (strcmp(v->opts->behind[i], j->name) == 0)
			return (true);
	return (false);
}

/* --- segments ---------------------------------------------------------------------------------------------------- */

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
	if (v->opts->hooks == CONV_JIB && ifname[0] != '\0' && !is_lo(ifname) &&
	    str_format(out, IFNAME_SIZE, "%sbridge", ifname) == 0 && name_is_legal(out, IFNAME_SIZE - 1))
		return;
	do
		snprintf(out, IFNAME_SIZE, "bridge%u", v->next_bridge++ % 100000);
	while (bridge_is_taken(v, out));
}

static struct seg *
seg_new(struct convert *v, const char *key)
{
	if (!conv_room(v->c, &v->segs, v->nsegs, &v->rsegs, sizeof(*v->segs)))
		return (NULL);
	v->segs[v->nsegs] = (struct seg){ .key = conv_dup(v->c, key) };
	if (v->segs[v->nsegs].key == NULL)
		return (NULL);
	return (&v->segs[v->nsegs++]);
}

static struct seg *
seg_find(struct convert *v, const char *key)
{
	for (size_t i = 0; i < v->nsegs; i++)
		if (strcmp(v->segs[i].key, key) == 0)
			return (&v->segs[i]);
	return (NULL);
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
		build_address(v->b, bridge, &bridge->u.bridge.addrs, p);
		if (s->gw[i].family == 0)
			s->gw[i] = p->ip;
		v->b->need_gateway = true;
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

static struct seg *
seg_of_interface(struct convert *v, const char *ifname, const struct who *w)
{
	const struct conv_pos *pos = &w->addr->pos;
	struct seg *s = seg_find(v, ifname);
	const struct conv_if *f = host_if(v->h, ifname, false);
	const char *there;
	struct object *o;

	if (s != NULL || (s = seg_new(v, ifname)) == NULL)
		return (s);
	there = f != NULL && f->is_bridge ? f->name : ifname[0] == '\0' ? NULL : bridge_with_member(v->b->out, ifname);
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
	else if (is_lo(ifname)) {
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

/* A bridge for this net alone; the host, or the router jail, has its first free address there. */
static struct seg *
seg_of_net(struct convert *v, const struct prefix *net, const char *why, const struct who *w)
{
	const struct conv_pos *pos = &w->addr->pos;
	char key[PREFIX_TEXT_SIZE + 16], text[PREFIX_TEXT_SIZE], gw[IP_TEXT_SIZE];
	int i = net->ip.family == 4 ? 0 : 1;
	struct prefix p = *net;
	struct object *o;
	struct seg *s;

	snprintf(key, sizeof(key), "%s %s", why, prefix_format(net, text));
	s = seg_find(v, key);
	if (s != NULL || (s = seg_new(v, key)) == NULL)
		return (s);
	new_bridge_name(v, "", w, s->bridge);
	if ((o = build_bridge(v->b, s->bridge)) == NULL)
		return (NULL);
	if (!known_free(v, net, &p.ip)) {
		conv_say(v->c, CONV_WARNING, pos, "no-gateway", "no address of %s is free for a gateway", text);
		return (s);
	}
	s->gw[i] = p.ip;
	if (strcmp(why, "behind") == 0)
		return (s);
	build_address(v->b, o, &o->u.bridge.addrs, &p);
	v->b->need_gateway = true;
	conv_say(v->c, CONV_WARNING, pos, "routed",
	    "%s moves to the bridge %s, the host is %s there and routes; the network outside needs a route to %s through the host", text,
	    s->bridge, ip_format(&p.ip, gw), text);
	return (s);
}

/* --- one jail ------------------------------------------------------------------------------------------------------ */

/* The epair that this jail already has in the topology there is: it keeps it. */
static const char *
present_pair(const struct convert *v, const struct conv_jail *j, const char *bridge)
{
	const struct topo *t = v->opts->have;

	for (size_t i = 0; t != NULL && i < t->n[KIND_EPAIR]; i++) {
		const struct end *e = t->v[KIND_EPAIR][i]->u.epair.end;

		if (e[END_B].jail != NULL && e[END_A].bridge != NULL && strcmp(e[END_B].jail, j->name) == 0 &&
		    strcmp(e[END_A].bridge, bridge) == 0 && topo_find(v->b->out, KIND_EPAIR, t->v[KIND_EPAIR][i]->name) == NULL)
			return (t->v[KIND_EPAIR][i]->name);
	}
	return (NULL);
}

static struct object *
numbered_pair(struct convert *v, const struct conv_jail *j, const char *bridge)
{
	const char *present = present_pair(v, j, bridge);
	char a[IFNAME_SIZE], name[IFNAME_SIZE];
	struct object *o;

	if (present != NULL)
		str_copy(name, sizeof(name), present);
	else
		do {
			snprintf(name, sizeof(name), "epair%u", v->next_unit % 100000);
			snprintf(a, sizeof(a), "epair%ua", v->next_unit++ % 100000);
		} while (host_if(v->h, a, false) != NULL || topo_find(v->b->out, KIND_EPAIR, name) != NULL ||
			 (v->opts->have != NULL && topo_find(v->opts->have, KIND_EPAIR, name) != NULL));
	o = build_object(v->b, KIND_EPAIR, name);
	if (o == NULL || epair_default_ifnames(o) == -1)
		return (NULL);
	build_end_add(v->b, o, END_A);
	build_end_add(v->b, o, END_B);
	return (o);
}

static struct object *
jib_pair(struct convert *v, struct conv_jail *j, const char *ifname, const struct conv_pos *pos)
{
	struct conv_jib jib = { .name = j->key, .suffix = "bridge", .index = (unsigned)j->nnew_ifs, .pos = *pos };

	if (!jib_name_ok(j->key) || strlen(j->key) > 11 || str_copy(jib.parent, sizeof(jib.parent), ifname) == -1) {
		conv_say(v->c, CONV_WARNING, pos, "name-too-long",
		    "jib needs a name of at most 11 letters, digits and _; jail %s gets a numbered epair, made by rc.conf", j->name);
		return (NULL);
	}
	j->jib_parent = j->jib_parent == NULL ? conv_dup(v->c, ifname) : conv_printf(v->c, "%s %s", j->jib_parent, ifname);
	return (build_jib_pair(v->b, &jib, 0));
}

static void
remember_if(struct convert *v, struct conv_jail *j, const char *ifname)
{
	if (conv_room(v->c, &j->new_ifs, j->nnew_ifs, &j->rnew_ifs, sizeof(*j->new_ifs)))
		j->new_ifs[j->nnew_ifs++] = ifname;
}

/* The epair of this jail on this segment. */
static struct object *
pair_on(struct convert *v, struct conv_jail *j, struct seg *s, const char *ifname, const struct conv_pos *pos)
{
	struct object *o = NULL;

	for (size_t i = 0; i < j->nnew_ifs; i++) {
		struct build_end *e = build_end(v->b, j->new_ifs[i]);

		if (e != NULL && e->o->u.epair.end[END_A].bridge != NULL && strcmp(e->o->u.epair.end[END_A].bridge, s->bridge) == 0)
			return (e->o);
	}
	if (v->opts->hooks == CONV_JIB && v->opts->mode == CONV_FLAT && ifname[0] != '\0' && !is_lo(ifname))
		o = jib_pair(v, j, ifname, pos);
	if (o == NULL && (o = numbered_pair(v, j, s->bridge)) == NULL)
		return (NULL);
	if (object_str(o, &o->u.epair.end[END_A].bridge, s->bridge) == -1 || object_str(o, &o->u.epair.end[END_B].jail, j->name) == -1)
		v->c->nomem = true;
	remember_if(v, j, o->u.epair.end[END_B].ifname);
	return (o);
}

static void
default_route(struct convert *v, struct object *jail, const struct seg *s, const struct prefix *p)
{
	const struct ip *gw = &s->gw[p->ip.family == 4 ? 0 : 1];
	struct prefix dst = { .ip.family = p->ip.family };

	if (gw->family != 0 && prefix_contains(p, gw) && ip_cmp(gw, &p->ip) != 0)
		build_route(v->b, jail, &dst, gw);
}

/* The length an address has on its own network; false = nobody knows. */
static bool
find_length(struct convert *v, struct conv_jail *j, struct conv_addr *a)
{
	uint8_t full = a->prefix.ip.family == 4 ? 32 : 128;
	const struct prefix *net;
	char text[IP_TEXT_SIZE];

	if (a->has_len && a->prefix.len < full)
		return (true);
	net = known_net(v, &a->prefix.ip);
	if (net != NULL) {
		a->prefix.len = net->len;
		return (true);
	}
	conv_say(v->c, CONV_WARNING, &a->pos, "outside-net",
	    "%s: %s is in no network known here; it stays a single address without a default route (parameter \"networks\")", j->name,
	    ip_format(&a->prefix.ip, text));
	return (false);
}

static void
renumber(struct convert *v, struct conv_jail *j, struct conv_addr *a)
{
	const struct prefix *net = &v->opts->behind_network;
	char was[IP_TEXT_SIZE], is[IP_TEXT_SIZE];
	struct ip ip = net->ip;
	int last = ip.family == 4 ? 3 : 15;

	if (net->ip.family == 0 || net->ip.family != a->prefix.ip.family || prefix_contains(net, &a->prefix.ip))
		return;
	ip.b[last] = (uint8_t)(ip.b[last] + 2 + v->renumbered++);
	conv_say(v->c, CONV_WARNING, &a->pos, "renumbered", "%s: behind the router %s becomes %s", j->name, ip_format(&a->prefix.ip, was),
	    ip_format(&ip, is));
	a->prefix = (struct prefix){ ip, net->len };
	a->has_len = true;
}

static void
one_address(struct convert *v, struct conv_jail *j, struct object *jail, struct conv_addr a)
{
	char text[IP_TEXT_SIZE];
	struct prefix net;
	struct object *pair;
	struct seg *s;
	struct who who = { j, &a };

	if (conv_is_loopback(&a.prefix.ip)) {
		conv_say(v->c, CONV_WARNING, &a.pos, "loopback",
		    "%s: %s was a loopback address on the host; a VNET jail has its own lo0 with 127.0.0.1 and ::1, and what others reached "
		    "at %s is reachable inside only",
		    j->name, ip_format(&a.prefix.ip, text), text);
		return;
	}
	if (known_shared(v, j, &a))
		return;
	if (known_alias(v, &a, a.ifname))
		conv_say(v->c, CONV_WARNING, &a.pos, "host-alias",
		    "%s: rc.conf gives %s to %s of the host, too; remove it there, or two machines answer for one address", j->name,
		    ip_format(&a.prefix.ip, text), a.ifname);
	if (is_behind(v, j))
		renumber(v, j, &a);
	find_length(v, j, &a);
	net = prefix_network(&a.prefix);
	if (is_behind(v, j)) {
		s = seg_of_net(v, &net, "behind", &who);
		if (v->opts->behind_network.ip.family == 0 && net.len < (net.ip.family == 4 ? 32 : 128))
			conv_say(v->c, CONV_WARNING, &a.pos, "same-net",
			    "%s keeps %s behind the router; that network must not exist outside, too (parameter \"behind_network\")", j->name,
			    ip_format(&a.prefix.ip, text));
	} else if (v->opts->mode == CONV_ROUTED && net.len < (net.ip.family == 4 ? 32 : 128))
		s = seg_of_net(v, &net, "routed", &who);
	else
		s = seg_of_interface(v, a.ifname, &who);
	pair = s == NULL ? NULL : pair_on(v, j, s, a.ifname, &a.pos);
	if (pair == NULL)
		return;
	build_address(v->b, pair, &pair->u.epair.end[END_B].addrs, &a.prefix);
	default_route(v, jail, s, &a.prefix);
}

static void
one_jail(struct convert *v, struct conv_jail *j)
{
	struct object *o = topo_find(v->b->out, KIND_JAIL, j->name);

	if (o == NULL)
		return;
	if (!v->said_services)
		conv_say(v->c, CONV_WARNING, &j->pos, "host-services",
		    "services of the host that listened on all addresses also answered on the jails' addresses; from now on they do not");
	v->said_services = true;
	j->converted = true;
	for (size_t i = 0; i < j->addrs.n && !v->b->failed; i++)
		one_address(v, j, o, j->addrs.v[i]);
	if (j->dhcp)
		conv_say(v->c, CONV_WARNING, &j->pos, "dhcp-bpf",
		    "%s asks for its address (DHCP): dhclient needs bpf, which the devfs ruleset for jails (%s) hides; make one that unhides it",
		    j->name, j->ruleset[0] != '\0' ? j->ruleset : "4 or 5");
	if (j->nnew_ifs == 0)
		conv_say(v->c, CONV_WARNING, &j->pos, "no-address", "jail %s is left without any network", j->name);
}

/* --- the router of figure 3 ----------------------------------------------------------------------------------------- */

static void
make_router(struct convert *v)
{
	const char *name = v->opts->router != NULL ? v->opts->router : "router";
	struct conv_jail *j = host_jail_find(v->h, name);
	struct object *o = topo_find(v->b->out, KIND_JAIL, name), *pair;
	struct conv_jail made = { .name = name };

	if (!name_is_legal(name, NAME_SIZE - 1)) {
		conv_say(v->c, CONV_ERROR, NULL, "name", "%.80s cannot be the name of a jail", name);
		return;
	}
	if (o == NULL) {
		conv_say(v->c, CONV_WARNING, NULL, "router-made",
		    "no file knows a jail %s: jailnet makes it; give it an interface and an address on the outside", name);
		if ((o = build_object(v->b, KIND_JAIL, name)) == NULL)
			return;
	}
	o->u.jail.forwarding = true;
	if (j == NULL)
		j = &made;
	j->forwarding = true;
	for (size_t i = 0; i < v->nsegs; i++) {
		struct seg *s = &v->segs[i];

		if (strncmp(s->key, "behind ", 7) != 0)
			continue;
		pair = numbered_pair(v, j, s->bridge);
		if (pair == NULL)
			return;
		if (object_str(pair, &pair->u.epair.end[END_A].bridge, s->bridge) == -1 ||
		    object_str(pair, &pair->u.epair.end[END_B].jail, name) == -1)
			v->c->nomem = true;
		for (int f = 0; f < 2; f++) {
			struct prefix p;

			if (s->gw[f].family == 0 || prefix_parse(s->key + 7, &p, NULL) == -1)
				continue;
			p.ip = s->gw[f];
			build_address(v->b, pair, &pair->u.epair.end[END_B].addrs, &p);
		}
		if (j != &made)
			remember_if(v, j, pair->u.epair.end[END_B].ifname);
	}
}

void
build_convert(struct build *b)
{
	struct convert v = { .b = b, .h = b->h, .c = b->h->c, .opts = b->h->opts, .next_unit = b->h->opts->first_epair };
	size_t n = 0;

	for (size_t i = 0; i < b->h->njails; i++)
		n += is_convertible(&b->h->jails[i]) ? 1 : 0;
	if (n == 0)
		return;
	known_collect(&v);
	for (size_t i = 0; i < b->h->njails && !b->failed && !v.c->nomem; i++)
		if (is_convertible(&b->h->jails[i]))
			one_jail(&v, &b->h->jails[i]);
	if (v.opts->mode == CONV_BEHIND_ROUTER && !b->failed)
		make_router(&v);
	b->h->need_gateway = b->need_gateway;
}
