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
-- module, level, time), those that come after it in this order may be set too: one
-- branch is run. upto is skip and limit together; it ends each branch in itself, for
-- PostgreSQL would sort all rows of it otherwise. Used by log_list.
-- nullable: duration_ms
-- types: logged_at BIGINT, lead TEXT, start_at BIGINT, end_at BIGINT, skip BIGINT, limit BIGINT, upto BIGINT
SELECT a.audit_id, a.logged_at, a.level, a.module, a.action, a.endpoint, a.user_id,
       a.role, a.subject, a.details, a.before_values, a.after_values, a.ip_address,
       a.request_id, a.duration_ms
  FROM audit AS a
 WHERE a.audit_id IN (
       SELECT p.audit_id
         FROM (
              SELECT us.audit_id, us.logged_at
                FROM (SELECT audit_id, logged_at
                        FROM audit
                       WHERE :lead = 'user'
                         AND user_id = :user_id
                         AND (:role IS NULL OR role = :role)
                         AND (:module IS NULL OR module = :module)
                         AND (:level IS NULL OR level = :level)
                         AND logged_at >= :start_at AND logged_at <= :end_at
                       ORDER BY logged_at DESC, audit_id DESC
                       LIMIT :upto) AS us
               UNION ALL
              SELECT rs.audit_id, rs.logged_at
                FROM (SELECT audit_id, logged_at
                        FROM audit
                       WHERE :lead = 'role'
                         AND role = :role
                         AND (:module IS NULL OR module = :module)
                         AND (:level IS NULL OR level = :level)
                         AND logged_at >= :start_at AND logged_at <= :end_at
                       ORDER BY logged_at DESC, audit_id DESC
                       LIMIT :upto) AS rs
               UNION ALL
              SELECT ms.audit_id, ms.logged_at
                FROM (SELECT audit_id, logged_at
                        FROM audit
                       WHERE :lead = 'module'
                         AND module = :module
                         AND (:level IS NULL OR level = :level)
                         AND logged_at >= :start_at AND logged_at <= :end_at
                       ORDER BY logged_at DESC, audit_id DESC
                       LIMIT :upto) AS ms
               UNION ALL
              SELECT ls.audit_id, ls.logged_at
                FROM (SELECT audit_id, logged_at
                        FROM audit
                       WHERE :lead = 'level'
                         AND level = :level
                         AND logged_at >= :start_at AND logged_at <= :end_at
                       ORDER BY logged_at DESC, audit_id DESC
                       LIMIT :upto) AS ls
               UNION ALL
              SELECT ts.audit_id, ts.logged_at
                FROM (SELECT audit_id, logged_at
                        FROM audit
                       WHERE :lead = 'time'
                         AND logged_at >= :start_at AND logged_at <= :end_at
                       ORDER BY logged_at DESC, audit_id DESC
                       LIMIT :upto) AS ts
                ORDER BY 2 DESC, 1 DESC
                LIMIT :limit OFFSET :skip) AS p)
 ORDER BY a.logged_at DESC, a.audit_id DESC
 LIMIT 100;

-- name: audit_total :one
-- How many rows those pages have, counted up to a limit. Used by log_list.
-- types: lead TEXT, start_at BIGINT, end_at BIGINT, limit BIGINT, total BIGINT
SELECT COUNT(*) AS total
  FROM (
       SELECT audit_id, logged_at
         FROM audit
        WHERE :lead = 'user'
          AND user_id = :user_id
          AND (:role IS NULL OR role = :role)
          AND (:module IS NULL OR module = :module)
          AND (:level IS NULL OR level = :level)
          AND logged_at >= :start_at AND logged_at <= :end_at
        UNION ALL
       SELECT audit_id, logged_at
         FROM audit
        WHERE :lead = 'role'
          AND role = :role
          AND (:module IS NULL OR module = :module)
          AND (:level IS NULL OR level = :level)
          AND logged_at >= :start_at AND logged_at <= :end_at
        UNION ALL
       SELECT audit_id, logged_at
         FROM audit
        WHERE :lead = 'module'
          AND module = :module
          AND (:level IS NULL OR level = :level)
          AND logged_at >= :start_at AND logged_at <= :end_at
        UNION ALL
       SELECT audit_id, logged_at
         FROM audit
        WHERE :lead = 'level'
          AND level = :level
          AND logged_at >= :start_at AND logged_at <= :end_at
        UNION ALL
       SELECT audit_id, logged_at
         FROM audit
        WHERE :lead = 'time'
          AND logged_at >= :start_at AND logged_at <= :end_at
        LIMIT :limit) AS p;

-- name: audit_groups :many
-- How many of each kind, from one index alone. Used by log_stats.
-- types: n BIGINT
SELECT level, module, COUNT(*) AS n
  FROM audit
 GROUP BY level, module
 ORDER BY n DESC, level, module
 LIMIT 1000;

-- name: audit_purge :exec
-- Forget a batch of the oldest. What names neither who did it nor whom it was done
-- to, in the modules named here, is technical and goes by its level; all the rest is
-- the audit of people's data. Used by the retention job.
-- types: info_before BIGINT, error_before BIGINT, audit_before BIGINT
DELETE FROM audit
 WHERE audit_id IN (
       SELECT audit_id
         FROM (SELECT audit_id, logged_at
                 FROM audit
                WHERE logged_at < :audit_before
                UNION
               SELECT audit_id, logged_at
                 FROM audit
                WHERE user_id IS NULL
                  AND subject IS NULL
                  AND logged_at < :info_before
                  AND level NOT IN ('WARNING', 'ERROR')
                  AND module IN ('auth', 'middleware', 'jobs', 'work', 'system')
                UNION
               SELECT audit_id, logged_at
                 FROM audit
                WHERE user_id IS NULL
                  AND subject IS NULL
                  AND logged_at < :error_before
                  AND module IN ('auth', 'middleware', 'jobs', 'work', 'system')
                LIMIT 1000) AS old);
