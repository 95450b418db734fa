-- What `cem import cem` reads and writes: records of the system before, with their ids.

-- name: dump_account_find :many
-- Who has the id, the e-mail or the operator's number.
-- open: the command line on the host
SELECT account_id, email, operator_id, is_admin
  FROM account
 WHERE account_id = :account_id
    OR email = :email
    OR operator_id = :operator_id
 LIMIT 3;

-- name: dump_account_insert :send
-- An account as it was, with its hash, of the organisation that keeps the register.
-- open: the command line on the host
INSERT INTO account (account_id, email, password_hash, is_admin, is_operator, is_farmer,
       is_active, full_name, phone, created_by, created_at, updated_at, last_login_at,
       organisation_id)
VALUES (:account_id, :email, :password_hash, :is_admin, :is_operator, :is_farmer,
       :is_active, :full_name, :phone, :created_by, :created_at, :now,
       :last_login_at, (
           SELECT o.organisation_id
             FROM organisation AS o
            WHERE o.keeps_register));

-- name: dump_operator_update :send
-- The operator's part of an account that has none yet.
-- open: the command line on the host
-- types: still_active BOOLEAN
UPDATE account
   SET operator_id = :operator_id, is_operator = TRUE,
       full_name = COALESCE(full_name, :full_name), phone = COALESCE(phone, :phone),
       is_active = is_active AND :still_active
 WHERE account_id = :account_id
   AND operator_id IS NULL;

-- name: dump_farmer_find :many
-- Who has the id or the number; a deleted farmer counts.
-- open: the command line on the host
-- types: deleted_at BIGINT
-- nullable: deleted_at
SELECT farmer_row_id, farmer_id, deleted_at
  FROM farmer
 WHERE farmer_row_id = :farmer_row_id
    OR farmer_id = :farmer_id
 LIMIT 2;

-- name: dump_farmer_insert :send
-- A farmer with what it was given before. updated_at is now, for phones that ask what has
-- changed.
-- open: the command line on the host
INSERT INTO farmer (farmer_row_id, farmer_id, registration_status, is_active,
       created_at, updated_at, created_by, first_name, last_name, phone_primary,
       phone_secondary, contact_email, nrc_sealed, nrc_hash, birth_sealed, gender,
       ethnic_group, province_code, province_name, district_code, district_name,
       chiefdom_code, chiefdom_name, village, street, gps_latitude, gps_longitude,
       farm_size_hectares, crops_grown, livestock_types, has_irrigation,
       years_farming, household_size, number_of_dependents, primary_income_source,
       review_notes, reviewed_by, reviewed_at, deleted_at)
VALUES (:farmer_row_id, :farmer_id, :registration_status, :is_active,
       :created_at, :now, :created_by, :first_name, :last_name, :phone_primary,
       :phone_secondary, :contact_email, :nrc_sealed, :nrc_hash, :birth_sealed, :gender,
       :ethnic_group, :province_code, :province_name, :district_code, :district_name,
       :chiefdom_code, :chiefdom_name, :village, :street, :gps_latitude, :gps_longitude,
       :farm_size_hectares, :crops_grown, :livestock_types, :has_irrigation,
       :years_farming, :household_size, :number_of_dependents, :primary_income_source,
       :review_notes, :reviewed_by, :reviewed_at, NULL);

-- name: dump_supply_find :many
-- Is the request there?
-- open: the command line on the host; gives ids only
SELECT supply_id
  FROM supply_request
 WHERE supply_id = :supply_id
 LIMIT 1;

-- name: dump_ethnic_find :many
-- Who has the id or the name.
SELECT ethnic_id
  FROM ethnic_group
 WHERE ethnic_id = :ethnic_id
    OR ethnic_key = :ethnic_key
 LIMIT 1;
