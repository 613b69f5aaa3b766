/*
 * serve: the worker's side of the channel, in this process, over the fake kernel.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.h"
#include "core/str.h"
#include "core/version.h"
#include "tests/fake/fake_kernel.h"
#include "tests/unit/cmd_samples.h"
#include "worker/serve.h"

static struct fake *kernel;
static struct policy policy;
static struct serve serve;
static struct chan client;
static struct err err;

static int
setup(void **state)
{
	int fds[2];

	(void)state;
	log_init("test_serve", true, LOG_LVL_ERROR);
	if ((kernel = fake_new()) == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return (-1);
	policy_open(&policy);
	serve_init(&serve, driver, kernel, &policy);
	serve_connect(&serve, fds[0]);
	chan_init(&client, fds[1]);
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	serve_fini(&serve);
	if (client.fd != -1)
		close(client.fd);
	fake_free(kernel);
	return (0);
}

static void
send_cmd(uint64_t seq, const struct cmd *c)
{
	struct frame f;

	assert_int_equal(wire_put_cmd(&f, seq, c, &err), 0);
	assert_int_equal(chan_send(&client, &f, 1000, &err), 0);
}

/* The next frame, which must be a reply to op with that sequence. */
static struct reply
get_reply(uint64_t seq, enum cmd_op op)
{
	struct reply r;
	struct frame f;

	assert_int_equal(chan_recv(&client, &f, 0, &err), CHAN_FRAME);
	assert_int_equal(f.type, FRAME_REPLY);
	assert_true(f.seq == seq);
	assert_int_equal(wire_get_reply(&f, op, &r, &err), 0);
	return (r);
}

static struct reply
call(struct cmd c)
{
	static uint64_t seq = 100;

	send_cmd(++seq, &c);
	assert_int_equal(serve_input(&serve, 0, &err), SERVE_OK);
	return (get_reply(seq, c.op));
}

static void
hello(void)
{
	struct cmd c = { CMD_HELLO, { .hello = { PROTO_VERSION, JAILNET_BUILD } } };
	struct reply r = call(c);

	assert_int_equal(r.result, REPLY_DONE);
	assert_string_equal(r.text, "fake");
	assert_int_equal(r.features, driver->features);
}

static void
nothing_but_hello_comes_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEMS(cmd_samples); i++) {
		int fds[2];

		if (cmd_samples[i].cmd.op == CMD_HELLO)
			continue;
		close(client.fd);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
		serve_connect(&serve, fds[0]);
		chan_init(&client, fds[1]);
		send_cmd(1, &cmd_samples[i].cmd);
		assert_int_equal(serve_input(&serve, 0, &err), SERVE_VIOLATION);
	}
	assert_int_equal(fake_count(kernel, -1), 0);
}

static void
hello_comes_once(void **state)
{
	struct cmd c = { CMD_HELLO, { .hello = { PROTO_VERSION, JAILNET_BUILD } } };

	(void)state;
	hello();
	send_cmd(2, &c);
	assert_int_equal(serve_input(&serve, 0, &err), SERVE_VIOLATION);
	/* a new server starts anew */
	serve_disconnect(&serve);
	assert_int_equal(serve_wait_ms(&serve, 0), -1);
}

static void
every_command_is_answered(void **state)
{
	(void)state;
	hello();
	for (size_t i = 0; i < NELEMS(cmd_samples); i++) {
		const struct cmd *c = &cmd_samples[i].cmd;

		if (c->op == CMD_HELLO || c->op == CMD_OBSERVE || c->op == CMD_COUNTERS || c->op == CMD_FILES || cmd_is_job(c->op))
			continue;
		call(*c);
	}
}

static void
failures_carry_the_kernels_words(void **state)
{
	struct cmd c = { CMD_ADDR_ADD, { .addr = { "", "nope", { SAMPLE_IP4(192, 0, 2, 1), 24 } } } };
	struct reply r;
	char words[80];

	(void)state;
	hello();
	r = call(c);
	assert_int_equal(r.result, REPLY_FAILED);
	assert_int_equal(r.err.code, ERR_KERNEL);
	snprintf(words, sizeof(words), "nope: %s", strerror(ENODEV));
	assert_string_equal(r.err.msg, words);
}

