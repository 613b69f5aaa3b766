/*
 * test_api_json: hostile bodies each get their own clear words; getters collect every error with its pointer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/api.h"
#include "api/api_json.h"
#include "core/str.h"

static void
refused(const char *text, size_t size, const char *words)
{
	struct err err = { 0 };
	json_t *j = NULL;

	if (api_json_parse(text, size, &j, &err) == 0)
		fail_msg("accepted: %s", text);
	assert_int_equal(err.code, ERR_SYNTAX);
	if (strstr(err.msg, words) == NULL)
		fail_msg("%s: said \"%s\", not \"%s\"", text, err.msg, words);
}

static void
test_hostile(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "{\"a\":1,\"a\":2}", "same key twice" },
		{ "{} x", "follows the end" },
		{ "{}{}", "follows the end" },
		{ "{\"a\":", "ends too early" },
		{ "{\"a", "ends too early" },
		{ "", "ends too early" },
		{ "nul", "not valid JSON" },
		{ "\"scalar\"", "not valid JSON" },
		{ "\xef\xbb\xbf{}", "not valid JSON" },
		{ "{\"a\":\"\xff\"}", "UTF-8" },
		{ "{\"a\":\"\xc0\x80\"}", "UTF-8" },
		{ "{\"a\":\"\\ud800\"}", "not valid" },
		{ "{\"a\":\"x\\u0000\"}", "NUL" },
		{ "{\"a\\u0000\":1}", "NUL" },
		{ "{\"a\":9223372036854775808}", "out of range" },
		{ "{\"a\":1e400}", "out of range" },
		{ "{\"a\":01}", "not valid JSON" },
		{ "{\"a\":NaN}", "not valid JSON" },
		{ "{'a':1}", "not valid JSON" },
		{ "{\"a\":1,}", "not valid JSON" },
		{ "{\"a\":1} // x", "follows the end" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(cases); i++)
		refused(cases[i].text, strlen(cases[i].text), cases[i].words);
	refused("{\"a\":\"\0\"}", 9, "NUL byte at position 6");
	refused("{\n  \"a\":1,\n  \"a\":2}", 19, "line 3, column");
}

static void
test_depth_and_values(void **state)
{
	size_t i, size = API_VALUES_MAX * 2 + 10;
	char *text = malloc(size);
	struct err err;
	json_t *j;

	(void)state;
	assert_non_null(text);
	memset(text, '[', API_DEPTH_MAX);
	memset(text + API_DEPTH_MAX, ']', API_DEPTH_MAX);
	assert_int_equal(api_json_parse(text, 2 * API_DEPTH_MAX, &j, &err), 0);
	json_decref(j);
	memset(text, '[', 100000);
	refused(text, 100000, "nested deeper than 32");
	/* Brackets inside strings do not count, nor does an escaped quote end one. */
	assert_int_equal(api_json_parse("[\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]", 48, &j, &err), 0);
	json_decref(j);
	text[0] = '[';
	for (i = 1; i + 4 < size; i += 2)
		memcpy(text + i, "1,", 2);
	text[i] = '1';
	text[i + 1] = ']';
	refused(text, i + 2, "more than 500000 values");
	free(text);
}

static void
has(const struct errs *errs, const char *pointer, const char *words)
{
	size_t i;

	for (i = 0; i < errs->n; i++) {
		if (strcmp(errs->v[i].field, pointer) == 0 && strstr(errs->v[i].msg, words) != NULL)
			return;
	}
	for (i = 0; i < errs->n; i++)
		print_message("%s: %s\n", errs->v[i].field, errs->v[i].msg);
	fail_msg("no error %s: %s", pointer, words);
}

