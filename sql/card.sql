-- Issued cards and the public halves of the keys that signed them.

-- name: card_insert :exec
-- Note an issued card.
-- open: the farmer's row was read in scope
INSERT INTO card (card_serial, farmer_id, issued_at, issued_by, expires_at,
       card_file_id, qr_sealed)
VALUES (:card_serial, :farmer_id, :now, :issued_by, :expires_at,
       :card_file_id, :qr_sealed);

-- name: card_revoke :exec
-- End the card in force, before a new one is issued.
-- open: the farmer's row was read in scope
UPDATE card
   SET revoked_at = :now, revoked_why = :revoked_why
 WHERE farmer_id = :farmer_id
   AND revoked_at IS NULL;

-- name: card_current :one
-- The card in force of a farmer in scope. Used by card_download and card_qr.
SELECT c.card_serial, c.issued_at, c.expires_at, c.qr_sealed, o.object_id, o.stored_in,
       o.object_key, o.object_version, o.file_size, o.sha256, o.md5
  FROM card AS c
  JOIN farmer AS f ON f.farmer_id = c.farmer_id
  JOIN object AS o ON o.object_id = c.card_file_id
 WHERE c.farmer_id = :farmer_id
   AND c.revoked_at IS NULL
   AND f.deleted_at IS NULL
   AND :scope(f);

-- name: card_verify :one
-- What an inspector is told about a card whose signature holds.
-- open: public by design; the signature proves that the card was in the hand
SELECT c.card_serial, c.issued_at, c.expires_at, c.revoked_at, c.revoked_why,
       f.farmer_id, f.first_name, f.last_name, f.registration_status, f.is_active,
       f.province_name, f.district_name, f.village
  FROM card AS c
  JOIN farmer AS f ON f.farmer_id = c.farmer_id
 WHERE c.card_serial = :card_serial
   AND f.deleted_at IS NULL;

-- name: card_verify_old :one
-- The same for the signed triple of older cards, which have no serial.
-- open: public by design; the signature proves that the card was in the hand
SELECT farmer_id, first_name, last_name, registration_status, is_active,
       province_name, district_name, village
  FROM farmer
 WHERE farmer_id = :farmer_id
   AND deleted_at IS NULL;

-- name: card_key_insert :exec
-- Publish a key. Used at start.
INSERT INTO card_key (kid, public_key, created_at)
VALUES (:kid, :public_key, :now)
    ON CONFLICT (kid) DO NOTHING;

-- name: card_key_get :one
-- The key that a card names.
SELECT kid, public_key, revoked_at
  FROM card_key
 WHERE kid = :kid;

-- name: card_key_list :many
-- All keys, for `cem key list`.
SELECT kid, public_key, created_at, revoked_at
  FROM card_key
 ORDER BY created_at
 LIMIT 1000;

-- name: card_sealed :many
-- A run of cards to seal anew. Used by `cem key rotate`.
-- open: the command line on the host
SELECT card_serial, qr_sealed
  FROM card
 WHERE card_serial > :card_serial
 ORDER BY card_serial
 LIMIT :limit;

-- name: card_reseal :exec
-- Swap one card's seal.
-- open: the command line on the host
UPDATE card
   SET qr_sealed = :qr_sealed
 WHERE card_serial = :card_serial;
