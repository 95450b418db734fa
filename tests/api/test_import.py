# SPDX-License-Identifier: MIT
"""Importing tables of farmers: every row's result, scope, duplicates, dry run, the
command line, and what is left behind."""
import csv
import io
import os

import people
import pytest
import trail
from client import refused
from conftest import CHIBOMBO
from people import nrc, phone, word
from server import poll

NAMES = ["first_name", "last_name", "nrc", "date_of_birth", "gender", "phone_primary",
         "district_code", "village"]


def person(**change):
    row = {"first_name": "Mary", "last_name": word(), "nrc": nrc(),
           "date_of_birth": "1990-01-15", "gender": "Female", "phone_primary": phone(),
           "district_code": "CP01", "village": "Kayosha"}
    row.update(change)
    return row


def table(rows, names=None, separator=",", end="\r\n", mark=""):
    out = io.StringIO()
    names = names or list(rows[0])
    writer = csv.DictWriter(out, names, delimiter=separator, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return (mark + out.getvalue()).encode()


def ask(client, content, dry_run=None, name="farmers.csv"):
    path = "/api/imports" + ("" if dry_run is None else "?dry_run=" + dry_run)
    return client.upload(path, content, name, "text/csv")


def ended(client, import_id):
    def over():
        found = client.get("/api/imports/" + import_id).json()
        return found if found["state"] not in ("queued", "running") else None
    return poll(over)


def run(client, rows, dry_run=None, **form):
    """Import the rows; the import's end, and the results of its rows by number."""
    content = rows if isinstance(rows, bytes) else table(rows, **form)
    reply = ask(client, content, dry_run)
    assert reply.status_code == 202, reply.text
    begun = reply.json()
    assert begun["state"] in ("queued", "running", "done")
    done = ended(client, begun["import_id"])
    assert done["state"] == "done", done
    found = client.get("/api/imports/%s/rows" % begun["import_id"]).json()
    assert found["next"] is None
    return done, {row["row"]: row for row in found["rows"]}


def counts(done):
    return tuple(done[k] for k in ("ok", "duplicate", "invalid", "denied"))


def shown(client, farmer_id):
    reply = client.get("/api/farmers/" + farmer_id)
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_every_column(server, admin):
    row = person(
        phone_secondary="0977123456", email="mary@farm.example", ethnic_group="Bemba",
        chiefdom_code="CP01-001", street="Plot 5", gps_latitude="-15.5",
        gps_longitude="28.25", farm_size_hectares="2.5", years_farming="7",
        crops_grown="maize; groundnuts,beans", livestock_types="goats",
        has_irrigation="yes", household_size="5", number_of_dependents="3",
        primary_income_source="Farming")
    done, rows = run(admin, [row], mark="\ufeff")
    assert counts(done) == (1, 0, 0, 0) and not done["dry_run"]
    assert done["bytes_done"] == done["file_size"] and done["finished_at"]
    assert done["file_name"] == "farmers.csv" and not done["refusal"]
    assert rows[2]["outcome"] == "ok" and rows[2]["message"] is None
    got = shown(admin, rows[2]["farmer_id"])
    for name in ("first_name", "last_name", "nrc", "date_of_birth", "gender",
                 "phone_primary", "phone_secondary", "email", "ethnic_group"):
        assert got["personal_info"][name] == row[name], name
    assert got["address"] == {
        "province_code": "CP", "province_name": "Central Province",
        "district_code": "CP01", "district_name": "Chibombo District",
        "chiefdom_code": "CP01-001", "chiefdom_name": got["address"]["chiefdom_name"],
        "village": "Kayosha", "street": "Plot 5", "gps_latitude": -15.5,
        "gps_longitude": 28.25}
    assert "Chitanda" in got["address"]["chiefdom_name"]
    assert got["farm_info"] == {
        "farm_size_hectares": 2.5, "crops_grown": ["maize", "groundnuts", "beans"],
        "livestock_types": ["goats"], "has_irrigation": True, "years_farming": 7}
    assert got["household_info"] == {"household_size": 5, "number_of_dependents": 3,
                                     "primary_income_source": "Farming"}
    assert got["registration_status"] == "pending" and got["is_active"]
    assert got["created_by"] == admin.email
    found = admin.get("/api/farmers?search=" + row["last_name"]).json()
    assert [f["farmer_id"] for f in found] == [got["farmer_id"]]
    event = trail.rows(server, got["farmer_id"], "create_success")
    assert len(event) == 1 and event[0]["user_id"] == admin.email
    assert event[0]["endpoint"] == "/api/imports"
    assert [r["action"] for r in trail.rows(server, done["import_id"])
            if r["action"] != "rows_result"] == ["import_ask", "import_done"]


def test_an_imported_farmer_signs_in(admin, as_farmer):
    row = person()
    _, rows = run(admin, [row])
    assert as_farmer({"personal_info": row}).user["farmer_id"] == rows[2]["farmer_id"]


@pytest.mark.parametrize("form", [
    {"separator": ";"}, {"separator": "\t"}, {"end": "\n"},
    {"mark": "\ufeff", "separator": ";"}], ids=["semicolon", "tab", "lf", "mark"])
def test_forms_of_tables(admin, form):
    done, _ = run(admin, [person(last_name='Mwale "the, tall; one"'), person()], **form)
    assert counts(done) == (2, 0, 0, 0)


def test_names_of_places(admin):
    def only(**place):
        row = person(**{"district_code": ..., **place})
        row = {k: v for k, v in row.items() if v is not ...}
        _, rows = run(admin, [row])
        assert rows[2]["outcome"] == "ok", rows
        return shown(admin, rows[2]["farmer_id"])["address"]
    assert only(district_name="chibombo")["district_code"] == "CP01"
    assert only(district_name="Chibombo District")["province_name"] == "Central Province"
    other = only(province_code="OTHER", province_name="Far Away", district_code="OTHER",
                 district_name="Other")
    assert (other["district_code"], other["province_name"]) == ("OTHER", "Far Away")


def test_bad_rows_are_told_and_cost_no_others(admin):
    rows = [
        person(), person(nrc="12/34"), person(date_of_birth="15/01/1990"),
        person(gender="F"), person(phone_primary="977123456"), person(first_name=""),
        person(district_code="XX99"), person(date_of_birth=people.years_ago(17)),
        person(last_name="x" * 101), person(village="a\x1fb"), person()]
    done, found = run(admin, rows)
    assert counts(done) == (2, 0, 9, 0)
    words = {n: r["message"] for n, r in found.items()}
    assert [r["outcome"] for r in found.values()] == ["ok"] + ["invalid"] * 9 + ["ok"]
    assert words[3] == "Validation failed: Invalid NRC format (expected ######/##/#)"
    assert "YYYY-MM-DD" in words[4] and "personal_info.gender" in words[5]
    assert "personal_info.phone_primary" in words[6]
    assert words[7] == "Validation error: personal_info.first_name: Field required"
    assert "address.district_name" in words[8] and "18 years" in words[9]
    assert "at most 100" in words[10] and "control" in words[11]
    same = admin.post("/api/farmers", json=people.form(personal={"nrc": "12/34"}))
    assert refused(same, 400) == words[3]  # the API says the same


def test_rows_that_are_no_rows(admin):
    names = ",".join(NAMES)
    good = [",".join(person().values()) for _ in range(3)]
    content = "\r\n".join([names, good[0], "", good[1] + ",too,many", 'a "quoted" b,c',
                           ",,,,,,,", "short,row", good[2] + ",,", ""])
    done, found = run(admin, content.encode() + b"\xff\xfe,bad,bytes\r\n")
    assert {n: r["outcome"] for n, r in found.items()} == {
        2: "ok", 4: "invalid", 5: "invalid", 7: "invalid", 8: "ok", 9: "invalid"}
    assert "UTF-8" in found[9]["message"] and "quote" in found[5]["message"]
    assert "10 cells instead of 8" in found[4]["message"]
    assert counts(done) == (2, 0, 4, 0)


def test_duplicates_are_named(admin, farmer):
    taken = farmer["personal_info"]["nrc"]
    first = person()
    done, rows = run(admin, [first, person(nrc=taken), person(nrc=first["nrc"]),
                             person(nrc=taken)])
    assert counts(done) == (1, 3, 0, 0)
    assert rows[3]["farmer_id"] == farmer["farmer_id"]
    assert farmer["farmer_id"] in rows[3]["message"]
    assert rows[4]["message"] == "The NRC is that of row 2"
    assert rows[5]["outcome"] == "duplicate"
    for row in rows.values():
        assert taken not in str(row) and first["nrc"] not in str(row)
    bad = person(gender="?")
    done, rows = run(admin, [bad, dict(bad, gender="Male")])
    assert counts(done) == (1, 0, 1, 0)  # a bad row hides no good one


def test_the_same_again(admin):
    rows = [person() for _ in range(20)]
    run(admin, rows)
    before = admin.get("/api/farmers/count").json()["total"]
    done, found = run(admin, rows)
    assert counts(done) == (0, 20, 0, 0)
    assert all(r["farmer_id"] for r in found.values())
    assert admin.get("/api/farmers/count").json()["total"] == before


def test_dry_run_stores_nothing(server, admin, farmer):
    rows = [person(), person(gender="?"), person(nrc=farmer["personal_info"]["nrc"])]
    rows.append(person(nrc=rows[0]["nrc"]))
    before = admin.get("/api/farmers/count").json()["total"]
    done, found = run(admin, rows, dry_run="true")
    assert done["dry_run"] and counts(done) == (1, 2, 1, 0)
    assert found[2] == {"row": 2, "outcome": "ok", "farmer_id": None, "message": None}
    assert found[4]["farmer_id"] == farmer["farmer_id"]
    assert admin.get("/api/farmers/count").json()["total"] == before
    assert admin.get("/api/farmers?nrc=" + rows[0]["nrc"]).json() == []
    done, _ = run(admin, rows, dry_run="false")
    assert counts(done) == (1, 2, 1, 0)
    refused(ask(admin, table(rows), "perhaps"), 422)


def test_operators_stay_in_their_districts(operator, other_operator, admin):
    rows = [person(), person(district_code="LP05"), person(district_code="CP02")]
    done, found = run(operator, rows)
    assert counts(done) == (1, 0, 0, 2)
    assert "assigned district(s): Chibombo District" in found[3]["message"]
    me = operator.get("/api/operators/me").json()
    assert shown(operator, found[2]["farmer_id"])["created_by"] == me["operator_id"]
    one = "/api/imports/" + done["import_id"]
    assert admin.get(one).json() == done
    refused(other_operator.get(one), 404)
    refused(other_operator.get(one + "/rows"), 404)
    mine = {i["import_id"] for i in operator.get("/api/imports").json()}
    theirs = {i["import_id"] for i in other_operator.get("/api/imports").json()}
    every = {i["import_id"] for i in admin.get("/api/imports?limit=200").json()}
    assert done["import_id"] in mine and done["import_id"] not in theirs
    assert mine <= every


def test_who_may(anyone, farmer, as_farmer, lost_operator):
    content = table([person()])
    refused(ask(as_farmer(farmer), content), 403)
    refused(ask(anyone, content), 403)
    refused(anyone.get("/api/imports"), 403)
    refused(as_farmer(farmer).get("/api/imports"), 403)
    done, _ = run(lost_operator, content)
    assert counts(done) == (0, 0, 0, 1)


def test_pages_of_results(admin, server):
    rows = [person(gender="?" if i % 3 else "Male") for i in range(30)]
    done, found = run(admin, rows)
    path = "/api/imports/%s/rows" % done["import_id"]
    seen, after = [], 0
    while after is not None:
        page = admin.get("%s?limit=7&after=%d" % (path, after)).json()
        seen += page["rows"]
        after = page["next"]
    assert seen == list(found.values()) and len(seen) == 30
    bad = admin.get(path + "?outcome=invalid").json()["rows"]
    assert [r["row"] for r in bad] == [i + 2 for i in range(30) if i % 3]
    reply = admin.get(path + "?outcome=ok&format=csv")
    assert reply.headers["Content-Type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"))))
    assert [int(line["row"]) for line in lines] == [i + 2 for i in range(0, 30, 3)]
    assert all(line["farmer_id"].startswith("ZM") for line in lines)

    def recorded():
        return [r for r in trail.rows(server, done["import_id"], "rows_result")
                if r["request_id"] == reply.headers["X-Request-ID"]]
    assert [r["details"] for r in poll(recorded)] == [
        {"how": "csv", "skip": 0, "rows": len(lines)}]
    for query in ("outcome=good", "limit=0", "after=-1", "format=xml"):
        refused(admin.get(path + "?" + query), 422)


