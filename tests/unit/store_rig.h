/*
 * store_rig: a store of the test's own, open for writing in a scratch directory: setup and teardown of the tests of the store.
 */
#ifndef JN_STORE_RIG_H
#define JN_STORE_RIG_H

#include "tests/unit/store_samples.h"

static char dir[64];
static struct store *w;

static int
setup(void **state)
{
	(void)state;
	scratch_new(dir);
	OK(store_open(dir, STORE_WRITER, &w, E));
	return (0);
}

static int
teardown(void **state)
{
	(void)state;
	store_close(w);
	w = NULL;
	scratch_free(dir);
	return (0);
}

#endif
