/* cli_http: see cli_http.h. */
#include "cli/cli_http.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/addr.h"
#include "core/str.h"

#define TOKEN_MAX 512
#define CONNECT_S 5

struct transfer {
	CURL *curl;
	const struct http_request *request;
	struct http_answer *answer;
	bool ended;		/* on_data said enough */
};

static size_t
http_on_body(char *data, size_t one, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct http_answer *a = t->answer;
	size_t size = one * n;
	long status = 0;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	if (t->request->on_data != NULL && status >= 200 && status < 300) {
		if (t->request->on_data(t->request->arg, data, size))
			return (size);
		t->ended = true;
		return (0);
	}
	if (size > HTTP_BODY_MAX - a->size)
		return (0);
	a->body = cli_xrealloc(a->body, a->size + size + 1);
	memcpy(a->body + a->size, data, size);
	a->size += size;
	a->body[a->size] = '\0';
	return (size);
}

static size_t
http_on_header(char *data, size_t one, size_t n, void *arg)
{
	static const char name[] = "location:";
	struct transfer *t = arg;
	size_t size = one * n, start = sizeof(name) - 1, end = size;

	if (size <= start || strncasecmp(data, name, start) != 0)
		return (size);
	while (start < end && data[start] == ' ')
		start++;
	while (end > start && (data[end - 1] == '\r' || data[end - 1] == '\n' || data[end - 1] == ' '))
		end--;
	if (end - start < sizeof(t->answer->location)) {
		memcpy(t->answer->location, data + start, end - start);
		t->answer->location[end - start] = '\0';
	}
	return (size);
}

/* A newline or another control character in a header would be a second header. */
static bool
http_token_ok(const char *token)
{
	static const char allowed[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~+/=";

	return (token[0] != '\0' && token[strspn(token, allowed)] == '\0');
}

static int
http_read_token(const char *path, char *token, size_t size, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rv = -1;
	ssize_t n;
	size_t len;

	if (fd == -1) {
		err_set(err, ERR_INVALID, "token file %s: %s", path, strerror(errno));
		return (-1);
	}
	n = read(fd, token, size - 1);
	if (n == -1) {
		err_set(err, ERR_INVALID, "token file %s: %s", path, strerror(errno));
		goto out;
	}
	token[n] = '\0';
	len = strcspn(token, "\r\n");
	token[len] = '\0';
	if (len == size - 1 || !http_token_ok(token)) {
		err_set(err, ERR_INVALID, "token file %s: the first line is not a bearer token", path);
		goto out;
	}
	rv = 0;
out:
	close(fd);
	return (rv);
}

static bool
http_is_here(const char *host)
{
	struct ip ip;

	if (str_equal(host, "localhost") || str_equal(host, "[::1]"))
		return (true);
	return (ip_parse(host, &ip, NULL) == 0 && ip.family == 4 && ip.b[0] == 127);
}

/* A token in clear text goes to this machine only. */
static int
http_check_url(const char *url, bool token, struct err *err)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *host = NULL;
	int rv = -1;

	if (u == NULL || curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    (!str_equal(scheme, "http") && !str_equal(scheme, "https"))) {
		err_set(err, ERR_INVALID, "%s is not an http or https URL", url);
		goto out;
	}
	if (token && str_equal(scheme, "http") && !http_is_here(host)) {
		err_set(err, ERR_INVALID, "refusing to send the token to %s without TLS; use https", host);
		goto out;
	}
	rv = 0;
out:
	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(u);
	return (rv);
}

static void
http_add_header(struct curl_slist **list, const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 3;
	char *line = cli_xmalloc(size);
	struct curl_slist *next;

	/* libcurl: "Name:" and nothing more takes its own header of that name away. */
	(void)str_format(line, size, "%s:%s%s", name, value[0] != '\0' ? " " : "", value);
	next = curl_slist_append(*list, line);
	if (next != NULL)
		*list = next;
	explicit_bzero(line, size);
	free(line);
}

