-- Lists of farmers and searches, newest first. What a list leaves out must not cost:
-- there are several ways to the same rows, and farmer_list.c takes the one that looks at
-- the fewest, by the kept figures and by how many have the words.
--
-- :status, :district and the words may be NULL. A word is a range of farmer_term: of all
-- that begin with it. A list towards the newest goes the same way with >, <=, 'g', ASC for
-- <, >=, '', DESC, which fragments call beyond, within, last, sorted.

-- name: farmer_extent :one
-- How many farmers there are, and how many the viewer's list has in all, in how many
-- districts, one of which is place. From the kept figures.
-- types: n_all BIGINT, n_here BIGINT, n_places BIGINT, status TEXT, district TEXT, place TEXT
SELECT CAST(COALESCE(SUM(t.n_farmers), 0) AS BIGINT) AS n_all,
       CAST(COALESCE(SUM(CASE WHEN t.seen THEN t.n_farmers ELSE 0 END), 0) AS BIGINT)
           AS n_here,
       COUNT(DISTINCT CASE WHEN t.seen THEN t.district_name END) AS n_places,
       MAX(CASE WHEN t.seen THEN t.district_name END) AS place
  FROM (SELECT n_farmers, district_name,
               :district_scope(district_name)
               AND (:status IS NULL OR registration_status = :status)
               AND (:district IS NULL OR district_name = :district) AS seen
          FROM farmer_tally
         WHERE tally_by = 'standing' AND n_farmers > 0) AS t;

-- name: farmer_term_count :one
-- How many farmers a word finds, at most :most. Used to choose a way.
-- open: a count that nobody is shown
-- types: n BIGINT, word TEXT, word_end TEXT, most BIGINT
SELECT COUNT(*) AS n
  FROM (SELECT t.term
          FROM farmer_term AS t
         WHERE t.term >= :word AND t.term < :word_end
         LIMIT :most) AS found;

-- name: farmer_term_longer :one
-- Is there a longer word of the same beginning?
-- open: a count that nobody is shown
-- types: n BIGINT, word TEXT, word_end TEXT
SELECT COUNT(*) AS n
  FROM (SELECT t.term
          FROM farmer_term AS t
         WHERE t.term > :word AND t.term < :word_end
         LIMIT 1) AS found;

-- fragment: shown(f)
-- What a list shows of a farmer.
f.farmer_row_id, f.farmer_id, f.registration_status, f.created_at, f.first_name,
f.last_name, f.phone_primary, f.village, f.district_name, f.is_active, f.review_notes,
f.nrc_sealed;

-- fragment: has_word(f, first, until)
-- Has the farmer one of those words? The LIMIT 1 OFFSET 0 changes nothing; it keeps
-- PostgreSQL from turning the look at one farmer's words into a join with everybody's.
(first IS NULL OR EXISTS (
    SELECT 1
      FROM farmer_term AS t
     WHERE t.farmer_row_id = f.farmer_row_id
       AND t.term >= first AND t.term < until
     LIMIT 1 OFFSET 0));

-- fragment: has_words(f)
-- All that was searched for?
-- types: word TEXT, word_end TEXT, second TEXT, second_end TEXT, third TEXT, third_end TEXT
(:has_word(f, :word, :word_end)
 AND :has_word(f, :second, :second_end)
 AND :has_word(f, :third, :third_end));

-- fragment: wanted(f)
-- Is it one that the list asks for?
-- types: status TEXT, district TEXT
((:status IS NULL OR f.registration_status = :status)
 AND (:district IS NULL OR f.district_name = :district)
 AND :has_words(f));

-- fragment: page(f, sorted)
-- The page that is shown.
ORDER BY f.farmer_row_id sorted
LIMIT :limit OFFSET :skip;

-- fragment: every_list(beyond, within, last, sorted)
-- See farmer_list.
-- types: than TEXT, window BIGINT
SELECT :shown(f)
  FROM farmer AS f
 WHERE f.deleted_at IS NULL
   AND f.farmer_row_id beyond :than
   AND f.farmer_row_id within COALESCE((
           SELECT x.farmer_row_id
             FROM farmer AS x
            WHERE :window > 0 AND x.farmer_row_id beyond :than
            ORDER BY x.farmer_row_id sorted
            LIMIT 1 OFFSET :window), last)
   AND :district_scope(f.district_name)
   AND :wanted(f)
 :page(f, sorted);

-- name: farmer_list :many
-- Those registered before one, newest first, looking at each: for lists that leave out
-- few. :window ends the looking after so many, unless it is 0.
:every_list(<, >=, '', DESC);

