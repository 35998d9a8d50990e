"""A whole shop for tests: real store, deterministic bus, virtual clock, real vendor HTTP."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from loyalty import programs
from loyalty.adapters.clock import SystemClock, VirtualClock
from loyalty.adapters.http import RequestsHttp
from loyalty.adapters.memory import MemoryBus
from loyalty.adapters.sqlite import SqliteStore
from loyalty.connectors.engine import Engine
from loyalty.connectors.spec import Guest, Heard
from loyalty.delivery import Shop, deliver
from loyalty.domain.account import Account
from loyalty.domain.entry import Entry, Receipt
from loyalty.domain.transaction import Line, Refund, RefundLine, Sale, Void
from loyalty.events import SweepRequested, encode
from loyalty.guests import members
from loyalty.identity import Pepper
from loyalty.logs import QUIET
from loyalty.ports import Store
from loyalty.programs import Programs
from loyalty.records import accounts, entries, identities
from loyalty.silence import Silence
from loyalty.steps import (
    file_import,
    journey_start,
    lifecycle_sweep,
    milestone_check,
    notification_dispatch,
    partner_sync,
    points_calculation,
    transaction_ingest,
    transaction_pull,
)

NOON = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
STEPS: dict[str, Any] = {
    "points_calculation": points_calculation,
    "milestone_check": milestone_check,
    "journey_start": journey_start,
    "notification_dispatch": notification_dispatch,
    "partner_sync": partner_sync,
    "lifecycle_sweep": lifecycle_sweep,
    "file_import": file_import,
    "transaction_pull": transaction_pull,
}


@cache
def topology() -> dict[str, list[str]]:
    """Read who hears what from the file that the deployment reads too."""
    declared = yaml.safe_load(Path("infra/topology.yaml").read_text("utf-8"))["functions"]
    topics: dict[str, list[str]] = {t: [] for f in declared.values() for t in f["publishes"]}
    for name, function in declared.items():
        for topic in (function["trigger"], *function.get("also_hears", ())):
            if topic != "http":
                topics.setdefault(topic, []).append(name)
    return topics


class Rig:
    """A shop at work. Facts go in as a till tells them; everything else is looked at after."""

    def __init__(  # noqa: PLR0913 - a rig has many handles
        self,
        folder: Path,
        program: str,
        environment: dict[str, str] | None = None,
        *,
        seed: int = 0,
        copies: int = 1,
        store: Store | None = None,
        shuffle: random.Random | None = None,
        tests: str = "",
        wrap: Callable[[Shop], Shop] = lambda shop: shop,
    ) -> None:
        self.clock = VirtualClock(NOON)
        self.store = store or SqliteStore(folder / "loyalty.db", clock=self.clock)
        self.bus = MemoryBus(topology(), shuffle or random.Random(seed), copies=copies)
        shop = Shop(
            store=self.store,
            bus=self.bus,
            clock=self.clock,
            programs=Programs(self.store, self.clock),
            vendors=Engine(RequestsHttp(), SystemClock(), environment or {}),
            pepper=Pepper("p1:a pepper for tests only"),
            log=QUIET,
            silence=Silence(self.store, self.clock, tests),
        )
        programs.first(self.store, program, NOON)
        self.shop = wrap(shop)

    # -- what happens ---------------------------------------------------------------------

    def join(self, name: str = "Sita Rai", phone: str = "", **more: Any) -> str:
        """Join; with consent to all texts and to service mails unless told otherwise."""
        agreed = {"sms:marketing": True, "sms:service": True, "email:service": True}
        joining = members.Joining(name=name, phone=phone, **{"consents": agreed, **more})
        return members.enroll(joining, "", self.shop)[0]

    def tell(self, fact: Any, guest: Guest | None = None) -> None:
        """Let the generic till tell a fact; nothing is processed before `run`."""
        heard = Heard(transaction=fact, guest=guest or Guest())
        transaction_ingest.record("generic", "", [heard], "", self.shop)

    def run(self) -> int:
        """Deliver everything until the bus is empty."""
        return self.bus.run(self.handler)

    def handler(self, subscription: str, body: bytes, _attempt: int) -> None:
        """Give one message to its step."""
        deliver(subscription, STEPS[subscription], body, self.shop)

    def sweep(self) -> None:
        """Do what is due by now."""
        now = self.clock.now()
        event = SweepRequested(id=f"sweep:{now.isoformat()}", at=now, subject="sweep")
        self.bus.publish("sweep-requested", [encode(event)])
        self.run()

    # -- what is looked at ----------------------------------------------------------------

    def account(self, member: str) -> Account:
        """Read a member's account."""
        found = accounts.get(self.store, member)
        assert found
        return found.account

    def points(self, member: str) -> int:
        """Read the balance as of now."""
        return self.account(member).points(self.clock.now())

    def receipt(self, name: str) -> Receipt:
        """Read a receipt."""
        found = entries.get(self.store, f"sale:generic:{name}")
        assert found
        assert found.receipt
        return found.receipt

    def history(self, member: str) -> list[Entry]:
        """List a member's entries in the order they were written."""
        found = entries.find(self.store, ("members", "contains", member), limit=1000)
        return sorted((r.entry for r in found if r.entry), key=lambda entry: entry.seq)

    def dump(self) -> dict[str, Any]:
        """Take every document of every collection, for comparing two whole worlds."""
        from loyalty.collections import COLLECTIONS  # noqa: PLC0415
        from loyalty.ports import Query  # noqa: PLC0415

        return {
            name: sorted((key, msgspec.json.encode(doc, order="sorted")) for key, doc in found)
            for name in COLLECTIONS
            if (found := self.store.query(Query(name, limit=100_000)))
        }

    def close(self) -> None:
        """Let go of the file."""
        self.store.close()


def sale(receipt: str, amount: int, *, at: datetime = NOON, **more: Any) -> Sale:
    """Make a plain sale: one line, nothing but what is given."""
    line = Line(id="1", name="Flat white", category=more.pop("category", "coffee"), amount=amount)
    base: dict[str, Any] = {
        "source": "generic", "receipt": receipt, "revision": 0, "store": "main",
        "channel": "in_store", "occurred_at": at, "currency": "EUR", "lines": (line,),
        "total": amount,
    }  # fmt: skip
    return Sale(**{**base, **more})


def refund(name: str, receipt: str, amount: int, *, at: datetime = NOON, **more: Any) -> Refund:
    """Make a refund of money, or of `lines` as `{line: thousandths}`."""
    lines = tuple(RefundLine(line=k, quantity=q) for k, q in more.pop("lines", {}).items())
    return Refund(
        source="generic",
        receipt=receipt,
        id=name,
        amount=amount,
        occurred_at=at,
        lines=lines,
        **more,
    )


def void(receipt: str, *, at: datetime = NOON) -> Void:
    """Make a void."""
    return Void(source="generic", receipt=receipt, occurred_at=at)


@contextmanager
def opened(folder: Path, program: str, **more: Any) -> Iterator[Rig]:
    """Open a rig and close it again."""
    rig = Rig(folder, program, **more)
    try:
        yield rig
    finally:
        rig.close()


__all__ = ["NOON", "Rig", "identities", "opened", "refund", "sale", "void"]
