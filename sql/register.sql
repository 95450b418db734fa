-- Which register this database is.

-- name: register_get :many
-- Its id. Used by identity.c before anything touches the store.
SELECT register_id
  FROM register
 ORDER BY created_at, register_id
 LIMIT 1;

-- name: register_insert :exec
-- Give it one; nothing happens if it has one. Used by `cem migrate`.
INSERT INTO register (register_id, created_at)
SELECT :register_id, :now
 WHERE NOT EXISTS (
           SELECT 1
             FROM register);
