/*
 * convert/: nothing that is said of a jail of jailnet's own is dropped without a word: each word of jail(8) and each attribute of
 * rc.d/jail and ezjail either changes the topology or has a message with its line.  And what contradicts itself is said.
 */
#include "tests/unit/conv_rig.h"

static const struct conv_opts own = { .managed = true, .params = true };

static bool
same_topology(const struct topo *a, const struct topo *b)
{
	for (int k = 0; k < KIND_COUNT; k++) {
		if (a->n[k] != b->n[k])
			return (false);
		for (size_t i = 0; i < a->n[k]; i++)
			if (!object_equal(a->v[k][i], b->v[k][i]))
				return (false);
	}
	return (true);
}

static bool
said_at(const struct rig *r, unsigned line)
{
	for (size_t i = 0; i < r->c.nmsgs; i++)
		if (r->c.msgs[i].line == line)
			return (true);
	return (false);
}

/* Every word of the list PARAMETERS of jail(8), FreeBSD 15.1, with a value that is not what a jail of jailnet's own has anyway. */
static const char *const words[] = { "jid = 7", "name = b", "path = /x", "ip4.addr = 192.0.2.9/24", "ip4.saddrsel = 0", "ip4 = inherit",
	"ip6.addr = 2001:db8::9/64", "ip6.saddrsel = 0", "ip6 = inherit", "vnet = inherit", "novnet", "host.hostname = h", "host = inherit",
	"host.domainname = d", "host.hostuuid = 1", "host.hostid = 1", "securelevel = 2", "devfs_ruleset = 5", "devfs_ruleset = mine",
	"children.max = 3", "children.cur = 1", "enforce_statfs = 1", "persist = 0", "nopersist", "cpuset.id = 1", "dying", "parent = 1",
	"osrelease = 14", "osreldate = 14", "meta = x", "meta.a = x", "env = x", "env.a = x", "allow.set_hostname", "allow.noset_hostname",
	"allow.sysvipc", "allow.raw_sockets", "allow.chflags", "allow.mount", "allow.mount.devfs", "allow.quotas", "allow.read_msgbuf",
	"allow.socket_af", "allow.mlock", "allow.nfsd", "allow.reserved_ports", "allow.unprivileged_parent_tampering",
	"allow.unprivileged_proc_debug", "allow.suser", "allow.extattr", "allow.adjtime", "allow.settime", "allow.routing", "allow.setaudit",
	"allow.mount.fdescfs", "allow.mount.fusefs", "allow.mount.nullfs", "allow.mount.procfs", "allow.mount.linprocfs",
	"allow.mount.linsysfs", "allow.mount.tmpfs", "allow.mount.zfs", "allow.vmm", "allow.vmm_ppt", "linux = new", "linux.osname = L",
	"linux.osrelease = 5", "linux.oss_version = 1", "mac.do = new", "mac.do.rules = x", "sysvmsg = new", "sysvsem = new", "sysvshm = new",
	"zfs.mount_snapshot = 1", "exec.prepare = 'logger x'", "exec.prestart = 'logger x'", "exec.created = 'logger x'",
	"exec.start = 'logger x'", "command = 'logger x'", "exec.poststart = 'logger x'", "exec.prestop = 'logger x'", "exec.stop = 'logger x'",
	"exec.poststop = 'logger x'", "exec.release = 'logger x'", "exec.noclean", "exec.clean = 0", "exec.jail_user = www",
	"exec.system_jail_user", "exec.system_user = www", "exec.timeout = 5", "exec.consolelog = /x", "exec.fib = 1", "stop.timeout = 1",
	"vnet.interface = epair2b", "zfs.dataset = tank/x", "ip_hostname", "mount = '/a /b nullfs rw 0 0'", "mount.fstab = /x", "mount.devfs",
	"mount.fdescfs", "mount.procfs", "allow.dying", "depend = b", "exec.strat = x", "wombat = 1", "UPPER = 1" };

/* And with that value: jail(8) does what jailnet does. */
static const char *const same[] = { "exec.clean", "exec.clean = true", "exec.jail_user = root", "exec.system_user = root", "persist", "persist = 1",
	"mount.nodevfs", "mount.devfs = false", "allow.nodying", "host = new", "interface = re0", "stop.timeout = 5" };