@pytest.mark.parametrize("content,words", [
    (b"", "The file is empty"),
    (b"\xef\xbb\xbf", "The file is empty"),
    (b"first_name\n", "Columns are missing: last_name, nrc, date_of_birth"),
    (b"first_name,colour\n", "Unknown columns: colour"),
    (b"nrc,NRC number,a\n", "Unknown columns: a"),
    (b"nrc,NRC number\n", "Columns that say what another one says: nrc_number"),
    (b"full_name,first_name\n", "Columns that say what another one says: first_name"),
    (b"\xff\xfen\0r\0c\0", "The first row can't be read: The row is not UTF-8"),
    (b"PK\x03\x04" + bytes(range(256)), "The first row can't be read"),
    (("é" * 3000 + "," + "x" * 50).encode(), "Unknown columns: (a long name), xxxx"),
    (b",".join([b"x" * 59] * 90), "Unknown columns: xxxx"),
], ids=["empty", "mark", "missing", "unknown", "both", "alias", "whole name", "utf-16",
        "zip", "long", "many"])
def test_bad_tables(admin, server, content, words):
    before = server.stored()
    detail = refused(ask(admin, content), 400)
    assert detail.startswith(words), detail
    assert not server.added(before)


def test_too_large(admin):
    head = table([person()])
    detail = refused(ask(admin, head + b"\n" * (50 * 1024 * 1024)), 413)
    assert detail == "File too large. Maximum size is 50MB"
    detail = refused(ask(admin, head + b"\n" * (53 * 1024 * 1024)), 413)
    assert detail == "File too large. Maximum size is 50MB"
    refused(admin.post("/api/imports"), 422)