-- name: farmer_list_newer :many
-- The same towards the newest: those registered after one, oldest first.
-- row: farmer_list
:every_list(>, <=, 'g', ASC);

-- name: farmer_district_list :many
-- Those of one district. For viewers who see one, and lists that ask for one.
-- row: farmer_list
-- types: than TEXT, place TEXT
SELECT :shown(f)
  FROM farmer AS f
 WHERE f.district_name = :place
   AND f.deleted_at IS NULL
   AND f.farmer_row_id < :than
   AND :district_scope(f.district_name)
   AND :wanted(f)
 :page(f, DESC);

-- fragment: places()
-- The districts that the viewer sees and the list asks for.
-- types: status TEXT, district TEXT
SELECT d.district_name
  FROM account_district AS d
 WHERE d.account_id = :viewer_account_id
   AND (:district IS NULL OR d.district_name = :district)
UNION
SELECT y.district_name
  FROM farmer_tally AS y
 WHERE :viewer_all AND y.tally_by = 'standing' AND y.n_farmers > 0
   AND (:district IS NULL OR y.district_name = :district)
   AND (:status IS NULL OR y.registration_status = :status);

-- fragment: place_list_sqlite(beyond, within, last, sorted)
-- See farmer_place_list.
-- types: than TEXT, upto BIGINT, created_at BIGINT, is_active BOOLEAN
WITH place AS (:places()),
     bound AS MATERIALIZED (
       SELECT p.district_name, COALESCE((
              SELECT x.farmer_row_id
                FROM farmer AS x
               WHERE x.district_name = p.district_name
                 AND x.deleted_at IS NULL
                 AND x.farmer_row_id beyond :than
                 AND :has_words(x)
               ORDER BY x.farmer_row_id sorted
               LIMIT 1 OFFSET :upto), last) AS least
         FROM place AS p)
SELECT :shown(f)
  FROM bound AS b
  JOIN farmer AS f ON f.district_name = b.district_name
   AND f.farmer_row_id within b.least
 WHERE f.deleted_at IS NULL
   AND f.farmer_row_id beyond :than
   AND :has_words(f)
 :page(f, sorted);

-- fragment: place_list_pgsql(beyond, sorted)
-- See farmer_place_list.
-- types: than TEXT, upto BIGINT
WITH place AS (:places())
SELECT :shown(f)
  FROM place AS p
 CROSS JOIN LATERAL (
       SELECT :shown(x)
         FROM farmer AS x
        WHERE x.district_name = p.district_name
          AND x.deleted_at IS NULL
          AND x.farmer_row_id beyond :than
          AND :has_words(x)
        ORDER BY x.farmer_row_id sorted
        LIMIT :upto) AS f
 :page(f, sorted);

-- name: farmer_place_list :many
-- Those of the districts that the viewer sees, one by one from the index of districts:
-- of each the first :upto at most. For lists that leave out most.
-- row: farmer_list
-- only: sqlite
:place_list_sqlite(<, >=, '', DESC);

-- name: farmer_place_list :many
-- And on PostgreSQL, which reads each district's first ones in a join of its own.
-- row: farmer_list
-- only: pgsql
:place_list_pgsql(<, DESC);

-- name: farmer_place_list_newer :many
-- The same towards the newest.
-- row: farmer_list
-- only: sqlite
:place_list_sqlite(>, <=, 'g', ASC);

-- name: farmer_place_list_newer :many
-- And on PostgreSQL.
-- row: farmer_list
-- only: pgsql
:place_list_pgsql(>, ASC);

-- name: farmer_standing_list :many
-- Those of one status, in the same way.
-- row: farmer_list
-- types: than TEXT, upto BIGINT, created_at BIGINT, is_active BOOLEAN
-- only: sqlite
WITH place AS (:places()),
     bound AS MATERIALIZED (
       SELECT p.district_name, COALESCE((
              SELECT x.farmer_row_id
                FROM farmer AS x
               WHERE x.district_name = p.district_name
                 AND x.deleted_at IS NULL
                 AND x.registration_status = :status
                 AND x.farmer_row_id < :than
                 AND :has_words(x)
               ORDER BY x.farmer_row_id DESC
               LIMIT 1 OFFSET :upto), '') AS least
         FROM place AS p)
SELECT :shown(f)
  FROM bound AS b
  JOIN farmer AS f ON f.district_name = b.district_name
   AND f.farmer_row_id >= b.least
 WHERE f.deleted_at IS NULL
   AND f.registration_status = :status
   AND f.farmer_row_id < :than
   AND :has_words(f)
 :page(f, DESC);