static void
jail_of(struct rig *r, const char *word)
{
	char text[512];

	snprintf(text, sizeof(text), "a {\n vnet;\n vnet.interface = epair1b;\n %s%s\n}\n", word, word[0] == '\0' ? "" : ";");
	run(r, CONV_JAIL_CONF, "/etc/jail.conf", text, own);
}

static void
test_no_word_of_jail_conf_is_dropped(void **state)
{
	struct rig bare, r;
	(void)state;

	jail_of(&bare, "");
	for (size_t i = 0; i < NELEMS(words); i++) {
		jail_of(&r, words[i]);
		/* without vnet it is the interface, one line above, that makes no sense */
		if (same_topology(&bare.t, &r.t) && !said_at(&r, 4) && !(strstr(words[i], "vnet") != NULL && said_at(&r, 3)))
			fail_msg("%s is dropped without a word", words[i]);
		done(&r);
	}
	for (size_t i = 0; i < NELEMS(same); i++) {
		jail_of(&r, same[i]);
		if (!same_topology(&bare.t, &r.t) || said_at(&r, 4))
			fail_msg("%s is not what there is anyway", same[i]);
		done(&r);
	}
	done(&bare);
}

/* A line for all jails is said once. */
static void
test_a_line_for_many_is_said_once(void **state)
{
	struct rig r;
	size_t n = 0;
	(void)state;

	run(&r, CONV_JAIL_CONF, "/etc/jail.conf",
	    "mount.devfs;\na { vnet; vnet.interface = epair1b; }\nb { vnet; vnet.interface = epair2b; }\nc { vnet; mount.devfs; }\n", own);
	for (size_t i = 0; i < r.c.nmsgs; i++)
		n += strcmp(r.c.msgs[i].code, "params") == 0 ? 1 : 0;
	assert_int_equal(n, 2);
	assert_string_equal(said(&r, "params")->text,
	    "jail a and all others that this line is for: mount.devfs is left out: jailnet mounts nothing; /etc/fstab of the host can");
	assert_int_equal(said(&r, "params")->line, 1);
	assert_true(said_at(&r, 4));
	done(&r);
}

/* What is too long for its place is said, too. */
static void
test_long(void **state)
{
	static const struct {
		const char *word;
		size_t len;
	} v[] = { { "exec.start", COMMAND_SIZE }, { "exec.stop", COMMAND_SIZE }, { "host.hostname", HOSTNAME_SIZE }, { "path", PATH_SIZE } };
	char text[1024], value[COMMAND_SIZE + 1];
	struct rig r;
	(void)state;

	for (size_t i = 0; i < NELEMS(v); i++)
		for (size_t over = 0; over < 2; over++) {
			memset(value, 'a', sizeof(value));
			value[v[i].len - 1 + over] = '\0';
			snprintf(text, sizeof(text), "\na { vnet; %s = %s; }\n", v[i].word, value);
			run(&r, CONV_JAIL_CONF, "/etc/jail.conf", text, own);
			if ((said(&r, "limit") != NULL) != (over == 1))
				fail_msg("%s of %zu bytes", v[i].word, strlen(value));
			if (over == 1)
				assert_int_equal(said(&r, "limit")->line, 2);
			done(&r);
		}
	for (size_t len = TEXT_SIZE - 1; len <= TEXT_SIZE; len++) {
		char descr[TEXT_SIZE + 64];

		snprintf(descr, sizeof(descr), "\ncloned_interfaces=epair1\nifconfig_epair1a_descr=%0*d\n", (int)len, 0);
		run(&r, CONV_RC_CONF, "/etc/rc.conf", descr, own);
		assert_int_equal(strlen(topo_find(&r.t, KIND_EPAIR, "epair1")->description), len == TEXT_SIZE ? 0 : len);
		assert_true((said(&r, "limit") != NULL) == (len == TEXT_SIZE));
		done(&r);
	}
}

/* --- jail_NAME_... ------------------------------------------------------------------------------------------------------- */

#define EZJAIL "jail_a_hostname=a\njail_a_rootdir=/a\njail_a_ip=\njail_a_vnet_interface=epair1b\n"

