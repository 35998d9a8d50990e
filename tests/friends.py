"""Sita, who tells her friends of the cafe, and what her friends do there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from infra.simulator.store import MemoryStore
from tests.rig import Rig, refund, sale

from loyalty.audit import audit
from loyalty.connectors.spec import Guest
from loyalty.errors import Problem
from loyalty.friends.referring import attribute, code
from loyalty.records import accounts, entries, referrals

TEXT = Path("tests/programs/rewards.yaml").read_text("utf-8").partition("messages:")[0]
TERMS = (
    "referral: {referrer: 30, friend: 10, minimum: 5.00, after_days: 7, per_day: 2,"
    " clawback_days: 30}\n"
)
WEEK = timedelta(days=7)


def made(folder=Path(), terms=TERMS):
    """Sita, who tells her friends; on disk, if a folder is given."""
    rig = Rig(folder, TEXT + terms, store=MemoryStore() if folder == Path() else None)
    rig.sita = rig.join(phone=phone(0))
    rig.code = code(rig.sita, rig.shop)
    return rig


@pytest.fixture
def rig():
    """A cafe whose ledger adds up after all that was done."""
    rig = made()
    yield rig
    assert audit(entries.each(rig.store), accounts.each(rig.store)).findings == ()


def phone(number):
    return f"+49151123456{number:02d}"


def friend(rig, number=1, **more):
    member = rig.join(phone=phone(number), **more)
    attribute(member, rig.code, rig.shop)
    return member


def tells(rig, *facts, number=1):
    for fact in facts:
        rig.tell(fact, Guest(phone=phone(number)))
        rig.run()


def buys(rig, number=1, amount=1_000, name="R", **more):
    tells(rig, sale(f"{name}{number}", amount, at=rig.clock.now(), **more), number=number)


def gives_back(rig, amount=1_000, name="r", receipt="R1"):
    tells(rig, refund(name, receipt, amount, at=rig.clock.now()))


def passes(rig, time=WEEK):
    rig.clock.advance(time)
    rig.sweep()


def paid(rig, **more):
    """Let a friend come who is paid for; the friend's own points of the purchase are 10."""
    hari = friend(rig, **more)
    buys(rig)
    passes(rig)
    assert (rig.points(rig.sita), rig.points(hari)) == (30, 20)
    return hari


def acts(rig, member, kind):
    found = [entry for entry in rig.history(member) if entry.kind == kind]
    return [(entry.id, entry.points, entry.reason, entry.cause) for entry in found]


def refusal(call):
    with pytest.raises(Problem) as refused:
        call()
    return (refused.value.status, refused.value.code)


class Cut:
    """A bus at which the process is cut off before anything is published."""

    def publish(self, *_):
        raise KeyboardInterrupt


def cut_off(rig, work):
    shop = rig.shop
    rig.shop = shop._replace(bus=Cut())
    with pytest.raises(KeyboardInterrupt):
        work(rig.shop)
    rig.shop = shop


def told(rig, name):
    """Count how often different words were published of an entry: at most once."""
    return len({body for _, body in rig.bus.published if f'"posted:{name}"'.encode() in body})


def one(rig, hari):
    """Let friend and referrer be one member, as a merge leaves them."""
    merged = msgspec.structs.replace(referrals.get(rig.store, hari), referrer=hari)
    rig.store.atomically("ledger", lambda unit: referrals.put(unit, hari, merged))
