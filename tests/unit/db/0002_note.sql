-- SPDX-License-Identifier: MIT
CREATE TABLE note (
	note_id TEXT NOT NULL PRIMARY KEY,
	n_lines BIGINT NOT NULL CHECK (n_lines >= 0),
	note_text TEXT NOT NULL CHECK (CAST(n_lines AS TEXT) <> ''),
	weight DOUBLE PRECISION NOT NULL DEFAULT 0
);
ALTER TABLE note ADD COLUMN title TEXT;
CREATE INDEX note_by_lines ON note (n_lines, note_id);