-- name: farmer_standing_list :many
-- And on PostgreSQL.
-- row: farmer_list
-- types: than TEXT, upto BIGINT
-- only: pgsql
WITH place AS (:places())
SELECT :shown(f)
  FROM place AS p
 CROSS JOIN LATERAL (
       SELECT :shown(x)
         FROM farmer AS x
        WHERE x.district_name = p.district_name
          AND x.deleted_at IS NULL
          AND x.registration_status = :status
          AND x.farmer_row_id < :than
          AND :has_words(x)
        ORDER BY x.farmer_row_id DESC
        LIMIT :upto) AS f
 :page(f, DESC);

-- fragment: word_list_sqlite(beyond, sorted)
-- See farmer_word_list.
-- types: than TEXT, key TEXT, key_end TEXT
SELECT :shown(f)
  FROM farmer AS f
 WHERE f.farmer_row_id IN (
           SELECT k.farmer_row_id
             FROM farmer_term AS k
            WHERE k.term >= :key AND k.term < :key_end
              AND k.farmer_row_id beyond :than)
   AND f.deleted_at IS NULL
   AND :district_scope(f.district_name)
   AND :wanted(f)
 :page(f, sorted);

-- fragment: one_of(k)
-- On PostgreSQL, the farmer of a word, if the list shows him.
CROSS JOIN LATERAL (
    SELECT :shown(x)
      FROM farmer AS x
     WHERE x.farmer_row_id = k.farmer_row_id
       AND x.deleted_at IS NULL
       AND :district_scope(x.district_name)
       AND :wanted(x)
     LIMIT 1) AS f;

-- fragment: word_list_pgsql(beyond, sorted)
-- See farmer_word_list.
-- types: than TEXT, key TEXT, key_end TEXT
SELECT :shown(f)
  FROM (SELECT DISTINCT k.farmer_row_id
          FROM farmer_term AS k
         WHERE k.term >= :key AND k.term < :key_end AND k.farmer_row_id beyond :than
         ORDER BY k.farmer_row_id sorted) AS c
 :one_of(c)
 :page(c, sorted);

-- name: farmer_word_list :many
-- Those whom one word finds: its rows are sorted, then looked at one by one. For words
-- that few have.
-- row: farmer_list
-- only: sqlite
:word_list_sqlite(<, DESC);

-- name: farmer_word_list :many
-- And on PostgreSQL, which then looks only at those that the page shows.
-- row: farmer_list
-- only: pgsql
:word_list_pgsql(<, DESC);

-- name: farmer_word_list_newer :many
-- The same towards the newest.
-- row: farmer_list
-- only: sqlite
:word_list_sqlite(>, ASC);

-- name: farmer_word_list_newer :many
-- And on PostgreSQL.
-- row: farmer_list
-- only: pgsql
:word_list_pgsql(>, ASC);

-- name: farmer_term_list :many
-- The same if there is but one word of that beginning: its rows lie in order.
-- row: farmer_list
-- types: than TEXT, key TEXT
-- only: sqlite
SELECT :shown(f)
  FROM farmer_term AS k
  JOIN farmer AS f ON f.farmer_row_id = k.farmer_row_id
 WHERE k.term = :key AND k.farmer_row_id < :than
   AND f.deleted_at IS NULL
   AND :district_scope(f.district_name)
   AND :wanted(f)
 :page(k, DESC);

-- name: farmer_term_list :many
-- And on PostgreSQL.
-- row: farmer_list
-- types: than TEXT, key TEXT
-- only: pgsql
SELECT :shown(f)
  FROM farmer_term AS k
 :one_of(k)
 WHERE k.term = :key AND k.farmer_row_id < :than
 :page(k, DESC);

-- name: farmer_own_list :many
-- The viewer's own row, if the list asks for it: between two others. A farmer's list.
-- row: farmer_list
-- types: than TEXT, above TEXT
SELECT :shown(f)
  FROM farmer AS f
 WHERE f.farmer_id = :viewer_farmer_id
   AND f.deleted_at IS NULL
   AND f.farmer_row_id < :than
   AND f.farmer_row_id > :above
   AND :wanted(f)
 :page(f, DESC);

-- name: farmer_find :many
-- The one of a number or an NRC, if the viewer may see it.
-- row: farmer_list
-- types: exact_id TEXT, other_hash TEXT
SELECT :shown(f)
  FROM farmer AS f
 WHERE f.deleted_at IS NULL
   AND :scope(f)
   AND (f.farmer_id = :exact_id OR f.nrc_hash IN (:nrc_hash, :other_hash))
 LIMIT 2;
