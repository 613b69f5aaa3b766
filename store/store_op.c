/*
 * store_op: operations, one for each request that changes something.
 */
#include "store/store_int.h"

#include <string.h>

#include "core/str.h"

static const char *const states[] = {
	[OP_RUNNING] = "running",
	[OP_SUCCEEDED] = "succeeded",
	[OP_FAILED] = "failed",
	[OP_ROLLED_BACK] = "rolled_back",
};

int
store_op_put(struct store *s, const struct op_row *op, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_OP_PUT);

	store_q_text(&q, op->id);
	store_q_text(&q, states[op->state]);
	store_q_text(&q, op->method);
	store_q_text(&q, op->path);
	store_q_text(&q, op->actor);
	store_q_int(&q, op->revision);
	store_q_int(&q, op->created_at);
	store_q_int(&q, op->finished_at);
	store_q_int(&q, op->steps_done);
	store_q_int(&q, op->steps_total);
	store_q_err(&q, &op->err);
	return (store_q_run(&q, err));
}

static void
get(struct store_q *q, struct op_row *op)
{
	*op = (struct op_row){ 0 };
	STORE_GET_STR(q, op->id);
	op->state = (enum op_state)store_q_get_word(q, states, NELEMS(states));
	STORE_GET_STR(q, op->method);
	STORE_GET_STR(q, op->path);
	STORE_GET_STR(q, op->actor);
	op->revision = store_q_get_int(q);
	op->created_at = store_q_get_int(q);
	op->finished_at = store_q_get_int(q);
	op->steps_done = (uint32_t)store_q_get_range(q, 0, UINT32_MAX);
	op->steps_total = (uint32_t)store_q_get_range(q, 0, UINT32_MAX);
	store_q_get_err(q, &op->err);
}

int
store_op(struct store *s, const char *id, struct op_row *out, struct err *err)
{
	struct store_q q = store_q_open(s, SQL_OP);
	struct op_row op;
	int rc;

	store_q_text(&q, id);
	rc = store_q_row(&q, err);
	if (rc == 0)
		return (err_set(err, ERR_NOT_FOUND, "there is no operation %s", id));
	if (rc == -1)
		return (-1);
	get(&q, &op);
	if (store_q_check(&q, err) == -1)
		return (-1);
	store_q_close(&q);
	*out = op;
	return (0);
}

int
store_op_states(struct store *s, uint64_t out[OP_STATE_COUNT], struct err *err)
{
	struct store_q q = store_q_open(s, SQL_OP_STATES);
	int rc;

	memset(out, 0, OP_STATE_COUNT * sizeof(*out));
	while ((rc = store_q_row(&q, err)) == 1) {
		enum op_state state = (enum op_state)store_q_get_word(&q, states, OP_STATE_COUNT);

		out[state] = (uint64_t)store_q_get_int(&q);
		if (store_q_check(&q, err) == -1) {
			rc = -1;
			break;
		}
	}
	store_q_close(&q);
	return (rc);
}

int
store_ops(struct store *s, size_t limit, int (*each)(void *arg, const struct op_row *op, struct err *err), void *arg,
    struct err *err)
{
	struct store_q q = store_q_open(s, SQL_OP_ALL);
	struct op_row op;
	int rc;

	store_q_int(&q, limit > INT64_MAX ? -1 : (int64_t)limit);
	while ((rc = store_q_row(&q, err)) == 1) {
		get(&q, &op);
		if (store_q_check(&q, err) == -1 || each(arg, &op, err) == -1) {
			rc = -1;
			break;
		}
	}
	store_q_close(&q);
	return (rc);
}
