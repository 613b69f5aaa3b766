/* test_driver_jail: jails: their life, namespaces of others, what is half there, commands, sysctls.  See driver_rig.h. */
#include "tests/kernel/linux/driver_rig.h"

static void
jail_life(void **state)
{
	struct cmd c = jail_cmd(CMD_JAIL_CREATE, "web");

	(void)state;
	(void)str_copy(c.u.jail.hostname, HOSTNAME_SIZE, "web.example");
	c.u.jail.forwarding = true;
	c.u.jail.boot = 3;
	DO(c);
	SAME(c);
	says("ip netns list", "web");
	says("ip netns exec web ip link show lo", "UP");
	says("ip netns exec web cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding", "1\n1");
	says("nsenter --uts=/run/jailnet/jails/web/uts hostname", "web.example");
	says_not("hostname", "web.example");
	c.op = CMD_JAIL_SET;
	c.u.jail.forwarding = false;
	(void)str_copy(c.u.jail.hostname, HOSTNAME_SIZE, "www");
	DO(c);
	SAME(c);
	says("nsenter --uts=/run/jailnet/jails/web/uts hostname", "www");
	says("ip netns exec web cat /proc/sys/net/ipv4/ip_forward", "0");
	c.u.jail.hostname[0] = '\0';
	DO(c);
	says("test -e /run/jailnet/jails/web/uts || echo gone", "gone");
	DO(ref_cmd(CMD_JAIL_DESTROY, "web"));
	SAME(ref_cmd(CMD_JAIL_DESTROY, "web"));
	says_not("ip netns list", "web");
	says("ls /run/jailnet/jails | wc -l; ls /run/netns | wc -l", "0\n0");
	c.op = CMD_JAIL_SET;
	FAIL(c, ERR_NOT_FOUND, "no jail web");
}

static void
jail_foreign(void **state)
{
	struct observed o;

	(void)state;
	run("ip netns add theirs");
	FAIL(jail_cmd(CMD_JAIL_CREATE, "theirs"), ERR_CONFLICT, "not made by jailnet");
	FAIL(ref_cmd(CMD_JAIL_DESTROY, "theirs"), ERR_DENIED, "not made by jailnet");
	FAIL(jail_cmd(CMD_JAIL_SET, "theirs"), ERR_DENIED, "not made by jailnet");
	FAIL(exec_cmd(CMD_JAIL_START, "theirs", "true", 1), ERR_DENIED, "not made by jailnet");
	FAIL(addr_cmd(CMD_ADDR_ADD, "theirs", "lo", "10.9.9.9/24"), ERR_NOT_FOUND, "no jail theirs");
	look(&o, OBSERVE_ALL, "");
	assert_non_null(observed_jail(&o, "theirs"));
	assert_false(observed_jail(&o, "theirs")->ours);
	observed_fini(&o);
	run("ip netns del theirs");
}

/* Cut short at each step, by hand; seen as partial, completed by creating again, removed by destroying. */
static void
jail_partial(void **state)
{
	static const char *const cuts[] = {
		"rm /run/jailnet/jails/half/phase",
		"umount /run/netns/half",
		"ip netns del half",
		"rm /run/jailnet/jails/half/phase; ip netns del half; umount /run/jailnet/jails/half/net",
		"rm /run/jailnet/jails/half/phase; ip netns del half; umount /run/jailnet/jails/half/net; rm /run/jailnet/jails/half/*",
	};
	struct observed o;

	(void)state;
	for (int destroy = 0; destroy < 2; destroy++)
		for (size_t i = 0; i < NELEMS(cuts); i++) {
			DO(jail_cmd(CMD_JAIL_CREATE, "half"));
			run(cuts[i]);
			look(&o, OBSERVE_JAIL, "half");
			assert_int_equal(o.njails, 1);
			assert_true(o.jails[0].ours);
			assert_int_equal(o.jails[0].phase, JAIL_PARTIAL);
			assert_true(o.jails[0].reason[0] != '\0');
			observed_fini(&o);
			if (!destroy) {
				DO(jail_cmd(CMD_JAIL_CREATE, "half"));
				SAME(jail_cmd(CMD_JAIL_CREATE, "half"));
				run("ip netns exec half true");
			}
			DO(ref_cmd(CMD_JAIL_DESTROY, "half"));
			says("ls /run/jailnet/jails | wc -l; ls /run/netns | wc -l", "0\n0");
		}
}

