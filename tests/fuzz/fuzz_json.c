/*
 * fuzz_json: a request body becomes objects, is worked into a topology and checked; what is found legal must come out of the encoder
 * and go in again as the same object.  Input: one byte that chooses the request, then the body.
 */
#include "api/api_codec.h"
#include "api/api_int.h"
#include "core/str.h"
#include "core/valid.h"
#include "tests/fuzz/fuzz.h"

static const struct {
	const char *method, *target;
} requests[] = {
	{ "PUT", "/v1/topology" },
	{ "POST", "/v1/bridges" },
	{ "PUT", "/v1/bridges/lan0" },
	{ "PATCH", "/v1/bridges/lan0" },
	{ "POST", "/v1/epairs" },
	{ "PUT", "/v1/epairs/web0" },
	{ "PATCH", "/v1/epairs/web0" },
	{ "POST", "/v1/jails" },
	{ "PUT", "/v1/jails/web" },
	{ "PATCH", "/v1/jails/web" },
	{ "PUT", "/v1/interfaces/re0/jail" },
	{ "POST", "/v1/jails/web/probe" },
};

static struct topo want;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct {
		enum kind kind;
		const char *name;
	} objects[] = { { KIND_BRIDGE, "lan0" }, { KIND_EPAIR, "web0" }, { KIND_JAIL, "web" } };

	(void)argc;
	(void)argv;
	api_init();
	topo_init(&want);
	for (size_t i = 0; i < NELEMS(objects); i++)
		FUZZ_CHECK(topo_put(&want, object_new(objects[i].kind, objects[i].name), NULL) == 0);
	return (0);
}

static void
round_trip(const struct object *o)
{
	struct errs errs = { .n = 0 };
	json_t *j = codec_encode(o, true);
	struct object *again;
	struct jd d;

	FUZZ_CHECK(j != NULL);
	jd_init(&d, &errs, "");
	again = codec_decode(o->kind, o->name, false, j, &d);
	FUZZ_CHECK(again != NULL && errs.n == 0 && object_equal(o, again));
	object_free(again);
	json_decref(j);
}

static void
apply(const struct write *w)
{
	struct errs errs = { .n = 0 };
	struct changes changes = { 0 };
	struct topo next;

	topo_init(&next);
	FUZZ_CHECK(topo_view(&next, &want, NULL) == 0);
	if (write_apply(w, &want, &next, &changes, &errs) == 0) {
		for (size_t i = 0; i < changes.n; i++)
			if (changes.v[i].after != NULL)
				valid_object(changes.v[i].after, ~0u, &errs);
		if (errs.n == 0)
			valid_topo(&next, &errs);
		for (size_t i = 0; i < changes.n && errs.n == 0; i++)
			if (changes.v[i].after != NULL)
				round_trip(changes.v[i].after);
	} else
		FUZZ_CHECK(errs.n > 0);
	for (size_t i = 0; i < errs.n; i++)
		FUZZ_CHECK(str_utf8(errs.v[i].msg, strlen(errs.v[i].msg)) && str_utf8(errs.v[i].field, strlen(errs.v[i].field)));
	topo_fini(&next);
	changes_fini(&changes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct api_health health = { .store_ok = true };
	struct api a = { .health = &health };
	struct write *w = NULL;
	struct api_req req;
	struct api_res res;
	int64_t since;
	char *body;

	if (size < 2)
		return (0);
	body = fuzz_text(data + 1, size - 1);
	req = (struct api_req){ .method = requests[data[0] % NELEMS(requests)].method, .target = requests[data[0] % NELEMS(requests)].target,
		.content_type = "application/json", .if_match = "*", .body = body, .body_size = size - 1, .local = true, .role = ROLE_ADMIN,
		.actor = "uid:0", .request_id = "r1" };
	api_res_init(&res);
	if (api_begin(&a, &req, &res, &w, &since) == API_WRITE) {
		if (w->verb != WRITE_PROBE)
			apply(w);
		write_free(w);
	} else {
		FUZZ_CHECK(res.status >= 400 && res.status < 500);
		FUZZ_CHECK(res.body != NULL && str_utf8(res.body, res.body_size));
	}
	api_res_fini(&res);
	free(body);
	return (0);
}
