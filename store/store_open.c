/*
 * store_open: a connection with the settings everything else relies on.
 */
#include "store/store_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/str.h"

#define FILE_NAME "jailnet.db"
#define BUSY_MS 5000
#define LENGTH_MAX (16 << 20)

/* Made by tools/embed.py from store/migrate/NNNN.sql. */
extern const char *const store_migrations[];

/*
 * FULL: an answered write must survive a power cut, a MAC address given away above all.  The page cache is small: the
 * kernel has one too.
 */
static const char writer_pragmas[] =
    "PRAGMA synchronous = FULL;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA cache_size = -8192;"
    "PRAGMA wal_autocheckpoint = 1000;"
    "PRAGMA journal_size_limit = 16777216;"
    "PRAGMA secure_delete = ON;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;";
static const char reader_pragmas[] =
    "PRAGMA query_only = ON;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA cache_size = -4096;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;";

static const struct {
	int option, value;
} settings[] = {
	{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
	{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
	{ SQLITE_DBCONFIG_DQS_DML, 0 },
	{ SQLITE_DBCONFIG_DQS_DDL, 0 },
	{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
};

int
store_path(const struct store *s, const char *file, char path[PATH_SIZE], struct err *err)
{
	if (str_format(path, PATH_SIZE, "%s/%s", s->dir, file) == -1)
		return (err_set(err, ERR_STORE, "%s: the path is too long", s->dir));
	return (0);
}

/*
 * SQLite gives -wal and -shm the mode the database has when they are made, so it gets the right one at birth.  Not by
 * umask, which belongs to all threads.  Only when new: closing another descriptor of a live database drops its locks.
 */
static int
create_file(const char *path, struct err *err)
{
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1 && errno != EEXIST) {
		err_sys(err, "%s", path);
		if (err != NULL)
			err->code = ERR_STORE;
		return (-1);
	}
	if (fd != -1)
		close(fd);
	return (0);
}

static int
harden(struct store *s, struct err *err)
{
	size_t i;
	int rc;

	for (i = 0; i < NELEMS(settings); i++)
		if ((rc = sqlite3_db_config(s->db, settings[i].option, settings[i].value, NULL)) != SQLITE_OK)
			return (store_fail(s, rc, err));
	/* Readers never checkpoint, not even the last one to close: see the WAL-reset bug in store.h.  Nor is it done to a damaged file. */
	if ((s->mode == STORE_READER || s->damage.code != ERR_NONE) &&
	    (rc = sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL)) != SQLITE_OK)
		return (store_fail(s, rc, err));
	sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
	/* VACUUM INTO needs one. */
	sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 1);
	sqlite3_busy_timeout(s->db, BUSY_MS);
	return (0);
}

static int
use_wal(struct store *s, struct err *err)
{
	char mode[16];

	if (store_ask_text(s, "PRAGMA journal_mode = WAL", mode, sizeof(mode), err) == -1)
		return (-1);
	if (strcmp(mode, "wal") != 0)
		return (err_set(err, ERR_STORE, "database: no write-ahead log on this file system (journal mode %s)",
		    mode));
	/* What SQLite could not open to write, the -shm file too, it opens to read, and would go on failing when it could: so it is asked. */
	return (store_exec(s, "BEGIN IMMEDIATE; ROLLBACK", err));
}

/* -1 = it cannot be told. */
static int
quick_check(struct store *s, char *answer, size_t size, struct err *err)
{
	int rc;

	if (store_ask_text(s, "PRAGMA quick_check(1)", answer, size, err) == 0)
		return (0);
	rc = sqlite3_errcode(s->db) & 0xff;
	if (rc != SQLITE_CORRUPT && rc != SQLITE_NOTADB)
		return (-1);
	(void)str_copy(answer, size, sqlite3_errstr(rc));
	return (0);
}

