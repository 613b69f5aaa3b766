/*
 * takeover: see the headers.
 *
 * First it is found out what each link could become, then dropped what cannot, until nothing changes any more: an epair whose bridge
 * stays foreign stays foreign, too, and its other end may then be what keeps another bridge from being taken over.
 */
#include "core/takeover_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "core/valid.h"

void
takeover_say(struct taking *t, bool warning, const char *code, const char *fmt, ...)
{
	struct takeover *o = t->out;
	struct takeover_note *grown;
	va_list ap;
	size_t room;

	if (o->nnotes == TAKEOVER_NOTES_MAX) {
		o->dropped++;
		return;
	}
	if (o->notes == NULL || o->nnotes == o->rnotes) {
		room = o->rnotes == 0 ? 32 : o->rnotes * 2;
		grown = realloc(o->notes, room * sizeof(*grown));
		if (grown == NULL) {
			t->nomem = true;
			return;
		}
		o->notes = grown;
		o->rnotes = room;
	}
	o->notes[o->nnotes] = (struct takeover_note){ .warning = warning, .code = code };
	va_start(ap, fmt);
	vsnprintf(o->notes[o->nnotes].text, sizeof(o->notes[0].text), fmt, ap);
	va_end(ap);
	str_clean(o->notes[o->nnotes].text);
	o->nnotes++;
}

static const char *
where(const struct obs_link *l, char buf[NAME_SIZE + 16])
{
	(void)str_format(buf, NAME_SIZE + 16, "%s%s", l->jail[0] == '\0' ? "" : " in jail ", l->jail);
	return (buf);
}

/* It stays what it is. */
static void drop(struct taking *t, struct piece *p, const char *code, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void
drop(struct taking *t, struct piece *p, const char *code, const char *fmt, ...)
{
	char why[240], at[NAME_SIZE + 16];
	va_list ap;

	if (p->told)
		return;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	takeover_say(t, true, code, "%s%s stays foreign: %s", p->l->ifname, where(p->l, at), why);
	p->told = true;
	p->fate = STAYS;
	if (p->other != NULL) {
		p->other->fate = STAYS;
		p->other->told = true;
	}
}

struct object *
takeover_add(struct taking *t, enum kind kind, const char *name)
{
	struct takeover *o = t->out;
	struct object **grown;
	size_t room;

	if (o->v == NULL || o->n == o->room) {
		room = o->room == 0 ? 32 : o->room * 2;
		grown = realloc(o->v, room * sizeof(*grown));
		if (grown == NULL) {
			t->nomem = true;
			return (NULL);
		}
		o->v = grown;
		o->room = room;
	}
	o->v[o->n] = object_new(kind, name);
	if (o->v[o->n] == NULL) {
		t->nomem = true;
		return (NULL);
	}
	return (o->v[o->n++]);
}

bool
takeover_is_made(const struct taking *t, enum kind kind, const char *name)
{
	for (size_t i = 0; i < t->out->n; i++)
		if (t->out->v[i]->kind == kind && strcmp(t->out->v[i]->name, name) == 0)
			return (true);
	return (topo_find(t->want, kind, name) != NULL);
}

/* --- jails ----------------------------------------------------------------------------------------------------- */

static void
take_jail(struct taking *t, const struct obs_jail *j, bool external)
{
	struct object *o;

	if (j->ours || j->phase == JAIL_IS_DYING || topo_find(t->want, KIND_JAIL, j->name) != NULL)
		return;
	if (!external && !j->adoptable) {
		takeover_say(t, true, "namespace", "namespace %s stays foreign: adopt of jailnetd.conf does not name it", j->name);
		return;
	}
	if ((o = takeover_add(t, KIND_JAIL, j->name)) == NULL)
		return;
	o->u.jail.external = external;
	o->u.jail.manager_moves = external;
	if (external) {
		takeover_say(t, false, "jail", "jail %s stays with its manager; jailnet looks after its interfaces", j->name);
		return;
	}
	o->u.jail.running = true;
	o->u.jail.forwarding = j->forwarding;
	takeover_say(t, true, "namespace",
	    "namespace %s becomes a jail: routes and sysctls in it that jailnet did not make stay as they are and are not in "
	    "the topology; to delete the jail ends what runs in it",
	    j->name);
}

static bool
has_jail(const struct taking *t, const char *name)
{
	return (name[0] == '\0' || takeover_is_made(t, KIND_JAIL, name));
}

/* --- what each could be ---------------------------------------------------------------------------------------- */

static size_t
addrs_of(const struct taking *t, const struct obs_link *l)
{
	size_t n;

	(void)observed_addrs(t->have, l->jail, l->ifname, &n);
	return (n);
}

/* All that is no end of an epair would be its members. */
static size_t
ports_of(const struct taking *t, const char *bridge)
{
	size_t n = 0;

	for (size_t i = 0; i < t->have->nlinks; i++)
		n += t->have->links[i].jail[0] == '\0' && t->have->links[i].type != LINK_EPAIR && strcmp(t->have->links[i].bridge, bridge) == 0;
	return (n);
}

static void
consider_bridge(struct taking *t, struct piece *p)
{
	const struct obs_link *l = p->l;

	p->fate = BRIDGE;
	if (!l->adoptable)
		drop(t, p, "policy", "adopt of jailnetd.conf does not name it");
	else if (!name_is_legal(l->ifname, kind_name_max(KIND_BRIDGE)))
		drop(t, p, "name", "its name is not one of jailnet's");
	else if (!l->up)
		drop(t, p, "down", "it is down, and a bridge of jailnet's is up");
	else if (!mac_is_usable(&l->mac))
		drop(t, p, "mac", "it has no usable MAC address");
	else if (l->mtu < MTU_MIN || l->mtu > MTU_MAX)
		drop(t, p, "mtu", "its MTU is %u", l->mtu);
	else if (l->bridge[0] != '\0')
		drop(t, p, "master", "it is a port of %s", l->bridge);
	else if (l->backend != BACKEND_IF_BRIDGE)
		drop(t, p, "netgraph", "a bridge of netgraph is not taken over");
	else if (addrs_of(t, l) > LIMIT_ADDRESSES)
		drop(t, p, "addresses", "it has more than %d addresses", LIMIT_ADDRESSES);
	else if (ports_of(t, l->ifname) > LIMIT_MEMBERS)
		drop(t, p, "ports", "it has more than %d ports that are no epairs", LIMIT_MEMBERS);
}

static int
cmp_index(const void *a, const void *b)
{
	const struct piece *x = *(struct piece *const *)a, *y = *(struct piece *const *)b;

	return ((x->l->ifindex > y->l->ifindex) - (x->l->ifindex < y->l->ifindex));
}

/* The other half, when exactly one can be it. */
static struct piece *
other_half(const struct taking *t, const struct piece *p)
{
	size_t n = t->have->nlinks, lo = 0, hi = n;
	struct piece *found = NULL;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->by_index[mid]->l->ifindex < p->l->peer)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; p->l->peer != 0 && lo < n && t->by_index[lo]->l->ifindex == p->l->peer; lo++) {
		if (!observed_is_pair(p->l, t->by_index[lo]->l))
			continue;
		if (found != NULL)
			return (NULL);
		found = t->by_index[lo];
	}
	return (found);
}

