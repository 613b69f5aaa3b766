/*
 * test_hostfile: which files of a host an import is given, and which not; what a worker may send and what not.
 */
#include "worker/hostfile_read.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/str.h"

static char root[64];
static struct hostfiles got;
static struct err err;

static const char *
at(const char *path)
{
	static char full[512];

	assert_int_equal(str_format(full, sizeof(full), "%s%s", root, path), 0);
	return (full);
}

static void
put(const char *path, const char *text)
{
	FILE *f = fopen(at(path), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int
setup(void **state)
{
	static const char *const dirs[] = { "/etc", "/etc/rc.conf.d", "/etc/jail.conf.d", "/usr", "/usr/local", "/usr/local/etc",
		"/usr/local/etc/ezjail" };

	(void)state;
	umask(022);
	strcpy(root, "/tmp/hostfile.XXXXXX");
	if (mkdtemp(root) == NULL)
		return (-1);
	for (size_t i = 0; i < NELEMS(dirs); i++)
		if (mkdir(at(dirs[i]), 0755) == -1)
			return (-1);
	return (0);
}

static int
teardown(void **state)
{
	char command[128];

	(void)state;
	hostfiles_fini(&got);
	str_format(command, sizeof(command), "chmod -R u+rwx %s; rm -rf %s", root, root);
	return (system(command));
}

static int
take(void *arg, const struct hostfile_part *p, struct err *e)
{
	(void)arg;
	return (hostfiles_add(&got, p, e));
}

static void
look(enum host_format format)
{
	hostfiles_fini(&got);
	if (hostfile_read(format, root, take, NULL, &err) == -1)
		fail_msg("%s", err.msg);
}

/* "path:text" or "path!note" of each, in order. */
static void
expect(const char *const *want, size_t n)
{
	char line[1024];

	for (size_t i = 0; i < got.n; i++) {
		const struct hostfile *f = &got.v[i];

		str_format(line, sizeof(line), "%s%s%s", f->path, f->note[0] != '\0' ? "!" : ":", f->note[0] != '\0' ? f->note : f->text);
		if (i >= n)
			fail_msg("too many: %s", line);
		assert_string_equal(line, want[i]);
	}
	assert_int_equal(got.n, n);
}
#define EXPECT(...) expect((const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void
a_host_without_any(void **state)
{
	(void)state;
	for (int f = 0; f < HOST_FORMAT_COUNT; f++) {
		look((enum host_format)f);
		assert_int_equal(got.n, 0);
	}
}

static void
each_format_has_its_files_in_order(void **state)
{
	(void)state;
	put("/etc/rc.conf.local", "2");
	put("/etc/rc.conf", "1");
	put("/etc/rc.conf.d/netif", "3");
	put("/etc/jail.conf", "j");
	put("/etc/jail.conf.d/b.conf", "b");
	put("/etc/jail.conf.d/a.conf", "a");
	put("/etc/jail.conf.d/a.conf~", "no");
	put("/etc/jail.conf.d/.hidden.conf", "no");
	put("/etc/jail.conf.d/readme", "no");
	put("/etc/jail.www.conf", "w");
	put("/etc/passwd", "no");
	put("/usr/local/etc/ezjail.conf", "e");
	put("/usr/local/etc/ezjail/mail", "");
	look(HOST_RC_CONF);
	EXPECT("/etc/rc.conf:1", "/etc/rc.conf.local:2", "/etc/rc.conf.d/netif:3");
	look(HOST_JAIL_CONF);
	EXPECT("/etc/rc.conf:1", "/etc/rc.conf.local:2", "/etc/rc.conf.d/netif:3", "/etc/jail.conf:j", "/etc/jail.conf.d/a.conf:a",
	    "/etc/jail.conf.d/b.conf:b", "/etc/jail.www.conf:w");
	look(HOST_EZJAIL);
	EXPECT("/etc/rc.conf:1", "/etc/rc.conf.local:2", "/etc/rc.conf.d/netif:3", "/usr/local/etc/ezjail.conf:e", "/usr/local/etc/ezjail/mail:");
}

static void
links_and_what_is_no_file_are_told(void **state)
{
	(void)state;
	put("/etc/master.passwd", "secret");
	assert_int_equal(symlink("master.passwd", at("/etc/rc.conf")), 0);
	assert_int_equal(mkfifo(at("/etc/rc.conf.local"), 0644), 0);
	assert_int_equal(mkdir(at("/etc/rc.conf.d/netif"), 0755), 0);
	look(HOST_RC_CONF);
	EXPECT("/etc/rc.conf!it is a symbolic link", "/etc/rc.conf.local!it is not a regular file", "/etc/rc.conf.d/netif!it is not a regular file");
}

/* A hard link that somebody made there would show what is not his to read. */
static void
directories_of_others_are_not_read(void **state)
{
	(void)state;
	put("/etc/rc.conf", "1");
	put("/usr/local/etc/ezjail/mail", "m");
	assert_int_equal(chmod(at("/usr/local/etc/ezjail"), 0775), 0);
	look(HOST_EZJAIL);
	EXPECT("/etc/rc.conf:1", "/usr/local/etc/ezjail/*!its directory can be written by others than its owner");
	assert_int_equal(chmod(at("/usr/local/etc/ezjail"), 0757), 0);
	look(HOST_EZJAIL);
	EXPECT("/etc/rc.conf:1", "/usr/local/etc/ezjail/*!its directory can be written by others than its owner");
}

static void
large_files_come_in_parts_and_have_a_limit(void **state)
{
	size_t size = HOSTFILE_SIZE_MAX;
	char *text = malloc(size + 2);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < size; i++)
		text[i] = (char)('a' + i % 23);
	text[size] = '\0';
	put("/etc/rc.conf", text);
	strcpy(text + size, "x");
	put("/etc/rc.conf.local", text);
	look(HOST_RC_CONF);
	assert_int_equal(got.n, 2);
	assert_int_equal(got.v[0].size, size);
	assert_memory_equal(got.v[0].text, text, size);
	assert_string_equal(got.v[1].note, "it has more than 1 MiB");
	free(text);
}

static void
many_files_have_a_limit(void **state)
{
	char path[64];

	(void)state;
	for (int i = 0; i < HOSTFILES_MAX + 2; i++) {
		str_format(path, sizeof(path), "/usr/local/etc/ezjail/j%04d", i);
		put(path, "");
	}
	look(HOST_EZJAIL);
	assert_int_equal(got.n, HOSTFILES_MAX + 1);
	assert_string_equal(got.v[HOSTFILES_MAX].path, "/usr/local/etc/ezjail");
	assert_string_equal(got.v[HOSTFILES_MAX].note, "there are more than 5000 files; the rest");
}

static void
a_worker_sends_no_more_than_that(void **state)
{
	static struct hostfile_part p = { .path = "/etc/rc.conf", .size = HOSTFILE_PART_MAX };
	struct hostfile_part other = { .path = "etc/rc.conf" };
	int rc = 0;

	(void)state;
	assert_int_equal(hostfiles_add(&got, &other, &err), -1);
	for (size_t n = 0; rc == 0; n += p.size) {
		assert_true(n <= HOSTFILES_SIZE_MAX);
		rc = hostfiles_add(&got, &p, &err);
	}
	assert_int_equal(err.code, ERR_PROTO);
	assert_int_equal(got.n, 1);
	hostfiles_fini(&got);
	for (int i = 0; i <= HOSTFILES_MAX + HOSTFILE_NOTES_MAX; i++) {
		str_format(other.path, sizeof(other.path), "/%d", i);
		rc = hostfiles_add(&got, &other, &err);
	}
	assert_int_equal(rc, -1);
}

static void
half_a_file_is_none(void **state)
{
	struct hostfile_part p = { .path = "/a\xff", .size = 3, .data = "abc" };

	(void)state;
	assert_int_equal(hostfiles_add(&got, &p, &err), 0);
	assert_int_equal(hostfiles_add(&got, &p, &err), 0);
	assert_int_equal(got.n, 1);
	assert_string_equal(got.v[0].text, "abcabc");
	p.size = 0;
	strcpy(p.note, "Input/output error");
	assert_int_equal(hostfiles_add(&got, &p, &err), 0);
	assert_int_equal(got.n, 1);
	assert_int_equal(got.v[0].size + got.bytes, 0);
	assert_string_equal(got.v[0].note, "Input/output error");
	assert_true(str_utf8(got.v[0].path, strlen(got.v[0].path)));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_host_without_any), T(each_format_has_its_files_in_order), T(links_and_what_is_no_file_are_told),
		T(directories_of_others_are_not_read), T(large_files_come_in_parts_and_have_a_limit), T(many_files_have_a_limit),
		T(a_worker_sends_no_more_than_that), T(half_a_file_is_none),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
