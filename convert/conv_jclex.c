/*
 * conv_jclex: jail.conf(5) from bytes to blocks.  The rules are those of jail(8)'s own lexer: words in pieces, escapes in both
 * kinds of quotes, variables in double quotes only, three kinds of comments.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "convert/conv_jc.h"
#include "core/str.h"

#define NEST_MAX 16

struct lex {
	struct conv *c;
	const struct conv_src *src;
	const char *s, *line_start;
	unsigned line;
	bool broken;
};

static struct conv_pos
here(const struct lex *l)
{
	return ((struct conv_pos){ l->src, l->line, (unsigned)(l->s - l->line_start) + 1 });
}

static void
step(struct lex *l)
{
	if (*l->s == '\n') {
		l->line++;
		l->line_start = l->s + 1;
	}
	l->s++;
}

static void
broken(struct lex *l, const struct conv_pos *pos, const char *what)
{
	if (!l->broken)
		conv_say(l->c, CONV_ERROR, pos, "unterminated", "%s is never closed; what follows cannot be read", what);
	l->broken = true;
	l->s = l->src->text + l->src->size;
}

static void
skip_space(struct lex *l)
{
	for (;;) {
		if (*l->s != '\0' && strchr(" \t\r\n", *l->s) != NULL)
			step(l);
		else if (*l->s == '#' || (l->s[0] == '/' && l->s[1] == '/')) {
			while (*l->s != '\n' && *l->s != '\0')
				l->s++;
		} else if (l->s[0] == '/' && l->s[1] == '*') {
			struct conv_pos open = here(l);

			l->s += 2;
			while (*l->s != '\0' && (l->s[0] != '*' || l->s[1] != '/'))
				step(l);
			if (*l->s == '\0') {
				broken(l, &open, "this comment");
				return;
			}
			l->s += 2;
		} else
			return;
	}
}

/* After the backslash. */
static void
escape(struct lex *l, struct conv_buf *b)
{
	static const char from[] = "abfnrtv", to[] = "\a\b\f\n\r\t\v";
	const char *p;
	char ch;
	unsigned v = 0;
	int n = 0;

	if (*l->s >= '0' && *l->s <= '7') {
		for (; n < 3 && *l->s >= '0' && *l->s <= '7'; n++)
			v = v * 8 + (unsigned)(*l->s++ - '0');
	} else if (*l->s == 'x' && isxdigit((unsigned char)l->s[1])) {
		for (l->s++; n < 2 && isxdigit((unsigned char)*l->s); n++, l->s++)
			v = v * 16 + (unsigned)(isdigit((unsigned char)*l->s) ? *l->s - '0' : (*l->s | 0x20) - 'a' + 10);
	} else if (*l->s == '\n') {
		step(l);
		return;
	} else if (*l->s == '\0') {
		return;
	} else {
		p = strchr(from, *l->s);
		ch = p != NULL ? to[p - from] : *l->s;
		cb_putn(b, &ch, 1);
		l->s++;
		return;
	}
	ch = (char)v;
	if (ch != '\0')
		cb_putn(b, &ch, 1);
}

static bool
is_word(char ch)
{
	return (ch != '\0' && (isalnum((unsigned char)ch) || strchr("_!%&()-.:<>?@[]^`|~$*+/\\", ch) != NULL || (ch & 0x80) != 0));
}

static void
add_piece(struct lex *l, struct jc_value *v, const char *text, bool is_var)
{
	if (!is_var && text[0] == '\0' && v->n > 0)
		return;
	if (conv_room(l->c, &v->v, v->n, &v->room, sizeof(*v->v)))
		v->v[v->n++] = (struct jc_piece){ text, is_var };
}

static void
flush(struct lex *l, struct conv_buf *b, struct jc_value *v)
{
	if (b->len > 0)
		add_piece(l, v, cb_take(b), false);
}

/* At a '$'.  False: a lone dollar. */
static bool
variable(struct lex *l, struct conv_buf *b, struct jc_value *v)
{
	struct conv_pos pos = here(l);
	const char *from = l->s + 1;
	size_t len = 0;

	if (*from == '{') {
		from++;
		while (from[len] != '}' && from[len] != '\0' && strchr("\n{\"", from[len]) == NULL)
			len++;
		if (from[len] != '}') {
			broken(l, &pos, "this variable");
			return (true);
		}
		l->s = from + len + 1;
	} else if (isalpha((unsigned char)*from) || *from == '_') {
		while (isalnum((unsigned char)from[len]) || from[len] == '_')
			len++;
		l->s = from + len;
	} else
		return (false);
	flush(l, b, v);
	add_piece(l, v, conv_dupn(l->c, from, len), true);
	return (true);
}

