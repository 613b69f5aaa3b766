/* ticket: see ticket.h */
#include "server/ticket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"

struct ticket *
ticket_new(struct write *w)
{
	struct ticket *t;

	t = calloc(1, sizeof(*t));
	if (t != NULL) {
		t->write = w;
		plan_init(&t->out.plan);
	}
	return (t);
}

static void
out_fini(struct outcome *o)
{
	plan_fini(&o->plan);
	counters_unref(o->counters);
	hostfiles_fini(&o->files);
	if (o->has_file)
		close(o->fd);
}

void
ticket_free(struct ticket *t)
{
	if (t == NULL)
		return;
	write_free(t->write);
	out_fini(&t->out);
	free(t);
}

void
ticket_reset(struct ticket *t)
{
	out_fini(&t->out);
	memset(&t->out, 0, sizeof(t->out));
	plan_init(&t->out.plan);
}

void
ticket_answer(struct ticket *t)
{
	t->done(t);
}

int
ticket_queue_init(struct ticket_queue *q, struct err *err)
{
	memset(q, 0, sizeof(*q));
	q->tail = &q->head;
	if (pipe(q->wake) == -1)
		return (err_sys(err, "pipe"));
	for (int i = 0; i < 2; i++) {
		if (fcntl(q->wake[i], F_SETFL, O_NONBLOCK) == -1 || fcntl(q->wake[i], F_SETFD, FD_CLOEXEC) == -1)
			return (err_sys(err, "fcntl"));
	}
	if (pthread_mutex_init(&q->lock, NULL) != 0)
		return (err_nomem(err));
	return (0);
}

void
ticket_queue_fini(struct ticket_queue *q)
{
	close(q->wake[0]);
	close(q->wake[1]);
	pthread_mutex_destroy(&q->lock);
}

int
ticket_queue_push(struct ticket_queue *q, struct ticket *t, struct err *err)
{
	bool first = false, refused;

	pthread_mutex_lock(&q->lock);
	refused = q->closed || q->n >= TICKETS_MAX;
	if (!refused) {
		first = q->head == NULL;
		t->next = NULL;
		*q->tail = t;
		q->tail = &t->next;
		q->n++;
	}
	pthread_mutex_unlock(&q->lock);
	if (refused)
		return (err_set(err, ERR_BUSY, "too many requests are waiting"));
	/* it is R's from here on, even when R is not woken */
	if (first)
		ticket_queue_wake(q);
	return (0);
}

bool
ticket_queue_waits(struct ticket_queue *q)
{
	bool waits;

	pthread_mutex_lock(&q->lock);
	waits = q->head != NULL;
	pthread_mutex_unlock(&q->lock);
	return (waits);
}

struct ticket *
ticket_queue_take(struct ticket_queue *q)
{
	struct ticket *head;
	char drop[64];

	while (read(q->wake[0], drop, sizeof(drop)) > 0)
		continue;
	pthread_mutex_lock(&q->lock);
	head = q->head;
	q->head = NULL;
	q->tail = &q->head;
	q->n = 0;
	pthread_mutex_unlock(&q->lock);
	return (head);
}

/* One more of him, with room left for others? */
static bool
has_room(const struct ticket_queue *q, int known, const struct audit_row *note)
{
	const struct audit_row *v = q->notes[known];
	size_t same = 0;

	for (size_t i = 0; i < q->nnotes[known]; i++)
		same += str_equal(v[i].actor, note->actor) && (known || str_equal(v[i].peer, note->peer));
	return (q->nnotes[known] < NOTES_EACH && same < NOTES_ONE);
}

void
ticket_queue_note(struct ticket_queue *q, const struct audit_row *note)
{
	int known = note->actor[0] != '\0';
	bool first;

	pthread_mutex_lock(&q->lock);
	first = q->nnotes[0] + q->nnotes[1] == 0;
	if (has_room(q, known, note))
		q->notes[known][q->nnotes[known]++] = *note;
	else
		q->dropped++;
	pthread_mutex_unlock(&q->lock);
	/* A full pipe already wakes R. */
	if (first && write(q->wake[1], "", 1) == -1)
		return;
}

bool
ticket_queue_has_notes(struct ticket_queue *q)
{
	bool has;

	pthread_mutex_lock(&q->lock);
	has = q->nnotes[0] + q->nnotes[1] > 0 || q->nuses > 0;
	pthread_mutex_unlock(&q->lock);
	return (has);
}

void
ticket_queue_notes_back(struct ticket_queue *q, const struct audit_row *v, size_t n, size_t dropped)
{
	for (size_t i = 0; i < n; i++)
		ticket_queue_note(q, &v[i]);
	pthread_mutex_lock(&q->lock);
	q->dropped += dropped;
	pthread_mutex_unlock(&q->lock);
}

size_t
ticket_queue_notes(struct ticket_queue *q, struct audit_row out[NOTES_MAX], size_t *dropped)
{
	size_t n = 0;

	pthread_mutex_lock(&q->lock);
	for (int known = 1; known >= 0; known--) {
		memcpy(out + n, q->notes[known], q->nnotes[known] * sizeof(out[0]));
		n += q->nnotes[known];
		q->nnotes[known] = 0;
	}
	*dropped = q->dropped;
	q->dropped = 0;
	pthread_mutex_unlock(&q->lock);
	return (n);
}

void
ticket_queue_used(struct ticket_queue *q, const char *token, int64_t at)
{
	bool first;
	size_t i;

	pthread_mutex_lock(&q->lock);
	first = q->nuses == 0;
	for (i = 0; i < q->nuses && !str_equal(q->uses[i].id, token); i++)
		;
	if (i < USES_MAX) {
		str_copy(q->uses[i].id, sizeof(q->uses[i].id), token);
		q->uses[i].at = at;
		if (i == q->nuses)
			q->nuses++;
	}
	pthread_mutex_unlock(&q->lock);
	/* A full pipe already wakes R. */
	if (first && write(q->wake[1], "", 1) == -1)
		return;
}

size_t
ticket_queue_uses(struct ticket_queue *q, struct token_use out[USES_MAX])
{
	size_t n;

	pthread_mutex_lock(&q->lock);
	n = q->nuses;
	memcpy(out, q->uses, n * sizeof(out[0]));
	q->nuses = 0;
	pthread_mutex_unlock(&q->lock);
	return (n);
}

void
ticket_queue_close(struct ticket_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_mutex_unlock(&q->lock);
}

void
ticket_queue_wake(struct ticket_queue *q)
{
	/* A full pipe already wakes R. */
	if (write(q->wake[1], "", 1) == -1)
		return;
}
