/*
 * api_codec_bridge: bridge <-> JSON.
 */
#include <string.h>

#include "api/api_codec.h"
#include "core/str.h"

const char *const codec_bridge_fields[] = {
	"name", "mtu", "stp", "mac", "addresses", "members", "vlan_filter", "backend", "labels", "description", NULL
};
static const char *const member_fields[] = { "private", "stp", "edge", "untagged", "tagged", NULL };
static const char *const backends[] = { [BACKEND_IF_BRIDGE] = "if_bridge", [BACKEND_NETGRAPH] = "netgraph" };

static void
decode_port(struct jd *d, const json_t *j, struct object *o, struct port *port)
{
	if (!jd_is_object(d, j))
		return;
	jd_bool(d, j, "private", &port->priv);
	jd_bool(d, j, "stp", &port->stp);
	jd_bool(d, j, "edge", &port->edge);
	codec_get_vlans(d, j, o, port);
	jd_known(d, j, member_fields, NULL);
}

static void
decode_members(struct jd *d, const json_t *j, struct object *o)
{
	const json_t *map = jd_object(d, j, "members", LIMIT_MEMBERS);
	struct member v[LIMIT_MEMBERS] = { 0 };
	const char *ifname;
	json_t *value;
	size_t mark, inner, n = 0;

	if (map == NULL)
		return;
	mark = jd_push(d, "members");
	api_json_each(map, ifname, value) {
		inner = jd_push(d, ifname);
		v[n].ifname = ifname;
		if (codec_name_ok(KIND_ATTACHMENT, ifname, d))
			decode_port(d, value, o, &v[n++].port);
		jd_pop(d, inner);
	}
	if (object_members(o, v, n) == -1)
		jd_nomem(d);
	jd_pop(d, mark);
}

void
codec_bridge_decode(struct jd *d, const json_t *j, struct object *o)
{
	struct bridge *b = &o->u.bridge;
	unsigned backend;

	jd_u32(d, j, "mtu", MTU_MIN, MTU_MAX, &b->mtu);
	jd_bool(d, j, "stp", &b->stp);
	b->mac_pinned = jd_mac(d, j, "mac", &b->mac);
	codec_get_prefixes(d, j, "addresses", o, &b->addrs);
	decode_members(d, j, o);
	jd_bool(d, j, "vlan_filter", &b->vlan_filter);
	if (jd_word(d, j, "backend", backends, NELEMS(backends), &backend))
		b->backend = (enum backend)backend;
}

static json_t *
encode_members(const struct bridge *b)
{
	json_t *map = json_object(), *m;
	size_t i;

	for (i = 0; map != NULL && i < b->nmembers; i++) {
		const struct port *p = &b->members[i].port;

		m = json_pack("{s:b, s:b, s:b}", "private", p->priv, "stp", p->stp, "edge", p->edge);
		if (m == NULL || codec_put_vlans(m, p) != 0 || json_object_set(map, b->members[i].ifname, m) == -1) {
			json_decref(m);
			json_decref(map);
			return (NULL);
		}
		json_decref(m);
	}
	return (map);
}

int
codec_bridge_encode(json_t *obj, const struct object *o)
{
	const struct bridge *b = &o->u.bridge;
	int rc = 0;

	rc |= json_object_set_new(obj, "mtu", json_integer(b->mtu));
	rc |= json_object_set_new(obj, "stp", json_boolean(b->stp));
	if (b->mac_pinned)
		rc |= json_object_set_new(obj, "mac", codec_put_mac(&b->mac));
	rc |= json_object_set_new(obj, "addresses", codec_put_prefixes(&b->addrs));
	rc |= json_object_set_new(obj, "members", encode_members(b));
	rc |= json_object_set_new(obj, "vlan_filter", json_boolean(b->vlan_filter));
	rc |= json_object_set_new(obj, "backend", json_string(backends[b->backend]));
	return (rc);
}
