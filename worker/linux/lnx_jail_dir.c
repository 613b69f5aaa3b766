/* lnx_jail_dir: what we keep of a jail in RUN_DIR/jails/NAME, and what it says. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/linux/lnx.h"

/* What is not there is "".  What cannot be read is an error: a jail without a phase would be taken for half made, and made anew. */
static int
read_file(const char *path, char *buf, size_t size, struct err *err)
{
	ssize_t n;
	int fd;

	buf[0] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return (errno == ENOENT ? 0 : err_sys(err, "%s", path));
	n = read(fd, buf, size - 1);
	if (n == -1)
		err_sys(err, "%s", path);
	close(fd);
	if (n == -1)
		return (-1);
	buf[n] = '\0';
	return (0);
}

static int
write_file(const char *path, const char *text, struct err *err)
{
	char tmp[LNX_PATH];
	size_t len = strlen(text);
	int fd;

	if (lnx_path(tmp, err, "%s.new", path) == -1)
		return (-1);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return (err_sys(err, "%s", tmp));
	if (write(fd, text, len) != (ssize_t)len) {
		err_sys(err, "%s", tmp);
		close(fd);
		return (-1);
	}
	close(fd);
	if (rename(tmp, path) == -1)
		return (err_sys(err, "%s", path));
	return (0);
}

int
lnx_jail_put(struct lnx *l, const char *name, const char *file, const char *text, struct err *err)
{
	char path[LNX_PATH];

	if (lnx_path(path, err, "%s/jails/%s/%s", l->run_dir, name, file) == -1)
		return (-1);
	return (write_file(path, text, err));
}

int
lnx_jail_put_phase(struct lnx *l, const char *name, enum jail_phase phase, struct err *err)
{
	return (lnx_jail_put(l, name, "phase", jail_phase_name(phase), err));
}

static int
look_files(const char *dir, struct lnx_jail *out, struct err *err)
{
	static const enum jail_phase phases[] = { JAIL_CREATED, JAIL_STARTING, JAIL_STARTED, JAIL_STOPPED };
	char path[LNX_PATH], text[32];
	uint64_t n;

	if (lnx_path(path, err, "%s/boot", dir) == -1 || read_file(path, text, sizeof(text), err) == -1)
		return (-1);
	if (str_u64(text, 0, UINT32_MAX, &n) == 0)
		out->boot = (uint32_t)n;
	if (lnx_path(path, err, "%s/path", dir) == -1 || read_file(path, out->path, sizeof(out->path), err) == -1)
		return (-1);
	if (lnx_path(path, err, "%s/phase", dir) == -1 || read_file(path, text, sizeof(text), err) == -1)
		return (-1);
	for (size_t i = 0; i < NELEMS(phases); i++)
		if (str_equal(text, jail_phase_name(phases[i]))) {
			out->phase = phases[i];
			out->flags |= LNX_JAIL_PHASE;
		}
	return (0);
}

/* Our directory of a jail, and what is in it. */
static int
look_own(const char *dir, struct lnx_jail *out, struct err *err)
{
	char path[LNX_PATH];
	struct stat st;
	int is;

	if (lstat(dir, &st) == -1)
		return (errno == ENOENT ? 0 : err_sys(err, "%s", dir));
	if (!S_ISDIR(st.st_mode))
		return (0);
	out->flags |= LNX_JAIL_DIR;
	if (lnx_path(path, err, "%s/net", dir) == -1 || (is = lnx_ns_is(path, &out->ino, err)) == -1)
		return (-1);
	if (is)
		out->flags |= LNX_JAIL_NET;
	if (lnx_path(path, err, "%s/uts", dir) == -1)
		return (-1);
	if (access(path, F_OK) == 0)
		out->flags |= LNX_JAIL_UTS;
	else if (errno != ENOENT)
		return (err_sys(err, "%s", path));
	return (look_files(dir, out, err));
}

int
lnx_jail_look(struct lnx *l, const char *name, struct lnx_jail *out, struct err *err)
{
	char dir[LNX_PATH - 16], path[LNX_PATH];
	ino_t ino;
	int is;

	memset(out, 0, sizeof(*out));
	if (str_format(dir, sizeof(dir), "%s/jails/%s", l->run_dir, name) == -1)
		return (err_set(err, ERR_INVALID, "path is too long"));
	if (look_own(dir, out, err) == -1 || lnx_path(path, err, "%s/%s", l->netns_dir, name) == -1)
		return (-1);
	if ((is = lnx_ns_is(path, &ino, err)) != 1)
		return (is);
	out->flags |= (out->flags & LNX_JAIL_NET) && ino == out->ino ? LNX_JAIL_NAMED : LNX_JAIL_FOREIGN;
	return (0);
}

int
lnx_jail_own(struct lnx *l, const char *name, struct lnx_jail *out, struct err *err)
{
	if (lnx_jail_look(l, name, out, err) == -1)
		return (-1);
	if (out->flags & LNX_JAIL_DIR)
		return (0);
	if (out->flags & LNX_JAIL_FOREIGN)
		return (err_set(err, ERR_DENIED, "network namespace %s was not made by jailnet", name));
	return (err_set(err, ERR_NOT_FOUND, "there is no jail %s", name));
}

bool
lnx_jail_whole(const struct lnx_jail *j)
{
	const uint32_t all = LNX_JAIL_DIR | LNX_JAIL_NET | LNX_JAIL_NAMED | LNX_JAIL_PHASE;

	return ((j->flags & all) == all);
}
