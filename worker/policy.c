/*
 * policy: one check per command.
 */
#include "worker/policy.h"

#include <stdio.h>
#include <string.h>

#include "core/conf.h"
#include "core/str.h"

#define EXEC_TIMEOUT_MAX_S 3600
#define PROBE_WAIT_MAX_MS 10000
#define VLAN_MAX 4094

struct check {
	const struct policy *p;
	const struct policy_counts *have;
	struct err *err;
};

#define DENY(c, ...) err_set((c)->err, ERR_DENIED, __VA_ARGS__)

static int
own_name(const struct check *c, const char *name, size_t max, const char *what)
{
	if (!name_is_legal(name, max))
		return (DENY(c, "not a legal %s name", what));
	return (0);
}

/* "" is the host. */
static int
place(const struct check *c, const char *jail)
{
	return (jail[0] == '\0' ? 0 : own_name(c, jail, NAME_SIZE - 1, "jail"));
}

/* An interface that may be foreign: eth0.100, br-lan, wg0@x; never a path or an option. */
static int
any_ifname(const struct check *c, const char *name)
{
	if (!ifname_is_legal(name))
		return (DENY(c, "not a legal interface name"));
	return (0);
}

static int
mtu_ok(const struct check *c, uint32_t mtu)
{
	if (mtu < MTU_MIN || mtu > MTU_MAX)
		return (DENY(c, "mtu %u is not within %d..%d", mtu, MTU_MIN, MTU_MAX));
	return (0);
}

static int
mac_ok(const struct check *c, const struct mac *m)
{
	if (!mac_is_usable(m))
		return (DENY(c, "not a MAC address an interface can have"));
	return (0);
}

static int
host_ip(const struct check *c, const struct ip *ip)
{
	if (ip->family == 0 || ip_is_multicast(ip) || ip_is_unspecified(ip))
		return (DENY(c, "not the address of a host"));
	return (0);
}

/* Absolute, nothing that climbs, at or below a directory of jail_paths.  "" and "/" are no chroot at all. */
static int
path_ok(const struct check *c, const char *path)
{
	char words[POLICY_WORDS], *save = NULL;
	size_t len;

	if (path[0] == '\0' || strcmp(path, "/") == 0)
		return (0);
	if (path[0] != '/' || strstr(path, "//") != NULL)
		return (DENY(c, "a jail's path must be absolute and plain"));
	for (const char *s = path; (s = strstr(s, "/.")) != NULL; s += 2)
		if (s[2] == '\0' || s[2] == '/' || (s[2] == '.' && (s[3] == '\0' || s[3] == '/')))
			return (DENY(c, "a jail's path must not hold \".\" or \"..\""));
	str_copy(words, sizeof(words), c->p->jail_paths);
	for (char *w = strtok_r(words, " \t", &save); w != NULL; w = strtok_r(NULL, " \t", &save)) {
		if (strcmp(w, "*") == 0)
			return (0);
		len = strlen(w);
		while (len > 1 && w[len - 1] == '/')
			len--;
		if (strncmp(path, w, len) == 0 && (path[len] == '\0' || path[len] == '/'))
			return (0);
	}
	return (DENY(c, "path %s is not within jail_paths of jailnetd.conf", path));
}

static int
room_for(const struct check *c, uint32_t have, uint32_t max, const char *what)
{
	if (have >= max)
		return (err_set(c->err, ERR_LIMIT, "max_%s of jailnetd.conf is %u", what, max));
	return (0);
}

/* The worker answers HELLO, OBSERVE and COUNTERS itself. */
static int
check_hello(const struct check *c, enum cmd_op op, const struct cmd_hello *v)
{
	(void)c;
	(void)op;
	(void)v;
	return (0);
}

static int
check_observe(const struct check *c, enum cmd_op op, const struct cmd_observe *v)
{
	(void)op;
	if (v->scope == OBSERVE_JAIL)
		return (own_name(c, v->name, NAME_SIZE - 1, "jail"));
	return (v->scope == OBSERVE_LINK ? any_ifname(c, v->name) : 0);
}

