-- Farmers. What the viewer may see is in every statement: all of them, those of the
-- viewer's districts, or the viewer's own row. A viewer of zeros sees nothing. Deleted
-- farmers are in none but those that delete, restore and seal.

-- name: farmer_insert :send
-- Register; nothing happens if the NRC or the number is taken. Used by farmer_enrol.
-- open: the handler has checked the district against the operator's
INSERT INTO farmer (farmer_row_id, farmer_id, registration_status, is_active,
       created_at, updated_at, created_by, first_name, last_name, phone_primary,
       phone_secondary, contact_email, nrc_sealed, nrc_hash, birth_sealed, gender,
       ethnic_group, province_code, province_name, district_code, district_name,
       chiefdom_code, chiefdom_name, village, street, gps_latitude, gps_longitude,
       farm_size_hectares, crops_grown, livestock_types, has_irrigation,
       years_farming, household_size, number_of_dependents, primary_income_source)
VALUES (:farmer_row_id, :farmer_id, :registration_status, TRUE,
       :now, :now, :created_by, :first_name, :last_name, :phone_primary,
       :phone_secondary, :contact_email, :nrc_sealed, :nrc_hash, :birth_sealed, :gender,
       :ethnic_group, :province_code, :province_name, :district_code, :district_name,
       :chiefdom_code, :chiefdom_name, :village, :street, :gps_latitude, :gps_longitude,
       :farm_size_hectares, :crops_grown, :livestock_types, :has_irrigation,
       :years_farming, :household_size, :number_of_dependents, :primary_income_source)
    ON CONFLICT DO NOTHING;

-- name: farmer_copy :copy
-- The same of many; if an NRC or a number is taken, nothing happens. Used by
-- farmer_store_all.
-- open: the handler has checked the districts against the operator's
-- only: pgsql
COPY farmer (farmer_row_id, farmer_id, registration_status, is_active, created_at,
       updated_at, created_by, first_name, last_name, phone_primary, phone_secondary,
       contact_email, nrc_sealed, nrc_hash, birth_sealed, gender, ethnic_group,
       province_code, province_name, district_code, district_name, chiefdom_code,
       chiefdom_name, village, street, gps_latitude, gps_longitude, farm_size_hectares,
       crops_grown, livestock_types, has_irrigation, years_farming, household_size,
       number_of_dependents, primary_income_source)
  FROM STDIN;

-- name: farmer_update :exec
-- Write a farmer back; nothing happens if somebody else did since it was read.
-- Used by farmer_edit.
-- types: seen_at BIGINT
UPDATE farmer
   SET registration_status = :registration_status, is_active = :is_active,
       updated_at = :now, first_name = :first_name, last_name = :last_name,
       phone_primary = :phone_primary, phone_secondary = :phone_secondary,
       contact_email = :contact_email, nrc_sealed = :nrc_sealed, nrc_hash = :nrc_hash,
       birth_sealed = :birth_sealed, gender = :gender, ethnic_group = :ethnic_group,
       province_code = :province_code, province_name = :province_name,
       district_code = :district_code, district_name = :district_name,
       chiefdom_code = :chiefdom_code, chiefdom_name = :chiefdom_name,
       village = :village, street = :street, gps_latitude = :gps_latitude,
       gps_longitude = :gps_longitude, farm_size_hectares = :farm_size_hectares,
       crops_grown = :crops_grown, livestock_types = :livestock_types,
       has_irrigation = :has_irrigation, years_farming = :years_farming,
       household_size = :household_size,
       number_of_dependents = :number_of_dependents,
       primary_income_source = :primary_income_source, review_notes = :review_notes
 WHERE farmer_row_id = :farmer_row_id
   AND farmer_id = :farmer_id
   AND updated_at = :seen_at
   AND deleted_at IS NULL
   AND :scope(farmer);

-- name: farmer_get :one
-- One whole farmer, with the card in force. Used wherever one is shown, edited,
-- printed.
-- nullable: card_serial, card_file_id, card_issued_at
-- types: card_issued_at BIGINT
SELECT f.farmer_row_id, f.farmer_id, f.registration_status, f.is_active,
       f.created_at, f.updated_at, f.created_by, f.first_name, f.last_name,
       f.phone_primary, f.phone_secondary, f.contact_email, f.nrc_sealed,
       f.nrc_hash, f.birth_sealed, f.gender, f.ethnic_group, f.province_code,
       f.province_name, f.district_code, f.district_name, f.chiefdom_code,
       f.chiefdom_name, f.village, f.street, f.gps_latitude, f.gps_longitude,
       f.farm_size_hectares, f.crops_grown, f.livestock_types, f.has_irrigation,
       f.years_farming, f.household_size, f.number_of_dependents,
       f.primary_income_source, f.review_notes, f.reviewed_by, f.reviewed_at,
       f.photo_file_id, f.portrait_file_id,
       c.card_serial, c.card_file_id, c.issued_at AS card_issued_at
  FROM farmer AS f
  LEFT JOIN card AS c ON c.farmer_id = f.farmer_id AND c.revoked_at IS NULL
 WHERE f.farmer_id = :farmer_id
   AND f.deleted_at IS NULL
   AND :scope(f);

