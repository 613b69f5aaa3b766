/*
 * cli_table: text for a terminal: aligned tables, and strings made safe to print.
 *
 * Everything that came from elsewhere goes through text_safe(): control characters (C0, DEL, C1), bidirectional
 * overrides and bytes that are no UTF-8 become \xNN or \u{NNNN}, so that no answer can move the cursor or hide text.
 */
#ifndef JN_CLI_TABLE_H
#define JN_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

/* malloc'ed, freed by the caller.  keep_lines leaves newline and tab alone. */
char *text_safe(const char *s, bool keep_lines);
void text_print(FILE *f, const char *s, bool keep_lines);
/* Characters, not bytes. */
size_t text_width(const char *s);

struct table {
	size_t columns, rows, room;
	char **cells;		/* rows * columns, owned; the first row is the header */
};

/* titles: columns of them, borrowed. */
void table_init(struct table *t, const char *const *titles, size_t columns);
void table_fini(struct table *t);
/* Copies and makes safe; NULL or "" shows as "-". */
void table_add(struct table *t, const char *const *cells);
/* Nothing but the header: prints nothing.  The last column is not padded. */
void table_print(const struct table *t, FILE *f);

/* A growing string, for cells made of several parts. */
struct text {
	char *s;		/* never NULL after text_init */
	size_t len, room;
};
void text_init(struct text *t);
void text_fini(struct text *t);
void text_add(struct text *t, const char *s);
/* Adds "sep" first unless empty. */
void text_join(struct text *t, const char *sep, const char *s);
/*
 * A scalar as a human writes it: yes, no, 12, 0.25, text; null is "-"; arrays joined by ", ", objects as
 * "key=value".
 */
void text_json(struct text *t, const json_t *v);

/* Walks "status/state"; NULL when a part is missing. */
const json_t *json_at(const json_t *v, const char *path);
/* The string there, or "". */
const char *json_text(const json_t *v, const char *path);

/* The document on stdout as --json shows it: indented, ASCII only (so safe on a terminal). */
void json_print(const json_t *v);

#endif
