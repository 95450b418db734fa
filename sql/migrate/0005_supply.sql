-- Places that offices add, ethnic groups, requests for supplies.

-- The folded name of a place that was added after the first ones. Two that are added
-- at once can't both win; the first ones have none, as they are there before.
ALTER TABLE province ADD COLUMN place_key TEXT;
ALTER TABLE district ADD COLUMN place_key TEXT;
ALTER TABLE chiefdom ADD COLUMN place_key TEXT;
CREATE UNIQUE INDEX province_place ON province (place_key);
CREATE UNIQUE INDEX district_place ON district (province_code, place_key);
CREATE UNIQUE INDEX chiefdom_place ON chiefdom (district_code, place_key);

-- What the form proposes. ethnic_key is the folded name.
CREATE TABLE ethnic_group (
	ethnic_id TEXT NOT NULL PRIMARY KEY,
	ethnic_name TEXT NOT NULL,
	ethnic_key TEXT NOT NULL UNIQUE,
	is_active BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL
);

-- What farmers ask the office for. U+001F ends each item of supply_items.
-- people
CREATE TABLE supply_request (
	supply_id TEXT NOT NULL PRIMARY KEY,
	farmer_id TEXT NOT NULL REFERENCES farmer (farmer_id) ON DELETE CASCADE,
	supply_items TEXT NOT NULL,
	supply_quantity TEXT NOT NULL,
	supply_urgency TEXT NOT NULL,
	supply_notes TEXT,
	supply_status TEXT NOT NULL,
	admin_notes TEXT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL
);
CREATE INDEX supply_farmer ON supply_request (farmer_id, created_at, supply_id);
CREATE INDEX supply_state ON supply_request (supply_status, created_at, supply_id);
CREATE INDEX supply_created ON supply_request (created_at, supply_id);