static void
observations_come_before_their_reply(void **state)
{
	struct cmd observe = { CMD_OBSERVE, { .observe = { OBSERVE_ALL, "" } } };
	struct cmd create = { CMD_JAIL_CREATE, { .jail = { .name = "web" } } };
	struct observed o;
	struct frame f;

	(void)state;
	hello();
	call(create);
	send_cmd(7, &observe);
	assert_int_equal(serve_input(&serve, 0, &err), SERVE_OK);
	observed_init(&o);
	assert_int_equal(chan_recv(&client, &f, 0, &err), CHAN_FRAME);
	assert_int_equal(f.type, FRAME_OBSERVED);
	assert_true(f.seq == 7);
	assert_int_equal(wire_get_observed(&f, &o, &err), 0);
	assert_int_equal(o.njails, 1);
	observed_fini(&o);
	assert_int_equal(get_reply(7, CMD_OBSERVE).result, REPLY_DONE);
}

static void
policy_refuses_before_the_driver_sees_it(void **state)
{
	struct cmd start = { CMD_JAIL_START, { .exec = { "web", "", "true", 1 } } };
	struct reply r;

	(void)state;
	policy.allow_exec = false;
	hello();
	r = call(start);
	assert_int_equal(r.result, REPLY_FAILED);
	assert_int_equal(r.err.code, ERR_DENIED);
	assert_int_equal(fake_count(kernel, CMD_JAIL_START), 0);
}

static void
limits_count_what_is_there(void **state)
{
	struct cmd c = { CMD_JAIL_CREATE, { .jail = { .name = "c" } } };
	struct cmd gone = { CMD_JAIL_DESTROY, { .ref = { "a" } } };
	struct change told;

	(void)state;
	policy.max_jails = 2;
	assert_int_equal(fake_add_jail(kernel, "a", true), 0);
	assert_int_equal(fake_add_jail(kernel, "alien", false), 0);
	while (driver->watch_read(kernel, &told) == 1)
		;
	hello();
	assert_int_equal(call(c).result, REPLY_DONE);
	strcpy(c.u.jail.name, "d");
	assert_int_equal(call(c).err.code, ERR_LIMIT);
	assert_int_equal(call(gone).result, REPLY_DONE);
	assert_int_equal(call(c).result, REPLY_DONE);
}

/* Polls until the worker has said something. */
static void
pump(int frames)
{
	struct pollfd v[SERVE_FDS];

	for (int i = 0; i < 500 && frames > 0; i++) {
		size_t n = serve_fds(&serve, v);

		poll(v, (nfds_t)n, 10);
		assert_int_equal(serve_input(&serve, 0, &err), SERVE_OK);
		frames -= poll(&(struct pollfd){ .fd = client.fd, .events = POLLIN }, 1, 0);
	}
	assert_int_equal(frames, 0);
}

static void
jobs_answer_when_they_end(void **state)
{
	struct cmd create = { CMD_JAIL_CREATE, { .jail = { .name = "web" } } };
	struct cmd slow = { CMD_JAIL_START, { .exec = { "web", "", "sleep 0.2; exit 3", 5 } } };
	struct cmd get = { CMD_SYSCTL_GET, { .sysctl = { "", "net.x", "" } } };
	struct reply r;

	(void)state;
	hello();
	call(create);
	send_cmd(5, &slow);
	assert_int_equal(serve_input(&serve, 0, &err), SERVE_OK);
	assert_int_equal(call(get).result, REPLY_DONE);
	pump(1);
	r = get_reply(5, CMD_JAIL_START);
	assert_int_equal(r.err.code, ERR_EXEC);
}

