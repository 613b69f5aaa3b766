/*
 * recon_status: what the last look means for each object, and the foreign interfaces as last seen.  Rows are written only when they change.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "server/ident.h"
#include "server/recon_int.h"

static void
say(struct status_row *row, const char *state)
{
	str_copy(row->state, sizeof(row->state), state);
}

/* The addresses of an interface, as many as fit whole, after what is in 'out' already. */
static void
put_addrs(const struct recon *r, const char *jail, const char *ifname, bool duplicates, char *out, size_t size)
{
	char text[PREFIX_TEXT_SIZE];
	const struct obs_addr *a;
	size_t n, len = strlen(out);

	a = observed_addrs(&r->have, jail, ifname, &n);
	for (size_t i = 0; i < n; i++) {
		if (duplicates && !a[i].duplicate)
			continue;
		prefix_format(&a[i].prefix, text);
		if (len + strlen(text) + 2 > size)
			return;
		len += (size_t)snprintf(out + len, size - len, "%s%s", len == 0 ? "" : " ", text);
	}
}

static void
jail_status(const struct recon *r, const struct object *o, struct status_row *row)
{
	const struct obs_jail *seen = observed_jail_row(&r->have, o->name), *have = observed_jail(&r->have, o->name);

	if (!jail_wanted(o))
		say(row, have == NULL ? "stopped" : "applying");
	else if (have != NULL)
		say(row, have->phase == JAIL_PARTIAL ? "pending" : have->busy || have->phase == JAIL_STARTING ? "applying" : "ready");
	else if (o->u.jail.external) {
		say(row, "waiting");
		err_set(&row->err, ERR_NOT_FOUND, "nobody has started jail %s yet", o->name);
	} else
		say(row, "pending");
	row->dying = seen != NULL ? seen->dying : 0;
	/* nothing is wrong, but somebody may wonder */
	if (have != NULL && have->ours && !o->u.jail.external && have->path != 0 && have->path != path_hash(o->u.jail.path) &&
	    row->err.code == ERR_NONE && jail_wanted(o))
		err_set(&row->err, ERR_BUSY, "it runs in another root: path %s takes effect at its next start",
		    o->u.jail.path[0] == '\0' ? "/" : o->u.jail.path);
	if (seen != NULL && seen->reason[0] != '\0' && row->err.code == ERR_NONE)
		err_set(&row->err, ERR_BUSY, "%s", seen->reason);
}

/* Where its jail is, or, of a manager that moves it, in a jail that the topology does not know. */
static bool
end_is_inside(const struct recon *r, const struct end *e, const struct object *j)
{
	bool inside = observed_link(&r->have, j == NULL ? "" : e->jail, e->ifname) != NULL;

	for (size_t i = 0; !inside && j != NULL && j->u.jail.manager_moves && i < r->have.njails; i++) {
		const struct obs_jail *k = &r->have.jails[i];

		inside = !k->ours && observed_link(&r->have, k->name, e->ifname) != NULL && topo_find(&r->want, KIND_JAIL, k->name) == NULL;
	}
	return (inside);
}

/* In its place; else on the host, where it waits for its jail or for that jail's manager; else nowhere yet. */
static const char *
end_status(const struct recon *r, const struct end *e, struct err *why)
{
	const struct object *j = e->jail == NULL ? NULL : topo_find(&r->want, KIND_JAIL, e->jail);
	bool is_up = j == NULL || observed_jail(&r->have, e->jail) != NULL;

	if (end_is_inside(r, e, j))
		return ("ready");
	if ((is_up && (j == NULL || !j->u.jail.manager_moves)) || observed_link(&r->have, "", e->ifname) == NULL)
		return ("pending");
	if (is_up)
		err_set(why, ERR_NOT_FOUND, "%s waits for the manager of jail %s to move it in", e->ifname, e->jail);
	else
		err_set(why, ERR_NOT_FOUND, "%s waits for jail %s, which is not running", e->ifname, e->jail);
	return ("waiting");
}

