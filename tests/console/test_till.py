"""The till screen: who may use it, what it does once, and what it shows nobody."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from infra.simulator.store import MemoryStore
from tests.console.till import Till
from tests.rig import Rig, sale

from loyalty import app as composition
from loyalty import redeeming
from loyalty.audit import audit
from loyalty.connectors.spec import Guest
from loyalty.records import accounts, entries
from loyalty.redeeming import Asking

PROGRAM = Path("tests/programs/rewards.yaml").read_text("utf-8") + "redeeming: {approve_above: 100}\n"
PHONE = "+4915112345671"


@pytest.fixture
def rig():
    """A guest with 50 points of one sale."""
    rig = Rig(Path(), PROGRAM, store=MemoryStore())
    rig.member = rig.join(phone=PHONE, email="sita@example.org")
    rig.tell(sale("R1", 5_000), Guest(phone=PHONE))
    rig.run()
    composition.use(composition.App(rig.shop))
    yield rig
    composition._APP.clear()
    rig.run()
    assert audit(entries.each(rig.store), accounts.each(rig.store)).findings == ()


@pytest.fixture
def till(rig):
    """The screen of the store on Main Street, with Maya at it."""
    till = Till(rig)
    till.set_up()
    till.maya = till.sign_in()
    return till


def test_x(till, rig):
    print(till.get().html)
    p = till.send("/find", id="+49 151 12345671")
    print(p.status, p.headers)
    page = till.get(p.headers["Location"])
    print(page.html)
    page = till.tap(f"/guests/{rig.member}", f"/guests/{rig.member}/hold", 2, reward="coffee")
    print(page.text)
