/*
 * str: copying and number parsing that fail instead of cutting.
 */
#ifndef JN_STR_H
#define JN_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NELEMS(a) (sizeof(a) / sizeof((a)[0]))

/* Copies src with its NUL into dst[size].  -1 and dst "" when it does not fit. */
int str_copy(char *dst, size_t size, const char *src);
/* snprintf that returns -1 (and leaves dst "") when the text does not fit. */
int str_format(char *dst, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The whole string is a decimal number in [min, max]; no sign, blanks or leading zero (but "0"). */
int str_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out);
bool str_equal(const char *a, const char *b);
/* Shell-style match with '*' and '?' only. */
bool str_match(const char *pattern, const char *s);
/* Valid UTF-8 without NUL, overlong forms or surrogates. */
bool str_utf8(const void *s, size_t size);
size_t str_chars(const char *utf8);	/* code points, as JSON Schema counts */
/* Replaces every byte that is not part of valid UTF-8 by '?': text from users or commands, on its way to JSON. */
void str_clean(char *s);
/* One token of a JSON pointer, with "~" and "/" escaped (RFC 6901); cut when it does not fit.  size > 0.  Returns buf. */
const char *str_pointer(const char *text, char *buf, size_t size);

uint32_t str_hash(const char *s);	/* FNV-1a */
/* FNV-1a of bytes, for tables and for "has it changed"; not for security.  Starts with HASH_START, goes on with an earlier result. */
#define HASH_START 14695981039346656037ULL
uint64_t hash_bytes(uint64_t h, const void *p, size_t size);

#endif
