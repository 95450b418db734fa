-- Jobs: the queue that the job workers take from, and what people see of it.

-- name: job_insert :exec
-- Queue a job. Used by core/queue.c.
-- open: the job of the account that asks
INSERT INTO job (job_id, job_kind, job_state, is_scheduled, account_id, due_at, attempt,
       n_done, n_total, input_sealed, created_at, endpoint, ip_address, request_id)
VALUES (:job_id, :job_kind, 'queued', FALSE, :account_id, :due_at, 0,
       0, :n_total, :input_sealed, :now, :endpoint, :ip_address, :request_id);

-- name: job_waiting :one
-- How many jobs of a kind an account has that have not ended, counted up to a limit.
-- Used by job_ask.
-- types: n BIGINT
SELECT COUNT(*) AS n
  FROM (SELECT job_id
          FROM job
         WHERE account_id = :viewer_account_id
           AND job_kind = :job_kind
           AND due_at IS NOT NULL
         LIMIT :limit) AS w;

-- name: job_newest :many
-- The newest job of an account.
-- open: the account that asks for another
SELECT job_id
  FROM job
 WHERE account_id = :account_id
 ORDER BY job_id DESC
 LIMIT 1;

-- name: job_recall :exec
-- Nothing waits for a time that the clock told before it was set back: no lease is longer
-- than a lease, nothing is due after latest, and what was asked for or run last later
-- than soon (a moment from now) is due at once. Used by the job worker.
-- open: jobs of everybody; only when they are due
-- types: latest BIGINT, soon BIGINT, lease_ends_at BIGINT
UPDATE job
   SET due_at = CASE WHEN job_state = 'running' THEN :lease_ends_at ELSE :now END
 WHERE job_id IN (
       SELECT j.job_id
         FROM job AS j
        WHERE j.due_at > :soon
          AND CASE WHEN j.job_state = 'running' THEN j.due_at > :lease_ends_at
                                                     + (:soon - :now)
                   ELSE j.due_at > :latest OR COALESCE(j.ended_at, j.started_at,
                                                       j.created_at) > :soon END
        ORDER BY j.due_at, j.job_id
        LIMIT 50);

-- name: job_schedule :exec
-- Have the one row of a schedule; there from the first start on.
-- open: a job of the program itself
INSERT INTO job (job_id, job_kind, job_state, is_scheduled, due_at, attempt, n_done,
       n_total, created_at)
VALUES (:job_id, :job_kind, 'queued', TRUE, :now, 0, 0, 0, :now)
    ON CONFLICT DO NOTHING;

-- name: job_notify :one
-- Wake the workers that wait, when the transaction is committed. SQLite's workers
-- look at the file instead.
-- only: pgsql
-- types: note TEXT
SELECT CAST(pg_notify('cem_job', '') AS TEXT) AS note;

-- name: job_next :many
-- When the next is due, be it queued or left by a worker that has died.
-- open: gives a time only
-- nullable: due_at
SELECT due_at
  FROM job
 WHERE due_at IS NOT NULL
 ORDER BY due_at, job_id
 LIMIT 1;

-- name: job_take :one
-- Take the job that is due longest, for the time of a lease.
-- open: the worker does everybody's jobs
-- only: sqlite
-- types: lease_ends_at BIGINT
UPDATE job
   SET last_error = CASE WHEN job_state = 'running' THEN 'the worker died'
                         ELSE last_error END,
       job_state = 'running', due_at = :lease_ends_at, lease_token = :lease_token,
       attempt = attempt + 1, started_at = :now, ended_at = NULL
 WHERE job_id = (SELECT j.job_id
                   FROM job AS j
                  WHERE j.due_at <= :now
                  ORDER BY j.due_at, j.job_id
                  LIMIT 1)
RETURNING job_id, job_kind, is_scheduled, account_id, attempt, n_done, n_total,
       input_sealed, cursor_sealed, last_error, endpoint, ip_address, request_id;

-- name: job_take :one
-- The same; a row that another worker is just taking is passed over.
-- open: the worker does everybody's jobs
-- only: pgsql
-- types: lease_ends_at BIGINT
UPDATE job
   SET last_error = CASE WHEN job_state = 'running' THEN 'the worker died'
                         ELSE last_error END,
       job_state = 'running', due_at = :lease_ends_at, lease_token = :lease_token,
       attempt = attempt + 1, started_at = :now, ended_at = NULL
 WHERE job_id = (SELECT j.job_id
                   FROM job AS j
                  WHERE j.due_at <= :now
                  ORDER BY j.due_at, j.job_id
                  LIMIT 1
                    FOR UPDATE SKIP LOCKED)
