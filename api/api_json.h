/*
 * api_json: strict reading of JSON from strangers.
 *
 * api_json_parse() refuses what jansson would let through or choke on.  A 'struct jd' then collects every error of a
 * document with its JSON pointer, so that a client sees all of them at once.  Getters leave *out alone when the key
 * is absent or wrong, so defaults stay; they return true when *out was set.
 */
#ifndef JN_API_JSON_H
#define JN_API_JSON_H

#include <jansson.h>

#include "core/addr.h"
#include "core/err.h"

/*
 * jansson forgets some failures of malloc: a text lacks a key, a token "is invalid".  We do not: api_json_init() makes its allocations
 * ours, and from api_json_fresh() on api_json_failed() says whether one of this thread's failed.  Its parser (2.14) reads and writes
 * behind its buffers when an allocation fails: there the process ends, as if it had been killed, and jailnetd starts it again.
 */
void api_json_init(void);
void api_json_fresh(void);
bool api_json_failed(void);
/* Compact text, malloc'ed; NULL = memory was out, now or since api_json_fresh(). */
char *api_json_text(const json_t *j);

/* json_object_foreach over what is not to be changed: jansson's iteration takes a mutable object, but changes nothing.  NULL has no members. */
#define api_json_each(object, key, value) json_object_foreach((json_t *)(uintptr_t)(object), key, value)

/* ERR_SYNTAX with line and column; size limits are the caller's.  The result is always an object or an array. */
int api_json_parse(const char *text, size_t size, json_t **out, struct err *err);

struct jd {
	struct errs *errs;
	char path[160];	/* pointer of the value being read, "" = the whole document */
	size_t len;
	size_t cut;	/* levels that did not fit into 'path': errors there point at what did */
};

void jd_init(struct jd *d, struct errs *errs, const char *path);
/* Goes one key down; the returned mark brings it back. */
size_t jd_push(struct jd *d, const char *key);
size_t jd_push_index(struct jd *d, size_t index);
void jd_pop(struct jd *d, size_t mark);

void jd_error(struct jd *d, enum err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void jd_error_at(struct jd *d, const char *key, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void jd_nomem(struct jd *d);
/* "wants WHAT, got a string" at the current path. */
void jd_wants(struct jd *d, const char *what, const json_t *got);

bool jd_is_object(struct jd *d, const json_t *j);
/* Every key that is in none of the two NULL-terminated lists (each may be NULL) is an error. */
void jd_known(struct jd *d, const json_t *obj, const char *const *keys, const char *const *more);

bool jd_bool(struct jd *d, const json_t *obj, const char *key, bool *out);
bool jd_u32(struct jd *d, const json_t *obj, const char *key, uint32_t min, uint32_t max, uint32_t *out);
/* At most max bytes; borrowed until the document is freed. */
bool jd_str(struct jd *d, const json_t *obj, const char *key, size_t max, const char **out);
/* One of the words; *out is its index. */
bool jd_word(struct jd *d, const json_t *obj, const char *key, const char *const *words, size_t nwords, unsigned *out);
bool jd_mac(struct jd *d, const json_t *obj, const char *key, struct mac *out);
bool jd_ip(struct jd *d, const json_t *obj, const char *key, struct ip *out);
/* NULL when absent, wrong or with more than max entries. */
const json_t *jd_object(struct jd *d, const json_t *obj, const char *key, size_t max);
const json_t *jd_array(struct jd *d, const json_t *obj, const char *key, size_t max);

#endif
