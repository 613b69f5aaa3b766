/*
 * cmd: every command has a name, a sample, and one stable line of text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "core/str.h"
#include "tests/unit/cmd_samples.h"

static void
prints_golden_text(void **state)
{
	char text[512];

	(void)state;
	for (size_t i = 0; i < NELEMS(cmd_samples); i++)
		assert_string_equal(cmd_print(&cmd_samples[i].cmd, text, sizeof(text)), cmd_samples[i].text);
}

static void
every_command_has_a_sample(void **state)
{
	bool seen[CMD_COUNT] = { false };

	(void)state;
	for (size_t i = 0; i < NELEMS(cmd_samples); i++)
		seen[cmd_samples[i].cmd.op] = true;
	for (int i = 0; i < CMD_COUNT; i++)
		if (!seen[i])
			fail_msg("no sample of %s", cmd_name((enum cmd_op)i));
}

static void
cuts_visibly_at_every_size(void **state)
{
	char text[512];

	(void)state;
	for (size_t i = 0; i < NELEMS(cmd_samples); i++)
		for (size_t size = 5; size < 200; size++) {
			size_t len = strlen(cmd_samples[i].text);

			memset(text, 'x', sizeof(text));
			cmd_print(&cmd_samples[i].cmd, text, size);
			assert_true(strlen(text) < size);
			assert_int_equal(text[size], 'x');
			if (len < size)
				assert_string_equal(text, cmd_samples[i].text);
			else {
				assert_string_equal(text + strlen(text) - 3, "...");
				assert_memory_equal(text, cmd_samples[i].text, size - 4);
			}
		}
}

static void
stays_one_line(void **state)
{
	struct cmd c = { CMD_JAIL_START, { .exec = { "web", "", "true\nFORGED line\033[2J", 1 } } };
	char text[512];

	(void)state;
	cmd_print(&c, text, sizeof(text));
	assert_string_equal(text, "JAIL_START web path=/ timeout=1 command=true?FORGED line?[2J");
}

static void
knows_jobs_and_strangers(void **state)
{
	(void)state;
	assert_true(cmd_is_job(CMD_JAIL_START));
	assert_true(cmd_is_job(CMD_PROBE));
	assert_false(cmd_is_job(CMD_ADDR_ADD));
	assert_false(cmd_is_job((enum cmd_op)CMD_COUNT));
	assert_string_equal(cmd_name((enum cmd_op)200), "UNKNOWN");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_golden_text),
		cmocka_unit_test(every_command_has_a_sample),
		cmocka_unit_test(cuts_visibly_at_every_size),
		cmocka_unit_test(stays_one_line),
		cmocka_unit_test(knows_jobs_and_strangers),
	};

	return (cmocka_run_group_tests_name("cmd", tests, NULL, NULL));
}
