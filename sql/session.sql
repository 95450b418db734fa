-- Sign-ins, and the throttle in front of them.

-- name: session_insert :exec
-- Begin a session.
INSERT INTO session (session_id, account_id, farmer_id, created_at, expires_at)
VALUES (:session_id, :account_id, :farmer_id, :now, :expires_at);

-- name: session_find :one
-- Who a session belongs to, if it still holds: the one statement before every
-- signed request. Either the a. or the f. columns are NULL.
-- open: it finds the viewer
-- ahead: when it is known what it said the last time
-- nullable: account_id, email, is_admin, is_operator, is_farmer, account_active, account_name, operator_id, farmer_id, farmer_active
-- types: account_active BOOLEAN, account_name TEXT, farmer_active BOOLEAN, keeper_id TEXT
SELECT s.account_id, a.email, a.is_admin, a.is_operator, a.is_farmer,
       a.is_active AS account_active, a.full_name AS account_name, a.operator_id,
       COALESCE(a.organisation_id, k.organisation_id) AS organisation_id,
       k.organisation_id AS keeper_id,
       s.farmer_id, f.is_active AS farmer_active, f.first_name, f.last_name
  FROM session AS s
  LEFT JOIN account AS a ON a.account_id = s.account_id
  LEFT JOIN organisation AS k ON k.keeps_register
  LEFT JOIN farmer AS f ON f.farmer_id = s.farmer_id AND f.deleted_at IS NULL
 WHERE s.session_id = :session_id
   AND s.expires_at > :now;

-- name: session_end :exec
-- Sign out.
DELETE FROM session
 WHERE session_id = :session_id;

-- name: session_end_account :exec
-- End all sessions of an account but one ('' for none): a new password, or off.
DELETE FROM session
 WHERE account_id = :account_id
   AND session_id <> :session_id;

-- name: session_end_farmer :exec
-- End all sessions of a farmer who was switched off.
DELETE FROM session
 WHERE farmer_id = :farmer_id;

-- name: session_purge :exec
-- Housekeeping: forget what has expired.
DELETE FROM session
 WHERE expires_at <= :now;

-- name: throttle_hit :one
-- Count an attempt; a window that has passed starts anew, and so does one that began
-- later than now (by more than the clocks of hosts differ): the clock was set back.
-- types: window_ends_at BIGINT
INSERT INTO throttle (throttle_key, n_attempts, resets_at)
VALUES (:throttle_key, 1, :window_ends_at)
    ON CONFLICT (throttle_key) DO UPDATE
   SET n_attempts = CASE WHEN throttle.resets_at > :now
                          AND throttle.resets_at <= :window_ends_at + 60000000
                         THEN throttle.n_attempts + 1 ELSE 1 END,
       resets_at = CASE WHEN throttle.resets_at > :now
                         AND throttle.resets_at <= :window_ends_at + 60000000
                        THEN throttle.resets_at ELSE excluded.resets_at END
RETURNING n_attempts, resets_at;

-- name: throttle_forgive :exec
-- A success takes its own attempt back.
UPDATE throttle
   SET n_attempts = n_attempts - 1
 WHERE throttle_key = :throttle_key
   AND n_attempts > 0;

-- name: throttle_clear :exec
-- A success forgets the account's failures.
DELETE FROM throttle
 WHERE throttle_key = :throttle_key;

-- name: throttle_purge :exec
-- Housekeeping.
DELETE FROM throttle
 WHERE resets_at <= :now;
