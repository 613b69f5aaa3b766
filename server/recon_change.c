/*
 * recon_change: the rows of what changes, whoever changes it: a ticket or the undo of one.
 */
#include "server/ident.h"
#include "server/recon_int.h"

static int
change_store(struct recon *r, const struct change_item *it, int64_t revision, int64_t now, struct err *err)
{
	struct object *o = it->after;

	if (o == NULL) {
		store_status_delete(r->store, it->kind, it->name, err);
		return (store_object_delete(r->store, it->kind, it->name, err));
	}
	o->revision = revision;
	o->updated_at = now;
	return (store_object_put(r->store, o, err));
}

int
changes_store(struct recon *r, struct change_item *v, size_t n, int64_t revision, struct revision_row *counts, struct err *err)
{
	int64_t now = ident_now_ms();

	for (size_t i = 0; i < n; i++) {
		struct object *o = v[i].after;

		if (o != NULL)
			o->fresh = false;	/* it stands from now on */
		if (o == NULL || o->id[0] != '\0')
			continue;
		ident_new(ident_prefix(o->kind), o->id);
		o->created_at = now;
	}
	if (recon_macs(r, v, n, now, err) == -1)
		return (-1);
	for (size_t i = 0; i < n; i++) {
		if (change_store(r, &v[i], revision, now, err) == -1 ||
		    history_object(r, revision, v[i].kind, v[i].name, v[i].after, err) == -1)
			return (-1);
		history_count(counts, v[i].before != NULL, v[i].after != NULL);
	}
	return (0);
}
