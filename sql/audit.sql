-- The audit. Only the retention job deletes; nothing updates.

-- name: audit_insert :exec
-- One event; one that is stored already is left alone. Used by core/audit.c and
-- core/journal_flush.c.
INSERT INTO audit (audit_id, logged_at, level, module, action, endpoint, user_id, role,
       subject, details, before_values, after_values, ip_address, request_id,
       duration_ms)
VALUES (:audit_id, :logged_at, :level, :module, :action, :endpoint, :user_id, :role,
       :subject, :details, :before_values, :after_values, :ip_address, :request_id,
       :duration_ms)
    ON CONFLICT (audit_id) DO NOTHING;

-- name: audit_copy :copy
-- Many events at once, all of them new. Used by core/audit.c.
-- only: pgsql
COPY audit (audit_id, logged_at, level, module, action, endpoint, user_id, role,
       subject, details, before_values, after_values, ip_address, request_id)
  FROM STDIN;

-- name: audit_lines :exec
-- The lines of the journal as core/journal_line.c writes them, many at once.
-- only: pgsql
-- types: lines TEXT
INSERT INTO audit (audit_id, level, module, action, endpoint, user_id, role, subject,
       details, ip_address, request_id, logged_at)
SELECT SPLIT_PART(l.line, CHR(31), 1), SPLIT_PART(l.line, CHR(31), 2),
       SPLIT_PART(l.line, CHR(31), 3), SPLIT_PART(l.line, CHR(31), 4),
       SPLIT_PART(l.line, CHR(31), 5), NULLIF(SPLIT_PART(l.line, CHR(31), 6), ''),
       NULLIF(SPLIT_PART(l.line, CHR(31), 7), ''), NULLIF(SPLIT_PART(l.line, CHR(31), 8), ''),
       NULLIF(SPLIT_PART(l.line, CHR(31), 9), ''), NULLIF(SPLIT_PART(l.line, CHR(31), 10), ''),
       NULLIF(SPLIT_PART(l.line, CHR(31), 11), ''), CAST(SPLIT_PART(l.line, CHR(31), 12) AS BIGINT)
  FROM UNNEST(STRING_TO_ARRAY(:lines, CHR(10))) AS l (line)
 WHERE l.line <> ''
    ON CONFLICT (audit_id) DO NOTHING;

-- name: audit_list :many
-- A page, newest first. lead names the filter whose index is followed (user, role,
-- module, level but for INFO, time), those that come after it in this order may be set
-- too, and any level with time: one branch is run. Of ids start_id is the first and
-- end_id the one after the last. upto is skip and limit together; it ends each branch
-- in itself, for PostgreSQL would sort all rows of it otherwise. Used by log_list.
-- nullable: duration_ms
-- types: logged_at BIGINT, lead TEXT, start_id TEXT, end_id TEXT, skip BIGINT, limit BIGINT, upto BIGINT
SELECT a.audit_id, a.logged_at, a.level, a.module, a.action, a.endpoint, a.user_id,
       a.role, a.subject, a.details, a.before_values, a.after_values, a.ip_address,
       a.request_id, a.duration_ms
  FROM audit AS a
 WHERE a.audit_id IN (
       SELECT p.audit_id
         FROM (
              SELECT us.audit_id
                FROM (SELECT audit_id
                        FROM audit
                       WHERE :lead = 'user'
                         AND user_id = :user_id
                         AND (:role IS NULL OR role = :role)
                         AND (:module IS NULL OR module = :module)
                         AND (:level IS NULL OR level = :level)
                         AND audit_id >= :start_id AND audit_id < :end_id
                       ORDER BY audit_id DESC
                       LIMIT :upto) AS us
               UNION ALL
              SELECT rs.audit_id
                FROM (SELECT audit_id
                        FROM audit
                       WHERE :lead = 'role'
                         AND role = :role
                         AND (:module IS NULL OR module = :module)
                         AND (:level IS NULL OR level = :level)
                         AND audit_id >= :start_id AND audit_id < :end_id
                       ORDER BY audit_id DESC
                       LIMIT :upto) AS rs
               UNION ALL
              SELECT ms.audit_id
                FROM (SELECT audit_id
                        FROM audit
                       WHERE :lead = 'module'
                         AND module = :module
                         AND (:level IS NULL OR level = :level)
                         AND audit_id >= :start_id AND audit_id < :end_id
                       ORDER BY audit_id DESC
                       LIMIT :upto) AS ms
               UNION ALL
              SELECT ls.audit_id
                FROM (SELECT audit_id
                        FROM audit
                       WHERE :lead = 'level'
                         AND level = :level
                         AND level <> 'INFO'
                         AND audit_id >= :start_id AND audit_id < :end_id
                       ORDER BY audit_id DESC
                       LIMIT :upto) AS ls
               UNION ALL
              SELECT ts.audit_id
                FROM (SELECT audit_id
                        FROM audit
                       WHERE :lead = 'time'
                         AND (:level IS NULL OR level = :level)
                         AND audit_id >= :start_id AND audit_id < :end_id
                       ORDER BY audit_id DESC
                       LIMIT :upto) AS ts
                ORDER BY 1 DESC
                LIMIT :limit OFFSET :skip) AS p)
 ORDER BY a.audit_id DESC
 LIMIT 100;

