/*
 * test_nth_io: the N-th thing that SQLite asks of the file system fails, for every N: while a database is made, brought up to date, written and
 * copied.  Then it is opened again: what was acknowledged is there, nothing is there by half, and it is not taken for damaged.
 */
#include "tests/unit/store_samples.h"

#define N_MAX 20000

extern const char *const store_migrations[];

static unsigned fault_at, seen;	/* 0: nothing fails */
static unsigned step = 1;	/* JAILNET_NTH_STEP: each so many-th N, where all would take too long (valgrind) */
static sqlite3_vfs *real, nth_vfs;

struct file {
	sqlite3_file base;
	sqlite3_file *real;
};

static bool
fails(void)
{
	return (fault_at != 0 && ++seen == fault_at);
}

static sqlite3_file *
real_of(sqlite3_file *f)
{
	return (((struct file *)(void *)f)->real);
}

/* --- a file system that can fail -------------------------------------------------------------------------------- */

static int
x_close(sqlite3_file *f)
{
	sqlite3_file *r = real_of(f);

	return (r->pMethods != NULL ? r->pMethods->xClose(r) : SQLITE_OK);
}

static int
x_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return (fails() ? SQLITE_IOERR_READ : real_of(f)->pMethods->xRead(real_of(f), p, n, at));
}

static int
x_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	if (fails()) {
		/* half of it may be there */
		(void)real_of(f)->pMethods->xWrite(real_of(f), p, n / 2, at);
		return (SQLITE_IOERR_WRITE);
	}
	return (real_of(f)->pMethods->xWrite(real_of(f), p, n, at));
}

static int
x_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	return (fails() ? SQLITE_IOERR_TRUNCATE : real_of(f)->pMethods->xTruncate(real_of(f), size));
}

static int
x_sync(sqlite3_file *f, int flags)
{
	return (fails() ? SQLITE_IOERR_FSYNC : real_of(f)->pMethods->xSync(real_of(f), flags));
}

static int
x_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return (fails() ? SQLITE_IOERR_FSTAT : real_of(f)->pMethods->xFileSize(real_of(f), size));
}

static int
x_lock(sqlite3_file *f, int level)
{
	return (real_of(f)->pMethods->xLock(real_of(f), level));
}

static int
x_unlock(sqlite3_file *f, int level)
{
	return (real_of(f)->pMethods->xUnlock(real_of(f), level));
}

static int
x_reserved(sqlite3_file *f, int *out)
{
	return (real_of(f)->pMethods->xCheckReservedLock(real_of(f), out));
}

static int
x_control(sqlite3_file *f, int op, void *arg)
{
	return (real_of(f)->pMethods->xFileControl(real_of(f), op, arg));
}

static int
x_sector(sqlite3_file *f)
{
	return (real_of(f)->pMethods->xSectorSize(real_of(f)));
}

static int
x_device(sqlite3_file *f)
{
	return (real_of(f)->pMethods->xDeviceCharacteristics(real_of(f)));
}

static int
x_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	return (fails() ? SQLITE_IOERR_SHMMAP : real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out));
}

static int
x_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return (real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags));
}

static void
x_shm_barrier(sqlite3_file *f)
{
	real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int
x_shm_unmap(sqlite3_file *f, int delete)
{
	return (real_of(f)->pMethods->xShmUnmap(real_of(f), delete));
}

static const sqlite3_io_methods methods = { .iVersion = 2, .xClose = x_close, .xRead = x_read, .xWrite = x_write, .xTruncate = x_truncate,
	.xSync = x_sync, .xFileSize = x_size, .xLock = x_lock, .xUnlock = x_unlock, .xCheckReservedLock = x_reserved, .xFileControl = x_control,
	.xSectorSize = x_sector, .xDeviceCharacteristics = x_device, .xShmMap = x_shm_map, .xShmLock = x_shm_lock,
	.xShmBarrier = x_shm_barrier, .xShmUnmap = x_shm_unmap };

static int
x_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
	struct file *own = (struct file *)(void *)f;
	int rc;
	(void)vfs;

	own->base.pMethods = NULL;
	if (fails())
		return (SQLITE_CANTOPEN);
	own->real = (sqlite3_file *)(void *)(own + 1);
	rc = real->xOpen(real, name, own->real, flags, out_flags);
	if (rc == SQLITE_OK)
		own->base.pMethods = &methods;
	return (rc);
}

static int
x_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	return (fails() ? SQLITE_IOERR_DELETE : real->xDelete(real, name, sync));
}

/* --- what is done with it ----------------------------------------------------------------------------------------- */

static char dir[64];
static struct store *w;

static int
setup(void **state)
{
	(void)state;
	scratch_new(dir);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	fault_at = 0;
	store_close(w);
	w = NULL;
	scratch_free(dir);
	return (0);
}

static void
arm(unsigned n)
{
	fault_at = n;
	seen = 0;
}

/* True when this N was reached. */
static bool
disarm(void)
{
	bool was = seen >= fault_at;

	fault_at = 0;
	return (was);
}

