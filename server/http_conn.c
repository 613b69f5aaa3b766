/*
 * http_conn: the connections of a listener: whose they are, and what each is doing since when.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "server/http_int.h"
#include "server/ident.h"

/* What must never be NULL when memory is out: such a connection is closed before its first request. */
static struct conn *
conn_new(struct http_listener *l, struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *fd = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	const union MHD_ConnectionInfo *address = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct conn *c = calloc(1, sizeof(*c));
	struct ip ip = { 0 };

	if (c == NULL || fd == NULL)
		return (c);
	c->fd = fd->connect_fd;
	c->since = ident_mono_ms();
	if (!l->local && address != NULL)
		http_ip(address->client_addr, &ip);
	if (!l->local) {
		ip_format(&ip, c->address);
		c->peer = peers_get(l->peers, &ip, c->since);
		c->peer->connections++;
	}
	return (c);
}

void
http_conn_notify(void *listener, struct MHD_Connection *conn, void **context, enum MHD_ConnectionNotificationCode what)
{
	struct http_listener *l = listener;
	struct conn *c = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = c = conn_new(l, conn);
		if (c == NULL)
			return;
		pthread_mutex_lock(&l->conns_lock);
		c->next = l->conns;
		c->link = &l->conns;
		if (c->next != NULL)
			c->next->link = &c->next;
		l->conns = c;
		pthread_mutex_unlock(&l->conns_lock);
	} else if (c != NULL) {
		/* the descriptor is closed after this: the watchdog must not know it any more */
		pthread_mutex_lock(&l->conns_lock);
		*c->link = c->next;
		if (c->next != NULL)
			c->next->link = c->link;
		pthread_mutex_unlock(&l->conns_lock);
		if (c->peer != NULL)
			c->peer->connections--;
		free(c);
		*context = NULL;
	}
}

struct conn *
http_conn_of(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return (info == NULL ? NULL : info->socket_context);
}

void
http_conn_state(struct http_listener *l, struct conn *c, enum conn_state state)
{
	pthread_mutex_lock(&l->conns_lock);
	c->state = state;
	c->since = ident_mono_ms();
	pthread_mutex_unlock(&l->conns_lock);
}
