"""A guest with a phone: joins, buys, sees the balance and redeems, with scripts switched off."""

from __future__ import annotations

import base64
import json
import re
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from infra import vendors
from infra.local import Local
from infra.sandbox.server import Sandbox
from tests import browsing
from tests.functions.serving import signed

from loyalty.counter import redeeming
from loyalty.counter.redeeming import Capturing
from loyalty.logs import QUIET

NUMBER = "+4915112345671"
PROGRAM = Path("tests/programs/rewards.yaml").resolve()
FRIENDS = Path("tests/programs/friends.yaml").resolve()
PATIENCE = 30.0


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A cafe with rewards."""
    with running(tmp_path_factory.mktemp("pages"), PROGRAM) as running_shop:
        yield running_shop


@pytest.fixture
def friends(tmp_path):
    """A cafe that thanks guests who bring friends."""
    with running(tmp_path, FRIENDS) as running_shop:
        yield running_shop


@contextmanager
def running(folder, program):
    """Run what `make run SANDBOX=1` runs, on ports that are free."""
    sandbox = Sandbox(seed="pages").start()
    given = vendors.environment(sandbox, "https://cafe.example")
    settings = {"PORT": "0", "LOYALTY_DATA": str(folder), "LOYALTY_PROGRAM": str(program)}
    local = Local({**given, **settings}, log=QUIET)
    local.start()
    yield local, sandbox
    local.stop()
    sandbox.stop()


@pytest.fixture(scope="module")
def phone(tmp_path_factory):
    browsing.needed()
    with browsing.phone(tmp_path_factory.mktemp("browser")) as phone:
        yield phone


def buys(local, amount):
    """Have the till tell of a sale, now, and wait until it is booked."""
    at = datetime.now(UTC).isoformat()
    data = {"receipt": "R1", "store": "main", "occurred_at": at, "currency": "EUR",
            "total": amount, "guest": {"phone": NUMBER}}  # fmt: skip
    body = json.dumps({"type": "sale.completed", "timestamp": at, "data": data}).encode()
    key = base64.b64decode(vendors.GENERIC_SECRET.removeprefix("whsec_"))
    head = {**signed(body, key, datetime.now(UTC)), "Content-Type": "application/json"}
    answer = requests.post(f"{local.address('transaction_ingest')}/generic", body, headers=head,
                           timeout=PATIENCE)  # fmt: skip
    assert answer.ok, answer.text
    assert local.bus.wait_idle(PATIENCE)


def clean(phone):
    """Check the page that is open."""
    assert phone.kept_out() == []


@pytest.mark.slow
def test_a_guest_joins_buys_sees_the_balance_and_redeems_without_scripts(shop, phone):
    local, sandbox = shop
    home = local.address("member_page")
    phone.goes(f"{home}/join/main")
    clean(phone)
    phone.fills("Phone number or e-mail", NUMBER)
    phone.fills("Name", "Sita Rai")
    phone.ticks("Points and rewards, by text message")
    phone.presses("Send me a code")
    assert local.bus.wait_idle(PATIENCE)
    clean(phone)
    phone.fills("Code", re.match(r"\d{6}", sandbox.outbox[-1].text)[0])
    phone.presses("Open my card")
    assert "Hello, Sita" in phone.reads()

    buys(local, 5000)
    phone.goes(f"{home}/card")
    assert "50 points" in phone.reads()
    clean(phone)
    [card] = phone.scanned()
    assert card in phone.reads()

    phone.presses("Take: a coffee")
    clean(phone)
    [code] = phone.scanned()
    assert code in phone.reads()
    assert code != card
    assert redeeming.capture(Capturing(id=code, store="main"), local.shop).state == "captured"
    phone.goes(phone.driver.current_url)
    assert "Enjoy!" in phone.reads()
    phone.presses("Back to the card")
    assert "30 points" in phone.reads()
    for path in ("/history", "/me"):
        phone.goes(f"{home}{path}")
        clean(phone)


@pytest.mark.slow
def test_a_guest_hands_on_a_link_and_a_friend_joins_over_it_without_scripts(friends, phone):
    local, sandbox = friends
    home = local.address("member_page")
    joins(local, sandbox, phone, f"{home}/join", NUMBER)
    assert "Bring a friend" in phone.reads()
    clean(phone)
    link = phone.driver.find_element("partial link text", "/r/").get_attribute("href")
    phone.presses("Sign out")
    phone.driver.delete_all_cookies()
    phone.goes(link)
    assert "You are invited to Momo & Friends" in phone.reads()
    assert phone.driver.get_cookies() == []
    clean(phone)
    start = phone.driver.find_element("css selector", "a.button").get_attribute("href")
    joins(local, sandbox, phone, start, "+4915112345673")
    phone.presses("Sign out")
    phone.driver.delete_all_cookies()
    joins(local, sandbox, phone, f"{home}/join", NUMBER)
    assert "Friends who came: 1. Paid: 0. Waiting: 1." in phone.reads()
    clean(phone)


def joins(local, sandbox, phone, address, number):
    phone.goes(address)
    phone.fills("Phone number or e-mail", number)
    phone.presses("Send me a code")
    assert local.bus.wait_idle(PATIENCE)
    phone.fills("Code", re.match(r"\d{6}", sandbox.outbox[-1].text)[0])
    phone.presses("Open my card")
