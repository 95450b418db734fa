-- Which accounts still have a password hash of the system before: each refused sign-in
-- asks whether there is one.
CREATE INDEX account_before ON account (account_id)
 WHERE SUBSTR(password_hash, 1, 2) = '$2';
