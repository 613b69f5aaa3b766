/*
 * conv_jc: jail.conf(5) as its own grammar reads it: blocks of parameters, with positions.
 */
#ifndef JN_CONV_JC_H
#define JN_CONV_JC_H

#include "convert/conv_int.h"

struct jc_piece {
	const char *text;	/* literal, or the name of a variable */
	bool is_var;
};
struct jc_value {
	struct jc_piece *v;
	size_t n, room;
	struct conv_pos pos;
};
struct jc_param {
	const char *name;
	bool append, is_var;	/* is_var: $NAME = ... */
	bool shared, said;	/* stands in a block for several jails; a message about it has come */
	struct jc_value *values;
	size_t n, room;
	struct conv_pos pos;
	size_t from, to;	/* in src->text, the ';' included */
};
/* NAME { ... }; parameters outside of all jails are a block "*". */
struct jc_block {
	const char *name;
	struct jc_param *params;
	size_t n, room;
	struct conv_pos pos;
	size_t open, close;	/* of the braces; 0, 0 for a bare parameter */
	bool is_include;	/* name is the pattern */
};
struct jc_file {
	const struct conv_src *src;
	struct jc_block *v;
	size_t n, room;
	bool included, bad;
};

/* What could be read is in 'out'; a syntax error is a message, and the statement is left out. */
void jc_parse(struct conv *c, const struct conv_src *src, struct jc_file *out);
/* A block for all jails that match; a bare parameter is one for "*". */
bool jc_is_wild(const char *name);
bool jc_match(const char *name, const char *wild);

#endif
