-- Requests for supplies: a farmer sees his own, administrators see all.

-- name: supply_insert :exec
-- A new request. Used by supply_ask and the import.
-- open: the row of the farmer whom the token names
INSERT INTO supply_request (supply_id, farmer_id, supply_items, supply_quantity,
       supply_urgency, supply_notes, supply_status, admin_notes, created_at, updated_at)
VALUES (:supply_id, :farmer_id, :supply_items, :supply_quantity, :supply_urgency,
       :supply_notes, :supply_status, :admin_notes, :created_at, :updated_at);

-- fragment: supplies(s, f)
-- Requests, and whose they are.
SELECT s.supply_id, s.farmer_id, f.first_name, f.last_name, f.contact_email,
       s.supply_items, s.supply_quantity, s.supply_urgency, s.supply_notes,
       s.supply_status, s.admin_notes, s.created_at, s.updated_at
  FROM supply_request AS s
  JOIN farmer AS f ON f.farmer_id = s.farmer_id;

-- name: supply_get :one
-- One request, if the viewer may see it.
:supplies(s, f)
 WHERE s.supply_id = :supply_id
   AND f.deleted_at IS NULL
   AND (:viewer_all OR s.farmer_id = :viewer_farmer_id);

-- name: supply_own :each
-- The signed-in farmer's, newest first. Used by supply_list_own.
-- row: supply_get
:supplies(s, f)
 WHERE s.farmer_id = :viewer_farmer_id
 ORDER BY s.created_at DESC, s.supply_id DESC
 LIMIT :limit OFFSET :skip;

-- name: supply_own_count :one
-- How many that list has in all.
-- types: n BIGINT
SELECT COUNT(*) AS n
  FROM supply_request
 WHERE farmer_id = :viewer_farmer_id;

-- name: supply_list :each
-- Everybody's, newest first. Used by supply_list_all.
-- row: supply_get
:supplies(s, f)
 WHERE :viewer_all
   AND f.deleted_at IS NULL
 ORDER BY s.created_at DESC, s.supply_id DESC
 LIMIT :limit OFFSET :skip;

-- name: supply_count :one
-- How many there are: all, but for the few of farmers who are deleted. CROSS JOIN, so
-- that SQLite begins with these.
-- types: n BIGINT
SELECT (SELECT COUNT(*) FROM supply_request WHERE :viewer_all)
       - (SELECT COUNT(*)
            FROM farmer AS f
           CROSS JOIN supply_request AS s
           WHERE f.deleted_at IS NOT NULL
             AND s.farmer_id = f.farmer_id
             AND :viewer_all) AS n;

-- name: supply_list_state :each
-- Those of one status, along their own index.
-- row: supply_get
:supplies(s, f)
 WHERE :viewer_all
   AND f.deleted_at IS NULL
   AND s.supply_status = :supply_status
 ORDER BY s.created_at DESC, s.supply_id DESC
 LIMIT :limit OFFSET :skip;

-- name: supply_count_state :one
-- How many that list has in all.
-- types: n BIGINT
SELECT (SELECT COUNT(*)
          FROM supply_request
         WHERE supply_status = :supply_status
           AND :viewer_all)
       - (SELECT COUNT(*) FILTER (WHERE s.supply_status = :supply_status)
            FROM farmer AS f
           CROSS JOIN supply_request AS s
           WHERE f.deleted_at IS NOT NULL
             AND s.farmer_id = f.farmer_id
             AND :viewer_all) AS n;

-- name: supply_update :exec
-- Decide on a request; notes that are NULL leave the last ones. Used by supply_decide.
UPDATE supply_request
   SET supply_status = :supply_status, admin_notes = COALESCE(:admin_notes, admin_notes),
       updated_at = :now
 WHERE supply_id = :supply_id
   AND :viewer_all;

-- name: supply_delete :exec
-- An administrator may delete any, a farmer his own as long as nobody decided on it.
DELETE FROM supply_request
 WHERE supply_id = :supply_id
   AND (:viewer_all OR (farmer_id = :viewer_farmer_id AND supply_status = 'pending'));
