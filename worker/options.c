/*
 * options: getopt, the configuration table, and checks of both.
 */
#include "worker/options.h"

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/conf.h"
#include "core/str.h"

#ifdef __FreeBSD__
#define STATE_DIR "/var/db/jailnet"
#define RUN_DIR "/var/run/jailnet"
#define CONF_FILE "/usr/local/etc/jailnetd.conf"
#else
#define STATE_DIR "/var/lib/jailnet"
#define RUN_DIR "/run/jailnet"
#define CONF_FILE "/etc/jailnetd.conf"
#endif
#define NETNS_DIR "/run/netns"
#define LOG_DIR "/var/log/jailnet"

const char options_usage[] =
"usage: jailnetd [-fnv] [-c FILE] [--sandbox] [--state-dir DIR] [--socket PATH] [--listen ADDR:PORT]...\n"
"  -c, --config FILE   configuration file (" CONF_FILE ")\n"
"  -n, --check         check the configuration and exit\n"
"  -f, --foreground    stay in the foreground, log to stderr\n"
"  -v, --verbose       log every command\n"
"  --sandbox           work in an empty network of our own; needs no root on Linux, touches nothing of the host\n"
"  --state-dir DIR     where the database lives (" STATE_DIR "; in a sandbox a temporary directory)\n"
"  --socket PATH       UNIX socket of the API (" RUN_DIR "/api.sock)\n"
"  --listen ADDR:PORT  loopback TCP address of the API (127.0.0.1:8653); port 0 = any; \"none\" = no TCP\n"
"  --version, -h\n";

#define STR_KEY(key, type, field, dflt) \
	{ key, type, offsetof(struct options_conf, field), sizeof(((struct options_conf *)0)->field), 0, 0, dflt }
#define NUM_KEY(key, field, max, dflt) { key, CONF_U32, offsetof(struct options_conf, field), 0, 0, max, dflt }
#define RANGE_KEY(key, field, min, max, dflt) { key, CONF_U32, offsetof(struct options_conf, field), 0, min, max, dflt }
#define BOOL_KEY(key, field) { key, CONF_BOOL, offsetof(struct options_conf, field), 0, 0, 0, "no" }

static const struct conf_key keys[] = {
	STR_KEY("state_dir", CONF_STR, state_dir, STATE_DIR),
	STR_KEY("socket", CONF_STR, socket, RUN_DIR "/api.sock"),
	STR_KEY("socket_mode", CONF_STR, socket_mode, "0660"),
	STR_KEY("socket_group", CONF_STR, socket_group, ""),
	STR_KEY("listen", CONF_WORDS, listen, "127.0.0.1:8653"),
	STR_KEY("user", CONF_STR, user, "_jailnet"),
	STR_KEY("admin_uids", CONF_WORDS, admin_uids, ""),
	STR_KEY("operator_uids", CONF_WORDS, operator_uids, ""),
	STR_KEY("viewer_uids", CONF_WORDS, viewer_uids, ""),
	STR_KEY("hosts", CONF_WORDS, hosts, ""),
	STR_KEY("tls_listen", CONF_WORDS, tls_listen, ""),
	STR_KEY("tls_cert", CONF_STR, tls_cert, ""),
	STR_KEY("tls_key", CONF_STR, tls_key, ""),
	RANGE_KEY("connections", connections, 16, 10000, "512"),
	RANGE_KEY("connections_per_address", connections_per_address, 1, 10000, "64"),
	RANGE_KEY("request_timeout", request_timeout, 1, 3600, "30"),
	NUM_KEY("rate_limit", rate_limit, 1000000, "1000"),
	NUM_KEY("rate_limit_loopback", rate_limit_loopback, 1000000, "0"),
	STR_KEY("log_level", CONF_STR, log_level, "info"),
	{ "revisions_keep", CONF_U32, offsetof(struct options_conf, revisions_keep), 0, 10, 1000000, "1000" },
	NUM_KEY("revisions_days", revisions_days, 36500, "90"),
	STR_KEY("www", CONF_STR, www, ""),
	STR_KEY("uplinks", CONF_WORDS, policy.uplinks, ""),
	STR_KEY("adopt", CONF_WORDS, policy.adopt, ""),
	STR_KEY("jail_paths", CONF_WORDS, policy.jail_paths, ""),
	BOOL_KEY("allow_exec", policy.allow_exec),
	STR_KEY("sysctls", CONF_WORDS, policy.sysctls, "net.ipv4.* net.ipv6.*"),
	STR_KEY("host_sysctls", CONF_WORDS, policy.host_sysctls, ""),
	STR_KEY("jail_params", CONF_WORDS, policy.jail_params,
	    "allow.raw_sockets allow.chflags allow.mlock allow.sysvipc sysv* devfs_ruleset enforce_statfs securelevel"),
	BOOL_KEY("host_routes", policy.host_routes),
	BOOL_KEY("import_host", policy.import_host),
	STR_KEY("import_root", CONF_STR, policy.import_root, ""),
	NUM_KEY("max_jails", policy.max_jails, LIMIT_JAILS, "5000"),
	NUM_KEY("max_epairs", policy.max_epairs, LIMIT_EPAIRS, "10000"),
	NUM_KEY("max_bridges", policy.max_bridges, LIMIT_BRIDGES, "1000"),
};

