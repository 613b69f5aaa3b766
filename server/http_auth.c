/*
 * http_auth: who asks, and may a browser be made to ask it: peer credentials, bearer tokens, session cookies; Host, Origin, Sec-Fetch-Site.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "core/conf.h"
#include "core/str.h"
#include "server/http_int.h"
#include "server/ident.h"

#define USE_TOLD_MS 60000

static const char *
header(const struct request *r, const char *name)
{
	return (MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, name));
}

/* why: for the metrics. */
static bool
refuse(struct request *r, enum auth_failure why, int status, const char *code, const char *detail)
{
	metric_auth_failed(r->l->conf->metrics, why);
	r->refuse = status;
	r->refuse_code = code;
	r->refuse_detail = detail;
	return (false);
}

void
http_ip(const struct sockaddr *sa, struct ip *out)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	union {
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	} a;

	memset(out, 0, sizeof(*out));
	if (sa == NULL)
		return;
	if (sa->sa_family == AF_INET) {
		memcpy(&a.in4, sa, sizeof(a.in4));
		out->family = 4;
		memcpy(out->b, &a.in4.sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&a.in6, sa, sizeof(a.in6));
		out->family = memcmp(&a.in6.sin6_addr, mapped, sizeof(mapped)) == 0 ? 4 : 6;
		memcpy(out->b, (const uint8_t *)&a.in6.sin6_addr + (out->family == 4 ? 12 : 0), out->family == 4 ? 4 : 16);
	}
}

/* --- Host and Origin ----------------------------------------------------------------------------------------- */

/* "name", "name:port", "[v6]:port" without the port; the port is no secret and tunnels change it. */
static int
host_of(const char *authority, char *host, size_t size)
{
	const char *end = authority[0] == '[' ? strchr(authority, ']') : strchr(authority, ':');
	size_t len = end == NULL ? strlen(authority) : (size_t)(end - authority) + (authority[0] == '[');
	uint64_t port;

	if (len == 0 || len >= size)
		return (-1);
	if (authority[len] == ':' ? str_u64(authority + len + 1, 1, 65535, &port) == -1 : authority[len] != '\0')
		return (-1);
	for (size_t i = 0; i < len; i++)
		host[i] = authority[i] >= 'A' && authority[i] <= 'Z' ? (char)(authority[i] + 32) : authority[i];
	host[len] = '\0';
	return (0);
}

/* The address the client connected to: a name that an attacker points at us is never that. */
static bool
is_own_address(const struct request *r, const char *host)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(ss);
	char text[INET6_ADDRSTRLEN];
	struct ip own, given;
	size_t n = strlen(host);

	if (n >= sizeof(text) + 2 || getsockname(r->c->fd, (struct sockaddr *)&ss, &len) == -1)
		return (false);
	http_ip((struct sockaddr *)&ss, &own);
	snprintf(text, sizeof(text), "%.*s", host[0] == '[' ? (int)n - 2 : (int)n, host[0] == '[' ? host + 1 : host);
	return (ip_parse(text, &given, NULL) == 0 && given.family == own.family && ip_cmp(&given, &own) == 0);
}

static bool
host_ok(const struct request *r)
{
	const char *given = header(r, "Host");
	char host[256];

	if (given == NULL || host_of(given, host, sizeof(host)) == -1)
		return (false);
	if (r->l->loopback && (str_equal(host, "localhost") || str_equal(host, "127.0.0.1") || str_equal(host, "[::1]")))
		return (true);
	return (conf_words_match(r->l->conf->hosts, host) || is_own_address(r, host));
}

/* Origin is a scheme, "://" and an authority; it is ours when the authority is that of Host. */
static bool
origin_ok(const struct request *r, const char *origin)
{
	const char *host = header(r, "Host"), *scheme = r->l->tls ? "https://" : "http://";
	size_t n = strlen(scheme);

	return (host != NULL && strncmp(origin, scheme, n) == 0 && strcasecmp(origin + n, host) == 0);
}

static bool
is_safe(const char *method)
{
	return (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 || strcmp(method, "OPTIONS") == 0);
}

/* Fetch Metadata first, Origin for older browsers; neither means no browser, and then no cookie. */
static bool
same_site(struct request *r, const char *method)
{
	const char *site = header(r, "Sec-Fetch-Site"), *origin = header(r, "Origin");

	if (is_safe(method))
		return (true);
	if (site != NULL) {
		if (strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0)
			return (true);
		return (refuse(r, AUTH_BAD_ORIGIN, 403, "forbidden", "a page of another site may not do that (Sec-Fetch-Site)"));
	}
	if (origin != NULL)
		return (origin_ok(r, origin) || refuse(r, AUTH_BAD_ORIGIN, 403, "forbidden", "a page of another site may not do that (Origin)"));
	if (r->who.is_session)
		return (refuse(
		    r, AUTH_BAD_ORIGIN, 403, "forbidden", "with a session cookie, Sec-Fetch-Site or Origin must say where the request comes from"));
	return (true);
}

/* --- credentials ----------------------------------------------------------------------------------------------- */

static struct known *
known_find(struct http_listener *l, const char *presented)
{
	size_t len = strlen(presented);

	for (size_t i = 0; i < NELEMS(l->known); i++) {
		if (l->known[i].len == len && sodium_memcmp(l->known[i].presented, presented, len) == 0)
			return (&l->known[i]);
	}
	return (NULL);
}

static struct known *
known_add(struct http_listener *l, const char *presented)
{
	struct known *k = &l->known[l->known_next++ % NELEMS(l->known)];

	k->len = 0;
	if (str_copy(k->presented, sizeof(k->presented), presented) == -1)
		return (NULL);
	k->len = strlen(presented);
	k->told_at = 0;
	return (k);
}

