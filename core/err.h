/*
 * err: the one error type of the program.
 *
 * A fallible function returns 0 or -1 and takes a caller-owned 'struct err *' last.  -1 always means
 * the err is filled; 0 leaves it alone.  Nothing here allocates.  Functions return errors upward with
 * context (err_wrap); only the loops in server/ and worker/ log them.
 *
 *	if (ioctl(fd, ...) == -1)
 *		return (err_sys(err, "SIOCBRDGADD %s", name));
 */
#ifndef JN_ERR_H
#define JN_ERR_H

#include <stdbool.h>
#include <stddef.h>

/* Chosen by what the caller can do about it.  One table (api/api_problem.c) maps them to HTTP. */
enum err_code {
	ERR_NONE = 0,
	ERR_SYNTAX,	 /* not even readable: bad JSON, bad frame from a client */
	ERR_INVALID,	 /* readable, but not legal */
	ERR_NOT_FOUND,	 /* the object itself does not exist */
	ERR_REFERENCE,	 /* legal, but names something that does not exist */
	ERR_EXISTS,	 /* the name is taken */
	ERR_CONFLICT,	 /* clashes with another object */
	ERR_IN_USE,	 /* others still depend on it */
	ERR_PRECONDITION, /* If-Match did not hold */
	ERR_DENIED,	 /* policy or permission */
	ERR_LIMIT,	 /* a stated limit is reached */
	ERR_UNSUPPORTED, /* this platform cannot */
	ERR_BUSY,	 /* try again */
	ERR_TIMEOUT,
	ERR_KERNEL,	 /* the kernel refused; sys has errno */
	ERR_EXEC,	 /* a command inside a jail failed */
	ERR_STORE,	 /* SQLite; sys ENOSPC means the disk is full */
	ERR_PROTO,	 /* worker channel */
	ERR_NOMEM,
	ERR_INTERNAL
};
#define ERR_CODE_COUNT (ERR_INTERNAL + 1)

struct err {
	enum err_code code;
	int sys;	  /* errno, 0 if none */
	char field[160];  /* JSON pointer into the topology or the request body, "" if none */
	char msg[320];	  /* one sentence for a human, no trailing dot; valid UTF-8, cut with "..." */
};

/*
 * All return -1.  err may be NULL.  err_set, err_sys and err_num start a new error: field is "".  err_sys reads errno
 * before anything else.
 */
int err_set(struct err *err, enum err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int err_sys(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Like err_sys with an errno value in hand (netlink answers). */
int err_num(struct err *err, int sys, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Prefixes "context: " to the message. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int err_nomem(struct err *err);

/* Lower-case word for a code, "in_use"; the API's problem code and the wire's text. */
const char *err_code_name(enum err_code code);

/* All field errors of one request, in the order found.  When full, 'more' counts the rest. */
#define ERRS_MAX 32
struct errs {
	struct err v[ERRS_MAX];
	size_t n;
	size_t more;
};

/* Appends; pointer is plain text, the message printf-style.  Returns -1 so that it can end a check. */
int errs_add(struct errs *errs, enum err_code code, const char *pointer, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
int errs_add_err(struct errs *errs, const struct err *err);

#endif
