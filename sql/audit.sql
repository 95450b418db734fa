-- The audit. Only the retention job deletes; nothing updates.

-- name: audit_insert :exec
-- One event. Used by front_audit and the command line.
INSERT INTO audit (audit_id, logged_at, level, module, action, endpoint, user_id, role,
       subject, details, before_values, after_values, ip_address, request_id,
       duration_ms)
VALUES (:audit_id, :logged_at, :level, :module, :action, :endpoint, :user_id, :role,
       :subject, :details, :before_values, :after_values, :ip_address, :request_id,
       :duration_ms);
