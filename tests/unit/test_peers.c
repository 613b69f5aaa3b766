/*
 * test_peers: guessing waits longer and longer, nobody else does; rates; a flood of addresses forgets nobody who is being punished.
 */
#include "server/peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/str.h"

static struct ip
addr(const char *text)
{
	struct ip ip;

	assert_int_equal(ip_parse(text, &ip, NULL), 0);
	return (ip);
}

static void
test_wait(void **state)
{
	struct peers *p = peers_new(1);
	struct ip bad = addr("192.0.2.1"), good = addr("192.0.2.2");
	int64_t now = 1000000;
	int last = 0, wait;

	(void)state;
	assert_non_null(p);
	for (int i = 0; i < PEER_FAILURES - 1; i++)
		peer_failed(peers_get(p, &bad, now), now);
	assert_int_equal(peer_waits(peers_get(p, &bad, now), now), 0);
	for (int i = 0; i < 12; i++) {
		peer_failed(peers_get(p, &bad, now), now);
		wait = peer_waits(peers_get(p, &bad, now), now);
		assert_true(wait > last || wait == PEER_WAIT_MAX_MS / 1000);
		last = wait;
		now += wait * 1000;
		assert_int_equal(peer_waits(peers_get(p, &bad, now), now), 0);
	}
	assert_int_equal(last, PEER_WAIT_MAX_MS / 1000);
	assert_int_equal(peer_waits(peers_get(p, &good, now), now), 0);
	/* after a quiet while it is as if new */
	now += PEER_WAIT_MAX_MS + 1;
	peer_failed(peers_get(p, &bad, now), now);
	assert_int_equal(peer_waits(peers_get(p, &bad, now), now), 0);
	peers_free(p);
}

static void
test_slow_failures_are_free(void **state)
{
	struct peers *p = peers_new(2);
	struct ip ip = addr("2001:db8::1");
	int64_t now = 1000000;

	(void)state;
	for (int i = 0; i < 100; i++, now += 7000) {
		peer_failed(peers_get(p, &ip, now), now);
		assert_int_equal(peer_waits(peers_get(p, &ip, now), now), 0);
	}
	peers_free(p);
}

static void
test_one_network_is_one_client(void **state)
{
	struct peers *p = peers_new(3);
	struct ip a = addr("2001:db8:1:2::1"), b = addr("2001:db8:1:2:ffff::9"), c = addr("2001:db8:1:3::1"), v4 = addr("192.0.2.1"),
		  w4 = addr("192.0.2.2");

	(void)state;
	assert_ptr_equal(peers_get(p, &a, 1), peers_get(p, &b, 1));
	assert_ptr_not_equal(peers_get(p, &a, 1), peers_get(p, &c, 1));
	assert_ptr_not_equal(peers_get(p, &v4, 1), peers_get(p, &w4, 1));
	peers_free(p);
}

static void
test_a_flood_of_addresses(void **state)
{
	struct peers *p = peers_new(4);
	struct ip bad = addr("192.0.2.1"), held = addr("192.0.2.3"), ip = addr("10.0.0.0");
	int64_t now = 1000000;

	(void)state;
	for (int i = 0; i < PEER_FAILURES; i++)
		peer_failed(peers_get(p, &bad, now), now);
	peers_get(p, &held, now)->connections = 1;
	for (uint32_t i = 0; i < 100000; i++) {
		ip.b[1] = (uint8_t)(i >> 16);
		ip.b[2] = (uint8_t)(i >> 8);
		ip.b[3] = (uint8_t)i;
		assert_non_null(peers_get(p, &ip, now + 1));
	}
	assert_true(peer_waits(peers_get(p, &bad, now + 1), now + 1) > 0);
	assert_int_equal(peers_get(p, &held, now + 1)->connections, 1);
	peers_free(p);
}

static void
test_rate(void **state)
{
	struct peers *p = peers_new(5);
	struct ip ip = addr("192.0.2.1");
	struct peer *one;
	int64_t now = 1000000;
	int n = 0;

	(void)state;
	one = peers_get(p, &ip, now);
	for (int i = 0; i < 100; i++)
		assert_true(peer_request(one, 0, now));
	for (int i = 0; i < 100; i++)
		n += peer_request(one, 10, now);
	assert_int_equal(n, 10);
	for (int64_t t = now; t < now + 5000; t += 10)
		n += peer_request(one, 10, t);
	assert_in_range(n, 58, 61);
	n = 0;
	for (int i = 0; i < 100; i++)
		n += peer_request(one, 10, now + 60000);
	assert_int_equal(n, 10);
	peers_free(p);
}

/* Users and tokens have entries of their own, beside every address. */
static void
test_other_keys(void **state)
{
	struct peers *p = peers_new(5);
	struct ip zero = { .family = 4 },
		  keys[] = { peers_user(0), peers_user(1), peers_token("tk_1"), peers_token("tk_2"), zero, addr("0.0.0.1"), addr("::") };
	struct peer *v[NELEMS(keys)];

	(void)state;
	for (size_t i = 0; i < NELEMS(keys); i++) {
		v[i] = peers_get(p, &keys[i], 1);
		v[i]->connections++;
		for (size_t j = 0; j < i; j++)
			assert_ptr_not_equal(v[i], v[j]);
	}
	for (size_t i = 0; i < NELEMS(keys); i++)
		assert_ptr_equal(peers_get(p, &keys[i], 2), v[i]);
	peers_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_wait), cmocka_unit_test(test_slow_failures_are_free),
		cmocka_unit_test(test_one_network_is_one_client), cmocka_unit_test(test_a_flood_of_addresses), cmocka_unit_test(test_rate),
		cmocka_unit_test(test_other_keys) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