RETURNING job_id, job_kind, is_scheduled, account_id, attempt, n_done, n_total,
       input_sealed, cursor_sealed, last_error, endpoint, ip_address, request_id;

-- name: job_take_one :one
-- The same of one that is known, if it is due. Used by commands that do their job
-- themselves.
-- open: the command line on the host
-- row: job_take
-- types: lease_ends_at BIGINT
UPDATE job
   SET last_error = CASE WHEN job_state = 'running' THEN 'the worker died'
                         ELSE last_error END,
       job_state = 'running', due_at = :lease_ends_at, lease_token = :lease_token,
       attempt = attempt + 1, started_at = :now, ended_at = NULL
 WHERE job_id = :job_id
   AND due_at <= :now
RETURNING job_id, job_kind, is_scheduled, account_id, attempt, n_done, n_total,
       input_sealed, cursor_sealed, last_error, endpoint, ip_address, request_id;

-- name: job_mark :exec
-- Whatever becomes of a run: a step is done, it has ended, it shall be tried again. Only
-- who still has the lease can write; next_token is NULL when it is given up. A failed
-- run moves nothing: its last step may have been committed without our knowing. What a
-- job was asked with is forgotten when it is done.
-- open: the worker does everybody's jobs
-- types: next_token TEXT, moves BOOLEAN
-- nullable: due_at, ended_at
UPDATE job
   SET job_state = :job_state, due_at = :due_at, lease_token = :next_token,
       attempt = :attempt,
       n_done = CASE WHEN :moves THEN :n_done ELSE n_done END,
       n_total = CASE WHEN :moves THEN :n_total ELSE n_total END,
       cursor_sealed = CASE WHEN :job_state = 'done' THEN NULL
                            ELSE COALESCE(:cursor_sealed, cursor_sealed) END,
       input_sealed = CASE WHEN :job_state = 'done' THEN NULL ELSE input_sealed END,
       result_sealed = :result_sealed, last_error = :last_error, ended_at = :ended_at
 WHERE job_id = :job_id
   AND lease_token = :lease_token;

-- name: job_figures :many
-- How many have not ended well; of each state 10000 at most. By the index of states,
-- which the inner order asks for: those that were done are not looked at, however many
-- there are. Used by metrics_show.
-- open: numbers of the whole register, of nobody in particular
-- types: n_jobs BIGINT
SELECT w.job_kind, w.job_state, COUNT(*) AS n_jobs
  FROM (SELECT q.job_kind, q.job_state
          FROM (SELECT job_kind, job_state
                  FROM job
                 WHERE job_state = 'queued'
                 ORDER BY job_id
                 LIMIT 10000) AS q
         UNION ALL
        SELECT r.job_kind, r.job_state
          FROM (SELECT job_kind, job_state
                  FROM job
                 WHERE job_state = 'running'
                 ORDER BY job_id
                 LIMIT 10000) AS r
         UNION ALL
        SELECT d.job_kind, d.job_state
          FROM (SELECT job_kind, job_state
                  FROM job
                 WHERE job_state = 'dead'
                 ORDER BY job_id
                 LIMIT 10000) AS d) AS w
 GROUP BY w.job_kind, w.job_state
 ORDER BY w.job_kind, w.job_state
 LIMIT 500;

-- name: job_get :one
-- One job that the viewer may see: an administrator any, others their own.
SELECT job_id, job_kind, job_state, is_scheduled, account_id, due_at, attempt, n_done,
       n_total, last_error, created_at, started_at, ended_at, request_id
  FROM job
 WHERE job_id = :job_id
   AND (:viewer_all OR account_id = :viewer_account_id);

-- name: job_result :many
-- What came of a job, for who asked for it only.
SELECT result_sealed
  FROM job
 WHERE job_id = :job_id
   AND account_id = :viewer_account_id
 LIMIT 1;

