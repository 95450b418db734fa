-- SPDX-License-Identifier: MIT
-- Statements of test_db.c.

-- name: person_add :exec
-- A new person.
-- open: the test adds them itself
INSERT INTO person (person_id, full_name, phone, area_ha, visits, active, consent,
       district_code, created_at)
VALUES (:person_id, :full_name, :phone, :area_ha, :visits, :active, :consent,
       :district_code, :created_at);

-- name: person_get :one
-- One person, as the viewer may see them.
-- ahead: as test_dbahead.c does
SELECT person_id, full_name, phone, area_ha, visits, active, consent, created_at
  FROM person
 WHERE person_id = :person_id
   AND (:viewer_all OR person_id = :viewer_farmer_id);

-- name: person_list :many
-- People by name: a keyset.
-- ahead: as test_dbahead.c does
-- types: after_name TEXT
SELECT person_id, full_name, visits, active
  FROM person
 WHERE full_name > :after_name
   AND :viewer_all
 ORDER BY full_name, person_id
 LIMIT :limit;

-- name: person_home :many
-- People with their district, if they have one.
-- types: n_same BIGINT
-- nullable: n_same
SELECT p.person_id, p.created_at, d.district_name,
       (SELECT MAX(q.visits) FROM person AS q WHERE q.district_code = p.district_code)
       AS n_same
  FROM person AS p
  LEFT JOIN district AS d ON d.district_code = p.district_code
 WHERE :viewer_all
 ORDER BY p.person_id
 LIMIT 100;

-- name: person_touch :exec
-- Count a visit.
-- open: the test does it itself
UPDATE person SET visits = COALESCE(visits, 0) + 1 WHERE person_id = :person_id;

-- name: person_send :send
-- A new person, without waiting.
-- open: the test adds them itself
INSERT INTO person (person_id, full_name, phone, active, created_at)
VALUES (:person_id, :full_name, :phone, TRUE, 1);

-- name: person_touch_get :one
-- Count a visit and say how many there are.
-- open: the test does it itself
UPDATE person SET visits = COALESCE(visits, 0) + 1 WHERE person_id = :person_id
RETURNING visits, active, full_name;

-- name: person_count :one
-- How many there are, and their area.
-- open: counts only
-- types: n_people BIGINT, has_any BOOLEAN, area_sum DOUBLE PRECISION
SELECT COUNT(*) AS n_people, EXISTS (SELECT 1 FROM person WHERE active) AS has_any,
       CAST(COALESCE(SUM(area_ha), 0) AS DOUBLE PRECISION) AS area_sum
  FROM person;

-- name: person_drop :exec
-- Away with all.
-- open: the test does it itself
DELETE FROM person;

-- name: note_add :exec
-- A note; an old one of the same id is replaced.
INSERT INTO note (note_id, n_lines, note_text, weight)
VALUES (:note_id, :n_lines, :note_text, :weight)
    ON CONFLICT (note_id) DO UPDATE SET n_lines = excluded.n_lines,
       note_text = excluded.note_text, weight = excluded.weight;

-- name: note_put :one
-- A note that must be new.
INSERT INTO note (note_id, n_lines, note_text)
VALUES (:note_id, :n_lines, :note_text)
RETURNING note_id, n_lines, weight, title;

-- name: note_each :each
-- All notes, for an export.
-- types: n_big BIGINT
-- nullable: n_big
SELECT note_id, n_lines, note_text, weight, title, CASE WHEN n_lines > 5 THEN n_lines
       END AS n_big
  FROM note
 ORDER BY n_lines, note_id;

-- name: note_drop :exec
-- Away with all notes.
DELETE FROM note;

-- name: note_order :many
-- All ids in byte order: both databases must agree.
SELECT note_id FROM note ORDER BY note_id LIMIT 1000;

-- name: note_same :one
-- A question with one row and no table.
-- types: quoted TEXT, n_one BIGINT
SELECT 'a :b ?1 $1 -- "c" \ ''d''' AS quoted, CAST(:n_lines AS BIGINT) AS n_one;

-- name: note_two :one
-- A :one that gives two rows: our mistake.
SELECT note_id FROM note LIMIT 2;

-- name: note_wrong :one
-- A plain number that is NULL: our mistake.
-- types: n_none BIGINT
SELECT CAST(NULL AS BIGINT) AS n_none FROM note LIMIT 1;

-- name: clock_get :one
-- What the database is: a text for each.
-- only: sqlite
-- types: product TEXT, n_plus BIGINT
SELECT 'sqlite ' || sqlite_version() AS product, :n_lines + 1 AS n_plus;

-- name: clock_get :one
-- The same.
-- only: pgsql
SELECT 'pgsql ' || split_part(version(), ' ', 2) AS product, :n_lines + 1 AS n_plus;

-- name: pid_get :one
-- The server process of this connection.
-- only: pgsql
-- types: pid BIGINT
SELECT CAST(pg_backend_pid() AS BIGINT) AS pid;

-- name: pid_kill :one
-- End the server process of another connection, and wait until it has ended.
-- only: pgsql
-- types: pid BIGINT, done BOOLEAN
SELECT pg_terminate_backend(CAST(:pid AS INTEGER), 60000) AS done;

-- name: nap_kill :one
-- The same, if it is in the middle of a statement that waits.
-- only: pgsql
-- types: pid BIGINT, done BOOLEAN
SELECT pg_terminate_backend(pid, 60000) AS done FROM pg_stat_activity
 WHERE pid = CAST(:pid AS INTEGER) AND wait_event = 'PgSleep';

-- name: nap :one
-- Wait, so that something may happen meanwhile.
-- only: pgsql
-- types: seconds DOUBLE PRECISION, done BOOLEAN
SELECT pg_sleep(:seconds) IS NOT NULL AS done;

-- name: note_slow :exec
-- A write that takes some seconds for each note.
-- only: pgsql
UPDATE note SET n_lines = n_lines + 1 WHERE pg_sleep(5) IS NOT NULL;

-- name: person_copy :copy
-- Many at once.
-- open: the test adds them itself
-- only: pgsql
COPY person (person_id, full_name, phone, area_ha, visits, active, created_at)
  FROM STDIN;
