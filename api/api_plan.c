/*
 * api_plan: plans that are kept, shown, and applied exactly as they were shown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/api_codec.h"
#include "api/api_int.h"
#include "api/api_json.h"
#include "core/str.h"

json_t *
api_plan_steps(const struct plan *p)
{
	char object[96], detail[512], interrupts[400];
	json_t *steps = json_array();
	size_t i;
	int rc = 0;

	for (i = 0; i < p->n; i++) {
		const struct step *s = &p->v[i];

		step_object(s, object, sizeof(object));
		step_detail(s, detail, sizeof(detail));
		step_interrupts(s, interrupts, sizeof(interrupts));
		rc |= json_array_append_new(
		    steps, json_pack("{s:s, s:o, s:o, s:o}", "op", step_verb(s), "object", codec_text(object), "detail",
			       codec_text(detail), "interrupts", codec_text_or_null(interrupts)));
	}
	if (rc == 0)
		return (steps);
	json_decref(steps);
	return (NULL);
}

char *
api_plan_text(const struct plan *p)
{
	json_t *steps;
	char *text;

	api_json_fresh();
	steps = api_plan_steps(p);
	text = api_json_text(steps);
	json_decref(steps);
	return (text);
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

static int
row_json(void *arg, const struct plan_row *p, struct err *err)
{
	json_t **out = arg;

	*out = json_pack("{s:s, s:I, s:o, s:o, s:o, s:o}", "id", p->id, "revision", (json_int_t)p->base, "actor", codec_text(p->actor),
	    "created_at", codec_time_json(p->created_at), "expires_at", codec_time_json(p->expires_at), "steps",
	    json_loads(p->steps, 0, NULL));
	return (*out != NULL ? 0 : err_nomem(err));
}

int
api_plan_json(struct api *a, const char *id, json_t **out, struct err *err)
{
	return (store_plan_use(a->reader, id, now_ms(), row_json, out, err));
}

void
api_plan_get(struct api *a, const struct api_req *req, const struct api_route *r, const struct api_params *p, struct api_res *res)
{
	struct err err;
	json_t *j;
	(void)r;

	if (api_plan_json(a, p->name, &j, &err) == -1)
		api_answer_err(res, &err, req->request_id);
	else
		api_answer_json(res, 200, j, req);
}

/* --- applying --------------------------------------------------------------------------------------------------- */

static int
row_write(void *arg, const struct plan_row *p, struct err *err)
{
	struct write *w = arg;

	w->document = strdup(p->document);
	w->plan_steps = strdup(p->steps);
	if (w->document == NULL || w->plan_steps == NULL)
		return (err_nomem(err));
	w->if_match = p->base;
	memcpy(w->manager, p->manager, sizeof(w->manager));
	return (0);
}

int
api_plan_fill(struct api *a, struct write *w, struct err *err)
{
	char id[ID_SIZE];

	if (str_copy(id, sizeof(id), w->name) == -1)
		return (err_set(err, ERR_NOT_FOUND, "there is no plan %.40s", w->name));
	if (store_plan_use(a->reader, id, now_ms(), row_write, w, err) == -1)
		return (-1);
	snprintf(w->note, sizeof(w->note), "plan %s", id);
	return (0);
}
