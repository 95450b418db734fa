/* SPDX-License-Identifier: MIT */
/*
 * What the server is compared with: the least that a program can do behind nginx.
 * N processes take requests with libfcgi and answer 30 bytes to each, or have nginx
 * send the file PATH.
 *
 *     bare_fcgi SOCKET N [PATH]
 *
 * They end when their parent is told to.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcgiapp.h>

static const char answer[] =
    "Status: 200 OK\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: 30\r\n\r\n"
    "{\"status\":\"healthy\",\"bare\":1}\n";

static int
work(int listener, const char *path)
{
	FCGX_Request request;

	if (FCGX_InitRequest(&request, listener, 0) != 0)
		return 1;
	while (FCGX_Accept_r(&request) == 0) {
		if (path)
			(void)FCGX_FPrintF(request.out, "Status: 200 OK\r\n"
			    "X-Accel-Redirect: %s\r\n\r\n", path);
		else
			(void)FCGX_PutStr(answer, sizeof(answer) - 1, request.out);
		FCGX_Finish_r(&request);
	}
	return 1;
}

/* A child ends with its parent, however that ends. */
static pid_t
work_apart(int listener, const char *path)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
		_exit(1);
	_exit(work(listener, path));
}

int
main(int argc, char **argv)
{
	long n = argc == 3 || argc == 4 ? strtol(argv[2], NULL, 10) : 0;
	int listener, i;

	if (n < 1 || n > 256) {
		fputs("usage: bare_fcgi SOCKET N [PATH]\n", stderr);
		return 2;
	}
	(void)umask(0); /* nginx connects as another user */
	if (FCGX_Init() != 0 || (listener = FCGX_OpenSocket(argv[1], 1000)) < 0) {
		fputs("bare_fcgi: the socket can't be opened\n", stderr);
		return 1;
	}
	for (i = 0; i < n; i++)
		if (work_apart(listener, argv[3]) < 0)
			return 1;
	while (wait(NULL) > 0)
		fputs("bare_fcgi: a child has ended\n", stderr);
	return 1;
}
