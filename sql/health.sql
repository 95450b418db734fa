-- Whether the parts of the service work.

-- name: heartbeat_set :exec
-- A process that runs all the time does. Used by the job worker.
INSERT INTO heartbeat (beat_name, beat_at)
VALUES (:beat_name, :now)
    ON CONFLICT (beat_name) DO UPDATE
   SET beat_at = excluded.beat_at;

-- name: heartbeat_get :many
-- When it last did. Used by health_full and metrics_show.
SELECT beat_at
  FROM heartbeat
 WHERE beat_name = :beat_name
 LIMIT 1;

-- name: database_state :one
-- How large the database is, and how many connections to it this register has. Both
-- are known without reading a table. Used by metrics_show.
-- only: pgsql
-- types: size_bytes BIGINT, n_connections BIGINT
SELECT pg_database_size(current_database()) AS size_bytes,
       (SELECT COUNT(*)
          FROM pg_stat_activity
         WHERE datname = current_database()
           AND usename = current_user) AS n_connections;

-- name: farmer_figures :many
-- How many farmers there are, of the kept figures: as many rows as districts have
-- statuses are looked at, not farmers. Used by metrics_show.
-- open: numbers of the whole register, of nobody in particular
-- types: n_farmers BIGINT
SELECT registration_status, CAST(SUM(n_farmers) AS BIGINT) AS n_farmers
  FROM farmer_tally
 WHERE tally_by = 'standing'
 GROUP BY registration_status
 ORDER BY registration_status
 LIMIT 20;
