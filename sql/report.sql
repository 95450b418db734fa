-- Figures of the register for the office: dashboards and reports. Each is one
-- statement, so that the figures in it agree. Active are approved and verified
-- farmers, rejected the rejected, pending the rest.

-- name: dashboard_stats :many
-- The figures of the farmers in scope, and beside them the newest five: one row when
-- there are none. Used by dashboard_stats.
-- types: total BIGINT, active BIGINT, rejected BIGINT, n_users BIGINT, n_operators BIGINT
-- nullable: created_at
WITH figures AS (
       SELECT COUNT(*) AS total,
              COUNT(*) FILTER (
                  WHERE registration_status IN ('approved', 'verified')) AS active,
              COUNT(*) FILTER (
                  WHERE registration_status = 'rejected') AS rejected,
              (SELECT COUNT(*) FROM account) AS n_users,
              (SELECT COUNT(*) FROM account WHERE is_operator) AS n_operators
         FROM farmer
        WHERE deleted_at IS NULL
          AND (:viewer_all OR farmer_id = :viewer_farmer_id OR district_name IN (
                  SELECT d.district_name
                    FROM account_district AS d
                   WHERE d.account_id = :viewer_account_id))),
     newest AS (
       SELECT farmer_row_id, farmer_id, first_name, last_name, district_name, created_at
         FROM farmer
        WHERE deleted_at IS NULL
          AND (:viewer_all OR farmer_id = :viewer_farmer_id OR district_name IN (
                  SELECT d.district_name
                    FROM account_district AS d
                   WHERE d.account_id = :viewer_account_id))
        ORDER BY farmer_row_id DESC
        LIMIT 5)
SELECT s.total, s.active, s.rejected, s.n_users, s.n_operators,
       f.farmer_id, f.first_name, f.last_name, f.district_name, f.created_at
  FROM figures AS s
  LEFT JOIN newest AS f ON TRUE
 ORDER BY f.farmer_row_id DESC NULLS LAST
 LIMIT 5;

-- name: report_metrics :one
-- The figures of the whole register. Used by report_dashboard.
-- open: figures for administrators
-- types: since BIGINT, total BIGINT, decided BIGINT, n_since BIGINT, n_users BIGINT, n_operators BIGINT
SELECT COUNT(*) AS total,
       COUNT(*) FILTER (
           WHERE registration_status IN ('approved', 'verified', 'rejected')) AS decided,
       (SELECT COUNT(*)
          FROM farmer
         WHERE deleted_at IS NULL AND created_at >= :since) AS n_since,
       (SELECT COUNT(*) FROM account) AS n_users,
       (SELECT COUNT(*) FROM account WHERE is_operator) AS n_operators
  FROM farmer
 WHERE deleted_at IS NULL;

-- name: report_regions :many
-- Farmers by province and district. Used by report_regions.
-- open: figures for administrators
-- types: n BIGINT
SELECT province_name, district_name, COUNT(*) AS n
  FROM farmer
 WHERE deleted_at IS NULL
 GROUP BY province_name, district_name
 ORDER BY province_name, district_name
 LIMIT 10000;

-- name: report_operators :many
-- Who registered how many, ever and since a time. created_by is an operator_id or an
-- e-mail. Used by report_operators.
-- open: figures for administrators
-- types: since BIGINT, total BIGINT, n_since BIGINT, registrar TEXT, is_admin BOOLEAN
-- nullable: is_admin
SELECT g.created_by AS registrar, g.total, g.n_since,
       COALESCE(o.full_name, a.full_name) AS full_name,
       COALESCE(o.email, a.email) AS email, a.is_admin
  FROM (SELECT created_by, COUNT(*) AS total,
               COUNT(*) FILTER (WHERE created_at >= :since) AS n_since
          FROM farmer
         WHERE deleted_at IS NULL
         GROUP BY created_by) AS g
  LEFT JOIN account AS o ON o.operator_id = g.created_by
  LEFT JOIN account AS a ON a.email = g.created_by
 ORDER BY g.total DESC, registrar NULLS LAST
 LIMIT 10000;

-- name: report_days :many
-- Registrations on each day since a time. Used by report_trends.
-- open: figures for administrators
-- types: since BIGINT, day_length BIGINT, day_number BIGINT, n BIGINT
SELECT created_at / :day_length AS day_number, COUNT(*) AS n
  FROM farmer
 WHERE deleted_at IS NULL
   AND created_at >= :since
 GROUP BY created_at / :day_length
 ORDER BY day_number
 LIMIT 100;

-- name: report_farmers :many
-- A page of whole farmers, newest first, and beside each how many there are: one row
-- when the page is empty. Used by report_farmers.
-- nullable: created_at
-- types: total BIGINT, skip BIGINT, limit BIGINT
SELECT t.total, f.farmer_row_id, f.farmer_id, f.first_name, f.last_name, f.nrc_sealed,
       f.birth_sealed, f.phone_primary, f.phone_secondary, f.gender, f.province_name,
       f.district_name, f.village, f.farm_size_hectares, f.crops_grown,
       f.years_farming, f.registration_status, f.created_by, f.created_at
  FROM (SELECT COUNT(*) AS total
          FROM farmer
         WHERE deleted_at IS NULL
           AND (:viewer_all OR farmer_id = :viewer_farmer_id OR district_name IN (
                   SELECT d.district_name
                     FROM account_district AS d
                    WHERE d.account_id = :viewer_account_id))) AS t
  LEFT JOIN (
       SELECT farmer_row_id, farmer_id, first_name, last_name, nrc_sealed,
              birth_sealed, phone_primary, phone_secondary, gender, province_name,
              district_name, village, farm_size_hectares, crops_grown, years_farming,
              registration_status, created_by, created_at
         FROM farmer
        WHERE deleted_at IS NULL
          AND (:viewer_all OR farmer_id = :viewer_farmer_id OR district_name IN (
                  SELECT d.district_name
                    FROM account_district AS d
                   WHERE d.account_id = :viewer_account_id))
        ORDER BY farmer_row_id DESC
        LIMIT :limit OFFSET :skip) AS f ON TRUE
 ORDER BY f.farmer_row_id DESC NULLS LAST
 LIMIT 1000;
