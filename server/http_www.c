/* http_www: a table of ready answers.  See http_www.h */
#include "server/http_www.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/str.h"

#define FILES_MAX 128
#define ASSETS "/assets/"	/* names with a hash: what they hold never changes */

/* Best first. */
enum coding { CODING_BR, CODING_GZIP, CODING_IDENTITY };
#define CODINGS (CODING_IDENTITY + 1)
static const char *const coding_names[CODINGS] = { "br", "gzip", "identity" };

struct variant {
	struct MHD_Response *response;	/* NULL = none */
	char etag[64];
};

struct file {
	char path[128];
	struct variant v[CODINGS];
};

struct http_www {
	struct file files[FILES_MAX];
	size_t n;
};

static const char *const page_headers[][2] = {
	{ "Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob:; "
	    "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Vary", "Accept, Accept-Encoding" },
};

static const char not_built[] =
    "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>jailnet</title>\n"
    "<h1>jailnet</h1>\n<p>The API is at <a href=\"/v1\">/v1</a>, its description at <a href=\"/openapi.json\">/openapi.json</a>.</p>\n"
    "<p>The dashboard and the readable form of that description (/docs) are not built. They need Node.js 18 or newer with npm and its package "
    "registry: run <code>make www</code> in the source tree,\n"
    "then start jailnetd again; or set <code>www</code> in jailnetd.conf to the directory where they are.</p>\n</html>\n";

/* --- the table ------------------------------------------------------------------------------------------------- */

static bool
add(struct MHD_Response *r, const char *name, const char *value)
{
	return (MHD_add_response_header(r, name, value) == MHD_YES);
}

static bool
add_page_headers(struct MHD_Response *r, const char *cache, const char *etag)
{
	bool ok = add(r, "Cache-Control", cache) && (etag == NULL || add(r, "ETag", etag));

	for (size_t i = 0; i < NELEMS(page_headers); i++)
		ok = ok && add(r, page_headers[i][0], page_headers[i][1]);
	return (ok);
}

static const char *
cache_rule(const char *path)
{
	return (strncmp(path, ASSETS, strlen(ASSETS)) == 0 ? "public, max-age=31536000, immutable" : "no-cache");
}

static struct file *
find(const struct http_www *w, const char *path, size_t len)
{
	for (size_t i = 0; i < w->n; i++) {
		if (strlen(w->files[i].path) == len && memcmp(w->files[i].path, path, len) == 0)
			return ((struct file *)(uintptr_t)&w->files[i]);
	}
	return (NULL);
}

static int
open_plain(int dir_fd, const char *name, uint64_t *size, struct err *err)
{
	struct stat st;
	int fd;

	if (name[0] == '.' || strchr(name, '/') != NULL)
		return (err_set(err, ERR_INVALID, "www: %.64s is not a plain file name", name));
	fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1) {
		err_sys(err, "www: %.64s", name);
		goto fail;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(err, ERR_INVALID, "www: %.64s is not a plain file", name);
		goto fail;
	}
	*size = (uint64_t)st.st_size;
	return (fd);
fail:
	if (fd != -1)
		close(fd);
	return (-1);
}

static int
add_variant(struct http_www *w, int dir_fd, char *const field[5], struct err *err)
{
	struct file *f = find(w, field[0], strlen(field[0]));
	enum coding c = CODING_BR;
	struct MHD_Response *r;
	uint64_t size = 0;
	int fd;

	while (c < CODINGS && strcmp(coding_names[c], field[3]) != 0)
		c++;
	if (c == CODINGS || field[0][0] != '/' || (f != NULL && f->v[c].response != NULL))
		return (err_set(err, ERR_INVALID, "www: the manifest's line of %.64s is wrong", field[0]));
	if (f == NULL) {
		if (w->n == FILES_MAX || str_copy(w->files[w->n].path, sizeof(w->files[w->n].path), field[0]) == -1)
			return (err_set(err, ERR_LIMIT, "www: more than %d files, or a path is too long", FILES_MAX));
		f = &w->files[w->n++];
	}
	if (str_format(f->v[c].etag, sizeof(f->v[c].etag), "\"%s-%s\"", field[2], field[3]) == -1)
		return (err_set(err, ERR_INVALID, "www: the ETag of %.64s is too long", field[0]));
	if ((fd = open_plain(dir_fd, field[4], &size, err)) == -1)
		return (-1);
	r = MHD_create_response_from_fd64(size, fd);
	if (r == NULL) {
		close(fd);
		return (err_nomem(err));
	}
	f->v[c].response = r;
	if (!add(r, "Content-Type", field[1]) || (c != CODING_IDENTITY && !add(r, "Content-Encoding", field[3])) ||
	    !add_page_headers(r, cache_rule(field[0]), f->v[c].etag))
		return (err_nomem(err));
	return (0);
}

