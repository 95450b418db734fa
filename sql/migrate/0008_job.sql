-- Work that outlives a request: one row a job, and one row for each schedule.
--
-- due_at says when somebody may take it: of a queued job, when it may run; of a running
-- one, when the lease of its worker ends; NULL once it has ended. lease_token
-- belongs to one run: whoever does not have it any more can't write.
-- account_id is who asked (NULL: the program itself). It refers to no row, as a job of
-- an account that is gone must not turn into one of the program.
-- input, cursor and result may hold people's data, and are sealed.
-- people
CREATE TABLE job (
	job_id TEXT NOT NULL PRIMARY KEY,
	job_kind TEXT NOT NULL,
	job_state TEXT NOT NULL,
	is_scheduled BOOLEAN NOT NULL,
	account_id TEXT,
	due_at BIGINT,
	lease_token TEXT,
	attempt BIGINT NOT NULL,
	n_done BIGINT NOT NULL,
	n_total BIGINT NOT NULL,
	input_sealed TEXT,
	cursor_sealed TEXT,
	result_sealed TEXT,
	last_error TEXT,
	created_at BIGINT NOT NULL,
	started_at BIGINT,
	ended_at BIGINT,
	endpoint TEXT,
	ip_address TEXT,
	request_id TEXT
);
CREATE INDEX job_due ON job (due_at, job_id) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX job_schedule ON job (job_kind) WHERE is_scheduled;
CREATE INDEX job_account ON job (account_id, job_id) WHERE account_id IS NOT NULL;
CREATE INDEX job_kind_of ON job (job_kind, job_id);
CREATE INDEX job_state_of ON job (job_state, job_id);
