/*
 * test_err: messages are filled, cut visibly, wrapped and collected.
 */
#include "core/err.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/str.h"

static void
test_set(void **state)
{
	struct err e = { .code = ERR_BUSY, .sys = 5, .field = "/x", .msg = "old" };

	(void)state;
	assert_int_equal(err_set(&e, ERR_CONFLICT, "%s is taken", "web"), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(e.sys, 0);
	assert_string_equal(e.field, "");
	assert_string_equal(e.msg, "web is taken");
	assert_int_equal(err_set(NULL, ERR_CONFLICT, "x"), -1);
	assert_int_equal(err_wrap(NULL, "x"), -1);
	assert_int_equal(err_sys(NULL, "x"), -1);
	/* An argument may be the message itself. */
	err_set(&e, ERR_INVALID, "again: %s", e.msg);
	assert_string_equal(e.msg, "again: web is taken");
}

static void
test_sys(void **state)
{
	struct err e;
	char longtext[600], want[64];

	(void)state;
	errno = ENODEV;
	assert_int_equal(err_sys(&e, "SIOCBRDGADD %s", "lan0"), -1);
	assert_int_equal(e.code, ERR_KERNEL);
	assert_int_equal(e.sys, ENODEV);
	snprintf(want, sizeof(want), "SIOCBRDGADD lan0: %s", strerror(ENODEV));
	assert_string_equal(e.msg, want);
	assert_int_equal(err_num(&e, EEXIST, "veth"), -1);
	assert_int_equal(e.sys, EEXIST);
	assert_non_null(strstr(e.msg, strerror(EEXIST)));
	/* The kernel's words survive a context that is too long. */
	memset(longtext, 'x', sizeof(longtext));
	longtext[sizeof(longtext) - 1] = '\0';
	err_num(&e, EEXIST, "%s", longtext);
	assert_non_null(strstr(e.msg, strerror(EEXIST)));
	assert_non_null(strstr(e.msg, "...: "));
}

static void
test_wrap_keeps_the_rest(void **state)
{
	struct err e;

	(void)state;
	err_num(&e, EPERM, "open");
	snprintf(e.field, sizeof(e.field), "/a");
	assert_int_equal(err_wrap(&e, "attaching %s", "web0a"), -1);
	assert_int_equal(e.sys, EPERM);
	assert_int_equal(e.code, ERR_KERNEL);
	assert_string_equal(e.field, "/a");
	assert_int_equal(strncmp(e.msg, "attaching web0a: open: ", 23), 0);
}

static void
test_cut_is_visible_and_utf8(void **state)
{
	struct err e;
	char text[601];
	size_t i, shift;

	(void)state;
	for (shift = 0; shift < 4; shift++) {
		memset(text, 'x', shift);
		for (i = shift; i + 4 < sizeof(text); i += 4)
			memcpy(text + i, "\xf0\x9f\x98\x80", 4);
		text[i] = '\0';
		err_set(&e, ERR_INVALID, "%s", text);
		assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
		assert_string_equal(e.msg + sizeof(e.msg) - 4, "...");
		assert_true(str_utf8(e.msg, strlen(e.msg)));
	}
	err_set(&e, ERR_INVALID, "bad \xff byte");
	assert_string_equal(e.msg, "bad ? byte");
}

static void
test_names(void **state)
{
	int i, j;

	(void)state;
	for (i = 0; i < ERR_CODE_COUNT; i++)
		for (j = 0; j < i; j++)
			assert_string_not_equal(err_code_name(i), err_code_name(j));
	assert_string_equal(err_code_name(ERR_IN_USE), "in_use");
	assert_string_equal(err_code_name(ERR_CODE_COUNT), "internal");
}

static void
test_errs_full_counts_more(void **state)
{
	static struct errs errs;
	struct err e;
	int i;

	(void)state;
	for (i = 0; i < ERRS_MAX; i++)
		assert_int_equal(errs_add(&errs, ERR_INVALID, "/bridges/lan0/mtu", "number %d", i), -1);
	assert_int_equal(errs.n, ERRS_MAX);
	assert_int_equal(errs.more, 0);
	err_set(&e, ERR_LIMIT, "last");
	assert_int_equal(errs_add_err(&errs, &e), -1);
	assert_int_equal(errs_add(&errs, ERR_INVALID, "/x", "x"), -1);
	assert_int_equal(errs.n, ERRS_MAX);
	assert_int_equal(errs.more, 2);
	assert_string_equal(errs.v[31].field, "/bridges/lan0/mtu");
	assert_string_equal(errs.v[31].msg, "number 31");
	errs.n = 0;
	errs_add_err(&errs, &e);
	assert_int_equal(errs.v[0].code, ERR_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_sys),
		cmocka_unit_test(test_wrap_keeps_the_rest),
		cmocka_unit_test(test_cut_is_visible_and_utf8),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_errs_full_counts_more),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