-- name: farmer_exists :one
-- Whose a number is, whoever asks: tells "not yours" from "not there" for staff.
-- open: gives no personal data away
SELECT farmer_id
  FROM farmer
 WHERE farmer_id = :farmer_id
   AND deleted_at IS NULL;

-- name: farmer_by_nrc :many
-- Sign-in by NRC, and the text of a refused registration. Two hashes, as a change
-- of keys may be under way.
-- open: before sign-in there is no viewer; the keyed hash names one row
-- types: other_hash TEXT
SELECT farmer_row_id, farmer_id, is_active, first_name, last_name, phone_primary,
       contact_email, birth_sealed
  FROM farmer
 WHERE nrc_hash IN (:nrc_hash, :other_hash)
   AND deleted_at IS NULL
 LIMIT 2;

-- name: farmer_hold :exec
-- A farmer's way in, once more, just before his session is made. Nothing is written, but
-- the row is held: a change since it was checked is seen (no row), a later one waits
-- and ends that session too. Used by auth_login.
-- open: the row of the person who just proved who they are
-- types: other_hash TEXT
UPDATE farmer
   SET is_active = TRUE
 WHERE farmer_row_id = :farmer_row_id
   AND birth_sealed = :birth_sealed
   AND nrc_hash IN (:nrc_hash, :other_hash)
   AND is_active
   AND deleted_at IS NULL;

-- name: farmer_there :many
-- Which farmers of a batch came in: those whose ids lie between its first and last.
-- open: gives ids only
-- types: first_id TEXT, last_id TEXT
SELECT farmer_row_id
  FROM farmer
 WHERE farmer_row_id >= :first_id
   AND farmer_row_id <= :last_id
   AND deleted_at IS NULL
 ORDER BY farmer_row_id
 LIMIT 10000;

-- name: farmer_term_insert :send
-- Up to eight words by which a farmer is found; NULL is none.
-- open: written with the farmer's row, in its transaction
-- types: term_1 TEXT, term_2 TEXT, term_3 TEXT, term_4 TEXT, term_5 TEXT, term_6 TEXT, term_7 TEXT, term_8 TEXT
INSERT INTO farmer_term (term, farmer_row_id)
SELECT x.term, :farmer_row_id
  FROM (SELECT :term_1 AS term
        UNION ALL SELECT :term_2
        UNION ALL SELECT :term_3
        UNION ALL SELECT :term_4
        UNION ALL SELECT :term_5
        UNION ALL SELECT :term_6
        UNION ALL SELECT :term_7
        UNION ALL SELECT :term_8) AS x
 WHERE x.term IS NOT NULL
    ON CONFLICT (term, farmer_row_id) DO NOTHING;

-- name: farmer_term_copy :copy
-- The words of many new farmers, of each none twice.
-- open: written with the farmers' rows, in their transaction
-- only: pgsql
COPY farmer_term (farmer_row_id, term)
  FROM STDIN;

-- name: farmer_term_clear :send
-- Before the words of an edited farmer are written anew, and of a deleted one.
-- open: written with the farmer's row, in its transaction
DELETE FROM farmer_term
 WHERE farmer_row_id = :farmer_row_id;

-- name: farmer_tally_add :send
-- Add to a row of the figures, or begin it (farmer_tally.c).
-- open: written with the farmers' rows, in their transaction
INSERT INTO farmer_tally (tally_by, day_number, created_by, district_name,
       province_name, registration_status, n_farmers, n_farms, area_m2)
VALUES (:tally_by, :day_number, :created_by, :district_name,
       :province_name, :registration_status, :n_farmers, :n_farms, :area_m2)
    ON CONFLICT (tally_by, day_number, created_by, district_name, province_name,
                 registration_status) DO UPDATE
   SET n_farmers = farmer_tally.n_farmers + excluded.n_farmers,
       n_farms = farmer_tally.n_farms + excluded.n_farms,
       area_m2 = farmer_tally.area_m2 + excluded.area_m2;

