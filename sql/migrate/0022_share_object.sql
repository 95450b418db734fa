-- Which bytes a visitor of a share was given: later parts are those of the same file, not
-- of what was written over it meanwhile. NULL where nothing was taken.
ALTER TABLE share_use ADD COLUMN object_id TEXT;
