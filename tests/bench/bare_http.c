/*
 * bare_http: what libmicrohttpd can do when there is nothing to do: one constant for every request, in the mode of server/http.c
 * (epoll, one polling thread of its own, the same limits).
 *
 * usage: bare_http BYTES [CERTIFICATE KEY]    prints the port it listens on at 127.0.0.1; with PEM files it is TLS; ends when its stdin does.
 */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/str.h"

#define SIZE_LIMIT (64u * 1024 * 1024)

#ifdef __linux__
#define POLLING MHD_USE_EPOLL
#else
#define POLLING MHD_USE_POLL
#endif

static enum MHD_Result
handle(void *cls, struct MHD_Connection *conn, const char *url, const char *method, const char *version, const char *data, size_t *size,
    void **con_cls)
{
	static int started;

	(void)url;
	(void)method;
	(void)version;
	(void)data;
	/* As the server does: the first call is for the headers, the answer goes with the second. */
	if (*con_cls == NULL) {
		*con_cls = &started;
		return (MHD_YES);
	}
	*size = 0;
	return (MHD_queue_response(conn, MHD_HTTP_OK, cls));
}

static int
listen_any(uint16_t *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	int fd;

	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd == -1)
		return (-1);
	if (bind(fd, (struct sockaddr *)&sin, len) == -1 || listen(fd, 128) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1) {
		close(fd);
		return (-1);
	}
	*port = ntohs(sin.sin_port);
	return (fd);
}

static struct MHD_Response *
constant(size_t size)
{
	struct MHD_Response *resp;
	char *body;

	body = malloc(size + 1);
	if (body == NULL)
		return (NULL);
	memset(body, 'x', size);
	resp = MHD_create_response_from_buffer(size, body, MHD_RESPMEM_MUST_FREE);
	if (resp != NULL && MHD_add_response_header(resp, "Content-Type", "application/json") != MHD_YES) {
		MHD_destroy_response(resp);
		resp = NULL;
	}
	return (resp);
}

/* A PEM file as text; it lives as long as the program. */
static char *
slurp(const char *path)
{
	char *text = calloc(1, 65536);
	FILE *f = fopen(path, "r");

	if (text == NULL || f == NULL || fread(text, 1, 65535, f) == 0) {
		perror(path);
		exit(1);
	}
	fclose(f);
	return (text);
}

int
main(int argc, char **argv)
{
	unsigned flags = POLLING | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, NULL },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, NULL },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)"SECURE128:-VERS-ALL:+VERS-TLS1.3" },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_Response *resp;
	struct MHD_Daemon *mhd;
	uint64_t size;
	uint16_t port;
	char c;
	int fd;

	if ((argc != 2 && argc != 4) || str_u64(argv[1], 1, SIZE_LIMIT, &size) == -1) {
		fprintf(stderr, "usage: bare_http BYTES [CERTIFICATE KEY]\n");
		return (2);
	}
	fd = listen_any(&port);
	resp = constant((size_t)size);
	if (fd == -1 || resp == NULL) {
		perror("bare_http");
		return (1);
	}
	if (argc == 4) {
		flags |= MHD_USE_TLS;
		tls[0].ptr_value = slurp(argv[2]);
		tls[1].ptr_value = slurp(argv[3]);
	}
	mhd = MHD_start_daemon(flags, 0, NULL, NULL, handle, resp, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, 512u,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32 * 1024, MHD_OPTION_CONNECTION_TIMEOUT, 30u, MHD_OPTION_STRICT_FOR_CLIENT, 1,
	    MHD_OPTION_ARRAY, argc == 4 ? tls : &tls[3], MHD_OPTION_END);
	if (mhd == NULL) {
		fprintf(stderr, "bare_http: libmicrohttpd does not start\n");
		return (1);
	}
	printf("%u\n", port);
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	MHD_stop_daemon(mhd);
	MHD_destroy_response(resp);
	return (0);
}
