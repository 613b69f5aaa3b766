/*
 * conf: "key = value" lines against a table.
 */
#include "core/conf.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"

#define FILE_MAX 65536
#define LINE_SIZE 1024
#define KEYS_MAX 64

static const char blanks[] = " \t\r";

struct reader {
	const char *name;
	unsigned line;
	const struct conf_key *keys;
	size_t nkeys;
	bool seen[KEYS_MAX];
	void *out;
};

static int
set_u32(const struct conf_key *k, void *field, const char *value, struct err *err)
{
	uint64_t v;
	uint32_t v32;

	if (str_u64(value, k->min, k->max, &v) == -1)
		return (err_set(err, ERR_INVALID, "%s must be a number from %u to %u", k->name, k->min, k->max));
	v32 = (uint32_t)v;
	memcpy(field, &v32, sizeof(v32));
	return (0);
}

static int
set_bool(const struct conf_key *k, void *field, const char *value, struct err *err)
{
	bool v = str_equal(value, "yes");

	if (!v && !str_equal(value, "no"))
		return (err_set(err, ERR_INVALID, "%s must be yes or no", k->name));
	memcpy(field, &v, sizeof(v));
	return (0);
}

static int
set_value(const struct conf_key *k, void *out, const char *value, struct err *err)
{
	char *field = (char *)out + k->offset;

	switch (k->type) {
	case CONF_STR:
	case CONF_WORDS:
		if (str_copy(field, k->size, value) == -1)
			return (err_set(err, ERR_INVALID, "%s may have at most %zu characters", k->name, k->size - 1));
		return (0);
	case CONF_U32:
		return (set_u32(k, field, value, err));
	case CONF_BOOL:
		return (set_bool(k, field, value, err));
	}
	return (err_set(err, ERR_INTERNAL, "%s has no type", k->name));
}

static void
set_defaults(const struct conf_key *keys, size_t nkeys, void *out)
{
	const struct conf_key *k;
	const char *dflt;

	for (k = keys; k < keys + nkeys; k++) {
		dflt = k->dflt;
		if (dflt == NULL)
			dflt = k->type == CONF_U32 ? "0" : k->type == CONF_BOOL ? "no" : "";
		if (set_value(k, out, dflt, NULL) == -1)
			assert(!"a default fits its own key");
	}
}

/* Cuts blanks and a comment off the end of an unquoted value. */
static void
trim_end(char *s)
{
	size_t len = strcspn(s, "#");

	while (len > 0 && strchr(blanks, s[len - 1]) != NULL)
		len--;
	s[len] = '\0';
}

/* The value in place: unquoted, or what stands between the quotes. */
static int
value_get(char *s, char **value, struct err *err)
{
	char *end;

	s += strspn(s, blanks);
	if (*s != '"') {
		trim_end(s);
		if (strchr(s, '"') != NULL)
			return (err_set(err, ERR_INVALID, "a quote can only stand at the start and the end of a value"));
		*value = s;
		return (0);
	}
	end = strchr(++s, '"');
	if (end == NULL)
		return (err_set(err, ERR_INVALID, "the closing quote is missing"));
	*end++ = '\0';
	trim_end(end);
	if (*end != '\0')
		return (err_set(err, ERR_INVALID, "text after the closing quote"));
	*value = s;
	return (0);
}

/* 'line' is a scratch copy, changed freely. */
static int
line_parse(struct reader *r, char *line, struct err *err)
{
	char *key = line + strspn(line, blanks), *eq, *value = NULL;
	size_t i;

	if (*key == '\0' || *key == '#')
		return (0);
	eq = key + strcspn(key, "=#\"");
	if (*eq != '=')
		return (err_set(err, ERR_INVALID, "expected key = value"));
	*eq = '\0';
	trim_end(key);
	if (value_get(eq + 1, &value, err) == -1)
		return (-1);
	for (i = 0; i < r->nkeys; i++)
		if (str_equal(r->keys[i].name, key))
			break;
	if (i == r->nkeys)
		return (err_set(err, ERR_INVALID, "unknown key \"%s\"", key));
	if (r->seen[i])
		return (err_set(err, ERR_INVALID, "%s is set twice", key));
	r->seen[i] = true;
	return (set_value(&r->keys[i], r->out, value, err));
}

static int
line_take(struct reader *r, const char *text, size_t len, struct err *err)
{
	char line[LINE_SIZE];

	if (len >= sizeof(line))
		return (err_set(err, ERR_INVALID, "the line is longer than %d characters", LINE_SIZE - 1));
	if (!str_utf8(text, len))
		return (err_set(err, ERR_INVALID, "the line is not UTF-8 text"));
	memcpy(line, text, len);
	line[len] = '\0';
	return (line_parse(r, line, err));
}

int
conf_parse(const char *name, const char *text, size_t size, const struct conf_key *keys, size_t nkeys, void *out,
    struct err *err)
{
	struct reader r = { .name = name, .keys = keys, .nkeys = nkeys, .out = out };
	const char *end = text + size, *eol;

	assert(nkeys <= KEYS_MAX);
	set_defaults(keys, nkeys, out);
	for (; text < end; text = eol + 1) {
		r.line++;
		eol = memchr(text, '\n', (size_t)(end - text));
		if (eol == NULL)
			eol = end;
		if (line_take(&r, text, (size_t)(eol - text), err) == -1)
			return (err_wrap(err, "%s:%u", r.name, r.line));
		if (eol == end)
			break;
	}
	return (0);
}

/* The whole file in buf[size]; its length in *len. */
static int
file_read(const char *path, char *buf, size_t size, size_t *len, struct err *err)
{
	ssize_t n;
	int fd, rc = -1;

	*len = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return (err_sys(err, "open %s", path));
	for (;;) {
		if (*len == size) {
			err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", path, size - 1);
			break;
		}
		n = read(fd, buf + *len, size - *len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			err_sys(err, "read %s", path);
			break;
		}
		if (n == 0) {
			rc = 0;
			break;
		}
		*len += (size_t)n;
	}
	close(fd);
	return (rc);
}

int
conf_load(const char *path, const struct conf_key *keys, size_t nkeys, void *out, struct err *err)
{
	char *text;
	size_t len;
	int rc = -1;

	if (path == NULL)
		return (conf_parse("", "", 0, keys, nkeys, out, err));
	text = malloc(FILE_MAX + 1);
	if (text == NULL)
		return (err_nomem(err));
	if (file_read(path, text, FILE_MAX + 1, &len, err) == 0)
		rc = conf_parse(path, text, len, keys, nkeys, out, err);
	free(text);
	return (rc);
}

int
conf_words_match(const char *words, const char *s)
{
	char pattern[LINE_SIZE];
	size_t len;

	for (; *words != '\0'; words += len) {
		words += strspn(words, blanks);
		len = strcspn(words, blanks);
		if (len == 0 || len >= sizeof(pattern))
			continue;
		memcpy(pattern, words, len);
		pattern[len] = '\0';
		if (str_match(pattern, s))
			return (1);
	}
	return (0);
}