static void
a_job_that_dies_is_told(void **state)
{
	struct cmd create = { CMD_JAIL_CREATE, { .jail = { .name = "web" } } };
	struct cmd start = { CMD_JAIL_START, { .exec = { "web", "", "", 5 } } };
	struct reply r;

	(void)state;
	hello();
	call(create);
	fake_break(kernel, CMD_JAIL_START, 1, FAKE_CRASH, 0);
	send_cmd(5, &start);
	assert_int_equal(serve_input(&serve, 0, &err), SERVE_OK);
	pump(1);
	r = get_reply(5, CMD_JAIL_START);
	assert_int_equal(r.err.code, ERR_INTERNAL);
	assert_string_equal(r.err.msg, "job died");
}

static void
jobs_have_a_limit(void **state)
{
	struct cmd create = { CMD_JAIL_CREATE, { .jail = { .name = "web" } } };
	struct cmd slow = { CMD_JAIL_START, { .exec = { "web", "", "sleep 5", 9 } } };

	(void)state;
	hello();
	for (uint64_t i = 0; i <= JOBS_MAX; i++) {
		(void)str_format(create.u.jail.name, NAME_SIZE, "web%d", (int)i);
		(void)str_copy(slow.u.exec.name, NAME_SIZE, create.u.jail.name);
		call(create);
		if (i == JOBS_MAX)
			break;
		send_cmd(1000 + i, &slow);
		assert_int_equal(serve_input(&serve, 0, &err), SERVE_OK);
	}
	send_cmd(2000, &slow);
	assert_int_equal(serve_input(&serve, 0, &err), SERVE_OK);
	assert_int_equal(get_reply(2000, CMD_JAIL_START).err.code, ERR_BUSY);
}

/* What one sees of jail web. */
static struct obs_jail
look(void)
{
	struct cmd observe = { CMD_OBSERVE, { .observe = { OBSERVE_JAIL, "web" } } };
	struct obs_jail seen = { .name = "" };
	struct observed o;
	struct frame f;

	send_cmd(50, &observe);
	assert_int_equal(serve_input(&serve, 0, &err), SERVE_OK);
	observed_init(&o);
	assert_int_equal(chan_recv(&client, &f, 0, &err), CHAN_FRAME);
	assert_int_equal(wire_get_observed(&f, &o, &err), 0);
	if (o.njails > 0)
		seen = o.jails[0];
	observed_fini(&o);
	assert_int_equal(get_reply(50, CMD_OBSERVE).result, REPLY_DONE);
	return (seen);
}

static void
one_start_or_stop_of_a_jail_at_a_time(void **state)
{
	struct cmd create = { CMD_JAIL_CREATE, { .jail = { .name = "web" } } };
	struct cmd slow = { CMD_JAIL_START, { .exec = { "web", "", "sleep 0.3", 5 } } };
	struct cmd stop = { CMD_JAIL_STOP, { .exec = { "web", "", "", 5 } } };
	struct cmd destroy = { CMD_JAIL_DESTROY, { .ref = { "web" } } };
	struct cmd other = { CMD_JAIL_CREATE, { .jail = { .name = "other" } } };
	struct frame f;
	int fds[2];

	(void)state;
	hello();
	call(create);
	assert_false(look().busy);
	send_cmd(5, &slow);
	assert_int_equal(serve_input(&serve, 0, &err), SERVE_OK);
	/* its server dies; the next one does not know of it */
	close(client.fd);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	serve_connect(&serve, fds[0]);
	chan_init(&client, fds[1]);
	hello();
	assert_true(look().busy);
	assert_int_equal(call(slow).err.code, ERR_BUSY);
	assert_int_equal(call(stop).err.code, ERR_BUSY);
	assert_int_equal(call(destroy).err.code, ERR_BUSY);
	assert_int_equal(call(other).result, REPLY_DONE);
	/* it is told to look when the job has ended */
	pump(1);
	assert_int_equal(chan_recv(&client, &f, 0, &err), CHAN_FRAME);
	assert_int_equal(f.type, FRAME_CHANGED);
	assert_false(look().busy);
	assert_int_equal(look().phase, JAIL_STARTED);
	assert_int_equal(call(destroy).result, REPLY_DONE);
}

