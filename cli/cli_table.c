/* cli_table: see cli_table.h. */
#include "cli/cli_table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "core/str.h"

#define GAP 2	/* blanks between columns */

/* Length of the UTF-8 sequence at s and its code point; 0 = not UTF-8. */
static size_t
utf8_next(const unsigned char *s, uint32_t *cp)
{
	size_t i, len;

	len = s[0] < 0x80 ? 1 : (s[0] & 0xe0) == 0xc0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : (s[0] & 0xf8) == 0xf0 ? 4 : 0;
	if (len == 0)
		return (0);
	*cp = len == 1 ? s[0] : s[0] & (0xffu >> (len + 1));
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return (0);
		*cp = *cp << 6 | (s[i] & 0x3f);
	}
	return (str_utf8(s, len) ? len : 0);
}

/* Characters that act on the terminal or on the order of text instead of being seen. */
static bool
is_acting(uint32_t cp)
{
	static const struct { uint32_t first, last; } acting[] = {
		{ 0, 0x1f }, { 0x7f, 0x9f }, { 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 }, { 0xfeff, 0xfeff },
	};
	size_t i;

	for (i = 0; i < NELEMS(acting); i++)
		if (cp >= acting[i].first && cp <= acting[i].last)
			return (true);
	return (false);
}

char *
text_safe(const char *s, bool keep_lines)
{
	/* The longest: 3 bytes of UTF-8 become \u{NNNN}, 1 byte becomes \xNN. */
	char *out = cli_xmalloc(strlen(s) * 4 + 1), *p = out;
	const unsigned char *c = (const unsigned char *)s;
	uint32_t cp = 0;
	size_t len;

	while (*c != '\0') {
		len = utf8_next(c, &cp);
		if (len == 0 || (is_acting(cp) && cp < 0x80 && !(keep_lines && (cp == '\n' || cp == '\t')))) {
			p += snprintf(p, sizeof("\\xNN"), "\\x%02x", *c++);
		} else if (is_acting(cp) && cp >= 0x80) {
			p += snprintf(p, sizeof("\\u{NNNNNN}"), "\\u{%x}", cp);
			c += len;
		} else {
			memcpy(p, c, len);
			p += len;
			c += len;
		}
	}
	*p = '\0';
	return (out);
}

void
text_print(FILE *f, const char *s, bool keep_lines)
{
	char *safe = text_safe(s, keep_lines);

	fputs(safe, f);
	free(safe);
}

size_t
text_width(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return (n);
}

/* --- tables ---------------------------------------------------------------------------------------------- */

void
table_init(struct table *t, const char *const *titles, size_t columns)
{
	memset(t, 0, sizeof(*t));
	t->columns = columns;
	table_add(t, titles);
}

void
table_fini(struct table *t)
{
	size_t i;

	for (i = 0; i < t->rows * t->columns; i++)
		free(t->cells[i]);
	free(t->cells);
	memset(t, 0, sizeof(*t));
}

void
table_add(struct table *t, const char *const *cells)
{
	size_t i;

	if (t->rows == t->room) {
		t->room = t->room == 0 ? 16 : t->room * 2;
		t->cells = cli_xrealloc(t->cells, t->room * t->columns * sizeof(*t->cells));
	}
	for (i = 0; i < t->columns; i++)
		t->cells[t->rows * t->columns + i] = text_safe(cells[i] != NULL && cells[i][0] != '\0' ? cells[i] : "-",
		    false);
	t->rows++;
}

void
table_print(const struct table *t, FILE *f)
{
	size_t *width, r, i, w;

	if (t->rows < 2)
		return;
	width = cli_xmalloc(t->columns * sizeof(*width));
	memset(width, 0, t->columns * sizeof(*width));
	for (r = 0; r < t->rows; r++) {
		for (i = 0; i < t->columns; i++) {
			w = text_width(t->cells[r * t->columns + i]);
			width[i] = w > width[i] ? w : width[i];
		}
	}
	for (r = 0; r < t->rows; r++) {
		for (i = 0; i < t->columns; i++) {
			const char *cell = t->cells[r * t->columns + i];

			fputs(cell, f);
			if (i + 1 < t->columns)
				fprintf(f, "%*s", (int)(width[i] - text_width(cell) + GAP), "");
		}
		fputc('\n', f);
	}
	free(width);
}

/* --- strings --------------------------------------------------------------------------------------------- */

void
text_init(struct text *t)
{
	t->room = 64;
	t->len = 0;
	t->s = cli_xmalloc(t->room);
	t->s[0] = '\0';
}

void
text_fini(struct text *t)
{
	free(t->s);
	t->s = NULL;
}

void
text_add(struct text *t, const char *s)
{
	size_t len = strlen(s);

	while (t->len + len + 1 > t->room) {
		t->room *= 2;
		t->s = cli_xrealloc(t->s, t->room);
	}
	memcpy(t->s + t->len, s, len + 1);
	t->len += len;
}

void
text_join(struct text *t, const char *sep, const char *s)
{
	if (t->len > 0)
		text_add(t, sep);
	text_add(t, s);
}

void
text_json(struct text *t, const json_t *v)
{
	const char *key, *sep = "";
	json_t *item;
	char number[40];
	size_t i;

	if (json_is_string(v)) {
		text_add(t, json_string_value(v));
	} else if (json_is_integer(v)) {
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		text_add(t, number);
	} else if (json_is_real(v)) {
		snprintf(number, sizeof(number), "%.3f", json_real_value(v));
		text_add(t, number);
	} else if (json_is_boolean(v)) {
		text_add(t, json_is_true(v) ? "yes" : "no");
	} else if (json_is_array(v)) {
		json_array_foreach(v, i, item) {
			text_add(t, sep);
			text_json(t, item);
			sep = ", ";
		}
	} else if (json_is_object(v)) {
		/* jansson's iterators take a pointer that is not const, but do not write. */
		json_object_foreach((json_t *)(uintptr_t)v, key, item) {
			text_add(t, sep);
			text_add(t, key);
			text_add(t, "=");
			text_json(t, item);
			sep = ", ";
		}
	} else {
		text_add(t, "-");
	}
}

/* --- JSON ------------------------------------------------------------------------------------------------ */

const json_t *
json_at(const json_t *v, const char *path)
{
	char key[64];
	size_t len;

	while (v != NULL && *path != '\0') {
		len = strcspn(path, "/");
		if (len >= sizeof(key))
			return (NULL);
		memcpy(key, path, len);
		key[len] = '\0';
		v = json_object_get(v, key);
		path += len + (path[len] == '/');
	}
	return (v);
}

const char *
json_text(const json_t *v, const char *path)
{
	const char *s = json_string_value(json_at(v, path));

	return (s != NULL ? s : "");
}

void
json_print(const json_t *v)
{
	json_dumpf(v, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
	fputc('\n', stdout);
}
