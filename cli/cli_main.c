/*
 * jailnet: the command line of the daemon.  Reads the global options, finds the subcommand in a table, runs it.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/cli_table.h"
#include "core/str.h"
#include "core/version.h"

#ifdef __FreeBSD__
#define DEFAULT_SOCKET "/var/run/jailnet/api.sock"
#else
#define DEFAULT_SOCKET "/run/jailnet/api.sock"
#endif
#define DEFAULT_TIMEOUT_S 300
#define TIMEOUT_MAX_S 86400

struct command {
	const char *name;
	const char *args;
	const char *help;
	int (*run)(struct cli *c, int argc, char **argv);
};

static const struct command commands[] = {
	{ "apply", "[--dry-run] [--confirm SECONDS] FILE", "make the network be what FILE says (- = standard input)", cli_apply },
	{ "plan", "FILE", "what apply would do; 0 = nothing, 4 = changes", cli_plan },
	{ "up", "[-i] [-t SECONDS] JAIL", "wait until a jail's interfaces are there (-i: inside it); for exec.prestart, exec.created", cli_up },
	{ "down", "[-t SECONDS] JAIL", "wait until they are out of it again; for exec.poststop", cli_up },
	{ "import", "[options] ezjail|jail-conf|rc-conf [--host | FILE ...], or: host", "what those files would be here; --topology FILE keeps it",
	    cli_import },
	{ "export", "ezjail|jail-conf|rc-conf|shell", "the network as files that work without jailnet", cli_export },
	{ "show", "[KIND [NAME]]", "jails epairs bridges interfaces macs operations topology daemon", cli_show },
	{ "start", "JAIL", "start a jail", cli_jail },
	{ "stop", "JAIL", "stop a jail", cli_jail },
	{ "restart", "JAIL", "stop and start a jail", cli_jail },
	{ "probe", "JAIL ADDRESS [-c COUNT]", "ICMP echoes from inside a jail; 0 = all answered, 5 = some, 1 = none", cli_probe },
	{ "exec", "JAIL -- COMMAND [ARG ...]", "run a command inside a jail (needs root)", cli_exec },
	{ "events", "[--since N] [--follow]", "what happened", cli_events },
	{ "drift", "", "where the kernel is not as wanted; 0 = nowhere, 4 = somewhere", cli_drift },
	{ "token", "create|list|delete ...", "who may use the API over TCP; jailnet token create --name N --role ROLE", cli_token },
	{ "sign-in", "[--role ROLE] [URL]", "a URL that signs a browser in to the dashboard, once", cli_sign_in },
	{ "backup", "FILE", "all the daemon keeps, in one file", cli_backup },
	{ "restore", "[--state-dir DIR] FILE", "back from a backup; the daemon must not run", cli_restore },
	{ "support", "", "what somebody who is to help must know, as JSON without secrets", cli_support },
	{ "audit", "[-n COUNT] | verify [--file FILE] [--expect SEQ:HASH]", "who did what; verify: has anybody tampered with it", cli_audit },
	{ "history", "[-n COUNT]", "revisions of the topology, newest first", cli_history },
	{ "diff", "FROM [TO]", "what differs between two revisions; 0 = nothing, 4 = something", cli_diff },
	{ "rollback", "[--dry-run] [--confirm SECONDS] REVISION", "a new revision with the content of an earlier one", cli_rollback },
	{ "confirm", "[--show]", "keep the change that would be rolled back", cli_confirm },
	{ "graph", "[--format text|dot|mermaid]", "a picture of the topology", cli_graph },
};

static const struct {
	enum err_code code;
	enum cli_exit exit;
} exits[] = {
	{ ERR_INVALID, CLI_USAGE },
	{ ERR_PROTO, CLI_UNREACHABLE },
	{ ERR_TIMEOUT, CLI_UNFINISHED },
};

void
cli_warn(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	text = cli_xmalloc((size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	/* What was printed so far belongs above. */
	fflush(stdout);
	fputs("jailnet: ", stderr);
	text_print(stderr, text, false);
	fputc('\n', stderr);
	free(text);
}

int
cli_fail(const struct err *err)
{
	size_t i;

	cli_warn("%s", err->msg);
	for (i = 0; i < NELEMS(exits); i++)
		if (exits[i].code == err->code)
			return (exits[i].exit);
	return (CLI_NO);
}

static const struct command *
find_command(const char *name)
{
	size_t i;

	for (i = 0; i < NELEMS(commands); i++)
		if (str_equal(commands[i].name, name))
			return (&commands[i]);
	return (NULL);
}

int
cli_usage(const char *command)
{
	const struct command *cmd = find_command(command);

	fprintf(stderr, "usage: jailnet [options] %s %s\n", cmd != NULL ? cmd->name : "COMMAND",
	    cmd != NULL ? cmd->args : "...");
	return (CLI_USAGE);
}

static void
help(FILE *f)
{
	size_t i;

	fputs("usage: jailnet [options] COMMAND ...\n\n", f);
	for (i = 0; i < NELEMS(commands); i++)
		fprintf(f, "  %-8s %-28s %s\n", commands[i].name, commands[i].args, commands[i].help);
	fputs("\noptions:\n"
	    "  --socket PATH      the daemon's socket (JAILNET_SOCKET, default " DEFAULT_SOCKET ")\n"
	    "  --url URL          http or https instead (JAILNET_URL)\n"
	    "  --token-file FILE  its bearer token (or the token itself in JAILNET_TOKEN)\n"
	    "  --ca, --cacert FILE  certificates to trust (JAILNET_CA)\n"
	    "  --cert FILE, --key FILE  our own certificate and its key (JAILNET_CERT, JAILNET_KEY)\n"
	    "  --timeout SECONDS  how long to wait for an operation (300)\n"
	    "  --json             the daemon's JSON instead of tables\n"
	    "  -h, --help         this\n"
	    "  --version          the version\n\n"
	    "exit: 0 ok, 1 negative result, 2 usage, 3 cannot reach the daemon, 4 changes or differences, 5 partly,\n"
	    "      6 refused by the daemon, 7 not finished in time\n", f);
}

