/*
 * api_codec_epair: epair <-> JSON.
 */
#include <string.h>

#include "api/api_codec.h"
#include "core/str.h"

const char *const codec_epair_fields[] = { "name", "mtu", "a", "b", "labels", "description", NULL };
static const char *const end_fields[] = {
	"ifname", "mac", "bridge", "jail", "addresses", "up", "private", "stp", "edge", "untagged", "tagged", NULL
};
static const char *const sides[] = { [END_A] = "a", [END_B] = "b" };

static void
decode_end(struct jd *d, const json_t *j, struct object *o, struct end *e)
{
	const char *ifname;

	if (jd_str(d, j, "ifname", TEXT_SIZE - 1, &ifname)) {
		size_t mark = jd_push(d, "ifname");

		/* The same rule as for an epair's own name: it becomes an interface name. */
		e->ifname_given =
		    codec_name_ok(KIND_EPAIR, ifname, d) && str_copy(e->ifname, sizeof(e->ifname), ifname) == 0;
		jd_pop(d, mark);
	}
	e->mac_pinned = jd_mac(d, j, "mac", &e->mac);
	codec_get_text(d, j, "bridge", NAME_SIZE - 1, o, &e->bridge);
	codec_get_text(d, j, "jail", NAME_SIZE - 1, o, &e->jail);
	if (e->bridge != NULL && e->jail != NULL) {
		jd_error(d, ERR_INVALID, "an end is in a bridge or in a jail, not in both");
		e->jail = NULL;
	}
	codec_get_prefixes(d, j, "addresses", o, &e->addrs);
	jd_bool(d, j, "up", &e->up);
	jd_bool(d, j, "private", &e->port.priv);
	jd_bool(d, j, "stp", &e->port.stp);
	jd_bool(d, j, "edge", &e->port.edge);
	codec_get_vlans(d, j, o, &e->port);
	jd_known(d, j, end_fields, NULL);
}

void
codec_epair_decode(struct jd *d, const json_t *j, struct object *o)
{
	struct epair *ep = &o->u.epair;
	const json_t *end;
	size_t mark;
	int side;

	jd_u32(d, j, "mtu", MTU_MIN, MTU_MAX, &ep->mtu);
	for (side = END_A; side <= END_B; side++) {
		end = jd_object(d, j, sides[side], SIZE_MAX);
		if (end == NULL)
			continue;
		mark = jd_push(d, sides[side]);
		decode_end(d, end, o, &ep->end[side]);
		jd_pop(d, mark);
	}
	if (epair_default_ifnames(o) == -1)
		jd_error_at(d, "name", ERR_INVALID, "\"%sa\" would not fit the %d characters of an interface name: "
		    "at most %d, or give ifname for both ends", o->name, IFNAME_SIZE - 1, IFNAME_SIZE - 2);
}

static json_t *
encode_end(const struct end *e)
{
	json_t *obj = json_object();
	int rc = 0;

	if (obj == NULL)
		return (NULL);
	if (e->ifname_given)
		rc |= json_object_set_new(obj, "ifname", json_string(e->ifname));
	if (e->mac_pinned)
		rc |= json_object_set_new(obj, "mac", codec_put_mac(&e->mac));
	if (e->bridge != NULL)
		rc |= json_object_set_new(obj, "bridge", json_string(e->bridge));
	if (e->jail != NULL)
		rc |= json_object_set_new(obj, "jail", json_string(e->jail));
	rc |= json_object_set_new(obj, "addresses", codec_put_prefixes(&e->addrs));
	rc |= json_object_set_new(obj, "up", json_boolean(e->up));
	rc |= json_object_set_new(obj, "private", json_boolean(e->port.priv));
	/* of one platform only: told when somebody asked for them */
	if (e->port.stp)
		rc |= json_object_set_new(obj, "stp", json_true());
	if (e->port.edge)
		rc |= json_object_set_new(obj, "edge", json_true());
	rc |= codec_put_vlans(obj, &e->port);
	if (rc == 0)
		return (obj);
	json_decref(obj);
	return (NULL);
}

int
codec_epair_encode(json_t *obj, const struct object *o)
{
	const struct epair *ep = &o->u.epair;
	int rc = 0;

	if (ep->mtu != 0)
		rc |= json_object_set_new(obj, "mtu", json_integer(ep->mtu));
	rc |= json_object_set_new(obj, "a", encode_end(&ep->end[END_A]));
	rc |= json_object_set_new(obj, "b", encode_end(&ep->end[END_B]));
	return (rc);
}