static int
parse_args(struct options *o, int argc, char *const argv[], struct err *err)
{
	enum { OPT_SANDBOX = 256, OPT_STATE, OPT_SOCKET, OPT_LISTEN, OPT_VERSION };
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'n' },
		{ "foreground", no_argument, NULL, 'f' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ "sandbox", no_argument, NULL, OPT_SANDBOX },
		{ "state-dir", required_argument, NULL, OPT_STATE },
		{ "socket", required_argument, NULL, OPT_SOCKET },
		{ "listen", required_argument, NULL, OPT_LISTEN },
		{ NULL, 0, NULL, 0 },
	};
	int ch, bad = 0;

	while ((ch = getopt_long(argc, argv, "c:nfvh", longs, NULL)) != -1) {
		switch (ch) {
		case 'c':
			o->conf_path = optarg;
			break;
		case 'n':
			o->check_only = true;
			break;
		case 'f':
			o->foreground = true;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'h':
			o->help = true;
			break;
		case OPT_VERSION:
			o->version = true;
			break;
		case OPT_SANDBOX:
			o->sandbox = true;
			break;
		case OPT_STATE:
			bad |= str_copy(o->state_dir, sizeof(o->state_dir), optarg);
			break;
		case OPT_SOCKET:
			bad |= str_copy(o->socket, sizeof(o->socket), optarg);
			break;
		case OPT_LISTEN:
			if (o->nlisten_args == OPTIONS_LISTEN_MAX)
				return (err_set(err, ERR_SYNTAX, "--listen at most %d times", OPTIONS_LISTEN_MAX));
			o->listen_args[o->nlisten_args++] = optarg;
			break;
		default:
			return (err_set(err, ERR_SYNTAX, "unknown option"));
		}
	}
	if (bad != 0)
		return (err_set(err, ERR_SYNTAX, "a path has at most %d characters", PATH_SIZE - 1));
	if (optind != argc)
		return (err_set(err, ERR_SYNTAX, "unexpected argument %s", argv[optind]));
	return (0);
}

static int
read_file(struct options *o, struct err *err)
{
	const char *path = o->conf_path;

	/* a sandbox takes nothing from the host's configuration unless told to */
	if (path == NULL && !o->sandbox && access(CONF_FILE, F_OK) == 0)
		path = CONF_FILE;
	return (conf_load(path, keys, NELEMS(keys), &o->conf, err));
}

static int
check_uids(const char *key, const char *words, struct err *err)
{
	char text[sizeof(((struct options_conf *)0)->admin_uids)], *save = NULL;
	uint64_t v;

	str_copy(text, sizeof(text), words);
	for (char *w = strtok_r(text, " \t", &save); w != NULL; w = strtok_r(NULL, " \t", &save))
		if (str_u64(w, 0, UINT32_MAX - 1, &v) == -1)
			return (err_set(err, ERR_INVALID, "%s: \"%s\" is not a user id", key, w));
	return (0);
}

