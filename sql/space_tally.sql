-- What organisations have stored, as it is kept and as it is.

-- name: space_count :exec
-- Add to the figures of an organisation; nothing happens if it may not have as many bytes
-- as it would. As all that change its files wait here for each other, it comes last before
-- the commit. Used by space_tally.c.
UPDATE organisation
   SET used_bytes = used_bytes + :used_bytes, live_files = live_files + :live_files,
       live_bytes = live_bytes + :live_bytes,
       version_files = version_files + :version_files,
       version_bytes = version_bytes + :version_bytes,
       trash_files = trash_files + :trash_files,
       trash_bytes = trash_bytes + :trash_bytes
 WHERE organisation_id = :organisation_id
   AND (:used_bytes <= 0 OR quota_bytes = 0 OR used_bytes + :used_bytes <= quota_bytes);

-- name: space_mend :send
-- The same of what the figures lack: whatever the quota says, it is there.
UPDATE organisation
   SET used_bytes = used_bytes + :used_bytes, live_files = live_files + :live_files,
       live_bytes = live_bytes + :live_bytes,
       version_files = version_files + :version_files,
       version_bytes = version_bytes + :version_bytes,
       trash_files = trash_files + :trash_files,
       trash_bytes = trash_bytes + :trash_bytes
 WHERE organisation_id = :organisation_id;

-- name: space_usage :one
-- What the viewer's organisation has and may have. Used by space_usage.c.
SELECT organisation_id, organisation_name, keeps_register, quota_bytes, used_bytes,
       live_files, live_bytes, version_files, version_bytes, trash_files, trash_bytes
  FROM organisation
 WHERE organisation_id = :viewer_organisation_id;

-- name: space_mend_hold :exec
-- Of two who put figures right at once the second waits, else both would add the same.
UPDATE register
   SET created_at = created_at;

-- name: space_drift :many
-- All files counted anew, less what is kept: what each organisation's figures lack.
-- open: figures only
-- types: used_bytes BIGINT, live_files BIGINT, live_bytes BIGINT, version_files BIGINT, version_bytes BIGINT, trash_files BIGINT, trash_bytes BIGINT
WITH found AS (
       SELECT f.organisation_id,
              COUNT(*) FILTER (WHERE f.deleted_at IS NULL) AS live_files,
              CAST(COALESCE(SUM(f.file_size) FILTER (WHERE f.deleted_at IS NULL), 0)
                  AS BIGINT) AS live_bytes,
              COUNT(*) FILTER (WHERE f.deleted_at IS NOT NULL) AS trash_files,
              CAST(COALESCE(SUM(f.file_size) FILTER (WHERE f.deleted_at IS NOT NULL), 0)
                  AS BIGINT) AS trash_bytes
         FROM space_file AS f
        GROUP BY f.organisation_id),
     replaced AS (
       SELECT v.organisation_id, COUNT(*) AS version_files,
              CAST(SUM(v.file_size) AS BIGINT) AS version_bytes
         FROM space_version AS v
        GROUP BY v.organisation_id),
     lacks AS (
       SELECT o.organisation_id,
              COALESCE(f.live_bytes, 0) + COALESCE(f.trash_bytes, 0)
                  + COALESCE(v.version_bytes, 0) - o.used_bytes AS used_bytes,
              COALESCE(f.live_files, 0) - o.live_files AS live_files,
              COALESCE(f.live_bytes, 0) - o.live_bytes AS live_bytes,
              COALESCE(v.version_files, 0) - o.version_files AS version_files,
              COALESCE(v.version_bytes, 0) - o.version_bytes AS version_bytes,
              COALESCE(f.trash_files, 0) - o.trash_files AS trash_files,
              COALESCE(f.trash_bytes, 0) - o.trash_bytes AS trash_bytes
         FROM organisation AS o
         LEFT JOIN found AS f ON f.organisation_id = o.organisation_id
         LEFT JOIN replaced AS v ON v.organisation_id = o.organisation_id)
SELECT l.organisation_id, l.used_bytes, l.live_files, l.live_bytes, l.version_files,
       l.version_bytes, l.trash_files, l.trash_bytes
  FROM lacks AS l
 WHERE l.used_bytes <> 0 OR l.live_files <> 0 OR l.live_bytes <> 0
    OR l.version_files <> 0 OR l.version_bytes <> 0 OR l.trash_files <> 0
    OR l.trash_bytes <> 0
 ORDER BY l.organisation_id
 LIMIT 1000;

-- name: file_figure_clear :send
-- Before they are counted anew.
DELETE FROM file_figure;

-- name: file_figure_count :send
-- The register's own files, by kind.
-- open: figures only
INSERT INTO file_figure (file_type, n_files, n_bytes, n_replaced, replaced_bytes,
       counted_at)
SELECT x.file_type, COUNT(*) FILTER (WHERE x.replaced_at IS NULL),
       CAST(COALESCE(SUM(x.file_size) FILTER (WHERE x.replaced_at IS NULL), 0) AS BIGINT),
       COUNT(*) FILTER (WHERE x.replaced_at IS NOT NULL),
       CAST(COALESCE(SUM(x.file_size) FILTER (WHERE x.replaced_at IS NOT NULL), 0)
           AS BIGINT), :now
  FROM file AS x
 GROUP BY x.file_type;

-- name: file_figure_list :many
-- What was counted last. Used by space_usage.c.
SELECT file_type, n_files, n_bytes, n_replaced, replaced_bytes, counted_at
  FROM file_figure
 ORDER BY file_type
 LIMIT 100;
