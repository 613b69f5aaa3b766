/* fbsd_ng: messages to netgraph nodes through libnetgraph; what a bridge is made of is in fbsd_ngbridge.c. */
#include "worker/freebsd/fbsd_sys.h"

#include <sys/module.h>
#include <sys/time.h>

#include <netgraph/ng_message.h>
#include <netgraph/ng_eiface.h>
#include <netgraph/ng_ether.h>
#include <netgraph/ng_socket.h>

#include <netgraph.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"
#include "worker/freebsd/fbsd.h"
#include "worker/freebsd/fbsd_ng.h"

#define ANSWER_MAX (256 * 1024)	/* a bridge with 1800 ports, or as many names */
#define ANSWER_S 5

bool
fbsd_ng_there(void)
{
	return (modfind("ng_socket") != -1 && modfind("ng_bridge") != -1);
}

int
fbsd_ng_load(struct err *err)
{
	static const char *const modules[] = { "netgraph", "ng_socket", "ng_ether", "ng_bridge", "ng_eiface" };

	for (size_t i = 0; i < NELEMS(modules); i++)
		if (fbsd_kld_load(modules[i], err) == -1)
			return (-1);
	return (0);
}

int
fbsd_ng_open(struct fbsd_ng *ng)
{
	const struct timeval limit = { .tv_sec = ANSWER_S };
	int size = ANSWER_MAX;

	ng->answer = malloc(ANSWER_MAX);
	ng->s = -1;
	if (ng->answer == NULL)
		return (ENOMEM);
	if (NgMkSockNode(NULL, &ng->s, NULL) == -1) {
		ng->s = -1;
		return (errno);
	}
	if (fcntl(ng->s, F_SETFD, FD_CLOEXEC) == -1 || setsockopt(ng->s, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) == -1 ||
	    setsockopt(ng->s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == -1)
		return (errno);
	return (0);
}

void
fbsd_ng_close(struct fbsd_ng *ng)
{
	if (ng->s != -1)
		close(ng->s);
	free(ng->answer);
}

static int
tell(struct fbsd_ng *ng, const char *path, int cookie, int cmd, const void *arg, size_t size)
{
	return (NgSendMsg(ng->s, path, cookie, cmd, arg, size) == -1 ? errno : 0);
}

/* The answer is in ng->answer; it is at least 'size' bytes, *len if that is wanted. */
static int
ask(struct fbsd_ng *ng, const char *path, int cookie, int cmd, size_t size, size_t *len)
{
	int token = NgSendMsg(ng->s, path, cookie, cmd, NULL, 0);

	if (token == -1)
		return (errno);
	for (;;) {
		struct ng_mesg *m = ng->answer;
		int n = NgRecvMsg(ng->s, m, ANSWER_MAX, NULL);

		if (n == -1)
			return (errno);
		if ((size_t)n < sizeof(*m) || (m->header.flags & NGF_RESP) == 0 || m->header.token != (uint32_t)token)
			continue;
		if (m->header.arglen < size || m->header.arglen > (size_t)n - sizeof(*m))
			return (EBADMSG);
		if (len != NULL)
			*len = m->header.arglen;
		return (0);
	}
}

static void
take_node(const struct nodeinfo *n, struct fbsd_ng_node *out)
{
	memset(out, 0, sizeof(*out));
	(void)str_copy(out->name, sizeof(out->name), n->name);
	(void)str_copy(out->type, sizeof(out->type), n->type);
	out->id = n->id;
}

int
fbsd_ng_names(struct fbsd_ng *ng, struct fbsd_ng_node **v, size_t *n)
{
	const struct namelist *l;
	size_t len;
	int sys = ask(ng, ".", NGM_GENERIC_COOKIE, NGM_LISTNAMES, sizeof(*l), &len);

	*v = NULL;
	*n = 0;
	if (sys != 0)
		return (sys);
	l = (const struct namelist *)(const void *)ng->answer->data;
	if (l->numnames > (len - sizeof(*l)) / sizeof(l->nodeinfo[0]))
		return (EBADMSG);
	if ((*v = calloc(l->numnames + 1, sizeof(**v))) == NULL)
		return (ENOMEM);
	for (; *n < l->numnames; (*n)++)
		take_node(&l->nodeinfo[*n], &(*v)[*n]);
	return (0);
}

int
fbsd_ng_hooks(struct fbsd_ng *ng, const char *path, struct fbsd_ng_hook **v, size_t *n)
{
	const struct hooklist *l;
	size_t len;
	int sys = ask(ng, path, NGM_GENERIC_COOKIE, NGM_LISTHOOKS, sizeof(*l), &len);

	*v = NULL;
	*n = 0;
	if (sys != 0)
		return (sys);
	l = (const struct hooklist *)(const void *)ng->answer->data;
	if (l->nodeinfo.hooks > (len - sizeof(*l)) / sizeof(l->link[0]))
		return (EBADMSG);
	if ((*v = calloc(l->nodeinfo.hooks + 1, sizeof(**v))) == NULL)
		return (ENOMEM);
	for (; *n < l->nodeinfo.hooks; (*n)++) {
		struct fbsd_ng_hook *h = &(*v)[*n];

		(void)str_copy(h->ours, sizeof(h->ours), l->link[*n].ourhook);
		(void)str_copy(h->theirs, sizeof(h->theirs), l->link[*n].peerhook);
		take_node(&l->link[*n].nodeinfo, &h->peer);
	}
	return (0);
}

int
fbsd_ng_ifname(struct fbsd_ng *ng, const struct fbsd_ng_node *node, char ifname[IFNAME_SIZE])
{
	bool eiface = str_equal(node->type, NG_EIFACE_NODE_TYPE);
	char path[NG_PATHSIZ];
	int sys;

	if (!eiface && !str_equal(node->type, NG_ETHER_NODE_TYPE))
		return (EINVAL);
	snprintf(path, sizeof(path), "[%x]:", node->id);
	sys = ask(ng, path, eiface ? NGM_EIFACE_COOKIE : NGM_ETHER_COOKIE, eiface ? NGM_EIFACE_GET_IFNAME : NGM_ETHER_GET_IFNAME,
	    IFNAMSIZ, NULL);
	if (sys != 0)
		return (sys);
	ng->answer->data[IFNAMSIZ - 1] = '\0';
	return (str_copy(ifname, IFNAME_SIZE, ng->answer->data) == -1 ? EBADMSG : 0);
}

int
fbsd_ng_mkpeer(struct fbsd_ng *ng, const char *path, const char *type, const char *ours, const char *theirs)
{
	struct ngm_mkpeer m;

	memset(&m, 0, sizeof(m));
	(void)str_copy(m.type, sizeof(m.type), type);
	(void)str_copy(m.ourhook, sizeof(m.ourhook), ours);
	(void)str_copy(m.peerhook, sizeof(m.peerhook), theirs);
	return (tell(ng, path, NGM_GENERIC_COOKIE, NGM_MKPEER, &m, sizeof(m)));
}

int
fbsd_ng_connect(struct fbsd_ng *ng, const char *path, const char *to, const char *ours, const char *theirs)
{
	struct ngm_connect m;

	memset(&m, 0, sizeof(m));
	(void)str_copy(m.path, sizeof(m.path), to);
	(void)str_copy(m.ourhook, sizeof(m.ourhook), ours);
	(void)str_copy(m.peerhook, sizeof(m.peerhook), theirs);
	return (tell(ng, path, NGM_GENERIC_COOKIE, NGM_CONNECT, &m, sizeof(m)));
}

int
fbsd_ng_name(struct fbsd_ng *ng, const char *path, const char *name)
{
	struct ngm_name m;

	memset(&m, 0, sizeof(m));
	(void)str_copy(m.name, sizeof(m.name), name);
	return (tell(ng, path, NGM_GENERIC_COOKIE, NGM_NAME, &m, sizeof(m)));
}

int
fbsd_ng_rmhook(struct fbsd_ng *ng, const char *path, const char *hook)
{
	struct ngm_rmhook m;

	memset(&m, 0, sizeof(m));
	(void)str_copy(m.ourhook, sizeof(m.ourhook), hook);
	return (tell(ng, path, NGM_GENERIC_COOKIE, NGM_RMHOOK, &m, sizeof(m)));
}

int
fbsd_ng_shutdown(struct fbsd_ng *ng, const char *path)
{
	return (tell(ng, path, NGM_GENERIC_COOKIE, NGM_SHUTDOWN, NULL, 0));
}

int
fbsd_ng_port_on(struct fbsd_ng *ng, const char *path)
{
	const uint32_t on = 1, off = 0;
	int sys = tell(ng, path, NGM_ETHER_COOKIE, NGM_ETHER_SET_PROMISC, &on, sizeof(on));

	return (sys != 0 ? sys : tell(ng, path, NGM_ETHER_COOKIE, NGM_ETHER_SET_AUTOSRC, &off, sizeof(off)));
}

int
fbsd_ng_port_off(struct fbsd_ng *ng, const char *path)
{
	const uint32_t off = 0;

	return (tell(ng, path, NGM_ETHER_COOKIE, NGM_ETHER_SET_PROMISC, &off, sizeof(off)));
}
