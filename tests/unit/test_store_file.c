/*
 * test_store_file: the file: readers beside the writer, what is refused, damage, older schemas, what the schema itself does not take.
 */
#include "tests/unit/store_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void
test_reader(void **state)
{
	struct store *r;
	struct object *o;
	struct err err;
	int64_t revision;

	(void)state;
	OK(store_open(dir, STORE_READER, &r, E));
	OK(store_begin(w, E));
	OK(put_world(w, 1, E));
	/* Not seen before the commit, and not in a read transaction that began before it. */
	OK(store_begin(r, E));
	OK(store_revision(r, &revision, E));
	assert_int_equal(revision, 0);
	OK(store_commit(w, E));
	assert_int_equal(store_object(r, KIND_JAIL, "web", &o, &err), -1);
	OK(store_commit(r, E));
	OK(store_object(r, KIND_JAIL, "web", &o, E));
	object_free(o);
	/* A reader writes nothing. */
	OK(store_begin(r, E));
	assert_int_equal(store_revision_set(r, 5, &err), -1);
	store_rollback(r);
	store_close(r);
}

static void
test_files(void **state)
{
	static const char *const files[] = { "jailnet.db", "jailnet.db-wal", "jailnet.db-shm", "jailnet.ballast" };
	char path[400];
	struct stat st;
	size_t i;

	(void)state;
	OK(store_begin(w, E));
	OK(store_revision_set(w, 1, E));
	OK(store_commit(w, E));
	for (i = 0; i < NELEMS(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

static void
test_refuse(void **state)
{
	struct store *s = NULL;
	char path[400];
	struct err err;
	FILE *f;

	(void)state;
	assert_int_equal(store_open("/nonexistent/dir", STORE_WRITER, &s, &err), -1);
	assert_int_equal(err.code, ERR_STORE);
	OK(store_exec(w, "PRAGMA user_version = 999", E));
	assert_int_equal(store_open(dir, STORE_READER, &s, &err), -1);
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	store_close(w);
	w = NULL;
	assert_int_equal(store_open(dir, STORE_WRITER, &s, &err), -1);
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_non_null(strstr(err.msg, "newer"));
	snprintf(path, sizeof(path), "%s/jailnet.db", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "%s", "this is a text file, and long enough that nobody could take it for the start of a database, which "
	    "has a header of a hundred bytes");
	fclose(f);
	assert_int_equal(store_open(dir, STORE_WRITER, &s, &err), -1);
	assert_int_equal(err.code, ERR_STORE);
	assert_null(s);
}

static bool refuses;	/* the next file of shared memory to be written */

static int
refusing_open(const char *path, int flags, int mode)
{
	if (refuses && (flags & O_ACCMODE) == O_RDWR && strstr(path, "-shm") != NULL) {
		refuses = false;
		errno = EMFILE;
		return (-1);
	}
	return (open(path, flags, mode));
}

/* What SQLite cannot open to write it opens to read, and all connections of the process go on with that: whoever is to write must not begin so. */
static void
test_a_writer_writes(void **state)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	struct store *s = NULL;
	struct err err;

	(void)state;
	/* as a daemon that was killed leaves it */
	assert_int_equal(sqlite3_db_config(w->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL), SQLITE_OK);
	store_close(w);
	w = NULL;
	assert_int_equal(vfs->xSetSystemCall(vfs, "open", (sqlite3_syscall_ptr)refusing_open), SQLITE_OK);
	refuses = true;
	assert_int_equal(store_open(dir, STORE_WRITER, &s, &err), -1);
	assert_int_equal(err.code, ERR_STORE);
	assert_false(refuses);
	OK(store_open(dir, STORE_WRITER, &w, E));
	OK(store_begin(w, E));
	OK(put_world(w, 1, E));
	OK(store_commit(w, E));
	assert_int_equal(vfs->xSetSystemCall(vfs, "open", NULL), SQLITE_OK);
}

static unsigned bad_read, reads;	/* this one fails; 0: none */

static bool
fails(void)
{
	errno = EIO;
	return (bad_read != 0 && ++reads == bad_read);
}

static ssize_t
failing_pread(int fd, void *p, size_t n, off_t at)
{
	return (fails() ? -1 : pread(fd, p, n, at));
}

/* What SQLite reads with where it was built without pread(2). */
static ssize_t
failing_read(int fd, void *p, size_t n)
{
	return (fails() ? -1 : read(fd, p, n));
}

static int
write_world(unsigned n)
{
	struct err err;

	if (store_begin(w, &err) == -1)
		return (-1);
	(void)put_world(w, n, NULL);
	return (store_commit(w, &err));
}

/* SQLite says "malformed" of one read that failed: only what is still so when all of it is looked at again is damage. */
static void
test_a_read_that_fails_once(void **state)
{
	static const struct {
		const char *name;
		sqlite3_syscall_ptr call;
	} calls[] = {
		{ "pread", (sqlite3_syscall_ptr)failing_pread },
		{ "pread64", (sqlite3_syscall_ptr)failing_pread },
		{ "read", (sqlite3_syscall_ptr)failing_read },
	};
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	unsigned n, failed = 0;
	struct err why;

	(void)state;
	OK(write_world(1));
	for (n = 1; n == 1 || reads >= n - 1; n++) {
		store_close(w);
		OK(store_open(dir, STORE_WRITER, &w, E));
		for (size_t i = 0; i < NELEMS(calls); i++)
			(void)vfs->xSetSystemCall(vfs, calls[i].name, calls[i].call);
		reads = 0;
		bad_read = n;
		failed += write_world(2 * n) == -1;
		bad_read = 0;
		for (size_t i = 0; i < NELEMS(calls); i++)
			(void)vfs->xSetSystemCall(vfs, calls[i].name, NULL);
		OK(write_world(2 * n + 1));
		assert_false(store_is_damaged(w, &why));
	}
	assert_true(failed > 5);
}

/* One page overwritten: found at the next start, and nothing is deleted. */
static void
test_damage(void **state)
{
	struct store *s = NULL;
	char path[400], junk[4096];
	struct stat before, after;
	struct err err;
	unsigned i;
	char name[16];
	FILE *f;

	(void)state;
	OK(store_begin(w, E));
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "j%u", i);
		put_free(w, full_jail(name, i));
	}
	OK(store_commit(w, E));
	store_close(w);
	w = NULL;
	snprintf(path, sizeof(path), "%s/jailnet.db", dir);
	assert_int_equal(stat(path, &before), 0);
	memset(junk, 0x5a, sizeof(junk));
	f = fopen(path, "r+");
	assert_non_null(f);
	for (i = 20; i < before.st_size / 4096; i++) {
		fseek(f, (long)i * 4096, SEEK_SET);
		fwrite(junk, 1, sizeof(junk), f);
	}
	fclose(f);
	assert_int_equal(store_open(dir, STORE_WRITER, &s, &err), -1);
	assert_int_equal(err.code, ERR_STORE);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
}

