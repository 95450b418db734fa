-- Whether the parts of the service work.

-- name: heartbeat_set :exec
-- A process that runs all the time does. Used by the job worker.
INSERT INTO heartbeat (beat_name, beat_at)
VALUES (:beat_name, :now)
    ON CONFLICT (beat_name) DO UPDATE
   SET beat_at = excluded.beat_at;

-- name: heartbeat_get :many
-- When it last did. Used by health_full.
SELECT beat_at
  FROM heartbeat
 WHERE beat_name = :beat_name
 LIMIT 1;
