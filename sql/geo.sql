-- Provinces, districts, chiefdoms. Public: the registration form needs them.

-- name: geo_provinces :many
-- All provinces, by name. Used by the lists and the loading of places.
SELECT province_code, province_name, capital
  FROM province
 ORDER BY province_name
 LIMIT 1000;

-- name: geo_province :one
-- One province by its code. Used by geo_province_show.
SELECT province_code, province_name
  FROM province
 WHERE province_code = :province_code;

-- name: geo_districts :many
-- All districts, or those of one province.
-- types: of_province TEXT
SELECT district_code, district_name, province_code
  FROM district
 WHERE :of_province IS NULL OR province_code = :of_province
 ORDER BY district_name, district_code
 LIMIT 10000;

-- name: geo_district :one
-- One district by its code. Used by geo_district_show.
SELECT district_code, district_name, province_code
  FROM district
 WHERE district_code = :district_code;

-- name: geo_district_named :many
-- The districts of a name, to check an operator's assignment.
SELECT district_code
  FROM district
 WHERE district_name = :district_name
 LIMIT 1;

-- name: geo_chiefdoms :many
-- All chiefdoms, or those of one district.
-- types: of_district TEXT
SELECT chiefdom_code, chiefdom_name, title, ethnic_group, district_code
  FROM chiefdom
 WHERE :of_district IS NULL OR district_code = :of_district
 ORDER BY chiefdom_name, chiefdom_code
 LIMIT 10000;

-- name: geo_chiefdom :one
-- One chiefdom by its code. Used by geo_chiefdom_show.
SELECT chiefdom_code, chiefdom_name, district_code
  FROM chiefdom
 WHERE chiefdom_code = :chiefdom_code;

-- name: geo_province_load :exec
-- A row of sql/data/provinces.csv; what is there already stays as it is.
INSERT INTO province (province_code, province_name, capital)
VALUES (:province_code, :province_name, :capital)
    ON CONFLICT (province_code) DO NOTHING;

-- name: geo_district_load :exec
-- A row of sql/data/districts.csv.
INSERT INTO district (district_code, district_name, province_code)
VALUES (:district_code, :district_name, :province_code)
    ON CONFLICT (district_code) DO NOTHING;

-- name: geo_chiefdom_load :exec
-- A row of sql/data/chiefdoms.csv.
INSERT INTO chiefdom (chiefdom_code, chiefdom_name, title, ethnic_group, district_code)
VALUES (:chiefdom_code, :chiefdom_name, :title, :ethnic_group, :district_code)
    ON CONFLICT (chiefdom_code) DO NOTHING;

-- name: geo_totals :one
-- How many places there are, so that no list outgrows its limit. Used by geo_custom.c.
-- types: n_provinces BIGINT, n_districts BIGINT, n_chiefdoms BIGINT
SELECT (SELECT COUNT(*) FROM province) AS n_provinces,
       (SELECT COUNT(*) FROM district) AS n_districts,
       (SELECT COUNT(*) FROM chiefdom) AS n_chiefdoms;

-- name: geo_province_add :exec
-- A province that an office adds; nothing happens if its code or name is taken.
INSERT INTO province (province_code, province_name, place_key)
VALUES (:province_code, :province_name, :place_key)
    ON CONFLICT DO NOTHING;

-- name: geo_district_add :exec
-- The same of a district.
INSERT INTO district (district_code, district_name, province_code, place_key)
VALUES (:district_code, :district_name, :province_code, :place_key)
    ON CONFLICT DO NOTHING;

-- name: geo_chiefdom_add :exec
-- The same of a chiefdom.
INSERT INTO chiefdom (chiefdom_code, chiefdom_name, district_code, place_key)
VALUES (:chiefdom_code, :chiefdom_name, :district_code, :place_key)
    ON CONFLICT DO NOTHING;
