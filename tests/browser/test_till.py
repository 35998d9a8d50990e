"""The till screen in a real browser: the keyboard alone is enough, and nobody is kept out."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from infra.local import Local
from tests.rig import sale

from loyalty import members, screening, staffing
from loyalty.connectors.spec import Guest, Heard
from loyalty.logs import QUIET
from loyalty.records import entries, screens, staff
from loyalty.steps import transaction_ingest

selenium = pytest.importorskip("selenium.webdriver", reason="needs selenium")
expected = pytest.importorskip("selenium.webdriver.support.expected_conditions")
support = pytest.importorskip("selenium.webdriver.support.ui")
axe = pytest.importorskip("axe_core_python.selenium", reason="needs axe-core-python")
chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (chromium and driver), reason="needs Chromium and its driver"),
]

FLAGS = (
    "headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-sync",
    "disable-background-networking", "disable-component-update", "window-size=820,1180",
)  # fmt: skip
ENTER, TAB, DOWN = "\ue007", "\ue004", "\ue015"
PHONE = "+4915112345671"
PATIENCE = 30.0


@pytest.fixture
def local(tmp_path):
    program = str(Path("tests/programs/rewards.yaml").resolve())
    given = {"PORT": "0", "LOYALTY_DATA": str(tmp_path), "LOYALTY_PROGRAM": program}
    local = Local(given, log=QUIET)
    local.start(ticks=False)
    yield local
    local.stop()


@pytest.fixture
def browser():
    options = selenium.ChromeOptions()
    options.binary_location = chromium
    for flag in FLAGS:
        options.add_argument(f"--{flag}")
    browser = selenium.Chrome(options, selenium.ChromeService(driver))
    yield browser
    browser.quit()


def prepared(local):
    """Let Ben and Maya in, make a code, and have a guest with 60 points."""
    shop = local.shop
    for name in ("Ben", "Maya"):
        person, pin = staffing.hired(name, "main", "staff", shop.pepper)
        shop.store.atomically("people", lambda unit, who=person: staff.put(unit, who.id, who))
    code, made = screening.new_code("main", shop.clock.now())
    name = screening.key_of(code)
    shop.store.atomically("ledger", lambda unit: screens.create(unit, name, made))
    joining = members.Joining(name='Sita "><script>alert(1)</script>', phone=PHONE)
    member, _ = members.enroll(joining, "", shop)
    heard = Heard(transaction=sale("R1", 6_000), guest=Guest(member=member))
    transaction_ingest.record("generic", "", [heard], "", shop)
    assert local.bus.wait_idle(PATIENCE)
    return member, code, pin


def typed(browser, *keys):
    """Type, and wait for the page that the last Enter leads to."""
    old = browser.find_element("tag name", "html")
    for each in keys:
        selenium.ActionChains(browser).send_keys(each).perform()
    support.WebDriverWait(browser, PATIENCE).until(expected.staleness_of(old))


def focused(browser):
    """Say what the key that comes next would act on."""
    return browser.switch_to.active_element.accessible_name


def until(browser, name):
    """Go on with the tabulator until something of this name is in focus."""
    for _ in range(40):
        if focused(browser) == name:
            return
        selenium.ActionChains(browser).send_keys(TAB).perform()
    raise AssertionError(f"{name} is not reached")


def looked_at(browser, name):
    """Ask axe what keeps people out of this page; keep a picture where one is wanted."""
    if folder := os.environ.get("SCREENSHOTS"):
        browser.save_screenshot(f"{folder}/till-{name}.png")
    return [each["id"] for each in axe.Axe().run(browser)["violations"]]


def test_the_keyboard_alone_serves_a_guest_and_axe_finds_nothing(local, browser):
    member, code, pin = prepared(local)
    browser.get(local.address("console"))
    assert looked_at(browser, "1-set-up") == []
    typed(browser, code, ENTER)
    assert looked_at(browser, "2-sign-in") == []
    typed(browser, DOWN, TAB, pin, ENTER)
    assert looked_at(browser, "3-home") == []
    typed(browser, "0151 12345671", ENTER)  # the search field has the focus, also for a scanner
    assert looked_at(browser, "4-guest") == []
    until(browser, "Hold a coffee")
    typed(browser, ENTER)
    for each in browser.find_elements("css selector", "summary"):
        each.send_keys(ENTER)
    assert looked_at(browser, "5-held") == []
    browser.set_window_size(390, 1400)
    assert looked_at(browser, "6-phone") == []
    until(browser, "Capture a coffee")
    typed(browser, ENTER)
    assert "Captured: hand it out." in browser.page_source
    until(browser, "Undo my last action: the reward captured")
    typed(browser, ENTER)
    typed(browser, "nobody@example.org", ENTER)
    assert looked_at(browser, "7-nobody") == []
    found = entries.find(local.shop.store, ("members", "contains", member), limit=100)
    kinds = [r.entry.kind for r in sorted((r for r in found if r.entry), key=lambda r: r.entry.seq)]
    assert kinds[-3:] == ["hold", "capture", "restore"]
