"""What happens to the shop before its crash: five short stories, each told input by input."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from infra.crash.place import NOON, Input, program, texts
from loyalty import programs
from loyalty.connectors.spec import Guest, Heard, Reply
from loyalty.delivery import Shop
from loyalty.domain.transaction import Line, Refund, Sale
from loyalty.guests import members
from loyalty.steps import message_feedback, transaction_ingest

SITA, HARI = "+4915112345671", "+4915112345672"
HOUR = timedelta(hours=1)
Tell = Callable[[Shop], object]


class Scenario(NamedTuple):
    """A story; it begins in a shop where `before` has happened already."""

    name: str
    before: tuple[Input, ...]
    inputs: tuple[Input, ...]


def sale(receipt: str, amount: int, *, hours: int = 0, revision: int = 0) -> Sale:
    """Make a sale of one coffee."""
    line = Line(id="1", name="Flat white", category="coffee", amount=amount)
    return Sale(
        source="generic", receipt=receipt, revision=revision, store="main", channel="in_store",
        occurred_at=NOON + hours * HOUR, currency="EUR", lines=(line,), total=amount,
    )  # fmt: skip


def refund(name: str, receipt: str, amount: int) -> Refund:
    """Make a refund of money."""
    return Refund(source="generic", receipt=receipt, id=name, amount=amount, occurred_at=NOON)


def tells(*facts: Sale | Refund, phone: str = SITA) -> Tell:
    """Let a till tell facts in one call."""
    heard = [Heard(transaction=fact, guest=Guest(phone=phone)) for fact in facts]
    return lambda shop: transaction_ingest.record("generic", "", heard, "", shop)


def joins(name: str, phone: str) -> Tell:
    """Let a guest join with consent to texts."""
    joining = members.Joining(name=name, phone=phone, consents={"sms:service": True})
    return lambda shop: members.enroll(joining, f"key of {name}", shop)


def publishes(number: int) -> Tell:
    """Let the merchant publish a version of the program."""
    text = texts()[number]
    return lambda shop: programs.append(shop.store, text, program(number), shop.clock.now())


def writes_stop(shop: Shop) -> None:
    """Let Sita write STOP."""
    reply = Reply(id="SM1", channel="sms", address=SITA, text="STOP", keyword="stop")
    message_feedback._hear(reply, shop)  # noqa: SLF001 - as `receive` does


OPEN = Input("the program is published", publishes(0))
KNOWN = (OPEN, Input("Sita joins", joins("Sita", SITA)))
SCENARIOS = (
    Scenario("sale to text", KNOWN, (
        Input("a sale", tells(sale("A", 1000, hours=-2))),
        Input("another: a voucher, and staff hear", tells(sale("B", 9000))),
    )),
    Scenario("edit", KNOWN, (
        Input("a sale", tells(sale("A", 1000))),
        Input("it becomes more", tells(sale("A", 1600, revision=1))),
        Input("and less", tells(sale("A", 700, revision=2))),
    )),
    Scenario("refunds", KNOWN, (
        Input("a refund before its sale", tells(refund("a1", "A", 300))),
        Input("the sale", tells(sale("A", 1000))),
        Input("the rest comes back", tells(refund("a2", "A", 700))),
    )),
    Scenario("joining and STOP", (OPEN,), (
        Input("a stranger buys", tells(sale("A", 1000, hours=-2))),
        Input("she joins", joins("Sita", SITA)),
        Input("she writes STOP", writes_stop),
        Input("she buys again", tells(sale("B", 500))),
    )),
    Scenario("first day", (), (
        OPEN,
        Input("Hari joins", joins("Hari", HARI)),
        Input("a new program", publishes(1)),
        Input("six receipts at once", tells(*(sale(f"R{n}", 100) for n in range(6)), phone=HARI)),
    )),
)  # fmt: skip


def named(name: str) -> Scenario:
    """Find a scenario. Raises LookupError."""
    return {each.name: each for each in SCENARIOS}[name]