static int
check_bridge(const struct check *c, enum cmd_op op, const struct cmd_bridge *v)
{
	if (own_name(c, v->name, IFNAME_SIZE - 1, "bridge") == -1 || mtu_ok(c, v->mtu) == -1 || mac_ok(c, &v->mac) == -1)
		return (-1);
	return (op == CMD_BRIDGE_CREATE ? room_for(c, c->have->bridges, c->p->max_bridges, "bridges") : 0);
}

static int
check_ref(const struct check *c, enum cmd_op op, const struct cmd_ref *v)
{
	bool jail = op == CMD_JAIL_DESTROY;

	return (own_name(c, v->name, jail ? NAME_SIZE - 1 : IFNAME_SIZE - 1, jail ? "jail" : "bridge"));
}

static int
check_epair(const struct check *c, enum cmd_op op, const struct cmd_epair *v)
{
	(void)op;
	if (own_name(c, v->name, IFNAME_SIZE - 1, "epair") == -1 || mtu_ok(c, v->mtu) == -1)
		return (-1);
	for (int i = 0; i < 2; i++) {
		const struct cmd_end *e = &v->end[i];

		if (own_name(c, e->ifname, IFNAME_SIZE - 1, "interface") == -1 || mac_ok(c, &e->mac) == -1 ||
		    place(c, e->jail) == -1 || (e->bridge[0] != '\0' && any_ifname(c, e->bridge) == -1))
			return (-1);
		if (e->jail[0] != '\0' && e->bridge[0] != '\0')
			return (DENY(c, "an end cannot be in a jail and in a bridge"));
	}
	return (room_for(c, c->have->epairs, c->p->max_epairs, "epairs"));
}

static int
check_iface(const struct check *c, enum cmd_op op, const struct cmd_iface *v)
{
	(void)op;
	if (place(c, v->jail) == -1 || any_ifname(c, v->ifname) == -1 || place(c, v->other_jail) == -1)
		return (-1);
	return (v->other[0] != '\0' ? any_ifname(c, v->other) : 0);
}

static int
check_ifset(const struct check *c, enum cmd_op op, const struct cmd_ifset *v)
{
	(void)op;
	if (place(c, v->jail) == -1 || any_ifname(c, v->ifname) == -1)
		return (-1);
	if (v->fields == 0 || (v->fields & ~(IFSET_MTU | IFSET_MAC | IFSET_UP | IFSET_MARK | IFSET_TRAITS)) != 0)
		return (DENY(c, "unknown or no fields to set"));
	if ((v->fields & IFSET_TRAITS) &&
	    (v->jail[0] != '\0' || (v->fields & IFSET_MARK) || v->traits.fields == 0 || (v->traits.fields & ~TRAIT_ALL) != 0))
		return (DENY(c, "what a foreign interface had on the host is given back there only"));
	if (((v->fields & IFSET_MTU) && mtu_ok(c, v->mtu) == -1) || ((v->fields & IFSET_MAC) && mac_ok(c, &v->mac) == -1))
		return (-1);
	if (!(v->fields & IFSET_MARK))
		return (0);
	if (!v->mark.ours || !v->mark.has_object || (v->mark.kind != KIND_BRIDGE && v->mark.kind != KIND_EPAIR))
		return (DENY(c, "a mark must name a bridge or an epair"));
	return (own_name(c, v->mark.name, IFNAME_SIZE - 1, kind_name(v->mark.kind)));
}

static int
check_rename(const struct check *c, enum cmd_op op, const struct cmd_rename *v)
{
	(void)op;
	if (place(c, v->jail) == -1 || any_ifname(c, v->ifname) == -1)
		return (-1);
	return (own_name(c, v->to, IFNAME_SIZE - 1, "interface"));
}

static int
check_move(const struct check *c, enum cmd_op op, const struct cmd_move *v)
{
	(void)op;
	return (any_ifname(c, v->ifname) == -1 || place(c, v->from) == -1 || place(c, v->to) == -1 ? -1 : 0);
}

