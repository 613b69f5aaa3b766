/*
 * store_ballast: a file that is only there to be removed.  On a full disk even DELETE and a checkpoint fail; without
 * the ballast they work again.
 */
#include "store/store_int.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FILE_NAME "jailnet.ballast"
/* Taking the last of a small disk would cause what we are here to survive. */
#define PLENTY (4 * (uint64_t)STORE_BALLAST_SIZE)

/* Bytes that a compressing file system cannot make smaller. */
static void
fill(uint64_t *words, size_t n, uint64_t *x)
{
	size_t i;

	for (i = 0; i < n; i++) {
		*x ^= *x << 13;
		*x ^= *x >> 7;
		*x ^= *x << 17;
		words[i] = *x;
	}
}

void
store_ballast_keep(struct store *s)
{
	uint64_t words[8192], x = 88172645463325252u;
	char path[PATH_SIZE];
	struct statvfs vfs;
	struct stat st;
	size_t done;
	int fd;

	if (store_path(s, FILE_NAME, path, NULL) == -1)
		return;
	if (stat(path, &st) == 0 && st.st_size == (off_t)STORE_BALLAST_SIZE)
		return;
	if (statvfs(s->dir, &vfs) == -1 || (uint64_t)vfs.f_bavail * vfs.f_frsize < PLENTY)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return;
	for (done = 0; done < STORE_BALLAST_SIZE; done += sizeof(words)) {
		fill(words, sizeof(words) / sizeof(words[0]), &x);
		if (write(fd, words, sizeof(words)) != (ssize_t)sizeof(words))
			break;
	}
	close(fd);
	if (done < STORE_BALLAST_SIZE)
		store_ballast_drop(s);
}

void
store_ballast_drop(struct store *s)
{
	char path[PATH_SIZE];

	if (store_path(s, FILE_NAME, path, NULL) == 0)
		(void)unlink(path);
}
