-- Phones that work offline: what they have sent, and what they have not seen yet.

-- Each temp_id of an account is one farmer, however often it is sent. item_hash is the
-- keyed hash of the item as it was last written, item_status what was answered, job_id
-- the batch: ids sort by age, so an older batch that comes later changes nothing.
-- people
CREATE TABLE sync_item (
	account_id TEXT NOT NULL REFERENCES account (account_id) ON DELETE CASCADE,
	temp_id TEXT NOT NULL,
	farmer_id TEXT REFERENCES farmer (farmer_id) ON DELETE CASCADE,
	item_hash TEXT NOT NULL,
	item_status TEXT NOT NULL,
	job_id TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (account_id, temp_id)
);
CREATE INDEX sync_item_farmer ON sync_item (farmer_id);

-- The districts that a farmer has left, and when: whoever sees only one of them learns
-- by it that the farmer is no longer his.
-- people
CREATE TABLE farmer_move (
	farmer_row_id TEXT NOT NULL REFERENCES farmer (farmer_row_id) ON DELETE CASCADE,
	district_name TEXT NOT NULL,
	farmer_id TEXT NOT NULL,
	updated_at BIGINT NOT NULL,
	PRIMARY KEY (farmer_row_id, district_name)
);
CREATE INDEX farmer_move_changed ON farmer_move (district_name, updated_at,
	farmer_row_id);
CREATE INDEX farmer_move_old ON farmer_move (updated_at);

-- All farmers, or those of a district, in the order of their changes.
CREATE INDEX farmer_changed ON farmer (updated_at, farmer_row_id);
CREATE INDEX farmer_district_changed ON farmer (district_name, updated_at,
	farmer_row_id);
