/*
 * store_txn: transactions with a sticky error, savepoints, and the one place where statements are prepared and stepped.
 */
#include "store/store_int.h"

#include <assert.h>
#include <errno.h>

#define LOST "database: the transaction was lost"

void
store_fault_at(struct store *s, unsigned n)
{
	s->steps = 0;
	s->fault_at = n;
}

int
store_step(struct store *s, sqlite3_stmt *st)
{
	if (s->fault_at != 0 && ++s->steps == s->fault_at) {
		s->fault_at = 0;
		return (SQLITE_IOERR);
	}
	return (sqlite3_step(st));
}

sqlite3_stmt *
store_stmt(struct store *s, enum store_sql id, int *rc)
{
	if (s->db == NULL) {
		*rc = SQLITE_CANTOPEN;
		return (NULL);
	}
	if (s->stmt[id] == NULL)
		*rc = sqlite3_prepare_v3(s->db, store_sql_text[id], -1, SQLITE_PREPARE_PERSISTENT, &s->stmt[id], NULL);
	return (s->stmt[id]);
}

int
store_fail(struct store *s, int rc, struct err *err)
{
	int primary = rc & 0xff, sys = s->db == NULL ? 0 : sqlite3_system_errno(s->db);
	bool full;

	full = primary == SQLITE_FULL || (primary == SQLITE_IOERR && (sys == ENOSPC || sys == EDQUOT));
	if (full)
		s->full = true;
	/* What an I/O error left behind in the pager is anybody's guess. */
	if (primary == SQLITE_IOERR)
		s->broken = true;
	if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB)
		store_doubt(s);
	err_set(err, primary == SQLITE_NOMEM ? ERR_NOMEM : ERR_STORE, "database: %s",
	    s->db != NULL && (sqlite3_errcode(s->db) & 0xff) == primary ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc));
	if (err != NULL && full)
		err->sys = ENOSPC;
	return (-1);
}

int
store_stick(struct store *s, struct err *err)
{
	if (s->in_txn && s->sticky.code == ERR_NONE)
		s->sticky = *err;
	return (-1);
}

void
store_durable(struct store *s, bool durable)
{
	if (s->db == NULL || s->in_txn || s->relaxed == !durable)
		return;
	if (sqlite3_exec(s->db, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", NULL, NULL,
		NULL) == SQLITE_OK)
		s->relaxed = !durable;
	else if (durable)
		s->broken = true; /* opened anew, which makes it FULL */
}

/* A statement without parameters and answer. */
static int
simple(struct store *s, enum store_sql id, struct err *err)
{
	sqlite3_stmt *st;
	int rc = SQLITE_OK;

	st = store_stmt(s, id, &rc);
	if (st == NULL)
		return (store_fail(s, rc, err));
	rc = store_step(s, st);
	if (rc != SQLITE_DONE)
		store_fail(s, rc, err);
	(void)sqlite3_reset(st);
	return (rc == SQLITE_DONE ? 0 : -1);
}

bool
store_is_open(const struct store *s)
{
	return (s->db != NULL && !sqlite3_get_autocommit(s->db));
}

/* Nobody's transaction (but perhaps one that could not be ended), and no statement that somebody is in the middle of. */
bool
store_is_idle(const struct store *s)
{
	if (s->in_txn || s->reading)
		return (false);
	for (sqlite3_stmt *st = NULL; s->db != NULL && (st = sqlite3_next_stmt(s->db, st)) != NULL;) {
		if (sqlite3_stmt_busy(st))
			return (false);
	}
	return (true);
}

int
store_begin(struct store *s, struct err *err)
{
	assert(!s->in_txn);
	if (store_is_damaged(s, err) || store_heal(s, err) == -1 || store_is_damaged(s, err))
		return (-1);
	s->sticky = (struct err){ 0 };
	s->in_savepoint = false;
	if (simple(s, s->mode == STORE_WRITER ? SQL_BEGIN_WRITE : SQL_BEGIN_READ, err) == -1)
		return (-1);
	s->in_txn = true;
	return (0);
}

