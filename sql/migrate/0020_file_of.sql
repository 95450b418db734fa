-- A farmer's files in the order of their age, for the list of those that were replaced.
CREATE INDEX file_of ON file (farmer_id, file_id);
DROP INDEX file_farmer;