static int
check_port(const struct check *c, enum cmd_op op, const struct cmd_port *v)
{
	(void)op;
	if (any_ifname(c, v->bridge) == -1 || any_ifname(c, v->ifname) == -1)
		return (-1);
	if (v->untagged > VLAN_MAX)
		return (DENY(c, "VLAN ids are 1..%d", VLAN_MAX));
	for (uint16_t i = 0; i < v->ntagged; i++)
		if (v->tagged[i] == 0 || v->tagged[i] > VLAN_MAX)
			return (DENY(c, "VLAN ids are 1..%d", VLAN_MAX));
	return (0);
}

static int
check_addr(const struct check *c, enum cmd_op op, const struct cmd_addr *v)
{
	(void)op;
	if (place(c, v->jail) == -1 || any_ifname(c, v->ifname) == -1 || host_ip(c, &v->prefix.ip) == -1)
		return (-1);
	if (v->prefix.len == 0)
		return (DENY(c, "an interface address needs a prefix length"));
	return (0);
}

static int
check_route(const struct check *c, enum cmd_op op, const struct cmd_route *v)
{
	struct prefix net = prefix_network(&v->dst);

	if (place(c, v->jail) == -1)
		return (-1);
	if (v->jail[0] == '\0' && !c->p->host_routes)
		return (DENY(c, "routes of the host are not jailnet's"));
	if (v->dst.ip.family == 0 || ip_is_multicast(&v->dst.ip) || prefix_cmp(&net, &v->dst) != 0)
		return (DENY(c, "not a destination network"));
	if (op == CMD_ROUTE_DEL && v->gateway.family == 0)
		return (0);
	if (v->gateway.family != v->dst.ip.family)
		return (DENY(c, "gateway and destination are of different families"));
	return (host_ip(c, &v->gateway));
}

