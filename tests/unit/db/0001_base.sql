-- SPDX-License-Identifier: MIT
-- The tables of test_db.c.

CREATE TABLE district (
	district_code TEXT NOT NULL PRIMARY KEY,
	district_name TEXT NOT NULL
);

-- One person.
-- people
CREATE TABLE person (
	person_id TEXT NOT NULL PRIMARY KEY,
	full_name TEXT NOT NULL,
	phone TEXT UNIQUE,
	area_ha DOUBLE PRECISION,
	visits BIGINT,
	active BOOLEAN NOT NULL DEFAULT TRUE,
	consent BOOLEAN,
	district_code TEXT REFERENCES district (district_code),
	created_at BIGINT NOT NULL
);

INSERT INTO district (district_code, district_name)
VALUES ('D1', 'It''s -- not a comment: a TEXT?'), ('D2', 'Łąka /* too */ "x" \n');
