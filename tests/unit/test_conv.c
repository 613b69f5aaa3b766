/* convert/: jib's addresses, the strict shell reader, jail.conf's grammar, the article's own lines, bad input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "convert/conv_jc.h"
#include "core/str.h"
#include "core/valid.h"

struct rig {
	struct conv c;
	struct topo t;
};

static void
run(struct rig *r, enum conv_kind kind, const char *path, const char *text, struct conv_opts opts)
{
	struct conv_file f = { path, text, strlen(text), NULL };
	struct err err = { 0 };

	conv_init(&r->c);
	assert_int_equal(conv_import(&r->c, kind, &f, 1, &opts, &r->t, &err), 0);
}

static void
done(struct rig *r)
{
	topo_fini(&r->t);
	conv_fini(&r->c);
}

static const struct conv_msg *
said(const struct rig *r, const char *code)
{
	for (size_t i = 0; i < r->c.nmsgs; i++)
		if (strcmp(r->c.msgs[i].code, code) == 0)
			return (&r->c.msgs[i]);
	return (NULL);
}

static const char *
text_of(const struct rig *r, const char *path)
{
	for (size_t i = 0; i < r->c.ntexts; i++)
		if (strcmp(r->c.texts[i].path, path) == 0)
			return (r->c.texts[i].text);
	return ("");
}

/* --- jib ---------------------------------------------------------------------------------------------------- */

static void
test_jib_vectors(void **state)
{
	static const struct {
		const char *parent, *name;
		unsigned counter;
		const char *a, *b;
	} v[] = {
		{ "00:25:90:aa:bb:cc", "web", 0, "02:40:b2:aa:bb:cc", "0e:40:b2:aa:bb:cc" },
		{ "00:25:90:aa:bb:cc", "web", 1, "12:40:b2:aa:bb:cc", "1e:40:b2:aa:bb:cc" },
		{ "02:00:00:11:22:33", "xxx", 0, "0a:00:d2:11:22:33", "0e:00:d2:11:22:33" },
		{ "0e:12:34:56:78:9a", "db_1", 0, "02:80:85:56:78:9a", "06:80:85:56:78:9a" },
	};
	(void)state;

	for (size_t i = 0; i < NELEMS(v); i++) {
		char text[MAC_TEXT_SIZE];
		struct mac p, a, b;

		assert_int_equal(mac_parse(v[i].parent, &p, NULL), 0);
		jib_macs(&p, v[i].name, v[i].counter, &a, &b);
		assert_string_equal(mac_format(&a, text), v[i].a);
		assert_string_equal(mac_format(&b, text), v[i].b);
	}
	assert_true(jib_name_ok("db_1"));
	assert_false(jib_name_ok("db-1"));
	assert_false(jib_name_ok(""));
}

static void
test_jib_lines(void **state)
{
	static const struct conv_known known[] = { { NULL, "re0", { { 0x00, 0x25, 0x90, 0xaa, 0xbb, 0xcc } } } };
	struct rig r;
	const struct object *o;
	char text[MAC_TEXT_SIZE];
	(void)state;

	run(&r, CONV_EZJAIL, "/usr/local/etc/ezjail/web",
	    "export jail_web_ip=\"\"\n"
	    "export jail_web_vnet_enable=\"YES\"\n"
	    "export jail_web_vnet_interface=\"e0b_web\"\n"
	    "export jail_web_exec_prestart0=\"/usr/local/sbin/jib addm web re0\"\n"
	    "export jail_web_exec_poststop0=\"/usr/local/sbin/jib destroy web\"\n",
	    (struct conv_opts){ .known = known, .nknown = 1 });
	o = topo_find(&r.t, KIND_EPAIR, "e0_web");
	assert_non_null(o);
	assert_string_equal(o->u.epair.end[END_A].ifname, "e0a_web");
	assert_string_equal(o->u.epair.end[END_A].bridge, "re0bridge");
	assert_string_equal(o->u.epair.end[END_B].ifname, "e0b_web");
	assert_string_equal(o->u.epair.end[END_B].jail, "web");
	assert_string_equal(mac_format(&o->u.epair.end[END_B].mac, text), "0e:40:b2:aa:bb:cc");
	o = topo_find(&r.t, KIND_BRIDGE, "re0bridge");
	assert_non_null(o);
	assert_string_equal(o->u.bridge.members[0].ifname, "re0");
	assert_int_equal(r.c.nmsgs, 0);
	done(&r);
}

/* What runs keeps its addresses, wherever its halves are; jib's own are for what is down, and !re0 counts for nothing. */
static void
test_jib_running(void **state)
{
	static const struct conv_known known[] = { { "", "re0", { { 0x00, 0x25, 0x90, 0xaa, 0xbb, 0xcc } } },
		{ "", "e0a_web", { { 0x02, 0xee, 0, 0, 0, 1 } } }, { "web", "e0b_web", { { 0x02, 0xee, 0, 0, 0, 2 } } },
		{ "other", "e0b_db", { { 0x02, 0xee, 0, 0, 0, 3 } } }, { "", "e0a_db", { { 0x02, 0x40, 0xb2, 0xaa, 0xbb, 0xcc } } },
		{ "web", "epair5b", { { 0x02, 0xee, 0, 0, 0, 5 } } } };
	static const struct {
		const char *pair;
		int side;
		const char *mac;	/* "" = the daemon's to choose */
	} want[] = { { "e0_web", END_A, "02:ee:00:00:00:01" }, { "e0_web", END_B, "02:ee:00:00:00:02" }, { "e0_db", END_B, "0e:" },
		{ "e1_two", END_B, "0e:" }, { "e0_two", END_B, "" }, { "epair5", END_B, "02:ee:00:00:00:05" }, { "epair5", END_A, "" } };
	const struct conv_opts opts = { .known = known, .nknown = NELEMS(known), .managed = true };
	const struct object *o;
	char text[MAC_TEXT_SIZE];
	struct rig r;
	(void)state;

	run(&r, CONV_JAIL_CONF, "/etc/jail.conf",
	    "web { vnet; vnet.interface = e0b_web, epair5b; exec.prestart = \"jib addm web re0\", \"ifconfig epair5 create\"; }\n"
	    "db { vnet; vnet.interface = e0b_db; exec.prestart = \"jib addm db re0\"; }\n"
	    "two { vnet; vnet.interface = e0b_two, e1b_two; exec.prestart = \"jib addm two !re0 re0\"; }\n", opts);
	for (size_t i = 0; i < NELEMS(want); i++) {
		o = topo_find(&r.t, KIND_EPAIR, want[i].pair);
		assert_non_null(o);
		if (o->u.epair.end[want[i].side].mac_pinned != (want[i].mac[0] != '\0') ||
		    strncmp(mac_format(&o->u.epair.end[want[i].side].mac, text), want[i].mac, strlen(want[i].mac)) != 0)
			fail_msg("%s %d: %s", want[i].pair, want[i].side, text);
	}
	assert_string_equal(said(&r, "mac-kept")->text, "e0a_web has 02:ee:00:00:00:01 now and keeps it; jib would give it 02:40:b2:aa:bb:cc");
	assert_int_equal(said(&r, "mac-kept")->line, 1);
	done(&r);
}

