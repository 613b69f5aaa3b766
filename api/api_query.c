/*
 * api_query: percent decoding, query strings, cursors, content types: all strict.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/api_int.h"
#include "core/str.h"

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	return (c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1);
}

enum api_match
api_decode(const char *s, size_t len, bool plus_is_space, char *out, size_t size)
{
	enum api_match rc = MATCH_OK;
	size_t i, n = 0;

	for (i = 0; i < len; i++) {
		int c = (unsigned char)s[i];

		if (c == '%') {
			if (i + 2 >= len || hex(s[i + 1]) == -1 || hex(s[i + 2]) == -1)
				return (MATCH_BAD);
			c = hex(s[i + 1]) * 16 + hex(s[i + 2]);
			i += 2;
		} else if (c == '+' && plus_is_space)
			c = ' ';
		if (c < 0x20 || c == 0x7f)
			return (MATCH_BAD);
		if (n + 1 < size)
			out[n++] = (char)c;
		else
			rc = MATCH_LONG;
	}
	out[n] = '\0';
	if (rc == MATCH_OK && !str_utf8(out, n))
		return (MATCH_BAD);
	return (rc);
}

/* Free text in a query string, in characters. */
static const struct {
	const char *key;
	size_t max;
} texts[] = { { "actor", 63 }, { "fields", 400 }, { "label", 127 }, { "manager", 63 }, { "object", 95 }, { "type", 31 } };

static bool
text_fits(const char *key, const char *value)
{
	size_t n = str_chars(value);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(texts[i].key, key) == 0 && n > texts[i].max)
			return (false);
	}
	return (n > 0 || strcmp(key, "verbose") == 0);	/* the one that is a flag */
}

static bool
query_known(const struct api_route *r, const char *key)
{
	const char *const *q;

	for (q = r->query; q != NULL && *q != NULL; q++) {
		if (strcmp(*q, key) == 0)
			return (true);
	}
	return (false);
}

static bool
query_one(const char *s, size_t len, const struct api_route *r, struct api_params *p, struct api_res *res,
    const char *request_id)
{
	const char *eq = memchr(s, '=', len);
	size_t klen = eq != NULL ? (size_t)(eq - s) : len;
	char key[sizeof(p->query[0].key)], *value;

	if (api_decode(s, klen, true, key, sizeof(key)) != MATCH_OK || !query_known(r, key)) {
		api_answer_bad(res, 400, request_id, "unknown query parameter \"%.*s\"", klen > 60 ? 60 : (int)klen, s);
		return (false);
	}
	if (api_query(p, key) != NULL) {
		api_answer_bad(res, 400, request_id, "query parameter %s is given twice", key);
		return (false);
	}
	memcpy(p->query[p->nquery].key, key, sizeof(key));
	value = p->query[p->nquery].value;
	if (api_decode(eq != NULL ? eq + 1 : s, eq != NULL ? len - klen - 1 : 0, true, value, sizeof(p->query[0].value)) != MATCH_OK ||
	    !text_fits(key, value)) {
		api_answer_bad(res, 400, request_id, "the value of query parameter %s cannot be read, is empty or is too long", key);
		return (false);
	}
	p->nquery++;
	return (true);
}

bool
api_query_parse(const char *query, const struct api_route *r, struct api_params *params, struct api_res *res,
    const char *request_id)
{
	size_t len;

	/* Each known key once at most, and no route knows more than fit. */
	for (; *query != '\0'; query += len + (query[len] == '&')) {
		len = strcspn(query, "&");
		if (len > 0 && !query_one(query, len, r, params, res, request_id))
			return (false);
	}
	return (true);
}

const char *
api_query(const struct api_params *p, const char *key)
{
	size_t i;

	for (i = 0; i < p->nquery; i++) {
		if (strcmp(p->query[i].key, key) == 0)
			return (p->query[i].value);
	}
	return (NULL);
}

bool
api_query_limit(const struct api_params *p, const struct api_req *req, size_t *limit, struct api_res *res)
{
	const char *s = api_query(p, "limit");
	uint64_t v = API_LIMIT_DEFAULT;

	if (s != NULL && str_u64(s, 1, API_LIMIT_MAX, &v) == -1) {
		api_answer_bad(res, 400, req->request_id, "limit wants a number from 1 to %d", API_LIMIT_MAX);
		return (false);
	}
	*limit = (size_t)v;
	return (true);
}

/* --- cursors: base64url (RFC 4648 section 5, no padding) of a hash of the list and its filters, and the last key ----- */

#define FILTER_DIGITS 8

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void
cursor_encode(const char *text, char *out, size_t size)
{
	const unsigned char *s = (const unsigned char *)text;
	uint32_t acc = 0;
	int bits = 0;
	size_t n = 0;

	for (; *s != '\0' && n + 3 < size; s++) {
		acc = acc << 8 | *s;
		for (bits += 8; bits >= 6; bits -= 6)
			out[n++] = digits[acc >> (bits - 6) & 63];
	}
	if (bits > 0)
		out[n++] = digits[acc << (6 - bits) & 63];
	out[n] = '\0';
}

