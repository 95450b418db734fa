-- A register of a million farmers: counting without looking at each, and finding
-- without looking at many.

-- A word by which a farmer is found, by the farmer's row: of one word the index gives
-- the newest farmers first. Beside words there are pairs of them, the first three
-- letters of each ("|mut|ban"), for searches by two words that many share. Nothing
-- refers to farmer here: its rows are never deleted, and to check each word would cost
-- as much as to write it. Deleted farmers have no words.
DROP INDEX farmer_term_farmer;
ALTER TABLE farmer_term RENAME TO farmer_term_old;
-- people
CREATE TABLE farmer_term (
	term TEXT NOT NULL,
	farmer_row_id TEXT NOT NULL,
	PRIMARY KEY (term, farmer_row_id)
);

-- Of what was there, whole names go unless they are of more words than a search has,
-- and of numbers that begin with 0 or 260 (farmer_term.c) only phones stay.
INSERT INTO farmer_term (term, farmer_row_id)
SELECT o.term, f.farmer_row_id
  FROM farmer_term_old AS o
  JOIN farmer AS f ON f.farmer_id = o.farmer_id
 WHERE f.deleted_at IS NULL
   AND (o.term NOT LIKE '% %' OR o.term LIKE '% % % %')
   AND (LTRIM(o.term, '0123456789') <> ''
        OR (o.term NOT LIKE '0%' AND o.term NOT LIKE '260%')
        OR o.term = SUBSTR(f.phone_primary, LENGTH(f.phone_primary) - 8)
        OR o.term = SUBSTR(f.phone_secondary, LENGTH(f.phone_secondary) - 8));
INSERT INTO farmer_term (term, farmer_row_id)
SELECT CASE WHEN o.term LIKE '0%' THEN SUBSTR(o.term, 2) ELSE SUBSTR(o.term, 4) END,
       f.farmer_row_id
  FROM farmer_term_old AS o
  JOIN farmer AS f ON f.farmer_id = o.farmer_id
 WHERE f.deleted_at IS NULL
   AND LTRIM(o.term, '0123456789') = ''
   AND ((o.term LIKE '0%' AND o.term <> '0')
        OR (o.term LIKE '260%' AND o.term <> '260'))
    ON CONFLICT DO NOTHING;
INSERT INTO farmer_term (term, farmer_row_id)
SELECT '|' || SUBSTR(a.term, 1, 3) || '|' || SUBSTR(b.term, 1, 3), f.farmer_row_id
  FROM farmer_term_old AS a
  JOIN farmer_term_old AS b ON b.farmer_id = a.farmer_id AND b.term <> a.term
  JOIN farmer AS f ON f.farmer_id = a.farmer_id
 WHERE f.deleted_at IS NULL
   AND a.term NOT LIKE '% %' AND LTRIM(a.term, '0123456789') <> ''
   AND b.term NOT LIKE '% %' AND LTRIM(b.term, '0123456789') <> ''
   AND a.term <> LOWER(f.farmer_id) AND b.term <> LOWER(f.farmer_id)
    ON CONFLICT DO NOTHING;
DROP TABLE farmer_term_old;
CREATE INDEX farmer_term_row ON farmer_term (farmer_row_id, term);

-- How many farmers there are that are not deleted, of what they have in common; kept
-- in the transaction of every change (farmer_tally.c). tally_by says which columns of
-- the key are used, the others are '' or 0:
--   standing       district, province, status
--   registrar      who registered them, district
--   day            day of registration (of UTC, since 1970), district
--   registrar day  who registered them, day
--   checked        none; n_farmers counts the times that all were checked
-- people
CREATE TABLE farmer_tally (
	tally_by TEXT NOT NULL,
	day_number BIGINT NOT NULL,
	created_by TEXT NOT NULL,
	district_name TEXT NOT NULL,
	province_name TEXT NOT NULL,
	registration_status TEXT NOT NULL,
	n_farmers BIGINT NOT NULL,
	n_farms BIGINT NOT NULL,
	area_m2 BIGINT NOT NULL,
	PRIMARY KEY (tally_by, day_number, created_by, district_name, province_name,
		registration_status)
);
CREATE INDEX farmer_tally_registrar ON farmer_tally (tally_by, created_by, day_number);

-- A farm's area is rounded to whole square metres, halves upwards, as in C: the cast
-- alone rounds on PostgreSQL and cuts on SQLite.
INSERT INTO farmer_tally (tally_by, day_number, created_by, district_name,
       province_name, registration_status, n_farmers, n_farms, area_m2)
SELECT 'standing', 0, '', x.district_name, x.province_name, x.registration_status,
       COUNT(*), COUNT(x.area), COALESCE(SUM(CASE
           WHEN CAST(x.area AS BIGINT) > x.area THEN CAST(x.area AS BIGINT) - 1
           ELSE CAST(x.area AS BIGINT) END), 0)
  FROM (SELECT f.district_name, f.province_name, f.registration_status,
               f.farm_size_hectares * 10000 + 0.5 AS area
          FROM farmer AS f
         WHERE f.deleted_at IS NULL) AS x
 GROUP BY x.district_name, x.province_name, x.registration_status;
INSERT INTO farmer_tally (tally_by, day_number, created_by, district_name,
       province_name, registration_status, n_farmers, n_farms, area_m2)
SELECT 'registrar', 0, x.created_by, x.district_name, '', '',
       COUNT(*), COUNT(x.area), COALESCE(SUM(CASE
           WHEN CAST(x.area AS BIGINT) > x.area THEN CAST(x.area AS BIGINT) - 1
           ELSE CAST(x.area AS BIGINT) END), 0)
  FROM (SELECT f.created_by, f.district_name,
               f.farm_size_hectares * 10000 + 0.5 AS area
          FROM farmer AS f
         WHERE f.deleted_at IS NULL) AS x
 GROUP BY x.created_by, x.district_name;
INSERT INTO farmer_tally (tally_by, day_number, created_by, district_name,
       province_name, registration_status, n_farmers, n_farms, area_m2)
SELECT 'day', f.created_at / 86400000000, '', f.district_name, '', '', COUNT(*), 0, 0
  FROM farmer AS f
 WHERE f.deleted_at IS NULL
 GROUP BY f.created_at / 86400000000, f.district_name;
INSERT INTO farmer_tally (tally_by, day_number, created_by, district_name,
       province_name, registration_status, n_farmers, n_farms, area_m2)
SELECT 'registrar day', f.created_at / 86400000000, f.created_by, '', '', '',
       COUNT(*), 0, 0
  FROM farmer AS f
 WHERE f.deleted_at IS NULL
 GROUP BY f.created_at / 86400000000, f.created_by;

-- The figures no longer count rows; lists go by district, or district and status. On
-- SQLite an index must hold what its own condition asks for, or the row is read too.
DROP INDEX farmer_standing;
DROP INDEX farmer_figures;
DROP INDEX farmer_creator_figures;
DROP INDEX farmer_region;
DROP INDEX farmer_created;
DROP INDEX farmer_status;
DROP INDEX farmer_district;
DROP INDEX farmer_creator;
CREATE INDEX farmer_district ON farmer (district_name, farmer_row_id, deleted_at)
 WHERE deleted_at IS NULL;
CREATE INDEX farmer_standing ON farmer (district_name, registration_status,
	farmer_row_id, deleted_at) WHERE deleted_at IS NULL;
CREATE INDEX farmer_creator ON farmer (created_by, farmer_row_id)
 WHERE deleted_at IS NULL;
