-- Documents: stored objects of type "document", at most one of each doc_type in use.

-- name: document_list :many
-- A farmer's documents in use, the oldest first.
-- open: the farmer's row was read in scope
-- ahead: with the farmer's row; without that its answer is not used
SELECT x.file_id, x.doc_type, x.uploaded_at
  FROM file AS x
  JOIN farmer AS f ON f.farmer_id = x.farmer_id
 WHERE x.farmer_id = :farmer_id
   AND x.file_type = 'document'
   AND x.replaced_at IS NULL
   AND f.deleted_at IS NULL
 ORDER BY x.uploaded_at, x.file_id
 LIMIT 20;

-- name: document_replace :exec
-- Take a document out of use; the sweep removes it later.
-- open: the farmer's row was read and touched in scope
UPDATE file
   SET replaced_at = :now
 WHERE farmer_id = :farmer_id
   AND file_type = 'document'
   AND doc_type = :doc_type
   AND replaced_at IS NULL;
