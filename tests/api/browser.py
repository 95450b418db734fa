# SPDX-License-Identifier: MIT
"""A browser without scripts, and what a test looks for in pages. The fixtures at the
end are for the modules that import them."""
import html
import html.parser
import re

import people
import pytest
import requests
import server as servers

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
COOKIE = "__Host-cem_session"
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
