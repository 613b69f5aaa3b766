/*
 * api_apply: works a write into a view of the desired topology.  Pure: no store, no clock, no kernel.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_codec.h"
#include "api/api_int.h"
#include "api/api_json.h"
#include "core/str.h"

struct apply {
	const struct write *w;
	const struct topo *want;
	struct topo *next;
	struct changes *out;
	struct errs *errs;
};

void
changes_fini(struct changes *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		object_free(c->v[i].after);
	free(c->v);
	*c = (struct changes){ 0 };
}

static int
fail_nomem(struct apply *a)
{
	return (errs_add(a->errs, ERR_NOMEM, "", "out of memory"));
}

/* Takes ownership of after. */
static int
change_add(struct apply *a, enum kind kind, const char *name, const struct object *before, struct object *after)
{
	struct changes *c = a->out;
	size_t room = c->room == 0 ? 8 : c->room * 2;
	struct change_item *v = c->v;
	struct err err;

	if (c->n == c->room) {
		v = realloc(c->v, room * sizeof(*v));
		if (v == NULL) {
			object_free(after);
			return (fail_nomem(a));
		}
		c->v = v;
		c->room = room;
	}
	v[c->n] = (struct change_item){ .kind = kind, .before = before, .after = after };
	snprintf(v[c->n].name, sizeof(v[c->n].name), "%s", name);
	c->n++;
	if (after != NULL)
		after->fresh = true;
	if (after == NULL)
		topo_remove(a->next, kind, name);
	else if (topo_put(a->next, after, &err) == -1)
		return (errs_add_err(a->errs, &err));
	return (0);
}

int
changes_put(struct changes *c, struct topo *next, const struct object *before, struct object *after, struct errs *errs)
{
	struct apply a = { .next = next, .out = c, .errs = errs };
	const struct object *o = before != NULL ? before : after;

	if (before != NULL && after != NULL && object_equal(before, after)) {
		object_free(after);
		return (0);
	}
	return (change_add(&a, o->kind, o->name, before, after));
}

/* An address is for life: it stays while nobody pins another. */
static void
keep_mac(struct mac *mac, bool pinned, const struct mac *old, bool old_pinned)
{
	if (!pinned)
		*mac = old_pinned ? (struct mac){ { 0 } } : *old;
}

static void
inherit(struct object *o, const struct object *old)
{
	int side;

	memcpy(o->id, old->id, sizeof(o->id));
	o->revision = old->revision;
	o->created_at = old->created_at;
	o->updated_at = old->updated_at;
	if (o->kind == KIND_BRIDGE)
		keep_mac(&o->u.bridge.mac, o->u.bridge.mac_pinned, &old->u.bridge.mac, old->u.bridge.mac_pinned);
	else if (o->kind == KIND_EPAIR) {
		for (side = END_A; side <= END_B; side++) {
			struct end *e = &o->u.epair.end[side];
			const struct end *was = &old->u.epair.end[side];

			keep_mac(&e->mac, e->mac_pinned, &was->mac, was->mac_pinned);
		}
	} else if (o->kind == KIND_JAIL)
		o->u.jail.boot = old->u.jail.boot;
}

/* Takes ownership of o. */
static int
put(struct apply *a, struct object *o)
{
	const struct object *old = topo_find(a->want, o->kind, o->name);

	if (old == NULL)
		return (change_add(a, o->kind, o->name, NULL, o));
	inherit(o, old);
	if (object_equal(o, old)) {
		object_free(o);
		return (0);
	}
	return (change_add(a, o->kind, o->name, old, o));
}

/* The write keeps its objects: it may be applied again. */
static int
put_copy(struct apply *a, const struct object *o)
{
	struct object *copy = object_copy(o);

	return (copy == NULL ? fail_nomem(a) : put(a, copy));
}

/* --- preconditions ------------------------------------------------------------------------------------------ */

static int
check_revision(struct apply *a, const char *what, const char *name, int64_t revision)
{
	if (a->w->if_match == -1 || a->w->if_match == revision)
		return (0);
	return (errs_add(a->errs, ERR_PRECONDITION, "", "%s%s%s is at \"r%lld\", not \"r%lld\"", what,
	    *name != '\0' ? " " : "", name, (long long)revision, (long long)a->w->if_match));
}

