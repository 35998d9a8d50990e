"""Sixty-four tills race for ten guests; `make races` does it a hundred thousand times."""

from __future__ import annotations

import msgspec
import pytest
from infra import races

from loyalty.guests import members
from loyalty.records import accounts

ACTS = 500


@pytest.fixture
def shop(tmp_path):
    shop = races.opened(tmp_path)
    yield shop
    shop.store.close()


def test_no_race_ends_in_a_wrong_sum(shop):
    race = races.drawn(ACTS, shop.pepper, 1)
    found = races.run(shop, race, iter)
    assert len(race.deliveries) >= ACTS
    assert [row for row in found.rows if not row.kept] == []


def test_a_fact_that_is_never_delivered_is_missed(shop):
    race = races.drawn(20, shop.pepper, 1)
    found = races.run(shop, race._replace(deliveries=race.deliveries[:10]), iter)
    assert [row.kept for row in found.rows] == [False, True, False]


def test_a_balance_that_somebody_changed_is_found(shop):
    race = races.drawn(20, shop.pepper, 1)
    races.run(shop, race, iter)
    member = members.find(shop, phone=races.phone(0))
    record = accounts.get(shop.store, member)
    forged = msgspec.structs.replace(record.account, debt=1)
    changed = msgspec.structs.replace(record, account=forged)
    shop.store.atomically("ledger", lambda unit: accounts.put(unit, member, changed))
    assert [row.kept for row in races.judged(shop, race)] == [False, False, True]
