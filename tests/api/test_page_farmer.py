# SPDX-License-Identifier: MIT
"""Pages: the main job as an officer does it in a browser without scripts."""
import html
import json
import re

import cards
import people
import pictures
import pytest
from browser import (boss, Browser, errors, goes, heading, link, listed, officer,
                     page, SCRIPT, stranger, typed, values, visitor)  # noqa: F401
from people import path
from test_card import text_of, triple

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
    assert len(re.findall(r'<option value="\w+"', every)) >= 116
    assert every.count("<optgroup") >= 10
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


@pytest.mark.parametrize("code", [None, ""])
def test_a_chiefdom_known_by_name_only_is_not_lost(officer, operator, enrol, code):
    """Editing something else took the name away, as the form had no choice for it."""
    farmer = enrol(address={"chiefdom_code": code, "chiefdom_name": "Chief of Far"})
    where = "/farmers/%s/edit" % farmer["farmer_id"]
    for street in ("North", "South"):
        reply = officer.get(where)
        assert ">Chief of Far</option>" in reply.text
        goes(officer.post(where, dict(values(reply), street=street)),
             where[:-5] + "?done=saved")
        after = operator.get(path(farmer)).json()["address"]
        assert after == dict(farmer["address"], chiefdom_code=None, street=street)
    form = values(officer.get(where))
    assert errors(officer.post(where, dict(form, phone_primary="1", street="")))
    goes(officer.post(where, dict(form, chiefdom_code="")), where[:-5] + "?done=saved")
    assert operator.get(path(farmer)).json()["address"]["chiefdom_name"] is None


def test_what_the_client_leaves_open_is_not_held_against_an_edit(officer, operator, enrol):
    """It registers without a village, and writes a size of 0; the form then refused any
    other change."""
    farmer = enrol(address={"village": ""}, farm_info=people.FARM)
    operator.put(path(farmer), json={"farm_info": {"farm_size_hectares": 0}})
    farmer = operator.get(path(farmer)).json()
    where = "/farmers/%s/edit" % farmer["farmer_id"]
    reply = officer.get(where)
    assert not re.search(r'<input id="village"[^>]*required', reply.text)
    goes(officer.post(where, dict(values(reply), street="North")),
         where[:-5] + "?done=saved")
    after = operator.get(path(farmer)).json()
    assert after["address"] == dict(farmer["address"], street="North")
    assert after["farm_info"] == farmer["farm_info"] == dict(people.FARM,
                                                             farm_size_hectares=0)
    form = dict(values(officer.get(where)), village="Kayosha")
    goes(officer.post(where, form), where[:-5] + "?done=saved")
    reply = officer.get(where)
    assert re.search(r'<input id="village"[^>]*required', reply.text)
    assert set(errors(officer.post(where, dict(values(reply), village="")))) == {"village"}


def test_a_chiefdom_of_a_district_that_is_not_offered_is_not_lost(officer, operator, enrol):
    """An officer's form lists the chiefdoms of his districts; what the record has was
    not among them, and saving anything else took it away."""
    farmer = enrol(address={"chiefdom_code": "LP05-002", "chiefdom_name": "Far Chief"})
    where = "/farmers/%s/edit" % farmer["farmer_id"]
    form = values(officer.get(where))
    assert form["chiefdom_code"] == "LP05-002"
    goes(officer.post(where, dict(form, street="North")), where[:-5] + "?done=saved")
    assert operator.get(path(farmer)).json()["address"] == dict(farmer["address"],
                                                                street="North")


def test_the_word_for_such_a_chiefdom_is_no_code(officer):
    reply = officer.post("/farmers/new", typed(chiefdom_code="named"))
    assert set(errors(reply)) == {"chiefdom_code"}


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
    assert not server.added(before)


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
