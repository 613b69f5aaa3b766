/*
 * model: building, copying and comparing objects.
 */
#include "core/model.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"

static const struct {
	const char *name, *plural;
	size_t name_max;
} kinds[KIND_COUNT] = {
	[KIND_BRIDGE] = { "bridge", "bridges", IFNAME_SIZE - 1 },
	[KIND_EPAIR] = { "epair", "epairs", IFNAME_SIZE - 1 },
	[KIND_JAIL] = { "jail", "jails", NAME_SIZE - 1 },
	[KIND_ATTACHMENT] = { "attachment", "attachments", IFNAME_SIZE - 1 },
};

const char *
kind_name(enum kind kind)
{
	return (kinds[kind].name);
}

const char *
kind_plural(enum kind kind)
{
	return (kinds[kind].plural);
}

size_t
kind_name_max(enum kind kind)
{
	return (kinds[kind].name_max);
}

bool
name_is_legal(const char *s, size_t max)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	static const char rest[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t len = strlen(s);

	/* Not isalpha: its answer depends on the locale. */
	return (len > 0 && len <= max && strspn(s, letters) > 0 && strspn(s, rest) == len);
}

bool
ifname_is_legal(const char *s)
{
	static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
	static const char rest[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:@-";
	size_t len = strlen(s);

	return (len < IFNAME_SIZE && strspn(s, first) > 0 && strspn(s, rest) == len);
}

struct object *
object_new(enum kind kind, const char *name)
{
	struct object *o;
	struct jail *j;

	o = calloc(1, sizeof(*o));
	if (o == NULL)
		return (NULL);
	arena_init(&o->arena);
	o->kind = kind;
	if (str_copy(o->name, sizeof(o->name), name) == -1)
		assert(!"object name fits");
	o->description = "";
	switch (kind) {
	case KIND_BRIDGE:
		o->u.bridge.mtu = MTU_DEFAULT;
		break;
	case KIND_EPAIR:
		o->u.epair.end[END_A].up = o->u.epair.end[END_B].up = true;
		break;
	case KIND_JAIL:
		j = &o->u.jail;
		j->running = true;
		j->path = j->hostname = j->exec_start = j->exec_stop = "";
		break;
	case KIND_ATTACHMENT:
		o->u.attachment.jail = "";
		break;
	}
	return (o);
}

void
object_free(struct object *o)
{
	if (o == NULL)
		return;
	arena_fini(&o->arena);
	free(o);
}

int
object_str(struct object *o, const char **field, const char *value)
{
	const char *copy = value;

	if (value != NULL && (copy = arena_strdup(&o->arena, value)) == NULL)
		return (-1);
	*field = copy;
	return (0);
}

/* Copies a list into the arena and sorts it; an empty list is NULL.  -1 = out of memory. */
static int
list_copy(struct object *o, void *out, const void *v, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	void *copy = NULL;

	if (n > 0) {
		copy = arena_array(&o->arena, n, size);
		if (copy == NULL)
			return (-1);
		memcpy(copy, v, n * size);
		if (cmp != NULL)
			qsort(copy, n, size, cmp);
	}
	memcpy(out, &copy, sizeof(copy));
	return (0);
}

int
object_prefixes(struct object *o, struct prefixes *field, const struct prefix *v, size_t n)
{
	struct prefix *copy;

	if (list_copy(o, &copy, v, n, sizeof(*v), NULL) == -1)
		return (-1);
	*field = (struct prefixes){ copy, n };
	return (0);
}

static int
pair_cmp(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return (strcmp(x->key, y->key));
}

int
params_format(const struct pairs *p, char out[PARAMS_SIZE])
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < p->n; i++) {
		if (str_format(out + len, PARAMS_SIZE - len, "%s=%s\n", p->v[i].key, p->v[i].value) == -1) {
			out[0] = '\0';
			return (-1);
		}
		len += strlen(out + len);
	}
	return (0);
}

