-- What was kept for its time, or is not to be kept any longer, is purged organisation by
-- organisation: by the job as by `cem organisation purge`.
DROP INDEX space_version_old;
CREATE INDEX space_version_old ON space_version (organisation_id, replaced_at, version_id);
DROP INDEX space_file_old;
