/*
 * recon_drift: the kernel is not as wanted, and no request is under way for it: somebody changed it, or the host was rebooted.
 *
 * Found: a row for GET /v1/drift and an event.  Repaired: an event, the row goes.  The same object drifting again and again is repaired
 * later and later (BACKOFF_*); one that cannot be repaired keeps its row with the kernel's words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/str.h"
#include "server/ident.h"
#include "server/recon_int.h"

/* "epair/web0" */
static bool
ref_split(const char *ref, enum kind *kind, const char **name)
{
	const char *slash = strchr(ref, '/');

	for (int k = 0; slash != NULL && k < KIND_COUNT; k++) {
		const char *word = kind_name((enum kind)k);

		if (strlen(word) == (size_t)(slash - ref) && strncmp(word, ref, strlen(word)) == 0) {
			*kind = (enum kind)k;
			*name = slash + 1;
			return (true);
		}
	}
	return (false);
}

/* What has a row already keeps that: it is the same drift, tried again. */
static void
rows_known(const struct recon *r, struct objmap *known)
{
	const char *name;
	enum kind kind;

	for (size_t i = 0; i < r->ndrift; i++) {
		if (ref_split(r->drift[i].object, &kind, &name))
			objmap_add(known, kind, name);
	}
}

/* The first of an object's steps from here on that takes something to its place: it need not be the one in words. */
static struct step_place
place_of(const struct recon *r, size_t at)
{
	const struct step *s = &r->plan.v[at];
	struct step_place place = step_place(s, &r->have);

	for (size_t i = at + 1; i < r->plan.n && place.ifname[0] == '\0' && s->kind != KIND_JAIL; i++)
		if (r->plan.v[i].kind == s->kind && strcmp(r->plan.v[i].name, s->name) == 0)
			place = step_place(&r->plan.v[i], &r->have);
	return (place);
}

static void
row_add(struct recon *r, size_t at)
{
	const struct step *s = &r->plan.v[at];
	struct drift_row *grown, *row;

	grown = realloc(r->drift, (r->ndrift + 1) * sizeof(*grown));
	if (grown == NULL)
		return;
	r->drift = grown;
	row = &r->drift[r->ndrift++];
	memset(row, 0, sizeof(*row));
	object_ref(s->kind, s->name, row->object, sizeof(row->object));
	step_drift(s, &r->have, row->want, sizeof(row->want), row->have, sizeof(row->have));
	step_cause(s, &r->have, row->cause, sizeof(row->cause));
	row->since = ident_now_ms();
	row->place = place_of(r, at);
}

/* How long a manager may take to set up a jail that it has started: it moves an interface in first, and configures it in exec.start. */
#define MANAGER_MS 10000

void
drift_jails(struct recon *r)
{
	for (size_t i = 0; i < r->want.n[KIND_JAIL]; i++) {
		const struct object *o = r->want.v[KIND_JAIL][i];
		const struct obs_jail *k = o->u.jail.external ? observed_jail(&r->have, o->name) : NULL;
		struct seen_jail now = { k == NULL ? 0 : (uint64_t)k->jid + 1, ident_mono_ms() }, *was;

		was = objmap_get(&r->external, KIND_JAIL, o->name);
		if ((was == NULL ? 0 : was->jid) == now.jid)
			continue;
		was = was == NULL ? objmap_add(&r->external, KIND_JAIL, o->name) : was;
		if (was != NULL)
			*was = now;
	}
}

static bool
just_changed(const struct recon *r, const char *jail)
{
	const struct seen_jail *k = jail == NULL ? NULL : objmap_get(&r->external, KIND_JAIL, jail);

	return (k != NULL && ident_mono_ms() - k->at < MANAGER_MS);
}

