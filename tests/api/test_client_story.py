# SPDX-License-Identifier: MIT
"""What the existing app does, screen by screen, call by call: what it sends, and every
field that it reads, with the type on which it would otherwise break. The app runs
unchanged as long as this passes."""
import concurrent.futures
import datetime
import re
import time

import people
import pictures
import pytest
import server as servers
import tokens
import wire
from client import Client

ORIGIN = "https://localhost"  # of the Android app
NONE = type(None)
TEXT, NUMBER, MAYBE = (str,), (int, float), (str, NONE)
FILE_ID = re.compile(r"[0-9a-f]{24}")
FILE_PATH = re.compile(r"/api/files/[0-9a-f]{24}")
ROLE = re.compile(r"ADMIN|OPERATOR|FARMER")
STATUS = re.compile(r"pending|registered|under_review|verified|rejected|"
                    r"pending_documents|approved")
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

# What its screens read of a reply.
PERSON = {
    "first_name": TEXT, "last_name": TEXT, "phone_primary": TEXT,
    "phone_secondary": MAYBE, "email": MAYBE, "nrc": TEXT,
    "date_of_birth": re.compile(r"\d{4}-\d\d-\d\d"),
    "gender": re.compile("Male|Female|Other"), "ethnic_group": MAYBE}
PLACE = {
    "province_code": TEXT, "province_name": TEXT, "district_code": TEXT,
    "district_name": TEXT, "chiefdom_code": MAYBE, "chiefdom_name": MAYBE,
    "village": TEXT}
FARM = {
    "farm_size_hectares": NUMBER, "crops_grown": [TEXT], "livestock_types": [TEXT],
    "has_irrigation": (bool,), "years_farming": (int,)}
HOME = {"household_size": (int,), "number_of_dependents": (int,),
        "primary_income_source": TEXT}
FARMER = {
    "_id": FILE_ID, "farmer_id": TEXT, "registration_status": STATUS,
    "is_active": (bool,), "created_at": "time", "updated_at": "time",
    "created_by": MAYBE, "review_notes": MAYBE, "reviewed_by": MAYBE,
    "reviewed_at": MAYBE, "personal_info": PERSON, "address": PLACE,
    "farm_info": (dict, NONE), "household_info": (dict, NONE),
    "documents": (dict, NONE), "identification_documents": [{
        "doc_type": TEXT, "file_id": FILE_ID, "file_path": FILE_PATH,
        "uploaded_at": "time"}],
    "photo_file_id": MAYBE, "id_card_file_id": MAYBE, "qr_code_file_id": MAYBE,
    "id_card_path": MAYBE, "qr_code_path": MAYBE, "id_card_generated_at": MAYBE}
LISTED = {
    "_id": FILE_ID, "farmer_id": TEXT, "first_name": TEXT, "last_name": TEXT,
    "phone_primary": TEXT, "phone": TEXT, "nrc": TEXT, "district_name": TEXT,
    "village": TEXT, "registration_status": STATUS, "is_active": (bool,),
    "created_at": "time"}
OPERATOR = {
    "_id": FILE_ID, "operator_id": TEXT, "user_id": FILE_ID, "full_name": TEXT,
    "email": TEXT, "phone": MAYBE, "is_active": (bool,), "assigned_district": MAYBE,
    "assigned_districts": [TEXT], "assigned_regions": [TEXT], "farmer_count": (int,),
    "created_at": "time", "updated_at": "time"}
SUPPLY = {
    "id": FILE_ID, "farmer_name": TEXT, "items": [TEXT], "quantity": TEXT,
    "urgency": re.compile("low|medium|high"), "notes": MAYBE, "admin_notes": MAYBE,
    "status": re.compile("pending|approved|rejected|fulfilled"), "created_at": "time"}


def reads(value, spec, where="reply"):
    """Fail unless value has each field of spec, with its type; value is returned."""
    if isinstance(spec, dict):
        assert isinstance(value, dict), (where, value)
        for name, inner in spec.items():
            assert name in value, "%s.%s is missing" % (where, name)
            reads(value[name], inner, where + "." + name)
    elif isinstance(spec, list):
        assert isinstance(value, list), (where, value)
        for item in value:
            reads(item, spec[0], where + "[]")
    elif isinstance(spec, re.Pattern):
        assert isinstance(value, str) and spec.fullmatch(value), (where, value)
    elif spec == "time":
        assert datetime.datetime.fromisoformat(value).tzinfo, (where, value)
    else:
        assert type(value) in spec, (where, value)
    return value