/* --- the article -------------------------------------------------------------------------------------------- */

static void
test_article_static(void **state)
{
	struct rig r;
	(void)state;

	run(&r, CONV_EZJAIL, "/usr/local/etc/ezjail/jailname",
	    "export jail_jailname_hostname=\"jailname\"\n"
	    "export jail_jailname_ip=\"re0|,re0|2a01:e34:ec2a:94a0::11,lo0|\"\n"
	    "export jail_jailname_rootdir=\"/usr/jails/jailname\"\n",
	    (struct conv_opts){ .first_epair = 17 });
	assert_string_equal(text_of(&r, "/usr/local/etc/ezjail/jailname"),
	    "export jail_jailname_hostname=\"jailname\"\n"
	    "export jail_jailname_ip=\"\"\n"
	    "export jail_jailname_vnet_enable=\"YES\"\n"
	    "export jail_jailname_vnet_interface=\"epair17b\"\n"
	    "export jail_jailname_rootdir=\"/usr/jails/jailname\"\n");
	assert_string_equal(text_of(&r, "/etc/rc.conf"),
	    "cloned_interfaces=\"${cloned_interfaces} bridge0 epair17\"\n"
	    "ifconfig_bridge0=\"up addm re0 addm epair17a\"\n"
	    "ifconfig_re0=\"${ifconfig_re0} up\"\n"
	    "ifconfig_epair17a=\"up\"\n");
	assert_non_null(said(&r, "no-address"));
	assert_int_equal(said(&r, "no-address")->line, 2);
	assert_non_null(said(&r, "outside-net"));
	done(&r);
}

/* With rc.conf at hand the lines are the article's own. */
static void
test_article_rc(void **state)
{
	static const char rc[] = "ifconfig_re0=\"DHCP\"\n", jail[] = "export jail_jailname_ip=\"re0|192.0.2.11/24\"\n";
	struct conv_file f[] = { { "/etc/rc.conf", rc, sizeof(rc) - 1, NULL }, { "/usr/local/etc/ezjail/jailname", jail, sizeof(jail) - 1, NULL } };
	struct conv_opts opts = { .first_epair = 17 };
	struct err err = { 0 };
	struct rig r;
	(void)state;

	conv_init(&r.c);
	assert_int_equal(conv_import(&r.c, CONV_EZJAIL, f, 2, &opts, &r.t, &err), 0);
	assert_string_equal(text_of(&r, "/etc/rc.conf"),
	    "cloned_interfaces=\"bridge0 epair17\"\n"
	    "ifconfig_bridge0=\"up addm re0 addm epair17a\"\n"
	    "ifconfig_epair17a=\"up\"\n");
	done(&r);
}

static void
test_article_jib(void **state)
{
	struct rig r;
	(void)state;

	run(&r, CONV_EZJAIL, "/usr/local/etc/ezjail/jailname",
	    "export jail_jailname_ip=\"re0|192.0.2.11/24\"\n", (struct conv_opts){ .hooks = CONV_JIB });
	assert_string_equal(text_of(&r, "/usr/local/etc/ezjail/jailname"),
	    "export jail_jailname_ip=\"\"\n"
	    "export jail_jailname_vnet_enable=\"YES\"\n"
	    "export jail_jailname_vnet_interface=\"e0b_jailname\"\n"
	    "export jail_jailname_exec_prestart0=\"/usr/local/sbin/jib addm jailname re0\"\n"
	    "export jail_jailname_exec_poststop0=\"/usr/local/sbin/jib destroy jailname\"\n");
	done(&r);
}

/* --- shell --------------------------------------------------------------------------------------------------- */

static const char *
sh_value(struct conv *c, const char *text, const char *name)
{
	struct conv_src *src = conv_alloc(c, sizeof(*src));
	struct conv_vars *vars = conv_alloc(c, sizeof(*vars));
	struct conv_var *v;

	*src = (struct conv_src){ .path = "f", .text = text, .size = strlen(text), .ok = true };
	conv_sh_read(c, src, vars);
	v = conv_var(vars, name);
	return (v == NULL ? "(unset)" : v->proven ? v->value : "(unproven)");
}

static void
test_shell(void **state)
{
	static const struct {
		const char *text, *value, *code;
		unsigned line, col;
	} v[] = {
		{ "x=a\n", "a", NULL, 0, 0 },
		{ "x=a", "a", NULL, 0, 0 },
		{ "export x='a b'  # c\n", "a b", NULL, 0, 0 },
		{ "x=\"a\\\"b\\$c\"\n", "a\"b$c", NULL, 0, 0 },
		{ "x=\"a \\\n b\"\n", "a  b", NULL, 0, 0 },
		{ "x=a; y=b\n", "a", NULL, 0, 0 },
		{ "x=\"${cloned_interfaces} b\"\n", " b", NULL, 0, 0 },
		{ "static_routes=a; x=\"$static_routes b\"\n", "a b", NULL, 0, 0 },
		{ "x=\"${ifconfig_re0} up\"\n", " up", NULL, 0, 0 },
		{ "x=\"${ifconfig_lo0} up\"\n", "(unproven)", "unproven", 1, 1 },
		{ "if a; then\ncloned_interfaces=lo1\nfi\nx=\"$cloned_interfaces b\"\n", "(unproven)", "unproven", 4, 1 },
		{ "y=1; x=\"$y${y}2\"\n", "112", NULL, 0, 0 },
		{ "x=a\nx=b\n", "b", NULL, 0, 0 },
		{ "x=\"$y\"\n", "(unproven)", "unproven", 1, 1 },
		{ "x=\"${y:-z}\"\n", "(unproven)", "unproven", 1, 1 },
		{ " x=$(rm -rf /)\n", "(unproven)", "unproven", 1, 2 },
		{ "x=`id`\n", "(unproven)", "unproven", 1, 1 },
		{ "\nif true; then\nx=1\nfi\n", "(unset)", "conditional", 2, 1 },
		{ "x=1 command\n", "(unset)", "command", 1, 1 },
		{ ". /etc/other\nx=1\n", "1", "command", 1, 1 },
		{ "cat <<E\nx=2\nE\nx=3\n", "3", "command", 1, 1 },
		{ "x=\"abc\ny=1\n", "(unset)", "unterminated", 1, 3 },
		{ "x='abc\n", "(unset)", "unterminated", 1, 3 },
		{ "x=$(ab\n", "(unset)", "unterminated", 1, 4 },
		{ "f() {\nx=1\n}\n", "(unset)", "conditional", 1, 5 },
	};
	(void)state;

	for (size_t i = 0; i < NELEMS(v); i++) {
		struct rig r = { 0 };

		conv_init(&r.c);
		assert_string_equal(sh_value(&r.c, v[i].text, "x"), v[i].value);
		if (v[i].code == NULL)
			assert_int_equal(r.c.nmsgs, 0);
		else {
			const struct conv_msg *m = said(&r, v[i].code);

			if (m == NULL || m->line != v[i].line || m->col != v[i].col)
				fail_msg("%s: %u:%u", v[i].text, m == NULL ? 0 : m->line, m == NULL ? 0 : m->col);
		}
		conv_fini(&r.c);
	}
}