/* Its name cannot be taken from it (somebody mounted it once more): what is left is not taken for a stranger's, and goes the next time. */
static void
jail_stays(void **state)
{
	struct observed o;

	(void)state;
	DO(jail_cmd(CMD_JAIL_CREATE, "half"));
	run("mount --bind /run/netns/half /run/netns/half");
	FAIL(ref_cmd(CMD_JAIL_DESTROY, "half"), ERR_KERNEL, "/run/netns/half: Device or resource busy");
	look(&o, OBSERVE_JAIL, "half");
	assert_int_equal(o.njails, 1);
	assert_true(o.jails[0].ours);
	observed_fini(&o);
	DO(ref_cmd(CMD_JAIL_DESTROY, "half"));
	says("ls /run/jailnet/jails | wc -l; ls /run/netns | wc -l", "0\n0");
}

/* A namespace of a stranger in place of ours is neither entered nor removed. */
static void
jail_replaced(void **state)
{
	(void)state;
	DO(jail_cmd(CMD_JAIL_CREATE, "swap"));
	run("ip netns del swap; ip netns add swap");
	FAIL(jail_cmd(CMD_JAIL_CREATE, "swap"), ERR_CONFLICT, "not made by jailnet");
	DO(ref_cmd(CMD_JAIL_DESTROY, "swap"));
	says("ip netns list", "swap");
	run("ip netns exec swap true; ip netns del swap");
}

static void
sysctls(void **state)
{
	struct cmd c = { .op = CMD_SYSCTL_SET };

	(void)state;
	DO(jail_cmd(CMD_JAIL_CREATE, "j1"));
	(void)str_copy(c.u.sysctl.jail, NAME_SIZE, "j1");
	(void)str_copy(c.u.sysctl.key, NAME_SIZE, "net.ipv4.ip_default_ttl");
	(void)str_copy(c.u.sysctl.value, sizeof(c.u.sysctl.value), "33");
	DO(c);
	SAME(c);
	says("ip netns exec j1 cat /proc/sys/net/ipv4/ip_default_ttl", "33");
	says("cat /proc/sys/net/ipv4/ip_default_ttl", "64");
	c.op = CMD_SYSCTL_GET;
	DO(c);
	assert_string_equal(reply.text, "33");
	(void)str_copy(c.u.sysctl.key, NAME_SIZE, "kernel.hostname");
	FAIL(c, ERR_DENIED, "only net.*");
	(void)str_copy(c.u.sysctl.key, NAME_SIZE, "net.ipv4/../../kernel/hostname");
	FAIL(c, ERR_INVALID, "dotted");
	(void)str_copy(c.u.sysctl.key, NAME_SIZE, "net...kernel.hostname");
	FAIL(c, ERR_INVALID, "dotted");
	(void)str_copy(c.u.sysctl.key, NAME_SIZE, "net.ipv4.nix");
	FAIL(c, ERR_REFERENCE, "does not exist");
	c.op = CMD_SYSCTL_SET;
	(void)str_copy(c.u.sysctl.key, NAME_SIZE, "net.ipv4.ip_default_ttl");
	(void)str_copy(c.u.sysctl.value, sizeof(c.u.sysctl.value), "999");
	FAIL(c, ERR_KERNEL, "Invalid argument");
	DO(ref_cmd(CMD_JAIL_DESTROY, "j1"));
}

