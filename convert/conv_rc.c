/*
 * conv_rc: rc.conf(5) as the system reads it: interfaces, bridges, epairs, default routes.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/conv_int.h"
#include "core/str.h"

/* --- interfaces by name -------------------------------------------------------------------------------------- */

static uint32_t
hash(const char *s)
{
	uint32_t h = 5381;

	for (; *s != '\0'; s++)
		h = h * 33 ^ (unsigned char)*s;
	return (h);
}

static size_t
if_slot(const struct conv_host *h, const char *name, bool by_unit)
{
	size_t i = hash(name) & (h->nif_slots - 1);

	for (; h->if_slots[i] != 0; i = (i + 1) & (h->nif_slots - 1)) {
		const struct conv_if *f = &h->ifs[h->if_slots[i] - 1];

		if (strcmp(by_unit ? f->unit : f->name, name) == 0)
			break;
	}
	return (i);
}

/* Interfaces are found by the name they were made with; a rename is looked for only when that fails. */
static bool
if_rehash(struct conv_host *h)
{
	size_t want = h->nif_slots == 0 ? 256 : h->nif_slots * 2;
	uint32_t *slots = conv_alloc(h->c, want * sizeof(*slots));

	if (slots == NULL)
		return (false);
	h->if_slots = slots;
	h->nif_slots = want;
	for (size_t i = 0; i < h->nifs; i++)
		slots[if_slot(h, h->ifs[i].unit, true)] = (uint32_t)i + 1;
	return (true);
}

struct conv_if *
host_if(struct conv_host *h, const char *name, bool make)
{
	struct conv_if *f;
	size_t at;

	if (strlen(name) >= IFNAME_SIZE || (h->nif_slots == 0 && !if_rehash(h)))
		return (NULL);
	at = if_slot(h, name, true);
	if (h->if_slots[at] != 0)
		return (&h->ifs[h->if_slots[at] - 1]);
	at = if_slot(h, name, false);
	if (h->if_slots[at] != 0)
		return (&h->ifs[h->if_slots[at] - 1]);
	if (!make || !conv_room(h->c, &h->ifs, h->nifs, &h->rifs, sizeof(*h->ifs)) ||
	    ((h->nifs + 1) * 4 > h->nif_slots && !if_rehash(h)))
		return (NULL);
	f = &h->ifs[h->nifs++];
	*f = (struct conv_if){ .mtu = 0 };
	str_copy(f->name, sizeof(f->name), name);
	str_copy(f->unit, sizeof(f->unit), name);
	f->is_bridge = strncmp(name, "bridge", 6) == 0 && isdigit((unsigned char)name[6]);
	h->if_slots[if_slot(h, name, true)] = (uint32_t)h->nifs;
	return (f);
}

/* A renamed interface is found under its new name, too: the slot of that name leads to it. */
void
host_renamed(struct conv_host *h, const struct conv_if *f)
{
	size_t index = (size_t)(f - h->ifs), at = hash(f->name) & (h->nif_slots - 1);

	while (h->if_slots[at] != 0)
		at = (at + 1) & (h->nif_slots - 1);
	h->if_slots[at] = (uint32_t)index + 1;
}

/* --- variables ------------------------------------------------------------------------------------------------ */

static bool
is_epair_unit(const char *s)
{
	size_t len = strlen(s);

	return (strncmp(s, "epair", 5) == 0 && len > 5 && strspn(s + 5, "0123456789") == len - 5);
}

/* rc.conf writes an interface name with '_' for '.', '-', '/' and '+'. */
static struct conv_if *
if_of_key(struct conv_host *h, const char *key, size_t len)
{
	char name[IFNAME_SIZE], text[IFNAME_SIZE];
	struct conv_if *f;

	if (len == 0 || len >= sizeof(name))
		return (NULL);
	memcpy(name, key, len);
	name[len] = '\0';
	f = host_if(h, name, false);
	if (f != NULL || strchr(name, '_') == NULL)
		return (f != NULL ? f : host_if(h, name, true));
	for (size_t i = 0; i < h->nifs; i++) {
		str_copy(text, sizeof(text), h->ifs[i].name);
		for (char *p = text; *p != '\0'; p++)
			if (strchr(".-/+", *p) != NULL)
				*p = '_';
		if (strcmp(text, name) == 0)
			return (&h->ifs[i]);
	}
	return (host_if(h, name, true));
}

