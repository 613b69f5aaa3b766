/*
 * valid_rig: what test_valid.c and test_valid_topo.c share: a world, and what must be wrong with it.
 */
#ifndef JN_VALID_RIG_H
#define JN_VALID_RIG_H

#include "tests/unit/plan_samples.h"

#include "core/valid.h"

#define ALL (FEATURE_NETGRAPH | FEATURE_VLAN_FILTER | FEATURE_JAIL_PARAMS | FEATURE_EXTERNAL_JAILS)

static struct errs errs;
static uint32_t features;

static UNUSED int
setup(void **state)
{
	(void)state;
	topo_init(&want);
	errs.n = errs.more = 0;
	features = ALL;
	return (0);
}

static UNUSED int
teardown(void **state)
{
	(void)state;
	topo_fini(&want);
	return (0);
}

static UNUSED void
dump(void)
{
	for (size_t i = 0; i < errs.n; i++)
		print_message("%s %s: %s\n", err_code_name(errs.v[i].code), errs.v[i].field, errs.v[i].msg);
}

/* Exactly one error: that code at that pointer, and its text holds the words. */
static UNUSED void
only(enum err_code code, const char *pointer, const char *words)
{
	if (errs.n != 1 || errs.v[0].code != code || strcmp(errs.v[0].field, pointer) != 0 ||
	    strstr(errs.v[0].msg, words) == NULL) {
		dump();
		fail_msg("expected %s %s: ...%s...", err_code_name(code), pointer, words);
	}
	errs.n = errs.more = 0;
}

static UNUSED void
fine(void)
{
	if (errs.n != 0) {
		dump();
		fail_msg("should be legal");
	}
}

static UNUSED void
object_bad(const struct object *o, enum err_code code, const char *pointer, const char *words)
{
	valid_object(o, features, &errs);
	only(code, pointer, words);
}

static UNUSED void
object_fine(const struct object *o)
{
	valid_object(o, features, &errs);
	fine();
}

static UNUSED void
topo_bad(enum err_code code, const char *pointer, const char *words)
{
	valid_topo(&want, &errs);
	only(code, pointer, words);
}

static UNUSED void
topo_fine(void)
{
	for (int kind = 0; kind < KIND_COUNT; kind++)
		for (size_t i = 0; i < want.n[kind]; i++)
			valid_object(want.v[kind][i], features, &errs);
	valid_topo(&want, &errs);
	fine();
}

#endif
