/*
 * test_hostile: the server is in somebody else's hands.  Every command malformed, out of order and out of policy, 60000 of them: the worker lives, and
 * what is not ours is as it was.  (tests/fault/test_worker.py puts a whole hostile process in the server's place on the real kernel.)
 */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/log.h"
#include "core/str.h"
#include "core/version.h"
#include "tests/fake/fake_kernel.h"
#include "tests/fault/hostile_cmds.h"
#include "tests/unit/cmd_samples.h"
#include "worker/serve.h"

#define ROUNDS 60000

static struct fake *kernel;
static struct serve serve;
static struct chan client = { .fd = -1 };
static struct err err;
static uint32_t seed = 1;
/* as a careful administrator has it */
static struct policy policy = { .sysctls = "net.ipv4.* net.ipv6.*", .jail_paths = "/jails", .max_jails = 20, .max_epairs = 20, .max_bridges = 20 };

static uint32_t
dice(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return ((seed >> 8) % n);
}

/* A new server process, as the supervisor would start one. */
static void
server_new(bool greet)
{
	struct cmd c = { CMD_HELLO, { .hello = { PROTO_VERSION, JAILNET_BUILD } } };
	struct frame f;
	int fds[2];

	serve_disconnect(&serve);
	if (client.fd != -1)
		close(client.fd);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	serve_connect(&serve, fds[0]);
	chan_init(&client, fds[1]);
	if (!greet)
		return;
	assert_int_equal(wire_put_cmd(&f, 1, &c, &err), 0);
	assert_int_equal(chan_send(&client, &f, 1000, &err), 0);
	assert_int_equal(serve_input(&serve, 0, &err), SERVE_OK);
	assert_int_equal(chan_recv(&client, &f, 0, &err), CHAN_FRAME);
}

/* What the worker says to a frame; the last reply's code, -1 = it would kill us. */
static int
tell(const struct frame *f, enum cmd_op op)
{
	struct reply r = { .result = REPLY_DONE };
	enum serve_result rc;
	struct frame got;
	int code = ERR_NONE;

	assert_int_equal(chan_send(&client, f, 1000, &err), 0);
	rc = serve_input(&serve, 0, &err);
	while (chan_recv(&client, &got, 0, &err) == CHAN_FRAME) {
		if (got.type == FRAME_REPLY && wire_get_reply(&got, op, &r, &err) == 0 && r.result == REPLY_FAILED)
			code = (int)r.err.code;
	}
	return (rc == SERVE_OK ? code : -1);
}

static int
setup(void **state)
{
	static const struct prefix addr = { SAMPLE_IP4(198, 51, 100, 1), 24 };
	static const struct mac mac = SAMPLE_MAC(9);

	(void)state;
	log_init("test_hostile", true, LOG_LVL_ERROR);
	if ((kernel = fake_new()) == NULL)
		return (-1);
	fake_set_foreign(kernel, policy_foreign_ok, &policy);
	/* the names are as long as those of the samples, to be put in their place */
	if (fake_add_physical(kernel, "re0", &mac, true, &addr, 1) == -1 || fake_add_physical(kernel, "re1", &mac, true, NULL, 0) == -1 ||
	    fake_add_foreign_bridge(kernel, "fbr0") == -1 || fake_add_foreign_epair(kernel, "ext0a", "ext0b") == -1 ||
	    fake_add_jail(kernel, "ext", false) == -1)
		return (-1);
	serve_init(&serve, driver, kernel, &policy);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	serve_fini(&serve);
	close(client.fd);
	fake_free(kernel);
	return (0);
}

