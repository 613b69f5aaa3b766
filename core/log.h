/*
 * log: one line per fact, "level module msg key=value ...", to stderr (foreground) or syslog.
 *
 * Only the loops in server/ and worker/ log; everything else returns a struct err.  Values from users
 * are written through log_quote() so that no line can be forged.  Not thread-safe to configure,
 * thread-safe to use.
 */
#ifndef JN_LOG_H
#define JN_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_LVL_ERROR, LOG_LVL_WARN, LOG_LVL_INFO, LOG_LVL_DEBUG };

/* to_syslog false = stderr.  ident is the program name in syslog and the first word on stderr. */
void log_init(const char *ident, bool to_syslog, enum log_level max);

void log_error(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_warn(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_debug(const char *module, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A refusal or an attack: always written, level warn, module "security". */
void log_security(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Copies text into buf as a quoted string with control characters, quotes and backslashes escaped; cut
 * with "..." when it does not fit.  Returns buf. */
const char *log_quote(const char *text, char *buf, size_t size);

#endif