class App(Client):
    """The app on a phone: another origin, so a preflight before each kind of call."""

    def __init__(self, server, recorder):
        super().__init__(server, recorder)
        self.asked = set()

    def preflight(self, method, path):
        kind = method, re.sub(r"ZM[0-9A-F]{8}|[0-9a-f]{24}|\?.*", "", path)
        if kind in self.asked or method == "HEAD":
            return
        self.asked.add(kind)
        reply = super().call("OPTIONS", path, token=None, headers={
            "Origin": ORIGIN, "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type"})
        assert reply.status_code in (200, 204), (method, path)
        assert reply.headers["Access-Control-Allow-Origin"] in (ORIGIN, "*")
        assert method in reply.headers["Access-Control-Allow-Methods"]

    def call(self, method, path, **more):
        if method == "OPTIONS":
            return super().call(method, path, **more)
        self.preflight(method, path)
        headers = {"Origin": ORIGIN, "Accept": "application/json, text/plain, */*",
                   **more.pop("headers", {})}
        reply = super().call(method, path, headers=headers, **more)
        assert reply.headers["Access-Control-Allow-Origin"] in (ORIGIN, "*"), path
        assert "Location" not in reply.headers, "it would lose the token"
        return reply

    def ask(self, method, path, spec=None, status=200, **more):
        """A call of its axios that works; what the screen reads is checked."""
        reply = self.call(method, "/api" + path, **more)
        assert reply.status_code == status, (method, path, reply.text)
        return reads(reply.json(), spec) if spec else None

    def bare(self, method, path):
        """A call without a body, without Content-Type and without Content-Length."""
        self.preflight(method, "/api" + path)
        data = wire.request(method, "/api" + path, [
            ("Origin", ORIGIN), ("Authorization", "Bearer " + self.token)])
        reply = wire.exchange(self.server, data, method)
        assert reply.status_code == 200, (method, path, reply.text)
        return reply

    def load(self, name, media):
        """A picture or document, by fetch(): an id, or any path of the record."""
        path = "/api/files/" + name if FILE_ID.fullmatch(name) else name
        assert path.startswith("/"), "others get the token"
        reply = self.get(path, headers={"Accept": "*/*"})
        assert reply.status_code == 200, (path, reply.text)
        assert reply.headers["Content-Type"].split(";")[0] == media, path
        return reply.content

    def enter(self, name, password, role):
        """The login screen; its e-mail field is trimmed and lowered."""
        body = self.ask("POST", "/auth/login", {
            "access_token": TEXT, "refresh_token": TEXT,
            "user": {"roles": [ROLE], "full_name": MAYBE, "email": MAYBE}},
            token=None, json={"email": name.strip().lower(), "password": password,
                              "role": role})
        assert body["user"]["roles"][0] == role.upper(), "it decides the first screen"
        assert body["user"]["full_name"] or body["user"]["email"]
        self.token, self.refresh_token = body["access_token"], body["refresh_token"]
        self.user = body["user"]
        return self


@pytest.fixture
def phone(server, recorder):
    return App(server, recorder)


@pytest.fixture
def boss(phone):
    return phone.enter(servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD, "admin")


@pytest.fixture
def officer(server, recorder, operator):
    return App(server, recorder).enter(operator.email, operator.password, "operator")


@pytest.fixture
def grower(server, recorder, farmer):
    info = farmer["personal_info"]
    app = App(server, recorder).enter(info["nrc"], info["date_of_birth"], "farmer")
    assert app.user["farmer_id"] == farmer["farmer_id"], "all its screens need it"
    return app


# the administrator


