/*
 * test_log: what stands on stderr: one line per fact, no forged lines, repeats counted, security always.
 */
#include "core/log.h"

#include <fcntl.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char out[8192];

/* Runs 'say' with stderr in a file and leaves what was written in 'out'. */
static void
capture(void (*say)(void))
{
	char path[] = "/tmp/test_log.XXXXXX";
	int fd, saved;
	ssize_t n;

	fd = mkstemp(path);
	assert_true(fd != -1);
	unlink(path);
	saved = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	say();
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = pread(fd, out, sizeof(out) - 1, 0);
	close(fd);
	assert_true(n >= 0);
	out[n] = '\0';
}

static void
say_levels(void)
{
	log_init("jailnetd", false, LOG_LVL_INFO);
	log_info("reconcile", "converged op=%s steps=%d ms=%d", "op_1", 12, 34);
	log_debug("reconcile", "hidden");
	log_error("store", "two\nlines\tand \x1b[1m");
	log_init("jailnetd", false, LOG_LVL_ERROR);
	log_warn("x", "hidden");
	log_security("refused op=%s", "BRIDGE_DESTROY");
	log_init("jailnetd", false, LOG_LVL_DEBUG);
	log_debug("x", "shown");
}

static void
test_lines(void **state)
{
	(void)state;
	capture(say_levels);
	assert_string_equal(out, "jailnetd: info reconcile converged op=op_1 steps=12 ms=34\n"
	    "jailnetd: error store two lines and  [1m\n"
	    "jailnetd: warn security refused op=BRIDGE_DESTROY\n"
	    "jailnetd: debug x shown\n");
}

static void
say_repeats(void)
{
	int i;

	log_init("j", false, LOG_LVL_INFO);
	for (i = 0; i < 1000; i++)
		log_warn("m", "same");
	log_warn("m", "other");
	log_warn("m", "other");
	log_security("no");
	log_security("no");
	log_info("m", "end");
}

static void
test_repeats(void **state)
{
	(void)state;
	capture(say_repeats);
	assert_string_equal(out, "j: warn m same\nj: warn log last message repeated 999 times\nj: warn m other\n"
	    "j: warn log last message repeated 1 time\nj: warn security no\nj: warn security no\nj: info m end\n");
}

static void
say_long(void)
{
	char text[3000];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	log_info("m", "%s", text);
}

static void
test_long(void **state)
{
	(void)state;
	capture(say_long);
	assert_true(strlen(out) > 900 && strlen(out) < 1200);
	assert_string_equal(out + strlen(out) - 4, "...\n");
}

static void
test_quote(void **state)
{
	char buf[12], all[1200], text[256];
	int i;

	(void)state;
	assert_string_equal(log_quote("ab", buf, sizeof(buf)), "\"ab\"");
	assert_string_equal(log_quote("a\"\\\n", buf, sizeof(buf)), "\"a\\\"\\\\\\x0a\"");
	assert_string_equal(log_quote("ab\"\\\n", buf, sizeof(buf)), "\"ab\\\"\\\\...\"");
	assert_string_equal(log_quote("123456789", buf, sizeof(buf)), "\"123456789\"");
	assert_string_equal(log_quote("1234567890", buf, sizeof(buf)), "\"123456...\"");
	assert_string_equal(log_quote("", buf, 6), "\"\"");
	assert_string_equal(log_quote("x", buf, 5), "");
	for (i = 1; i < 256; i++)
		text[i - 1] = (char)i;
	text[255] = '\0';
	log_quote(text, all, sizeof(all));
	for (i = 0; all[i] != '\0'; i++)
		assert_true((unsigned char)all[i] >= 0x20 && all[i] != 0x7f);
	for (i = 0; i < 200; i++) {
		assert_true(strlen(log_quote(text, all, (size_t)i + 1)) <= (size_t)i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_quote),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
