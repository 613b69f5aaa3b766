/*
 * log: each line is built whole and leaves in one write(2); a line that repeats is written once and counted.
 */
#include "core/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE 1024
/* A line that repeats for ever still says so now and then. */
#define REPEAT_REPORT_S 30

static const struct {
	const char *word;
	int priority;
} levels[] = {
	[LOG_LVL_ERROR] = { "error", LOG_ERR },
	[LOG_LVL_WARN] = { "warn", LOG_WARNING },
	[LOG_LVL_INFO] = { "info", LOG_INFO },
	[LOG_LVL_DEBUG] = { "debug", LOG_DEBUG },
};

/* Set once by log_init, before there are threads. */
static struct {
	const char *ident;
	bool to_syslog;
	enum log_level max;
} sink = { "jailnet", false, LOG_LVL_INFO };

static pthread_mutex_t repeat_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	char line[LINE_SIZE];
	enum log_level level;
	unsigned long count;	/* not written since */
	time_t since;		/* when the line or its count was last written */
} repeat;

void
log_init(const char *ident, bool to_syslog, enum log_level max)
{
	sink.ident = ident;
	sink.to_syslog = to_syslog;
	sink.max = max;
	if (to_syslog)
		openlog(ident, LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

static time_t
now_s(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (ts.tv_sec);
}

static void
emit(enum log_level level, const char *line)
{
	char out[LINE_SIZE + 128];
	ssize_t written;
	int n;

	if (sink.to_syslog) {
		syslog(levels[level].priority, "%s", line);
		return;
	}
	n = snprintf(out, sizeof(out), "%s: %s\n", sink.ident, line);
	if (n < 0)
		return;
	if ((size_t)n >= sizeof(out)) {
		n = sizeof(out) - 1;
		out[n - 1] = '\n';
	}
	written = write(STDERR_FILENO, out, (size_t)n);
	(void)written;	/* there is nobody left to tell */
}

static void
repeat_flush(void)
{
	char line[64];

	if (repeat.count == 0)
		return;
	snprintf(line, sizeof(line), "%s log last message repeated %lu time%s", levels[repeat.level].word, repeat.count,
	    repeat.count == 1 ? "" : "s");
	emit(repeat.level, line);
	repeat.count = 0;
}

/* Raw control characters could forge a line or play with a terminal. */
static void
flatten(char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = ' ';
}

static void __attribute__((format(printf, 4, 0)))
logv(enum log_level level, const char *module, bool always, const char *fmt, va_list ap)
{
	char line[LINE_SIZE];
	int n;

	if (level > sink.max && !always)
		return;
	n = snprintf(line, sizeof(line), "%s %s ", levels[level].word, module);
	if (n < 0 || (size_t)n >= sizeof(line))
		return;
	if (vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap) >= (int)sizeof(line) - n)
		memcpy(line + sizeof(line) - 4, "...", 4);
	flatten(line);

	pthread_mutex_lock(&repeat_lock);
	if (!always && strcmp(line, repeat.line) == 0) {
		repeat.count++;
		if (now_s() - repeat.since >= REPEAT_REPORT_S) {
			repeat_flush();
			repeat.since = now_s();
		}
	} else {
		repeat_flush();
		memcpy(repeat.line, line, sizeof(line));
		repeat.level = level;
		repeat.since = now_s();
		emit(level, line);
	}
	pthread_mutex_unlock(&repeat_lock);
}

void
log_error(const char *module, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	logv(LOG_LVL_ERROR, module, false, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *module, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	logv(LOG_LVL_WARN, module, false, fmt, ap);
	va_end(ap);
}

void
log_info(const char *module, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	logv(LOG_LVL_INFO, module, false, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *module, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	logv(LOG_LVL_DEBUG, module, false, fmt, ap);
	va_end(ap);
}

void
log_security(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	logv(LOG_LVL_WARN, "security", true, fmt, ap);
	va_end(ap);
}

/* One character as it stands between quotes; returns its length. */
static size_t
escape(unsigned char c, char out[5])
{
	static const char hex[] = "0123456789abcdef";

	if (c == '"' || c == '\\') {
		out[0] = '\\';
		out[1] = (char)c;
		return (2);
	}
	if (c >= 0x20 && c != 0x7f) {
		out[0] = (char)c;
		return (1);
	}
	out[0] = '\\';
	out[1] = 'x';
	out[2] = hex[c >> 4];
	out[3] = hex[c & 0xf];
	return (4);
}

const char *
log_quote(const char *text, char *buf, size_t size)
{
	char one[5];
	size_t pos = 0, len, keep = 1;	/* keep: where the text can still be cut for ..." */

	if (size < sizeof("\"...\"")) {
		if (size > 0)
			buf[0] = '\0';
		return (buf);
	}
	buf[pos++] = '"';
	for (; *text != '\0'; text++) {
		len = escape((unsigned char)*text, one);
		if (pos + len + sizeof("\"") > size) {
			memcpy(buf + keep, "...\"", 5);
			return (buf);
		}
		memcpy(buf + pos, one, len);
		pos += len;
		if (pos + sizeof("...\"") <= size)
			keep = pos;
	}
	memcpy(buf + pos, "\"", 2);
	return (buf);
}
