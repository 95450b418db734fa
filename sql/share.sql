-- Shares: an organisation's own by its accounts, and what a visitor with a token gets.

-- name: share_insert :exec
-- Make one, before its files.
INSERT INTO share (share_id, organisation_id, account_id, created_by, created_at,
       token_hash, password_hash, expires_at, ends_at, max_uses, n_uses)
VALUES (:share_id, :viewer_organisation_id, :viewer_account_id, :created_by, :now,
       :token_hash, :password_hash, :expires_at, :expires_at, :max_uses, 0);

-- name: share_file_insert :send
-- One of its files.
-- open: found in scope, for a share that was just made
INSERT INTO share_file (share_id, file_number, file_id, file_path)
VALUES (:share_id, :file_number, :file_id, :file_path);

-- fragment: is_held(s)
-- May who made it still see its files?
-- types: is_held BOOLEAN
EXISTS (SELECT 1
          FROM account AS a
          LEFT JOIN organisation AS k ON k.keeps_register
         WHERE a.account_id = s.account_id
           AND COALESCE(a.organisation_id, k.organisation_id) = s.organisation_id
           AND a.is_active
           AND (a.is_admin OR a.is_operator));

-- fragment: of_share(s)
-- What its organisation is told about it.
-- types: has_password BOOLEAN, n_files BIGINT
s.share_id, s.created_at, s.created_by, s.expires_at, s.revoked_at, s.revoked_by,
s.max_uses, s.n_uses, s.password_hash IS NOT NULL AS has_password,
:is_held(s) AS is_held,
(SELECT COUNT(*)
   FROM share_file AS c
  WHERE c.share_id = s.share_id) AS n_files;

-- name: share_get :one
-- One of the viewer's organisation.
SELECT :of_share(s)
  FROM share AS s
 WHERE s.share_id = :share_id
   AND s.organisation_id = :viewer_organisation_id;

-- name: share_list :many
-- A page of the organisation's, newest first. Used by share_list.
-- row: share_get
-- types: before_id TEXT
SELECT :of_share(s)
  FROM share AS s
 WHERE s.organisation_id = :viewer_organisation_id
   AND s.share_id < :before_id
 ORDER BY s.share_id DESC
 LIMIT :limit;

-- name: share_revoke :exec
-- End one; nothing happens if it was revoked before.
UPDATE share
   SET revoked_at = :now, revoked_by = :revoked_by,
       ends_at = CASE WHEN ends_at < :now THEN ends_at ELSE :now END
 WHERE share_id = :share_id
   AND organisation_id = :viewer_organisation_id
   AND revoked_at IS NULL;

-- name: share_find :one
-- What a token opens.
-- open: who has the token may; its hash names one row
SELECT s.share_id, s.password_hash, s.expires_at, s.revoked_at,
       s.max_uses, s.n_uses,
       :is_held(s) AS is_held
  FROM share AS s
 WHERE s.token_hash = :token_hash;

-- name: share_files :many
-- Its files; file_size is NULL of those that are gone.
-- open: the share was found by its token, or in scope
-- types: then_path TEXT
-- nullable: file_path, file_size
SELECT c.file_number, c.file_id, c.file_path AS then_path, f.file_path, f.file_size
  FROM share_file AS c
  JOIN share AS s ON s.share_id = c.share_id
  LEFT JOIN space_file AS f ON f.file_id = c.file_id
                           AND f.organisation_id = s.organisation_id
                           AND f.deleted_at IS NULL
 WHERE c.share_id = :share_id
 ORDER BY c.file_number
 LIMIT 100;

-- name: share_file_get :one
-- One of them with its bytes, unless it is gone.
-- open: the share was found by its token
SELECT c.file_id, f.file_path, f.content_type, f.uploaded_at, b.object_id, b.stored_in, b.object_key,
       b.object_version, b.file_size, b.sha256, b.md5
  FROM share_file AS c
  JOIN share AS s ON s.share_id = c.share_id
  JOIN space_file AS f ON f.file_id = c.file_id
                      AND f.organisation_id = s.organisation_id
                      AND f.deleted_at IS NULL
  JOIN object AS b ON b.object_id = f.object_id
 WHERE c.share_id = :share_id
   AND c.file_number = :file_number;

-- name: share_take :exec
-- Count a use, if there is one left: this statement alone decides.
-- open: the share was found by its token
UPDATE share
   SET n_uses = n_uses + 1
 WHERE share_id = :share_id
   AND revoked_at IS NULL
   AND expires_at > :now
   AND (max_uses IS NULL OR n_uses < max_uses);

-- name: share_use_insert :exec
-- Note what was done. Nothing happens if the visitor has taken this file before.
-- open: the share was found by its token
INSERT INTO share_use (use_id, share_id, used_at, address, use_outcome, file_number,
       object_id, visit_id, n_parts)
VALUES (:use_id, :share_id, :now, :address, :use_outcome, :file_number, :object_id,
       :visit_id, 0)
    ON CONFLICT DO NOTHING;

-- name: share_use_part :exec
-- The visitor goes on with a file that he has taken, if it is still the same.
-- open: the share was found by its token, the visit by a signed cookie
UPDATE share_use
   SET n_parts = n_parts + 1, last_part_at = :now
 WHERE visit_id = :visit_id
   AND file_number = :file_number
   AND object_id = :object_id
   AND share_id = :share_id;

-- name: share_use_list :many
-- A page of what was done with one, newest first.
-- types: before_id TEXT
SELECT u.use_id, u.used_at, u.address, u.use_outcome, u.file_number, u.n_parts,
       u.last_part_at
  FROM share_use AS u
 WHERE u.share_id = (SELECT s.share_id
                       FROM share AS s
                      WHERE s.share_id = :share_id
                        AND s.organisation_id = :viewer_organisation_id)
   AND u.use_id < :before_id
 ORDER BY u.use_id DESC
 LIMIT :limit;

-- name: share_old :many
-- Those that ended before a time, for the job shares.
-- open: housekeeping; gives ids only
-- types: before BIGINT
SELECT share_id
  FROM share
 WHERE ends_at < :before
 ORDER BY ends_at, share_id
 LIMIT 1;

-- name: share_use_purge :exec
-- Forget some of what was done with one.
-- open: housekeeping
DELETE FROM share_use
 WHERE use_id IN (
       SELECT u.use_id
         FROM share_use AS u
        WHERE u.share_id = :share_id
        ORDER BY u.use_id
        LIMIT 500);

-- name: share_purge :exec
-- And then itself, with its files.
-- open: housekeeping
DELETE FROM share
 WHERE share_id = :share_id;