static void
epair_status(const struct recon *r, const struct object *o, struct status_row *row)
{
	say(row, "ready");
	for (int i = 0; i < 2; i++) {
		const char *state = end_status(r, &o->u.epair.end[i], &row->err);

		if (strcmp(state, "ready") != 0)
			say(row, state);
		if (strcmp(state, "pending") == 0)
			break;
	}
}

static void
bridge_status(const struct recon *r, const struct object *o, struct status_row *row)
{
	const struct obs_link *l;

	say(row, observed_link(&r->have, "", o->name) == NULL ? "pending" : "ready");
	for (size_t i = 0; i < o->u.bridge.nmembers; i++) {
		l = observed_link(&r->have, "", o->u.bridge.members[i].ifname);
		if (l != NULL && strcmp(l->bridge, o->name) == 0)
			continue;
		say(row, "waiting");
		err_set(&row->err, ERR_NOT_FOUND, "member %s is not there", o->u.bridge.members[i].ifname);
	}
}

static void
attachment_status(const struct recon *r, const struct object *o, struct status_row *row)
{
	if (observed_link(&r->have, o->u.attachment.jail, o->name) != NULL)
		say(row, "ready");
	else {
		say(row, "waiting");
		err_set(&row->err, ERR_NOT_FOUND, "interface %s is not in jail %s", o->name, o->u.attachment.jail);
	}
}

/* Nothing of ours is wrong, so it is no failure; but they do not work. */
static void
put_duplicates(const struct recon *r, const struct object *o, struct status_row *row)
{
	const struct end *e = o->u.epair.end;

	if (o->kind == KIND_BRIDGE)
		put_addrs(r, "", o->name, true, row->duplicates, sizeof(row->duplicates));
	else if (o->kind == KIND_ATTACHMENT)
		put_addrs(r, o->u.attachment.jail, o->name, true, row->duplicates, sizeof(row->duplicates));
	for (int i = 0; i < 2 && o->kind == KIND_EPAIR; i++)
		put_addrs(r, e[i].jail == NULL ? "" : e[i].jail, e[i].ifname, true, row->duplicates, sizeof(row->duplicates));
	if (row->duplicates[0] != '\0' && row->err.code == ERR_NONE)
		err_set(&row->err, ERR_CONFLICT, "another host has %s, too: it does not work here", row->duplicates);
}

void
status_of(const struct recon *r, enum kind kind, const char *name, struct status_row *out)
{
	static void (*const by_kind[KIND_COUNT])(const struct recon *, const struct object *, struct status_row *) = {
		[KIND_BRIDGE] = bridge_status,
		[KIND_EPAIR] = epair_status,
		[KIND_JAIL] = jail_status,
		[KIND_ATTACHMENT] = attachment_status,
	};
	const struct object *o = topo_find(&r->want, kind, name);
	const struct trouble *t = objmap_get(&r->trouble, kind, name);

	memset(out, 0, sizeof(*out));
	out->kind = kind;
	str_copy(out->name, sizeof(out->name), name);
	out->since = ident_now_ms();
	if (t != NULL && t->err.code != ERR_NONE) {
		say(out, "failed");
		out->err = t->err;
		out->since = t->since;
	} else if (o != NULL)
		by_kind[kind](r, o, out);
	if (o != NULL)
		put_duplicates(r, o, out);
}

void
status_forget(struct recon *r, enum kind kind, const char *name)
{
	objmap_remove(&r->status, kind, name);
}

void
status_unstored(struct recon *r)
{
	objmap_clear(&r->status);
	r->ifaces_hash = 0;
}

