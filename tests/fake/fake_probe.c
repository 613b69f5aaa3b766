/*
 * fake_probe: would an echo be answered?  Layer 2 is flooded through epairs and bridges; layer 3 goes by connected prefix, then
 * by the longest route, hop by hop, and back again.
 */
#include <string.h>

#include "tests/fake/fake_int.h"

#define HOPS_MAX 16

struct flood {
	const struct fake *f;
	const struct ip *to;
	int depth;
	int found;	/* link that holds the address, -1 = none */
};

static void flood_in(struct flood *s, int link);

static bool
holds(const struct fake *f, int link, const struct ip *ip)
{
	for (int i = 0; i < f->t->naddrs; i++)
		if (f->t->addrs[i].used && f->t->addrs[i].link == link && ip_cmp(&f->t->addrs[i].prefix.ip, ip) == 0)
			return (true);
	return (false);
}

/* A frame leaves through this link. */
static void
flood_out(struct flood *s, int link)
{
	const struct fake_link *l = &s->f->t->links[link];

	if (!l->up || s->found != -1 || s->depth > HOPS_MAX)
		return;
	s->depth++;
	if (l->peer != -1)
		flood_in(s, l->peer);
	s->depth--;
}

static void
flood_ports(struct flood *s, int bridge, int from)
{
	for (int i = 0; i < s->f->t->nlinks; i++) {
		const struct fake_link *l = &s->f->t->links[i];

		if (!l->used || l->bridge != bridge || i == from)
			continue;
		if (from == -1 || !l->priv || !s->f->t->links[from].priv)
			flood_out(s, i);
	}
}

/* A frame comes in through this link. */
static void
flood_in(struct flood *s, int link)
{
	const struct fake_link *l = &s->f->t->links[link];

	if (!l->up || s->found != -1)
		return;
	if (l->bridge == -1) {
		if (holds(s->f, link, s->to))
			s->found = link;
		return;
	}
	if (!s->f->t->links[l->bridge].up)
		return;
	if (holds(s->f, l->bridge, s->to))
		s->found = l->bridge;
	else
		flood_ports(s, l->bridge, link);
}

/* The link that answers for 'to' in the layer 2 segment of 'link'; -1 = nobody. */
static int
neighbour(const struct fake *f, int link, const struct ip *to)
{
	struct flood s = { .f = f, .to = to, .found = -1 };

	if (!f->t->links[link].up)
		return (-1);
	if (f->t->links[link].type == LINK_BRIDGE)
		flood_ports(&s, link, -1);
	else
		flood_out(&s, link);
	return (s.found);
}

static bool
is_local(const struct fake *f, int ns, const struct ip *ip)
{
	for (int i = 0; i < f->t->naddrs; i++) {
		const struct fake_addr *a = &f->t->addrs[i];

		if (a->used && f->t->links[a->link].ns == ns && ip_cmp(&a->prefix.ip, ip) == 0)
			return (true);
	}
	return (false);
}

/* Next hop from ns towards 'to': an address in one of its own segments. */
static const struct ip *
next_hop(const struct fake *f, int ns, const struct ip *to, int *link)
{
	const struct fake_route *best = NULL;

	if ((*link = fake_gateway_link(f, ns, to)) != -1)
		return (to);
	for (int i = 0; i < f->t->nroutes; i++) {
		const struct fake_route *r = &f->t->routes[i];

		if (r->used && r->ns == ns && prefix_contains(&r->dst, to) && (best == NULL || r->dst.len > best->dst.len))
			best = r;
	}
	if (best == NULL)
		return (NULL);
	*link = best->link;
	return (&best->gateway);
}

/* Carries a packet from ns to the namespace that holds 'to'.  *src: address of the first interface; *end: where it arrived. */
static bool
carry(const struct fake *f, int ns, const struct ip *to, struct ip *src, int *end)
{
	int link, answer;

	for (int hop = 0; hop < HOPS_MAX; hop++) {
		const struct ip *via;

		if (is_local(f, ns, to)) {
			if (hop == 0)
				*src = *to;
			*end = ns;
			return (true);
		}
		if (hop > 0 && ns != FAKE_HOST && !f->t->jails[ns].forwarding)
			return (false);
		if ((via = next_hop(f, ns, to, &link)) == NULL || (answer = neighbour(f, link, via)) == -1)
			return (false);
		if (hop == 0)
			for (int i = 0; i < f->t->naddrs; i++) {
				const struct fake_addr *a = &f->t->addrs[i];

				if (a->used && a->link == link && prefix_contains(&a->prefix, via))
					*src = a->prefix.ip;
			}
		ns = f->t->links[answer].ns;
	}
	return (false);
}

bool
fake_reaches(const struct fake *f, const char *jail, const struct ip *to)
{
	int ns = fake_jail_find(f, jail), there, back;
	struct ip src, ignored;

	memset(&src, 0, sizeof(src));
	return (ns != FAKE_NO_JAIL && carry(f, ns, to, &src, &there) && carry(f, there, &src, &ignored, &back) && back == ns);
}
