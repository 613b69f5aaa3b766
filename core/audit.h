/*
 * audit: one line of the audit trail, and the text its hash is made of.
 *
 * hash(n) = BLAKE2b-256(hash(n - 1) | audit_text(n)).  Whoever changes, removes or inserts a row must make all later hashes anew; a
 * hash noted elsewhere (the server writes the newest to its log) shows that, too.
 */
#ifndef JN_AUDIT_H
#define JN_AUDIT_H

#include "core/model.h"

#define AUDIT_HASH_SIZE 32
/* What the strings may hold: printable ASCII, so that they look the same wherever the hash is computed. */
struct audit_row {
	int64_t seq;		/* ascending by one */
	int64_t at;		/* ms */
	char actor[64];		/* "" = nobody we know */
	char peer[48];		/* address, "" = UNIX socket or jailnet itself */
	char request_id[72];
	char method[8], path[160];
	char result[12];	/* "committed", "undone", "refused" */
	int64_t status;		/* HTTP status of a refusal, 0 = none */
	int64_t revision;	/* it made, 0 = none */
	char op[ID_SIZE];
	char detail[320];
	uint8_t hash[AUDIT_HASH_SIZE];
};

#define AUDIT_TEXT_SIZE 1024
/* Every field but the hash, each with its length before it, so that no two rows have the same text.  Returns the length. */
size_t audit_text(const struct audit_row *r, char buf[AUDIT_TEXT_SIZE]);
/* Makes every string printable ASCII. */
void audit_clean(struct audit_row *r);

#endif
