/* selector: see selector.h */
#include "core/selector.h"

#include <string.h>

#include "core/str.h"

struct term {
	char key[SELECTOR_SIZE], value[SELECTOR_SIZE];
	bool has_value, is_not;
};

/* One term of len bytes; false when it cannot be read. */
static bool
term_read(const char *s, size_t len, struct term *t)
{
	const char *eq = memchr(s, '=', len);
	size_t key = eq == NULL ? len : (size_t)(eq - s);

	if (len >= SELECTOR_SIZE)
		return (false);
	t->has_value = eq != NULL;
	t->is_not = eq != NULL && key > 0 && s[key - 1] == '!';
	memcpy(t->value, eq == NULL ? s : eq + 1, eq == NULL ? 0 : len - key - 1);
	t->value[eq == NULL ? 0 : len - key - 1] = '\0';
	key -= t->is_not;
	memcpy(t->key, s, key);
	t->key[key] = '\0';
	return (key > 0 && strpbrk(t->key, "! \t") == NULL && strpbrk(t->value, "!= \t") == NULL);
}

int
selector_check(const char *text, struct err *err)
{
	struct term t;
	size_t len;

	if (*text == '\0')
		return (0);
	if (strlen(text) >= SELECTOR_SIZE)
		return (err_set(err, ERR_INVALID, "a selector has at most %d bytes", SELECTOR_SIZE - 1));
	for (;; text += len + 1) {
		len = strcspn(text, ",");
		if (!term_read(text, len, &t))
			return (err_set(err, ERR_INVALID, "\"%.60s\" is not key=value, key!=value or key, joined by commas", text));
		if (text[len] == '\0')
			return (0);
	}
}

static bool
term_holds(const struct term *t, const struct pairs *labels)
{
	for (size_t i = 0; i < labels->n; i++) {
		if (str_equal(labels->v[i].key, t->key))
			return (!t->has_value || str_equal(labels->v[i].value, t->value) != t->is_not);
	}
	return (t->is_not);
}

bool
selector_match(const char *text, const struct pairs *labels)
{
	struct term t;
	size_t len;

	for (; *text != '\0'; text += len + (text[len] == ',')) {
		len = strcspn(text, ",");
		if (!term_read(text, len, &t) || !term_holds(&t, labels))
			return (false);
	}
	return (true);
}