static bool
end_is_good(struct taking *t, struct piece *p)
{
	const struct obs_link *l = p->l;

	if (!l->adoptable)
		drop(t, p, "policy", "adopt of jailnetd.conf does not name it");
	else if (!has_jail(t, l->jail))
		drop(t, p, "namespace", "its jail is not in the topology");
	else if (!name_is_legal(l->ifname, IFNAME_SIZE - 1))
		drop(t, p, "name", "its name is not one of jailnet's");
	else if (!mac_is_usable(&l->mac))
		drop(t, p, "mac", "it has no usable MAC address");
	else if (l->mtu != p->other->l->mtu)
		drop(t, p, "mtu", "its MTU is %u, that of its other half %s is %u; an epair has one", l->mtu, p->other->l->ifname, p->other->l->mtu);
	else if (l->mtu < MTU_MIN || l->mtu > MTU_MAX)
		drop(t, p, "mtu", "its MTU is %u", l->mtu);
	else if (addrs_of(t, l) > LIMIT_ADDRESSES)
		drop(t, p, "addresses", "it has more than %d addresses", LIMIT_ADDRESSES);
	else if (l->jail[0] == '\0' && l->bridge[0] != '\0' && addrs_of(t, l) > 0)
		drop(t, p, "addresses", "it is a port of %s and has addresses, which belong on the bridge", l->bridge);
	return (!p->told);
}

static void
consider_half(struct taking *t, struct piece *p)
{
	struct piece *q = other_half(t, p);

	if (p->fate == HALF || p->told)
		return;
	if (q == NULL || q->l->mark.ours || (q->other != NULL && q->other != p)) {
		drop(t, p, "other-half", p->l->peer_away ? "its other half is in a network that jailnet cannot look into (adopt of jailnetd.conf)" :
		    "its other half is not known");
		return;
	}
	p->other = q;
	q->other = p;
	p->fate = q->fate = HALF;
	if (end_is_good(t, p))
		(void)end_is_good(t, q);
}

/* --- what they can be together --------------------------------------------------------------------------------- */

struct piece *
takeover_piece(const struct taking *t, const char *jail, const char *ifname)
{
	const struct obs_link *l = observed_link(t->have, jail, ifname);

	return (l == NULL ? NULL : &t->v[l - t->have->links]);
}

