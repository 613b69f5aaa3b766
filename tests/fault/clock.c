/*
 * clock: a wall clock that jumps, for test_clock.py: loaded into jailnetd and its server with LD_PRELOAD.  The seconds to add are in the file
 * that JAILNET_TEST_CLOCK names; it is mapped before the server shuts itself in.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset;

__attribute__((constructor)) static void
map(void)
{
	const char *path = getenv("JAILNET_TEST_CLOCK");
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *p = fd == -1 ? MAP_FAILED : mmap(NULL, sizeof(*offset), PROT_READ, MAP_SHARED, fd, 0);

	if (fd != -1)
		close(fd);
	offset = p == MAP_FAILED ? NULL : p;
}

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, ts);

	if (rc == 0 && clock == CLOCK_REALTIME && offset != NULL)
		ts->tv_sec += *offset;
	return (rc);
}
