/*
 * api_op: operations: what became of each write.
 */
#include <stdio.h>
#include <string.h>

#include "api/api_codec.h"
#include "api/api_int.h"

const char *
api_op_state_name(enum op_state state)
{
	static const char *const names[OP_STATE_COUNT] = { [OP_RUNNING] = "running", [OP_SUCCEEDED] = "succeeded", [OP_FAILED] = "failed",
		[OP_ROLLED_BACK] = "rolled_back" };

	return (names[state]);
}

json_t *
api_op_json(const struct op_row *op, const struct confirm_row *waits)
{
	struct errs errs = { .n = 0 };
	json_t *error = json_null();

	if (op->err.code != ERR_NONE) {
		errs_add_err(&errs, &op->err);
		error = api_problem_json(&errs, NULL, NULL, NULL);
	}
	return (json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:o, s:o, s:{s:I, s:I}, s:o, s:o}", "id", op->id, "state",
	    api_op_state_name(op->state), "method", op->method, "path", codec_text(op->path), "actor", codec_text(op->actor),
	    "revision", (json_int_t)op->revision, "created_at", codec_time_json(op->created_at), "finished_at",
	    codec_time_json(op->finished_at), "steps", "done", (json_int_t)op->steps_done, "total",
	    (json_int_t)op->steps_total, "error", error, "confirm_by",
	    codec_time_json(strcmp(waits->op, op->id) == 0 ? waits->deadline : 0)));
}

int
api_op_load(struct api *a, const char *id, json_t **out, struct err *err)
{
	struct confirm_row waits;
	struct op_row op;

	if (store_op(a->reader, id, &op, err) == -1 || store_confirm(a->reader, &waits, err) == -1)
		return (-1);
	*out = api_op_json(&op, &waits);
	return (0);
}

void
api_op_get(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p,
    struct api_res *res)
{
	struct confirm_row waits;
	struct op_row op;
	struct err err;
	(void)r;

	if (store_op(a->reader, p->name, &op, &err) == -1 ||
	    (req->who != NULL && req->who->selector[0] != '\0' && strcmp(op.actor, req->actor) != 0 &&
		err_set(&err, ERR_NOT_FOUND, "hidden") == -1) ||
	    store_confirm(a->reader, &waits, &err) == -1) {
		if (err.code == ERR_NOT_FOUND)
			err_set(&err, ERR_NOT_FOUND, "there is no operation %s", p->name);
		api_answer_err(res, &err, req->request_id);
		return;
	}
	res->cacheable = true;
	api_answer_json(res, 200, api_op_json(&op, &waits), req);
}

struct list {
	struct api_page page;
	struct confirm_row waits;
};

static int
row(void *arg, const struct op_row *op, struct err *err)
{
	struct list *l = arg;
	char key[API_CURSOR_SIZE];

	snprintf(key, sizeof(key), "%020lld\t%s", (long long)op->created_at, op->id);
	return (api_page_wants(&l->page, key) ? api_page_add(&l->page, api_op_json(op, &l->waits), err) : 0);
}

void
api_op_list(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p, struct api_res *res)
{
	struct list l;
	struct err err;
	int rc;
	(void)r;

	if (!api_page_open(&l.page, p, req, res))
		return;
	l.page.newest_first = true;
	rc = store_confirm(a->reader, &l.waits, &err);
	if (rc == 0)
		rc = store_ops(a->reader, SIZE_MAX, row, &l, &err);
	res->cacheable = true;
	api_page_answer(&l.page, rc, &err, a, req, res);
}
