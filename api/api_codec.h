/*
 * api_codec: JSON <-> struct object, one file per kind.
 *
 * Decoding collects all errors; what was wrong keeps its default.  Encoding gives the writable fields only;
 * codec_item() adds what the server owns.
 */
#ifndef JN_API_CODEC_H
#define JN_API_CODEC_H

#include "api/api_json.h"
#include "core/topo.h"
#include "store/store.h"

/* Ignored on input, so that GET, edit, PUT works. */
extern const char *const codec_server_fields[];

/*
 * name NULL: taken from the body, where it must stand (POST).  Else it is the name of the path or the topology key, and
 * one in the body must be the same.  is_path: bad names are reported at "/name" rather than at the value itself. The
 * result may be incomplete when errors were added; NULL only when memory is out (an error, too).
 */
struct object *codec_decode(enum kind kind, const char *name, bool is_path, const json_t *j, struct jd *d);
/*
 * After errors: adds what valid_object() finds in the rest, so that a client sees all at once.  A field that already has
 * an error gets no second one.  strip: pointers lose "/epairs/web0".
 */
void codec_check_rest(const struct object *o, bool strip, struct errs *errs);
/* Adds an error and returns false unless objects of this kind may have that name. */
bool codec_name_ok(enum kind kind, const char *name, struct jd *d);

/* "mtu" of a bridge, len bytes of it; the name and what the server owns included. */
bool codec_has_field(enum kind kind, const char *field, size_t len);
bool codec_is_server_field(const char *field);

/* New references; NULL = out of memory.  with_name: the "name" field first. */
json_t *codec_encode(const struct object *o, bool with_name);
/* mtu: effective MTU of an epair.  st NULL = pending. */
json_t *codec_item(const struct object *o, uint32_t mtu, const struct status_row *st);

/* "2026-10-12T08:00:00.000Z"; a JSON null for 0. */
#define TIME_TEXT_SIZE 32
const char *codec_time(int64_t ms, char buf[TIME_TEXT_SIZE]);
json_t *codec_time_json(int64_t ms);
/* "" becomes null. */
json_t *codec_text_or_null(const char *s);
/* Text that may not be UTF-8 (kernel, commands): bad bytes become '?'. */
json_t *codec_text(const char *s);

/* --- shared by the kinds ---------------------------------------------------------------------------------- */

void codec_get_prefixes(struct jd *d, const json_t *j, const char *key, struct object *o, struct prefixes *out);
void codec_get_pairs(struct jd *d, const json_t *j, const char *key, size_t max, struct object *o, struct pairs *out);
void codec_get_text(struct jd *d, const json_t *j, const char *key, size_t max, struct object *o, const char **out);
/* untagged and tagged; the flags are the caller's.  The tagged list goes into o's arena. */
void codec_get_vlans(struct jd *d, const json_t *j, struct object *o, struct port *port);

json_t *codec_put_prefixes(const struct prefixes *p);
json_t *codec_put_words(const char *words);	/* "192.0.2.1/24 2001:db8::1/64" becomes a list */
json_t *codec_put_pairs(const struct pairs *p);
json_t *codec_put_mac(const struct mac *m);
/* Adds "untagged" (when set) and "tagged". */
int codec_put_vlans(json_t *obj, const struct port *port);

void codec_bridge_decode(struct jd *d, const json_t *j, struct object *o);
void codec_epair_decode(struct jd *d, const json_t *j, struct object *o);
void codec_jail_decode(struct jd *d, const json_t *j, struct object *o);
void codec_attachment_decode(struct jd *d, const json_t *j, struct object *o);
/* Add their fields to obj; -1 = out of memory. */
int codec_bridge_encode(json_t *obj, const struct object *o);
int codec_epair_encode(json_t *obj, const struct object *o);
int codec_jail_encode(json_t *obj, const struct object *o);
int codec_attachment_encode(json_t *obj, const struct object *o);
extern const char *const codec_bridge_fields[], *const codec_epair_fields[];
extern const char *const codec_jail_fields[], *const codec_attachment_fields[];

#endif