def test_admin_dashboard(boss, operator, farmer):
    stats = boss.ask("GET", "/dashboard/stats", {
        "farmers": {"total": (int,), "pending": (int,)}, "operators": (int,)})
    assert stats["farmers"]["total"] > 0
    found = boss.ask("GET", "/operators/?limit=10&skip=0", {
        "results": [OPERATOR], "total": (int,)})
    assert 0 < len(found["results"]) <= 10
    rows = boss.ask("GET", "/farmers/?limit=5&skip=0", [LISTED])
    assert 0 < len(rows) <= 5
    me = boss.ask("GET", "/auth/me", {"roles": [ROLE], "email": TEXT})
    assert me["roles"] == ["ADMIN"]


def test_operators_are_managed(boss, server, recorder):
    provinces = boss.ask("GET", "/geo/provinces", [{
        "province_code": TEXT, "province_name": TEXT}])
    districts = boss.ask("GET", "/geo/districts", [{
        "district_code": TEXT, "district_name": TEXT}])
    email = people.word(12).lower() + "@cem.example"
    boss.ask("POST", "/operators/", {"message": TEXT}, 201, json={
        "email": email, "password": "Passw0rdX", "full_name": "Op Two", "phone": "",
        "role": "OPERATOR", "assigned_districts": [districts[0]["district_name"]],
        "assigned_regions": [provinces[0]["province_name"]]})
    again = boss.post("/api/operators/", json={
        "email": email, "password": "Passw0rdX", "full_name": "Op Two"})
    assert again.status_code == 409 and isinstance(again.json()["detail"], str)
    found = boss.ask("GET", "/operators/?limit=100&skip=0&t=%d" % (time.time() * 1000), {
        "results": [OPERATOR], "total": (int,)})
    new, = [o for o in found["results"] if o["email"] == email]
    assert new["assigned_districts"] == [districts[0]["district_name"]]
    one = "/operators/" + new["operator_id"]
    boss.ask("PUT", one, {"operator_id": TEXT}, json={
        "full_name": "Op Three", "phone": "0977123456", "assigned_districts": [],
        "assigned_regions": []})
    shown = boss.ask("GET", one, {**OPERATOR, "recent_registrations_30d": (int,),
                                  "total_land_hectares": NUMBER,
                                  "avg_land_hectares": NUMBER})
    assert shown["full_name"] == "Op Three" and shown["assigned_district"] is None
    for active in (False, True):
        body = boss.ask("PUT", one, {"is_active": (bool,)}, json={"is_active": active})
        assert body["is_active"] is active
    App(server, recorder).enter(" %s " % email.upper(), "Passw0rdX", "operator")


def test_places_are_added(boss):
    """By their other key; those that are there are kept, as other tests count them."""
    known = boss.ask("POST", "/geo/custom/districts", {
        "district_code": TEXT, "district_name": TEXT}, 201, json={
        "province_code": "CP", "name": "Chibombo District"})
    assert known["district_code"] == "CP01"
    known = boss.ask("POST", "/geo/custom/provinces", {
        "province_code": TEXT, "province_name": TEXT}, 201,
        json={"name": "Central Province"})
    assert known["province_code"] == "CP"


def test_farmers_are_reviewed_and_switched(boss, farmer):
    boss.ask("GET", "/farmers/?limit=20&skip=0", [LISTED])
    one = "/farmers/" + farmer["farmer_id"]
    for status, shown in (("pending", "pending"), ("registered", "registered"),
                          ("rejected", "rejected"),
                          ("under_verification", "under_review")):
        reply = boss.bare("PATCH", one + "/review?new_status=%s&review_notes=" % status)
        assert reply.json()["registration_status"] == shown
    boss.bare("PATCH", one + "/review?new_status=registered&review_notes=all%20seen")
    for active in (False, True):
        boss.ask("PUT", one, {"farmer_id": TEXT}, json={"is_active": active})
    for skip in range(0, 500, 100):  # the list once more, by blocks until one is empty
        if not boss.ask("GET", "/farmers/?limit=100&skip=%d" % skip, [LISTED]):
            break
    out = boss.ask("GET", one, FARMER)
    assert out["review_notes"] == "all seen" and out["is_active"] is True


def test_reports(boss, farmer):
    rows = boss.ask("GET", "/farmers?limit=100", [LISTED])
    assert farmer["farmer_id"] in [r["farmer_id"] for r in rows]
    boss.ask("GET", "/reports/dashboard", {
        "metrics": {"farmers_total": (int,), "operators_total": (int,),
                    "users_total": (int,), "farmers_registered_this_month": (int,)},
        "pending_verification": (int,)})


