/*
 * flood: N connections from one address, held with half a request line; what the server closes is sought again every 50 ms.
 *
 * usage: flood SOURCE TARGET PORT N    prints "ready" when all were tried once; ends when its stdin does, and says how many it made.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/str.h"

#define MOST 20000
#define TICK_MS 50

static struct sockaddr_in source = { .sin_family = AF_INET }, target = { .sin_family = AF_INET };

static int
seek(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return (-1);
	if (bind(fd, (struct sockaddr *)&source, sizeof(source)) == -1 ||
	    (connect(fd, (struct sockaddr *)&target, sizeof(target)) == -1 && errno != EINPROGRESS)) {
		close(fd);
		return (-1);
	}
	return (fd);
}

/* Still ours, and a little more of a request line that never ends. */
static int
hold(int fd)
{
	char c;

	if (recv(fd, &c, 1, MSG_DONTWAIT) == 0 || (send(fd, "GET /", 5, MSG_DONTWAIT | MSG_NOSIGNAL) == -1 && errno != EAGAIN && errno != ENOTCONN)) {
		close(fd);
		return (-1);
	}
	return (fd);
}

static int
arguments(int argc, char **argv, uint64_t *n)
{
	uint64_t port;

	if (argc != 5 || inet_pton(AF_INET, argv[1], &source.sin_addr) != 1 || inet_pton(AF_INET, argv[2], &target.sin_addr) != 1 ||
	    str_u64(argv[3], 1, 65535, &port) == -1 || str_u64(argv[4], 1, MOST, n) == -1)
		return (-1);
	target.sin_port = htons((uint16_t)port);
	return (0);
}

int
main(int argc, char **argv)
{
	static int fds[MOST];
	struct rlimit files;
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	unsigned long made = 0;
	uint64_t n;

	if (arguments(argc, argv, &n) == -1) {
		fprintf(stderr, "usage: flood SOURCE TARGET PORT N\n");
		return (2);
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == -1)
		return (1);
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) == -1 || files.rlim_cur < n + 16) {
		fprintf(stderr, "flood: only %lu descriptors\n", (unsigned long)files.rlim_cur);
		return (1);
	}
	memset(fds, -1, sizeof(fds));
	for (unsigned long tick = 0;; tick++) {
		for (size_t i = 0; i < n; i++) {
			if (fds[i] != -1)
				fds[i] = hold(fds[i]);
			if (fds[i] == -1 && (fds[i] = seek()) != -1)
				made++;
		}
		if (tick == 0) {
			puts("ready");
			fflush(stdout);
		}
		if (poll(&in, 1, TICK_MS) != 0)
			break;
	}
	printf("%lu connections\n", made);
	return (0);
}
