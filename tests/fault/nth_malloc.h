/*
 * nth_malloc: the N-th allocation fails, alone or with all that follow, for N = 1, 2, 3, ... until one run needs no more.
 *
 * A file that includes this is linked with --wrap (tools/tests.sh): our own calls come here first; those inside libraries do not, except
 * jansson's (api_json_init).  Leaks are found by the sanitizer and valgrind runs of the same programs.
 */
#ifndef JN_NTH_MALLOC_H
#define JN_NTH_MALLOC_H

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define NTH_MAX 200000

static struct {
	size_t nth, seen;	/* nth 0: nothing fails */
	bool rest;		/* all that follow fail, too */
	bool parsing;		/* in jansson's parser, which does not survive it */
} nth;

/* Also there: for the test of what happens then. */
static bool nth_in_parser;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
FILE *__real_open_memstream(char **text, size_t *size);
json_t *__real_json_loadb(const char *text, size_t size, size_t flags, json_error_t *error);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
FILE *__wrap_open_memstream(char **text, size_t *size);
json_t *__wrap_json_loadb(const char *text, size_t size, size_t flags, json_error_t *error);

static bool
nth_fails(void)
{
	if (nth.nth == 0 || nth.parsing || (++nth.seen != nth.nth && !(nth.rest && nth.seen > nth.nth)))
		return (false);
	errno = ENOMEM;
	return (true);
}

void *
__wrap_malloc(size_t size)
{
	return (nth_fails() ? NULL : __real_malloc(size));
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return (nth_fails() ? NULL : __real_calloc(n, size));
}

void *
__wrap_realloc(void *p, size_t size)
{
	return (nth_fails() ? NULL : __real_realloc(p, size));
}

char *
__wrap_strdup(const char *s)
{
	return (nth_fails() ? NULL : __real_strdup(s));
}

char *
__wrap_strndup(const char *s, size_t n)
{
	return (nth_fails() ? NULL : __real_strndup(s, n));
}

FILE *
__wrap_open_memstream(char **text, size_t *size)
{
	return (nth_fails() ? NULL : __real_open_memstream(text, size));
}

json_t *
__wrap_json_loadb(const char *text, size_t size, size_t flags, json_error_t *error)
{
	json_t *j;

	nth.parsing = !nth_in_parser;
	j = __real_json_loadb(text, size, flags, error);
	nth.parsing = false;
	return (j);
}

/*
 * run() does the whole thing, looks at what came of it, and cleans up; it calls nth_off() when the thing is done and before it looks.
 * At least 'least' allocations must have been met: else the test looks at nothing.
 */
static void
nth_off(void)
{
	nth.nth = 0;
}

static void
nth_every(void (*run)(const void *arg), const void *arg, size_t least)
{
	size_t n;

	for (int rest = 0; rest < 2; rest++) {
		for (n = 1; n < NTH_MAX; n++) {
			nth.nth = n;
			nth.seen = 0;
			nth.rest = rest == 1;
			run(arg);
			if (nth.seen < n)
				break;
		}
		nth.nth = 0;
		assert_true(n > least && n < NTH_MAX);
	}
}

#endif
