/*
 * test_hostile: the server is in somebody else's hands.  Every command malformed, out of order and out of policy, 60000 of them: the worker lives,
 * and what is not ours is as it was.  (The same on the real kernel: tests/kernel/linux/test_hostile_storm.c, tests/fault/test_hostile_kernel.py.)
 */
#include "tests/fault/hostile.h"

#include "tests/fake/fake_kernel.h"

#define ROUNDS 60000

static struct fake *kernel;

static int
setup(void **state)
{
	static const struct prefix addr = { SAMPLE_IP4(198, 51, 100, 1), 24 };
	static const struct mac mac = SAMPLE_MAC(9);

	(void)state;
	log_init("test_hostile", true, LOG_LVL_ERROR);
	if ((kernel = fake_new()) == NULL)
		return (-1);
	fake_set_foreign(kernel, policy_foreign_ok, &policy);
	/* the names are as long as those of the samples, to be put in their place */
	if (fake_add_physical(kernel, "re0", &mac, true, &addr, 1) == -1 || fake_add_physical(kernel, "re1", &mac, true, NULL, 0) == -1 ||
	    fake_add_foreign_bridge(kernel, "fbr0") == -1 || fake_add_foreign_epair(kernel, "ext0a", "ext0b") == -1 ||
	    fake_add_physical(kernel, "fbr1", &mac, true, NULL, 0) == -1 || fake_set_bridge(kernel, "fbr1", "fbr0") == -1 ||
	    fake_add_jail(kernel, "ext", false) == -1)
		return (-1);
	serve_init(&serve, driver, kernel, &policy);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	serve_fini(&serve);
	close(client.fd);
	fake_free(kernel);
	return (0);
}

/* Legal frames that ask for what policy or the marks forbid. */
static void
test_out_of_policy(void **state)
{
	char *before, *after;

	(void)state;
	make_ours();
	before = fake_snapshot(kernel, false);
	ask_what_is_forbidden();
	after = fake_snapshot(kernel, false);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* One line for each command there is; HELLO would end the connection (test_serve.c). */
static void
test_every_command_is_among_them(void **state)
{
	(void)state;
	for (int op = CMD_HELLO + 1; op < CMD_COUNT; op++) {
		size_t i = 0;

		while (i < NELEMS(hostile_cmds) && hostile_cmds[i].op != (enum cmd_op)op)
			i++;
		if (i == NELEMS(hostile_cmds))
			fail_msg("hostile_cmds has no %s", cmd_name((enum cmd_op)op));
	}
}

static void
test_anything(void **state)
{
	char *before = fake_snapshot(kernel, true), *after;

	(void)state;
	storm(ROUNDS, 200);
	after = fake_snapshot(kernel, true);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_out_of_policy), cmocka_unit_test(test_every_command_is_among_them),
		cmocka_unit_test(test_anything) };

	return (cmocka_run_group_tests(tests, setup, teardown));
}
