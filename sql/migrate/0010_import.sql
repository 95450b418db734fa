-- Tables of farmers that somebody sent in to be registered, and what became of each of
-- their rows. import_id is the id of the job that works on it; the job's row goes
-- sooner. input_file_id names the stored bytes, which hold NRCs in clear, until they
-- are removed: when the work is done, or a day after the job has ended otherwise.
-- people
CREATE TABLE import (
	import_id TEXT NOT NULL PRIMARY KEY,
	account_id TEXT,
	imported_by TEXT NOT NULL,
	file_name TEXT NOT NULL,
	file_size BIGINT NOT NULL,
	sha256 TEXT NOT NULL,
	input_file_id TEXT,
	is_dry_run BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL,
	finished_at BIGINT,
	refusal TEXT,
	n_ok BIGINT NOT NULL,
	n_duplicate BIGINT NOT NULL,
	n_invalid BIGINT NOT NULL,
	n_denied BIGINT NOT NULL
);
CREATE INDEX import_account ON import (account_id, import_id);
CREATE INDEX import_created ON import (created_at);
CREATE UNIQUE INDEX import_input ON import (input_file_id)
 WHERE input_file_id IS NOT NULL;

-- outcome is ok, duplicate, invalid or denied; row_number is the one that a spreadsheet
-- shows, 2 for the first below the names. The message says nothing of the person.
-- people
CREATE TABLE import_row (
	import_id TEXT NOT NULL,
	row_number BIGINT NOT NULL,
	outcome TEXT NOT NULL,
	farmer_id TEXT,
	message TEXT,
	PRIMARY KEY (import_id, row_number)
);
