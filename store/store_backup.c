/*
 * store_backup: consistent copies of the database: one read of all of it, written as a compact file without a log beside it.
 */
#include "store/store_int.h"

#include <fcntl.h>
#include <unistd.h>

#define BACKUP_NAME "jailnet.db.backup"

/* Of a file, not of what somebody asked for. */
static int
file_error(struct err *err, const char *path)
{
	err_sys(err, "%s", path);
	if (err != NULL)
		err->code = ERR_STORE;
	return (-1);
}

int
store_copy(struct store *s, const char *path, struct err *err)
{
	sqlite3_stmt *st = NULL;
	int fd, rc;

	(void)unlink(path);
	/* VACUUM INTO takes an empty file, and keeps its mode. */
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return (file_error(err, path));
	rc = sqlite3_prepare_v2(s->db, "VACUUM INTO ?1", -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(st, 1, path, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc != SQLITE_DONE)
		store_fail(s, rc, err);
	sqlite3_finalize(st);
	if (rc == SQLITE_DONE && fsync(fd) == -1) {
		file_error(err, path);
		rc = SQLITE_ERROR;
	}
	close(fd);
	if (rc != SQLITE_DONE)
		(void)unlink(path);
	return (rc == SQLITE_DONE ? 0 : -1);
}

int
store_backup(struct store *s, int *out, struct err *err)
{
	char path[PATH_SIZE];
	int fd;

	if (s->db == NULL || s->broken)
		return (err_set(err, ERR_STORE, "the database is not open"));
	if (store_path(s, BACKUP_NAME, path, err) == -1 || store_copy(s, path, err) == -1)
		return (-1);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		file_error(err, path);
	/* whoever reads it has it open; nothing is left behind */
	(void)unlink(path);
	if (fd == -1)
		return (-1);
	*out = fd;
	return (0);
}
