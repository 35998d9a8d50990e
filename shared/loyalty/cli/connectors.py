"""`loyalty connectors`: whether vendors are set up, whether they know us, and what they need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from loyalty import connectors as kinds
from loyalty.adapters.clock import SystemClock
from loyalty.adapters.http import RequestsHttp
from loyalty.cli import showing
from loyalty.cli.groups import Group
from loyalty.connectors.engine import Engine, MissingSettings
from loyalty.connectors.settings import variable
from loyalty.connectors.spec import Connector, Verb
from loyalty.errors import InDoubt, TryAgain, VendorRefused
from loyalty.settings import Settings

_ADVICE = {
    "credentials": "it does not accept {secrets}, or the account is closed; put in what its own "
    "console shows, and see that the key has the rights in docs/connectors.md",
    "refused": "it refuses such a request; see docs/connectors.md for what each setting has to be",
}
_WHERE = (
    "Give them in the environment, from a file with `set -a; . ./.env; set +a`; .env.example lists "
    "them with their meaning."
)


@click.group(cls=Group)
def connectors() -> None:
    """See whether the vendors that the program works with can be reached.

    Settings come from the environment; none is shown. A further account is named behind a dot, as
    in square.second.
    """


@connectors.command("list", epilog="Example: loyalty connectors list")
def list_() -> None:
    """List what there is, and which settings are still missing."""
    engine = _engine()
    rows = [row for name in kinds.names() for row in _rows(kinds.load(name), engine)]
    showing.table(("=name", "vendor", "commands", "=settings"), rows)


def _rows(vendor: Connector, engine: Engine) -> Iterator[tuple[str, str, str, str]]:
    """Write a vendor's row, and one for each setting that it lacks: names are copied whole."""
    able = [verb.replace("_", "-") for verb in ("check", "set_up") if verb in vendor.operations]
    lacks = _lack(vendor, engine)
    yield vendor.name, vendor.title, ", ".join(able), "missing:" if lacks else "complete"
    yield from (("", "", "", name) for name in lacks)


def _lack(vendor: Connector, engine: Engine) -> tuple[str, ...]:
    try:
        engine.config(vendor.name)
    except MissingSettings as missing:
        return tuple(missing.variables)
    return ()


@connectors.command(epilog="Example: loyalty connectors check twilio square.second")
@click.argument("names", metavar="[NAME]...", nargs=-1)
def check(names: tuple[str, ...]) -> None:
    """Ask vendors whether the credentials are good; without NAME all whose settings are complete.

    Nothing is changed there and nothing is sent. Exits with 1 if one of them says no.
    """
    engine = _engine()
    asked = names or tuple(name for name in kinds.names() if _can_be_asked(name, engine))
    if not asked:
        raise click.ClickException(f"No connector has all its settings. {_WHERE}")
    answers = [(name, *_asked(name, engine)) for name in asked]
    showing.table(("=name", "=is", "answer"), answers)
    if any(state != "good" for _, state, _ in answers):
        raise click.ClickException("Not all of them can be worked with as they are.")


def _can_be_asked(name: str, engine: Engine) -> bool:
    vendor = kinds.load(name)
    return "check" in vendor.operations and not _lack(vendor, engine)


def _asked(name: str, engine: Engine) -> tuple[str, str]:
    try:
        return "good", str(_run(name, "check", engine))
    except click.ClickException as trouble:
        return "bad", trouble.message


@connectors.command("set-up", epilog="Example: loyalty connectors set-up square")
@click.argument("name")
def set_up(name: str) -> None:
    """Create at the vendor NAME what we need there: webhooks, kinds of cards.

    Done again it changes nothing, or brings up to date what is there.
    """
    for done in _run(name, "set_up", _engine()):
        showing.sentence(done)


def _run(named: str, verb: Verb, engine: Engine) -> Any:
    """Have an operation done. Raises ClickException with what to do about what went wrong."""
    name, _, account = named.partition(".")
    vendor = _known(name, verb)
    try:
        return engine.run(name, verb, None, account)
    except MissingSettings as missing:
        raise click.ClickException(f"Missing: {', '.join(missing.variables)}. {_WHERE}") from None
    except LookupError as wrong:
        raise click.ClickException(f"{wrong}.") from None
    except VendorRefused as refusal:
        raise click.ClickException(_refused(vendor, account, refusal)) from None
    except (TryAgain, InDoubt) as trouble:
        told = f"No clear answer from {vendor.title}: {trouble}. Try again in a while."
        raise click.ClickException(told) from None


def _known(name: str, verb: Verb) -> Connector:
    if name not in kinds.names():
        told = f"There is no connector {name}; there are {', '.join(kinds.names())}."
        raise click.ClickException(told)
    vendor = kinds.load(name)
    if verb in vendor.operations:
        return vendor
    told = {
        "check": f"{vendor.title} offers nothing to check by: what it sends or takes will tell.",
        "set_up": f"{vendor.title} has to be set up in its own console: see docs/connectors.md.",
    }[verb]
    raise click.ClickException(told)


def _refused(vendor: Connector, account: str, refusal: VendorRefused) -> str:
    secrets = [variable(vendor.name, each.name, account) for each in vendor.settings if each.secret]
    advice = _ADVICE.get(refusal.word, _ADVICE["refused"])
    told = advice.format(secrets=" or ".join(secrets) or "the credentials")
    return f"{vendor.title} said no ({refusal.code or refusal.word}): {told}."


def _engine() -> Engine:
    return Engine(RequestsHttp(), SystemClock(), Settings().environment)