static bool
ends_with(const char *s, size_t len, const char *end, size_t *rest)
{
	size_t n = strlen(end);

	if (len <= n || memcmp(s + len - n, end, n) != 0)
		return (false);
	*rest = len - n;
	return (true);
}

static void
rename_if(struct conv_host *h, const struct conv_var *v, struct conv_if *f)
{
	if (str_copy(f->name, sizeof(f->name), v->value) == -1 || v->value[0] == '\0') {
		str_copy(f->name, sizeof(f->name), f->unit);
		conv_say(h->c, CONV_WARNING, &v->pos, "name-too-long", "%.80s: an interface name has 1 to 15 characters", v->value);
	} else
		host_renamed(h, f);
}

static void
take_ifconfig(struct conv_host *h, const struct conv_var *v)
{
	const char *key = v->name + strlen("ifconfig_");
	size_t len = strlen(key), rest, digits = len;
	struct conv_if *f;

	while (digits > 0 && isdigit((unsigned char)key[digits - 1]))
		digits--;
	if (strcmp(key, "DEFAULT") == 0) {
		conv_say(h->c, CONV_WARNING, &v->pos, "ifconfig-default",
		    "ifconfig_DEFAULT also configures every new epair and bridge when it appears");
		return;
	}
	if (ends_with(key, len, "_name", &rest))
		return;	/* taken before the others */
	if (ends_with(key, len, "_descr", &rest)) {
		if ((f = if_of_key(h, key, rest)) != NULL)
			f->descr = v->value;
		return;
	}
	if (ends_with(key, digits, "_ipv6_alias", &rest))
		conv_say(h->c, CONV_WARNING, &v->pos, "ignored",
		    "%.80s: rc.d/netif reads ifconfig_IF_aliasN=\"inet6 ...\"; this line had no effect and is taken as if it had", v->name);
	else if (!ends_with(key, len, "_ipv6", &rest) && !ends_with(key, len, "_aliases", &rest) && !ends_with(key, digits, "_alias", &rest))
		rest = len;
	f = if_of_key(h, key, rest);
	if (f == NULL) {
		conv_say(h->c, CONV_WARNING, &v->pos, "name-too-long", "%.80s: no interface name is that long", key);
		return;
	}
	if (f->pos.src == NULL)
		f->pos = v->pos;
	f->seen = true;
	if (rest == len)
		f->up = f->up || !f->cloned;	/* rc.d/netif brings up what it configures */
	conv_ifconfig(h, f, v->value, &v->pos);
}

void
conv_clone(struct conv_host *h, const char *word, const struct conv_pos *pos)
{
	size_t len = strcspn(word, ":");	/* bridge0:sticky */
	char name[IFNAME_SIZE + 2];
	struct conv_if *f;

	if (len + 1 >= IFNAME_SIZE) {
		conv_say(h->c, CONV_WARNING, pos, "name-too-long", "%.80s: no interface name is that long", word);
		return;
	}
	memcpy(name, word, len);
	name[len] = name[len + 1] = '\0';
	if (is_epair_unit(name))
		name[len] = 'a';
	else if (strcmp(name, "...") == 0 || !name_is_legal(name, IFNAME_SIZE - 1)) {
		conv_say(h->c, CONV_WARNING, pos, "syntax", "%.80s is no interface that can be made", word);
		return;
	}
	for (int half = 0; half < 2; half++) {
		if ((f = host_if(h, name, true)) == NULL)
			break;
		f->cloned = true;
		if (f->pos.src == NULL && pos != NULL)
			f->pos = *pos;
		if (name[len] != 'a')
			break;
		name[len] = 'b';
	}
}

static void
take_cloned(struct conv_host *h, const struct conv_var *v)
{
	const char **w;
	size_t n = conv_words(h->c, v->value, &w);

	for (size_t i = 0; i < n; i++)
		conv_clone(h, w[i], &v->pos);
}

