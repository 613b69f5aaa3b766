/*
 * ticket: one write on its way from an HTTP thread to R and back.
 *
 * An HTTP thread makes a ticket and pushes it; from then on R owns it until it calls ticket_answer(), exactly once, after
 * which the HTTP thread owns it again.  'done' runs in R's thread and must only wake the HTTP side.
 */
#ifndef JN_TICKET_H
#define JN_TICKET_H

#include <pthread.h>

#include "api/api.h"

#define TICKETS_MAX 1024
#define NOTES_EACH 32	/* of people we know, and of strangers: neither pushes the others' out */
#define NOTES_ONE (NOTES_EACH / 2)	/* of one of them, or of one address */
#define NOTES_MAX (2 * NOTES_EACH)
#define USES_MAX 64

struct ticket {
	struct ticket *next;
	struct write *write;	/* owned */
	struct outcome out;
	void (*done)(struct ticket *t);
	void *arg;		/* of the HTTP side */
};

struct ticket *ticket_new(struct write *w);
void ticket_free(struct ticket *t);
void ticket_reset(struct ticket *t);	/* what came out of it goes: to be pushed again */
void ticket_answer(struct ticket *t);

/* A bounded queue with a wake pipe; push from any thread, take in R. */
struct ticket_queue {
	pthread_mutex_t lock;
	struct ticket *head, **tail;
	size_t n;
	bool closed;
	int wake[2];
	/* what HTTP threads refused, for the audit trail */
	struct audit_row notes[2][NOTES_EACH];	/* [has an actor] */
	size_t nnotes[2], dropped;
	/* credentials that were good for something */
	struct token_use {
		char id[ID_SIZE];
		int64_t at;
	} uses[USES_MAX];
	size_t nuses;
};
int ticket_queue_init(struct ticket_queue *q, struct err *err);
void ticket_queue_fini(struct ticket_queue *q);
/* ERR_BUSY when full or closed: the caller keeps the ticket. */
int ticket_queue_push(struct ticket_queue *q, struct ticket *t, struct err *err);
/* All waiting tickets, in order; NULL = none.  Empties the wake pipe. */
struct ticket *ticket_queue_take(struct ticket_queue *q);
bool ticket_queue_waits(struct ticket_queue *q);	/* is there any? */
/* Any thread; what does not fit is counted. */
void ticket_queue_note(struct ticket_queue *q, const struct audit_row *note);
bool ticket_queue_has_notes(struct ticket_queue *q);	/* or uses */
/* Takes all: how many. */
size_t ticket_queue_notes(struct ticket_queue *q, struct audit_row out[NOTES_MAX], size_t *dropped);
void ticket_queue_notes_back(struct ticket_queue *q, const struct audit_row *v, size_t n, size_t dropped);	/* they could not be stored */
/* Any thread; what does not fit is forgotten: it is told again with the next use. */
void ticket_queue_used(struct ticket_queue *q, const char *token, int64_t at);
/* Takes all: how many. */
size_t ticket_queue_uses(struct ticket_queue *q, struct token_use out[USES_MAX]);
void ticket_queue_wake(struct ticket_queue *q);	/* R looks around, though nothing is in it */
/* Later pushes are refused. */
void ticket_queue_close(struct ticket_queue *q);

#endif
