-- What is kept of an organisation's files for a while: versions that something was
-- written over, and the trash. Who restores and who purges takes the row away first, so
-- that one of them wins and the other finds nothing.

-- name: space_any :one
-- A file by its id, live or in the trash. Used by space_kept.c.
SELECT f.file_id, f.file_path, f.object_id, f.content_type, f.file_size, f.sha256,
       f.uploaded_at, f.uploaded_by, f.deleted_at, f.deleted_by
  FROM space_file AS f
 WHERE f.file_id = :file_id
   AND f.organisation_id = :viewer_organisation_id;

-- name: space_version_list :many
-- The versions of a file, the newest first; :before is the last id of the page before.
-- types: before TEXT
SELECT v.version_id, v.content_type, v.file_size, v.sha256, v.uploaded_at,
       v.uploaded_by, v.replaced_at, v.replaced_by
  FROM space_version AS v
 WHERE v.file_id = :file_id
   AND v.organisation_id = :viewer_organisation_id
   AND v.version_id < :before
 ORDER BY v.version_id DESC
 LIMIT :limit;

-- name: space_trash_list :many
-- The trash, what was deleted last first; after the row that ended the page before.
-- types: before_at BIGINT, before_id TEXT, deleted_at BIGINT
SELECT f.file_id, f.file_path, f.content_type, f.file_size, f.sha256, f.uploaded_at,
       f.uploaded_by, f.deleted_at, f.deleted_by
  FROM space_file AS f
 WHERE f.organisation_id = :viewer_organisation_id
   AND f.deleted_at IS NOT NULL
   AND (f.deleted_at, f.file_id) < (:before_at, :before_id)
 ORDER BY f.deleted_at DESC, f.file_id DESC
 LIMIT :limit;

-- name: space_restore :exec
-- Take a file, which is held, out of the trash, to a path; the unique index refuses one
-- that is taken.
UPDATE space_file
   SET file_path = :file_path, path_folder = :path_folder, deleted_at = NULL,
       deleted_by = NULL
 WHERE file_id = :file_id
   AND organisation_id = :viewer_organisation_id
   AND deleted_at IS NOT NULL;

-- name: space_version_take :one
-- Take a version away, to put it back into use or to purge it.
DELETE FROM space_version
 WHERE version_id = :version_id
   AND file_id = :file_id
   AND organisation_id = :viewer_organisation_id
RETURNING object_id, claimed_type, content_type, file_size, md5, sha256, original_name,
       uploaded_at, uploaded_by;

-- name: space_version_old :many
-- Take away versions of an organisation's files that were replaced before a time; those
-- that somebody is just restoring are passed over. Used by space_purge.c.
-- open: housekeeping; gives ids only
-- only: sqlite
-- types: before BIGINT
DELETE FROM space_version
 WHERE version_id IN (SELECT v.version_id
                        FROM space_version AS v
                       WHERE v.organisation_id = :organisation_id
                         AND v.replaced_at < :before
                       ORDER BY v.replaced_at, v.version_id
                       LIMIT 500)
RETURNING object_id, file_size;

-- name: space_version_old :many
-- The same.
-- open: housekeeping; gives ids only
-- only: pgsql
DELETE FROM space_version
 WHERE version_id = ANY (ARRAY(
           SELECT v.version_id
             FROM space_version AS v
            WHERE v.organisation_id = :organisation_id
              AND v.replaced_at < :before
            ORDER BY v.replaced_at, v.version_id
            LIMIT 500
              FOR UPDATE SKIP LOCKED))
RETURNING object_id, file_size;

-- name: space_version_all :many
-- Take away versions of one file, which is in the trash and held.
-- only: sqlite
-- row: space_version_old
DELETE FROM space_version
 WHERE version_id IN (SELECT v.version_id
                        FROM space_version AS v
                       WHERE v.file_id = :file_id
                         AND v.organisation_id = :viewer_organisation_id
                       ORDER BY v.version_id
                       LIMIT 500)
RETURNING object_id, file_size;

-- name: space_version_all :many
-- The same.
-- only: pgsql
-- row: space_version_old
DELETE FROM space_version
 WHERE version_id = ANY (ARRAY(
           SELECT v.version_id
             FROM space_version AS v
            WHERE v.file_id = :file_id
              AND v.organisation_id = :viewer_organisation_id
            ORDER BY v.version_id
            LIMIT 500
              FOR UPDATE))
RETURNING object_id, file_size;

