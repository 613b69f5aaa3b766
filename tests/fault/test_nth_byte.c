/*
 * test_nth_byte: the channel breaks after the N-th byte, or that byte is another one, for every N of a talk, on both sides.  Whatever comes of
 * it is an answer, a violation or an end; never a crash, a hang or rows of half a frame.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/str.h"
#include "core/version.h"
#include "server/remote.h"
#include "tests/fake/fake_kernel.h"
#include "worker/serve.h"

static uint8_t bytes[65536];
static size_t size;

static void
add_frame(const struct frame *f)
{
	wire_header_put(f, bytes + size);
	memcpy(bytes + size + WIRE_HEADER_SIZE, f->payload, f->len);
	size += WIRE_HEADER_SIZE + f->len;
}

static int
emit(void *arg, const struct frame *f, struct err *err)
{
	(void)arg;
	(void)err;
	add_frame(f);
	return (0);
}

static void
pair_with(size_t n, int flip, int fd[2])
{
	uint8_t sent[sizeof(bytes)];

	memcpy(sent, bytes, size);
	if (flip)
		sent[n] ^= (uint8_t)flip;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(fcntl(fd[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(write(fd[1], sent, flip ? size : n), (ssize_t)(flip ? size : n));
	assert_int_equal(shutdown(fd[1], SHUT_WR), 0);
}

/* --- the server's side: the answer to an OBSERVE ------------------------------------------------------------- */

static void
as_server(size_t n, int flip)
{
	static struct remote remote;
	static struct remote_msg m;
	const struct cmd look = { .op = CMD_OBSERVE };
	struct observed rows, counted;
	struct hostfiles files = { .n = 0 };
	struct err err;
	uint64_t seq;
	int fd[2], answers = 0;

	pair_with(n, flip, fd);
	remote_init(&remote, fd[0]);
	observed_init(&rows);
	observed_init(&counted);
	assert_int_equal(remote_send(&remote, &look, &seq, &err), 0);
	do {
		remote_next(&remote, &rows, &counted, &files, &m);
		answers += m.kind == REMOTE_REPLY;
		assert_int_not_equal(m.kind, REMOTE_NOTHING);	/* the end of the file is there to be read */
	} while (m.kind != REMOTE_GONE);
	assert_int_not_equal(m.err.code, ERR_NONE);
	if (!flip)
		assert_int_equal(answers, n == size);
	assert_true(rows.njails <= 1 && rows.nlinks <= 1 && rows.ncounters == 0 && files.n == 0);
	observed_fini(&rows);
	observed_fini(&counted);
	close(fd[0]);
	close(fd[1]);
}

static void
test_the_server_hears_half(void **state)
{
	const struct reply done = { .result = REPLY_DONE };
	struct observed o;
	struct frame f;
	struct err err;

	(void)state;
	size = 0;
	observed_init(&o);
	str_copy(observed_jail_add(&o)->name, NAME_SIZE, "web");
	str_copy(observed_link_add(&o)->ifname, IFNAME_SIZE, "lan0");
	assert_int_equal(wire_put_observed(&o, 1, emit, NULL, &err), 0);
	assert_int_equal(wire_put_reply(&f, 1, CMD_OBSERVE, &done, &err), 0);
	add_frame(&f);
	observed_fini(&o);
	for (size_t n = 0; n <= size; n++)
		as_server(n, 0);
	for (size_t n = 0; n < size; n++)
		for (int bit = 1; bit < 256; bit <<= 1)
			as_server(n, bit);
}

/* --- the worker's side: HELLO and a creation ------------------------------------------------------------------- */

static void
as_worker(size_t n, int flip)
{
	enum serve_result r = SERVE_OK;
	static struct serve serve;
	struct fake *kernel = fake_new();
	struct policy policy;
	struct err err = { 0 };
	int fd[2], rounds = 0;

	assert_non_null(kernel);
	policy_open(&policy);
	pair_with(n, flip, fd);
	serve_init(&serve, driver, kernel, &policy);
	serve_connect(&serve, fd[0]);
	while (r == SERVE_OK && rounds++ < 10)
		r = serve_input(&serve, 0, &err);
	assert_int_not_equal(r, SERVE_OK);
	assert_int_not_equal(err.code, ERR_NONE);
	if (!flip)
		assert_int_equal(fake_count(kernel, CMD_JAIL_CREATE), n == size);
	serve_fini(&serve);
	close(fd[1]);
	fake_free(kernel);
}

static void
test_the_worker_hears_half(void **state)
{
	struct cmd hello = { .op = CMD_HELLO, .u.hello.proto = PROTO_VERSION }, create = { .op = CMD_JAIL_CREATE, .u.jail.name = "web" };
	struct frame f;
	struct err err;

	(void)state;
	size = 0;
	str_copy(hello.u.hello.build, sizeof(hello.u.hello.build), JAILNET_BUILD);
	assert_int_equal(wire_put_cmd(&f, 1, &hello, &err), 0);
	add_frame(&f);
	assert_int_equal(wire_put_cmd(&f, 2, &create, &err), 0);
	add_frame(&f);
	for (size_t n = 0; n <= size; n++)
		as_worker(n, 0);
	for (size_t n = 0; n < size; n++)
		as_worker(n, 0x80);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_server_hears_half),
		cmocka_unit_test(test_the_worker_hears_half),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