-- name: job_list :many
-- A page, newest first. lead names the filter whose index is followed (account, state,
-- kind, all); those after it may be set too. Used by job_list.
-- row: job_get
-- types: is_scheduled BOOLEAN, attempt BIGINT, n_done BIGINT, n_total BIGINT, created_at BIGINT, lead TEXT, skip BIGINT, limit BIGINT, upto BIGINT
-- nullable: due_at, started_at, ended_at
SELECT r.job_id, r.job_kind, r.job_state, r.is_scheduled, r.account_id, r.due_at,
       r.attempt, r.n_done, r.n_total, r.last_error, r.created_at, r.started_at,
       r.ended_at, r.request_id
  FROM job AS r
 WHERE (:viewer_all OR r.account_id = :viewer_account_id)
   AND r.job_id IN (
       SELECT p.job_id
         FROM (
              SELECT a.job_id
                FROM (SELECT job_id
                        FROM job
                       WHERE :lead = 'account'
                         AND account_id = :viewer_account_id
                         AND (:job_state IS NULL OR job_state = :job_state)
                         AND (:job_kind IS NULL OR job_kind = :job_kind)
                       ORDER BY job_id DESC
                       LIMIT :upto) AS a
               UNION ALL
              SELECT s.job_id
                FROM (SELECT job_id
                        FROM job
                       WHERE :lead = 'state'
                         AND job_state = :job_state
                         AND (:job_kind IS NULL OR job_kind = :job_kind)
                       ORDER BY job_id DESC
                       LIMIT :upto) AS s
               UNION ALL
              SELECT k.job_id
                FROM (SELECT job_id
                        FROM job
                       WHERE :lead = 'kind'
                         AND job_kind = :job_kind
                         AND (:job_state IS NULL OR job_state = :job_state)
                       ORDER BY job_id DESC
                       LIMIT :upto) AS k
               UNION ALL
              SELECT t.job_id
                FROM (SELECT job_id
                        FROM job
                       WHERE :lead = 'all'
                       ORDER BY job_id DESC
                       LIMIT :upto) AS t
                ORDER BY 1 DESC
                LIMIT :limit OFFSET :skip) AS p)
 ORDER BY r.job_id DESC
 LIMIT 100;

-- name: job_cancel :exec
-- End a job that has not ended; a worker that has it learns it with its next step.
UPDATE job
   SET job_state = 'cancelled', due_at = NULL, lease_token = NULL, ended_at = :now
 WHERE job_id = :job_id
   AND due_at IS NOT NULL
   AND NOT is_scheduled
   AND (:viewer_all OR account_id = :viewer_account_id);

-- name: job_retry :exec
-- Queue a job once more that is dead or was cancelled; have a schedule run now.
UPDATE job
   SET job_state = 'queued', due_at = :now, attempt = 0, ended_at = NULL
 WHERE job_id = :job_id
   AND (job_state IN ('dead', 'cancelled') OR (is_scheduled AND job_state = 'queued'))
   AND :viewer_all;

-- name: job_find_schedule :many
-- The row of a schedule, for the command line.
-- open: a job of the program itself
SELECT job_id
  FROM job
 WHERE job_kind = :job_kind
   AND is_scheduled
 LIMIT 1;

-- name: job_purge :exec
-- Forget a batch of those that ended long ago, oldest first. before_id is the id that
-- one made at that time would have. Used by the schedule "expired".
-- open: housekeeping
-- types: before BIGINT, before_id TEXT
DELETE FROM job
 WHERE job_id IN (
       SELECT j.job_id
         FROM job AS j
        WHERE j.job_id < :before_id
          AND j.due_at IS NULL
          AND j.ended_at < :before
        ORDER BY j.job_id
        LIMIT 500);

-- name: job_sealed :many
-- What `cem key rotate` seals anew, from one id on.
-- open: the command line on the host
SELECT job_id, input_sealed, cursor_sealed, result_sealed
  FROM job
 WHERE job_id > :job_id
 ORDER BY job_id
 LIMIT :limit;

-- name: job_reseal :exec
-- Write what was sealed anew, unless a worker has changed it meanwhile.
-- open: the command line on the host
-- types: old_input TEXT, old_cursor TEXT, old_result TEXT
UPDATE job
   SET input_sealed = :input_sealed, cursor_sealed = :cursor_sealed,
       result_sealed = :result_sealed
 WHERE job_id = :job_id
   AND input_sealed IS NOT DISTINCT FROM :old_input
   AND cursor_sealed IS NOT DISTINCT FROM :old_cursor
   AND result_sealed IS NOT DISTINCT FROM :old_result;