static void
a_reply_never_reaches_another_server(void **state)
{
	struct cmd create = { CMD_JAIL_CREATE, { .jail = { .name = "web" } } };
	struct cmd slow = { CMD_JAIL_START, { .exec = { "web", "", "sleep 0.1", 5 } } };
	struct pollfd v[SERVE_FDS];
	struct frame f;
	int fds[2];

	(void)state;
	hello();
	call(create);
	send_cmd(5, &slow);
	assert_int_equal(serve_input(&serve, 0, &err), SERVE_OK);
	close(client.fd);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	serve_connect(&serve, fds[0]);
	chan_init(&client, fds[1]);
	for (int i = 0; i < 30; i++) {
		poll(v, (nfds_t)serve_fds(&serve, v), 10);
		assert_int_equal(serve_input(&serve, 0, &err), SERVE_OK);
	}
	assert_int_equal(chan_recv(&client, &f, 0, &err), CHAN_AGAIN);
	assert_int_equal(serve_fds(&serve, v), 2);
}

static void
changes_are_gathered(void **state)
{
	struct change c;
	struct frame f;

	(void)state;
	fake_add_physical(kernel, "re0", &(struct mac)SAMPLE_MAC(1), true, NULL, 0);
	hello();
	/* the first went out at once, with HELLO's input */
	assert_int_equal(chan_recv(&client, &f, 0, &err), CHAN_FRAME);
	assert_int_equal(f.type, FRAME_CHANGED);
	fake_set_up(kernel, "", "re0", false);
	fake_set_up(kernel, "", "re0", true);
	assert_int_equal(serve_input(&serve, 10, &err), SERVE_OK);
	assert_int_equal(chan_recv(&client, &f, 0, &err), CHAN_AGAIN);
	assert_int_equal(serve_wait_ms(&serve, 10), SERVE_CHANGED_MS - 10);
	assert_int_equal(serve_input(&serve, SERVE_CHANGED_MS, &err), SERVE_OK);
	assert_int_equal(chan_recv(&client, &f, 0, &err), CHAN_FRAME);
	assert_int_equal(wire_get_changed(&f, &c, &err), 0);
	assert_false(c.all);
	assert_string_equal(c.ifname, "re0");
	assert_int_equal(chan_recv(&client, &f, 0, &err), CHAN_AGAIN);
	/* two different ones: look at all */
	fake_set_up(kernel, "", "re0", false);
	fake_add_jail(kernel, "alien", false);
	assert_int_equal(serve_input(&serve, 2 * SERVE_CHANGED_MS, &err), SERVE_OK);
	assert_int_equal(chan_recv(&client, &f, 0, &err), CHAN_FRAME);
	assert_int_equal(wire_get_changed(&f, &c, &err), 0);
	assert_true(c.all);
}

static void
ends_are_told_apart(void **state)
{
	(void)state;
	hello();
	shutdown(client.fd, SHUT_WR);
	assert_int_equal(serve_input(&serve, 0, &err), SERVE_EOF);
}

static void
half_a_frame_is_a_violation(void **state)
{
	(void)state;
	hello();
	assert_int_equal(write(client.fd, "\0\0", 2), 2);
	assert_int_equal(serve_input(&serve, 0, &err), SERVE_OK);
	shutdown(client.fd, SHUT_WR);
	assert_int_equal(serve_input(&serve, 0, &err), SERVE_VIOLATION);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(nothing_but_hello_comes_first),
		T(hello_comes_once),
		T(every_command_is_answered),
		T(failures_carry_the_kernels_words),
		T(observations_come_before_their_reply),
		T(policy_refuses_before_the_driver_sees_it),
		T(limits_count_what_is_there),
		T(jobs_answer_when_they_end),
		T(a_job_that_dies_is_told),
		T(jobs_have_a_limit),
		T(one_start_or_stop_of_a_jail_at_a_time),
		T(a_reply_never_reaches_another_server),
		T(changes_are_gathered),
		T(ends_are_told_apart),
		T(half_a_frame_is_a_violation),
	};

	return (cmocka_run_group_tests_name("serve", tests, NULL, NULL));
}
