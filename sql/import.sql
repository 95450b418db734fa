-- Imports: tables of farmers, what became of them and of each row. Who asked sees them,
-- and administrators all. The state of the work is the job's, as long as its row is
-- there.

-- name: import_insert :exec
-- Begin one, in the transaction in which its job is queued.
-- open: the import of the account that asks
INSERT INTO import (import_id, account_id, imported_by, file_name, file_size, sha256,
       input_file_id, is_dry_run, created_at, n_ok, n_duplicate, n_invalid, n_denied)
VALUES (:import_id, :account_id, :imported_by, :file_name, :file_size, :sha256,
       :input_file_id, :is_dry_run, :now, 0, 0, 0, 0);

-- name: import_kept :one
-- How many files of an account are kept, counted up to a limit. Used by import_ask.
-- types: n BIGINT
SELECT COUNT(*) AS n
  FROM (SELECT import_id
          FROM import
         WHERE account_id = :viewer_account_id
           AND input_file_id IS NOT NULL
         LIMIT :limit) AS k;

-- name: import_get :one
-- One as the viewer may see it. Used by import_show.
-- nullable: finished_at, job_state, n_done, n_total
SELECT i.import_id, i.imported_by, i.file_name, i.file_size, i.sha256, i.is_dry_run,
       i.created_at, i.finished_at, i.refusal, i.n_ok, i.n_duplicate, i.n_invalid,
       i.n_denied, j.job_state, j.n_done, j.n_total
  FROM import AS i
  LEFT JOIN job AS j ON j.job_id = i.import_id
 WHERE i.import_id = :import_id
   AND (:viewer_all OR i.account_id = :viewer_account_id);

-- name: import_list :many
-- A page of all, newest first. Used by import_list for administrators.
-- row: import_get
-- nullable: finished_at, job_state, n_done, n_total
SELECT i.import_id, i.imported_by, i.file_name, i.file_size, i.sha256, i.is_dry_run,
       i.created_at, i.finished_at, i.refusal, i.n_ok, i.n_duplicate, i.n_invalid,
       i.n_denied, j.job_state, j.n_done, j.n_total
  FROM import AS i
  LEFT JOIN job AS j ON j.job_id = i.import_id
 WHERE :viewer_all
 ORDER BY i.import_id DESC
 LIMIT :limit OFFSET :skip;

-- name: import_list_own :many
-- The same of one account's.
-- row: import_get
-- nullable: finished_at, job_state, n_done, n_total
SELECT i.import_id, i.imported_by, i.file_name, i.file_size, i.sha256, i.is_dry_run,
       i.created_at, i.finished_at, i.refusal, i.n_ok, i.n_duplicate, i.n_invalid,
       i.n_denied, j.job_state, j.n_done, j.n_total
  FROM import AS i
  LEFT JOIN job AS j ON j.job_id = i.import_id
 WHERE i.account_id = :viewer_account_id
 ORDER BY i.import_id DESC
 LIMIT :limit OFFSET :skip;

-- name: import_task :one
-- What its job needs to know.
-- open: the job, which runs as the account that asked
-- nullable: finished_at, file_size
SELECT i.import_id, i.account_id, i.is_dry_run, i.finished_at, i.refusal, i.n_ok,
       i.n_duplicate, i.n_invalid, i.n_denied, o.object_id, o.stored_in, o.object_key,
       o.object_version, o.file_size, o.sha256, o.md5
  FROM import AS i
  LEFT JOIN object AS o ON o.object_id = i.input_file_id
 WHERE i.import_id = :import_id;

-- name: import_unfinished :many
-- The same file by the same account, not finished: it is gone on with. Used by
-- `cem import farmers`.
-- open: the command line on the host; gives ids only
SELECT i.import_id
  FROM import AS i
  JOIN job AS j ON j.job_id = i.import_id
 WHERE i.input_file_id IS NOT NULL
   AND i.sha256 = :sha256
   AND i.is_dry_run = :is_dry_run
   AND i.account_id IS NOT DISTINCT FROM :account_id
   AND i.finished_at IS NULL
   AND j.due_at IS NOT NULL
 ORDER BY i.import_id
 LIMIT 1;

-- name: import_count :send
-- How many rows came out how, so far.
-- open: the job
UPDATE import
   SET n_ok = :n_ok, n_duplicate = :n_duplicate, n_invalid = :n_invalid,
       n_denied = :n_denied
 WHERE import_id = :import_id;

-- name: import_end :exec
-- All rows are done, or the file is refused as a whole.
-- open: the job
UPDATE import
   SET finished_at = :now, refusal = :refusal
 WHERE import_id = :import_id;

-- name: import_forget_file :exec
-- Its bytes are gone.
-- open: the job, and housekeeping
UPDATE import
   SET input_file_id = NULL
 WHERE import_id = :import_id;

-- name: import_row_insert :send
-- What became of a row.
-- open: the job
INSERT INTO import_row (import_id, row_number, outcome, farmer_id, message)
VALUES (:import_id, :row_number, :outcome, :farmer_id, :message);

-- name: import_row_copy :copy
-- The same of many rows.
-- open: the job
-- only: pgsql
COPY import_row (import_id, row_number, outcome, farmer_id, message)
  FROM STDIN;

-- name: import_row_taken :each
-- Which rows were taken, in their order, for a job that goes on with them.
-- open: the job; gives numbers only
SELECT row_number
  FROM import_row
 WHERE import_id = :import_id
   AND outcome = 'ok'
 ORDER BY row_number;

-- name: import_row_list :many
-- What became of the rows after one, in their order.
-- types: after BIGINT, wanted TEXT
SELECT r.row_number, r.outcome, r.farmer_id, r.message
  FROM import_row AS r
 WHERE r.import_id = (SELECT i.import_id
                        FROM import AS i
                       WHERE i.import_id = :import_id
                         AND (:viewer_all OR i.account_id = :viewer_account_id))
   AND r.row_number > :after
   AND (:wanted IS NULL OR r.outcome = :wanted)
 ORDER BY r.row_number
 LIMIT :limit;

-- name: import_leftover :many
-- Files of imports whose job has ended otherwise: dead, cancelled, or gone.
-- open: housekeeping; gives ids and places only
-- types: before BIGINT
SELECT i.import_id, o.object_id, o.stored_in, o.object_key, o.object_version,
       o.file_size, o.sha256, o.md5
  FROM import AS i
  JOIN object AS o ON o.object_id = i.input_file_id
  LEFT JOIN job AS j ON j.job_id = i.import_id
 WHERE i.input_file_id IS NOT NULL
   AND (j.job_id IS NULL OR j.ended_at < :before)
   AND j.due_at IS NULL
 ORDER BY i.import_id
 LIMIT 100;

-- name: import_old :many
-- Imports whose results nobody needs any more.
-- open: housekeeping; gives ids only
-- types: before BIGINT
SELECT import_id
  FROM import
 WHERE created_at < :before
   AND input_file_id IS NULL
 ORDER BY created_at
 LIMIT 1;

-- name: import_row_purge :exec
-- Forget some of its rows.
-- open: housekeeping
DELETE FROM import_row
 WHERE import_id = :import_id
   AND row_number IN (
       SELECT r.row_number
         FROM import_row AS r
        WHERE r.import_id = :import_id
        ORDER BY r.row_number
        LIMIT 5000);

-- name: import_purge :exec
-- And itself.
-- open: housekeeping
DELETE FROM import
 WHERE import_id = :import_id;