/* Where to: the socket, or the URL with its token. */
static int
http_set_target(CURL *curl, const struct cli *c, const char *path, struct curl_slist **headers, struct err *err)
{
	char token[TOKEN_MAX] = "", bearer[TOKEN_MAX + 16] = "";
	size_t base, size;
	char *url;

	if (c->url == NULL) {
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, c->socket_path);
		curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	} else {
		if (c->token_file != NULL && http_read_token(c->token_file, token, sizeof(token), err) == -1)
			return (-1);
		if (c->token_file == NULL && c->token != NULL &&
		    (!http_token_ok(c->token) || str_copy(token, sizeof(token), c->token) == -1))
			return (err_set(err, ERR_INVALID, "JAILNET_TOKEN is not a bearer token"));
		if (http_check_url(c->url, token[0] != '\0', err) == -1)
			return (-1);
		if (token[0] != '\0' && str_format(bearer, sizeof(bearer), "Bearer %s", token) == 0)
			http_add_header(headers, "Authorization", bearer);
		if (c->ca_file != NULL)
			curl_easy_setopt(curl, CURLOPT_CAINFO, c->ca_file);
		if (c->cert_file != NULL)
			curl_easy_setopt(curl, CURLOPT_SSLCERT, c->cert_file);
		if (c->key_file != NULL)
			curl_easy_setopt(curl, CURLOPT_SSLKEY, c->key_file);
	}
	base = c->url == NULL ? 0 : strlen(c->url);
	while (base > 0 && c->url[base - 1] == '/')
		base--;
	size = base + strlen(path) + sizeof("http://localhost");
	url = cli_xmalloc(size);
	if (c->url == NULL)
		(void)str_format(url, size, "http://localhost%s", path);
	else
		(void)str_format(url, size, "%.*s%s", (int)base, c->url, path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	free(url);
	explicit_bzero(token, sizeof(token));
	explicit_bzero(bearer, sizeof(bearer));
	return (0);
}

static void
http_set_request(CURL *curl, const struct cli *c, const struct http_request *r, struct curl_slist **headers)
{
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	if (r->on_data == NULL)
		curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)c->timeout_s);
	else
		curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
	http_add_header(headers, "Accept", r->accept != NULL ? r->accept : "application/json");
	if (r->prefer != NULL)
		http_add_header(headers, "Prefer", r->prefer);
	if (r->if_match != NULL)
		http_add_header(headers, "If-Match", r->if_match);
	if (r->last_event_id != NULL)
		http_add_header(headers, "Last-Event-ID", r->last_event_id);
	if (r->body != NULL) {
		http_add_header(headers, "Content-Type", "application/json");
		/* "Expect: 100-continue" costs a round trip and, with servers that ignore it, a second. */
		http_add_header(headers, "Expect", "");
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_size);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->body);
	} else if (str_equal(r->method, "POST")) {
		/* Content-Length: 0, and no content type for what is not there. */
		http_add_header(headers, "Content-Type", "");
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, 0L);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
	}
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, r->method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers);
}

static int
http_failed(CURL *curl, CURLcode code, const struct cli *c, const char *text, struct err *err)
{
	const char *where = c->url != NULL ? c->url : c->socket_path;
	const char *why = text[0] != '\0' ? text : curl_easy_strerror(code);
	long sys = 0;

	if (code == CURLE_OPERATION_TIMEDOUT)
		return (err_set(err, ERR_TIMEOUT, "no answer from %s in time: %s", where, why));
	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &sys);
	if (code == CURLE_COULDNT_CONNECT && sys != 0)
		return (err_set(err, ERR_PROTO, "cannot reach jailnetd at %s: %s%s", where, strerror((int)sys),
		    sys == EACCES ? "" : "; is it running?"));
	return (err_set(err, ERR_PROTO, "cannot reach jailnetd at %s: %s", where, why));
}

int
http_call(const struct cli *c, const struct http_request *r, struct http_answer *out, struct err *err)
{
	static bool ready;
	char text[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = NULL;
	struct transfer t = { .request = r, .answer = out };
	CURLcode code;
	int rv = -1;

	memset(out, 0, sizeof(*out));
	if (!ready && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return (err_set(err, ERR_INTERNAL, "libcurl does not start"));
	ready = true;
	t.curl = curl_easy_init();
	if (t.curl == NULL)
		return (err_nomem(err));
	if (http_set_target(t.curl, c, r->path, &headers, err) == -1)
		goto out;
	http_set_request(t.curl, c, r, &headers);
	curl_easy_setopt(t.curl, CURLOPT_ERRORBUFFER, text);
	curl_easy_setopt(t.curl, CURLOPT_WRITEFUNCTION, http_on_body);
	curl_easy_setopt(t.curl, CURLOPT_WRITEDATA, &t);
	curl_easy_setopt(t.curl, CURLOPT_HEADERFUNCTION, http_on_header);
	curl_easy_setopt(t.curl, CURLOPT_HEADERDATA, &t);
	code = curl_easy_perform(t.curl);
	if (code != CURLE_OK && !t.ended) {
		http_failed(t.curl, code, c, text, err);
		goto out;
	}
	curl_easy_getinfo(t.curl, CURLINFO_RESPONSE_CODE, &out->status);
	if (out->body == NULL)
		out->body = cli_xstrdup("");
	rv = 0;
out:
	if (rv == -1)
		http_answer_fini(out);
	curl_slist_free_all(headers);
	curl_easy_cleanup(t.curl);
	return (rv);
}

void
http_answer_fini(struct http_answer *a)
{
	free(a->body);
	memset(a, 0, sizeof(*a));
}
