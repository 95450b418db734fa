-- Operators: accounts with that role, their places, and the figures of their farmers.
-- An operator's farmers are those of the assigned districts; without any, those that
-- the operator registered.

-- name: operator_page :many
-- Operators with their figures, newest first: each district is counted once, however
-- many operators have it. Used by operator_index.
-- open: only administrators get here
-- types: region TEXT, active BOOLEAN, since_day BIGINT, is_active BOOLEAN, created_at BIGINT, updated_at BIGINT, n_farmers BIGINT, n_recent BIGINT, n_farms BIGINT, area_m2 BIGINT
-- nullable: active
WITH page AS (
       SELECT a.account_id, a.operator_id, a.email, a.full_name, a.phone, a.is_active,
              a.created_at, a.updated_at
         FROM account AS a
        WHERE a.is_operator
          AND (:active IS NULL OR a.is_active = :active)
          AND (:region IS NULL OR EXISTS (
                  SELECT 1
                    FROM account_region AS r
                   WHERE r.account_id = a.account_id
                     AND r.region_name = :region))
        ORDER BY a.created_at DESC, a.account_id DESC
        LIMIT :limit OFFSET :skip),
     tally AS (
       SELECT t.district_name,
              CAST(SUM(CASE WHEN t.tally_by = 'standing' THEN t.n_farmers ELSE 0 END)
                  AS BIGINT) AS n,
              CAST(SUM(CASE WHEN t.tally_by = 'day' THEN t.n_farmers ELSE 0 END)
                  AS BIGINT) AS recent,
              CAST(SUM(t.n_farms) AS BIGINT) AS farms,
              CAST(SUM(t.area_m2) AS BIGINT) AS area
         FROM farmer_tally AS t
        WHERE t.tally_by = 'standing'
           OR (t.tally_by = 'day' AND t.day_number >= :since_day)
        GROUP BY t.district_name),
     figures AS (
       SELECT d.account_id, CAST(SUM(t.n) AS BIGINT) AS n,
              CAST(SUM(t.recent) AS BIGINT) AS recent,
              CAST(SUM(t.farms) AS BIGINT) AS farms,
              CAST(SUM(t.area) AS BIGINT) AS area
         FROM page AS p
         JOIN account_district AS d ON d.account_id = p.account_id
         JOIN tally AS t ON t.district_name = d.district_name
        GROUP BY d.account_id
       UNION ALL
       SELECT p.account_id, CAST(SUM(t.n_farmers) AS BIGINT),
              (SELECT CAST(COALESCE(SUM(r.n_farmers), 0) AS BIGINT)
                 FROM farmer_tally AS r
                WHERE r.tally_by = 'registrar day'
                  AND r.created_by = p.operator_id
                  AND r.day_number >= :since_day),
              CAST(SUM(t.n_farms) AS BIGINT), CAST(SUM(t.area_m2) AS BIGINT)
         FROM page AS p
         JOIN farmer_tally AS t ON t.created_by = p.operator_id
        WHERE t.tally_by = 'registrar'
          AND NOT EXISTS (
                  SELECT 1
                    FROM account_district AS d
                   WHERE d.account_id = p.account_id)
        GROUP BY p.account_id, p.operator_id)
SELECT p.account_id, p.operator_id, p.email, p.full_name, p.phone, p.is_active,
       p.created_at, p.updated_at, COALESCE(g.n, 0) AS n_farmers,
       COALESCE(g.recent, 0) AS n_recent, COALESCE(g.farms, 0) AS n_farms,
       COALESCE(g.area, 0) AS area_m2
  FROM page AS p
  LEFT JOIN figures AS g ON g.account_id = p.account_id
 ORDER BY p.created_at DESC, p.account_id DESC
 LIMIT 200;

-- name: operator_page_places :many
-- The districts and regions of the operators of a page, to be read with it. An
-- operator has at most so many that all of a page's come.
-- open: only administrators get here
-- types: region TEXT, active BOOLEAN, is_region BOOLEAN, place TEXT, most BIGINT
-- nullable: active
WITH page AS (
       SELECT a.account_id
         FROM account AS a
        WHERE a.is_operator
          AND (:active IS NULL OR a.is_active = :active)
          AND (:region IS NULL OR EXISTS (
                  SELECT 1
                    FROM account_region AS r
                   WHERE r.account_id = a.account_id
                     AND r.region_name = :region))
        ORDER BY a.created_at DESC, a.account_id DESC
        LIMIT :limit OFFSET :skip)