static void
quoted(struct lex *l, struct conv_buf *b, struct jc_value *v)
{
	struct conv_pos open = here(l);
	char quote = *l->s++;

	while (*l->s != quote && *l->s != '\0') {
		if (*l->s == '\\') {
			l->s++;
			escape(l, b);
		} else if (quote == '"' && *l->s == '$' && variable(l, b, v))
			continue;
		else {
			cb_putn(b, l->s, 1);
			step(l);
		}
	}
	if (*l->s != quote)
		broken(l, &open, quote == '"' ? "this quotation mark" : "this quote");
	else
		l->s++;
}

/* One string in all its pieces; false when there is none here. */
static bool
string(struct lex *l, struct jc_value *v)
{
	struct conv_buf b;
	bool any = false;

	*v = (struct jc_value){ .n = 0 };
	cb_init(&b, l->c);
	while (!l->broken) {
		if (*l->s == '"' || *l->s == '\'')
			quoted(l, &b, v);
		else if (*l->s == '+' && l->s[1] == '=')
			break;
		else if (l->s[0] == '/' && (l->s[1] == '/' || l->s[1] == '*'))
			break;
		else if (*l->s == '$' && variable(l, &b, v))
			;
		else if (*l->s == '\\') {
			l->s++;
			escape(l, &b);
		} else if (is_word(*l->s))
			cb_putn(&b, l->s++, 1);
		else
			break;
		any = true;
	}
	flush(l, &b, v);
	if (any && v->n == 0)
		add_piece(l, v, "", false);
	cb_take(&b);
	return (any && !l->broken);
}

static const char *
literal(struct conv *c, const struct jc_value *v)
{
	struct conv_buf b;

	cb_init(&b, c);
	for (size_t i = 0; i < v->n; i++) {
		if (v->v[i].is_var && v->n > 1)
			cb_put(&b, "$");
		cb_put(&b, v->v[i].text);
	}
	return (cb_take(&b));
}

/* --- grammar ------------------------------------------------------------------------------------------------ */

static void
resync(struct lex *l)
{
	struct jc_value v;

	while (*l->s != '\0' && *l->s != ';' && *l->s != '}' && !l->broken) {
		if (!string(l, &v) && *l->s != '\0')
			step(l);
		skip_space(l);
		if (*l->s == '{')
			return;
	}
	if (*l->s == ';')
		l->s++;
}

static void
unexpected(struct lex *l, const char *where)
{
	struct conv_pos pos = here(l);

	if (l->broken)
		return;
	if (*l->s == '\0')
		conv_say(l->c, CONV_ERROR, &pos, "syntax", "the file ends inside %s", where);
	else
		conv_say(l->c, CONV_ERROR, &pos, "syntax", "'%c' is not possible here, in %s; the statement is left out", *l->s, where);
}

/* After the name; at '=', "+=", a value or ';'.  False: left out. */
static bool
param_values(struct lex *l, struct jc_param *p)
{
	struct conv_pos pos;
	struct jc_value v;

	skip_space(l);
	if (l->s[0] == '+' && l->s[1] == '=') {
		p->append = true;
		l->s += 2;
	} else if (*l->s == '=')
		l->s++;
	else if (*l->s == ';')
		goto end;
	for (;;) {
		skip_space(l);
		pos = here(l);
		if (!string(l, &v)) {
			unexpected(l, p->name);
			return (false);
		}
		v.pos = pos;
		if (!conv_room(l->c, &p->values, p->n, &p->room, sizeof(*p->values)))
			return (false);
		p->values[p->n++] = v;
		skip_space(l);
		if (*l->s != ',')
			break;
		l->s++;
	}
	if (*l->s != ';') {
		unexpected(l, p->name);
		return (false);
	}
end:
	l->s++;
	p->to = (size_t)(l->s - l->src->text);
	return (true);
}