/* The steps there are, and one more that ends with the next version. */
static const char **
steps_and(int64_t have, int more, const char *sql, bool counts)
{
	static const char *list[64];
	static char text[256];

	for (int64_t i = 0; i < have + more; i++)
		list[i] = "";
	snprintf(text, sizeof(text), "%s", sql);
	if (counts)
		snprintf(text, sizeof(text), "%s; PRAGMA user_version = %d", sql, (int)(have + more + 1));
	list[have + more] = text;
	list[have + more + 1] = NULL;
	return (list);
}

/* A made-up next schema: the copy is there, and a step that fails changes nothing. */
static void
test_migrate(void **state)
{
	char path[400];
	struct stat st;
	struct err err;
	int64_t n = -1, have = 0;

	(void)state;
	OK(store_begin(w, E));
	OK(put_world(w, 1, E));
	OK(store_commit(w, E));
	OK(store_ask_int(w, "PRAGMA user_version", &have, E));
	OK(store_migrate(w, steps_and(have, 0, "CREATE TABLE extra (a INTEGER) STRICT", true), E));
	OK(store_ask_int(w, "PRAGMA user_version", &n, E));
	assert_int_equal(n, have + 1);
	OK(store_ask_int(w, "PRAGMA foreign_keys", &n, E));
	assert_int_equal(n, 1);
	snprintf(path, sizeof(path), "%s/jailnet.db.before-upgrade", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(st.st_size > 4096);
	assert_int_equal(store_migrate(w, steps_and(have, 1, "CREATE TABLE more (a INTEGER) STRICT; SELECT nonsense", true), &err), -1);
	assert_int_equal(store_migrate(w, steps_and(have, 1, "CREATE TABLE more (a INTEGER) STRICT", false), &err), -1);
	OK(store_ask_int(w, "SELECT count(*) FROM sqlite_schema WHERE name = 'more'", &n, E));
	assert_int_equal(n, 0);
	OK(store_ask_int(w, "PRAGMA user_version", &n, E));
	assert_int_equal(n, have + 1);
	assert_int_equal(store_migrate_check(w, steps_and(have, 1, "", false), &err), -1);
	assert_int_equal(err.code, ERR_UNSUPPORTED);
}

/* A column holds what it says and nothing else, in every table of ours. */
static void
test_every_table_is_strict(void **state)
{
	char loose[64] = "";
	int64_t n = 0;

	(void)state;
	OK(store_ask_int(
	    w, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'", &n, E));
	assert_true(n > 30);
	OK(store_ask_text(w, "SELECT coalesce(group_concat(name), '') FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
	    " AND strict = 0 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'", loose, sizeof(loose), E));
	assert_string_equal(loose, "");
}

/* The schema refuses what valid.c should have. */
static void
test_checks(void **state)
{
	static const char *const bad[] = {
		"UPDATE bridge SET mtu = 1", "UPDATE bridge SET mac = x'00'", "UPDATE bridge SET backend = 'x'",
		"UPDATE bridge SET mtu = 'many'", "UPDATE epair_end SET bridge = 'lan', jail = 'web'",
		"UPDATE bridge_addr SET ip = x'0000'", "UPDATE bridge_addr SET len = 129", "UPDATE bridge_addr SET len = 33 WHERE length(ip) = 4",
		"UPDATE mac SET side = ''", "UPDATE mac SET state = 'lost'", "INSERT INTO state VALUES (2, 1)",
		"INSERT INTO jail_label VALUES ('nobody', 'k', 'v')", "UPDATE operation SET state = 'x'",
		"UPDATE status SET state = 'x'", "UPDATE jail SET running = 2",
	};
	size_t i;

	(void)state;
	OK(store_begin(w, E));
	OK(put_world(w, 1, E));
	OK(store_commit(w, E));
	for (i = 0; i < NELEMS(bad); i++)
		if (store_exec(w, bad[i], NULL) == 0)
			fail_msg("accepted: %s", bad[i]);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = { T(test_reader), T(test_files), T(test_refuse), T(test_a_writer_writes),
		T(test_a_read_that_fails_once), T(test_damage), T(test_migrate), T(test_every_table_is_strict), T(test_checks) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
