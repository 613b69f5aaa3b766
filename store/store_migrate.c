/*
 * store_migrate: from whatever schema is there to ours, one transaction a step.
 */
#include "store/store_int.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/str.h"

/* The database as it was before its last migration. */
#define COPY_NAME "jailnet.db.before-upgrade"

int
store_exec(struct store *s, const char *sql, struct err *err)
{
	int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	return (rc == SQLITE_OK ? 0 : store_fail(s, rc, err));
}

int
store_ask_text(struct store *s, const char *sql, char *out, size_t size, struct err *err)
{
	sqlite3_stmt *st = NULL;
	const char *text;
	int rc;

	rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		text = (const char *)sqlite3_column_text(st, 0);
		sqlite3_snprintf((int)size, out, "%s", text == NULL ? "" : text);
	} else
		store_fail(s, rc, err);
	sqlite3_finalize(st);
	return (rc == SQLITE_ROW ? 0 : -1);
}

int
store_ask_int(struct store *s, const char *sql, int64_t *out, struct err *err)
{
	sqlite3_stmt *st = NULL;
	int rc;

	rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	else if (rc != SQLITE_DONE)
		store_fail(s, rc, err);
	else
		*out = 0;
	sqlite3_finalize(st);
	return (rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1);
}

/* What version the database has, and that it is one of ours and not newer. */
static int
version_get(struct store *s, int64_t newest, int64_t *out, struct err *err)
{
	int64_t app;

	if (store_ask_int(s, "PRAGMA user_version", out, err) == -1 ||
	    store_ask_int(s, "PRAGMA application_id", &app, err) == -1)
		return (-1);
	if (*out != 0 && app != STORE_APPLICATION_ID)
		return (err_set(err, ERR_UNSUPPORTED, "%s holds a database of another program", s->dir));
	if (*out > newest)
		return (err_set(err, ERR_UNSUPPORTED,
		    "the database in %s has schema %lld and this program knows up to %lld: "
		    "it was written by a newer jailnet",
		    s->dir, (long long)*out, (long long)newest));
	return (0);
}

static int64_t
count(const char *const *migrations)
{
	int64_t n = 0;

	while (migrations[n] != NULL)
		n++;
	return (n);
}

static int
copy_before(struct store *s, struct err *err)
{
	char path[PATH_SIZE];

	return (store_path(s, COPY_NAME, path, err) == -1 ? -1 : store_copy(s, path, err));
}

static int
migrate_one(struct store *s, const char *sql, int64_t version, struct err *err)
{
	int64_t after, broken;

	if (store_exec(s, "BEGIN IMMEDIATE", err) == -1)
		return (-1);
	if (store_exec(s, sql, err) == -1 || store_ask_int(s, "PRAGMA user_version", &after, err) == -1 ||
	    store_ask_int(s, "SELECT count(*) FROM pragma_foreign_key_check", &broken, err) == -1)
		goto fail;
	if (after != version || broken != 0) {
		err_set(err, ERR_INTERNAL, "it left version %lld and %lld broken references", (long long)after,
		    (long long)broken);
		goto fail;
	}
	if (store_exec(s, "COMMIT", err) == -1)
		goto fail;
	return (0);
fail:
	if (!sqlite3_get_autocommit(s->db))
		(void)store_exec(s, "ROLLBACK", NULL);
	return (err_wrap(err, "schema %lld", (long long)version));
}

int
store_migrate(struct store *s, const char *const *migrations, struct err *err)
{
	int64_t n = count(migrations), version;
	int rc = 0;

	if (version_get(s, n, &version, err) == -1)
		return (-1);
	if (version == n)
		return (0);
	if (version > 0 && copy_before(s, err) == -1)
		return (err_wrap(err, "copy before the upgrade"));
	/* A table that is made anew must not take its children with it. */
	if (store_exec(s, "PRAGMA foreign_keys = OFF", err) == -1)
		return (-1);
	for (; rc == 0 && version < n; version++)
		rc = migrate_one(s, migrations[version], version + 1, err);
	if (rc == 0)
		rc = store_exec(s, "PRAGMA foreign_keys = ON", err);
	return (rc);
}

int
store_migrate_check(struct store *s, const char *const *migrations, struct err *err)
{
	int64_t n = count(migrations), version;

	if (version_get(s, n, &version, err) == -1)
		return (-1);
	if (version < n)
		return (err_set(err, ERR_UNSUPPORTED,
		    "the database in %s has schema %lld, not %lld: the writer must open it first", s->dir,
		    (long long)version, (long long)n));
	return (0);
}
