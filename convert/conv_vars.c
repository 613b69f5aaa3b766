/* conv_vars: what was assigned, by name; the last assignment counts. */
#include <string.h>
#include <strings.h>

#include "convert/conv_int.h"
#include "core/str.h"

static size_t
slot_of(const struct conv_vars *vars, const char *name)
{
	size_t i = str_hash(name) & (vars->nslots - 1);

	while (vars->slots[i] != 0 && strcmp(vars->v[vars->slots[i] - 1].name, name) != 0)
		i = (i + 1) & (vars->nslots - 1);
	return (i);
}

struct conv_var *
conv_var(const struct conv_vars *vars, const char *name)
{
	uint32_t at = vars->nslots == 0 ? 0 : vars->slots[slot_of(vars, name)];

	return (at == 0 ? NULL : &vars->v[at - 1]);
}

const char *
conv_value(const struct conv_vars *vars, const char *name)
{
	const struct conv_var *v = conv_var(vars, name);

	return (v != NULL && v->proven ? v->value : "");
}

bool
conv_yes(const char *value)
{
	return (strcasecmp(value, "yes") == 0 || strcasecmp(value, "true") == 0 || strcasecmp(value, "on") == 0 ||
		strcmp(value, "1") == 0);
}

static bool
grow_slots(struct conv *c, struct conv_vars *vars)
{
	size_t want = vars->nslots == 0 ? 64 : vars->nslots * 2;
	uint32_t *slots = conv_alloc(c, want * sizeof(*slots));

	if (slots == NULL)
		return (false);
	vars->slots = slots;
	vars->nslots = want;
	for (size_t i = 0; i < vars->n; i++)
		slots[slot_of(vars, vars->v[i].name)] = (uint32_t)i + 1;
	return (true);
}

void
conv_var_set(struct conv *c, struct conv_vars *vars, const struct conv_var *var)
{
	struct conv_var *old = conv_var(vars, var->name);

	if (old != NULL) {
		*old = *var;
		return;
	}
	if (!conv_room(c, &vars->v, vars->n, &vars->room, sizeof(*vars->v)) ||
	    ((vars->n + 1) * 2 > vars->nslots && !grow_slots(c, vars)))
		return;
	vars->v[vars->n++] = *var;
	vars->slots[slot_of(vars, var->name)] = (uint32_t)vars->n;
}