-- name: audit_total :one
-- How many rows those pages have, counted up to a limit. Used by log_list.
-- types: lead TEXT, start_id TEXT, end_id TEXT, limit BIGINT, total BIGINT
SELECT COUNT(*) AS total
  FROM (
       SELECT audit_id
         FROM audit
        WHERE :lead = 'user'
          AND user_id = :user_id
          AND (:role IS NULL OR role = :role)
          AND (:module IS NULL OR module = :module)
          AND (:level IS NULL OR level = :level)
          AND audit_id >= :start_id AND audit_id < :end_id
        UNION ALL
       SELECT audit_id
         FROM audit
        WHERE :lead = 'role'
          AND role = :role
          AND (:module IS NULL OR module = :module)
          AND (:level IS NULL OR level = :level)
          AND audit_id >= :start_id AND audit_id < :end_id
        UNION ALL
       SELECT audit_id
         FROM audit
        WHERE :lead = 'module'
          AND module = :module
          AND (:level IS NULL OR level = :level)
          AND audit_id >= :start_id AND audit_id < :end_id
        UNION ALL
       SELECT audit_id
         FROM audit
        WHERE :lead = 'level'
          AND level = :level
          AND level <> 'INFO'
          AND audit_id >= :start_id AND audit_id < :end_id
        UNION ALL
       SELECT audit_id
         FROM audit
        WHERE :lead = 'time'
          AND (:level IS NULL OR level = :level)
          AND audit_id >= :start_id AND audit_id < :end_id
        LIMIT :limit) AS p;

-- name: audit_groups :many
-- How many of each kind: those that are counted already, and the few of the last
-- minutes. All ids are before 'g'; it tells PostgreSQL that the span is short. Used by
-- log_stats.
-- types: n BIGINT
SELECT g.level, g.module, CAST(SUM(g.n_rows) AS BIGINT) AS n
  FROM (SELECT level, module, n_rows
          FROM audit_tally
         UNION ALL
        SELECT level, module, COUNT(*) AS n_rows
          FROM audit
         WHERE audit_id >= (SELECT counted_id FROM audit_counted)
           AND audit_id < 'g'
         GROUP BY level, module) AS g
 GROUP BY g.level, g.module
HAVING CAST(SUM(g.n_rows) AS BIGINT) > 0
 ORDER BY n DESC, g.level, g.module
 LIMIT 1000;

-- name: audit_counted :one
-- Up to where rows are counted. Used by the recorder.
SELECT counted_id
  FROM audit_counted;

