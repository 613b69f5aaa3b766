/*
 * valid_topo: do the objects fit together?  References, MTUs, loops, gateways, counts; what must be unique is in
 * valid_unique.c.  Look-ups are binary searches in the sorted topology, so the whole is O(n log n).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "core/valid_int.h"

#define MTU_IPV6_MIN 1280 /* RFC 8200 section 5 */

struct web {
	const struct topo *t;
	struct errs *errs;
	struct arena arena;
	size_t *root; /* of each bridge: union-find over bridges joined by epairs */
	/* addresses a jail has, by jail: first[j] .. first[j + 1] */
	size_t *first;
	const struct prefixes **addrs;
};

static void
count(struct web *w, enum kind kind, size_t limit)
{
	char pointer[32];

	if (w->t->n[kind] <= limit)
		return;
	snprintf(pointer, sizeof(pointer), "/%s", kind_plural(kind));
	errs_add(
	    w->errs, ERR_LIMIT, pointer, "at most %zu %s, this would be %zu", limit, kind_plural(kind), w->t->n[kind]);
}

static void refer(struct web *w, enum kind kind, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void
refer(struct web *w, enum kind kind, const char *name, const char *fmt, ...)
{
	char pointer[160];
	va_list ap;

	if (name == NULL || topo_index(w->t, kind, name) != -1)
		return;
	va_start(ap, fmt);
	vsnprintf(pointer, sizeof(pointer), fmt, ap);
	va_end(ap);
	errs_add(w->errs, ERR_REFERENCE, pointer, "there is no %s '%s'", kind_name(kind), name);
}

static void
references(struct web *w)
{
	const struct topo *t = w->t;

	for (size_t i = 0; i < t->n[KIND_EPAIR]; i++) {
		const struct object *o = t->v[KIND_EPAIR][i];

		for (int side = END_A; side <= END_B; side++) {
			const struct end *e = &o->u.epair.end[side];
			char c = side == END_A ? 'a' : 'b';

			refer(w, KIND_BRIDGE, e->bridge, "/epairs/%s/%c/bridge", o->name, c);
			refer(w, KIND_JAIL, e->jail, "/epairs/%s/%c/jail", o->name, c);
		}
	}
	for (size_t i = 0; i < t->n[KIND_ATTACHMENT]; i++)
		refer(w, KIND_JAIL, t->v[KIND_ATTACHMENT][i]->u.attachment.jail, "/attachments/%s/jail",
		    t->v[KIND_ATTACHMENT][i]->name);
}

static size_t
root_of(struct web *w, size_t i)
{
	while (w->root[i] != i) {
		w->root[i] = w->root[w->root[i]];
		i = w->root[i];
	}
	return (i);
}

/* Both ends in bridges: the bridges become one segment.  If they already are, frames would go round for ever. */
static void
join(struct web *w, const struct object *o, long a, long b)
{
	const struct object *const *v = (const struct object *const *)w->t->v[KIND_BRIDGE];
	size_t ra = root_of(w, (size_t)a), rb = root_of(w, (size_t)b);
	char pointer[160];

	snprintf(pointer, sizeof(pointer), "/epairs/%s/b/bridge", o->name);
	if (a == b)
		errs_add(w->errs, ERR_INVALID, pointer, "both ends are in bridge '%s': frames would loop", v[a]->name);
	else if (ra == rb && !(v[a]->u.bridge.stp && v[b]->u.bridge.stp))
		errs_add(w->errs, ERR_INVALID, pointer,
		    "bridges '%s' and '%s' are joined already: frames would loop; turn stp on in both to allow it",
		    v[a]->name, v[b]->name);
	w->root[ra] = rb;
}

static bool
has_ipv6(const struct prefixes *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].ip.family == 6)
			return (true);
	return (false);
}

static void
mtu_of_end(struct web *w, const struct object *o, const char *bridge, uint32_t mtu)
{
	const struct object *b = topo_find(w->t, KIND_BRIDGE, bridge);
	char pointer[160];

	if (b == NULL || b->u.bridge.mtu == mtu)
		return;
	snprintf(pointer, sizeof(pointer), "/epairs/%s/mtu", o->name);
	errs_add(w->errs, ERR_INVALID, pointer,
	    "MTU %u does not match MTU %u of bridge '%s'; all members of a bridge have one MTU", (unsigned)mtu,
	    (unsigned)b->u.bridge.mtu, b->name);
}

static void
port_of_end(struct web *w, const struct object *o, int side)
{
	const struct end *e = &o->u.epair.end[side];
	const struct object *b = topo_find(w->t, KIND_BRIDGE, e->bridge);
	char pointer[160];

	if (b == NULL || b->u.bridge.backend != BACKEND_NETGRAPH || port_is_plain(&e->port))
		return;
	snprintf(pointer, sizeof(pointer), "/epairs/%s/%c", o->name, side == END_A ? 'a' : 'b');
	errs_add(w->errs, ERR_INVALID, pointer,
	    "bridge '%s' is a netgraph bridge: its ports have no private, stp, edge or VLANs", b->name);
}

