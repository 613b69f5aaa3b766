/*
 * takeover: what runs and is nobody's wish becomes one: bridges, epairs and jails of the kernel as objects that, once they are wanted,
 * need nothing but their label.  Pure.
 *
 * What cannot be taken over without touching it stays as it is and is told, with the reason; a port that cannot be taken over can still
 * be a member of a bridge that can.
 */
#ifndef JN_TAKEOVER_H
#define JN_TAKEOVER_H

#include "core/observed.h"
#include "core/topo.h"

#define TAKEOVER_NOTES_MAX 5000

struct takeover_note {
	bool warning;		/* false: good to know */
	const char *code;	/* a short constant */
	char text[320];
};

struct takeover {
	struct object **v;	/* new ones only */
	size_t n, room;
	struct takeover_note *notes;
	size_t nnotes, rnotes, dropped;
};

/* features: FEATURE_* of valid.h.  'have' is sorted.  out is initialised here; takeover_fini() also after a failure. */
int takeover_build(const struct topo *want, const struct observed *have, uint32_t features, struct takeover *out, struct err *err);
void takeover_fini(struct takeover *t);

#endif
