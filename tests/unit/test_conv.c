/* convert/: jib's addresses, the article's own lines, duplicates, modes, what an export says, bad files. */
#include "tests/unit/conv_rig.h"

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

/* --- one jail in several files ------------------------------------------------------------------------------------ */

static void
test_duplicates(void **state)
{
	static const struct {
		const char *first, *one, *second, *two;
		const char *gateway, *pair;	/* of jail a, from the file that counts, and nothing of the other */
		const char *lost;		/* the message stands in the file that ... */
	} v[] = {
		{ "/etc/jail.conf",
		    "a { vnet; vnet.interface=epair1b; exec.start=\"route add default 10.0.0.1\"; exec.prestart=\"jib addm x re0\"; }",
		    "/etc/jail.a.conf", "a { vnet; vnet.interface=epair2b; exec.start=\"route add default 10.0.0.2\"; }", "10.0.0.2", "epair2",
		    "takes this one first" },
		{ "/etc/jail.a.conf", "a { vnet; vnet.interface=epair1b; exec.start=\"route add default 10.0.0.1\"; }", "/etc/jail.conf",
		    "a { vnet; vnet.interface=epair2b; exec.start=\"route add default 10.0.0.2\"; exec.prestart=\"jib addm x re0\"; }", "10.0.0.1",
		    "epair1", "this one is not used" },
		{ "/etc/jail.conf.d/a.conf", "a { vnet; vnet.interface=epair1b; exec.start=\"route add default 10.0.0.1\"; }",
		    "/etc/jail.conf.d/b.conf", "a { vnet; vnet.interface=epair2b; exec.start=\"route add default 10.0.0.2\"; }", "10.0.0.1", "epair1",
		    "this one is not used" },
		{ "/etc/jail.conf.d/b.conf", "a { vnet; vnet.interface=epair1b; exec.start=\"route add default 10.0.0.1\"; }",
		    "/etc/jail.conf.d/c.conf", "a { vnet; vnet.interface=epair2b; exec.start=\"route add default 10.0.0.2\"; }", "10.0.0.2", "epair2",
		    "later overrides" },
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
		{ CONV_RC_CONF,
		    "cloned_interfaces=\"epair1 epair2\"\nifconfig_epair1a=\"ether 02:00:00:00:00:01\"\nifconfig_epair2a=\"ether "
		    "02:00:00:00:00:01\"\n",
		    "mac-clash", 1, 1, CONV_FLAT, false },
		{ CONV_RC_CONF, "cloned_interfaces=\"epair1\"\nifconfig_epair1a=\"ether 01:00:00:00:00:01\"\n", "mac-clash", 1, 1, CONV_FLAT, false },
		{ CONV_JAIL_CONF, "a { vnet;\n vnet.interface = epair1b;\n exec.start = \"ifconfig epair1b ether 01:00:00:00:00:01\";\n}\n",
		    "mac-clash", 3, 15, CONV_FLAT, false },
		{ CONV_JAIL_CONF, "a { vnet; vnet.interface = e0b_a;\n exec.prestart = \"jib addm a re0\"; }\n", "mac-unknown", 2, 18, CONV_FLAT,
		    false },
		{ CONV_RC_CONF, "ifconfig_re0=\"inet 192.0.2.2/24\"\nifconfig_re0_alias0=\"inet 192.0.2.5/32\"\njail_a_ip=\"re0|192.0.2.5\"\n",
		    "host-alias", 3, 12, CONV_FLAT, false },
		{ CONV_RC_CONF, "jail_a_ip=\"re0|192.0.2.5/24\"\njail_a_fib=1\n", "fib", 2, 1, CONV_FLAT, false },
		{ CONV_JAIL_CONF, "a { vnet; vnet.interface = epair1b;\n exec.fib = 2; }\n", "fib", 2, 13, CONV_FLAT, false },
		{ CONV_JAIL_CONF, "a { vnet;\n exec.prestart = \"jib addm a-b re0\"; }\n", "jib", 2, 18, CONV_FLAT, true },
		{ CONV_RC_CONF, "ipv6_defaultrouter=\"fe80::1%re0\"\n", "link-local-router", 1, 1, CONV_FLAT, false },
		{ CONV_RC_CONF, "ifconfig_re0=\"inet 10.9.0.2/24\"\njail_a_ip=\"re0|192.0.2.1/30\"\njail_b_ip=\"re0|192.0.2.2/30\"\n", "no-gateway",
		    2, 12, CONV_ROUTED, false },
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
		const char *path = v[i].kind == CONV_RC_CONF  ? "/etc/rc.conf"
				   : v[i].kind == CONV_EZJAIL ? "/usr/local/etc/ezjail/a"
							      : "/etc/jail.conf";
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
	run(&r, CONV_RC_CONF, "/etc/rc.conf", "jail_a_ip=\"re0|192.0.2.5/24\"\n",
	    (struct conv_opts){ .managed = true, .mode = CONV_BEHIND_ROUTER, .router = "1x" });
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
	} v[] = { { CONV_TO_RC_CONF, "netgraph", "bridge ng0 is" }, { CONV_TO_RC_CONF, "stp", "bridge lan0 runs" },
		{ CONV_TO_SHELL_FREEBSD, "stp", "bridge lan0 runs" }, { CONV_TO_JAIL_CONF, "down", "epair p0: p0b" },
		{ CONV_TO_JAIL_CONF, "not-running", "jail off is" }, { CONV_TO_EZJAIL, "root", "jail a-b has" },
		{ CONV_TO_EZJAIL, "params", "jail off has the jail parameter b.c" },
		{ CONV_TO_EZJAIL, "start", "jail a-b starts nothing" }, { CONV_TO_EZJAIL, "no-rc", "jail off starts" },
		{ CONV_TO_EZJAIL, "sysctls", "jail off has" },
		{ CONV_TO_EZJAIL, "external", "jail theirs has" }, { CONV_TO_JAIL_CONF, "moves", "jail theirs: jailnet moves" },
		{ CONV_TO_EZJAIL, "moves", "jail theirs: jailnet moves" }, { CONV_TO_EZJAIL, "renamed", "the jail a-b as a_b" } };
	const struct pair sysctl = { "net.inet.ip.ttl", "64" }, param[] = { { "allow.raw_sockets", "1" }, { "b.c", "a b" } };
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
	assert_int_equal(object_pairs(o, &o->u.jail.params, param, 2), 0);
	assert_int_equal(object_str(o, &o->u.jail.exec_start, "true"), 0);
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

/* A bridge that cannot be one here is said and left out; what is on it gets one that can. */
static void
test_bridge_name(void **state)
{
	struct rig r;
	(void)state;

	run(&r, CONV_RC_CONF, "/etc/rc.conf", "ifconfig_re0=\"name lan.5 addm em0\"\njail_b_ip=\"re0|192.0.2.5/24\"\n",
	    (struct conv_opts){ .managed = true });
	legal(&r);
	assert_int_equal(said(&r, "name")->line, 1);
	assert_null(topo_find(&r.t, KIND_BRIDGE, "lan.5"));
	assert_non_null(topo_find(&r.t, KIND_BRIDGE, "bridge0"));
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
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_export_says),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_bridge_name),
		cmocka_unit_test(test_bad_files),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
