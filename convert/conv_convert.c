/*
 * conv_convert: traditional jails, which borrow addresses of the host, become VNET jails with an epair of their own.
 *
 * flat: all on the host's network through a bridge with its interface (figure 1 of the conversion article).  routed: some, or
 * all, on a bridge of their own that the host routes to (figure 2).  behind_router: some jails behind another one that routes (figure 3).
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

/* Where the jail is asked to be. */
static enum place
wanted_place(const struct convert *v, const struct conv_jail *j)
{
	const struct conv_opts *o = v->opts;

	if (o->mode == CONV_FLAT || (o->mode == CONV_BEHIND_ROUTER && strcmp(j->name, v->router) == 0))
		return (PLACE_FLAT);
	for (size_t i = 0; i < o->nbehind; i++)
		if (strcmp(o->behind[i], j->name) == 0)
			return (o->mode == CONV_ROUTED ? PLACE_ROUTED : PLACE_BEHIND);
	return (o->mode == CONV_ROUTED && o->nbehind == 0 ? PLACE_ROUTED : PLACE_FLAT);
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
	build_end_add(v->b, o, END_A, &j->pos);
	build_end_add(v->b, o, END_B, &j->pos);
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
	if (v->opts->hooks == CONV_JIB && v->opts->mode == CONV_FLAT && ifname[0] != '\0' && !conv_is_lo(ifname))
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
	const struct ip *gw = seg_gateway(s, p);
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

/* Addresses of the jail that it takes along; false: it had nothing but what stays behind. */
static bool
is_taken_along(struct convert *v, struct conv_jail *j, const struct conv_addr *a)
{
	char text[IP_TEXT_SIZE];

	if (conv_is_loopback(&a->prefix.ip)) {
		conv_say(v->c, CONV_WARNING, &a->pos, "loopback",
		    "%s: %s was a loopback address on the host; a VNET jail has its own lo0 with 127.0.0.1 and ::1, and what others reached "
		    "at %s is reachable inside only",
		    j->name, ip_format(&a->prefix.ip, text), text);
		return (false);
	}
	if (known_shared(v, j, a))
		return (false);
	if (known_alias(v, a, a->ifname))
		conv_say(v->c, CONV_WARNING, &a->pos, "host-alias",
		    "%s: rc.conf gives %s to %s of the host, too; remove it there, or two machines answer for one address", j->name,
		    ip_format(&a->prefix.ip, text), a->ifname);
	return (true);
}

/* Can the address leave the host's network for this place?  Only when that network is not the host's, too, or with another number. */
static bool
can_go(struct convert *v, const struct conv_jail *j, enum place place, const struct conv_addr *a)
{
	struct prefix net = prefix_network(&a->prefix);
	char text[PREFIX_TEXT_SIZE];
	const char *param = place == PLACE_BEHIND ? "behind_network" : "routed_network";

	if (target_of(v, place, &a->prefix.ip) != NULL)
		return (true);
	if (net.len < (net.ip.family == 4 ? 32 : 128) && !known_of_host(v, &net, a->ifname))
		return (true);
	conv_say(v->c, place == PLACE_BEHIND ? CONV_ERROR : CONV_WARNING, &a->pos, "same-net",
	    "%s stays on the host's network: a router cannot have %s on both sides; another network for IPv%u moves it (parameter \"%s\")", j->name,
	    prefix_format(&net, text), net.ip.family, param);
	return (false);
}

static void
renumber(struct convert *v, struct conv_jail *j, enum place place, struct conv_addr *a)
{
	const struct prefix *net = target_of(v, place, &a->prefix.ip);
	char was[IP_TEXT_SIZE], is[IP_TEXT_SIZE];
	struct ip ip;

	if (net == NULL || prefix_contains(net, &a->prefix.ip))
		return;
	target_router(v, place, net);	/* takes the first address */
	if (!known_free(v, net, &ip)) {
		conv_say(v->c, CONV_ERROR, &a->pos, "no-gateway", "%s: no address of the new network is free", j->name);
		return;
	}
	conv_say(v->c, CONV_WARNING, &a->pos, "renumbered", "%s: %s %s becomes %s", j->name,
	    place == PLACE_BEHIND ? "behind the router" : "where the host routes", ip_format(&a->prefix.ip, was), ip_format(&ip, is));
	a->prefix = (struct prefix){ ip, net->len };
	a->has_len = true;
}

/* What goes to a place of its own is told by the interface: a net on a cloned loopback is the host's to route already. */
static enum place
place_of(const struct convert *v, enum place wanted, const struct conv_addr *a)
{
	return (wanted == PLACE_ROUTED && (conv_is_lo(a->ifname) || a->prefix.len == (a->prefix.ip.family == 4 ? 32 : 128)) &&
		    target_of(v, wanted, &a->prefix.ip) == NULL ?
		PLACE_FLAT : wanted);
}

/* All of them, or none: a jail is not on two sides of a router. */
static enum place
jail_place(struct convert *v, struct conv_jail *j, struct conv_addr *a, size_t n)
{
	enum place place = wanted_place(v, j);

	for (size_t i = 0; i < n && place != PLACE_FLAT; i++)
		if (place_of(v, place, &a[i]) != PLACE_FLAT && !can_go(v, j, place, &a[i]))
			place = PLACE_FLAT;
	for (size_t i = 0; i < n && place != PLACE_FLAT; i++)
		if (place_of(v, place, &a[i]) != PLACE_FLAT)
			renumber(v, j, place, &a[i]);
	return (place);
}

static void
put_on(struct convert *v, struct conv_jail *j, struct object *jail, struct seg *s, const struct conv_addr *a)
{
	struct object *pair = s == NULL ? NULL : pair_on(v, j, s, a->ifname, &a->pos);

	if (pair == NULL)
		return;
	build_address(v->b, pair, &pair->u.epair.end[END_B].addrs, &a->prefix, &a->pos);
	default_route(v, jail, s, &a->prefix);
}

static void
all_addresses(struct convert *v, struct conv_jail *j, struct object *jail)
{
	struct conv_addr *a = conv_alloc(v->c, (j->addrs.n + 1) * sizeof(*a));
	struct prefix *nets = conv_alloc(v->c, (j->addrs.n + 1) * sizeof(*nets));
	size_t n = 0, nnets = 0;
	enum place place;

	if (a == NULL || nets == NULL)
		return;
	for (size_t i = 0; i < j->addrs.n; i++)
		if (is_taken_along(v, j, &j->addrs.v[i])) {
			a[n] = j->addrs.v[i];
			find_length(v, j, &a[n++]);
		}
	place = jail_place(v, j, a, n);
	j->in_front = place == PLACE_FLAT;
	for (size_t i = 0; i < n; i++)
		if (place_of(v, place, &a[i]) != PLACE_FLAT)
			nets[nnets++] = prefix_network(&a[i].prefix);
	for (size_t i = 0; i < n && !v->b->failed && !v->c->nomem; i++) {
		struct who who = { j, &a[i] };

		put_on(v, j, jail,
		    place_of(v, place, &a[i]) == PLACE_FLAT ? seg_of_interface(v, a[i].ifname, &who) : seg_of_nets(v, place, nets, nnets, &who),
		    &a[i]);
	}
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
	o->u.jail.manager_moves = o->u.jail.external;	/* the rewritten files say vnet.interface, with any hooks */
	if (o->u.jail.external && j->raw.src != NULL)
		conv_say(v->c, CONV_WARNING, &j->raw, "params",
		    "%s: rc.d/jail does not read this of a VNET jail; jail_%s_parameters=\"allow.raw_sockets=1\" keeps its raw sockets (ping)",
		    j->name, j->key);
	all_addresses(v, j, o);
	if (j->nnew_ifs == 0)
		conv_say(v->c, CONV_WARNING, &j->pos, "no-address", "jail %s is left without any network", j->name);
}

/* --- the router of figure 3 ----------------------------------------------------------------------------------------- */

static void
router_pair(struct convert *v, struct conv_jail *j, const struct seg *s)
{
	struct object *pair = numbered_pair(v, j, s->bridge);

	if (pair == NULL)
		return;
	if (object_str(pair, &pair->u.epair.end[END_A].bridge, s->bridge) == -1 ||
	    object_str(pair, &pair->u.epair.end[END_B].jail, j->name) == -1)
		v->c->nomem = true;
	for (size_t i = 0; i < s->nnets; i++)
		if (s->nets[i].gw.family != 0)
			build_address(v->b, pair, &pair->u.epair.end[END_B].addrs, &(struct prefix){ s->nets[i].gw, s->nets[i].net.len },
			    &s->nets[i].pos);
	remember_if(v, j, pair->u.epair.end[END_B].ifname);
}

static void
make_router(struct convert *v)
{
	struct conv_jail *j = host_jail_find(v->h, v->router);
	struct object *o = topo_find(v->b->out, KIND_JAIL, v->router);
	struct conv_jail made = { .name = v->router };

	if (!name_is_legal(v->router, NAME_SIZE - 1)) {
		conv_say(v->c, CONV_ERROR, NULL, "router-name", "%.80s cannot be the name of a jail", v->router);
		return;
	}
	if (o == NULL) {
		conv_say(v->c, CONV_WARNING, NULL, "router-made",
		    "no file knows a jail %s: jailnet makes it; give it an interface and an address on the outside", v->router);
		if ((o = build_object(v->b, KIND_JAIL, v->router)) == NULL)
			return;
	}
	o->u.jail.forwarding = true;
	if (j == NULL)
		j = &made;
	j->forwarding = true;
	for (size_t i = 0; i < v->nsegs; i++)
		if (v->segs[i].place == PLACE_BEHIND)
			router_pair(v, j, &v->segs[i]);
}

/* --- the way to those that are not on the host's network any more ------------------------------------------------------ */

/* The address of the router jail on a bridge; family 0 = it has none there. */
static struct ip
router_on(const struct convert *v, const char *bridge, const struct prefix *near)
{
	const struct topo *t = v->b->out;

	for (size_t i = 0; i < t->n[KIND_EPAIR]; i++) {
		const struct end *e = t->v[KIND_EPAIR][i]->u.epair.end;

		if (e[END_A].bridge == NULL || e[END_B].jail == NULL || strcmp(e[END_A].bridge, bridge) != 0 ||
		    strcmp(e[END_B].jail, v->router) != 0)
			continue;
		for (size_t k = 0; k < e[END_B].addrs.n; k++)
			if (prefix_contains(near, &e[END_B].addrs.v[k].ip))
				return (e[END_B].addrs.v[k].ip);
	}
	return ((struct ip){ .family = 0 });
}

static struct ip
host_on(const struct convert *v, const struct prefix *near)
{
	for (size_t i = 0; i < v->h->nifs; i++)
		for (size_t k = 0; k < v->h->ifs[i].addrs.n; k++)
			if (!conv_is_lo(v->h->ifs[i].name) && prefix_contains(near, &v->h->ifs[i].addrs.v[k].prefix.ip))
				return (v->h->ifs[i].addrs.v[k].prefix.ip);
	return ((struct ip){ .family = 0 });
}

/* Where packets from 'near', on this bridge, leave it for the segment. */
static struct ip
way_to(const struct convert *v, const struct seg *s, const char *bridge, const struct prefix *near)
{
	return (s->place == PLACE_BEHIND ? router_on(v, bridge, near) : host_on(v, near));
}

static void
routes_of(struct convert *v, struct object *jail, const struct end *e, const struct seg *s, struct seg_net *n)
{
	for (size_t k = 0; k < e[END_B].addrs.n; k++) {
		const struct prefix *near = &e[END_B].addrs.v[k];
		struct ip gw;

		if (near->ip.family != n->net.ip.family)
			continue;
		gw = way_to(v, s, e[END_A].bridge, near);
		if (gw.family == 0)
			continue;
		n->way = gw;
		if (strcmp(jail->name, v->router) != 0 || s->place == PLACE_ROUTED)
			build_route(v->b, jail, &n->net, &gw);
		return;
	}
}

/* Jails that stay in front reach the others; what is outside needs to be told. */
static void
ways(struct convert *v)
{
	char net[PREFIX_TEXT_SIZE], via[IP_TEXT_SIZE];

	for (size_t i = 0; i < v->nsegs; i++) {
		struct seg *s = &v->segs[i];

		for (size_t k = 0; s->place != PLACE_FLAT && k < s->nnets; k++) {
			for (size_t n = 0; n < v->h->njails; n++) {
				struct conv_jail *j = &v->h->jails[n];
				struct object *o = j->converted && j->in_front ? topo_find(v->b->out, KIND_JAIL, j->name) : NULL;

				for (size_t f = 0; o != NULL && f < j->nnew_ifs; f++) {
					const struct build_end *e = build_end(v->b, j->new_ifs[f]);

					if (e != NULL && e->o->u.epair.end[END_A].bridge != NULL &&
					    strcmp(e->o->u.epair.end[END_A].bridge, s->bridge) != 0)
						routes_of(v, o, e->o->u.epair.end, s, &s->nets[k]);
				}
			}
			conv_say(v->c, CONV_WARNING, &s->nets[k].pos, "return-route", "%s needs a route to %s through %s, or nothing comes back",
			    s->place == PLACE_BEHIND ? "the network outside, and the host itself," : "the network outside",
			    prefix_format(&s->nets[k].net, net),
			    s->nets[k].way.family != 0 ? ip_format(&s->nets[k].way, via) : s->place == PLACE_BEHIND ? v->router : "the host");
		}
	}
}

void
build_convert(struct build *b)
{
	struct convert v = { .b = b, .h = b->h, .c = b->h->c, .opts = b->h->opts, .next_unit = b->h->opts->first_epair,
		.router = b->h->opts->router != NULL ? b->h->opts->router : "router" };
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
	if (!b->failed && !v.c->nomem)
		ways(&v);
	b->h->need_gateway[0] = b->need_gateway[0];
	b->h->need_gateway[1] = b->need_gateway[1];
}
