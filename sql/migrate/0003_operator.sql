-- Accounts as the system before had them: some with the role FARMER, each knowing who
-- made it; and operators with regions beside their districts.
ALTER TABLE account ADD COLUMN is_farmer BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE account ADD COLUMN created_by TEXT;
CREATE INDEX account_created ON account (created_at, account_id);
CREATE INDEX account_admins ON account (account_id) WHERE is_admin AND is_active;
CREATE INDEX account_operators ON account (created_at, account_id) WHERE is_operator;

CREATE TABLE account_region (
	account_id TEXT NOT NULL REFERENCES account (account_id) ON DELETE CASCADE,
	region_name TEXT NOT NULL,
	PRIMARY KEY (account_id, region_name)
);

CREATE INDEX district_named ON district (district_name);
CREATE INDEX farmer_creator ON farmer (created_by, farmer_row_id);