static struct jc_block *
add_block(struct lex *l, struct jc_file *f, const char *name, const struct conv_pos *pos)
{
	if (!conv_room(l->c, &f->v, f->n, &f->room, sizeof(*f->v)))
		return (NULL);
	f->v[f->n] = (struct jc_block){ .name = name, .pos = *pos };
	return (&f->v[f->n++]);
}

static void
add_param(struct lex *l, struct jc_block *b, const struct jc_param *p)
{
	if (b != NULL && conv_room(l->c, &b->params, b->n, &b->room, sizeof(*b->params)))
		b->params[b->n++] = *p;
}

static void statements(struct lex *l, struct jc_file *f, long block, const char *parent, int depth);

static void
jail_block(struct lex *l, struct jc_file *f, const char *name, const char *parent, const struct conv_pos *pos, int depth)
{
	struct conv_pos open = here(l);
	struct jc_block *b;
	long index = (long)f->n;

	if (parent != NULL)
		name = conv_printf(l->c, "%s.%s", parent, name);
	if (name == NULL || (b = add_block(l, f, name, pos)) == NULL)
		return;
	b->open = (size_t)(l->s - l->src->text);
	l->s++;
	if (depth == NEST_MAX) {
		conv_say(l->c, CONV_ERROR, pos, "syntax", "jails are nested more than %d deep; the rest cannot be read", NEST_MAX);
		l->broken = true;
		return;
	}
	statements(l, f, index, name, depth + 1);
	if (*l->s == '}') {
		f->v[index].close = (size_t)(l->s - l->src->text);
		l->s++;
	} else
		broken(l, &open, conv_printf(l->c, "the block of %.80s", name));
}

static void
take_param(struct lex *l, struct jc_file *f, long block, struct jc_param *p)
{
	struct jc_block *b;
	const char *text;

	if (strcmp(p->name, ".include") == 0) {
		text = p->n > 0 ? literal(l->c, &p->values[0]) : "";
		b = add_block(l, f, text, &p->pos);
		if (b != NULL)
			b->is_include = true;
		for (size_t i = 0; i < p->n; i++)
			for (size_t k = 0; k < p->values[i].n; k++)
				if (p->values[i].v[k].is_var)
					conv_say(l->c, CONV_WARNING, &p->pos, "include", "variables are not expanded in .include");
		if (block >= 0)
			conv_say(l->c, CONV_WARNING, &p->pos, "include", ".include inside a jail is read as if it stood after it");
		return;
	}
	if (block >= 0) {
		add_param(l, &f->v[block], p);
		return;
	}
	b = f->n > 0 && f->v[f->n - 1].open == 0 && !f->v[f->n - 1].is_include ? &f->v[f->n - 1] : add_block(l, f, "*", &p->pos);
	add_param(l, b, p);
}

/* Up to '}' (inside a block) or the end of the file. */
static void
statements(struct lex *l, struct jc_file *f, long block, const char *parent, int depth)
{
	struct jc_value v;

	while (!l->broken && !l->c->nomem) {
		struct jc_param p = { .append = false };

		skip_space(l);
		if (*l->s == '\0' || (*l->s == '}' && block >= 0))
			return;
		if (*l->s == ';') {
			l->s++;
			continue;
		}
		p.pos = here(l);
		p.from = (size_t)(l->s - l->src->text);
		if (!string(l, &v)) {
			unexpected(l, "a statement");
			if (*l->s != '\0')
				step(l);
			resync(l);
			continue;
		}
		p.name = literal(l->c, &v);
		p.is_var = v.n == 1 && v.v[0].is_var;
		skip_space(l);
		if (*l->s == '{')
			jail_block(l, f, p.name, parent, &p.pos, depth);
		else if (param_values(l, &p))
			take_param(l, f, block, &p);
		else
			resync(l);
	}
}

void
jc_parse(struct conv *c, const struct conv_src *src, struct jc_file *out)
{
	struct lex l = { .c = c, .src = src, .s = src->text, .line_start = src->text, .line = 1 };

	*out = (struct jc_file){ .src = src };
	if (!src->ok)
		return;
	while (*l.s != '\0' && !l.broken && !c->nomem) {
		statements(&l, out, -1, NULL, 0);
		if (*l.s == '}') {
			unexpected(&l, "a statement");
			l.s++;
		}
	}
	out->bad = l.broken;
}