/* The fifth line; rc.d/jail reads all of them for one jail, and those with G for all as well; the rest are ezjail's. */
static const struct {
	const char *attr, *value;
	bool global;
} attrs[] = { { "hostname", "x", false }, { "rootdir", "/x", false }, { "ip", "re0|192.0.2.9/24", false }, { "ip_multi0", "re0|192.0.2.9/24", false },
	{ "vnet_interface", "epair2b", false }, { "vnet_interfaces", "epair2b", false }, { "exec_prestart0", "logger x", true },
	{ "exec_prestart1", "logger x", true }, { "exec_poststart0", "logger x", true }, { "exec_prestop0", "logger x", true },
	{ "exec_poststop0", "logger x", true }, { "exec_start", "logger x", false }, { "exec_stop", "logger x", false },
	{ "exec", "logger x", false }, { "exec_afterstart0", "logger x", true }, { "exec_afterstart1", "logger x", true }, { "fib", "1", true },
	{ "parameters", "allow.chflags", true }, { "parameters", "children.max=5;", true }, { "parameters", "allow.nomount", true },
	{ "parameters", "mount.devfs", true }, { "conf", "/x", false }, { "devfs_ruleset", "5", true }, { "devfs_ruleset", "mine", true },
	{ "consolelog", "/x", true }, { "fstab", "/x", true }, { "devfs_enable", "YES", true }, { "fdescfs_enable", "YES", true },
	{ "procfs_enable", "yes", true }, { "mount_enable", "YES", true }, { "set_hostname_allow", "YES", true },
	{ "set_hostname_allow", "NO", true }, { "sysvipc_allow", "YES", true }, { "socket_unixiproute_only", "NO", true },
	{ "enforce_statfs", "1", true }, { "osreldate", "14", true }, { "osrelease", "14", true }, { "flags", "-v", true },
	{ "zfs_dataset", "tank/x", false }, { "zfs_datasets", "tank/x", false }, { "cpuset", "0-3", false }, { "image", "/x", false } };

static void
test_no_attribute_is_dropped(void **state)
{
	static const char *const as_it_is[] = { "devfs_ruleset=devfsrules_jail", "devfs_enable=NO", "parameters=", "image=", "fstab=",
		"imagetype=simple", "retention_policy=", "zfs_datasets=" };
	struct rig bare, r;
	char text[512];
	(void)state;

	run(&bare, CONV_RC_CONF, "/etc/rc.conf", EZJAIL, own);
	assert_string_equal(topo_find(&bare.t, KIND_JAIL, "a")->u.jail.exec_start, "/bin/sh /etc/rc");
	assert_string_equal(topo_find(&bare.t, KIND_JAIL, "a")->u.jail.exec_stop, "/bin/sh /etc/rc.shutdown jail");
	for (size_t i = 0; i < NELEMS(attrs); i++)
		for (int global = 0; global <= attrs[i].global; global++) {
			snprintf(text, sizeof(text), EZJAIL "jail_%s%s=\"%s\"\n", global ? "" : "a_", attrs[i].attr, attrs[i].value);
			run(&r, CONV_RC_CONF, "/etc/rc.conf", text, own);
			if (same_topology(&bare.t, &r.t) && !said_at(&r, 5))
				fail_msg("jail_%s%s=%s is dropped without a word", global ? "" : "a_", attrs[i].attr, attrs[i].value);
			done(&r);
		}
	for (size_t i = 0; i < NELEMS(as_it_is); i++) {
		snprintf(text, sizeof(text), EZJAIL "jail_a_%s\n", as_it_is[i]);
		run(&r, CONV_RC_CONF, "/etc/rc.conf", text, own);
		if (!same_topology(&bare.t, &r.t) || said_at(&r, 5))
			fail_msg("jail_a_%s is not what there is anyway", as_it_is[i]);
		done(&r);
	}
	done(&bare);
}

static const char *
param(const struct rig *r, const char *key)
{
	const struct pairs *p = &topo_find(&r->t, KIND_JAIL, "a")->u.jail.params;

	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i].key, key) == 0)
			return (p->v[i].value);
	return ("(none)");
}