-- name: space_hold_id :one
-- Let nobody else change a file till the end of the transaction, wherever it is.
UPDATE space_file
   SET file_size = file_size
 WHERE file_id = :file_id
   AND organisation_id = :viewer_organisation_id
RETURNING file_path, file_size, deleted_at;

-- name: space_forget :one
-- Take a file away that is in the trash, and has no versions any more.
-- row: space_version_old
DELETE FROM space_file
 WHERE file_id = :file_id
   AND organisation_id = :viewer_organisation_id
   AND deleted_at IS NOT NULL
RETURNING object_id, file_size;

-- name: space_trash_old :many
-- Take away an organisation's files that were deleted before a time, and whose versions
-- are gone; those that somebody is just restoring are passed over.
-- open: housekeeping; gives ids only
-- only: sqlite
-- types: before BIGINT
-- row: space_version_old
DELETE FROM space_file
 WHERE file_id IN (SELECT f.file_id
                     FROM space_file AS f
                    WHERE f.organisation_id = :organisation_id
                      AND f.deleted_at < :before
                      AND (SELECT v.version_id
                             FROM space_version AS v
                            WHERE v.file_id = f.file_id
                            LIMIT 1) IS NULL
                    ORDER BY f.deleted_at, f.file_id
                    LIMIT 500)
RETURNING object_id, file_size;

-- name: space_trash_old :many
-- The same.
-- open: housekeeping; gives ids only
-- only: pgsql
-- row: space_version_old
DELETE FROM space_file
 WHERE file_id = ANY (ARRAY(
           SELECT f.file_id
             FROM space_file AS f
            WHERE f.organisation_id = :organisation_id
              AND f.deleted_at < :before
              AND (SELECT v.version_id
                     FROM space_version AS v
                    WHERE v.file_id = f.file_id
                    LIMIT 1) IS NULL
            ORDER BY f.deleted_at, f.file_id
            LIMIT 500
              FOR UPDATE SKIP LOCKED))
RETURNING object_id, file_size;

-- name: space_folder_empty :many
-- Folders below which there is nothing, and which nobody made: what lies deeper comes
-- first, after a row of the page before. Used by space_tidy.c.
-- open: housekeeping
-- types: after_id TEXT, after_path TEXT
SELECT d.organisation_id, d.folder_path
  FROM space_folder AS d
 WHERE (d.organisation_id, d.folder_path) < (:after_id, :after_path)
   AND d.path_folder IS NOT NULL
   AND NOT d.is_kept
   AND NOT EXISTS (
           SELECT 1
             FROM space_file AS f
            WHERE f.organisation_id = d.organisation_id
              AND f.path_folder = d.folder_path)
   AND NOT EXISTS (
           SELECT 1
             FROM space_folder AS b
            WHERE b.organisation_id = d.organisation_id
              AND b.path_folder = d.folder_path)
 ORDER BY d.organisation_id DESC, d.folder_path DESC
 LIMIT 500;

-- name: space_folder_hold :exec
-- Let nobody put something into a folder till the end of the transaction; nothing happens
-- if somebody is just doing so.
-- open: housekeeping
-- only: sqlite
UPDATE space_folder
   SET is_kept = is_kept
 WHERE organisation_id = :organisation_id
   AND folder_path = :folder_path
   AND NOT is_kept;

-- name: space_folder_hold :exec
-- The same.
-- open: housekeeping
-- only: pgsql
UPDATE space_folder
   SET is_kept = is_kept
 WHERE organisation_id = :organisation_id
   AND folder_path = (
           SELECT d.folder_path
             FROM space_folder AS d
            WHERE d.organisation_id = :organisation_id
              AND d.folder_path = :folder_path
              AND NOT d.is_kept
              FOR UPDATE SKIP LOCKED);

-- name: space_folder_forget :exec
-- Forget a folder that is held, if there is still nothing in it.
-- open: housekeeping
DELETE FROM space_folder
 WHERE organisation_id = :organisation_id
   AND folder_path = :folder_path
   AND path_folder IS NOT NULL
   AND NOT is_kept
   AND NOT EXISTS (
           SELECT 1
             FROM space_file AS f
            WHERE f.organisation_id = space_folder.organisation_id
              AND f.path_folder = space_folder.folder_path)
   AND NOT EXISTS (
           SELECT 1
             FROM space_folder AS b
            WHERE b.organisation_id = space_folder.organisation_id
              AND b.path_folder = space_folder.folder_path);