enum how { BY_TOKEN, BY_COOKIE, BY_CERTIFICATE };
static const enum auth_failure not_good[] = { [BY_TOKEN] = AUTH_BAD_TOKEN, [BY_COOKIE] = AUTH_BAD_SESSION, [BY_CERTIFICATE] = AUTH_BAD_CERTIFICATE };

static int
look_up(struct request *r, const char *presented, enum how how, int64_t now, struct err *err)
{
	switch (how) {
	case BY_TOKEN:
		return (auth_bearer(r->l->reader, presented, now, &r->who, err));
	case BY_COOKIE:
		return (auth_cookie(r->l->reader, presented, now, &r->who, err));
	case BY_CERTIFICATE:
		break;
	}
	return (auth_certificate(r->l->reader, r->c->certificate, now, &r->who, err));
}

/* Nobody knows whether it is good: no guess, and no 401 that would make a client throw its token away. */
static bool
not_looked_up(struct request *r, const struct err *err)
{
	r->who.role = ROLE_NONE;
	r->refuse = api_status_of(err->code, err->sys);
	r->refuse_code = err_code_name(err->code);
	r->refuse_detail = "the credential could not be looked up";
	return (false);
}

/* To the minute: a busy client is no reason to write to the disk more often. */
static void
tell_use(struct http_listener *l, struct known *k, const struct principal *who, int64_t now)
{
	if (who->token[0] == '\0' || (k != NULL && now >= k->told_at && now - k->told_at < USE_TOLD_MS))
		return;
	if (k != NULL)
		k->told_at = now;
	ticket_queue_used(l->conf->queue, who->token, now);
}

/* One that was good before is let in even while its address is made to wait: somebody else there may be guessing. */
static bool
present(struct request *r, const char *presented, enum how how)
{
	struct http_listener *l = r->l;
	int64_t generation = atomic_load(&l->conf->health->generation), now = ident_now_ms();
	struct known *k = known_find(l, presented);
	char address[sizeof(r->who.address)];
	struct err err;

	memcpy(address, r->who.address, sizeof(address));
	if (k != NULL && k->generation == generation) {
		r->who = k->who;
		memcpy(r->who.address, address, sizeof(address));
		if (auth_still_good(&r->who, address, now)) {
			tell_use(l, k, &r->who, now);
			return (true);
		}
		r->who.role = ROLE_NONE;
	}
	if (k == NULL && (r->retry_after = peer_waits(r->c->peer, ident_mono_ms())) > 0)
		return (refuse(r, AUTH_MADE_TO_WAIT, 429, "too_many", "too many wrong credentials from this address"));
	if (look_up(r, presented, how, now, &err) == -1)
		return (not_looked_up(r, &err));
	if (r->who.role == ROLE_NONE) {
		metric_auth_failed(l->conf->metrics, not_good[how]);
		/* a cookie that has expired is no guess, and a certificate cannot be guessed */
		if (how == BY_TOKEN)
			peer_failed(r->c->peer, ident_mono_ms());
		return (true);
	}
	if (k == NULL)
		k = known_add(l, presented);
	if (k != NULL) {
		k->who = r->who;
		k->generation = generation;
	}
	tell_use(l, k, &r->who, now);
	return (true);
}

static bool
by_certificate(struct request *r)
{
	char presented[sizeof("cert:") + 64];

	http_tls_look(r->conn, r->c);
	if (!r->c->has_certificate)
		return (true);
	memcpy(presented, "cert:", 5);
	sodium_bin2hex(presented + 5, sizeof(presented) - 5, r->c->certificate, sizeof(r->c->certificate));
	return (present(r, presented, BY_CERTIFICATE));
}

static bool
authenticate_tcp(struct request *r, const char *method)
{
	const char *bearer = header(r, "Authorization");
	const char *cookie = MHD_lookup_connection_value(r->conn, MHD_COOKIE_KIND, r->l->cookie_name);

	memcpy(r->who.address, r->c->address, sizeof(r->who.address));
	if (!host_ok(r))
		return (refuse(r, AUTH_BAD_HOST, 421, "misdirected", "Host is not a name of this server (jailnetd.conf: hosts)"));
	if (bearer != NULL && !present(r, bearer, BY_TOKEN))
		return (false);
	if (bearer == NULL && cookie != NULL && !present(r, cookie, BY_COOKIE))
		return (false);
	if (bearer == NULL && r->who.role == ROLE_NONE && r->l->tls && !by_certificate(r))
		return (false);
	return (same_site(r, method));
}

bool
http_authenticate(struct request *r, const char *method)
{
	if (!r->l->local)
		return (authenticate_tcp(r, method));
	auth_peer(&r->l->conf->auth, r->c->fd, &r->who);
	/* no browser talks to a UNIX socket; a proxy that lets one through should not */
	if (header(r, "Origin") != NULL || header(r, "Referer") != NULL)
		return (refuse(r, AUTH_BAD_ORIGIN, 403, "forbidden", "the UNIX socket is not for web pages (Origin or Referer is there)"));
	return (true);
}

bool
http_authenticate_again(struct request *r)
{
	struct err err;

	if (auth_again(r->l->reader, ident_now_ms(), &r->who, &err) == -1)
		return (not_looked_up(r, &err));
	if (r->who.role != ROLE_NONE)
		return (true);
	r->refuse = 401;
	r->refuse_code = NULL;
	r->refuse_detail = "the token or session is not good any more";
	return (false);
}
