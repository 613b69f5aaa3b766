/*
 * conv_mem: memory, messages and growing texts of a conversion.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/conv_int.h"
#include "core/str.h"

void
conv_init(struct conv *c)
{
	*c = (struct conv){ .nmsgs = 0 };
	arena_init(&c->mem);
}

void
conv_fini(struct conv *c)
{
	free(c->msgs);
	free(c->texts);
	arena_fini(&c->mem);
	*c = (struct conv){ .nmsgs = 0 };
}

const char *
conv_level_name(enum conv_level level)
{
	static const char *const names[] = { "note", "warning", "error" };

	return (names[level]);
}

void *
conv_alloc(struct conv *c, size_t size)
{
	void *p = arena_alloc(&c->mem, size);

	if (p == NULL)
		c->nomem = true;
	return (p);
}

static char nothing[1];

char *
conv_dupn(struct conv *c, const char *s, size_t len)
{
	char *p = conv_alloc(c, len + 1);

	if (p == NULL)
		return (nothing);
	memcpy(p, s, len);
	return (p);
}

char *
conv_dup(struct conv *c, const char *s)
{
	return (conv_dupn(c, s, strlen(s)));
}

char *
conv_printf(struct conv *c, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	p = n < 0 ? NULL : conv_alloc(c, (size_t)n + 1);
	if (p == NULL)
		return (nothing);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return (p);
}

bool
conv_room(struct conv *c, void *array, size_t n, size_t *room, size_t size)
{
	size_t want = *room == 0 ? 8 : *room * 2;
	void *old, *p;

	if (n < *room)
		return (true);
	p = conv_alloc(c, want * size);
	if (p == NULL)
		return (false);
	memcpy(&old, array, sizeof(old));
	if (n > 0)
		memcpy(p, old, n * size);
	memcpy(array, &p, sizeof(p));
	*room = want;
	return (true);
}

void
conv_say(struct conv *c, enum conv_level level, const struct conv_pos *pos, const char *code, const char *fmt, ...)
{
	char text[600];
	va_list ap;
	struct conv_msg *m;

	if (c->nmsgs == CONV_MSGS_MAX) {
		c->dropped++;
		return;
	}
	if (c->nmsgs == c->rmsgs) {
		size_t want = c->rmsgs == 0 ? 16 : c->rmsgs * 2;
		struct conv_msg *v = realloc(c->msgs, want * sizeof(*v));

		if (v == NULL) {
			c->nomem = true;
			return;
		}
		c->msgs = v;
		c->rmsgs = want;
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_clean(text);
	m = &c->msgs[c->nmsgs];
	*m = (struct conv_msg){ .level = level, .code = code, .file = "", .text = conv_dup(c, text) };
	if (pos != NULL && pos->src != NULL) {
		m->file = pos->src->path;
		m->line = pos->line;
		m->col = pos->col;
	}
	c->nmsgs++;
}

void
conv_text_add(struct conv *c, const char *path, bool is_addition, const char *text)
{
	if (c->ntexts == c->rtexts) {
		size_t want = c->rtexts == 0 ? 16 : c->rtexts * 2;
		struct conv_text *v = realloc(c->texts, want * sizeof(*v));

		if (v == NULL) {
			c->nomem = true;
			return;
		}
		c->texts = v;
		c->rtexts = want;
	}
	c->texts[c->ntexts++] = (struct conv_text){ path, is_addition, text };
}

/* --- growing strings --------------------------------------------------------------------------------------- */

void
cb_init(struct conv_buf *b, struct conv *c)
{
	*b = (struct conv_buf){ .c = c };
}

void
cb_putn(struct conv_buf *b, const char *s, size_t len)
{
	size_t want = b->room == 0 ? 256 : b->room;
	char *p;

	while (want < b->len + len + 1)
		want *= 2;
	if (want != b->room) {
		p = realloc(b->s, want);
		if (p == NULL) {
			b->c->nomem = true;
			return;
		}
		b->s = p;
		b->room = want;
	}
	memcpy(b->s + b->len, s, len);
	b->len += len;
	b->s[b->len] = '\0';
}

void
cb_put(struct conv_buf *b, const char *s)
{
	cb_putn(b, s, strlen(s));
}

void
cb_vprintf(struct conv_buf *b, const char *fmt, va_list ap)
{
	char text[1200];
	int n = vsnprintf(text, sizeof(text), fmt, ap);

	if (n < 0 || (size_t)n >= sizeof(text))
		b->c->nomem = true;	/* never: all parts are bounded */
	else
		cb_putn(b, text, (size_t)n);
}

void
cb_printf(struct conv_buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	cb_vprintf(b, fmt, ap);
	va_end(ap);
}

const char *
cb_take(struct conv_buf *b)
{
	const char *s = b->s == NULL ? "" : conv_dupn(b->c, b->s, b->len);

	free(b->s);
	b->s = NULL;
	b->len = b->room = 0;
	return (s);
}

void
cb_put_quoted(struct conv_buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("\"\\$`", *text) != NULL)
			cb_putn(b, "\\", 1);
		cb_putn(b, text, 1);
	}
}

size_t
conv_words(struct conv *c, const char *s, const char ***out)
{
	const char **v = NULL;
	size_t n = 0, room = 0, len;

	*out = NULL;
	for (;;) {
		s += strspn(s, " \t\n\r");
		len = strcspn(s, " \t\n\r");
		if (len == 0)
			break;
		if (!conv_room(c, &v, n, &room, sizeof(*v)))
			break;
		v[n++] = conv_dupn(c, s, len);
		s += len;
	}
	*out = v;
	return (n);
}