static int
check_conf(struct options *o, struct err *err)
{
	static const char *const levels[] = { [LOG_LVL_ERROR] = "error", [LOG_LVL_WARN] = "warn", [LOG_LVL_INFO] = "info",
		[LOG_LVL_DEBUG] = "debug" };
	const struct options_conf *c = &o->conf;
	unsigned long mode;
	struct group *gr;
	char *end;
	size_t i;

	errno = 0;
	mode = strtoul(c->socket_mode, &end, 8);
	if (errno != 0 || *end != '\0' || end == c->socket_mode || mode > 0777)
		return (err_set(err, ERR_INVALID, "socket_mode must be an octal mode like 0660"));
	o->socket_mode = (mode_t)mode;
	o->socket_group = (gid_t)-1;
	if (c->socket_group[0] != '\0') {
		if ((gr = getgrnam(c->socket_group)) == NULL)
			return (err_set(err, ERR_INVALID, "socket_group: there is no group %s", c->socket_group));
		o->socket_group = gr->gr_gid;
	}
	for (i = 0; i < NELEMS(levels) && strcmp(levels[i], c->log_level) != 0; i++)
		;
	if (i == NELEMS(levels))
		return (err_set(err, ERR_INVALID, "log_level must be error, warn, info or debug"));
	o->log_level = o->verbose ? LOG_LVL_DEBUG : (enum log_level)i;
	if (c->policy.import_root[0] != '\0' && c->policy.import_root[0] != '/')
		return (err_set(err, ERR_INVALID, "import_root must be an absolute path"));
	if (c->tls_listen[0] != '\0' && (c->tls_cert[0] != '/' || c->tls_key[0] != '/'))
		return (err_set(err, ERR_INVALID, "tls_listen needs tls_cert and tls_key, both absolute paths"));
	if (check_uids("admin_uids", c->admin_uids, err) == -1 || check_uids("operator_uids", c->operator_uids, err) == -1)
		return (-1);
	return (check_uids("viewer_uids", c->viewer_uids, err));
}

/* Command line over file over default; a sandbox has defaults of its own. */
static int
settle(struct options *o, struct err *err)
{
	const struct options_conf *c = &o->conf;
	bool from_file = o->conf_path != NULL || !o->sandbox;
	size_t len = 0;

	if (o->sandbox) {
		const struct policy file = c->policy;

		policy_open(&o->conf.policy);
		/* what is outside of the sandbox, and what others made, stays the file's to open */
		o->conf.policy.import_host = file.import_host;
		memcpy(o->conf.policy.import_root, file.import_root, sizeof(file.import_root));
		memcpy(o->conf.policy.adopt, file.adopt, sizeof(file.adopt));
	}
	if (o->state_dir[0] == '\0' && from_file && !(o->sandbox && strcmp(c->state_dir, STATE_DIR) == 0))
		str_copy(o->state_dir, sizeof(o->state_dir), c->state_dir);
	if (o->socket[0] == '\0' && from_file && !(o->sandbox && strcmp(c->socket, RUN_DIR "/api.sock") == 0))
		str_copy(o->socket, sizeof(o->socket), c->socket);
	if (o->nlisten_args == 0)
		str_copy(o->listen, sizeof(o->listen), o->sandbox && strcmp(c->listen, "127.0.0.1:8653") == 0 ? "127.0.0.1:0" : c->listen);
	for (size_t i = 0; i < o->nlisten_args; i++) {
		if (str_format(o->listen + len, sizeof(o->listen) - len, "%s%s", len == 0 ? "" : " ", o->listen_args[i]) == -1)
			return (err_set(err, ERR_SYNTAX, "--listen: too long"));
		len = strlen(o->listen);
	}
	if (strcmp(o->listen, "none") == 0)
		o->listen[0] = '\0';
	if (o->sandbox && (strncmp(o->state_dir, "/run/", 5) == 0 || strncmp(o->socket, "/run/", 5) == 0))
		return (err_set(err, ERR_INVALID, "a sandbox has a /run of its own: choose a state directory and a socket elsewhere"));
	if ((o->state_dir[0] != '\0' && o->state_dir[0] != '/') || (o->socket[0] != '\0' && o->socket[0] != '/'))
		return (err_set(err, ERR_INVALID, "the state directory and the socket need absolute paths"));
	o->run_dir = RUN_DIR;
	o->netns_dir = NETNS_DIR;
	o->log_dir = o->sandbox ? RUN_DIR "/log" : LOG_DIR;
	return (0);
}

int
options_load(struct options *o, int argc, char *const argv[], struct err *err)
{
	memset(o, 0, sizeof(*o));
	if (parse_args(o, argc, argv, err) == -1)
		return (-1);
	if (o->help || o->version)
		return (0);
	return (read_file(o, err) == -1 || check_conf(o, err) == -1 || settle(o, err) == -1 ? -1 : 0);
}