uint32_t
params_hash(const char *text)
{
	return (text[0] == '\0' ? 0 : str_hash(text));
}

uint32_t
path_hash(const char *path)
{
	uint32_t h = str_hash(path[0] == '\0' ? "/" : path);

	return (h == 0 ? 1 : h);
}

bool
param_key_is_legal(const char *key)
{
	static const char legal[] = "abcdefghijklmnopqrstuvwxyz0123456789_.";
	/* what makes the jail ours, has a network of its own and keeps its place; and what jail(8) means, not the kernel */
	static const char *const own[] = { "children.cur", "command*", "cpuset.id", "depend", "desc", "dying", "env*", "errmsg", "exec.*",
		"host*", "interface", "ip4*", "ip6*", "ip_hostname", "jid", "lastjid", "meta*", "mount*", "name", "nodying", "nopersist",
		"novnet", "osreldate", "osrelease", "parent", "path", "persist", "stop.*", "vnet*", "zfs.*" };
	size_t len = strlen(key);

	if (len == 0 || len >= NAME_SIZE || strspn(key, legal) != len || key[0] == '.' || key[len - 1] == '.')
		return (false);
	for (size_t i = 0; i < NELEMS(own); i++)
		if (str_match(own[i], key))
			return (false);
	return (true);
}

int
object_pairs(struct object *o, struct pairs *field, const struct pair *v, size_t n)
{
	struct pair *copy;
	size_t i;

	if (list_copy(o, &copy, v, n, sizeof(*v), pair_cmp) == -1)
		return (-1);
	for (i = 0; i < n; i++)
		if (object_str(o, &copy[i].key, copy[i].key) == -1 || object_str(o, &copy[i].value, copy[i].value) == -1)
			return (-1);
	*field = (struct pairs){ copy, n };
	return (0);
}

static int
tag_cmp(const void *a, const void *b)
{
	const uint16_t *x = a, *y = b;

	return ((*x > *y) - (*x < *y));
}

int
object_tagged(struct object *o, struct port *port, const uint16_t *v, size_t n)
{
	uint16_t *copy;

	/* Far over LIMIT_TAGGED either way: valid.c refuses it. */
	if (n > UINT16_MAX)
		n = UINT16_MAX;
	if (list_copy(o, &copy, v, n, sizeof(*v), tag_cmp) == -1)
		return (-1);
	port->tagged = copy;
	port->ntagged = (uint16_t)n;
	return (0);
}

static int
member_cmp(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return (strcmp(x->ifname, y->ifname));
}

int
object_members(struct object *o, const struct member *v, size_t n)
{
	struct member *copy;
	size_t i;

	assert(o->kind == KIND_BRIDGE);
	if (list_copy(o, &copy, v, n, sizeof(*v), member_cmp) == -1)
		return (-1);
	for (i = 0; i < n; i++)
		if (object_str(o, &copy[i].ifname, copy[i].ifname) == -1 ||
		    object_tagged(o, &copy[i].port, copy[i].port.tagged, copy[i].port.ntagged) == -1)
			return (-1);
	o->u.bridge.members = copy;
	o->u.bridge.nmembers = n;
	return (0);
}

static int
route_cmp(const void *a, const void *b)
{
	const struct route *x = a, *y = b;
	int c = prefix_cmp(&x->dst, &y->dst);

	return (c != 0 ? c : ip_cmp(&x->gateway, &y->gateway));
}

int
object_routes(struct object *o, const struct route *v, size_t n)
{
	struct route *copy;

	assert(o->kind == KIND_JAIL);
	if (list_copy(o, &copy, v, n, sizeof(*v), route_cmp) == -1)
		return (-1);
	o->u.jail.routes = copy;
	o->u.jail.nroutes = n;
	return (0);
}

