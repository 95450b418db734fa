# SPDX-License-Identifier: MIT
"""
sqlgen: what it refuses, with the words it says, and what it makes of good input.
Each refusal is one row: a statement (or a migration) and a piece of the message. The
generator is built here, unless SQLGEN names one.
"""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

SCHEMA = """-- SPDX-License-Identifier: MIT
CREATE TABLE place (
    place_id TEXT NOT NULL PRIMARY KEY,
    place_name TEXT NOT NULL,
    height BIGINT,
    steps BIGINT NOT NULL,
    dry BOOLEAN NOT NULL DEFAULT TRUE
);
-- One person.
-- people
CREATE TABLE person (
    person_id TEXT NOT NULL PRIMARY KEY,
    place_id TEXT REFERENCES place (place_id),
    area DOUBLE PRECISION
);
CREATE TABLE letter (
    letter_id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (person_id)
);
"""


@pytest.fixture(scope="session")
def sqlgen(tmp_path_factory):
    if os.environ.get("SQLGEN"):
        return os.environ["SQLGEN"]
    program = tmp_path_factory.mktemp("sqlgen") / "sqlgen"
    sources = sorted(ROOT.glob("sql/sqlgen*.c"))
    sources += [ROOT / "fcgi/base/arena.c", ROOT / "fcgi/base/buf.c"]
    subprocess.run(
        ["cc", "-std=c11", "-D_GNU_SOURCE", "-g", "-fsanitize=address,undefined",
         f"-I{ROOT}/fcgi/base", f"-I{ROOT}/sql", *map(str, sources), "-lsqlite3",
         "-o", str(program)], check=True)
    return str(program)


class Run:
    def __init__(self, program, folder, statements, schema):
        names = []
        for name, text in schema.items():
            (folder / name).write_text(text, encoding="utf-8")
            names.append(name)
        (folder / "s.sql").write_text(statements, encoding="utf-8")
        done = subprocess.run([program, "q.h", "q.c", *names, "--", "s.sql"],
                              cwd=folder, capture_output=True, text=True, timeout=60)
        self.status, self.says = done.returncode, done.stderr
        self.folder = folder
        self.wrote = (folder / "q.h").exists() or (folder / "q.c").exists()

    def header(self):
        return (self.folder / "q.h").read_text(encoding="utf-8")

    def source(self):
        return (self.folder / "q.c").read_text(encoding="utf-8")


@pytest.fixture
def run(sqlgen, tmp_path):
    def go(statements, schema=None):
        return Run(sqlgen, tmp_path, statements, schema or {"0001_base.sql": SCHEMA})
    return go


def one(sql, marks="", kind=":one"):
    lines = "".join(f"-- {mark}\n" for mark in marks.split("\n") if mark)
    return f"-- name: it {kind}\n-- For a test.\n{lines}{sql};\n"


