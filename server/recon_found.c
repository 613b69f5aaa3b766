/* recon_found: what foreign interfaces were like is on the disk before anything is done to them, so that they can be given back. */
#include <stdlib.h>

#include "core/str.h"
#include "server/recon_int.h"

/* What is written, and will be known once that is committed: memory never knows more than the disk. */
struct found_new {
	struct recon *r;
	struct found *v;
	size_t n;
};

struct found_drop {
	struct recon *r;
	char v[16][IFNAME_SIZE];
	size_t n;
};

static int
found_put(void *arg, const struct found *f, struct err *err)
{
	struct found_new *new = arg;
	struct found *grown;

	grown = realloc(new->v, (new->n + 1) * sizeof(*grown));
	if (grown == NULL)
		return (err_nomem(err));
	new->v = grown;
	new->v[new->n++] = *f;
	return (store_found_put(new->r->store, f, err));
}

/* Called while the list is walked: remember, remove afterwards. */
static int
found_drop(void *arg, const char *ifname, struct err *err)
{
	struct found_drop *d = arg;

	if (d->n == NELEMS(d->v))
		return (0);	/* the next cycle takes the rest */
	str_copy(d->v[d->n++], IFNAME_SIZE, ifname);
	return (store_found_delete(d->r->store, ifname, err));
}

static void
found_known(struct recon *r, const struct found_new *new, const struct found_drop *drop)
{
	struct err err;

	for (size_t i = 0; i < new->n; i++) {
		if (topo_found_put(&r->want, &new->v[i], &err) == -1 && r->gone.code == ERR_NONE)
			r->gone = err;
	}
	for (size_t i = 0; i < drop->n; i++)
		topo_found_remove(&r->want, drop->v[i]);
}

int
found_keep(struct recon *r, struct err *err)
{
	struct found_new new = { .r = r };
	struct found_drop drop = { .r = r };
	int rc = -1;

	if (r->want.n[KIND_ATTACHMENT] == 0 && r->want.nfound == 0) {
		bool any = false;

		for (size_t i = 0; i < r->want.n[KIND_BRIDGE] && !any; i++)
			any = r->want.v[KIND_BRIDGE][i]->u.bridge.nmembers > 0;
		if (!any)
			return (0);
	}
	if (recon_begin(r, true, err) == -1)
		return (-1);
	if (plan_found(&r->want, &r->have, found_put, &new, err) == -1 || plan_returned(&r->want, &r->have, found_drop, &drop, err) == -1)
		store_rollback(r->store);
	else
		rc = recon_end(r, err);
	if (rc == 0)
		found_known(r, &new, &drop);
	free(new.v);
	return (rc);
}
