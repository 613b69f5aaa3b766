/*
 * recon_scope: which objects the next cycle plans, and where it must look for that.
 *
 * A small request must not cost a look at 5000 jails: the scope holds the changed objects and what stands or falls with them; from it
 * follow the jails and host interfaces to observe.  A scope beyond SCOPE_MAX is everything.
 */
#include <stdlib.h>
#include <string.h>

#include "server/recon_int.h"

static void
dirty_add(struct recon *r, enum kind kind, const char *name)
{
	if (r->dirty_all)
		return;
	if (r->dirty.n >= SCOPE_MAX || objmap_add(&r->dirty, kind, name) == NULL)
		r->dirty_all = true;
}

static void
dirty_epair(struct recon *r, const struct object *o)
{
	dirty_add(r, KIND_EPAIR, o->name);
	for (int i = 0; i < 2; i++) {
		if (o->u.epair.end[i].jail != NULL)
			dirty_add(r, KIND_JAIL, o->u.epair.end[i].jail);
	}
}

/* The epairs with an end in this bridge or jail. */
static void
dirty_epairs_at(struct recon *r, enum kind kind, const char *name)
{
	const struct object *o;
	const char *at;

	for (size_t i = 0; i < r->want.n[KIND_EPAIR] && !r->dirty_all; i++) {
		o = r->want.v[KIND_EPAIR][i];
		for (int s = 0; s < 2; s++) {
			at = kind == KIND_BRIDGE ? o->u.epair.end[s].bridge : o->u.epair.end[s].jail;
			if (at != NULL && strcmp(at, name) == 0)
				dirty_epair(r, o);
		}
	}
}

void
scope_dirty(struct recon *r, const struct object *o)
{
	dirty_add(r, o->kind, o->name);
	switch (o->kind) {
	case KIND_EPAIR:
		dirty_epair(r, o);
		break;
	case KIND_BRIDGE:
		dirty_epairs_at(r, KIND_BRIDGE, o->name);
		for (size_t i = 0; i < o->u.bridge.nmembers; i++)
			dirty_add(r, KIND_ATTACHMENT, o->u.bridge.members[i].ifname);
		break;
	case KIND_JAIL:
		dirty_epairs_at(r, KIND_JAIL, o->name);
		for (size_t i = 0; i < r->want.n[KIND_ATTACHMENT]; i++) {
			if (strcmp(r->want.v[KIND_ATTACHMENT][i]->u.attachment.jail, o->name) == 0)
				dirty_add(r, KIND_ATTACHMENT, r->want.v[KIND_ATTACHMENT][i]->name);
		}
		break;
	case KIND_ATTACHMENT:
		dirty_add(r, KIND_JAIL, o->u.attachment.jail);
		break;
	}
}

void
scope_dirty_ref(struct recon *r, enum kind kind, const char *name)
{
	const struct object *o = topo_find(&r->want, kind, name);

	if (o != NULL)
		scope_dirty(r, o);
	else
		dirty_add(r, kind, name);
}

int
look_add(struct recon *r, const struct cmd *c, struct err *err)
{
	struct cmd *grown;

	if (r->nlooks == r->rlooks) {
		grown = realloc(r->looks, (r->rlooks * 2 + 16) * sizeof(*grown));
		if (grown == NULL)
			return (err_nomem(err));
		r->looks = grown;
		r->rlooks = r->rlooks * 2 + 16;
	}
	r->looks[r->nlooks++] = *c;
	return (0);
}

static int
look_once(struct recon *r, struct objmap *seen, enum observe_scope scope, const char *name, struct err *err)
{
	struct cmd c = { .op = CMD_OBSERVE, .u.observe.scope = scope };
	enum kind key = scope == OBSERVE_JAIL ? KIND_JAIL : KIND_ATTACHMENT;

	if (name == NULL || name[0] == '\0' || objmap_has(seen, key, name))
		return (0);
	if (objmap_add(seen, key, name) == NULL)
		return (err_nomem(err));
	memcpy(c.u.observe.name, name, strlen(name) + 1);
	return (look_add(r, &c, err));
}

/* Where the kernel had this object when we last looked: that is where it may have to be taken away. */
static int
look_where_seen(struct recon *r, struct objmap *seen, enum kind kind, const char *name, struct err *err)
{
	const struct obs_link *l;

	for (size_t i = 0; i < r->have.nlinks; i++) {
		l = &r->have.links[i];
		if (kind == KIND_ATTACHMENT ? strcmp(l->ifname, name) != 0 :
		    (!l->mark.has_object || l->mark.kind != kind || strcmp(l->mark.name, name) != 0))
			continue;
		if (look_once(r, seen, l->jail[0] == '\0' ? OBSERVE_LINK : OBSERVE_JAIL, l->jail[0] == '\0' ? l->ifname : l->jail,
		    err) == -1)
			return (-1);
	}
	return (0);
}

static int
look_for(struct recon *r, struct objmap *seen, enum kind kind, const char *name, struct err *err)
{
	const struct object *o = topo_find(&r->want, kind, name);

	if (kind == KIND_JAIL)
		return (look_once(r, seen, OBSERVE_JAIL, name, err));
	if (look_where_seen(r, seen, kind, name, err) == -1)
		return (-1);
	if (kind == KIND_BRIDGE || kind == KIND_ATTACHMENT)
		return (look_once(r, seen, OBSERVE_LINK, name, err));
	for (int i = 0; o != NULL && i < 2; i++) {
		/* on the host even when wanted in a jail: it may be parked there */
		if (look_once(r, seen, OBSERVE_LINK, o->u.epair.end[i].ifname, err) == -1 ||
		    look_once(r, seen, OBSERVE_JAIL, o->u.epair.end[i].jail, err) == -1)
			return (-1);
	}
	return (0);
}

int
scope_looks(struct recon *r, struct err *err)
{
	struct cmd all = { .op = CMD_OBSERVE, .u.observe.scope = OBSERVE_ALL };
	struct objmap seen;
	const char *name;
	enum kind kind;
	size_t at = 0;
	int rc = 0;

	r->nlooks = 0;
	if (r->scope_all)
		return (look_add(r, &all, err));
	objmap_init(&seen, 0);
	while (rc == 0 && objmap_next(&r->scope, &at, &kind, &name, NULL))
		rc = look_for(r, &seen, kind, name, err);
	objmap_fini(&seen);
	return (rc);
}
