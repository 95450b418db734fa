-- A list of a folder comes from this index alone: the rows of its files lie wherever there
-- was room when they were uploaded, and to read a thousand of them took ten times as long
-- among a million as among ten thousand.
DROP INDEX space_file_in;
CREATE INDEX space_file_in ON space_file (organisation_id, path_folder, file_path,
	uploaded_at, file_size, md5)
 WHERE path_folder IS NOT NULL;
