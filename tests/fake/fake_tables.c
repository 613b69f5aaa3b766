/*
 * fake_tables: slots, lookups, and what a kernel does by itself when something goes.
 */
#include <string.h>

#include "core/str.h"
#include "tests/fake/fake_int.h"

/* The first free slot of a table with a high-water mark, zeroed and marked used; -1 = full. */
#define NEW_SLOT(table, mark, max, index)					\
	do {									\
		for ((index) = 0; (index) < (mark) && (table)[index].used; (index)++)	\
			;							\
		if ((index) == (max))						\
			(index) = -1;						\
		else {								\
			if ((index) == (mark))					\
				(mark)++;					\
			memset(&(table)[index], 0, sizeof((table)[index]));	\
			(table)[index].used = true;				\
		}								\
	} while (0)

int
fake_jail_find(const struct fake *f, const char *name)
{
	if (name[0] == '\0')
		return (FAKE_HOST);
	for (int i = 0; i < f->t->njails; i++)
		if (f->t->jails[i].used && strcmp(f->t->jails[i].name, name) == 0)
			return (i);
	return (FAKE_NO_JAIL);
}

int
fake_link_find(const struct fake *f, int ns, const char *ifname)
{
	for (int i = 0; i < f->t->nlinks; i++) {
		const struct fake_link *l = &f->t->links[i];

		if (l->used && l->ns == ns && strcmp(l->ifname, ifname) == 0)
			return (i);
	}
	return (-1);
}

const char *
fake_ns_name(const struct fake *f, int ns)
{
	return (ns == FAKE_HOST ? "" : f->t->jails[ns].name);
}

int
fake_jail_new(struct fake *f, const char *name)
{
	int i;

	NEW_SLOT(f->t->jails, f->t->njails, FAKE_JAILS, i);
	if (i != -1)
		str_copy(f->t->jails[i].name, NAME_SIZE, name);
	return (i);
}

int
fake_link_new(struct fake *f, int ns, const char *ifname, enum link_type type)
{
	struct fake_link *l;
	int i;

	NEW_SLOT(f->t->links, f->t->nlinks, FAKE_LINKS, i);
	if (i == -1)
		return (-1);
	l = &f->t->links[i];
	str_copy(l->ifname, sizeof(l->ifname), ifname);
	l->ns = ns;
	l->type = type;
	l->peer = l->bridge = -1;
	l->mtu = MTU_DEFAULT;
	l->ifindex = ++f->t->ifindex;
	return (i);
}

int
fake_addr_new(struct fake *f, int link, const struct prefix *p)
{
	int i;

	NEW_SLOT(f->t->addrs, f->t->naddrs, FAKE_ADDRS, i);
	if (i != -1) {
		f->t->addrs[i].link = link;
		f->t->addrs[i].prefix = *p;
	}
	return (i);
}

int
fake_route_new(struct fake *f, int ns, int link, const struct prefix *dst, const struct ip *gateway)
{
	int i;

	NEW_SLOT(f->t->routes, f->t->nroutes, FAKE_ROUTES, i);
	if (i != -1) {
		f->t->routes[i].ns = ns;
		f->t->routes[i].link = link;
		f->t->routes[i].dst = *dst;
		f->t->routes[i].gateway = *gateway;
	}
	return (i);
}

int
fake_sysctl_new(struct fake *f, int ns, const char *key)
{
	int i;

	NEW_SLOT(f->t->sysctls, f->t->nsysctls, FAKE_SYSCTLS, i);
	if (i != -1) {
		f->t->sysctls[i].ns = ns;
		str_copy(f->t->sysctls[i].key, NAME_SIZE, key);
	}
	return (i);
}

/* family 0 = both */
static void
drop_routes(struct fake *f, int link, uint8_t family)
{
	for (int i = 0; i < f->t->nroutes; i++) {
		struct fake_route *r = &f->t->routes[i];

		if (r->used && r->link == link && (family == 0 || r->dst.ip.family == family))
			r->used = false;
	}
}

static void
drop_addrs(struct fake *f, int link, uint8_t family)
{
	for (int i = 0; i < f->t->naddrs; i++) {
		struct fake_addr *a = &f->t->addrs[i];

		if (a->used && a->link == link && (family == 0 || a->prefix.ip.family == family))
			a->used = false;
	}
}

