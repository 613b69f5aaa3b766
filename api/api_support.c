/*
 * api_support: GET /v1/support: what somebody who is to help must know, and nothing that is nobody's business: no secrets, no hashes of
 * tokens, and no free text of users (descriptions, label values, commands and their words, jail parameters, sysctls that are no numbers), in
 * which secrets may stand.  What cannot be told (a damaged database, a worker that is gone) is null, the rest is told all the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_codec.h"
#include "api/api_int.h"

#define SHOWN 500

/* Instead of the text: that there is one, and how long. */
static json_t *
hidden(const char *text)
{
	return (text[0] == '\0' ? json_string("") : json_sprintf("[%zu bytes]", strlen(text)));
}

static json_t *
redacted(const json_t *text)
{
	const char *s = json_string_value(text);

	return (hidden(s != NULL ? s : ""));
}

static int
redact_words(json_t *map)
{
	const char *key, *s;
	json_t *value;
	void *next;
	int rc = 0;

	json_object_foreach_safe(map, next, key, value) {
		s = json_string_value(value);
		if (s != NULL && s[strspn(s, "-0123456789")] != '\0')
			rc |= json_object_set_new(map, key, hidden(s));
	}
	return (rc);
}

/* What is said of a jail may hold its values and its commands' words. */
static bool
is_jail(const char *object)
{
	return (strncmp(object, "jail/", 5) == 0 || strncmp(object, "/jails/", 7) == 0);
}

static int
redact_values(json_t *map)
{
	const char *key;
	json_t *value;
	void *next;
	int rc = 0;

	json_object_foreach_safe(map, next, key, value)
		rc |= json_object_set_new(map, key, redacted(value));
	return (rc);
}

static int
redact_object(json_t *o)
{
	int rc = redact_values(json_object_get(o, "labels")) | redact_values(json_object_get(o, "params")) |
	    redact_values(json_object_get(o, "exec")) | redact_words(json_object_get(o, "sysctls"));

	if (json_object_get(o, "description") != NULL)
		rc |= json_object_set_new(o, "description", redacted(json_object_get(o, "description")));
	return (rc);
}

static json_t *
topology(struct api *a, struct err *err)
{
	const char *key, *name;
	json_t *doc, *map, *o;
	struct topo t;
	int rc = 0;

	if (store_topo(a->reader, &t, err) == -1)
		return (NULL);
	doc = api_topology_json(&t);
	topo_fini(&t);
	json_object_foreach(doc, key, map) {
		json_object_foreach(map, name, o)
			rc |= redact_object(o);
	}
	if (doc != NULL && rc == 0)
		return (doc);
	json_decref(doc);
	err_nomem(err);
	return (NULL);
}

/* --- lists ------------------------------------------------------------------------------------------------------ */

static bool
says_words(const struct err *err)
{
	return (err->code == ERR_EXEC || err->code == ERR_TIMEOUT || is_jail(err->field));
}

static int
op_row(void *arg, const struct op_row *op, struct err *err)
{
	static const struct confirm_row nothing;
	struct op_row shown = *op;

	if (says_words(&shown.err))
		snprintf(shown.err.msg, sizeof(shown.err.msg), "[redacted]");
	return (json_array_append_new(arg, api_op_json(&shown, &nothing)) == 0 ? 0 : err_nomem(err));
}

static int
drift_row(void *arg, const struct drift_row *d, struct err *err)
{
	json_t *(*text)(const char *) = is_jail(d->object) ? hidden : codec_text;
	/* what follows may be a jail's error, also of what only needs the jail */
	int cause = (int)(strncmp(d->cause, "cannot be repaired", 18) == 0 ? strcspn(d->cause, ":") : strlen(d->cause));

	return (json_array_append_new(arg, json_pack("{s:o, s:o, s:o, s:o}", "object", codec_text(d->object), "want", text(d->want), "have",
	    text(d->have), "cause", json_sprintf("%.*s", cause, d->cause))) == 0 ? 0 : err_nomem(err));
}