# The statement, its kind, its marks, the line of the fault, and what is said.
REFUSED = [
    # Errors that SQLite finds
    ("SELECT plaice_id FROM place", ":one", "", 3, "no such column: plaice_id"),
    ("SELECT place_id\n  FROM plaice", ":one", "", 3, "no such table: plaice"),
    ("SELECT place_id FORM place", ":one", "", 3, "syntax error"),
    ('SELECT place_id FROM place WHERE place_name = "misspelt"', ":one", "", 3,
     "no such column: misspelt"),
    # What differs between the databases
    ("SELECT * FROM place", ":one", "", 3, "list the columns instead of *"),
    ("SELECT p.* FROM place AS p", ":one", "", 3, "list the columns instead of *"),
    ("SELECT place_id, * FROM place", ":one", "", 3, "list the columns instead of *"),
    ("DELETE FROM place RETURNING *", ":one", "", 3, "list the columns instead of *"),
    ("SELECT place_id FROM place WHERE place_name LIKE :place_name", ":one", "", 3,
     "LIKE differs"),
    ("SELECT place_id FROM place WHERE place_name glob 'a'", ":one", "", 3, "GLOB differs"),
    ("SELECT place_id FROM place WHERE place_name REGEXP 'a'", ":one", "", 3,
     "REGEXP differs"),
    ("SELECT LOWER(place_name) AS place_name FROM place", ":one", "", 3, "LOWER differs"),
    ("SELECT upper (place_name) AS place_name FROM place", ":one", "", 3, "UPPER differs"),
    ("SELECT json_extract(place_name, '$') AS place_name FROM place", ":one", "", 3,
     "JSON differs"),
    ("SELECT place_name -> 'a' AS place_name FROM place", ":one", "", 1, "function ->()"),
    ("SELECT date('now') AS place_name", ":one", "", 3, "DATE differs"),
    ("SELECT datetime() AS place_name", ":one", "", 3, "DATETIME differs"),
    ("SELECT strftime('%s') AS place_name", ":one", "", 3, "STRFTIME differs"),
    ("SELECT julianday() AS height", ":one", "", 3, "JULIANDAY differs"),
    ("SELECT place_id,\n now() AS height FROM place", ":one", "", 4, "NOW differs"),
    ("SELECT CURRENT_TIMESTAMP AS place_name", ":one", "", 3, "take :now"),
    ("SELECT SUM(steps) AS steps FROM place", ":one", "types: steps BIGINT", 4,
     "SUM without CAST"),
    ("SELECT avg(steps) AS steps FROM place", ":one", "types: steps BIGINT", 4,
     "avg without CAST"),
    ("SELECT CAST(1 AS BIGINT) + SUM(steps) AS steps FROM place", ":one",
     "types: steps BIGINT", 4, "SUM without CAST"),
    ("SELECT MAX(steps, 1) AS steps FROM place", ":one", "types: steps BIGINT", 4,
     "MAX of two values"),
    ("SELECT IFNULL(height, 0) AS height FROM place", ":one", "", 3, "write COALESCE"),
    ("SELECT hex(place_id) AS place_id FROM place", ":one", "", 1, "function hex()"),
    ("SELECT place_id FROM place WHERE rowid = 1", ":one", "", 3, "ROWID differs"),
    ("SELECT place_id FROM place WHERE height IS :height", ":one", "", 3,
     "IS NOT DISTINCT FROM"),
    ("SELECT place_id FROM place WHERE dry = 1", ":one", "", 3, "dry is BOOLEAN"),
    ("SELECT place_id FROM place WHERE steps == 1", ":one", "", 3, "write = for =="),
    ("INSERT OR IGNORE INTO place (place_id) VALUES ('a')", ":exec", "", 3, "ON CONFLICT"),
    ("REPLACE INTO place (place_id) VALUES ('a')", ":exec", "", 3, "begins with SELECT"),
    ("SELECT a.place_id FROM place AS a RIGHT JOIN letter AS b ON TRUE", ":one", "", 3,
     "LEFT JOIN"),
    ("SELECT place_id FROM place ORDER BY height", ":many", "", 3, "NULLS FIRST or"),
    ("SELECT place_id FROM place ORDER BY place_id, height DESC LIMIT 1", ":one", "", 3,
     "NULLS FIRST or"),
    ("SELECT place_id FROM place ORDER BY place_id COLLATE NOCASE", ":one", "", 3,
     "COLLATE differs"),
    ("SELECT CAST(1 AS BIGINT)::TEXT AS place_id", ":one", "", 3, "'::'"),
    ("SELECT place_id FROM place WHERE place_id = ?", ":one", "", 3, "written :name"),
    ("SELECT place_id FROM place WHERE place_id = $1", ":one", "", 3, "written :name"),
    ("SELECT `place_id` FROM place", ":one", "", 3, "not for both"),
    ("SELECT [place_id] FROM place", ":one", "", 3, "not for both"),
    ("SELECT place_id FROM place WHERE place_id = : x", ":one", "", 3, "without a parameter"),
    ("SELECT 'open FROM place", ":one", "", 3, "has no end"),
    ("SELECT (place_id FROM place", ":one", "", 3, "'(' without"),
    ("SELECT place_id) FROM place", ":one", "", 3, "')' without"),
    ("CREATE TABLE x (place_id TEXT)", ":exec", "", 3, "begins with SELECT"),
    ("PRAGMA foreign_keys = OFF", ":exec", "", 3, "begins with SELECT"),
    # Limits
    ("SELECT place_id FROM place LIMIT 10001", ":many", "", 3, "LIMIT of more than 10000"),
    ("SELECT place_id FROM place LIMIT 1 OFFSET 99999", ":many", "", 3,
     "OFFSET of more than 10000"),
    ("SELECT place_id FROM place LIMIT 1, 2", ":many", "", 3, "write LIMIT n OFFSET m"),
    # Types
    ("SELECT place_id FROM place WHERE steps > :lowest", ":one", "", 1,
     "the parameter :lowest has no type: no column has this name; "
     "write -- types: lowest BIGINT"),
    ("SELECT steps + 1 AS next FROM place", ":one", "", 1,
     "the column next has no type: write -- types: next BIGINT"),
    ("SELECT steps + 1 AS steps FROM place", ":one", "", 1, "the number steps is computed"),
    ("SELECT steps FROM place UNION SELECT height FROM place", ":one", "", 1,
     "the number steps is computed"),
    ("SELECT place_id FROM place WHERE height = :height", ":one", "types: height TEXT", 1,
     "height is BIGINT in the schema, so it can't be TEXT"),
    ("SELECT steps AS place_name FROM place", ":one", "", 1, "one name has one type"),
    ("SELECT place_id FROM place LIMIT :limit", ":one", "types: limit TEXT", 1,
     "limit is BIGINT in the schema"),
    ("SELECT place_id FROM place", ":one", "types: place_id INTEGER", 3, "write -- types:"),
    ("SELECT place_id FROM place", ":one", "types: place_id", 3, "write -- types:"),
    ("SELECT place_id FROM place", ":one", "nullable: a b", 3, "write -- nullable:"),
    ("SELECT place_id FROM place", ":one", "types: other TEXT", 1,
     "declares other, but has no parameter"),
    ("SELECT place_id, place_id FROM place", ":one", "", 1, "gives place_id twice"),
    ("SELECT place_id AS \"int\" FROM place", ":one", "", 1, "a word of C"),
    ("SELECT place_id AS \"A b\" FROM place", ":one", "", 1, "can't be a name in C"),
    ("SELECT place_id || 'a' FROM place", ":one", "", 1, "can't be a name in C"),
    ("SELECT place_id FROM place WHERE place_id = :Place", ":one", "", 1,
     "can't be a name in C"),
    # Kinds
    ("DELETE FROM place", ":one", "", 1, "gives no rows; make it :exec or :send, or add RETURNING"),
    ("UPDATE place SET steps = 1", ":many", "", 1, "gives no rows"),
    ("SELECT place_id FROM place", ":exec", "", 1, "is :exec, but gives rows"),
    ("SELECT place_id FROM place", ":send", "", 1, "is :send, but gives rows"),
    ("DELETE FROM place RETURNING place_id", ":each", "", 1, "is :each and writes"),
    ("SELECT place_id FROM place", ":all", "", 1, "the kind :one, :many, :each, :exec, :send or :copy"),
    ("COPY place (place_id) FROM STDIN", ":copy", "", 3, "belong together"),
    ("COPY place (place_id) FROM STDIN", ":exec", "only: pgsql", 4, "belong together"),
    ("DELETE FROM place", ":copy", "only: pgsql", 4, "belong together"),
    ("COPY place (place_nobody) FROM STDIN", ":copy", "only: pgsql", 1, "has no type"),
    ("COPY person (person_id) FROM STDIN", ":copy", "only: pgsql", 1, "people's data"),
    ("DELETE FROM place WHERE steps = :steps RETURNING place_id", ":many", "ahead: x", 1,
     "can't be asked ahead"),
    ("SELECT place_id FROM place", ":many", "ahead: x", 1, "can't be asked ahead"),
    ("SELECT place_id FROM place WHERE steps = :steps", ":each", "ahead: x", 1,
     "can't be asked ahead"),
    # People's data
    ("SELECT person_id FROM person", ":one", "", 1, "touches people's data (person)"),
    ("SELECT COUNT(*) AS n FROM person", ":one", "types: n BIGINT", 1, "people's data"),
    ("SELECT place_id FROM place WHERE place_id IN (SELECT place_id FROM person)", ":one",
     "", 1, "people's data"),
    ("INSERT INTO person (person_id) VALUES (:person_id)", ":exec", "", 1,
     "people's data"),
    ("UPDATE person SET area = :area", ":exec", "", 1, "people's data"),
    ("DELETE FROM person", ":exec", "", 1, "people's data"),
    ("WITH p AS (SELECT person_id AS i FROM person) SELECT i FROM p", ":one", "", 1,
     "people's data"),
    ("SELECT person_id FROM person WHERE :viewer_all", ":many", "", 1, "without a LIMIT"),
    ("SELECT person_id FROM person", ":one", "open:", 3, "write -- open: and why"),
    ("SELECT person_id FROM person", ":one", "only: pgsql", 1, "people's data"),
    # Marks
    ("SELECT place_id FROM place", ":one", "only: mysql", 3, "write -- only:"),
    ("SELECT place_id FROM place", ":one", "type: a TEXT", 3, "'type:' is not a mark"),
    ("SELECT place_id FROM place", ":one", "row: nobody", 1,
     "no statement nobody has a row of its own"),
    ("SELECT place_id || 'a' FROM place", ":one", "only: pgsql", 4, "a name with AS"),
]


