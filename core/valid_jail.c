/*
 * valid_jail: the fields that only jails have.
 */
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "core/valid_int.h"

/* RFC 952, RFC 1123 2.1: labels of letters, digits and inner hyphens, joined by dots. */
static bool
hostname_is_legal(const char *s)
{
	size_t label = 0;

	if (strlen(s) >= HOSTNAME_SIZE)
		return (false);
	for (size_t i = 0;; i++) {
		if (s[i] == '.' || s[i] == '\0') {
			if (label == 0 || label > 63 || s[i - 1] == '-')
				return (false);
			label = 0;
			if (s[i] == '\0')
				return (true);
		} else {
			if (!valid_is_alnum(s[i]) && !(s[i] == '-' && label > 0))
				return (false);
			label++;
		}
	}
}

/* NULL = fine. */
static const char *
path_fault(const char *s)
{
	if (s[0] != '/')
		return ("a path is absolute: it starts with '/'");
	if (strlen(s) >= PATH_SIZE)
		return ("a path has at most 255 characters");
	for (const char *p = s; (p = strstr(p, "/..")) != NULL; p += 3)
		if (p[3] == '/' || p[3] == '\0')
			return ("a path without '..', please");
	return (NULL);
}

static bool
sysctl_is_legal(const char *s)
{
	if (strlen(s) >= NAME_SIZE || strncmp(s, "net.", 4) != 0)
		return (false);
	for (size_t i = 0; s[i] != '\0'; i++)
		if (s[i] == '.' ? s[i + 1] == '.' || s[i + 1] == '\0'
				: !valid_is_alnum(s[i]) && s[i] != '_' && s[i] != '-')
			return (false);
	return (true);
}

static bool
is_one_line(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return (false);
	return (true);
}

static void
look_command(const struct look *l, const char *command, const char *below)
{
	if (strlen(command) >= COMMAND_SIZE)
		valid_bad(l, ERR_INVALID, "a command has at most 511 bytes; put more into a script", "%s", below);
	else if (!str_utf8(command, strlen(command)))
		valid_bad(l, ERR_INVALID, "not valid UTF-8", "%s", below);
}

static void
look_routes(const struct look *l)
{
	const struct jail *j = &l->o->u.jail;
	char text[PREFIX_TEXT_SIZE], key[2 * NAME_SIZE];

	if (j->nroutes > LIMIT_ROUTES) {
		valid_bad(l, ERR_LIMIT, "at most 256 routes", "/routes");
		return;
	}
	for (size_t i = 0; i < j->nroutes; i++) {
		const struct route *r = &j->routes[i];
		struct prefix net = prefix_network(&r->dst);
		const char *fault = NULL;

		if (prefix_is_default(&r->dst) && r->dst.ip.family == 4)
			snprintf(text, sizeof(text), "default");
		else
			prefix_format(&r->dst, text);
		if (r->gateway.family != r->dst.ip.family)
			fault = "destination and gateway must be of one family, both IPv4 or both IPv6";
		else if (ip_is_unspecified(&r->gateway) || ip_is_multicast(&r->gateway) ||
			 valid_is_loopback(&r->gateway))
			fault = "a gateway is the address of a neighbour";
		else if (prefix_cmp(&net, &r->dst) != 0)
			fault = "a destination has no host bits: 192.0.2.0/24";
		else if (i > 0 && prefix_cmp(&j->routes[i - 1].dst, &r->dst) == 0)
			fault = "the same destination stands here twice";
		if (fault != NULL)
			valid_bad(l, ERR_INVALID, fault, "/routes/%s", str_pointer(text, key, sizeof(key)));
	}
}

