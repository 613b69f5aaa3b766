/*
 * api_json: scan, parse, and getters that collect errors.
 */
#include "api/api_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "core/log.h"
#include "core/str.h"

/* --- memory -------------------------------------------------------------------------------------------------- */

static _Thread_local bool failed, parsing;

static void *
allocate(size_t size)
{
	void *p = malloc(size);

	if (p == NULL && parsing) {
		log_error("json", "out of memory in the JSON parser, which does not survive that: ending");
		abort();
	}
	failed |= p == NULL;
	return (p);
}

void
api_json_init(void)
{
	json_set_alloc_funcs(allocate, free);
	/* before any thread: jansson would else seed its hash lazily, in a race */
	json_object_seed(0);
}

void
api_json_fresh(void)
{
	failed = false;
}

bool
api_json_failed(void)
{
	return (failed);
}

char *
api_json_text(const json_t *j)
{
	char *text = j != NULL ? json_dumps(j, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;

	if (failed) {
		free(text);
		text = NULL;
	}
	failed = false;
	return (text);
}

/* --- reading ------------------------------------------------------------------------------------------------- */

/*
 * One pass before jansson sees the text: jansson recurses as deep as 2048 (a 12 KB body can overflow a 512 KiB stack)
 * and turns 1 MiB of "[1,1,..." into 19 MiB.
 */
static int
scan(const char *text, size_t size, struct err *err)
{
	size_t depth = 0, values = 0, i;
	bool in_string = false;

	for (i = 0; i < size; i++) {
		char c = text[i];

		if (c == '\0')
			return (err_set(err, ERR_SYNTAX, "NUL byte at position %zu", i));
		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"')
			in_string = true;
		else if (c == '[' || c == '{') {
			if (++depth > API_DEPTH_MAX)
				return (err_set(
				    err, ERR_SYNTAX, "nested deeper than %d levels at position %zu", API_DEPTH_MAX, i));
			values++;
		} else if ((c == ']' || c == '}') && depth > 0)
			depth--;
		else if (c == ',' && ++values > API_VALUES_MAX)
			return (err_set(err, ERR_SYNTAX, "more than %d values: write a part of it at a time", API_VALUES_MAX));
	}
	return (0);
}

/* jansson's own text quotes the input; these words do not. */
static const char *
parse_reason(enum json_error_code code)
{
	switch (code) {
	case json_error_duplicate_key:
		return ("the same key twice in one object");
	case json_error_end_of_input_expected:
		return ("something follows the end of the document");
	case json_error_premature_end_of_input:
		return ("the document ends too early");
	case json_error_invalid_utf8:
		return ("not valid UTF-8");
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return ("a NUL character (\\u0000) is not allowed");
	case json_error_numeric_overflow:
		return ("a number is out of range");
	default:
		return ("not valid JSON");
	}
}

int
api_json_parse(const char *text, size_t size, json_t **out, struct err *err)
{
	json_error_t je;

	if (!str_utf8(text, size) && memchr(text, '\0', size) == NULL)
		return (err_set(err, ERR_SYNTAX, "not valid UTF-8"));
	if (scan(text, size, err) == -1)
		return (-1);
	parsing = true;
	*out = json_loadb(text, size, JSON_REJECT_DUPLICATES, &je);
	parsing = false;
	if (*out != NULL)
		return (0);
	return (
	    err_set(err, ERR_SYNTAX, "%s: line %d, column %d", parse_reason(json_error_code(&je)), je.line, je.column));
}

/* --- where we are ------------------------------------------------------------------------------------------ */

void
jd_init(struct jd *d, struct errs *errs, const char *path)
{
	*d = (struct jd){ .errs = errs };
	snprintf(d->path, sizeof(d->path), "%s", path);
	d->len = strlen(d->path);
}

size_t
jd_push(struct jd *d, const char *key)
{
	size_t mark = d->len, len = mark;

	if (d->cut > 0 || len + 1 >= sizeof(d->path))
		goto cut;
	d->path[len++] = '/';
	for (; *key != '\0'; key++) {
		const char *esc = *key == '~' ? "~0" : *key == '/' ? "~1" : NULL;
		size_t n = esc != NULL ? 2 : 1;

		if (len + n >= sizeof(d->path))
			goto cut;
		memcpy(d->path + len, esc != NULL ? esc : key, n);
		len += n;
	}
	d->path[len] = '\0';
	d->len = len;
	return (mark);
cut:
	d->path[mark] = '\0';
	d->cut++;
	return (mark);
}

size_t
jd_push_index(struct jd *d, size_t index)
{
	char key[24];

	snprintf(key, sizeof(key), "%zu", index);
	return (jd_push(d, key));
}

void
jd_pop(struct jd *d, size_t mark)
{
	if (d->cut > 0) {
		d->cut--;
		return;
	}
	d->len = mark;
	d->path[mark] = '\0';
}

/* --- errors ------------------------------------------------------------------------------------------------ */

void
jd_error(struct jd *d, enum err_code code, const char *fmt, ...)
{
	char msg[320];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	errs_add(d->errs, code, d->path, "%s", msg);
}

void
jd_error_at(struct jd *d, const char *key, enum err_code code, const char *fmt, ...)
{
	char msg[320];
	size_t mark = jd_push(d, key);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	errs_add(d->errs, code, d->path, "%s", msg);
	jd_pop(d, mark);
}

void
jd_nomem(struct jd *d)
{
	jd_error(d, ERR_NOMEM, "out of memory");
}

void
jd_wants(struct jd *d, const char *what, const json_t *got)
{
	static const char *const types[] = { [JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "a list",
		[JSON_STRING] = "a string",
		[JSON_INTEGER] = "an integer",
		[JSON_REAL] = "a number with a fraction",
		[JSON_TRUE] = "true",
		[JSON_FALSE] = "false",
		[JSON_NULL] = "null" };

	if (json_is_integer(got))
		jd_error(d, ERR_INVALID, "wants %s, got %" JSON_INTEGER_FORMAT, what, json_integer_value(got));
	else
		jd_error(d, ERR_INVALID, "wants %s, got %s", what, types[json_typeof(got)]);
}

static bool
in_list(const char *const *list, const char *s)
{
	for (; list != NULL && *list != NULL; list++) {
		if (strcmp(*list, s) == 0)
			return (true);
	}
	return (false);
}

bool
jd_is_object(struct jd *d, const json_t *j)
{
	if (json_is_object(j))
		return (true);
	jd_wants(d, "an object", j);
	return (false);
}

void
jd_known(struct jd *d, const json_t *obj, const char *const *keys, const char *const *more)
{
	const char *key;
	json_t *value;

	api_json_each(obj, key, value) {
		if (!in_list(keys, key) && !in_list(more, key))
			jd_error_at(d, key, ERR_INVALID, "unknown field");
	}
}

/* --- getters ----------------------------------------------------------------------------------------------- */

bool
jd_bool(struct jd *d, const json_t *obj, const char *key, bool *out)
{
	const json_t *j = json_object_get(obj, key);
	size_t mark;

	if (j == NULL)
		return (false);
	if (json_is_boolean(j)) {
		*out = json_is_true(j);
		return (true);
	}
	mark = jd_push(d, key);
	jd_wants(d, "true or false", j);
	jd_pop(d, mark);
	return (false);
}

bool
jd_u32(struct jd *d, const json_t *obj, const char *key, uint32_t min, uint32_t max, uint32_t *out)
{
	const json_t *j = json_object_get(obj, key);
	json_int_t v = json_integer_value(j);
	char what[64];
	size_t mark;

	if (j == NULL)
		return (false);
	if (json_is_integer(j) && v >= (json_int_t)min && v <= (json_int_t)max) {
		*out = (uint32_t)v;
		return (true);
	}
	snprintf(what, sizeof(what), "an integer from %u to %u", min, max);
	mark = jd_push(d, key);
	jd_wants(d, what, j);
	jd_pop(d, mark);
	return (false);
}

bool
jd_str(struct jd *d, const json_t *obj, const char *key, size_t max, const char **out)
{
	const json_t *j = json_object_get(obj, key);
	size_t mark;

	if (j == NULL)
		return (false);
	if (json_is_string(j) && json_string_length(j) <= max) {
		*out = json_string_value(j);
		return (true);
	}
	mark = jd_push(d, key);
	if (json_is_string(j))
		jd_error(d, ERR_INVALID, "longer than %zu bytes (has %zu)", max, json_string_length(j));
	else
		jd_wants(d, "a string", j);
	jd_pop(d, mark);
	return (false);
}

bool
jd_word(struct jd *d, const json_t *obj, const char *key, const char *const *words, size_t nwords, unsigned *out)
{
	char list[160] = "";
	const char *s;
	size_t i, len = 0;

	if (!jd_str(d, obj, key, TEXT_SIZE - 1, &s))
		return (false);
	for (i = 0; i < nwords; i++) {
		if (strcmp(words[i], s) == 0) {
			*out = (unsigned)i;
			return (true);
		}
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s\"%s\"", i > 0 ? " or " : "", words[i]);
		if (len >= sizeof(list))
			break;
	}
	jd_error_at(d, key, ERR_INVALID, "wants %s", list);
	return (false);
}

bool
jd_mac(struct jd *d, const json_t *obj, const char *key, struct mac *out)
{
	const char *s;
	struct err err;

	if (!jd_str(d, obj, key, TEXT_SIZE - 1, &s))
		return (false);
	if (mac_parse(s, out, &err) == 0)
		return (true);
	jd_error_at(d, key, err.code, "%s", err.msg);
	return (false);
}

bool
jd_ip(struct jd *d, const json_t *obj, const char *key, struct ip *out)
{
	const char *s;
	struct err err;

	if (!jd_str(d, obj, key, TEXT_SIZE - 1, &s))
		return (false);
	if (ip_parse(s, out, &err) == 0)
		return (true);
	jd_error_at(d, key, err.code, "%s", err.msg);
	return (false);
}

const json_t *
jd_object(struct jd *d, const json_t *obj, const char *key, size_t max)
{
	const json_t *j = json_object_get(obj, key);
	size_t mark;
	bool ok;

	if (j == NULL)
		return (NULL);
	mark = jd_push(d, key);
	ok = jd_is_object(d, j);
	if (ok && json_object_size(j) > max) {
		jd_error(d, ERR_LIMIT, "at most %zu entries (has %zu)", max, json_object_size(j));
		ok = false;
	}
	jd_pop(d, mark);
	return (ok ? j : NULL);
}

const json_t *
jd_array(struct jd *d, const json_t *obj, const char *key, size_t max)
{
	const json_t *j = json_object_get(obj, key);
	size_t mark;
	bool ok = false;

	if (j == NULL)
		return (NULL);
	mark = jd_push(d, key);
	if (!json_is_array(j))
		jd_wants(d, "a list", j);
	else if (json_array_size(j) > max)
		jd_error(d, ERR_LIMIT, "at most %zu entries (has %zu)", max, json_array_size(j));
	else
		ok = true;
	jd_pop(d, mark);
	return (ok ? j : NULL);
}
