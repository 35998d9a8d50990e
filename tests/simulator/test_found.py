"""What the simulator once found stays mended."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from infra.simulator import programs
from infra.simulator.playing import play
from infra.simulator.programs import START
from infra.simulator.schedule import made
from infra.simulator.store import MemoryStore
from tests.rig import Rig, sale

from loyalty.connectors.spec import Guest
from loyalty.domain import tiers
from loyalty.domain.account import Account, Standing
from loyalty.events import decode
from loyalty.steps import points_calculation

WITHOUT_TIERS = programs.parsed(0)


def test_a_tier_that_a_new_program_lacks_ends_once_with_its_window():
    """It was written anew at every sweep."""
    held = Standing(tier="gold", since=START, cause="sale:1", until=START + timedelta(days=365))
    account = Account(id="m_1", standing=held)
    assert tiers.reviewed(account, WITHOUT_TIERS, START, "sale:2") == held
    assert tiers.reviewed(account, WITHOUT_TIERS, held.until, "tier:1") is None


def test_a_start_between_a_drop_and_its_commit_is_seen():
    """A dropped message did not write the contact that it rested on."""
    assert play(made(37)).wrong == []


def test_a_start_while_a_member_is_written_is_seen():
    """It found nobody yet, and the contact kept the block that was just lifted."""
    assert play(made(405)).wrong == []


def test_a_stop_while_its_guest_joins_is_replayed_as_it_was():
    """Its first unit held a name that was given another value after it had run."""
    assert play(made(1189)).wrong == []


def test_what_waits_for_a_second_word_rests_on_the_account_as_it_is():
    """The account was merged into another one while its adjustments were added up."""
    assert play(made(440)).wrong == []


def test_a_start_that_is_told_twice_holds_from_the_first_time():
    """The simulator itself took the guest for stopped until it was answered."""
    assert play(made(3264)).wrong == []


def test_an_edit_at_the_instant_of_a_merge_moves_its_receipt():
    """The recount took the older act, on the account of before, for the newest."""
    assert play(made(12980)).wrong == []


def test_an_old_revision_that_told_the_guest_publishes_the_same_again():
    """A crash before it was published lost it: its act was looked for among the edits."""
    rig = Rig(Path(), Path("tests/programs/plain.yaml").read_text("utf-8"), store=MemoryStore())
    phone = "+4915112345671"
    rig.join(phone=phone)
    rig.tell(sale("A", 5000, revision=1))
    rig.run()
    rig.tell(sale("A", 4000), Guest(phone=phone))
    told = next(decode(body) for topic, body in reversed(rig.bus.published) if "recorded" in topic)
    first = points_calculation.handle(told, rig.shop)
    assert first
    assert points_calculation.handle(told, rig.shop) == first


def test_a_stop_while_its_guest_joins_and_is_merged_holds_for_the_person_too():
    """Whoever was merged at that moment took over what was known of the guest before."""
    assert play(made(54209)).wrong == []
