-- Figures of the register for the office: dashboards and reports, from the tallies that
-- are kept with every change (farmer_tally.c). Each is one statement, so that the figures
-- in it agree. Active are approved and verified farmers, rejected the rejected, pending
-- the rest. A day is one of UTC, counted since 1970.

-- name: dashboard_stats :one
-- The figures of the farmers in scope. Used by dashboard_stats.
-- types: total BIGINT, active BIGINT, rejected BIGINT, n_users BIGINT, n_operators BIGINT
SELECT CAST(COALESCE(SUM(n_farmers), 0) AS BIGINT) AS total,
       CAST(COALESCE(SUM(n_farmers) FILTER (
           WHERE registration_status IN ('approved', 'verified')), 0) AS BIGINT)
           AS active,
       CAST(COALESCE(SUM(n_farmers) FILTER (
           WHERE registration_status = 'rejected'), 0) AS BIGINT) AS rejected,
       (SELECT COUNT(*) FROM account) AS n_users,
       (SELECT COUNT(*) FROM account WHERE is_operator) AS n_operators
  FROM farmer_tally
 WHERE tally_by = 'standing'
   AND :district_scope(district_name);

-- name: report_metrics :one
-- The figures of the whole register. Used by report_dashboard.
-- open: figures for administrators
-- types: since_day BIGINT, total BIGINT, decided BIGINT, n_since BIGINT, n_users BIGINT, n_operators BIGINT
SELECT CAST(COALESCE(SUM(n_farmers), 0) AS BIGINT) AS total,
       CAST(COALESCE(SUM(n_farmers) FILTER (
           WHERE registration_status IN ('approved', 'verified', 'rejected')), 0)
           AS BIGINT) AS decided,
       (SELECT CAST(COALESCE(SUM(n_farmers), 0) AS BIGINT)
          FROM farmer_tally
         WHERE tally_by = 'day' AND day_number >= :since_day) AS n_since,
       (SELECT COUNT(*) FROM account) AS n_users,
       (SELECT COUNT(*) FROM account WHERE is_operator) AS n_operators
  FROM farmer_tally
 WHERE tally_by = 'standing';

-- name: report_regions :many
-- Farmers by province and district. Used by report_regions.
-- open: figures for administrators
-- types: n BIGINT
SELECT province_name, district_name, CAST(SUM(n_farmers) AS BIGINT) AS n
  FROM farmer_tally
 WHERE tally_by = 'standing' AND n_farmers > 0
 GROUP BY province_name, district_name
 ORDER BY province_name, district_name
 LIMIT 10000;

-- name: report_operators :many
-- Who registered how many, ever and since a day. created_by is an operator_id or an
-- e-mail. Used by report_operators.
-- open: figures for administrators
-- types: since_day BIGINT, total BIGINT, n_since BIGINT, registrar TEXT, is_admin BOOLEAN
-- nullable: is_admin
SELECT g.created_by AS registrar, g.total, COALESCE(h.n_since, 0) AS n_since,
       COALESCE(o.full_name, a.full_name) AS full_name,
       COALESCE(o.email, a.email) AS email, a.is_admin
  FROM (SELECT created_by, CAST(SUM(n_farmers) AS BIGINT) AS total
          FROM farmer_tally
         WHERE tally_by = 'registrar' AND n_farmers > 0
         GROUP BY created_by) AS g
  LEFT JOIN (
       SELECT created_by, CAST(SUM(n_farmers) AS BIGINT) AS n_since
         FROM farmer_tally
        WHERE tally_by = 'registrar day' AND day_number >= :since_day
        GROUP BY created_by) AS h ON h.created_by = g.created_by
  LEFT JOIN account AS o ON o.operator_id = g.created_by
  LEFT JOIN account AS a ON a.email = g.created_by
 ORDER BY g.total DESC, registrar NULLS LAST
 LIMIT 10000;

-- name: report_days :many
-- Registrations on each day since one. Used by report_trends.
-- open: figures for administrators
-- types: since_day BIGINT, n BIGINT
SELECT day_number, CAST(SUM(n_farmers) AS BIGINT) AS n
  FROM farmer_tally
 WHERE tally_by = 'day' AND day_number >= :since_day
 GROUP BY day_number
 ORDER BY day_number
 LIMIT 100;

-- name: report_farmers :each
-- A page of whole farmers, newest first, and beside each how many there are: one row
-- when the page is empty. Used by report_farmers.
-- nullable: created_at
-- types: total BIGINT, skip BIGINT, limit BIGINT
SELECT t.total, f.farmer_row_id, f.farmer_id, f.first_name, f.last_name, f.nrc_sealed,
       f.birth_sealed, f.phone_primary, f.phone_secondary, f.gender, f.province_name,
       f.district_name, f.village, f.farm_size_hectares, f.crops_grown,
       f.years_farming, f.registration_status, f.created_by, f.created_at
  FROM (SELECT CAST(COALESCE(SUM(n_farmers), 0) AS BIGINT) AS total
          FROM farmer_tally
         WHERE tally_by = 'standing' AND :viewer_all) AS t
  LEFT JOIN (
       SELECT farmer_row_id, farmer_id, first_name, last_name, nrc_sealed,
              birth_sealed, phone_primary, phone_secondary, gender, province_name,
              district_name, village, farm_size_hectares, crops_grown, years_farming,
              registration_status, created_by, created_at
         FROM farmer
        WHERE deleted_at IS NULL
          AND :viewer_all
        ORDER BY farmer_row_id DESC
        LIMIT :limit OFFSET :skip) AS f ON TRUE
 ORDER BY f.farmer_row_id DESC NULLS LAST
 LIMIT 1000;
