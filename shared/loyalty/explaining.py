"""Why a receipt is worth what it is: every rule that was tried, every step, every act on it.

Pure: a receipt's document, the program version it is judged by and the member's entries go in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from loyalty import derivation
from loyalty.domain import earning, granting, offers
from loyalty.domain.earning import Judgement, Tried
from loyalty.domain.entry import Entry, Receipt
from loyalty.domain.program import Program, Version
from loyalty.domain.transaction import Refund, Sale, eligible, kept
from loyalty.records import EntryRecord
from loyalty.recount import on


class LineWorth(NamedTuple):
    """A line of the receipt: what of it earns, what is kept, and its factor in basis points."""

    name: str
    eligible: int
    kept: int
    factor: int


class Act(NamedTuple):
    """One entry about the receipt, or caused by it."""

    at: datetime
    kind: str
    points: int
    reason: str


class Explanation(NamedTuple):
    """All there is to say. Without a sale there are no lines and no rules yet.

    `settled` tells whether it is booked; if not, rules and steps say what it would be worth.
    """

    receipt: Receipt
    version: Version
    state: str
    settled: bool
    judgement: Judgement
    lines: tuple[LineWorth, ...]
    tried: tuple[Tried, ...]
    steps: tuple[str, ...]
    acts: tuple[Act, ...]


def explain(record: EntryRecord, version: Version, entries: Iterable[Entry] = ()) -> Explanation:
    """Explain a receipt from its document, the version that judges it and its member's entries.

    Raises ValueError for a document that holds no receipt.
    """
    receipt = record.receipt
    if receipt is None:
        raise ValueError("this document holds no receipt")
    program, sale = offers.with_rules(version.program, receipt.offers), receipt.sale
    version = msgspec.structs.replace(version, program=program)
    judgement = _judged(receipt, program)
    return Explanation(
        receipt=receipt,
        version=version,
        state=_state(receipt, judgement, program),
        settled=receipt.state == "posted",
        judgement=judgement,
        lines=_lines(receipt, sale, program) if sale else (),
        tried=judgement.tried,
        steps=tuple(_steps(receipt, judgement, program)) if sale else (),
        acts=_acts(receipt, [*([record.entry] if record.entry else []), *entries]),
    )


def told(entry: Entry) -> str:
    """Say why an entry was written, and what became of points that met a debt or were spent."""
    forgiven, owed = -on(entry, "written-off"), -on(entry, "debt")
    tier = entry.tier_after if entry.tier_after != entry.tier_before else None
    parts = (
        entry.reason,
        f"{forgiven} points were spent already and are written off" if forgiven > 0 else "",
        f"{owed} points {_gone(entry)} and are owed" if owed > 0 else "",
        f"{-owed} points paid off what was owed" if owed < 0 else "",
        f"from here on {tier}" if tier else "",
        f"no longer {entry.tier_before}" if entry.tier_before and not entry.tier_after else "",
    )
    return "; ".join(part for part in parts if part)


def _gone(entry: Entry) -> str:
    return "were more than there were" if entry.kind == "adjust" else "were spent already"


def _back(receipt: Receipt) -> list[Refund]:
    """List the refunds that count: the booked ones, or all of a receipt not yet booked."""
    names = receipt.posted if receipt.version else sorted(receipt.refunds)
    return [receipt.refunds[name] for name in names]


def _voided(receipt: Receipt) -> bool:
    return receipt.voided or (receipt.void is not None and not receipt.version)


def _judged(receipt: Receipt, program: Program) -> Judgement:
    return granting.judged(receipt, program, _back(receipt))


def _lines(receipt: Receipt, sale: Sale, program: Program) -> tuple[LineWorth, ...]:
    full = eligible(sale, frozenset(program.earning.excluded_categories))
    rest = [0] * len(full) if _voided(receipt) else kept(sale, full, _back(receipt))
    factors = earning.factors(program, sale, _back(receipt), receipt.tier, receipt.segments)
    names = [line.name or line.sku or line.id for line in sale.lines]
    kinds = ["" if line.kind == "item" else f" ({line.kind})" for line in sale.lines]
    told_as = [f"{name}{kind}" for name, kind in zip(names, kinds, strict=True)]
    return tuple(map(LineWorth, told_as, full, rest, factors))


def _state(receipt: Receipt, judgement: Judgement, program: Program) -> str:
    """Say in one sentence how things stand."""
    match receipt.state:
        case "posted":
            return _worth(receipt, judgement, program)
        case "awaiting-sale":
            return f"Its sale has not come yet: {_waiting(receipt)} for it."
        case "unclaimed":
            return "Nobody can be credited yet: it is booked when its guest joins or claims it."
        case "review":
            return f"A person has to review it: {receipt.review}. Until then it earns nothing."
    return f"A person refused it ({receipt.review}): it earns nothing."


def _worth(receipt: Receipt, judgement: Judgement, program: Program) -> str:
    if receipt.voided:
        return "It was voided: nothing of it is kept, and it is worth 0 points."
    if receipt.points == 0 and receipt.sale:
        return f"It is worth 0 points: {earning.reason(program, receipt.sale, judgement)}."
    return f"It is worth {receipt.points} points, net of everything given back."


def _steps(receipt: Receipt, judgement: Judgement, program: Program) -> Iterator[str]:
    if _voided(receipt):
        yield "A void keeps nothing, whatever the rules say."
    else:
        yield from derivation.rounded(judgement, program)
    if receipt.state == "posted" and not receipt.voided:
        yield from derivation.booked(receipt, judgement, program)


def _waiting(receipt: Receipt) -> str:
    number = len(receipt.refunds)
    parts = ["1 refund"] if number == 1 else [f"{number} refunds"] if number else []
    parts += ["a void"] if receipt.void else []
    one = number + bool(receipt.void) == 1
    return f"{' and '.join(parts) or 'a claim'} {'waits' if one or not parts else 'wait'}"


def _acts(receipt: Receipt, entries: Sequence[Entry]) -> tuple[Act, ...]:
    """List the acts on a receipt and what they caused, in the order they were written."""
    own = {entry.id: entry for entry in entries if entry.receipt == receipt.id}
    caused = {entry.id: entry for entry in entries if entry.cause in own}
    found = sorted({**own, **caused}.values(), key=lambda entry: entry.seq)
    return tuple(Act(entry.at, entry.kind, entry.points, told(entry)) for entry in found)
