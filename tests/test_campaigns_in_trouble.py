"""A campaign skips nobody for what passes: an outage, a roll-out; and goes on without the rest."""

from __future__ import annotations

import pytest
from infra.sandbox import Sandbox
from tests.test_campaigns import (
    Store,
    joined,
    opened,
    phone,
    placed,
    record,
    spring,
    starts,
    told,
)
from tests.test_campaigns_kept import awarded, paused_on_the_way

from loyalty.campaigns import campaigning, commissioning
from loyalty.domain.automations import Step
from loyalty.domain.campaigns import Offer
from loyalty.domain.entry import Entry
from loyalty.errors import TryAgain
from loyalty.records import EntryRecord, accounts, entries, jobs, journeys

AT_THREE = {"news": Step(send="news", at_time="15:00")}


class Failing(Store):
    """Cannot be asked for documents of some collections."""

    down: frozenset[str] = frozenset()

    def get(self, *keys):
        if self.down & {key.collection for key in keys}:
            raise TryAgain("the database is down")
        return super().get(*keys)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seed="trouble") as running_one:
        yield running_one


@pytest.fixture
def cafe(sandbox):
    sandbox.reset()
    return opened(sandbox, store=Failing())


def put(cafe, key, document):
    cafe.rig.store.atomically("ledger", lambda unit: unit.put(key, document))


def hidden(cafe, key):
    """Let newer code have written a document; returns what we can read."""
    [document] = cafe.rig.store.get(key)
    put(cafe, key, {**document, "v": 99})
    return document


def sweeps(cafe, times, **apart):
    for _ in range(times):
        cafe.passes(**apart)


def notes(cafe):
    return [note.what for note in record(cafe).notes]


def breaks(cafe):
    """Leave a guest an entry under the id of their campaign's gift, which stands for another."""
    broken = next(iter(accounts.each(cafe.rig.store))).account.id
    other = Entry(
        id=f"award:journey:campaign:spring:{broken}:once:points", kind="award", members=("m_x",),
        at=cafe.now, occurred_at=cafe.now, points=1, reason="of another",
    )  # fmt: skip
    kept = EntryRecord(kind="award", entry=other)
    cafe.rig.store.atomically("ledger", lambda unit: entries.create(unit, other.id, kept))


@pytest.mark.parametrize("hours", [1, 12])
def test_an_outage_of_all_guests_leaves_nobody_out(cafe, hours):
    joined(cafe, 5)
    starts(cafe, spring(AT_THREE))
    cafe.rig.store.down = {"contacts"}
    sweeps(cafe, 6 * (hours + 1), minutes=10)
    assert not record(cafe).begun
    cafe.rig.store.down = frozenset()
    sweeps(cafe, 40, hours=2)
    assert told(cafe) == {phone(number): 1 for number in range(5)}
    assert notes(cafe) == ["published"]


def test_a_page_of_which_nobody_can_ever_be_begun_ends_after_days(cafe):
    joined(cafe, 1)
    starts(cafe, spring({"points": Step(award=10)}))
    breaks(cafe)
    sweeps(cafe, 12, hours=1)
    assert not record(cafe).begun
    sweeps(cafe, 6, hours=6)
    assert (record(cafe).begun, notes(cafe)) == (True, ["published", campaigning.LEFT_OUT])


def test_a_guest_who_cannot_be_begun_is_left_out_after_a_while_and_the_owner_reads_it(cafe):
    joined(cafe, 4)
    starts(cafe, spring({"points": Step(award=10)}))
    breaks(cafe)
    sweeps(cafe, 8, minutes=20)
    assert (record(cafe).begun, notes(cafe)) == (True, ["published", campaigning.LEFT_OUT])
    assert sorted(awarded(cafe)) == [1, 10, 10, 10]


def test_who_cannot_be_read_for_a_moment_is_told_all_the_same(cafe):
    members = joined(cafe, 5)
    starts(cafe, spring())
    key = accounts.key(members[0])
    document = hidden(cafe, key)
    cafe.passes(hours=2)
    put(cafe, key, document)
    sweeps(cafe, 3, hours=1)
    assert (sum(told(cafe).values()), notes(cafe)) == (5, ["published"])


def test_an_account_that_only_newer_code_can_read_keeps_nobody_else_waiting(cafe):
    members = joined(cafe, 5)
    starts(cafe, spring())
    key = accounts.key(members[0])
    document = hidden(cafe, key)
    sweeps(cafe, 8, minutes=20)
    placed(cafe)
    assert (sum(told(cafe).values()), notes(cafe)) == (4, ["published", campaigning.LEFT_OUT])
    assert jobs.get(cafe.rig.store, "segments").phase == "done"
    put(cafe, key, document)
    stages = [cafe.rig.account(who).stage for who in members]
    assert stages == ["", *["new"] * 4]


def test_a_paused_journey_that_cannot_be_read_for_a_moment_goes_on_all_the_same(cafe):
    paused_on_the_way(cafe)
    key = journeys.key(next(iter(journeys.each(cafe.rig.store))).id)
    document = hidden(cafe, key)
    commissioning.resume("spring", "owner", cafe.shop)
    cafe.passes(minutes=16)
    put(cafe, key, document)
    sweeps(cafe, 10, hours=24)
    assert told(cafe) == {phone(number): 2 for number in range(3)}


def test_a_stopped_offer_leaves_an_account_also_if_it_cannot_be_read_for_hours(cafe):
    members = joined(cafe, 3)
    starts(cafe, spring({}, offer=Offer(factor=20_000)))
    cafe.passes(hours=2)
    key = accounts.key(members[0])
    document = hidden(cafe, key)
    commissioning.stop("spring", "owner", cafe.shop)
    sweeps(cafe, 12, hours=1)
    put(cafe, key, document)
    sweeps(cafe, 12, hours=1)
    assert [cafe.rig.account(each).offers for each in members] == [(), (), ()]