static int
add_line(struct http_www *w, int dir_fd, char *line, struct err *err)
{
	char *field[5], *save = NULL, *s = line;
	size_t n = 0;

	for (; n < NELEMS(field) && (field[n] = strtok_r(s, " \n", &save)) != NULL; n++)
		s = NULL;
	if (n != NELEMS(field) || strtok_r(NULL, " \n", &save) != NULL)
		return (err_set(err, ERR_INVALID, "www: a line of the manifest has not five words"));
	return (add_variant(w, dir_fd, field, err));
}

int
http_www_open(int dir_fd, struct http_www **out, struct err *err)
{
	struct http_www *w = NULL;
	char line[512];
	FILE *f = NULL;
	uint64_t size;
	int fd, rc = -1;

	if ((fd = open_plain(dir_fd, "manifest", &size, err)) == -1)
		return (-1);
	f = fdopen(fd, "r");
	w = calloc(1, sizeof(*w));
	if (f == NULL || w == NULL) {
		err_nomem(err);
		goto out;
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		if (add_line(w, dir_fd, line, err) == -1)
			goto out;
	}
	rc = ferror(f) ? err_sys(err, "www: manifest") : 0;
out:
	if (f != NULL)
		fclose(f);
	else
		close(fd);
	if (rc == 0)
		*out = w;
	else
		http_www_close(w);
	return (rc);
}

void
http_www_close(struct http_www *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < w->n; i++) {
		for (size_t c = 0; c < CODINGS; c++) {
			if (w->files[i].v[c].response != NULL)
				MHD_destroy_response(w->files[i].v[c].response);
		}
	}
	free(w);
}

/* --- answers --------------------------------------------------------------------------------------------------- */

static const char *
header(struct MHD_Connection *conn, const char *name)
{
	return (MHD_lookup_connection_value(conn, MHD_HEADER_KIND, name));
}

/* "gzip, br;q=0.5": named, and not with a weight of zero. */
static bool
accepts_coding(const char *accept, const char *name)
{
	size_t len = strlen(name), n;
	const char *s = accept;

	while (s != NULL && *s != '\0') {
		s += strspn(s, ", \t");
		n = strcspn(s, ",");
		if (n == len && strncasecmp(s, name, len) == 0)
			return (true);
		if (n > len && strncasecmp(s, name, len) == 0 && strchr(" \t;", s[len]) != NULL)
			return (strspn(s + len, " \t;q=0.") < n - len);
		s += n;
	}
	return (false);
}

static const struct variant *
choose(const struct file *f, const char *accept)
{
	for (size_t c = 0; c < CODINGS; c++) {
		if (f->v[c].response != NULL && (c == CODING_IDENTITY || accepts_coding(accept, coding_names[c])))
			return (&f->v[c]);
	}
	return (NULL);
}

static enum MHD_Result
send_made(struct MHD_Connection *conn, unsigned status, struct MHD_Response *r, bool complete)
{
	enum MHD_Result rc = MHD_NO;

	if (r != NULL && complete)
		rc = MHD_queue_response(conn, status, r);
	if (r != NULL)
		MHD_destroy_response(r);
	return (rc);
}

static enum MHD_Result
send_unchanged(struct MHD_Connection *conn, const struct file *f, const struct variant *v)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

	return (send_made(conn, MHD_HTTP_NOT_MODIFIED, r, r != NULL && add_page_headers(r, cache_rule(f->path), v->etag)));
}

static enum MHD_Result
send_not_built(struct MHD_Connection *conn)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(sizeof(not_built) - 1, (char *)(uintptr_t)not_built, MHD_RESPMEM_PERSISTENT);

	return (send_made(conn, MHD_HTTP_OK, r,
	    r != NULL && add(r, "Content-Type", "text/html;charset=utf-8") && add_page_headers(r, "no-store", NULL)));
}

bool
http_www_reply(const struct http_www *w, struct MHD_Connection *conn, const char *target, enum MHD_Result *rc)
{
	const char *accept = header(conn, "Accept"), *known = header(conn, "If-None-Match");
	size_t len = strcspn(target, "?");
	const struct variant *v;
	const struct file *f;

	/* programs get the API's own answer at "/" */
	if (len == 1 && (accept == NULL || strstr(accept, "text/html") == NULL))
		return (false);
	if (w == NULL) {
		if (len != 1 && !(len == 5 && memcmp(target, "/docs", 5) == 0))
			return (false);
		*rc = send_not_built(conn);
		return (true);
	}
	if ((f = find(w, target, len)) == NULL || (v = choose(f, header(conn, "Accept-Encoding"))) == NULL)
		return (false);
	if (known != NULL && strstr(known, v->etag) != NULL)
		*rc = send_unchanged(conn, f, v);
	else
		*rc = MHD_queue_response(conn, MHD_HTTP_OK, v->response);
	return (true);
}