void
store_rollback(struct store *s)
{
	if (store_is_open(s))
		(void)simple(s, SQL_ROLLBACK, NULL);
	/* Not even that worked: closing the connection will. */
	if (store_is_open(s))
		s->broken = true;
	s->in_txn = s->in_savepoint = false;
	s->sticky = (struct err){ 0 };
}

int
store_commit(struct store *s, struct err *err)
{
	int rc = -1;

	assert(s->in_txn && !s->in_savepoint);
	if (s->sticky.code != ERR_NONE) {
		if (err != NULL)
			*err = s->sticky;
	} else if (!store_is_open(s))
		err_set(err, ERR_STORE, LOST);
	else if (s->mode == STORE_WRITER && s->met_damage)
		err_set(err, ERR_STORE, "database: a page could not be read, or makes no sense");
	else
		rc = simple(s, SQL_COMMIT, err);
	if (rc == -1) {
		store_rollback(s);
		return (-1);
	}
	s->in_txn = false;
	if (s->mode == STORE_WRITER)
		s->full = false;
	return (0);
}

int
store_savepoint(struct store *s, struct err *err)
{
	struct err local;

	assert(s->in_txn && !s->in_savepoint);
	if (err == NULL)
		err = &local;
	if (s->sticky.code != ERR_NONE) {
		*err = s->sticky;
		return (-1);
	}
	if (simple(s, SQL_SAVEPOINT, err) == -1)
		return (store_stick(s, err));
	s->in_savepoint = true;
	return (0);
}

/* COMMIT would find references to nothing too late: it would fail the whole group for one request. */
static int
check_references(struct store *s, struct err *err)
{
	int dangling = 0, high;

	if (sqlite3_db_status(s->db, SQLITE_DBSTATUS_DEFERRED_FKS, &dangling, &high, 0) == SQLITE_OK && dangling != 0)
		return (err_set(err, ERR_STORE, "database: an object names another one that does not exist"));
	return (0);
}

int
store_release(struct store *s, bool keep, struct err *err)
{
	struct err local, failed;
	int rc = 0;

	assert(s->in_txn && s->in_savepoint);
	if (err == NULL)
		err = &local;
	s->in_savepoint = false;
	if (!store_is_open(s)) {
		err_set(err, ERR_STORE, LOST);
		if (s->sticky.code != ERR_NONE)
			*err = s->sticky;
		return (store_stick(s, err));
	}
	if (keep && s->sticky.code != ERR_NONE) {
		*err = s->sticky;
		rc = -1;
	} else if (keep)
		rc = check_references(s, err);
	if (keep && rc == 0) {
		if (simple(s, SQL_RELEASE, err) == 0)
			return (0);
		return (store_stick(s, err));
	}
	s->sticky = (struct err){ 0 };
	if (simple(s, SQL_ROLLBACK_TO, &failed) == -1 || simple(s, SQL_RELEASE, &failed) == -1) {
		*err = failed;
		return (store_stick(s, err));
	}
	return (rc);
}

int
store_read_begin(struct store *s, bool *own, struct err *err)
{
	*own = false;
	if ((s->in_txn || s->reading) && store_is_open(s))
		return (0);
	if (s->in_txn)
		return (err_set(err, ERR_STORE, LOST));
	s->broken |= store_is_open(s);	/* one that could not be ended would show what was, for ever */
	if (store_heal(s, err) == -1 || simple(s, SQL_BEGIN_READ, err) == -1)
		return (-1);
	*own = s->reading = true;
	return (0);
}

void
store_read_end(struct store *s, bool own)
{
	if (!own)
		return;
	s->reading = false;
	if (store_is_open(s) && simple(s, SQL_COMMIT, NULL) == -1)
		store_rollback(s);
}

void
store_relieve(struct store *s)
{
	assert(s->mode == STORE_WRITER && !s->in_txn);
	if (!s->full) {
		store_ballast_keep(s);
		return;
	}
	store_ballast_drop(s);
	if (store_heal(s, NULL) == -1)
		return;
	/* The WAL goes back to the file system too. */
	(void)sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	s->full = false;
}