int
epair_default_ifnames(struct object *o)
{
	struct end *end = o->u.epair.end;
	int side, rc = 0;

	assert(o->kind == KIND_EPAIR);
	for (side = END_A; side <= END_B; side++)
		if (!end[side].ifname_given &&
		    str_format(end[side].ifname, IFNAME_SIZE, "%s%c", o->name, side == END_A ? 'a' : 'b') == -1)
			rc = -1;
	return (rc);
}

/* The copies below start as a flat copy of 'o': each helper moves what still points into o's arena. */
static int
copy_bridge(struct object *c, const struct bridge *b)
{
	return (object_prefixes(c, &c->u.bridge.addrs, b->addrs.v, b->addrs.n) == -1 ||
	    object_members(c, b->members, b->nmembers) == -1 ? -1 : 0);
}

static int
copy_epair(struct object *c, const struct epair *e)
{
	const struct end *from;
	struct end *to;
	int side;

	for (side = END_A; side <= END_B; side++) {
		from = &e->end[side];
		to = &c->u.epair.end[side];
		if (object_str(c, &to->bridge, from->bridge) == -1 || object_str(c, &to->jail, from->jail) == -1 ||
		    object_prefixes(c, &to->addrs, from->addrs.v, from->addrs.n) == -1 ||
		    object_tagged(c, &to->port, from->port.tagged, from->port.ntagged) == -1)
			return (-1);
	}
	return (0);
}

static int
copy_jail(struct object *c, const struct jail *from)
{
	struct jail *to = &c->u.jail;

	return (object_str(c, &to->path, from->path) == -1 || object_str(c, &to->hostname, from->hostname) == -1 ||
	    object_routes(c, from->routes, from->nroutes) == -1 ||
	    object_pairs(c, &to->sysctls, from->sysctls.v, from->sysctls.n) == -1 ||
	    object_pairs(c, &to->params, from->params.v, from->params.n) == -1 ||
	    object_str(c, &to->exec_start, from->exec_start) == -1 ||
	    object_str(c, &to->exec_stop, from->exec_stop) == -1 ? -1 : 0);
}

static int
copy_attachment(struct object *c, const struct attachment *a)
{
	return (object_str(c, &c->u.attachment.jail, a->jail) == -1 ||
	    object_prefixes(c, &c->u.attachment.addrs, a->addrs.v, a->addrs.n) == -1 ? -1 : 0);
}

struct object *
object_copy(const struct object *o)
{
	struct object *c;
	int rc = -1;

	c = malloc(sizeof(*c));
	if (c == NULL)
		return (NULL);
	*c = *o;
	arena_init(&c->arena);
	if (object_str(c, &c->description, o->description) == -1 ||
	    object_pairs(c, &c->labels, o->labels.v, o->labels.n) == -1)
		goto out;
	switch (o->kind) {
	case KIND_BRIDGE:
		rc = copy_bridge(c, &o->u.bridge);
		break;
	case KIND_EPAIR:
		rc = copy_epair(c, &o->u.epair);
		break;
	case KIND_JAIL:
		rc = copy_jail(c, &o->u.jail);
		break;
	case KIND_ATTACHMENT:
		rc = copy_attachment(c, &o->u.attachment);
		break;
	}
out:
	if (rc == -1) {
		object_free(c);
		return (NULL);
	}
	return (c);
}

/* Both unset, or both set and the same. */
static bool
ref_equal(const char *a, const char *b)
{
	return (a == NULL || b == NULL ? a == b : strcmp(a, b) == 0);
}

/* An allocated MAC is ours to choose, so it is no difference. */
static bool
pin_equal(bool a_pinned, const struct mac *a, bool b_pinned, const struct mac *b)
{
	return (a_pinned == b_pinned && (!a_pinned || mac_equal(a, b)));
}

static bool
prefixes_equal(const struct prefixes *a, const struct prefixes *b)
{
	size_t i;

	if (a->n != b->n)
		return (false);
	for (i = 0; i < a->n; i++)
		if (prefix_cmp(&a->v[i], &b->v[i]) != 0)
			return (false);
	return (true);
}