/* Legal frames that ask for what policy or the marks forbid. */
static void
test_out_of_policy(void **state)
{
	char *before = fake_snapshot(kernel, true), *after;
	struct frame f;
	int code;

	(void)state;
	server_new(true);
	for (size_t i = 0; i < NELEMS(hostile_cmds); i++) {
		if (wire_put_cmd(&f, i + 2, &hostile_cmds[i], &err) == -1)
			fail_msg("%zu: %s", i, err.msg);
		code = tell(&f, hostile_cmds[i].op);
		/* what names nothing of ours may also simply not be there */
		if (code != ERR_DENIED && code != ERR_NOT_FOUND && code != ERR_INVALID && code != ERR_KERNEL)
			fail_msg("%zu %s: %d", i, cmd_name(hostile_cmds[i].op), code);
	}
	after = fake_snapshot(kernel, true);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* Puts a name of something foreign where one of ours of the same length stands. */
static void
rename_in(struct frame *f)
{
	static const struct {
		const char *ours, *theirs;
	} names[] = { { "web", "ext" }, { "lan0", "fbr0" }, { "web0a", "ext0a" }, { "web0b", "ext0b" }, { "web", "re0" }, { "lan0", "ext0" } };
	size_t which = dice(NELEMS(names)), len = strlen(names[which].ours);

	for (size_t i = 0; i + len <= f->len; i++) {
		if (memcmp(f->payload + i, names[which].ours, len) == 0 && dice(2) == 0)
			memcpy(f->payload + i, names[which].theirs, len);
	}
}

static void
spoil(struct frame *f)
{
	size_t len;

	switch (dice(6)) {
	case 0:
	case 1:
		rename_in(f);
		break;
	case 2:
		f->payload[dice((uint32_t)f->len)] ^= (uint8_t)(1u << dice(8));
		break;
	case 3:
		f->len = dice((uint32_t)f->len + 1);
		break;
	case 4:
		len = dice(40);
		for (size_t i = 0; i < len; i++)
			f->payload[f->len++] = (uint8_t)dice(256);
		break;
	default:
		f->payload[0] = (uint8_t)dice(CMD_COUNT + 3);
	}
}

static void
test_anything(void **state)
{
	char *before = fake_snapshot(kernel, true), *after;
	size_t killed = 0, refused = 0, done = 0, left_out = 0;
	struct frame f;
	int code;

	(void)state;
	server_new(true);
	for (size_t i = 0; i < ROUNDS; i++) {
		const struct cmd *c = &cmd_samples[dice(NELEMS(cmd_samples))].cmd;

		/* each is a process: a few will do */
		if (cmd_is_job(c->op) && dice(200) != 0) {
			left_out++;
			continue;
		}
		assert_int_equal(wire_put_cmd(&f, i + 2, c, &err), 0);
		if (dice(4) != 0)
			spoil(&f);
		if (f.len > 0 && f.payload[0] < CMD_COUNT && cmd_is_job((enum cmd_op)f.payload[0]) && !cmd_is_job(c->op))
			continue;
		code = tell(&f, f.len > 0 && f.payload[0] < CMD_COUNT ? (enum cmd_op)f.payload[0] : CMD_HELLO);
		killed += code == -1;
		refused += code > 0;
		done += code == 0;
		/* out of order, now and then: nothing before HELLO */
		if (code == -1 && dice(10) == 0) {
			server_new(false);
			if (c->op != CMD_HELLO) {
				assert_int_equal(wire_put_cmd(&f, 1, c, &err), 0);
				assert_int_equal(tell(&f, c->op), -1);
			}
		}
		if (code == -1)
			server_new(true);
	}
	/* the test itself must reach all three */
	assert_true(killed > ROUNDS / 50 && refused > ROUNDS / 50 && done > ROUNDS / 50);
	after = fake_snapshot(kernel, true);
	assert_string_equal(before, after);
	printf("%d frames: %zu killed the server, %zu refused, %zu done, %zu jobs left out\n", ROUNDS, killed, refused, done, left_out);
	free(before);
	free(after);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_out_of_policy), cmocka_unit_test(test_anything) };

	return (cmocka_run_group_tests(tests, setup, teardown));
}
