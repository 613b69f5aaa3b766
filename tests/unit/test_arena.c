/*
 * test_arena: aligned, zeroed, apart from each other, freed together (the sanitizer build sees leaks and overruns).
 */
#include "core/arena.h"

#include <stdalign.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
test_alloc(void **state)
{
	struct arena a;
	unsigned char *p[400];
	size_t i, k, size;

	(void)state;
	arena_init(&a);
	for (i = 0; i < 400; i++) {
		size = i * 7 % 300;
		p[i] = arena_alloc(&a, size);
		assert_non_null(p[i]);
		assert_int_equal((uintptr_t)p[i] % alignof(max_align_t), 0);
		for (k = 0; k < size; k++)
			assert_int_equal(p[i][k], 0);
		memset(p[i], (int)(i & 0xff), size);
	}
	for (i = 0; i < 400; i++)
		for (k = 0; k < i * 7 % 300; k++)
			assert_int_equal(p[i][k], i & 0xff);
	assert_ptr_not_equal(arena_alloc(&a, 0), arena_alloc(&a, 0));
	p[0] = arena_alloc(&a, 1000000);
	assert_non_null(p[0]);
	p[0][999999] = 1;
	arena_fini(&a);
	assert_non_null(arena_strdup(&a, "again"));
	arena_fini(&a);
}

static void
test_overflow(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_null(arena_array(&a, SIZE_MAX / 2, 3));
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX - 64));
	assert_non_null(arena_array(&a, 0, 8));
	assert_non_null(arena_array(&a, 8, 0));
	arena_fini(&a);
}

static void
test_dup(void **state)
{
	struct arena a;
	char text[] = "web0a", *s;

	(void)state;
	arena_init(&a);
	s = arena_strdup(&a, text);
	text[0] = 'X';
	assert_string_equal(s, "web0a");
	assert_memory_equal(arena_memdup(&a, "a\0b", 3), "a\0b", 3);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_dup),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