/* --- commands of hooks ---------------------------------------------------------------------------------------- */

static void
test_commands(void **state)
{
	static const struct {
		const char *text, *want;	/* words by ' ', commands by '|', a '!' when not all of it is proved */
	} v[] = {
		{ "ifconfig epair0 create", "ifconfig epair0 create" },
		{ "a 'b c' \"d \\\" e\"&&f;g", "a b c d \" e|f|g" },
		{ "a || true", "a" },
		{ "a || echo 'no (really)' && b", "a|b" },
		{ "a || b", "a!" },
		{ "a >/dev/null 2>&1; b 2> /dev/null", "a|b" },
		{ "a > /etc/x", "!" },
		{ "a | b", "!" },
		{ "a & b", "!" },
		{ "a $x", "!" },
		{ "a `x`", "!" },
		{ "a; b $(x); c", "a!" },
		{ "a 'b", "!" },
		{ "e=$(ifconfig epair create) && ifconfig ${e} up && ifconfig \"${e%a}b\" up", "ifconfig epair32767a up|ifconfig epair32767b up" },
		{ "e=$(ifconfig epair create up); a $e", "a epair32767a" },
		{ "e=$(ifconfig bridge create) && a", "!" },
		{ "x e=$(ifconfig epair create)", "!" },
		{ "", "" },
		{ ";;", "" },
		{ "a # b", "!" },
	};
	(void)state;

	for (size_t i = 0; i < NELEMS(v); i++) {
		struct conv_opts opts = { .managed = true };
		struct conv_cmd *cmds;
		struct conv_host h;
		struct conv_buf b;
		struct conv c;
		size_t n;
		bool good;

		conv_init(&c);
		h = (struct conv_host){ .c = &c, .opts = &opts };
		cb_init(&b, &c);
		good = conv_commands(&h, v[i].text, &cmds, &n);
		for (size_t k = 0; k < n; k++)
			for (size_t w = 0; w < cmds[k].n; w++) {
				cb_put(&b, w > 0 ? " " : k > 0 ? "|" : "");
				cb_put(&b, cmds[k].w[w]);
			}
		cb_put(&b, good ? "" : "!");
		assert_string_equal(cb_take(&b), v[i].want);
		conv_fini(&c);
	}
}

/* --- jail.conf ------------------------------------------------------------------------------------------------ */

static void
test_jail_conf(void **state)
{
	struct rig r;
	const struct object *o;
	char text[PREFIX_TEXT_SIZE];
	(void)state;

	run(&r, CONV_JAIL_CONF, "/etc/jail.conf",
	    "# one\n// two\n/* three\n */\n"
	    "$net = \"192.0.2\";\n"
	    "path = \"/jails/$name\";\n"
	    "* { host.hostname = '${name}' ; interface = re0; }\n"
	    "exec.start = \"/bin/sh /etc/rc\"; exec.start += 'true';\n"
	    "web { ip4.addr = \"${net}.5/24\", \"lo1|10.0.0.5/24\"; ip6.addr += 2001:db8::5/64; }\n"
	    "out { vnet; vnet.interface = \"epair3b\";\n"
	    "  inner { vnet; vnet.interface = epair4b; }\n"
	    "}\n",
	    (struct conv_opts){ .managed = true });
	o = topo_find(&r.t, KIND_JAIL, "web");
	assert_non_null(o);
	assert_string_equal(o->u.jail.path, "/jails/web");
	assert_string_equal(o->u.jail.exec_start, "/bin/sh /etc/rc && true");
	/* single quotes do not expand */
	assert_string_equal(o->u.jail.hostname, "${name}");
	o = topo_find(&r.t, KIND_EPAIR, "epair0");
	assert_non_null(o);
	assert_int_equal(o->u.epair.end[END_B].addrs.n, 2);
	assert_string_equal(prefix_format(&o->u.epair.end[END_B].addrs.v[0], text), "192.0.2.5/24");
	assert_string_equal(prefix_format(&o->u.epair.end[END_B].addrs.v[1], text), "2001:db8::5/64");
	o = topo_find(&r.t, KIND_EPAIR, "epair3");
	assert_non_null(o);
	assert_string_equal(o->u.epair.end[END_B].jail, "out");
	/* "out.inner" cannot be named here: said, with its place */
	assert_non_null(said(&r, "name"));
	assert_int_equal(said(&r, "name")->line, 11);
	done(&r);
}

