-- Phones that work offline: what they sent, and what changed since they asked.

-- name: sync_item_claim :one
-- What became of a temp_id, whose row is held till the end of the transaction: of two
-- batches at once the second waits here. farmer_id NULL: it is new. Used by farmer_sync_run.
INSERT INTO sync_item (account_id, temp_id, item_hash, item_status, job_id, created_at)
VALUES (:viewer_account_id, :temp_id, '', '', :job_id, :now)
    ON CONFLICT (account_id, temp_id) DO UPDATE SET account_id = excluded.account_id
RETURNING farmer_id, item_hash, item_status, job_id;

-- name: sync_item_set :exec
-- Note what became of it.
UPDATE sync_item
   SET farmer_id = :farmer_id, item_hash = :item_hash, item_status = :item_status,
       job_id = :job_id
 WHERE account_id = :viewer_account_id
   AND temp_id = :temp_id;

-- name: sync_item_drop :exec
-- Nothing became of it: the next batch may try again.
DELETE FROM sync_item
 WHERE account_id = :viewer_account_id
   AND temp_id = :temp_id
   AND farmer_id IS NULL;

-- name: farmer_move_set :exec
-- A farmer leaves a district. Used by farmer_amend.
-- open: written with the farmer's row, in its transaction
INSERT INTO farmer_move (farmer_row_id, district_name, farmer_id, updated_at)
VALUES (:farmer_row_id, :district_name, :farmer_id, :now)
    ON CONFLICT (farmer_row_id, district_name) DO UPDATE SET updated_at = :now;

-- name: farmer_move_purge :exec
-- Forget moves that no cursor asks for any more.
-- open: housekeeping
-- types: before BIGINT
DELETE FROM farmer_move
 WHERE updated_at < :before;

-- name: sync_oldest :one
-- When the oldest transaction began that has written and is not committed yet; :now if
-- there is none. SQLite tells nobody. Used by farmer_sync_changes.
-- only: sqlite
-- types: oldest_at BIGINT
SELECT :now AS oldest_at;

-- name: sync_oldest :one
-- The same. A commit that waits for a standby is still under way.
-- only: pgsql
SELECT CAST(COALESCE(MIN(EXTRACT(EPOCH FROM s.xact_start)) * 1000000, :now) AS BIGINT)
           AS oldest_at
  FROM pg_stat_activity AS s
 WHERE s.datname = CURRENT_DATABASE()
   AND s.backend_xid IS NOT NULL;

-- name: sync_changed :many
-- Which farmers changed after a place in the order of changes, deleted ones too. Used
-- by farmer_sync_changes for those who see all.
-- types: since BIGINT, after TEXT, until BIGINT
SELECT farmer_row_id, farmer_id, updated_at, deleted_at
  FROM farmer
 WHERE :viewer_all
   AND (updated_at, farmer_row_id) > (:since, :after)
   AND updated_at <= :until
 ORDER BY updated_at, farmer_row_id
 LIMIT :limit;

-- name: sync_changed_there :many
-- The same of one district, if it is the viewer's.
-- row: sync_changed
-- types: since BIGINT, after TEXT, until BIGINT
SELECT farmer_row_id, farmer_id, updated_at, deleted_at
  FROM farmer
 WHERE district_name = :district_name
   AND (updated_at, farmer_row_id) > (:since, :after)
   AND updated_at <= :until
   AND EXISTS (
           SELECT 1
             FROM account_district AS d
            WHERE d.account_id = :viewer_account_id
              AND d.district_name = :district_name)
 ORDER BY updated_at, farmer_row_id
 LIMIT :limit;

-- name: sync_left :many
-- Which farmers left a district, if it is the viewer's.
-- row: sync_changed
-- nullable: deleted_at
-- types: since BIGINT, after TEXT, until BIGINT, deleted_at BIGINT
SELECT farmer_row_id, farmer_id, updated_at, CAST(NULL AS BIGINT) AS deleted_at
  FROM farmer_move
 WHERE district_name = :district_name
   AND (updated_at, farmer_row_id) > (:since, :after)
   AND updated_at <= :until
   AND EXISTS (
           SELECT 1
             FROM account_district AS d
            WHERE d.account_id = :viewer_account_id
              AND d.district_name = :district_name)
 ORDER BY updated_at, farmer_row_id
 LIMIT :limit;