-- name: audit_count_alone :exec
-- Wait until no other recorder counts, and be alone till the end of the transaction, as
-- what one has counted the other must see. Used by the recorder.
UPDATE audit_counted
   SET counted_id = counted_id;

-- name: audit_count :exec
-- Count the rows before an id that are not counted yet. In the order of the key, so
-- that nobody who writes the tally waits for another crosswise. Used by the recorder.
-- types: upto_id TEXT
INSERT INTO audit_tally (level, module, n_rows)
SELECT level, module, COUNT(*)
  FROM audit
 WHERE audit_id >= (SELECT counted_id FROM audit_counted)
   AND audit_id < :upto_id
 GROUP BY level, module
 ORDER BY level, module
    ON CONFLICT (level, module) DO UPDATE SET
       n_rows = audit_tally.n_rows + excluded.n_rows;

-- name: audit_count_young :one
-- How many rows from an id on are counted already, up to a limit: some, when the clock
-- was set back. Used by the recorder.
-- types: upto_id TEXT, limit BIGINT, n BIGINT
SELECT COUNT(*) AS n
  FROM (SELECT audit_id
          FROM audit
         WHERE audit_id >= :upto_id
           AND audit_id < (SELECT counted_id FROM audit_counted)
         LIMIT :limit) AS y;

-- name: audit_count_back :exec
-- The same backwards, when the clock was set back: rows from an id on that are counted,
-- and will be once more. The few that were written since then are taken for counted.
-- Used by the recorder.
-- types: upto_id TEXT
INSERT INTO audit_tally (level, module, n_rows)
SELECT level, module, -COUNT(*)
  FROM audit
 WHERE audit_id >= :upto_id
   AND audit_id < (SELECT counted_id FROM audit_counted)
 GROUP BY level, module
 ORDER BY level, module
    ON CONFLICT (level, module) DO UPDATE SET
       n_rows = audit_tally.n_rows + excluded.n_rows;

-- name: audit_count_done :exec
-- They are counted. Used by the recorder.
-- types: upto_id TEXT
UPDATE audit_counted
   SET counted_id = :upto_id;

-- name: audit_uncount :exec
-- So many of a kind are gone. Used by the retention job.
-- types: n BIGINT
UPDATE audit_tally
   SET n_rows = n_rows - :n
 WHERE level = :level
   AND module = :module;

-- name: audit_purge :many
-- Forget a batch of the oldest. What names neither who did it nor whom it was done
-- to, in the modules named here, is technical and goes by its level; all the rest is
-- the audit of people's data. Gives the kinds of what is gone, to be taken off the
-- tally. Ids that an older version made tell another time, so logged_at must agree.
-- Used by the retention job.
-- types: info_before TEXT, error_before TEXT, audit_before TEXT, info_time BIGINT, error_time BIGINT, audit_time BIGINT
DELETE FROM audit
 WHERE audit_id IN (
       SELECT p.audit_id
         FROM (SELECT audit_id
                 FROM audit
                WHERE audit_id < :audit_before
                  AND logged_at < :audit_time
                ORDER BY audit_id
                LIMIT 500) AS p
        UNION ALL
       SELECT i.audit_id
         FROM (SELECT audit_id
                 FROM audit
                WHERE user_id IS NULL
                  AND subject IS NULL
                  AND audit_id < :info_before
                  AND logged_at < :info_time
                  AND level NOT IN ('WARNING', 'ERROR')
                  AND module IN ('auth', 'middleware', 'jobs', 'work', 'system')
                ORDER BY audit_id
                LIMIT 500) AS i
        UNION ALL
       SELECT e.audit_id
         FROM (SELECT audit_id
                 FROM audit
                WHERE user_id IS NULL
                  AND subject IS NULL
                  AND audit_id < :error_before
                  AND logged_at < :error_time
                  AND module IN ('auth', 'middleware', 'jobs', 'work', 'system')
                ORDER BY audit_id
                LIMIT 500) AS e)
RETURNING level, module;
