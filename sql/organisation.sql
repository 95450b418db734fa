-- Organisations: whose accounts and files there are.

-- name: organisation_first :exec
-- The one that keeps the register; nothing happens if there is one. Used by identity.c.
INSERT INTO organisation (organisation_id, organisation_name, keeps_register,
       quota_bytes, used_bytes, created_at)
SELECT register_id, :organisation_name, TRUE, 0, 0, created_at
  FROM register
 WHERE NOT EXISTS (
           SELECT 1
             FROM organisation
            WHERE keeps_register)
 ORDER BY created_at, register_id
 LIMIT 1
    ON CONFLICT DO NOTHING;

-- name: organisation_keeper :one
-- The one that keeps the register.
SELECT organisation_id
  FROM organisation
 WHERE keeps_register;

-- name: organisation_insert :exec
-- One more; nothing happens if the name is taken.
INSERT INTO organisation (organisation_id, organisation_name, keeps_register,
       quota_bytes, used_bytes, created_at)
VALUES (:organisation_id, :organisation_name, FALSE, :quota_bytes, 0, :now)
    ON CONFLICT DO NOTHING;

-- name: organisation_named :one
-- One by its name.
SELECT organisation_id, quota_bytes, version_files, version_bytes, trash_files,
       trash_bytes
  FROM organisation
 WHERE organisation_name = :organisation_name;

-- name: organisation_next :many
-- The one after another, by id. Used by the job trash.
-- types: after TEXT
SELECT organisation_id
  FROM organisation
 WHERE organisation_id > :after
 ORDER BY organisation_id
 LIMIT 1;

-- name: organisation_list :many
-- All of them, by name, for `cem organisation list`.
SELECT organisation_id, organisation_name, keeps_register, quota_bytes, used_bytes
  FROM organisation
 WHERE organisation_name > :organisation_name
 ORDER BY organisation_name
 LIMIT :limit;

-- name: organisation_set_quota :exec
-- How many bytes it may have; 0: as many as there is room for.
UPDATE organisation
   SET quota_bytes = :quota_bytes
 WHERE organisation_id = :organisation_id;

-- name: organisation_rename :exec
-- Give it another name; that must be free.
-- types: new_name TEXT
UPDATE organisation
   SET organisation_name = :new_name
 WHERE organisation_id = :organisation_id;

-- name: organisation_room :one
-- How much it has, and may have: to refuse early what will be refused.
SELECT quota_bytes, used_bytes
  FROM organisation
 WHERE organisation_id = :viewer_organisation_id;
