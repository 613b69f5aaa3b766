/*
 * fake_server: stands in for jailnetd-server in tests of jailnetd (JAILNETD_SERVER).  Says what it was given, then behaves as
 * FAKE_SERVER_MODE tells.  Each line it prints is one fact for tests/fault/test_worker.py.
 */
#ifdef __FreeBSD__
#include <sys/procctl.h>
#else
#include <sys/prctl.h>
#endif

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/chan.h"
#include "core/str.h"
#include "core/version.h"
#include "tests/fault/hostile_cmds.h"

#define CHANNEL 3
#define WAIT_MS 10000
#define FDS_MAX 1024

static struct chan chan;

static void
say(const char *text)
{
	printf("server %s\n", text);
	fflush(stdout);
}

static void
send_cmd(uint64_t seq, const struct cmd *c)
{
	struct frame f;
	struct err err;

	if (wire_put_cmd(&f, seq, c, &err) == -1 || chan_send(&chan, &f, WAIT_MS, &err) == -1)
		printf("server cannot send: %s\n", err.msg);
}

static void
send_raw(const void *p, size_t len)
{
	if (write(CHANNEL, p, len) != (ssize_t)len)
		say("cannot write");
}

/* Prints every frame until one with this sequence is a reply. */
static void
await(uint64_t seq, enum cmd_op op)
{
	struct reply r;
	struct frame f;
	struct err err;

	for (;;) {
		if (chan_recv(&chan, &f, WAIT_MS, &err) != CHAN_FRAME) {
			say("channel ended");
			exit(1);
		}
		if (f.type != FRAME_REPLY)
			printf("server frame type=%d seq=%llu\n", (int)f.type, (unsigned long long)f.seq);
		if (f.type != FRAME_REPLY || f.seq != seq)
			continue;
		if (wire_get_reply(&f, op, &r, &err) == -1)
			say("bad reply");
		else
			printf("server reply %s result=%d code=%s text=%s msg=%s\n", cmd_name(op), (int)r.result,
			    err_code_name(r.err.code), r.text, r.err.msg);
		fflush(stdout);
		return;
	}
}

static void
hello(const char *build)
{
	struct cmd c = { .op = CMD_HELLO, .u.hello = { .proto = PROTO_VERSION } };

	str_copy(c.u.hello.build, sizeof(c.u.hello.build), build);
	send_cmd(1, &c);
	await(1, CMD_HELLO);
}

/* Waits for the end: the worker kills us, or says TERM. */
static void
idle(void)
{
	struct frame f;
	struct err err;

	while (chan_recv(&chan, &f, -1, &err) == CHAN_FRAME)
		if (f.type == FRAME_CHANGED)
			say("changed");
	say("channel ended");
}

static void
mode_good(void)
{
	hello(JAILNET_BUILD);
	idle();
}

static void
mode_early(void)
{
	struct cmd c = { .op = CMD_OBSERVE };

	send_cmd(1, &c);
	idle();
}

static void
mode_twice(void)
{
	hello(JAILNET_BUILD);
	hello(JAILNET_BUILD);
}

static void
mode_other_build(void)
{
	hello("somebody else's");
	idle();
}

static void
mode_garbage(void)
{
	static const char text[] = "GET /v1/jails HTTP/1.1\r\nHost: x\r\n\r\n";

	hello(JAILNET_BUILD);
	send_raw(text, sizeof(text));
	idle();
}

static void
mode_unknown(void)
{
	struct frame f = { .type = FRAME_CMD, .seq = 2, .len = 1, .payload = { CMD_COUNT } };
	struct err err;

	hello(JAILNET_BUILD);
	chan_send(&chan, &f, WAIT_MS, &err);
	idle();
}

static void
mode_trailing(void)
{
	struct cmd c = { .op = CMD_JAIL_DESTROY, .u.ref = { "x" } };
	struct frame f;
	struct err err;

	hello(JAILNET_BUILD);
	wire_put_cmd(&f, 2, &c, &err);
	f.payload[f.len++] = 0;
	chan_send(&chan, &f, WAIT_MS, &err);
	idle();
}

static void
mode_wrong_way(void)
{
	struct frame f = { .type = FRAME_REPLY, .seq = 2 };
	struct err err;

	hello(JAILNET_BUILD);
	chan_send(&chan, &f, WAIT_MS, &err);
	idle();
}

static void
mode_evil_name(void)
{
	struct cmd c = { .op = CMD_JAIL_DESTROY, .u.ref = { "../../etc" } };

	hello(JAILNET_BUILD);
	send_cmd(2, &c);
	await(2, CMD_JAIL_DESTROY);
	idle();
}

