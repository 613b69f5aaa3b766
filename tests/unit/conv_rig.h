/*
 * conv_rig: one file in, and what came of it, for the tests of convert/.
 */
#ifndef JN_CONV_RIG_H
#define JN_CONV_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "convert/conv_jc.h"
#include "core/str.h"
#include "core/valid.h"

struct rig {
	struct conv c;
	struct topo t;
};

static inline void
run(struct rig *r, enum conv_kind kind, const char *path, const char *text, struct conv_opts opts)
{
	struct conv_file f = { path, text, strlen(text), NULL };
	struct err err = { 0 };

	conv_init(&r->c);
	assert_int_equal(conv_import(&r->c, kind, &f, 1, &opts, &r->t, &err), 0);
}

static inline void
done(struct rig *r)
{
	topo_fini(&r->t);
	conv_fini(&r->c);
}

static inline const struct conv_msg *
said(const struct rig *r, const char *code)
{
	for (size_t i = 0; i < r->c.nmsgs; i++)
		if (strcmp(r->c.msgs[i].code, code) == 0)
			return (&r->c.msgs[i]);
	return (NULL);
}

static inline const char *
text_of(const struct rig *r, const char *path)
{
	for (size_t i = 0; i < r->c.ntexts; i++)
		if (strcmp(r->c.texts[i].path, path) == 0)
			return (r->c.texts[i].text);
	return ("");
}

#endif
