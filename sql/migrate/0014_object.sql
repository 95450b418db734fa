-- Where stored bytes lie. An object is written once and never changed; a row of file, or
-- of whatever else has bytes, names it. stored_in is "disk" or "s3"; there it has a key
-- and, as the bucket keeps versions, the version that is meant: other bytes under the
-- same key never stand for these. The key can hold the name of a file.
-- people
CREATE TABLE object (
	object_id TEXT NOT NULL PRIMARY KEY,
	stored_in TEXT NOT NULL,
	object_key TEXT,
	object_version TEXT,
	file_size BIGINT NOT NULL,
	sha256 TEXT NOT NULL,
	md5 TEXT,
	created_at BIGINT NOT NULL
);
CREATE INDEX object_place ON object (stored_in, object_id);
CREATE INDEX object_key ON object (object_key, object_version)
 WHERE object_key IS NOT NULL;

-- All there was before lies on the disk. A file has the id of its object.
INSERT INTO object (object_id, stored_in, file_size, sha256, created_at)
SELECT file_id, 'disk', file_size, sha256, uploaded_at
  FROM file;
INSERT INTO object (object_id, stored_in, file_size, sha256, created_at)
SELECT input_file_id, 'disk', file_size, sha256, created_at
  FROM import
 WHERE input_file_id IS NOT NULL;
