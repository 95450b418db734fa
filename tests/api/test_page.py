# SPDX-License-Identifier: MIT
"""Pages: who gets in and how, what a stranger tries, and who may see what."""
import html
import os
import re
import subprocess

import people
import pictures
import pytest
import server as servers
from browser import (boss, Browser, COOKIE, EVIL, goes, in_person, officer, page,
                     SCRIPT, stranger, typed, values, visitor, words)  # noqa: F401
from client import Client
from people import path

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
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null", "Sec-Fetch-Site": "same-site"},
    {"Origin": "null", "Sec-Fetch-Site": "none"},
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
    page(boss.post("/verify", {"qr": "x"}, headers={
        "Origin": "null", "Sec-Fetch-Site": "same-origin"}))
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


# who may not

def test_another_district(stranger, operator, farmer):
    """Flaw 12: the pages keep to it too."""
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
    """Flaw 2: nor does the page let him change who he is."""
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


@pytest.mark.parametrize("code,name", [("", ""), ("CP01-001", ""), ("", "Chief of Far"),
                                       (None, "Chief of Far"), (None, None)])
def test_a_farmer_of_no_chiefdom_looks_after_himself(in_person, enrol, operator, code,
                                                     name):
    """The client sends "" for it: his own form was then refused, whatever he changed."""
    farmer = enrol(address={"chiefdom_code": code, "chiefdom_name": name})
    where = "/farmers/%s/edit" % farmer["farmer_id"]
    himself = in_person(farmer)
    form = values(himself.get(where))
    goes(himself.post(where, dict(form, street="North")), where[:-5] + "?done=saved")
    after = operator.get(people.path(farmer)).json()["address"]
    assert after["street"] == "North"
    assert (after["chiefdom_code"] or "", after["chiefdom_name"] or "") == (
        code or "", name or "")


def test_blanks_around_a_name_are_not_his_to_answer_for(in_person, enrol, operator):
    """A telephone's keyboard leaves them: the form took them away, which was a new name,
    and so nothing could be saved."""
    farmer = enrol(personal={"first_name": "Mary ", "last_name": " " + people.word()},
                   address={"village": " Kayosha "})
    where = "/farmers/%s/edit" % farmer["farmer_id"]
    himself = in_person(farmer)
    form = {name: value.strip() for name, value in values(himself.get(where)).items()}
    goes(himself.post(where, dict(form, street=" North ")), where[:-5] + "?done=saved")
    after = operator.get(people.path(farmer)).json()
    assert after["personal_info"] == farmer["personal_info"]
    assert after["address"] == dict(farmer["address"], street="North")


def test_what_a_farmers_form_may_not_change(in_person, operator, farmer):
    """Flaw 2: other names in the form, and a second value for one of them."""
    where = "/farmers/%s/edit" % farmer["farmer_id"]
    browser = in_person(farmer)
    more = {"registration_status": "verified", "is_active": "false", "review_notes": "ok",
            "farmer_id": "ZM00000001", "created_by": "me", "province_name": "Nowhere"}
    form = values(browser.get(where))
    goes(browser.post(where, dict(form, **more)), where[:-5] + "?done=saved")
    after = operator.get(path(farmer)).json()
    assert dict(after, updated_at=farmer["updated_at"]) == farmer
    form = values(browser.get(where))
    for name, value in (("nrc", people.nrc()), ("first_name", "Minister"),
                        ("gender", "Other"), ("date_of_birth", "1970-01-01")):
        reply = browser.post(where, dict(form, **{name: [form[name], value]}))
        assert reply.status_code in (303, 400, 403, 409, 422), reply.status_code
        after = operator.get(path(farmer)).json()
        assert after["personal_info"] == farmer["personal_info"], name
        form = values(browser.get(where))


def test_a_farmer_who_is_switched_off_is_out(in_person, enrol, admin):
    """Flaw 11: his tokens worked on."""
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