/* A final '*' is one part or more between dots, another exactly one. */
static void
test_jail_conf_wild(void **state)
{
	static const struct {
		const char *wild, *name;
		bool is_wild, match;
	} v[] = {
		{ "*", "a", true, true }, { "*", "a.b", true, true }, { "foo.*", "foo.a", true, true }, { "foo.*", "foo.a.b", true, true },
		{ "foo.*", "foo", true, false }, { "foo.*", "foox.a", true, false }, { "foo.*", "bar.a", true, false }, { "*.b", "a.b", true, true },
		{ "*.b", "a.c", true, false }, { "*.b", "a.a.b", true, false }, { "a.*.c", "a.b.c", true, true }, { "a.*.c", "a.b.b", true, false },
		{ "foo", "foo", false, true }, { "foo*", "foox", false, false }, { "f*o.x", "foo.x", false, false },
	};
	const struct object *o;
	struct rig r;
	(void)state;

	for (size_t i = 0; i < NELEMS(v); i++)
		if (jc_is_wild(v[i].wild) != v[i].is_wild || jc_match(v[i].name, v[i].wild) != v[i].match)
			fail_msg("%s: %s", v[i].wild, v[i].name);
	run(&r, CONV_JAIL_CONF, "/etc/jail.conf",
	    "foo.* { vnet; path = \"/jails/$name\"; }\n"
	    "foo.a { name = a; vnet.interface = epair1b; }\n"
	    "bar.b { name = b; vnet.interface = epair2b; path = /b; }\n"
	    "* { exec.start = \"true\"; }\n"
	    "foo.c.d { name = d; vnet.interface = epair3b; }\n",
	    (struct conv_opts){ .managed = true });
	o = topo_find(&r.t, KIND_JAIL, "a");
	assert_non_null(o);
	assert_string_equal(o->u.jail.path, "/jails/a");
	assert_string_equal(topo_find(&r.t, KIND_JAIL, "b")->u.jail.path, "/b");
	assert_string_equal(topo_find(&r.t, KIND_JAIL, "d")->u.jail.path, "/jails/d");
	assert_string_equal(topo_find(&r.t, KIND_JAIL, "b")->u.jail.exec_start, "true");
	assert_int_equal(r.t.n[KIND_JAIL], 3);
	done(&r);
}

/* "novnet" is vnet said the other way round: the later of the two counts. */
static void
test_jail_conf_bool(void **state)
{
	static const struct {
		const char *text;
		bool vnet;
	} v[] = {
		{ "a { vnet; }", true }, { "a { novnet; }", false }, { "* { vnet; } a { novnet; }", false }, { "a { novnet; } * { vnet; }", true },
		{ "a { vnet; novnet; vnet; }", true }, { "a { vnet = new; }", true }, { "a { vnet = inherit; }", false }, { "a { vnet = 0; }", false },
		{ "a { vnet = \"false\"; }", false }, { "a { vnet = disable; }", false }, { "a { }", false },
	};
	struct rig r;
	(void)state;

	for (size_t i = 0; i < NELEMS(v); i++) {
		run(&r, CONV_JAIL_CONF, "/etc/jail.conf", v[i].text, (struct conv_opts){ .managed = true });
		if ((topo_find(&r.t, KIND_JAIL, "a") != NULL) != v[i].vnet)
			fail_msg("%s", v[i].text);
		done(&r);
	}
}

static void
test_jail_conf_escapes(void **state)
{
	static const struct {
		const char *in, *out;
	} v[] = {
		{ "\"a\\101b\"", "aAb" }, { "\"\\1011\"", "A1" }, { "\"\\7x\"", "\ax" }, { "'\\x41\\x4a\\x4A'", "AJJ" }, { "\"\\x411\"", "A1" },
		{ "\"\\xg\"", "xg" }, { "\"a\\nb\\tc\"", "a\nb\tc" }, { "'a\\nb'", "a\nb" }, { "\"\\a\\b\\f\\r\\v\"", "\a\b\f\r\v" },
		{ "\"a\\\nb\"", "ab" }, { "\"a\\\"b\"", "a\"b" }, { "'a\\'b'", "a'b" }, { "\"a\\\\b\"", "a\\b" }, { "\"\\$name\"", "$name" },
		{ "a\\x20b\\;c", "a b;c" }, { "\"a\\0b\"", "ab" },
	};
	char text[128];
	struct rig r;
	(void)state;

	for (size_t i = 0; i < NELEMS(v); i++) {
		const struct object *o;

		snprintf(text, sizeof(text), "a { vnet; exec.start = %s; }\n", v[i].in);
		run(&r, CONV_JAIL_CONF, "/etc/jail.conf", text, (struct conv_opts){ .managed = true });
		o = topo_find(&r.t, KIND_JAIL, "a");
		assert_non_null(o);
		if (strcmp(o->u.jail.exec_start, v[i].out) != 0)
			fail_msg("%s: %s", v[i].in, o->u.jail.exec_start);
		done(&r);
	}
}

/* Parameters of a jail of ours come in where the platform has them, and go out as they came. */
static void
test_jail_conf_params(void **state)
{
	static const char text[] = "$securelevel2 = 7;\n* { allow.raw_sockets; allow.mount; persist; }\n"
				   "a { vnet; allow.nomount; securelevel = 2; sysvshm = new; path = /a; exec.clean; mount.devfs; allow.dying;\n  children.max = \"3\"; $x = 1; enforce_statfs = $x; }\n";
	static const struct pair want[] = { { "allow.mount", "0" }, { "allow.raw_sockets", "1" }, { "children.max", "3" }, { "enforce_statfs", "1" },
		{ "securelevel", "2" }, { "sysvshm", "new" } };
	const struct pairs *p;
	struct rig r, back;
	struct err err = { 0 };
	(void)state;

	run(&r, CONV_JAIL_CONF, "/etc/jail.conf", text, (struct conv_opts){ .managed = true, .params = true });
	p = &topo_find(&r.t, KIND_JAIL, "a")->u.jail.params;
	assert_int_equal(p->n, NELEMS(want));
	for (size_t i = 0; i < p->n; i++) {
		assert_string_equal(p->v[i].key, want[i].key);
		assert_string_equal(p->v[i].value, want[i].value);
	}
	assert_null(said(&r, "params"));
	assert_int_equal(conv_export(&r.c, CONV_TO_JAIL_CONF, &r.t, &err), 0);
	run(&back, CONV_JAIL_CONF, "/etc/jail.conf", text_of(&r, "/etc/jail.conf"), (struct conv_opts){ .managed = true, .params = true });
	assert_true(object_equal(topo_find(&r.t, KIND_JAIL, "a"), topo_find(&back.t, KIND_JAIL, "a")));
	done(&back);
	done(&r);

	/* its manager's own business */
	run(&r, CONV_JAIL_CONF, "/etc/jail.conf", text, (struct conv_opts){ .params = true });
	assert_int_equal(topo_find(&r.t, KIND_JAIL, "a")->u.jail.params.n, 0);
	assert_null(said(&r, "params"));
	done(&r);

	run(&r, CONV_JAIL_CONF, "/etc/jail.conf", text, (struct conv_opts){ .managed = true });
	assert_int_equal(topo_find(&r.t, KIND_JAIL, "a")->u.jail.params.n, 0);
	assert_string_equal(said(&r, "params")->text, "jail a: allow.raw_sockets is left out: this platform has no jail parameters");
	assert_int_equal(said(&r, "params")->line, 2);
	assert_int_equal(said(&r, "params")->col, 5);
	done(&r);

	run(&r, CONV_JAIL_CONF, "/etc/jail.conf", "a { vnet;\n sysvmsg = \"a\\nb\"; }\n", (struct conv_opts){ .managed = true, .params = true });
	assert_string_equal(said(&r, "params")->text, "jail a: sysvmsg is left out: a value is one line");
	assert_int_equal(said(&r, "params")->line, 2);
	done(&r);
}

