# SPDX-License-Identifier: MIT
"""The server under test and a browser in two sizes. With CEM_SHOTS=FOLDER each page is
also kept there as a picture, to be looked at."""
import os
import sys

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "api"))

import server as servers  # noqa: E402  (the path above must come first)

PHONE, OFFICE = (360, 800), (1280, 900)


@pytest.fixture(scope="session")
def server():
    running = servers.Server(workers=4)
    try:
        running.start()
        running.user_add("officer@cem.example", "Passw0rd-first", name="Olga Officer",
                         districts=["Chibombo District"])
        yield running
    finally:
        running.end()


class Window:
    """One browser of one size."""

    def __init__(self, driver, base, size):
        self.driver, self.base, self.size = driver, base, size
        self.resize(size[1])

    def resize(self, height):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": self.size[0], "height": height, "deviceScaleFactor": 1,
            "mobile": self.size[0] < 600})

    def look(self, name):
        """What every page must keep: nothing sticks out, nothing is complained of."""
        wide = self.driver.execute_script("return document.documentElement.scrollWidth")
        assert wide <= self.size[0], (name, wide)
        assert self.driver.get_log("browser") == [], name
        folder = os.environ.get("CEM_SHOTS")
        if folder:
            tall = self.driver.execute_script(
                "return document.documentElement.scrollHeight")
            self.resize(min(tall, 4000))
            self.driver.save_screenshot(
                os.path.join(folder, "%s-%d.png" % (name, self.size[0])))
            self.resize(self.size[1])


@pytest.fixture(params=[PHONE, OFFICE], ids=["phone", "office"])
def window(request, server, tmp_path):
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    for word in ("headless=new", "no-sandbox", "disable-gpu", "disable-sync",
                 "no-first-run", "disable-background-networking", "lang=en-US",
                 "disable-component-update", "disable-dev-shm-usage",
                 "ignore-certificate-errors", "no-proxy-server",
                 "user-data-dir=%s" % (tmp_path / "chromium")):
        options.add_argument("--" + word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(
        "/usr/bin/chromedriver", port=servers.PORTS.take(1)))
    try:
        driver.set_page_load_timeout(servers.LIMIT)
        yield Window(driver, server.base, request.param)
    finally:
        driver.quit()
