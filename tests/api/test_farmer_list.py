# SPDX-License-Identifier: MIT
"""Lists and searches among many: whichever way the server goes to the rows, they are
those that a look at each farmer finds."""
import random
import re
import threading

import pytest

from client import Client
from server import run_schedule

WORDS = ("mutale", "mut", "m", "banda", "ba", "chanda", "ngandu", "ng", "xyzzy", "noma",
         "zulu", "z", "zm", "zm5a0012", "ZM5A00001F", "097", "0971", "+26097", "260971",
         "26", "0", "97123", "renee", "b", "mbb", "haamoonga", "9")


class People:
    """All farmers of the register, newest first, as tuples of what lists go by."""

    def __init__(self, running, connect):
        with connect(running) as db:
            cursor = db.cursor()
            cursor.execute("SELECT farmer_row_id, farmer_id, first_name, last_name,"
                           " phone_primary, district_name, registration_status"
                           " FROM farmer WHERE deleted_at IS NULL"
                           " ORDER BY farmer_row_id DESC")
            self.rows = cursor.fetchall()
        self.terms = {row[1]: terms(row) for row in self.rows}

    def find(self, text, status, district, scope):
        words = fold(text).split()
        if words and all(w.isdigit() for w in words):
            words = ["".join(words)]
        return [row[1] for row in self.rows
                if (not status or row[6] == status)
                and (not district or row[5] == district)
                and (scope is None or row[5] in scope)
                and all(any(t.startswith(w) for t in self.terms[row[1]])
                        for w in words)]


def fold(text):
    text = text.lower().translate(str.maketrans("ŋñŵéáíóú", "nnweaiou", "'’"))
    return re.sub(r"[^a-z0-9]+", " ", text).strip()


def terms(row):
    last = row[4][-9:]
    return {fold(row[1]), last, "0" + last, "260" + last,
            *fold(row[2] + " " + row[3]).split()}


@pytest.fixture(scope="module")
def people(large, connect):
    return People(large, connect)


@pytest.fixture(scope="module")
def viewers(large):
    """{who: (client, districts or None for all)}"""
    boss = Client(large).login("root@cem.example", "First-Passw0rd")
    names = sorted(p["district_name"] for p in boss.get("/api/geo/districts").json())
    found = {"admin": (boss, None)}
    for who, districts in (("one", names[:1]), ("six", names[3:9]), ("many", names[:90]),
                           ("none", [])):
        email = who + "@cem.example"
        large.user_add(email, "Passw0rd-first", districts=districts)
        found[who] = (Client(large).login(email, "Passw0rd-first"), set(districts))
    return found


def check(people, viewer, **query):
    client, scope = viewer
    params = {k: v for k, v in query.items() if v is not None}
    reply = client.get("/api/farmers", params=params)
    assert reply.status_code == 200, reply.text
    expected = people.find(query.get("search") or "", query.get("status"),
                           query.get("district"), scope)
    skip = query.get("skip") or 0
    page = expected[skip:skip + (query.get("limit") or 20)]
    assert [r["farmer_id"] for r in reply.json()] == page, query
    if not query.get("search"):
        params = {k: v for k, v in params.items() if k in ("status", "district")}
        total = client.get("/api/farmers/count", params=params).json()["total"]
        assert total == len(expected), query


@pytest.mark.parametrize("who", ["admin", "one", "six", "many", "none"])
def test_every_way_finds_the_same(people, viewers, who):
    chance = random.Random(who)
    scope = viewers[who][1]
    districts = sorted({row[5] for row in people.rows[:50]} | set(scope or ()))
    for words in WORDS:
        check(people, viewers[who], search=words)
    for _ in range(60):
        check(people, viewers[who],
              search=" ".join(chance.sample(WORDS, chance.choice((0, 1, 2, 2, 3)))),
              status=chance.choice((None, None, "rejected", "pending",
                                    "pending_documents")),
              district=chance.choice((None, None, chance.choice(districts))),
              skip=chance.choice((None, 0, 7, 150)), limit=chance.choice((None, 1, 100)))


def test_words_in_any_order(people, viewers):
    for text in ("Mutale Banda", "banda mutale", "ban mut", "b mutale", "mutale mutale",
                 "mut mutale", "mutale 0971", "Renée Ng'andu", "inonge zm"):
        check(people, viewers["admin"], search=text)


def test_who_registered_long_ago_is_found(people, viewers, large, connect):
    """A name that many have, but none of the newest: a walk from there is given up."""
    old = people.rows[-3000:]
    with connect(large) as db:
        mark = "%s" if large.database else "?"
        db.cursor().executemany("INSERT INTO farmer_term (term, farmer_row_id) VALUES"
                                " ('formerly', %s)" % mark, [(row[0],) for row in old])
    client = viewers["admin"][0]
    found = client.get("/api/farmers", params={"search": "former", "limit": 100}).json()
    assert [r["farmer_id"] for r in found] == [row[1] for row in old[:100]]


def tallied(running, connect):
    with connect(running) as db:
        cursor = db.cursor()
        cursor.execute("SELECT * FROM farmer_tally WHERE tally_by <> 'checked'"
                       " AND n_farmers <> 0 ORDER BY 1, 2, 3, 4, 5, 6")
        return cursor.fetchall()


def test_figures_are_put_right(large, connect):
    """What a crash can't do, a hand in the database can: it is found, told, undone."""
    def run():
        return large.cem("check", "figures", "--config", large.config, check=False)
    assert run()[:2] == (0, "the figures agree with the farmers\n")
    before = tallied(large, connect)
    with connect(large) as db:
        cursor = db.cursor()
        cursor.execute("DELETE FROM farmer_tally WHERE tally_by = 'day'")
        lost = cursor.rowcount
        cursor.execute("UPDATE farmer_tally SET n_farmers = n_farmers + 3"
                       " WHERE tally_by = 'registrar'")
        wrong = cursor.rowcount
        cursor.execute("INSERT INTO farmer_tally VALUES"
                       " ('standing', 0, '', 'Nowhere', 'None', 'pending', 1, 0, 5)")
    status, out, err = run()
    assert (status, out) == (1, "%d figures did not agree with the farmers, and were put "
                             "right\n" % (lost + wrong + 1))
    assert 'district="Nowhere" status=pending lacked -1 farmers' in err
    assert run()[0] == 0 and tallied(large, connect) == before


def test_figures_are_put_right_by_themselves(large, connect):
    before = tallied(large, connect)
    with connect(large) as db:
        db.cursor().execute("UPDATE farmer_tally SET n_farmers = n_farmers + 3"
                            " WHERE tally_by = 'standing'")
    run_schedule(large, "figures")
    assert tallied(large, connect) == before


def test_two_who_review_against_each_other(large, viewers, people):
    """Rows of the figures are taken in one order: nobody waits for somebody who waits."""
    client = viewers["admin"][0]
    place = people.rows[0][5]
    two = [row[1] for row in people.rows if row[5] == place][:2]
    failed = []

    def flip(farmer_id, statuses):
        mine = Client(large)
        mine.token = client.token
        for n in range(40):
            reply = mine.call("PATCH", "/api/farmers/%s/status" % farmer_id,
                              params={"new_status": statuses[n % 2]})
            if reply.status_code != 200:
                failed.append(reply.text)
    threads = [threading.Thread(target=flip, args=(farmer_id, statuses))
               for farmer_id, statuses in zip(two, (("approved", "rejected"),
                                                    ("rejected", "approved")))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    status, out, _ = large.cem("check", "figures", "--config", large.config, check=False)
    assert (status, out) == (0, "the figures agree with the farmers\n")