@pytest.mark.parametrize("sql, kind, marks, line, words", REFUSED)
def test_refused(run, sql, kind, marks, line, words):
    done = run(one(sql, marks, kind))
    assert done.status == 1
    assert not done.wrote
    assert words in done.says
    assert f"s.sql:{line}: " in done.says


# Files as a whole.
FILES = [
    ("SELECT place_id FROM place;\n", 1, "needs its own -- name: line"),
    ("-- name: it :one\nSELECT place_id FROM place;\n", 1, "say in a comment"),
    ("-- name: it :one\n-- For.\nSELECT place_id FROM place\n", 1, "has no ';'"),
    ("-- name: it :one\n-- For.\nSELECT place_id FROM place\n-- name: b :one\n-- For.\n"
     "SELECT place_id FROM place;\n", 1, "has no ';'"),
    ("-- name: it :one\n-- For.\n;\n", 1, "is empty"),
    ("-- name: it :one\n-- For.\nSELECT place_id FROM place; SELECT 1;\n", 3,
     "needs its own -- name: line"),
    (one("SELECT place_id FROM place") * 2, 4, "the name it is taken (s.sql:1)"),
    ("-- name: It :one\n-- For.\nSELECT place_id FROM place;\n", 1, "can't be a name in C"),
    ("-- name: for :one\n-- For.\nSELECT place_id FROM place;\n", 1, "a word of C"),
    (one("SELECT 1 AS a", "only: sqlite\ntypes: a BIGINT") +
     one("SELECT 1 AS a, 2 AS b", "only: pgsql\ntypes: b BIGINT"), 6, "two texts"),
    (one("SELECT :steps + 1 AS a", "only: sqlite\ntypes: a BIGINT") +
     one("SELECT 1 AS a", "only: pgsql"), 6, "two texts"),
    (one("SELECT 1 AS a", "only: sqlite\ntypes: a BIGINT") +
     one("SELECT 1 AS a", "only: sqlite\ntypes: a BIGINT"), 6, "is taken"),
    ("-- name: a :one\n-- For.\nSELECT place_id, steps FROM place;\n" +
     one("SELECT place_id FROM place", "row: a"), 4, "its columns are not those of a"),
]


