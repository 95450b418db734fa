# SPDX-License-Identifier: MIT
"""The pages: the main job as an officer and as a farmer do it in a browser without
scripts, and what a stranger tries."""
import html
import html.parser
import os
import re
import subprocess

import cards
import people
import pictures
import pytest
import requests
import server as servers
from client import Client
from people import path
from test_card import text_of, triple

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
COOKIE = "cem_session"
EVIL = "https://evil.example"
SCRIPT = "<script>alert(1)</script>"


class Browser:
    """A browser as far as the server can tell: cookies, Accept, Origin."""

    def __init__(self, server):
        self.base = server.base
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = server.certificate
        self.session.headers["Accept"] = HTML
        self.csrf = ""

    def call(self, method, where, **more):
        more.setdefault("timeout", servers.LIMIT)
        more.setdefault("allow_redirects", False)
        reply = self.session.request(method, self.base + where, **more)
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', reply.text) \
            if "text/html" in reply.headers.get("Content-Type", "") else None
        if found:
            self.csrf = found[1]
        return reply

    def get(self, where, **more):
        return self.call("GET", where, **more)

    def post(self, where, data=None, csrf=None, headers=None, **more):
        """A form of ours; headers={"Origin": ...} or csrf=... make it another's."""
        data = dict(data or {})
        data.setdefault("csrf", self.csrf if csrf is None else csrf)
        sent = {"Origin": self.base}
        sent.update(headers or {})
        return self.call("POST", where, data=data, headers=sent, **more)

    def upload(self, farmer, content, name="photo.jpg", **more):
        return self.post("/farmers/%s/photo" % farmer["farmer_id"],
                         files={"file": (name, content, "image/jpeg")}, **more)

    def sign_in(self, email, password, **more):
        reply = self.post("/sign-in", dict(more, email=email, password=password))
        assert reply.status_code == 303, words(reply)
        self.get("/")
        assert self.csrf
        return self

    @property
    def cookie(self):
        return self.session.cookies.get(COOKIE)


