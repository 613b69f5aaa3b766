/*
 * hostfile_read: see the header.
 */
#include "worker/hostfile_read.h"

#include <sys/types.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"

#define NAMES_MAX (2 * HOSTFILES_MAX)

struct reader {
	struct hostfile_part part;
	const char *dir;
	size_t files, notes, bytes;
	int (*emit)(void *arg, const struct hostfile_part *p, struct err *err);
	void *arg;
};

/* The file named in the part was not read. */
static int
not_read(struct reader *r, struct err *err, const char *why)
{
	if (r->notes++ >= HOSTFILE_NOTES_MAX - 1)
		return (0);
	r->part.size = 0;
	str_copy(r->part.note, sizeof(r->part.note), why);
	return (r->emit(r->arg, &r->part, err));
}

static int
send_text(struct reader *r, int fd, struct err *err)
{
	size_t total = 0;
	ssize_t n;

	do {
		n = read(fd, r->part.data, sizeof(r->part.data));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return (not_read(r, err, strerror(errno)));
		total += (size_t)n;
		r->bytes += (size_t)n;
		if (total > HOSTFILE_SIZE_MAX || r->bytes > HOSTFILES_SIZE_MAX)
			return (not_read(r, err, "it grew while it was read"));
		r->part.size = (uint16_t)n;
		/* an empty file is a file */
		if ((n > 0 || total == 0) && r->emit(r->arg, &r->part, err) == -1)
			return (-1);
	} while (n != 0);
	return (0);
}

/* NULL = it may be read. */
static const char *
why_not(const struct reader *r, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return (strerror(errno));
	if (!S_ISREG(st.st_mode))
		return ("it is not a regular file");
	if (st.st_size > (off_t)HOSTFILE_SIZE_MAX)
		return ("it has more than 1 MiB");
	if (r->bytes + (size_t)st.st_size > HOSTFILES_SIZE_MAX)
		return ("the files together have more than 8 MiB");
	return (NULL);
}

static int
read_file(struct reader *r, int dir, const char *name, struct err *err)
{
	const char *why;
	int fd, rc;

	r->part.note[0] = '\0';
	if (str_format(r->part.path, sizeof(r->part.path), "%s/%s", r->dir, name) == -1)
		return (0);	/* the kernel has no such names */
	/* not to wait for the other end of a pipe */
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return (errno == ENOENT ? 0 : not_read(r, err, errno == ELOOP || errno == EMLINK ? "it is a symbolic link" : strerror(errno)));
	if (r->files == HOSTFILES_MAX) {
		close(fd);
		return (0);
	}
	r->files++;
	why = why_not(r, fd);
	rc = why != NULL ? not_read(r, err, why) : send_text(r, fd, err);
	close(fd);
	return (rc);
}

static int
by_name(const void *a, const void *b)
{
	return (strcmp(*(char *const *)a, *(char *const *)b));
}

/* Hidden files and what editors leave are not configuration. */
static bool
is_wanted(const char *name, const char *pattern)
{
	return (name[0] != '.' && name[strlen(name) - 1] != '~' && str_match(pattern, name));
}

static int
names_of(int fd, const char *pattern, char ***names, size_t *n, struct err *err)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;

	if (d == NULL) {
		close(fd);
		return (err_nomem(err));
	}
	*names = calloc(NAMES_MAX, sizeof(**names));
	while (*names != NULL && *n < NAMES_MAX && (e = readdir(d)) != NULL) {
		if (!is_wanted(e->d_name, pattern))
			continue;
		(*names)[*n] = strdup(e->d_name);
		if ((*names)[*n] == NULL)
			break;
		(*n)++;
	}
	closedir(d);
	if (*names == NULL || (*n < NAMES_MAX && (*names)[*n] == NULL && errno == ENOMEM))
		return (err_nomem(err));
	qsort(*names, *n, sizeof(**names), by_name);
	return (0);
}

static int
read_matching(struct reader *r, int dir, const char *pattern, struct err *err)
{
	char **names = NULL;
	size_t n = 0;
	int fd, rc;

	if (strchr(pattern, '*') == NULL)
		return (read_file(r, dir, pattern, err));
	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return (err_sys(err, "%s", r->dir));
	errno = 0;
	rc = names_of(fd, pattern, &names, &n, err);
	for (size_t i = 0; i < n; i++) {
		if (rc == 0)
			rc = read_file(r, dir, names[i], err);
		free(names[i]);
	}
	free(names);
	if (rc == 0 && r->files == HOSTFILES_MAX) {
		str_copy(r->part.path, sizeof(r->part.path), r->dir);
		rc = not_read(r, err, "there are more than 5000 files; the rest");
	}
	return (rc);
}

/* NULL = nobody but root or ourselves can put something into it. */
static const char *
why_not_dir(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return (strerror(errno));
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return ("its directory is not root's");
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return ("its directory can be written by others than its owner");
	return (NULL);
}

static int
read_place(struct reader *r, const char *root, const char *pattern, struct err *err)
{
	char path[2 * HOSTFILE_PATH_SIZE];
	const char *why;
	int dir, rc;

	if (str_format(path, sizeof(path), "%s%s", root, r->dir) == -1)
		return (err_set(err, ERR_LIMIT, "%s%s is too long", root, r->dir));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1 && (errno == ENOENT || errno == ENOTDIR))
		return (0);
	if (dir == -1)
		why = strerror(errno);
	else
		why = why_not_dir(dir);
	if (why != NULL) {
		str_format(r->part.path, sizeof(r->part.path), "%s/%s", r->dir, pattern);
		rc = not_read(r, err, why);
	} else
		rc = read_matching(r, dir, pattern, err);
	if (dir != -1)
		close(dir);
	return (rc);
}

int
hostfile_read(enum host_format format, const char *root, int (*emit)(void *arg, const struct hostfile_part *p, struct err *err),
    void *arg, struct err *err)
{
	struct reader *r = calloc(1, sizeof(*r));
	int rc = 0;

	if (r == NULL)
		return (err_nomem(err));
	r->emit = emit;
	r->arg = arg;
	for (size_t i = 0; rc == 0 && i < hostfile_nplaces; i++) {
		r->dir = hostfile_places[i].dir;
		if ((hostfile_places[i].formats & 1u << format) != 0 && r->files < HOSTFILES_MAX)
			rc = read_place(r, root, hostfile_places[i].pattern, err);
	}
	free(r);
	return (rc);
}
