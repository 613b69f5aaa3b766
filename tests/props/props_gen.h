/*
 * props_gen: random legal topologies, for the planner's property tests.  Everything follows from the seed.
 */
#ifndef JN_PROPS_GEN_H
#define JN_PROPS_GEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "core/topo.h"
#include "core/valid.h"

#define GEN_BRIDGES 4
#define GEN_JAILS 6
#define GEN_EXTERNALS 2 /* of the jails: x0, x1 */
#define GEN_EPAIRS 9
#define GEN_PHYSICALS 3 /* re0, re1, re2 on the host */

struct gen {
	uint64_t state;
};

#define GEN_FEATURES (FEATURE_VLAN_FILTER | FEATURE_EXTERNAL_JAILS | FEATURE_NETGRAPH)

static void
must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "props_gen: %s\n", what);
		abort();
	}
}

/* splitmix64 */
static uint64_t
next(struct gen *g)
{
	uint64_t z = (g->state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31));
}

static uint32_t
gen_below(struct gen *g, uint32_t n)
{
	return ((uint32_t)(next(g) >> 33) % n);
}

static bool
gen_chance(struct gen *g, unsigned percent)
{
	return (gen_below(g, 100) < percent);
}

static struct prefix
gen_prefix(const char *text)
{
	struct prefix p = { .len = 0 };

	must(prefix_parse(text, &p, NULL) == 0, text);
	return (p);
}

static struct ip
gen_ip(const char *text)
{
	struct ip ip = { .family = 0 };

	must(ip_parse(text, &ip, NULL) == 0, text);
	return (ip);
}

static struct mac
random_mac(struct gen *g)
{
	struct mac m;

	for (size_t i = 0; i < sizeof(m.b); i++)
		m.b[i] = (uint8_t)gen_below(g, 256);
	mac_make_local(&m);
	return (m);
}

static uint32_t
random_mtu(struct gen *g)
{
	static const uint32_t v[] = { 1500, 1500, 1500, 9000, 1400 };

	return (v[gen_below(g, NELEMS(v))]);
}

static struct object *
bridge(struct gen *g, unsigned n)
{
	char name[NAME_SIZE], text[2][PREFIX_TEXT_SIZE];
	struct prefix p[2];
	struct member m[GEN_PHYSICALS];
	char ifname[GEN_PHYSICALS][IFNAME_SIZE];
	struct object *o;
	size_t nm = 0;

	str_format(name, sizeof(name), "br%u", n);
	must((o = object_new(KIND_BRIDGE, name)) != NULL, "memory");
	o->u.bridge.mac = random_mac(g);
	o->u.bridge.mtu = random_mtu(g);
	o->u.bridge.backend = gen_chance(g, 30) ? BACKEND_NETGRAPH : BACKEND_IF_BRIDGE;
	o->u.bridge.stp = o->u.bridge.backend == BACKEND_IF_BRIDGE && gen_chance(g, 20);
	o->u.bridge.vlan_filter = o->u.bridge.backend == BACKEND_IF_BRIDGE && gen_chance(g, 20);
	str_format(text[0], sizeof(text[0]), "10.%u.0.1/24", n);
	str_format(text[1], sizeof(text[1]), "fd00:%u::1/64", n);
	p[0] = gen_prefix(text[0]);
	p[1] = gen_prefix(text[1]);
	must(object_prefixes(o, &o->u.bridge.addrs, p, gen_below(g, 3)) == 0, "memory");
	for (unsigned i = 0; i < GEN_PHYSICALS; i++) {
		if (!gen_chance(g, 12))
			continue;
		str_format(ifname[i], IFNAME_SIZE, "re%u", i);
		m[nm++] = (struct member){ .ifname = ifname[i], .port = { .priv = o->u.bridge.backend == BACKEND_IF_BRIDGE && gen_chance(g, 20) } };
	}
	must(object_members(o, m, nm) == 0, "memory");
	return (o);
}

static void
jail_name(unsigned n, char name[NAME_SIZE])
{
	str_format(name, NAME_SIZE, n < GEN_JAILS - GEN_EXTERNALS ? "j%u" : "x%u", n % (GEN_JAILS - GEN_EXTERNALS));
}

