/*
 * model: the desired objects as plain structs: what JSON decodes to, SQLite stores, the planner reads.
 *
 * A 'struct object' is one heap block plus an arena that holds every string and list inside it: built by a decoder
 * or the store, then never changed except by its one owner, freed by object_free.  Names follow
 * ^[A-Za-z][A-Za-z0-9_-]*$; a name that reaches the kernel as an interface name has at most 15 characters
 * (IFNAMSIZ 16, net/if.h) and is refused, never cut.
 *
 * Adding a field: here, valid.c, store/, api/ codec, plan, openapi.yaml.
 */
#ifndef JN_MODEL_H
#define JN_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/arena.h"

/* Sizes include the NUL. */
#define NAME_SIZE 64		/* jail names; the longest is 63 characters */
#define IFNAME_SIZE 16
#define ID_SIZE 32
#define HOSTNAME_SIZE 65	/* Linux __NEW_UTS_LEN 64 */
#define PATH_SIZE 256
#define COMMAND_SIZE 512
#define PARAMS_SIZE 448		/* all parameters of a jail as text */
#define TEXT_SIZE 1024		/* description, label value */

/* Limits, answered by GET /v1 and enforced by valid.c with 422. */
#define LIMIT_JAILS 5000
#define LIMIT_EPAIRS 10000
#define LIMIT_BRIDGES 1000
#define LIMIT_ATTACHMENTS 1000
#define LIMIT_ADDRESSES 64	/* per end, bridge or attachment */
#define LIMIT_MEMBERS 64	/* foreign members per bridge; epair ends name their bridge themselves */
#define LIMIT_ROUTES 256	/* per jail */
#define LIMIT_PAIRS 64		/* labels, sysctls, params per object */
#define LIMIT_TAGGED 128	/* VLAN ids per port */

#define MTU_MIN 72		/* FreeBSD if_var.h IF_MINMTU; IPv6 needs 1280, checked where v6 is used */
#define MTU_MAX 65535
#define MTU_DEFAULT 1500

enum kind { KIND_BRIDGE, KIND_EPAIR, KIND_JAIL, KIND_ATTACHMENT };
#define KIND_COUNT (KIND_ATTACHMENT + 1)

/* "bridge", "epair", "jail", "attachment"; plural is the collection: "bridges", ... */
const char *kind_name(enum kind kind);
const char *kind_plural(enum kind kind);

struct pair {		/* label, sysctl or jail parameter; sorted by key */
	const char *key;
	const char *value;
};
struct pairs {
	const struct pair *v;
	size_t n;
};
struct prefixes {	/* in the order given; no duplicates */
	const struct prefix *v;
	size_t n;
};

/* How an interface sits in a bridge: the port half of a member or of an epair end. */
struct port {
	bool priv;		/* FreeBSD IFBIF_PRIVATE, Linux IFLA_BRPORT_ISOLATED */
	bool stp;		/* FreeBSD per-member STP; on Linux STP belongs to the bridge and this is ignored */
	bool edge;
	uint16_t untagged;	/* PVID, 0 = none */
	uint16_t ntagged;
	const uint16_t *tagged;	/* ascending */
};

bool port_is_plain(const struct port *p);	/* nothing special is asked for */

struct member {		/* a foreign interface (uplink) named as a bridge member */
	const char *ifname;
	struct port port;
};

enum backend { BACKEND_IF_BRIDGE, BACKEND_NETGRAPH };

struct bridge {
	uint32_t mtu;		/* never 0: MTU_DEFAULT when not given */
	bool stp;
	bool vlan_filter;
	enum backend backend;
	struct mac mac;		/* effective: pinned, or allocated at commit; zero before that */
	bool mac_pinned;	/* the user wrote it */
	struct prefixes addrs;	/* on the bridge itself */
	const struct member *members;	/* sorted by ifname */
	size_t nmembers;
};

enum end_side { END_A, END_B };

struct end {
	char ifname[IFNAME_SIZE];	/* effective, epair name + "a"/"b" unless given */
	bool ifname_given;
	struct mac mac;
	bool mac_pinned;
	const char *bridge;	/* NULL or a bridge name; never together with jail */
	const char *jail;	/* NULL or a jail name; both NULL = stays on the host */
	struct prefixes addrs;
	bool up;		/* default true */
	struct port port;	/* used when bridge is set */
};

