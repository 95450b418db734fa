-- Uploads that S3 was allowed to take by a signed form: what arrives under the key is
-- looked for until then. No two objects are one version of a key, so nothing that
-- arrives is taken twice.
DROP TABLE space_pending;

-- people
CREATE TABLE space_pending (
	pending_id TEXT NOT NULL PRIMARY KEY,
	organisation_id TEXT NOT NULL REFERENCES organisation (organisation_id),
	account_id TEXT NOT NULL,
	file_path TEXT NOT NULL,
	path_folder TEXT NOT NULL,
	object_key TEXT NOT NULL,
	max_size BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);
CREATE INDEX space_pending_path ON space_pending (organisation_id, file_path);
CREATE INDEX space_pending_in ON space_pending (organisation_id, path_folder);
CREATE INDEX space_pending_expires ON space_pending (expires_at, pending_id);
CREATE INDEX space_pending_account ON space_pending (account_id);

DROP INDEX object_key;
CREATE UNIQUE INDEX object_key ON object (object_key, object_version)
 WHERE object_key IS NOT NULL;
