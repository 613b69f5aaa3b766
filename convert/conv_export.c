/*
 * conv_export: a topology as jail.conf and ezjail files, with the rc.conf of conv_rcout.c, that make the same network at boot without
 * jailnet.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/conv_int.h"
#include "core/str.h"

/* --- jail.conf -------------------------------------------------------------------------------------------------------- */

static void
put_jc_string(struct conv_buf *b, const char *s)
{
	cb_put(b, "\"");
	for (; *s != '\0'; s++) {
		if (*s == '\n') {
			cb_put(b, "\\n");
			continue;
		}
		if (*s == '"' || *s == '\\' || *s == '$')
			cb_put(b, "\\");
		cb_putn(b, s, 1);
	}
	cb_put(b, "\"");
}

/* Commands run inside: addresses, routes, forwarding. */
static void
put_jc_inside(struct conv_buf *b, const struct object *o, const struct conv_place *v, size_t n)
{
	const struct jail *j = &o->u.jail;
	char text[PREFIX_TEXT_SIZE], gw[IP_TEXT_SIZE];

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < v[i].addrs->n; k++)
			cb_printf(b, "\texec.start += \"/sbin/ifconfig %s %s %s alias\";\n", v[i].ifname,
			    v[i].addrs->v[k].ip.family == 4 ? "inet" : "inet6", prefix_format(&v[i].addrs->v[k], text));
		cb_printf(b, "\texec.start += \"/sbin/ifconfig %s up\";\n", v[i].ifname);
	}
	for (size_t i = 0; i < j->nroutes; i++)
		cb_printf(b, "\texec.start += \"/sbin/route %sadd %s %s\";\n", j->routes[i].dst.ip.family == 4 ? "" : "-6 ",
		    prefix_is_default(&j->routes[i].dst) ? "default" : prefix_format(&j->routes[i].dst, text),
		    ip_format(&j->routes[i].gateway, gw));
	if (j->forwarding)
		cb_put(b, "\texec.start += \"/sbin/sysctl net.inet.ip.forwarding=1\";\n"
			  "\texec.start += \"/sbin/sysctl net.inet6.ip6.forwarding=1\";\n");
	for (size_t i = 0; i < j->sysctls.n; i++) {
		cb_put(b, "\texec.start += ");
		put_jc_string(b, conv_printf(b->c, "/sbin/sysctl %s=%s", j->sysctls.v[i].key, j->sysctls.v[i].value));
		cb_put(b, ";\n");
	}
}

static void
put_jc_jail(struct conv_buf *b, const struct topo *t, const struct object *o)
{
	const struct jail *j = &o->u.jail;
	struct conv_place *v;
	size_t n = conv_places(b->c, t, o, &v);
	char quoted[2 * NAME_SIZE];

	snprintf(quoted, sizeof(quoted), "%s", o->name);
	cb_printf(b, "%s {\n\tvnet;\n", quoted);
	for (size_t i = 0; i < n; i++)
		cb_printf(b, "%s\"%s\"", i == 0 ? "\tvnet.interface = " : ", ", v[i].ifname);
	if (n > 0)
		cb_put(b, ";\n");
	if (j->external)
		cb_put(b, "\t# path, host.hostname and the rest are its own manager's\n");
	else {
		cb_put(b, "\tpath = ");
		put_jc_string(b, j->path[0] != '\0' ? j->path : "/");
		cb_put(b, ";\n\tpersist;\n");
		if (j->hostname[0] != '\0') {
			cb_put(b, "\thost.hostname = ");
			put_jc_string(b, j->hostname);
			cb_put(b, ";\n");
		}
		for (size_t i = 0; i < j->params.n; i++) {
			cb_printf(b, "\t%.200s = ", j->params.v[i].key);
			put_jc_string(b, j->params.v[i].value);
			cb_put(b, ";\n");
		}
	}
	if (!j->external)	/* nothing else brings it up: without it a jail does not reach its own addresses */
		cb_put(b, "\texec.start += \"/sbin/ifconfig lo0 inet 127.0.0.1/8 up\";\n");
	put_jc_inside(b, o, v, n);
	if (j->exec_start[0] != '\0') {
		cb_put(b, "\texec.start += ");
		put_jc_string(b, j->exec_start);
		cb_put(b, ";\n");
	}
	if (j->exec_stop[0] != '\0') {
		cb_put(b, "\texec.stop = ");
		put_jc_string(b, j->exec_stop);
		cb_put(b, ";\n");
	}
	cb_put(b, "}\n");
}

static void
to_jail_conf(struct conv *c, const struct topo *t)
{
	struct conv_buf b;

	cb_init(&b, c);
	for (size_t i = 0; i < t->n[KIND_JAIL]; i++)
		put_jc_jail(&b, t, t->v[KIND_JAIL][i]);
	conv_text_add(c, "/etc/jail.conf", false, cb_take(&b));
}