@pytest.mark.parametrize("text, line, words", FILES)
def test_file_refused(run, text, line, words):
    done = run(text)
    assert done.status == 1 and not done.wrote
    assert words in done.says
    assert f"s.sql:{line}: " in done.says


MIGRATIONS = [
    ({"0001_a.sql": "CREATE TABLE t (a INTEGER);"}, "0001_a.sql:1: t.a has the type"),
    ({"0001_a.sql": "CREATE TABLE t (\n  a TEXT,\n  b VARCHAR(9)\n);"},
     "0001_a.sql:3: t.b has the type 'VARCHAR(9)'"),
    ({"0001_a.sql": "CREATE TABLE t (a TEXT PRIMARY KEY);"}, "write NOT NULL"),
    ({"0001_a.sql": "CREATE TABLE t (a BOOLEAN DEFAULT 1);"}, "TRUE or FALSE"),
    ({"0001_a.sql": "CREATE TABLE t (a TEXT); CREATE TABLE u (a BIGINT);"},
     "one name has one type"),
    ({"0001_a.sql": "CREATE TABLE t (a TEXT);\n\nCREATE TABEL u (a TEXT);"},
     "0001_a.sql:3: "),
    ({"0001_a.sql": "CREATE TABLE t (a TEXT);\nINSERT INTO t (b)\nVALUES (1);"},
     "0001_a.sql:2: "),
    ({"0001_a.sql": "CREATE TABLE t (a TEXT COLLATE NOCASE);"}, "COLLATE is not for both"),
    ({"0001_a.sql": "PRAGMA foreign_keys = OFF;"}, "PRAGMA is not for both"),
    ({"0001_a.sql": "BEGIN; CREATE TABLE t (a TEXT); COMMIT;"}, "BEGIN is not for both"),
    ({"0001_a.sql": "CREATE TABLE t (a TEXT); INSERT INTO t VALUES (:a);"},
     "a migration has no parameters"),
    ({"0001_a.sql": "CREATE TABLE t (a TEXT NOT NULL UNIQUE, b TEXT REFERENCES t (a));"
      "INSERT INTO t VALUES ('x', 'y');"}, "refers to a row that t does not have"),
    ({"0002_a.sql": "CREATE TABLE t (a TEXT);"}, "this is migration 0002, but 0001 is next"),
    ({"0001_a.sql": "CREATE TABLE t (a TEXT);", "0003_b.sql": "CREATE TABLE u (b TEXT);"},
     "this is migration 0003, but 0002 is next"),
    ({"1_a.sql": "CREATE TABLE t (a TEXT);"}, "is called NNNN_name.sql"),
    ({"0001_a.sql": "CREATE TABLE t (a TEXT); /* open"}, "has no end"),
    ({"0001_a.sql": "-- people\nCREATE VIEW v AS SELECT 1 AS a;\n-- people\n"
      "CREATE TABLE IF NOT EXISTS t (a TEXT);\nALTER TABLE t RENAME TO u;"}, None),
]


