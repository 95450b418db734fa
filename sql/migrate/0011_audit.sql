-- The audit with fewer indexes, as each row pays for every one. The id of a row begins
-- with its time (logged_at, see fcgi/base/id.h): the key alone gives the order
-- and any span of time. Nearly all rows are INFO, so those of other levels have an
-- index and INFO needs none. No statement asks by subject.
DROP INDEX audit_subject;
DROP INDEX audit_time;
DROP INDEX audit_level;
DROP INDEX audit_module;
DROP INDEX audit_user;
DROP INDEX audit_role;
DROP INDEX audit_kind;
DROP INDEX audit_nobody;
CREATE INDEX audit_level ON audit (level, audit_id)
 WHERE level <> 'INFO';
CREATE INDEX audit_module ON audit (module, audit_id);
CREATE INDEX audit_user ON audit (user_id, audit_id);
CREATE INDEX audit_role ON audit (role, audit_id);
CREATE INDEX audit_nobody ON audit (audit_id)
 WHERE user_id IS NULL AND subject IS NULL;

-- How many rows there are of each kind, of those before counted_id; kept by the
-- recorder, so that nobody counts a table that only grows.
CREATE TABLE audit_tally (
	level TEXT NOT NULL,
	module TEXT NOT NULL,
	n_rows BIGINT NOT NULL,
	PRIMARY KEY (level, module)
);
CREATE TABLE audit_counted (
	counted_id TEXT NOT NULL PRIMARY KEY
);
INSERT INTO audit_counted (counted_id) VALUES ('');