static void
test_getters(void **state)
{
	static const char text[] =
	    "{\"b\":1,\"n\":\"5\",\"big\":4294968796,\"frac\":1.0,\"t\":true,\"s\":7,\"long\":\"abcdef\",\"w\":\"no\","
	    "\"mac\":\"zz\",\"ip\":\"1.2.3\",\"nul\":null,\"list\":{},\"map\":[],\"many\":[1,2,3],\"a/"
	    "b~c\":1,\"ok\":12}";
	static const char *const words[] = { "yes", "maybe" };
	static const char *const known[] = { "b", "n", "big", "frac", "t", "s", "long", "w", "mac", "ip", "nul", NULL };
	static const char *const more[] = { "list", "map", "many", "ok", NULL };
	struct errs errs = { .n = 0 };
	uint32_t v = 99;
	const char *s = "kept";
	bool flag = true;
	struct mac mac;
	struct ip ip;
	struct err err;
	unsigned word;
	struct jd d;
	json_t *j;

	(void)state;
	assert_int_equal(api_json_parse(text, sizeof(text) - 1, &j, &err), 0);
	jd_init(&d, &errs, "/top");
	assert_false(jd_bool(&d, j, "b", &flag));
	assert_false(jd_bool(&d, j, "absent", &flag));
	assert_true(flag);
	jd_u32(&d, j, "n", 0, 10, &v);
	jd_u32(&d, j, "big", 0, 65535, &v);
	jd_u32(&d, j, "frac", 0, 10, &v);
	jd_u32(&d, j, "t", 0, 10, &v);
	jd_u32(&d, j, "nul", 0, 10, &v);
	assert_int_equal(v, 99);
	assert_true(jd_u32(&d, j, "ok", 0, 12, &v) && v == 12);
	jd_str(&d, j, "s", 10, &s);
	jd_str(&d, j, "long", 5, &s);
	assert_string_equal(s, "kept");
	jd_word(&d, j, "w", words, 2, &word);
	jd_mac(&d, j, "mac", &mac);
	jd_ip(&d, j, "ip", &ip);
	assert_null(jd_array(&d, j, "list", 5));
	assert_null(jd_object(&d, j, "map", 5));
	assert_null(jd_array(&d, j, "many", 2));
	jd_known(&d, j, known, more);
	has(&errs, "/top/b", "wants true or false, got 1");
	has(&errs, "/top/n", "wants an integer from 0 to 10, got a string");
	has(&errs, "/top/big", "from 0 to 65535, got 4294968796");
	has(&errs, "/top/frac", "got a number with a fraction");
	has(&errs, "/top/t", "got true");
	has(&errs, "/top/nul", "got null");
	has(&errs, "/top/s", "wants a string, got 7");
	has(&errs, "/top/long", "longer than 5 bytes (has 6)");
	has(&errs, "/top/w", "wants \"yes\" or \"maybe\"");
	has(&errs, "/top/mac", "not a MAC address");
	has(&errs, "/top/ip", "not an IP address");
	has(&errs, "/top/list", "wants a list, got an object");
	has(&errs, "/top/map", "wants an object, got a list");
	has(&errs, "/top/many", "at most 2 entries (has 3)");
	has(&errs, "/top/a~1b~0c", "unknown field");
	assert_int_equal(errs.n, 15);
	json_decref(j);
}

static void
test_long_pointers(void **state)
{
	struct errs errs = { .n = 0 };
	char key[300];
	size_t m1, m2;
	struct jd d;

	(void)state;
	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	jd_init(&d, &errs, "/a");
	m1 = jd_push(&d, key);
	m2 = jd_push(&d, "deeper");
	jd_error(&d, ERR_INVALID, "here");
	jd_pop(&d, m2);
	jd_pop(&d, m1);
	m1 = jd_push_index(&d, 3);
	jd_error(&d, ERR_INVALID, "there");
	jd_pop(&d, m1);
	assert_string_equal(errs.v[0].field, "/a");
	assert_string_equal(errs.v[1].field, "/a/3");
	assert_string_equal(d.path, "/a");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_depth_and_values),
		cmocka_unit_test(test_getters),
		cmocka_unit_test(test_long_pointers),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