/* The jail's own line before that of all; commands in the order of rc.d/jail; parameters as words of jail.conf. */
static void
test_rc_jail(void **state)
{
	struct err err = { 0 };
	struct rig r, back;
	(void)state;

	run(&r, CONV_RC_CONF, "/etc/rc.conf",
	    EZJAIL "jail_exec_afterstart0=all0\njail_exec_afterstart1=all1\njail_a_exec_afterstart1=own1\njail_a_exec_afterstart2=own2\n"
		   "jail_sysvipc_allow=NO\njail_a_sysvipc_allow=YES\njail_set_hostname_allow=NO\njail_socket_unixiproute_only=NO\n"
		   "jail_parameters=allow.chflags\njail_a_parameters=\"allow.mlock=1; allow.noquotas children.max=5; allow.nfsd;\"\n",
	    own);
	assert_string_equal(topo_find(&r.t, KIND_JAIL, "a")->u.jail.exec_start, "/bin/sh /etc/rc && all0 && own1 && own2");
	assert_string_equal(param(&r, "allow.sysvipc"), "1");
	assert_string_equal(param(&r, "allow.set_hostname"), "0");
	assert_string_equal(param(&r, "allow.raw_sockets"), "1");
	assert_string_equal(param(&r, "allow.chflags"), "(none)");
	assert_string_equal(param(&r, "allow.mlock"), "1");
	assert_string_equal(param(&r, "allow.quotas"), "0");
	assert_string_equal(param(&r, "children.max"), "5");
	assert_string_equal(param(&r, "allow.nfsd"), "1");
	assert_null(said(&r, "params"));

	/* and out again, and in */
	assert_int_equal(conv_export(&r.c, CONV_TO_EZJAIL, &r.t, &err), 0);
	assert_null(said(&r, "params"));
	run(&back, CONV_EZJAIL, "/usr/local/etc/ezjail/a", text_of(&r, "/usr/local/etc/ezjail/a"), own);
	assert_true(object_equal(topo_find(&r.t, KIND_JAIL, "a"), topo_find(&back.t, KIND_JAIL, "a")));
	done(&back);
	done(&r);

	run(&r, CONV_RC_CONF, "/etc/rc.conf", EZJAIL "jail_a_exec=alone\njail_a_exec_start=x\njail_a_exec_stop=y\n", own);
	assert_string_equal(topo_find(&r.t, KIND_JAIL, "a")->u.jail.exec_start, "alone");
	assert_string_equal(topo_find(&r.t, KIND_JAIL, "a")->u.jail.exec_stop, "");
	done(&r);

	/* what rc.d/jail reads no more when the jail becomes a VNET jail, own or for all */
	for (int own_line = 0; own_line < 2; own_line++) {
		static const char *const yes[] = { "jail_socket_unixiproute_only=YES\n", "jail_a_socket_unixiproute_only=YES\n" },
					 *const no[] = { "jail_socket_unixiproute_only=NO\n", "jail_a_socket_unixiproute_only=NO\n" };
		char text[256];

		snprintf(text, sizeof(text), "jail_a_hostname=a\njail_a_rootdir=/a\njail_a_ip=\"re0|192.0.2.5/24\"\n%s", yes[own_line]);
		run(&r, CONV_RC_CONF, "/etc/rc.conf", text, (struct conv_opts){ .params = true });
		assert_null(said(&r, "params"));
		done(&r);
		snprintf(text, sizeof(text), "jail_a_hostname=a\njail_a_rootdir=/a\njail_a_ip=\"re0|192.0.2.5/24\"\n%s", no[own_line]);
		run(&r, CONV_RC_CONF, "/etc/rc.conf", text, (struct conv_opts){ .params = true });
		assert_int_equal(said(&r, "params")->line, 4);
		done(&r);
	}
	run(&r, CONV_RC_CONF, "/etc/rc.conf", EZJAIL "jail_a_socket_unixiproute_only=NO\n", (struct conv_opts){ .params = true });
	assert_null(said(&r, "params"));	/* it is one already */
	done(&r);

	/* with a manager of its own it keeps its words, and nobody is told */
	run(&r, CONV_RC_CONF, "/etc/rc.conf", EZJAIL "jail_a_devfs_enable=YES\njail_a_parameters=allow.mlock\n",
	    (struct conv_opts){ .params = true });
	assert_int_equal(topo_find(&r.t, KIND_JAIL, "a")->u.jail.params.n, 0);
	assert_null(said(&r, "params"));
	done(&r);
}

/* --- contradictions ------------------------------------------------------------------------------------------------------- */

#define TWO_BRIDGES "cloned_interfaces=\"bridge0 bridge1 epair1\"\nifconfig_bridge0=\"addm epair1a\"\n"

