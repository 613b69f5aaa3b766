/* lnx_sysctl: net.* of a jail through /proc/sys, which shows the namespace of the thread that opens. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/linux/lnx.h"

/* "net.ipv4.ip_forward" -> "/proc/sys/net/ipv4/ip_forward".  An interface name with a dot is written with '/' by sysctl(8);
 * we have no such names and refuse '/'. */
static int
key_path(const char *key, char out[LNX_PATH], struct err *err)
{
	size_t n = strlen(key);

	if (strncmp(key, "net.", 4) != 0)
		return (err_set(err, ERR_DENIED, "sysctl %s: only net.* belongs to a jail's network", key));
	if (strchr(key, '/') != NULL || strstr(key, "..") != NULL || key[n - 1] == '.')
		return (err_set(err, ERR_INVALID, "sysctl %s is not a dotted name", key));
	if (lnx_path(out, err, "/proc/sys/%s", key) == -1)
		return (-1);
	for (char *p = out + strlen("/proc/sys/"); *p != '\0'; p++)
		if (*p == '.')
			*p = '/';
	return (0);
}

static int
failed(const char *key, struct err *err)
{
	if (errno == ENOENT)
		return (err_set(err, ERR_REFERENCE, "sysctl %s does not exist here", key));
	return (err_sys(err, "sysctl %s", key));
}

int
lnx_sysctl_read(const char *key, char *value, size_t size, struct err *err)
{
	char path[LNX_PATH];
	ssize_t n;
	int fd;

	if (key_path(key, path, err) == -1)
		return (-1);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return (failed(key, err));
	n = read(fd, value, size - 1);
	if (n == -1) {
		failed(key, err);
		close(fd);
		return (-1);
	}
	close(fd);
	while (n > 0 && (value[n - 1] == '\n' || value[n - 1] == ' '))
		n--;
	value[n] = '\0';
	/* Several numbers come apart with tabs; the wanted value has blanks. */
	for (char *p = value; *p != '\0'; p++)
		if (*p == '\t')
			*p = ' ';
	return (0);
}

int
lnx_sysctl_write(const char *key, const char *value, bool *changed, struct err *err)
{
	char path[LNX_PATH], old[128];
	ssize_t n;
	int fd;

	if (key_path(key, path, err) == -1)
		return (-1);
	if (lnx_sysctl_read(key, old, sizeof(old), NULL) == 0 && str_equal(old, value))
		return (0);
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return (failed(key, err));
	n = write(fd, value, strlen(value));
	if (n == -1) {
		err_sys(err, "sysctl %s = %s", key, value);
		close(fd);
		return (-1);
	}
	close(fd);
	*changed = true;
	return (0);
}

static int
inside(struct lnx *l, const struct cmd_sysctl *c, bool set, struct reply *out, struct err *err)
{
	bool changed = false;
	int fd, rc;

	fd = lnx_ns_open(l, c->jail, err);
	if (fd == -1)
		return (-1);
	rc = lnx_ns_enter(fd, err);
	close(fd);
	if (rc == -1)
		return (-1);
	if (set)
		rc = lnx_sysctl_write(c->key, c->value, &changed, err);
	else
		rc = lnx_sysctl_read(c->key, out->text, sizeof(out->text), err);
	lnx_ns_leave(l);
	out->result = set && !changed ? REPLY_UNCHANGED : REPLY_DONE;
	return (rc);
}

int
lnx_sysctl_set(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	return (inside(l, &c->u.sysctl, true, out, err));
}

int
lnx_sysctl_get(struct lnx *l, const struct cmd *c, struct reply *out, struct err *err)
{
	return (inside(l, &c->u.sysctl, false, out, err));
}
