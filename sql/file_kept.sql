-- A farmer's files that were replaced: kept for a while, and put back into use on demand.
-- The viewer sees those of the farmers he may see.

-- name: file_any :one
-- A file in scope, in use or not. Used by file_kept.c.
SELECT x.file_id, x.farmer_id, x.file_type, x.doc_type, x.content_type, x.file_size,
       x.sha256, x.uploaded_at, x.replaced_at
  FROM file AS x
  JOIN farmer AS f ON f.farmer_id = x.farmer_id
 WHERE x.file_id = :file_id
   AND f.deleted_at IS NULL
   AND :scope(f);

-- name: file_kept_list :many
-- What was in the place of a file before, the newest first; :before is the last id of the
-- page before.
-- open: the file was read in scope
-- types: before TEXT, replaced_at BIGINT
SELECT x.file_id, x.content_type, x.file_size, x.sha256, x.uploaded_at, x.uploaded_by,
       x.replaced_at
  FROM file AS x
 WHERE x.farmer_id = :farmer_id
   AND x.file_type = :file_type
   AND COALESCE(x.doc_type, '') = COALESCE(:doc_type, '')
   AND x.replaced_at IS NOT NULL
   AND x.file_id < :before
 ORDER BY x.file_id DESC
 LIMIT :limit;

-- name: file_portrait_of :many
-- The portrait that was made together with a photo.
-- open: the photo was read in scope
SELECT x.file_id
  FROM file AS x
 WHERE x.farmer_id = :farmer_id
   AND x.file_type = 'portrait'
   AND x.uploaded_at = :uploaded_at
   AND x.replaced_at IS NOT NULL
 ORDER BY x.file_id
 LIMIT 1;

-- name: file_put_back :exec
-- Put a file that was replaced back into use.
-- open: it was read in scope, and its farmer is held
UPDATE file
   SET replaced_at = NULL
 WHERE file_id = :file_id
   AND replaced_at IS NOT NULL;

-- name: file_take :one
-- Take a file away that was replaced, to purge it.
-- open: it was read in scope
DELETE FROM file
 WHERE file_id = :file_id
   AND replaced_at IS NOT NULL
RETURNING file_size;
