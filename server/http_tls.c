/*
 * http_tls: our certificate, given to GnuTLS at each handshake, so that a new one needs no restart; and the client's.
 *
 * A client certificate is never checked against an authority: it is let in when its fingerprint is in the token table (server/auth.c).  TLS 1.3
 * has proved by then that the client holds its key.
 */
#include <gnutls/x509.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/log.h"
#include "core/str.h"
#include "server/http_int.h"
#include "server/ident.h"

#define CHAIN_MAX 8

struct identity {
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned n;
	gnutls_privkey_t key;
};

/* What tells a file from another one. */
struct stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
};

/* One for the process: GnuTLS's callback has no argument of ours. */
static struct {
	bool open;
	pthread_mutex_t lock;
	char cert_path[PATH_SIZE], key_path[PATH_SIZE];
	struct stamp cert_stamp, key_stamp;
	struct identity *now, *before;	/* handshakes under way may still use the one before */
} tls = { .lock = PTHREAD_MUTEX_INITIALIZER };
static atomic_bool reload_wanted;

static void
identity_free(struct identity *id)
{
	if (id == NULL)
		return;
	for (unsigned i = 0; i < id->n; i++)
		gnutls_pcert_deinit(&id->chain[i]);
	if (id->key != NULL)
		gnutls_privkey_deinit(id->key);
	free(id);
}

static int
tls_fail(const char *path, int rc, struct err *err)
{
	return (err_set(err, ERR_INVALID, "%s: %s", path, gnutls_strerror(rc)));
}

static int
load_chain(struct identity *id, const char *path, struct err *err)
{
	gnutls_datum_t pem = { NULL, 0 };
	unsigned n = CHAIN_MAX;
	int rc = gnutls_load_file(path, &pem);

	if (rc == 0)
		rc = gnutls_pcert_list_import_x509_raw(id->chain, &n, &pem, GNUTLS_X509_FMT_PEM, 0);
	gnutls_free(pem.data);
	if (rc < 0)
		return (tls_fail(path, rc, err));
	id->n = n;
	return (0);
}

static int
load_key(struct identity *id, const char *path, struct err *err)
{
	gnutls_datum_t pem = { NULL, 0 };
	gnutls_x509_privkey_t key;
	int rc = gnutls_load_file(path, &pem);

	if (rc < 0)
		return (tls_fail(path, rc, err));
	if ((rc = gnutls_x509_privkey_init(&key)) == 0) {
		rc = gnutls_x509_privkey_import2(key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
		if (rc == 0 && (rc = gnutls_privkey_init(&id->key)) == 0)
			rc = gnutls_privkey_import_x509(id->key, key, GNUTLS_PRIVKEY_IMPORT_COPY);
		gnutls_x509_privkey_deinit(key);
	}
	sodium_memzero(pem.data, pem.size);
	gnutls_free(pem.data);
	return (rc < 0 ? tls_fail(path, rc, err) : 0);
}

/* A key of another certificate would make every handshake fail. */
static int
check_pair(const struct identity *id, struct err *err)
{
	unsigned char of_cert[64], of_key[64];
	size_t ncert = sizeof(of_cert), nkey = sizeof(of_key);
	gnutls_pubkey_t key;
	bool same = false;

	if (gnutls_pubkey_init(&key) < 0)
		return (err_nomem(err));
	if (gnutls_pubkey_import_privkey(key, id->key, 0, 0) == 0 && gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, of_key, &nkey) == 0 &&
	    gnutls_pubkey_get_key_id(id->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256, of_cert, &ncert) == 0)
		same = ncert == nkey && memcmp(of_cert, of_key, nkey) == 0;
	gnutls_pubkey_deinit(key);
	return (same ? 0 : err_set(err, ERR_INVALID, "%s is not the key of %s", tls.key_path, tls.cert_path));
}

static struct stamp
stamp_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1)
		return ((struct stamp){ .size = -1 });
	return ((struct stamp){ .dev = st.st_dev, .ino = st.st_ino, .size = st.st_size, .changed = st.st_mtim });
}

static bool
stamp_equal(const struct stamp *a, const struct stamp *b)
{
	return (a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->changed.tv_sec == b->changed.tv_sec &&
	    a->changed.tv_nsec == b->changed.tv_nsec);
}