def words(reply):
    """The text of a page without its tags."""
    body = re.sub(r"<(script|style).*?</\1>", " ", reply.text, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", body))).strip()


def heading(reply):
    return html.unescape(re.search(r"<h1>(.*?)</h1>", reply.text, re.S)[1])


class Tags(html.parser.HTMLParser):
    """Nothing inline: one script, one style sheet, addresses below the root."""

    def check(self, text):
        self.scripts = []
        self.feed(text)
        assert self.scripts == [{"src": "/static/app.js", "defer": None}]

    def handle_starttag(self, tag, attrs):
        at = dict(attrs)
        assert tag not in ("style", "base", "iframe", "object", "embed"), tag
        if tag == "script":
            self.scripts.append(at)
        for name, value in attrs:
            assert not name.startswith("on") and name != "style", attrs
            if name in ("href", "src", "action", "formaction"):
                assert re.match(r"/(?!/)|#|$", value), attrs


def page(reply, status=200):
    """Assert that it is a whole page with its headers, each once; its text."""
    assert reply.status_code == status, (reply.status_code, words(reply)[:500])
    head = reply.headers
    assert head["Content-Type"] == "text/html; charset=utf-8"
    assert head["Cache-Control"] == "no-store"
    assert head["Referrer-Policy"] == "same-origin"
    assert head["X-Content-Type-Options"] == "nosniff"
    assert head["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
    assert "Access-Control-Allow-Origin" not in head
    assert reply.text.startswith("<!doctype html>")
    assert reply.text.rstrip().endswith("</html>")
    Tags().check(reply.text)
    return words(reply)


def goes(reply, where):
    assert reply.status_code == 303, (reply.status_code, words(reply)[:300])
    assert reply.headers["Location"] == where
    assert reply.headers["Cache-Control"] == "no-store"


def errors(reply):
    """{name of an input: what is wrong with it} of a form."""
    found = re.findall(r'id="(\w+)-fault">(.*?)<', reply.text, re.S)
    return {name: html.unescape(text) for name, text in found
            if name not in ("qr-file", "sign-in")}


def values(reply):
    """{name: value} of the form on farmers."""
    form = re.search(r'<form method="post" action="/farmers/[^>]*>(.*?)</form>',
                     reply.text, re.S)[1]
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        at = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if at.get("type") == "checkbox":
            if re.search(r"\schecked\b", tag):
                found[at["name"]] = at["value"]
        elif "name" in at:
            found[at["name"]] = html.unescape(at["value"])
    for name, body in re.findall(r'<select id="\w+" name="(\w+)".*?>(.*?)</select>', form,
                                 re.S):
        chosen = re.search(r'value="([^"]*)" selected', body)
        found[name] = html.unescape(chosen[1]) if chosen else ""
    return found


def listed(reply):
    return re.findall(r'<span class="row-name"><a href="/farmers/(ZM[0-9A-F]{8})"',
                      reply.text)


def link(reply, rel):
    found = re.search(r'href="([^"]*)" rel="%s"' % rel, reply.text)
    return found and html.unescape(found[1])


def typed(**more):
    """A registration as it is typed; `more` wins, None leaves out."""
    form = {"first_name": "Mary", "last_name": people.word(), "nrc": people.nrc(),
            "date_of_birth": "1990-01-15", "gender": "Female", "ethnic_group": "",
            "phone_primary": people.phone(), "phone_secondary": "", "email": "",
            "district_code": "CP01", "chiefdom_code": "CP01-001", "village": "Kayosha",
            "street": "", "gps_latitude": "", "gps_longitude": "",
            "farm_size_hectares": "", "years_farming": "", "crops_grown": "",
            "livestock_types": "", "household_size": "", "number_of_dependents": "",
            "primary_income_source": ""}
    form.update(more)
    return {name: value for name, value in form.items() if value is not None}


@pytest.fixture
def visitor(server):
    return Browser(server)


@pytest.fixture(scope="module")
def officer(server, operator):
    """The operator of Chibombo District in a browser."""
    return Browser(server).sign_in(operator.email, operator.password)


@pytest.fixture(scope="module")
def boss(server):
    return Browser(server).sign_in(servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD)


@pytest.fixture(scope="module")
def stranger(server, other_operator):
    """The operator of another district."""
    return Browser(server).sign_in(other_operator.email, other_operator.password)


@pytest.fixture(scope="session")
def in_person(server):
    """in_person(farmer): that farmer in a browser."""
    def make(farmer):
        info = farmer["personal_info"]
        return Browser(server).sign_in(info["nrc"], info["date_of_birth"])
    return make


# the first page, and addresses that are none

def test_home_is_for_people_and_for_programs(visitor, anyone):
    reply = visitor.get("/")
    assert "Every farmer known" in page(reply) and reply.headers["Vary"] == "Accept"
    for accept in ("*/*", "application/json", "application/json, text/html",
                   "text/html;q=0.5, application/json", "text/html;q=0", ""):
        reply = anyone.get("/", headers={"Accept": accept})
        assert reply.json()["status"] == "running", accept
        assert reply.headers["Vary"] == "Accept"
    for accept in ("text/html", "application/json;q=0.9,text/html", "TEXT/HTML;level=1"):
        assert "Every farmer known" in page(visitor.get("/", headers={"Accept": accept}))


@pytest.mark.parametrize("where", ["/nothing", "/farmers/new/more", "/static2", "/apis"])
def test_unknown_pages(visitor, anyone, where):
    assert "Not found" in page(visitor.get(where), 404)
    reply = anyone.get(where)
    assert (reply.status_code, reply.json()) == (404, {"detail": "Not Found"})


def test_the_api_never_answers_with_a_page(visitor, boss):
    for browser in (visitor, boss):
        assert browser.get("/api/nothing").json() == {"detail": "Not Found"}
        assert browser.get("/api/farmers").json() == {"detail": "Not authenticated"}
        assert browser.get("/api/auth/me").status_code == 403
        assert browser.post("/api/auth/logout").status_code == 403


def test_a_page_that_only_takes_forms(visitor):
    reply = visitor.get("/sign-out")
    assert "Nothing to see here" in page(reply, 405)
    assert reply.headers["Allow"] == "POST, OPTIONS"


def test_pages_are_not_in_the_description(server, anyone):
    paths = anyone.get("/openapi.json").json()["paths"]
    assert not [p for p in paths if p.startswith(("/farmers", "/sign", "/verify"))]
    assert paths["/"]["get"]["operationId"] == "health_root"
    assert "/farmers/{farmer_id}" not in words(anyone.get("/docs")).replace(
        "/api/farmers", "")
    assert re.search(r"^POST +/farmers/new +operators and adm", server.cem("routes")[1],
                     re.M)


def test_every_form_page_has_its_headers(boss, farmer):
    own = "/farmers/" + farmer["farmer_id"]
    for where in ("/", "/verify", "/farmers", "/farmers/new", own, own + "/edit"):
        page(boss.get(where))


# signing in and out

def test_sign_in_and_out(server, visitor, operator):
    goes(visitor.get("/farmers?search=a%20b"),
         "/sign-in?next=/farmers%3Fsearch%3Da%2520b")
    reply = visitor.get("/sign-in?next=/farmers%3Fsearch%3Da%2520b")
    assert 'name="next" value="/farmers?search=a%20b"' in reply.text
    reply = visitor.post("/sign-in", {"email": operator.email, "next": "/farmers?search=a",
                                      "password": operator.password})
    goes(reply, "/farmers?search=a")
    flags = reply.headers["Set-Cookie"].split("; ")
    assert flags[0] == COOKIE + "=" + visitor.cookie
    assert flags[1:] == ["Path=/", "Max-Age=28800", "HttpOnly", "Secure", "SameSite=Lax"]
    text = page(visitor.get("/farmers"))
    assert "Op One Operator Sign out" in text
    goes(visitor.get("/sign-in"), "/farmers")
    token = visitor.cookie
    assert Client(server).get("/api/auth/me", token=token).status_code == 200
    goes(visitor.post("/sign-out"), "/sign-in?done=out")
    assert visitor.cookie is None
    assert "You have signed out." in page(visitor.get("/sign-in?done=out"))
    assert Client(server).get("/api/auth/me", token=token).status_code == 401
    visitor.session.cookies.set(COOKIE, token)
    reply = visitor.get("/farmers")
    goes(reply, "/sign-in?done=ended&next=/farmers")
    assert "Max-Age=0" in reply.headers["Set-Cookie"]
    assert "Your session has ended" in page(visitor.get(reply.headers["Location"]))


def test_wrong_secrets(visitor, operator):
    for email, password in ((operator.email, "wrong"), (SCRIPT + "@x.example", "x"),
                            ("123456/12/9", "1990-01-01")):
        reply = visitor.post("/sign-in", {"email": email, "password": password})
        assert "Invalid" in page(reply, 403)
        assert html.escape(email) in reply.text or email == operator.email
        assert SCRIPT not in reply.text and "Set-Cookie" not in reply.headers
    for sent in ({}, {"email": operator.email}, {"password": "x"}):
        assert "Please fill in both fields." in page(visitor.post("/sign-in", sent), 422)
    page(visitor.post("/sign-in", {"email": "a" * 255, "password": "x"}), 422)


def test_a_disabled_account(server, new_user, visitor):
    user = new_user([])
    browser = Browser(server).sign_in(user.email, user.password)
    server.cem("user", "off", user.email, "--config", server.config)
    goes(browser.get("/farmers"), "/sign-in?done=ended&next=/farmers")
    reply = visitor.post("/sign-in", {"email": user.email, "password": user.password})
    assert "disabled" in page(reply, 403)


@pytest.mark.parametrize("where", [
    "https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example",
    "evil", "javascript:alert(1)", "/a\r\nSet-Cookie: x=y", "/a b", "/\tb", "/" + "a" * 600,
    "/%0d%0a\x00"[:7] + "\x7f", "/ŋ"])
def test_no_way_out_by_next(server, visitor, operator, where):
    reply = visitor.get("/sign-in", params={"next": where})
    assert 'name="next"' not in reply.text
    reply = visitor.post("/sign-in", {"email": operator.email, "next": where,
                                      "password": operator.password})
    goes(reply, "/farmers")
    goes(visitor.get("/sign-in", params={"next": where}), "/farmers")


def test_words_of_an_address_are_not_shown(visitor, officer):
    for browser in (visitor, officer):
        text = page(browser.get("/?done=" + SCRIPT + "&notice=hello&failed=hello"))
        assert "alert" not in text and "hello" not in text


def test_signing_in_again_ends_the_session_before(server, visitor, operator):
    visitor.sign_in(operator.email, operator.password)
    before = visitor.cookie
    visitor.sign_in(operator.email, operator.password)
    assert visitor.cookie != before
    assert Client(server).get("/api/auth/me", token=before).status_code == 401


@pytest.mark.parametrize("how", ["refresh", "nonsense", "empty", "bearer", "cut"])
def test_only_the_cookie_with_an_access_token(server, visitor, operator, how):
    value = {"refresh": operator.refresh_token, "nonsense": "a.b.c", "empty": "",
             "bearer": None, "cut": operator.token[:-1]}[how]
    headers = {"Authorization": "Bearer " + operator.token} if how == "bearer" else {}
    if value is not None:
        headers["Cookie"] = "other=1; %s=%s; %s2=x" % (COOKIE, value, COOKIE)
    reply = visitor.get("/farmers", headers=headers)
    assert reply.status_code == 303
    assert reply.headers["Location"].startswith("/sign-in")
    good = {"Cookie": "other=1; %s=%s; more=2" % (COOKIE, operator.token)}
    page(visitor.get("/farmers", headers=good))


def test_throttled_sign_in():
    strict = servers.Server({"LOGIN_ATTEMPTS": "3"}, workers=2)
    try:
        strict.start()
        browser = Browser(strict)
        sent = {"email": servers.ADMIN_EMAIL, "password": "wrong"}
        for _ in range(3):
            page(browser.post("/sign-in", sent), 403)
        reply = browser.post("/sign-in", sent)
        assert "Too many attempts. Please try again in 15 minutes." in page(reply, 429)
        assert 0 < int(reply.headers["Retry-After"]) <= 900
        assert 'value="%s"' % servers.ADMIN_EMAIL in reply.text
        sent["password"] = servers.ADMIN_PASSWORD
        page(browser.post("/sign-in", sent), 429)
    finally:
        strict.end()


# forms from elsewhere

@pytest.mark.parametrize("headers", [
    {"Origin": EVIL}, {"Origin": "null"}, {"Origin": "https://localhost"},
    {"Origin": "http://localhost:1"}, {"Origin": None, "Referer": EVIL + "/x"},
    {"Origin": None, "Sec-Fetch-Site": "cross-site"},
    {"Origin": None, "Sec-Fetch-Site": "same-site"}, {"Origin": None},
    {"Origin": EVIL, "Sec-Fetch-Site": "same-origin"}])
def test_forms_of_other_sites(boss, admin, farmer, headers):
    where = "/farmers/" + farmer["farmer_id"]
    for tail in ("/edit", "/card"):
        reply = boss.post(where + tail, typed(), headers=headers)
        assert "sent from another site" in page(reply, 403)
    reply = boss.upload(farmer, pictures.jpeg(), headers=headers)
    page(reply, 403)
    page(boss.post("/farmers/new", typed(), headers=headers), 403)
    page(boss.post("/sign-out", headers=headers), 403)
    page(boss.post("/sign-in", {"email": "a", "password": "b"}, headers=headers), 403)
    page(boss.post("/verify", {"qr": "x"}, headers=headers), 403)
    page(boss.get("/farmers"))
    assert admin.get(path(farmer)).json() == farmer


def test_the_origin_must_be_the_whole_of_it(boss, server):
    for origin in (server.base + ".evil.example", server.base + "0", server.base + "@x",
                   server.base.replace("https", "http")):
        page(boss.post("/verify", {"qr": "x"}, headers={"Origin": origin}), 403)


def test_browsers_that_send_no_origin(boss, server):
    for headers in ({"Referer": server.base + "/verify"}, {"Referer": server.base},
                    {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        page(boss.post("/verify", {"qr": "x"}, headers=dict(headers, Origin=None)))
    page(boss.post("/verify", {"qr": "x"},
                   headers={"Origin": server.base.replace("localhost", "LOCALHOST")}))


def test_the_value_of_the_form(server, boss, officer, admin, farmer):
    """Missing, wrong, empty, or of somebody else's session."""
    where = "/farmers/" + farmer["farmer_id"]
    for csrf in ("", "0" * 64, officer.csrf, boss.csrf[:-1], boss.csrf + "0",
                 boss.csrf.upper()):
        for tail in ("/edit", "/card"):
            reply = boss.post(where + tail, typed(), csrf=csrf)
            assert "out of date" in page(reply, 403)
        page(boss.post("/farmers/new", typed(), csrf=csrf), 403)
        page(boss.post("/sign-out", csrf=csrf), 403)
    assert len(boss.csrf) == 64
    assert admin.get(path(farmer)).json() == farmer
    page(boss.get("/farmers"))


def test_what_is_no_form(boss):
    for media, body, status in (
            ("application/json", b'{"csrf":"x"}', 400),
            ("text/plain", b"csrf=x", 400),
            ("application/x-www-form-urlencoded", b"first_name=\xff", 400),
            ("application/x-www-form-urlencoded", b"csrf=x&first_name=%ff", 403),
            ("application/x-www-form-urlencoded",
             b"csrf=" + boss.csrf.encode() + b"&first_name=%ff", 422),
            ("application/x-www-form-urlencoded",
             b"csrf=" + boss.csrf.encode() + b"&first_name=%00", 422),
            ("application/x-www-form-urlencoded", b"a=1&" * 70 + b"csrf=x", 403),
            ("application/x-www-form-urlencoded", b"&" * (64 * 1024 + 1), 413)):
        reply = boss.call("POST", "/farmers/new", data=body, headers={
            "Origin": boss.base, "Content-Type": media})
        page(reply, status)


# the list

def test_the_list_page_by_page(boss, enrol):
    name = people.word()
    made = [enrol(personal={"first_name": name})["farmer_id"] for _ in range(45)]
    made.reverse()
    search = "/farmers?search=" + name.lower()
    first = boss.get(search)
    page(first)
    assert listed(first) == made[:20] and link(first, "prev") is None
    second = boss.get(link(first, "next"))
    assert listed(second) == made[20:40]
    third = boss.get(link(second, "next"))
    assert listed(third) == made[40:] and link(third, "next") is None
    back = boss.get(link(third, "prev"))
    assert listed(back) == made[20:40]
    assert link(back, "next") == link(second, "next")
    front = boss.get(link(back, "prev"))
    assert listed(front) == made[:20] and link(front, "prev") is None
    assert 'value="%s"' % name.lower() in front.text


def test_the_whole_list(boss, enrol):
    for _ in range(21):
        newest = enrol()
    first = boss.get("/farmers")
    assert listed(first)[0] == newest["farmer_id"] and len(listed(first)) == 20
    text = page(first)
    person = newest["personal_info"]
    assert "%s %s %s %s Kayosha, Chibombo District" % (
        person["first_name"], person["last_name"], newest["farmer_id"],
        person["phone_primary"]) in text and "Pending" in text
    second = boss.get(link(first, "next"))
    assert not set(listed(first)) & set(listed(second))
    again = boss.get(link(second, "prev"))
    assert listed(again) == listed(first)
    newer = enrol()
    again = boss.get(link(second, "prev"))
    assert listed(again) == listed(first)
    assert listed(boss.get(link(again, "prev")))[:2] == [newer["farmer_id"],
                                                         newest["farmer_id"]]
    for bad in ("?after=x", "?before=%27%20OR%201=1", "?after=" + "f" * 24):
        assert listed(boss.get("/farmers" + bad))[0] == newer["farmer_id"]
    page(boss.get("/farmers?search=" + "a" * 201), 422)


def test_finding_one(boss, enrol):
    found = enrol(personal={"first_name": "Ŋoma", "last_name": people.word(),
                            "phone_primary": "+2609" + people.phone()[5:]})
    person, number = found["personal_info"], found["farmer_id"]
    phone = person["phone_primary"]
    for search in (person["last_name"].upper(), "noma " + person["last_name"][:5], number,
                   number.lower(), phone, "0" + phone[4:], phone[4:],
                   "0%s %s %s" % (phone[4:6], phone[6:9], phone[9:]), person["nrc"],
                   "  " + person["nrc"] + " "):
        reply = boss.get("/farmers", params={"search": search})
        assert listed(reply) == [number], search
    for search in ("zzqqxx", person["nrc"][:-1], "%", "_", "' OR zz=zz --", "/"):
        reply = boss.get("/farmers", params={"search": search})
        assert listed(reply) == [], search
        assert "Nobody found for “%s”" % search in page(reply)


def test_an_operator_sees_his_district(officer, stranger, enrol, new_user, server):
    name = people.word()
    here = enrol(personal={"last_name": name})
    there = enrol(personal={"last_name": name}, place=people.KAWAMBWA)
    for browser, seen in ((officer, here), (stranger, there)):
        assert listed(browser.get("/farmers?search=" + name)) == [seen["farmer_id"]]
        hidden = there if seen is here else here
        nrc = hidden["personal_info"]["nrc"]
        assert listed(browser.get("/farmers", params={"search": nrc})) == []
    nobody = new_user([])
    lost = Browser(server).sign_in(nobody.email, nobody.password)
    assert listed(lost.get("/farmers")) == []
    assert "No farmers yet" in page(lost.get("/farmers"))


# registering

def test_registering_by_form(officer, operator):
    form = typed(phone_secondary="0977123456", email="mary@example.com",
                 ethnic_group="Lenje People", street="Great North Road",
                 gps_latitude="-14.65", gps_longitude=" 28.1 ", crops_grown="maize, beans,,",
                 livestock_types="goats", farm_size_hectares="2.5", years_farming="7",
                 has_irrigation="true", household_size="5", number_of_dependents="3",
                 primary_income_source="Farming", last_name=" Ŋoma-Ŵanda ")
    page(officer.get("/farmers/new"))
    reply = officer.post("/farmers/new", form)
    assert reply.status_code == 303, errors(reply)
    number = re.match(r"/farmers/(ZM[0-9A-F]{8})\?done=registered$",
                      reply.headers["Location"])[1]
    shown = page(officer.get(reply.headers["Location"]))
    assert "The farmer is registered." in shown and "Mary Ŋoma-Ŵanda" in shown
    record = operator.get("/api/farmers/" + number).json()
    assert record["personal_info"] == {
        "first_name": "Mary", "last_name": "Ŋoma-Ŵanda", "gender": "Female",
        "phone_primary": form["phone_primary"], "phone_secondary": "0977123456",
        "email": "mary@example.com", "nrc": form["nrc"], "date_of_birth": "1990-01-15",
        "ethnic_group": "Lenje People"}
    assert record["address"] == dict(people.CHIBOMBO, street="Great North Road",
                                     gps_latitude=-14.65, gps_longitude=28.1)
    assert record["farm_info"] == {
        "farm_size_hectares": 2.5, "crops_grown": ["maize", "beans"],
        "livestock_types": ["goats"], "has_irrigation": True, "years_farming": 7}
    assert record["household_info"] == {"household_size": 5, "number_of_dependents": 3,
                                        "primary_income_source": "Farming"}
    assert record["registration_status"] == "pending"
    for part in (number, form["nrc"], "15 Jan 1990", "-14.65, 28.1", "2.5 ha",
                 "maize, beans", "goats", "Yes", "Chief Chitanda", "Central Province"):
        assert part in shown, part


def test_the_least_that_a_registration_needs(officer, operator):
    reply = officer.post("/farmers/new", typed(chiefdom_code="", ethnic_group=None))
    number = reply.headers["Location"][9:19]
    record = operator.get("/api/farmers/" + number).json()
    assert record["farm_info"] is None and record["household_info"] is None
    assert record["address"]["chiefdom_code"] is None
    assert "not known" in page(officer.get("/farmers/" + number))


@pytest.mark.parametrize("field, value, status", [
    ("first_name", "", 422), ("first_name", " ", 422), ("last_name", "a" * 101, 422),
    ("first_name", "a\nb", 422), ("nrc", "", 422), ("nrc", "123456-12-1", 400),
    ("date_of_birth", "15/01/1990", 400), ("date_of_birth", "1990-02-30", 400),
    ("date_of_birth", people.years_ago(17), 400), ("date_of_birth", "1880-01-01", 400),
    ("gender", "", 422), ("gender", "Robot", 422), ("phone_primary", "977", 422),
    ("phone_secondary", "x", 422), ("email", "a b@c", 422), ("district_code", "", 422),
    ("district_code", "XX99", 422), ("chiefdom_code", "LP05-002", 422),
    ("chiefdom_code", "XX", 422), ("village", "", 422), ("gps_latitude", "north", 422),
    ("gps_latitude", "51.5", 400), ("gps_longitude", "1e9", 422),
    ("farm_size_hectares", "0", 422), ("farm_size_hectares", "-1", 422),
    ("years_farming", "7", 422), ("crops_grown", "maize", 422),
    ("crops_grown", ",".join("abcdefghijklmnopqrstu"), 422),
    ("livestock_types", "a" * 101, 422), ("household_size", "x", 422),
    ("household_size", "0", 422), ("number_of_dependents", "1.5", 422),
    ("primary_income_source", "a" * 101, 422), ("street", "a" * 201, 422)])
def test_a_fault_is_shown_at_its_field(officer, operator, field, value, status):
    form = typed(**{field: value})
    if field in ("gps_latitude", "gps_longitude"):
        form.update({"gps_latitude": "-14", "gps_longitude": "28"})
        form[field] = value
    reply = officer.post("/farmers/new", form)
    text = page(reply, status)
    partners = {"years_farming": "farm_size_hectares", "crops_grown": "farm_size_hectares"}
    found = errors(reply)
    assert field in found or partners.get(field) in found, found
    assert 'href="#%s"' % (field if field in found else partners[field]) in reply.text
    assert "needs a correction" in text or "need a correction" in text
    kept = values(reply)
    for name in ("last_name", "nrc", "village", "phone_primary"):
        if name != field:
            assert kept[name] == form[name], name
    if field not in ("first_name", "gender", "district_code", "chiefdom_code"):
        assert kept[field] == value.strip()
    if field == "first_name" and "\n" in value:
        assert "a\nb" in html.unescape(reply.text)
    answer = operator.get("/api/farmers", params={"search": form["phone_primary"][4:]})
    assert answer.json() == [] or field == "phone_primary"


def test_all_faults_come_at_once(officer):
    reply = officer.post("/farmers/new", {"nrc": "12", "date_of_birth": "2020-01-01",
                                          "farm_size_hectares": "x"})
    page(reply, 422)
    assert set(errors(reply)) == {
        "first_name", "last_name", "nrc", "date_of_birth", "gender", "phone_primary",
        "district_code", "village", "farm_size_hectares", "years_farming"}
    assert len(re.findall(r'<li><a href="#\w+">', reply.text)) == 10
    bad = re.search(r'<input id="nrc"[^>]*>', reply.text)[0]
    assert 'aria-invalid="true"' in bad and "nrc-fault" in bad


def test_a_number_that_is_taken(officer, farmer):
    taken = farmer["personal_info"]["nrc"]
    reply = officer.post("/farmers/new", typed(nrc=taken))
    assert "already exists" in page(reply, 409) and farmer["farmer_id"] in reply.text
    assert 'href="#nrc"' in reply.text and values(reply)["nrc"] == taken


def test_the_only_district_is_chosen(officer, boss):
    assert values(officer.get("/farmers/new"))["district_code"] == "CP01"
    assert values(boss.get("/farmers/new"))["district_code"] == ""
    reply = officer.post("/farmers/new", typed(district_code=""))
    assert values(reply)["district_code"] == "" and "district_code" in errors(reply)


def test_a_district_that_is_not_his(officer, boss, stranger, lost_operator, server):
    reply = officer.post("/farmers/new", typed(district_code="LP05",
                                               chiefdom_code="LP05-002"))
    assert "assigned district" in page(reply, 403) and 'href="#district_code"' in reply.text
    for browser, codes in ((officer, {"CP01"}), (stranger, {"LP05"})):
        offered = re.search(r'<select id="district_code".*?</select>',
                            browser.get("/farmers/new").text, re.S)[0]
        assert set(re.findall(r'<option value="(\w+)"', offered)) == codes
    every = re.search(r'<select id="district_code".*?</select>',
                      boss.get("/farmers/new").text, re.S)[0]
    assert len(re.findall(r'<option value="\w+"', every)) == 116
    assert every.count("<optgroup") == 10
    lost = Browser(server).sign_in(lost_operator.email, lost_operator.password)
    assert "No district is assigned" in page(lost.post("/farmers/new", typed()), 403)


def test_what_the_form_may_not_set(officer, operator):
    reply = officer.post("/farmers/new", typed(
        registration_status="verified", is_active="false", farmer_id="ZM00000001",
        province_name="Nowhere", created_by="me"))
    number = reply.headers["Location"][9:19]
    record = operator.get("/api/farmers/" + number).json()
    assert record["registration_status"] == "pending" and record["is_active"] is True
    assert number != "ZM00000001" and record["created_by"] != "me"
    assert record["address"]["province_name"] == "Central Province"


# editing

@pytest.fixture
def whole(enrol):
    return enrol(personal={"email": "a@b.example", "phone_secondary": "0977000000",
                           "ethnic_group": "Lenje People"},
                 address={"street": "North", "gps_latitude": -14.5, "gps_longitude": 28.25},
                 farm_info=people.FARM, household_info=people.HOME)


def test_editing_keeps_what_is_not_touched(officer, operator, whole):
    where = "/farmers/%s/edit" % whole["farmer_id"]
    form = values(officer.get(where))
    assert form["crops_grown"] == "maize, groundnuts" and form["has_irrigation"] == "true"
    goes(officer.post(where, form), where[:-5] + "?done=saved")
    after = operator.get(path(whole)).json()
    assert after.pop("updated_at") != whole.pop("updated_at")
    assert after == whole
    assert "The changes are saved." in page(officer.get(where[:-5] + "?done=saved"))


def test_editing_changes_and_takes_away(officer, operator, whole):
    where = "/farmers/%s/edit" % whole["farmer_id"]
    form = values(officer.get(where))
    form.update(last_name="Phiri", email="", phone_secondary="", street="",
                gps_latitude="", gps_longitude="", chiefdom_code="", ethnic_group="",
                household_size="", number_of_dependents="", primary_income_source="",
                livestock_types="", farm_size_hectares="3")
    del form["has_irrigation"]
    goes(officer.post(where, form), where[:-5] + "?done=saved")
    after = operator.get(path(whole)).json()
    assert after["personal_info"] == dict(
        whole["personal_info"], last_name="Phiri", email=None, phone_secondary=None,
        ethnic_group=None)
    assert after["address"] == dict(
        whole["address"], street=None, gps_latitude=None, gps_longitude=None,
        chiefdom_code=None, chiefdom_name=None)
    assert after["household_info"] is None
    assert after["farm_info"] == dict(people.FARM, farm_size_hectares=3.0,
                                      livestock_types=[], has_irrigation=False)
    assert listed(officer.get("/farmers?search=" + whole["personal_info"]["last_name"])) == []


def test_two_who_edit_at_once(officer, operator, whole):
    where = "/farmers/%s/edit" % whole["farmer_id"]
    mine, theirs = values(officer.get(where)), values(officer.get(where))
    theirs["village"] = "Theirs"
    goes(officer.post(where, theirs), where[:-5] + "?done=saved")
    mine["street"] = "Mine"
    reply = officer.post(where, mine)
    assert "changed while you were editing" in page(reply, 409)
    again = values(reply)
    assert again["street"] == "Mine" and again["village"] == "Kayosha"
    assert operator.get(path(whole)).json()["address"]["village"] == "Theirs"
    goes(officer.post(where, again), where[:-5] + "?done=saved")
    assert operator.get(path(whole)).json()["address"]["street"] == "Mine"
    for seen in ("", "0", "x", None):
        page(officer.post(where, typed(seen=seen)), 409)


def test_faults_when_editing(officer, operator, whole, farmer):
    where = "/farmers/%s/edit" % whole["farmer_id"]
    form = values(officer.get(where))
    reply = officer.post(where, dict(form, phone_primary="1", village=""))
    page(reply, 422)
    assert set(errors(reply)) == {"phone_primary", "village"}
    assert heading(reply) == "Edit Mary " + whole["personal_info"]["last_name"]
    taken = farmer["personal_info"]["nrc"]
    assert "already exists" in page(officer.post(where, dict(form, nrc=taken)), 409)
    assert "assigned district" in page(officer.post(where, dict(
        form, district_code="LP05", chiefdom_code="")), 403)
    assert operator.get(path(whole)).json() == whole


def test_a_place_that_is_not_in_the_tables(boss, admin, enrol):
    farmer = enrol(address={"chiefdom_code": "OTHER", "chiefdom_name": "Chief of Far",
                            "district_code": "ZZ9", "district_name": "Gone District"})
    where = "/farmers/%s/edit" % farmer["farmer_id"]
    form = values(boss.get(where))
    assert (form["district_code"], form["chiefdom_code"]) == ("ZZ9", "OTHER")
    goes(boss.post(where, dict(form, village="New")), where[:-5] + "?done=saved")
    assert admin.get(path(farmer)).json()["address"] == dict(farmer["address"],
                                                             village="New")


# hostile texts

@pytest.mark.parametrize("text", [
    SCRIPT, '"><img src=x onerror=alert(1)>', "'><b>", "</title></textarea><b>",
    "&lt;b&gt;", "{{ value }}", "javascript:alert(1)"])
def test_texts_are_only_texts(boss, text):
    name = people.word()
    form = typed(first_name=name + " " + text, village=text, street=text,
                 primary_income_source=text, household_size="1", number_of_dependents="0",
                 crops_grown=text, farm_size_hectares="1", years_farming="1",
                 ethnic_group=text)
    where = boss.post("/farmers/new", form).headers["Location"]
    number = where[9:19]
    for reply in (boss.get(where), boss.get("/farmers?search=" + name),
                  boss.get("/farmers", params={"search": text + name}),
                  boss.get("/farmers/" + number + "/edit"),
                  boss.post("/farmers/new", dict(form, last_name=""))):
        page(reply, 422 if reply.request.method == "POST" else 200)
        if "<" in text:
            assert text not in reply.text
            plain = reply.text.replace("&quot;", '"').replace("&#39;", "'")
            assert html.escape(text, quote=False) in plain
    assert values(boss.get("/farmers/" + number + "/edit"))["village"] == text


# photo and card

def test_photo(officer, operator, farmer):
    where = "/farmers/" + farmer["farmer_id"]
    assert "No photo yet" in officer.get(where).text
    assert "Not found" in page(officer.get(where + "/photo"), 404)
    goes(officer.upload(farmer, pictures.jpeg()), where + "?done=photo")
    reply = officer.get(where + "?done=photo")
    assert "The photo is saved." in page(reply)
    source = html.unescape(re.search(r'<img src="([^"]*)"', reply.text)[1])
    assert source.startswith(where + "/photo?v=")
    photo = officer.get(source)
    assert photo.status_code == 200 and photo.headers["Content-Type"] == "image/jpeg"
    assert photo.content.startswith(b"\xff\xd8\xff")
    for name, value in (("Cache-Control", "no-store"),
                        ("X-Content-Type-Options", "nosniff")):
        assert photo.headers[name] == value
    assert "sandbox" in photo.headers["Content-Security-Policy"]
    assert operator.get(path(farmer)).json()["photo_file_id"] in source
    goes(officer.upload(farmer, pictures.save("PNG"), "b.png"), where + "?done=photo")
    assert operator.get(path(farmer)).json()["photo_file_id"] not in source


@pytest.mark.parametrize("content, text", [
    (pictures.GIF, "This is not a photo that can be used"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "This is not a photo"),
    (b"\xff\xd8\xff" + bytes(100), ""), (pictures.jpeg()[:500], ""),
    (pictures.png_liar(), ""), (b"", "")])
def test_what_is_no_photo(officer, operator, server, farmer, content, text):
    before = server.stored()
    reply = officer.upload(farmer, content)
    shown = page(reply, 422 if b"" == content and reply.status_code == 422 else 400)
    assert text in shown
    if reply.status_code == 400:
        assert re.search(r'id="file-fault">[^<]+<', reply.text)
        assert heading(reply) == "Mary " + farmer["personal_info"]["last_name"]
    assert operator.get(path(farmer)).json() == farmer
    assert server.stored() == before


def test_too_large_a_photo(server, officer, operator, farmer):
    where = "/farmers/" + farmer["farmer_id"]
    reply = officer.upload(farmer, pictures.jpeg() + bytes(11 * 1000 * 1000))
    assert "too large" in page(reply, 400).lower()
    reply = officer.upload(farmer, pictures.jpeg() + bytes(25 * 1000 * 1000))
    assert reply.status_code == 303
    assert reply.headers["Location"] == server.base + where + "?failed=large"
    assert "The file is too large. At most 10 MB" in page(
        officer.get(where + "?failed=large"))
    assert operator.get(path(farmer)).json() == farmer


def test_card(officer, operator, visitor, farmer, tmp_path):
    where = "/farmers/" + farmer["farmer_id"]
    page(officer.get(where + "/card"), 404)
    assert "No card has been made yet" in page(officer.get(where))
    goes(officer.post(where + "/card"), where + "?done=card")
    shown = page(officer.get(where + "?done=card"))
    assert "The card is ready." in shown
    serial = re.search(r"(([0-9A-F]{4} ){3}[0-9A-F]{4})", shown)[1]
    got = officer.get(where + "/card")
    assert got.status_code == 200 and got.headers["Content-Type"] == "application/pdf"
    assert got.headers["Content-Disposition"] == \
        'attachment; filename="%s_card.pdf"' % farmer["farmer_id"]
    assert serial in cards.Pdf(tmp_path, got.content).text()
    text = text_of(operator, farmer, tmp_path)
    page(visitor.get("/verify"))
    reply = visitor.post("/verify", {"qr": text})
    shown = page(reply)
    assert "This card is genuine" in shown and serial in shown
    for part in (farmer["farmer_id"], "Chibombo District", "Pending",
                 farmer["personal_info"]["last_name"]):
        assert part in shown
    assert farmer["personal_info"]["nrc"] not in shown
    assert farmer["personal_info"]["phone_primary"] not in shown
    assert "genuine" in page(visitor.post("/verify", {"qr": text + "\r\n"}))
    goes(officer.post(where + "/card"), where + "?done=card")
    shown = page(visitor.post("/verify", {"qr": text}))
    assert "This card does not hold" in shown and "revoked" in shown


def test_a_card_of_a_farmer_who_is_switched_off(admin, visitor, enrol, tmp_path):
    farmer = enrol()
    assert admin.post(path(farmer, "/generate-idcard")).status_code == 202
    text = text_of(admin, farmer, tmp_path)
    assert admin.put(path(farmer), json={"is_active": False}).status_code == 200
    shown = page(visitor.post("/verify", {"qr": text}))
    assert "does not hold" in shown and "switched off" in shown


def test_cards_of_the_older_kind(server, visitor, farmer):
    import json
    body = triple(server, farmer["farmer_id"])
    shown = page(visitor.post("/verify", {"qr": json.dumps(body)}))
    assert "This card is genuine" in shown and "older kind" in shown
    body["farmer_id"] = "ZM00000000"
    assert "not genuine" in page(visitor.post("/verify", {"qr": json.dumps(body)}))


@pytest.mark.parametrize("text", ["x", "NCF0", "{}", "{", '{"farmer_id": 1}', "[1]", SCRIPT,
                                  "ŋ", "A" * 8192, " ", "\n x"])
def test_what_is_no_card(visitor, text):
    reply = visitor.post("/verify", {"qr": text})
    assert "This card is not genuine" in page(reply) and SCRIPT not in reply.text


def test_nothing_to_verify(visitor):
    assert "genuine" not in page(visitor.post("/verify", {}))
    page(visitor.post("/verify", {"qr": "A" * 8193}), 422)


# who may not

def test_another_district(stranger, operator, farmer):
    where = "/farmers/" + farmer["farmer_id"]
    assert operator.post(path(farmer, "/generate-idcard")).status_code == 202
    assert operator.upload(path(farmer, "/upload-photo"), pictures.jpeg()).ok
    before = operator.get(path(farmer)).json()
    for tail in ("", "/edit", "/photo", "/card"):
        text = page(stranger.get(where + tail), 404)
        assert farmer["personal_info"]["last_name"] not in text
    page(stranger.post(where + "/edit", typed()), 404)
    page(stranger.post(where + "/card"), 404)
    page(stranger.upload(farmer, pictures.jpeg()), 404)
    assert operator.get(path(farmer)).json() == before


def test_nobody(visitor, operator, farmer):
    where = "/farmers/" + farmer["farmer_id"]
    for tail in ("", "/edit", "/photo", "/card"):
        goes(visitor.get(where + tail), "/sign-in?next=" + where + tail)
    for tail in ("/edit", "/card"):
        goes(visitor.post(where + tail, typed()), "/sign-in")
    goes(visitor.upload(farmer, pictures.jpeg()), "/sign-in")
    goes(visitor.post("/farmers/new", typed(), headers={
        "Referer": visitor.base + "/farmers/new"}), "/sign-in?next=/farmers/new")
    goes(visitor.post("/farmers/new", typed(), headers={
        "Referer": EVIL + "/farmers/new"}), "/sign-in")
    goes(visitor.post("/sign-out"), "/sign-in")
    assert operator.get(path(farmer)).json() == farmer


@pytest.mark.parametrize("number", ["ZM00000000", "zm", "%3Cscript%3E", "a%0d%0ab", "..%2f",
                                    "%ff", "ŋ"])
def test_farmers_that_are_none(boss, number):
    for tail in ("", "/edit", "/photo", "/card"):
        reply = boss.get("/farmers/" + number + tail)
        assert reply.status_code in (400, 404), (number, tail, reply.status_code)
        assert "<script>" not in reply.text
    page(boss.get("/farmers/ZM00000000/edit"), 404)


def test_a_farmer_sees_himself(server, in_person, enrol, operator):
    farmer, other = enrol(), enrol()
    where, elsewhere = ("/farmers/" + f["farmer_id"] for f in (farmer, other))
    browser = in_person(farmer)
    goes(browser.get("/sign-in"), where)
    text = page(browser.get(where))
    assert "Mary %s Farmer" % farmer["personal_info"]["last_name"] in text
    assert "My record" in text and farmer["personal_info"]["nrc"] in text
    assert "All farmers" not in text
    for who in ("/farmers", "/farmers/new"):
        text = page(browser.get(who), 403)
        assert "operators and administrators" in text
    page(browser.post("/farmers/new", typed()), 403)
    for tail in ("", "/edit"):
        text = page(browser.get(elsewhere + tail), 403)
        assert other["personal_info"]["last_name"] not in text
    for tail in ("/photo", "/card"):
        page(browser.get(elsewhere + tail), 404)
    page(browser.post(elsewhere + "/edit", typed()), 403)
    page(browser.post(elsewhere + "/card"), 403)
    page(browser.upload(other, pictures.jpeg()), 403)
    assert operator.get(path(other)).json() == other


def test_a_farmer_looks_after_himself(in_person, enrol, operator):
    farmer = enrol()
    where = "/farmers/" + farmer["farmer_id"]
    browser = in_person(farmer)
    form = values(browser.get(where + "/edit"))
    goes(browser.post(where + "/edit", dict(form, village="New")), where + "?done=saved")
    form = values(browser.get(where + "/edit"))
    for change in ({"nrc": people.nrc()}, {"date_of_birth": "1991-01-01"},
                   {"district_code": "LP05", "chiefdom_code": ""}):
        reply = browser.post(where + "/edit", dict(form, **change))
        assert "registration office" in page(reply, 403)
    after = operator.get(path(farmer)).json()
    assert after["address"] == dict(farmer["address"], village="New")
    assert after["personal_info"] == farmer["personal_info"]
    goes(browser.upload(farmer, pictures.jpeg()), where + "?done=photo")
    goes(browser.post(where + "/card"), where + "?done=card")
    assert browser.get(where + "/card").content.startswith(b"%PDF-")


def test_a_farmer_who_is_switched_off_is_out(in_person, enrol, admin):
    farmer = enrol()
    browser = in_person(farmer)
    assert admin.put(path(farmer), json={"is_active": False}).status_code == 200
    where = "/farmers/" + farmer["farmer_id"]
    goes(browser.get(where), "/sign-in?done=ended&next=" + where)


# the wire

def test_head_and_slash(boss):
    reply = boss.call("HEAD", "/farmers")
    assert reply.status_code == 200 and reply.content == b""
    assert int(reply.headers["Content-Length"]) > 1000
    page(boss.get("/farmers/new/"))


def test_http2_names_its_host_too(server, boss):
    """In HTTP/2 the host is no header; forms must be known as ours all the same."""
    done = subprocess.run(
        ["curl", "-s", "--http2", "--cacert", server.certificate, "--noproxy", "*",
         "-o", os.devnull, "-w", "%{http_version} %{http_code}",
         "-H", "Origin: " + server.base, "-d", "qr=x", server.base + "/verify"],
        capture_output=True, timeout=servers.LIMIT, check=True)
    assert done.stdout == b"2 200"
