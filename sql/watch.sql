-- The watch on the clock.

-- name: clock_get :one
-- What is known of it. Used by core/watch.c.
SELECT seen_at, held_until, n_back
  FROM clock_seen
 LIMIT 1;

-- name: clock_set :exec
-- A look at it, unless another process has looked meanwhile.
-- types: old_seen_at BIGINT, old_held_until BIGINT
UPDATE clock_seen
   SET seen_at = :now, held_until = :held_until, n_back = :n_back
 WHERE seen_at = :old_seen_at
   AND held_until = :old_held_until;