static void
start_stop(void **state)
{
	struct cmd c = jail_cmd(CMD_JAIL_CREATE, "j1");
	struct observed o;

	(void)state;
	(void)str_copy(c.u.jail.hostname, HOSTNAME_SIZE, "one");
	DO(c);
	FAIL(exec_cmd(CMD_JAIL_START, "j1", "echo first; echo no luck >&2; exit 3", 5), ERR_EXEC, "exec.start exited with 3");
	assert_string_equal(reply.text, "first no luck");
	FAIL(exec_cmd(CMD_JAIL_START, "j1", "sleep 60 & sleep 60", 1), ERR_TIMEOUT, "within 1 s");
	FAIL(exec_cmd(CMD_JAIL_START, "j1", "kill -TERM $$", 1), ERR_EXEC, "signal 15");
	says("cat /run/jailnet/jails/j1/phase", "created");
	/* the log is for writing only, and does not grow without end, not even by what goes on in the background */
	FAIL(exec_cmd(CMD_JAIL_START, "j1", "echo secret; head -c1 <&1; exit 3", 5), ERR_EXEC, "exited with 3");
	assert_non_null(strstr(reply.text, "Bad file descriptor"));
	FAIL(exec_cmd(CMD_JAIL_START, "j1", "head -c 3000000 /dev/zero; echo end; exit 3", 5), ERR_EXEC, "exited with 3");
	says("stat -c %s /run/log/j1.log; tail -n1 /run/log/j1.log | tr -d '\\0'", "65536\nend");
	FAIL(exec_cmd(CMD_JAIL_START, "j1", "(sleep 0.2; head -c 3000000 /dev/zero; echo later; sleep 9) & exit 3", 5), ERR_EXEC, "exited with 3");
	says("for i in $(seq 100); do sleep 0.1; tail -c 6 /run/log/j1.log | grep -q later && break; done; echo ok", "ok");
	look(&o, OBSERVE_ALL, "");
	observed_fini(&o);
	says("stat -c %s /run/log/j1.log", "65536");
	DO(exec_cmd(CMD_JAIL_STOP, "j1", "", 5));
	/* one that was cut short never runs again here */
	says("printf starting >/run/jailnet/jails/j1/phase; echo ok", "ok");
	FAIL(exec_cmd(CMD_JAIL_START, "j1", "echo again", 5), ERR_BUSY, "cut short");
	says("printf created >/run/jailnet/jails/j1/phase; rm /run/log/j1.log; echo ok", "ok");
	/* a daemon is left behind, and it does not hold us up */
	DO(exec_cmd(CMD_JAIL_START, "j1", "hostname; ls /sys/class/net; echo name $JNAME; trap '' TERM; sleep 77 & echo $! >/run/d", 5));
	SAME(exec_cmd(CMD_JAIL_START, "j1", "exit 1", 5));
	says("cat /run/log/j1.log", "one\nlo\nname j1");
	says("stat -c %a /run/log/j1.log", "600");
	look(&o, OBSERVE_ALL, "");
	assert_int_equal(o.njails, 1);
	assert_int_equal(o.jails[0].phase, JAIL_STARTED);
	assert_string_equal(o.jails[0].hostname, "one");
	assert_int_equal(o.jails[0].processes, 1);
	observed_fini(&o);
	/* it ignores TERM, so this is the long way; a failing exec.stop does not hold it up */
	DO(exec_cmd(CMD_JAIL_STOP, "j1", "echo cannot; exit 4", 5));
	assert_non_null(strstr(reply.text, "exec.stop exited with 4: cannot"));
	SAME(exec_cmd(CMD_JAIL_STOP, "j1", "", 5));
	look(&o, OBSERVE_JAIL, "j1");
	assert_int_equal(o.jails[0].phase, JAIL_STOPPED);
	assert_int_equal(o.jails[0].processes, 0);
	observed_fini(&o);
	DO(exec_cmd(CMD_JAIL_START, "j1", "sleep 78 &", 5));
	DO(ref_cmd(CMD_JAIL_DESTROY, "j1"));
	says("sleep 0.1; ps ax | grep 'sleep 7[78]' || echo none", "none");
	FAIL(exec_cmd(CMD_JAIL_START, "j1", "true", 5), ERR_NOT_FOUND, "no jail j1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jail_life),
		cmocka_unit_test(jail_foreign),
		cmocka_unit_test(jail_partial),
		cmocka_unit_test(jail_stays),
		cmocka_unit_test(jail_replaced),
		cmocka_unit_test(sysctls),
		cmocka_unit_test(start_stop),
	};

	return (rig_main(tests, NELEMS(tests)));
}
