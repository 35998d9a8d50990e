"""`loyalty secrets`: what connectors need, and putting secrets where the functions find them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import click

from loyalty import connectors
from loyalty.adapters.http import RequestsHttp
from loyalty.cli import current, showing
from loyalty.cli.groups import Group
from loyalty.cli.place import Place, place_option
from loyalty.connectors.settings import variable
from loyalty.domain.program import Program
from loyalty.errors import InDoubt
from loyalty.identity import Pepper
from loyalty.settings import VARIABLES, Settings

_PEPPER = "LOYALTY_PEPPER"
_ONCE = (
    "{project} has a pepper already, and its members are found by it: with another one nobody is. "
    "If that is what you want, add --replace."
)
_READ_BY = (
    "Instances that start from now on read it, unless secret_versions names another.",
    "Functions read version 1, unless secret_versions names another.",
)
_ACCOUNT = re.compile(r"(__[A-Z0-9][A-Z0-9_]{0,39})?")
"""What may follow a variable's name: a further account. The one before is a version, no secret."""


class _Needed(NamedTuple):
    """A variable that must or may be set."""

    name: str
    about: str
    secret: bool
    default: str | None


@click.group(cls=Group)
def secrets() -> None:
    """See which settings the program's connectors need; put secrets into Secret Manager.

    No value is ever shown.
    """


@secrets.command("list", epilog="Example: loyalty secrets list")
@place_option
def list_(place: Place) -> None:
    """List what the program's connectors need, and what of it is set in this shell.

    What functions in a cloud have is in Secret Manager: `terraform output secrets` lists it.
    """
    with place.reading() as store:
        program = current.version(store, place.clock()).program
    rows = [
        (each.name, "yes" if each.secret else "no", _set(each, place.settings), each.about)
        for each in _needed(program)
    ]
    showing.table(("=variable", "secret", "=set in this shell", "meaning"), rows)


@secrets.command("set", epilog="Example: loyalty secrets set SQUARE_ACCESS_TOKEN")
@click.argument("name")
@click.option("--replace", is_flag=True, help="Replace even the pepper that members are found by.")
def set_(name: str, *, replace: bool) -> None:
    """Add a version to the secret NAME of LOYALTY_STORE's project.

    The value is asked for without showing it, or read from standard input.
    """
    settings = Settings()
    if not settings.project:
        raise click.ClickException("Set LOYALTY_STORE=firestore:PROJECT: whose secret is it?")
    if not _is_secret(name):
        raise click.ClickException(f"{name} is no secret of ours. See `loyalty secrets list`.")
    version = _add(name, _value(name, settings), settings, once=name == _PEPPER and not replace)
    showing.line(f"{name} of {settings.project} has version {version}. {_READ_BY[name == _PEPPER]}")


def _add(name: str, value: str, settings: Settings, *, once: bool) -> str:
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - a second to import

    from loyalty.adapters.secret_manager import SecretManager, token_for  # noqa: PLC0415

    url = settings["LOYALTY_SECRETS_URL"]
    try:
        with closing(RequestsHttp()) as http:
            manager = SecretManager(http, url, settings.project, token_for(url))
            if once and manager.has_version(name):
                raise click.ClickException(_ONCE.format(project=settings.project))
            return manager.add(name, value)
    except GoogleAuthError:
        told = "No credentials for Google Cloud. Run `gcloud auth application-default login`."
        raise click.ClickException(told) from None
    except InDoubt as doubt:
        raise click.ClickException(f"No answer ({doubt}): give the command again.") from None
    except ValueError as error:
        raise click.ClickException(f"LOYALTY_SECRETS_URL: {error}.") from None


def _value(name: str, settings: Settings) -> str:
    """Read a value: never from the command line, where others could see it."""
    asks = sys.stdin.isatty()
    text: str = (
        click.prompt(f"{name} of {settings.project}", hide_input=True) if asks else sys.stdin.read()
    )
    value = text.strip()
    if not value:
        raise click.ClickException("There is no value: nothing was changed.")
    if name == _PEPPER:
        try:
            Pepper(value)
        except ValueError as error:
            raise click.ClickException(f"{error}.") from None
    return value


def _is_secret(name: str) -> bool:
    known = [each.name for each in VARIABLES if each.secret]
    for vendor in map(connectors.load, connectors.names()):
        known += [variable(vendor.name, each.name) for each in vendor.settings if each.secret]
    return any(name.startswith(each) and _ACCOUNT.fullmatch(name[len(each) :]) for each in known)


def _needed(program: Program) -> Iterator[_Needed]:
    yield from (
        _Needed(each.name, each.about, each.secret, None)
        for each in VARIABLES
        if each.name == _PEPPER
    )
    for name, account in _accounts(program):
        for each in connectors.load(name).settings:
            asked = variable(name, each.name, account)
            yield _Needed(asked, each.help, each.secret, each.default)


def _accounts(program: Program) -> list[tuple[str, str]]:
    """List the connectors that a program names, each with its accounts."""
    tills = (till.partition(":")[0] for each in program.stores.values() for till in each.tills)
    named = [till.partition(".")[::2] for till in tills]
    carrying = [(name, "") for names in program.connectors.values() for name in names]
    return sorted({*named, *carrying})


def _set(needed: _Needed, settings: Settings) -> str:
    if settings.environment.get(needed.name, "").strip():
        return "yes"
    return "no" if needed.default is None else "no, has a default"
