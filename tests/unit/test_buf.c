/*
 * test_buf: round trip, truncation at every byte, sticky error.
 */
#include "core/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
put_all(struct buf *b)
{
	buf_put_u8(b, 0x12);
	buf_put_u16(b, 0x3456);
	buf_put_u32(b, 0x789abcde);
	buf_put_u64(b, 0x0123456789abcdefULL);
	buf_put_bool(b, true);
	buf_put_bytes(b, "\0xy", 3);
	buf_put_str(b, "web");
	buf_put_str(b, "");
}

static void
get_all(struct buf *b, char s[4])
{
	uint8_t bytes[3];

	buf_get_u8(b);
	buf_get_u16(b);
	buf_get_u32(b);
	buf_get_u64(b);
	buf_get_bool(b);
	buf_get_bytes(b, bytes, 3);
	buf_get_str(b, s, 4);
	buf_get_str(b, s, 4);
}

static void
test_round_trip(void **state)
{
	static const uint8_t start[] = { 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0x01, 0x23 };
	uint8_t data[64], bytes[3];
	struct buf b;
	char s[4];
	size_t len;

	(void)state;
	buf_init(&b, data, sizeof(data));
	put_all(&b);
	assert_false(b.bad);
	len = b.pos;
	assert_int_equal(buf_left(&b), sizeof(data) - len);
	assert_memory_equal(data, start, sizeof(start));
	buf_init_const(&b, data, len);
	assert_int_equal(buf_get_u8(&b), 0x12);
	assert_int_equal(buf_get_u16(&b), 0x3456);
	assert_int_equal(buf_get_u32(&b), 0x789abcde);
	assert_true(buf_get_u64(&b) == 0x0123456789abcdefULL);
	assert_true(buf_get_bool(&b));
	buf_get_bytes(&b, bytes, 3);
	assert_memory_equal(bytes, "\0xy", 3);
	buf_get_str(&b, s, 4);
	assert_string_equal(s, "web");
	assert_false(buf_done(&b));
	buf_get_str(&b, s, 4);
	assert_string_equal(s, "");
	assert_true(buf_done(&b));
}

static void
test_truncated(void **state)
{
	uint8_t data[64], *exact;
	struct buf b;
	char s[4];
	size_t len, n;

	(void)state;
	buf_init(&b, data, sizeof(data));
	put_all(&b);
	len = b.pos;
	for (n = 0; n < len; n++) {
		exact = malloc(n + 1);	/* so that the sanitizer sees a byte too far */
		memcpy(exact, data, n);
		exact = realloc(exact, n > 0 ? n : 1);
		buf_init_const(&b, exact, n);
		get_all(&b, s);
		assert_true(b.bad);
		assert_false(buf_done(&b));
		assert_int_equal(buf_left(&b), 0);
		assert_int_equal(buf_get_u8(&b), 0);
		buf_init(&b, exact, n);
		put_all(&b);
		assert_true(b.bad);
		free(exact);
	}
}

static void
test_bad_values(void **state)
{
	static const uint8_t two[] = { 2, 1 }, nul[] = { 0, 3, 'a', 0, 'b' }, big[] = { 0, 4, 'a', 'b', 'c', 'd' };
	char s[4] = "zzz", *huge;
	uint8_t data[8], bytes[2] = { 9, 9 };
	struct buf b;

	(void)state;
	buf_init_const(&b, two, sizeof(two));
	assert_false(buf_get_bool(&b));
	assert_true(b.bad);
	buf_get_bytes(&b, bytes, 2);
	assert_int_equal(bytes[0] | bytes[1], 0);
	buf_init_const(&b, two, sizeof(two));
	assert_int_equal(buf_get_enum(&b, 3), 2);
	assert_int_equal(buf_get_enum(&b, 1), 0);
	assert_true(b.bad);
	buf_init_const(&b, nul, sizeof(nul));
	buf_get_str(&b, s, sizeof(s));
	assert_true(b.bad);
	assert_string_equal(s, "");
	buf_init_const(&b, big, sizeof(big));
	buf_get_str(&b, s, sizeof(s));
	assert_true(b.bad);
	assert_string_equal(s, "");
	huge = malloc(70001);
	memset(huge, 'x', 70000);
	huge[70000] = '\0';
	buf_init(&b, data, sizeof(data));
	buf_put_str(&b, huge);
	assert_true(b.bad);
	free(huge);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_bad_values),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
