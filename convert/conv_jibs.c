/*
 * conv_jibs: the pairs that jib makes, with the addresses the kernel has for them, or those jib would give.
 */
#include <stdio.h>
#include <string.h>

#include "convert/conv_build.h"
#include "core/str.h"

static const struct mac *
known(const struct conv_opts *opts, const char *jail, const char *ifname)
{
	for (size_t i = 0; i < opts->nknown; i++)
		if (strcmp(opts->known[i].ifname, ifname) == 0 && strcmp(opts->known[i].jail == NULL ? "" : opts->known[i].jail, jail) == 0)
			return (&opts->known[i].mac);
	return (NULL);
}

const struct mac *
build_known_mac(struct build *b, const char *ifname)
{
	const struct conv_if *f = host_if(b->h, ifname, false);
	const struct mac *m = known(b->h->opts, "", ifname);

	return (m != NULL ? m : f != NULL && f->has_mac ? &f->mac : NULL);
}

static const char *
jail_with(const struct conv_host *h, const char *ifname)
{
	for (size_t i = 0; i < h->njails; i++)
		for (size_t k = 0; k < h->jails[i].nvnet_ifs; k++)
			if (strcmp(h->jails[i].vnet_ifs[k], ifname) == 0)
				return (h->jails[i].name);
	return ("");
}

bool
build_pin_running(struct build *b, struct object *epair, int side)
{
	const struct conv_opts *opts = b->h->opts;
	struct end *e = &epair->u.epair.end[side];
	const struct mac *m;

	if (opts->nknown == 0 || e->mac_pinned || (opts->have != NULL && topo_find(opts->have, KIND_EPAIR, epair->name) != NULL))
		return (false);
	m = known(opts, jail_with(b->h, e->ifname), e->ifname);
	if (m == NULL)
		m = known(opts, "", e->ifname);
	if (m == NULL || mac_is_zero(m))
		return (false);
	e->mac = *m;
	e->mac_pinned = true;
	return (true);
}

/* jib's own addresses, where nobody knows others: it derives them from the parent's. */
static void
jib_addresses(struct build *b, const struct conv_jib *jib, struct object *o, unsigned counter)
{
	const struct mac *parent = jib->keep_mac ? NULL : build_known_mac(b, jib->parent);
	struct end *e = o->u.epair.end;
	bool running[2], other = false;
	struct mac derived[2];
	char is[MAC_TEXT_SIZE], was[MAC_TEXT_SIZE];

	if (parent != NULL)
		jib_macs(parent, jib->name, counter, &derived[END_A], &derived[END_B]);
	for (int s = END_A; s <= END_B; s++) {
		running[s] = build_pin_running(b, o, s);
		if (!running[s] && parent != NULL) {
			e[s].mac = derived[s];
			e[s].mac_pinned = true;
		}
		other = running[s] && parent != NULL && !mac_equal(&e[s].mac, &derived[s]);
		if (other)
			conv_say(b->h->c, CONV_NOTE, &jib->pos, "mac-kept", "%s has %s now and keeps it; jib would give it %s", e[s].ifname,
			    mac_format(&e[s].mac, is), mac_format(&derived[s], was));
	}
	if (parent == NULL && !jib->keep_mac && !(running[END_A] && running[END_B]))
		conv_say(b->h->c, CONV_WARNING, &jib->pos, "mac-unknown",
		    "%s and %s: jib derives their addresses from that of %s, which is not known here; they get new ones", e[END_A].ifname,
		    e[END_B].ifname, jib->parent);
}

struct object *
build_jib_pair(struct build *b, const struct conv_jib *jib, unsigned counter)
{
	char a[IFNAME_SIZE], z[IFNAME_SIZE], name[IFNAME_SIZE], bridge[IFNAME_SIZE];
	struct object *o, *br;

	if (str_format(a, sizeof(a), "e%ua_%s", jib->index, jib->name) == -1 ||
	    str_format(z, sizeof(z), "e%ub_%s", jib->index, jib->name) == -1 ||
	    str_format(name, sizeof(name), "e%u_%s", jib->index, jib->name) == -1 ||
	    str_format(bridge, sizeof(bridge), "%s%s", jib->parent, jib->suffix) == -1 || build_end(b, a) != NULL)
		return (NULL);
	if (!name_is_legal(bridge, IFNAME_SIZE - 1)) {
		conv_say(b->h->c, CONV_ERROR, &jib->pos, "name", "%s: a bridge's name has letters, digits, _ and - only", bridge);
		return (NULL);
	}
	if ((br = build_bridge(b, bridge)) == NULL || (o = build_object(b, KIND_EPAIR, name)) == NULL)
		return (NULL);
	build_member(b, br, jib->parent, NULL);
	str_copy(o->u.epair.end[END_A].ifname, IFNAME_SIZE, a);
	str_copy(o->u.epair.end[END_B].ifname, IFNAME_SIZE, z);
	o->u.epair.end[END_A].ifname_given = o->u.epair.end[END_B].ifname_given = true;
	if (object_str(o, &o->u.epair.end[END_A].bridge, bridge) == -1)
		b->h->c->nomem = true;
	jib_addresses(b, jib, o, counter);
	build_end_add(b, o, END_A, &jib->pos);
	build_end_add(b, o, END_B, &jib->pos);
	return (o);
}

void
build_jibs(struct build *b)
{
	unsigned counter = 0;

	for (size_t i = 0; i < b->h->njibs && !b->failed; i++) {
		const struct conv_jib *jib = &b->h->jibs[i];

		/* jib counts the pairs of one call whose addresses it derives from the same parent. */
		counter = 0;
		for (unsigned k = 1; k <= jib->index && k <= i; k++)
			if (!b->h->jibs[i - k].keep_mac && strcmp(b->h->jibs[i - k].parent, jib->parent) == 0 &&
			    strcmp(b->h->jibs[i - k].name, jib->name) == 0)
				counter++;
		build_jib_pair(b, jib, counter);
	}
}
