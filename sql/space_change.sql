-- Changes of an organisation's files by path: delete, move. Who changes several takes
-- them in the order of their paths, so that two who do so wait for each other and never
-- in a circle; the organisation's row comes last.

-- name: space_trash :many
-- Put files into the trash, by their paths: a JSON list of at most 500. Used by
-- space_delete.c.
-- only: sqlite
-- types: paths TEXT
UPDATE space_file
   SET path_folder = NULL, deleted_at = :now, deleted_by = :deleted_by
 WHERE organisation_id = :viewer_organisation_id
   AND file_path IN (SELECT j.value
                       FROM JSON_EACH(:paths) AS j
                      LIMIT 500)
   AND deleted_at IS NULL
RETURNING file_id, file_path, file_size;

-- name: space_trash :many
-- The same.
-- only: pgsql
UPDATE space_file
   SET path_folder = NULL, deleted_at = :now, deleted_by = :deleted_by
 WHERE file_id = ANY (ARRAY(
           SELECT f.file_id
             FROM space_file AS f
            WHERE f.organisation_id = :viewer_organisation_id
              AND f.file_path = ANY (ARRAY(
                      SELECT j.path
                        FROM JSON_ARRAY_ELEMENTS_TEXT(CAST(:paths AS JSON)) AS j (path)))
              AND f.deleted_at IS NULL
            ORDER BY f.file_path
            LIMIT 500
              FOR NO KEY UPDATE))
RETURNING file_id, file_path, file_size;

-- name: space_trash_below :many
-- The same with the next files of a folder and of all below it: those whose paths are
-- after one text and before another.
-- only: sqlite
-- types: after TEXT, until TEXT
-- row: space_trash
UPDATE space_file
   SET path_folder = NULL, deleted_at = :now, deleted_by = :deleted_by
 WHERE file_id IN (SELECT f.file_id
                     FROM space_file AS f
                    WHERE f.organisation_id = :viewer_organisation_id
                      AND f.file_path > :after
                      AND f.file_path < :until
                      AND f.deleted_at IS NULL
                    ORDER BY f.file_path
                    LIMIT 500)
RETURNING file_id, file_path, file_size;

-- name: space_trash_below :many
-- The same.
-- only: pgsql
-- row: space_trash
UPDATE space_file
   SET path_folder = NULL, deleted_at = :now, deleted_by = :deleted_by
 WHERE file_id = ANY (ARRAY(
           SELECT f.file_id
             FROM space_file AS f
            WHERE f.organisation_id = :viewer_organisation_id
              AND f.file_path > :after
              AND f.file_path < :until
              AND f.deleted_at IS NULL
            ORDER BY f.file_path
            LIMIT 500
              FOR NO KEY UPDATE))
RETURNING file_id, file_path, file_size;

-- name: space_hold :exec
-- Let nobody else change a file till the end of the transaction.
UPDATE space_file
   SET file_size = file_size
 WHERE organisation_id = :viewer_organisation_id
   AND file_path = :file_path
   AND deleted_at IS NULL;

-- name: space_move :one
-- Give a file another path. The unique index refuses one that is taken.
-- types: new_path TEXT, new_folder TEXT
UPDATE space_file
   SET file_path = :new_path, path_folder = :new_folder
 WHERE organisation_id = :viewer_organisation_id
   AND file_path = :file_path
   AND deleted_at IS NULL
RETURNING file_id, file_size;

-- name: space_folder_keep :exec
-- A folder that somebody makes is listed also while nothing is in it; one that is deleted
-- is so no more. Nothing happens if that is how it is.
UPDATE space_folder
   SET is_kept = :is_kept
 WHERE organisation_id = :viewer_organisation_id
   AND folder_path = :folder_path
   AND is_kept <> :is_kept;

-- name: space_folder_leave :many
-- The next kept folders below one are so no more: those whose paths are after one text
-- and before another.
-- only: sqlite
-- types: after TEXT, until TEXT
UPDATE space_folder
   SET is_kept = FALSE
 WHERE organisation_id = :viewer_organisation_id
   AND folder_path IN (SELECT d.folder_path
                         FROM space_folder AS d
                        WHERE d.organisation_id = :viewer_organisation_id
                          AND d.folder_path > :after
                          AND d.folder_path < :until
                          AND d.is_kept
                        ORDER BY d.folder_path
                        LIMIT 500)
RETURNING folder_path;

-- name: space_folder_leave :many
-- The same.
-- only: pgsql
UPDATE space_folder
   SET is_kept = FALSE
 WHERE organisation_id = :viewer_organisation_id
   AND folder_path = ANY (ARRAY(
           SELECT d.folder_path
             FROM space_folder AS d
            WHERE d.organisation_id = :viewer_organisation_id
              AND d.folder_path > :after
              AND d.folder_path < :until
              AND d.is_kept
            ORDER BY d.folder_path
            LIMIT 500
              FOR NO KEY UPDATE))
RETURNING folder_path;
