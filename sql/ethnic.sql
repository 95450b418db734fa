-- Ethnic groups, proposed by the registration form. Public to read.

-- name: ethnic_list :many
-- By name; only those in use, or all. Used by ethnic_list and the form on farmers.
-- types: all_too BOOLEAN
SELECT ethnic_id, ethnic_name, is_active, created_at, updated_at
  FROM ethnic_group
 WHERE is_active OR :all_too
 ORDER BY ethnic_name
 LIMIT 10000;

-- name: ethnic_get :one
-- One by its id.
-- row: ethnic_list
SELECT ethnic_id, ethnic_name, is_active, created_at, updated_at
  FROM ethnic_group
 WHERE ethnic_id = :ethnic_id;

-- name: ethnic_insert :exec
-- A new one; nothing happens if the name is taken. Used by ethnic_add and the loading
-- of sql/data/ethnic_groups.csv.
INSERT INTO ethnic_group (ethnic_id, ethnic_name, ethnic_key, is_active, created_at,
       updated_at)
VALUES (:ethnic_id, :ethnic_name, :ethnic_key, :is_active, :now, :now)
    ON CONFLICT (ethnic_key) DO NOTHING;

-- name: ethnic_update :one
-- Change what is not NULL. A name that is taken breaks the constraint.
-- row: ethnic_list
-- types: switch_to BOOLEAN
-- nullable: switch_to
UPDATE ethnic_group
   SET ethnic_name = COALESCE(:ethnic_name, ethnic_name),
       ethnic_key = COALESCE(:ethnic_key, ethnic_key),
       is_active = COALESCE(:switch_to, is_active),
       updated_at = :now
 WHERE ethnic_id = :ethnic_id
RETURNING ethnic_id, ethnic_name, is_active, created_at, updated_at;
