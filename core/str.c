/*
 * str: copy or fail, strict numbers, simple patterns, UTF-8.
 */
#include "core/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
str_copy(char *dst, size_t size, const char *src)
{
	size_t len = strlen(src);

	if (len >= size) {
		if (size > 0)
			dst[0] = '\0';
		return (-1);
	}
	memcpy(dst, src, len + 1);
	return (0);
}

int
str_format(char *dst, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(dst, size, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < size)
		return (0);
	if (size > 0)
		dst[0] = '\0';
	return (-1);
}

int
str_u64(const char *s, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t v = 0, digit;

	if (*s == '\0' || (s[0] == '0' && s[1] != '\0'))
		return (-1);
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return (-1);
		digit = (uint64_t)(*s - '0');
		if (v > (UINT64_MAX - digit) / 10)
			return (-1);
		v = v * 10 + digit;
	}
	if (v < min || v > max)
		return (-1);
	*out = v;
	return (0);
}

bool
str_equal(const char *a, const char *b)
{
	return (strcmp(a, b) == 0);
}

bool
str_match(const char *pattern, const char *s)
{
	const char *star = NULL, *retry = NULL;

	/* Only the last '*' ever needs another try, so this is never worse than pattern times text. */
	while (*s != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			retry = s;
		} else if (*pattern == '?' || *pattern == *s) {
			pattern++;
			s++;
		} else if (star != NULL) {
			pattern = star;
			s = ++retry;
		} else
			return (false);
	}
	while (*pattern == '*')
		pattern++;
	return (*pattern == '\0');
}

/* Bytes of the well-formed UTF-8 character at s (Unicode 15, table 3-7), 0 when there is none. */
static size_t
utf8_len(const unsigned char *s, size_t size)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t len, i;

	if (s[0] < 0x80)
		return (s[0] != 0 ? 1 : 0);
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return (0);
	if (s[0] == 0xe0)
		lo = 0xa0;	/* overlong */
	else if (s[0] == 0xed)
		hi = 0x9f;	/* surrogates */
	else if (s[0] == 0xf0)
		lo = 0x90;	/* overlong */
	else if (s[0] == 0xf4)
		hi = 0x8f;	/* past U+10FFFF */
	if (len > size || s[1] < lo || s[1] > hi)
		return (0);
	for (i = 2; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return (0);
	return (len);
}

bool
str_utf8(const void *s, size_t size)
{
	const unsigned char *p = s;
	size_t len;

	for (; size > 0; p += len, size -= len) {
		len = utf8_len(p, size);
		if (len == 0)
			return (false);
	}
	return (true);
}

size_t
str_chars(const char *utf8)
{
	size_t n = 0;

	for (; *utf8 != '\0'; utf8++)
		n += (*utf8 & 0xc0) != 0x80;
	return (n);
}

void
str_clean(char *s)
{
	size_t size = strlen(s), len;

	for (; size > 0; s += len, size -= len) {
		len = utf8_len((const unsigned char *)s, size);
		if (len == 0) {
			*s = '?';
			len = 1;
		}
	}
}

const char *
str_pointer(const char *text, char *buf, size_t size)
{
	size_t n = 0;

	for (; *text != '\0' && n + 3 <= size; text++) {
		if (*text == '~' || *text == '/') {
			buf[n++] = '~';
			buf[n++] = *text == '~' ? '0' : '1';
		} else
			buf[n++] = *text;
	}
	buf[n] = '\0';
	return (buf);
}

uint32_t
str_hash(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return (h);
}

uint64_t
hash_bytes(uint64_t h, const void *p, size_t size)
{
	const unsigned char *b = p;

	for (size_t i = 0; i < size; i++)
		h = (h ^ b[i]) * 1099511628211ULL;
	return (h);
}