/* Where it is said; line 0: not at all. */
static const struct {
	enum conv_kind kind;
	bool external;
	unsigned line, col;
	const char *text;
} contradictions[] = {
	{ CONV_JAIL_CONF, false, 3, 19, "a { vnet; vnet.interface = epair1b; }\nb { vnet;\n vnet.interface = epair1b; }\n" },
	{ CONV_JAIL_CONF, false, 3, 19, "a { vnet; vnet.interface = em2; }\nb { vnet;\n vnet.interface = em2; }\n" },
	{ CONV_JAIL_CONF, false, 2, 19, "a { path = /a;\n vnet.interface = epair1b; }\n" },
	{ CONV_JAIL_CONF, false, 0, 0, "a { vnet; path = /a;\n vnet.interface = epair1b; }\n" },
	{ CONV_JAIL_CONF, false, 1, 1, "a { vnet; vnet.interface = epair1b; ip6.addr = \"2001:db8::1\"; }\n" },
	{ CONV_RC_CONF, false, 4, 1, TWO_BRIDGES "jail_a_ip=\njail_a_vnet_interface=epair1a\n" },
	{ CONV_RC_CONF, false, 3, 1, TWO_BRIDGES "ifconfig_bridge1=\"addm epair1a\"\n" },
	{ CONV_RC_CONF, false, 0, 0, TWO_BRIDGES "ifconfig_bridge1=\"addm epair1b\"\n" },
	{ CONV_EZJAIL, false, 1, 8, "export jail_a_vnet_enable=YES\nexport jail_a_ip=\"re0|192.0.2.9/24\"\n" },
	{ CONV_EZJAIL, false, 2, 8, "export jail_a_ip=\"\"\nexport jail_a_vnet_enable=NO\n" },
	{ CONV_EZJAIL, false, 0, 0, "export jail_a_ip=\"re0|192.0.2.9/24\"\nexport jail_a_vnet_enable=NO\n" },
	/* it waits for what comes after it */
	{ CONV_JAIL_CONF, true, 2, 17, "a { vnet; vnet.interface = epair1b;\n exec.created = \"/usr/local/bin/jailnet up -i -t 5 a\"; }\n" },
	{ CONV_JAIL_CONF, true, 0, 0, "a { vnet; vnet.interface = epair1b;\n exec.prestart = \"jailnet up a\"; }\n" },
	{ CONV_JAIL_CONF, true, 0, 0, "a { vnet; vnet.interface = epair1b;\n exec.poststart = \"jailnet up -i a\"; }\n" },
	{ CONV_JAIL_CONF, true, 0, 0, "a { vnet;\n exec.created = \"jailnet up -i a\"; }\n" },
	{ CONV_EZJAIL, true, 3, 8, "export jail_a_ip=\nexport jail_a_vnet_interface=epair1b\nexport jail_a_exec_prestart0=\"jailnet up -i a\"\n" },
	{ CONV_EZJAIL, true, 0, 0, "export jail_a_ip=\nexport jail_a_vnet_interface=epair1b\nexport jail_a_exec_poststart0=\"jailnet up -i a\"\n" },
};

static void
test_contradictions(void **state)
{
	struct rig r;
	(void)state;

	for (size_t i = 0; i < NELEMS(contradictions); i++) {
		enum conv_kind kind = contradictions[i].kind;
		const struct conv_msg *m;

		run(&r, kind, kind == CONV_RC_CONF ? "/etc/rc.conf" : kind == CONV_EZJAIL ? "/usr/local/etc/ezjail/a" : "/etc/jail.conf",
		    contradictions[i].text, (struct conv_opts){ .managed = !contradictions[i].external });
		m = said(&r, "contradiction");
		if ((m == NULL ? 0 : m->line) != contradictions[i].line || (m == NULL ? 0 : m->col) != contradictions[i].col)
			fail_msg("%u:%u %s in %s", m == NULL ? 0 : m->line, m == NULL ? 0 : m->col, m == NULL ? "" : m->text, contradictions[i].text);
		done(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_word_of_jail_conf_is_dropped),
		cmocka_unit_test(test_a_line_for_many_is_said_once),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_no_attribute_is_dropped),
		cmocka_unit_test(test_rc_jail),
		cmocka_unit_test(test_contradictions),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
