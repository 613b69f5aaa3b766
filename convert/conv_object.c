/*
 * conv_object: objects of the topology in the making, and the ends of epairs by interface name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/conv_build.h"
#include "core/str.h"

/* --- objects -------------------------------------------------------------------------------------------------- */

struct object *
build_object(struct build *b, enum kind kind, const char *name)
{
	struct object *o;

	if (b->failed)
		return (NULL);
	o = object_new(kind, name);
	if (o == NULL || topo_put(b->out, o, b->err) == -1) {
		object_free(o);
		b->failed = true;
		b->h->c->nomem = true;
		return (NULL);
	}
	return (o);
}

struct object *
build_bridge(struct build *b, const char *name)
{
	struct object *o = topo_find(b->out, KIND_BRIDGE, name);

	return (o != NULL ? o : build_object(b, KIND_BRIDGE, name));
}

void
build_address(struct build *b, struct object *o, struct prefixes *list, const struct prefix *p, const struct conv_pos *pos)
{
	struct prefix *v;

	for (size_t i = 0; i < list->n; i++)
		if (ip_cmp(&list->v[i].ip, &p->ip) == 0)
			return;
	if (list->n == LIMIT_ADDRESSES) {
		conv_say(b->h->c, CONV_ERROR, pos, "limit", "%s %s: more than %d addresses; the rest is left out", kind_name(o->kind), o->name,
		    LIMIT_ADDRESSES);
		return;
	}
	v = arena_array(&o->arena, list->n + 1, sizeof(*v));
	if (v == NULL) {
		b->h->c->nomem = true;
		return;
	}
	if (list->n > 0)
		memcpy(v, list->v, list->n * sizeof(*v));
	v[list->n] = *p;
	list->v = v;
	list->n++;
}

void
build_member(struct build *b, struct object *bridge, const char *ifname, const struct port *port)
{
	struct bridge *br = &bridge->u.bridge;
	struct member *v;

	for (size_t i = 0; i < br->nmembers; i++)
		if (strcmp(br->members[i].ifname, ifname) == 0)
			return;
	v = calloc(br->nmembers + 1, sizeof(*v));
	if (v == NULL) {
		b->h->c->nomem = true;
		return;
	}
	if (br->nmembers > 0)
		memcpy(v, br->members, br->nmembers * sizeof(*v));
	v[br->nmembers].ifname = ifname;
	if (port != NULL)
		v[br->nmembers].port = *port;
	if (object_members(bridge, v, br->nmembers + 1) == -1)
		b->h->c->nomem = true;
	free(v);
}

void
build_route(struct build *b, struct object *jail, const struct prefix *dst, const struct ip *gateway)
{
	struct jail *j = &jail->u.jail;
	struct route *v;

	for (size_t i = 0; i < j->nroutes; i++)
		if (prefix_cmp(&j->routes[i].dst, dst) == 0)
			return;
	v = calloc(j->nroutes + 1, sizeof(*v));
	if (v == NULL) {
		b->h->c->nomem = true;
		return;
	}
	if (j->nroutes > 0)
		memcpy(v, j->routes, j->nroutes * sizeof(*v));
	v[j->nroutes] = (struct route){ *dst, *gateway };
	if (object_routes(jail, v, j->nroutes + 1) == -1)
		b->h->c->nomem = true;
	free(v);
}

void
build_description(struct build *b, struct object *o, const struct conv_if *f)
{
	struct mark m = { .ours = false };

	if (f->descr == NULL || f->descr[0] == '\0')
		return;
	mark_parse(f->descr, &m);
	if (m.ours)
		return;
	if (strlen(f->descr) >= TEXT_SIZE)
		conv_say(b->h->c, CONV_WARNING, &f->pos, "limit", "the description of %s is left out: it has %zu bytes, the most is %d", f->name,
		    strlen(f->descr), TEXT_SIZE - 1);
	else if (object_str(o, &o->description, f->descr) == -1)
		b->h->c->nomem = true;
}

/* "epair17b" or "epair17": unit and side; side 0 for the bare unit. */
bool
build_epair_unit(const char *s, unsigned *unit, char *side)
{
	size_t digits;

	if (strncmp(s, "epair", 5) != 0)
		return (false);
	digits = strspn(s + 5, "0123456789");
	if (digits == 0 || digits > 5 || (s[5] == '0' && digits > 1))
		return (false);
	*side = s[5 + digits];
	if (*side != '\0' && ((*side != 'a' && *side != 'b') || s[6 + digits] != '\0'))
		return (false);
	*unit = (unsigned)strtoul(s + 5, NULL, 10);
	return (true);
}

/* --- ends by interface name ------------------------------------------------------------------------------------ */

/* Where the name is or would be; the list is sorted. */
static size_t
end_place(const struct build *b, const char *ifname, bool *found)
{
	size_t lo = 0, hi = b->nends;

	*found = false;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = strcmp(b->ends[mid].ifname, ifname);

		if (d == 0) {
			*found = true;
			return (mid);
		}
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (lo);
}

void
build_end_add(struct build *b, struct object *o, int side, const struct conv_pos *pos)
{
	const char *ifname = o->u.epair.end[side].ifname;
	bool found;
	size_t at = end_place(b, ifname, &found);

	if (found) {
		conv_say(b->h->c, CONV_ERROR, pos, "duplicate", "two interfaces are called %s", ifname);
		return;
	}
	if (!conv_room(b->h->c, &b->ends, b->nends, &b->rends, sizeof(*b->ends)))
		return;
	memmove(b->ends + at + 1, b->ends + at, (b->nends - at) * sizeof(*b->ends));
	b->ends[at] = (struct build_end){ ifname, o, side, *pos };
	b->nends++;
}

struct build_end *
build_end(struct build *b, const char *ifname)
{
	bool found;
	size_t at = end_place(b, ifname, &found);

	return (found ? &b->ends[at] : NULL);
}