/* The last status that was stored knows what was told already, also by the daemon before. */
static void
tell_duplicates(struct recon *r, const struct status_row *row)
{
	struct status_row was = { .duplicates = "" };
	char ref[96];

	(void)store_status(r->store, row->kind, row->name, &was, NULL);
	if (strcmp(was.duplicates, row->duplicates) == 0)
		return;
	object_ref(row->kind, row->name, ref, sizeof(ref));
	if (row->duplicates[0] != '\0')
		recon_event(r, "address.duplicate", ref, "kernel", "", "%s: another host has %s, too: it does not work here", ref, row->duplicates);
	else
		recon_event(r, "address.unique", ref, "kernel", "", "%s: no address is another host's any more (%s was)", ref, was.duplicates);
}

static void
status_one(struct recon *r, enum kind kind, const char *name)
{
	struct status_row row;
	struct err ignored;
	uint64_t *kept, h;

	if (topo_find(&r->want, kind, name) == NULL)
		return;
	status_of(r, kind, name, &row);
	h = hash_bytes(HASH_START, row.state, strlen(row.state));
	h = hash_bytes(h, row.err.msg, strlen(row.err.msg));
	h = hash_bytes(h, &row.dying, sizeof(row.dying));
	/* the lowest bit tells the next look whether there were any */
	h = (hash_bytes(h, row.duplicates, strlen(row.duplicates)) & ~1ULL) | (row.duplicates[0] != '\0');
	kept = objmap_add(&r->status, kind, name);
	if (kept == NULL || *kept == h)
		return;
	if (((*kept | h) & 1) != 0)
		tell_duplicates(r, &row);
	*kept = h;
	store_status_put(r->store, &row, &ignored);
}

void
status_write(struct recon *r)
{
	const char *name;
	enum kind kind;

	if (!r->scope_all) {
		for (size_t at = 0; objmap_next(&r->scope, &at, &kind, &name, NULL);)
			status_one(r, kind, name);
		return;
	}
	for (kind = 0; kind < KIND_COUNT; kind++) {
		for (size_t i = 0; i < r->want.n[kind]; i++)
			status_one(r, kind, r->want.v[kind][i]->name);
	}
}

/* --- foreign interfaces -------------------------------------------------------------------------------------- */

/* In jails: what is attached, and halves of pairs that somebody else made: an import keeps their addresses. */
static bool
iface_shown(const struct recon *r, const struct obs_link *l)
{
	return (!l->mark.ours && l->type != LINK_LOOPBACK &&
	    (l->jail[0] == '\0' || l->type == LINK_EPAIR || topo_find(&r->want, KIND_ATTACHMENT, l->ifname) != NULL));
}

static void
iface_fill(const struct recon *r, const struct obs_link *l, struct iface_row *row)
{
	const struct obs_link *bridge = l->bridge[0] == '\0' ? NULL : observed_link(&r->have, l->jail, l->bridge);

	memset(row, 0, sizeof(*row));	/* hashed as bytes */
	memcpy(row->ifname, l->ifname, sizeof(row->ifname));
	memcpy(row->jail, l->jail, sizeof(row->jail));
	row->type = l->type;
	row->mac = l->mac;
	row->mtu = l->mtu;
	row->up = l->up;
	row->running = l->running;
	memcpy(row->bridge, l->bridge, sizeof(row->bridge));
	if (bridge != NULL && bridge->mark.ours)
		memcpy(row->member_of, l->bridge, sizeof(row->member_of));
	put_addrs(r, l->jail, l->ifname, false, row->addrs, sizeof(row->addrs));
}

void
ifaces_write(struct recon *r)
{
	struct iface_row *v;
	struct err ignored;
	size_t n = 0;
	uint64_t h;

	v = calloc(r->have.nlinks + 1, sizeof(*v));
	if (v == NULL)
		return;
	for (size_t i = 0; i < r->have.nlinks; i++) {
		if (iface_shown(r, &r->have.links[i]))
			iface_fill(r, &r->have.links[i], &v[n++]);
	}
	h = hash_bytes(HASH_START, v, n * sizeof(*v));
	if (h != r->ifaces_hash && store_ifaces_set(r->store, v, n, &ignored) == 0)
		r->ifaces_hash = h;
	free(v);
}