/* --- ezjail ------------------------------------------------------------------------------------------------------------- */

const char *
conv_ezjail_name(struct conv *c, const char *name)
{
	char *s = conv_dup(c, name);

	for (char *p = s; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p))
			*p = '_';
	return (s);
}

static void
put_ezjail(struct conv_buf *b, const char *key, const char *attr, const char *value)
{
	cb_printf(b, "export jail_%.80s_%s=\"", key, attr);
	cb_put_quoted(b, value);
	cb_put(b, "\"\n");
}

/* rc.d/jail splits jail_NAME_parameters at blanks and writes the words into jail.conf as they are. */
static bool
is_plain(const char *s)
{
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr("._-/:", *s) == NULL)
			return (false);
	return (true);
}

static void
put_parameters(struct conv_buf *b, const char *key, const struct pairs *p)
{
	struct conv_buf words;

	cb_init(&words, b->c);
	for (size_t i = 0; i < p->n; i++)
		if (is_plain(p->v[i].value))
			cb_printf(&words, "%s%s=%s", words.len > 0 ? " " : "", p->v[i].key, p->v[i].value);
	if (words.len > 0)
		put_ezjail(b, key, "parameters", words.s);
	cb_take(&words);
}

static void
one_ezjail(struct conv *c, const struct topo *t, const struct object *o)
{
	const struct jail *j = &o->u.jail;
	const char *key = conv_ezjail_name(c, o->name), *root;
	struct conv_place *v;
	size_t n = conv_places(c, t, o, &v);
	struct conv_buf b;

	/* Name and root of a jail with a manager of its own stand in its file already, and only there. */
	root = j->external ? conv_printf(c, "(jail %s)", key) : j->path[0] != '\0' ? j->path : conv_printf(c, "/usr/jails/%s", o->name);
	cb_init(&b, c);
	if (!j->external) {
		put_ezjail(&b, key, "hostname", j->hostname[0] != '\0' ? j->hostname : o->name);
		put_ezjail(&b, key, "rootdir", root);
		if (j->exec_start[0] != '\0')
			put_ezjail(&b, key, "exec_start", j->exec_start);
		if (j->exec_stop[0] != '\0')
			put_ezjail(&b, key, "exec_stop", j->exec_stop);
		put_parameters(&b, key, &j->params);
	}
	cb_printf(&b, "export jail_%.80s_ip=\"\"\nexport jail_%.80s_vnet_enable=\"YES\"\nexport jail_%.80s_vnet_interface=\"", key, key, key);
	for (size_t i = 0; i < n; i++)
		cb_printf(&b, "%s%s", i > 0 ? " " : "", v[i].ifname);
	cb_put(&b, "\"\n");
	conv_text_add(c, conv_printf(c, "/usr/local/etc/ezjail/%s%s", key, j->running ? "" : ".norun"), j->external, cb_take(&b));
	cb_init(&b, c);
	conv_put_jail_rc(&b, t, o, NULL);
	conv_text_add(c, conv_printf(c, "%s/etc/rc.conf", root), true, cb_take(&b));
}

/* --- what a format cannot say --------------------------------------------------------------------------------------------- */

static void
ezjail_says(struct conv *c, const struct object *o)
{
	const struct jail *j = &o->u.jail;

	for (size_t i = 0; i < j->params.n; i++)
		if (!is_plain(j->params.v[i].value))
			conv_say(c, CONV_WARNING, NULL, "params", "jail %s has the jail parameter %s, whose value an ezjail file cannot say", o->name,
			    j->params.v[i].key);
	if (j->external)
		return;
	if (j->exec_start[0] == '\0')
		conv_say(c, CONV_WARNING, NULL, "start", "jail %s starts nothing; as an ezjail it runs /bin/sh /etc/rc, which gives it its addresses",
		    o->name);
	else if (strstr(j->exec_start, "/etc/rc") == NULL)
		conv_say(c, CONV_WARNING, NULL, "no-rc",
		    "jail %s starts \"%.80s\", not /etc/rc: nobody reads its rc.conf, and as an ezjail it gets no address", o->name, j->exec_start);
}

