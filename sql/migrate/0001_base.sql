-- The register: accounts and sessions, places, farmers, files, cards.
-- Times are microseconds UTC. Types are TEXT, BIGINT, DOUBLE PRECISION, BOOLEAN,
-- the same for one column name everywhere. A table marked "people" holds personal
-- data: statements on it take what the viewer may see, or say why not.

-- Which register this is: one row. The store bears the same id, so that no program ever
-- takes the files of one register for another's.
CREATE TABLE register (
	register_id TEXT NOT NULL PRIMARY KEY,
	created_at BIGINT NOT NULL
);

-- people
CREATE TABLE account (
	account_id TEXT NOT NULL PRIMARY KEY,
	email TEXT NOT NULL UNIQUE,
	password_hash TEXT NOT NULL,
	is_admin BOOLEAN NOT NULL,
	is_operator BOOLEAN NOT NULL,
	is_active BOOLEAN NOT NULL,
	full_name TEXT,
	phone TEXT,
	operator_id TEXT UNIQUE,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	last_login_at BIGINT
);

CREATE TABLE account_district (
	account_id TEXT NOT NULL REFERENCES account (account_id) ON DELETE CASCADE,
	district_name TEXT NOT NULL,
	PRIMARY KEY (account_id, district_name)
);

CREATE TABLE province (
	province_code TEXT NOT NULL PRIMARY KEY,
	province_name TEXT NOT NULL UNIQUE,
	capital TEXT
);

CREATE TABLE district (
	district_code TEXT NOT NULL PRIMARY KEY,
	district_name TEXT NOT NULL,
	province_code TEXT NOT NULL REFERENCES province (province_code)
);
CREATE INDEX district_province ON district (province_code, district_name);

CREATE TABLE chiefdom (
	chiefdom_code TEXT NOT NULL PRIMARY KEY,
	chiefdom_name TEXT NOT NULL,
	title TEXT,
	ethnic_group TEXT,
	district_code TEXT NOT NULL REFERENCES district (district_code)
);
CREATE INDEX chiefdom_district ON chiefdom (district_code, chiefdom_name);

-- nrc_sealed and birth_sealed are encrypted (core/seal.c); nrc_hash is the keyed
-- hash that finds a farmer by NRC and keeps it unique. U+001F ends each
-- item of a list.
-- people
CREATE TABLE farmer (
	farmer_row_id TEXT NOT NULL PRIMARY KEY,
	farmer_id TEXT NOT NULL UNIQUE,
	registration_status TEXT NOT NULL,
	is_active BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	created_by TEXT NOT NULL,
	first_name TEXT NOT NULL,
	last_name TEXT NOT NULL,
	phone_primary TEXT NOT NULL,
	phone_secondary TEXT,
	contact_email TEXT,
	nrc_sealed TEXT NOT NULL,
	nrc_hash TEXT NOT NULL UNIQUE,
	birth_sealed TEXT NOT NULL,
	gender TEXT NOT NULL,
	ethnic_group TEXT,
	province_code TEXT NOT NULL,
	province_name TEXT NOT NULL,
	district_code TEXT NOT NULL,
	district_name TEXT NOT NULL,
	chiefdom_code TEXT,
	chiefdom_name TEXT,
	village TEXT NOT NULL,
	street TEXT,
	gps_latitude DOUBLE PRECISION,
	gps_longitude DOUBLE PRECISION,
	farm_size_hectares DOUBLE PRECISION,
	crops_grown TEXT,
	livestock_types TEXT,
	has_irrigation BOOLEAN,
	years_farming BIGINT,
	household_size BIGINT,
	number_of_dependents BIGINT,
	primary_income_source TEXT,
	review_notes TEXT,
	reviewed_by TEXT,
	reviewed_at BIGINT,
	photo_file_id TEXT,
	portrait_file_id TEXT
);
CREATE INDEX farmer_district ON farmer (district_name, farmer_row_id);
CREATE INDEX farmer_status ON farmer (registration_status, farmer_row_id);

-- What a search can begin with: folded words of the name, the farmer's number,
-- the phone numbers. Written with the farmer, never on its own.
-- people
CREATE TABLE farmer_term (
	term TEXT NOT NULL,
	farmer_id TEXT NOT NULL REFERENCES farmer (farmer_id) ON DELETE CASCADE,
	PRIMARY KEY (term, farmer_id)
);
CREATE INDEX farmer_term_farmer ON farmer_term (farmer_id);

-- A sign-in. Tokens name it, so ending it ends them. Exactly one of account_id and
-- farmer_id is set.
CREATE TABLE session (
	session_id TEXT NOT NULL PRIMARY KEY,
	account_id TEXT REFERENCES account (account_id) ON DELETE CASCADE,
	farmer_id TEXT REFERENCES farmer (farmer_id) ON DELETE CASCADE,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	CHECK ((account_id IS NULL) <> (farmer_id IS NULL))
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_farmer ON session (farmer_id);
CREATE INDEX session_expires ON session (expires_at);

-- Attempts counted per account and per address; the key is a keyed hash.
CREATE TABLE throttle (
	throttle_key TEXT NOT NULL PRIMARY KEY,
	n_attempts BIGINT NOT NULL,
	resets_at BIGINT NOT NULL
);
CREATE INDEX throttle_resets ON throttle (resets_at);

-- Stored objects. replaced_at is set when a newer one took its place.
-- people
CREATE TABLE file (
	file_id TEXT NOT NULL PRIMARY KEY,
	farmer_id TEXT NOT NULL REFERENCES farmer (farmer_id) ON DELETE CASCADE,
	file_type TEXT NOT NULL,
	file_name TEXT NOT NULL,
	content_type TEXT NOT NULL,
	file_size BIGINT NOT NULL,
	sha256 TEXT NOT NULL,
	uploaded_at BIGINT NOT NULL,
	uploaded_by TEXT NOT NULL,
	replaced_at BIGINT
);
CREATE INDEX file_farmer ON file (farmer_id);
CREATE INDEX file_replaced ON file (replaced_at);

-- Issued cards. At most one of a farmer's is not revoked. The text of the QR code says
-- the birth date, so it is sealed.
-- people
CREATE TABLE card (
	card_serial TEXT NOT NULL PRIMARY KEY,
	farmer_id TEXT NOT NULL REFERENCES farmer (farmer_id) ON DELETE CASCADE,
	issued_at BIGINT NOT NULL,
	issued_by TEXT NOT NULL,
	expires_at BIGINT NOT NULL,
	card_file_id TEXT NOT NULL,
	qr_sealed TEXT NOT NULL,
	revoked_at BIGINT,
	revoked_why TEXT
);
CREATE UNIQUE INDEX card_in_force ON card (farmer_id) WHERE revoked_at IS NULL;
CREATE INDEX card_farmer ON card (farmer_id);

-- Public halves of the keys that signed cards, so that old cards verify after a
-- change of keys. The private halves are never stored.
CREATE TABLE card_key (
	kid TEXT NOT NULL PRIMARY KEY,
	public_key TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	revoked_at BIGINT
);