static struct object *
jail(struct gen *g, unsigned n)
{
	static const struct pair sysctls[] = { { "net.ipv4.ip_default_ttl", "42" },
		{ "net.ipv4.tcp_syncookies", "1" } };
	char name[NAME_SIZE];
	struct object *o;
	struct jail *j;
	int r = 0;

	jail_name(n, name);
	must((o = object_new(KIND_JAIL, name)) != NULL, "memory");
	j = &o->u.jail;
	j->external = name[0] == 'x';
	j->manager_moves = j->external && gen_chance(g, 50);
	j->running = gen_chance(g, 80);
	j->boot = 1 + gen_below(g, 2);
	r |= object_pairs(o, &j->sysctls, sysctls, gen_below(g, 3));
	if (!j->external) {
		j->forwarding = gen_chance(g, 30);
		if (gen_chance(g, 40))
			r |= object_str(o, &j->hostname, gen_chance(g, 50) ? "one.example.org" : "two.example.org");
		if (gen_chance(g, 30))
			r |= object_str(o, &j->exec_start, "service start");
		if (gen_chance(g, 30))
			r |= object_str(o, &j->exec_stop, "service stop");
	}
	must(r == 0, "memory");
	return (o);
}

/* An address for that end: of the bridge's network when the other end is in one, else of the epair's own. */
static size_t
addresses(struct gen *g, unsigned n, enum end_side side, const struct end *far, struct prefix p[3])
{
	char text[PREFIX_TEXT_SIZE];
	unsigned host = 10 + 2 * n + side + (gen_chance(g, 20) ? 100 : 0);
	unsigned net = far->bridge != NULL ? (unsigned)(far->bridge[2] - '0') : 100 + n;
	size_t count = 0;

	str_format(text, sizeof(text), "10.%u.0.%u/24", net, host);
	if (gen_chance(g, 80))
		p[count++] = gen_prefix(text);
	str_format(text, sizeof(text), "fd00:%u::%x/64", net, host);
	if (gen_chance(g, 50))
		p[count++] = gen_prefix(text);
	str_format(text, sizeof(text), "192.168.%u.%u/32", n, 1 + side);
	if (gen_chance(g, 20))
		p[count++] = gen_prefix(text);
	return (count);
}

static struct object *
epair(struct gen *g, unsigned n)
{
	char name[NAME_SIZE], where[NAME_SIZE];
	uint16_t tagged[] = { 10, 20, 30 };
	struct object *o;
	struct end *e;
	struct prefix p[3];
	int r = 0;

	str_format(name, sizeof(name), "e%u", n);
	must((o = object_new(KIND_EPAIR, name)) != NULL, "memory");
	for (int side = END_A; side <= END_B; side++) {
		e = &o->u.epair.end[side];
		e->mac = random_mac(g);
		e->up = gen_chance(g, 90);
		/* a small pool of given names, so that two objects swap and inherit them */
		if (gen_chance(g, 25)) {
			e->ifname_given = true;
			str_format(e->ifname, IFNAME_SIZE, "eth%u", gen_below(g, 6));
		}
		if (gen_chance(g, side == END_A ? 60 : 10)) {
			str_format(where, sizeof(where), "br%u", gen_below(g, GEN_BRIDGES));
			r |= object_str(o, &e->bridge, where);
			e->port.priv = gen_chance(g, 20);
			e->port.untagged = gen_chance(g, 10) ? 7 : 0;
			r |= object_tagged(o, &e->port, tagged, gen_chance(g, 10) ? 2 : 0);
		} else if (gen_chance(g, 80)) {
			jail_name(gen_below(g, GEN_JAILS), where);
			r |= object_str(o, &e->jail, where);
		}
	}
	for (int side = END_A; side <= END_B; side++) {
		e = &o->u.epair.end[side];
		if (e->bridge == NULL)
			r |= object_prefixes(o, &e->addrs, p, addresses(g, n, side, &o->u.epair.end[!side], p));
	}
	must(r == 0 && epair_default_ifnames(o) == 0, "epair");
	return (o);
}

