/* convert/: what is read: the strict shell reader, the commands of hooks, jail.conf's grammar. */
#include "tests/unit/conv_rig.h"

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
		{ "a { vnet; }", true },
		{ "a { novnet; }", false },
		{ "* { vnet; } a { novnet; }", false },
		{ "a { novnet; } * { vnet; }", true },
		{ "a { vnet; novnet; vnet; }", true },
		{ "a { vnet = new; }", true },
		{ "a { vnet = inherit; }", false },
		{ "a { vnet = 0; }", false },
		{ "a { vnet = \"false\"; }", false },
		{ "a { vnet = disable; }", false },
		{ "a { }", false },
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
				   "a { vnet; allow.nomount; securelevel = 2; sysvshm = new; path = /a; exec.clean; mount.devfs; allow.dying;\n  "
				   "children.max = \"3\"; $x = 1; enforce_statfs = $x; }\n";
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
	assert_string_equal(said(&r, "params")->text, "jail a: mount.devfs is left out: jailnet mounts nothing; /etc/fstab of the host can");
	assert_int_equal(r.c.nmsgs, 3);		/* and allow.dying, and: */
	assert_string_equal(said(&r, "manager")->text, "jail a becomes jailnet's own: what starts it now must not do so any more"
						       " (an ezjail: its file becomes NAME.norun; jail.conf: left out of jail_list)");
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
	assert_string_equal(said(&r, "params")->text,
	    "jail a and all others that this line is for: allow.raw_sockets is left out: this platform has no jail parameters");
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
		{ "a {\n path = /x;\n", "unterminated", 1, 3 },
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
	struct conv_file f[] = { { "/etc/jail.conf", main_text, sizeof(main_text) - 1, NULL },
		{ "/etc/jail.conf.d/one.conf", one, sizeof(one) - 1, NULL } };
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
