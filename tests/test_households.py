"""Who shares an account hears what concerns it, whoever it is called after, and keeps their own."""

from __future__ import annotations

import pytest
from infra.sandbox import Sandbox
from tests.steps.cafe import HARI, SITA, Cafe
from tests.test_campaigns import joined, opened, phone, placed, spring, starts, told

from loyalty.campaigns import previewing
from loyalty.domain.campaigns import Offer
from loyalty.guests import erasing, merging, parting, tagging
from loyalty.guests.merging import Wish


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(seed="households") as running_one:
        yield running_one


@pytest.fixture
def cafe(sandbox):
    """Two guests of a campaign's cafe."""
    sandbox.reset()
    cafe = opened(sandbox)
    cafe.head, cafe.other = joined(cafe, 2)
    return cafe


def share(cafe):
    merging.merge(Wish("S1", cafe.other, cafe.head, "owner", shared=True), cafe.shop)
    cafe.rig.run()


# -- campaigns ------------------------------------------------------------------------------


def test_a_campaign_for_a_segment_is_told_to_everybody_of_an_account_in_it(cafe):
    share(cafe)
    placed(cafe)
    starts(cafe, spring(segments=("new",)))
    cafe.passes(hours=2)
    assert told(cafe) == {phone(0): 1, phone(1): 1}


def test_a_preview_counts_everybody_of_an_account(cafe):
    share(cafe)
    placed(cafe)
    preview = previewing.preview("spring", spring(segments=("new",)), cafe.rig.store, cafe.now)
    assert preview.told + preview.held == 2


def test_whoever_stays_keeps_offer_and_tags_when_whom_the_account_is_called_after_is_erased(cafe):
    share(cafe)
    starts(cafe, spring(offer=Offer(factor=20_000)))
    cafe.passes(hours=2)
    tagging.give(cafe.other, "friend", "owner", cafe.shop)
    erasing.erase(cafe.head, cafe.shop)
    cafe.buys("R1", 1_000, phone(1))
    account = cafe.rig.account(cafe.head)
    assert (cafe.points(cafe.head), account.tags) == (20, ("friend",))
    assert {offer.member for offer in account.offers} == {cafe.other}


# -- what time brings -----------------------------------------------------------------------


@pytest.fixture
def home(sandbox):
    """Sita and Hari, who keep their points together."""
    sandbox.reset()
    cafe = Cafe(sandbox, "journeys")
    cafe.head, cafe.other = cafe.join(phone=SITA), cafe.join("Hari Lal", HARI)
    cafe.rig.run()
    cafe.buys("R1", 3_000)
    share(cafe)
    return cafe


def missed(cafe):
    """Let two months pass, and tell who heard that nobody came."""
    for _ in range(61):
        cafe.passes(days=1)
    return {each.to for each in cafe.sandbox.outbox if "60 days" in each.text}


def test_an_absence_is_told_to_everybody_whose_account_it_is(home):
    assert missed(home) == {SITA, HARI}


def test_who_stays_is_told_though_whom_the_account_is_called_after_was_erased(home):
    erasing.erase(home.head, home.shop)
    assert missed(home) == {HARI}


def test_an_erased_partner_is_not_told(home):
    erasing.erase(home.other, home.shop)
    assert missed(home) == {SITA}


def test_who_was_found_to_be_one_person_is_told_once(sandbox):
    sandbox.reset()
    cafe = Cafe(sandbox, "journeys")
    sita, same = cafe.join(phone=SITA), cafe.join("Sita R", HARI)
    cafe.rig.run()
    cafe.buys("R1", 3_000)
    merging.merge(Wish("M1", same, sita, "owner"), cafe.shop)
    cafe.rig.run()
    assert missed(cafe) == {SITA}


@pytest.mark.parametrize("shared", [True, False])
def test_who_came_back_is_not_won_back_though_they_were_put_together_and_parted(sandbox, shared):
    sandbox.reset()
    cafe = Cafe(sandbox, "journeys")
    sita, hari = cafe.join(phone=SITA), cafe.join("Hari Lal", HARI)
    cafe.rig.run()
    cafe.buys("R1", 1_000)
    assert missed(cafe) == {SITA}
    cafe.buys("R2", 1_000)
    merging.merge(Wish("M1", sita, hari, "owner", shared=shared), cafe.shop)
    cafe.rig.run()
    parting.unmerge(sita, "owner", cafe.shop)
    cafe.rig.run()
    cafe.passes(days=8)
    assert ("award", 10) not in cafe.kinds(sita)


def test_a_visit_of_another_stops_nothing_for_whom_they_were_parted_from(sandbox):
    sandbox.reset()
    cafe = Cafe(sandbox, "journeys")
    sita, hari = cafe.join(phone=SITA), cafe.join("Hari Lal", HARI)
    cafe.rig.run()
    cafe.buys("R1", 1_000)
    merging.merge(Wish("S1", hari, sita, "owner", shared=True), cafe.shop)
    cafe.rig.run()
    cafe.passes(days=50)
    cafe.buys("R2", 1_000, HARI)
    parting.unmerge(hari, "owner", cafe.shop)
    cafe.rig.run()
    assert missed(cafe) == {SITA}