def test_settings(boss):
    email = people.word(10).lower() + "+new@cem.example"
    boss.ask("POST", "/auth/register", {"email": TEXT}, json={
        "email": email, "password": "Passw0rdX", "roles": ["ADMIN"]})
    body = boss.ask("GET", "/users/", {"users": [{
        "email": TEXT, "role": ROLE, "is_active": (bool,), "created_at": "time"}]})
    assert email in [u["email"] for u in body["users"]]
    for active in (False, True):
        boss.ask("PATCH", "/users/%s/status" % email, {"message": TEXT},
                 json={"is_active": active})
    boss.bare("DELETE", "/users/" + email)
    weak = boss.post("/api/auth/register", json={
        "email": email, "password": "weak", "roles": ["ADMIN"]})
    assert weak.status_code == 422 and isinstance(weak.json()["detail"], str)


def test_log_viewer(boss):
    row = {"timestamp": "time", "level": TEXT, "module": TEXT, "endpoint": TEXT,
           "action": TEXT, "user_id": MAYBE, "role": MAYBE, "request_id": MAYBE,
           "ip_address": MAYBE, "duration_ms": (int, float, NONE)}
    page = boss.ask("GET", "/logs/?page=1&page_size=20", {"items": [row], "total": (int,)})
    assert page["items"]
    for query in ("level=INFO", "module=auth", "user_id=nobody", "role=ADMIN"):
        boss.ask("GET", "/logs/?page=2&page_size=50&" + query, {
            "items": [row], "total": (int,)})
    empty = boss.ask("GET", "/logs/?page=1&page_size=20&level=&module=&user_id=&role=",
                     {"items": [row], "total": (int,)})
    assert empty["total"] >= page["total"], "an empty field of the form is no filter"
    boss.ask("GET", "/logs/stats", {"stats": [{
        "_id": {"level": TEXT, "module": TEXT}, "count": (int,)}]})


# the operator


def test_operator_dashboard(officer, farmer):
    me = officer.ask("GET", "/operators/me", {"assigned_district": MAYBE})
    rows = officer.ask("GET", "/farmers/?limit=100&skip=0&district="
                       + me["assigned_district"], [LISTED])
    assert farmer["farmer_id"] in [r["farmer_id"] for r in rows]
    assert {r["district_name"] for r in rows} == {me["assigned_district"]}


def test_registration_wizard(officer):
    groups = officer.ask("GET", "/ethnic-groups?active_only=true", [{
        "_id": FILE_ID, "name": TEXT}])
    province, = [p for p in officer.ask("GET", "/geo/provinces", [{
        "province_code": TEXT, "province_name": TEXT}]) if p["province_code"] == "CP"]
    district, = [d for d in officer.ask(
        "GET", "/geo/districts?province_code=CP", [{
            "district_code": TEXT, "district_name": TEXT}])
        if d["district_name"] == "Chibombo District"]
    chiefdom = officer.ask("GET", "/geo/chiefdoms?district_code="
                           + district["district_code"], [{
                               "chiefdom_code": TEXT, "chiefdom_name": TEXT}])[0]
    assert officer.ask("GET", "/geo/districts?province_code=OTHER", [TEXT]) == []
    body = {
        "personal_info": {
            "first_name": "Mwansa", "last_name": people.word(),
            "phone_primary": people.phone(), "email": "f@cem.example",
            "nrc": people.nrc(), "date_of_birth": "1990-01-15", "gender": "Female",
            "ethnic_group": groups[0]["name"]},
        "address": {
            "province_code": province["province_code"],
            "province_name": province["province_name"],
            "district_code": district["district_code"],
            "district_name": district["district_name"],
            "chiefdom_code": chiefdom["chiefdom_code"],
            "chiefdom_name": chiefdom["chiefdom_name"], "village": ""},
        "farm_info": {**people.FARM, "farm_size_hectares": 1},
        "household_info": people.HOME}
    made = officer.ask("POST", "/farmers/", FARMER, 201, json=body)
    again = officer.post("/api/farmers/", json=body)  # pressed twice
    assert again.status_code == 409 and isinstance(again.json()["detail"], str)
    one = "/farmers/" + made["farmer_id"]
    officer.ask("POST", one + "/upload-photo", {"file_id": FILE_ID}, files={
        "file": ("IMG 1.jpg", pictures.jpeg(), "image/jpeg")})
    for kind in ("nrc", "land_title", "license", "certificate"):
        officer.ask("POST", one + "/documents/" + kind, {"file_id": FILE_ID}, files={
            "file": ("scan.pdf", PDF, "application/pdf")})
    shows_details(officer, one)


