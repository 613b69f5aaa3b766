/*
 * conv_known: what the files say of networks and of addresses that somebody has already.
 */
#include <stdlib.h>
#include <string.h>

#include "convert/conv_build.h"

bool
conv_is_loopback(const struct ip *ip)
{
	static const uint8_t one[16] = { [15] = 1 };

	return (ip->family == 4 ? ip->b[0] == 127 : memcmp(ip->b, one, 16) == 0);
}

static void
net_add(struct convert *v, const struct prefix *p)
{
	struct prefix net = prefix_network(p);

	if (p->len == 0 || p->len == (p->ip.family == 4 ? 32 : 128))
		return;
	for (size_t i = 0; i < v->nnets; i++)
		if (prefix_cmp(&v->nets[i], &net) == 0)
			return;
	if (conv_room(v->c, &v->nets, v->nnets, &v->rnets, sizeof(*v->nets)))
		v->nets[v->nnets++] = net;
}

const struct prefix *
known_net(const struct convert *v, const struct ip *ip)
{
	const struct prefix *best = NULL;

	for (size_t i = 0; i < v->nnets; i++)
		if (prefix_contains(&v->nets[i], ip) && (best == NULL || v->nets[i].len > best->len))
			best = &v->nets[i];
	return (best);
}

static int
used_cmp(const void *x, const void *y)
{
	const struct used_ip *a = x, *b = y;
	int d = ip_cmp(&a->ip, &b->ip);

	/* The host first, then in the order of the jails. */
	return (d != 0 ? d : a->jail < b->jail ? -1 : a->jail > b->jail);
}

static void
used_add(struct convert *v, const struct ip *ip, const struct conv_jail *j)
{
	if (ip->family != 0 && conv_room(v->c, &v->used, v->nused, &v->rused, sizeof(*v->used)))
		v->used[v->nused++] = (struct used_ip){ *ip, j };
}

static bool
is_used(const struct convert *v, const struct ip *ip)
{
	size_t lo = 0, hi = v->nused;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = ip_cmp(&v->used[mid].ip, ip);

		if (d == 0)
			return (true);
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (false);
}

/* The last address of an IPv4 network belongs to nobody. */
static bool
is_broadcast(const struct prefix *net, const struct ip *ip)
{
	struct ip next = *ip;

	for (int i = 3; net->ip.family == 4 && i >= 0 && ++next.b[i] == 0; i--)
		;
	return (net->ip.family == 4 && net->len < 31 && !prefix_contains(net, &next));
}

void
known_collect(struct convert *v)
{
	struct conv_host *h = v->h;

	for (size_t i = 0; i < h->nifs; i++)
		for (size_t k = 0; k < h->ifs[i].addrs.n; k++) {
			net_add(v, &h->ifs[i].addrs.v[k].prefix);
			used_add(v, &h->ifs[i].addrs.v[k].prefix.ip, NULL);
		}
	for (size_t i = 0; i < v->opts->nnetworks; i++)
		net_add(v, &v->opts->networks[i]);
	for (size_t i = 0; i < h->njails; i++)
		for (size_t k = 0; k < h->jails[i].addrs.n; k++) {
			if (h->jails[i].addrs.v[k].has_len)
				net_add(v, &h->jails[i].addrs.v[k].prefix);
			if (!conv_is_loopback(&h->jails[i].addrs.v[k].prefix.ip))
				used_add(v, &h->jails[i].addrs.v[k].prefix.ip, &h->jails[i]);
		}
	used_add(v, &h->router4, NULL);
	used_add(v, &h->router6, NULL);
	if (v->nused > 0)
		qsort(v->used, v->nused, sizeof(*v->used), used_cmp);
}

/* Two jails could share an address of the host; on a network of their own they cannot. */
bool
known_shared(struct convert *v, const struct conv_jail *j, const struct conv_addr *a)
{
	char text[IP_TEXT_SIZE];
	size_t lo = 0, hi = v->nused;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (ip_cmp(&v->used[mid].ip, &a->prefix.ip) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	/* The first jail that has it keeps it. */
	while (lo < v->nused && v->used[lo].jail == NULL)
		lo++;
	if (lo == v->nused || ip_cmp(&v->used[lo].ip, &a->prefix.ip) != 0 || v->used[lo].jail == j)
		return (false);
	conv_say(v->c, CONV_WARNING, &a->pos, "shared-address", "%s: %s is jail %s's already; two VNET jails cannot share an address, left out",
	    j->name, ip_format(&a->prefix.ip, text), v->used[lo].jail->name);
	return (true);
}

bool
known_alias(struct convert *v, const struct conv_addr *a, const char *ifname)
{
	const struct conv_if *f = host_if(v->h, ifname, false);

	/* rc.conf often lists a jail's address as an alias of the host. */
	for (size_t k = 0; f != NULL && k < f->addrs.n; k++)
		if (ip_cmp(&f->addrs.v[k].prefix.ip, &a->prefix.ip) == 0)
			return (true);
	return (false);
}

bool
known_of_host(struct convert *v, const struct prefix *net, const char *ifname)
{
	const struct ip *router = net->ip.family == 4 ? &v->h->router4 : &v->h->router6;
	const struct conv_if *f = host_if(v->h, ifname, false);

	/* An address from DHCP may be of any network. */
	if ((f != NULL && f->dhcp) || (router->family != 0 && prefix_contains(net, router)))
		return (true);
	for (size_t i = 0; i < v->h->nifs; i++)
		for (size_t k = 0; k < v->h->ifs[i].addrs.n; k++) {
			const struct prefix *p = &v->h->ifs[i].addrs.v[k].prefix;

			if (prefix_contains(net, &p->ip) || (p->len < (p->ip.family == 4 ? 32 : 128) && prefix_contains(p, &net->ip)))
				return (true);
		}
	return (false);
}

static void
used_insert(struct convert *v, const struct ip *ip)
{
	size_t at = v->nused;

	used_add(v, ip, NULL);
	for (; at > 0 && at < v->nused && used_cmp(&v->used[at - 1], &v->used[at]) > 0; at--) {
		struct used_ip t = v->used[at];

		v->used[at] = v->used[at - 1];
		v->used[at - 1] = t;
	}
}

bool
known_free(struct convert *v, const struct prefix *net, struct ip *out)
{
	int last = net->ip.family == 4 ? 3 : 15;
	struct ip ip = net->ip;

	for (int n = 0; n < 65536; n++) {
		for (int i = last; i >= 0 && ++ip.b[i] == 0; i--)
			;
		if (!prefix_contains(net, &ip))
			return (false);
		if (!is_used(v, &ip) && !is_broadcast(net, &ip)) {
			*out = ip;
			used_insert(v, &ip);
			return (true);
		}
	}
	return (false);
}