static void
test_jail_conf_bad(void **state)
{
	static const struct {
		const char *text, *code;
		unsigned line, col;
	} v[] = {
		{ "a { path = \"/x;\n}\n", "unterminated", 1, 12 },
		{ "a { path = '/x;\n}\n", "unterminated", 1, 12 },
		{ "/* a\n", "unterminated", 1, 1 },
		{ "a {\n path = /x;\n", "syntax", 3, 1 },
		{ "a { path = ${x\n; }\n", "unterminated", 1, 12 },
		{ "a { path = $nosuch; vnet; vnet.interface=epair1b; }\n", "unproven", 1, 5 },
		{ "$a = $b; $b = $a;\nj { path = $a; vnet; vnet.interface=epair1b; }\n", "unproven", 1, 1 },
		{ "}\n", "syntax", 1, 1 },
		{ "a { path == /x; vnet; vnet.interface=epair1b; }\n", "syntax", 1, 11 },
		{ ".include \"/etc/jail.conf\";\n", "include", 1, 1 },
		{ "a { vnet; vnet.interface=epair1b; }\na { vnet; vnet.interface=epair2b; }\n", "duplicate", 2, 1 },
		{ "a { vnet; ip4.addr=\"re0|192.0.2.1\"; vnet.interface=epair1b; }\n", "contradiction", 1, 1 },
	};
	(void)state;

	for (size_t i = 0; i < NELEMS(v); i++) {
		const struct conv_msg *m;
		struct rig r;

		run(&r, CONV_JAIL_CONF, "/etc/jail.one.conf", v[i].text, (struct conv_opts){ .managed = true });
		m = said(&r, v[i].code);
		if (m == NULL || m->line != v[i].line || m->col != v[i].col)
			fail_msg("%s: %u:%u", v[i].text, m == NULL ? 0 : m->line, m == NULL ? 0 : m->col);
		done(&r);
	}
}

static void
test_include(void **state)
{
	static const char main_text[] = ".include \"jail.conf.d/*.conf\";\nexec.clean;\n";
	static const char one[] = "one { vnet; vnet.interface = epair1b; .include \"/etc/jail.conf\"; }\n";
	static const char loop[] = ".include \"loop.conf\";\ntwo { vnet; vnet.interface = epair2b; }\n";
	struct conv_file f[] = { { "/etc/jail.conf", main_text, sizeof(main_text) - 1, NULL },
		{ "/etc/jail.conf.d/one.conf", one, sizeof(one) - 1, NULL }, { "/etc/jail.conf.d/loop.conf", loop, sizeof(loop) - 1, NULL } };
	struct conv_opts opts = { .managed = true };
	struct err err = { 0 };
	struct rig r;
	(void)state;

	conv_init(&r.c);
	assert_int_equal(conv_import(&r.c, CONV_JAIL_CONF, f, 3, &opts, &r.t, &err), 0);
	assert_non_null(topo_find(&r.t, KIND_JAIL, "one"));
	assert_non_null(topo_find(&r.t, KIND_JAIL, "two"));
	assert_non_null(said(&r, "include-loop"));
	done(&r);
}

/* A class of a glob is not understood: said at its line, even where the file would have matched. */
static void
test_include_class(void **state)
{
	static const char main_text[] = "# one\n  .include \"jail.conf.d/[a-o]*.conf\";\n", one[] = "one { vnet; }\n";
	struct conv_file f[] = { { "/etc/jail.conf", main_text, sizeof(main_text) - 1, NULL }, { "/etc/jail.conf.d/one.conf", one, sizeof(one) - 1, NULL } };
	struct conv_opts opts = { .managed = true };
	struct err err = { 0 };
	struct rig r;
	(void)state;

	conv_init(&r.c);
	assert_int_equal(conv_import(&r.c, CONV_JAIL_CONF, f, 2, &opts, &r.t, &err), 0);
	assert_int_equal(said(&r, "include")->level, CONV_WARNING);
	assert_string_equal(said(&r, "include")->text, "/etc/jail.conf.d/[a-o]*.conf: only * and ? of a pattern are understood");
	assert_int_equal(said(&r, "include")->line, 2);
	assert_int_equal(said(&r, "include")->col, 3);
	/* nobody includes it, so it is a file of its own, as rc.d/jail takes it */
	assert_non_null(topo_find(&r.t, KIND_JAIL, "one"));
	done(&r);
}

/* --- one jail in several files ------------------------------------------------------------------------------------ */

