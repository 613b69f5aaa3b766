/*
 * observed: five growing tables with one set of code; a table is described by where its parts are in the struct.
 */
#include "core/observed.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cmd.h"
#include "core/str.h"

#define ROOM_FIRST 16

const char *
link_type_name(enum link_type type)
{
	static const char *const names[LINK_TYPE_COUNT] = { "other", "bridge", "epair", "vlan", "physical", "loopback" };

	return ((size_t)type < NELEMS(names) ? names[type] : "other");
}

const char *
jail_phase_name(enum jail_phase phase)
{
	static const char *const names[JAIL_PHASE_COUNT] = { "partial", "created", "starting", "started", "stopped", "dying" };

	return ((size_t)phase < NELEMS(names) ? names[phase] : "partial");
}

const char *
counter_name(enum counter c)
{
	static const char *const names[COUNTER_COUNT] = { "rx_bytes", "rx_packets", "rx_errors", "rx_drops", "tx_bytes", "tx_packets",
		"tx_errors", "tx_drops" };

	return ((size_t)c < NELEMS(names) ? names[c] : "?");
}

/* Comparing by jail and a second name; every row but obs_jail has both. */
static int
cmp2(const char *jail_a, const char *name_a, const char *jail_b, const char *name_b)
{
	int c = strcmp(jail_a, jail_b);

	return (c != 0 ? c : strcmp(name_a, name_b));
}

static int
jail_cmp(const void *a, const void *b)
{
	const struct obs_jail *x = a, *y = b;

	return (strcmp(x->name, y->name));
}

static int
link_cmp(const void *a, const void *b)
{
	const struct obs_link *x = a, *y = b;

	return (cmp2(x->jail, x->ifname, y->jail, y->ifname));
}

static int
if_addrs_cmp(const void *a, const void *b)
{
	const struct obs_addr *x = a, *y = b;

	return (cmp2(x->jail, x->ifname, y->jail, y->ifname));
}

static int
addr_cmp(const void *a, const void *b)
{
	const struct obs_addr *x = a, *y = b;
	int c = if_addrs_cmp(a, b);

	return (c != 0 ? c : prefix_cmp(&x->prefix, &y->prefix));
}

static int
jail_routes_cmp(const void *a, const void *b)
{
	const struct obs_route *x = a, *y = b;

	return (strcmp(x->jail, y->jail));
}

static int
route_cmp(const void *a, const void *b)
{
	const struct obs_route *x = a, *y = b;
	int c = jail_routes_cmp(a, b);

	if (c == 0)
		c = prefix_cmp(&x->dst, &y->dst);
	return (c != 0 ? c : ip_cmp(&x->gateway, &y->gateway));
}

static int
sysctl_cmp(const void *a, const void *b)
{
	const struct obs_sysctl *x = a, *y = b;

	return (cmp2(x->jail, x->key, y->jail, y->key));
}

static int
counter_cmp(const void *a, const void *b)
{
	const struct obs_counter *x = a, *y = b;

	return (cmp2(x->jail, x->ifname, y->jail, y->ifname));
}

enum { TABLE_JAILS, TABLE_LINKS, TABLE_ADDRS, TABLE_ROUTES, TABLE_SYSCTLS, TABLE_COUNTERS, TABLE_COUNT };
#define NO_IFNAME SIZE_MAX

#define FEW_ROWS 32

_Static_assert(sizeof(struct obs_jail) <= sizeof(struct obs_link), "obs_link is the largest row");
_Static_assert(sizeof(struct obs_sysctl) <= sizeof(struct obs_link), "obs_link is the largest row");

static const struct table {
	size_t rows, n, room;	/* offsets in struct observed */
	size_t size;		/* of a row */
	size_t jail, ifname;	/* offsets in a row, for the scope of a merge */
	int (*cmp)(const void *, const void *);
} tables[TABLE_COUNT] = {
#define T(word) offsetof(struct observed, word), offsetof(struct observed, n##word), offsetof(struct observed, r##word)
	[TABLE_JAILS] = { T(jails), sizeof(struct obs_jail), offsetof(struct obs_jail, name), NO_IFNAME, jail_cmp },
	[TABLE_LINKS] = { T(links), sizeof(struct obs_link), offsetof(struct obs_link, jail),
	    offsetof(struct obs_link, ifname), link_cmp },
	[TABLE_ADDRS] = { T(addrs), sizeof(struct obs_addr), offsetof(struct obs_addr, jail),
	    offsetof(struct obs_addr, ifname), addr_cmp },
	[TABLE_ROUTES] = { T(routes), sizeof(struct obs_route), offsetof(struct obs_route, jail), NO_IFNAME, route_cmp },
	[TABLE_SYSCTLS] = { T(sysctls), sizeof(struct obs_sysctl), offsetof(struct obs_sysctl, jail), NO_IFNAME,
	    sysctl_cmp },
	[TABLE_COUNTERS] = { T(counters), sizeof(struct obs_counter), offsetof(struct obs_counter, jail),
	    offsetof(struct obs_counter, ifname), counter_cmp },
#undef T
};

