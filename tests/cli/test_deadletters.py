"""`loyalty deadletters` as people see it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from tests.cli.conftest import LATER, PROGRAM
from tests.rig import NOON

from loyalty.adapters import local_bus_rows as rows
from loyalty.adapters.local_bus import LocalBus
from loyalty.adapters.sqlite import SqliteStore
from loyalty.delivery import put_aside
from loyalty.errors import Rejected
from loyalty.events import SweepRequested, encode

SWEEP = encode(SweepRequested(id="sweep:1", at=NOON, subject="sweep"))


@pytest.fixture
def failed(changing):
    """A folder in whose bus a message failed too often."""
    store = SqliteStore(changing.folder / "loyalty.db")
    LocalBus(store.writer, {"sweep-requested": ["lifecycle_sweep"]}).publish(
        "sweep-requested", [SWEEP]
    )
    (message,) = store.writer.run(rows.load)
    tried = message._replace(attempts=8)
    store.writer.run(partial(rows.bury, tried, "TryAgain: the account is not there yet"))
    store.close()
    return changing


def waiting(loyalty):
    store = SqliteStore(loyalty.folder / "loyalty.db")
    found = store.writer.run(rows.load)
    store.close()
    return [(message.subscription, message.event) for message in found]


def aside(loyalty) -> str:
    """Name the fact in quarantine as the list does."""
    said = loyalty("deadletters", "list")
    return next(word for word in said.split() if word.startswith("unknown-store:"))


def with_a_garden(tmp_path: Path) -> str:
    file = tmp_path / "garden.yaml"
    file.write_text(
        PROGRAM.replace("stores:", 'stores:\n  garden: {title: Garden, tills: ["generic:garden"]}')
    )
    return str(file)


def test_dead_letters_and_quarantine_are_listed_with_the_reason(failed):
    said = failed("deadletters", "list")
    assert "1 lifecycle_sweep sweep TryAgain: the account is not there yet 8" in said
    assert (
        "generic:R4 no store of the program has this till: generic:garden 21 Nov 2026 11:00" in said
    )


def test_a_folder_whose_bus_never_ran_has_no_dead_letters(loyalty):
    said = loyalty("deadletters", "list")
    assert said.startswith("Quarantine: can never be processed as it is")


def test_nothing_is_told_as_nothing(empty):
    empty("program", "publish", "tests/programs/plain.yaml", "--yes")
    said = empty("deadletters", "list")
    assert said == "There are no dead letters, and nothing is in quarantine."


def test_a_dead_letter_is_delivered_again_by_the_next_server(failed):
    assert "Replayed dead letter 1." in failed("deadletters", "replay", "1")
    assert waiting(failed) == [("lifecycle_sweep", SWEEP)]
    assert "There is no dead letter 1." in failed("deadletters", "replay", "1", code=1)


def test_a_fact_stays_in_quarantine_while_its_store_is_unknown(changing):
    name = aside(changing)
    said = changing("deadletters", "replay", name, code=1)
    assert f"{name} stays in quarantine: no store of the program has this till." in said
    assert "Add the till to a store's `tills`, publish, and replay it once that holds." in said
    assert aside(changing) == name


def test_a_fact_whose_store_is_known_now_is_booked_at_that_store(changing, tmp_path):
    changing("program", "publish", with_a_garden(tmp_path), "--yes")
    soon = LATER + timedelta(minutes=3)
    said = changing("deadletters", "replay", aside(changing)[:20], at=soon)
    assert said.endswith("What was replayed goes out once the server runs.")
    assert "nothing is in quarantine" in changing("deadletters", "list")
    with changing.rig() as rig:
        rig.clock.set(soon)
        rig.sweep()
        assert rig.bus.dead == []
        assert (rig.receipt("R4").points, rig.receipt("R4").sale.store) == (2, "garden")


def test_a_version_that_does_not_hold_yet_does_not_help_yet(changing, tmp_path):
    changing("program", "publish", with_a_garden(tmp_path), "--yes")
    assert "stays in quarantine" in changing("deadletters", "replay", aside(changing), code=1)


def test_all_are_replayed_but_those_that_would_only_come_back(failed):
    said = failed("deadletters", "replay", "--all")
    assert "Replayed 1 dead letter." in said
    assert "stays in quarantine: no store of the program has this till." in said
    assert waiting(failed) == [("lifecycle_sweep", SWEEP)]


def test_a_fact_put_aside_for_another_reason_goes_out_as_it_is(changing):
    with changing.rig() as rig:
        put_aside(rig.shop, Rejected("odd", "it was odd"), SWEEP)
    assert "Replayed odd:" in changing("deadletters", "replay", "odd")
    with changing.rig() as rig:
        rig.clock.set(LATER)
        rig.sweep()
        assert [body for topic, body in rig.bus.published if topic == "sweep-requested"][1:] == [
            SWEEP
        ]


def test_a_fact_that_cannot_be_read_stays(changing):
    with changing.rig() as rig:
        put_aside(rig.shop, Rejected("unreadable-event", "DecodeError"), b"not an event")
    assert "unreadable" in changing("deadletters", "list")
    said = changing("deadletters", "replay", "unreadable", code=1)
    assert "stays in quarantine: DecodeError." in said


@pytest.mark.parametrize("words", [(), ("1", "--all")])
def test_it_must_be_clear_what_to_replay(changing, words):
    said = changing("deadletters", "replay", *words, code=2)
    assert "Give the ID of one (see `loyalty deadletters list`), or --all." in said


@pytest.mark.parametrize(
    ("name", "told"), [("nothing", "No fact in quarantine"), ("u", "More than one fact")]
)
def test_an_unclear_name_is_refused(changing, name, told):
    with changing.rig() as rig:
        put_aside(rig.shop, Rejected("unreadable-event", "DecodeError"), b"not an event")
    assert f"{told} has an ID that begins with {name}." in changing(
        "deadletters", "replay", name, code=1
    )
