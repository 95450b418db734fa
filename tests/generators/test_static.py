# SPDX-License-Identifier: MIT
"""The pages in a browser: they fit a small phone, they obey the policy that page.c
sends, and app.js does what it says."""
import http.server
import threading

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.ui import WebDriverWait

from conftest import ROOT
from test_templates import NAMES

POLICY = ("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
          "form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@pytest.fixture(scope="session")
def site(pages):
    """The pages at /NAME and the static files, from a server of the test's own."""
    texts = {"/" + name: pages(name).encode() for name in NAMES}
    posted = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def reply(self, status, kind, body):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            file = ROOT / "nginx" / self.path[1:]
            if self.path in texts:
                self.reply(200, "text/html; charset=utf-8", texts[self.path])
            elif self.path.startswith("/static/") and file.is_file():
                self.reply(200, TYPES[file.suffix], file.read_bytes())
            elif "/photo" in self.path:
                self.reply(200, "image/svg+xml",
                           b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 7 9"/>')
            else:
                self.reply(404, "text/plain", b"")

        def do_POST(self):
            posted.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.reply(200, "text/html", b"<!doctype html><title>posted</title>")

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.posted = posted
    server.address = "http://127.0.0.1:%d/" % server.server_address[1]
    yield server
    server.shutdown()


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    for word in ("headless=new", "no-sandbox", "disable-gpu", "disable-sync", "no-first-run",
                 "disable-background-networking", "disable-component-update", "lang=en-US",
                 "user-data-dir=%s" % tmp_path_factory.mktemp("chromium")):
        options.add_argument("--" + word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    yield driver
    driver.quit()


@pytest.mark.parametrize("width", [320, 360, 1280])
@pytest.mark.parametrize("name", NAMES)
def test_fits_and_obeys_the_policy(site, browser, name, width):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500})
    browser.get(site.address + name)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.get_log("browser") == []
    small = browser.execute_script(
        "return [...document.querySelectorAll('button, .button, .nav a, select,"
        " input:not([type=hidden], [type=checkbox]), textarea')].filter(e =>"
        " e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.outerHTML)")
    assert small == [], "too small for a thumb"


def labels(browser, of):
    return [g.get_attribute("label")
            for g in browser.find_elements(By.CSS_SELECTOR, "#%s optgroup" % of)]


def test_places_are_narrowed(site, browser):
    browser.get(site.address + "farmer_new")
    province = Select(browser.find_element(By.ID, "province"))
    district = Select(browser.find_element(By.ID, "district_code"))
    assert [o.text for o in province.options] == [
        "All provinces", "Central Province", "Eastern Province"]
    province.select_by_visible_text("Central Province")
    assert labels(browser, "district_code") == ["Central Province"]
    district.select_by_value("CP02")
    assert labels(browser, "chiefdom_code") == ["Chisamba District"]
    province.select_by_visible_text("Eastern Province")
    assert labels(browser, "district_code") == ["Eastern Province"]
    assert district.first_selected_option.get_attribute("value") == ""
    assert labels(browser, "chiefdom_code") == ["Chibombo District", "Chisamba District"]
    province.select_by_index(0)
    assert labels(browser, "district_code") == ["Central Province", "Eastern Province"]


def test_a_stored_choice_stays(site, browser):
    browser.get(site.address + "farmer_edit")
    chosen = Select(browser.find_element(By.ID, "chiefdom_code")).first_selected_option
    assert chosen.get_attribute("value") == "CP01-002"


def test_pages_work_without_script(site, browser):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(site.address + "farmer_new")
        assert not browser.find_element(By.ID, "province").is_displayed()
        browser.find_element(By.CSS_SELECTOR, "#district_code [value=EP01]").click()
        for name, value in (("first_name", "Chipo"), ("last_name", "Tembo"),
                            ("nrc", "123456/12/1"), ("date_of_birth", "01311990"),
                            ("phone_primary", "0977123456"), ("village", "Kayosha")):
            browser.find_element(By.ID, name).send_keys(value)
        browser.find_element(By.CSS_SELECTOR, "#gender [value=Female]").click()
        del site.posted[:]
        browser.find_element(By.CSS_SELECTOR, ".actions button").click()
        WebDriverWait(browser, 10).until(lambda b: b.title == "posted")
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    sent = site.posted[0]
    for part in ("csrf=b3a1c9", "first_name=Chipo", "nrc=123456%2F12%2F1", "gender=Female",
                 "date_of_birth=1990-01-31", "district_code=EP01", "chiefdom_code=&"):
        assert part in sent
    assert "province" not in sent


DETECTOR = """
window.BarcodeDetector = class {
	static async getSupportedFormats() { return ["qr_code"]; }
	async detect(image) { return image.width > 1 ? [{ rawValue: "NCF %s" }] : []; }
};
"""


def picture(path, size):
    from PIL import Image
    Image.new("RGB", (size, size)).save(path)
    return str(path)


def test_a_photo_of_the_code_is_read(site, browser, tmp_path):
    script = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument",
                                     {"source": DETECTOR})
    try:
        browser.get(site.address + "verify")
        file = browser.find_element(By.ID, "qr-file")
        fault = browser.find_element(By.ID, "qr-file-fault")
        WebDriverWait(browser, 10).until(lambda b: file.is_displayed())
        file.send_keys(picture(tmp_path / "none.png", 1))
        WebDriverWait(browser, 10).until(lambda b: fault.is_displayed())
        del site.posted[:]
        file.send_keys(picture(tmp_path / "code.png", 9))
        WebDriverWait(browser, 10).until(lambda b: b.title == "posted")
        assert site.posted == ["csrf=b3a1c9&qr=NCF+%25s"]
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


def test_no_button_for_photos_where_they_cannot_be_read(site, browser):
    browser.get(site.address + "verify")
    if browser.execute_script("return !('BarcodeDetector' in window)"):
        assert not browser.find_element(By.ID, "qr-photo").is_displayed()


def test_a_form_is_sent_once(site, browser):
    browser.get(site.address + "verify")
    browser.find_element(By.ID, "qr").send_keys("NCF")
    disabled = browser.execute_script(
        "const form = document.getElementById('verify-form');"
        "form.addEventListener('submit', e => e.preventDefault());"
        "form.requestSubmit(); return form.querySelector('button').disabled;")
    assert disabled
