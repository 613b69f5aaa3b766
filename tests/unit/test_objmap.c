/* objmap against a plain array: random adds and removes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/objmap.h"

#define NAMES 500

static void
agrees_with_an_array(void **state)
{
	bool there[NAMES] = { false };
	char name[NAME_SIZE];
	struct objmap m;
	unsigned *value;
	size_t n = 0;

	(void)state;
	srand(1);
	objmap_init(&m, sizeof(unsigned));
	for (int i = 0; i < 20000; i++) {
		unsigned k = (unsigned)rand() % NAMES;

		snprintf(name, sizeof(name), "n%u", k);
		if (rand() % 2 == 0) {
			value = objmap_add(&m, KIND_EPAIR, name);
			assert_non_null(value);
			assert_true(*value == (there[k] ? k + 1 : 0));
			*value = k + 1;
			n += !there[k];
			there[k] = true;
		} else {
			objmap_remove(&m, KIND_EPAIR, name);
			n -= there[k];
			there[k] = false;
		}
		assert_int_equal(m.n, n);
	}
	for (unsigned k = 0; k < NAMES; k++) {
		snprintf(name, sizeof(name), "n%u", k);
		value = objmap_get(&m, KIND_EPAIR, name);
		assert_true((value != NULL) == there[k]);
		if (value != NULL)
			assert_int_equal(*value, k + 1);
		assert_false(objmap_has(&m, KIND_JAIL, name));
	}
	objmap_fini(&m);
}

static void
walk_sees_each_once(void **state)
{
	unsigned seen[100] = { 0 };
	char text[NAME_SIZE];
	const char *name;
	struct objmap m;
	enum kind kind;
	void *record;
	size_t at = 0, n = 0;

	(void)state;
	objmap_init(&m, sizeof(unsigned));
	for (unsigned i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "x%u", i);
		*(unsigned *)objmap_add(&m, KIND_JAIL, text) = i;
	}
	for (; objmap_next(&m, &at, &kind, &name, &record); n++) {
		assert_int_equal(kind, KIND_JAIL);
		seen[*(unsigned *)record]++;
	}
	assert_int_equal(n, 100);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(seen[i], 1);
	objmap_fini(&m);
}

static void
the_empty_map(void **state)
{
	const char *name;
	struct objmap m;
	enum kind kind;
	size_t at = 0;

	(void)state;
	objmap_init(&m, 0);
	assert_null(objmap_get(&m, KIND_JAIL, "a"));
	objmap_remove(&m, KIND_JAIL, "a");
	assert_false(objmap_next(&m, &at, &kind, &name, NULL));
	assert_non_null(objmap_add(&m, KIND_JAIL, "a"));
	assert_true(objmap_has(&m, KIND_JAIL, "a"));
	objmap_clear(&m);
	assert_false(objmap_has(&m, KIND_JAIL, "a"));
	objmap_fini(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_an_array),
		cmocka_unit_test(walk_sees_each_once),
		cmocka_unit_test(the_empty_map),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
