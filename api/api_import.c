/*
 * api_import: POST /v1/import/{ezjail,jail-conf,rc-conf}: files become a topology document, the plan to get there, and what must
 * be known about it.  Nothing is changed: the document is for PUT /v1/topology.
 *
 * The files are in the request, or {"source":"host"}: then R asks the worker for them, and it goes on in api_import_files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_codec.h"
#include "api/api_int.h"
#include "api/api_json.h"
#include "convert/conv.h"
#include "core/str.h"
#include "core/takeover.h"
#include "core/valid.h"

#define KNOWN_MAX 1000	/* of a request */
#define BEHIND_MAX 1000
#define NETWORKS_MAX 256
#define PATH_LEN_MAX 1023

struct import {
	struct conv_file *files;
	size_t nfiles;
	bool from_host;
	struct conv_opts opts;
	struct conv_known *known;
	size_t known_room;
	struct prefix networks[NETWORKS_MAX];
	const char *behind[BEHIND_MAX];
};

static const char *const modes[] = { "flat", "routed", "behind_router" };
static const char *const sources[] = { "host" };
static const char *const hooks[] = { "static", "jib", "jailnet" };
static const char *const managers[] = { "external", "jailnet" };

/* --- request ------------------------------------------------------------------------------------------------- */

static void
take_files(struct import *im, const json_t *j, struct jd *d)
{
	static const char *const known[] = { "path", "content", NULL };
	const json_t *list = jd_array(d, j, "files", CONV_FILES_MAX);
	size_t mark = jd_push(d, "files"), inner, i;
	json_t *item;

	if (im->from_host && json_object_get(j, "files") != NULL)
		jd_error(d, ERR_INVALID, "are read from the host with \"source\": \"host\": one or the other");
	else if (!im->from_host && json_object_get(j, "files") == NULL)
		jd_error(d, ERR_INVALID, "is missing: [{\"path\": \"/etc/rc.conf\", \"content\": \"...\"}], or \"source\": \"host\"");
	if (list == NULL) {
		jd_pop(d, mark);
		return;
	}
	im->files = calloc(json_array_size(list) + 1, sizeof(*im->files));
	if (im->files == NULL) {
		jd_nomem(d);
		return;
	}
	json_array_foreach(list, i, item) {
		struct conv_file *f = &im->files[im->nfiles];
		json_t *text;

		inner = jd_push_index(d, i);
		if (jd_is_object(d, item)) {
			jd_known(d, item, known, NULL);
			text = json_object_get(item, "content");
			if (!jd_str(d, item, "path", PATH_LEN_MAX, &f->path) || f->path[0] == '\0')
				jd_error_at(d, "path", ERR_INVALID, "wants the path the file has on its host");
			else if (!json_is_string(text))
				jd_error_at(d, "content", ERR_INVALID, "wants the text of the file");
			else {
				f->text = json_string_value(text);
				f->size = json_string_length(text);
				im->nfiles++;
			}
		}
		jd_pop(d, inner);
	}
	jd_pop(d, mark);
}

static void
take_prefix(struct jd *d, const char *key, const json_t *v, struct prefix *out)
{
	struct err err;

	if (!json_is_string(v))
		jd_error_at(d, key, ERR_INVALID, "wants a network like 192.0.2.0/24");
	else if (prefix_parse(json_string_value(v), out, &err) == -1)
		jd_error_at(d, key, err.code, "%s", err.msg);
	else if (out->len == 0)
		jd_error_at(d, key, ERR_INVALID, "is not a network that jails can be in");
	else
		*out = prefix_network(out);
}

/* A network for each family. */
static void
take_families(const json_t *j, const char *key, struct prefix out[2], struct jd *d)
{
	const json_t *list = jd_array(d, j, key, 2);
	struct prefix p;

	for (size_t i = 0; list != NULL && i < json_array_size(list); i++) {
		p = (struct prefix){ .len = 0 };
		take_prefix(d, key, json_array_get(list, i), &p);
		if (p.len == 0)
			continue;
		if (out[p.ip.family == 6].ip.family != 0)
			jd_error_at(d, key, ERR_INVALID, "wants one network for each of IPv4 and IPv6");
		else if (p.len > (p.ip.family == 4 ? 30 : 126))
			jd_error_at(d, key, ERR_INVALID, "has no room for a router and a jail");
		out[p.ip.family == 6] = p;
	}
}

