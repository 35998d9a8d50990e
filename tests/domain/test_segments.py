"""Who is in a segment, on both sides of each line; and where a guest stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cafe import NOON, few, program

from loyalty.domain.account import Account, Lot, ReceiptFact, Standing, Totals
from loyalty.domain.grouping import (
    Balance,
    DaysSince,
    Favorite,
    Rfm,
    Score,
    Segment,
    SpendSum,
    Stage,
    Stages,
    VisitCount,
)
from loyalty.domain.segments import Guest, Likes, place, stage_of

EN = {"en": "Segment"}


def fact(days_ago, kept=500, store="main", hours=0, **more):
    at = NOON - timedelta(days=days_ago, hours=hours)
    return ReceiptFact(
        receipt=f"{days_ago}:{hours}:{store}", day=at.date().isoformat(), store=store,
        minute=int(at.timestamp()) // 60, kept=kept, **{"counts": True, **more},
    )  # fmt: skip


def guest(*facts, told=None, **more):
    spend = sum(each.kept for each in facts)
    totals = Totals(visits=len(facts), spend=spend)
    return Guest(Account(**{"id": "m", "facts": facts, "totals": totals, **more}), **(told or {}))


def is_in(asked, who, now=NOON):
    rules = program(segments={"it": Segment(title=EN, **asked)})
    return place(who, rules, now).segments == ("it",)


THREE = guest(fact(0), fact(9), fact(10))
GOLD = Standing(tier="gold", since=NOON, cause="sale:1")


@pytest.mark.parametrize(
    ("asked", "who", "inside"),
    [
        ({"last_visit": DaysSince(at_least=30)}, guest(fact(29)), False),
        ({"last_visit": DaysSince(at_least=30)}, guest(fact(30)), True),
        ({"last_visit": DaysSince(at_most=30)}, guest(fact(30)), True),
        ({"last_visit": DaysSince(at_most=30)}, guest(fact(31)), False),
        ({"last_visit": DaysSince(at_least=0)}, guest(), False),
        ({"last_visit": DaysSince(at_least=0)}, guest(fact(1, counts=False)), False),
        ({"visits": VisitCount(at_least=3)}, THREE, True),
        ({"visits": VisitCount(at_least=4)}, THREE, False),
        ({"visits": VisitCount(at_most=2)}, THREE, False),
        ({"visits": VisitCount(at_most=0)}, guest(), True),
        ({"visits": VisitCount(at_least=3, days=11)}, THREE, True),
        ({"visits": VisitCount(at_least=3, days=10)}, THREE, False),
        ({"visits": VisitCount(at_least=1, days=1)}, guest(fact(0)), True),
        ({"visits": VisitCount(at_least=1, days=1)}, guest(fact(1)), False),
        ({"visits": VisitCount(at_least=2, days=1)}, guest(fact(0), fact(0, hours=1)), False),
        ({"visits": VisitCount(at_least=2, days=1)}, guest(fact(0), fact(0, store="far")), True),
        ({"spend": SpendSum(at_least=1500)}, THREE, True),
        ({"spend": SpendSum(at_least=1501)}, THREE, False),
        ({"spend": SpendSum(at_most=500, days=9)}, THREE, True),
        ({"spend": SpendSum(at_most=499, days=9)}, THREE, False),
        ({"points": Balance(at_least=10)}, guest(lots=(Lot(points=10, month="2026-11"),)), True),
        ({"points": Balance(at_least=11)}, guest(lots=(Lot(points=10, month="2026-11"),)), False),
        ({"points": Balance(at_most=0)}, guest(debt=5), True),
        ({"tiers": ("gold",)}, guest(standing=GOLD), True),
        ({"tiers": ("silver",)}, guest(standing=GOLD), False),
        ({"tiers": ("gold",)}, guest(), False),
        ({"stages": ("new",)}, guest(), True),
        ({"stages": ("active", "vip")}, guest(), False),
        ({"tags": ("a", "b")}, guest(tags=("b",)), True),
        ({"tags": ("a", "b")}, guest(tags=("c",)), False),
        ({"without_tags": ("a",)}, guest(tags=("b",)), True),
        ({"without_tags": ("a",)}, guest(tags=("a", "b")), False),
        ({"languages": ("de",)}, guest(told={"language": "de"}), True),
        ({"languages": ("de",)}, guest(told={"language": "en"}), False),
        ({"birthday_month": ("this",)}, guest(told={"birthday": "11-01"}), True),
        ({"birthday_month": (12, 1)}, guest(told={"birthday": "11-01"}), False),
        ({"birthday_month": (2,)}, guest(told={"birthday": "02-29"}), True),
        ({"birthday_month": ("this",)}, guest(), False),
        ({"favorite": Favorite(stores=("far",))}, guest(told={"likes": Likes(store="far")}), True),
        ({"favorite": Favorite(stores=("far",))}, guest(), False),
        ({"favorite": Favorite(stores=("far",), categories=("tea",))},
         guest(told={"likes": Likes(store="far", category="coffee")}), False),
        ({"favorite": Favorite(channels=("app",))},
         guest(told={"likes": Likes(channel="app")}), True),
        ({"rfm": Rfm(recency=Score(at_least=4))}, guest(told={"rfm": "411"}), True),
        ({"rfm": Rfm(recency=Score(at_least=4))}, guest(told={"rfm": "355"}), False),
        ({"rfm": Rfm(money=Score(at_most=2))}, guest(told={"rfm": "552"}), True),
        ({"rfm": Rfm(money=Score(at_most=2))}, guest(), False),
        ({"rfm": Rfm(classes=("champions",))}, guest(told={"rfm": "444"}), True),
        ({"rfm": Rfm(classes=("champions",))}, guest(told={"rfm": "443"}), False),
        ({"tags": ("a",), "tiers": ("gold",)}, guest(tags=("a",)), False),
    ],
)  # fmt: skip
def test_a_line_belongs_to_the_side_that_it_names(asked, who, inside):
    assert is_in(asked, who) is inside


def months(**totals):
    return guest(months={name.replace("_", "-")[1:]: each for name, each in totals.items()})


def test_months_are_those_of_the_calendar_this_one_being_the_last():
    who = months(m2026_09=Totals(visits=2, spend=700), m2026_10=Totals(visits=1, spend=300))
    for count, inside in ((2, False), (3, True)):
        assert is_in({"visits": VisitCount(at_least=3, months=count)}, who) is inside
        assert is_in({"spend": SpendSum(at_least=1000, months=count)}, who) is inside


def test_a_day_ends_at_midnight_of_the_programs_zone():
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # half past midnight in Berlin, the 21st
    who = guest(fact(0, hours=11))  # midnight in UTC: one in the morning in Berlin
    assert is_in({"last_visit": DaysSince(at_most=0)}, who, late + timedelta(hours=23))
    assert not is_in({"last_visit": DaysSince(at_most=0)}, who, late + timedelta(hours=24))


def test_where_no_receipt_is_remembered_the_newest_month_tells_of_the_last_visit():
    who = months(m2026_08=Totals(visits=1), m2026_10=Totals(spend=5))
    assert is_in({"last_visit": DaysSince(at_least=82, at_most=82)}, who)  # since 31 August


def visits(number, first=0):
    return guest(*(fact(first + n) for n in range(number))).account


LOW = Stages(days=10, vip_visits=4, regular_visits=3, active_visits=2)


@pytest.mark.parametrize(
    ("account", "stage"),
    [
        (visits(0), "new"),
        (visits(1), "new"),
        (visits(2), "active"),
        (visits(3), "regular"),
        (visits(4), "vip"),
        (visits(4, first=7), "regular"),
        (visits(4, first=8), "active"),
        (visits(4, first=44), "active"),
        (visits(4, first=45), "lapsing"),
        (visits(1, first=119), "lapsing"),
        (visits(9, first=120), "lost"),
    ],
)
def test_a_guest_stands_where_their_visits_put_them(account, stage):
    assert stage_of(account, program(stages=LOW), NOON) == stage


def test_who_spends_enough_in_twelve_months_is_a_vip_whatever_their_visits():
    spent = {"2025-12": Totals(spend=10_000)}
    account = msgspec.structs.replace(visits(1), months=spent)
    for line, stage in ((10_000, "vip"), (10_001, "new")):
        assert stage_of(account, program(stages=Stages(vip_spend=line)), NOON) == stage


# -- whoever it is ----------------------------------------------------------------------------

SEGMENTS = {
    "late": Segment(title=EN, last_visit=DaysSince(at_least=20)),
    "often": Segment(title=EN, visits=VisitCount(at_least=2, days=30)),
    "rich": Segment(title=EN, spend=SpendSum(at_least=900)),
    "vips": Segment(title=EN, stages=("vip", "regular"), without_tags=("staff",)),
    "ours": Segment(title=EN, tags=("friend", "staff")),
    "top": Segment(title=EN, rfm=Rfm(classes=("champions", "loyal"))),
    "march": Segment(title=EN, birthday_month=(3, "this")),
}
guests = st.builds(
    lambda ago, tags, rfm, born: guest(
        *(fact(n) for n in ago), tags=tags, told={"rfm": rfm, "birthday": born}
    ),
    st.lists(st.integers(0, 200), max_size=12, unique=True),
    st.lists(st.sampled_from(["friend", "staff", "x"]), max_size=3, unique=True).map(tuple),
    st.just("") | st.from_regex(r"[1-5]{3}", fullmatch=True),
    st.sampled_from(["", "03-01", "11-30", "02-29"]),
)


@few
@given(guests, st.permutations(list(SEGMENTS)), st.integers(0, 4000))
def test_whoever_a_guest_is_they_have_one_stage_and_the_order_of_segments_means_nothing(
    who, order, days
):
    now = NOON + timedelta(days=days)
    placed = place(who, program(segments=SEGMENTS), now)
    assert placed.stage in get_args(Stage)
    assert place(who, program(segments={name: SEGMENTS[name] for name in order}), now) == placed
    alone = [n for n in SEGMENTS if place(who, program(segments={n: SEGMENTS[n]}), now).segments]
    assert list(placed.segments) == sorted(alone)
    assert all(type(name) is str for name in placed.segments)
    assert bool(who.account.facts) or placed.stage == "new"
