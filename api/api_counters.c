/*
 * api_counters: GET /v1/counters.
 */
#include <string.h>

#include "api/api_codec.h"
#include "api/api_int.h"
#include "core/str.h"

static bool
is_asked_for(const struct write *w, const struct counter_row *r)
{
	return ((w->only.jail[0] == '\0' || str_equal(w->only.jail, r->jail)) &&
	    (w->only.bridge[0] == '\0' || str_equal(w->only.bridge, r->bridge) || (r->type == LINK_BRIDGE && str_equal(w->only.bridge, r->ifname))) &&
	    (w->only.epair[0] == '\0' || str_equal(w->only.epair, r->epair)));
}

static json_t *
row_json(const struct counter_row *r)
{
	static const char *const classes[COUNTER_CLASS_COUNT] = { "nic", "bridge", "uplink", "other" };
	json_t *j = json_pack("{s:o, s:s, s:s, s:o, s:o, s:o, s:s?}", "interface", codec_text(r->ifname), "type", link_type_name(r->type),
	    "class", classes[r->class], "jail", codec_text_or_null(r->jail), "bridge", codec_text_or_null(r->bridge), "epair",
	    codec_text_or_null(r->epair), "end", r->epair[0] == '\0' ? NULL : r->side == END_A ? "a" : "b");
	int rc = 0;

	/* JSON integers end at 2^63; so do ours */
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		rc |= json_object_set_new(j, counter_name((enum counter)i), json_integer((json_int_t)(r->v[i] & INT64_MAX)));
	if (rc != 0) {
		json_decref(j);
		return (NULL);
	}
	return (j);
}

void
api_counters_answer(struct api *a, const struct write *w, const struct counters *c, struct api_res *res, const struct api_req *req)
{
	json_t *items = json_array(), *list;
	int rc = 0;

	for (size_t i = 0; i < c->n; i++)
		if (is_asked_for(w, &c->v[i]))
			rc |= json_array_append_new(items, row_json(&c->v[i]));
	list = rc == 0 ? api_list(items, json_null(), a) : NULL;
	if (rc != 0)
		json_decref(items);
	if (list != NULL && json_object_set_new(list, "at", codec_time_json(c->at)) != 0) {
		json_decref(list);
		list = NULL;
	}
	api_answer_json(res, 200, list, req);
}
