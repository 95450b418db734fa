/* SPDX-License-Identifier: MIT */
#ifndef CORE_SEAL_H
#define CORE_SEAL_H

struct arena;

/*
 * Sealing: texts that must not lie in the database in clear. XChaCha20-Poly1305
 * (draft-irtf-cfrg-xchacha-03) with a random nonce; the place (a column and the
 * row's id) is authenticated with it, so a sealed text can't be moved to another row.
 * The form is base64url of key number, nonce, ciphertext and tag.
 */

/* seal_text(a, place, id, plain): The sealed text, in a. Never fails. */
const char *seal_text(struct arena *a, const char *place, const char *id,
    const char *plain);

/* seal_open(a, place, id, sealed): The plain text, in a. NULL if it was changed,
 * moved, or sealed with a key that is gone; that is logged, as it means damage. */
const char *seal_open(struct arena *a, const char *place, const char *id,
    const char *sealed);

/* seal_hash(a, text, generation): The keyed hash of an NRC that finds its row
 * (HMAC-SHA256, lower-case hex). Generation as for key_get; NULL if there is none. */
const char *seal_hash(struct arena *a, const char *text, int generation);

/* seal_is_current(a, sealed): Did the current key make it? Else an older one did. */
bool seal_is_current(struct arena *a, const char *sealed);

#endif
