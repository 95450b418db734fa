-- Links by which an organisation shows some of its files to people without an account.

-- One link. Only the hash of its token is kept (SHA-256, hex), so that nobody who reads
-- this table can use it; password_hash is NULL where none is asked for. A use is one
-- visitor. ends_at is expires_at, or the time it was revoked, whichever is earlier.
-- people
CREATE TABLE share (
	share_id TEXT NOT NULL PRIMARY KEY,
	organisation_id TEXT NOT NULL REFERENCES organisation (organisation_id),
	account_id TEXT NOT NULL,
	created_by TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	token_hash TEXT NOT NULL UNIQUE,
	password_hash TEXT,
	expires_at BIGINT NOT NULL,
	revoked_at BIGINT,
	revoked_by TEXT,
	ends_at BIGINT NOT NULL,
	max_uses BIGINT,
	n_uses BIGINT NOT NULL
);
CREATE INDEX share_organisation ON share (organisation_id, share_id);
CREATE INDEX share_ends ON share (ends_at, share_id);

-- Its files, counted from 1. A file that is overwritten or moved stays in it, one in the
-- trash is gone as long as it is there. file_path is the one it had then.
-- people
CREATE TABLE share_file (
	share_id TEXT NOT NULL REFERENCES share (share_id) ON DELETE CASCADE,
	file_number BIGINT NOT NULL,
	file_id TEXT NOT NULL,
	file_path TEXT NOT NULL,
	PRIMARY KEY (share_id, file_number)
);

-- What was done with it: a file taken ("downloaded"), the password given or guessed at
-- ("unlocked", "wrong_password"), or why nothing was given. visit_id is that of the
-- visitor's first download; he takes each file once, and later parts of it, without
-- a further use.
-- people
CREATE TABLE share_use (
	use_id TEXT NOT NULL PRIMARY KEY,
	share_id TEXT NOT NULL REFERENCES share (share_id) ON DELETE CASCADE,
	used_at BIGINT NOT NULL,
	address TEXT NOT NULL,
	use_outcome TEXT NOT NULL,
	file_number BIGINT,
	visit_id TEXT,
	n_parts BIGINT NOT NULL,
	last_part_at BIGINT
);
CREATE INDEX share_use_of ON share_use (share_id, use_id);
CREATE UNIQUE INDEX share_use_visit ON share_use (visit_id, file_number)
 WHERE visit_id IS NOT NULL;
