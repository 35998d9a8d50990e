"""The price table: its counts are those of a real purchase, its sums those worked out by hand."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from infra import costs
from infra.costs import BACKUP_DAYS, ENVIRONMENTS, SIZES, Deployed, deployed, prices
from tests.rig import sale

from loyalty.collections import COLLECTIONS

PAGE = Path("docs/costs.md").read_text("utf-8")
SWEEPS = 30 * 24 * 60


class Counting:
    """A store that counts documents read and written, by database."""

    def __init__(self, store):
        self._store = store
        self.counts = Counter()

    def get(self, *keys):
        self._read(keys)
        return self._store.get(*keys)

    def atomically(self, database, work):
        return self._store.atomically(database, lambda unit: work(CountingUnit(unit, self)))

    def query(self, query):
        return self._store.query(query)

    def _read(self, keys):
        for key in keys:
            self.counts[f"{COLLECTIONS[key.collection].database} reads"] += 1

    def _wrote(self, key):
        self.counts[f"{COLLECTIONS[key.collection].database} writes"] += 1


class CountingUnit:
    def __init__(self, unit, count):
        self._unit, self._count = unit, count

    def get(self, *keys):
        self._count._read(keys)
        return self._unit.get(*keys)

    def create(self, key, document):
        self._count._wrote(key)
        self._unit.create(key, document)

    def put(self, key, document):
        self._count._wrote(key)
        self._unit.put(key, document)

    def delete(self, key):
        self._count._wrote(key)
        self._unit.delete(key)


@pytest.fixture
def purchase(opened):
    """Let one ordinary purchase happen, to its receipt of delivery; what it used can be asked."""
    cafe = opened("texting", wrap=lambda shop: shop._replace(store=Counting(shop.store)))
    cafe.join(consents={"sms:service": True})
    cafe.tells(sale("first", 500))
    cafe.shop.store.counts.clear()
    cafe.before = (len(cafe.bus.published), set(cafe.rig.store.documents))
    cafe.tells(sale("A", 1250))
    cafe.hears("sale:generic:A", "sent")
    cafe.hears("sale:generic:A", "delivered")
    return cafe


@pytest.mark.parametrize("name", ["ledger reads", "people reads", "ledger writes", "people writes"])
def test_a_purchase_reads_and_writes_as_often_as_the_table_says(purchase, name):
    assert purchase.shop.store.counts[name] == prices().resources[name].purchase


def test_messages_are_as_many_and_no_larger_than_the_table_says(purchase):
    sent = [body for _, body in purchase.bus.published[purchase.before[0] :]]
    assert len(sent) == 3
    assert max(map(len, sent)) <= 2000
    assert prices().resources["Pub/Sub GiB"].purchase == pytest.approx(
        (3 + 4) * 2000 / 2**30,
        rel=0.01,  # points-posted has two who hear it
    )


def test_documents_are_no_larger_than_the_table_says(purchase):
    new = set(purchase.rig.store.documents) - purchase.before[1]
    size = sum(len(msgspec.json.encode(purchase.rig.store.documents[key])) for key in new)
    assert len(new) == 3
    assert size <= 5000
    assert prices().resources["stored GiB"].purchase == pytest.approx(12 * 5000 / 2**30, rel=0.01)


def test_a_sweep_every_minute_is_in_the_table():
    found = prices().resources
    assert found["requests"].month == found["ledger reads"].month == SWEEPS
    assert found["vCPU seconds"].month == pytest.approx(SWEEPS * 0.1)
    assert found["Pub/Sub GiB"].month == pytest.approx(SWEEPS * 2 * 1000 / 2**30, rel=0.01)


def by_hand() -> dict[str, float]:
    """Read the sums of the page's example."""
    example = PAGE.partition("## Nights")[0].partition("by hand")[2].partition("## What is not")[0]
    rows = re.findall(r"^\| ([^|]*) \| .* \| ([\d.]+) \|$", example, re.MULTILINE)
    return {name.strip(): float(usd) for name, usd in rows}


def test_the_example_by_hand_agrees_within_five_percent_line_by_line():
    found = prices().resources.items()
    known = {name: each.cost(1_000_000, deployed()) for name, each in found}
    worked = by_hand()
    assert worked.pop("all") == pytest.approx(prices().total(1_000_000, deployed()), rel=0.05)
    assert worked == pytest.approx({n: usd for n, usd in known.items() if usd}, rel=0.05)


def test_the_page_tells_the_totals_within_five_percent():
    rows = re.findall(r"^\| ([\d,]+) \| ([\d.]+) \|$", PAGE, re.MULTILINE)
    told = {int(size.replace(",", "")): float(usd) for size, usd in rows}
    assert told == pytest.approx({n: prices().total(n, deployed()) for n in SIZES}, rel=0.05)


def test_what_is_free_costs_nothing():
    assert all(
        each.cost(0, Deployed(0, 14)) == 0
        for each in prices().resources.values()
        if each.month <= each.free
    )


def test_what_an_environment_pays_for_by_itself_is_read_from_its_variables():
    assert deployed("prod") == Deployed(instances=1, backup_days=BACKUP_DAYS)
    assert deployed("staging") == Deployed(instances=0, backup_days=1)
    text = (ENVIRONMENTS.parent / "variables.tf").read_text("utf-8")
    told = re.search(r'variable "backup_days" \{.*?default += (\d+)', text, re.DOTALL)
    assert told is not None
    assert int(told[1]) == BACKUP_DAYS


def test_an_environment_that_is_not_there_is_named():
    with pytest.raises(SystemExit, match=r"There is no terraform/environments/nowhere\.tfvars"):
        deployed("nowhere")


def test_an_instance_always_on_costs_even_if_nothing_is_sold():
    none, one = (prices().total(0, Deployed(n, 14)) for n in (0, 1))
    assert one - none == pytest.approx(9.72)


def test_backups_cost_by_the_days_they_are_kept():
    backups = prices().resources["backup GiB"]
    week, fortnight = (backups.cost(1_000_000, Deployed(0, days)) for days in (7, 14))
    assert fortnight == pytest.approx(2 * week)
    assert week == pytest.approx(7 * 55.9 * 0.03, rel=0.01)


def test_the_table_marks_what_is_not_confirmed(capsys):
    costs.main()
    said = capsys.readouterr().out
    for name, each in prices().resources.items():
        assert (f"{name} *" in said) is not each.confirmed
    assert str(prices().date) in said
