/*
 * topo: the whole desired topology: objects by kind, sorted by name, plus what we must give back.
 *
 * A topo either owns its objects (topo_fini frees them) or is a view that borrows them from another topo
 * ('borrowed', made by topo_view): R builds the next topology as a view, validates and plans it, and commits
 * it into the owning one only after SQLite said yes.
 */
#ifndef JN_TOPO_H
#define JN_TOPO_H

#include "core/err.h"
#include "core/model.h"
#include "core/mark.h"

/*
 * A foreign interface as it was before we touched it; kept until it has been given back.  Exists for every
 * interface that is (or was, and is not yet back) a bridge member or attachment.
 */
struct found {
	char ifname[IFNAME_SIZE];
	bool up;
	uint32_t mtu;
	struct mac mac;
	char bridge[IFNAME_SIZE];	/* foreign bridge it was in, "" = none */
	struct traits traits;
	size_t naddrs;
	struct prefix addrs[LIMIT_ADDRESSES];
};

struct topo {
	struct object **v[KIND_COUNT];
	size_t n[KIND_COUNT];
	size_t room[KIND_COUNT];
	struct found *found;	/* sorted by ifname; always owned */
	size_t nfound, found_room;
	int64_t revision;
	bool borrowed;
};

void topo_init(struct topo *t);
void topo_fini(struct topo *t);
/* A borrowing copy of 'of': same object pointers, own arrays. */
int topo_view(struct topo *t, const struct topo *of, struct err *err);

struct object *topo_find(const struct topo *t, enum kind kind, const char *name);
/* Its place in v[kind], -1 = none. */
long topo_index(const struct topo *t, enum kind kind, const char *name);
/*
 * Inserts or replaces by name.  An owning topo takes ownership and frees the replaced object; a view does neither.
 * On failure nothing changed and the object is still the caller's.
 */
int topo_put(struct topo *t, struct object *o, struct err *err);
/* Removes; frees in an owning topo.  False when it was not there. */
bool topo_remove(struct topo *t, enum kind kind, const char *name);
/* Like topo_remove, but hands the object to the caller (in a view it stays its owner's).  NULL = not there. */
struct object *topo_take(struct topo *t, enum kind kind, const char *name);

const struct found *topo_found(const struct topo *t, const char *ifname);
int topo_found_put(struct topo *t, const struct found *f, struct err *err);
void topo_found_remove(struct topo *t, const char *ifname);

/* The MTU an epair gets: its own, else that of the bridge of end a, else of end b, else MTU_DEFAULT. */
uint32_t epair_mtu(const struct topo *t, const struct object *epair);
/* True when the jail is wanted running (managed and running, or external). */
bool jail_wanted(const struct object *jail);

#endif
