/*
 * conv_cmds: a command line of a hook as the commands it runs, where reading proves that it runs them: words, quotes, "&&", ";", an
 * "|| echo ..." that changes nothing, output thrown away, and the one substitution that hooks live by,
 *
 *	e=$(ifconfig epair create) && ifconfig ${e} up name e0a_web && ifconfig ${e%a}b up name e0b_web
 *
 * Nothing is executed; at the first thing that cannot be proved reading ends.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "convert/conv_int.h"
#include "core/str.h"

#define PSEUDO_UNITS 32767	/* a pair whose unit the kernel chooses: counted from the end, where nobody is */

struct line {
	struct conv_host *h;
	struct conv *c;
	const char *s;
	struct conv_cmd *v;
	size_t n, room;
	const char **w;		/* of the command being read */
	size_t nw, rw;
	struct conv_buf word;
	bool in_word, fallback;	/* fallback: after "||" */
	const char *var;	/* set to a new epair's first half; NULL = none */
	unsigned unit;
};

static void
end_word(struct line *l)
{
	if (!l->in_word)
		return;
	if (conv_room(l->c, &l->w, l->nw, &l->rw, sizeof(*l->w)))
		l->w[l->nw++] = cb_take(&l->word);
	l->in_word = false;
}

const char *
conv_program(const char *path)
{
	const char *slash = strrchr(path, '/');

	return (slash != NULL ? slash + 1 : path);
}

static bool
is_idle(const char *program)
{
	return (strcmp(program, "echo") == 0 || strcmp(program, "true") == 0 || strcmp(program, ":") == 0 || strcmp(program, "logger") == 0);
}

/* False when the command stands after "||" and would do something. */
static bool
end_command(struct line *l)
{
	bool good;

	end_word(l);
	good = !l->fallback || l->nw == 0 || is_idle(conv_program(l->w[0]));
	if (good && !l->fallback && l->nw > 0 && conv_room(l->c, &l->v, l->n, &l->room, sizeof(*l->v)))
		l->v[l->n++] = (struct conv_cmd){ l->w, l->nw };
	l->w = NULL;
	l->nw = l->rw = 0;
	l->fallback = false;
	return (good);
}

static void
put(struct line *l, const char *s, size_t n)
{
	cb_putn(&l->word, s, n);
	l->in_word = true;
}

/* "e=$(ifconfig epair create)" */
static bool
new_pair(struct line *l)
{
	const char *close = strchr(l->s, ')'), **w;
	size_t n = close == NULL ? 0 : conv_words(l->c, conv_dupn(l->c, l->s + 2, (size_t)(close - l->s) - 2), &w), len = l->word.len;

	if (l->nw > 0 || l->var != NULL || len < 2 || l->word.s[len - 1] != '=' || n < 3 || n > 4 ||
	    strcmp(conv_program(w[0]), "ifconfig") != 0 || strcmp(w[1], "epair") != 0 || strcmp(w[2], "create") != 0 ||
	    (n == 4 && strcmp(w[3], "up") != 0))
		return (false);
	l->var = conv_dupn(l->c, l->word.s, len - 1);
	l->unit = PSEUDO_UNITS - l->h->pseudo++;
	cb_take(&l->word);
	l->in_word = false;
	conv_clone(l->h, conv_printf(l->c, "epair%u", l->unit), NULL);
	l->s = close + 1;
	return (true);
}

/* "$e", "${e}" or "${e%a}" */
static bool
expand(struct line *l)
{
	bool braces = l->s[1] == '{', cut = false;
	const char *name = l->s + 1 + (braces ? 1 : 0);
	size_t n = 0;

	if (l->s[1] == '(')
		return (new_pair(l));
	while (isalnum((unsigned char)name[n]) || name[n] == '_')
		n++;
	if (l->var == NULL || strlen(l->var) != n || memcmp(l->var, name, n) != 0)
		return (false);
	l->s = name + n;
	if (braces) {
		cut = strncmp(l->s, "%a}", 3) == 0;
		if (!cut && *l->s != '}')
			return (false);
		l->s += cut ? 3 : 1;
	}
	cb_printf(&l->word, "epair%u%s", l->unit, cut ? "" : "a");
	l->in_word = true;
	return (true);
}

static bool
quoted(struct line *l)
{
	char quote = *l->s++;

	l->in_word = true;
	while (*l->s != quote) {
		if (*l->s == '\0' || (quote == '"' && *l->s == '`'))
			return (false);
		if (quote == '"' && *l->s == '$') {
			if (!expand(l))
				return (false);
			continue;
		}
		if (quote == '"' && *l->s == '\\' && l->s[1] != '\0')
			l->s++;
		put(l, l->s++, 1);
	}
	l->s++;
	return (true);
}

/* "2>/dev/null", ">/dev/null", "2>&1" */
static bool
redirect(struct line *l)
{
	static const char *const to[] = { "/dev/null", "&1", "&2" };

	if (l->in_word && l->word.len == 1 && isdigit((unsigned char)l->word.s[0])) {
		cb_take(&l->word);
		l->in_word = false;
	}
	end_word(l);
	l->s += strspn(l->s, ">");
	l->s += strspn(l->s, " \t");
	for (size_t i = 0; i < NELEMS(to); i++) {
		size_t n = strlen(to[i]);

		if (strncmp(l->s, to[i], n) == 0 && (l->s[n] == '\0' || strchr(" \t\n;&|", l->s[n]) != NULL)) {
			l->s += n;
			return (true);
		}
	}
	return (false);
}

static bool
operator(struct line *l)
{
	bool either = strncmp(l->s, "||", 2) == 0;

	if (!either && *l->s != ';' && *l->s != '\n' && strncmp(l->s, "&&", 2) != 0)
		return (false);
	if (!end_command(l))
		return (false);
	l->fallback = either;
	l->s += *l->s == ';' || *l->s == '\n' ? 1 : 2;
	return (true);
}

static bool
step(struct line *l)
{
	if (*l->s == ' ' || *l->s == '\t') {
		end_word(l);
		l->s++;
	} else if (*l->s == '\'' || *l->s == '"')
		return (quoted(l));
	else if (*l->s == '$')
		return (expand(l));
	else if (*l->s == '>')
		return (redirect(l));
	else if (strchr(";&|\n", *l->s) != NULL)
		return (operator(l));
	else if (strchr("`<(){}*?[", *l->s) != NULL || (*l->s == '#' && !l->in_word))
		return (false);
	else {
		if (*l->s == '\\' && l->s[1] != '\0')
			l->s++;
		put(l, l->s++, 1);
	}
	return (true);
}

bool
conv_commands(struct conv_host *h, const char *text, struct conv_cmd **out, size_t *n)
{
	struct line l = { .h = h, .c = h->c, .s = text == NULL ? "" : text };
	bool good = text != NULL;	/* NULL: memory was out */

	cb_init(&l.word, h->c);
	while (good && *l.s != '\0' && !h->c->nomem)
		good = step(&l);
	if (good)
		good = end_command(&l);
	cb_take(&l.word);
	*out = l.v;
	*n = l.n;
	return (good && !h->c->nomem);
}
