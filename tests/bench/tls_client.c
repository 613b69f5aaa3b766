/*
 * tls_client: TLS handshakes as fast as they come: connect, handshake, one GET, close; several processes at once.
 *
 * usage: tls_client PORT PROCESSES SECONDS    prints handshakes a second
 */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/str.h"

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

static int
speak(gnutls_session_t session)
{
	static const char request[] = "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
	char answer[4096];
	ssize_t n, all = 0;

	if (gnutls_handshake(session) < 0 || gnutls_record_send(session, request, sizeof(request) - 1) < 0)
		return (-1);
	while ((n = gnutls_record_recv(session, answer, sizeof(answer))) > 0 || n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
		all += n > 0 ? n : 0;
	return (all > 0 ? 0 : -1);
}

static int
once(gnutls_certificate_credentials_t credentials, uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct linger at_once = { 1, 0 };
	gnutls_session_t session;
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1, rc = -1;

	if (fd == -1 || connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 || gnutls_init(&session, GNUTLS_CLIENT) < 0) {
		close(fd);
		return (-1);
	}
	/* no port waits for its end */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	gnutls_set_default_priority(session);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(session, fd);
	rc = speak(session);
	gnutls_deinit(session);
	close(fd);
	return (rc);
}

static void
work(uint16_t port, double until, unsigned long *made)
{
	gnutls_certificate_credentials_t credentials;

	if (gnutls_certificate_allocate_credentials(&credentials) < 0)
		_exit(1);
	while (now() < until) {
		if (once(credentials, port) == -1)
			_exit(1);
		(*made)++;
	}
	_exit(0);
}

int
main(int argc, char **argv)
{
	uint64_t port, processes, seconds;
	unsigned long *made, all = 0;
	int status, failed = 0;
	double start;

	if (argc != 4 || str_u64(argv[1], 1, 65535, &port) == -1 || str_u64(argv[2], 1, 64, &processes) == -1 ||
	    str_u64(argv[3], 1, 60, &seconds) == -1) {
		fprintf(stderr, "usage: tls_client PORT PROCESSES SECONDS\n");
		return (2);
	}
	made = mmap(NULL, sizeof(*made) * processes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (made == MAP_FAILED)
		return (1);
	start = now();
	for (uint64_t i = 0; i < processes; i++) {
		if (fork() == 0)
			work((uint16_t)port, start + (double)seconds, &made[i]);
	}
	while (wait(&status) > 0)
		failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	for (uint64_t i = 0; i < processes; i++)
		all += made[i];
	if (failed > 0) {
		fprintf(stderr, "tls_client: %d of %d processes failed\n", failed, (int)processes);
		return (1);
	}
	printf("%.1f\n", (double)all / (now() - start));
	return (0);
}