static int
status_row(void *arg, const struct status_row *s, struct err *err)
{
	if (strcmp(s->state, "ready") == 0)
		return (0);
	return (json_array_append_new(arg, json_pack("{s:s, s:o, s:s, s:s, s:i, s:o}", "kind", kind_name(s->kind), "name",
	    codec_text(s->name), "state", s->state, "code", err_code_name(s->err.code), "errno", s->err.sys, "reason",
	    s->kind == KIND_JAIL || says_words(&s->err) ? hidden(s->err.msg) : codec_text(s->err.msg))) == 0 ? 0 : err_nomem(err));
}

static int
revision_row(void *arg, const struct revision_row *r, struct err *err)
{
	return (json_array_append_new(arg, json_pack("{s:I, s:o, s:o, s:o, s:I, s:I, s:I}", "revision", (json_int_t)r->revision, "at",
	    codec_time_json(r->at), "path", codec_text(r->path), "note", codec_text(r->note), "created", (json_int_t)r->created, "updated",
	    (json_int_t)r->updated, "deleted", (json_int_t)r->deleted)) == 0 ? 0 : err_nomem(err));
}

static json_t *
text_or_null(const char *s)
{
	return (codec_text_or_null(s != NULL ? s : ""));
}

static json_t *
server(const struct api *a)
{
	const struct api_info *i = a->info;
	struct api_health *h = a->health;

	return (json_pack("{s:s, s:s, s:o, s:s, s:b, s:b, s:b, s:b, s:b, s:I, s:I, s:I, s:{s:o, s:o, s:o, s:s, s:o}}", "version", i->version,
	    "platform", i->platform, "kernel", text_or_null(i->kernel), "http_library", i->http_library, "sandbox", i->sandbox, "worker",
	    (int)atomic_load(&h->worker), "reconciled", (int)atomic_load(&h->reconciled), "store_ok", (int)atomic_load(&h->store_ok), "draining",
	    (int)atomic_load(&h->draining), "revision", (json_int_t)atomic_load(&h->revision), "applied_revision",
	    (json_int_t)atomic_load(&h->applied_revision), "features", (json_int_t)atomic_load(&h->features), "libraries", "libmicrohttpd",
	    text_or_null(i->http_library), "gnutls", text_or_null(i->tls_library), "sqlite", text_or_null(i->store_library), "jansson",
	    jansson_version_str(), "libsodium", text_or_null(i->hash_library)));
}

/* The list, or null when it could not be read as a whole. */
static json_t *
whole(json_t *list, int rc)
{
	if (rc == 0)
		return (list);
	json_decref(list);
	return (json_null());
}

static json_t *
not_ready(struct api *a)
{
	json_t *list = json_array();
	struct err err;
	int rc = 0;

	for (int kind = 0; rc == 0 && kind < KIND_COUNT; kind++)
		rc = store_statuses(a->reader, (enum kind)kind, status_row, list, &err);
	return (whole(list, rc));
}

static json_t *
metrics(struct api *a, const struct counters *c)
{
	char *text = api_metrics_text(a, c);
	json_t *j = text == NULL ? NULL : json_string(text);

	free(text);
	return (j);
}

void
api_support_answer(struct api *a, const struct counters *c, struct api_res *res, const struct api_req *req)
{
	json_t *ops = json_array(), *drift = json_array(), *revisions = json_array(), *topo;
	struct err err;

	topo = topology(a, &err);
	api_answer_json(res, 200,
	    json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "server", server(a), "policy", text_or_null(a->info->policy), "topology",
		topo != NULL ? topo : json_null(), "not_ready", not_ready(a), "drift", whole(drift, store_drift(a->reader, drift_row, drift, &err)),
		"operations", whole(ops, store_ops(a->reader, SHOWN, op_row, ops, &err)), "revisions",
		whole(revisions, store_history_list(a->reader, 0, SHOWN, revision_row, revisions, &err)), "metrics", metrics(a, c)),
	    req);
}
