/*
 * http_check: what libmicrohttpd 0.9.75 lets through and a reverse proxy in front of us may read differently (request smuggling):
 * repeated headers that must be single, Content-Length beside Transfer-Encoding, codings other than chunked, odd names and values.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/str.h"
#include "server/http_int.h"

#define HEADERS_MAX 64

struct header_look {
	unsigned seen[11], count;
	const char *next;	/* where the next header must start */
	bool odd;
};

static const char *const single[] = { "Content-Length", "Host", "Authorization", "Content-Type", "Transfer-Encoding", "If-Match",
	"If-None-Match", "Prefer", "Last-Event-ID", "X-Request-Id", "Idempotency-Key" };

static bool
is_token(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!isalnum((unsigned char)s[i]) && (s[i] == '\0' || strchr("!#$%&'*+-.^_`|~", s[i]) == NULL))
			return (false);
	}
	return (n > 0);
}

static bool
is_clean(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (((unsigned char)s[i] < 0x20 && s[i] != '\t') || s[i] == 0x7f)
			return (false);
	}
	return (true);
}

#if MHD_VERSION < 0x00097701
/*
 * libmicrohttpd 0.9 cuts a value at a NUL and drops a header without a name; what it hides is still in its buffer, where it has made the CR and LF
 * of each line zero.  (Lines that end with LF alone are refused by this, too.)  Later versions refuse all of it themselves.
 */
static bool
is_whole(struct header_look *h, const char *key, const char *value, size_t value_size)
{
	bool ok = h->next == NULL || key == h->next;

	if (value == NULL)
		return (false);
	h->next = value + value_size + 2;
	return (ok && value[value_size] == '\0' && value[value_size + 1] == '\0');
}

/* It also takes a header without a name for the end of all headers, and what follows for the next request: the end must be right behind the last. */
static bool
ends_well(const struct request *r, const struct header_look *h, const char *method)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->conn, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	return (h->next == NULL || (info != NULL && h->next + 2 == r->line - strlen(method) - 1 + info->header_size));
}
#else
static bool
ends_well(const struct request *r, const struct header_look *h, const char *method)
{
	(void)r;
	(void)h;
	(void)method;
	return (true);
}

static bool
is_whole(struct header_look *h, const char *key, const char *value, size_t value_size)
{
	(void)h;
	(void)key;
	(void)value_size;
	return (value != NULL);
}
#endif

static enum MHD_Result
look(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_size, const char *value, size_t value_size)
{
	struct header_look *h = cls;

	(void)kind;
	h->count++;
	if (!is_whole(h, key, value, value_size) || !is_token(key, key_size) || (value != NULL && !is_clean(value, value_size)))
		h->odd = true;
	for (size_t i = 0; i < NELEMS(single); i++) {
		if (strlen(single[i]) == key_size && strncasecmp(single[i], key, key_size) == 0)
			h->seen[i]++;
	}
	return (MHD_YES);
}

static bool
refuse(struct request *r, const char *detail)
{
	r->refuse = 400;
	r->refuse_code = "syntax";
	r->refuse_detail = detail;
	return (false);
}

bool
http_check(struct request *r, const char *method, bool *has_body, uint64_t *length)
{
	struct header_look h = { .odd = false };
	const char *te, *cl;

	_Static_assert(NELEMS(single) == NELEMS(h.seen), "one counter a header");
	*has_body = false;
	*length = 0;
	MHD_get_connection_values_n(r->conn, MHD_HEADER_KIND, look, &h);
	if (h.count > HEADERS_MAX) {
		refuse(r, "more than 64 headers");
		r->refuse = 431;
		r->refuse_code = "too_large";
		return (false);
	}
	if (h.odd || !ends_well(r, &h, method))
		return (refuse(r, "a header is malformed or folded"));
	for (size_t i = 0; i < NELEMS(single); i++) {
		if (h.seen[i] > 1)
			return (refuse(r, "a header that must stand once is repeated"));
	}
	te = MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, "Transfer-Encoding");
	cl = MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, "Content-Length");
	if (te != NULL && (cl != NULL || strcasecmp(te, "chunked") != 0))
		return (refuse(r, "Transfer-Encoding is either chunked, alone, or not there"));
	if (cl != NULL && str_u64(cl, 0, UINT64_MAX, length) == -1)
		return (refuse(r, "Content-Length is not a number"));
	/* the same goes for trailers, which nobody sees: nothing is read behind a chunked body */
	r->close = te != NULL;
	*has_body = te != NULL || *length > 0;
	return (true);
}
