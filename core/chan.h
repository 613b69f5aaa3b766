/*
 * chan: exactly one frame in or out of the socketpair.
 *
 * The descriptor is a SOCK_STREAM socketpair, CLOEXEC.  Received bytes are kept in a read buffer, so one read(2) can bring many
 * frames: after chan_recv returned a frame, call it again until it says CHAN_AGAIN before polling.
 */
#ifndef JN_CHAN_H
#define JN_CHAN_H

#include "core/wire.h"

struct chan {
	int fd;
	uint8_t in[4 * WIRE_FRAME_MAX];
	size_t start, end;	/* unread bytes in 'in' */
};

enum chan_result { CHAN_ERROR = -1, CHAN_FRAME, CHAN_AGAIN, CHAN_EOF };

void chan_init(struct chan *c, int fd);
/* Blocks until all is written or timeout_ms passed (ERR_TIMEOUT).  EPIPE is ERR_PROTO. */
int chan_send(struct chan *c, const struct frame *f, int timeout_ms, struct err *err);
/* Waits up to timeout_ms (0 = never, -1 = for ever) for one whole frame.  EOF only at a frame boundary. */
enum chan_result chan_recv(struct chan *c, struct frame *out, int timeout_ms, struct err *err);
/* True when a whole frame is already buffered. */
bool chan_pending(const struct chan *c);

#endif
