/*
 * recon_halt: the host goes down: jails of ours are stopped, with their exec.stop, and what is inside comes home; then the server ends.
 * Only in memory are they not wanted any more: on the disk all stays as it is, and the next start brings it back.
 */
#include "core/log.h"
#include "server/recon_int.h"

void
halt_begin(struct recon *r)
{
	struct err ending;

	if (r->halting)
		return;
	r->halting = true;
	log_info("reconcile", "the jails are stopped, then the daemon ends");
	err_set(&ending, ERR_BUSY, "the daemon is stopping");
	op_answer_all(r, &ending);
	for (size_t i = 0; i < r->want.n[KIND_JAIL]; i++)
		if (!r->want.v[KIND_JAIL][i]->u.jail.external)
			r->want.v[KIND_JAIL][i]->u.jail.running = false;
	/* nobody waits for a back-off now, and nothing is rolled back: the next daemon does that */
	objmap_clear(&r->trouble);
	r->confirm_at = INT64_MAX;
	r->dirty_all = true;
}

void
halt_refuse(struct recon *r, struct ticket *list)
{
	struct ticket *next;
	struct err ending;

	err_set(&ending, ERR_BUSY, "the daemon is stopping");
	for (; list != NULL; list = next) {
		next = list->next;
		ticket_fail(r, list, &ending);
	}
}

/* A jail that could not be stopped waits for another try, which it does not get: that is said, and is no reason to stay. */
static void
say_what_stays(const struct recon *r)
{
	for (size_t i = 0; i < r->have.njails; i++)
		if (r->have.jails[i].ours && r->have.jails[i].phase != JAIL_IS_DYING)
			log_warn("reconcile", "jail %s is not stopped", r->have.jails[i].name);
}

bool
halt_is_done(const struct recon *r)
{
	if (!r->halting || r->damaged.code != ERR_NONE)
		return (r->halting);
	if (!r->halt_planned || r->phase != PHASE_IDLE || r->nflights > 0 || r->dirty_all || r->dirty.n > 0)
		return (false);
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (r->jobs[i].seq != 0)
			return (false);
	say_what_stays(r);
	return (true);
}
