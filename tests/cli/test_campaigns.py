"""`loyalty campaigns` and `loyalty messages` as people use them."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import CommandLine
from tests.rig import NOON, opened

from loyalty.records import journeys

SPRING = """campaigns:
  spring:
    starts: "2026-12-01 10:00"
    ends: "2026-12-31 18:00"
    when: {visits_at_most: 0}
    steps: {gift: {award: 10}, tell: {send: gift}}
    holdout: 50
    budget: {points: 50, points_cost: 0.30, money: 5.00}
"""


SERVICE = {"sms:service": True}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A shop with ten guests, and a file with a campaign."""
    folder = tmp_path_factory.mktemp("campaigns") / "data"
    folder.mkdir()
    (folder / "pepper").write_text("p1:a pepper for tests only")
    with opened(folder, Path("tests/programs/campaigns.yaml").read_text("utf-8")) as rig:
        for number in range(10):
            rig.join(phone=f"+4915112345{number:03}", consents=SERVICE)
        rig.run()
    (folder / "spring.yaml").write_text(SPRING)
    return folder


def test_a_campaign_is_previewed_started_shown_and_stopped(folder):
    loyalty, file = CommandLine(folder), str(folder / "spring.yaml")
    said = loyalty("campaigns", "preview", file)
    told, held = (int(word) for word in said.split(" spring ")[1].split()[:2])
    assert told + held == 10
    money = -(-10 * 30 // 100) * told
    rest = f"{told * 10} EUR {money / 100:.2f} " + ("suffices" if told < 6 else "does not suffice")
    assert f"spring {told} {held} not measurable yet {rest} spring begins " in said
    assert said.endswith("(Europe/Berlin).")
    assert "There are no campaigns" in loyalty("campaigns", "list")
    assert "Start? [y/N]" in loyalty("campaigns", "start", file, typed="n\n", code=1)
    started = loyalty("campaigns", "start", file, "--by", "Maya", "--yes")
    assert started.endswith("spring begins 01 Dec 2026 10:00.")
    for what, state in (("pause", "paused"), ("resume", "scheduled"), ("stop", "stopped")):
        assert loyalty("campaigns", what, "spring", "--by", "Maya") == f"spring is {state}."
    assert "spring stopped 01 Dec 2026 10:00 31 Dec 2026 18:00 0 0" in loyalty("campaigns", "list")
    shown = loyalty("campaigns", "show", "spring")
    assert shown.startswith("spring: stopped starts 01 Dec 2026 10:00 ends 31 Dec 2026 18:00")
    assert "published Maya" in shown
    assert "stopped Maya" in shown
    assert "spent of its points 0 of 50 spent of its money EUR 0.00 of EUR 5.00" in shown


def test_a_campaign_that_is_over_already_is_told_of_before_it_is_started(folder):
    file = folder / "past.yaml"
    file.write_text(SPRING.replace("2026-12", "2026-01"))
    said = CommandLine(folder)("campaigns", "preview", str(file))
    assert "spring would have ended already: give it a later time." in said


OFFER = """campaigns:
  momo_week:
    starts: "2026-11-21 10:00"
    ends: "2026-11-28 18:00"
    title: {en: Momo Week}
    offer: {factor: 2}
    holdout: 50
"""


def test_an_offer_is_shown_on_its_guests_and_what_came_of_it_beside_the_held_out(folder):
    loyalty, file = CommandLine(folder), folder / "momo.yaml"
    file.write_text(OFFER)
    loyalty("campaigns", "start", str(file), "--by", "Maya", "--yes")
    with opened(folder, Path("tests/programs/campaigns.yaml").read_text("utf-8")) as rig:
        rig.clock.advance(timedelta(days=1, hours=1))
        rig.sweep()
        arms = {each.member: each.arm for each in journeys.each(rig.store)}
        rig.clock.advance(timedelta(days=1, minutes=1))
        rig.sweep()
    told = next(who for who, arm in arms.items() if arm == "told")
    assert "offers Momo Week" in loyalty("member", "show", told)
    shown = loyalty("campaigns", "show", "momo_week")
    assert "its offer at 100 percent What came" in shown, "nothing is counted without a budget"
    number = sum(arm == "told" for arm in arms.values())
    assert "What came of it by" in shown
    assert f"told {number} 0 0 EUR 0.00 EUR 0.00 held out {10 - number} 0 0 EUR 0.00" in shown
    assert "Whether it made a difference: too few to tell." in shown


TELLS = """campaigns:
  told:
    starts: "2026-11-21 13:00"
    ends: "2026-12-31 18:00"
    steps: {tell: {send: news}}
"""


def test_why_a_campaigns_message_was_not_sent_is_shown_of_it_and_of_its_guest(folder, tmp_path):
    folder = Path(shutil.copytree(folder, tmp_path / "data"))
    loyalty, file = CommandLine(folder), folder / "told.yaml"
    file.write_text(TELLS)
    with opened(folder, Path("tests/programs/campaigns.yaml").read_text("utf-8")) as rig:
        member = rig.join(phone="+4915112349999", consents=SERVICE)
    loyalty("campaigns", "start", str(file), "--yes", at=NOON)
    with opened(folder, Path("tests/programs/campaigns.yaml").read_text("utf-8")) as rig:
        rig.clock.advance(timedelta(hours=2))
        rig.sweep()
    why = "no consent or address for its channels, or they said stop"
    assert f"messages 0 sent; 11 not sent ({why})" in loyalty("campaigns", "show", "told")
    shown = loyalty("member", "show", member)
    assert f"21 Nov 2026 14:00 campaign:told, step tell not sent {why}" in shown
    assert "Last messages" not in loyalty("member", "show", member, "--at", "2026-11-21 15:00")


def test_what_no_budget_limits_is_not_said_to_be_spent(loyalty):
    assert "spent of its" not in loyalty("campaigns", "show", "advent")


FOR_FRIENDS = SPRING.replace("    when:", "    segments: [friends]\n    when:")


def test_a_campaign_for_a_segment_before_the_first_night_says_that_nobody_was_placed(folder):
    file = folder / "friends.yaml"
    file.write_text(FOR_FRIENDS)
    nobody = "spring is for segments. Nobody was placed yet: that happens each night, or now by"
    assert nobody in CommandLine(folder)("campaigns", "preview", str(file))


TIGHT = """campaigns:
  tight:
    starts: "2026-11-21 13:00"
    ends: "2026-12-31 18:00"
    steps: {gift: {award: 10}}
    budget: {points: 40}
"""


def test_a_campaign_whose_budget_left_guests_out_does_not_say_that_all_are_begun(folder, tmp_path):
    folder = Path(shutil.copytree(folder, tmp_path / "data"))
    loyalty, file = CommandLine(folder), folder / "tight.yaml"
    file.write_text(TIGHT)
    loyalty("campaigns", "start", str(file), "--yes", at=NOON)
    with opened(folder, Path("tests/programs/campaigns.yaml").read_text("utf-8")) as rig:
        rig.clock.advance(timedelta(hours=2))
        rig.sweep()
    shown = loyalty("campaigns", "show", "tight")
    assert "guests those begun for whom the budget sufficed, not the others told 4" in shown


@pytest.mark.parametrize(
    ("words", "call"),
    [
        (("campaigns", "pause", "advent"), "campaigns/advent/pause"),
        (("messages", "stop"), "messages/stop"),
    ],
)
def test_beside_the_running_server_the_very_call_is_named(changing, words, call):
    with changing.rig():
        said = changing(*words, code=1)
    assert f"curl -sS http://127.0.0.1:8080/member-api/v1/{call} -d '{{}}'" in said
    assert f'"Authorization: Bearer $(cat {changing.folder}/api-key)"' in said


def test_what_is_wrong_in_a_campaigns_file_is_told_with_its_line(folder):
    file = folder / "wrong.yaml"
    file.write_text(SPRING.replace("send: gift", "send: gifd").replace("holdout: 50", "holdot: 5"))
    said = CommandLine(folder)("campaigns", "start", str(file), code=1)
    assert f"{file}:6:" in said
    assert "`gifd` is not among the messages" in said
    assert f"{file}:7:" in said
    assert "Nothing was started" in said


def test_a_preview_of_what_is_wrong_says_nothing_of_starting(folder):
    file = folder / "odd.yaml"
    file.write_text(SPRING.replace("send: gift", "send: gifd"))
    assert "started" not in CommandLine(folder)("campaigns", "preview", str(file), code=1)


def test_a_whole_program_instead_of_campaigns_is_told_in_one_line(folder):
    file = "tests/programs/campaigns.yaml"
    said = CommandLine(folder).run("campaigns", "preview", file, code=1).output.splitlines()
    assert said == [
        (
            f"{file}:2:1: engine: this is a program file"
            " (a file of campaigns has the key `campaigns:` alone)"
        ),
        "Error: This is wrong.",
    ]


def test_a_campaign_that_is_not_there_is_told(folder):
    assert "There is no campaign autumn" in CommandLine(folder)(
        "campaigns", "show", "autumn", code=1
    )
    assert "no campaign of this name" in CommandLine(folder)("campaigns", "stop", "autumn", code=1)


def test_all_messages_are_stopped_and_go_again(folder):
    loyalty = CommandLine(folder)
    assert loyalty("messages", "show") == "Messages to guests go."
    assert "are stopped" in loyalty("messages", "stop", "--why", "a wrong price", "--by", "Maya")
    assert loyalty("messages", "show") == "stopped 22 Nov 2026 12:00 by Maya why a wrong price"
    loyalty("messages", "resume", "--by", "Maya")
    assert loyalty("messages", "show") == "Messages to guests go."