@pytest.mark.parametrize("schema, words", MIGRATIONS)
def test_migration(run, schema, words):
    done = run("", schema)
    if words is None:
        assert done.status == 0 and done.says == ""
        return
    assert done.status == 1 and not done.wrote
    assert words in done.says


def test_people_follow_a_table(run):
    schema = {
        "0001_a.sql": "-- people\nCREATE TABLE t (a TEXT);",
        "0002_b.sql": "-- people\nCREATE TABLE t_new (a TEXT, b TEXT);\n"
                      "INSERT INTO t_new (a) SELECT a FROM t;\nDROP TABLE t;\n"
                      "ALTER TABLE t_new RENAME TO t;"}
    assert "people's data (t)" in run(one("SELECT b FROM t"), schema).says
    schema["0003_c.sql"] = "DROP TABLE t; CREATE TABLE t (a TEXT);"
    assert run(one("SELECT a FROM t"), schema).status == 0


# What is accepted, and lines that the header must then have.
ACCEPTED = [
    ("SELECT place_id, height, steps, dry FROM place", "",
     ["const char *place_id;", "const int64_t *height;", "int64_t steps;", "bool dry;",
      "q_it(struct db *db,\n    struct it_row *out);"]),
    ("SELECT steps FROM place WHERE height = :height", "ahead: x",
     ["bool q_it_guess(struct db *db, const struct it_in *in,\n    const struct it_row *row);",
      "bool q_it_keep(const struct it_row *row,"]),
    ("SELECT p.steps AS n_up FROM place AS p WHERE p.height = :height", "",
     ["int64_t n_up;", "const int64_t *height;"]),
    ("SELECT l.letter_id, p.steps, p.dry FROM letter AS l LEFT JOIN place AS p ON TRUE", "",
     ["const int64_t *steps;", "const bool *dry;"]),
    ("SELECT l.letter_id, p.steps FROM letter AS l LEFT OUTER JOIN place AS p ON TRUE",
     "types: steps BIGINT", ["\n\tint64_t steps;"]),
    ("SELECT x.steps FROM letter AS l LEFT JOIN (SELECT steps FROM place) AS x ON TRUE", "",
     ["const int64_t *steps;"]),
    ("SELECT COUNT(*) AS n FROM place WHERE steps > :lowest", "types: n BIGINT, lowest BIGINT",
     ["\n\tint64_t n;", "\n\tint64_t lowest;"]),
    ("SELECT CAST(SUM(steps) AS BIGINT) AS total FROM place",
     "types: total BIGINT\nnullable: total", ["const int64_t *total;"]),
    ("SELECT CAST(COALESCE(SUM(steps), 0) AS BIGINT) AS total FROM place",
     "types: total BIGINT", ["\n\tint64_t total;"]),
    ("SELECT person_id FROM person WHERE person_id = :viewer_farmer_id", "",
     ["const char *viewer_farmer_id;"]),
    ("SELECT COUNT(*) AS n FROM person", "types: n BIGINT\nopen: a count only",
     ["int64_t n;"]),
    # A foreign key is looked up by the database; the statement does not name persons.
    ("INSERT INTO letter (letter_id, person_id) VALUES (:letter_id, :person_id) "
     "RETURNING letter_id", "", ["const char *letter_id;"]),
    ("SELECT place_id FROM place WHERE height < :height ORDER BY height DESC LIMIT 10000",
     "", ["const char *place_id;"]),
    ("SELECT place_id FROM place ORDER BY height DESC NULLS LAST LIMIT :limit OFFSET :skip",
     "", ["int64_t limit;", "int64_t skip;"]),
    ("SELECT place_id FROM place WHERE place_name LIKE 'a%'", "only: sqlite",
     ["const char *place_id;"]),
    ("SELECT place_id FROM place WHERE place_name ILIKE 'a%'", "only: pgsql",
     ["const char *place_id;"]),
    ("SELECT steps, height FROM place", "only: pgsql",
     ["\n\tint64_t steps;", "const int64_t *height;"]),
]