static char *
rows_get(const struct observed *o, const struct table *t)
{
	char *rows;

	/* The field has its own pointer type; memcpy is the way around aliasing. */
	memcpy(&rows, (const char *)o + t->rows, sizeof(rows));
	return (rows);
}

static void
rows_set(struct observed *o, const struct table *t, char *rows)
{
	memcpy((char *)o + t->rows, &rows, sizeof(rows));
}

static size_t *
count_of(struct observed *o, const struct table *t)
{
	return ((size_t *)(void *)((char *)o + t->n));
}

static size_t
count_get(const struct observed *o, const struct table *t)
{
	size_t n;

	memcpy(&n, (const char *)o + t->n, sizeof(n));
	return (n);
}

/* Makes room for 'more' rows, at least doubling.  -1 = out of memory, nothing changed. */
static int
reserve(struct observed *o, const struct table *t, size_t more)
{
	size_t *room = (size_t *)(void *)((char *)o + t->room), n = *count_of(o, t), want = *room;
	char *rows;

	if (more <= *room - n)
		return (0);
	if (more > SIZE_MAX / 4 / t->size - n)
		return (-1);
	want = want == 0 ? ROOM_FIRST : want * 2;
	if (want < n + more)
		want = n + more;
	rows = realloc(rows_get(o, t), want * t->size);
	if (rows == NULL)
		return (-1);
	rows_set(o, t, rows);
	*room = want;
	return (0);
}

static void *
add(struct observed *o, int table)
{
	const struct table *t = &tables[table];
	size_t *n = count_of(o, t);
	char *row;

	if (reserve(o, t, 1) == -1)
		return (NULL);
	row = rows_get(o, t) + *n * t->size;
	memset(row, 0, t->size);
	(*n)++;
	return (row);
}

bool
observed_is_pair(const struct obs_link *a, const struct obs_link *b)
{
	bool apart = strcmp(a->jail, b->jail) != 0;

	return (a != b && a->type == LINK_EPAIR && b->type == LINK_EPAIR && a->peer != 0 && a->peer == b->ifindex && b->peer == a->ifindex &&
	    a->peer_away == apart && b->peer_away == apart);
}

void
observed_init(struct observed *o)
{
	*o = (struct observed){ 0 };
}

void
observed_fini(struct observed *o)
{
	size_t i;

	for (i = 0; i < TABLE_COUNT; i++)
		free(rows_get(o, &tables[i]));
	observed_init(o);
}

struct obs_jail *
observed_jail_add(struct observed *o)
{
	return (add(o, TABLE_JAILS));
}

struct obs_link *
observed_link_add(struct observed *o)
{
	return (add(o, TABLE_LINKS));
}

struct obs_addr *
observed_addr_add(struct observed *o)
{
	return (add(o, TABLE_ADDRS));
}

struct obs_route *
observed_route_add(struct observed *o)
{
	return (add(o, TABLE_ROUTES));
}

struct obs_sysctl *
observed_sysctl_add(struct observed *o)
{
	return (add(o, TABLE_SYSCTLS));
}

struct obs_counter *
observed_counter_add(struct observed *o)
{
	return (add(o, TABLE_COUNTERS));
}

