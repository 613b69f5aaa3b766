/*
 * test_auth: who a user id is, and from where a credential may be used.
 */
#include "server/auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
uids_have_the_highest_role_that_names_them(void **state)
{
	const struct auth_conf conf = { .uids = { [ROLE_ADMIN] = "0 1000", [ROLE_OPERATOR] = "1001 1000", [ROLE_VIEWER] = "1002 1001 1000" } };
	const struct auth_conf none = { .sandbox = false };
	(void)state;

	assert_int_equal(auth_uid_role(&conf, 0), ROLE_ADMIN);
	assert_int_equal(auth_uid_role(&conf, 1000), ROLE_ADMIN);
	assert_int_equal(auth_uid_role(&conf, 1001), ROLE_OPERATOR);
	assert_int_equal(auth_uid_role(&conf, 1002), ROLE_VIEWER);
	assert_int_equal(auth_uid_role(&conf, 100), ROLE_NONE);
	assert_int_equal(auth_uid_role(&conf, 10001), ROLE_NONE);
	assert_int_equal(auth_uid_role(&conf, (uid_t)-1), ROLE_NONE);
	assert_int_equal(auth_uid_role(&none, 0), ROLE_ADMIN);
	assert_int_equal(auth_uid_role(&none, 1000), ROLE_NONE);
}

static void
addresses_are_those_of_the_prefixes(void **state)
{
	(void)state;
	assert_true(auth_address_ok("", "192.0.2.1"));
	assert_true(auth_address_ok("192.0.2.0/24", ""));
	assert_true(auth_address_ok("198.51.100.0/24 192.0.2.0/24", "192.0.2.77"));
	assert_false(auth_address_ok("192.0.2.0/24", "192.0.3.1"));
	assert_false(auth_address_ok("192.0.2.0/24", "2001:db8::1"));
	assert_true(auth_address_ok("2001:db8::/32", "2001:db8::1"));
	assert_false(auth_address_ok("0.0.0.0/0", "nonsense"));
}

static void
a_grant_ends(void **state)
{
	const struct principal who = { .expires_at = 1000, .cidrs = "192.0.2.0/24" }, always = { .expires_at = 0 };
	(void)state;

	assert_true(auth_still_good(&who, "192.0.2.1", 999));
	assert_false(auth_still_good(&who, "192.0.2.1", 1000));
	assert_false(auth_still_good(&who, "192.0.3.1", 999));
	assert_true(auth_still_good(&always, "192.0.3.1", INT64_MAX));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uids_have_the_highest_role_that_names_them),
		cmocka_unit_test(addresses_are_those_of_the_prefixes),
		cmocka_unit_test(a_grant_ends),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
