"""What runs by the clock: one table, from the program, the same for a cloud and one machine."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import get_args

import pytest
from tests.rig import NOON, Rig, opened

from loyalty import cron, program_file, schedules
from loyalty.domain.program import Scheduled
from loyalty.events import SweepRequested, asked_for, decode, encode
from loyalty.logs import Log
from loyalty.records import quarantine
from loyalty.schedules import Schedule
from loyalty.steps.lifecycle_sweep import JOBS

PLAIN = Path("tests/programs/plain.yaml").read_text("utf-8")


def table(section: str = "") -> tuple[Schedule, ...]:
    return schedules.table(program_file.read(PLAIN + section))


def test_without_a_word_of_the_program_jobs_run_at_night_in_its_zone():
    assert table() == (
        Schedule("timers", "* * * * *", "Etc/UTC"),
        Schedule("catch_up", "20 4 * * *", "Europe/Berlin"),
        Schedule("waiting", "30 3 * * *", "Europe/Berlin"),
    )


def test_one_machine_removes_by_itself_what_a_cloud_does_not_have_to_be_asked_for():
    program = program_file.read(PLAIN)
    more = schedules.table(program, one_machine=True)
    assert set(more) - set(table()) == {Schedule("retention", "30 3 * * *", "Europe/Berlin")}


def test_the_program_gives_a_job_another_time():
    assert table('schedules: {waiting: "0  8 * * MON"}')[-1].cron == "0 8 * * MON"


def test_what_the_program_switches_off_is_not_in_the_table():
    assert [each.name for each in table("schedules: {waiting: off, catch_up: off}")] == ["timers"]


@pytest.mark.parametrize("name", ["timers", "wating"])
def test_only_jobs_that_exist_and_are_free_to_move_can_be_named(name):
    with pytest.raises(
        program_file.Mistakes,
        match=r"known here: arm, catch_up, files, ret|did you mean `waiting`",
    ):
        table(f'schedules: {{{name}: "0 8 * * *"}}')


def test_every_job_but_the_sweep_can_be_named_in_a_program():
    assert set(get_args(Scheduled)) == JOBS.keys() - {schedules.TICK, schedules.ROUND}


@pytest.mark.parametrize("name", JOBS)
def test_every_job_says_what_it_does_and_has_a_line_that_comes(name):
    assert JOBS[name].about.endswith(".")
    assert JOBS[name].cron == "" or cron.wrong(JOBS[name].cron) is None


@pytest.mark.parametrize("name", JOBS)
def test_what_asks_for_a_job_is_always_the_same_and_is_read_as_that_job(name):
    assert asked_for(name) == asked_for(name)
    event = decode(asked_for(name))
    assert isinstance(event, SweepRequested)
    assert event.job == name


def test_the_tick_is_the_one_that_terraform_has():
    tick = json.loads(Path("terraform/tick.json").read_text("utf-8"))
    assert json.loads(table()[0].body) == tick


# -- what jobs do -------------------------------------------------------------------------------


@pytest.fixture
def lines():
    return io.StringIO()


@pytest.fixture
def rig(tmp_path, lines):
    log = Log("info", lines)
    with opened(tmp_path, PLAIN, wrap=lambda shop: shop._replace(log=log)) as made:
        yield made


def ask(rig: Rig, job: str) -> None:
    rig.bus.publish("sweep-requested", [asked_for(job)])
    rig.run()


def waits(lines: io.StringIO) -> list[tuple[str, dict[str, int]]]:
    said = [json.loads(line) for line in lines.getvalue().splitlines()]
    counted = ("reviews", "adjustments", "quarantine")
    return [
        (each["severity"], {name: each[name] for name in counted})
        for each in said
        if each["message"] == "waits for a person"
    ]


def test_an_unknown_job_is_put_aside_with_its_reason(rig):
    event = SweepRequested(id="x", at=NOON, subject="x", job="dishes")
    rig.bus.publish("sweep-requested", [encode(event)])
    rig.run()
    (aside,) = quarantine.find(rig.store)
    assert (aside.code, aside.why) == (
        "unknown-job", "no job is named 'dishes': see loyalty schedules list",
    )  # fmt: skip


def test_what_waits_for_a_person_is_counted_in_the_log(rig, lines):
    ask(rig, "waiting")
    rig.bus.publish("sweep-requested", [b"not an event"])
    rig.run()
    ask(rig, "waiting")
    nothing = {"reviews": 0, "adjustments": 0, "quarantine": 0}
    assert waits(lines) == [("INFO", nothing), ("WARNING", {**nothing, "quarantine": 1})]


def test_a_job_that_is_asked_for_twice_changes_nothing(rig):
    before = rig.dump()
    ask(rig, "waiting")
    ask(rig, "waiting")
    assert rig.dump() == before
