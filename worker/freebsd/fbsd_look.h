/*
 * fbsd_look: the same question in every living jail, several at a time.
 */
#ifndef JN_FBSD_LOOK_H
#define JN_FBSD_LOOK_H

#include "worker/freebsd/fbsd.h"

/* A look at one vnet; what fn appends goes to out. */
struct fbsd_look {
	const struct fbsd_in *in;
	const char *jail;	/* "" = the host */
	const char *only;	/* this interface, NULL = all and the routes */
	struct observed *out;
	size_t from;		/* first link of this vnet in out */
	bool forwarding;
};

/*
 * Runs fn (its arg is a struct fbsd_look) in each living jail of the rows jails->jails[first..] and, here, done for each that answered.
 * jails and out may be the same.  A jail that ended meanwhile loses its row; one that lives, but whose root does not let us look, keeps it
 * as busy, with the reason, and nothing of its inside is in out.  -1: the look failed as a whole.
 */
typedef void fbsd_look_done(struct fbsd *f, struct obs_jail *row, const struct fbsd_look *k);
int fbsd_look_jails(struct fbsd *f, struct observed *jails, size_t first, fbsd_inside_fn *fn, struct observed *out, fbsd_look_done *done,
    struct err *err);

#endif