void *
cli_xmalloc(size_t size)
{
	return (cli_xrealloc(NULL, size));
}

void *
cli_xrealloc(void *p, size_t size)
{
	void *q = realloc(p, size == 0 ? 1 : size);

	if (q == NULL) {
		fputs("jailnet: out of memory\n", stderr);
		exit(CLI_NO);
	}
	return (q);
}

char *
cli_xstrdup(const char *s)
{
	size_t size = strlen(s) + 1;

	return (memcpy(cli_xmalloc(size), s, size));
}

static const char *
env(const char *name)
{
	const char *s = getenv(name);

	return (s != NULL && s[0] != '\0' ? s : NULL);
}

enum { OPT_SOCKET = 256, OPT_URL, OPT_TOKEN_FILE, OPT_CA, OPT_CERT, OPT_KEY, OPT_TIMEOUT, OPT_JSON, OPT_VERSION };

static const struct option options[] = {
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "url", required_argument, NULL, OPT_URL },
	{ "token-file", required_argument, NULL, OPT_TOKEN_FILE },
	{ "ca", required_argument, NULL, OPT_CA },
	{ "cacert", required_argument, NULL, OPT_CA },
	{ "cert", required_argument, NULL, OPT_CERT },
	{ "key", required_argument, NULL, OPT_KEY },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

/* Returns -1 to go on, else the exit code. */
static int
read_option(struct cli *c, int opt)
{
	uint64_t n;

	switch (opt) {
	case OPT_SOCKET:
		c->socket_path = optarg;
		c->url = NULL;
		return (-1);
	case OPT_URL:
		c->url = optarg;
		return (-1);
	case OPT_TOKEN_FILE:
		c->token_file = optarg;
		return (-1);
	case OPT_CA:
		c->ca_file = optarg;
		return (-1);
	case OPT_CERT:
		c->cert_file = optarg;
		return (-1);
	case OPT_KEY:
		c->key_file = optarg;
		return (-1);
	case OPT_TIMEOUT:
		if (str_u64(optarg, 1, TIMEOUT_MAX_S, &n) == -1) {
			cli_warn("--timeout takes 1 to %d seconds", TIMEOUT_MAX_S);
			return (CLI_USAGE);
		}
		c->timeout_s = (uint32_t)n;
		return (-1);
	case OPT_JSON:
		c->json = true;
		return (-1);
	case OPT_VERSION:
		puts("jailnet " JAILNET_VERSION);
		return (CLI_OK);
	case 'h':
		help(stdout);
		return (CLI_OK);
	}
	fputs("try jailnet --help\n", stderr);
	return (CLI_USAGE);
}

/* "jailnet show jails --json" works too; what follows "--" belongs to somebody else. */
static int
take_json(struct cli *c, int argc, char **argv)
{
	int i, n = 0;

	for (i = 0; i < argc && !str_equal(argv[i], "--"); i++) {
		if (str_equal(argv[i], "--json"))
			c->json = true;
		else
			argv[n++] = argv[i];
	}
	for (; i < argc; i++)
		argv[n++] = argv[i];
	argv[n] = NULL;
	return (n);
}

/* The command reads its own options with a getopt that starts afresh; each libc wants that said differently. */
static void
getopt_again(void)
{
#ifdef __FreeBSD__
	optreset = 1;
	optind = 1;
#else
	optind = 0;
#endif
}

static int
run(struct cli *c, int argc, char **argv)
{
	const struct command *cmd;
	int opt, rv;

	/* "+": options after the command are the command's. */
	while ((opt = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		rv = read_option(c, opt);
		if (rv != -1)
			return (rv);
	}
	if (optind == argc) {
		help(stderr);
		return (CLI_USAGE);
	}
	cmd = find_command(argv[optind]);
	if (cmd == NULL) {
		cli_warn("%s is not a command; try jailnet --help", argv[optind]);
		return (CLI_USAGE);
	}
	argc -= optind;
	argv += optind;
	argc = take_json(c, argc, argv);
	getopt_again();
	return (cmd->run(c, argc, argv));
}

/* A link called jib: existing jail.conf files keep working. */
static bool
is_jib(const char *argv0)
{
	const char *slash = argv0 == NULL ? NULL : strrchr(argv0, '/');

	return (argv0 != NULL && str_equal(slash != NULL ? slash + 1 : argv0, "jib"));
}

int
main(int argc, char **argv)
{
	struct cli c = { .socket_path = DEFAULT_SOCKET, .timeout_s = DEFAULT_TIMEOUT_S };
	int rv;

	if (env("JAILNET_SOCKET") != NULL)
		c.socket_path = env("JAILNET_SOCKET");
	c.url = env("JAILNET_URL");
	c.token = env("JAILNET_TOKEN");
	c.ca_file = env("JAILNET_CA");
	c.cert_file = env("JAILNET_CERT");
	c.key_file = env("JAILNET_KEY");
	rv = is_jib(argv[0]) ? cli_jib(&c, argc, argv) : run(&c, argc, argv);
	if (fflush(stdout) == EOF || ferror(stdout)) {
		fputs("jailnet: cannot write the output\n", stderr);
		return (rv == CLI_OK ? CLI_NO : rv);
	}
	return (rv);
}
