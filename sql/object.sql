-- Stored objects: where their bytes lie. Used by core/store.c; what is to be read joins
-- them in its own statement.

-- name: object_insert :send
-- Note one that is kept, before the row that names it.
-- open: names bytes, not people; the row that names it is written in scope
INSERT INTO object (object_id, stored_in, object_key, object_version, file_size, sha256,
       md5, created_at)
VALUES (:object_id, :stored_in, :object_key, :object_version, :file_size, :sha256,
       :md5, :now);

-- name: object_get :one
-- Where one lies.
-- open: who asks has read the row that names it in scope
SELECT object_id, stored_in, object_key, object_version, file_size, sha256, md5
  FROM object
 WHERE object_id = :object_id;

-- name: object_forget :send
-- Its bytes are to be removed, after the commit.
-- open: housekeeping
DELETE FROM object
 WHERE object_id = :object_id;

-- name: object_version_known :many
-- The same of a version in a bucket.
-- open: housekeeping; gives ids only
SELECT object_id
  FROM object
 WHERE object_key = :object_key
   AND object_version = :object_version
 LIMIT 1;

-- name: object_known :many
-- Whether an object has a row, for the sweep.
-- open: housekeeping; gives ids only
SELECT object_id
  FROM object
 WHERE object_id = :object_id
 LIMIT 1;
