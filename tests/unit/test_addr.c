/*
 * test_addr: text in and out, and what is in which prefix.
 */
#include "core/addr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/str.h"

static struct prefix
P(const char *s)
{
	struct prefix p = { 0 };

	if (prefix_parse(s, &p, NULL) == -1)
		fail_msg("prefix %s", s);
	return (p);
}

static struct ip
I(const char *s)
{
	struct ip ip = { 0 };

	if (ip_parse(s, &ip, NULL) == -1)
		fail_msg("ip %s", s);
	return (ip);
}

static void
test_mac(void **state)
{
	static const char *const bad[] = { "", "02:00:5e:10:00", "02:00:5e:10:00:0", "02:00:5e:10:00:011", "02-00-5e-10-00-01",
		"02:00:5e:10:00:0g", "2:0:5e:10:0:1:00000", " 2:00:5e:10:00:01", "02005e100001", "02:00:5e:10:00:01 " };
	char text[MAC_TEXT_SIZE];
	struct mac m = { { 0 } }, n;
	struct err err;
	size_t i;

	(void)state;
	assert_true(mac_is_zero(&m));
	assert_false(mac_is_usable(&m));
	for (i = 0; i < NELEMS(bad); i++) {
		assert_int_equal(mac_parse(bad[i], &m, &err), -1);
		assert_int_equal(err.code, ERR_INVALID);
		assert_true(mac_is_zero(&m));
	}
	assert_int_equal(mac_parse("02:aB:Cd:EF:09:fe", &m, &err), 0);
	assert_string_equal(mac_format(&m, text), "02:ab:cd:ef:09:fe");
	assert_true(mac_is_usable(&m));
	n = m;
	assert_true(mac_equal(&m, &n));
	n.b[5] ^= 1;
	assert_false(mac_equal(&m, &n));
	m.b[0] = 0xff;
	assert_false(mac_is_usable(&m));
	mac_make_local(&m);
	assert_int_equal(m.b[0], 0xfe);
	m.b[0] = 0x01;
	mac_make_local(&m);
	assert_int_equal(m.b[0], 0x02);
}