-- name: farmer_tally_drift :each
-- All farmers counted anew, less what is kept: what each wrong row lacks. The area is
-- rounded as in the migration. Used by farmer_tally.c.
-- open: figures only
-- types: tally_by TEXT, day_number BIGINT, created_by TEXT, district_name TEXT, province_name TEXT, registration_status TEXT, n_farmers BIGINT, n_farms BIGINT, area_m2 BIGINT, day_length BIGINT
WITH counted AS (
       SELECT x.province_name, x.district_name, x.registration_status, x.created_by,
              x.day_number, CASE WHEN x.area IS NULL THEN 0 ELSE 1 END AS n_farms,
              CASE WHEN x.area IS NULL THEN 0
                   WHEN CAST(x.area AS BIGINT) > x.area
                   THEN CAST(x.area AS BIGINT) - 1
                   ELSE CAST(x.area AS BIGINT) END AS area_m2
         FROM (SELECT province_name, district_name, registration_status, created_by,
                      created_at / :day_length AS day_number,
                      farm_size_hectares * 10000 + 0.5 AS area
                 FROM farmer
                WHERE deleted_at IS NULL) AS x),
     sums AS (
       SELECT 'standing' AS tally_by, 0 AS day_number, '' AS created_by,
              c.district_name, c.province_name, c.registration_status,
              COUNT(*) AS n_farmers, CAST(SUM(c.n_farms) AS BIGINT) AS n_farms,
              CAST(SUM(c.area_m2) AS BIGINT) AS area_m2
         FROM counted AS c
        GROUP BY c.district_name, c.province_name, c.registration_status
       UNION ALL
       SELECT 'registrar', 0, c.created_by, c.district_name, '', '', COUNT(*),
              CAST(SUM(c.n_farms) AS BIGINT), CAST(SUM(c.area_m2) AS BIGINT)
         FROM counted AS c
        GROUP BY c.created_by, c.district_name
       UNION ALL
       SELECT 'day', c.day_number, '', c.district_name, '', '', COUNT(*), 0, 0
         FROM counted AS c
        GROUP BY c.day_number, c.district_name
       UNION ALL
       SELECT 'registrar day', c.day_number, c.created_by, '', '', '', COUNT(*), 0, 0
         FROM counted AS c
        GROUP BY c.day_number, c.created_by
       UNION ALL
       SELECT t.tally_by, t.day_number, t.created_by, t.district_name,
              t.province_name, t.registration_status, -t.n_farmers, -t.n_farms,
              -t.area_m2
         FROM farmer_tally AS t
        WHERE t.tally_by <> 'checked')
SELECT b.tally_by AS tally_by, b.day_number AS day_number, b.created_by AS created_by,
       b.district_name AS district_name, b.province_name AS province_name,
       b.registration_status AS registration_status,
       CAST(SUM(b.n_farmers) AS BIGINT) AS n_farmers,
       CAST(SUM(b.n_farms) AS BIGINT) AS n_farms,
       CAST(SUM(b.area_m2) AS BIGINT) AS area_m2
  FROM sums AS b
 GROUP BY b.tally_by, b.day_number, b.created_by, b.district_name, b.province_name,
       b.registration_status
HAVING CAST(SUM(b.n_farmers) AS BIGINT) <> 0 OR CAST(SUM(b.n_farms) AS BIGINT) <> 0
    OR CAST(SUM(b.area_m2) AS BIGINT) <> 0;

-- name: farmer_set_photo :exec
-- Another photo, or none. Used by photo.c after the record was read in scope.
UPDATE farmer
   SET photo_file_id = :photo_file_id, portrait_file_id = :portrait_file_id,
       updated_at = :now
 WHERE farmer_id = :farmer_id
   AND deleted_at IS NULL
   AND :scope(farmer);

-- name: farmer_photo :one
-- Where a farmer's photo lies. Used by photo_page.
SELECT o.object_id, o.stored_in, o.object_key, o.object_version, o.file_size, o.sha256,
       o.md5, o.created_at
  FROM farmer AS f
  JOIN object AS o ON o.object_id = f.photo_file_id
 WHERE f.farmer_id = :farmer_id
   AND f.deleted_at IS NULL
   AND :scope(f);

-- name: farmer_sealed :many
-- A run of rows to seal anew, the deleted too. Used by `cem key rotate`.
-- open: the command line on the host
SELECT farmer_row_id, farmer_id, nrc_sealed, birth_sealed
  FROM farmer
 WHERE farmer_id > :farmer_id
 ORDER BY farmer_id
 LIMIT :limit;

