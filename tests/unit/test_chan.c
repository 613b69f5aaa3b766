/*
 * chan: whole frames over a socketpair, however the bytes are cut; deadlines; ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/chan.h"

static int fds[2];
static struct chan a, b;

static int
setup(void **state)
{
	(void)state;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return (-1);
	chan_init(&a, fds[0]);
	chan_init(&b, fds[1]);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	close(fds[0]);
	close(fds[1]);
	return (0);
}

static void
fill(struct frame *f, uint64_t seq, size_t len)
{
	f->type = FRAME_CMD;
	f->seq = seq;
	f->len = len;
	memset(f->payload, (int)(seq & 0xff), len);
}

static void
one_read_brings_many_frames(void **state)
{
	struct frame f, g;
	struct err err;

	(void)state;
	for (uint64_t i = 1; i <= 20; i++) {
		fill(&f, i, (size_t)i * 10);
		assert_int_equal(chan_send(&a, &f, 1000, &err), 0);
	}
	for (uint64_t i = 1; i <= 20; i++) {
		assert_int_equal(chan_recv(&b, &g, 0, &err), CHAN_FRAME);
		fill(&f, i, (size_t)i * 10);
		assert_int_equal(g.seq, i);
		assert_int_equal(g.len, f.len);
		assert_memory_equal(g.payload, f.payload, f.len);
		assert_int_equal(chan_pending(&b), i < 20);
	}
	assert_int_equal(chan_recv(&b, &g, 0, &err), CHAN_AGAIN);
	assert_int_equal(chan_recv(&b, &g, 30, &err), CHAN_AGAIN);
}

static void
a_frame_may_come_byte_by_byte(void **state)
{
	uint8_t raw[WIRE_HEADER_SIZE + 3];
	struct frame f, g;
	struct err err;

	(void)state;
	fill(&f, 9, 3);
	wire_header_put(&f, raw);
	memcpy(raw + WIRE_HEADER_SIZE, f.payload, 3);
	for (size_t i = 0; i < sizeof(raw); i++) {
		assert_int_equal(chan_recv(&b, &g, 0, &err), CHAN_AGAIN);
		assert_false(chan_pending(&b));
		assert_int_equal(write(fds[0], raw + i, 1), 1);
	}
	assert_int_equal(chan_recv(&b, &g, 0, &err), CHAN_FRAME);
	assert_int_equal(g.len, 3);
}

static void
ends_only_at_a_frame_boundary(void **state)
{
	uint8_t raw[WIRE_HEADER_SIZE];
	struct frame f, g;
	struct err err;

	(void)state;
	fill(&f, 1, 0);
	assert_int_equal(chan_send(&a, &f, 100, &err), 0);
	wire_header_put(&f, raw);
	assert_int_equal(write(fds[0], raw, 5), 5);
	shutdown(fds[0], SHUT_WR);
	assert_int_equal(chan_recv(&b, &g, -1, &err), CHAN_FRAME);
	assert_int_equal(chan_recv(&b, &g, -1, &err), CHAN_ERROR);
	assert_int_equal(err.code, ERR_PROTO);
}

static void
eof_and_gone(void **state)
{
	struct frame f, g;
	struct err err;

	(void)state;
	fill(&f, 1, 10);
	shutdown(fds[0], SHUT_WR);
	assert_int_equal(chan_recv(&b, &g, -1, &err), CHAN_EOF);
	close(fds[0]);
	assert_int_equal(chan_send(&b, &f, 100, &err), -1);
	assert_int_equal(err.code, ERR_PROTO);
	fds[0] = -1;
}

static void
garbage_is_an_error(void **state)
{
	static const char junk[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
	struct frame g;
	struct err err;

	(void)state;
	assert_int_equal(write(fds[0], junk, sizeof(junk)), sizeof(junk));
	assert_int_equal(chan_recv(&b, &g, 1000, &err), CHAN_ERROR);
	assert_int_equal(err.code, ERR_PROTO);
	assert_true(chan_pending(&b));
}

static void
a_peer_that_does_not_read_times_out(void **state)
{
	struct frame f;
	struct err err;
	int sent = 0;

	(void)state;
	fill(&f, 1, WIRE_PAYLOAD_MAX);
	while (chan_send(&a, &f, 50, &err) == 0 && sent < 10000)
		sent++;
	assert_true(sent < 10000);
	assert_int_equal(err.code, ERR_TIMEOUT);
}

static void
large_streams_arrive_whole(void **state)
{
	struct frame f, g;
	struct err err;
	int status;
	pid_t pid = fork();

	(void)state;
	assert_true(pid != -1);
	if (pid == 0) {
		for (uint64_t i = 1; i <= 2000; i++) {
			fill(&f, i, (size_t)(i * 7919 % (WIRE_PAYLOAD_MAX + 1)));
			if (chan_send(&a, &f, 5000, &err) == -1)
				_exit(1);
		}
		_exit(0);
	}
	for (uint64_t i = 1; i <= 2000; i++) {
		assert_int_equal(chan_recv(&b, &g, 5000, &err), CHAN_FRAME);
		fill(&f, i, (size_t)(i * 7919 % (WIRE_PAYLOAD_MAX + 1)));
		assert_int_equal(g.seq, i);
		assert_int_equal(g.len, f.len);
		assert_memory_equal(g.payload, f.payload, f.len);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_read_brings_many_frames),
		T(a_frame_may_come_byte_by_byte),
		T(ends_only_at_a_frame_boundary),
		T(eof_and_gone),
		T(garbage_is_an_error),
		T(a_peer_that_does_not_read_times_out),
		T(large_streams_arrive_whole),
	};

	return (cmocka_run_group_tests_name("chan", tests, NULL, NULL));
}
