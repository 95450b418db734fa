-- Stored objects: photos, cards, documents. The viewer sees the files of the farmers
-- he may see.

-- name: file_insert :exec
-- Note a stored object.
-- open: written with the farmer's row, which was read in scope
INSERT INTO file (file_id, farmer_id, file_type, doc_type, file_name, content_type,
       file_size, sha256, uploaded_at, uploaded_by)
VALUES (:file_id, :farmer_id, :file_type, :doc_type, :file_name, :content_type,
       :file_size, :sha256, :now, :uploaded_by);

-- name: file_get :one
-- One file in scope. Used by file_download and file_metadata.
SELECT x.file_id, x.farmer_id, x.file_type, x.file_name, x.content_type, x.file_size,
       x.sha256, x.uploaded_at, o.object_id, o.stored_in, o.object_key,
       o.object_version, o.md5
  FROM file AS x
  JOIN farmer AS f ON f.farmer_id = x.farmer_id
  JOIN object AS o ON o.object_id = x.file_id
 WHERE x.file_id = :file_id
   AND x.replaced_at IS NULL
   AND f.deleted_at IS NULL
   AND :scope(f);

-- name: file_replace :exec
-- Take a farmer's files of two kinds out of use; the sweep removes them later.
-- open: the farmer's row was read in scope
-- types: other_type TEXT
UPDATE file
   SET replaced_at = :now
 WHERE farmer_id = :farmer_id
   AND file_type IN (:file_type, :other_type)
   AND replaced_at IS NULL;

-- name: file_old :many
-- Take away what was replaced before a time; what somebody is just putting back into use
-- is passed over.
-- open: housekeeping; gives ids only
-- only: sqlite
-- types: before BIGINT
DELETE FROM file
 WHERE file_id IN (SELECT x.file_id
                     FROM file AS x
                    WHERE x.replaced_at < :before
                    ORDER BY x.replaced_at
                    LIMIT 500)
RETURNING file_id;

-- name: file_old :many
-- The same.
-- open: housekeeping; gives ids only
-- only: pgsql
DELETE FROM file
 WHERE file_id = ANY (ARRAY(
           SELECT x.file_id
             FROM file AS x
            WHERE x.replaced_at < :before
            ORDER BY x.replaced_at
            LIMIT 500
              FOR UPDATE SKIP LOCKED))
RETURNING file_id;

-- name: file_replace_all :exec
-- Take all of a deleted farmer's files out of use.
-- open: the farmer's row was deleted in scope
UPDATE file
   SET replaced_at = :now
 WHERE farmer_id = :farmer_id
   AND replaced_at IS NULL;

-- name: file_restore :exec
-- Put those back into use that went with the farmer, but for the revoked card.
-- open: the command line on the host
-- types: deleted_at BIGINT
UPDATE file
   SET replaced_at = NULL
 WHERE farmer_id = :farmer_id
   AND replaced_at = :deleted_at
   AND file_type <> 'idcard';
