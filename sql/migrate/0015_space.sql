-- Organisations, and the files that each keeps by path: its space.

-- Whose accounts and files there are. The first one keeps the register: it has the
-- register's id, and all farmers are its own. Accounts of any other have files and
-- nothing else. used_bytes counts what quota_bytes limits (0: no limit): files, their
-- versions, and those in the trash.
CREATE TABLE organisation (
	organisation_id TEXT NOT NULL PRIMARY KEY,
	organisation_name TEXT NOT NULL UNIQUE,
	keeps_register BOOLEAN NOT NULL,
	quota_bytes BIGINT NOT NULL,
	used_bytes BIGINT NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX organisation_keeper ON organisation (keeps_register)
 WHERE keeps_register;

INSERT INTO organisation (organisation_id, organisation_name, keeps_register,
       quota_bytes, used_bytes, created_at)
SELECT register_id, 'Register', TRUE, 0, 0, created_at
  FROM register
 ORDER BY created_at, register_id
 LIMIT 1;

-- NULL, as a program of before leaves it that still runs, stands for the first.
ALTER TABLE account ADD COLUMN organisation_id TEXT
	REFERENCES organisation (organisation_id);
UPDATE account
   SET organisation_id = (
           SELECT o.organisation_id
             FROM organisation AS o
            WHERE o.keeps_register);

-- A folder is listed if somebody made it (is_kept), or something lies below it. Every
-- folder of a file has its row, and those above it up to the root (''), whose path_folder
-- is NULL: so a list finds folders without looking at what is in them. Rows of folders
-- that have become empty stay for the job that tidies up.
-- people
CREATE TABLE space_folder (
	organisation_id TEXT NOT NULL REFERENCES organisation (organisation_id),
	folder_path TEXT NOT NULL,
	path_folder TEXT,
	is_kept BOOLEAN NOT NULL,
	PRIMARY KEY (organisation_id, folder_path),
	FOREIGN KEY (organisation_id, path_folder)
		REFERENCES space_folder (organisation_id, folder_path)
);
CREATE INDEX space_folder_in ON space_folder (organisation_id, path_folder, folder_path)
 WHERE path_folder IS NOT NULL;
CREATE INDEX space_folder_kept ON space_folder (organisation_id, folder_path)
 WHERE is_kept;

-- An organisation's files. file_id stays as long as the file, whatever it is called and
-- whatever was written over it; a path is one live file's. path_folder is where it lies;
-- of one in the trash (deleted_at) it is NULL, so that no folder is kept for it. md5 is
-- its ETag. claimed_type is what the client said, content_type what the bytes say.
-- people
CREATE TABLE space_file (
	file_id TEXT NOT NULL PRIMARY KEY,
	organisation_id TEXT NOT NULL REFERENCES organisation (organisation_id),
	file_path TEXT NOT NULL,
	path_folder TEXT,
	object_id TEXT NOT NULL REFERENCES object (object_id),
	claimed_type TEXT,
	content_type TEXT NOT NULL,
	file_size BIGINT NOT NULL,
	md5 TEXT NOT NULL,
	sha256 TEXT NOT NULL,
	original_name TEXT,
	uploaded_at BIGINT NOT NULL,
	uploaded_by TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	deleted_at BIGINT,
	deleted_by TEXT,
	FOREIGN KEY (organisation_id, path_folder)
		REFERENCES space_folder (organisation_id, folder_path),
	CHECK ((path_folder IS NULL) = (deleted_at IS NOT NULL))
);
CREATE INDEX space_file_object ON space_file (object_id);
CREATE UNIQUE INDEX space_file_path ON space_file (organisation_id, file_path)
 WHERE deleted_at IS NULL;
CREATE INDEX space_file_in ON space_file (organisation_id, path_folder, file_path)
 WHERE path_folder IS NOT NULL;
CREATE INDEX space_file_trash ON space_file (organisation_id, deleted_at, file_id)
 WHERE deleted_at IS NOT NULL;
CREATE INDEX space_file_old ON space_file (deleted_at, file_id)
 WHERE deleted_at IS NOT NULL;

-- What a file was before something was written over it.
-- people
CREATE TABLE space_version (
	version_id TEXT NOT NULL PRIMARY KEY,
	file_id TEXT NOT NULL REFERENCES space_file (file_id),
	organisation_id TEXT NOT NULL,
	object_id TEXT NOT NULL REFERENCES object (object_id),
	claimed_type TEXT,
	content_type TEXT NOT NULL,
	file_size BIGINT NOT NULL,
	md5 TEXT NOT NULL,
	sha256 TEXT NOT NULL,
	original_name TEXT,
	uploaded_at BIGINT NOT NULL,
	uploaded_by TEXT NOT NULL,
	replaced_at BIGINT NOT NULL,
	replaced_by TEXT NOT NULL
);
CREATE INDEX space_version_of ON space_version (file_id, version_id);
CREATE INDEX space_version_object ON space_version (object_id);
CREATE INDEX space_version_old ON space_version (replaced_at, version_id);

-- Uploads that were allowed by a signed form, and have not been seen yet.
-- people
CREATE TABLE space_pending (
	pending_id TEXT NOT NULL PRIMARY KEY,
	organisation_id TEXT NOT NULL REFERENCES organisation (organisation_id),
	file_path TEXT NOT NULL,
	object_key TEXT,
	max_size BIGINT NOT NULL,
	account_id TEXT,
	expires_at BIGINT NOT NULL
);
CREATE INDEX space_pending_path ON space_pending (organisation_id, file_path);
CREATE INDEX space_pending_expires ON space_pending (expires_at, pending_id);