static void
take_vlans(struct conv_host *h, const struct conv_var *v)
{
	const char *parent = v->name + strlen("vlans_"), **w;
	size_t n = conv_words(h->c, v->value, &w);
	char name[IFNAME_SIZE];
	struct conv_if *f;

	for (size_t i = 0; i < n; i++) {
		bool number = w[i][strspn(w[i], "0123456789")] == '\0';

		if ((number ? str_format(name, sizeof(name), "%s.%s", parent, w[i]) : str_copy(name, sizeof(name), w[i])) == -1) {
			conv_say(h->c, CONV_WARNING, &v->pos, "name-too-long", "%.60s.%.60s is longer than 15 characters", parent, w[i]);
			continue;
		}
		if ((f = host_if(h, name, true)) == NULL)
			continue;
		f->is_vlan = true;
		if (f->pos.src == NULL)
			f->pos = v->pos;
	}
}

static void
take_router(struct conv_host *h, const struct conv_var *v, uint8_t family, struct ip *out)
{
	struct ip ip;

	if (v->value[0] == '\0' || strcasecmp(v->value, "NO") == 0)
		return;
	if (ip_parse(v->value, &ip, NULL) == -1) {
		if (strchr(v->value, '%') != NULL)
			conv_say(h->c, CONV_WARNING, &v->pos, "link-local-router",
			    "%s: %.80s names the host's interface; a jail has another, so its default route is left to you", v->name,
			    v->value);
		else
			conv_say(h->c, CONV_WARNING, &v->pos, "syntax", "%s: %.80s is no address", v->name, v->value);
	} else if (ip.family != family)
		conv_say(h->c, CONV_WARNING, &v->pos, "syntax", "%s wants an IPv%u address", v->name, family);
	else
		*out = ip;
}

static void
take_autobridge(struct conv_host *h, const struct conv_var *v)
{
	const char *bridge = v->name + strlen("autobridge_"), **w;
	size_t n;

	if (strcmp(bridge, "interfaces") == 0)
		return;
	n = conv_words(h->c, v->value, &w);
	for (size_t i = 0; i < n; i++) {
		if (!conv_room(h->c, &h->autobridge, h->nautobridge, &h->rautobridge, sizeof(*h->autobridge)))
			return;
		h->autobridge[h->nautobridge++] = (struct conv_auto){ bridge, w[i] };
	}
}

static bool
starts(const char *s, const char *with)
{
	return (strncmp(s, with, strlen(with)) == 0);
}

/* Before the rest, so that names are the final ones. */
static void
take_names(struct conv_host *h)
{
	size_t rest;

	for (size_t i = 0; i < h->rc.n; i++) {
		const struct conv_var *v = &h->rc.v[i];

		if (!v->proven)
			continue;
		if (strcmp(v->name, "cloned_interfaces") == 0)
			take_cloned(h, v);
		else if (starts(v->name, "vlans_"))
			take_vlans(h, v);
	}
	for (size_t i = 0; i < h->rc.n; i++) {
		const struct conv_var *v = &h->rc.v[i];
		const char *key = v->name + strlen("ifconfig_");
		struct conv_if *f;

		if (v->proven && starts(v->name, "ifconfig_") && ends_with(key, strlen(key), "_name", &rest) &&
		    (f = if_of_key(h, key, rest)) != NULL)
			rename_if(h, v, f);
	}
}

void
conv_rc_host(struct conv_host *h)
{
	take_names(h);
	for (size_t i = 0; i < h->rc.n && !h->c->nomem; i++) {
		const struct conv_var *v = &h->rc.v[i];

		if (!v->proven)
			continue;
		if (starts(v->name, "ifconfig_"))
			take_ifconfig(h, v);
		else if (starts(v->name, "create_args_")) {
			struct conv_if *f = if_of_key(h, v->name + 12, strlen(v->name + 12));

			if (f != NULL)
				conv_ifconfig(h, f, v->value, &v->pos);
		} else if (starts(v->name, "ipv4_addrs_")) {
			struct conv_if *f = if_of_key(h, v->name + 11, strlen(v->name + 11));

			if (f != NULL)
				conv_ifconfig(h, f, v->value, &v->pos);
		} else if (starts(v->name, "autobridge_"))
			take_autobridge(h, v);
		else if (strcmp(v->name, "defaultrouter") == 0)
			take_router(h, v, 4, &h->router4);
		else if (strcmp(v->name, "ipv6_defaultrouter") == 0)
			take_router(h, v, 6, &h->router6);
		else if (strcmp(v->name, "gateway_enable") == 0)
			h->gateway4 = conv_yes(v->value);
		else if (strcmp(v->name, "ipv6_gateway_enable") == 0)
			h->gateway6 = conv_yes(v->value);
	}
}