static void
test_duplicates(void **state)
{
	static const struct {
		const char *first, *one, *second, *two;
		const char *gateway, *pair;	/* of jail a, from the file that counts, and nothing of the other */
		const char *lost;		/* the message stands in the file that ... */
	} v[] = {
		{ "/etc/jail.conf", "a { vnet; vnet.interface=epair1b; exec.start=\"route add default 10.0.0.1\"; exec.prestart=\"jib addm x re0\"; }",
		    "/etc/jail.a.conf", "a { vnet; vnet.interface=epair2b; exec.start=\"route add default 10.0.0.2\"; }", "10.0.0.2", "epair2", "takes this one first" },
		{ "/etc/jail.a.conf", "a { vnet; vnet.interface=epair1b; exec.start=\"route add default 10.0.0.1\"; }", "/etc/jail.conf",
		    "a { vnet; vnet.interface=epair2b; exec.start=\"route add default 10.0.0.2\"; exec.prestart=\"jib addm x re0\"; }", "10.0.0.1", "epair1",
		    "this one is not used" },
		{ "/etc/jail.conf.d/a.conf", "a { vnet; vnet.interface=epair1b; exec.start=\"route add default 10.0.0.1\"; }", "/etc/jail.conf.d/b.conf",
		    "a { vnet; vnet.interface=epair2b; exec.start=\"route add default 10.0.0.2\"; }", "10.0.0.1", "epair1", "this one is not used" },
		{ "/etc/jail.conf.d/b.conf", "a { vnet; vnet.interface=epair1b; exec.start=\"route add default 10.0.0.1\"; }", "/etc/jail.conf.d/c.conf",
		    "a { vnet; vnet.interface=epair2b; exec.start=\"route add default 10.0.0.2\"; }", "10.0.0.2", "epair2", "later overrides" },
		{ "/etc/rc.conf", "jail_a_hostname=a; jail_a_rootdir=/j/a; jail_a_vnet_interface=epair1b; route=x", "/etc/jail.conf",
		    "a { vnet; vnet.interface=epair2b; exec.start=\"route add default 10.0.0.2\"; }", NULL, "epair1", "this one is not used" },
		{ "/etc/rc.conf", "jail_a_vnet_interface=epair1b", "/etc/jail.conf",
		    "a { vnet; vnet.interface=epair2b; exec.start=\"route add default 10.0.0.2\"; }", "10.0.0.2", "epair2", "takes this one first" },
	};
	(void)state;

	for (size_t i = 0; i < NELEMS(v); i++) {
		struct conv_file f[] = { { v[i].first, v[i].one, strlen(v[i].one), NULL }, { v[i].second, v[i].two, strlen(v[i].two), NULL } };
		struct conv_opts opts = { .managed = true };
		struct err err = { 0 };
		const struct object *o;
		char text[IP_TEXT_SIZE];
		struct rig r;

		conv_init(&r.c);
		assert_int_equal(conv_import(&r.c, CONV_JAIL_CONF, f, 2, &opts, &r.t, &err), 0);
		assert_non_null(said(&r, "duplicate"));
		assert_non_null(strstr(said(&r, "duplicate")->text, v[i].lost));
		assert_string_equal(said(&r, "duplicate")->file, v[i].second);
		o = topo_find(&r.t, KIND_JAIL, "a");
		assert_int_equal(o->u.jail.nroutes, v[i].gateway == NULL ? 0 : 1);
		if (v[i].gateway != NULL)
			assert_string_equal(ip_format(&o->u.jail.routes[0].gateway, text), v[i].gateway);
		assert_int_equal(r.t.n[KIND_EPAIR], 1);
		assert_string_equal(r.t.v[KIND_EPAIR][0]->name, v[i].pair);
		done(&r);
	}
}

/* --- what no file of the corpus shows --------------------------------------------------------------------------------- */

static void
test_codes(void **state)
{
	static const struct conv_known known[] = { { NULL, "re0", { { 0x00, 0x25, 0x90, 0xaa, 0xbb, 0xcc } } } };
	static const struct {
		enum conv_kind kind;
		const char *text, *code;
		unsigned line, col;
		enum conv_mode mode;
		bool known;
	} v[] = {
		{ CONV_RC_CONF, "cloned_interfaces=\"epair1 epair2\"\nifconfig_epair1a=\"ether 02:00:00:00:00:01\"\nifconfig_epair2a=\"ether 02:00:00:00:00:01\"\n",
		    "mac-clash", 1, 1, CONV_FLAT, false },
		{ CONV_RC_CONF, "cloned_interfaces=\"epair1\"\nifconfig_epair1a=\"ether 01:00:00:00:00:01\"\n", "mac-clash", 1, 1, CONV_FLAT, false },
		{ CONV_JAIL_CONF, "a { vnet;\n vnet.interface = epair1b;\n exec.start = \"ifconfig epair1b ether 01:00:00:00:00:01\";\n}\n", "mac-clash", 3, 15, CONV_FLAT,
		    false },
		{ CONV_JAIL_CONF, "a { vnet; vnet.interface = e0b_a;\n exec.prestart = \"jib addm a re0\"; }\n", "mac-unknown", 2, 18, CONV_FLAT, false },
		{ CONV_RC_CONF, "ifconfig_re0=\"inet 192.0.2.2/24\"\nifconfig_re0_alias0=\"inet 192.0.2.5/32\"\njail_a_ip=\"re0|192.0.2.5\"\n", "host-alias", 3, 12,
		    CONV_FLAT, false },
		{ CONV_RC_CONF, "jail_a_ip=\"re0|192.0.2.5/24\"\njail_a_fib=1\n", "fib", 2, 1, CONV_FLAT, false },
		{ CONV_JAIL_CONF, "a { vnet; vnet.interface = epair1b;\n exec.fib = 2; }\n", "fib", 2, 13, CONV_FLAT, false },
		{ CONV_JAIL_CONF, "a { vnet;\n exec.prestart = \"jib addm a-b re0\"; }\n", "jib", 2, 18, CONV_FLAT, true },
		{ CONV_RC_CONF, "ipv6_defaultrouter=\"fe80::1%re0\"\n", "link-local-router", 1, 1, CONV_FLAT, false },
		{ CONV_RC_CONF, "ifconfig_re0=\"inet 10.9.0.2/24\"\njail_a_ip=\"re0|192.0.2.1/30\"\njail_b_ip=\"re0|192.0.2.2/30\"\n", "no-gateway", 2, 12, CONV_ROUTED,
		    false },
		{ CONV_RC_CONF, "\nifconfig_bridge0=\"inet 192.0.2.5\"\n", "no-netmask", 2, 1, CONV_FLAT, false },
		{ CONV_RC_CONF, "jail_a_ip=\"re0|192.0.2.5/24\"\n", "router-made", 0, 0, CONV_BEHIND_ROUTER, false },
		{ CONV_RC_CONF, "jail_a_ip=\"\"\njail_a_vnet_interfaces=epair1b\n", "vnet-interfaces", 2, 1, CONV_FLAT, false },
		{ CONV_RC_CONF, "ifconfig_em0=\"vnet web\"\n", "vnet-keyword", 1, 1, CONV_FLAT, false },
		{ CONV_RC_CONF, "jail_a_hostname=a\n", "incomplete", 1, 1, CONV_FLAT, false },
		{ CONV_EZJAIL, "export jail_a_ip=\"re0|192.0.2.999, ,re0|\"\n", "syntax", 1, 19, CONV_FLAT, false },
		{ CONV_EZJAIL, "export jail_a_ip=\"re0|192.0.2.9, ,re0|\"\n", "no-address", 1, 35, CONV_FLAT, false },
		{ CONV_RC_CONF, "a=1\nb=\"\x01\"\n", "binary", 2, 4, CONV_FLAT, false },
		{ CONV_RC_CONF, "# \xc3\xa9\nb=\xe9\n", "encoding", 2, 3, CONV_FLAT, false },
		{ CONV_RC_CONF, "a=1\nb=2\r\n", "crlf", 2, 4, CONV_FLAT, false },
	};
	struct conv_buf many;
	struct conv c;
	struct rig r;
	(void)state;

	for (size_t i = 0; i < NELEMS(v); i++) {
		struct conv_opts opts = { .managed = true, .mode = v[i].mode, .known = known, .nknown = v[i].known ? 1 : 0 };
		const char *path = v[i].kind == CONV_RC_CONF ? "/etc/rc.conf" : v[i].kind == CONV_EZJAIL ? "/usr/local/etc/ezjail/a" : "/etc/jail.conf";
		const struct conv_msg *m;

		run(&r, v[i].kind, path, v[i].text, opts);
		m = said(&r, v[i].code);
		if (m == NULL || m->line != v[i].line || m->col != v[i].col)
			fail_msg("%s: %u:%u in %s", v[i].code, m == NULL ? 0 : m->line, m == NULL ? 0 : m->col, v[i].text);
		assert_string_equal(m->file, v[i].line == 0 ? "" : path);
		done(&r);
	}
	conv_init(&c);
	cb_init(&many, &c);
	for (int i = 0; i < LIMIT_ADDRESSES + 1; i++)
		cb_printf(&many, "ifconfig_bridge0_alias%d=\"inet 10.0.%d.%d/16\"\n", i, i / 200, i % 200 + 1);
	run(&r, CONV_RC_CONF, "/etc/rc.conf", cb_take(&many), (struct conv_opts){ .managed = true });
	assert_non_null(said(&r, "limit"));
	assert_int_equal(said(&r, "limit")->line, LIMIT_ADDRESSES + 1);
	done(&r);
	conv_fini(&c);
	run(&r, CONV_RC_CONF, "/etc/rc.conf", "jail_a_ip=\"re0|192.0.2.5/24\"\n", (struct conv_opts){ .managed = true, .mode = CONV_BEHIND_ROUTER, .router = "1x" });
	assert_non_null(said(&r, "router-name"));
	done(&r);
}