static void
export_says(struct conv *c, enum conv_format format, const struct topo *t)
{
	bool jails = format != CONV_TO_RC_CONF, host = format != CONV_TO_JAIL_CONF;

	for (size_t i = 0; host && i < t->n[KIND_BRIDGE]; i++) {
		const struct object *o = t->v[KIND_BRIDGE][i];

		if (o->u.bridge.backend == BACKEND_NETGRAPH)
			conv_say(c, CONV_WARNING, NULL, "netgraph", "bridge %s is a netgraph bridge; the export makes an if_bridge", o->name);
	}
	for (size_t i = 0; host && format != CONV_TO_SHELL_LINUX && i < t->n[KIND_BRIDGE]; i++)
		if (t->v[KIND_BRIDGE][i]->u.bridge.stp)
			conv_say(c, CONV_WARNING, NULL, "stp", "bridge %s runs STP as a whole; FreeBSD is told so for each of its members",
			    t->v[KIND_BRIDGE][i]->name);
	for (size_t i = 0; (format == CONV_TO_JAIL_CONF || format == CONV_TO_EZJAIL) && i < t->n[KIND_EPAIR]; i++)
		for (int s = END_A; s <= END_B; s++) {
			const struct end *e = &t->v[KIND_EPAIR][i]->u.epair.end[s];

			if (e->jail != NULL && !e->up)
				conv_say(c, CONV_WARNING, NULL, "down",
				    "epair %s: %s is to stay down in its jail, which brings up what it configures", t->v[KIND_EPAIR][i]->name,
				    e->ifname);
		}
	for (size_t i = 0; format == CONV_TO_JAIL_CONF && i < t->n[KIND_JAIL]; i++)
		if (!t->v[KIND_JAIL][i]->u.jail.running)
			conv_say(c, CONV_WARNING, NULL, "not-running", "jail %s is not to run, which jail.conf cannot say: leave it out of jail_list",
			    t->v[KIND_JAIL][i]->name);
	for (size_t i = 0; format == CONV_TO_EZJAIL && i < t->n[KIND_JAIL]; i++)
		if (!t->v[KIND_JAIL][i]->u.jail.external && t->v[KIND_JAIL][i]->u.jail.path[0] == '\0')
			conv_say(c, CONV_WARNING, NULL, "root", "jail %s has no root of its own; ezjail wants one: /usr/jails/%s",
			    t->v[KIND_JAIL][i]->name, t->v[KIND_JAIL][i]->name);
	for (size_t i = 0; jails && i < t->n[KIND_JAIL]; i++)
		if (t->v[KIND_JAIL][i]->u.jail.external && (format == CONV_TO_JAIL_CONF || format == CONV_TO_EZJAIL))
			conv_say(
			    c, CONV_NOTE, NULL, "external", "jail %s has its own manager: only its network is written", t->v[KIND_JAIL][i]->name);
	for (size_t i = 0; jails && i < t->n[KIND_JAIL]; i++)
		if (t->v[KIND_JAIL][i]->u.jail.external && !t->v[KIND_JAIL][i]->u.jail.manager_moves &&
		    (format == CONV_TO_JAIL_CONF || format == CONV_TO_EZJAIL))
			conv_say(c, CONV_WARNING, NULL, "moves",
			    "jail %s: jailnet moves its interfaces in; without jailnet vnet.interface does, and the hook \"jailnet up -i\" must go",
			    t->v[KIND_JAIL][i]->name);
	for (size_t i = 0; format == CONV_TO_EZJAIL && i < t->n[KIND_JAIL]; i++)
		if (strchr(t->v[KIND_JAIL][i]->name, '-') != NULL)
			conv_say(c, CONV_WARNING, NULL, "renamed", "ezjail knows the jail %s as %s", t->v[KIND_JAIL][i]->name,
			    conv_ezjail_name(c, t->v[KIND_JAIL][i]->name));
	for (size_t i = 0; format == CONV_TO_EZJAIL && i < t->n[KIND_JAIL]; i++)
		ezjail_says(c, t->v[KIND_JAIL][i]);
	for (size_t i = 0; format == CONV_TO_EZJAIL && i < t->n[KIND_JAIL]; i++)
		if (t->v[KIND_JAIL][i]->u.jail.sysctls.n > 0)
			conv_say(c, CONV_WARNING, NULL, "sysctls",
			    "jail %s has sysctls that an ezjail file cannot say; they go into the jail's own sysctl.conf", t->v[KIND_JAIL][i]->name);
}

int
conv_export(struct conv *c, enum conv_format format, const struct topo *t, struct err *err)
{
	struct conv_buf b;

	export_says(c, format, t);
	if (format == CONV_TO_SHELL_FREEBSD || format == CONV_TO_SHELL_LINUX)
		conv_shell(c, format, t);
	if (format == CONV_TO_RC_CONF || format == CONV_TO_EZJAIL) {
		cb_init(&b, c);
		conv_put_rc(&b, t, NULL, false);
		conv_put_notes(&b, t, format == CONV_TO_EZJAIL);
		conv_text_add(c, "/etc/rc.conf", true, cb_take(&b));
	}
	if (format == CONV_TO_JAIL_CONF)
		to_jail_conf(c, t);
	for (size_t i = 0; format == CONV_TO_EZJAIL && i < t->n[KIND_JAIL]; i++)
		one_ezjail(c, t, t->v[KIND_JAIL][i]);
	return (c->nomem ? err_nomem(err) : 0);
}
