/*
 * valid_unique: what may stand only once: interface names and MACs in the whole topology, addresses in one L2 segment,
 * in one jail and on the host.  Everybody's claims go into one array, which is sorted; equal neighbours clash.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "core/valid_int.h"

/* In the order in which claims to one name are honoured: the later one is told; what has just been changed comes after all that stands. */
enum what { WHAT_BRIDGE, WHAT_END, WHAT_MEMBER, WHAT_ATTACHMENT };

struct claim {
	const char *name;      /* name claims */
	const struct mac *mac; /* MAC claims */
	enum what what;
	const struct object *o;
	const struct member *member;
	uint8_t side;
};

/* Where an address must be alone.  id is the root bridge, the epair, the attachment or the jail. */
enum room { ROOM_HOST, ROOM_JAIL, ROOM_BRIDGE, ROOM_EPAIR };
struct spot {
	const struct ip *ip;
	enum room room;
	size_t id;
	struct claim who;
	size_t index; /* in its list of addresses */
};

struct sieve {
	const struct topo *t;
	const size_t *root;
	struct errs *errs;
	struct claim *claims;
	size_t nclaims;
	struct spot *spots;
	size_t nspots;
};

static int
cmp_who(const struct claim *a, const struct claim *b)
{
	int c;

	if (a->o->fresh != b->o->fresh)
		return (a->o->fresh ? 1 : -1);
	if (a->what != b->what)
		return (a->what < b->what ? -1 : 1);
	if ((c = strcmp(a->o->name, b->o->name)) != 0)
		return (c);
	return ((int)a->side - (int)b->side);
}

static int
cmp_name(const void *va, const void *vb)
{
	const struct claim *a = va, *b = vb;
	int c = strcmp(a->name, b->name);

	return (c != 0 ? c : cmp_who(a, b));
}

static int
cmp_mac(const void *va, const void *vb)
{
	const struct claim *a = va, *b = vb;
	int c = memcmp(a->mac->b, b->mac->b, sizeof(a->mac->b));

	return (c != 0 ? c : cmp_who(a, b));
}

static int
cmp_spot(const void *va, const void *vb)
{
	const struct spot *a = va, *b = vb;
	int c;

	if (a->room != b->room)
		return (a->room < b->room ? -1 : 1);
	if (a->id != b->id)
		return (a->id < b->id ? -1 : 1);
	if ((c = ip_cmp(a->ip, b->ip)) != 0 || (c = cmp_who(&a->who, &b->who)) != 0)
		return (c);
	return (a->index < b->index ? -1 : a->index > b->index);
}

/* "/epairs/web0/b", "/bridges/lan0/members/re0" */
static void
pointer_of(const struct claim *c, const char *field, char *buf, size_t size)
{
	char key[2 * IFNAME_SIZE];

	switch (c->what) {
	case WHAT_BRIDGE:
	case WHAT_ATTACHMENT:
		snprintf(buf, size, "/%s/%s%s", kind_plural(c->o->kind), c->o->name, field);
		break;
	case WHAT_END:
		snprintf(buf, size, "/epairs/%s/%c%s", c->o->name, c->side == END_A ? 'a' : 'b', field);
		break;
	case WHAT_MEMBER:
		snprintf(
		    buf, size, "/bridges/%s/members/%s", c->o->name, str_pointer(c->member->ifname, key, sizeof(key)));
		break;
	}
}

static const char *
describe(const struct claim *c, char *buf, size_t size)
{
	switch (c->what) {
	case WHAT_BRIDGE:
		snprintf(buf, size, "bridge '%s'", c->o->name);
		break;
	case WHAT_END:
		snprintf(buf, size, "end %c of epair '%s'", c->side == END_A ? 'a' : 'b', c->o->name);
		break;
	case WHAT_MEMBER:
		snprintf(buf, size, "a member of bridge '%s'", c->o->name);
		break;
	case WHAT_ATTACHMENT:
		snprintf(buf, size, "attachment '%s' of jail '%s'", c->o->name, c->o->u.attachment.jail);
		break;
	}
	return (buf);
}

static void
claim(struct sieve *s, const struct claim *c)
{
	s->claims[s->nclaims++] = *c;
}

static size_t
count_claims(const struct topo *t)
{
	size_t n = t->n[KIND_BRIDGE] + 2 * t->n[KIND_EPAIR] + t->n[KIND_ATTACHMENT];

	for (size_t i = 0; i < t->n[KIND_BRIDGE]; i++)
		n += t->v[KIND_BRIDGE][i]->u.bridge.nmembers;
	return (n);
}