static void
test_ip_text(void **state)
{
	static const struct {
		const char *in, *out;
	} good[] = {
		{ "192.0.2.1", "192.0.2.1" }, { "0.0.0.0", "0.0.0.0" }, { "::", "::" }, { "::1", "::1" }, { "1::", "1::" },
		{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" }, { "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" }, { "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "0:0:1:2:3:4:5:6", "::1:2:3:4:5:6" }, { "1:2:3:4:5:6:0:0", "1:2:3:4:5:6::" },
		{ "0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7" }, { "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
		{ "::c000:201", "::c000:201" }, { "::2", "::2" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	};
	static const char *const bad[] = { "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ",
		" 1.2.3.4", "0x1.2.3.4",
		"1.2.3.4/24", ":::", "1::2::3", "fe80::1%lo0", "12345::", "g::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9" };
	char text[IP_TEXT_SIZE];
	struct ip ip = { 0 }, back;
	struct err err;
	size_t i;

	(void)state;
	assert_string_equal(ip_format(&ip, text), "");
	for (i = 0; i < NELEMS(good); i++) {
		ip = I(good[i].in);
		assert_string_equal(ip_format(&ip, text), good[i].out);
		back = I(text);
		assert_int_equal(ip_cmp(&ip, &back), 0);
	}
	for (i = 0; i < NELEMS(bad); i++)
		if (ip_parse(bad[i], &ip, &err) != -1 || err.code != ERR_INVALID)
			fail_msg("took %s", bad[i]);
}

static void
test_ip_kinds(void **state)
{
	struct ip none = { 0 }, a = I("192.0.2.1"), b = I("192.0.2.2"), c = I("::1");

	(void)state;
	assert_true(ip_cmp(&a, &b) < 0 && ip_cmp(&b, &a) > 0 && ip_cmp(&b, &c) < 0 && ip_cmp(&none, &a) < 0);
	assert_true(ip_is_link_local(&(struct ip){ 6, { 0xfe, 0xbf } }));
	assert_false(ip_is_link_local(&(struct ip){ 6, { 0xfe, 0xc0 } }));
	assert_false(ip_is_link_local(&(struct ip){ 4, { 0xfe, 0x80 } }));
	a = I("224.0.0.1");
	assert_true(ip_is_multicast(&a));
	a = I("ff02::1");
	assert_true(ip_is_multicast(&a));
	a = I("240.0.0.1");
	assert_false(ip_is_multicast(&a));
	a = I("0.0.0.0");
	assert_true(ip_is_unspecified(&a));
	a = I("::");
	assert_true(ip_is_unspecified(&a));
	assert_false(ip_is_unspecified(&c));
	assert_false(ip_is_unspecified(&none));
}

static void
test_prefix_text(void **state)
{
	static const char *const bad[] = { "", "192.0.2.1", "192.0.2.1/", "192.0.2.1/33", "192.0.2.1/024", "192.0.2.1/-1",
		"192.0.2.1/24/24", "/24", "::1/129", "::1/ 64", "x/24", "192.0.2.1 /24",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/1280000" };
	static const char *const good[] = { "192.0.2.5/24", "0.0.0.0/0", "::/0", "2001:db8::5/64", "192.0.2.5/32", "::1/128" };
	char text[PREFIX_TEXT_SIZE];
	struct prefix p = { 0 };
	struct err err;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(bad); i++)
		if (prefix_parse(bad[i], &p, &err) != -1 || err.code != ERR_INVALID || p.len != 0)
			fail_msg("took %s", bad[i]);
	for (i = 0; i < NELEMS(good); i++) {
		p = P(good[i]);
		assert_string_equal(prefix_format(&p, text), good[i]);
		assert_int_equal(prefix_is_default(&p), i == 1 || i == 2);
	}
}

static void
test_prefix_sets(void **state)
{
	static const struct {
		const char *a, *b;
		bool overlap;
	} o[] = {
		{ "10.0.0.0/8", "10.1.2.3/32", true }, { "10.1.2.3/32", "10.0.0.0/8", true }, { "10.0.0.0/9", "10.128.0.0/9", false },
		{ "0.0.0.0/0", "203.0.113.7/24", true }, { "0.0.0.0/0", "::/0", false },
		{ "2001:db8::/33", "2001:db8:8000::/33", false },
		{ "2001:db8::/32", "2001:db8:8000::/33", true }, { "192.0.2.129/25", "192.0.2.1/24", true },
	};
	char text[PREFIX_TEXT_SIZE];
	struct prefix a, b;
	struct ip ip;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(o); i++) {
		a = P(o[i].a);
		b = P(o[i].b);
		if (prefix_overlap(&a, &b) != o[i].overlap)
			fail_msg("%s and %s", o[i].a, o[i].b);
	}
	a = P("192.0.2.77/27");
	ip = I("192.0.2.95");
	assert_true(prefix_contains(&a, &ip));
	ip = I("192.0.2.96");
	assert_false(prefix_contains(&a, &ip));
	b = prefix_network(&a);
	assert_string_equal(prefix_format(&b, text), "192.0.2.64/27");
	a = P("2001:db8:ffff:ffff:ffff::1/45");
	b = prefix_network(&a);
	assert_string_equal(prefix_format(&b, text), "2001:db8:fff8::/45");
	a = P("192.0.2.77/0");
	b = prefix_network(&a);
	assert_string_equal(prefix_format(&b, text), "0.0.0.0/0");
	a = P("::1/128");
	b = prefix_network(&a);
	assert_int_equal(prefix_cmp(&a, &b), 0);
	a = P("10.0.0.0/8");
	b = P("10.0.0.0/16");
	assert_true(prefix_cmp(&a, &b) < 0 && prefix_cmp(&b, &a) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_ip_text),
		cmocka_unit_test(test_ip_kinds),
		cmocka_unit_test(test_prefix_text),
		cmocka_unit_test(test_prefix_sets),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
