-- Accounts of administrators and operators.

-- name: account_insert :exec
-- Make an account, of the organisation that keeps the register unless told; nothing
-- happens if the e-mail or the number is taken. Used by core/login.c.
-- open: only an administrator, or who may run the program on the host, gets here
INSERT INTO account (account_id, email, password_hash, is_admin, is_operator, is_farmer,
       is_active, full_name, phone, operator_id, organisation_id, created_by, created_at,
       updated_at)
VALUES (:account_id, :email, :password_hash, :is_admin, :is_operator, :is_farmer,
       TRUE, :full_name, :phone, :operator_id, COALESCE(:organisation_id, (
           SELECT o.organisation_id
             FROM organisation AS o
            WHERE o.keeps_register)), :created_by, :now, :now)
    ON CONFLICT DO NOTHING;

-- name: account_by_email :one
-- What sign-in needs. Used by auth_login and the command line.
-- open: before sign-in there is no viewer; the e-mail names one row
-- types: keeps_register BOOLEAN
SELECT a.account_id, a.email, a.password_hash, a.is_admin, a.is_operator, a.is_farmer,
       a.is_active, a.full_name, a.phone, a.operator_id, a.created_at, a.updated_at,
       a.last_login_at, COALESCE(a.organisation_id, k.organisation_id)
           AS organisation_id,
       COALESCE(COALESCE(a.organisation_id, k.organisation_id) = k.organisation_id,
           FALSE) AS keeps_register
  FROM account AS a
  LEFT JOIN organisation AS k ON k.keeps_register
 WHERE a.email = :email;

-- name: account_before :many
-- Is there an account that still has a hash of the system before (bcrypt)?
-- open: tells no more than that
SELECT account_id
  FROM account
 WHERE SUBSTR(password_hash, 1, 2) = '$2'
 LIMIT 1;

-- name: account_get :one
-- One account by its id or its e-mail.
-- row: account_by_email
-- open: only administrators get here
-- types: keeps_register BOOLEAN
SELECT a.account_id, a.email, a.password_hash, a.is_admin, a.is_operator, a.is_farmer,
       a.is_active, a.full_name, a.phone, a.operator_id, a.created_at, a.updated_at,
       a.last_login_at, COALESCE(a.organisation_id, k.organisation_id)
           AS organisation_id,
       COALESCE(COALESCE(a.organisation_id, k.organisation_id) = k.organisation_id,
           FALSE) AS keeps_register
  FROM account AS a
  LEFT JOIN organisation AS k ON k.keeps_register
 WHERE a.account_id = :account_id
    OR a.email = :email;

-- name: account_page :many
-- Accounts, perhaps of one role, newest first. Used by account_index.
-- row: account_by_email
-- open: only administrators get here
-- types: keeps_register BOOLEAN
SELECT a.account_id, a.email, a.password_hash, a.is_admin, a.is_operator, a.is_farmer,
       a.is_active, a.full_name, a.phone, a.operator_id, a.created_at, a.updated_at,
       a.last_login_at, COALESCE(a.organisation_id, k.organisation_id)
           AS organisation_id,
       COALESCE(COALESCE(a.organisation_id, k.organisation_id) = k.organisation_id,
           FALSE) AS keeps_register
  FROM account AS a
  LEFT JOIN organisation AS k ON k.keeps_register
 WHERE (:role IS NULL OR (:role = 'ADMIN' AND a.is_admin) OR
           (:role = 'OPERATOR' AND a.is_operator) OR (:role = 'FARMER' AND a.is_farmer))
 ORDER BY a.created_at DESC, a.account_id DESC
 LIMIT :limit OFFSET :skip;

-- name: account_count :one
-- How many account_page has in all.
-- open: only administrators get here
-- types: n BIGINT
SELECT COUNT(*) AS n
  FROM account
 WHERE (:role IS NULL OR (:role = 'ADMIN' AND is_admin) OR
           (:role = 'OPERATOR' AND is_operator) OR (:role = 'FARMER' AND is_farmer));

-- name: account_list :many
-- All accounts, for `cem user list`.
-- open: the command line on the host
SELECT a.email, a.is_admin, a.is_operator, a.is_active, a.full_name, a.operator_id,
       o.organisation_name
  FROM account AS a
  LEFT JOIN organisation AS o ON o.organisation_id = a.organisation_id
 WHERE a.email > :email
 ORDER BY a.email
 LIMIT :limit;

-- name: account_signed_in :exec
-- Note the time of a sign-in, if its password still holds: nothing happens when it was
-- changed, or the account switched off, since it was checked. It comes before the
-- session, so who changes them afterwards waits for this row, and ends that session too.
-- open: the row of the person who just proved who they are
-- types: old_hash TEXT
UPDATE account
   SET last_login_at = :now
 WHERE account_id = :account_id
   AND password_hash = :old_hash
   AND is_active;

-- name: account_set_password :exec
-- Store a new hash; the old one must still be there, so that two changes at once
-- can't both win. Used by auth_change_password and re-hashing at sign-in.
-- open: the row of the person who just proved who they are
-- types: old_hash TEXT
UPDATE account
   SET password_hash = :password_hash, updated_at = :now
 WHERE account_id = :account_id
   AND password_hash = :old_hash;

