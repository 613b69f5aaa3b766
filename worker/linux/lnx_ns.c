/* lnx_ns: network namespaces by jail name, entering them, and the netlink sockets inside them. */
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <linux/magic.h>
#include <linux/nsfs.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/linux/lnx.h"

int
lnx_path(char out[LNX_PATH], struct err *err, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out, LNX_PATH, fmt, ap);
	va_end(ap);
	if (n < 0 || n >= LNX_PATH)
		return (err_set(err, ERR_INVALID, "path is too long"));
	return (0);
}

int
lnx_ns_is(const char *path, ino_t *ino, struct err *err)
{
	struct statfs fs;
	struct stat st;

	if (statfs(path, &fs) == -1 || stat(path, &st) == -1)
		return (errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(err, "%s", path));
	*ino = st.st_ino;
	return (fs.f_type == NSFS_MAGIC);
}

int
lnx_ns_open(struct lnx *l, const char *jail, struct err *err)
{
	char path[LNX_PATH];
	struct statfs fs;
	int fd;

	if (jail[0] == '\0') {
		fd = fcntl(l->host_fd, F_DUPFD_CLOEXEC, 3);
		return (fd == -1 ? err_sys(err, "dup") : fd);
	}
	/* Through our own directory: a namespace of that name that is not ours is never entered. */
	if (lnx_path(path, err, "%s/jails/%s/net", l->run_dir, jail) == -1)
		return (-1);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT)
		return (err_set(err, ERR_NOT_FOUND, "there is no jail %s", jail));
	if (fd == -1)
		return (err_sys(err, "%s", path));
	if (fstatfs(fd, &fs) == -1)
		err_sys(err, "%s", path);
	else if (fs.f_type == NSFS_MAGIC)
		return (fd);
	else
		err_set(err, ERR_NOT_FOUND, "jail %s is not complete: it has no network namespace", jail);
	close(fd);
	return (-1);
}

bool
lnx_adopt_ok(const struct lnx *l, const char *name)
{
	return (l->adopt_ok != NULL && l->adopt_ok(l->arg, name));
}

int
lnx_ns_open_foreign(struct lnx *l, const char *name)
{
	char path[LNX_PATH];
	struct statfs fs;
	struct stat st;
	int fd;

	if (!lnx_adopt_ok(l, name) || lnx_path(path, NULL, "%s/%s", l->netns_dir, name) == -1)
		return (-1);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return (-1);
	/* the host's own network under another name is no jail */
	if (fstatfs(fd, &fs) == -1 || fs.f_type != NSFS_MAGIC || fstat(fd, &st) == -1 || st.st_ino == l->host_ino ||
	    ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET) {
		close(fd);
		return (-1);
	}
	return (fd);
}

int
lnx_ns_enter(int fd, struct err *err)
{
	if (setns(fd, CLONE_NEWNET) == -1)
		return (err_sys(err, "setns"));
	return (0);
}

void
lnx_ns_leave(struct lnx *l)
{
	/* To go on in the wrong namespace would change a jail's network for the host's. */
	if (setns(l->host_fd, CLONE_NEWNET) == -1)
		abort();
}

static void
drop(struct lnx_ns *ns)
{
	if (ns->name[0] == '\0')
		return;
	nl_close(&ns->nl);
	ns->name[0] = '\0';
	ns->used = 0;
}

/* Direct-mapped: two jails in one place only cost each other a socket. */
static struct lnx_ns *
place(struct lnx *l, const char *jail)
{
	uint64_t h = hash_bytes(HASH_START, jail, strlen(jail));

	return (&l->ns[(h ^ h >> 32) % LNX_NS_CACHE]);
}

void
lnx_ns_forget(struct lnx *l, const char *jail)
{
	struct lnx_ns *ns = place(l, jail);

	if (str_equal(ns->name, jail))
		drop(ns);
}

void
lnx_ns_forget_before(struct lnx *l, uint64_t clock)
{
	for (size_t i = 0; i < NELEMS(l->ns); i++)
		if (l->ns[i].used <= clock)
			drop(&l->ns[i]);
}

void
lnx_ns_forget_all(struct lnx *l)
{
	lnx_ns_forget_before(l, UINT64_MAX);
}

struct nl *
lnx_ns_nl(struct lnx *l, const char *jail, struct err *err)
{
	char path[LNX_PATH];
	struct lnx_ns *ns;
	struct stat st;
	int fd, rc;

	if (jail[0] == '\0')
		return (&l->host);
	ns = place(l, jail);
	if (!str_equal(ns->name, jail))
		drop(ns);
	if (ns->name[0] != '\0') {
		if (lnx_path(path, err, "%s/jails/%s/net", l->run_dir, jail) == -1)
			return (NULL);
		if (stat(path, &st) == 0 && st.st_ino == ns->ino) {
			ns->used = ++l->clock;
			return (&ns->nl);
		}
		drop(ns);
	}
	fd = lnx_ns_open(l, jail, err);
	if (fd == -1)
		return (NULL);
	rc = -1;
	if (fstat(fd, &st) == -1) {
		err_sys(err, "namespace of jail %s", jail);
	} else if (lnx_ns_enter(fd, err) == 0) {
		rc = nl_open(&ns->nl, l->rx, l->portid, err);
		lnx_ns_leave(l);
	}
	close(fd);
	if (rc == -1)
		return (NULL);
	ns->ino = st.st_ino;
	ns->used = ++l->clock;
	(void)str_copy(ns->name, sizeof(ns->name), jail);
	return (&ns->nl);
}
