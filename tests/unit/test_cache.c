/* cache: an answer lives for one generation, and as long as somebody sends it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/cache.h"

static struct cache_body *
body(const char *text)
{
	return (cache_body_new(strdup(text), strlen(text)));
}

static void
a_new_generation_forgets(void **state)
{
	struct cache *c = cache_new();
	struct cache_body *b = body("one"), *got;

	(void)state;
	assert_null(cache_get(c, 1, "/v1/a"));
	cache_put(c, 1, "/v1/a", b);
	got = cache_get(c, 1, "/v1/a");
	assert_ptr_equal(got, b);
	cache_body_unref(got);
	assert_null(cache_get(c, 1, "/v1/b"));
	assert_null(cache_get(c, 2, "/v1/a"));
	/* rendered before the commit, stored after: not kept */
	cache_put(c, 1, "/v1/a", b);
	assert_null(cache_get(c, 2, "/v1/a"));
	cache_body_unref(b);
	cache_free(c);
}

static void
a_body_outlives_its_entry(void **state)
{
	struct cache *c = cache_new();
	struct cache_body *b = body("kept");

	(void)state;
	cache_get(c, 1, "/");
	cache_put(c, 1, "/", b);
	cache_free(c);
	assert_string_equal(b->text, "kept");
	cache_body_unref(b);
}

static void
it_stays_within_its_bytes(void **state)
{
	struct cache *c = cache_new();
	char target[32];

	(void)state;
	cache_get(c, 1, "/");
	for (int i = 0; i < 100; i++) {
		struct cache_body *b = cache_body_new(calloc(1, 1 << 20), 1 << 20);

		snprintf(target, sizeof(target), "/v1/%d", i);
		cache_put(c, 1, target, b);
		cache_body_unref(b);
		assert_true(c->bytes <= CACHE_BYTES_MAX + (1 << 20));
	}
	cache_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_generation_forgets),
		cmocka_unit_test(a_body_outlives_its_entry),
		cmocka_unit_test(it_stays_within_its_bytes),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
