"""Who shares an account hears what concerns it, whoever it is called after, and keeps their own."""

from __future__ import annotations

import pytest
from infra.sandbox import Sandbox
from tests.steps.cafe import HARI, SITA, Cafe
from tests.test_campaigns import joined, opened, phone, placed, spring, starts, told

from loyalty.campaigns import previewing
from loyalty.counter import redeeming
from loyalty.counter.redeeming import Asking, Capturing
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


def test_who_stays_keeps_the_offer_they_took_over(cafe):
    third = cafe.join(phone="+4915112349999")
    tagging.give(third, "helper", "owner", cafe.shop)
    placed(cafe)
    starts(cafe, spring(offer=Offer(factor=20_000), segments=("helpers",)))
    cafe.passes(hours=2)
    merging.merge(Wish("M1", third, cafe.other, "owner"), cafe.shop)
    share(cafe)
    erasing.erase(cafe.head, cafe.shop)
    assert [(each.member, each.by) for each in cafe.rig.account(cafe.head).offers] == [
        (third, cafe.other)
    ]


@pytest.mark.parametrize("first", ["head", "other"])
def test_nothing_of_anybody_is_left_once_all_of_an_account_are_erased(cafe, first):
    share(cafe)
    starts(cafe, spring(offer=Offer(factor=20_000)))
    cafe.passes(hours=2)
    placed(cafe)
    tagging.give(cafe.other, "friend", "owner", cafe.shop)
    tagging.give(cafe.head, "vip", "owner", cafe.shop)
    for name in sorted(("head", "other"), key=lambda name: name != first):
        erasing.erase(getattr(cafe, name), cafe.shop)
        cafe.rig.run()
    cafe.passes(days=1)
    placed(cafe)
    for member in (cafe.head, cafe.other):
        left = cafe.rig.account(member)
        assert (left.tags, left.brought, left.offers, left.segments, left.stage) == (
            (),
            {},
            (),
            (),
            "",
        )


# -- what time brings -----------------------------------------------------------------------


@pytest.fixture
def two(sandbox):
    """Sita, who bought once, and Hari."""
    sandbox.reset()
    cafe = Cafe(sandbox, "journeys")
    cafe.head, cafe.other = cafe.join(phone=SITA), cafe.join("Hari Lal", HARI)
    cafe.rig.run()
    cafe.buys("R1", 1_000)
    return cafe


@pytest.fixture
def home(two):
    """Sita and Hari, who keep their points together."""
    share(two)
    return two


def merges(cafe, one, into, *, shared=False):
    merging.merge(Wish("M1", one, into, "owner", shared=shared), cafe.shop)
    cafe.rig.run()


def part(cafe, one):
    parting.unmerge(one, "owner", cafe.shop)
    cafe.rig.run()


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


def test_who_was_found_to_be_one_person_is_told_once(two):
    merges(two, two.other, two.head)
    assert missed(two) == {SITA}


@pytest.mark.parametrize("shared", [True, False])
def test_who_came_back_is_not_won_back_though_they_were_put_together_and_parted(two, shared):
    assert missed(two) == {SITA}
    two.buys("R2", 1_000)
    merges(two, two.head, two.other, shared=shared)
    part(two, two.head)
    two.passes(days=8)
    assert ("award", 10) not in two.kinds(two.head)


def test_who_came_while_taken_for_another_is_not_won_back_after_they_were_parted(two):
    """The receipt was booked as the other's: whose it was cannot be told any more."""
    assert missed(two) == {SITA}
    merges(two, two.head, two.other)
    two.buys("R2", 1_000)
    part(two, two.head)
    two.passes(days=8)
    assert ("award", 10) not in two.kinds(two.head)


def test_a_visit_of_another_stops_nothing_for_whom_they_were_parted_from(two):
    share(two)
    two.passes(days=50)
    two.buys("R2", 1_000, HARI)
    part(two, two.other)
    assert missed(two) == {SITA}


def test_what_another_took_before_ends_no_reminder_of_whom_they_are_joined_by(two):
    hold_and_capture(two, two.other)
    two.passes(days=10)
    two.buys("R3", 4_500)
    two.passes(days=1)
    merges(two, two.head, two.other, shared=True)
    for _ in range(8):
        two.passes(days=1)
    assert len([text for text in two.texts() if "for the taking" in text]) == 1


def test_joining_and_parting_time_and_again_adds_nothing_to_what_was_taken(two):
    hold_and_capture(two, two.other)
    before = two.rig.account(two.other).taken
    for number in range(3):
        for one, into in ((two.head, two.other), (two.other, two.head)):
            merging.merge(Wish(f"{one} {number}", one, into, "owner", shared=True), two.shop)
            two.rig.run()
            part(two, one)
    assert two.rig.account(two.head).taken == two.rig.account(two.other).taken == before


def hold_and_capture(cafe, member):
    cafe.buys("R2", 3_000, HARI)
    redeeming.hold(Asking("H1", member, "coffee"), cafe.shop)
    redeeming.capture(Capturing("H1"), cafe.shop)
    cafe.rig.run()
