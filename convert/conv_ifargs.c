/*
 * conv_ifargs: the words of an ifconfig line, and addresses as jails and rc.conf write them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "convert/conv_int.h"
#include "core/str.h"

#define RANGE_MAX 256	/* addresses one "192.0.2.5-200/24" may stand for */

bool
conv_netmask(const char *s, uint8_t *len)
{
	uint32_t mask = 0;
	struct ip ip;
	char *end;

	if (strncasecmp(s, "0x", 2) == 0) {
		mask = (uint32_t)strtoul(s, &end, 16);
		if (*end != '\0' || strlen(s) != 10)
			return (false);
	} else if (ip_parse(s, &ip, NULL) == 0 && ip.family == 4) {
		for (int i = 0; i < 4; i++)
			mask = mask << 8 | ip.b[i];
	} else
		return (false);
	*len = 0;
	while (*len < 32 && (mask & 0x80000000u) != 0) {
		mask <<= 1;
		(*len)++;
	}
	return (mask == 0);
}

bool
conv_addr_parse(const char *s, struct conv_addr *out)
{
	size_t len = strcspn(s, "/ \t");
	char text[IP_TEXT_SIZE];
	uint64_t n;

	if (len >= sizeof(text))
		return (false);
	memcpy(text, s, len);
	text[len] = '\0';
	if (ip_parse(text, &out->prefix.ip, NULL) == -1)
		return (false);
	out->prefix.len = out->prefix.ip.family == 4 ? 32 : 128;
	out->has_len = false;
	s += len;
	s += strspn(s, " \t");
	if (*s == '\0')
		return (true);
	if (*s == '/')
		s++;
	else if (strncmp(s, "netmask", 7) == 0)
		s += 7;
	else if (strncmp(s, "prefixlen", 9) == 0)
		s += 9;
	else
		return (false);
	s += strspn(s, " \t");
	out->has_len = true;
	if (out->prefix.ip.family == 4 && conv_netmask(s, &out->prefix.len))
		return (true);
	if (str_u64(s, 0, out->prefix.len, &n) == -1)
		return (false);
	out->prefix.len = (uint8_t)n;
	return (true);
}

bool
conv_addr_add(struct conv *c, struct conv_addrs *a, const struct conv_addr *addr)
{
	for (size_t i = 0; i < a->n; i++)
		if (ip_cmp(&a->v[i].prefix.ip, &addr->prefix.ip) == 0) {
			if (addr->has_len)
				a->v[i].prefix.len = addr->prefix.len;
			return (true);
		}
	if (!conv_room(c, &a->v, a->n, &a->room, sizeof(*a->v)))
		return (false);
	a->v[a->n++] = *addr;
	return (true);
}

/* --- ifconfig words ---------------------------------------------------------------------------------------- */

struct args {
	struct conv_host *h;
	struct conv_if *i;
	const struct conv_pos *pos;
	const char **v;
	size_t n, at;
	struct conv_member *member;	/* the last one named: untagged and tagged belong to it */
	bool left;			/* something has been left out */
};

static const char *
argument(struct args *a, const char *word)
{
	if (a->at < a->n)
		return (a->v[a->at++]);
	a->left = true;
	conv_say(a->h->c, CONV_WARNING, a->pos, "syntax", "%s: %s wants something after it", a->i->name, word);
	return (NULL);
}

static void
bad(struct args *a, const char *word, const char *value)
{
	a->left = true;
	conv_say(a->h->c, CONV_WARNING, a->pos, "syntax", "%s: %s %.80s is not understood and left out", a->i->name, word, value);
}

