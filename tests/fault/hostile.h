/*
 * hostile: a server in somebody else's hands, in the process of the test: it sends what it likes to the worker's serve.c over whatever driver is
 * linked.  What the worker must not do is in hostile_cmds.h; what nobody thought of comes out of spoil().
 */
#ifndef JN_HOSTILE_H
#define JN_HOSTILE_H

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
#include "tests/fault/hostile_cmds.h"
#include "tests/unit/cmd_samples.h"
#include "worker/serve.h"

static struct serve serve;
static struct chan client = { .fd = -1 };
static struct err said;
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
	assert_int_equal(wire_put_cmd(&f, 1, &c, &said), 0);
	assert_int_equal(chan_send(&client, &f, 1000, &said), 0);
	assert_int_equal(serve_input(&serve, 0, &said), SERVE_OK);
	assert_int_equal(chan_recv(&client, &f, 0, &said), CHAN_FRAME);
}

/* What the worker says to a frame; the last reply's code, -1 = it would kill us. */
static int
tell(const struct frame *f, enum cmd_op op)
{
	struct reply r = { .result = REPLY_DONE };
	enum serve_result rc;
	struct frame got;
	int code = ERR_NONE;

	assert_int_equal(chan_send(&client, f, 1000, &said), 0);
	rc = serve_input(&serve, 0, &said);
	while (chan_recv(&client, &got, 0, &said) == CHAN_FRAME) {
		if (got.type == FRAME_REPLY && wire_get_reply(&got, op, &r, &said) == 0 && r.result == REPLY_FAILED)
			code = (int)r.err.code;
	}
	return (rc == SERVE_OK ? code : -1);
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

/* What is ours, so that only the foreign part of a command is wrong. */
static void
make_ours(void)
{
	struct frame f;

	server_new(true);
	for (size_t i = 0; i < NELEMS(own_cmds); i++) {
		assert_int_equal(wire_put_cmd(&f, i + 2, &own_cmds[i], &said), 0);
		if (tell(&f, own_cmds[i].op) != ERR_NONE)
			fail_msg("%s: %s", cmd_name(own_cmds[i].op), said.msg);
	}
}

/* Each of hostile_cmds is refused. */
static void
ask_what_is_forbidden(void)
{
	struct frame f;
	int code;

	for (size_t i = 0; i < NELEMS(hostile_cmds); i++) {
		if (wire_put_cmd(&f, i + 2, &hostile_cmds[i], &said) == -1)
			fail_msg("%zu: %s", i, said.msg);
		code = tell(&f, hostile_cmds[i].op);
		/* what names nothing of ours may also simply not be there, or be there already */
		if (code != ERR_DENIED && code != ERR_NOT_FOUND && code != ERR_INVALID && code != ERR_KERNEL && code != ERR_CONFLICT &&
		    code != ERR_EXISTS)
			fail_msg("%zu %s: %d", i, cmd_name(hostile_cmds[i].op), code);
	}
}

/* So many frames, most of them spoiled; of jobs, which are processes, one in 'jobs' (0 = none). */
static void
storm(size_t rounds, uint32_t jobs)
{
	size_t killed = 0, refused = 0, done = 0, left_out = 0;
	struct frame f;
	int code;

	server_new(true);
	for (size_t i = 0; i < rounds; i++) {
		const struct cmd *c = &cmd_samples[dice(NELEMS(cmd_samples))].cmd;

		if (cmd_is_job(c->op) && (jobs == 0 || dice(jobs) != 0)) {
			left_out++;
			continue;
		}
		assert_int_equal(wire_put_cmd(&f, i + 2, c, &said), 0);
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
				assert_int_equal(wire_put_cmd(&f, 1, c, &said), 0);
				assert_int_equal(tell(&f, c->op), -1);
			}
		}
		if (code == -1)
			server_new(true);
	}
	/* the test itself must reach all three */
	assert_true(killed > rounds / 50 && refused > rounds / 50 && done > rounds / 50);
	printf("%zu frames: %zu killed the server, %zu refused, %zu done, %zu jobs left out\n", rounds, killed, refused, done, left_out);
}

#endif