static struct object *
attachment(struct gen *g, unsigned n)
{
	char name[NAME_SIZE], where[NAME_SIZE], text[PREFIX_TEXT_SIZE];
	struct object *o;
	struct prefix p;

	str_format(name, sizeof(name), "re%u", n);
	must((o = object_new(KIND_ATTACHMENT, name)) != NULL, "memory");
	jail_name(gen_below(g, GEN_JAILS), where);
	str_format(text, sizeof(text), "10.200.%u.%u/24", n, 2 + gen_below(g, 2));
	p = gen_prefix(text);
	must(object_str(o, &o->u.attachment.jail, where) == 0 &&
		 object_prefixes(o, &o->u.attachment.addrs, &p, gen_below(g, 2)) == 0,
	    "memory");
	return (o);
}

/* In it stays when the whole is still legal. */
static void
offer(struct topo *t, struct object *o)
{
	static struct errs errs;
	enum kind kind = o->kind;
	char name[NAME_SIZE];

	errs.n = errs.more = 0;
	memcpy(name, o->name, sizeof(name));
	valid_object(o, GEN_FEATURES, &errs);
	if (errs.n > 0 || topo_find(t, kind, name) != NULL) {
		object_free(o);
		return;
	}
	must(topo_put(t, o, NULL) == 0, "memory");
	valid_topo(t, &errs);
	if (errs.n > 0)
		topo_remove(t, kind, name);
}

static struct object *(*const make[KIND_COUNT])(struct gen *,
    unsigned) = { [KIND_BRIDGE] = bridge, [KIND_EPAIR] = epair, [KIND_JAIL] = jail, [KIND_ATTACHMENT] = attachment };
static const struct {
	enum kind kind;
	unsigned count, percent;
} parts[] = { { KIND_BRIDGE, GEN_BRIDGES, 70 }, { KIND_JAIL, GEN_JAILS, 75 }, { KIND_EPAIR, GEN_EPAIRS, 75 },
	{ KIND_ATTACHMENT, GEN_PHYSICALS, 20 } };

/* Routes come last: a gateway must be in a network the jail is in by then. */
static void
routes(struct gen *g, struct topo *t)
{
	for (size_t i = 0; i < t->n[KIND_JAIL]; i++) {
		struct object *o = object_copy(t->v[KIND_JAIL][i]), *back = object_copy(o);
		struct route r[3];
		static struct errs errs;
		char text[2][IP_TEXT_SIZE];
		size_t n = 0;

		must(o != NULL && back != NULL, "memory");
		str_format(text[0], sizeof(text[0]), "10.%u.0.%u", gen_below(g, GEN_BRIDGES), 1 + gen_below(g, 2));
		str_format(text[1], sizeof(text[1]), "fd00:%u::1", gen_below(g, GEN_BRIDGES));
		if (gen_chance(g, 60))
			r[n++] = (struct route){ gen_prefix("0.0.0.0/0"), gen_ip(text[0]) };
		if (gen_chance(g, 30))
			r[n++] = (struct route){ gen_prefix("::/0"), gen_ip(text[1]) };
		if (gen_chance(g, 30))
			r[n++] = (struct route){ gen_prefix("198.51.100.0/24"), gen_ip(text[0]) };
		must(object_routes(o, r, n) == 0 && topo_put(t, o, NULL) == 0, "memory");
		errs.n = errs.more = 0;
		valid_topo(t, &errs);
		if (errs.n == 0)
			object_free(back);
		else
			must(topo_put(t, back, NULL) == 0, "memory");
	}
}

/*
 * A legal topology.  'like' (may be NULL): about half of its objects are taken over, some changed, so that plans
 * between the two have something to keep, to change and to remove.  Found records are copied.
 */
static void
gen_topo(struct gen *g, const struct topo *like, struct topo *out)
{
	topo_init(out);
	for (size_t p = 0; p < NELEMS(parts); p++) {
		for (unsigned n = 0; n < parts[p].count; n++) {
			struct object *fresh = make[parts[p].kind](g, n);
			const struct object *old = like == NULL ? NULL : topo_find(like, parts[p].kind, fresh->name);

			if (old != NULL && gen_chance(g, 50)) {
				object_free(fresh);
				must((fresh = object_copy(old)) != NULL, "memory");
			}
			if (gen_chance(g, parts[p].percent))
				offer(out, fresh);
			else
				object_free(fresh);
		}
	}
	routes(g, out);
	for (size_t i = 0; like != NULL && i < like->nfound; i++)
		must(topo_found_put(out, &like->found[i], NULL) == 0, "memory");
}

#endif