static struct conv_member *
member(struct args *a, const char *name)
{
	struct conv_if *i = a->i;
	struct conv_member *m;

	if (strlen(name) >= IFNAME_SIZE) {
		conv_say(a->h->c, CONV_WARNING, a->pos, "name-too-long", "%.80s: no interface name is longer than 15 characters",
		    name);
		return (NULL);
	}
	for (size_t k = 0; k < i->nmembers; k++)
		if (strcmp(i->members[k].ifname, name) == 0)
			return (&i->members[k]);
	if (!conv_room(a->h->c, &i->members, i->nmembers, &i->rmembers, sizeof(*i->members)))
		return (NULL);
	m = &i->members[i->nmembers++];
	*m = (struct conv_member){ .pos = *a->pos };
	str_copy(m->ifname, sizeof(m->ifname), name);
	return (m);
}

static void
add_address(struct args *a, const struct conv_addr *addr)
{
	conv_addr_add(a->h->c, &a->i->addrs, addr);
}

/* "192.0.2.5-10/24": each gets the length, as network.subr does it (all but the first /32 there; the net is the same). */
static bool
add_range(struct args *a, const char *s)
{
	const char *dash = strchr(s, '-'), *slash = strchr(s, '/');
	struct conv_addr addr = { .pos = *a->pos };
	char first[PREFIX_TEXT_SIZE], last[8];
	uint64_t to;

	if (dash == NULL || slash == NULL || slash < dash || strchr(s, ':') != NULL || (size_t)(slash - dash) > sizeof(last) ||
	    str_format(first, sizeof(first), "%.*s%s", (int)(dash - s), s, slash) == -1 || !conv_addr_parse(first, &addr))
		return (false);
	memcpy(last, dash + 1, (size_t)(slash - dash) - 1);
	last[slash - dash - 1] = '\0';
	if (str_u64(last, addr.prefix.ip.b[3], 255, &to) == -1)
		return (false);
	for (unsigned k = addr.prefix.ip.b[3]; k <= to && k < 256; k++) {
		addr.prefix.ip.b[3] = (uint8_t)k;
		add_address(a, &addr);
	}
	return (true);
}

static void
take_address(struct args *a, const char *word, const char *s)
{
	struct conv_addr addr = { .pos = *a->pos };
	const char *mask;

	if (s == NULL)
		return;
	if (!conv_addr_parse(s, &addr)) {
		if (strchr(s, '%') != NULL && strncasecmp(s, "fe80", 4) == 0)
			return;	/* link-local: the kernel makes its own */
		if (!add_range(a, s))
			bad(a, word, s);
		return;
	}
	if (!addr.has_len && a->at + 1 < a->n && (strcmp(a->v[a->at], "netmask") == 0 || strcmp(a->v[a->at], "prefixlen") == 0)) {
		uint64_t n;

		mask = a->v[a->at + 1];
		if (addr.prefix.ip.family == 4 ? conv_netmask(mask, &addr.prefix.len)
					       : str_u64(mask, 0, 128, &n) == 0 && (addr.prefix.len = (uint8_t)n, true)) {
			addr.has_len = true;
			a->at += 2;
		} else
			bad(a, a->v[a->at], mask);
	}
	if (!addr.has_len && addr.prefix.ip.family == 6)
		addr.prefix.len = 64;	/* ifconfig's own default */
	if (!addr.has_len && addr.prefix.ip.family == 4)
		conv_say(a->h->c, CONV_WARNING, a->pos, "no-netmask", "%s: %s has no netmask; taken as a single address", a->i->name, s);
	if (!ip_is_link_local(&addr.prefix.ip))
		add_address(a, &addr);
}

static void
take_mac(struct args *a, const char *s)
{
	if (s != NULL && mac_parse(s, &a->i->mac, NULL) == 0)
		a->i->has_mac = true;
	else if (s != NULL)
		bad(a, "ether", s);
}

static void
take_mtu(struct args *a, const char *s)
{
	uint64_t n;

	if (s != NULL && str_u64(s, MTU_MIN, MTU_MAX, &n) == 0)
		a->i->mtu = (uint32_t)n;
	else if (s != NULL)
		bad(a, "mtu", s);
}

