/*
 * plan_emit: steps in, in any order; sorted by phase, out.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/plan_int.h"
#include "core/str.h"

bool
plan_in_scope(const struct planner *pl, enum kind kind, const char *name)
{
	const struct plan_opts *o = pl->opts;

	return (o == NULL || o->in_scope == NULL || o->in_scope(o->arg, kind, name));
}

static int
grow(struct planner *pl)
{
	struct plan *p = pl->out;
	size_t room = p->room == 0 ? 64 : p->room * 2;

	if (p->n == p->room) {
		struct step *v = reallocarray(p->v, room, sizeof(*v));

		if (v == NULL)
			return (-1);
		p->v = v;
		p->room = room;
	}
	if (pl->phase_room < p->room) {
		uint8_t *phase = realloc(pl->phase, p->room);

		if (phase == NULL)
			return (-1);
		pl->phase = phase;
		pl->phase_room = p->room;
	}
	return (0);
}

struct step *
plan_emit(struct planner *pl, enum phase ph, enum kind kind, const char *name, enum cmd_op op)
{
	struct step *s = &pl->scratch;

	if (!pl->nomem && grow(pl) == -1)
		pl->nomem = true;
	if (!pl->nomem && plan_in_scope(pl, kind, name)) {
		pl->phase[pl->out->n] = ph;
		s = &pl->out->v[pl->out->n++];
	}
	memset(s, 0, sizeof(*s));
	s->cmd.op = op;
	s->kind = kind;
	str_copy(s->name, sizeof(s->name), name);
	plan_pointer(s, "/%s/%s", kind_plural(kind), name);
	return (s);
}

void
plan_pointer(struct step *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->pointer, sizeof(s->pointer), fmt, ap);
	va_end(ap);
}

void
plan_need(struct step *s, enum kind kind, const char *name)
{
	for (size_t i = 0; i < NELEMS(s->needs) && name[0] != '\0'; i++) {
		if (s->needs[i].name[0] != '\0' && !(s->needs[i].kind == kind && strcmp(s->needs[i].name, name) == 0))
			continue;
		s->needs[i].kind = kind;
		str_copy(s->needs[i].name, sizeof(s->needs[i].name), name);
		return;
	}
}

/* Counting sort, stable; steps are big, so each moves to its place once, along the cycles of the permutation. */
int
plan_sort(struct planner *pl, struct err *err)
{
	struct plan *p = pl->out;
	size_t next[PH_COUNT + 1] = { 0 }, *place;

	if (p->n < 2)
		return (0);
	if ((place = arena_array(&pl->arena, p->n, sizeof(*place))) == NULL)
		return (err_nomem(err));
	for (size_t i = 0; i < p->n; i++)
		next[pl->phase[i] + 1]++;
	for (size_t ph = 1; ph <= PH_COUNT; ph++)
		next[ph] += next[ph - 1];
	for (size_t i = 0; i < p->n; i++)
		place[i] = next[pl->phase[i]]++;
	for (size_t i = 0; i < p->n; i++) {
		while (place[i] != i) {
			size_t to = place[i];

			pl->scratch = p->v[to];
			p->v[to] = p->v[i];
			p->v[i] = pl->scratch;
			place[i] = place[to];
			place[to] = to;
		}
	}
	return (0);
}
