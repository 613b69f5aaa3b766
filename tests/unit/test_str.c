/*
 * test_str: copy or fail, strict numbers, patterns, UTF-8.
 */
#include "core/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
test_copy_and_format(void **state)
{
	char buf[5] = "zzzz";

	(void)state;
	assert_int_equal(str_copy(buf, sizeof(buf), "abcd"), 0);
	assert_string_equal(buf, "abcd");
	assert_int_equal(str_copy(buf, sizeof(buf), "abcde"), -1);
	assert_string_equal(buf, "");
	assert_int_equal(str_format(buf, sizeof(buf), "%d", 1234), 0);
	assert_string_equal(buf, "1234");
	assert_int_equal(str_format(buf, sizeof(buf), "%d", 12345), -1);
	assert_string_equal(buf, "");
}

static void
test_u64(void **state)
{
	static const char *const bad[] = { "", " 1", "1 ", "+1", "-1", "01", "00", "0x1", "1a", "4", "21",
		"18446744073709551616", "99999999999999999999999" };
	uint64_t v = 77;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(bad); i++) {
		assert_int_equal(str_u64(bad[i], 5, 20, &v), -1);
		assert_int_equal(v, 77);
	}
	assert_int_equal(str_u64("5", 5, 20, &v), 0);
	assert_int_equal(v, 5);
	assert_int_equal(str_u64("20", 5, 20, &v), 0);
	assert_int_equal(v, 20);
	assert_int_equal(str_u64("0", 0, 0, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(str_u64("18446744073709551615", 0, UINT64_MAX, &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(str_u64("18446744073709551616", 0, UINT64_MAX, &v), -1);
}

static void
test_match(void **state)
{
	static const struct {
		const char *pattern, *s;
		bool match;
	} t[] = {
		{ "", "", true }, { "", "a", false }, { "*", "", true }, { "*", "abc", true }, { "a?c", "abc", true },
		{ "a?c", "ac", false }, { "re*", "re0", true }, { "re*", "ra0", false }, { "*0", "em0", true },
		{ "*0", "em1", false }, { "a*b*c", "aXbYbZc", true }, { "a*b*c", "aXbYbZ", false }, { "**a", "ba", true },
		{ "[a]", "a", false }, { "?", "", false }, { "a*", "a", true }, { "ab", "abc", false },
		{ "a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(t); i++)
		if (str_match(t[i].pattern, t[i].s) != t[i].match)
			fail_msg("%s against %s", t[i].pattern, t[i].s);
}

static void
test_utf8(void **state)
{
	static const char *const good[] = { "", "abc", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
		"\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xc3\xa9z" };
	static const char *const bad[] = { "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2""a",
		"\xe0\x9f\xbf", "\xe0\xa0",
		"\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
		"\xfe", "\xe1\x80""a", "\xf1\x80\x80""a" };
	char buf[8];
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(good); i++) {
		assert_true(str_utf8(good[i], strlen(good[i])));
		assert_int_equal(str_copy(buf, sizeof(buf), good[i]), 0);
		str_clean(buf);
		assert_string_equal(buf, good[i]);
	}
	for (i = 0; i < NELEMS(bad); i++) {
		assert_false(str_utf8(bad[i], strlen(bad[i])));
		assert_int_equal(str_copy(buf, sizeof(buf), bad[i]), 0);
		str_clean(buf);
		assert_true(str_utf8(buf, strlen(buf)));
		assert_int_equal(strlen(buf), strlen(bad[i]));
	}
	assert_false(str_utf8("a\0b", 3));
	assert_int_equal(str_chars(""), 0);
	assert_int_equal(str_chars("a\xc3\xa9\xf0\x9f\x98\x80"), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy_and_format),
		cmocka_unit_test(test_u64),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_utf8),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