@pytest.mark.parametrize("sql, marks, lines", ACCEPTED)
def test_accepted(run, sql, marks, lines):
    done = run(one(sql, marks))
    assert done.says == "" and done.status == 0
    for line in lines:
        assert line in done.header()


def texts(source, database):
    """The text for one database, its literals joined."""
    part = source.split(f".{database} = ")[1].split(",\n\t.")[0]
    return "".join(line.strip()[1:-1] for line in part.split("\n"))


def test_parameters_are_numbered(run):
    done = run(one("SELECT place_id, ':a ?1 $1' AS b, /* :c */ 'it''s' AS d -- :e\n"
                   "  FROM   place WHERE place_id = :place_id AND place_name IN\n"
                   "(:place_name, :place_id)", "types: b TEXT, d TEXT"))
    assert done.status == 0, done.says
    text = ("SELECT place_id, ':a ?1 $1' AS b, 'it''s' AS d FROM place WHERE "
            "place_id = {0}1 AND place_name IN ({0}2, {0}1)")
    assert texts(done.source(), "sqlite") == text.format("?")
    assert texts(done.source(), "pgsql") == text.format("$")


def test_twins_share_a_struct(run):
    done = run(one("SELECT :steps + :height AS a", "only: sqlite\ntypes: a BIGINT") +
               one("SELECT :height + :steps AS a", "only: pgsql"))
    assert done.status == 0, done.says
    assert texts(done.source(), "sqlite") == "SELECT ?1 + ?2 AS a"
    assert texts(done.source(), "pgsql") == "SELECT $2 + $1 AS a"
    assert done.header().count("struct it_in {") == 1


