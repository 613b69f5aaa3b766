/*
 * conv_jceff: what the blocks of jail.conf(5) that fit one jail say together, as jail(8) works it out (usr.sbin/jail/config.c).
 *
 * Everything lives in the arena of the struct conv.
 */
#ifndef JN_CONV_JCEFF_H
#define JN_CONV_JCEFF_H

#include "convert/conv_jc.h"

/* A parameter of one jail after wildcards. */
struct eff {
	struct jc_param *from;		/* the last one that set it */
	const char *name;
	struct jc_value *values;
	size_t n, room;
	const char **text;		/* resolved; NULL = not yet */
	const struct conv_pos **at;	/* of each */
	bool resolving, bad;
};
struct effs {
	struct eff *v;
	size_t n, room;
};

bool eff_same_name(const char *a, const char *b);	/* "allow.nomount" is "allow.mount" said the other way round */
/* By name; "allow.nomount" finds "allow.mount", too.  NULL = nobody set it. */
struct eff *eff_find(struct effs *e, const char *name);
void eff_add(struct conv *c, struct effs *e, struct jc_param *p);	/* over or, with +=, behind what is there */
void eff_set(struct conv *c, struct effs *e, const char *name, const char *value, const struct jc_block *b);	/* unless it is set */
/* Fills text and at of f; bad when a variable cannot be worked out, which was said. */
void eff_resolve(struct conv *c, struct effs *e, struct eff *f, int depth);
/* Values of a parameter and where each is from; 0 when it is not set, bad or without one. */
size_t eff_values(struct conv *c, struct effs *e, const char *name, const char ***out, const struct conv_pos *const **at);
const char *eff_value(struct conv *c, struct effs *e, const char *name, struct conv_pos *pos);	/* the last, "" = none */
bool eff_is_set(struct effs *e, const char *name);
bool eff_is_true(struct conv *c, struct effs *e, const char *name);

#endif
