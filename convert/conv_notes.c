/*
 * conv_notes: labels and descriptions, which no other system has: lines of rc.conf that only an import reads,
 *
 *	jailnet_note_0="bridge/lan0 description=the%20lab label.team=net"
 *
 * with every byte percent-encoded that means something to a shell.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/conv_int.h"
#include "core/str.h"

static const char prefix[] = "jailnet_note_";

static void
put_encoded(struct conv_buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if (isalnum((unsigned char)*s) || strchr("._/:,+@-", *s) != NULL)
			cb_putn(b, s, 1);
		else
			cb_printf(b, "%%%02X", (unsigned)(unsigned char)*s);
	}
}

void
conv_put_notes(struct conv_buf *b, const struct topo *t, bool ezjail)
{
	unsigned n = 0;

	for (int k = 0; k < KIND_COUNT; k++)
		for (size_t i = 0; i < t->n[k]; i++) {
			const struct object *o = t->v[k][i];

			if (o->labels.n == 0 && o->description[0] == '\0')
				continue;
			cb_printf(b, "%s%u=\"%s/", prefix, n++, kind_name(o->kind));
			put_encoded(b, ezjail && k == KIND_JAIL ? conv_ezjail_name(b->c, o->name) : o->name);
			if (o->description[0] != '\0') {
				cb_put(b, " description=");
				put_encoded(b, o->description);
			}
			for (size_t l = 0; l < o->labels.n; l++) {
				cb_put(b, " label.");
				put_encoded(b, o->labels.v[l].key);
				cb_put(b, "=");
				put_encoded(b, o->labels.v[l].value);
			}
			cb_put(b, "\"\n");
		}
}

/* In place; false: not as we write it. */
static bool
decode(char *s)
{
	char hex[3] = "", *out = s, *end;

	for (; *s != '\0'; s++) {
		if (*s != '%') {
			*out++ = *s;
			continue;
		}
		if (!isxdigit((unsigned char)s[1]) || !isxdigit((unsigned char)s[2]))
			return (false);
		memcpy(hex, s + 1, 2);
		*out = (char)strtoul(hex, &end, 16);
		if (*out++ == '\0')
			return (false);
		s += 2;
	}
	*out = '\0';
	return (true);
}

static struct object *
object_of(const struct topo *t, char *word)
{
	char *slash = strchr(word, '/');

	if (slash == NULL || !decode(slash + 1))
		return (NULL);
	*slash = '\0';
	for (int k = 0; k < KIND_COUNT; k++)
		if (strcmp(kind_name((enum kind)k), word) == 0)
			return (topo_find(t, (enum kind)k, slash + 1));
	return (NULL);
}

static bool
is_text(const char *s)
{
	for (const char *p = s; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' && *p != '\n' && *p != '\t')
			return (false);
	return (str_utf8(s, strlen(s)));
}

static void
take_words(struct conv_host *h, const struct conv_var *v, struct object *o, char *const *w, size_t n)
{
	struct pair *labels = conv_alloc(h->c, (n + 1) * sizeof(*labels));
	size_t nlabels = 0;
	bool good = labels != NULL;

	for (size_t i = 0; good && i < n; i++) {
		char *value = strchr(w[i], '=');

		good = value != NULL;
		if (!good)
			break;
		*value++ = '\0';
		good = decode(w[i]) && decode(value) && is_text(w[i]) && is_text(value);
		if (good && strcmp(w[i], "description") == 0)
			h->c->nomem = object_str(o, &o->description, value) == -1 || h->c->nomem;
		else if (good && strncmp(w[i], "label.", 6) == 0 && w[i][6] != '\0')
			labels[nlabels++] = (struct pair){ w[i] + 6, value };
		else
			good = false;
	}
	if (good && nlabels > 0)
		h->c->nomem = object_pairs(o, &o->labels, labels, nlabels) == -1 || h->c->nomem;
	if (!good && !h->c->nomem)
		conv_say(h->c, CONV_WARNING, &v->pos, "syntax", "%s: labels and a description as an export writes them are wanted", v->name);
}

void
conv_take_notes(struct conv_host *h, const struct topo *t)
{
	for (size_t i = 0; i < h->rc.n && !h->c->nomem; i++) {
		const struct conv_var *v = &h->rc.v[i];
		struct object *o;
		const char **w;
		char **words;
		size_t n;

		if (!v->proven || strncmp(v->name, prefix, sizeof(prefix) - 1) != 0)
			continue;
		n = conv_words(h->c, v->value, &w);
		words = conv_alloc(h->c, (n + 1) * sizeof(*words));
		for (size_t k = 0; words != NULL && k < n; k++)
			words[k] = conv_dup(h->c, w[k]);
		if (h->c->nomem || words == NULL || n == 0)
			continue;
		o = object_of(t, words[0]);
		if (o == NULL)
			conv_say(h->c, CONV_NOTE, &v->pos, "no-object", "%s: %.80s is not in these files", v->name, w[0]);
		else
			take_words(h, v, o, words + 1, n - 1);
	}
}
