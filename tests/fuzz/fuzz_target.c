/*
 * fuzz_target: method, path and query as they come from the network: matching, percent-decoding, query, cursor, limit, Content-Type, Accept.
 * Input: method NUL target NUL header value.
 */
#include "api/api_int.h"
#include "core/str.h"
#include "tests/fuzz/fuzz.h"

static void
check_text(const char *s, size_t size)
{
	size_t len = strnlen(s, size);

	FUZZ_CHECK(len < size);
	FUZZ_CHECK(str_utf8(s, len));
	for (size_t i = 0; i < len; i++)
		FUZZ_CHECK((unsigned char)s[i] >= 0x20 && s[i] != 0x7f);
}

static void
try_query(const char *query, const struct api_route *r, struct api_params *p)
{
	const struct api_req req = { .method = r->method, .target = "/", .request_id = "r1" };
	struct page_from from;
	struct api_res res;

	api_res_init(&res);
	if (api_query_parse(query, r, p, &res, "r1")) {
		FUZZ_CHECK(p->nquery <= NELEMS(p->query));
		for (size_t i = 0; i < p->nquery; i++)
			check_text(p->query[i].value, sizeof(p->query[i].value));
		if (api_query_page(p, &req, &from, &res)) {
			FUZZ_CHECK(from.limit >= 1 && from.limit <= API_LIMIT_MAX);
			FUZZ_CHECK(strnlen(from.after, sizeof(from.after)) < sizeof(from.after) && str_utf8(from.after, strlen(from.after)));
		}
	} else
		FUZZ_CHECK(res.status >= 400 && res.status < 500);
	api_res_fini(&res);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *method = text, *target, *header, allow[64];
	const struct api_route *r = NULL;
	struct api_params p = { .nquery = 0 };
	const char *query;
	size_t len, max;

	len = strlen(method);
	target = len < size ? method + len + 1 : method + len;
	len = strlen(target);
	header = target + len < text + size ? target + len + 1 : target + len;
	query = strchr(target, '?');
	switch (api_match(method, target, strcspn(target, "?"), &r, &p, allow, sizeof(allow))) {
	case MATCH_OK:
		check_text(p.name, sizeof(p.name));
		if (query != NULL)
			try_query(query + 1, r, &p);
		break;
	case MATCH_LONG:
		FUZZ_CHECK(r != NULL);
		break;
	case MATCH_NO_PATH:
	case MATCH_NO_METHOD:
	case MATCH_BAD:
		break;
	}
	FUZZ_CHECK(strnlen(allow, sizeof(allow)) < sizeof(allow));
	(void)api_precheck(method, target, header, UINT64_MAX, true, ROLE_ADMIN, &max);
	FUZZ_CHECK(max <= API_TOPOLOGY_MAX);
	(void)api_content_ok(header, true);
	(void)api_accepts(header, "application/json");
	(void)api_accept_names(header, "text/event-stream");
	free(text);
	return (0);
}