static int
check_object(struct apply *a, const struct object *cur)
{
	const struct write *w = a->w;
	bool may_create = w->verb == WRITE_CREATE || w->verb == WRITE_PUT || w->verb == WRITE_ATTACH;

	if (cur == NULL && !may_create)
		return (errs_add(a->errs, ERR_NOT_FOUND, "", "there is no %s %s", kind_name(w->kind), w->name));
	if (cur == NULL) {
		if (w->if_match == -1 && !w->if_match_any)
			return (0);
		return (errs_add(a->errs, ERR_PRECONDITION, "", "there is no %s %s yet", kind_name(w->kind), w->name));
	}
	if (w->create_only)
		return (errs_add(a->errs, ERR_PRECONDITION, "", "%s %s exists", kind_name(w->kind), w->name));
	return (check_revision(a, kind_name(w->kind), w->name, cur->revision));
}

/* --- verbs -------------------------------------------------------------------------------------------------- */

static int
apply_create(struct apply *a, const struct object *cur)
{
	char pointer[160];

	if (cur == NULL)
		return (put_copy(a, a->w->objects[0]));
	snprintf(pointer, sizeof(pointer), "/%s/%s/name", kind_plural(a->w->kind), a->w->name);
	return (errs_add(a->errs, ERR_EXISTS, pointer, "%s %s exists", kind_name(a->w->kind), a->w->name));
}

static int
apply_put(struct apply *a, const struct object *cur)
{
	(void)cur;
	return (put_copy(a, a->w->objects[0]));
}

static int
apply_delete(struct apply *a, const struct object *cur)
{
	return (change_add(a, a->w->kind, a->w->name, cur, NULL));
}

/* RFC 7396, section 2; the depth is that of the patch, which was checked when it was read. */
static int
merge(json_t *into, json_t *patch)
{
	const char *key;
	json_t *value, *inner;
	int rc = 0;

	json_object_foreach(patch, key, value) {
		if (json_is_null(value)) {
			json_object_del(into, key);
			continue;
		}
		if (!json_is_object(value)) {
			rc |= json_object_set(into, key, value);
			continue;
		}
		inner = json_object_get(into, key);
		if (!json_is_object(inner)) {
			inner = json_object();
			rc |= json_object_set_new(into, key, inner);
		}
		if (rc == 0)
			rc |= merge(inner, value);
	}
	return (rc);
}

static int
apply_patch(struct apply *a, const struct object *cur)
{
	json_t *doc = codec_encode(cur, true), *patch = NULL;
	struct object *o = NULL;
	size_t before = a->errs->n;
	char pointer[160];
	struct err err;
	struct jd d;
	int rc = -1;

	if (api_json_parse(a->w->patch, a->w->patch_size, &patch, &err) == -1) {
		errs_add_err(a->errs, &err);
		goto out;
	}
	if (doc == NULL || merge(doc, patch) != 0) {
		fail_nomem(a);
		goto out;
	}
	snprintf(pointer, sizeof(pointer), "/%s/%s", kind_plural(a->w->kind), a->w->name);
	jd_init(&d, a->errs, pointer);
	o = codec_decode(a->w->kind, a->w->name, true, doc, &d);
	if (o != NULL && a->errs->n > before)
		codec_check_rest(o, false, a->errs);
	if (o == NULL || a->errs->n > before)
		goto out;
	rc = put(a, o);
	o = NULL;
out:
	object_free(o);
	json_decref(patch);
	json_decref(doc);
	return (rc);
}

/* start, stop, restart */
static int
apply_run(struct apply *a, const struct object *cur)
{
	const struct jail *j = &cur->u.jail;
	enum write_verb verb = a->w->verb;
	struct object *o;

	if (j->external)
		return (errs_add(a->errs, ERR_CONFLICT, "",
		    "jail %s belongs to its own manager: start and stop it there", cur->name));
	if (verb == WRITE_RESTART && !j->running)
		return (errs_add(a->errs, ERR_CONFLICT, "", "jail %s is not running", cur->name));
	if (verb != WRITE_RESTART && j->running == (verb == WRITE_START))
		return (0);
	o = object_copy(cur);
	if (o == NULL)
		return (fail_nomem(a));
	if (verb == WRITE_RESTART)
		o->u.jail.boot++;
	else
		o->u.jail.running = verb == WRITE_START;
	return (change_add(a, KIND_JAIL, cur->name, cur, o));
}

