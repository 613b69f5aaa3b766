/*
 * conv_int: private to convert/: positions, variables, and the host as the files describe it.
 */
#ifndef JN_CONV_INT_H
#define JN_CONV_INT_H

#include <stdarg.h>
#include <stdint.h>

#include "convert/conv.h"

/* --- places and messages: conv.c -------------------------------------------------------------------------------- */

struct conv_src {	/* one file being read; outlives all positions in it */
	const char *path;
	const char *text;	/* CR before LF already taken out; NUL-terminated */
	size_t size;
	enum conv_kind kind;
	bool ok;		/* readable text */
};
struct conv_pos {
	const struct conv_src *src;
	unsigned line, col;
};

void conv_say(struct conv *c, enum conv_level level, const struct conv_pos *pos, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* In c->mem.  NULL = out of memory, and c->nomem. */
void *conv_alloc(struct conv *c, size_t size);
/* The same for strings, but "" when memory is out: what they are part of is thrown away in the end. */
char *conv_dup(struct conv *c, const char *s);
char *conv_dupn(struct conv *c, const char *s, size_t len);
char *conv_printf(struct conv *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Room for one more in an array of c->mem (doubling); false = out of memory. */
bool conv_room(struct conv *c, void *array, size_t n, size_t *room, size_t size);
void conv_text_add(struct conv *c, const char *path, bool is_addition, const char *text);

/* A string that grows in ordinary memory. */
struct conv_buf {
	struct conv *c;
	char *s;
	size_t len, room;
};
void cb_init(struct conv_buf *b, struct conv *c);
void cb_putn(struct conv_buf *b, const char *s, size_t len);
void cb_put(struct conv_buf *b, const char *s);
void cb_printf(struct conv_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cb_vprintf(struct conv_buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* Ends it: a copy in c->mem ("" when memory is out), the buffer is freed. */
const char *cb_take(struct conv_buf *b);

/* Splits at blanks; words in c->mem.  Returns the count. */
size_t conv_words(struct conv *c, const char *s, const char ***out);

/* --- shell assignments: conv_sh.c, conv_vars.c ------------------------------------------------------------------------------- */

struct conv_var {
	const char *name, *value;
	struct conv_pos pos;		/* of the name */
	struct conv_pos at;		/* of the value, when it stands in the file as it is: literal */
	bool literal;
	size_t from, to;		/* the whole line(s), with the newline, in src->text */
	bool said;			/* a message about it has come */
	bool proven;			/* false: value is as written, not expanded */
};
struct conv_vars {
	struct conv_var *v;
	size_t n, room;
	uint32_t *slots;		/* index + 1 by hash of the name, 0 = free */
	size_t nslots;
};
/* Reads a file of assignments; a later one of a name replaces the earlier. */
void conv_sh_read(struct conv *c, const struct conv_src *src, struct conv_vars *vars);
struct conv_var *conv_var(const struct conv_vars *vars, const char *name);
void conv_var_set(struct conv *c, struct conv_vars *vars, const struct conv_var *var);
/* Of a proven one; "" when it is not set. */
const char *conv_value(const struct conv_vars *vars, const char *name);
/* YES, TRUE, ON, 1 as checkyesno; false when unset. */
bool conv_yes(const char *value);

/* --- the host --------------------------------------------------------------------------------------------------- */

struct conv_addr {
	char ifname[IFNAME_SIZE];	/* of a traditional jail: "re0" of re0|192.0.2.5, "" = none given */
	struct prefix prefix;
	bool has_len;			/* the length was written */
	struct conv_pos pos;
};
struct conv_addrs {
	struct conv_addr *v;
	size_t n, room;
};

struct conv_member {
	char ifname[IFNAME_SIZE];
	struct port port;		/* tagged in c->mem */
	struct conv_pos pos;
};

struct conv_if {
	char name[IFNAME_SIZE];		/* the final one */
	char unit[IFNAME_SIZE];		/* as created, "bridge0", "epair3a" */
	bool cloned, is_bridge, is_vlan, dhcp, up, has_mac, seen;
	bool down;			/* said so */
	bool moved;			/* its addresses are the bridge's from now on */
	struct mac mac;
	uint32_t mtu;			/* 0 = not said */
	bool vlan_filter;
	const char *descr;		/* NULL = none */
	struct conv_addrs addrs;
	struct conv_member *members;
	size_t nmembers, rmembers;
	char in_bridge[IFNAME_SIZE];	/* filled by the builder */
	struct conv_pos pos, dhcp_pos;
};

struct conv_route {
	struct prefix dst;
	struct ip gateway;
	bool own;		/* the jail's own rc.conf sets it */
};

struct conv_jib {
	const char *name;
	const char *jail;	/* whose hook it is: its name, the same pointer */
	const char *suffix;
	char parent[IFNAME_SIZE];
	bool keep_mac;			/* "!re0": jib leaves the kernel's addresses */
	unsigned index;
	struct conv_pos pos;
};

enum conv_origin { FROM_EZJAIL, FROM_RC, FROM_JAIL_CONF };

/* What one interface inside a jail is given there. */
struct conv_inner {
	char ifname[IFNAME_SIZE];	/* as it comes into the jail */
	char name[IFNAME_SIZE];		/* as it is called there */
	struct conv_addrs addrs;
	bool has_mac;
	struct mac mac;
	uint32_t mtu;			/* 0 = not said */
	const char *command;		/* that sets them; NULL = rc.conf does */
	struct conv_pos pos;
};

struct conv_jail {
	const char *name;
	const char *key;		/* the NAME of jail_NAME_... */
	int rank;			/* which of several files rc.d/jail takes it from */
	enum conv_origin origin;
	struct conv_pos pos;
	const char *path, *hostname;	/* "" = not said */
	const char *start, *stop;	/* exec.start and exec.stop, joined by "; " */
	bool vnet, disabled, dhcp, forwarding;
	struct conv_pos no_vnet;	/* jail_NAME_vnet_enable="NO" */
	struct conv_pos raw;		/* jail_NAME_socket_unixiproute_only="NO" */
	struct conv_pos waits;		/* "jailnet up -i" in a hook before vnet.interface */
	struct conv_pos dhcp_pos;
	const char *ruleset;		/* devfs_ruleset, "" */
	struct conv_addrs addrs;	/* traditional */
	const char **vnet_ifs;
	size_t nvnet_ifs;
	struct conv_pos vnet_pos;
	struct conv_inner *inner;
	size_t ninner, rinner;
	struct conv_route *routes;
	size_t nroutes, rroutes;
	struct pair *sysctls;
	size_t nsysctls, rsysctls;
	struct pair *params;		/* allow.* and the like, of a managed jail */
	size_t nparams, rparams;
	const char **new_ifs;		/* interfaces the conversion gives it; filled by the builder */
	size_t nnew_ifs, rnew_ifs;
	struct conv_vars rc;		/* its own rc.conf */
	const char *jib_parent;		/* of a converted one, for its hooks */
	bool converted, in_front;	/* in_front: on the host's own network */
};

struct conv_host {
	struct conv *c;
	const struct conv_opts *opts;
	struct conv_vars rc;		/* rc.conf and all jail_* variables in it */
	struct conv_if *ifs;
	size_t nifs, rifs;
	uint32_t *if_slots;
	size_t nif_slots;
	struct conv_jail *jails;
	size_t njails, rjails;
	struct conv_jib *jibs;
	size_t njibs, rjibs;
	struct conv_auto {
		const char *bridge, *glob;
	} *autobridge;
	size_t nautobridge, rautobridge;
	struct ip router4, router6;	/* family 0 = none */
	bool gateway4, gateway6, need_gateway[2];
	unsigned pseudo;		/* epairs whose unit the kernel chooses */
	const struct conv_src *srcs;
	size_t nsrcs;
	const struct conv_src **jc_src;	/* the jail.conf files among them */
	struct jc_file *jc_files;
	size_t njc;
};

/* By final or unit name; 'make' adds it. */
struct conv_if *host_if(struct conv_host *h, const char *name, bool make);
void host_renamed(struct conv_host *h, const struct conv_if *f);	/* its name has changed */
void conv_clone(struct conv_host *h, const char *name, const struct conv_pos *pos);	/* a word of cloned_interfaces */
bool conv_addr_add(struct conv *c, struct conv_addrs *a, const struct conv_addr *addr);

/* --- readers ---------------------------------------------------------------------------------------------------- */

/* The words of an ifconfig line for 'i'; what is not understood is said with 'pos'. */
void conv_ifconfig(struct conv_host *h, struct conv_if *i, const char *args, const struct conv_pos *pos);
bool conv_ifconfig_words(struct conv_host *h, struct conv_if *i, const char **w, size_t n, const struct conv_pos *pos);	/* false: not all of it */
/* "192.0.2.5", "192.0.2.5/24", "192.0.2.5 netmask 255.255.255.0"; false = not an address (nothing said). */
bool conv_addr_parse(const char *s, struct conv_addr *out);
bool conv_netmask(const char *s, uint8_t *len);	/* 255.255.255.0 or 0xffffff00 */

void conv_rc_host(struct conv_host *h);					/* h->rc -> interfaces, routes */
void conv_rc_jails(struct conv_host *h, const struct conv_vars *vars, const struct conv_src *ezjail);	/* jail_* -> jails */
/* All jail.conf files: h->jc_src, parsed into files[n]. */
struct jc_file;
void conv_jail_confs(struct conv_host *h, struct jc_file *files, size_t n);
void conv_jail_rc(struct conv_host *h, const struct conv_src *src);	/* the rc.conf inside a jail of h */
/* A host-side command of a jail's hooks: what it makes is taken, what cannot be proved is said. */
enum conv_when { HOOK_BEFORE /* vnet.interface */, HOOK_AFTER, HOOK_STOP };
void conv_hook(struct conv_host *h, struct conv_jail *j, const char *command, const struct conv_pos *pos, enum conv_when when);
/* A command run inside the jail; true when all of it has been taken and it need not be run any more. */
bool conv_inside(struct conv_host *h, struct conv_jail *j, const char *command, const struct conv_pos *pos);
struct conv_cmd {
	const char **w;
	size_t n;
};
/* The commands of a shell line; false: only those before something that cannot be proved. */
bool conv_commands(struct conv_host *h, const char *text, struct conv_cmd **out, size_t *n);
const char *conv_program(const char *path);	/* without its directory */
void conv_jail_dhcp(struct conv_jail *j, const struct conv_pos *pos);
/* Inside the jail it gets another name than it is given with. */
void conv_inner_name(struct conv_host *h, struct conv_jail *j, struct conv_inner *inner, const char *name, const struct conv_pos *pos);
bool conv_is_loopback(const struct ip *ip);
/* One traditional address list "re0|192.0.2.5,lo0|127.0.1.5"; literal: pos is that of its first byte, and each has its own. */
void conv_jail_addrs(struct conv_host *h, struct conv_jail *j, const char *list, const char *def_if, const struct conv_pos *pos, bool literal);
/* A word of jail(8) with its value, of a jail's own file or of a line for several (shared); *said: a message about that line has come. */
struct conv_param {
	const char *key, *value;
	struct conv_pos pos;
	bool shared, *said;
};
/* As the kernel is told it: "allow.nomount;" is allow.mount=0. */
bool conv_param_is_no(const char *name);
const char *conv_param_key(struct conv *c, const char *name, bool has_value);
/* Into the params of a jail of jailnet's own, or said; of a jail that stays with its manager, nothing. */
void conv_jail_param(struct conv_host *h, struct conv_jail *j, const struct conv_param *p);
/* New jail with this name. */
struct conv_jail *host_jail(struct conv_host *h, const char *name, enum conv_origin origin, const struct conv_pos *pos);
/* Nothing of what was read for it stays: it is read again from elsewhere. */
void host_jail_reset(struct conv_host *h, struct conv_jail *j, enum conv_origin origin, const struct conv_pos *pos);
struct conv_jail *host_jail_find(struct conv_host *h, const char *name);
struct conv_inner *jail_inner(struct conv_host *h, struct conv_jail *j, const char *ifname);

/* --- builder and texts ------------------------------------------------------------------------------------------ */

/* The name of the epair whose halves are called so: what they have in common, or the unit. */
const char *conv_pair_name(struct conv *c, const char *a, const char *z, unsigned unit);
int conv_build(struct conv_host *h, struct topo *out, struct err *err);
void conv_rewrite(struct conv_host *h, const struct topo *t);
/*
 * rc.conf lines of a topology's host side, into b, to be added to what is there: 'h', or NULL = nothing is known of it.
 * without_jib: pairs with jib's names, and their bridges, are jib's to make.
 */
void conv_put_rc(struct conv_buf *b, const struct topo *t, struct conv_host *h, bool without_jib);
/* " addm em0 stp em0": the words of ifconfig(8) that make it a member of a bridge, which runs STP or does not. */
void conv_put_port(struct conv_buf *b, const char *ifname, const struct port *p, bool stp);
/* rc.conf lines for the inside of a jail; 'own': as its files have it, NULL = not known. */
void conv_put_jail_rc(struct conv_buf *b, const struct topo *t, const struct object *jail, const struct conv_jail *own);
/* Calls each end, side B of a pair or attachment, that is in the jail. */
struct conv_place {
	const char *ifname;
	const struct prefixes *addrs;
	const struct object *o;
	int side;
};
size_t conv_places(struct conv *c, const struct topo *t, const struct object *jail, struct conv_place **out);
void conv_shell(struct conv *c, enum conv_format format, const struct topo *t);
/* 'text' as one shell word in double quotes' inside. */
void cb_put_quoted(struct conv_buf *b, const char *text);

/* --- labels and descriptions in rc.conf: conv_notes.c ----------------------------------------------------------- */

/* ezjail: jails by the names that ezjail gives them. */
void conv_put_notes(struct conv_buf *b, const struct topo *t, bool ezjail);
const char *conv_ezjail_name(struct conv *c, const char *name);
void conv_take_notes(struct conv_host *h, const struct topo *t);

#endif
