/*
 * http_wait: long polls: a request that has nothing to say yet waits for the next commit, or until its time is up, and is then asked again.
 *
 * Its connection is suspended meanwhile.  No wake-up is lost: who found nothing new says which count of commits he had seen before he looked.
 */
#include "server/http_int.h"
#include "server/ident.h"

#define WAITING_MAX 64
#define WAITING_PER_ADDRESS 16

uint64_t
http_wait_mark(struct http_listener *l)
{
	uint64_t mark;

	pthread_mutex_lock(&l->lock);
	mark = l->notified;
	pthread_mutex_unlock(&l->lock);
	return (mark);
}

static bool
is_room(const struct request *r)
{
	size_t n = 0, same = 0;

	for (const struct request *o = r->l->waiting; o != NULL; o = o->next_waiting) {
		n++;
		same += o->c->peer == r->c->peer;
	}
	return (n < WAITING_MAX && same < WAITING_PER_ADDRESS);
}

enum http_waits
http_wait(struct request *r, int wait_s, uint64_t mark)
{
	struct http_listener *l = r->l;
	enum http_waits rc = HTTP_WAITS;

	if (r->wait_until == 0)
		r->wait_until = ident_mono_ms() + wait_s * 1000LL;
	pthread_mutex_lock(&l->lock);
	if (l->stopping || ident_mono_ms() >= r->wait_until)
		rc = HTTP_WAITED;
	else if (!is_room(r))
		rc = HTTP_NO_ROOM;
	else {
		MHD_suspend_connection(r->conn);
		if (l->notified != mark)
			MHD_resume_connection(r->conn);	/* something happened between looking and here: look again */
		else {
			r->next_waiting = l->waiting;
			l->waiting = r;
		}
	}
	pthread_mutex_unlock(&l->lock);
	return (rc);
}

void
http_wait_wake(struct http_listener *l, int64_t due)
{
	pthread_mutex_lock(&l->lock);
	for (struct request **link = &l->waiting, *r; (r = *link) != NULL;) {
		if (r->wait_until > due) {
			link = &r->next_waiting;
			continue;
		}
		*link = r->next_waiting;
		MHD_resume_connection(r->conn);
	}
	pthread_mutex_unlock(&l->lock);
}
