/*
 * backup, restore, support: everything in one file, and back.
 *
 * restore works on the files of a daemon that does not run: it puts the backup where the database was, keeps what was there, and the
 * daemon's next start does the rest.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli_call.h"
#include "cli/cli_http.h"
#include "cli/cli_table.h"
#include "core/str.h"

#ifdef __FreeBSD__
#define STATE_DIR "/var/db/jailnet"
#else
#define STATE_DIR "/var/lib/jailnet"
#endif
#define PATH_MAX_SIZE 1024
#define HEADER_SIZE 100		/* sqlite.org/fileformat.html, 1.3 */
#define PAGE_SIZE_AT 16
#define PAGES_AT 28
#define ID_AT 68
#define LOCKS_AT 0x40000000	/* where SQLite keeps the locks of an open database */

struct sink {
	int fd;
	int sys;	/* errno of what failed */
	size_t size;
};

static int
write_all(int fd, const char *data, size_t size)
{
	ssize_t n;

	for (; size > 0; data += n, size -= (size_t)n) {
		n = write(fd, data, size);
		if (n == -1 && errno == EINTR)
			n = 0;
		if (n == -1)
			return (-1);
	}
	return (0);
}

static bool
on_data(void *arg, const char *data, size_t size)
{
	struct sink *s = arg;

	s->size += size;
	if (write_all(s->fd, data, size) == 0)
		return (true);
	s->sys = errno;
	return (false);
}

int
cli_backup(struct cli *c, int argc, char **argv)
{
	struct http_request r = { .method = "POST", .path = "/v1/backup", .accept = "application/vnd.sqlite3, application/problem+json",
		.on_data = on_data };
	struct sink sink = { .fd = -1 };
	struct http_answer a = { 0 };
	struct err err;
	int rv = CLI_NO;

	if (argc != 2)
		return (cli_usage(argv[0]));
	/* never over something that is there; and nobody else reads it */
	sink.fd = open(argv[1], O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (sink.fd == -1) {
		cli_warn("%s: %s", argv[1], strerror(errno));
		return (CLI_USAGE);
	}
	r.arg = &sink;
	if (http_call(c, &r, &a, &err) == -1 && sink.sys == 0)
		rv = cli_fail(&err);
	else if (sink.sys != 0 || fsync(sink.fd) == -1)
		cli_warn("%s: %s", argv[1], strerror(sink.sys != 0 ? sink.sys : errno));
	else if (a.status != 200)
		rv = call_problem(a.status, a.body, a.size);
	else {
		printf("%s: %zu bytes.\n", argv[1], sink.size);
		rv = CLI_OK;
	}
	http_answer_fini(&a);
	close(sink.fd);
	if (rv != CLI_OK)
		(void)unlink(argv[1]);
	return (rv);
}

/* --- restore ---------------------------------------------------------------------------------------------------- */

static int
fail(const char *path)
{
	cli_warn("%s: %s", path, strerror(errno));
	return (-1);
}

static int
is_ours(int fd, const char *path)
{
	static const unsigned char id[4] = { 'J', 'N', 'E', 'T' };
	unsigned char h[HEADER_SIZE];
	long long page, pages;
	struct stat st;

	if (fstat(fd, &st) == -1)
		return (fail(path));
	if (pread(fd, h, sizeof(h), 0) != (ssize_t)sizeof(h) || memcmp(h, "SQLite format 3", 16) != 0 || memcmp(h + ID_AT, id, sizeof(id)) != 0) {
		cli_warn("%s is no backup of jailnet", path);
		return (-1);
	}
	page = h[PAGE_SIZE_AT] << 8 | h[PAGE_SIZE_AT + 1];
	page = page == 1 ? 65536 : page;
	pages = (long long)h[PAGES_AT] << 24 | h[PAGES_AT + 1] << 16 | h[PAGES_AT + 2] << 8 | h[PAGES_AT + 3];
	if (st.st_size == page * pages)
		return (0);
	cli_warn("%s is not whole: it has %lld bytes, and says that they are %lld", path, (long long)st.st_size, page * pages);
	return (-1);
}

/* A running server holds SQLite's locks. */
static int
is_idle(const char *db)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCKS_AT, .l_len = 512 };
	int fd = open(db, O_RDWR | O_NOFOLLOW | O_CLOEXEC), rc = -1;

	if (fd == -1)
		return (errno == ENOENT ? 0 : fail(db));
	if (fcntl(fd, F_GETLK, &lock) == -1)
		fail(db);
	else if (lock.l_type != F_UNLCK)
		cli_warn("%s is in use: stop jailnetd first", db);
	else
		rc = 0;
	close(fd);
	return (rc);
}