/* Room for one more; the caller counts it. */
static struct conv_known *
known_new(struct import *im)
{
	size_t want = im->known_room == 0 ? 64 : im->known_room * 2;
	struct conv_known *v;

	if (im->opts.nknown == im->known_room) {
		if ((v = realloc(im->known, want * sizeof(*v))) == NULL)
			return (NULL);
		im->opts.known = im->known = v;
		im->known_room = want;
	}
	im->known[im->opts.nknown] = (struct conv_known){ .ifname = NULL };
	return (&im->known[im->opts.nknown]);
}

static void
take_lists(struct import *im, const json_t *j, struct jd *d)
{
	const json_t *networks = jd_array(d, j, "networks", NETWORKS_MAX), *behind = jd_array(d, j, "behind", BEHIND_MAX);
	const json_t *macs = jd_object(d, j, "macs", KNOWN_MAX);
	const char *ifname;
	json_t *v;
	size_t i;

	for (i = 0; networks != NULL && i < json_array_size(networks); i++)
		take_prefix(d, "networks", json_array_get(networks, i), &im->networks[im->opts.nnetworks++]);
	for (i = 0; behind != NULL && i < json_array_size(behind); i++) {
		v = json_array_get(behind, i);
		if (json_is_string(v) && json_string_length(v) < NAME_SIZE)
			im->behind[im->opts.nbehind++] = json_string_value(v);
		else
			jd_error_at(d, "behind", ERR_INVALID, "wants names of jails, of at most %d bytes", NAME_SIZE - 1);
	}
	api_json_each(macs, ifname, v) {
		struct conv_known *k = known_new(im);

		if (k == NULL) {
			jd_nomem(d);
			break;
		}
		k->ifname = ifname;
		if (json_is_string(v) && mac_parse(json_string_value(v), &k->mac, NULL) == 0)
			im->opts.nknown++;
		else
			jd_error_at(d, "macs", ERR_INVALID, "wants an Ethernet address for each interface");
	}
}

static void
take_import(struct import *im, const json_t *j, uint32_t features, struct jd *d)
{
	static const char *const known[] = { "source", "files", "mode", "hooks", "manager", "first_epair", "uplink", "router", "behind", "networks",
		"behind_network", "routed_network", "macs", NULL };
	unsigned word = 0;

	im->opts.networks = im->networks;
	im->opts.behind = im->behind;
	im->opts.managed = !(features & FEATURE_EXTERNAL_JAILS);
	im->opts.params = features & FEATURE_JAIL_PARAMS;
	if (!jd_is_object(d, j))
		return;
	jd_known(d, j, known, NULL);
	im->from_host = im->opts.from_host = jd_word(d, j, "source", sources, NELEMS(sources), &word);
	take_files(im, j, d);
	if (jd_word(d, j, "mode", modes, NELEMS(modes), &word))
		im->opts.mode = (enum conv_mode)word;
	if (jd_word(d, j, "hooks", hooks, NELEMS(hooks), &word))
		im->opts.hooks = (enum conv_hooks)word;
	if (jd_word(d, j, "manager", managers, NELEMS(managers), &word))
		im->opts.managed = word == 1;
	jd_u32(d, j, "first_epair", 0, 32767, &im->opts.first_epair);
	jd_str(d, j, "uplink", IFNAME_SIZE - 1, &im->opts.uplink);
	jd_str(d, j, "router", NAME_SIZE - 1, &im->opts.router);
	take_lists(im, j, d);
	take_families(j, "behind_network", im->opts.behind_network, d);
	take_families(j, "routed_network", im->opts.routed_network, d);
}

/* What the kernel said of interfaces, here and in jails: pairs that run keep their addresses; the request's own word goes first. */
static int
known_row(void *arg, const struct iface_row *r, struct err *err)
{
	struct import *im = arg;
	struct conv_known *k = known_new(im);

	if (k == NULL)
		return (err_nomem(err));
	im->opts.nknown++;
	k->ifname = strdup(r->ifname);
	k->jail = strdup(r->jail);
	k->mac = r->mac;
	if (k->ifname == NULL || k->jail == NULL)
		return (err_nomem(err));
	return (0);
}

/* --- answer --------------------------------------------------------------------------------------------------- */

static json_t *
messages_json(const struct conv *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->nmsgs; i++) {
		const struct conv_msg *m = &c->msgs[i];

		json_array_append_new(list, json_pack("{s:s, s:o, s:I, s:I, s:s, s:o}", "level", conv_level_name(m->level), "file",
						codec_text_or_null(m->file), "line", (json_int_t)m->line, "column", (json_int_t)m->col,
						"code", m->code, "text", codec_text(m->text)));
	}
	return (list);
}

