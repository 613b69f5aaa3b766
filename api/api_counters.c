/*
 * api_counters: GET /v1/counters.
 */
#include <stdio.h>
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

static int
row(struct api_page *page, const struct counter_row *r, struct err *err)
{
	char key[NAME_SIZE + IFNAME_SIZE + 1];

	/* as in api_iface.c */
	snprintf(key, sizeof(key), "%s\t%s", r->jail, r->ifname);
	return (api_page_wants(page, key) ? api_page_add(page, row_json(r), err) : 0);
}

void
api_counters_answer(struct api *a, const struct write *w, const struct counters *c, struct api_res *res, const struct api_req *req)
{
	struct api_page page = { .items = json_array(), .from = w->only.from };
	struct err err;
	json_t *list;
	int rc = 0;

	for (size_t i = 0; i < c->n && rc == 0; i++)
		if (is_asked_for(w, &c->v[i]))
			rc = row(&page, &c->v[i], &err);
	list = api_page_list(&page, a, res);
	if (list != NULL && (rc == -1 || json_object_set_new(list, "at", codec_time_json(c->at)) != 0)) {
		json_decref(list);
		list = NULL;
	}
	api_answer_json(res, 200, list, req);
}
