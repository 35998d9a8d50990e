"""Real browsers for tests of pages: one as it is, and one in a phone without scripts."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import pytest
import zxingcpp
from infra import children
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

PROGRAMS = ("chromium", "chromedriver")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--force-prefers-reduced-motion",
)  # fmt: skip
PATIENCE = 120
"""Seconds that a look at a page may take on a machine that is busy."""
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}


def missing() -> str:
    """Say what is not installed; empty if nothing is."""
    lost = [name for name in PROGRAMS if not shutil.which(name)]
    return f"needs {' and '.join(lost)} (Debian: apt-get install chromium chromium-driver)" if (
        lost
    ) else ""  # fmt: skip


class Phone:
    """What a guest does with a phone, by what they read on it."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def goes(self, address: str) -> None:
        self.driver.get(address)

    def fills(self, label: str, text: str) -> None:
        named = self.driver.find_element(By.XPATH, f"//label[contains(., '{label}')]")
        field = self.driver.find_element(By.ID, named.get_attribute("for"))
        field.clear()
        field.send_keys(text)

    def ticks(self, label: str) -> None:
        self.driver.find_element(By.XPATH, f"//label[contains(., '{label}')]").click()

    def presses(self, words: str) -> None:
        """Press what leads to another page, and wait until that page is there."""
        path, page = f"//*[self::button or self::a][contains(., '{words}')]", self._page()
        self.driver.find_element(By.XPATH, path).click()
        waiting = WebDriverWait(self.driver, PATIENCE)
        waiting.until(lambda _: self._page() != page and self._is_there())

    def _page(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "html").id

    def _is_there(self) -> bool:
        return bool(self.driver.execute_script("return document.readyState") == "complete")

    def scripts(self, *, run: bool) -> None:
        """Switch scripts on for our own look at a page, and off again."""
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not run})

    def reads(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "body").text

    def scanned(self) -> list[str]:
        """Read the codes on the screen, as the till's scanner does."""
        image = Image.open(io.BytesIO(self.driver.get_screenshot_as_png())).convert("L")
        return [found.text for found in zxingcpp.read_barcodes(image)]

    def kept_out(self) -> list[str]:
        """Name what keeps people out of this page, by axe."""
        self.scripts(run=True)
        found = kept_out(self.driver)
        self.scripts(run=False)
        return found


def needed() -> None:
    """Skip where there is no browser, but fail in CI: there it has to be."""
    if why := missing():
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)


@contextmanager
def opened(folder: Path) -> Iterator[webdriver.Chrome]:
    """Open a browser that knows nobody yet."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for each in (*QUIET, f"--user-data-dir={folder}"):
        options.add_argument(each)
    service = webdriver.ChromeService(shutil.which("chromedriver"), env=children.marked())
    driver = webdriver.Chrome(options=options, service=service)
    try:
        driver.set_script_timeout(PATIENCE)
        yield driver
    finally:
        driver.quit()


@contextmanager
def phone(folder: Path) -> Iterator[Phone]:
    """Open a browser as wide as a phone, without scripts."""
    with opened(folder) as driver:
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
        phone = Phone(driver)
        phone.scripts(run=False)
        yield phone


def kept_out(driver: webdriver.Chrome) -> list[str]:
    """Name what keeps people out of the page that is open, by axe."""
    axe = resources.files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
    driver.execute_script(axe)
    found = driver.execute_async_script(
        "const done = arguments[0]; axe.run().then(r => done(JSON.stringify(r.violations)))"
    )
    return [
        f"{each['id']}: {node['html']} {node['failureSummary']}"
        for each in json.loads(found)
        for node in each["nodes"]
    ]
