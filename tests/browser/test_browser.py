# SPDX-License-Identifier: MIT
"""The main job in a real browser, on a phone and on a desk, with and without scripts."""
import os

import cards
import people
import pictures
import pytest
import server as servers
from client import Client
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select


class Hand:
    """What a person does with a page."""

    def __init__(self, window):
        self.window, self.driver = window, window.driver

    def go(self, where):
        self.driver.get(self.window.base + where)

    @property
    def where(self):
        return self.driver.current_url.replace(self.window.base, "", 1)

    def find(self, css):
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def fill(self, **fields):
        for name, value in fields.items():
            field = self.find("main #" + name)
            if field.tag_name == "select":
                Select(field).select_by_value(value)
            elif field.get_attribute("type") == "date":
                year, month, day = value.split("-")
                field.send_keys(month + day + year)  # as en-US writes it
            else:
                field.clear()
                field.send_keys(value)

    def press(self, words, within="body"):
        """Click the button or link of these words and wait for the next page."""
        old = self.find("html")
        found = [e for e in self.find(within).find_elements(By.CSS_SELECTOR, "button, a")
                 if e.text.strip() == words]
        assert len(found) == 1, (words, [e.text for e in found])
        found[0].click()
        self.wait_for_other(old)

    def wait_for_other(self, old):
        def is_other():
            try:
                return self.find("html").id != old.id and \
                    self.driver.execute_script("return document.readyState") == "complete"
            except WebDriverException:
                return False  # between two pages there is none
        servers.poll(is_other)

    def sees(self, *texts):
        text = self.find("body").text
        for part in texts:
            assert part in text, (part, text)

    def sign_in(self, name="officer@cem.example", secret="Passw0rd-first"):
        self.fill(email=name, password=secret)
        self.press("Sign in", "main")


@pytest.fixture(params=[True, False], ids=["script", "plain"])
def hand(request, window):
    if not request.param:
        window.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled",
                                      {"value": True})
    return Hand(window)


def picture(tmp_path):
    name = str(tmp_path / "face.jpg")
    with open(name, "wb") as f:
        f.write(pictures.jpeg())
    return name


def downloads(window, tmp_path):
    folder = str(tmp_path / "downloads")
    os.makedirs(folder, exist_ok=True)
    window.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {
        "behavior": "allow", "downloadPath": folder})
    return folder


def register(hand, name, nrc):
    hand.fill(first_name="Ŋoma", last_name=name, nrc=nrc, date_of_birth="1990-01-31",
              gender="Female", phone_primary="0977123456", district_code="CP01",
              village="Kayosha", farm_size_hectares="2.5", years_farming="7",
              crops_grown="maize, groundnuts")
    hand.press("Register the farmer", "main")


def test_the_main_job(hand, window, tmp_path):
    """Sign in, register, photo, card, download, verify, edit, search, sign out; then the
    farmer looks at his own record."""
    name, nrc = people.word(), people.nrc()
    look = window.look
    hand.go("/")
    hand.sees("Every farmer known, every card genuine")
    look("home")
    hand.go("/farmers/new")
    assert hand.where == "/sign-in?next=/farmers/new"
    hand.sign_in()
    assert hand.where == "/farmers/new"
    look("new")

    register(hand, name, nrc)
    assert hand.where.endswith("?done=registered")
    hand.sees("The farmer is registered.", "Ŋoma " + name, "31 Jan 1990", "2.5 ha",
              "maize, groundnuts", "Olga Officer")
    farmer = hand.where.split("?")[0]
    look("farmer-new")

    hand.find("#file").send_keys(picture(tmp_path))
    hand.press("Save the photo", "main")
    hand.sees("The photo is saved.")
    assert int(hand.find(".photo img").get_property("naturalWidth")) == 600
    hand.press("Make the card", "main")
    hand.sees("The card is ready.")
    look("farmer")
    serial = hand.find("#card .number").text

    folder = downloads(window, tmp_path)
    hand.find("a[href='%s/card']" % farmer).click()
    file = os.path.join(folder, farmer.split("/")[-1] + "_card.pdf")
    servers.poll(lambda: os.path.exists(file) and os.path.getsize(file))
    with open(file, "rb") as f:
        pdf = cards.Pdf(tmp_path, f.read())
    text, = cards.qr_of(pdf.picture(2))

    hand.go("/verify")
    look("verify")
    hand.fill(qr=text)
    hand.press("Verify", "main form")
    hand.sees("This card is genuine", "Ŋoma " + name, serial)
    look("verify-good")

    hand.go(farmer)
    hand.press("Edit the record", "main")
    look("edit")
    hand.fill(village="Chisamba", crops_grown="")
    hand.press("Save", "main")
    hand.sees("The changes are saved.", "Chisamba")
    hand.press("Farmers", "header")
    look("list")
    hand.fill(search=name[:6].lower())
    hand.press("Search", "main")
    hand.press("Ŋoma " + name, "main")
    assert hand.where == farmer

    hand.press("Sign out", "header")
    hand.sees("You have signed out.")
    look("sign-in")
    hand.sign_in(nrc, "31/01/1990")
    assert hand.where == farmer
    hand.sees("My record", nrc, "Download the card", "Ŋoma %s\nFarmer" % name)
    assert "All farmers" not in hand.find("body").text
    look("own")


def test_what_is_not_shown_is_not_lost(window, server):
    """A chiefdom that the tables have in another district than the record has."""
    boss = Client(server).login(servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD)
    farmer = people.form(address={"chiefdom_code": "CP02-001"})
    number = boss.post("/api/farmers", json=farmer).json()["farmer_id"]
    person = Hand(window)
    person.go("/sign-in?next=/farmers/%s/edit" % number)
    person.sign_in(servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD)
    code = Select(person.find("#chiefdom_code")).first_selected_option
    assert code.get_attribute("value") == "CP02-001"
    person.press("Save", "main")
    person.sees("The changes are saved.")
    kept = boss.get("/api/farmers/" + number).json()["address"]
    assert kept["chiefdom_code"] == "CP02-001"


def test_mistakes_are_explained(hand, window):
    hand.go("/sign-in")
    hand.sign_in(secret="wrong")
    hand.sees("Invalid email or password")
    assert [e for e in window.driver.get_log("browser")
            if "403" not in e["message"]] == []
    hand.sign_in()
    hand.go("/farmers/new")
    # As from a browser that checks nothing by itself.
    for form in window.driver.find_elements(By.CSS_SELECTOR, "main form"):
        window.driver.execute_script("arguments[0].noValidate = true", form)
    hand.fill(first_name="Ann", nrc="12", farm_size_hectares="much")
    hand.press("Register the farmer", "main")
    hand.sees("Some things need a correction", "Last name: Please fill this in",
              "NRC: Six digits", "Size in hectares: A number above 0, like 2.5")
    window.driver.get_log("browser")  # the 422, which the browser notes
    window.look("new-wrong")
    window.driver.find_element(By.LINK_TEXT, "Last name: Please fill this in").click()
    assert hand.where == "/farmers/new#last_name"
    assert hand.find("#first_name").get_property("value") == "Ann"
    wrong = hand.find("#last_name")
    assert wrong.get_attribute("aria-invalid") == "true"
    assert hand.find("#last_name-fault").text == "Please fill this in"
    hand.go("/verify")
    hand.fill(qr="ABC")
    hand.press("Verify", "main form")
    hand.sees("This card is not genuine")
    window.look("verify-bad")
    hand.go("/nowhere")
    hand.sees("Not found", "Back to the farmers")
    window.driver.get_log("browser")  # the 404
    window.look("not-found")