/* The kernel is to be looked at, or to be asked: R does that. */
static int
apply_nothing(struct apply *a, const struct object *cur)
{
	(void)a;
	(void)cur;
	return (0);
}

/* --- topology ----------------------------------------------------------------------------------------------- */

static bool
managed_by(const struct object *o, const char *manager)
{
	size_t i;

	if (*manager == '\0')
		return (true);
	for (i = 0; i < o->labels.n; i++) {
		if (strcmp(o->labels.v[i].key, "manager") == 0)
			return (strcmp(o->labels.v[i].value, manager) == 0);
	}
	return (false);
}

/* What the document leaves out goes; 'named' holds borrowed pointers to what it names. */
static int
prune(struct apply *a, const struct topo *named)
{
	const struct object *o;
	size_t i;
	int kind;

	for (kind = 0; kind < KIND_COUNT; kind++) {
		for (i = 0; i < a->want->n[kind]; i++) {
			o = a->want->v[kind][i];
			if (topo_find(named, (enum kind)kind, o->name) == NULL && managed_by(o, a->w->manager) &&
			    change_add(a, (enum kind)kind, o->name, o, NULL) == -1)
				return (-1);
		}
	}
	return (0);
}

static int
apply_topology(struct apply *a)
{
	struct topo named = { .borrowed = true };
	struct err err;
	int rc = -1;
	size_t i;

	if (check_revision(a, "the topology", "", a->want->revision) == -1)
		return (-1);
	if (a->w->create_only && a->want->revision > 0)
		return (errs_add(a->errs, ERR_PRECONDITION, "", "there is a topology"));
	for (i = 0; i < a->w->nobjects; i++) {
		if (topo_put(&named, a->w->objects[i], &err) == -1) {
			errs_add_err(a->errs, &err);
			goto out;
		}
		if (put_copy(a, a->w->objects[i]) == -1)
			goto out;
	}
	rc = prune(a, &named);
out:
	topo_fini(&named);
	return (rc);
}

static int
apply(struct apply *a)
{
	static int (*const verbs[])(struct apply *a, const struct object *cur) = {
		[WRITE_CREATE] = apply_create,
		[WRITE_PUT] = apply_put,
		[WRITE_PATCH] = apply_patch,
		[WRITE_DELETE] = apply_delete,
		[WRITE_START] = apply_run,
		[WRITE_STOP] = apply_run,
		[WRITE_RESTART] = apply_run,
		[WRITE_ATTACH] = apply_put,
		[WRITE_DETACH] = apply_delete,
		[WRITE_DRIFT_REPAIR] = apply_nothing,
		[WRITE_DRIFT_ADOPT] = apply_nothing,
	};
	const struct write *w = a->w;
	const struct object *cur;

	if (w->has_if_revision && w->if_revision != a->want->revision)
		return (errs_add(a->errs, ERR_PRECONDITION, "", "the network is at revision %lld, not %lld", (long long)a->want->revision,
		    (long long)w->if_revision));
	if (w->verb == WRITE_TOPOLOGY)
		return (apply_topology(a));
	if (w->verb >= NELEMS(verbs) || verbs[w->verb] == NULL)
		return (errs_add(a->errs, ERR_INTERNAL, "", "this request changes nothing desired"));
	cur = topo_find(a->want, w->kind, w->name);
	/* POST without conditions on a taken name is 409, not 412. */
	if ((w->verb != WRITE_CREATE || w->create_only || w->if_match != -1 || w->if_match_any) &&
	    check_object(a, cur) == -1)
		return (-1);
	return (verbs[w->verb](a, cur));
}

int
write_apply(const struct write *w, const struct topo *want, struct topo *next, struct changes *out, struct errs *errs)
{
	struct apply a = { w, want, next, out, errs };

	api_json_fresh();
	if (apply(&a) == -1)
		return (-1);
	/* a patch whose merge lost a member */
	return (api_json_failed() ? fail_nomem(&a) : 0);
}