-- name: account_change :exec
-- Write what is given and keep what is NULL; a phone of '' is taken away. The last
-- active administrator stays one, decided in this one statement: nothing
-- happens otherwise. Used by core/login.c.
-- open: only administrators, or who may run the program on the host, get here
-- only: sqlite
-- types: new_email TEXT, new_hash TEXT, new_name TEXT, new_phone TEXT, new_number TEXT, set_admin BOOLEAN, set_operator BOOLEAN, set_farmer BOOLEAN, set_active BOOLEAN
-- nullable: set_admin, set_operator, set_farmer, set_active
UPDATE account
   SET email = COALESCE(:new_email, email),
       password_hash = COALESCE(:new_hash, password_hash),
       full_name = COALESCE(:new_name, full_name),
       phone = CASE WHEN :new_phone = '' THEN NULL
                    ELSE COALESCE(:new_phone, phone) END,
       is_admin = COALESCE(:set_admin, is_admin),
       is_operator = COALESCE(:set_operator, is_operator),
       is_farmer = COALESCE(:set_farmer, is_farmer),
       is_active = COALESCE(:set_active, is_active),
       operator_id = COALESCE(operator_id, :new_number), updated_at = :now
 WHERE account_id = :account_id
   AND ((COALESCE(:set_admin, is_admin) AND COALESCE(:set_active, is_active))
        OR NOT is_admin OR NOT is_active OR EXISTS (
           SELECT 1
             FROM account AS other
            WHERE other.is_admin
              AND other.is_active
              AND other.account_id <> :account_id));

-- name: account_change :exec
-- Administrators are locked while they are counted, so that two who switch each other
-- off can't both win.
-- open: only administrators, or who may run the program on the host, get here
-- only: pgsql
-- types: new_email TEXT, new_hash TEXT, new_name TEXT, new_phone TEXT, new_number TEXT, set_admin BOOLEAN, set_operator BOOLEAN, set_farmer BOOLEAN, set_active BOOLEAN
-- nullable: set_admin, set_operator, set_farmer, set_active
WITH others AS (
       SELECT a.account_id
         FROM account AS a
        WHERE a.is_admin
          AND a.is_active
        ORDER BY a.account_id
          FOR UPDATE)
UPDATE account
   SET email = COALESCE(:new_email, email),
       password_hash = COALESCE(:new_hash, password_hash),
       full_name = COALESCE(:new_name, full_name),
       phone = CASE WHEN :new_phone = '' THEN NULL
                    ELSE COALESCE(:new_phone, phone) END,
       is_admin = COALESCE(:set_admin, is_admin),
       is_operator = COALESCE(:set_operator, is_operator),
       is_farmer = COALESCE(:set_farmer, is_farmer),
       is_active = COALESCE(:set_active, is_active),
       operator_id = COALESCE(operator_id, :new_number), updated_at = :now
 WHERE account_id = :account_id
   AND ((COALESCE(:set_admin, is_admin) AND COALESCE(:set_active, is_active))
        OR NOT is_admin OR NOT is_active OR EXISTS (
           SELECT 1
             FROM others
            WHERE others.account_id <> :account_id));

-- name: account_delete :exec
-- Delete an account with all that hangs on it: sessions, districts, regions. The last
-- active administrator stays. Used by core/login.c.
-- open: only administrators get here
-- only: sqlite
DELETE FROM account
 WHERE account_id = :account_id
   AND (NOT is_admin OR NOT is_active OR EXISTS (
           SELECT 1
             FROM account AS other
            WHERE other.is_admin
              AND other.is_active
              AND other.account_id <> :account_id));

-- name: account_delete :exec
-- The same, with the locks of account_change.
-- open: only administrators get here
-- only: pgsql
WITH others AS (
       SELECT a.account_id
         FROM account AS a
        WHERE a.is_admin
          AND a.is_active
        ORDER BY a.account_id
          FOR UPDATE)
DELETE FROM account
 WHERE account_id = :account_id
   AND (NOT is_admin OR NOT is_active OR EXISTS (
           SELECT 1
             FROM others
            WHERE others.account_id <> :account_id));

-- name: account_district_insert :exec
-- Give an operator a district.
INSERT INTO account_district (account_id, district_name)
VALUES (:account_id, :district_name)
    ON CONFLICT (account_id, district_name) DO NOTHING;

-- name: account_district_list :many
-- The districts of one account, for messages and the scope check at registration.
SELECT district_name
  FROM account_district
 WHERE account_id = :account_id
 ORDER BY district_name
 LIMIT 200;

-- name: account_district_clear :exec
-- Before an operator's districts are written anew.
DELETE FROM account_district
 WHERE account_id = :account_id;

-- name: account_region_insert :exec
-- Give an operator a region.
INSERT INTO account_region (account_id, region_name)
VALUES (:account_id, :region_name)
    ON CONFLICT (account_id, region_name) DO NOTHING;

-- name: account_region_clear :exec
-- Before an operator's regions are written anew.
DELETE FROM account_region
 WHERE account_id = :account_id;
