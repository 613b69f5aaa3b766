/*
 * audit: the audit trail, and whether anybody has tampered with it.
 */
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/cli_call.h"
#include "cli/cli_table.h"
#include "core/audit.h"
#include "core/str.h"

#define SHOWN 50

static void
print_audit(const json_t *items)
{
	static const char *const titles[] = { "SEQ", "AT", "WHO", "FROM", "REQUEST", "RESULT", "WHAT" };
	char seq[24], request[192], result[32];
	struct table t;
	json_t *item;
	size_t i;

	table_init(&t, titles, NELEMS(titles));
	json_array_foreach(items, i, item) {
		json_int_t status = json_integer_value(json_object_get(item, "status"));

		(void)str_format(seq, sizeof(seq), "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(item, "seq")));
		(void)str_format(request, sizeof(request), "%s %s", json_text(item, "method"), json_text(item, "path"));
		if (status != 0)
			(void)str_format(result, sizeof(result), "%s %" JSON_INTEGER_FORMAT, json_text(item, "result"), status);
		else
			(void)str_format(result, sizeof(result), "%s", json_text(item, "result"));
		table_add(&t, (const char *const[]){ seq, json_text(item, "at"), json_text(item, "actor"), json_text(item, "peer"), request,
		    result, json_text(item, "detail") });
	}
	table_print(&t, stdout);
	table_fini(&t);
}

/* --- verify ----------------------------------------------------------------------------------------------------- */

static int64_t
time_ms(const char *s)
{
	struct tm tm = { 0 };
	int ms = 0;

	if (sscanf(s, "%d-%d-%dT%d:%d:%d.%dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &ms) != 7)
		return (-1);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return ((int64_t)timegm(&tm) * 1000 + ms);
}

static bool
take(const json_t *item, const char *key, char *out, size_t size)
{
	return (str_copy(out, size, json_text(item, key)) == 0);
}

static bool
take_hash(const json_t *item, uint8_t out[AUDIT_HASH_SIZE])
{
	const char *hex = json_text(item, "hash");
	size_t len;

	return (sodium_hex2bin(out, AUDIT_HASH_SIZE, hex, strlen(hex), NULL, &len, NULL) == 0 && len == AUDIT_HASH_SIZE);
}

static bool
take_row(const json_t *item, struct audit_row *r)
{
	*r = (struct audit_row){ .seq = json_integer_value(json_object_get(item, "seq")), .at = time_ms(json_text(item, "at")),
		.status = json_integer_value(json_object_get(item, "status")),
		.revision = json_integer_value(json_object_get(item, "revision")) };
	return (take(item, "actor", r->actor, sizeof(r->actor)) && take(item, "peer", r->peer, sizeof(r->peer)) &&
	    take(item, "request_id", r->request_id, sizeof(r->request_id)) && take(item, "method", r->method, sizeof(r->method)) &&
	    take(item, "path", r->path, sizeof(r->path)) && take(item, "result", r->result, sizeof(r->result)) &&
	    take(item, "operation", r->op, sizeof(r->op)) && take(item, "detail", r->detail, sizeof(r->detail)) && take_hash(item, r->hash));
}

static void
hash_row(const uint8_t before[AUDIT_HASH_SIZE], const struct audit_row *r, uint8_t out[AUDIT_HASH_SIZE])
{
	crypto_generichash_state state;
	char text[AUDIT_TEXT_SIZE];
	size_t len = audit_text(r, text);

	crypto_generichash_init(&state, NULL, 0, AUDIT_HASH_SIZE);
	crypto_generichash_update(&state, before, AUDIT_HASH_SIZE);
	crypto_generichash_update(&state, (const unsigned char *)text, len);
	crypto_generichash_final(&state, out, AUDIT_HASH_SIZE);
}

/* From the oldest to the newest.  expect NULL, or "SEQ:HASH" noted earlier. */
static int
verify(const json_t *list, const char *expect)
{
	const json_t *items = json_object_get(list, "items"), *base = json_object_get(list, "base");
	uint8_t before[AUDIT_HASH_SIZE], want[AUDIT_HASH_SIZE];
	int64_t seq = json_integer_value(json_object_get(base, "seq"));
	char head[24 + AUDIT_HASH_SIZE * 2 + 2], hex[AUDIT_HASH_SIZE * 2 + 1];
	struct audit_row r;
	bool met = expect == NULL;
	size_t n = json_array_size(items);

	if (!take_hash(base, before)) {
		cli_warn("this is no audit trail");
		return (CLI_NO);
	}
	(void)str_format(head, sizeof(head), "%lld:%s", (long long)seq, sodium_bin2hex(hex, sizeof(hex), before, sizeof(before)));
	for (size_t i = n; i-- > 0;) {
		const json_t *item = json_array_get(items, i);
		bool whole = take_row(item, &r);

		if (r.seq != seq + 1) {
			cli_warn("tampered with: %lld is followed by %lld", (long long)seq, (long long)r.seq);
			return (CLI_NO);
		}
		hash_row(before, &r, want);
		if (!whole || memcmp(want, r.hash, sizeof(want)) != 0) {
			cli_warn("tampered with: entry %lld is not what was written", (long long)r.seq);
			return (CLI_NO);
		}
		memcpy(before, r.hash, sizeof(before));
		seq = r.seq;
		(void)str_format(head, sizeof(head), "%lld:%s", (long long)seq, sodium_bin2hex(hex, sizeof(hex), before, sizeof(before)));
		met |= expect != NULL && str_equal(head, expect);
	}
	if (!met) {
		cli_warn("tampered with: %s is not in it", expect);
		return (CLI_NO);
	}
	printf("%zu entries, none changed, none missing.  The newest: %s\n", n, head);
	return (CLI_OK);
}

static int
audit_verify(const struct cli *c, const char *file, const char *expect)
{
	json_error_t where;
	json_t *list = NULL;
	int rv = CLI_OK;

	if (file == NULL)
		rv = call_list(c, "/v1/audit?limit=1000", &list);
	else if ((list = json_load_file(file, 0, &where)) == NULL) {
		cli_warn("%s: %s", file, where.text);
		return (CLI_USAGE);
	}
	if (rv == CLI_OK)
		rv = verify(list, expect);
	json_decref(list);
	return (rv);
}

int
cli_audit(struct cli *c, int argc, char **argv)
{
	static const struct option options[] = { { "file", required_argument, NULL, 'f' }, { "expect", required_argument, NULL, 'e' },
		{ NULL, 0, NULL, 0 } };
	const char *file = NULL, *expect = NULL;
	char path[CALL_PATH_SIZE];
	uint64_t count = SHOWN;
	bool given = false;
	json_t *list = NULL;
	int opt, rv;

	while ((opt = getopt_long(argc, argv, "n:", options, NULL)) != -1) {
		if (opt == 'f')
			file = optarg;
		else if (opt == 'e')
			expect = optarg;
		else if (opt == 'n' && str_u64(optarg, 1, 10000, &count) == 0)
			given = true;
		else
			return (cli_usage(argv[0]));
	}
	if (argc - optind == 1 && str_equal(argv[optind], "verify"))
		return (audit_verify(c, file, expect));
	if (argc != optind || file != NULL || expect != NULL)
		return (cli_usage(argv[0]));
	(void)str_format(path, sizeof(path), "/v1/audit?limit=%llu", (unsigned long long)(c->json && !given ? 1000 : count));
	/* JSON: all of it, which is what verify --file reads */
	rv = c->json && !given ? call_list(c, path, &list) : call_get(c, path, &list);
	if (rv == CLI_OK && c->json)
		json_print(list);
	else if (rv == CLI_OK)
		print_audit(json_object_get(list, "items"));
	json_decref(list);
	return (rv);
}
