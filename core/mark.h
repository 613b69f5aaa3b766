/*
 * mark: what an interface says of itself: whether it is ours and what for, and of a foreign one what it is given back with.
 */
#ifndef JN_MARK_H
#define JN_MARK_H

#include "core/model.h"

/* The mark of an interface we made: what it is for, read from ifalias (Linux) or description (FreeBSD). */
struct mark {
	bool ours;
	bool has_object;	/* false: made by us, but creation was cut short before it was labelled */
	enum kind kind;
	char name[NAME_SIZE];
	uint8_t side;		/* enum end_side for epairs */
};

/* "jailnet:epair/web0:a", "jailnet:bridge/lan0"; MARK_TEXT_SIZE includes the NUL. */
#define MARK_TEXT_SIZE 96
void mark_format(const struct mark *m, char buf[MARK_TEXT_SIZE]);
/* Never fails: text that is not ours gives ours = false. */
void mark_parse(const char *text, struct mark *out);

/*
 * What else of a foreign interface is given back as it was found.  Bits mean what the system's own header says; only its driver reads them.
 * fields: which of them are known.
 */
#define TRAIT_FLAGS 0x1u	/* promiscuous, all multicast, no ARP ... */
#define TRAIT_CAPS 0x2u		/* FreeBSD: offloads that can be switched */
#define TRAIT_ND6 0x4u		/* FreeBSD: of neighbour discovery: accept_rtadv, ifdisabled ... */
#define TRAIT_GROUPS 0x8u	/* FreeBSD: "lan wan": sorted, without "all" and ours */
#define TRAIT_ALL (TRAIT_FLAGS | TRAIT_CAPS | TRAIT_ND6 | TRAIT_GROUPS)
#define TRAIT_GROUPS_SIZE 80
struct traits {
	uint32_t fields;	/* TRAIT_* */
	uint32_t flags, caps, nd6;
	char groups[TRAIT_GROUPS_SIZE];
};
/* Which of those that 'want' knows are different, or not known, in 'have'. */
uint32_t traits_differ(const struct traits *want, const struct traits *have);
/* " flags 0x20000 groups lan wan", of those fields; returns buf. */
#define TRAITS_TEXT_SIZE 160
char *traits_format(const struct traits *t, uint32_t fields, char buf[TRAITS_TEXT_SIZE]);

#endif
