/*
 * api_pick: ?fields= and ?view= of objects: which members an answer has.  And If-None-Match.
 */
#include <string.h>

#include "api/api_codec.h"
#include "api/api_int.h"

/* One word of a list: its length; *next is where the one after it starts. */
static size_t
word(const char *list, const char **next)
{
	size_t len = strcspn(list, ",");

	*next = list + len + (list[len] == ',');
	return (len);
}

bool
api_pick_read(const struct api_params *p, const struct api_req *req, enum kind kind, struct api_pick *pick, struct api_res *res)
{
	const char *view = api_query(p, "view"), *next;
	size_t len;

	pick->fields = api_query(p, "fields");
	pick->spec = view != NULL && strcmp(view, "spec") == 0;
	if (view != NULL && !pick->spec && strcmp(view, "full") != 0) {
		api_answer_bad(res, 400, req->request_id, "view wants spec or full");
		return (false);
	}
	for (const char *s = pick->fields; s != NULL; s = next) {
		len = word(s, &next);
		if (!codec_has_field(kind, s, len)) {
			api_answer_bad(res, 400, req->request_id, "fields: a %s has no \"%.*s\"", kind_name(kind), len > 60 ? 60 : (int)len, s);
			return (false);
		}
		if (s[len] == '\0')
			break;
	}
	return (true);
}

static bool
is_picked(const struct api_pick *pick, const char *key)
{
	const char *next;
	size_t len;

	if (pick->spec && codec_is_server_field(key))
		return (false);
	if (pick->fields == NULL)
		return (true);
	for (const char *s = pick->fields; *s != '\0'; s = next) {
		len = word(s, &next);
		if (strlen(key) == len && memcmp(key, s, len) == 0)
			return (true);
	}
	return (false);
}

json_t *
api_pick(json_t *item, const struct api_pick *pick)
{
	const char *key;
	json_t *value;
	void *tmp;

	if (item == NULL || (!pick->spec && pick->fields == NULL))
		return (item);
	json_object_foreach_safe(item, tmp, key, value) {
		if (!is_picked(pick, key))
			json_object_del(item, key);
	}
	return (item);
}

/* RFC 9110 section 13.1.2: weak comparison with each of a list. */
bool
api_not_modified(const struct api_req *req, struct api_res *res)
{
	const char *s = req->if_none_match, *next;
	size_t len, n = strlen(res->etag);
	bool same = false;

	for (; s != NULL && *s != '\0' && !same; s = next) {
		s += strspn(s, " \t");
		len = word(s, &next);
		if (strncmp(s, "W/", 2) == 0) {
			s += 2;
			len -= 2;
		}
		while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t'))
			len--;
		same = (len == 1 && *s == '*') || (n > 0 && len == n && memcmp(s, res->etag, n) == 0);
	}
	if (same)
		res->status = 304;
	return (same);
}
