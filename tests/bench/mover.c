/* SPDX-License-Identifier: MIT */
/*
 * Moves large files over one kept TLS connection, for figures that must not be those
 * of a slow client: what it sends lies in memory, what it gets is thrown away.
 *
 *     mover PORT put|post|get PATH FILE N [HEADER...]
 *
 * sends FILE (put: as the body; post: as the part "file" of a form) or, with get, asks
 * for as many bytes as it has, N times. "%d" in PATH or in the name of the part is the
 * number of the time. Each time takes a line, in milliseconds from the first byte
 * sent to the last one read; then comes the CPU time of all, "cpu MILLISECONDS".
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#define EDGE "edge0of0a0part0that0is0long"

enum { RECORD = 16 * 1024, HEAD = 16 * 1024 };

struct mover {
	SSL *tls;
	const char *bytes;
	size_t size;
	char *const *headers;
};

static double
now_ms(clockid_t which)
{
	struct timespec t;

	(void)clock_gettime(which, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static _Noreturn void
die(const char *why, const char *more)
{
	fprintf(stderr, "mover: %s%s\n", why, more);
	exit(1);
}

static SSL *
open_tls(const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	SSL *tls = SSL_new(SSL_CTX_new(TLS_client_method()));
	int s = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	to.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(s, (const struct sockaddr *)&to, sizeof(to)) != 0)
		die("no connection to port ", port);
	(void)setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (SSL_set_fd(tls, s) != 1 || SSL_connect(tls) != 1)
		die("no TLS", "");
	return tls;
}

static void
send_all(SSL *tls, const char *p, size_t n)
{
	while (n) {
		int done = SSL_write(tls, p, n < RECORD ? (int)n : RECORD);

		if (done <= 0)
			die("the connection is closed", "");
		p += done;
		n -= (size_t)done;
	}
}

/* Read the answer to its end; returns the bytes of its body. */
static size_t
read_answer(SSL *tls)
{
	static char block[HEAD + 1];
	size_t n = 0, length;
	char *end = NULL, *found;

	while (!end) {
		int got = SSL_read(tls, block + n, (int)(HEAD - n));

		if (got <= 0)
			die("no answer", "");
		n += (size_t)got;
		block[n] = '\0';
		end = strstr(block, "\r\n\r\n");
	}
	if (strncmp(block, "HTTP/1.1 2", 10) != 0)
		die("a bad answer: ", block);
	found = strstr(block, "Content-Length: ");
	length = found && found < end ? strtoul(found + 16, NULL, 10) : 0;
	for (n -= (size_t)(end + 4 - block); n < length;) {
		int got = SSL_read(tls, block, HEAD);

		if (got <= 0)
			die("the answer is cut off", "");
		n += (size_t)got;
	}
	return length;
}

/* One request, path having its number already. */
static void
move(const struct mover *m, const char *method, const char *path, int number)
{
	static const char last[] = "\r\n--" EDGE "--\r\n";
	bool post = strcmp(method, "post") == 0, get = strcmp(method, "get") == 0;
	char head[HEAD], first[512] = "";
	size_t n, length;

	if (post)
		(void)snprintf(first, sizeof(first), "--" EDGE "\r\n"
		    "Content-Disposition: form-data; name=\"file\"; "
		    "filename=\"%d-%d.bin\"\r\n"
		    "Content-Type: application/octet-stream\r\n\r\n", (int)getpid(),
		    number);
	length = m->size + (post ? strlen(first) + sizeof(last) - 1 : 0);
	n = (size_t)snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: localhost\r\n",
	    get ? "GET" : post ? "POST" : "PUT", path);
	for (char *const *h = m->headers; *h; h++)
		n += (size_t)snprintf(head + n, sizeof(head) - n, "%s\r\n", *h);
	if (post)
		n += (size_t)snprintf(head + n, sizeof(head) - n,
		    "Content-Type: multipart/form-data; boundary=" EDGE "\r\n");
	if (!get)
		n += (size_t)snprintf(head + n, sizeof(head) - n,
		    "Content-Length: %zu\r\n", length);
	n += (size_t)snprintf(head + n, sizeof(head) - n, "\r\n%s", first);
	send_all(m->tls, head, n);
	if (!get)
		send_all(m->tls, m->bytes, m->size);
	if (post)
		send_all(m->tls, last, sizeof(last) - 1);
	if (read_answer(m->tls) != m->size && get)
		die("not as many bytes as asked for", "");
}

static void
map(struct mover *m, const char *name)
{
	struct stat st;
	int fd = open(name, O_RDONLY);
	void *p;

	if (fd < 0 || fstat(fd, &st) != 0)
		die("cannot open ", name);
	m->size = (size_t)st.st_size;
	p = mmap(NULL, m->size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (p == MAP_FAILED)
		die("cannot map ", name);
	m->bytes = p;
	(void)close(fd);
}

int
main(int argc, char **argv)
{
	struct mover m = { .headers = argv + 6 };
	double cpu, began;
	char path[2048];
	int n;

	if (argc < 6)
		die("usage: mover PORT put|post|get PATH FILE N [HEADER...]", "");
	n = (int)strtol(argv[5], NULL, 10);
	m.tls = open_tls(argv[1]);
	map(&m, argv[4]);
	cpu = now_ms(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < n; i++) {
		char *mark = strstr(argv[3], "%d");

		(void)snprintf(path, sizeof(path), "%.*s",
		    mark ? (int)(mark - argv[3]) : (int)sizeof(path) - 1, argv[3]);
		if (mark)
			(void)snprintf(path + strlen(path), sizeof(path) - strlen(path),
			    "%d%s", i, mark + 2);
		began = now_ms(CLOCK_MONOTONIC);
		move(&m, argv[2], path, i);
		printf("%.3f\n", now_ms(CLOCK_MONOTONIC) - began);
	}
	printf("cpu %.3f\n", now_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu);
	return 0;
}
