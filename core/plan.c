/*
 * plan: the four passes of plan_build(); see plan_int.h.
 */
#include <stdlib.h>
#include <string.h>

#include "core/plan_int.h"

void
plan_init(struct plan *p)
{
	*p = (struct plan){ 0 };
}

void
plan_fini(struct plan *p)
{
	free(p->v);
	plan_init(p);
}

static int
match(struct planner *pl, struct err *err)
{
	pl->strays = arena_array(&pl->arena, pl->have->nlinks + 1, sizeof(struct obs_link *));
	if (pl->strays == NULL)
		return (err_nomem(err));
	plan_jails_decide(pl);
	if (!pl->nomem)
		plan_bridges_match(pl);
	if (!pl->nomem)
		plan_epairs_match(pl);
	return (pl->nomem ? err_nomem(err) : plan_foreign_match(pl, err));
}

bool
plan_remakes(const struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].cmd.op != CMD_EPAIR_DESTROY)
			continue;
		for (size_t k = i + 1; k < p->n; k++)
			if (p->v[k].cmd.op == CMD_EPAIR_CREATE && strcmp(p->v[k].name, p->v[i].name) == 0)
				return (true);
	}
	return (false);
}

/* Bridges come after the epairs: plan_epairs() sorts the strays, and both look at them. */
int
plan_build(const struct topo *want, const struct observed *have, const struct plan_opts *opts, struct plan *out,
    struct err *err)
{
	struct planner pl;
	int r = -1;

	if (plan_open(&pl, want, have, err) == -1)
		return (-1);
	pl.opts = opts;
	pl.out = out;
	out->n = 0;
	out->waiting = false;
	if (match(&pl, err) == -1)
		goto out;
	plan_epairs(&pl);
	plan_bridges(&pl);
	plan_foreign(&pl);
	plan_jails_finish(&pl);
	if (!pl.nomem)
		plan_lose(&pl);
	if (pl.nomem)
		err_nomem(err);
	else
		r = plan_sort(&pl, err);
out:
	plan_close(&pl);
	return (r);
}
