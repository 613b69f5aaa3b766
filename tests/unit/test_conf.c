/*
 * test_conf: the key = value reader, what it refuses, and file:line in its messages.
 */
#include "core/conf.h"

#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/str.h"

struct settings {
	char path[16];
	uint32_t port;
	bool verbose;
	char uplinks[32];
};

static const struct conf_key keys[] = {
	{ "path", CONF_STR, offsetof(struct settings, path), sizeof(((struct settings *)0)->path), 0, 0, "/run" },
	{ "port", CONF_U32, offsetof(struct settings, port), 0, 1, 65535, "8653" },
	{ "verbose", CONF_BOOL, offsetof(struct settings, verbose), 0, 0, 0, NULL },
	{ "uplinks", CONF_WORDS, offsetof(struct settings, uplinks), sizeof(((struct settings *)0)->uplinks), 0, 0, NULL },
};

static int
parse(const char *text, struct settings *s, struct err *err)
{
	return (conf_parse("jn.conf", text, strlen(text), keys, NELEMS(keys), s, err));
}

static void
test_good(void **state)
{
	struct settings s;

	(void)state;
	memset(&s, 0xff, sizeof(s));
	assert_int_equal(conf_load(NULL, keys, NELEMS(keys), &s, NULL), 0);
	assert_string_equal(s.path, "/run");
	assert_int_equal(s.port, 8653);
	assert_false(s.verbose);
	assert_string_equal(s.uplinks, "");
	assert_int_equal(parse("# comment\n\n  path=/a\t\r\nport = 1 # one\nverbose\t=\tyes\n"
	    "uplinks = re0  em*", &s, NULL), 0);
	assert_string_equal(s.path, "/a");
	assert_int_equal(s.port, 1);
	assert_true(s.verbose);
	assert_string_equal(s.uplinks, "re0  em*");
	assert_int_equal(parse("path = \" a # b \" # c\nuplinks = \"\"\nverbose = no\n", &s, NULL), 0);
	assert_string_equal(s.path, " a # b ");
	assert_string_equal(s.uplinks, "");
	assert_int_equal(parse("port =  65535", &s, NULL), 0);
	assert_int_equal(s.port, 65535);
	assert_int_equal(parse("path = a=b\n", &s, NULL), 0);
	assert_string_equal(s.path, "a=b");
}

static void
test_bad(void **state)
{
	static const struct {
		const char *text, *msg;
	} t[] = {
		{ "\n\nfoo = 1\n", "jn.conf:3: unknown key \"foo\"" },
		{ "port = 1\nport = 2\n", "jn.conf:2: port is set twice" },
		{ "port = 0", "jn.conf:1: port must be a number from 1 to 65535" },
		{ "port = 65536", "jn.conf:1: port must be a number from 1 to 65535" },
		{ "port = 1 2", "jn.conf:1: port must be" }, { "port =", "jn.conf:1: port must be" },
		{ "verbose = true", "jn.conf:1: verbose must be yes or no" },
		{ "path = 1234567890123456", "jn.conf:1: path may have at most 15 characters" },
		{ "path", "jn.conf:1: expected key = value" }, { "path # = x", "jn.conf:1: expected key = value" },
		{ "= x", "jn.conf:1: unknown key \"\"" },
		{ "path = \"abc", "jn.conf:1: the closing quote is missing" },
		{ "path = \"abc\" d", "jn.conf:1: text after the closing quote" },
		{ "path = a\"b\"", "jn.conf:1: a quote can only" },
		{ "path = \xff", "jn.conf:1: the line is not UTF-8" },
	};
	struct settings s;
	struct err err;
	char text[3000];
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(t); i++) {
		assert_int_equal(parse(t[i].text, &s, &err), -1);
		assert_int_equal(err.code, ERR_INVALID);
		if (strncmp(err.msg, t[i].msg, strlen(t[i].msg)) != 0)
			fail_msg("want %s, have %s", t[i].msg, err.msg);
	}
	assert_int_equal(conf_parse("x", "path = a\0b", 10, keys, NELEMS(keys), &s, &err), -1);
	memset(text, ' ', sizeof(text));
	assert_int_equal(conf_parse("x", text, sizeof(text), keys, NELEMS(keys), &s, &err), -1);
}

static void
test_file(void **state)
{
	static const char text[] = "port = 99\nbad\n";
	char path[] = "/tmp/test_conf.XXXXXX";
	struct settings s;
	struct err err;
	int fd, i;

	(void)state;
	fd = mkstemp(path);
	assert_true(fd != -1);
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	assert_int_equal(conf_load(path, keys, NELEMS(keys), &s, &err), -1);
	assert_int_equal(strncmp(err.msg, path, strlen(path)), 0);
	assert_non_null(strstr(err.msg, ":2: expected key = value"));
	assert_int_equal(ftruncate(fd, 10), 0);
	assert_int_equal(conf_load(path, keys, NELEMS(keys), &s, &err), 0);
	assert_int_equal(s.port, 99);
	for (i = 0; i < 7000; i++)
		assert_int_equal(pwrite(fd, "#23456789\n", 10, i * 10), 10);
	assert_int_equal(conf_load(path, keys, NELEMS(keys), &s, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	close(fd);
	unlink(path);
	assert_int_equal(conf_load(path, keys, NELEMS(keys), &s, &err), -1);
	assert_non_null(strstr(err.msg, path));
}

static void
test_words(void **state)
{
	(void)state;
	assert_true(conf_words_match("re0 em*", "re0"));
	assert_true(conf_words_match("  re0\tem* ", "em12"));
	assert_false(conf_words_match("re0 em*", "re01"));
	assert_false(conf_words_match("", "re0"));
	assert_false(conf_words_match("   ", ""));
	assert_true(conf_words_match("*", "x"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_words),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
