/*
 * recon_progress: how far the running operations are, for those who were told to come back (202).
 *
 * The counts live in memory.  They are written now and then, never for an operation that is over sooner than that, and without a
 * flush of the disk: whoever restarts counts anew.
 */
#include "server/ident.h"
#include "server/recon_int.h"

#define PROGRESS_EVERY_MS 250

static void
changed(struct recon *r)
{
	if (r->progress_at == INT64_MAX)
		r->progress_at = ident_mono_ms() + PROGRESS_EVERY_MS;
}

static void
plan_one(struct recon *r, const struct step *s)
{
	struct op *op = op_of(r, s->kind, s->name);

	if (op != NULL)
		op->row.steps_total++;
}

void
progress_planned(struct recon *r)
{
	/* what earlier rounds did stays counted; what failed or was left out is planned again */
	for (struct op *op = r->ops; op != NULL; op = op->next) {
		if (!op->undone)
			op->row.steps_total = op->row.steps_done;
	}
	for (size_t i = 0; i < JOBS_MAX; i++) {
		if (r->jobs[i].seq != 0 && r->jobs[i].probe == NULL)
			plan_one(r, &r->jobs[i].step);
	}
	for (size_t i = 0; i < r->plan.n; i++)
		plan_one(r, &r->plan.v[i]);
	if (r->ops != NULL)
		changed(r);
}

void
progress_done(struct recon *r, const struct step *s)
{
	struct op *op = op_of(r, s->kind, s->name);

	if (op == NULL)
		return;
	op->row.steps_done++;
	changed(r);
}

void
progress_due(struct recon *r, int64_t now)
{
	struct err ignored;	/* the end of the operation says it again */

	if (now < r->progress_at)
		return;
	r->progress_at = INT64_MAX;
	if (r->ops == NULL || recon_begin(r, false, &ignored) == -1)
		return;
	for (const struct op *op = r->ops; op != NULL; op = op->next) {
		if (op->row.id[0] != '\0' && op->row.err.code == ERR_NONE)
			store_op_put(r->store, &op->row, &ignored);
	}
	recon_end(r, &ignored);
}
