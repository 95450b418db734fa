-- An organisation's files by path. The viewer sees those of the organisation whose
-- account he has, and no statement reaches another's.

-- name: space_folder_note :send
-- A folder that a file is about to be in, if it has no row; those above it come first.
INSERT INTO space_folder (organisation_id, folder_path, path_folder, is_kept)
VALUES (:viewer_organisation_id, :folder_path, :path_folder, FALSE)
    ON CONFLICT DO NOTHING;

-- name: space_insert :exec
-- A new file; nothing happens if there is a live one of that path. Used by space_put.
INSERT INTO space_file (file_id, organisation_id, file_path, path_folder, object_id,
       claimed_type, content_type, file_size, md5, sha256, original_name, uploaded_at,
       uploaded_by, created_at)
VALUES (:file_id, :viewer_organisation_id, :file_path, :path_folder, :object_id,
       :claimed_type, :content_type, :file_size, :md5, :sha256, :original_name, :now,
       :uploaded_by, :now)
    ON CONFLICT DO NOTHING;

-- fragment: keep_version(f)
-- What a file is becomes a version; which file it is follows.
INSERT INTO space_version (version_id, file_id, organisation_id, object_id, claimed_type,
       content_type, file_size, md5, sha256, original_name, uploaded_at, uploaded_by,
       replaced_at, replaced_by)
SELECT :version_id, f.file_id, f.organisation_id, f.object_id, f.claimed_type,
       f.content_type, f.file_size, f.md5, f.sha256, f.original_name, f.uploaded_at,
       f.uploaded_by, :now, :replaced_by
  FROM space_file AS f;

-- name: space_version_insert :one
-- Keep what the live file of a path is, before something is written over it; gives its
-- id. Who else writes to that path waits from here to the end of the transaction.
-- only: sqlite
:keep_version(f)
 WHERE f.organisation_id = :viewer_organisation_id
   AND f.file_path = :file_path
   AND f.deleted_at IS NULL
RETURNING file_id, file_size;

-- name: space_version_insert :one
-- The same; SQLite has one writer anyway.
-- only: pgsql
:keep_version(f)
 WHERE f.organisation_id = :viewer_organisation_id
   AND f.file_path = :file_path
   AND f.deleted_at IS NULL
   FOR NO KEY UPDATE
RETURNING file_id, file_size;

-- name: space_overwrite :exec
-- Give a live file, which is held, other bytes: new ones, or those of a version. Its id,
-- path and first day stay.
UPDATE space_file
   SET object_id = :object_id, claimed_type = :claimed_type,
       content_type = :content_type, file_size = :file_size, md5 = :md5,
       sha256 = :sha256, original_name = :original_name, uploaded_at = :uploaded_at,
       uploaded_by = :uploaded_by
 WHERE file_id = :file_id
   AND organisation_id = :viewer_organisation_id
   AND deleted_at IS NULL;

-- fragment: with_bytes(f, o)
-- Files, and where their bytes lie.
SELECT f.file_id, f.file_path, f.claimed_type, f.content_type, f.file_size, f.md5,
       f.sha256, f.original_name, f.uploaded_at, f.uploaded_by, f.created_at,
       f.object_id, o.stored_in, o.object_key, o.object_version
  FROM space_file AS f
  JOIN object AS o ON o.object_id = f.object_id;

-- name: space_by_path :one
-- A live file by its path, and where its bytes lie.
:with_bytes(f, o)
 WHERE f.organisation_id = :viewer_organisation_id
   AND f.file_path = :file_path
   AND f.deleted_at IS NULL;

-- name: space_by_id :one
-- The same by its id.
-- row: space_by_path
:with_bytes(f, o)
 WHERE f.organisation_id = :viewer_organisation_id
   AND f.file_id = :file_id
   AND f.deleted_at IS NULL;

-- name: space_files :many
-- The files of one folder, by their paths. Used by space_list.
-- types: after TEXT
SELECT file_path, file_size, md5, uploaded_at
  FROM space_file
 WHERE organisation_id = :viewer_organisation_id
   AND path_folder = :path_folder
   AND file_path > :after
 ORDER BY file_path
 LIMIT :limit;

-- name: space_folders :many
-- The folders in one folder that somebody made, or below which something lies: what is
-- below "a" comes behind "a/" and before "a0". Used by space_list.
-- types: after TEXT
SELECT s.folder_path
  FROM space_folder AS s
 WHERE s.organisation_id = :viewer_organisation_id
   AND s.path_folder = :path_folder
   AND s.folder_path > :after
   AND (s.is_kept
        OR EXISTS (
           SELECT 1
             FROM space_file AS f
            WHERE f.organisation_id = :viewer_organisation_id
              AND f.file_path > s.folder_path || '/'
              AND f.file_path < s.folder_path || '0'
              AND f.deleted_at IS NULL)
        OR EXISTS (
           SELECT 1
             FROM space_folder AS k
            WHERE k.organisation_id = :viewer_organisation_id
              AND k.folder_path > s.folder_path || '/'
              AND k.folder_path < s.folder_path || '0'
              AND k.is_kept))
 ORDER BY s.folder_path
 LIMIT :limit;
