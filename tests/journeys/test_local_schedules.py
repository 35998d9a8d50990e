"""One machine runs the same table as a cloud, by the shop's clock, and makes up for one run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from infra.local import Local
from infra.local_schedules import LocalSchedules

from loyalty import programs
from loyalty.adapters.clock import VirtualClock
from loyalty.adapters.schedule_folder import ScheduleFolder
from loyalty.events import asked_for
from loyalty.logs import QUIET

PLAIN = Path("tests/programs/plain.yaml").read_text("utf-8")
ONE_JOB = PLAIN + "schedules: {retention: off, catch_up: off}\n"
EVENING = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
"""Half past three in Berlin."""
DAY = timedelta(days=1)


class Heard:
    """A bus that keeps what is published."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def publish(self, topic, events):
        assert topic == "sweep-requested"
        self.bodies += events


class Machine:
    """One machine's scheduler, its clock and what it asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.heard = folder, VirtualClock(EVENING), Heard()
        settings = {"LOYALTY_DATA": str(folder), "LOYALTY_PROGRAM": "tests/programs/plain.yaml"}
        self.local = Local(settings, clock=self.clock, log=QUIET)
        programs.first(self.local.shop.store, ONE_JOB, EVENING)
        self.kept = ScheduleFolder(folder)
        self.started()

    def started(self) -> None:
        """Begin anew with what the folder holds, as after a restart."""
        shop = self.local.shop._replace(bus=self.heard)
        self.schedules = LocalSchedules(shop, self.folder)

    def look(self, at: datetime) -> list[str]:
        self.clock.set(at)
        return self.schedules.look()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path / "data")
    assert made.look(EVENING) == []
    yield made
    made.local.stop()


def test_a_job_is_asked_for_when_its_minute_comes_and_once(machine):
    looks = [NIGHT - timedelta(seconds=1), NIGHT, NIGHT + timedelta(seconds=5), NIGHT + DAY]
    assert [machine.look(at) for at in looks] == [[], ["waiting"], [], ["waiting"]]
    assert machine.heard.bodies == [asked_for("waiting")] * 2


def test_what_was_missed_while_the_machine_was_off_runs_once(machine):
    machine.started()
    assert machine.look(NIGHT + 10 * DAY + timedelta(hours=5)) == ["waiting"]
    assert machine.look(NIGHT + 10 * DAY + timedelta(hours=6)) == []
    assert machine.look(NIGHT + 11 * DAY) == ["waiting"]


def test_a_restart_within_the_minute_does_not_ask_again(machine):
    assert machine.look(NIGHT) == ["waiting"]
    machine.started()
    assert machine.look(NIGHT + timedelta(seconds=10)) == []


def test_the_first_start_makes_up_for_nothing(tmp_path):
    machine = Machine(tmp_path / "new")
    assert machine.look(NIGHT + timedelta(hours=1)) == []
    machine.local.stop()


def test_another_line_in_the_program_counts_from_then_on(machine):
    assert machine.look(NIGHT) == ["waiting"]
    other = PLAIN + 'schedules: {waiting: "0 9 * * *", retention: off, catch_up: off}\n'
    noon = NIGHT + timedelta(hours=9)
    programs.publish(machine.local.shop.store, other, noon)
    assert machine.look(noon + timedelta(minutes=10)) == []
    assert machine.look(NIGHT + DAY) == []
    assert machine.look(NIGHT + DAY + timedelta(hours=5, minutes=30)) == ["waiting"]


def test_what_is_paused_does_not_run_and_is_not_made_up_for(machine):
    machine.kept.pause("waiting")
    assert machine.look(NIGHT) == []
    machine.kept.resume("waiting", NIGHT + timedelta(hours=1))
    assert machine.look(NIGHT + timedelta(hours=1)) == []
    assert machine.look(NIGHT + DAY) == ["waiting"]


def test_what_was_paused_while_the_machine_was_off_is_not_made_up_for_either(machine):
    machine.kept.pause("waiting")
    machine.kept.resume("waiting", NIGHT + 3 * DAY + timedelta(hours=1))
    machine.started()
    assert machine.look(NIGHT + 3 * DAY + timedelta(hours=2)) == []
    assert machine.look(NIGHT + 4 * DAY) == ["waiting"]


def test_what_a_person_asks_for_runs_at_the_next_look_even_if_paused(machine):
    machine.kept.pause("waiting")
    machine.kept.ask("waiting")
    machine.kept.ask("timers")
    assert machine.look(EVENING + timedelta(seconds=5)) == ["timers", "waiting"]
    assert machine.look(EVENING + timedelta(seconds=10)) == []
    assert machine.heard.bodies == [asked_for("timers"), asked_for("waiting")]


def test_a_note_that_cannot_be_read_counts_as_none(machine):
    (machine.folder / "schedules/waiting.ran").write_text("{")
    assert machine.look(NIGHT) == []
    assert machine.look(NIGHT + DAY) == ["waiting"]


def test_what_is_kept_is_for_its_owner_only(machine):
    machine.kept.pause("waiting")
    folder = machine.folder / "schedules"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in folder.iterdir()} == {"waiting.ran", "waiting.paused"}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_the_running_machine_does_what_its_scheduler_asks_for(machine):
    local = machine.local
    local.start(ticks=False)
    machine.clock.set(NIGHT)
    assert local.schedules.look() == ["waiting"]
    assert local.settle({})
    assert local.bus.dead_letters() == []
