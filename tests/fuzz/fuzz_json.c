/*
 * fuzz_json: a request body becomes objects, is worked into a topology and checked; what is found legal must come out of the encoder
 * and go in again as the same object.  Bodies of tokens, sessions, plans, rollbacks and imports, too.  Input: one byte that chooses the
 * request, then the body.
 */
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

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
	{ "POST", "/v1/tokens" },
	{ "POST", "/v1/session" },
	{ "POST", "/v1/session/code" },
	{ "POST", "/v1/plans" },
	{ "POST", "/v1/topology/rollback" },
	{ "POST", "/v1/topology/confirm" },
	{ "POST", "/v1/import/ezjail" },
	{ "POST", "/v1/import/jail-conf" },
	{ "POST", "/v1/import/rc-conf" },
	{ "POST", "/v1/import/host" },
};

static struct topo want;
static char dir[] = "/tmp/fuzz_json.XXXXXX";
static struct store *writer, *reader;

static int
drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return (remove(path));
}

static void
end(void)
{
	store_close(reader);
	store_close(writer);
	nftw(dir, drop, 8, FTW_DEPTH | FTW_PHYS);
	topo_fini(&want);
}

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
	FUZZ_CHECK(mkdtemp(dir) != NULL && store_open(dir, STORE_WRITER, &writer, NULL) == 0 && store_open(dir, STORE_READER, &reader, NULL) == 0);
	FUZZ_CHECK(atexit(end) == 0);
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

/* A credential that may be made: nothing in it is longer than its place, and no text is broken. */
static void
account(const struct account *k)
{
	const char *const texts[] = { k->token.name, k->token.grant.role, k->token.grant.scopes, k->token.grant.cidrs, k->token.grant.selector };

	for (size_t i = 0; i < NELEMS(texts); i++)
		FUZZ_CHECK(str_utf8(texts[i], strlen(texts[i])));
	FUZZ_CHECK(strlen(k->secret) < sizeof(k->secret) && k->lifetime_ms >= 0);
}

/* What R would answer to an import: a plan, or what is wrong with it. */
static void
imported(struct api *a, const struct write *w)
{
	struct outcome out = { .kind = OUT_PLAN };
	struct api_res res;

	api_res_init(&res);
	api_finish(a, w, &out, &res);
	FUZZ_CHECK(res.status == 200 && res.body != NULL && str_utf8(res.body, res.body_size));
	api_res_fini(&res);
}

/* What is decoded, and not for R to make anything of. */
static bool
is_asked(enum write_verb v)
{
	return (v == WRITE_PROBE || v == WRITE_CONFIRM || v == WRITE_FILES || v == WRITE_TAKEOVER || verb_is_account(v));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct api_health health = { .store_ok = true };
	struct api a = { .health = &health, .reader = reader };
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
		if (w->account != NULL)
			account(w->account);
		if (!is_asked(w->verb))
			apply(w);
		if (w->import != NULL)
			imported(&a, w);
		write_free(w);
	} else {
		FUZZ_CHECK(res.status >= 400 && res.status < 500);
		FUZZ_CHECK(res.body != NULL && str_utf8(res.body, res.body_size));
	}
	api_res_fini(&res);
	free(body);
	return (0);
}
