/*
 * api_codec: what all kinds share: head, name, labels, lists, server-owned fields.
 */
#include "api/api_codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/str.h"
#include "core/valid.h"

const char *const codec_server_fields[] = { "kind", "id", "revision", "created_at", "updated_at", "allocated", "status",
	NULL };

static const struct codec {
	const char *const *fields;
	void (*decode)(struct jd *d, const json_t *j, struct object *o);
	int (*encode)(json_t *obj, const struct object *o);
} codecs[KIND_COUNT] = {
	[KIND_BRIDGE] = { codec_bridge_fields, codec_bridge_decode, codec_bridge_encode },
	[KIND_EPAIR] = { codec_epair_fields, codec_epair_decode, codec_epair_encode },
	[KIND_JAIL] = { codec_jail_fields, codec_jail_decode, codec_jail_encode },
	[KIND_ATTACHMENT] = { codec_attachment_fields, codec_attachment_decode, codec_attachment_encode },
};

/* --- names ------------------------------------------------------------------------------------------------ */

/* An attachment has the name somebody else gave it ("em0.100"); all others are ours. */
bool
codec_name_ok(enum kind kind, const char *name, struct jd *d)
{
	size_t max = kind_name_max(kind), len = strlen(name);

	if (kind == KIND_ATTACHMENT ? ifname_is_legal(name) : name_is_legal(name, max))
		return (true);
	if (len > max)
		jd_error(d, ERR_INVALID, "a %s name has at most %zu characters, this one has %zu: \"%.*s\" would fit",
		    kind_name(kind), max, len, (int)max, name);
	else if (kind == KIND_ATTACHMENT)
		jd_error(
		    d, ERR_INVALID, "an interface name is letters, digits, \"_\", \".\", \":\", \"@\" and \"-\", the first a letter, digit or \"_\"");
	else
		jd_error(
		    d, ERR_INVALID, "a name starts with a letter and goes on with letters, digits, \"_\" and \"-\"");
	return (false);
}

/* The name the object gets; NULL when there is none to be had. */
static const char *
decode_name(enum kind kind, const char *name, bool is_path, const json_t *j, struct jd *d)
{
	const char *given = NULL;
	size_t mark = d->len;
	bool ok, pushed = name == NULL || is_path;

	if (!jd_str(d, j, "name", TEXT_SIZE - 1, &given) && name == NULL) {
		if (json_object_get(j, "name") == NULL)
			jd_error_at(d, "name", ERR_INVALID, "is missing");
		return (NULL);
	}
	if (given != NULL && name != NULL && strcmp(given, name) != 0)
		jd_error_at(d, "name", ERR_INVALID, "wants \"%s\", the name in the %s, or nothing", name,
		    is_path ? "path" : "key");
	if (name == NULL)
		name = given;
	if (pushed)
		mark = jd_push(d, "name");
	ok = name != NULL && codec_name_ok(kind, name, d);
	if (pushed)
		jd_pop(d, mark);
	return (ok ? name : NULL);
}

/* --- decoding ---------------------------------------------------------------------------------------------- */

struct object *
codec_decode(enum kind kind, const char *name, bool is_path, const json_t *j, struct jd *d)
{
	const struct codec *c = &codecs[kind];
	struct object *o;

	if (!jd_is_object(d, j))
		return (object_new(kind, "x"));
	name = decode_name(kind, name, is_path, j, d);
	/* Go on without a name: the other errors are wanted, too. */
	o = object_new(kind, name != NULL ? name : "x");
	if (o == NULL) {
		jd_nomem(d);
		return (NULL);
	}
	c->decode(d, j, o);
	codec_get_pairs(d, j, "labels", TEXT_SIZE - 1, o, &o->labels);
	codec_get_text(d, j, "description", TEXT_SIZE - 1, o, &o->description);
	jd_known(d, j, c->fields, codec_server_fields);
	return (o);
}

static bool
has_word(const char *const *words, const char *s, size_t len)
{
	for (; *words != NULL; words++) {
		if (strlen(*words) == len && memcmp(*words, s, len) == 0)
			return (true);
	}
	return (false);
}

bool
codec_has_field(enum kind kind, const char *field, size_t len)
{
	return (has_word(codecs[kind].fields, field, len) || has_word(codec_server_fields, field, len));
}

bool
codec_is_server_field(const char *field)
{
	return (has_word(codec_server_fields, field, strlen(field)));
}

static bool
has_error(const struct errs *errs, const char *pointer)
{
	size_t i;

	for (i = 0; i < errs->n; i++) {
		if (strcmp(errs->v[i].field, pointer) == 0)
			return (true);
	}
	return (false);
}

