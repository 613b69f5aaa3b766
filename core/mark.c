/* mark: see the header. */
#include "core/mark.h"

#include <stdio.h>
#include <string.h>

#include "core/str.h"

#define MARK_WORD "jailnet:"

void
mark_format(const struct mark *m, char buf[MARK_TEXT_SIZE])
{
	buf[0] = '\0';
	if (m->ours && !m->has_object)
		snprintf(buf, MARK_TEXT_SIZE, MARK_WORD);
	else if (m->ours && m->kind == KIND_EPAIR)
		snprintf(buf, MARK_TEXT_SIZE, MARK_WORD "epair/%s:%c", m->name, m->side == END_A ? 'a' : 'b');
	else if (m->ours)
		snprintf(buf, MARK_TEXT_SIZE, MARK_WORD "%s/%s", kind_name(m->kind), m->name);
}

/* "KIND/NAME" or "epair/NAME:SIDE". */
static bool
mark_parse_object(const char *text, struct mark *m)
{
	char name[MARK_TEXT_SIZE];
	const char *slash = strchr(text, '/');
	char *colon;
	int kind;

	if (slash == NULL || str_copy(name, sizeof(name), slash + 1) == -1)
		return (false);
	for (kind = 0; kind < KIND_COUNT; kind++)
		if (strlen(kind_name(kind)) == (size_t)(slash - text) &&
		    memcmp(kind_name(kind), text, (size_t)(slash - text)) == 0)
			break;
	if (kind == KIND_COUNT)
		return (false);
	if (kind == KIND_EPAIR) {
		colon = strchr(name, ':');
		if (colon == NULL || (!str_equal(colon, ":a") && !str_equal(colon, ":b")))
			return (false);
		m->side = colon[1] == 'a' ? END_A : END_B;
		*colon = '\0';
	}
	if (!name_is_legal(name, kind_name_max(kind)))
		return (false);
	m->kind = kind;
	return (str_copy(m->name, sizeof(m->name), name) == 0);
}

void
mark_parse(const char *text, struct mark *out)
{
	struct mark m = { .ours = true };

	*out = (struct mark){ 0 };
	if (str_equal(text, "jailnet") || str_equal(text, MARK_WORD)) {
		*out = m;
		return;
	}
	/* What only looks like ours is somebody else's: better to leave it than to destroy it. */
	if (strncmp(text, MARK_WORD, strlen(MARK_WORD)) != 0 || !mark_parse_object(text + strlen(MARK_WORD), &m))
		return;
	m.has_object = true;
	*out = m;
}

uint32_t
traits_differ(const struct traits *want, const struct traits *have)
{
	uint32_t d = want->fields & ~have->fields;

	d |= want->flags != have->flags ? TRAIT_FLAGS : 0;
	d |= want->caps != have->caps ? TRAIT_CAPS : 0;
	d |= want->nd6 != have->nd6 ? TRAIT_ND6 : 0;
	d |= strcmp(want->groups, have->groups) != 0 ? TRAIT_GROUPS : 0;
	return (d & want->fields);
}

char *
traits_format(const struct traits *t, uint32_t fields, char buf[TRAITS_TEXT_SIZE])
{
	const struct {
		uint32_t field;
		const char *name;
		uint32_t value;
	} numbers[] = { { TRAIT_FLAGS, "flags", t->flags }, { TRAIT_CAPS, "offloads", t->caps }, { TRAIT_ND6, "nd6", t->nd6 } };
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < NELEMS(numbers); i++)
		if (fields & numbers[i].field)
			n += (size_t)snprintf(buf + n, TRAITS_TEXT_SIZE - n, " %s %#x", numbers[i].name, (unsigned)numbers[i].value);
	if (fields & TRAIT_GROUPS)
		(void)snprintf(buf + n, TRAITS_TEXT_SIZE - n, " groups %s", t->groups[0] != '\0' ? t->groups : "none");
	return (buf);
}
