/*
 * conv_jceff: the parameters of one jail after wildcards, the last one winning, and their variables.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "convert/conv_jceff.h"

#define VAR_DEPTH 32

/* A '*' that is a whole part between dots, as jail(8) has it. */
bool
jc_is_wild(const char *name)
{
	for (const char *p = strchr(name, '*'); p != NULL; p = strchr(p + 1, '*'))
		if ((p == name || p[-1] == '.') && (p[1] == '\0' || p[1] == '.'))
			return (true);
	return (false);
}

bool
jc_match(const char *name, const char *wild)
{
	while (*wild != '\0') {
		size_t n = strcspn(name, "."), w = strcspn(wild, ".");

		if (w == 1 && *wild == '*') {
			if (wild[1] == '\0')
				return (*name != '\0');
		} else if (n != w || memcmp(name, wild, n) != 0)
			return (false);
		if ((name[n] == '\0') != (wild[w] == '\0'))
			return (false);
		name += n + (name[n] == '.' ? 1 : 0);
		wild += w + (wild[w] == '.' ? 1 : 0);
	}
	return (*name == '\0');
}

/* "allow.nomount" is "allow.mount" said the other way round. */
bool
eff_same_name(const char *a, const char *b)
{
	size_t n;
	const char *da = strrchr(a, '.'), *db = strrchr(b, '.');

	if (strcmp(a, b) == 0)
		return (true);
	n = da == NULL ? 0 : (size_t)(da - a) + 1;
	if (n != (db == NULL ? 0 : (size_t)(db - b) + 1) || memcmp(a, b, n) != 0)
		return (false);
	return ((strncmp(a + n, "no", 2) == 0 && strcmp(a + n + 2, b + n) == 0) ||
		(strncmp(b + n, "no", 2) == 0 && strcmp(b + n + 2, a + n) == 0));
}

struct eff *
eff_find(struct effs *e, const char *name)
{
	for (size_t i = 0; i < e->n; i++)
		if (eff_same_name(e->v[i].name, name))
			return (&e->v[i]);
	return (NULL);
}

void
eff_add(struct conv *c, struct effs *e, struct jc_param *p)
{
	struct eff *f = eff_find(e, p->name);

	if (f == NULL) {
		if (!conv_room(c, &e->v, e->n, &e->room, sizeof(*e->v)))
			return;
		f = &e->v[e->n++];
		*f = (struct eff){ .n = 0 };
	} else if (!p->append)
		f->n = 0;
	f->name = p->name;
	f->from = p;
	for (size_t i = 0; i < p->n; i++)
		if (conv_room(c, &f->values, f->n, &f->room, sizeof(*f->values))) {
			f->values[f->n] = p->values[i];
			if (f->values[f->n++].pos.src == NULL)
				f->values[f->n - 1].pos = p->pos;
		}
}

void
eff_set(struct conv *c, struct effs *e, const char *name, const char *value, const struct jc_block *b)
{
	struct jc_piece *piece = conv_alloc(c, sizeof(*piece));
	struct jc_value *v = conv_alloc(c, sizeof(*v));
	struct jc_param *p = conv_alloc(c, sizeof(*p));

	if (piece == NULL || v == NULL || p == NULL || eff_find(e, name) != NULL)
		return;
	*piece = (struct jc_piece){ value, false };
	*v = (struct jc_value){ .v = piece, .n = 1 };
	*p = (struct jc_param){ .name = name, .values = v, .n = 1, .pos = b->pos };
	eff_add(c, e, p);
}

/* One value; a variable that is a list may stand for the whole only. */
static void
resolve_value(struct conv *c, struct effs *e, struct eff *f, const struct jc_value *v, const char ***out, size_t *n, size_t *room, int depth)
{
	struct conv_buf b;

	cb_init(&b, c);
	for (size_t i = 0; i < v->n; i++) {
		struct eff *var;

		if (!v->v[i].is_var) {
			cb_put(&b, v->v[i].text);
			continue;
		}
		var = eff_find(e, v->v[i].text);
		if (var == NULL) {
			conv_say(c, CONV_WARNING, &f->from->pos, "unproven", "%s: the variable %.80s is not set; the value is left out",
			    f->name, v->v[i].text);
			f->bad = true;
			continue;
		}
		eff_resolve(c, e, var, depth + 1);
		if (var->bad || var->text == NULL) {
			f->bad = true;
			continue;
		}
		if (var->n > 1 && v->n > 1) {
			conv_say(c, CONV_WARNING, &f->from->pos, "unproven", "%s: the list %.80s cannot stand inside a string", f->name,
			    v->v[i].text);
			f->bad = true;
		} else if (var->n > 1) {
			for (size_t k = 0; k < var->n; k++)
				if (conv_room(c, out, *n, room, sizeof(**out)))
					(*out)[(*n)++] = var->text[k];
			cb_take(&b);
			return;
		} else if (var->n == 1)
			cb_put(&b, var->text[0]);
	}
	if (conv_room(c, out, *n, room, sizeof(**out)))
		(*out)[(*n)++] = cb_take(&b);
	else
		cb_take(&b);
}

void
eff_resolve(struct conv *c, struct effs *e, struct eff *f, int depth)
{
	const struct conv_pos **at = NULL;
	const char **out = NULL;
	size_t n = 0, room = 0, nat = 0, rat = 0;

	if (f->text != NULL || f->bad)
		return;
	if (f->resolving || depth > VAR_DEPTH) {
		if (f->from != NULL)
			conv_say(c, CONV_WARNING, &f->from->pos, "unproven", "%s: the variable refers to itself", f->name);
		f->bad = true;
		return;
	}
	f->resolving = true;
	for (size_t i = 0; i < f->n && !c->nomem; i++) {
		resolve_value(c, e, f, &f->values[i], &out, &n, &room, depth);
		while (nat < n && conv_room(c, &at, nat, &rat, sizeof(*at)))
			at[nat++] = &f->values[i].pos;
	}
	f->resolving = false;
	if (f->bad || nat < n)
		return;
	if (out == NULL)
		out = conv_alloc(c, sizeof(*out));
	f->text = out;
	f->at = at;
	f->n = n;
}

/* Values of a parameter and where each is from; 0 when it is not set, bad or without one. */
size_t
eff_values(struct conv *c, struct effs *e, const char *name, const char ***out, const struct conv_pos *const **at)
{
	struct eff *f = eff_find(e, name);

	*out = NULL;
	if (f == NULL || strcmp(f->name, name) != 0)
		return (0);
	eff_resolve(c, e, f, 0);
	if (f->bad || f->text == NULL)
		return (0);
	*out = f->text;
	*at = f->at;
	return (f->n);
}

const char *
eff_value(struct conv *c, struct effs *e, const char *name, struct conv_pos *pos)
{
	const struct conv_pos *const *at;
	const char **v;
	size_t n = eff_values(c, e, name, &v, &at);

	if (n == 0)
		return ("");
	*pos = *at[n - 1];
	return (v[n - 1]);
}

bool
eff_is_set(struct effs *e, const char *name)
{
	struct eff *f = eff_find(e, name);

	return (f != NULL && strcmp(f->name, name) == 0);
}

bool
eff_is_true(struct conv *c, struct effs *e, const char *name)
{
	struct conv_pos pos;
	const char *v;

	if (!eff_is_set(e, name))
		return (false);
	v = eff_value(c, e, name, &pos);
	return (strcasecmp(v, "inherit") != 0 && strcmp(v, "0") != 0 && strcasecmp(v, "false") != 0 && strcasecmp(v, "disable") != 0);
}
