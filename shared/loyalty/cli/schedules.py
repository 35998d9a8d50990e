"""`loyalty schedules`: what runs by the clock, and bringing Cloud Scheduler in line with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple, Protocol

import click

from loyalty import schedules as clockwork
from loyalty.cli import current, showing
from loyalty.cli.data_folder import DataFolder
from loyalty.cli.groups import Group
from loyalty.cli.place import Place, place_option
from loyalty.program_file.places import zones
from loyalty.schedules import Schedule

Table = tuple[Schedule, ...]


class Row(NamedTuple):
    """One schedule as it is where it runs."""

    name: str
    cron: str
    zone: str
    state: str
    next_run: datetime | None
    about: str


class Where(Protocol):
    """Where schedules run: in a cloud, or on this machine."""

    def rows(self) -> list[Row]:
        """Tell how each is."""
        ...

    def apply(self, *, yes: bool) -> None:
        """Bring them in line with the program."""
        ...

    def pause(self, schedule: Schedule) -> str:
        """Have it not run; tell what came of it."""
        ...

    def resume(self, schedule: Schedule) -> str:
        """Have it run again; tell what came of it."""
        ...

    def run(self, schedule: Schedule) -> str:
        """Ask for it now; tell what came of it."""
        ...


@click.group(cls=Group)
def schedules() -> None:
    """See what runs by the clock, and bring Cloud Scheduler in line with the program.

    With LOYALTY_BUS=pubsub:PROJECT it is Cloud Scheduler in LOYALTY_REGION; else the schedules of
    one machine, which follow its program by themselves. Works while the server runs.
    """


@schedules.command("list", epilog="Example: loyalty schedules list")
@place_option
def list_(place: Place) -> None:
    """List schedules: when each runs next, how it is, what it asks for."""
    with _where(place, _table(place)) as where:
        rows = where.rows()
    showing.table(
        ("=name", "=cron", "=zone", "state", "=next run", "asks for"),
        [(*row[:4], _when(row), row.about) for row in rows],
    )


def _when(row: Row) -> str:
    if row.next_run is None:
        return ""
    if row.zone in zones():
        return showing.when(row.next_run, row.zone)
    return f"{showing.when(row.next_run, 'UTC')} UTC"


@schedules.command(epilog="Example: loyalty schedules apply, or in CI: apply --yes")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@click.option("--none", "nothing", is_flag=True, help="Delete all: before taking it down.")
@place_option
def apply(place: Place, *, yes: bool, nothing: bool) -> None:
    """Show what differs from the program, ask, and bring it in line.

    Jobs that others made are left alone, and so is the tick, which is Terraform's. Given again, it
    changes nothing.
    """
    with _where(place, () if nothing else _table(place)) as where:
        where.apply(yes=yes)


@schedules.command(epilog="Example: loyalty schedules pause waiting")
@click.argument("name")
@place_option
def pause(name: str, place: Place) -> None:
    """Have the schedule NAME not run until it is resumed."""
    chosen = _movable(name, place)
    with _where(place, (chosen,)) as where:
        showing.line(where.pause(chosen))


@schedules.command(epilog="Example: loyalty schedules resume waiting")
@click.argument("name")
@place_option
def resume(name: str, place: Place) -> None:
    """Have the schedule NAME run again, from its next time on."""
    chosen = _movable(name, place)
    with _where(place, (chosen,)) as where:
        showing.line(where.resume(chosen))


@schedules.command(epilog="Example: loyalty schedules run waiting")
@click.argument("name")
@place_option
def run(name: str, place: Place) -> None:
    """Ask for what the schedule NAME asks for now, beside its times."""
    chosen = _named(name, place)
    with _where(place, (chosen,)) as where:
        showing.line(where.run(chosen))


@contextmanager
def _where(place: Place, table: Table) -> Iterator[Where]:
    if not _in_cloud(place):
        from loyalty.cli.folder_schedules import FolderSchedules  # noqa: PLC0415 - one of the two

        assert isinstance(place.home, DataFolder)  # noqa: S101 - `_in_cloud` saw to it
        yield FolderSchedules(place.home.file.parent, place.clock(), table)
        return
    from loyalty.cli.cloud_schedules import opened  # noqa: PLC0415 - a second to import

    with opened(place.settings, table) as cloud:
        yield cloud


def _in_cloud(place: Place) -> bool:
    """Whether Cloud Scheduler asks: it does where events travel by Pub/Sub."""
    if place.settings["LOYALTY_BUS"].startswith("pubsub:"):
        return True
    if not isinstance(place.home, DataFolder):
        told = "Set LOYALTY_BUS=pubsub:PROJECT too: Cloud Scheduler publishes to its topics."
        raise click.ClickException(told)
    return False


def _table(place: Place) -> Table:
    """Read the table of the newest version, also in the two minutes before it holds."""
    in_cloud = _in_cloud(place)
    with place.reading() as store:
        return clockwork.table(current.newest(store), one_machine=not in_cloud)


def _named(name: str, place: Place) -> Schedule:
    table = _table(place)
    found = next((each for each in table if each.name == name), None)
    if found is None:
        names = ", ".join(each.name for each in table)
        told = f"The program has no schedule {name}. It has {names}."
        raise click.ClickException(told)
    return found


def _movable(name: str, place: Place) -> Schedule:
    if name == clockwork.TICK:
        region = place.settings["LOYALTY_REGION"]
        told = (
            "The sweep is not this command's: all that is due would wait. In a cloud the tick is"
            f" Terraform's: `gcloud scheduler jobs pause sweep --location={region}`. One machine"
            " sweeps while its server runs."
        )
        raise click.ClickException(told)
    return _named(name, place)