/* Where row i belongs among the sorted rows before it: after its equals. */
static size_t
place_of(const char *rows, size_t i, const struct table *t)
{
	size_t lo = 0, hi = i, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (t->cmp(rows + mid * t->size, rows + i * t->size) > 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return (lo);
}

/* Rows are large, drivers mostly deliver in order, and a merge appends a few rows to a sorted table: those are put in place. */
static void
sort_table(struct observed *o, const struct table *t)
{
	char *rows = rows_get(o, t), row[sizeof(struct obs_link)];
	size_t i, at, n = *count_of(o, t);

	for (i = 1; i < n && t->cmp(rows + (i - 1) * t->size, rows + i * t->size) <= 0; i++)
		continue;
	if (n - (i < n ? i : n) > FEW_ROWS) {
		qsort(rows, n, t->size, t->cmp);
		return;
	}
	for (; i < n; i++) {
		at = place_of(rows, i, t);
		memcpy(row, rows + i * t->size, t->size);
		memmove(rows + (at + 1) * t->size, rows + at * t->size, (i - at) * t->size);
		memcpy(rows + at * t->size, row, t->size);
	}
}

void
observed_sort(struct observed *o)
{
	size_t i;

	for (i = 0; i < TABLE_COUNT; i++)
		sort_table(o, &tables[i]);
}

/* The first row equal to 'key' by cmp (which may look at less than the table's order), and how many there are. */
static const void *
search(const struct observed *o, int table, const void *key, int (*cmp)(const void *, const void *), size_t *n)
{
	const struct table *t = &tables[table];
	const char *rows = rows_get(o, t);
	size_t lo = 0, mid, count = count_get(o, t), hi = count, first;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (cmp(rows + mid * t->size, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	first = lo;
	while (lo < count && cmp(rows + lo * t->size, key) == 0)
		lo++;
	*n = lo - first;
	return (*n > 0 ? rows + first * t->size : NULL);
}

const struct obs_jail *
observed_jail_row(const struct observed *o, const char *name)
{
	struct obs_jail key;
	size_t n;

	if (str_copy(key.name, sizeof(key.name), name) == -1)
		return (NULL);
	return (search(o, TABLE_JAILS, &key, jail_cmp, &n));
}

const struct obs_jail *
observed_jail(const struct observed *o, const char *name)
{
	const struct obs_jail *j = observed_jail_row(o, name);

	return (j != NULL && j->phase == JAIL_IS_DYING ? NULL : j);
}

const struct obs_link *
observed_link(const struct observed *o, const char *jail, const char *ifname)
{
	struct obs_link key;
	size_t n;

	if (str_copy(key.jail, sizeof(key.jail), jail) == -1 || str_copy(key.ifname, sizeof(key.ifname), ifname) == -1)
		return (NULL);
	return (search(o, TABLE_LINKS, &key, link_cmp, &n));
}

const struct obs_addr *
observed_addrs(const struct observed *o, const char *jail, const char *ifname, size_t *n)
{
	struct obs_addr key;

	*n = 0;
	if (str_copy(key.jail, sizeof(key.jail), jail) == -1 || str_copy(key.ifname, sizeof(key.ifname), ifname) == -1)
		return (NULL);
	return (search(o, TABLE_ADDRS, &key, if_addrs_cmp, n));
}

const struct obs_route *
observed_routes(const struct observed *o, const char *jail, size_t *n)
{
	struct obs_route key;

	*n = 0;
	if (str_copy(key.jail, sizeof(key.jail), jail) == -1)
		return (NULL);
	return (search(o, TABLE_ROUTES, &key, jail_routes_cmp, n));
}

const struct obs_sysctl *
observed_sysctl(const struct observed *o, const char *jail, const char *key_name)
{
	struct obs_sysctl key;
	size_t n;

	if (str_copy(key.jail, sizeof(key.jail), jail) == -1 || str_copy(key.key, sizeof(key.key), key_name) == -1)
		return (NULL);
	return (search(o, TABLE_SYSCTLS, &key, sysctl_cmp, &n));
}

static bool
in_scope(const struct table *t, const char *row, const struct cmd_observe *scope)
{
	switch (scope->scope) {
	case OBSERVE_ALL:
		return (true);
	case OBSERVE_JAIL:
		return (str_equal(row + t->jail, scope->name));
	case OBSERVE_LINK:
		return (t->ifname != NO_IFNAME && row[t->jail] == '\0' && str_equal(row + t->ifname, scope->name));
	}
	return (false);
}

/* Room is there already. */
static void
merge_table(struct observed *into, const struct observed *part, const struct table *t, const struct cmd_observe *scope)
{
	char *rows = rows_get(into, t), *row;
	const char *from = rows_get(part, t);
	size_t *n = count_of(into, t), i, kept = 0, nfrom = count_get(part, t);

	for (i = 0; i < *n; i++) {
		row = rows + i * t->size;
		if (in_scope(t, row, scope))
			continue;
		if (kept != i)
			memcpy(rows + kept * t->size, row, t->size);
		kept++;
	}
	for (i = 0; i < nfrom; i++)
		if (in_scope(t, from + i * t->size, scope))
			memcpy(rows + kept++ * t->size, from + i * t->size, t->size);
	*n = kept;
}

int
observed_merge(struct observed *into, const struct observed *part, const struct cmd_observe *scope, struct err *err)
{
	size_t i;

	/* All memory first: it is merged whole or not at all. */
	for (i = 0; i < TABLE_COUNT; i++)
		if (reserve(into, &tables[i], count_get(part, &tables[i])) == -1)
			return (err_nomem(err));
	for (i = 0; i < TABLE_COUNT; i++)
		merge_table(into, part, &tables[i], scope);
	observed_sort(into);
	return (0);
}
