# SPDX-License-Identifier: MIT
"""How a database would run a statement: its plan in lines, and what is wrong with it.

A plan is wrong if it looks at all rows of a table that grows: a scan without an index,
or one of a whole index that no LIMIT ends. Of deleted farmers there are few.
"""
import re

# What grows with the people in the register and with their doings. Others are places,
# staff and settings: hundreds of rows, whatever the register holds.
GROWING = ("farmer", "farmer_term", "farmer_tally", "farmer_move", "sync_item",
           "file", "object", "space_folder", "space_file", "space_version",
           "space_pending", "card",
           "audit", "session", "supply_request", "job", "throttle", "share",
           "share_file", "share_use")
DELETED = "farmer_deleted"
PG_TYPES = {"TEXT": "text", "BIGINT": "bigint", "DOUBLE PRECISION": "float8",
            "BOOLEAN": "boolean"}


def aliases(sql):
    """{name in the plan: table} of a statement."""
    found = {t: t for t in GROWING}
    for table, alias in re.findall(r"\b(?:FROM|JOIN|UPDATE|INTO)\s+(\w+)(?:\s+AS\s+(\w+))?",
                                   sql):
        found[alias or table] = table
    return found


class Sqlite:
    def __init__(self, db):
        self.db = db

    def explain(self, statement):
        """(lines, complaints)"""
        sql = statement["sqlite"]
        rows = self.db.execute("EXPLAIN QUERY PLAN " + sql,
                               [None] * len(statement["params"])).fetchall()
        names, wrong = aliases(sql), []
        limited = "LIMIT" in sql and not any("TEMP B-TREE" in r[3] for r in rows)
        for _, _, _, words in rows:
            scan = re.match(r"SCAN (\w+)( USING .*INDEX (\w+))?", words)
            if not scan or names.get(scan.group(1)) not in GROWING:
                continue
            if scan.group(3) == DELETED or (scan.group(2) and limited):
                continue
            wrong.append(words)
        return [words for _, _, _, words in rows], wrong


class Pgsql:
    def __init__(self, cursor):
        self.cursor = cursor

    def explain(self, statement):
        """The plan that does not know the parameters' values, as one that serves all."""
        types = ", ".join(PG_TYPES[t] for t in statement["params"].values())
        self.cursor.execute("PREPARE x%s AS %s" % ("(%s)" % types if types else "",
                                                   statement["pgsql"]))
        values = ", ".join(["NULL"] * len(statement["params"]))
        self.cursor.execute("EXPLAIN (FORMAT JSON) EXECUTE x%s"
                            % ("(%s)" % values if values else ""))
        plan = self.cursor.fetchone()[0][0]["Plan"]
        self.cursor.execute("DEALLOCATE x")
        lines, wrong = [], []
        self.walk(plan, 0, False, lines, wrong)
        return lines, wrong

    def walk(self, node, depth, limited, lines, wrong):
        kind, table = node["Node Type"], node.get("Relation Name")
        where = [node[k] for k in ("Index Cond", "Recheck Cond", "Filter") if k in node]
        line = "  " * depth + " ".join([kind] + [w for w in (
            node.get("Index Name"), table) if w] + where)
        lines.append(line)
        whole = kind == "Seq Scan" or (node.get("Index Name") != DELETED and kind in ("Index Scan", "Index Only Scan")
                                       and "Index Cond" not in node and not limited)
        if table in GROWING and whole:
            wrong.append(line.strip())
        for child in node.get("Plans", ()):
            self.walk(child, depth + 1, kind == "Limit" or (limited and kind not in (
                "Sort", "Aggregate", "Hash")), lines, wrong)