/* A slow job must not hold up what comes after it. */
static void
mode_job(void)
{
	struct cmd create = { .op = CMD_JAIL_CREATE, .u.jail = { .name = "web", .boot = 1 } };
	struct cmd job = { .op = CMD_JAIL_START, .u.exec = { .name = "web", .command = "sleep 0.5; exit 3", .timeout_s = 5 } };
	struct cmd observe = { .op = CMD_OBSERVE };

	hello(JAILNET_BUILD);
	send_cmd(2, &create);
	await(2, CMD_JAIL_CREATE);
	send_cmd(3, &job);
	send_cmd(4, &observe);
	await(4, CMD_OBSERVE);
	await(3, CMD_JAIL_START);
	idle();
}

/* Asks and asks and never reads. */
static void
mode_deaf(void)
{
	struct cmd c = { .op = CMD_SYSCTL_GET, .u.sysctl = { .key = "net.ipv4.ip_forward" } };
	struct frame f;
	struct err err;

	hello(JAILNET_BUILD);
	for (uint64_t seq = 2; wire_put_cmd(&f, seq, &c, &err) == 0 && chan_send(&chan, &f, 60000, &err) == 0; seq++)
		;
	pause();
}

static void
mode_stubborn(void)
{
	signal(SIGTERM, SIG_IGN);
	hello(JAILNET_BUILD);
	say("settled");
	for (;;)
		pause();
}

static void
mode_exit78(void)
{
	exit(EX_CONFIG);
}

static void
mode_crash(void)
{
	abort();
}

static void
send_all(const struct cmd *v, size_t n)
{
	static uint64_t seq = 1;

	for (size_t i = 0; i < n; i++) {
		send_cmd(++seq, &v[i]);
		await(seq, v[i].op);
	}
}

/* Everything that is not ours to touch, with something of ours beside it. */
static void
mode_hostile(void)
{
	static const struct cmd gone[] = { { CMD_EPAIR_DESTROY, { .iface = { .ifname = "web0a" } } }, { CMD_BRIDGE_DESTROY, { .ref = { "lan0" } } },
		{ CMD_JAIL_DESTROY, { .ref = { "web" } } } };

	hello(JAILNET_BUILD);
	send_all(own_cmds, NELEMS(own_cmds));
	say("has its own");
	send_all(hostile_cmds, NELEMS(hostile_cmds));
	say("tried everything");
	send_all(gone, NELEMS(gone));
	say("is done");
	idle();
}

static const struct {
	const char *name;
	void (*run)(void);
} modes[] = {
	{ "good", mode_good }, { "early", mode_early }, { "twice", mode_twice }, { "other_build", mode_other_build },
	{ "garbage", mode_garbage }, { "unknown", mode_unknown }, { "trailing", mode_trailing }, { "wrong_way", mode_wrong_way },
	{ "evil_name", mode_evil_name }, { "job", mode_job }, { "deaf", mode_deaf }, { "stubborn", mode_stubborn },
	{ "exit78", mode_exit78 }, { "crash", mode_crash }, { "hostile", mode_hostile },
};

static int
no_new_privs(void)
{
#ifdef __FreeBSD__
	int on = 0;

	return (procctl(P_PID, 0, PROC_NO_NEW_PRIVS_STATUS, &on) == 0 && on == PROC_NO_NEW_PRIVS_ENABLE);
#else
	return (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
#endif
}

/* Descriptors, ids and powers. */
static void
introduce(int argc, char **argv)
{
	char line[256];
	FILE *status;

	printf("server start pid=%d fds=", (int)getpid());
	for (int fd = 0; fd < FDS_MAX; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			printf("%d,", fd);
	printf(" euid=%d no_new_privs=%d\n", (int)geteuid(), no_new_privs());
	if ((status = fopen("/proc/self/status", "re")) != NULL) {
		while (fgets(line, sizeof(line), status) != NULL)
			if (strncmp(line, "Cap", 3) == 0 || strncmp(line, "Sig", 3) == 0)
				printf("server status %s", line);
		fclose(status);
	}
	printf("server argv");
	for (int i = 1; i < argc; i++)
		printf(" %s", argv[i]);
	printf("\n");
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	const char *mode = getenv("FAKE_SERVER_MODE");

	introduce(argc, argv);
	chan_init(&chan, CHANNEL);
	for (size_t i = 0; i < NELEMS(modes); i++)
		if (mode != NULL && strcmp(mode, modes[i].name) == 0)
			modes[i].run();
	return (0);
}