static json_t *
texts_json(const struct conv *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->ntexts; i++)
		json_array_append_new(list, json_pack("{s:o, s:s, s:o}", "path", codec_text(c->texts[i].path), "action",
						c->texts[i].is_addition ? "add" : "replace", "content", codec_text(c->texts[i].text)));
	return (list);
}

json_t *
api_conv_json(const struct conv *c)
{
	return (json_pack("{s:o, s:o, s:I}", "warnings", messages_json(c), "files", texts_json(c), "more_warnings", (json_int_t)c->dropped));
}

/* The present objects that the files do not name stay. */
static int
merge(const struct topo *have, const struct topo *found, struct write *w, struct err *err)
{
	size_t n = 1;

	for (int k = 0; k < KIND_COUNT; k++)
		n += have->n[k] + found->n[k];
	w->objects = calloc(n, sizeof(*w->objects));
	if (w->objects == NULL)
		return (err_nomem(err));
	for (int k = 0; k < KIND_COUNT; k++)
		for (int pass = 0; pass < 2; pass++) {
			const struct topo *t = pass == 0 ? have : found;

			for (size_t i = 0; i < t->n[k]; i++) {
				if (pass == 0 && topo_find(found, (enum kind)k, t->v[k][i]->name) != NULL)
					continue;
				w->objects[w->nobjects] = object_copy(t->v[k][i]);
				if (w->objects[w->nobjects++] == NULL)
					return (err_nomem(err));
			}
		}
	return (0);
}

/* Takes j: what an answer says besides the topology. */
static int
document(struct write *w, json_t *j, struct err *err)
{
	struct topo all = { .borrowed = true };
	int rc = 0;

	for (size_t i = 0; i < w->nobjects && rc == 0; i++)
		rc = topo_put(&all, w->objects[i], err);
	if (rc == 0) {
		if (j == NULL || json_object_set_new(j, "topology", api_topology_json(&all)) == -1 ||
		    (w->import = api_json_text(j)) == NULL)
			rc = err_nomem(err);
	}
	topo_fini(&all);
	json_decref(j);
	return (rc);
}

static enum host_format
format_of_route(const struct api_route *r)
{
	if (strstr(r->path, "ezjail") != NULL)
		return (HOST_EZJAIL);
	return (strstr(r->path, "jail-conf") != NULL ? HOST_JAIL_CONF : HOST_RC_CONF);
}

/* A row's name was copied; one of the request belongs to the request. */
static void
free_known(struct import *im, size_t from)
{
	for (size_t i = from; i < im->opts.nknown; i++) {
		free((void *)(uintptr_t)im->known[i].ifname);
		free((void *)(uintptr_t)im->known[i].jail);
	}
	free(im->known);
}

static int
convert(struct api *a, struct write *w, struct import *im, struct err *err)
{
	static const enum conv_kind kinds[] = { [HOST_EZJAIL] = CONV_EZJAIL, [HOST_JAIL_CONF] = CONV_JAIL_CONF, [HOST_RC_CONF] = CONV_RC_CONF };
	struct topo have, found;
	struct conv c;
	int rc = -1;

	topo_init(&found);
	conv_init(&c);
	if (store_topo(a->reader, &have, err) == -1)
		return (-1);
	im->opts.have = &have;
	if (conv_import(&c, kinds[format_of_route(w->route)], im->files, im->nfiles, &im->opts, &found, err) == 0 &&
	    merge(&have, &found, w, err) == 0 && document(w, api_conv_json(&c), err) == 0)
		rc = 0;
	topo_fini(&found);
	topo_fini(&have);
	conv_fini(&c);
	return (rc);
}

/* The worker's files as if the request had brought them. */
static int
use_files(struct import *im, const struct hostfiles *files, struct err *err)
{
	im->files = calloc(files->n + 1, sizeof(*im->files));
	if (im->files == NULL)
		return (err_nomem(err));
	im->nfiles = files->n;
	for (size_t i = 0; i < files->n; i++) {
		const struct hostfile *f = &files->v[i];

		im->files[i] = (struct conv_file){ .path = f->path, .text = f->text, .size = f->size, .note = f->note[0] != '\0' ? f->note : NULL };
	}
	return (0);
}

