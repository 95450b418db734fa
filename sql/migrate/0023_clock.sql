-- What the clock said when it was last looked at (0: never), until when nothing is
-- forgotten because it jumped ahead, and how often it was set back. One row.
CREATE TABLE clock_seen (
	seen_at BIGINT NOT NULL PRIMARY KEY,
	held_until BIGINT NOT NULL,
	n_back BIGINT NOT NULL
);
INSERT INTO clock_seen (seen_at, held_until, n_back) VALUES (0, 0, 0);
