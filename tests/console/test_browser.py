"""The till screen in a real browser: the keyboard alone is enough, and nobody is kept out."""

from __future__ import annotations

from pathlib import Path

import pytest
from infra.local import Local
from selenium.webdriver import ActionChains
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait
from tests import browsing
from tests.rig import sale

from loyalty.connectors.spec import Guest, Heard
from loyalty.counter import screening, staffing
from loyalty.guests import members
from loyalty.logs import QUIET
from loyalty.records import entries, screens, staff
from loyalty.steps import transaction_ingest

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
def browser(tmp_path):
    browsing.needed()
    with browsing.opened(tmp_path / "browser") as browser:
        browser.set_window_size(820, 1180)
        yield browser


def prepared(local):
    """Let Ben and Maya in, make a code, and have a guest with 60 points."""
    shop = local.shop
    for name in ("Ben", "Maya"):
        person, pin = staffing.hired(name, "main", "staff", shop.pepper)
        shop.store.atomically("people", lambda unit, who=person: staff.put(unit, who.id, who))
    code, made = screening.new_code("main", shop.clock.now())
    name = screening.key_of(code, shop.pepper)
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
        ActionChains(browser).send_keys(each).perform()
    WebDriverWait(browser, PATIENCE).until(staleness_of(old))


def focused(browser):
    """Say what the key that comes next would act on."""
    return browser.switch_to.active_element.accessible_name


def until(browser, name):
    """Go on with the tabulator until something of this name is in focus."""
    for _ in range(40):
        if focused(browser) == name:
            return
        ActionChains(browser).send_keys(TAB).perform()
    raise AssertionError(f"{name} is not reached")


@pytest.mark.slow
def test_the_keyboard_alone_serves_a_guest_and_axe_finds_nothing(local, browser):
    member, code, pin = prepared(local)
    browser.get(local.address("console"))
    assert browsing.kept_out(browser) == []
    typed(browser, code, ENTER)
    assert browsing.kept_out(browser) == []
    typed(browser, DOWN, TAB, pin, ENTER)
    assert browsing.kept_out(browser) == []
    typed(browser, "0151 12345671", ENTER)  # the search field has the focus, also for a scanner
    assert browsing.kept_out(browser) == []
    until(browser, "Hold a coffee")
    typed(browser, ENTER)
    for each in browser.find_elements("css selector", "summary"):
        each.send_keys(ENTER)
    assert browsing.kept_out(browser) == []
    browser.set_window_size(390, 1400)
    assert browsing.kept_out(browser) == []
    until(browser, "Capture a coffee")
    typed(browser, ENTER)
    assert "Captured: hand it out." in browser.page_source
    until(browser, "Undo my last action: the reward captured")
    typed(browser, ENTER)
    typed(browser, "nobody@example.org", ENTER)
    assert browsing.kept_out(browser) == []
    found = entries.find(local.shop.store, ("members", "contains", member), limit=100)
    kinds = [r.entry.kind for r in sorted((r for r in found if r.entry), key=lambda r: r.entry.seq)]
    assert kinds[-3:] == ["hold", "capture", "restore"]