/* --- the rc.conf inside a jail -------------------------------------------------------------------------------- */

static struct conv_jail *
jail_of_path(struct conv_host *h, const char *path)
{
	struct conv_jail *best = NULL;
	size_t len, longest = 0;

	/* As it is called where nobody knows the jail's root. */
	if (strncmp(path, "(jail ", 6) == 0 && strcmp(path + strcspn(path, ")"), ")/etc/rc.conf") == 0)
		return (host_jail_find(h, conv_dupn(h->c, path + 6, strcspn(path, ")") - 6)));
	for (size_t i = 0; i < h->njails; i++) {
		const char *root = h->jails[i].path;

		len = strlen(root);
		while (len > 1 && root[len - 1] == '/')
			len--;
		if (len > 1 && len > longest && strncmp(path, root, len) == 0 && strcmp(path + len, "/etc/rc.conf") == 0) {
			best = &h->jails[i];
			longest = len;
		}
	}
	return (best);
}

static void
jail_default(struct conv_host *h, struct conv_jail *j, const struct ip *gw)
{
	if (gw->family == 0 || !conv_room(h->c, &j->routes, j->nroutes, &j->rroutes, sizeof(*j->routes)))
		return;
	j->routes[j->nroutes++] = (struct conv_route){ .dst = { .ip.family = gw->family }, .gateway = *gw, .own = true };
}

static void
jail_statics(struct conv_host *h, struct conv_jail *j, const struct conv_host *in, const char *list)
{
	const char **w, *value;
	size_t n = conv_words(h->c, conv_value(&in->rc, list), &w), before;
	char key[128];

	for (size_t i = 0; i < n; i++) {
		if (str_format(key, sizeof(key), "%s_%s", strcmp(list, "static_routes") == 0 ? "route" : "ipv6_route", w[i]) == -1)
			continue;
		value = conv_value(&in->rc, key);
		before = j->nroutes;
		if (value[0] != '\0')
			conv_inside(h, j, conv_printf(h->c, "route add %s", value), &conv_var(&in->rc, key)->pos);
		for (; before < j->nroutes; before++)
			j->routes[before].own = true;
	}
}

void
conv_jail_rc(struct conv_host *h, const struct conv_src *src)
{
	struct conv_jail *j = jail_of_path(h, src->path);
	struct conv_host in = { .c = h->c, .opts = h->opts };
	struct conv_inner *inner;
	struct conv_pos top = { src, 1, 1 };

	if (j == NULL) {
		conv_say(h->c, CONV_WARNING, &top, "no-jail", "no jail has its root here; the file is left out");
		return;
	}
	conv_sh_read(h->c, src, &in.rc);
	conv_rc_host(&in);
	for (size_t i = 0; in.ifs != NULL && i < in.nifs; i++) {
		const struct conv_if *f = &in.ifs[i];

		if (strncmp(f->name, "lo", 2) == 0 && isdigit((unsigned char)f->name[2]))
			continue;
		if (f->dhcp)
			conv_jail_dhcp(j, &f->dhcp_pos);
		if ((inner = jail_inner(h, j, f->unit)) == NULL)
			return;
		if (strcmp(f->unit, f->name) != 0)
			conv_inner_name(h, j, inner, f->name, &f->pos);
		inner->has_mac = inner->has_mac || f->has_mac;
		inner->mac = f->has_mac ? f->mac : inner->mac;
		inner->mtu = f->mtu != 0 ? f->mtu : inner->mtu;
		inner->pos = f->pos;
		for (size_t k = 0; k < f->addrs.n; k++)
			conv_addr_add(h->c, &inner->addrs, &f->addrs.v[k]);
	}
	jail_default(h, j, &in.router4);
	jail_default(h, j, &in.router6);
	jail_statics(h, j, &in, "static_routes");
	jail_statics(h, j, &in, "ipv6_static_routes");
	j->forwarding = j->forwarding || in.gateway4 || in.gateway6;
	j->rc = in.rc;
}
