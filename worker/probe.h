/*
 * probe: ICMP and ICMPv6 echoes, for the drivers: opened in the network they shall leave from, run anywhere.  A job: it waits.
 */
#ifndef JN_PROBE_H
#define JN_PROBE_H

#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include "core/cmd.h"

struct probe {
	const struct cmd_probe *c;
	struct reply *out;
	int fd;
	bool v4, raw;
	uint16_t id;
	int64_t sent_us;
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} to;
	socklen_t to_len;
};

/* A socket of the network the thread is in. */
int probe_open(struct probe *p, const struct cmd_probe *c, struct reply *out, struct err *err);
/* Fills sent, received, rtt_us, probe_error and result of the reply; closes the socket. */
void probe_run(struct probe *p);

#endif
