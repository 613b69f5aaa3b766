/*
 * test_hostile_storm: a server in somebody else's hands, the real driver and the real kernel: what policy and marks forbid, and frames that nobody
 * thought of.  What is not ours is read back by ip(8), and is as it was.  See driver_rig.h and tests/fault/hostile.h.
 */
#include "tests/kernel/linux/driver_rig.h"

#include "tests/fault/hostile.h"

#define ROUNDS 4000

/* All of the host's network and of the jail that is somebody else's, but what is ours; counters and ages are left out. */
static void
foreign_state(char *out, size_t size)
{
	static const char *const lines[] = {
		"for i in lo re0 re0far fbr0 fbr1 fbr1far ext0a ext0b; do ip -o -d link show $i | sed 's/promiscuity.*//; s/bridge_id.*//'; ip -o "
		"addr show $i scope global | sed 's/valid_lft.*//'; done",
		"ip route show table all | grep -v 'dev lan0\\|dev web0\\|dev e0\\|^broadcast\\|^ff00' | sort",
		"ip -n ext -o link; ip -n ext -o addr show scope global; ip -n ext route; ip netns list | grep -w ext",
		"cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/forwarding /proc/sys/kernel/core_pattern | sort | uniq",
	};
	size_t len = 0;

	for (size_t i = 0; i < NELEMS(lines); i++) {
		sh(out + len, size - len, "%s", lines[i]);
		len += strlen(out + len);
	}
}

static char before[32768], after[32768];

static void
test_forbidden(void **state)
{
	(void)state;
	log_init("test_hostile_storm", true, LOG_LVL_ERROR);
	run("ip link add re0 type veth peer name re0far && ip address add 198.51.100.1/24 dev re0 && ip link set re0 up");
	run("ip link add fbr0 type bridge && ip link add fbr1 type veth peer name fbr1far && ip link set fbr1 master fbr0");
	run("ip link add ext0a type veth peer name ext0b && ip netns add ext && ip -n ext link add x0 type veth peer name x0far && ip -n ext address "
	    "add 203.0.113.1/24 dev x0");
	serve_init(&serve, driver, ctx, &policy);
	foreign_state(before, sizeof(before));
	assert_non_null(strstr(before, "198.51.100.1/24"));
	assert_non_null(strstr(before, "203.0.113.1/24"));
	make_ours();
	ask_what_is_forbidden();
	foreign_state(after, sizeof(after));
	assert_string_equal(before, after);
	says("ip -n web -o link show web0b; ip -o link show lan0", "web0b");
}

static void
test_storm(void **state)
{
	(void)state;
	storm(ROUNDS, 0);
	foreign_state(after, sizeof(after));
	assert_string_equal(before, after);
	serve_fini(&serve);
	close(client.fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_forbidden), cmocka_unit_test(test_storm) };

	return (rig_main(tests, NELEMS(tests)));
}
