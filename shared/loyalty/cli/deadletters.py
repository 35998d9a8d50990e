"""`loyalty deadletters`: what could not be processed, and giving it another chance."""

from __future__ import annotations

from datetime import datetime

import click

from loyalty import events, timekeeping
from loyalty.adapters.local_bus_rows import DeadLetter
from loyalty.cli import showing
from loyalty.cli.groups import Group
from loyalty.cli.place import DeadLetters, Place, place_option
from loyalty.delivery import Shop, outgoing
from loyalty.domain.transaction import Sale
from loyalty.errors import Rejected
from loyalty.events import Event, TransactionRecorded
from loyalty.ports import Store, Unit
from loyalty.records import Quarantined, quarantine
from loyalty.steps import transaction_ingest

SHORT = 10
"""So many letters of a fact's hash are shown; a beginning is enough to name it."""
_SEE = "See `loyalty deadletters list`."
_HELP = {
    "unknown-store": ". Add the till to a store's `tills`, publish, and replay it once that holds"
}


@click.group(cls=Group)
def deadletters() -> None:
    """See what could not be processed; replay it.

    A dead letter failed too often; a fact in quarantine can never be processed as it is.
    """


@deadletters.command("list", epilog="Example: loyalty deadletters list")
@place_option
def list_(place: Place) -> None:
    """List dead letters and facts in quarantine, with the reason."""
    with place.reading() as store:
        dead, aside = place.letters(store).dead_letters(), _aside(store)
    if dead:
        showing.heading("Dead letters: failed too often")
        showing.table(
            (">id", "step", "about", "failed with", ">tries", "=since (UTC)"), map(_dead_row, dead)
        )
    if aside:
        showing.heading("Quarantine: can never be processed as it is")
        showing.table(("=id", "about", "why", "=since (UTC)"), map(_aside_row, aside))
    if not (dead or aside):
        showing.line("There are no dead letters, and nothing is in quarantine.")


def _aside(store: Store) -> list[Quarantined]:
    return list(quarantine.each(store, order="at"))


def _dead_row(letter: DeadLetter) -> tuple[object, ...]:
    about = events.peek(letter.event)["subject"]
    return letter.id, letter.subscription, about, letter.error, letter.attempts, _utc(letter.at)


def _aside_row(fact: Quarantined) -> tuple[object, ...]:
    about = events.peek(fact.body.encode())
    what = "a timer" if fact.code == timekeeping.FAILED else about["subject"] or about["type"]
    return _short(fact), what, f"{fact.why}{_till(fact)}", _utc(fact.at)


def _till(fact: Quarantined) -> str:
    """Name the till of a fact whose store is unknown, as the program is to name it."""
    event = events.decode(fact.body.encode()) if fact.code == "unknown-store" else None
    sold = event.transaction if isinstance(event, TransactionRecorded) else None
    return f": {sold.till}:{sold.store}" if isinstance(sold, Sale) else ""


def _short(fact: Quarantined) -> str:
    return fact.id[: len(fact.code) + 1 + SHORT]


def _utc(at: datetime) -> str:
    return showing.when(at, "UTC")


@deadletters.command(epilog="Example: loyalty deadletters replay 17, or all: replay --all")
@click.argument("name", metavar="[ID]", required=False)
@click.option("--all", "everything", is_flag=True, help="Replay all that are listed.")
@place_option
def replay(name: str | None, place: Place, *, everything: bool) -> None:
    """Let one of them be tried again, or all.

    ID is as listed; of a fact in quarantine its beginning is enough. A fact that was put aside
    because no store had its till goes on only if a store of the program has it now.
    """
    if everything == (name is not None):
        raise click.UsageError("Give the ID of one (see `loyalty deadletters list`), or --all.")
    with place.writing() as store:
        if name is None:
            _replay_all(place.letters(store), place.shop(store))
        elif name.isdecimal():
            _revive(int(name), place.letters(store))
        else:
            _replay_one(_named(name, store), place.shop(store))
    showing.line(f"What was replayed goes out {place.soon}.")


def _replay_one(fact: Quarantined, shop: Shop) -> None:
    if why := _tried(fact, shop):
        raise click.ClickException(f"{_short(fact)} stays in quarantine: {why}")


def _replay_all(letters: DeadLetters, shop: Shop) -> None:
    showing.line(f"Replayed {showing.number(letters.replay(), 'dead letter')}.")
    stays = [(fact, why) for fact in _aside(shop.store) if (why := _tried(fact, shop))]
    for fact, why in stays:
        showing.line(f"{_short(fact)} stays in quarantine: {why}")


def _tried(fact: Quarantined, shop: Shop) -> str:
    """Let a fact go if it can; else say why it cannot, and what would help."""
    try:
        _let_go(fact, shop)
    except Rejected as rejected:
        return f"{rejected.why}{_HELP.get(rejected.code, '')}."
    return ""


def _revive(number: int, letters: DeadLetters) -> None:
    if not letters.replay(number):
        raise click.ClickException(f"There is no dead letter {number}. {_SEE}")
    showing.line(f"Replayed dead letter {number}.")


def _named(name: str, store: Store) -> Quarantined:
    found = [fact for fact in _aside(store) if fact.id.startswith(name)]
    if len(found) != 1:
        told = "More than one fact" if found else "No fact in quarantine"
        raise click.ClickException(f"{told} has an ID that begins with {name}. {_SEE}")
    return found[0]


def _let_go(fact: Quarantined, shop: Shop) -> None:
    """Publish a fact again, or set a timer again, and take it out of quarantine: both or neither.

    Raises Rejected if it would only come back.
    """
    now = shop.clock.now()
    timer = fact.code == timekeeping.FAILED
    outcome = () if timer else outgoing([_mended(fact, shop)])

    def work(unit: Unit) -> None:
        if timer:
            timekeeping.revive(unit, fact, now)
        else:
            timekeeping.publish_at(unit, f"replay:{fact.id}", outcome, now)
            quarantine.delete(unit, fact.id)

    shop.store.atomically("ledger", work)
    showing.line(f"Replayed {_short(fact)}.")


def _mended(fact: Quarantined, shop: Shop) -> Event:
    event = events.decode(fact.body.encode())
    if isinstance(event, TransactionRecorded) and fact.code == "unknown-store":
        return transaction_ingest.look_again(event, shop)
    return event
