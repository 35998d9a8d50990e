"""`loyalty explain`: why a receipt is worth what it is."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import click

from loyalty import program_file
from loyalty.cli import current, showing
from loyalty.cli.place import Place, place_option
from loyalty.derivation import exact
from loyalty.domain.earning import ONE
from loyalty.domain.money import show
from loyalty.domain.program import Multiply, Version
from loyalty.domain.transaction import Sale
from loyalty.explaining import Explanation
from loyalty.explaining import explain as explained
from loyalty.ports import Clock, Store
from loyalty.programs import Programs
from loyalty.records import EntryRecord, entries, programs
from loyalty.tracing import is_on_its_way


@click.command(epilog="Example: loyalty explain generic:R1, or only the till's number: R1")
@click.argument("receipt")
@place_option
def explain(receipt: str, place: Place) -> None:
    """Say why RECEIPT is worth what it is.

    Every rule that was tried, exact points, caps, and every act on it. Works while the server runs.
    """
    with place.reading() as store:
        record = found(receipt, store)
        version = _version(record, store, place.clock())
        owner = record.receipt.member if record.receipt else ""
        told = explained(record, version, current.history(store, owner))
    _show(told)


def found(name: str, store: Store) -> EntryRecord:
    """Find a receipt by its whole id, or by the till's own number if only one till has it."""
    ids = dict.fromkeys((name, *(f"{till}:{name}" for till in _tills(store))))
    known = {each: record for each in ids if (record := entries.get(store, f"sale:{each}"))}
    if len(known) > 1:
        raise click.ClickException(f"Several tills have it. Say which: {', '.join(known)}.")
    if not known and is_on_its_way(name, store):
        raise click.ClickException(
            f"A till told of a receipt {name}: it is booked once the server runs (`make run`)."
        )
    if not known:
        raise click.ClickException(
            f"No till told of a receipt {name}. If one should have, look at what was put aside:"
            " `loyalty deadletters list`."
        )
    return next(iter(known.values()))


def _tills(store: Store) -> list[str]:
    """List every connector and account that any version of the program names."""
    texts = (record.text for record in programs.find(store, limit=1000))
    stores = [s for text in texts for s in program_file.reread(text).stores.values()]
    return sorted({till.partition(":")[0] for each in stores for till in each.tills})


def _version(record: EntryRecord, store: Store, clock: Clock) -> Version:
    """Return the version that judged the receipt, or would judge it now."""
    receipt = record.receipt
    kept = programs.get(store, receipt.version) if receipt and receipt.version else None
    if kept:
        program = program_file.reread(kept.text)
        return Version(hash=kept.hash, effective_from=kept.effective_from, program=program)
    in_force = current.version(store, clock)
    sale = receipt.sale if receipt else None
    return Programs(store, clock).judging(sale.occurred_at, sale.store) if sale else in_force


# -- on paper ---------------------------------------------------------------------------------


def _show(told: Explanation) -> None:
    showing.heading(f"Receipt {told.receipt.id}")
    for text in (*_opening(told), told.state):
        showing.sentence(text)
    if told.receipt.sale:
        _show_lines(told, told.receipt.sale)
        _show_rules(told)
    _show_acts(told)


def _opening(told: Explanation) -> Iterator[str]:
    """Say what the receipt is, whose, and by which program and tier it is judged."""
    receipt, program, sale = told.receipt, told.version.program, told.receipt.sale
    if sale:
        store = program.stores.get(sale.store)
        where = store.title if store else sale.store
        at = showing.when(sale.occurred_at, program.zone)
        total = show(sale.total, sale.currency)
        yield f"{total} at {where} ({sale.channel}) on {at}"
    yield f"Member: {receipt.member or 'nobody known yet'}"
    judged = "Judged" if receipt.version else "Would be judged"
    tier = f"for the tier {receipt.tier}" if receipt.tier else "without a tier"
    tier += f", in {', '.join(receipt.segments)}" if receipt.segments else ""
    yield f"{judged} by program version {told.version.hash} {tier}"


def _show_lines(told: Explanation, sale: Sale) -> None:
    def money(amount: int) -> str:
        return show(amount, sale.currency)

    rows = [
        (line.name, money(line.eligible), money(line.kept), f"x{Decimal(line.factor) / ONE}")
        for line in told.lines
    ]
    total = (
        "in all",
        money(sum(x.eligible for x in told.lines)),
        money(sum(x.kept for x in told.lines)),
        "",
    )
    showing.heading("What of it earns")
    showing.table(("line", ">eligible", ">kept", ">factor"), [*rows, total])


def _show_rules(told: Explanation) -> None:
    showing.heading("Rules tried" if told.settled else "Rules tried, as they would earn")
    rules = told.version.program.earning.rules
    rows = [
        (
            tried.rule, "yes" if tried.matched else "no",
            "" if isinstance(rules.get(tried.rule), Multiply) else exact(tried.points), tried.why,
        )
        for tried in told.tried
    ]  # fmt: skip
    showing.table(("rule", "matched", ">exact points", "why"), rows)
    for step in told.steps:
        showing.sentence(step)


def _show_acts(told: Explanation) -> None:
    if not told.acts:
        return
    showing.heading("What happened")
    zone = told.version.program.zone
    rows = [
        (
            showing.when(act.at, zone),
            act.kind,
            f"{act.points:+d}" if act.points else "0",
            act.reason,
        )
        for act in told.acts
    ]
    showing.table(("=when", "act", ">points", "why"), rows)