static void
names(struct sieve *s)
{
	char pointer[160], other[128];

	for (size_t i = 0; i < s->t->n[KIND_BRIDGE]; i++) {
		const struct object *o = s->t->v[KIND_BRIDGE][i];

		claim(s, &(struct claim){ .what = WHAT_BRIDGE, .name = o->name, .o = o });
		for (size_t m = 0; m < o->u.bridge.nmembers; m++)
			claim(s, &(struct claim){ .what = WHAT_MEMBER,
				     .name = o->u.bridge.members[m].ifname,
				     .o = o,
				     .member = &o->u.bridge.members[m] });
	}
	for (size_t i = 0; i < 2 * s->t->n[KIND_EPAIR]; i++) {
		const struct object *o = s->t->v[KIND_EPAIR][i / 2];

		/* empty: the default name does not fit, which valid_object() said; same in one epair: likewise */
		if (o->u.epair.end[i % 2].ifname[0] != '\0')
			claim(s, &(struct claim){
				     .what = WHAT_END, .name = o->u.epair.end[i % 2].ifname, .o = o, .side = i % 2 });
	}
	for (size_t i = 0; i < s->t->n[KIND_ATTACHMENT]; i++) {
		const struct object *o = s->t->v[KIND_ATTACHMENT][i];

		claim(s, &(struct claim){ .what = WHAT_ATTACHMENT, .name = o->name, .o = o });
	}
	qsort(s->claims, s->nclaims, sizeof(*s->claims), cmp_name);
	for (size_t i = 1, first = 0; i < s->nclaims; i++) {
		const struct claim *a = &s->claims[first], *b = &s->claims[i];

		if (strcmp(a->name, b->name) != 0) {
			first = i;
			continue;
		}
		if (a->o == b->o && a->what == WHAT_END && b->what == WHAT_END)
			continue;
		pointer_of(b, b->what == WHAT_END ? "/ifname" : "", pointer, sizeof(pointer));
		describe(a, other, sizeof(other));
		if (b->what == WHAT_MEMBER && a->what == WHAT_END)
			errs_add(s->errs, ERR_CONFLICT, pointer,
			    "interface '%s' is %s: give that end \"bridge\": \"%s\" instead", b->name, other,
			    b->o->name);
		else
			errs_add(s->errs, ERR_CONFLICT, pointer, "interface name '%s' is taken by %s", b->name, other);
	}
}

/* Linux gives a bridge whose address nobody set that of one of its ports; taken over, both keep it. */
static bool
is_lent(const struct claim *a, const struct claim *b)
{
	const struct claim *bridge = a->what == WHAT_BRIDGE ? a : b, *port = bridge == a ? b : a;
	const struct end *e = port->what == WHAT_END ? &port->o->u.epair.end[port->side] : NULL;

	return (bridge->what == WHAT_BRIDGE && e != NULL && bridge->o->u.bridge.mac_pinned && e->mac_pinned && e->bridge != NULL &&
	    strcmp(e->bridge, bridge->o->name) == 0);
}

static void
macs(struct sieve *s)
{
	char pointer[160], other[128], text[MAC_TEXT_SIZE];

	s->nclaims = 0;
	for (size_t i = 0; i < s->t->n[KIND_BRIDGE]; i++) {
		const struct object *o = s->t->v[KIND_BRIDGE][i];

		if (!mac_is_zero(&o->u.bridge.mac))
			claim(s, &(struct claim){ .what = WHAT_BRIDGE, .mac = &o->u.bridge.mac, .o = o });
	}
	for (size_t i = 0; i < 2 * s->t->n[KIND_EPAIR]; i++) {
		const struct object *o = s->t->v[KIND_EPAIR][i / 2];

		if (!mac_is_zero(&o->u.epair.end[i % 2].mac))
			claim(s, &(struct claim){
				     .what = WHAT_END, .mac = &o->u.epair.end[i % 2].mac, .o = o, .side = i % 2 });
	}
	qsort(s->claims, s->nclaims, sizeof(*s->claims), cmp_mac);
	for (size_t i = 1; i < s->nclaims; i++) {
		const struct claim *a = &s->claims[i - 1], *b = &s->claims[i];

		if (!mac_equal(a->mac, b->mac) || is_lent(a, b))
			continue;
		pointer_of(b, "/mac", pointer, sizeof(pointer));
		errs_add(s->errs, ERR_CONFLICT, pointer, "MAC %s is taken by %s", mac_format(b->mac, text),
		    describe(a, other, sizeof(other)));
	}
}

static size_t
root_of(const struct sieve *s, size_t i)
{
	while (s->root[i] != i)
		i = s->root[i];
	return (i);
}

static void
put(struct sieve *s, enum room room, size_t id, const struct claim *who, const struct prefixes *p)
{
	for (size_t i = 0; i < p->n; i++)
		s->spots[s->nspots++] =
		    (struct spot){ .ip = &p->v[i].ip, .room = room, .id = id, .who = *who, .index = i };
}

