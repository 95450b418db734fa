-- Uploads by signed forms that S3 takes: what is awaited, and what of it is here.

-- name: space_pending_insert :exec
-- A form is given out.
INSERT INTO space_pending (pending_id, organisation_id, account_id, file_path,
       path_folder, object_key, max_size, created_at, expires_at)
VALUES (:pending_id, :viewer_organisation_id, :viewer_account_id, :file_path,
       :path_folder, :object_key, :max_size, :now, :expires_at);

-- name: space_pending_open :one
-- How many an account has given out that are awaited, counted up to a limit.
-- types: n BIGINT
SELECT COUNT(*) AS n
  FROM (SELECT pending_id
          FROM space_pending
         WHERE account_id = :viewer_account_id
         LIMIT :limit) AS p;

-- fragment: pending()
-- What is awaited.
SELECT pending_id, organisation_id, account_id, file_path, object_key, max_size,
       created_at, expires_at
  FROM space_pending;

-- name: space_pending_next :many
-- The next of all, in the order in which they end. Used by the job pending.
-- open: the job; it acts for the account of each
-- types: after_time BIGINT, after_id TEXT
:pending()
 WHERE expires_at > :after_time
    OR (expires_at = :after_time AND pending_id > :after_id)
 ORDER BY expires_at, pending_id
 LIMIT 1;

-- name: space_pending_at :many
-- What is awaited for one path. Used before it is looked at.
-- row: space_pending_next
:pending()
 WHERE organisation_id = :viewer_organisation_id
   AND file_path = :file_path
 ORDER BY pending_id
 LIMIT 5;

-- name: space_pending_in :many
-- The same for the files of one folder.
-- row: space_pending_next
:pending()
 WHERE organisation_id = :viewer_organisation_id
   AND path_folder = :path_folder
 ORDER BY pending_id
 LIMIT 20;

-- name: space_pending_paths :many
-- The paths that something is awaited for, from one text on and before another. Used by
-- space_delete.c.
-- types: from_path TEXT, until TEXT
SELECT DISTINCT file_path
  FROM space_pending
 WHERE organisation_id = :viewer_organisation_id
   AND file_path >= :from_path
   AND file_path < :until
 ORDER BY file_path
 LIMIT 100;

-- name: space_pending_most :one
-- How large what comes to a path may be, by the most generous of its forms; 0 without any.
-- open: the job, and who asks for the path, act for the account of each
-- types: max_size BIGINT
SELECT COALESCE(MAX(max_size), 0) AS max_size
  FROM space_pending
 WHERE organisation_id = :organisation_id
   AND file_path = :file_path;

-- name: space_pending_drop :exec
-- Nothing more can come by this one.
-- open: the job
DELETE FROM space_pending
 WHERE pending_id = :pending_id;

-- name: space_newer :many
-- The live file of a path, if it is of that time or later.
-- types: since BIGINT
SELECT file_id, uploaded_at
  FROM space_file
 WHERE organisation_id = :viewer_organisation_id
   AND file_path = :file_path
   AND deleted_at IS NULL
   AND uploaded_at >= :since
 LIMIT 1;

-- name: space_older_insert :exec
-- A version below what was uploaded after it.
INSERT INTO space_version (version_id, file_id, organisation_id, object_id, claimed_type,
       content_type, file_size, md5, sha256, uploaded_at, uploaded_by, replaced_at,
       replaced_by)
VALUES (:version_id, :file_id, :viewer_organisation_id, :object_id, :claimed_type,
       :content_type, :file_size, :md5, :sha256, :uploaded_at, :uploaded_by,
       :replaced_at, :uploaded_by);