-- name: farmer_reseal :exec
-- Swap one row's seals; nothing happens if it changed since it was read. The NRC
-- of a deleted farmer stays free.
-- open: the command line on the host
-- types: old_sealed TEXT
UPDATE farmer
   SET nrc_sealed = :nrc_sealed, birth_sealed = :birth_sealed,
       nrc_hash = CASE WHEN deleted_at IS NULL THEN :nrc_hash ELSE nrc_hash END
 WHERE farmer_id = :farmer_id
   AND nrc_sealed = :old_sealed;

-- name: farmer_review :exec
-- Another status; nothing happens if somebody else changed the farmer meanwhile.
-- types: seen_at BIGINT
UPDATE farmer
   SET registration_status = :registration_status, review_notes = :review_notes,
       reviewed_by = :reviewed_by, reviewed_at = :now, updated_at = :now
 WHERE farmer_id = :farmer_id
   AND updated_at = :seen_at
   AND deleted_at IS NULL
   AND :scope(farmer);

-- name: farmer_touch :exec
-- Something that belongs to a farmer changes: the row is newer, and held till the
-- end of the transaction, so that two changes of it wait for each other.
UPDATE farmer
   SET updated_at = CASE WHEN updated_at < :now THEN :now ELSE updated_at + 1 END
 WHERE farmer_id = :farmer_id
   AND deleted_at IS NULL
   AND :scope(farmer);

-- name: farmer_delete :exec
-- Take a farmer out of the register, for as long as nobody restores it. :nrc_hash is
-- one that no NRC has.
UPDATE farmer
   SET deleted_at = :now, deleted_by = :deleted_by, updated_at = :now,
       nrc_hash = :nrc_hash
 WHERE farmer_id = :farmer_id
   AND deleted_at IS NULL
   AND :scope(farmer);

-- name: farmer_deleted :one
-- A deleted farmer. Used by `cem farmer restore`.
-- open: the command line on the host
-- types: deleted_at BIGINT
SELECT farmer_row_id, farmer_id, nrc_sealed, deleted_at, updated_at, first_name,
       last_name, phone_primary, phone_secondary, province_name, district_name,
       registration_status, created_by, created_at, farm_size_hectares
  FROM farmer
 WHERE farmer_id = :farmer_id
   AND deleted_at IS NOT NULL;

-- name: farmer_deleted_list :many
-- Who was deleted, the last first. Used by `cem farmer deleted`.
-- open: the command line on the host; gives numbers only
-- types: deleted_at BIGINT
SELECT farmer_id, deleted_at, deleted_by
  FROM farmer
 WHERE deleted_at IS NOT NULL
 ORDER BY deleted_at DESC
 LIMIT 1000;

-- name: farmer_restore :exec
-- Put a deleted farmer back, with the photo if that was not purged meanwhile. The
-- constraint on nrc_hash refuses an NRC that was registered anew.
-- open: the command line on the host
UPDATE farmer
   SET deleted_at = NULL, deleted_by = NULL, updated_at = :now, nrc_hash = :nrc_hash,
       photo_file_id = (SELECT MAX(x.file_id)
                          FROM file AS x
                         WHERE x.farmer_id = :farmer_id AND x.file_type = 'photo'
                           AND x.replaced_at IS NULL),
       portrait_file_id = (SELECT MAX(x.file_id)
                             FROM file AS x
                            WHERE x.farmer_id = :farmer_id AND x.file_type = 'portrait'
                              AND x.replaced_at IS NULL)
 WHERE farmer_id = :farmer_id
   AND deleted_at IS NOT NULL;

-- name: farmer_overview :many
-- The ten largest districts, each with the figures of all districts beside it: one
-- statement, so that they agree. Used by farmer_overview.
-- types: n BIGINT, total BIGINT, approved BIGINT, rejected BIGINT
SELECT g.district_name, g.n,
       CAST(SUM(g.n) OVER () AS BIGINT) AS total,
       CAST(SUM(g.n_approved) OVER () AS BIGINT) AS approved,
       CAST(SUM(g.n_rejected) OVER () AS BIGINT) AS rejected
  FROM (SELECT district_name, CAST(SUM(n_farmers) AS BIGINT) AS n,
               CAST(COALESCE(SUM(n_farmers) FILTER (
                   WHERE registration_status IN ('approved', 'verified')), 0)
                   AS BIGINT) AS n_approved,
               CAST(COALESCE(SUM(n_farmers) FILTER (
                   WHERE registration_status = 'rejected'), 0) AS BIGINT)
                   AS n_rejected
          FROM farmer_tally
         WHERE tally_by = 'standing' AND n_farmers > 0
           AND :district_scope(district_name)
         GROUP BY district_name) AS g
 ORDER BY g.n DESC, g.district_name
 LIMIT 10;
