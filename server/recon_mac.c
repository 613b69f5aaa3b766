/*
 * recon_mac: every end and every bridge has one address for life.
 *
 * 46 random bits, locally administered, unicast (mac_make_local); UNIQUE in SQLite.  Never derived from names: kernel defaults
 * vary 16 bits only and follow the unit number (if_ethersubr.c ether_gen_addr_byname).  A released address stays in
 * quarantine; only the same end of an object of the same name gets it back, or somebody who writes it down.
 *
 * One document may hand an address on, in whatever order its objects come: first everybody lets go of what he does not keep, then what
 * somebody wrote down is given, then the rest get theirs.
 */
#include <stdio.h>
#include <string.h>

#include "server/ident.h"
#include "server/recon_int.h"

#define TRIES 16

static int
mac_claim(struct recon *r, const struct object *o, uint8_t side, const struct mac *mac, enum mac_state state, const char *source,
    int64_t now, struct err *err)
{
	struct mac_row row = { .mac = *mac, .kind = o->kind, .side = side, .state = state, .created_at = now }, old;
	struct err ignored;
	char text[MAC_TEXT_SIZE];

	if (store_mac(r->store, mac, &old, &ignored) == 0) {
		/* valid_unique() lets a bridge have the address of a port of its own: the register names the port */
		if (old.state == MAC_PINNED && state == MAC_PINNED && old.kind == KIND_EPAIR && o->kind == KIND_BRIDGE)
			return (0);
		if (old.state == MAC_PINNED && state == MAC_PINNED && old.kind == KIND_BRIDGE && o->kind == KIND_EPAIR) {
			if (store_mac_retire(r->store, old.kind, old.name, now, NULL, 0, err) == -1)
				return (-1);
			old.state = MAC_RETIRED;
		}
		if (old.state != MAC_RETIRED && (old.kind != o->kind || old.side != side || strcmp(old.name, o->name) != 0)) {
			err_set(err, ERR_CONFLICT, "%s belongs to %s %s", mac_format(mac, text), kind_name(old.kind), old.name);
			return (-1);
		}
		if (old.state == state && old.side == side && old.kind == o->kind && strcmp(old.name, o->name) == 0)
			return (0);
		row.created_at = old.created_at;
	}
	memcpy(row.name, o->name, sizeof(row.name));
	memcpy(row.source, source, strlen(source) + 1);
	return (store_mac_put(r->store, &row, err));
}

static int
mac_pick(struct recon *r, const struct object *o, uint8_t side, struct mac *out, struct err *err)
{
	struct mac_row row;
	struct err ignored;

	if (store_mac_of(r->store, o->kind, o->name, side, &row, &ignored) == 0) {
		*out = row.mac;
		return (0);
	}
	for (int i = 0; i < TRIES; i++) {
		ident_random(out->b, sizeof(out->b));
		mac_make_local(out);
		if (store_mac(r->store, out, &row, &ignored) == 0)
			continue;
		if (ignored.code == ERR_NOT_FOUND)
			return (0);
		*err = ignored;
		return (-1);
	}
	return (err_set(err, ERR_INTERNAL, "no free MAC address in %d tries", TRIES));
}

/* Where an object has an address. */
struct place {
	struct mac *mac;
	bool pinned;
	const char *pointer;
};

static bool
place_of(struct object *o, uint8_t side, struct place *out)
{
	struct end *e;

	if (o->kind == KIND_BRIDGE && side == 0)
		*out = (struct place){ &o->u.bridge.mac, o->u.bridge.mac_pinned, "/mac" };
	else if (o->kind == KIND_EPAIR && side <= END_B) {
		e = &o->u.epair.end[side];
		*out = (struct place){ &e->mac, e->mac_pinned, side == END_A ? "/a/mac" : "/b/mac" };
	} else
		return (false);
	return (true);
}

static const struct mac *
mac_at(const struct object *o, uint8_t side)
{
	return (o->kind == KIND_BRIDGE ? &o->u.bridge.mac : &o->u.epair.end[side].mac);
}

static int
let_go(struct recon *r, const struct change_item *it, int64_t now, struct err *err)
{
	size_t sides = it->kind == KIND_BRIDGE ? 1 : it->kind == KIND_EPAIR ? 2 : 0, n = 0;
	struct mac keep[2];

	for (uint8_t side = 0; it->before != NULL && it->after != NULL && side < sides; side++) {
		if (mac_equal(mac_at(it->before, side), mac_at(it->after, side)))
			keep[n++] = *mac_at(it->before, side);
	}
	if (it->before == NULL || n == sides)
		return (0);
	return (store_mac_retire(r->store, it->kind, it->name, now, keep, n, err));
}

static int
give(struct recon *r, const struct change_item *it, bool pinned, int64_t now, struct err *err)
{
	struct object *o = it->after;
	struct place p;

	for (uint8_t side = 0; o != NULL && place_of(o, side, &p); side++) {
		if (p.pinned != pinned)
			continue;
		if ((!pinned && mac_is_zero(p.mac) && mac_pick(r, o, side, p.mac, err) == -1) ||
		    mac_claim(r, o, side, p.mac, pinned ? MAC_PINNED : MAC_ALLOCATED, pinned ? "user" : "random", now, err) == -1) {
			if (err->field[0] == '\0')
				snprintf(err->field, sizeof(err->field), "/%s/%s%s", kind_plural(o->kind), o->name, p.pointer);
			return (-1);
		}
	}
	return (0);
}

int
recon_macs(struct recon *r, const struct change_item *v, size_t n, int64_t now, struct err *err)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (let_go(r, &v[i], now, err) == -1)
			return (-1);
	}
	for (i = 0; i < n; i++) {
		if (give(r, &v[i], true, now, err) == -1)
			return (-1);
	}
	for (i = 0; i < n; i++) {
		if (give(r, &v[i], false, now, err) == -1)
			return (-1);
	}
	return (0);
}