static bool
pairs_equal(const struct pairs *a, const struct pairs *b)
{
	size_t i;

	if (a->n != b->n)
		return (false);
	for (i = 0; i < a->n; i++)
		if (!str_equal(a->v[i].key, b->v[i].key) || !str_equal(a->v[i].value, b->v[i].value))
			return (false);
	return (true);
}

bool
port_is_plain(const struct port *p)
{
	return (!p->priv && !p->stp && !p->edge && p->untagged == 0 && p->ntagged == 0);
}

static bool
port_equal(const struct port *a, const struct port *b)
{
	return (a->priv == b->priv && a->stp == b->stp && a->edge == b->edge && a->untagged == b->untagged &&
	    a->ntagged == b->ntagged &&
	    (a->ntagged == 0 || memcmp(a->tagged, b->tagged, a->ntagged * sizeof(*a->tagged)) == 0));
}

static bool
bridge_equal(const struct bridge *a, const struct bridge *b)
{
	size_t i;

	if (a->mtu != b->mtu || a->stp != b->stp || a->vlan_filter != b->vlan_filter || a->backend != b->backend ||
	    !pin_equal(a->mac_pinned, &a->mac, b->mac_pinned, &b->mac) || !prefixes_equal(&a->addrs, &b->addrs) ||
	    a->nmembers != b->nmembers)
		return (false);
	for (i = 0; i < a->nmembers; i++)
		if (!str_equal(a->members[i].ifname, b->members[i].ifname) ||
		    !port_equal(&a->members[i].port, &b->members[i].port))
			return (false);
	return (true);
}

static bool
end_equal(const struct end *a, const struct end *b)
{
	return (str_equal(a->ifname, b->ifname) && pin_equal(a->mac_pinned, &a->mac, b->mac_pinned, &b->mac) &&
	    ref_equal(a->bridge, b->bridge) && ref_equal(a->jail, b->jail) && prefixes_equal(&a->addrs, &b->addrs) &&
	    a->up == b->up && port_equal(&a->port, &b->port));
}

static bool
jail_equal(const struct jail *a, const struct jail *b)
{
	size_t i;

	if (a->external != b->external || a->manager_moves != b->manager_moves || a->running != b->running || a->forwarding != b->forwarding ||
	    !str_equal(a->path, b->path) || !str_equal(a->hostname, b->hostname) || a->nroutes != b->nroutes ||
	    !pairs_equal(&a->sysctls, &b->sysctls) || !pairs_equal(&a->params, &b->params) ||
	    !str_equal(a->exec_start, b->exec_start) || !str_equal(a->exec_stop, b->exec_stop))
		return (false);
	for (i = 0; i < a->nroutes; i++)
		if (route_cmp(&a->routes[i], &b->routes[i]) != 0)
			return (false);
	return (true);
}

bool
object_equal(const struct object *a, const struct object *b)
{
	const struct epair *x = &a->u.epair, *y = &b->u.epair;

	if (a->kind != b->kind || !str_equal(a->name, b->name) || !str_equal(a->description, b->description) ||
	    !pairs_equal(&a->labels, &b->labels))
		return (false);
	switch (a->kind) {
	case KIND_BRIDGE:
		return (bridge_equal(&a->u.bridge, &b->u.bridge));
	case KIND_EPAIR:
		return (x->mtu == y->mtu && end_equal(&x->end[END_A], &y->end[END_A]) &&
		    end_equal(&x->end[END_B], &y->end[END_B]));
	case KIND_JAIL:
		return (jail_equal(&a->u.jail, &b->u.jail));
	case KIND_ATTACHMENT:
		return (ref_equal(a->u.attachment.jail, b->u.attachment.jail) &&
		    prefixes_equal(&a->u.attachment.addrs, &b->u.attachment.addrs));
	}
	return (false);
}