static int
check_sysctl(const struct check *c, enum cmd_op op, const struct cmd_sysctl *v)
{
	static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t len = strlen(v->key);

	if (place(c, v->jail) == -1)
		return (-1);
	if (strncmp(v->key, "net.", 4) != 0 || strspn(v->key, legal) != len || strstr(v->key, "..") != NULL ||
	    v->key[len - 1] == '.')
		return (DENY(c, "not a sysctl below net."));
	for (const char *s = v->value; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
			return (DENY(c, "not a sysctl value"));
	if (op == CMD_SYSCTL_SET && !conf_words_match(v->jail[0] == '\0' ? c->p->host_sysctls : c->p->sysctls, v->key))
		return (DENY(c, "sysctl %s is not within %ssysctls of jailnetd.conf", v->key, v->jail[0] == '\0' ? "host_" : ""));
	return (0);
}

/* "key=value\n" each, as params_format() writes them. */
static int
params_ok(const struct check *c, const char *params)
{
	char text[PARAMS_SIZE], *save = NULL, *value;

	for (const char *s = params; *s != '\0'; s++)
		if (*s != '\n' && ((unsigned char)*s < 0x20 || *s == 0x7f))
			return (DENY(c, "not the parameters of a jail"));
	str_copy(text, sizeof(text), params);
	for (char *key = strtok_r(text, "\n", &save); key != NULL; key = strtok_r(NULL, "\n", &save)) {
		value = strchr(key, '=');
		if (value == NULL)
			return (DENY(c, "not the parameters of a jail"));
		*value = '\0';
		if (!param_key_is_legal(key))
			return (DENY(c, "not a parameter a jail may be given"));
		if (!conf_words_match(c->p->jail_params, key))
			return (DENY(c, "parameter %s is not within jail_params of jailnetd.conf", key));
	}
	return (0);
}

static int
check_jail(const struct check *c, enum cmd_op op, const struct cmd_jail *v)
{
	static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";

	if (own_name(c, v->name, NAME_SIZE - 1, "jail") == -1 || path_ok(c, v->path) == -1)
		return (-1);
	if (strspn(v->hostname, legal) != strlen(v->hostname))
		return (DENY(c, "not a hostname"));
	if (params_ok(c, v->params) == -1)
		return (-1);
	return (op == CMD_JAIL_CREATE ? room_for(c, c->have->jails, c->p->max_jails, "jails") : 0);
}

static int
check_exec(const struct check *c, enum cmd_op op, const struct cmd_exec *v)
{
	(void)op;
	if (own_name(c, v->name, NAME_SIZE - 1, "jail") == -1 || path_ok(c, v->path) == -1)
		return (-1);
	if (v->timeout_s > EXEC_TIMEOUT_MAX_S)
		return (DENY(c, "a command may take at most %d s", EXEC_TIMEOUT_MAX_S));
	if (v->command[0] == '\0')
		return (0);
	if (!c->p->allow_exec)
		return (DENY(c, "allow_exec of jailnetd.conf is no: commands in jails are not run"));
	if (!str_utf8(v->command, strlen(v->command)))
		return (DENY(c, "a command must be UTF-8"));
	return (0);
}

static int
check_probe(const struct check *c, enum cmd_op op, const struct cmd_probe *v)
{
	(void)op;
	if (place(c, v->jail) == -1 || host_ip(c, &v->to) == -1)
		return (-1);
	if (v->count < 1 || v->count > PROBE_MAX)
		return (DENY(c, "a probe sends 1..%d echoes", PROBE_MAX));
	if (v->interval_ms > PROBE_WAIT_MAX_MS || v->timeout_ms > PROBE_WAIT_MAX_MS)
		return (DENY(c, "a probe waits at most %d ms", PROBE_WAIT_MAX_MS));
	return (0);
}

static int
check_files(const struct check *c, enum cmd_op op, const struct cmd_files *v)
{
	(void)op;
	if (v->format >= HOST_FORMAT_COUNT)
		return (DENY(c, "not a format of configuration files"));
	if (!c->p->import_host)
		return (
		    DENY(c, "import_host of jailnetd.conf is no: the host's files are not read. Set it to yes, or send the files: jailnet import %s",
			host_format_name(v->format)));
	return (0);
}

static const char *
word(bool v)
{
	return (v ? "yes" : "no");
}

void
policy_print(const struct policy *p, char buf[POLICY_TEXT_SIZE])
{
	snprintf(buf, POLICY_TEXT_SIZE,
	    "uplinks = %s\nadopt = %s\njail_paths = %s\nallow_exec = %s\nsysctls = %s\nhost_sysctls = %s\njail_params = %s\nhost_routes = %s\n"
	    "import_host = %s\nimport_root = %s\nmax_jails = %u\nmax_epairs = %u\nmax_bridges = %u\n",
	    p->uplinks, p->adopt, p->jail_paths, word(p->allow_exec), p->sysctls, p->host_sysctls, p->jail_params, word(p->host_routes),
	    word(p->import_host), p->import_root, p->max_jails, p->max_epairs, p->max_bridges);
}

void
policy_open(struct policy *p)
{
	memset(p, 0, sizeof(*p));
	str_copy(p->uplinks, sizeof(p->uplinks), "*");
	str_copy(p->jail_paths, sizeof(p->jail_paths), "*");
	str_copy(p->sysctls, sizeof(p->sysctls), "*");
	str_copy(p->host_sysctls, sizeof(p->host_sysctls), "*");
	str_copy(p->jail_params, sizeof(p->jail_params), "*");
	p->allow_exec = p->host_routes = p->import_host = true;
	p->max_jails = LIMIT_JAILS;
	p->max_epairs = LIMIT_EPAIRS;
	p->max_bridges = LIMIT_BRIDGES;
}

int
policy_check(const struct policy *p, const struct policy_counts *have, const struct cmd *c, struct err *err)
{
	const struct check check = { .p = p, .have = have, .err = err };
	enum cmd_op which = c->op;

	switch (which) {
#define X(op, member, flags)					\
	case CMD_##op:						\
		return (check_##member(&check, which, &c->u.member));
	CMD_LIST(X)
#undef X
	}
	return (err_set(err, ERR_DENIED, "unknown command"));
}

bool
policy_foreign_ok(void *arg, const char *ifname)
{
	const struct policy *p = arg;

	return (conf_words_match(p->uplinks, ifname) != 0);
}

bool
policy_adopt_ok(void *arg, const char *name)
{
	const struct policy *p = arg;

	return (conf_words_match(p->adopt, name) != 0);
}