struct epair {
	uint32_t mtu;		/* 0 = the MTU of the bridge an end is in, else MTU_DEFAULT; see epair_mtu() */
	struct end end[2];
};

struct route {
	struct prefix dst;	/* network form; length 0 is "default" (IPv4) or "::/0" */
	struct ip gateway;
};

struct jail {
	bool external;		/* manager "external": belongs to ezjail, jail.conf, ...; never created or removed by us */
	bool manager_moves;	/* moves "manager": an external jail whose manager moves the interfaces in, and sets inside what it likes */
	bool running;		/* default true */
	bool forwarding;	/* IPv4 and IPv6 */
	uint32_t boot;		/* +1 at each restart; not writable by users */
	const char *path;	/* "" = "/" */
	const char *hostname;	/* "" = none set */
	const struct route *routes;	/* sorted by prefix_cmp */
	size_t nroutes;
	struct pairs sysctls;
	struct pairs params;	/* FreeBSD jail parameters; ERR_UNSUPPORTED elsewhere */
	const char *exec_start;	/* "" = none; run by /bin/sh -c inside */
	const char *exec_stop;
};

/* A foreign interface moved into a jail; the object's name is the interface's name on the host. */
struct attachment {
	const char *jail;
	struct prefixes addrs;
};

struct object {
	enum kind kind;
	char name[NAME_SIZE];
	char id[ID_SIZE];	/* "br_", "ep_", "ja_", "at_" + 26 characters; for life */
	int64_t revision;	/* of the last change */
	int64_t created_at, updated_at;	/* ms since the epoch, UTC */
	bool fresh;		/* the request at hand made or changed it: a clash is told there, not where something stands already */
	const char *description;	/* "" = none */
	struct pairs labels;
	union {
		struct bridge bridge;
		struct epair epair;
		struct jail jail;
		struct attachment attachment;
	} u;
	struct arena arena;
};

/* Heap object with the kind's defaults and empty (never NULL) strings; NULL when memory is out.  The name must fit. */
struct object *object_new(enum kind kind, const char *name);
void object_free(struct object *o);	/* NULL is fine */
/* Deep copy, or NULL. */
struct object *object_copy(const struct object *o);
/* Equal in every user-writable field (not id, revision, times; a MAC counts only when pinned on either side). */
bool object_equal(const struct object *a, const struct object *b);

/* A jail's parameters as text, "key=value\n" each, in key order.  -1 = they take more than PARAMS_SIZE; out is "" then. */
int params_format(const struct pairs *p, char out[PARAMS_SIZE]);
/* Of that text, to see later whether it is what was last applied; "" is 0. */
uint32_t params_hash(const char *text);
/* Of the root of a jail, to see later whether it runs in it; "" is "/", and none is 0. */
uint32_t path_hash(const char *path);
/* One parameter: a key of lower-case letters, digits, '_' and '.', none of those that are jailnet's own business (name, vnet, ip4.addr ...). */
bool param_key_is_legal(const char *key);

/* Copies into the object's arena and set; -1 = out of memory.  Lists are copied; pairs get sorted by key. */
int object_str(struct object *o, const char **field, const char *value);
int object_prefixes(struct object *o, struct prefixes *field, const struct prefix *v, size_t n);
int object_pairs(struct object *o, struct pairs *field, const struct pair *v, size_t n);
int object_members(struct object *o, const struct member *v, size_t n);	/* copies strings and tagged lists; sorts */
int object_routes(struct object *o, const struct route *v, size_t n);	/* sorts */
int object_tagged(struct object *o, struct port *port, const uint16_t *v, size_t n);	/* sorts */

/* Fills end->ifname from the epair name where it was not given; -1 when it would not fit 15 characters. */
int epair_default_ifnames(struct object *o);

/* True when names like this are legal: ^[A-Za-z][A-Za-z0-9_-]*$ and at most max characters. */
bool name_is_legal(const char *s, size_t max);
/* True for the names of foreign interfaces that we speak of ("em0.100", "_x"): ^[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,14}$; none looks like an option or a
 * path. */
bool ifname_is_legal(const char *s);
/* Longest legal name of the kind in characters: bridge and attachment 15, epair 15 (14 when an end takes its default name), jail 63. */
size_t kind_name_max(enum kind kind);

#endif
