/*
 * recon_history: what each revision made of which object, written in the transaction that makes the revision.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "server/ident.h"
#include "server/recon_int.h"

#define DAY_MS INT64_C(86400000)

int
history_object(struct recon *r, int64_t revision, enum kind kind, const char *name, const struct object *o, struct err *err)
{
	char *text = NULL;
	int rc;

	if (o != NULL && (text = api_object_text(o)) == NULL)
		return (err_nomem(err));
	rc = store_history_put(r->store, revision, kind, name, text, err);
	free(text);
	return (rc);
}

int
history_revision(struct recon *r, int64_t revision, const struct op_row *op, const char *note, struct revision_row *counts, struct err *err)
{
	struct revision_row *row = counts;

	row->revision = revision;
	row->at = ident_now_ms();
	memcpy(row->actor, op->actor, sizeof(row->actor));
	memcpy(row->method, op->method, sizeof(row->method));
	memcpy(row->path, op->path, sizeof(row->path));
	memcpy(row->op, op->id, sizeof(row->op));
	snprintf(row->note, sizeof(row->note), "%s", note);
	return (store_history_add(r->store, row, err));
}

void
history_count(struct revision_row *counts, bool before, bool after)
{
	if (!before)
		counts->created++;
	else if (!after)
		counts->deleted++;
	else
		counts->updated++;
}

/* A name of the last kept revision that is wanted no more. */
static int
forget_gone(void *arg, enum kind kind, const char *name, const char *json, struct err *err)
{
	struct topo *gone = arg;
	struct object *o;
	(void)json;

	o = object_new(kind, name);
	if (o == NULL)
		return (err_nomem(err));
	if (topo_put(gone, o, err) == 0)
		return (0);
	object_free(o);
	return (-1);
}

static int
baseline_write(struct recon *r, const struct topo *known, struct err *err)
{
	static const struct op_row nobody = { .actor = "jailnet" };
	struct revision_row counts = { 0 };

	for (int kind = 0; kind < KIND_COUNT; kind++) {
		for (size_t i = 0; i < r->want.n[kind]; i++) {
			const struct object *o = r->want.v[kind][i];

			if (history_object(r, r->want.revision, o->kind, o->name, o, err) == -1)
				return (-1);
		}
		for (size_t i = 0; i < known->n[kind]; i++) {
			const struct object *o = known->v[kind][i];

			if (topo_find(&r->want, o->kind, o->name) == NULL &&
			    history_object(r, r->want.revision, o->kind, o->name, NULL, err) == -1)
				return (-1);
		}
	}
	return (history_revision(r, r->want.revision, &nobody, "as it was when history began here", &counts, err));
}

int
history_baseline(struct recon *r, struct err *err)
{
	struct revision_row row;
	struct topo known;
	int64_t first, last;
	int rc = -1;

	if (store_history_get(r->store, r->want.revision, &row, err) == 0)
		return (0);
	if (err->code != ERR_NOT_FOUND)
		return (-1);
	topo_init(&known);
	if (store_history_range(r->store, &first, &last, err) == -1 || store_history_at(r->store, last, forget_gone, &known, err) == -1 ||
	    recon_begin(r, true, err) == -1)
		goto out;
	if (baseline_write(r, &known, err) == -1)
		store_rollback(r->store);
	else
		rc = recon_end(r, err);
out:
	topo_fini(&known);
	return (rc);
}

void
history_trim(struct recon *r)
{
	int64_t before = r->conf->revisions_days == 0 ? 0 : ident_now_ms() - (int64_t)r->conf->revisions_days * DAY_MS;
	struct err err;

	if (recon_begin(r, false, &err) == 0 &&
	    (store_history_trim(r->store, r->conf->revisions_keep, before, &err) == -1 || recon_end(r, &err) == -1)) {
		log_warn("store", "old revisions stay: %s", err.msg);
		store_rollback(r->store);
	}
}