static bool
cursor_decode(const char *s, char *out, size_t size)
{
	const char *digit;
	uint32_t acc = 0;
	int bits = 0;
	size_t n = 0;

	for (; *s != '\0' && n < size - 1; s++) {
		digit = strchr(digits, *s);
		if (digit == NULL)
			break;
		acc = acc << 6 | (uint32_t)(digit - digits);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[n++] = (char)(acc >> bits & 255);
		}
	}
	out[n] = '\0';
	return (*s == '\0' && n > 0 && bits < 6 && (acc & ((1u << bits) - 1)) == 0 && str_utf8(out, n));
}

/* FNV-1a: it keeps honest clients from a wrong page, no more. */
static uint32_t
hash(uint32_t h, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	return (h);
}

/* What chooses and orders the rows; in whatever order the parameters are given. */
static uint32_t
filter_of(const struct api_params *p, const struct api_req *req)
{
	static const char *const others[] = { "limit", "cursor", "fields", "view" };
	uint32_t sum = hash(2166136261u, req->target, strcspn(req->target, "?"));
	size_t k;

	for (size_t i = 0; i < p->nquery; i++) {
		for (k = 0; k < NELEMS(others) && strcmp(others[k], p->query[i].key) != 0; k++)
			;
		if (k == NELEMS(others))
			sum += hash(hash(2166136261u, p->query[i].key, strlen(p->query[i].key) + 1), p->query[i].value, strlen(p->query[i].value));
	}
	return (sum);
}

/* The target without its cursor; "" when it does not fit or has what a Link header cannot hold. */
static void
base_of(const char *target, char *out, size_t size)
{
	size_t n = strcspn(target, "?"), len;
	const char *s = target + n;
	char sep = '?';

	out[0] = '\0';
	if (strlen(target) >= size || target[strcspn(target, "<>\"\\ ")] != '\0')
		return;
	memcpy(out, target, n);
	for (s += *s == '?'; *s != '\0'; s += len + (s[len] == '&')) {
		len = strcspn(s, "&");
		if (len == 0 || strncmp(s, "cursor=", 7) == 0)
			continue;
		out[n++] = sep;
		memcpy(out + n, s, len);
		n += len;
		sep = '&';
	}
	out[n] = '\0';
}

json_t *
api_next(const struct page_from *from, const char *last, struct api_res *res)
{
	char text[FILTER_DIGITS + API_CURSOR_SIZE], cursor[sizeof(text) * 2];

	snprintf(text, sizeof(text), "%08lx%s", (unsigned long)from->filter, last);
	cursor_encode(text, cursor, sizeof(cursor));
	if (from->base[0] != '\0' && str_format(res->link, sizeof(res->link), "<%s%ccursor=%s>; rel=\"next\"", from->base,
					strchr(from->base, '?') == NULL ? '?' : '&', cursor) == -1)
		res->link[0] = '\0';
	return (json_string(cursor));
}

bool
api_query_page(const struct api_params *p, const struct api_req *req, struct page_from *from, struct api_res *res)
{
	const char *s = api_query(p, "cursor");
	char text[FILTER_DIGITS + API_CURSOR_SIZE], own[FILTER_DIGITS + 1];

	memset(from, 0, sizeof(*from));
	if (!api_query_limit(p, req, &from->limit, res))
		return (false);
	from->filter = filter_of(p, req);
	base_of(req->target, from->base, sizeof(from->base));
	if (s == NULL)
		return (true);
	snprintf(own, sizeof(own), "%08lx", (unsigned long)from->filter);
	if (!cursor_decode(s, text, sizeof(text)) || strlen(text) <= FILTER_DIGITS) {
		api_answer_bad(res, 400, req->request_id, "the cursor is not one of ours");
		return (false);
	}
	if (memcmp(text, own, FILTER_DIGITS) != 0) {
		api_answer_bad(res, 410, req->request_id, "the cursor belongs to another list, or to other filters: start at the beginning");
		return (false);
	}
	return (str_copy(from->after, sizeof(from->after), text + FILTER_DIGITS) == 0);
}

/* --- content type ------------------------------------------------------------------------------------------ */

static bool
charset_ok(const char *s)
{
	s += strspn(s, " \t");
	if (*s == '\0')
		return (true);
	if (*s != ';')
		return (false);
	s += 1 + strspn(s + 1, " \t");
	return (strcasecmp(s, "charset=utf-8") == 0 || strcasecmp(s, "charset=\"utf-8\"") == 0);
}

bool
api_content_ok(const char *content_type, bool is_patch)
{
	size_t len = strcspn(content_type, "; \t");

	if (len == 16 && strncasecmp(content_type, "application/json", len) == 0)
		return (charset_ok(content_type + len));
	return (is_patch && len == 28 && strncasecmp(content_type, "application/merge-patch+json", len) == 0 &&
	    charset_ok(content_type + len));
}
