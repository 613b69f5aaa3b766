/* fbsd_ioctl: what the driver's files share: the kernel's words, paths, the clock. */
#include <sys/types.h>
#include <sys/sysctl.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"

#define EXT_SIZE 160
#define TABLE_FIRST 4096	/* enough for one interface: saves asking for the size */
#define TABLE_TRIES 10	/* a table that grows while it is read is read again */

/* libc of FreeBSD 15 and later; a program built there still runs on 14. */
extern int uexterr_gettext(char *buf, size_t size) __attribute__((weak));

int
fbsd_fail(struct err *err, const char *fmt, ...)
{
	char what[200], ext[EXT_SIZE] = "";
	int sys = errno;
	va_list ap;

	/* first of all: any other system call would replace it */
	if (uexterr_gettext != NULL && uexterr_gettext(ext, sizeof(ext)) == -1)
		ext[0] = '\0';
	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	err_num(err, sys, "%s", what);
	/* without a sentence libc only gives line numbers of the kernel */
	if (err != NULL && ext[0] != '\0' && strncmp(ext, "errno ", 6) != 0)
		err_num(err, sys, "%s (%s)", what, ext);
	return (-1);
}

int
fbsd_num(struct err *err, int sys, const char *fmt, ...)
{
	char what[200];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	errno = sys;
	return (fbsd_fail(err, "%s", what));
}

int
fbsd_path(char out[FBSD_PATH], struct err *err, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out, FBSD_PATH, fmt, ap);
	va_end(ap);
	if (n < 0 || n >= FBSD_PATH)
		return (err_set(err, ERR_INVALID, "path is too long"));
	return (0);
}

int
fbsd_table_read(const int *mib, unsigned n, char **buf, size_t *len)
{
	size_t need = TABLE_FIRST;

	*buf = NULL;
	*len = 0;
	for (int i = 0; i < TABLE_TRIES; i++) {
		free(*buf);
		*buf = malloc(need);
		if (*buf == NULL)
			return (ENOMEM);
		*len = need;
		if (sysctl(mib, n, *buf, len, NULL, 0) == 0)
			return (0);
		*len = 0;
		if (errno != ENOMEM || sysctl(mib, n, NULL, &need, NULL, 0) == -1)
			return (errno);
		need += need / 8 + 1024;
	}
	return (ENOMEM);
}

int64_t
fbsd_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}
