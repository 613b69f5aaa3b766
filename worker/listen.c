/*
 * listen: UNIX and TCP listeners.
 */
#include "worker/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/str.h"

#define BACKLOG 1024	/* a burst from one address must not push out the others; the kernel may make it less */

void
listen_init(struct listen *l)
{
	memset(l, 0, sizeof(*l));
	l->local = -1;
}

void
listen_close(struct listen *l)
{
	if (l->local != -1)
		close(l->local);
	for (size_t i = 0; i < l->ntcp; i++)
		close(l->tcp[i]);
	listen_init(l);
}

/* 1 = somebody answers, 0 = nobody. */
static int
is_answered(const struct sockaddr_un *sun, struct err *err)
{
	int fd, ret;

	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		return (err_sys(err, "socket"));
	ret = connect(fd, (const struct sockaddr *)sun, sizeof(*sun));
	ret = ret == 0 || (errno != ECONNREFUSED && errno != ENOENT);
	close(fd);
	return (ret);
}

/* Removes a socket file nobody answers on.  The server of a worker that was killed still answers until it has read its EOF. */
static int
clear_stale(const struct sockaddr_un *sun, struct err *err)
{
	struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	struct stat st;
	int answered = 1;

	if (lstat(sun->sun_path, &st) == -1)
		return (errno == ENOENT ? 0 : err_sys(err, "%s", sun->sun_path));
	if (!S_ISSOCK(st.st_mode))
		return (err_set(err, ERR_EXISTS, "%s exists and is not a socket", sun->sun_path));
	for (int i = 0; answered == 1 && i < 20; i++) {
		if (i > 0)
			nanosleep(&pause, NULL);
		if ((answered = is_answered(sun, err)) == -1)
			return (-1);
	}
	if (answered == 1)
		return (err_set(err, ERR_IN_USE, "somebody answers on %s already", sun->sun_path));
	if (unlink(sun->sun_path) == -1 && errno != ENOENT)
		return (err_sys(err, "unlink %s", sun->sun_path));
	return (0);
}

int
listen_local(struct listen *l, const char *path, mode_t mode, gid_t group, struct err *err)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	mode_t before;
	int fd, ret;

	if (str_copy(sun.sun_path, sizeof(sun.sun_path), path) == -1)
		return (err_set(err, ERR_INVALID, "socket path %s has more than %zu characters", path, sizeof(sun.sun_path) - 1));
	if (clear_stale(&sun, err) == -1)
		return (-1);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		return (err_sys(err, "socket"));
	/* nobody gets in before mode and group are right */
	before = umask(0177);
	ret = bind(fd, (struct sockaddr *)&sun, sizeof(sun));
	umask(before);
	if (ret == -1) {
		err_sys(err, "bind %s", path);
		close(fd);
		return (-1);
	}
	if ((group != (gid_t)-1 && chown(sun.sun_path, (uid_t)-1, group) == -1) || chmod(sun.sun_path, mode) == -1 || listen(fd, BACKLOG) == -1) {
		err_sys(err, "%s", sun.sun_path);
		unlink(sun.sun_path);
		close(fd);
		return (-1);
	}
	l->local = fd;
	return (0);
}

union any_addr {
	struct sockaddr sa;
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
};

static int
parse_where(const char *where, union any_addr *out, socklen_t *len, struct err *err)
{
	char host[LISTEN_TEXT_SIZE];
	const char *colon = strrchr(where, ':');
	size_t n = colon == NULL ? 0 : (size_t)(colon - where);
	uint64_t port;

	memset(out, 0, sizeof(*out));
	if (colon == NULL || n >= sizeof(host) || str_u64(colon + 1, 0, 65535, &port) == -1)
		return (err_set(err, ERR_INVALID, "listen \"%s\" is not ADDRESS:PORT, like 127.0.0.1:8653 or [::1]:8653", where));
	memcpy(host, where, n);
	host[n] = '\0';
	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		if (inet_pton(AF_INET6, host + 1, &out->in6.sin6_addr) == 1) {
			out->in6.sin6_family = AF_INET6;
			out->in6.sin6_port = htons((uint16_t)port);
			*len = sizeof(out->in6);
			return (0);
		}
	} else if (inet_pton(AF_INET, host, &out->in4.sin_addr) == 1) {
		out->in4.sin_family = AF_INET;
		out->in4.sin_port = htons((uint16_t)port);
		*len = sizeof(out->in4);
		return (0);
	}
	return (err_set(err, ERR_INVALID, "listen \"%s\" does not start with an IPv4 address or an IPv6 address in [ ]", where));
}

static bool
is_loopback(const union any_addr *a)
{
	if (a->sa.sa_family == AF_INET)
		return (ntohl(a->in4.sin_addr.s_addr) >> 24 == 127);
	return (IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr));
}

static int
name_url(int fd, bool tls, char url[LISTEN_TEXT_SIZE], struct err *err)
{
	union any_addr a = { .sa = { .sa_family = AF_UNSPEC } };
	socklen_t len = sizeof(a);
	char host[INET6_ADDRSTRLEN];
	bool six;

	if (getsockname(fd, &a.sa, &len) == -1)
		return (err_sys(err, "getsockname"));
	six = a.sa.sa_family == AF_INET6;
	inet_ntop(a.sa.sa_family, six ? (const void *)&a.in6.sin6_addr : (const void *)&a.in4.sin_addr, host, sizeof(host));
	str_format(url, LISTEN_TEXT_SIZE, six ? "http%s://[%s]:%u" : "http%s://%s:%u", tls ? "s" : "", host,
	    (unsigned)ntohs(six ? a.in6.sin6_port : a.in4.sin_port));
	return (0);
}

int
listen_tcp(struct listen *l, const char *where, bool tls, struct err *err)
{
	union any_addr a = { .sa = { .sa_family = AF_UNSPEC } };
	socklen_t len = 0;
	int fd, on = 1;

	if (l->ntcp == LISTEN_TCP_MAX)
		return (err_set(err, ERR_LIMIT, "at most %d TCP listeners", LISTEN_TCP_MAX));
	if (parse_where(where, &a, &len, err) == -1)
		return (-1);
	if (!tls && !is_loopback(&a))
		return (err_set(err, ERR_DENIED, "listen %s: without TLS only loopback addresses; see tls_listen", where));
	if ((fd = socket(a.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		return (err_sys(err, "socket"));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &a.sa, len) == -1 || listen(fd, BACKLOG) == -1) {
		err_sys(err, "listen %s", where);
		close(fd);
		return (-1);
	}
	if (name_url(fd, tls, l->url[l->ntcp], err) == -1) {
		close(fd);
		return (-1);
	}
	l->tls[l->ntcp] = tls;
	l->tcp[l->ntcp++] = fd;
	return (0);
}