/* Whom the database belongs to: the owner of the directory; in one that root has just made, the user jailnetd will give it to. */
static void
owner_of(const struct stat *dir, uid_t *uid, gid_t *gid)
{
	const struct passwd *pw = NULL;

	*uid = dir->st_uid;
	*gid = dir->st_gid;
	if (dir->st_uid == 0 && (pw = getpwnam("_jailnet")) == NULL)
		pw = getpwnam("nobody");
	if (pw != NULL) {
		*uid = pw->pw_uid;
		*gid = pw->pw_gid;
	}
}

static int
copy(int in, const char *path, const struct stat *dir)
{
	char buf[65536];
	ssize_t n;
	uid_t uid;
	gid_t gid;
	int fd, rc = -1;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return (fail(path));
	while ((n = read(in, buf, sizeof(buf))) > 0) {
		if (write_all(fd, buf, (size_t)n) == -1)
			break;
	}
	owner_of(dir, &uid, &gid);
	if (n != 0 || (geteuid() == 0 && fchown(fd, uid, gid) == -1) || fsync(fd) == -1)
		fail(path);
	else
		rc = 0;
	close(fd);
	if (rc == -1)
		(void)unlink(path);
	return (rc);
}

/* The three files of a database belong together: they go out of the way together. */
static int
put_aside(const char *db)
{
	static const char *const parts[] = { "-shm", "-wal", "" };
	char from[PATH_MAX_SIZE], to[PATH_MAX_SIZE];

	for (size_t i = 0; i < NELEMS(parts); i++) {
		if (str_format(from, sizeof(from), "%s%s", db, parts[i]) == -1 ||
		    str_format(to, sizeof(to), "%s.before-restore%s", db, parts[i]) == -1) {
			errno = ENAMETOOLONG;
			return (fail(db));
		}
		(void)unlink(to);
		if (rename(from, to) == -1 && errno != ENOENT)
			return (fail(from));
	}
	return (0);
}

static int
restore(int in, const char *dir)
{
	char db[PATH_MAX_SIZE], fresh[PATH_MAX_SIZE];
	struct stat st;
	int fd, rc = -1;

	if ((mkdir(dir, 0700) == -1 && errno != EEXIST) || (fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return (fail(dir));
	if (fstat(fd, &st) == -1 || str_format(db, sizeof(db), "%s/jailnet.db", dir) == -1 ||
	    str_format(fresh, sizeof(fresh), "%s.restore", db) == -1) {
		fail(dir);
		goto out;
	}
	if (is_idle(db) == -1 || copy(in, fresh, &st) == -1 || put_aside(db) == -1)
		goto out;
	if (rename(fresh, db) == -1 || fsync(fd) == -1)
		fail(db);
	else
		rc = 0;
out:
	close(fd);
	return (rc);
}

int
cli_restore(struct cli *c, int argc, char **argv)
{
	static const struct option options[] = { { "state-dir", required_argument, NULL, 's' }, { NULL, 0, NULL, 0 } };
	const char *dir = STATE_DIR;
	int opt, in, rc = -1;
	(void)c;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 's')
			return (cli_usage(argv[0]));
		dir = optarg;
	}
	if (argc - optind != 1)
		return (cli_usage(argv[0]));
	in = open(argv[optind], O_RDONLY | O_CLOEXEC);
	if (in == -1) {
		fail(argv[optind]);
		return (CLI_USAGE);
	}
	if (is_ours(in, argv[optind]) == 0)
		rc = restore(in, dir);
	close(in);
	if (rc == 0)
		printf("%s/jailnet.db is restored; start jailnetd, and the network follows.\n", dir);
	return (rc == 0 ? CLI_OK : CLI_NO);
}

int
cli_support(struct cli *c, int argc, char **argv)
{
	json_t *bundle = NULL;
	int rv;

	if (argc != 1)
		return (cli_usage(argv[0]));
	rv = call_get(c, "/v1/support", &bundle);
	if (rv == CLI_OK)
		json_print(bundle);
	json_decref(bundle);
	return (rv);
}
