/*
 * chan: whole frames over a stream socket.  Works on blocking and non-blocking descriptors alike: every system call is
 * made with MSG_DONTWAIT and waiting is done in poll(2) only, so that each deadline holds.
 */
#include "core/chan.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

/* Waits for the event until the deadline (-1 = for ever).  1 ready, 0 deadline, -1 error. */
static int
wait_for(int fd, short events, int64_t deadline, struct err *err)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left = -1;
	int n;

	for (;;) {
		if (deadline != -1 && (left = deadline - now_ms()) < 0)
			left = 0;
		n = poll(&p, 1, (int)left);
		if (n >= 0)
			return (n);
		if (errno != EINTR)
			return (err_sys(err, "waiting for the channel"));
	}
}

void
chan_init(struct chan *c, int fd)
{
	c->fd = fd;
	c->start = c->end = 0;
}

int
chan_send(struct chan *c, const struct frame *f, int timeout_ms, struct err *err)
{
	int64_t deadline = timeout_ms == -1 ? -1 : now_ms() + timeout_ms;
	uint8_t header[WIRE_HEADER_SIZE];
	size_t done = 0, total = sizeof(header) + f->len;
	struct iovec iov[2];
	struct msghdr msg;
	ssize_t n;

	assert(f->len <= WIRE_PAYLOAD_MAX);
	wire_header_put(f, header);
	while (done < total) {
		size_t skip = done < sizeof(header) ? done : sizeof(header);

		/* sendmsg does not write through iov_base; the cast only drops const */
		iov[0] = (struct iovec){ .iov_base = header + skip, .iov_len = sizeof(header) - skip };
		skip = done - skip;
		iov[1] = (struct iovec){ .iov_base = (void *)(uintptr_t)(f->payload + skip), .iov_len = f->len - skip };
		memset(&msg, 0, sizeof(msg));
		msg.msg_iov = iov;
		msg.msg_iovlen = 2;
		n = sendmsg(c->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n >= 0) {
			done += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EPIPE || errno == ECONNRESET)
			return (err_set(err, ERR_PROTO, "the other side of the channel is gone"));
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return (err_sys(err, "writing to the channel"));
		switch (wait_for(c->fd, POLLOUT, deadline, err)) {
		case -1:
			return (-1);
		case 0:
			return (err_set(err, ERR_TIMEOUT, "the other side did not read for %d ms", timeout_ms));
		}
	}
	return (0);
}

/* Takes one frame out of the read buffer.  1 = done, 0 = not whole yet, -1 = malformed header. */
static int
take_frame(struct chan *c, struct frame *out, struct err *err)
{
	size_t have = c->end - c->start;

	if (have < WIRE_HEADER_SIZE)
		return (0);
	if (wire_header_get(c->in + c->start, out, err) == -1)
		return (-1);
	if (have < WIRE_HEADER_SIZE + out->len)
		return (0);
	memcpy(out->payload, c->in + c->start + WIRE_HEADER_SIZE, out->len);
	c->start += WIRE_HEADER_SIZE + out->len;
	if (c->start == c->end)
		c->start = c->end = 0;
	return (1);
}

enum chan_result
chan_recv(struct chan *c, struct frame *out, int timeout_ms, struct err *err)
{
	int64_t deadline = timeout_ms == -1 ? -1 : now_ms() + timeout_ms;
	ssize_t n;

	for (;;) {
		switch (take_frame(c, out, err)) {
		case -1:
			return (CHAN_ERROR);
		case 1:
			return (CHAN_FRAME);
		}
		if (c->start > 0) {
			memmove(c->in, c->in + c->start, c->end - c->start);
			c->end -= c->start;
			c->start = 0;
		}
		n = recv(c->fd, c->in + c->end, sizeof(c->in) - c->end, MSG_DONTWAIT);
		if (n > 0) {
			c->end += (size_t)n;
			continue;
		}
		if (n == 0 || errno == ECONNRESET) {
			if (c->end == 0)
				return (CHAN_EOF);
			err_set(err, ERR_PROTO, "the channel ended inside a frame");
			return (CHAN_ERROR);
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK) {
			err_sys(err, "reading from the channel");
			return (CHAN_ERROR);
		}
		if (timeout_ms == 0)
			return (CHAN_AGAIN);
		switch (wait_for(c->fd, POLLIN, deadline, err)) {
		case -1:
			return (CHAN_ERROR);
		case 0:
			return (CHAN_AGAIN);
		}
	}
}

bool
chan_pending(const struct chan *c)
{
	size_t have = c->end - c->start;
	struct frame f;

	if (have < WIRE_HEADER_SIZE)
		return (false);
	/* a malformed header is pending too: chan_recv reports it */
	return (wire_header_get(c->in + c->start, &f, NULL) == -1 || have >= WIRE_HEADER_SIZE + f.len);
}