def test_row_of_another(run):
    done = run(one("SELECT place_id, steps FROM place", kind=":many") +
               "-- name: other :one\n-- For.\n-- row: it\n"
               "SELECT place_id, steps FROM place WHERE place_id = :place_id;\n")
    assert done.status == 0, done.says
    assert "struct other_row" not in done.header() + done.source()


HIGH = "-- fragment: high(p)\n-- Is it high?\n(p.height > :height -- more\n OR p.dry);\n"
WORD = ("-- fragment: between(name, low, high)\n-- For a test.\n"
        "(low <= name AND name < high);\n")


def test_fragment(run):
    """Its words come in where it is named, with the caller's names and values."""
    done = run(HIGH + WORD + one(
        "SELECT q.place_id, q.low FROM (SELECT p.place_id, p.dry AS low FROM place AS p"
        " WHERE :high(p)) AS q\n WHERE :between(q.place_id, :least, COALESCE(:most, 'z'))\n"
        "   OR NOT :between(\n       q.place_id, 'x', 'y')", "types: low BOOLEAN, least TEXT, most TEXT"))
    assert done.status == 0, done.says
    assert texts(done.source(), "sqlite") == (
        "SELECT q.place_id, q.low FROM (SELECT p.place_id, p.dry AS low FROM place AS p "
        "WHERE (p.height > ?1 OR p.dry)) AS q WHERE (?2 <= q.place_id AND q.place_id < "
        "COALESCE(?3, 'z')) OR NOT ('x' <= q.place_id AND q.place_id < 'y')")


def test_fragment_of_fragments(run):
    """One may use those before it; what is a column after a '.' stays one."""
    done = run(HIGH + "-- fragment: all(height)\n-- For a test.\n"
               "SELECT height.place_id FROM place AS height WHERE :high(height);\n"
               "-- fragment: none()\n-- For a test.\n:all(x);\n"
               "-- name: it :many\n-- For a test.\n:none();\n")
    assert done.status == 0, done.says
    assert texts(done.source(), "pgsql") == (
        "SELECT x.place_id FROM place AS x WHERE (x.height > $1 OR x.dry)")


def test_marks_of_a_fragment(run):
    """A statement that uses it need not say them again, but may say something else."""
    some = ("-- fragment: some()\n-- For a test.\n-- types: least BIGINT, most BIGINT\n"
            "-- nullable: most\n(:least, :most);\n")
    done = run(some + one("SELECT steps FROM place WHERE steps IN :some()"))
    assert done.status == 0, done.says
    assert "\n\tint64_t least;\n\tconst int64_t *most;\n" in done.header()
    done = run(some + one("SELECT steps FROM place WHERE steps IN :some()",
                          "types: most BIGINT"))
    assert "\n\tint64_t least;\n\tint64_t most;\n" in done.header(), done.says


