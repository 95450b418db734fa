-- Reading the audit newest first, by what the viewer of logs filters by, and counting
-- it by kind; what the retention job may forget early; what reports count from.
DROP INDEX audit_level;
DROP INDEX audit_module;
DROP INDEX audit_user;
CREATE INDEX audit_time ON audit (logged_at, audit_id);
CREATE INDEX audit_level ON audit (level, logged_at, audit_id);
CREATE INDEX audit_module ON audit (module, logged_at, audit_id);
CREATE INDEX audit_user ON audit (user_id, logged_at, audit_id);
CREATE INDEX audit_role ON audit (role, logged_at, audit_id);
CREATE INDEX audit_kind ON audit (level, module);
CREATE INDEX audit_nobody ON audit (user_id, subject, logged_at)
 WHERE user_id IS NULL AND subject IS NULL;

-- They hold all columns that the figures ask for: counting reads no row.
CREATE INDEX farmer_region ON farmer (province_name, district_name,
	registration_status, deleted_at, farmer_id);
CREATE INDEX farmer_created ON farmer (created_at, deleted_at);

-- When a process that runs all the time was last seen to work.
CREATE TABLE heartbeat (
	beat_name TEXT NOT NULL PRIMARY KEY,
	beat_at BIGINT NOT NULL
);
