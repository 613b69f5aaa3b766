/*
 * store_mac: the registry of all MAC addresses ever given to an object of ours.
 */
#include "store/store_int.h"

#include <string.h>

#include "core/str.h"

static const char *const states[] = {
	[MAC_ALLOCATED] = "allocated",
	[MAC_PINNED] = "pinned",
	[MAC_IMPORTED] = "imported",
	[MAC_RETIRED] = "retired",
};
/* A bridge has no sides. */
static const char *const sides[] = { "", "a", "b" };

static const char *
side_word(enum kind kind, uint8_t side)
{
	return (kind == KIND_EPAIR ? store_side_words[side == END_B] : "");
}

static void
get(struct store_q *q, struct mac_row *row)
{
	int side;

	*row = (struct mac_row){ 0 };
	store_q_get_mac(q, &row->mac);
	row->kind = (enum kind)store_q_get_word(q, store_kind_words, KIND_COUNT);
	STORE_GET_STR(q, row->name);
	side = store_q_get_word(q, sides, NELEMS(sides));
	row->side = side == 2 ? END_B : END_A;
	row->state = (enum mac_state)store_q_get_word(q, states, NELEMS(states));
	STORE_GET_STR(q, row->source);
	row->created_at = store_q_get_int(q);
	row->retired_at = store_q_get_int(q);
}

/* The one row of a bound query. */
static int
get_one(struct store_q *q, struct mac_row *out, const char *what, struct err *err)
{
	struct mac_row row;
	int rc;

	rc = store_q_row(q, err);
	if (rc == 0)
		return (err_set(err, ERR_NOT_FOUND, "there is no MAC address %s", what));
	if (rc == -1)
		return (-1);
	get(q, &row);
	if (store_q_check(q, err) == -1)
		return (-1);
	store_q_close(q);
	*out = row;
	return (0);
}

int
store_mac(struct store *s, const struct mac *mac, struct mac_row *out, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_MAC);
	char text[MAC_TEXT_SIZE];

	store_q_blob(&q, mac->b, sizeof(mac->b));
	return (get_one(&q, out, mac_format(mac, text), err));
}

int
store_mac_of(struct store *s, enum kind kind, const char *name, uint8_t side, struct mac_row *out, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_MAC_OF);
	char what[2 * NAME_SIZE];

	store_q_text(&q, store_kind_words[kind]);
	store_q_text(&q, name);
	store_q_text(&q, side_word(kind, side));
	if (str_format(what, sizeof(what), "of %s %s", kind_name(kind), name) == -1)
		what[0] = '\0';
	return (get_one(&q, out, what, err));
}

static int
write_row(struct store *s, enum store_sql id, const struct mac_row *row, struct err *err)
{
	struct store_q q = store_q_open(s, id);

	store_q_blob(&q, row->mac.b, sizeof(row->mac.b));
	store_q_text(&q, store_kind_words[row->kind]);
	store_q_text(&q, row->name);
	store_q_text(&q, side_word(row->kind, row->side));
	store_q_text(&q, states[row->state]);
	store_q_text(&q, row->source);
	store_q_int(&q, row->created_at);
	store_q_int(&q, row->retired_at);
	return (store_q_run(&q, err));
}

int
store_mac_put(struct store *s, const struct mac_row *row, struct err *err)
{
	char text[MAC_TEXT_SIZE];
	struct mac_row owner = { .side = 0 };
	struct err local;

	if (err == NULL)
		err = &local;
	if (write_row(s, SQL_MAC_SET, row, err) == -1)
		return (-1);
	if (sqlite3_changes(s->db) == 1)
		return (0);
	if (write_row(s, SQL_MAC_ADD, row, err) == -1)
		return (-1);
	if (sqlite3_changes(s->db) == 1)
		return (0);
	if (store_mac(s, &row->mac, &owner, err) == -1)
		return (store_stick(s, err));
	err_set(err, ERR_CONFLICT, "MAC address %s belongs to %s %s%s%s", mac_format(&row->mac, text),
	    kind_name(owner.kind), owner.name, owner.kind == KIND_EPAIR ? ", end " : "",
	    side_word(owner.kind, owner.side));
	return (store_stick(s, err));
}

static bool
is_kept(const struct mac *m, const struct mac *keep, size_t nkeep)
{
	size_t i;

	for (i = 0; i < nkeep; i++)
		if (mac_equal(m, &keep[i]))
			return (true);
	return (false);
}

/* Fills s->items with the owner's addresses that are not kept: a table is not changed while it is read. */
static int
collect(struct store *s, enum kind kind, const char *name, const struct mac *keep, size_t nkeep, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_MAC_LIVE);
	struct mac m;
	int rc;

	s->items.n = 0;
	store_q_text(&q, store_kind_words[kind]);
	store_q_text(&q, name);
	while ((rc = store_q_row(&q, err)) == 1) {
		store_q_get_mac(&q, &m);
		if (store_q_check(&q, err) == -1 ||
		    (!is_kept(&m, keep, nkeep) && store_vec_add(&s->items, &m, sizeof(m), err) == -1)) {
			rc = -1;
			break;
		}
	}
	store_q_close(&q);
	return (rc);
}

int
store_mac_retire(struct store *s, enum kind kind, const char *name, int64_t now, const struct mac *keep, size_t nkeep,
    struct err *err)
{
	const struct mac *v;
	struct store_q q;
	struct err local;
	size_t i;

	if (err == NULL)
		err = &local;
	if (collect(s, kind, name, keep, nkeep, err) == -1)
		return (store_stick(s, err));
	for (i = 0, v = s->items.v; i < s->items.n; i++) {
		q = store_q_open(s, SQL_MAC_RETIRE);
		store_q_blob(&q, v[i].b, sizeof(v[i].b));
		store_q_int(&q, now);
		if (store_q_run(&q, err) == -1)
			return (-1);
	}
	return (0);
}

int
store_macs(
    struct store *s, int (*each)(void *arg, const struct mac_row *row, struct err *err), void *arg, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_MAC_ALL);
	struct mac_row row;
	int rc;

	while ((rc = store_q_row(&q, err)) == 1) {
		get(&q, &row);
		if (store_q_check(&q, err) == -1 || each(arg, &row, err) == -1) {
			rc = -1;
			break;
		}
	}
	store_q_close(&q);
	return (rc);
}