static void
open_whole(void)
{
	char answer[64];
	struct err why;

	OK(store_open(dir, STORE_WRITER, &w, E));
	assert_false(store_is_damaged(w, &why));
	OK(store_ask_text(w, "PRAGMA integrity_check", answer, sizeof(answer), E));
	assert_string_equal(answer, "ok");
}

static void
again(void)
{
	store_close(w);
	w = NULL;
	scratch_free(dir);
	scratch_new(dir);
}

/* -1 only with ERR_STORE, and not as if what is there were damaged. */
static bool
opens(void)
{
	struct err err = { 0 }, why;
	int rc = store_open(dir, STORE_WRITER, &w, &err);

	if (rc == -1) {
		w = NULL;
		if (err.code != ERR_STORE)
			fail_msg("%u: %s", fault_at, err.msg);
	} else
		assert_false(store_is_damaged(w, &why));
	return (rc == 0);
}

static void
test_a_new_database(void **state)
{
	int64_t tables = -1, now;
	bool reached = true;
	unsigned n, failed = 0;
	(void)state;

	for (n = 1; reached && n < N_MAX; n += step) {
		arm(n);
		failed += !opens();
		reached = disarm();
		store_close(w);
		open_whole();
		OK(store_ask_int(w, "SELECT count(*) FROM sqlite_schema", &now, E));
		assert_true(tables == -1 || now == tables);
		tables = now;
		again();
	}
	assert_true(n < N_MAX && failed * step > 20);
}

/* As a daemon of schema 1 left it, with one bridge. */
static void
old_database(void)
{
	char path[128];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/jailnet.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, store_migrations[0], NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "INSERT INTO token (id, name, role, sha256, created_at) VALUES ('tk_1', 'kept', 'admin', zeroblob(32), 7)",
	    NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
test_an_upgrade(void **state)
{
	struct token_row t;
	bool reached = true;
	unsigned n, failed = 0;
	(void)state;

	for (n = 1; reached && n < N_MAX; n += step) {
		old_database();
		arm(n);
		failed += !opens();
		reached = disarm();
		store_close(w);
		open_whole();
		OK(store_token(w, "tk_1", &t, E));
		assert_string_equal(t.name, "kept");
		assert_int_equal(t.last_used_at, 0);
		again();
	}
	assert_true(n < N_MAX && failed * step > 20);
}

static int
commit_world(unsigned n, struct err *err)
{
	if (store_begin(w, err) == -1)
		return (-1);
	(void)put_world(w, n, NULL);
	return (store_commit(w, err));
}

static void
test_a_commit(void **state)
{
	struct topo topo;
	struct err err;
	bool reached = true, done;
	unsigned n, failed = 0;
	(void)state;

	for (n = 1; reached && n < N_MAX; n += step) {
		open_whole();
		OK(commit_world(1, E));
		arm(n);
		err = (struct err){ 0 };
		done = commit_world(2, &err) == 0;
		if (!done)
			assert_int_equal(err.code, ERR_STORE);
		failed += !done;
		/* the next one heals it: the connection is made anew */
		reached = disarm();
		store_close(w);
		open_whole();
		OK(store_topo(w, &topo, E));
		assert_true(topo.revision == (done ? 2 : topo.revision) && (topo.revision == 1 || topo.revision == 2));
		assert_int_equal(topo.n[KIND_BRIDGE], 1);
		/* of the same world: put_world(n) gives it n + 1 */
		assert_int_equal(topo.v[KIND_BRIDGE][0]->updated_at, 1700000001000 + 1 + topo.revision);
		topo_fini(&topo);
		OK(commit_world(3, E));
		again();
	}
	assert_true(n < N_MAX && failed * step > 2);
}

static void
test_a_backup(void **state)
{
	char path[128];
	struct topo topo;
	struct err err;
	struct stat st;
	bool reached = true, done;
	unsigned n, failed = 0;
	(void)state;

	snprintf(path, sizeof(path), "%s/copy", dir);
	open_whole();
	OK(commit_world(1, E));
	for (n = 1; reached && n < N_MAX; n += step) {
		(void)unlink(path);
		arm(n);
		err = (struct err){ 0 };
		done = store_copy(w, path, &err) == 0;
		if (!done)
			assert_int_equal(err.code, ERR_STORE);
		reached = disarm();
		failed += !done;
		/* a half copy is not left to be taken for one */
		assert_int_equal(stat(path, &st) == 0, done);
		OK(store_topo(w, &topo, E));
		assert_int_equal(topo.revision, 1);
		topo_fini(&topo);
	}
	assert_true(n < N_MAX && failed * step > 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_new_database, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_upgrade, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_commit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_backup, setup, teardown),
	};

	if (getenv("JAILNET_NTH_STEP") != NULL)
		step = (unsigned)atoi(getenv("JAILNET_NTH_STEP"));
	real = sqlite3_vfs_find(NULL);
	nth_vfs = *real;
	nth_vfs.zName = "nth";
	nth_vfs.szOsFile += (int)sizeof(struct file);
	nth_vfs.xOpen = x_open;
	nth_vfs.xDelete = x_delete;
	if (sqlite3_vfs_register(&nth_vfs, 1) != SQLITE_OK)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
