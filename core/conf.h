/*
 * conf: reads "key = value" files by a const schema table.
 *
 * One setting a line, '#' starts a comment, blanks around key and value are dropped, a value may stand in double
 * quotes.  Unknown key, repeated key, value out of range: an error with file:line.  The struct is filled with
 * the defaults first and not changed afterwards.
 */
#ifndef JN_CONF_H
#define JN_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum conf_type { CONF_STR, CONF_U32, CONF_BOOL /* yes|no */, CONF_WORDS /* blank-separated, kept as text */ };

struct conf_key {
	const char *name;
	enum conf_type type;
	size_t offset;	/* in the caller's struct: char[size], uint32_t, bool */
	size_t size;	/* of a char array */
	uint32_t min, max;
	const char *dflt;
};

/* Fills 'out' with defaults, then reads the file; path NULL = defaults only. */
int conf_load(const char *path, const struct conf_key *keys, size_t nkeys, void *out, struct err *err);
/* Same from memory; 'name' stands in messages. */
int conf_parse(const char *name, const char *text, size_t size, const struct conf_key *keys, size_t nkeys, void *out,
    struct err *err);
/* True when one of the blank-separated patterns (str_match) matches s. */
int conf_words_match(const char *words, const char *s);

#endif