FRAGMENTS = [
    (one("SELECT place_id FROM place\n WHERE :high(place)"), 4,
     "there is no fragment high before this"),
    (one("SELECT place_id FROM place WHERE :high(place)") + HIGH, 3,
     "there is no fragment high before this"),
    ("-- fragment: a()\n-- Itself.\n:a();\n", 3, "there is no fragment a before this"),
    (HIGH, 1, "no statement uses the fragment high"),
    (HIGH + HIGH, 5, "the name high is taken (s.sql:1)"),
    (HIGH + one("SELECT place_id FROM place WHERE :high()"), 7, "takes 1 arguments, not 0"),
    (HIGH + one("SELECT place_id FROM place WHERE :high(place, place)"), 7,
     "takes 1 arguments, not 2"),
    (HIGH + one("SELECT place_id FROM place WHERE :high(place,)"), 7, "is empty"),
    (HIGH + one("SELECT place_id FROM place WHERE :high(" + "a, " * 8 + "a)"), 7,
     "at most 8 arguments"),
    (HIGH + one("SELECT place_id FROM place WHERE :high(:high(place))"), 7,
     "an argument of a fragment is no fragment"),
    ("-- fragment: of(x)\n-- For a test.\nEXISTS (SELECT 1 FROM letter AS d WHERE "
     "d.letter_id = x.place_id);\n" +
     one("SELECT place_id FROM place AS d WHERE :of(d)"), 6, "has a name d of its own"),
    # What is wrong with the words is told where they are used.
    (HIGH + one("SELECT letter_id\n  FROM letter\n WHERE :high(letter)"), 9,
     "no such column: letter.height"),
    (HIGH + one("SELECT place_id FROM place\n WHERE :high(\n place)\n   AND lost"), 10,
     "no such column: lost"),
    ("-- fragment: a\n-- For a test.\n1;\n", 1, "write -- fragment: NAME(ARGUMENT"),
    ("-- fragment: a(\n-- For a test.\n1;\n", 1, "write -- fragment: NAME(ARGUMENT"),
    ("-- fragment: a(b;c)\n-- For a test.\n1;\n", 1, "write -- fragment: NAME(ARGUMENT"),
    ("-- fragment: a() b\n-- For a test.\n1;\n", 1, "write -- fragment: NAME(ARGUMENT"),
    ("-- fragment: a()\n-- For a test.\n-- open: all\n1;\n", 1, "has no marks but types"),
    ("-- fragment: a()\n-- For a test.\n-- only: sqlite\n1;\n", 1, "has no marks but"),
    ("-- fragment: a()\n1;\n", 1, "say in a comment what a is for"),
    ("-- fragment: a()\n-- For a test.\n1", 1, "a has no ';' at its end"),
    ("-- fragment: a()\n-- For a test.\n;\n", 1, "a is empty"),
]


@pytest.mark.parametrize("text, line, words", FRAGMENTS)
def test_fragment_refused(run, text, line, words):
    done = run(text)
    assert done.status == 1 and not done.wrote
    assert words in done.says and f"s.sql:{line}: " in done.says


def test_people_in_a_fragment(run):
    """Who names a table of people's data only within one must say why, all the same."""
    people = "-- fragment: who()\n-- For a test.\n(SELECT MAX(area) FROM person);\n"
    sql = "SELECT place_id FROM place WHERE steps < :who()"
    assert "people's data (person)" in run(people + one(sql)).says
    assert run(people + one(sql, "open: for a test")).status == 0


def test_result_compiles(run):
    parts = [one(sql, marks).replace("name: it", f"name: it{i}")
             for i, (sql, marks, _) in enumerate(ACCEPTED)]
    parts.append(one("SELECT place_id FROM place", kind=":each").replace("it ", "each "))
    parts.append(one("SELECT steps, '??=' AS odd, 'é\\' AS e FROM place",
                     "types: odd TEXT, e TEXT", ":many").replace("it ", "many "))
    parts.append(one("DELETE FROM place", kind=":exec").replace("it ", "exec "))
    parts.append(one("DELETE FROM place", kind=":send").replace("it ", "send "))
    done = run("".join(parts))
    assert done.status == 0, done.says
    subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Wshadow", "-Wconversion",
                    "-Wstrict-prototypes", "-Wmissing-prototypes", "-Werror",
                    f"-I{ROOT}/fcgi/base", f"-I{ROOT}/fcgi/db", "-c", "q.c", "-o", "q.o"],
                   cwd=done.folder, check=True)


def test_same_input_same_output(run):
    first = run(one("SELECT place_id FROM place"))
    source = first.source()
    assert run(one("SELECT place_id FROM place")).source() == source


def test_all_faults_are_told(run):
    done = run(one("SELECT * FROM place") +
               one("SELECT nothing FROM place").replace("it ", "that "))
    assert "s.sql:3: " in done.says and "s.sql:6: " in done.says


def test_no_file(sqlgen, tmp_path):
    done = subprocess.run([sqlgen, "q.h", "q.c", "--", "none.sql"], cwd=tmp_path,
                          capture_output=True, text=True)
    assert done.returncode == 1 and "none.sql:1: can't be opened" in done.stderr
    assert subprocess.run([sqlgen], capture_output=True).returncode == 2