void
fake_link_leave(struct fake *f, int link)
{
	struct fake_link *l = &f->t->links[link];

	l->bridge = -1;
	l->priv = l->port_stp = l->edge = false;
	l->untagged = l->ntagged = 0;
}

static void
link_forget(struct fake *f, int link)
{
	drop_routes(f, link, 0);
	drop_addrs(f, link, 0);
	for (int i = 0; i < f->t->nlinks; i++)
		if (f->t->links[i].used && f->t->links[i].bridge == link)
			fake_link_leave(f, i);
	f->t->links[link].used = false;
}

void
fake_link_destroy(struct fake *f, int link)
{
	int peer = f->t->links[link].peer;

	link_forget(f, link);
	if (peer != -1)
		link_forget(f, peer);
}

/* Down loses the routes through it and its IPv6 addresses, as Linux does. */
void
fake_link_up(struct fake *f, int link, bool up)
{
	struct fake_link *l = &f->t->links[link];

	if (l->up && !up) {
		drop_routes(f, link, 0);
		drop_addrs(f, link, 6);
	}
	l->up = up;
}

void
fake_link_move(struct fake *f, int link, int ns)
{
	drop_routes(f, link, 0);
	drop_addrs(f, link, 0);
	fake_link_leave(f, link);
	f->t->links[link].up = false;
	f->t->links[link].ns = ns;
	/* flags and offloads are the card's; these belong to the network it was in */
	f->t->links[link].traits.nd6 = 0;
	f->t->links[link].traits.groups[0] = '\0';
}

int
fake_addr_find(const struct fake *f, int link, const struct prefix *p)
{
	for (int i = 0; i < f->t->naddrs; i++) {
		const struct fake_addr *a = &f->t->addrs[i];

		if (a->used && a->link == link && prefix_cmp(&a->prefix, p) == 0)
			return (i);
	}
	return (-1);
}

/* The last IPv4 address takes the interface's IPv4 routes with it. */
void
fake_addr_remove(struct fake *f, int addr)
{
	int link = f->t->addrs[addr].link;
	uint8_t family = f->t->addrs[addr].prefix.ip.family;

	f->t->addrs[addr].used = false;
	if (family != 4)
		return;
	for (int i = 0; i < f->t->naddrs; i++) {
		const struct fake_addr *a = &f->t->addrs[i];

		if (a->used && a->link == link && a->prefix.ip.family == 4)
			return;
	}
	drop_routes(f, link, 4);
}

/* Epairs inside die with it, other interfaces return to the host. */
void
fake_jail_end(struct fake *f, int jail)
{
	for (int i = 0; i < f->t->nlinks; i++) {
		struct fake_link *l = &f->t->links[i];

		if (!l->used || l->ns != jail)
			continue;
		if (l->peer != -1)
			fake_link_destroy(f, i);
		else
			fake_link_move(f, i, FAKE_HOST);
	}
	for (int i = 0; i < f->t->nroutes; i++)
		if (f->t->routes[i].used && f->t->routes[i].ns == jail)
			f->t->routes[i].used = false;
	for (int i = 0; i < f->t->nsysctls; i++)
		if (f->t->sysctls[i].used && f->t->sysctls[i].ns == jail)
			f->t->sysctls[i].used = false;
	f->t->jails[jail].used = false;
}

int
fake_route_find(const struct fake *f, int ns, const struct prefix *dst)
{
	for (int i = 0; i < f->t->nroutes; i++) {
		const struct fake_route *r = &f->t->routes[i];

		if (r->used && r->ns == ns && prefix_cmp(&r->dst, dst) == 0)
			return (i);
	}
	return (-1);
}

int
fake_gateway_link(const struct fake *f, int ns, const struct ip *gateway)
{
	for (int i = 0; i < f->t->naddrs; i++) {
		const struct fake_addr *a = &f->t->addrs[i];

		if (!a->used || f->t->links[a->link].ns != ns || !f->t->links[a->link].up)
			continue;
		if (prefix_contains(&a->prefix, gateway) && ip_cmp(&a->prefix.ip, gateway) != 0)
			return (a->link);
	}
	return (-1);
}