/* Is there a bridge of that name in what will be wanted? */
static bool
is_bridge(const struct taking *t, const char *name)
{
	const struct piece *p = takeover_piece(t, "", name);

	return (p != NULL && (p->fate == BRIDGE || (p->l->mark.ours && topo_find(t->want, KIND_BRIDGE, name) != NULL)));
}

/* A port that is no end of ours would be a member: its MTU and flag are then the bridge's business. */
static bool
check_port(struct taking *t, struct piece *p)
{
	struct piece *b = p->l->jail[0] == '\0' && p->l->bridge[0] != '\0' ? takeover_piece(t, "", p->l->bridge) : NULL;

	if (b == NULL)
		return (false);
	if (p->fate == HALF && !is_bridge(t, p->l->bridge)) {
		drop(t, p, "master", "it is in %s, which stays foreign", p->l->bridge);
		return (true);
	}
	if (p->fate != STAYS || b->fate != BRIDGE)
		return (false);
	if (!p->l->up)
		drop(t, b, "port", "its port %s is down and would come up as a member", p->l->ifname);
	else if (p->l->mtu != b->l->mtu)
		drop(t, b, "port", "its port %s has MTU %u, not %u, and would get another as a member", p->l->ifname, p->l->mtu, b->l->mtu);
	else
		return (false);
	return (true);
}

static int
cmp_name(const void *a, const void *b)
{
	const struct piece *x = *(struct piece *const *)a, *y = *(struct piece *const *)b;
	int c = strcmp(x->l->ifname, y->l->ifname);

	return (c != 0 ? c : strcmp(x->l->jail, y->l->jail));
}

/* The topology knows each name once, wherever it is. */
static void
check_names(struct taking *t, struct piece **sorted)
{
	const struct piece *kept = NULL;
	size_t n = 0;
	char at[NAME_SIZE + 16];

	for (size_t i = 0; i < t->have->nlinks; i++)
		if (t->v[i].fate != STAYS || t->v[i].l->mark.ours)
			sorted[n++] = &t->v[i];
	if (n > 1)
		qsort(sorted, n, sizeof(*sorted), cmp_name);
	for (size_t i = 0; i < n; i++) {
		if (sorted[i]->fate == STAYS && !sorted[i]->l->mark.ours)
			continue;
		if (kept == NULL || strcmp(kept->l->ifname, sorted[i]->l->ifname) != 0)
			kept = sorted[i];
		else if (sorted[i]->fate == HALF)
			drop(t, sorted[i], "name", "jailnet knows a name once, and there is %s%s; rename one of them", kept->l->ifname,
			    where(kept->l, at));
		else if (kept->fate == HALF) {
			drop(t, &t->v[kept->l - t->have->links], "name", "jailnet knows a name once, and there is %s%s; rename one of them",
			    sorted[i]->l->ifname, where(sorted[i]->l, at));
			kept = sorted[i];
		}
	}
}

static void
decide(struct taking *t, struct piece **scratch)
{
	bool changed = true;

	for (size_t i = 0; i < t->have->nlinks; i++) {
		struct piece *p = &t->v[i];

		if (p->l->mark.ours)
			continue;
		if (p->l->type == LINK_BRIDGE && p->l->jail[0] == '\0')
			consider_bridge(t, p);
		else if (p->l->type == LINK_EPAIR)
			consider_half(t, p);
	}
	check_names(t, scratch);
	while (changed) {
		changed = false;
		for (size_t i = 0; i < t->have->nlinks; i++)
			changed = check_port(t, &t->v[i]) || changed;
	}
}

int
takeover_build(const struct topo *want, const struct observed *have, uint32_t features, struct takeover *out, struct err *err)
{
	struct taking t = { .want = want, .have = have, .out = out };
	struct piece **scratch = calloc(have->nlinks + 1, sizeof(struct piece *));

	*out = (struct takeover){ .n = 0 };
	t.v = calloc(have->nlinks + 1, sizeof(*t.v));
	t.by_index = calloc(have->nlinks + 1, sizeof(struct piece *));
	if (scratch == NULL || t.v == NULL || t.by_index == NULL) {
		t.nomem = true;
		goto done;
	}
	for (size_t i = 0; i < have->nlinks; i++) {
		t.v[i].l = &have->links[i];
		t.by_index[i] = &t.v[i];
	}
	qsort(t.by_index, have->nlinks, sizeof(struct piece *), cmp_index);
	for (size_t i = 0; i < have->njails; i++)
		take_jail(&t, &have->jails[i], (features & FEATURE_EXTERNAL_JAILS) != 0);
	decide(&t, scratch);
	takeover_make(&t);
done:
	free(scratch);
	free(t.by_index);
	free(t.v);
	return (t.nomem ? err_nomem(err) : 0);
}

void
takeover_fini(struct takeover *t)
{
	for (size_t i = 0; i < t->n; i++)
		object_free(t->v[i]);
	free(t->v);
	free(t->notes);
	*t = (struct takeover){ .n = 0 };
}