static void
look_sysctls(const struct look *l)
{
	const struct pairs *p = &l->o->u.jail.sysctls;
	char key[2 * NAME_SIZE];

	if (p->n > LIMIT_PAIRS)
		valid_bad(l, ERR_LIMIT, "at most 64 sysctls", "/sysctls");
	for (size_t i = 0; i < p->n && i < LIMIT_PAIRS; i++) {
		if (!sysctl_is_legal(p->v[i].key))
			valid_bad(l, ERR_INVALID,
			    "a jail's sysctl is dotted and begins with net., like net.ipv4.ip_forward", "/sysctls/%s",
			    str_pointer(p->v[i].key, key, sizeof(key)));
		else if (strlen(p->v[i].value) > 127 || !is_one_line(p->v[i].value) || p->v[i].value[0] == '\0')
			valid_bad(l, ERR_INVALID, "a value is one line of 1 to 127 characters", "/sysctls/%s",
			    str_pointer(p->v[i].key, key, sizeof(key)));
	}
}

static void
look_params(const struct look *l)
{
	const struct pairs *p = &l->o->u.jail.params;
	char key[2 * NAME_SIZE], text[PARAMS_SIZE];

	if (p->n > LIMIT_PAIRS) {
		valid_bad(l, ERR_LIMIT, "at most 64 parameters", "/params");
		return;
	}
	for (size_t i = 0; i < p->n; i++) {
		if (!param_key_is_legal(p->v[i].key))
			valid_bad(l, ERR_INVALID,
			    "not a parameter of jail(8) that can be set here, like allow.raw_sockets; name, path, addresses and the network are "
			    "jailnet's own",
			    "/params/%s", str_pointer(p->v[i].key, key, sizeof(key)));
		else if (!is_one_line(p->v[i].value))
			valid_bad(l, ERR_INVALID, "a value is one line", "/params/%s", str_pointer(p->v[i].key, key, sizeof(key)));
	}
	if (params_format(p, text) == -1)
		valid_bad(l, ERR_LIMIT, "all parameters together, each as key=value, take at most 447 bytes", "/params");
}

/* What only a jail of ours has: somebody else makes and starts an external one. */
static void
look_external(const struct look *l)
{
	static const char msg[] = "an external jail has its own manager, which sets this";
	const struct jail *j = &l->o->u.jail;

	if (!(l->features & FEATURE_EXTERNAL_JAILS))
		valid_bad(l, ERR_UNSUPPORTED, "this platform has no external jails; use \"jailnet\"", "/manager");
	if (j->path[0] != '\0')
		valid_bad(l, ERR_INVALID, msg, "/path");
	if (j->hostname[0] != '\0')
		valid_bad(l, ERR_INVALID, msg, "/hostname");
	if (j->exec_start[0] != '\0')
		valid_bad(l, ERR_INVALID, msg, "/exec/start");
	if (j->exec_stop[0] != '\0')
		valid_bad(l, ERR_INVALID, msg, "/exec/stop");
	if (j->params.n > 0)
		valid_bad(l, ERR_INVALID, msg, "/params");
}

void
valid_jail(const struct look *l)
{
	const struct jail *j = &l->o->u.jail;
	const char *fault;

	if (j->external)
		look_external(l);
	else if (j->manager_moves)
		valid_bad(l, ERR_INVALID, "only an external jail has a manager that can move interfaces in; use \"jailnet\"", "/moves");
	if (j->path[0] != '\0' && (fault = path_fault(j->path)) != NULL)
		valid_bad(l, ERR_INVALID, fault, "/path");
	if (j->hostname[0] != '\0' && !hostname_is_legal(j->hostname))
		valid_bad(
		    l, ERR_INVALID, "a host name is letters, digits, '-' and '.', at most 64 characters", "/hostname");
	look_command(l, j->exec_start, "/exec/start");
	look_command(l, j->exec_stop, "/exec/stop");
	look_routes(l);
	look_sysctls(l);
	if (j->params.n > 0 && !(l->features & FEATURE_JAIL_PARAMS))
		valid_bad(l, ERR_UNSUPPORTED, "jail parameters exist on FreeBSD only", "/params");
	else
		look_params(l);
}
