/*
 * conv: which file is what, and the order in which they are read.
 */
#include <stdio.h>
#include <string.h>

#include "convert/conv_jc.h"
#include "core/str.h"

static bool
ends(const char *s, const char *with)
{
	size_t n = strlen(s), m = strlen(with);

	return (n >= m && strcmp(s + n - m, with) == 0);
}

enum conv_kind
conv_kind_of(const char *path, enum conv_kind otherwise)
{
	const char *slash = strrchr(path, '/'), *base = slash == NULL ? path : slash + 1;

	if (strstr(path, "/ezjail/") != NULL || strncmp(path, "ezjail/", 7) == 0)
		return (CONV_EZJAIL);
	if (strstr(path, "/jail.conf.d/") != NULL || strncmp(path, "jail.conf.d/", 12) == 0 ||
	    (strncmp(base, "jail.", 5) == 0 && ends(base, ".conf")) || strcmp(base, "jail.conf") == 0)
		return (CONV_JAIL_CONF);
	/* .../jails/web/etc/rc.conf, but not /etc/rc.conf itself */
	if (ends(path, "/etc/rc.conf") && strlen(path) > strlen("/etc/rc.conf"))
		return (CONV_JAIL_RC);
	if (strncmp(base, "rc.conf", 7) == 0 || strstr(path, "/rc.conf.d/") != NULL)
		return (CONV_RC_CONF);
	return (otherwise);
}

/* Line and column of a byte, as far as lines can be told in the file. */
static struct conv_pos
place(const struct conv_src *src, const char *text, size_t at)
{
	struct conv_pos pos = { src, 1, 1 };

	for (size_t i = 0; i < at; i++) {
		pos.col++;
		if (text[i] == '\n') {
			pos.line++;
			pos.col = 1;
		}
	}
	return (pos);
}

/* NUL and the like, or n; tabs, form feeds and escapes stand in real files. */
static size_t
first_control(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < '\t' || s[i] == 0x7f || ((unsigned char)s[i] > '\r' && (unsigned char)s[i] < ' ' && s[i] != 0x1b))
			return (i);
	return (n);
}

/* The first byte that is not UTF-8, or n. */
static size_t
first_foreign(const char *s, size_t n)
{
	size_t i = 0, len;

	while (i < n) {
		for (len = 1; len <= 4 && i + len <= n && !str_utf8(s + i, len); len++)
			;
		if (len > 4 || i + len > n)
			return (i);
		i += len;
	}
	return (n);
}

static bool
is_text(struct conv *c, const struct conv_src *src, const struct conv_file *f)
{
	size_t at = f->size > CONV_FILE_MAX ? 0 : first_control(f->text, f->size);
	struct conv_pos pos = place(src, f->text, at);

	if (f->size > CONV_FILE_MAX)
		conv_say(c, CONV_ERROR, &pos, "too-large", "a configuration file has at most %u MiB; not read", CONV_FILE_MAX >> 20);
	else if (at < f->size)
		conv_say(c, CONV_ERROR, &pos, "binary", "not a text file; not read");
	else
		return (true);
	return (false);
}

static bool
prepare(struct conv *c, struct conv_src *src, const struct conv_file *f, enum conv_kind kind)
{
	size_t n = 0, cr = f->size;
	struct conv_pos pos;
	char *text;

	*src = (struct conv_src){ .path = conv_dup(c, f->path), .text = "" };
	if (c->nomem)
		return (false);
	src->kind = conv_kind_of(f->path, kind);
	if (f->note != NULL) {
		conv_say(c, CONV_WARNING, &(struct conv_pos){ src, 1, 1 }, "not-read", "%.100s: not read", f->note);
		return (true);
	}
	if (!is_text(c, src, f))
		return (true);
	text = conv_alloc(c, f->size + 1);
	if (text == NULL)
		return (false);
	for (size_t i = 0; i < f->size; i++) {
		if (f->text[i] == '\r' && (i + 1 == f->size || f->text[i + 1] == '\n'))
			cr = cr < i ? cr : i;
		else
			text[n++] = f->text[i];
	}
	if (!str_utf8(text, n)) {
		/* Latin-1 in comments is common; what it says must not reach JSON. */
		pos = place(src, text, first_foreign(text, n));
		conv_say(c, CONV_WARNING, &pos, "encoding", "not UTF-8; the bytes that are not are read as '?'");
		str_clean(text);
	}
	if (cr < f->size) {
		pos = place(src, f->text, cr);
		conv_say(
		    c, CONV_WARNING, &pos, "crlf", "lines end in CR LF; the CR is left out, but the system would have read it as part of values");
	}
	src->text = text;
	src->size = strlen(text);
	src->ok = true;
	return (true);
}

static void
read_ezjail(struct conv_host *h, const struct conv_src *src)
{
	struct conv_vars vars = { .n = 0 };

	conv_sh_read(h->c, src, &vars);
	conv_rc_jails(h, &vars, src);
}

static void
read_all(struct conv_host *h)
{
	struct conv *c = h->c;

	for (size_t i = 0; i < h->nsrcs; i++)
		if (h->srcs[i].kind == CONV_RC_CONF)
			conv_sh_read(c, &h->srcs[i], &h->rc);
	conv_rc_host(h);
	for (size_t i = 0; i < h->nsrcs && !c->nomem; i++)
		if (h->srcs[i].kind == CONV_EZJAIL)
			read_ezjail(h, &h->srcs[i]);
	conv_rc_jails(h, &h->rc, NULL);
	h->jc_src = conv_alloc(c, (h->nsrcs + 1) * sizeof(*h->jc_src));
	h->jc_files = conv_alloc(c, (h->nsrcs + 1) * sizeof(*h->jc_files));
	if (h->jc_src == NULL || h->jc_files == NULL)
		return;
	for (size_t i = 0; i < h->nsrcs; i++)
		if (h->srcs[i].kind == CONV_JAIL_CONF)
			h->jc_src[h->njc++] = &h->srcs[i];
	conv_jail_confs(h, h->jc_files, h->njc);
	for (size_t i = 0; i < h->nsrcs && !c->nomem; i++)
		if (h->srcs[i].kind == CONV_JAIL_RC)
			conv_jail_rc(h, &h->srcs[i]);
}

int
conv_import(struct conv *c, enum conv_kind kind, const struct conv_file *files, size_t nfiles, const struct conv_opts *opts,
    struct topo *out, struct err *err)
{
	struct conv_host h = { .c = c, .opts = opts, .nsrcs = nfiles };
	struct conv_src *srcs = conv_alloc(c, (nfiles + 1) * sizeof(*srcs));

	topo_init(out);
	for (size_t i = 0; srcs != NULL && i < nfiles; i++)
		if (!prepare(c, &srcs[i], &files[i], kind))
			break;
	h.srcs = srcs;
	if (srcs != NULL && !c->nomem)
		read_all(&h);
	if (srcs != NULL && !c->nomem && conv_build(&h, out, err) == 0 && !c->nomem) {
		conv_rewrite(&h, out);
		if (!c->nomem)
			return (0);
	}
	topo_fini(out);
	topo_init(out);
	return (c->nomem ? err_nomem(err) : -1);
}
