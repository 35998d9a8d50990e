"""What the simulator once found stays mended."""

from __future__ import annotations

from datetime import timedelta

from infra.simulator import programs
from infra.simulator.playing import play
from infra.simulator.programs import START
from infra.simulator.schedule import made

from loyalty.domain import tiers
from loyalty.domain.account import Account, Standing

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