static void
epairs(struct web *w)
{
	const struct topo *t = w->t;

	for (size_t i = 0; i < t->n[KIND_EPAIR]; i++) {
		const struct object *o = t->v[KIND_EPAIR][i];
		const struct end *end = o->u.epair.end;
		uint32_t mtu = epair_mtu(t, o);
		long at[2] = { -1, -1 };
		char pointer[160];

		for (int side = END_A; side <= END_B; side++) {
			if (end[side].bridge == NULL)
				continue;
			at[side] = topo_index(t, KIND_BRIDGE, end[side].bridge);
			mtu_of_end(w, o, end[side].bridge, mtu);
			port_of_end(w, o, side);
		}
		if (at[END_A] != -1 && at[END_B] != -1)
			join(w, o, at[END_A], at[END_B]);
		/* its own MTU was looked at in valid_object() */
		if (o->u.epair.mtu == 0 && mtu < MTU_IPV6_MIN &&
		    (has_ipv6(&end[END_A].addrs) || has_ipv6(&end[END_B].addrs))) {
			snprintf(pointer, sizeof(pointer), "/epairs/%s/mtu", o->name);
			errs_add(w->errs, ERR_INVALID, pointer, "IPv6 needs an MTU of at least 1280, the bridge has %u",
			    (unsigned)mtu);
		}
	}
}

/* Pass 0 counts, pass 1 fills: addresses of ends and attachments by jail. */
static void
collect(struct web *w, int pass)
{
	const struct topo *t = w->t;

	for (size_t i = 0; i < 2 * t->n[KIND_EPAIR] + t->n[KIND_ATTACHMENT]; i++) {
		bool is_end = i < 2 * t->n[KIND_EPAIR];
		const struct end *e = is_end ? &t->v[KIND_EPAIR][i / 2]->u.epair.end[i % 2] : NULL;
		const struct attachment *a =
		    is_end ? NULL : &t->v[KIND_ATTACHMENT][i - 2 * t->n[KIND_EPAIR]]->u.attachment;
		const char *jail = is_end ? e->jail : a->jail;
		long j = jail == NULL ? -1 : topo_index(t, KIND_JAIL, jail);

		if (j == -1)
			continue;
		if (pass == 0)
			w->first[j + 2]++;
		else
			w->addrs[w->first[j + 1]++] = is_end ? &e->addrs : &a->addrs;
	}
	for (size_t j = 2; pass == 0 && j < t->n[KIND_JAIL] + 2; j++)
		w->first[j] += w->first[j - 1];
}

static void
gateway(struct web *w, const struct object *o, size_t j, const struct route *r)
{
	char pointer[256], dst[PREFIX_TEXT_SIZE] = "default", key[2 * PREFIX_TEXT_SIZE], text[IP_TEXT_SIZE];
	bool reachable = false, own = false;

	for (size_t i = w->first[j]; i < w->first[j + 1]; i++) {
		for (size_t k = 0; k < w->addrs[i]->n; k++) {
			const struct prefix *p = &w->addrs[i]->v[k];

			reachable = reachable || prefix_contains(p, &r->gateway);
			own = own || ip_cmp(&p->ip, &r->gateway) == 0;
		}
	}
	if (reachable && !own)
		return;
	if (!prefix_is_default(&r->dst) || r->dst.ip.family != 4)
		prefix_format(&r->dst, dst);
	snprintf(pointer, sizeof(pointer), "/jails/%s/routes/%s", o->name, str_pointer(dst, key, sizeof(key)));
	if (own)
		errs_add(w->errs, ERR_INVALID, pointer, "gateway %s is the jail's own address",
		    ip_format(&r->gateway, text));
	else
		errs_add(w->errs, ERR_INVALID, pointer, "gateway %s is in no network the jail has an address in",
		    ip_format(&r->gateway, text));
}

static void
gateways(struct web *w)
{
	for (size_t j = 0; j < w->t->n[KIND_JAIL]; j++) {
		const struct object *o = w->t->v[KIND_JAIL][j];

		for (size_t i = 0; i < o->u.jail.nroutes && i < LIMIT_ROUTES; i++)
			gateway(w, o, j, &o->u.jail.routes[i]);
	}
}

void
valid_topo(const struct topo *t, struct errs *errs)
{
	struct web w = { .t = t, .errs = errs };

	count(&w, KIND_BRIDGE, LIMIT_BRIDGES);
	count(&w, KIND_EPAIR, LIMIT_EPAIRS);
	count(&w, KIND_JAIL, LIMIT_JAILS);
	count(&w, KIND_ATTACHMENT, LIMIT_ATTACHMENTS);
	arena_init(&w.arena);
	w.root = arena_array(&w.arena, t->n[KIND_BRIDGE] + 1, sizeof(*w.root));
	w.first = arena_array(&w.arena, t->n[KIND_JAIL] + 2, sizeof(*w.first));
	w.addrs = arena_array(&w.arena, 2 * t->n[KIND_EPAIR] + t->n[KIND_ATTACHMENT] + 1, sizeof(struct prefixes *));
	if (w.root == NULL || w.first == NULL || w.addrs == NULL) {
		errs_add(errs, ERR_NOMEM, "", "out of memory");
		goto out;
	}
	for (size_t i = 0; i < t->n[KIND_BRIDGE]; i++)
		w.root[i] = i;
	collect(&w, 0);
	collect(&w, 1);
	references(&w);
	epairs(&w);
	gateways(&w);
	/* segments are named by the root of their bridges, known by now */
	valid_unique(t, w.root, errs);
out:
	arena_fini(&w.arena);
}
