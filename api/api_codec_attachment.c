/*
 * api_codec_attachment: attachment <-> JSON.
 */
#include "api/api_codec.h"

const char *const codec_attachment_fields[] = { "name", "jail", "addresses", "labels", "description", NULL };

void
codec_attachment_decode(struct jd *d, const json_t *j, struct object *o)
{
	struct attachment *at = &o->u.attachment;

	codec_get_text(d, j, "jail", NAME_SIZE - 1, o, &at->jail);
	if (json_object_get(j, "jail") == NULL)
		jd_error_at(d, "jail", ERR_INVALID, "is missing");
	codec_get_prefixes(d, j, "addresses", o, &at->addrs);
}

int
codec_attachment_encode(json_t *obj, const struct object *o)
{
	const struct attachment *at = &o->u.attachment;
	int rc = 0;

	rc |= json_object_set_new(obj, "jail", codec_text(at->jail));
	rc |= json_object_set_new(obj, "addresses", codec_put_prefixes(&at->addrs));
	return (rc);
}
