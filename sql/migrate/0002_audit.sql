-- The audit: who did what to whom, from where. Rows are written in the transaction of
-- what they record, never changed, and only removed by the retention job.
-- details, before_values and after_values are JSON objects without secrets, NRCs or
-- birth dates.
CREATE TABLE audit (
	audit_id TEXT NOT NULL PRIMARY KEY,
	logged_at BIGINT NOT NULL,
	level TEXT NOT NULL,
	module TEXT NOT NULL,
	action TEXT NOT NULL,
	endpoint TEXT NOT NULL,
	user_id TEXT,
	role TEXT,
	subject TEXT,
	details TEXT,
	before_values TEXT,
	after_values TEXT,
	ip_address TEXT,
	request_id TEXT,
	duration_ms BIGINT
);
CREATE INDEX audit_level ON audit (level, audit_id);
CREATE INDEX audit_module ON audit (module, audit_id);
CREATE INDEX audit_user ON audit (user_id, audit_id);
CREATE INDEX audit_subject ON audit (subject, audit_id);
