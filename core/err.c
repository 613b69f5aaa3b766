/*
 * err: filling, wrapping and collecting errors.
 */
#include "core/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"

/* Room kept for the kernel's own words, which must survive a long context. */
#define STRERROR_ROOM 80

static const char *const code_names[ERR_CODE_COUNT] = {
	[ERR_NONE] = "none",
	[ERR_SYNTAX] = "syntax",
	[ERR_INVALID] = "invalid",
	[ERR_NOT_FOUND] = "not_found",
	[ERR_REFERENCE] = "reference",
	[ERR_EXISTS] = "exists",
	[ERR_CONFLICT] = "conflict",
	[ERR_IN_USE] = "in_use",
	[ERR_PRECONDITION] = "precondition",
	[ERR_DENIED] = "denied",
	[ERR_LIMIT] = "limit",
	[ERR_UNSUPPORTED] = "unsupported",
	[ERR_BUSY] = "busy",
	[ERR_TIMEOUT] = "timeout",
	[ERR_KERNEL] = "kernel",
	[ERR_EXEC] = "exec",
	[ERR_STORE] = "store",
	[ERR_PROTO] = "proto",
	[ERR_NOMEM] = "nomem",
	[ERR_INTERNAL] = "internal",
};

/* Messages are for humans, so they are cut, visibly, rather than refused. */
static void __attribute__((format(printf, 3, 0)))
fill(char *dst, size_t size, const char *fmt, va_list ap)
{
	int n;

	n = vsnprintf(dst, size, fmt, ap);
	if (n < 0)
		dst[0] = '\0';
	str_clean(dst);
	if (n >= 0 && (size_t)n >= size) {
		/* str_clean made a half character into '?'s, which the dots may cover; the cut may halve another. */
		memcpy(dst + size - 4, "...", 4);
		str_clean(dst);
	}
}

static void __attribute__((format(printf, 3, 4)))
fillf(char *dst, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(dst, size, fmt, ap);
	va_end(ap);
}

static void __attribute__((format(printf, 3, 0)))
fill_sys(struct err *err, int sys, const char *fmt, va_list ap)
{
	char what[sizeof(err->msg) - STRERROR_ROOM];

	if (err == NULL)
		return;
	/* Filled before *err changes: an argument may point into it. */
	fill(what, sizeof(what), fmt, ap);
	err->code = ERR_KERNEL;
	err->sys = sys;
	err->field[0] = '\0';
	fillf(err->msg, sizeof(err->msg), "%s: %s", what, strerror(sys));
}

int
err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	char msg[sizeof(err->msg)];
	va_list ap;

	if (err == NULL)
		return (-1);
	va_start(ap, fmt);
	fill(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	err->code = code;
	err->sys = 0;
	err->field[0] = '\0';
	memcpy(err->msg, msg, sizeof(msg));
	return (-1);
}

int
err_sys(struct err *err, const char *fmt, ...)
{
	int sys = errno;
	va_list ap;

	va_start(ap, fmt);
	fill_sys(err, sys, fmt, ap);
	va_end(ap);
	return (-1);
}

int
err_num(struct err *err, int sys, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill_sys(err, sys, fmt, ap);
	va_end(ap);
	return (-1);
}

int
err_wrap(struct err *err, const char *fmt, ...)
{
	char context[sizeof(err->msg)], old[sizeof(err->msg)];
	va_list ap;

	if (err == NULL)
		return (-1);
	va_start(ap, fmt);
	fill(context, sizeof(context), fmt, ap);
	va_end(ap);
	memcpy(old, err->msg, sizeof(old));
	fillf(err->msg, sizeof(err->msg), "%s: %s", context, old);
	return (-1);
}

int
err_nomem(struct err *err)
{
	return (err_set(err, ERR_NOMEM, "out of memory"));
}

const char *
err_code_name(enum err_code code)
{
	/* The code may come from a file or a peer built later. */
	return ((size_t)code < NELEMS(code_names) ? code_names[code] : "internal");
}

int
errs_add(struct errs *errs, enum err_code code, const char *pointer, const char *fmt, ...)
{
	struct err *e;
	va_list ap;

	if (errs->n == ERRS_MAX) {
		errs->more++;
		return (-1);
	}
	e = &errs->v[errs->n++];
	e->code = code;
	e->sys = 0;
	fillf(e->field, sizeof(e->field), "%s", pointer);
	va_start(ap, fmt);
	fill(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	return (-1);
}

int
errs_add_err(struct errs *errs, const struct err *err)
{
	if (errs->n == ERRS_MAX)
		errs->more++;
	else
		errs->v[errs->n++] = *err;
	return (-1);
}