def test_our_own_export(server, admin):
    """The report farmers-details can come back, as far as its columns go."""
    fields = ("farmer_id full_name nrc_number phone_primary phone_secondary gender "
              "date_of_birth province district constituency ward village "
              "total_land_size crops years_farming registration_status registered_by "
              "registration_date").split()
    export = admin.get("/api/reports/farmers-details?format=csv&limit=1").content
    assert export.decode("utf-8-sig").split("\r\n")[0].split(",") == fields
    new = dict.fromkeys(fields, "")
    new.update(full_name="Mary Ann Banda", nrc_number=nrc(), gender="Female",
               phone_primary="'+260977123456", date_of_birth="1990-01-15",
               province="Central Province", district="Chibombo District",
               village="Kayosha", total_land_size="0", crops="None")
    farm = dict(new, nrc_number=nrc(), total_land_size="2.5", years_farming="3",
                crops="maize, beans", full_name="Chanda Phiri")
    done, rows = run(admin, [new, farm], mark="\ufeff")
    assert counts(done) == (2, 0, 0, 0), rows
    got = shown(admin, rows[2]["farmer_id"])
    assert got["personal_info"]["first_name"] == "Mary Ann"
    assert got["personal_info"]["last_name"] == "Banda" and got["farm_info"] is None
    got = shown(admin, rows[3]["farmer_id"])
    assert got["farm_info"]["crops_grown"] == ["maize", "beans"]
    before = admin.get("/api/farmers/count").json()["total"]
    path = "/api/reports/farmers-details?format=csv&limit=2"  # those two
    done, rows = run(admin, admin.get(path).content)
    assert counts(done) == (0, 2, 0, 0), rows
    assert admin.get("/api/farmers/count").json()["total"] == before


