-- What an organisation has, told apart: live files, their versions, the trash. Written
-- with every change, as used_bytes is, and compared with the rows every day
-- (space_tally.c), so that nobody counts a million files to see how much room there is.
ALTER TABLE organisation ADD COLUMN live_files BIGINT NOT NULL DEFAULT 0;
ALTER TABLE organisation ADD COLUMN live_bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE organisation ADD COLUMN version_files BIGINT NOT NULL DEFAULT 0;
ALTER TABLE organisation ADD COLUMN version_bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE organisation ADD COLUMN trash_files BIGINT NOT NULL DEFAULT 0;
ALTER TABLE organisation ADD COLUMN trash_bytes BIGINT NOT NULL DEFAULT 0;
UPDATE organisation
   SET live_files = (
           SELECT COUNT(*)
             FROM space_file AS f
            WHERE f.organisation_id = organisation.organisation_id
              AND f.deleted_at IS NULL),
       live_bytes = (
           SELECT COALESCE(SUM(f.file_size), 0)
             FROM space_file AS f
            WHERE f.organisation_id = organisation.organisation_id
              AND f.deleted_at IS NULL),
       version_files = (
           SELECT COUNT(*)
             FROM space_version AS v
            WHERE v.organisation_id = organisation.organisation_id),
       version_bytes = (
           SELECT COALESCE(SUM(v.file_size), 0)
             FROM space_version AS v
            WHERE v.organisation_id = organisation.organisation_id),
       trash_files = (
           SELECT COUNT(*)
             FROM space_file AS f
            WHERE f.organisation_id = organisation.organisation_id
              AND f.deleted_at IS NOT NULL),
       trash_bytes = (
           SELECT COALESCE(SUM(f.file_size), 0)
             FROM space_file AS f
            WHERE f.organisation_id = organisation.organisation_id
              AND f.deleted_at IS NOT NULL);

-- What the register itself has stored, by kind, as it was counted last (hourly).
CREATE TABLE file_figure (
	file_type TEXT NOT NULL PRIMARY KEY,
	n_files BIGINT NOT NULL,
	n_bytes BIGINT NOT NULL,
	n_replaced BIGINT NOT NULL,
	replaced_bytes BIGINT NOT NULL,
	counted_at BIGINT NOT NULL
);
