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

-- name: object_list :many
-- A page of those in one place, by id. Used by `cem store copy`.
-- row: object_get
-- open: the command line on the host
-- types: after TEXT
SELECT object_id, stored_in, object_key, object_version, file_size, sha256, md5
  FROM object
 WHERE stored_in = :stored_in
   AND object_id > :after
 ORDER BY object_id
 LIMIT :limit;

-- name: object_list_all :many
-- The same wherever they are. Used by `cem store check`.
-- row: object_get
-- open: the command line on the host
-- types: after TEXT
SELECT object_id, stored_in, object_key, object_version, file_size, sha256, md5
  FROM object
 WHERE object_id > :after
 ORDER BY object_id
 LIMIT :limit;

-- name: object_count :one
-- How many lie there. Used by `cem store copy`.
-- open: the command line on the host
-- types: n BIGINT
SELECT COUNT(*) AS n
  FROM object
 WHERE stored_in = :stored_in;

-- name: object_move :exec
-- It was copied to another place, and is read there from now on. What lies in S3 is
-- remembered, so that the sweep leaves it alone. Nothing happens if the object is gone,
-- or not there any more.
-- open: the command line on the host
-- types: moved_from TEXT
UPDATE object
   SET stored_in = :stored_in, object_key = COALESCE(:object_key, object_key),
       object_version = COALESCE(:object_version, object_version),
       md5 = COALESCE(md5, :md5)
 WHERE object_id = :object_id
   AND stored_in = :moved_from;

-- name: object_left_s3 :exec
-- Its second copy in S3 is gone.
-- open: the command line on the host
UPDATE object
   SET object_key = NULL, object_version = NULL
 WHERE object_id = :object_id
   AND stored_in = 'disk'
   AND object_version = :object_version;

-- name: object_forget :send
-- Its bytes are to be removed, after the commit.
-- open: housekeeping
DELETE FROM object
 WHERE object_id = :object_id;

-- name: object_known :many
-- Whether an object has a row, for the sweep.
-- open: housekeeping; gives ids only
SELECT object_id
  FROM object
 WHERE object_id = :object_id
 LIMIT 1;

-- name: object_version_known :many
-- The same of a version of a key in the bucket; also for what S3 took by a form.
-- open: gives ids only
SELECT object_id
  FROM object
 WHERE object_key = :object_key
   AND object_version = :object_version
 LIMIT 1;