/* What a format cannot say is said. */
static void
test_export_says(void **state)
{
	static const struct {
		enum conv_format format;
		const char *code, *text;
	} v[] = { { CONV_TO_RC_CONF, "netgraph", "bridge ng0 is" }, { CONV_TO_RC_CONF, "stp", "bridge lan0 runs" }, { CONV_TO_SHELL_FREEBSD, "stp", "bridge lan0 runs" },
		{ CONV_TO_JAIL_CONF, "down", "epair p0: p0b" }, { CONV_TO_JAIL_CONF, "not-running", "jail off is" }, { CONV_TO_EZJAIL, "root", "jail a-b has" },
		{ CONV_TO_EZJAIL, "params", "jail off has" }, { CONV_TO_EZJAIL, "sysctls", "jail off has" }, { CONV_TO_EZJAIL, "external", "jail theirs has" },
		{ CONV_TO_EZJAIL, "renamed", "the jail a-b as a_b" } };
	const struct pair sysctl = { "net.inet.ip.ttl", "64" }, param = { "allow.raw_sockets", "1" };
	struct object *o;
	struct err err;
	struct rig r;
	(void)state;

	topo_init(&r.t);
	o = object_new(KIND_BRIDGE, "ng0");
	o->u.bridge.backend = BACKEND_NETGRAPH;
	assert_int_equal(topo_put(&r.t, o, &err), 0);
	o = object_new(KIND_BRIDGE, "lan0");
	o->u.bridge.stp = true;
	o->u.bridge.mtu = 9000;
	assert_int_equal(topo_put(&r.t, o, &err), 0);
	o = object_new(KIND_JAIL, "off");
	o->u.jail.running = false;
	assert_int_equal(object_pairs(o, &o->u.jail.sysctls, &sysctl, 1), 0);
	assert_int_equal(object_pairs(o, &o->u.jail.params, &param, 1), 0);
	assert_int_equal(topo_put(&r.t, o, &err), 0);
	o = object_new(KIND_JAIL, "theirs");
	o->u.jail.external = true;
	assert_int_equal(topo_put(&r.t, o, &err), 0);
	assert_int_equal(topo_put(&r.t, object_new(KIND_JAIL, "a-b"), &err), 0);
	o = object_new(KIND_EPAIR, "p0");
	assert_int_equal(epair_default_ifnames(o), 0);
	assert_int_equal(object_str(o, &o->u.epair.end[END_B].jail, "a-b"), 0);
	assert_int_equal(object_str(o, &o->u.epair.end[END_A].bridge, "lan0"), 0);
	o->u.epair.end[END_B].up = false;
	assert_int_equal(topo_put(&r.t, o, &err), 0);
	for (size_t i = 0; i < NELEMS(v); i++) {
		conv_init(&r.c);
		assert_int_equal(conv_export(&r.c, v[i].format, &r.t, &err), 0);
		if (said(&r, v[i].code) == NULL || strstr(said(&r, v[i].code)->text, v[i].text) == NULL)
			fail_msg("%s", v[i].code);
		if (v[i].format == CONV_TO_SHELL_FREEBSD) {
			assert_non_null(strstr(text_of(&r, "jailnet-export.sh"), "ifconfig lan0 addm p0a stp p0a\n"));
			assert_non_null(strstr(text_of(&r, "jailnet-export.sh"), "ifconfig lan0 mtu 9000\n"));
		}
		if (v[i].format == CONV_TO_EZJAIL)
			assert_string_equal(text_of(&r, "/usr/local/etc/ezjail/theirs"),
			    "export jail_theirs_ip=\"\"\nexport jail_theirs_vnet_enable=\"YES\"\nexport jail_theirs_vnet_interface=\"\"\n");
		conv_fini(&r.c);
	}
	topo_fini(&r.t);
}

/* --- modes ----------------------------------------------------------------------------------------------------- */