/* Its manager has just started or stopped a jail that the object is, or is in: nobody changed anything, and the next start is not made to wait. */
static bool
is_its_managers(const struct recon *r, const struct step *s)
{
	const struct object *o = topo_find(&r->want, s->kind, s->name);
	const char *jail[2] = { NULL, NULL };

	if (o != NULL && s->kind == KIND_EPAIR)
		for (int side = END_A; side <= END_B; side++)
			jail[side] = o->u.epair.end[side].jail;
	else if (o != NULL && s->kind == KIND_ATTACHMENT)
		jail[0] = o->u.attachment.jail;
	else if (s->kind == KIND_JAIL)
		jail[0] = s->name;
	return (just_changed(r, jail[0]) || just_changed(r, jail[1]));
}

/* Of those that have no event yet; inside a transaction. */
static void
tell(struct recon *r)
{
	const struct drift_row *row;

	for (size_t i = r->drift_told; i < r->ndrift; i++) {
		row = &r->drift[i];
		recon_event(r, "drift.found", row->object, "kernel", "", "%s: want %s, have %s: %s", row->object, row->want, row->have,
		    row->cause);
	}
}

void
drift_found(struct recon *r)
{
	struct objmap known;
	struct err err;
	size_t before = r->ndrift;

	/* after a start everything may be missing: that is a boot, not drift; and nor is it when all is to go */
	if (!atomic_load(&r->conf->health->reconciled) || r->halting)
		return;
	objmap_init(&known, 0);
	rows_known(r, &known);
	for (size_t i = 0; i < r->plan.n && r->ops == NULL; i++) {
		const struct step *s = &r->plan.v[i];

		if (!is_its_managers(r, s) && !objmap_has(&r->drifting, s->kind, s->name) && objmap_add(&r->drifting, s->kind, s->name) != NULL &&
		    !objmap_has(&known, s->kind, s->name))
			row_add(r, i);
	}
	objmap_fini(&known);
	if (r->ndrift == before)
		return;
	if (recon_begin(r, false, &err) == 0) {
		tell(r);
		store_drift_set(r->store, r->drift, r->ndrift, &err);
		if (recon_end(r, &err) == 0)
			r->drift_told = r->ndrift;
	}
	if (r->drift_told < r->ndrift)
		log_error("store", "drift is not stored: %s", err.msg);
	r->conf->notify(r->conf->arg);
}

static bool
row_stays(struct recon *r, struct drift_row *row)
{
	const struct trouble *t;
	const char *name;
	enum kind kind;
	bool failing;

	if (!ref_split(row->object, &kind, &name))
		return (false);
	t = objmap_get(&r->trouble, kind, name);
	failing = t != NULL && t->err.code != ERR_NONE;
	if (!objmap_has(&r->drifting, kind, name))
		return (failing);	/* from an earlier cycle: it stays while its trouble does */
	if (failing) {
		snprintf(row->cause, sizeof(row->cause), "cannot be repaired: %.120s", t->err.msg);
		return (true);
	}
	recon_event(r, "drift.repaired", row->object, "jailnet", "", "%s: %s again (had %s)", row->object, row->want, row->have);
	return (false);
}

/* What goes stands at the end of the list until that is committed. */
void
drift_settle(struct recon *r)
{
	struct drift_row row;
	struct err ignored;

	r->drift_kept = 0;
	if (r->ndrift == 0)
		return;
	tell(r);
	for (size_t i = 0; i < r->ndrift; i++) {
		if (!row_stays(r, &r->drift[i]))
			continue;
		row = r->drift[i];
		r->drift[i] = r->drift[r->drift_kept];
		r->drift[r->drift_kept++] = row;
	}
	store_drift_set(r->store, r->drift, r->drift_kept, &ignored);
}

void
drift_settled(struct recon *r)
{
	const char *name;
	enum kind kind;

	for (size_t i = r->drift_kept; i < r->ndrift; i++) {
		if (ref_split(r->drift[i].object, &kind, &name) && objmap_has(&r->drifting, kind, name))
			trouble_add(r, kind, name, NULL);
	}
	r->ndrift = r->drift_told = r->drift_kept;
}
