-- What one account has waiting, which is bounded.
CREATE INDEX job_waiting ON job (account_id, job_kind)
 WHERE due_at IS NOT NULL;
CREATE INDEX import_kept ON import (account_id)
 WHERE input_file_id IS NOT NULL;
