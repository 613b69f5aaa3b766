/*
 * api_codec_jail: jail <-> JSON.
 */
#include <string.h>

#include "api/api_codec.h"
#include "core/str.h"

const char *const codec_jail_fields[] = { "name", "manager", "moves", "running", "path", "hostname", "routes", "forwarding",
	"sysctls", "params", "exec", "labels", "description", NULL };
static const char *const exec_fields[] = { "start", "stop", NULL };
static const char *const managers[] = { "jailnet", "external" }, *const movers[] = { "jailnet", "manager" };

#define SYSCTL_VALUE_MAX 127	/* struct cmd_sysctl */

/* "default" takes the family of its gateway. */
static int
decode_dst(const char *text, const struct ip *gateway, struct prefix *out, struct err *err)
{
	struct prefix p;

	if (strcmp(text, "default") == 0) {
		*out = (struct prefix){ .ip.family = gateway->family };
		return (0);
	}
	if (prefix_parse(text, &p, err) == -1)
		return (-1);
	*out = prefix_network(&p);
	return (0);
}

static void
decode_routes(struct jd *d, const json_t *j, struct object *o)
{
	const json_t *map = jd_object(d, j, "routes", LIMIT_ROUTES);
	struct route v[LIMIT_ROUTES];
	size_t mark, inner, k, n = 0;
	const char *key;
	json_t *value;
	struct err err;

	if (map == NULL)
		return;
	mark = jd_push(d, "routes");
	api_json_each(map, key, value) {
		if (!jd_ip(d, map, key, &v[n].gateway))
			continue;
		inner = jd_push(d, key);
		if (decode_dst(key, &v[n].gateway, &v[n].dst, &err) == -1)
			jd_error(d, err.code, "the destination is %s", err.msg);
		else {
			for (k = 0; k < n && prefix_cmp(&v[k].dst, &v[n].dst) != 0; k++)
				;
			if (k < n)
				jd_error(d, ERR_INVALID, "the same destination twice");
			else
				n++;
		}
		jd_pop(d, inner);
	}
	if (object_routes(o, v, n) == -1)
		jd_nomem(d);
	jd_pop(d, mark);
}

void
codec_jail_decode(struct jd *d, const json_t *j, struct object *o)
{
	struct jail *jl = &o->u.jail;
	const json_t *exec;
	unsigned manager, mover;
	size_t mark;

	if (jd_word(d, j, "manager", managers, NELEMS(managers), &manager))
		jl->external = manager == 1;
	if (jd_word(d, j, "moves", movers, NELEMS(movers), &mover))
		jl->manager_moves = mover == 1;
	jd_bool(d, j, "running", &jl->running);
	codec_get_text(d, j, "path", PATH_SIZE - 1, o, &jl->path);
	codec_get_text(d, j, "hostname", HOSTNAME_SIZE - 1, o, &jl->hostname);
	decode_routes(d, j, o);
	jd_bool(d, j, "forwarding", &jl->forwarding);
	codec_get_pairs(d, j, "sysctls", SYSCTL_VALUE_MAX, o, &jl->sysctls);
	codec_get_pairs(d, j, "params", TEXT_SIZE - 1, o, &jl->params);
	exec = jd_object(d, j, "exec", SIZE_MAX);
	if (exec == NULL)
		return;
	mark = jd_push(d, "exec");
	codec_get_text(d, exec, "start", COMMAND_SIZE - 1, o, &jl->exec_start);
	codec_get_text(d, exec, "stop", COMMAND_SIZE - 1, o, &jl->exec_stop);
	jd_known(d, exec, exec_fields, NULL);
	jd_pop(d, mark);
}

static json_t *
encode_routes(const struct jail *jl)
{
	json_t *map = json_object();
	char dst[PREFIX_TEXT_SIZE], gateway[IP_TEXT_SIZE];
	size_t i;

	for (i = 0; map != NULL && i < jl->nroutes; i++) {
		const struct route *r = &jl->routes[i];
		bool is_default = prefix_is_default(&r->dst) && r->dst.ip.family == 4;

		if (json_object_set_new(map, is_default ? "default" : prefix_format(&r->dst, dst),
		    json_string(ip_format(&r->gateway, gateway))) == -1) {
			json_decref(map);
			return (NULL);
		}
	}
	return (map);
}

int
codec_jail_encode(json_t *obj, const struct object *o)
{
	const struct jail *jl = &o->u.jail;
	int rc = 0;

	rc |= json_object_set_new(obj, "manager", json_string(managers[jl->external]));
	if (jl->manager_moves)
		rc |= json_object_set_new(obj, "moves", json_string(movers[1]));
	rc |= json_object_set_new(obj, "running", json_boolean(jl->running));
	rc |= json_object_set_new(obj, "path", codec_text(jl->path));
	rc |= json_object_set_new(obj, "hostname", codec_text(jl->hostname));
	rc |= json_object_set_new(obj, "routes", encode_routes(jl));
	rc |= json_object_set_new(obj, "forwarding", json_boolean(jl->forwarding));
	rc |= json_object_set_new(obj, "sysctls", codec_put_pairs(&jl->sysctls));
	rc |= json_object_set_new(obj, "params", codec_put_pairs(&jl->params));
	rc |= json_object_set_new(obj, "exec",
	    json_pack("{s:o, s:o}", "start", codec_text(jl->exec_start), "stop", codec_text(jl->exec_stop)));
	return (rc);
}