/* "10,20,30-32" */
static void
take_tagged(struct args *a, const char *s)
{
	uint16_t ids[LIMIT_TAGGED];
	struct port *p = &a->member->port;
	size_t n = 0;

	while (*s != '\0') {
		char *end;
		unsigned long lo = strtoul(s, &end, 10), hi = lo;

		if (end == s)
			break;
		if (*end == '-')
			hi = strtoul(end + 1, &end, 10);
		for (; lo >= 1 && lo <= hi && hi <= 4094 && n < NELEMS(ids); lo++)
			ids[n++] = (uint16_t)lo;
		s = end;
		if (*s != ',')
			break;
		s++;
	}
	if (*s != '\0' || n == 0) {
		bad(a, "tagged", s);
		return;
	}
	p->tagged = arena_memdup(&a->h->c->mem, ids, n * sizeof(*ids));
	p->ntagged = p->tagged == NULL ? 0 : (uint16_t)n;
}

static bool
bridge_word(struct args *a, const char *w)
{
	struct conv_member *m = NULL;
	const char *name;
	uint64_t n;

	if (strcmp(w, "untagged") == 0 || strcmp(w, "tagged") == 0) {
		if ((name = argument(a, w)) == NULL)
			return (true);
		if (a->member == NULL)
			bad(a, w, name);
		else if (*w == 't')
			take_tagged(a, name);
		else if (str_u64(name, 1, 4094, &n) == 0)
			a->member->port.untagged = (uint16_t)n;
		else
			bad(a, w, name);
		return (true);
	}
	if (strcmp(w, "addm") != 0 && strcmp(w, "stp") != 0 && strcmp(w, "edge") != 0 && strcmp(w, "private") != 0 &&
	    strcmp(w, "ifuntagged") != 0 && strcmp(w, "iftagged") != 0)
		return (false);
	if ((name = argument(a, w)) == NULL || (m = member(a, name)) == NULL)
		return (true);
	a->i->is_bridge = true;
	a->member = m;
	if (*w == 's')
		m->port.stp = true;
	else if (*w == 'e')
		m->port.edge = true;
	else if (*w == 'p')
		m->port.priv = true;
	else if (*w == 'i') {
		if ((name = argument(a, w)) == NULL)
			return (true);
		if (w[2] == 't')
			take_tagged(a, name);
		else if (str_u64(name, 1, 4094, &n) == 0)
			m->port.untagged = (uint16_t)n;
		else
			bad(a, w, name);
	}
	return (true);
}

/* Known, without a meaning for the topology. */
static bool
harmless(struct args *a, const char *w)
{
	static const char *const alone[] = { "alias", "add", "auto_linklocal", "-auto_linklocal", "accept_rtadv", "-accept_rtadv",
		"no_radr", "-ifdisabled", "ifdisabled", "no_dad", "NOAUTO", "AUTO", "create", "-tso", "-lro", "-txcsum", "-rxcsum",
		"-txcsum6", "-rxcsum6", "-vlanhwtso", "-vlanhwtag", "tso", "lro", "txcsum", "rxcsum", "anycast", "autoconf",
		"deprecated", "prefer_source", "polling", "-polling", NULL };
	static const char *const pairs[] = { "broadcast", "group", "media", "mediaopt", "metric", "fib", "scopeid", "mode", NULL };

	for (size_t k = 0; alone[k] != NULL; k++)
		if (strcmp(w, alone[k]) == 0)
			return (true);
	for (size_t k = 0; pairs[k] != NULL; k++)
		if (strcmp(w, pairs[k]) == 0) {
			if (a->at < a->n)
				a->at++;
			return (true);
		}
	return (false);
}