/* In its jail or on the host, and in the segment that the other end leads to. */
static void
put_end(struct sieve *s, size_t at, enum end_side side)
{
	const struct object *o = s->t->v[KIND_EPAIR][at];
	const struct end *e = &o->u.epair.end[side], *far = &o->u.epair.end[!side];
	const struct claim who = { .what = WHAT_END, .o = o, .side = (uint8_t)side };
	long jail = e->jail == NULL ? -1 : topo_index(s->t, KIND_JAIL, e->jail);
	long bridge = far->bridge == NULL ? -1 : topo_index(s->t, KIND_BRIDGE, far->bridge);

	if (jail != -1)
		put(s, ROOM_JAIL, (size_t)jail, &who, &e->addrs);
	else if (e->jail == NULL)
		put(s, ROOM_HOST, 0, &who, &e->addrs);
	if (bridge != -1)
		put(s, ROOM_BRIDGE, root_of(s, (size_t)bridge), &who, &e->addrs);
	else
		put(s, ROOM_EPAIR, at, &who, &e->addrs);
}

static size_t
count_spots(const struct topo *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n[KIND_BRIDGE]; i++)
		n += 2 * t->v[KIND_BRIDGE][i]->u.bridge.addrs.n;
	for (size_t i = 0; i < 2 * t->n[KIND_EPAIR]; i++)
		n += 2 * t->v[KIND_EPAIR][i / 2]->u.epair.end[i % 2].addrs.n;
	for (size_t i = 0; i < t->n[KIND_ATTACHMENT]; i++)
		n += t->v[KIND_ATTACHMENT][i]->u.attachment.addrs.n;
	return (n);
}

/* The list of errors is short, so a walk through it is cheap. */
static bool
is_told(const struct errs *errs, const char *pointer)
{
	for (size_t i = 0; i < errs->n; i++)
		if (errs->v[i].code == ERR_CONFLICT && strcmp(errs->v[i].field, pointer) == 0)
			return (true);
	return (false);
}

static void
clash(struct sieve *s, const struct spot *a, const struct spot *b)
{
	static const char *const rooms[] = { [ROOM_HOST] = "on the host",
		[ROOM_JAIL] = "in the same jail",
		[ROOM_BRIDGE] = "in the same layer 2 segment",
		[ROOM_EPAIR] = "at the other end of the epair" };
	char pointer[160], other[128], field[48], text[IP_TEXT_SIZE];

	snprintf(field, sizeof(field), "/addresses/%zu", b->index);
	pointer_of(&b->who, field, pointer, sizeof(pointer));
	if (is_told(s->errs, pointer)) /* say, on the host and in one segment */
		return;
	errs_add(s->errs, ERR_CONFLICT, pointer, "address %s is also on %s, %s", ip_format(b->ip, text),
	    describe(&a->who, other, sizeof(other)), rooms[b->room]);
}

static void
addresses(struct sieve *s)
{
	for (size_t i = 0; i < s->t->n[KIND_BRIDGE]; i++) {
		const struct object *o = s->t->v[KIND_BRIDGE][i];
		const struct claim who = { .what = WHAT_BRIDGE, .o = o };

		put(s, ROOM_HOST, 0, &who, &o->u.bridge.addrs);
		put(s, ROOM_BRIDGE, root_of(s, i), &who, &o->u.bridge.addrs);
	}
	for (size_t i = 0; i < s->t->n[KIND_EPAIR]; i++) {
		put_end(s, i, END_A);
		put_end(s, i, END_B);
	}
	for (size_t i = 0; i < s->t->n[KIND_ATTACHMENT]; i++) {
		const struct object *o = s->t->v[KIND_ATTACHMENT][i];
		long jail = topo_index(s->t, KIND_JAIL, o->u.attachment.jail);

		if (jail != -1)
			put(s, ROOM_JAIL, (size_t)jail, &(struct claim){ .what = WHAT_ATTACHMENT, .o = o },
			    &o->u.attachment.addrs);
	}
	qsort(s->spots, s->nspots, sizeof(*s->spots), cmp_spot);
	for (size_t i = 1; i < s->nspots; i++) {
		const struct spot *a = &s->spots[i - 1], *b = &s->spots[i];

		/* twice in one list was said by valid_object() */
		if (a->room == b->room && a->id == b->id && ip_cmp(a->ip, b->ip) == 0 && cmp_who(&a->who, &b->who) != 0)
			clash(s, a, b);
	}
}

void
valid_unique(const struct topo *t, const size_t *root, struct errs *errs)
{
	struct sieve s = { .t = t, .root = root, .errs = errs };

	s.claims = calloc(count_claims(t) + 1, sizeof(*s.claims));
	s.spots = calloc(count_spots(t) + 1, sizeof(*s.spots));
	if (s.claims == NULL || s.spots == NULL) {
		errs_add(errs, ERR_NOMEM, "", "out of memory");
	} else {
		names(&s);
		macs(&s);
		addresses(&s);
	}
	free(s.claims);
	free(s.spots);
}
