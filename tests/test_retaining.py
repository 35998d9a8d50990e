"""What was kept long enough is gone the day after, and nothing else, on one machine too."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.rig import NOON, opened, sale

from loyalty import retaining
from loyalty.adapters.sqlite import SqliteStore
from loyalty.collections import COLLECTIONS
from loyalty.domain.automations import LONGEST_WAIT
from loyalty.events import asked_for
from loyalty.ports import Key, Query

PLAIN = Path("tests/programs/plain.yaml").read_text("utf-8")
DAY = timedelta(days=1)


@pytest.fixture
def rig(tmp_path):
    with opened(tmp_path, PLAIN) as rig:
        yield rig


def test_a_journey_is_kept_for_longer_than_it_can_wait():
    longest = timedelta(minutes=LONGEST_WAIT) + DAY  # until a time of day, after that
    assert longest + 30 * DAY < COLLECTIONS["journeys"].keep_days * DAY


def put(rig, collection, *names):
    def work(unit):
        for name in names:
            unit.put(Key(collection, name), {"v": 1})

    rig.store.atomically(COLLECTIONS[collection].database, work)


def here(rig, collection):
    return sorted(name for name, _ in rig.store.query(Query(collection, limit=10_000)))


def night(rig, at):
    """Let the job run at an instant; return how many calls that took."""
    rig.clock.set(at)
    rig.bus.publish("sweep-requested", [asked_for("retention")])
    return rig.run()


@pytest.mark.parametrize("name", [name for name, kind in COLLECTIONS.items() if kind.keep_days])
def test_a_document_is_gone_the_day_after_its_days_are_over(rig, name):
    days = timedelta(days=COLLECTIONS[name].keep_days)
    put(rig, name, "old")
    night(rig, NOON + days)
    assert here(rig, name) == ["old"]
    night(rig, NOON + days + DAY)
    assert here(rig, name) == []


def test_what_is_written_again_is_kept_as_long_again(rig):
    put(rig, "shifts", "a", "b")
    rig.clock.advance(DAY)
    put(rig, "shifts", "b")
    night(rig, NOON + 3 * DAY)
    assert here(rig, "shifts") == ["b"]


def test_what_is_kept_for_ever_stays(rig):
    rig.join("Sita", phone="+4915112345678")
    rig.tell(sale("R1", 4000))
    rig.run()
    before = {name: here(rig, name) for name in ("accounts", "entries", "profiles", "contacts")}
    night(rig, NOON + 5000 * DAY)
    assert {name: here(rig, name) for name in before} == before


def test_many_go_page_by_page_and_asking_twice_does_no_harm(rig):
    put(rig, "deliveries", *(f"d{number}" for number in range(2 * retaining.PAGE + 1)))
    put(rig, "shifts", "s")
    late = NOON + 402 * DAY
    rig.clock.set(late)
    for _ in range(2):
        rig.bus.publish("sweep-requested", [asked_for("retention")])
    assert rig.run() >= 4
    assert (here(rig, "deliveries"), here(rig, "shifts")) == ([], [])
    put(rig, "shifts", "new")
    night(rig, late + DAY)
    assert here(rig, "shifts") == ["new"]


def test_a_file_of_before_counts_as_written_when_it_is_first_opened(tmp_path):
    file = tmp_path / "regulars.db"
    before = {"things": COLLECTIONS["shifts"]._replace(keep_days=None)}
    store = SqliteStore(file, before)
    store.atomically("ledger", lambda unit: unit.put(Key("things", "a"), {"v": 1}))
    store.close()
    after = SqliteStore(file, {"things": COLLECTIONS["shifts"]})
    now = after._clock.now()
    assert after.remove_old(now + 2 * DAY, 10) == 0
    assert after.remove_old(now + 3 * DAY, 10) == 1
    after.close()