static void
take_descr(struct args *a)
{
	struct conv_buf b;
	char quote;

	if (a->at == a->n)
		return;
	cb_init(&b, a->h->c);
	quote = *a->v[a->at];
	cb_put(&b, a->v[a->at++]);
	/* the words of a quoted text */
	while ((quote == '"' || quote == '\'') && a->at < a->n && b.len > 0 && (b.len == 1 || b.s[b.len - 1] != quote)) {
		cb_put(&b, " ");
		cb_put(&b, a->v[a->at++]);
	}
	if (b.len > 1 && (quote == '"' || quote == '\'') && b.s[b.len - 1] == quote) {
		a->i->descr = conv_dupn(a->h->c, b.s + 1, b.len - 2);
		cb_take(&b);
	} else
		a->i->descr = cb_take(&b);
}

static void
take_word(struct args *a, const char *w)
{
	struct conv_addr addr = { .pos = *a->pos };

	if (strcmp(w, "up") == 0 || strcmp(w, "down") == 0) {
		a->i->down = *w == 'd';
		a->i->up = *w == 'u';
	} else if (strcmp(w, "inet") == 0 || strcmp(w, "inet6") == 0) {
		if (a->at < a->n && !harmless(a, a->v[a->at]))
			take_address(a, w, a->v[a->at++]);
		else
			a->at += a->at < a->n ? 1 : 0;
	} else if (strcmp(w, "ether") == 0 || strcmp(w, "lladdr") == 0 || strcmp(w, "link") == 0)
		take_mac(a, argument(a, w));
	else if (strcmp(w, "mtu") == 0)
		take_mtu(a, argument(a, w));
	else if (strcmp(w, "descr") == 0 || strcmp(w, "description") == 0)
		take_descr(a);
	else if (strcmp(w, "vlanfilter") == 0) {
		a->i->vlan_filter = true;
		a->i->is_bridge = true;
	} else if (strcasecmp(w, "DHCP") == 0 || strcasecmp(w, "SYNCDHCP") == 0) {
		a->i->dhcp = true;
		a->i->dhcp_pos = *a->pos;
	} else if (strcmp(w, "vlan") == 0 || strcmp(w, "vlandev") == 0) {
		a->i->is_vlan = true;
		argument(a, w);
	} else if (strcmp(w, "name") == 0) {
		const char *name = argument(a, w);

		if (name != NULL && str_copy(a->i->name, sizeof(a->i->name), name) == -1)
			bad(a, w, name);
	} else if (bridge_word(a, w) || harmless(a, w))
		return;
	else if (strcmp(w, "vnet") == 0) {
		argument(a, w);
		conv_say(a->h->c, CONV_WARNING, a->pos, "vnet-keyword", "%s: is moved into a jail by rc.conf; make it an attachment",
		    a->i->name);
	} else if (conv_addr_parse(w, &addr) || strchr(w, '/') != NULL)
		take_address(a, "address", w);
	else {
		a->left = true;
		conv_say(a->h->c, CONV_WARNING, a->pos, "ignored", "%s: %.80s has no meaning here and is left out", a->i->name, w);
	}
}

/*
 * An address that CARP moves between hosts is no address of this one: the whole line stays with rc.conf.  Its words are not
 * repeated, there is a password among them.
 */
static bool
is_carp(const struct args *a)
{
	for (size_t k = 0; k < a->n; k++)
		if (strcmp(a->v[k], "vhid") == 0) {
			conv_say(a->h->c, CONV_WARNING, a->pos, "carp",
			    "%s: the CARP address of this line stays with rc.conf; jailnet does not know CARP", a->i->name);
			return (true);
		}
	return (false);
}

bool
conv_ifconfig_words(struct conv_host *h, struct conv_if *i, const char **w, size_t n, const struct conv_pos *pos)
{
	struct args a = { .h = h, .i = i, .pos = pos, .v = w, .n = n };

	if (is_carp(&a))
		return (false);
	while (a.at < a.n && !h->c->nomem)
		take_word(&a, a.v[a.at++]);
	return (!a.left);
}

void
conv_ifconfig(struct conv_host *h, struct conv_if *i, const char *text, const struct conv_pos *pos)
{
	const char **w;
	size_t n = conv_words(h->c, text, &w);

	conv_ifconfig_words(h, i, w, n, pos);
}
