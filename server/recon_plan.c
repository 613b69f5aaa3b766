/*
 * recon_plan: requests that are answered from, or judged by, what the kernel has now: dry runs, kept plans, repair and adoption of drift.
 */
#include <stdlib.h>
#include <string.h>

#include "core/adopt.h"
#include "server/recon_int.h"

static int
dry_found(void *arg, const struct found *f, struct err *err)
{
	return (topo_found_put(arg, f, err));
}

/* What would be done for 'next' now.  Found records of what would be touched first go into it. */
int
plan_dry(struct recon *r, struct topo *next, struct plan *out, struct err *err)
{
	return (plan_found(next, &r->have, dry_found, next, err) == -1 ? -1 : plan_build(next, &r->have, NULL, out, err));
}

/* A kept plan is applied as it was shown or not at all. */
int
plan_is_as_shown(struct recon *r, const struct write *w, const struct topo *next, struct errs *errs)
{
	struct plan plan;
	struct topo view;
	char *text = NULL;
	struct err err = { .code = ERR_NOMEM, .msg = "out of memory" };
	bool same = false;

	if (w->plan_steps == NULL || w->dry_run != DRY_NONE)
		return (0);
	plan_init(&plan);
	if (topo_view(&view, next, &err) == 0) {
		if (plan_dry(r, &view, &plan, &err) == 0 && (text = api_plan_text(&plan)) != NULL) {
			same = strcmp(text, w->plan_steps) == 0;
			err_set(&err, ERR_PRECONDITION, "the network has changed since this plan was made: it would not be what was shown");
		}
		topo_fini(&view);
	}
	free(text);
	plan_fini(&plan);
	return (same ? 0 : errs_add_err(errs, &err));
}

static void
adopt(struct recon *r, const struct write *w, struct topo *next, struct changes *c, struct errs *errs)
{
	const struct object *o = topo_find(next, w->kind, w->name);
	struct object *found = NULL;
	struct err err;

	if (object_adopt(o, next, &r->have, &found, &err) == -1)
		errs_add_err(errs, &err);
	else
		changes_put(c, next, o, found, errs);
}

void
drift_ticket(struct recon *r, const struct write *w, struct changes *c, struct topo *next, struct errs *errs)
{
	char object[96];

	if (w->verb != WRITE_DRIFT_REPAIR && w->verb != WRITE_DRIFT_ADOPT)
		return;
	object_ref(w->kind, w->name, object, sizeof(object));
	for (size_t i = 0; i < r->ndrift; i++) {
		if (strcmp(r->drift[i].object, object) != 0)
			continue;
		if (w->verb == WRITE_DRIFT_ADOPT)
			adopt(r, w, next, c, errs);
		return;
	}
	errs_add(errs, ERR_NOT_FOUND, "", "%s is as it is wanted", object);
}