def test_the_bytes_do_not_stay(server, admin):
    """They hold NRCs in clear: only the register's user may read them, and they go
    with the end of the work."""
    before = server.stored()
    run(admin, [person() for _ in range(30)])
    poll(lambda: not server.added(before))


def folder_of(server):
    path = os.path.join(os.path.dirname(server.state), "tables")
    os.makedirs(path, exist_ok=True)
    os.chmod(path, 0o755)
    return path


def command(server, rows, *words, **form):
    path = os.path.join(folder_of(server), word() + ".csv")
    with open(path, "wb") as f:
        f.write(rows if isinstance(rows, bytes) else table(rows, **form))
    return server.cem("import", "farmers", path, "--config", server.config, *words,
                      check=False)


def test_files_that_wait_are_limited(server, new_user):
    """Also of imports that were cancelled, whose files stay for a day."""
    user, other = new_user([CHIBOMBO]), new_user([CHIBOMBO])
    for n in range(10):
        done, _ = run(user, [person()])
        server.sql("UPDATE import SET input_file_id = 'kept %s' WHERE import_id = '%s'"
                   % (done["import_id"], done["import_id"]))
    reply = ask(user, table([person()]))
    assert "10 of your files" in refused(reply, 429)
    assert int(reply.headers["Retry-After"]) > 0
    run(other, [person()])
    server.sql("UPDATE import SET input_file_id = NULL WHERE input_file_id LIKE 'kept %'")
    run(user, [person()])


