/*
 * conv_sh: a strict reader of shell assignments, for rc.conf and ezjail files.
 *
 * Understood: NAME=word and "export NAME=word", several on a line or joined by ';', comments, continuation lines, the three
 * quotings, $NAME and ${NAME} of something assigned above.  Everything else - commands, conditions, substitutions - is never
 * executed and never guessed: it is a message with its place, and a value that needs it counts as not proven.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/conv_int.h"
#include "core/str.h"

struct sh {
	struct conv *c;
	const struct conv_src *src;
	struct conv_vars *vars;
	const char *s;		/* next byte */
	unsigned line;
	const char *line_start;
	int depth;		/* inside if, case, loops, functions */
	bool broken;		/* the rest cannot be read */
};

struct word {
	const char *text;	/* "" when broken */
	const char *start;	/* in the file */
	struct conv_pos pos;
	bool proven, is_assign, is_op;	/* is_assign: NAME= unquoted at the start; is_op: ; & | ( ) */
	size_t name_len;
	const char *why;	/* what could not be proven */
};

static struct conv_pos
here(const struct sh *sh, const char *at)
{
	return ((struct conv_pos){ sh->src, sh->line, (unsigned)(at - sh->line_start) + 1 });
}

static void
newline(struct sh *sh)
{
	sh->s++;
	sh->line++;
	sh->line_start = sh->s;
}

/* --- words ------------------------------------------------------------------------------------------------ */