/* The stamps first: what changes while it is read is read again. */
static int
load(struct err *err)
{
	struct identity *id = calloc(1, sizeof(*id)), *old;

	if (id == NULL)
		return (err_nomem(err));
	tls.cert_stamp = stamp_of(tls.cert_path);
	tls.key_stamp = stamp_of(tls.key_path);
	if (load_chain(id, tls.cert_path, err) == -1 || load_key(id, tls.key_path, err) == -1 || check_pair(id, err) == -1) {
		identity_free(id);
		return (-1);
	}
	pthread_mutex_lock(&tls.lock);
	old = tls.before;
	tls.before = tls.now;
	tls.now = id;
	pthread_mutex_unlock(&tls.lock);
	identity_free(old);
	return (0);
}

int
http_tls_open(const char *cert_path, const char *key_path, struct err *err)
{
	if (str_copy(tls.cert_path, sizeof(tls.cert_path), cert_path) == -1 || key_path == NULL ||
	    str_copy(tls.key_path, sizeof(tls.key_path), key_path) == -1)
		return (err_set(err, ERR_INVALID, "tls_cert and tls_key need each other"));
	if (load(err) == -1)
		return (err_wrap(err, "TLS"));
	tls.open = true;
	return (0);
}

void
http_tls_close(void)
{
	identity_free(tls.now);
	identity_free(tls.before);
	tls.now = tls.before = NULL;
	tls.open = false;
}

void
http_tls_reload(void)
{
	atomic_store(&reload_wanted, true);
}

/* Several listeners may watch: one of them does it. */
void
http_tls_watch(void)
{
	static pthread_mutex_t watching = PTHREAD_MUTEX_INITIALIZER;
	struct stamp cert, key;
	struct err err;

	if (!tls.open || pthread_mutex_trylock(&watching) != 0)
		return;
	cert = stamp_of(tls.cert_path);
	key = stamp_of(tls.key_path);
	if (atomic_exchange(&reload_wanted, false) || !stamp_equal(&cert, &tls.cert_stamp) || !stamp_equal(&key, &tls.key_stamp)) {
		if (load(&err) == -1)
			log_error("http", "the new certificate cannot be used, the old one stays: %s", err.msg);
		else
			log_info("http", "certificate read again");
	}
	pthread_mutex_unlock(&watching);
}

int
http_tls_certificate(gnutls_session_t session, const gnutls_datum_t *dn, int ndn, const gnutls_pk_algorithm_t *algos, int nalgos,
    gnutls_pcert_st **cert, unsigned int *ncert, gnutls_privkey_t *key)
{
	(void)session;
	(void)dn;
	(void)ndn;
	(void)algos;
	(void)nalgos;
	pthread_mutex_lock(&tls.lock);
	*cert = tls.now->chain;
	*ncert = tls.now->n;
	*key = tls.now->key;
	pthread_mutex_unlock(&tls.lock);
	return (0);
}

/* --- the client's certificate --------------------------------------------------------------------------------- */

static gnutls_session_t
session_of(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	return (info == NULL ? NULL : (gnutls_session_t)info->tls_session);
}

void
http_tls_ask(struct MHD_Connection *conn)
{
	gnutls_session_t session = session_of(conn);

	if (session != NULL)
		gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
}

static bool
dates_ok(const gnutls_datum_t *der)
{
	time_t now = (time_t)(ident_now_ms() / 1000);
	gnutls_x509_crt_t crt;
	bool ok;

	if (gnutls_x509_crt_init(&crt) < 0)
		return (false);
	ok = gnutls_x509_crt_import(crt, der, GNUTLS_X509_FMT_DER) == 0 && gnutls_x509_crt_get_activation_time(crt) <= now &&
	    now <= gnutls_x509_crt_get_expiration_time(crt);
	gnutls_x509_crt_deinit(crt);
	return (ok);
}

void
http_tls_look(struct MHD_Connection *conn, struct conn *c)
{
	gnutls_session_t session = session_of(conn);
	const gnutls_datum_t *der;
	unsigned n = 0;

	if (c->certificate_looked || session == NULL)
		return;
	c->certificate_looked = true;
	der = gnutls_certificate_get_peers(session, &n);
	if (der == NULL || n == 0 || !dates_ok(&der[0]))
		return;
	crypto_hash_sha256(c->certificate, der[0].data, der[0].size);
	c->has_certificate = true;
}

const char *
http_tls_library(void)
{
	return (gnutls_check_version(NULL));
}
