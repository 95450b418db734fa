/* SPDX-License-Identifier: MIT */
/* The signer against published vectors, its death, and the death of its worker. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>

#include "clock.h"
#include "log.h"
#include "sandbox.h"
#include "signer.h"
#include "test.h"

/* RFC 8032 section 7.1, tests 2 and 3. */
static const char seed_2[] =
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
static const char public_2[] =
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
static const char signature_2[] =
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
static const char legacy[] = "fedcba9876543210fedcba9876543210";
static const char old_id[] = "ZMFF63BA09";
static const char old_time[] = "2026-11-21T23:03:34.170470+00:00";
static const char old_signature[] = "PXHTTuuV0y3saoX8sN6TLTCO1CqxElLNZPx9_n-ks_8=";

static uint8_t seed[SIGNER_SEED];

static bool
same_hex(const uint8_t *p, size_t n, const char *hex)
{
	char text[2 * SIGNER_SIGNATURE + 1];

	return strcmp(sodium_bin2hex(text, sizeof(text), p, n), hex) == 0;
}

/* The first child of a process, 0 if it has none (proc(5)). */
static pid_t
child_of(pid_t pid)
{
	char path[64], text[32] = "";
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)pid,
	    (long)pid);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	if (fd >= 0)
		close(fd);
	return (pid_t)strtol(text, NULL, 10);
}

static void
test_signing(void)
{
	uint8_t message[SIGNER_MAX + 1] = { 0x72 }, out[SIGNER_SIGNATURE];
	uint8_t public[SIGNER_PUBLIC], kid[SIGNER_KID], hash[32];

	signer_public(public);
	ok(same_hex(public, sizeof(public), public_2), "the public key is the seed's");
	crypto_hash_sha256(hash, public, sizeof(public));
	signer_kid(kid);
	ok(memcmp(kid, hash, sizeof(kid)) == 0, "the key id is the hash's beginning");
	ok(signer_sign(message, 1, out) == OK &&
	    same_hex(out, sizeof(out), signature_2), "the signature is that of RFC 8032");
	ok(signer_sign(message, 0, out) == OK &&
	    crypto_sign_verify_detached(out, message, 0, public) == 0,
	    "nothing can be signed");
	memset(message, 'x', sizeof(message));
	ok(signer_sign(message, SIGNER_MAX, out) == OK &&
	    crypto_sign_verify_detached(out, message, SIGNER_MAX, public) == 0,
	    "the longest message can");
	ok(signer_sign(message, SIGNER_MAX + 1, out) == ERR_BIG, "one byte more can't");
}

static void
test_legacy(void)
{
	char wrong[sizeof(old_signature)], text[200];
	int accepted = 0;

	ok(signer_check_legacy(old_id, old_time, old_signature), "an old card is good");
	for (size_t i = 0; i < sizeof(wrong) - 1; i++) {
		memcpy(wrong, old_signature, sizeof(wrong));
		wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
		accepted += signer_check_legacy(old_id, old_time, wrong);
	}
	ok(accepted == 0, "with any character changed it is not");
	ok(!signer_check_legacy("ZMFF63BA08", old_time, old_signature),
	    "nor for another farmer");
	ok(!signer_check_legacy(old_id, "2026-11-21T23:03:34.170471+00:00",
	    old_signature), "nor at another time");
	memcpy(wrong, old_signature, sizeof(wrong));
	wrong[sizeof(wrong) - 2] = '\0';
	ok(!signer_check_legacy(old_id, old_time, wrong), "nor without its padding");
	ok(!signer_check_legacy("", "", ""), "nothing is not a signature");
	ok(!signer_check_legacy(NULL, old_time, old_signature) &&
	    !signer_check_legacy(old_id, NULL, old_signature) &&
	    !signer_check_legacy(old_id, old_time, NULL), "NULL is not");
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ok(!signer_check_legacy(text, text, old_signature) &&
	    !signer_check_legacy(old_id, old_time, text), "long texts are not");
	text[127] = '\0';
	ok(!signer_check_legacy(text, text, old_signature), "the longest texts are not");
	ok(signer_check_legacy(old_id, old_time, old_signature), "it still works");
}

static void
test_death(void)
{
	uint8_t out[SIGNER_SIGNATURE];
	pid_t signer = child_of(getpid());
	int64_t start;

	log_limit(LOG_ERROR + 1);
	ok(signer > 0, "the signer is a process of its own");
	(void)kill(signer, SIGTERM);
	ok(signer_sign(seed, 1, out) == OK, "SIGTERM does not end it");
	(void)kill(signer, SIGSTOP);
	start = clock_steady();
	ok(signer_sign(seed, 1, out) == ERR_DOWN &&
	    clock_steady() - start < 30 * CLOCK_SECOND, "if it hangs we do not");
	(void)kill(signer, SIGCONT);
	signer_stop();
	ok(child_of(getpid()) == 0, "it ends once its socket is closed");
	ok(signer_start(seed, legacy, NULL) == OK, "it can be started again");
	(void)kill(child_of(getpid()), SIGKILL);
	ok(signer_sign(seed, 1, out) == ERR_DOWN, "if it is dead: down");
	ok(signer_sign(seed, 1, out) == ERR_DOWN, "and it stays down");
	ok(!signer_check_legacy(old_id, old_time, old_signature), "no old card is good");
	signer_stop();
	signer_stop();
	ok(signer_start(seed, "", NULL) == ERR_BROKEN &&
	    signer_start(seed, NULL, NULL) == ERR_BROKEN,
	    "without a secret it does not start");
	log_limit(LOG_ERROR);
}

static void
be_worker(int ready)
{
	const struct sandbox s = { .connect_unix = false };
	uint8_t out[SIGNER_SIGNATURE];
	char answer;

	answer = signer_start(seed, legacy, NULL) == OK && sandbox_lock(&s) == OK &&
	    signer_sign(seed, 1, out) == OK ? 'y' : 'n';
	if (write(ready, &answer, 1) != 1)
		_exit(1);
	for (;;)
		(void)usleep(10000);
}

static void
test_worker_killed(void)
{
	char answer = 'n';
	int ends[2], left = 3000;
	pid_t worker;

	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (pipe(ends) != 0)
		abort();
	worker = fork();
	if (worker == 0)
		be_worker(ends[1]);
	ok(read(ends[0], &answer, 1) == 1 && answer == 'y', "a locked worker can sign");
	(void)kill(worker, SIGKILL);
	while (waitpid(-1, NULL, WNOHANG) >= 0 && left--)
		(void)usleep(20000);
	ok(left > 0, "a worker killed leaves no signer");
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	uint8_t out[SIGNER_SIGNATURE];

	setvbuf(stdout, NULL, _IONBF, 0);
	log_limit(LOG_ERROR);
	if (sodium_init() < 0 || sodium_hex2bin(seed, sizeof(seed), seed_2,
	    strlen(seed_2), NULL, NULL, NULL) != 0)
		return 1;
	ok(signer_sign(seed, 1, out) == ERR_DOWN, "before it is started: down");
	ok(signer_start(seed, legacy, NULL) == OK, "the signer starts");
	test_signing();
	test_legacy();
	test_death();
	test_worker_killed();
	return test_end();
}