static bool
is_name_start(char ch)
{
	return ((ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') || ch == '_');
}

static bool
is_name(char ch)
{
	return (is_name_start(ch) || (ch >= '0' && ch <= '9'));
}

static void
unterminated(struct sh *sh, const struct conv_pos *pos, const char *what)
{
	if (!sh->broken)
		conv_say(sh->c, CONV_ERROR, pos, "unterminated", "%s is never closed; what follows cannot be read", what);
	sh->broken = true;
}

/* Past a $(...), `...` or ${...} with something in it, so that the rest of the line is read right. */
static void
skip_nested(struct sh *sh, char open, char close)
{
	struct conv_pos pos = here(sh, sh->s - 1);
	int depth = 1;

	while (*sh->s != '\0' && depth > 0) {
		if (*sh->s == '\\' && sh->s[1] != '\0')
			sh->s++;
		else if (*sh->s == close)
			depth--;
		else if (*sh->s == open)
			depth++;
		if (*sh->s == '\n')
			newline(sh);
		else
			sh->s++;
	}
	if (depth > 0)
		unterminated(sh, &pos, "this substitution");
}

/* Names of rc.conf that are empty until a file sets them: by defaults/rc.conf, or set by nobody. */
static bool
starts_empty(const char *name)
{
	return (strcmp(name, "cloned_interfaces") == 0 || strcmp(name, "static_routes") == 0 || strcmp(name, "ipv6_static_routes") == 0 ||
		(strncmp(name, "ifconfig_", 9) == 0 && strcmp(name, "ifconfig_lo0") != 0));
}

/* After a '$'. */
static void
expand(struct sh *sh, struct conv_buf *b, struct word *w)
{
	const char *start = sh->s, *from = sh->s;
	const struct conv_var *v;
	bool braces = *sh->s == '{';
	char name[128];
	size_t len = 0;

	if (*sh->s == '(') {
		sh->s++;
		skip_nested(sh, '(', ')');
		w->why = "a command substitution is not executed";
	} else {
		from += braces ? 1 : 0;
		while (is_name(from[len]))
			len++;
		if (len == 0 && !braces && (*from == '\0' || strchr(" \t\n\"';|&)/.:", *from) != NULL)) {
			cb_put(b, "$");
			return;
		}
		sh->s = from + len + (braces ? 1 : 0);
		if (len == 0 || len >= sizeof(name) || !is_name_start(*from) || (braces && from[len] != '}')) {
			if (braces && from[len] != '}') {
				sh->s = from + len;
				skip_nested(sh, '{', '}');
			} else if (len == 0)
				sh->s = from + 1;
			w->why = "this expansion cannot be proved";
		} else {
			memcpy(name, from, len);
			name[len] = '\0';
			v = conv_var(sh->vars, name);
			if (v != NULL && v->proven) {
				cb_put(b, v->value);
				return;
			}
			if (v == NULL && starts_empty(name))
				return;
			w->why = v != NULL ? "it expands a value that is not proven" : "it expands something not set above";
		}
	}
	w->proven = false;
	cb_putn(b, "$", 1);
	cb_putn(b, start, (size_t)(sh->s - start));
}

static void
backquote(struct sh *sh, struct conv_buf *b, struct word *w)
{
	const char *start = sh->s++;

	skip_nested(sh, '\1', '`');
	w->proven = false;
	w->why = "a command substitution is not executed";
	cb_putn(b, start, (size_t)(sh->s - start));
}

static void
double_quoted(struct sh *sh, struct conv_buf *b, struct word *w)
{
	struct conv_pos open = here(sh, sh->s);

	sh->s++;
	while (*sh->s != '"' && *sh->s != '\0' && !sh->broken) {
		if (*sh->s == '\\' && sh->s[1] == '\n') {
			sh->s++;
			newline(sh);
		} else if (*sh->s == '\\' && sh->s[1] != '\0' && strchr("\"\\$`", sh->s[1]) != NULL) {
			cb_putn(b, sh->s + 1, 1);
			sh->s += 2;
		} else if (*sh->s == '$') {
			sh->s++;
			expand(sh, b, w);
		} else if (*sh->s == '`')
			backquote(sh, b, w);
		else {
			cb_putn(b, sh->s, 1);
			if (*sh->s == '\n')
				newline(sh);
			else
				sh->s++;
		}
	}
	if (*sh->s != '"')
		unterminated(sh, &open, "this quotation mark");
	else
		sh->s++;
}

static void
single_quoted(struct sh *sh, struct conv_buf *b)
{
	struct conv_pos open = here(sh, sh->s);

	sh->s++;
	while (*sh->s != '\'' && *sh->s != '\0') {
		cb_putn(b, sh->s, 1);
		if (*sh->s == '\n')
			newline(sh);
		else
			sh->s++;
	}
	if (*sh->s != '\'')
		unterminated(sh, &open, "this quote");
	else
		sh->s++;
}

static void
skip_blanks(struct sh *sh)
{
	for (;;) {
		if (*sh->s == ' ' || *sh->s == '\t')
			sh->s++;
		else if (*sh->s == '\\' && sh->s[1] == '\n') {
			sh->s++;
			newline(sh);
		} else
			return;
	}
}

/* False at the end of the line. */
static bool
next_word(struct sh *sh, struct word *w)
{
	const char *p;
	struct conv_buf b;

	skip_blanks(sh);
	*w = (struct word){ .pos = here(sh, sh->s), .start = sh->s, .proven = true, .text = "" };
	if (*sh->s == '#')
		while (*sh->s != '\n' && *sh->s != '\0')
			sh->s++;
	if (*sh->s == '\n' || *sh->s == '\0' || sh->broken)
		return (false);
	if (strchr(";&|()<>", *sh->s) != NULL) {
		w->is_op = true;
		w->text = conv_dupn(sh->c, sh->s++, 1);
		return (w->text != NULL);
	}
	for (p = sh->s; is_name(*p); p++)
		;
	if (p > sh->s && is_name_start(*sh->s) && *p == '=') {
		w->is_assign = true;
		w->name_len = (size_t)(p - sh->s);
	}
	cb_init(&b, sh->c);
	while (*sh->s != '\0' && strchr(" \t\n;&|()<>", *sh->s) == NULL && !sh->broken) {
		if (*sh->s == '"')
			double_quoted(sh, &b, w);
		else if (*sh->s == '\'')
			single_quoted(sh, &b);
		else if (*sh->s == '$') {
			sh->s++;
			expand(sh, &b, w);
		} else if (*sh->s == '`')
			backquote(sh, &b, w);
		else if (*sh->s == '\\' && sh->s[1] == '\n') {
			sh->s++;
			newline(sh);
		} else {
			if (*sh->s == '\\' && sh->s[1] != '\0')
				sh->s++;
			cb_putn(&b, sh->s++, 1);
		}
	}
	w->text = cb_take(&b);
	return (!sh->broken);
}

/* --- statements ------------------------------------------------------------------------------------------- */

static bool
one_of(const char *s, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(s, *list) == 0)
			return (true);
	return (false);
}

static void
skip_line(struct sh *sh)
{
	struct word w;

	while (next_word(sh, &w))
		;
}

/* The lines of a here document, up to its word. */
static void
skip_heredoc(struct sh *sh)
{
	const char *end;
	struct word w;
	size_t len;
	bool tabs = false;

	sh->s++;	/* the second '<' */
	if (*sh->s == '-') {
		tabs = true;
		sh->s++;
	}
	if (!next_word(sh, &w))
		return;
	skip_line(sh);
	len = strlen(w.text);
	while (*sh->s == '\n') {
		newline(sh);
		for (end = sh->s; tabs && *end == '\t'; end++)
			;
		if (strncmp(end, w.text, len) == 0 && (end[len] == '\n' || end[len] == '\0')) {
			sh->s = end + len;
			return;
		}
		while (*sh->s != '\n' && *sh->s != '\0')
			sh->s++;
	}
	unterminated(sh, &w.pos, "this here document");
}

/* Where the value stands, when it is there as it is: items of a list have places of their own then. */
static void
find_value(const struct sh *sh, const struct word *w, struct conv_var *var)
{
	const char *raw = w->start + w->name_len + 1;

	raw += *raw == '"' || *raw == '\'' ? 1 : 0;
	var->literal = strncmp(raw, var->value, strlen(var->value)) == 0 && strchr(var->value, '\n') == NULL;
	var->at = (struct conv_pos){ sh->src, w->pos.line, w->pos.col + (unsigned)(raw - w->start) };
}

static void
take_assign(struct sh *sh, const struct word *w, size_t from)
{
	struct conv_var var = { .pos = w->pos, .proven = w->proven, .from = from };
	const char *eol = strchr(sh->s, '\n');

	var.name = conv_dupn(sh->c, w->text, w->name_len);
	var.value = w->text + w->name_len + 1;
	find_value(sh, w, &var);
	var.to = eol == NULL ? sh->src->size : (size_t)(eol - sh->src->text) + 1;
	if (sh->depth > 0) {
		conv_say(sh->c, CONV_WARNING, &w->pos, "conditional",
		    "%s is set inside a condition, loop or function; whether it is taken cannot be proved, so it is not",
		    var.name);
		/* What continues it cannot be proved either. */
		var.proven = false;
		if (starts_empty(var.name) && conv_var(sh->vars, var.name) == NULL)
			conv_var_set(sh->c, sh->vars, &var);
		return;
	}
	if (!w->proven)
		conv_say(sh->c, CONV_WARNING, &w->pos, "unproven", "%s: %s; the value is left out", var.name, w->why);
	conv_var_set(sh->c, sh->vars, &var);
}

static void
not_assignment(struct sh *sh, const struct word *w)
{
	if (sh->depth == 0)
		conv_say(sh->c, CONV_WARNING, &w->pos, "command",
		    "%.60s: not an assignment; commands are never executed, so its effect is unknown", w->text);
}

#define LINE_ASSIGNS_MAX 64

/* From one word to the next ';' or the end of the line. */
static void
statement(struct sh *sh)
{
	static const char *const opens[] = { "if", "case", "for", "while", "until", "{", NULL };
	static const char *const closes[] = { "fi", "esac", "done", "}", NULL };
	static const char *const inner[] = { "then", "else", "elif", "do", NULL };
	static const char *const exports[] = { "export", "readonly", NULL };
	const char *line = sh->s;
	struct word words[LINE_ASSIGNS_MAX], w, first = { .text = "" };
	bool exported = false, command = false;
	size_t n = 0, from;

	while (line > sh->src->text && line[-1] != '\n')
		line--;
	from = (size_t)(line - sh->src->text);
	while (next_word(sh, &w)) {
		if (w.is_op && *w.text == '<' && *sh->s == '<') {
			command = true;
			skip_heredoc(sh);
			break;
		}
		if (w.is_op && *w.text == '(' && *sh->s == ')') {
			sh->s++;	/* a function's head; its { comes as a word */
			continue;
		}
		if (w.is_op && (*w.text == ';' || *w.text == '&' || *w.text == '|')) {
			command = command || *w.text != ';';
			break;
		}
		if (first.text[0] == '\0')
			first = w;
		if (!w.is_assign && !exported && n == 0 && !command && one_of(w.text, exports)) {
			exported = true;
			first = w;
		} else if (w.is_assign && !command) {
			if (n == LINE_ASSIGNS_MAX)
				command = true;
			else
				words[n++] = w;
		} else if (!w.is_assign && exported && !w.is_op && is_name_start(w.text[0]))
			continue;	/* export NAME */
		else if (!w.is_assign && w.proven && one_of(w.text, opens)) {
			if (sh->depth == 0)
				conv_say(sh->c, CONV_WARNING, &w.pos, "conditional",
				    "a condition, loop or function: what is inside is not taken");
			sh->depth++;
			command = command || strcmp(w.text, "{") != 0;
		} else if (!w.is_assign && one_of(w.text, closes)) {
			sh->depth -= sh->depth > 0 ? 1 : 0;
		} else if (!w.is_assign && sh->depth > 0 && one_of(w.text, inner))
			continue;
		else
			command = true;
	}
	/* without memory a text is "", whatever length it should have */
	if (sh->broken || sh->c->nomem)
		return;
	if (command && (n > 0 || first.text[0] != '\0') && !one_of(first.text, opens) && !one_of(first.text, inner))
		not_assignment(sh, &first);
	for (size_t i = 0; i < n && !command; i++)
		take_assign(sh, &words[i], from);
}

void
conv_sh_read(struct conv *c, const struct conv_src *src, struct conv_vars *vars)
{
	struct sh sh = { .c = c, .src = src, .vars = vars, .s = src->text, .line = 1, .line_start = src->text };

	if (!src->ok)
		return;
	while (*sh.s != '\0' && !sh.broken && !c->nomem) {
		skip_blanks(&sh);
		if (*sh.s == '\n')
			newline(&sh);
		else if (*sh.s != '\0')
			statement(&sh);
	}
	if (sh.depth > 0 && !sh.broken) {
		struct conv_pos end = here(&sh, sh.s);

		conv_say(c, CONV_WARNING, &end, "unterminated", "a condition, loop or function is not closed at the end of the file");
	}
}