/* Opened anew: what this connection holds may be all that is wrong, and SQLite says the same of one read that failed (EIO).  A writer looks then. */
void
store_doubt(struct store *s)
{
	if (s->damage.code != ERR_NONE)
		return;
	s->met_damage = s->broken = true;
	/* not even a checkpoint: the log may hold what a rescue needs */
	if (s->db != NULL)
		(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

static void
set_damage(struct store *s, const char *what)
{
	err_set(&s->damage, ERR_STORE, "the database is damaged (%s): read only, the network is left as it is; restore a backup", what);
	(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

/* s->damage is set when it is damaged.  A page that could not be read once is told in the same words: so it is asked again. */
static int
check_damage(struct store *s, struct err *err)
{
	char answer[200];

	for (int i = 0; i < 2; i++) {
		(void)sqlite3_db_release_memory(s->db);	/* the file, not what is remembered of it */
		if (quick_check(s, answer, sizeof(answer), err) == -1)
			return (-1);
		if (strcmp(answer, "ok") == 0) {
			s->met_damage = false;
			(void)sqlite3_db_release_memory(s->db);	/* the cache is full of pages nobody may ever ask for */
			return (0);
		}
	}
	s->met_damage = false;
	set_damage(s, answer);
	return (0);
}

bool
store_met_damage(struct store *s)
{
	bool met = s->met_damage;

	s->met_damage = false;
	return (met);
}

int
store_check(struct store *s, struct err *err)
{
	if (s->damage.code != ERR_NONE)
		return (0);
	store_doubt(s);
	return (store_heal(s, err));
}

int
store_heal(struct store *s, struct err *err)
{
	if (!s->broken && s->db != NULL)
		return (0);
	store_disconnect(s);
	if (store_connect(s, err) == -1)
		return (-1);
	if (s->mode == STORE_READER || !s->met_damage || check_damage(s, err) == 0)
		return (0);
	s->broken = true;	/* it could not be told */
	return (-1);
}

bool
store_is_damaged(const struct store *s, struct err *why)
{
	if (s->damage.code == ERR_NONE)
		return (false);
	*why = s->damage;
	return (true);
}

/* A read-only file system: nothing can change the file, so without a log beside it no lock and no -shm is needed, which could not be made. */
static int
open_read_only(struct store *s, const char *path, struct err *err)
{
	static const char *const special = "%?#";
	char uri[PATH_SIZE * 3 + 32] = "file:", log[PATH_SIZE];
	size_t len = strlen(uri);
	struct stat st;

	for (const char *p = path; *p != '\0'; p++)
		len += (size_t)snprintf(uri + len, sizeof(uri) - len, strchr(special, *p) != NULL ? "%%%02x" : "%c", (unsigned char)*p);
	if (store_path(s, FILE_NAME "-wal", log, err) == -1)
		return (SQLITE_CANTOPEN);
	if (stat(log, &st) == -1 || st.st_size == 0)
		snprintf(uri + len, sizeof(uri) - len, "?immutable=1");
	return (sqlite3_open_v2(uri, &s->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL));
}

int
store_connect(struct store *s, struct err *err)
{
	char path[PATH_SIZE];
	bool writes;
	int rc;

	if (store_path(s, FILE_NAME, path, err) == -1)
		return (-1);
	s->read_only = access(s->dir, W_OK) == -1 && errno == EROFS;
	writes = s->mode == STORE_WRITER && !s->read_only;
	if (writes && create_file(path, err) == -1)
		return (-1);
	/* Readers open for writing too: they share the -shm file; query_only keeps them from anything else. */
	rc = s->read_only ? open_read_only(s, path, err) :
	    sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
	/* see use_wal */
	if (rc == SQLITE_OK && !s->read_only && sqlite3_db_readonly(s->db, "main") == 1)
		rc = SQLITE_CANTOPEN;
	if (rc != SQLITE_OK) {
		store_fail(s, rc, err);
		goto fail;
	}
	sqlite3_extended_result_codes(s->db, 1);
	if (harden(s, err) == -1)
		goto fail;
	if (writes && use_wal(s, err) == -1)
		goto fail;
	if (store_exec(s, writes ? writer_pragmas : reader_pragmas, err) == -1)
		goto fail;
	s->broken = false;
	s->relaxed = false;	/* writer_pragmas says FULL */
	return (0);
fail:
	err_wrap(err, "%s", path);
	store_disconnect(s);
	return (-1);
}

void
store_disconnect(struct store *s)
{
	int i;

	for (i = 0; i < SQL_COUNT; i++) {
		sqlite3_finalize(s->stmt[i]);
		s->stmt[i] = NULL;
	}
	/* v2: a statement somebody forgot keeps memory, not the file's locks, and is no reason to crash. */
	sqlite3_close_v2(s->db);
	s->db = NULL;
}

static int
check_dir(const char *dir, struct err *err)
{
	struct stat st;

	if (stat(dir, &st) == -1) {
		err_sys(err, "%s", dir);
		if (err != NULL)
			err->code = ERR_STORE;
		return (-1);
	}
	if (!S_ISDIR(st.st_mode))
		return (err_set(err, ERR_STORE, "%s is not a directory", dir));
	return (0);
}

int
store_open(const char *dir, enum store_mode mode, struct store **out, struct err *err)
{
	struct store *s;

	if (check_dir(dir, err) == -1)
		return (-1);
	/* No memory statistics: they cost a mutex at each allocation.  Refused, and no matter, once SQLite runs. */
	if (mode == STORE_WRITER)
		(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return (err_nomem(err));
	s->mode = mode;
	if (str_copy(s->dir, sizeof(s->dir), dir) == -1) {
		err_set(err, ERR_STORE, "%s: the path is too long", dir);
		goto fail;
	}
	if (store_connect(s, err) == -1)
		goto fail;
	if (mode == STORE_WRITER && check_damage(s, err) == -1)
		goto fail;
	if (mode == STORE_WRITER && s->read_only && s->damage.code == ERR_NONE)
		err_set(&s->damage, ERR_STORE, "%s is on a read-only file system: read only, the network is left as it is", dir);
	if (mode == STORE_READER || s->damage.code != ERR_NONE) {
		if (store_migrate_check(s, store_migrations, err) == -1) {
			if (err != NULL && s->damage.code != ERR_NONE)
				*err = s->damage;	/* of an older schema, too: not even to be read */
			goto fail;
		}
	} else {
		if (store_migrate(s, store_migrations, err) == -1)
			goto fail;
		store_ballast_keep(s);
	}
	*out = s;
	return (0);
fail:
	store_close(s);
	return (-1);
}

const char *
store_library(void)
{
	return (sqlite3_libversion());
}

static int
file_size(struct store *s, const char *name, int64_t *out, struct err *err)
{
	char path[PATH_SIZE];
	struct stat st;

	*out = 0;
	if (store_path(s, name, path, err) == -1)
		return (-1);
	if (stat(path, &st) == 0)
		*out = (int64_t)st.st_size;
	else if (errno != ENOENT)
		return (err_sys(err, "%s", path));
	return (0);
}

int
store_size(struct store *s, int64_t *db, int64_t *wal, struct err *err)
{
	return (file_size(s, FILE_NAME, db, err) == -1 ? -1 : file_size(s, FILE_NAME "-wal", wal, err));
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	store_disconnect(s);
	free(s->items.v);
	free(s);
}
