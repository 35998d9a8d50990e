"""`loyalty keys`: who may call the member API."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import click

from loyalty.cli import showing
from loyalty.cli.groups import Group
from loyalty.cli.place import Place, place_option
from loyalty.identity import digest
from loyalty.ports import Key, Query, Store, Unit
from loyalty.records import ApiKey
from loyalty.records import keys as kept
from loyalty.stored import pages
from loyalty.web.auth import SCOPES, TILL


@click.group(cls=Group)
def keys() -> None:
    """Give out, list and revoke keys to the member API.

    Only a key's hash is stored: a key that is lost cannot be shown again, only replaced.
    """


@keys.command(epilog="Example: loyalty keys add till-3 --scopes members:read")
@click.argument("name")
@click.option(
    "--scopes", default=",".join(TILL), show_default=True,
    help=f"What it may do, with commas, of {', '.join(SCOPES)}.",
)  # fmt: skip
@click.option("--stores", default="", help="The stores it is for, with commas; all if left out.")
@click.option(
    "--per-minute", default=600, show_default=True, type=click.IntRange(1), help="Calls a minute."
)
@place_option
def add(name: str, scopes: str, stores: str, per_minute: int, place: Place) -> None:
    """Make a key called NAME and show it, this once."""
    here = tuple(each.strip() for each in stores.split(",") if each.strip())
    key = ApiKey(name=name, scopes=_scopes(scopes), stores=here, per_minute=per_minute)
    secret = f"rk_{secrets.token_urlsafe(32)}"
    with place.writing() as store:
        if _named(name, store):
            told = f"There is a key {name} already. Revoke it first, or take another name."
            raise click.ClickException(told)
        store.atomically("ledger", lambda unit: kept.create(unit, digest(secret), key))
    showing.line(secret)
    click.echo("Keep it now: it is shown this once.", err=True)


def _scopes(text: str) -> tuple[str, ...]:
    asked = tuple(dict.fromkeys(each.strip() for each in text.split(",")))
    if unknown := [each for each in asked if each not in SCOPES]:
        told = f"`{unknown[0]}` is no scope: there are {' and '.join(SCOPES)}."
        raise click.BadParameter(told, param_hint="--scopes")
    return asked


@keys.command("list", epilog="Example: loyalty keys list")
@place_option
def list_(place: Place) -> None:
    """List keys by name, with what they may do."""
    with place.reading() as store:
        found = sorted((key for _, key in _all(store)), key=lambda key: key.name)
    if not found:
        showing.line("There is no key yet. Make one: `loyalty keys add NAME`.")
        return
    rows = [
        (key.name, ", ".join(key.scopes), ", ".join(key.stores) or "all", key.per_minute)
        for key in found
    ]
    showing.table(("=name", "scopes", "stores", ">calls a minute"), rows)


@keys.command(epilog="Example: loyalty keys revoke till-3")
@click.argument("name")
@place_option
def revoke(name: str, place: Place) -> None:
    """Make the key called NAME worthless; who used it a moment ago may for a minute more."""
    with place.writing() as store:
        addresses = _named(name, store)
        if not addresses:
            raise click.ClickException(f"There is no key {name}. See `loyalty keys list`.")
        store.atomically("ledger", lambda unit: _delete(unit, addresses))
    showing.line(f"Revoked {name}. It is refused everywhere within a minute.")


def _delete(unit: Unit, addresses: list[Key]) -> None:
    for address in addresses:
        unit.delete(address)


def _named(name: str, store: Store) -> list[Key]:
    return [address for address, key in _all(store) if key.name == name]


def _all(store: Store) -> Iterator[tuple[Key, ApiKey]]:
    for number, document in pages(store, Query(kept.collection)):
        if key := kept.read(document):
            yield Key(kept.collection, number), key
