"""`loyalty staff`: who may sign in at a till screen, and which devices are one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import click
import msgspec

from loyalty import identity
from loyalty.cli import current, showing
from loyalty.cli.groups import Group
from loyalty.cli.place import Place, place_option
from loyalty.counter import screening, staffing
from loyalty.counter.till_records import Role, Screen, Staff
from loyalty.guests import finding
from loyalty.ports import Key, Query, Store
from loyalty.records import screens
from loyalty.records import staff as kept
from loyalty.stored import pages

LONGEST = 60
"""Letters of a name."""


@click.group(cls=Group)
def staff() -> None:
    """Let people sign in at the till screens of their store, and set those up.

    Only hashes of PINs and codes are stored: what is lost is made anew.
    """


@staff.command(epilog="Example: loyalty staff add Maya --store main --role manager")
@click.argument("name")
@click.option("--store", "at", metavar="STORE", default="", help="Where; everywhere if left out.")
@click.option("--role", type=click.Choice(get_args(Role)), default="staff", show_default=True)
@click.option("--guest", metavar="ID|PHONE|EMAIL", default="", help="Their own account as a guest.")
@place_option
def add(name: str, at: str, role: Role, guest: str, place: Place) -> None:
    """Let NAME sign in, and show their PIN, this once."""
    plain = identity.clean(name, LONGEST)
    with place.writing() as store:
        _check(at, store, place)
        if not plain or _named(plain, store):
            told = f"There is somebody called {plain} already: add a letter, as in `Maya G.`."
            raise click.ClickException(told)
        shop = place.shop(store)
        own = finding.guest(guest, shop).member if guest else ""
        person, pin = staffing.hired(plain, at, role, shop.pepper)
        _keep(msgspec.structs.replace(person, guest=own), store)
    _show_once(pin)


def _check(at: str, store: Store, place: Place) -> None:
    stores = current.version(store, place.clock()).program.stores
    if at and at not in stores:
        told = f"there is no store `{at}`; there are {', '.join(stores)}"
        raise click.BadParameter(told, param_hint="--store")


def _show_once(secret: str) -> None:
    showing.line(secret)
    click.echo("Keep it now: it is shown this once.", err=True)


@staff.command("list", epilog="Example: loyalty staff list")
@place_option
def list_(place: Place) -> None:
    """List people and till screens."""
    with place.reading() as store:
        people = sorted(kept.each(store), key=lambda person: person.name)
        devices = [screen for _, screen in _screens(store) if screen.until is None]
        if not people and not devices:
            showing.line("Nobody can sign in yet. Let somebody: `loyalty staff add NAME`.")
            return
        zone = current.version(store, place.clock()).program.zone
    rows = [(each.name, each.role, each.store or "every store", each.id) for each in people]
    showing.table(("name", "role", "store", "=id"), rows)
    made = [(each.id, each.store, showing.when(each.made_at, zone)) for each in devices]
    if made:
        showing.table(("=screen", "store", "=since"), sorted(made))


@staff.command(epilog="Example: loyalty staff remove Maya")
@click.argument("name")
@place_option
def remove(name: str, place: Place) -> None:
    """Let NAME sign in no more; where they are signed in, that is over at once."""
    with place.writing() as store:
        person = _known(name, store)
        store.atomically("people", lambda unit: kept.delete(unit, person.id))
    showing.line(f"Removed {person.name}.")


@staff.command(epilog="Example: loyalty staff pin Maya")
@click.argument("name")
@place_option
def pin(name: str, place: Place) -> None:
    """Give NAME another PIN, and show it, this once."""
    with place.writing() as store:
        pepper = place.shop(store).pepper
        person, made = staffing.with_new_pin(_known(name, store), pepper)
        _keep(person, store)
    _show_once(made)


@staff.command(epilog="Example: loyalty staff screen --store main")
@click.option("--store", "at", metavar="STORE", required=True, help="Where it stands.")
@place_option
def screen(at: str, place: Place) -> None:
    """Show a code that makes one device a till screen of a store, within 15 minutes."""
    with place.writing() as store:
        _check(at, store, place)
        code, made = screening.new_code(at, place.clock().now())
        name = screening.key_of(code, place.shop(store).pepper)
        store.atomically("ledger", lambda unit: screens.create(unit, name, made))
    showing.line("-".join(code[i : i + 4] for i in range(0, len(code), 4)))
    click.echo("Open the address of `console` on the device, and type it there.", err=True)


@staff.command(epilog="Example: loyalty staff lock t_1f2e3d4c")
@click.argument("screen")
@place_option
def lock(screen: str, place: Place) -> None:
    """Make SCREEN (see `loyalty staff list`) a till screen no more, as when it is lost."""
    with place.writing() as store:
        addresses = [address for address, each in _screens(store) if each.id == screen]
        if not addresses:
            raise click.ClickException(f"There is no screen {screen}. See `loyalty staff list`.")
        store.atomically("ledger", lambda unit: unit.delete(addresses[0]))
    showing.line(f"Locked {screen}. Nobody can sign in there.")


def _screens(store: Store) -> Iterator[tuple[Key, Screen]]:
    for number, document in pages(store, Query(screens.collection)):
        if found := screens.read(document):
            yield Key(screens.collection, number), found


def _named(name: str, store: Store) -> Staff | None:
    return next((each for each in kept.each(store) if each.name == name), None)


def _known(name: str, store: Store) -> Staff:
    found = _named(identity.clean(name, LONGEST), store)
    if found is None:
        raise click.ClickException(f"There is nobody called {name}. See `loyalty staff list`.")
    return found


def _keep(person: Staff, store: Store) -> None:
    store.atomically("people", lambda unit: kept.put(unit, person.id, person))
