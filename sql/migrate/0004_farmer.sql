-- A deleted farmer's row stays until it is purged, so that it can be restored. While
-- deleted_at is set it is in no list, count or search, and its nrc_hash is
-- "deleted " and the row's id: the NRC is free for a new registration.
ALTER TABLE farmer ADD COLUMN deleted_at BIGINT;
ALTER TABLE farmer ADD COLUMN deleted_by TEXT;

-- Counts by district and status come from this index alone.
CREATE INDEX farmer_standing ON farmer (district_name, registration_status, deleted_at,
	farmer_id);
CREATE INDEX farmer_deleted ON farmer (deleted_at) WHERE deleted_at IS NOT NULL;

-- What a file of type "document" is: nrc, land_title, license or certificate.
ALTER TABLE file ADD COLUMN doc_type TEXT;

-- What an operator's figures are counted from, without reading whole rows.
CREATE INDEX farmer_figures ON farmer (district_name, deleted_at, created_at,
	farm_size_hectares);
CREATE INDEX farmer_creator_figures ON farmer (created_by, deleted_at, created_at,
	farm_size_hectares);
