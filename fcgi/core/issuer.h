/* SPDX-License-Identifier: MIT */
#ifndef CORE_ISSUER_H
#define CORE_ISSUER_H

#include "err.h"

struct arena;
struct db;

/*
 * The key that signs cards. Its private half is derived from SECRET_KEY and only
 * ever held by a worker's signer process (core/signer.c); its public half is
 * published in the database, so that cards verify after the key has changed.
 */

/* issuer_start(): Start this worker's signer with the current key, and forget the
 * key here. Call before conf_forget_secrets: old triples need SECRET_KEY too. */
enum err issuer_start(void);

/* issuer_publish(db, arena): Note the current public key, if it is new. */
enum err issuer_publish(struct db *db, struct arena *arena);

#endif