SELECT d.account_id AS account_id, FALSE AS is_region, d.district_name AS place
  FROM page AS p
  JOIN account_district AS d ON d.account_id = p.account_id
 UNION ALL
SELECT r.account_id AS account_id, TRUE AS is_region, r.region_name AS place
  FROM page AS p
  JOIN account_region AS r ON r.account_id = p.account_id
 ORDER BY account_id, is_region, place
 LIMIT :most;

-- name: operator_count :one
-- How many operator_page has in all.
-- open: only administrators get here
-- types: region TEXT, active BOOLEAN, n BIGINT
-- nullable: active
SELECT COUNT(*) AS n
  FROM account AS a
 WHERE a.is_operator
   AND (:active IS NULL OR a.is_active = :active)
   AND (:region IS NULL OR EXISTS (
           SELECT 1
             FROM account_region AS r
            WHERE r.account_id = a.account_id
              AND r.region_name = :region));

-- name: operator_get :one
-- One operator by number or account, as an administrator or that operator may see it.
SELECT account_id, operator_id, email, full_name, phone, is_active, created_at,
       updated_at
  FROM account
 WHERE is_operator
   AND (operator_id = :operator_id OR account_id = :account_id)
   AND (:viewer_all OR account_id = :viewer_account_id);

-- name: operator_places :many
-- The districts and regions of one operator.
-- types: is_region BOOLEAN, place TEXT
SELECT FALSE AS is_region, d.district_name AS place
  FROM account_district AS d
 WHERE d.account_id = :account_id
 UNION ALL
SELECT TRUE AS is_region, r.region_name AS place
  FROM account_region AS r
 WHERE r.account_id = :account_id
 ORDER BY is_region, place
 LIMIT 2000;

-- name: operator_figures :one
-- The figures of one operator.
-- open: the operator's row was read as the viewer may see it; counts only
-- types: since_day BIGINT, n_farmers BIGINT, n_recent BIGINT, n_farms BIGINT, area_m2 BIGINT
SELECT CAST(COALESCE(SUM(x.n), 0) AS BIGINT) AS n_farmers,
       CAST(COALESCE(SUM(x.recent), 0) AS BIGINT) AS n_recent,
       CAST(COALESCE(SUM(x.farms), 0) AS BIGINT) AS n_farms,
       CAST(COALESCE(SUM(x.area), 0) AS BIGINT) AS area_m2
  FROM (
       SELECT t.n_farmers AS n, 0 AS recent, t.n_farms AS farms, t.area_m2 AS area
         FROM account_district AS d
         JOIN farmer_tally AS t ON t.district_name = d.district_name
        WHERE d.account_id = :account_id
          AND t.tally_by = 'standing'
       UNION ALL
       SELECT 0, t.n_farmers, 0, 0
         FROM account_district AS d
         JOIN farmer_tally AS t ON t.district_name = d.district_name
        WHERE d.account_id = :account_id
          AND t.tally_by = 'day' AND t.day_number >= :since_day
       UNION ALL
       SELECT CASE WHEN t.tally_by = 'registrar' THEN t.n_farmers ELSE 0 END,
              CASE WHEN t.tally_by = 'registrar day' THEN t.n_farmers ELSE 0 END,
              t.n_farms, t.area_m2
         FROM farmer_tally AS t
        WHERE t.created_by = :operator_id
          AND (t.tally_by = 'registrar'
               OR (t.tally_by = 'registrar day' AND t.day_number >= :since_day))
          AND NOT EXISTS (
                  SELECT 1
                    FROM account_district AS d
                   WHERE d.account_id = :account_id)) AS x;

-- name: operator_enrolled :one
-- How many farmers an operator registered; the deleted are not counted.
-- types: n BIGINT
SELECT CAST(COALESCE(SUM(n_farmers), 0) AS BIGINT) AS n
  FROM farmer_tally
 WHERE created_by = :created_by
   AND tally_by = 'registrar'
   AND :district_scope(district_name);

-- name: operator_farmers :many
-- The farmers an operator registered, newest first, as the viewer may see them.
-- row: farmer_get
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
 WHERE f.created_by = :created_by
   AND f.deleted_at IS NULL
   AND :district_scope(f.district_name)
 ORDER BY f.farmer_row_id DESC
 LIMIT :limit OFFSET :skip;