/* files NULL: those of the request.  True: the write goes to R, to be planned, or first for the host's files. */
static bool
import(struct api *a, struct write *w, const struct hostfiles *files, struct api_res *res)
{
	struct import *im = calloc(1, sizeof(*im));
	struct errs errs = { .n = 0 };
	struct err err = { 0 };
	json_t *j = NULL;
	struct jd d;
	size_t asked = 0;
	bool ok = false;

	if (im == NULL || api_json_parse(w->patch, w->patch_size, &j, &err) == -1) {
		if (im == NULL)
			err_nomem(&err);
		goto out;
	}
	jd_init(&d, &errs, "");
	take_import(im, j, atomic_load(&a->health->features), &d);
	asked = im->opts.nknown;
	if (errs.n > 0) {
		api_problem_errs(res, &errs, NULL, w->request_id);
		goto answered;
	}
	ok = true;
	if (im->from_host && files == NULL) {
		w->verb = WRITE_FILES;
		w->format = format_of_route(w->route);
		goto answered;
	}
	if ((files != NULL && use_files(im, files, &err) == -1) || store_ifaces(a->reader, known_row, im, &err) == -1 ||
	    convert(a, w, im, &err) == -1) {
		ok = false;
		goto out;
	}
	w->verb = WRITE_TOPOLOGY;
	w->dry_run = DRY_PLAN;
out:
	if (!ok)
		api_answer_err(res, &err, w->request_id);
answered:
	if (im != NULL) {
		free_known(im, asked);
		free(im->files);
	}
	free(im);
	json_decref(j);
	return (ok);
}

bool
api_import_convert(struct api *a, const struct api_req *req, struct write *w, struct api_res *res)
{
	if (w->selector[0] != '\0') {
		api_answer_bad(res, 403, req->request_id, "an import concerns the whole topology; you may see a part of it");
		return (false);
	}
	return (import(a, w, NULL, res));
}

bool
api_import_files(struct api *a, struct write *w, const struct hostfiles *files, struct api_res *res)
{
	res->route = w->route;
	api_json_fresh();
	return (import(a, w, files, res));
}

/* --- what runs -------------------------------------------------------------------------------------------------- */

static json_t *
notes_json(const struct takeover *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->nnotes; i++)
		json_array_append_new(
		    list, json_pack("{s:s, s:n, s:i, s:i, s:s, s:o}", "level", conv_level_name(t->notes[i].warning ? CONV_WARNING : CONV_NOTE),
			      "file", "line", 0, "column", 0, "code", t->notes[i].code, "text", codec_text(t->notes[i].text)));
	return (json_pack("{s:o, s:[], s:I}", "warnings", list, "files", "more_warnings", (json_int_t)t->dropped));
}

int
api_import_running(struct write *w, const struct topo *want, const struct observed *have, uint32_t features, struct err *err)
{
	struct topo found = { .borrowed = true };
	struct takeover t;
	int rc;

	api_json_fresh();
	rc = takeover_build(want, have, features, &t, err);
	for (size_t i = 0; i < t.n && rc == 0; i++)
		rc = topo_put(&found, t.v[i], err);
	if (rc == 0 && (rc = merge(want, &found, w, err)) == 0)
		rc = document(w, notes_json(&t), err);
	w->verb = WRITE_TOPOLOGY;
	w->dry_run = DRY_PLAN;
	topo_fini(&found);
	takeover_fini(&t);
	return (rc);
}

bool
api_import_is_answer(const struct errs *errs)
{
	enum err_code c = errs->n > 0 ? errs->v[0].code : ERR_INTERNAL;

	return (c == ERR_INVALID || c == ERR_REFERENCE || c == ERR_CONFLICT || c == ERR_LIMIT || c == ERR_UNSUPPORTED || c == ERR_EXISTS);
}

void
api_import_finish(const struct write *w, const struct outcome *o, const struct api_req *req, struct api_res *res)
{
	json_t *j, *problem;

	if (o->kind != OUT_PLAN && (o->kind != OUT_FAILED || !api_import_is_answer(&o->errs))) {
		api_problem_errs(res, &o->errs, NULL, w->request_id);
		return;
	}
	j = json_loads(w->import, 0, NULL);
	if (j != NULL && o->kind == OUT_PLAN) {
		json_object_set_new(j, "plan", api_steps_json(&o->plan, o->revision));
		json_object_set_new(j, "errors", json_array());
	} else if (j != NULL) {
		problem = api_problem_json(&o->errs, NULL, NULL, NULL);
		json_object_set_new(j, "plan", json_null());
		json_object_set(j, "errors", json_object_get(problem, "errors"));
		json_decref(problem);
	}
	api_answer_json(res, 200, j, req);
	api_etag(res, o->revision);
}