static const char three[] = "defaultrouter=\"192.0.2.1\"\nifconfig_re0=\"inet 192.0.2.2/24\"\njail_list=\"g1 g2 g3\"\njail_interface=\"re0\"\n"
			    "jail_g1_ip=\"192.0.2.11\"\njail_g1_rootdir=/j/g1\njail_g2_ip=\"192.0.2.12,lo0|127.0.1.2\"\njail_g2_rootdir=/j/g2\n"
			    "jail_g3_ip=\"192.0.2.13\"\njail_g3_rootdir=/j/g3\n";

static void
legal(const struct rig *r)
{
	struct errs errs = { .n = 0 };

	valid_topo(&r->t, &errs);
	if (errs.n > 0)
		fail_msg("%s: %s", errs.v[0].field, errs.v[0].msg);
}

static void
test_modes(void **state)
{
	static const char *const behind[] = { "g2", "g3" };
	const struct object *o;
	struct rig r;
	char text[PREFIX_TEXT_SIZE];
	(void)state;

	run(&r, CONV_RC_CONF, "/etc/rc.conf", three, (struct conv_opts){ .mode = CONV_FLAT, .managed = true });
	legal(&r);
	assert_int_equal(r.t.n[KIND_BRIDGE], 1);
	assert_int_equal(r.t.n[KIND_EPAIR], 3);
	o = topo_find(&r.t, KIND_JAIL, "g2");
	assert_int_equal(o->u.jail.nroutes, 1);
	assert_non_null(said(&r, "loopback"));
	assert_int_equal(said(&r, "loopback")->line, 7);
	assert_non_null(said(&r, "address-on-member"));
	done(&r);

	/* A router cannot have one network on both sides: without another one they stay where they are. */
	run(&r, CONV_RC_CONF, "/etc/rc.conf", three, (struct conv_opts){ .mode = CONV_ROUTED, .managed = true });
	legal(&r);
	assert_int_equal(r.t.n[KIND_BRIDGE], 1);
	assert_int_equal(r.t.v[KIND_BRIDGE][0]->u.bridge.nmembers, 1);
	assert_int_equal(r.t.v[KIND_BRIDGE][0]->u.bridge.addrs.n, 0);
	assert_int_equal(said(&r, "same-net")->line, 5);
	done(&r);

	run(&r, CONV_RC_CONF, "/etc/rc.conf", three,
	    (struct conv_opts){ .mode = CONV_ROUTED, .managed = true, .behind = behind, .nbehind = 2,
		.routed_network = { { .ip = { .family = 4, .b = { 198, 51, 100, 0 } }, .len = 24 } } });
	legal(&r);
	assert_int_equal(r.t.n[KIND_BRIDGE], 2);
	o = topo_find(&r.t, KIND_BRIDGE, "bridge1");
	assert_int_equal(o->u.bridge.nmembers, 0);
	assert_string_equal(prefix_format(&o->u.bridge.addrs.v[0], text), "198.51.100.1/24");
	o = topo_find(&r.t, KIND_JAIL, "g1");	/* it stays on the host's network, and knows the way */
	assert_int_equal(o->u.jail.nroutes, 2);
	assert_string_equal(prefix_format(&o->u.jail.routes[1].dst, text), "198.51.100.0/24");
	assert_int_equal(o->u.jail.routes[1].gateway.b[3], 2);
	assert_non_null(said(&r, "return-route"));
	done(&r);

	run(&r, CONV_RC_CONF, "/etc/rc.conf", three,
	    (struct conv_opts){ .mode = CONV_BEHIND_ROUTER, .managed = true, .router = "g1", .behind = behind, .nbehind = 2,
		.behind_network = { { .ip = { .family = 4, .b = { 10, 1, 1, 0 } }, .len = 24 } } });
	legal(&r);
	assert_int_equal(r.t.n[KIND_BRIDGE], 2);
	assert_int_equal(r.t.n[KIND_EPAIR], 4);
	o = topo_find(&r.t, KIND_JAIL, "g1");
	assert_true(o->u.jail.forwarding);
	o = topo_find(&r.t, KIND_JAIL, "g3");
	assert_int_equal(o->u.jail.nroutes, 1);
	assert_int_equal(o->u.jail.routes[0].gateway.b[3], 1);
	assert_non_null(said(&r, "renumbered"));
	done(&r);
}

static void
test_bad_files(void **state)
{
	struct conv_file f = { "/etc/rc.conf", "a=1\0b", 5, NULL };
	struct conv_opts opts = { .managed = true };
	struct err err = { 0 };
	struct rig r;
	char *big;
	(void)state;

	conv_init(&r.c);
	assert_int_equal(conv_import(&r.c, CONV_RC_CONF, &f, 1, &opts, &r.t, &err), 0);
	assert_non_null(said(&r, "binary"));
	done(&r);
	big = malloc(10u << 20);
	assert_non_null(big);
	memset(big, 'a', 10u << 20);
	f = (struct conv_file){ "/etc/rc.conf", big, 10u << 20, NULL };
	conv_init(&r.c);
	assert_int_equal(conv_import(&r.c, CONV_RC_CONF, &f, 1, &opts, &r.t, &err), 0);
	assert_non_null(said(&r, "too-large"));
	done(&r);
	free(big);
	run(&r, CONV_RC_CONF, "/etc/rc.conf", "x=\"1\"\r\ny=2\r\n", opts);
	assert_non_null(said(&r, "crlf"));
	done(&r);
	run(&r, CONV_RC_CONF, "/etc/rc.conf", "# \xe9\nx=1\n", opts);
	assert_non_null(said(&r, "encoding"));
	done(&r);
	run(&r, CONV_EZJAIL, "/usr/local/etc/ezjail/a", "", opts);
	assert_non_null(said(&r, "no-jail"));
	done(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jib_vectors),
		cmocka_unit_test(test_jib_lines),
		cmocka_unit_test(test_jib_running),
		cmocka_unit_test(test_article_static),
		cmocka_unit_test(test_article_rc),
		cmocka_unit_test(test_article_jib),
		cmocka_unit_test(test_shell),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_jail_conf),
		cmocka_unit_test(test_jail_conf_wild),
		cmocka_unit_test(test_jail_conf_bool),
		cmocka_unit_test(test_jail_conf_escapes),
		cmocka_unit_test(test_jail_conf_params),
		cmocka_unit_test(test_jail_conf_bad),
		cmocka_unit_test(test_include),
		cmocka_unit_test(test_include_class),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_export_says),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_bad_files),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