void
codec_check_rest(const struct object *o, bool strip, struct errs *errs)
{
	struct errs more = { .n = 0 };
	char prefix[160];
	size_t i, len;

	snprintf(prefix, sizeof(prefix), "/%s/%s", kind_plural(o->kind), o->name);
	/* What the platform can do is R's to say: here only what no platform can. */
	valid_object(o, UINT32_MAX, &more);
	len = strip ? strlen(prefix) : 0;
	for (i = 0; i < more.n; i++) {
		const char *pointer = more.v[i].field;

		if (strncmp(pointer, prefix, len) == 0)
			pointer += len;
		if (!has_error(errs, pointer))
			errs_add(errs, more.v[i].code, pointer, "%s", more.v[i].msg);
	}
}

void
codec_get_text(struct jd *d, const json_t *j, const char *key, size_t max, struct object *o, const char **out)
{
	const char *s;

	if (jd_str(d, j, key, max, &s) && object_str(o, out, s) == -1)
		jd_nomem(d);
}

void
codec_get_prefixes(struct jd *d, const json_t *j, const char *key, struct object *o, struct prefixes *out)
{
	const json_t *list = jd_array(d, j, key, LIMIT_ADDRESSES), *item;
	struct prefix v[LIMIT_ADDRESSES];
	size_t mark, inner, i, k, n = 0;
	struct err err;

	if (list == NULL)
		return;
	mark = jd_push(d, key);
	for (i = 0; i < json_array_size(list); i++) {
		item = json_array_get(list, i);
		inner = jd_push_index(d, i);
		if (!json_is_string(item))
			jd_wants(d, "ADDRESS/LENGTH", item);
		else if (prefix_parse(json_string_value(item), &v[n], &err) == -1)
			jd_error(d, err.code, "%s", err.msg);
		else {
			for (k = 0; k < n && prefix_cmp(&v[k], &v[n]) != 0; k++)
				;
			if (k < n)
				jd_error(d, ERR_INVALID, "is already in the list");
			else
				n++;
		}
		jd_pop(d, inner);
	}
	if (object_prefixes(o, out, v, n) == -1)
		jd_nomem(d);
	jd_pop(d, mark);
}

void
codec_get_pairs(struct jd *d, const json_t *j, const char *key, size_t max, struct object *o, struct pairs *out)
{
	const json_t *map = jd_object(d, j, key, LIMIT_PAIRS);
	struct pair v[LIMIT_PAIRS];
	const char *name;
	json_t *value;
	size_t mark, n = 0;

	if (map == NULL)
		return;
	mark = jd_push(d, key);
	api_json_each(map, name, value) {
		v[n].key = name;
		if (*name == '\0' || strlen(name) >= NAME_SIZE)
			jd_error_at(d, name, ERR_INVALID, "a key has 1 to %d bytes", NAME_SIZE - 1);
		else if (jd_str(d, map, name, max, &v[n].value))
			n++;
	}
	if (object_pairs(o, out, v, n) == -1)
		jd_nomem(d);
	jd_pop(d, mark);
}

void
codec_get_vlans(struct jd *d, const json_t *j, struct object *o, struct port *port)
{
	const json_t *list = jd_array(d, j, "tagged", LIMIT_TAGGED), *item;
	uint16_t v[LIMIT_TAGGED];
	uint32_t untagged;
	size_t mark, inner, i, k, n = 0;
	json_int_t id;

	if (jd_u32(d, j, "untagged", 1, 4094, &untagged))
		port->untagged = (uint16_t)untagged;
	if (list == NULL)
		return;
	mark = jd_push(d, "tagged");
	for (i = 0; i < json_array_size(list); i++) {
		item = json_array_get(list, i);
		id = json_integer_value(item);
		inner = jd_push_index(d, i);
		for (k = 0; k < n && v[k] != id; k++)
			;
		if (!json_is_integer(item) || id < 1 || id > 4094)
			jd_wants(d, "a VLAN id from 1 to 4094", item);
		else if (k < n)
			jd_error(d, ERR_INVALID, "is already in the list");
		else
			v[n++] = (uint16_t)id;
		jd_pop(d, inner);
	}
	if (object_tagged(o, port, v, n) == -1)
		jd_nomem(d);
	jd_pop(d, mark);
}

/* --- encoding ---------------------------------------------------------------------------------------------- */

json_t *
codec_text(const char *s)
{
	json_t *j = json_string(s);
	char *copy;

	if (j != NULL)
		return (j);
	copy = strdup(s);
	if (copy == NULL)
		return (NULL);
	str_clean(copy);
	j = json_string(copy);
	free(copy);
	return (j);
}

json_t *
codec_text_or_null(const char *s)
{
	return (*s == '\0' ? json_null() : codec_text(s));
}