def shows_details(app, one):
    """The details page: everything in the record is loaded as the page would."""
    out = app.ask("GET", one, {**FARMER, "farm_info": FARM, "household_info": HOME,
                               "documents": {"photo": FILE_PATH}})
    photo = app.load(out["photo_file_id"], "image/jpeg")
    assert photo == app.load(out["documents"]["photo"], "image/jpeg")
    assert len(out["identification_documents"]) == 4
    for document in out["identification_documents"]:
        assert app.load(document["file_id"], "application/pdf") == PDF
        tail = re.search(r"/files/([a-f0-9]+)", document["file_path"]).group(1)
        assert tail == document["file_id"]
    return out


def test_details_edit_and_card(officer, server, farmer):
    one = "/farmers/" + farmer["farmer_id"]
    jpeg = {"file": ("a.jpg", pictures.jpeg(), "image/jpeg")}
    first = officer.ask("POST", one + "/upload-photo", {"file_id": FILE_ID}, files=jpeg)
    second = officer.ask("POST", one + "/upload-photo", {"file_id": FILE_ID}, files=jpeg)
    assert first["file_id"] != second["file_id"], "it keeps files by their id"
    officer.ask("POST", one + "/documents/nrc", {"file_id": FILE_ID}, files={
        "file": ("a.png", pictures.save("PNG", 40, 30), "image/png")})
    out = officer.ask("GET", one, FARMER)
    officer.load(out["identification_documents"][0]["file_id"], "image/png")
    # the form sends the whole record back, blank parts left out, the gender small
    whole = {
        "personal_info": {**{k: v for k, v in out["personal_info"].items() if v},
                          "first_name": "Changed", "gender": "female"},
        "address": {k: v for k, v in out["address"].items() if k in PLACE},
        "farm_info": people.FARM, "household_info": people.HOME}
    officer.ask("PUT", one, FARMER, json=whole)
    blank = {**people.FARM, "farm_size_hectares": 0}  # when that field is left empty
    out = officer.ask("PUT", one, {"farm_info": FARM}, json={**whole, "farm_info": blank})
    assert out["farm_info"] == blank
    # five seconds later it downloads, without asking whether the card is there
    officer.ask("POST", one + "/generate-idcard", {"message": TEXT}, 202)
    card = officer.load("/api" + one + "/download-idcard", "application/pdf")
    assert card.startswith(b"%PDF-")
    out = officer.ask("GET", one, {**FARMER, "id_card_file_id": FILE_ID,
                                   "id_card_path": FILE_PATH,
                                   "id_card_generated_at": "time"})
    assert officer.load(out["id_card_file_id"], "application/pdf") == card
    assert officer.load(out["id_card_path"], "application/pdf") == card
    code = out["qr_code_file_id"] or out["qr_code_path"] or "/api" + one + "/qr"
    officer.load(code, "image/png")
    officer.bare("DELETE", one + "/documents/nrc")
    officer.bare("DELETE", one + "/photo")
    out = officer.ask("GET", one, FARMER)
    assert not out["photo_file_id"] and out["identification_documents"] == []


# the farmer


