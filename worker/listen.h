/*
 * listen: the sockets the server will accept on, opened by the worker while it may.
 */
#ifndef JN_LISTEN_H
#define JN_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"

#define LISTEN_TCP_MAX 8
#define LISTEN_TEXT_SIZE 64

struct listen {
	int local;	/* UNIX socket, -1 = none */
	int tcp[LISTEN_TCP_MAX];
	char url[LISTEN_TCP_MAX][LISTEN_TEXT_SIZE];	/* "http://127.0.0.1:8653", the real port */
	bool tls[LISTEN_TCP_MAX];
	size_t ntcp;
};

void listen_init(struct listen *l);
void listen_close(struct listen *l);
/* A stale socket file is replaced, one that somebody answers on is ERR_IN_USE.  group -1 = leave. */
int listen_local(struct listen *l, const char *path, mode_t mode, gid_t group, struct err *err);
/* "127.0.0.1:8653", "[::1]:0".  Without TLS only loopback: anything else is ERR_DENIED. */
int listen_tcp(struct listen *l, const char *where, bool tls, struct err *err);

#endif
