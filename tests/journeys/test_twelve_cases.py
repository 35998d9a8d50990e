"""Twelve kinds of receipts, told by Square, by any other till and by files, worked out by hand."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml
from infra.demo.till import Tills
from infra.local import Local
from infra.sandbox.server import Sandbox
from tests.journeys.nightly import NightlyFiles
from tests.rig import NOON

from loyalty.audit import audit
from loyalty.guests import members
from loyalty.ports import Query
from loyalty.records import accounts, entries

Json = dict[str, Any]
CASES: dict[str, Json] = yaml.safe_load(Path("tests/journeys/twelve_cases.yaml").read_text("utf-8"))
STORES = {"main": {"tills": ["generic:main", "square:LMAIN"]}}
NUMBERS = count(1)


class Guest:
    """A member and the receipts they get at one kind of till."""

    def __init__(self, local: Local, sandbox: Sandbox, via: str, uploads: Path) -> None:
        self.via, self.local, self.number = via, local, next(NUMBERS)
        phone = f"+4915112{self.number:06d}"
        self.member = members.enroll(members.Joining(name="Sita", phone=phone), "", local.shop)[0]
        people = [{"key": "sita", "phone": phone}]
        scenario = {"members": people, "events": [], "currency": "EUR"}
        self.tills: Tills | NightlyFiles = (
            NightlyFiles(uploads, local, phone)
            if via == "files"
            else Tills(sandbox, local.address("transaction_ingest"), scenario, STORES)
        )

    def lives(self, happens: list[Json]) -> None:
        """Let the till tell everything, one after the other."""
        for told in happens:
            event = self.event(told)
            if "of" in told and isinstance(self.tills, Tills) and self.via == "square":
                self.tills.ring_up(self.event({"do": "sale", **told["of"]}))
            self.tills.play(event)
            assert self.local.bus.wait_idle(20)

    def event(self, told: Json) -> Json:
        """Fill in what a case leaves to the ordinary."""
        own: Json = {
            "via": self.via, "store": "main", "channel": "in_store", "currency": "EUR",
            "at": f"{NOON:%Y-%m-%dT%H:%M:%SZ}", "occurred_at": f"{NOON:%Y-%m-%dT%H:%M:%SZ}",
            "revision": 1, "tip": 0, "tax": 0, "tax_included": 0, "discount": 0,
            "reward_discount": 0, **told, "lines": [],
        }  # fmt: skip
        own["receipt"] = f"{self.number}-{told.get('receipt', 'r')}"
        own["guest"] = None if told.get("guest") == "nobody" else "sita"
        if "refund" in told:
            return {**own, "refund": f"{own['receipt']}-{told['refund']}"}
        lines = [_line(place, given) for place, given in enumerate(told.get("lines", ()), 1)]
        goods = sum(line["amount"] - line["discount"] for line in lines)
        total = goods + own["tip"] + own["tax"]
        paid = {"tenders": told.get("tenders", [total])}
        if self.via == "generic":  # this form tells the tax inside its prices for all lines at once
            paid["tax_included"] = sum(line.get("included_tax", 0) for line in lines)
        if told.get("paid_with") == "gift_card":
            paid["gift_card_tender"] = 0
        return {**own, "lines": lines, "total": total, **paid}

    def ledger(self) -> list[list[Any]]:
        """Read the guest's entries as the file writes them."""
        found = entries.find(self.local.shop.store, ("members", "contains", self.member), limit=99)
        mine = sorted((r.entry for r in found if r.entry), key=lambda entry: entry.seq)
        sums = [sum(entry.points for entry in mine[: place + 1]) for place in range(len(mine))]
        return [
            [entry.kind, entry.points, balance, entry.after.spend]
            for entry, balance in zip(mine, sums, strict=True)
        ]

    def balance(self) -> int:
        record = accounts.get(self.local.shop.store, self.member)
        assert record
        return record.account.points(NOON)


def _line(place: int, given: Json) -> Json:
    plain = {"name": "Flat white", "sku": "FLW", "category": "coffee", "kind": "item"}
    if given.get("kind") == "gift_card":
        plain = {"name": "Gift card", "sku": "", "category": ""}
    return {"id": str(place), "quantity": "1", "discount": 0, **plain, **given}


@pytest.mark.parametrize("via", ["generic", "square", "files"])
@pytest.mark.parametrize("case", CASES)
def test_a_receipt_leaves_the_ledger_that_was_worked_out_by_hand(
    playing: tuple[Local, Sandbox], case: str, via: str, uploads: Path
) -> None:
    guest = Guest(*playing, via, uploads)
    guest.lives(CASES[case]["happens"])
    wanted = CASES[case]["ledger"]
    assert guest.ledger() == wanted
    assert guest.balance() == (wanted[-1][2] if wanted else 0)


@pytest.mark.parametrize("via", ["generic", "square", "files"])
def test_an_anonymous_receipt_is_kept_for_whoever_claims_it(
    playing: tuple[Local, Sandbox], via: str, uploads: Path
) -> None:
    local, _ = playing
    before = {key for key, _ in local.shop.store.query(Query("entries", limit=1000))}
    Guest(*playing, via, uploads).lives(CASES["anonymous"]["happens"])
    found = local.shop.store.query(Query("entries", limit=1000))
    (kept,) = [entries.read(document) for key, document in found if key not in before]
    assert kept.receipt
    assert (kept.receipt.state, kept.receipt.points, kept.entry) == ("unclaimed", 0, None)


def test_all_twelve_cases_are_here() -> None:
    assert len(CASES) == 12


def test_the_ledger_of_all_cases_adds_up(playing: tuple[Local, Sandbox]) -> None:
    store = playing[0].shop.store
    booked = [entries.read(doc) for _, doc in store.query(Query("entries", limit=1000))]
    owners = [accounts.read(doc) for _, doc in store.query(Query("accounts", limit=1000))]
    assert not audit(booked, owners, lambda _: 90).findings
