/*
 * fuzz_conf: jailnetd.conf as the root program reads it: its own keys, all its checks.  Input: the file.
 */
#include <stdio.h>
#include <unistd.h>

#include "core/conf.h"
#include "core/str.h"
#include "tests/fuzz/fuzz.h"
#include "worker/options.h"

static char path[] = "/tmp/fuzz_conf.XXXXXX";
static int file = -1;

static void
end(void)
{
	unlink(path);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	file = mkstemp(path);
	FUZZ_CHECK(file != -1 && atexit(end) == 0);
	return (0);
}

static void
check_error(const struct err *err)
{
	FUZZ_CHECK(err->code != ERR_NONE && err->msg[0] != '\0');
	FUZZ_CHECK(str_utf8(err->msg, strlen(err->msg)));
}

static void
check_options(const struct options *o)
{
	static const struct cmd probes[] = {
		{ .op = CMD_BRIDGE_CREATE, .u.bridge = { .name = "lan0", .mtu = 1500 } },
		{ .op = CMD_PORT_ATTACH, .u.port = { .bridge = "lan0", .ifname = "re0" } },
		{ .op = CMD_SYSCTL_SET, .u.sysctl = { .jail = "web", .key = "net.ipv4.ip_forward", .value = "1" } },
		{ .op = CMD_JAIL_START, .u.exec = { .name = "web", .path = "/jails/web", .command = "true", .timeout_s = 1 } },
	};
	const struct options_conf *c = &o->conf;
	const struct policy_counts none = { .jails = 0 };
	char text[POLICY_TEXT_SIZE];
	struct err err;

	FUZZ_CHECK(o->socket_mode <= 0777 && o->log_level <= LOG_LVL_DEBUG);
	FUZZ_CHECK(o->state_dir[0] == '\0' || o->state_dir[0] == '/');
	FUZZ_CHECK(o->socket[0] == '\0' || o->socket[0] == '/');
	FUZZ_CHECK(c->connections >= 16 && c->connections <= 10000 && c->connections_per_address >= 1 && c->connections_per_address <= 10000);
	FUZZ_CHECK(c->request_timeout >= 1 && c->request_timeout <= 3600 && c->rate_limit <= 1000000 && c->revisions_keep >= 10);
	FUZZ_CHECK(c->policy.max_jails <= LIMIT_JAILS && c->policy.max_epairs <= LIMIT_EPAIRS && c->policy.max_bridges <= LIMIT_BRIDGES);
	FUZZ_CHECK(c->policy.import_root[0] == '\0' || c->policy.import_root[0] == '/');
	FUZZ_CHECK(c->tls_listen[0] == '\0' || (c->tls_cert[0] == '/' && c->tls_key[0] == '/'));
	policy_print(&c->policy, text);
	FUZZ_CHECK(memchr(text, '\0', sizeof(text)) != NULL);
	for (size_t i = 0; i < NELEMS(probes); i++)
		if (policy_check(&c->policy, &none, &probes[i], &err) == -1)
			check_error(&err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char program[] = "jailnetd", check[] = "-n", option[] = "-c", sandbox[] = "--sandbox";
	struct err err = { 0 };
	struct options o;

	FUZZ_CHECK(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size);
	for (int alone = 0; alone < 2; alone++) {
		char *argv[] = { program, check, option, path, sandbox, NULL };

		optind = 1;
		if (options_load(&o, 4 + alone, argv, &err) == 0)
			check_options(&o);
		else
			check_error(&err);
	}
	return (0);
}