def test_farmer_dashboard_and_card(grower, farmer):
    one = "/farmers/" + grower.user["farmer_id"]
    out = grower.ask("GET", one, FARMER)
    assert not (out["id_card_file_id"] or out["id_card_path"]
                or out["id_card_generated_at"])
    assert grower.get("/api" + one + "/qr").status_code == 404  # it asks at once
    grower.ask("POST", one + "/upload-photo", {"file_id": FILE_ID}, files={
        "file": ("a.jpg", pictures.jpeg(), "image/jpeg")})
    grower.ask("POST", one + "/generate-idcard", {"message": TEXT}, 202)

    def there():
        found = grower.ask("GET", one, FARMER)
        return found if found["id_card_generated_at"] else None
    out = servers.poll(there)
    assert out["documents"]["photo"] and grower.load(out["documents"]["photo"],
                                                     "image/jpeg")
    card = grower.load("/api" + one + "/download-idcard", "application/pdf")
    grower.load("/api" + one + "/qr", "image/png")
    grower.ask("POST", one + "/generate-idcard", {"message": TEXT}, 202)  # regenerate
    assert grower.load("/api" + one + "/download-idcard", "application/pdf") != card
    info = {k: v for k, v in out["personal_info"].items() if v}
    grower.ask("PUT", one, FARMER, json={
        "personal_info": {**info, "phone_secondary": "0966123456",
                          "gender": info["gender"].lower()},
        "address": {k: v for k, v in out["address"].items() if k in PLACE}})


def test_supplies(grower, boss):
    grower.ask("GET", "/supplies/my-requests", {"requests": [SUPPLY]})
    made = [grower.ask("POST", "/supplies/request", {"request": {"_id": FILE_ID}}, json={
        "items": ["Seeds", "Tools"], "quantity": "10 bags", "urgency": urgency,
        "notes": ""})["request"]["_id"] for urgency in ("low", "medium", "high")]
    mine = grower.ask("GET", "/supplies/my-requests", {"requests": [SUPPLY]})["requests"]
    assert [r["id"] for r in mine] == made[::-1]
    grower.bare("DELETE", "/supplies/" + made[0])
    rows = boss.ask("GET", "/supplies/all", {"requests": [SUPPLY]})["requests"]
    assert made[1] in [r["id"] for r in rows]
    for status in ("approved", "rejected", "fulfilled", "pending"):
        boss.ask("PATCH", "/supplies/" + made[1], {"message": TEXT}, json={
            "status": status, "admin_notes": "collect Friday"})
    boss.bare("DELETE", "/supplies/" + made[1])


# what all of them do


def test_parallel_calls_with_a_token_that_has_ended(officer, signing_key, farmer):
    """Each refreshes for itself, and is repeated with what it got; a refresh token in
    the answer is not taken."""
    claims = tokens.parts(officer.token)[1]
    ended = tokens.mint(signing_key, {**claims, "exp": int(time.time()) - 1})
    apps = [App(officer.server, officer.recorder) for _ in range(3)]

    def one(app):
        assert app.get("/api/farmers/?limit=5", token=ended).status_code == 401
        body = app.ask("POST", "/auth/refresh", {"access_token": TEXT}, token=None,
                       json={"refresh_token": officer.refresh_token})
        app.token = body["access_token"]
        app.ask("GET", "/farmers/?limit=5", [LISTED])
        return app.ask("POST", "/farmers/", FARMER, 201, json=people.form())
    for _ in range(2):  # the same refresh token again when the next one has ended
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            assert len({f["farmer_id"] for f in pool.map(one, apps)}) == 3


def test_what_never_signs_it_out(phone, grower):
    """A 401 on these would refresh, fail, and end the session."""
    for path in ("/api/api/app/version", "/api/app/version"):
        reads(phone.get(path).json(), {
            "versionCode": (int,), "versionName": TEXT, "downloadUrl": TEXT,
            "releaseNotes": TEXT, "mandatory": (bool,)})
    assert phone.call("HEAD", "/api/health").status_code == 200
    for path in ("/api/nothing/here", "/api/api/nothing", "/api/farmers/x/nothing"):
        assert phone.get(path).status_code == grower.get(path).status_code == 404
    assert grower.get("/api/users/").status_code == 403


@pytest.mark.parametrize("role,name,password", [
    ("admin", "nobody@cem.example", "Wrong-Passw0rd"), ("farmer", "1", "1990-01-15"),
    ("operator", servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD)])
def test_a_failed_login_has_a_text(phone, role, name, password):
    reply = phone.post("/api/auth/login", token=None, json={
        "email": name, "password": password, "role": role})
    assert reply.status_code == 401
    assert isinstance(reply.json()["detail"], str)