def test_command(server, admin, operator):
    rows = [person() for _ in range(25)]
    before = server.stored()
    status, out, err = command(server, rows, "--dry-run")
    assert "import done" in err and "request=" not in err
    assert status == 0 and "25 would be registered" in out, (out, err)
    assert admin.get("/api/farmers?nrc=" + rows[0]["nrc"]).json() == []
    status, out, err = command(server, rows)
    assert status == 0 and "25 registered, 0 there already" in out, (out, err)
    [found] = admin.get("/api/farmers?nrc=" + rows[0]["nrc"]).json()
    assert shown(admin, found["farmer_id"])["created_by"] == "command line"
    status, out, _ = command(server, rows)
    assert status == 0 and "0 registered, 25 there already" in out
    import_id = out.split("import ")[-1].strip()
    done = admin.get("/api/imports/" + import_id).json()
    assert done["state"] == "done" and done["duplicate"] == 25
    assert not server.added(before)
    status, out, _ = command(server, [person(), person(gender="?")])
    assert status == 1 and "row 3\tinvalid\t" in out and "1 registered" in out
    status, out, _ = command(server, [person(), person(district_code="LP05")],
                             "--as", operator.email)
    assert status == 1 and "row 3\tdenied\t" in out


def test_command_refuses(server, farmer):
    for rows, words in ((b"colour\n", "Unknown columns: colour"), (b"", "50 MB")):
        status, out, err = command(server, rows)
        assert status == 1 and words in err and not out, (out, err)
    status, _, err = command(server, [person()], "--as", "nobody@cem.example")
    assert status == 1 and "no account" in err
    status, _, err = server.cem("import", "farmers", "/nowhere.csv", "--config",
                                server.config, check=False)
    assert status == 1 and "/nowhere.csv" in err
    status, _, err = server.cem("import", "houses", "--config", server.config,
                                check=False)
    assert status == 2 and "usage" in err