const char *
codec_time(int64_t ms, char buf[TIME_TEXT_SIZE])
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;
	size_t n;

	if (gmtime_r(&t, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	n = strftime(buf, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, TIME_TEXT_SIZE - n, ".%03uZ", (unsigned)(ms % 1000));
	return (buf);
}

json_t *
codec_time_json(int64_t ms)
{
	char buf[TIME_TEXT_SIZE];

	return (ms == 0 ? json_null() : json_string(codec_time(ms, buf)));
}

json_t *
codec_put_mac(const struct mac *m)
{
	char buf[MAC_TEXT_SIZE];

	return (json_string(mac_format(m, buf)));
}

json_t *
codec_put_words(const char *words)
{
	json_t *list = json_array();
	size_t len;

	for (; *words != '\0'; words += len) {
		words += strspn(words, " ");
		len = strcspn(words, " ");
		if (len > 0)
			json_array_append_new(list, json_stringn(words, len));
	}
	return (list);
}

json_t *
codec_put_prefixes(const struct prefixes *p)
{
	json_t *list = json_array();
	char buf[PREFIX_TEXT_SIZE];
	size_t i;

	for (i = 0; list != NULL && i < p->n; i++) {
		if (json_array_append_new(list, json_string(prefix_format(&p->v[i], buf))) == -1) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

json_t *
codec_put_pairs(const struct pairs *p)
{
	json_t *map = json_object();
	size_t i;

	for (i = 0; map != NULL && i < p->n; i++) {
		if (json_object_set_new(map, p->v[i].key, codec_text(p->v[i].value)) == -1) {
			json_decref(map);
			return (NULL);
		}
	}
	return (map);
}

int
codec_put_vlans(json_t *obj, const struct port *port)
{
	json_t *list = json_array();
	int rc = 0;
	size_t i;

	if (port->untagged != 0)
		rc |= json_object_set_new(obj, "untagged", json_integer(port->untagged));
	for (i = 0; i < port->ntagged; i++)
		rc |= json_array_append_new(list, json_integer(port->tagged[i]));
	return (rc | json_object_set_new(obj, "tagged", list));
}

json_t *
codec_encode(const struct object *o, bool with_name)
{
	json_t *obj = json_object();
	int rc = 0;

	if (obj == NULL)
		return (NULL);
	if (with_name)
		rc |= json_object_set_new(obj, "name", json_string(o->name));
	rc |= codecs[o->kind].encode(obj, o);
	rc |= json_object_set_new(obj, "labels", codec_put_pairs(&o->labels));
	rc |= json_object_set_new(obj, "description", codec_text(o->description));
	if (rc == 0)
		return (obj);
	json_decref(obj);
	return (NULL);
}

static json_t *
put_status(enum kind kind, const struct status_row *st)
{
	json_t *j = json_pack("{s:s, s:o, s:o, s:o}", "state", st != NULL ? st->state : "pending", "since",
	    codec_time_json(st != NULL ? st->since : 0), "reason",
	    st != NULL && st->err.code != ERR_NONE ? codec_text(st->err.msg) : json_null(), "errno",
	    st != NULL && st->err.sys != 0 ? json_integer(st->err.sys) : json_null());

	if (j != NULL && kind == KIND_JAIL)
		json_object_set_new(j, "dying", json_integer(st != NULL ? (json_int_t)st->dying : 0));
	if (j != NULL && st != NULL && st->duplicates[0] != '\0')
		json_object_set_new(j, "duplicates", codec_put_words(st->duplicates));
	return (j);
}

static json_t *
put_end(const struct end *e)
{
	return (json_pack("{s:o, s:o}", "ifname", codec_text(e->ifname), "mac", codec_put_mac(&e->mac)));
}

/* NULL also when the kind has nothing to tell. */
static json_t *
put_allocated(const struct object *o, uint32_t mtu)
{
	if (o->kind == KIND_BRIDGE)
		return (json_pack("{s:o}", "mac", codec_put_mac(&o->u.bridge.mac)));
	return (json_pack("{s:I, s:o, s:o}", "mtu", (json_int_t)mtu, "a", put_end(&o->u.epair.end[END_A]), "b",
	    put_end(&o->u.epair.end[END_B])));
}

json_t *
codec_item(const struct object *o, uint32_t mtu, const struct status_row *st)
{
	json_t *obj = codec_encode(o, true);
	int rc = 0;

	if (obj == NULL)
		return (NULL);
	rc |= json_object_set_new(obj, "kind", json_string(kind_name(o->kind)));
	rc |= json_object_set_new(obj, "id", json_string(o->id));
	rc |= json_object_set_new(obj, "revision", json_integer(o->revision));
	rc |= json_object_set_new(obj, "created_at", codec_time_json(o->created_at));
	rc |= json_object_set_new(obj, "updated_at", codec_time_json(o->updated_at));
	if (o->kind == KIND_BRIDGE || o->kind == KIND_EPAIR)
		rc |= json_object_set_new(obj, "allocated", put_allocated(o, mtu));
	rc |= json_object_set_new(obj, "status", put_status(o->kind, st));
	if (rc == 0)
		return (obj);
	json_decref(obj);
	return (NULL);
}
