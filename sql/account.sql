-- Accounts of administrators and operators.

-- name: account_insert :exec
-- Make an account; nothing happens if the e-mail is taken. Used by `cem user add`.
-- open: only an administrator, or who may run the program on the host, gets here
INSERT INTO account (account_id, email, password_hash, is_admin, is_operator,
       is_active, full_name, phone, operator_id, created_at, updated_at)
VALUES (:account_id, :email, :password_hash, :is_admin, :is_operator,
       TRUE, :full_name, :phone, :operator_id, :now, :now)
    ON CONFLICT (email) DO NOTHING;

-- name: account_by_email :one
-- What sign-in needs. Used by auth_login and the command line.
-- open: before sign-in there is no viewer; the e-mail names one row
SELECT account_id, email, password_hash, is_admin, is_operator, is_active,
       full_name, phone, operator_id, created_at, updated_at, last_login_at
  FROM account
 WHERE email = :email;

-- name: account_list :many
-- All accounts, for `cem user list`.
-- open: the command line on the host
SELECT email, is_admin, is_operator, is_active, full_name, operator_id
  FROM account
 WHERE email > :email
 ORDER BY email
 LIMIT :limit;

-- name: account_signed_in :exec
-- Note the time of a sign-in.
-- open: the row of the person who just proved who they are
UPDATE account
   SET last_login_at = :now
 WHERE account_id = :account_id;

-- name: account_set_password :exec
-- Store a new hash; the old one must still be there, so that two changes at once
-- can't both win. Used by auth_change_password and re-hashing at sign-in.
-- open: the row of the person who just proved who they are
-- types: old_hash TEXT
UPDATE account
   SET password_hash = :password_hash, updated_at = :now
 WHERE account_id = :account_id
   AND password_hash = :old_hash;

-- name: account_switch :exec
-- Switch an account on or off; the last active administrator stays on, decided in
-- this one statement.
-- open: the command line on the host
UPDATE account
   SET is_active = :is_active, updated_at = :now
 WHERE email = :email
   AND (:is_active OR NOT is_admin OR EXISTS (
           SELECT 1
             FROM account AS other
            WHERE other.is_admin
              AND other.is_active
              AND other.email <> :email));

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
