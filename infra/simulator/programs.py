"""The programs of simulated shops: few, so that each is read once, and each has its own trouble."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from typing import Any

import yaml

from infra.simulator.store import MemoryStore
from loyalty import program_file
from loyalty.domain.program import Program
from loyalty.identity import digest
from loyalty.ports import Key
from loyalty.programs import append

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
"""When every schedule begins: a Friday morning, in Berlin and in Patan."""

_SHOP = """
engine: 1
title: Simulated Cafe
currency: EUR
zone: Europe/Berlin
country: DE
languages: [en]
stores:
  main: {title: Main Street, tills: ["generic:main"]}
  patan: {title: Patan, tills: ["generic:patan"], zone: Asia/Kathmandu}
earning:
  rules:
    spend: {earn: spend, title: {en: 1 point per euro}, points: 1, per: 1.00}
    cakes: {earn: items, title: {en: 3 per cake}, points: 3, when: {categories: [cake]}}
visits: {sitting: 60m, minimum: 3.00}
expiry: {months: 12}
rewards:
  coffee: {title: {en: a coffee}}
milestones:
  second: {title: {en: Second visit}, metric: visits, at: 2, award: 10, reward: coffee,
           on_undo: withdraw}
  fifty: {title: {en: Fifty points}, metric: points, every: 25, award: 5}
messages:
  earned: {"on": points-earned, text: {en: "{name}, +{points}."}, subject: {en: Points}}
  taken: {"on": points-clawed-back, text: {en: "{points} went back."}, subject: {en: Points}}
  gift:
    {"on": milestone-reached, purpose: marketing, text: {en: "{milestone}: {gift}."},
     subject: {en: A gift}}
alerts:
  big: {"on": sale, at_least: 30.00, text: "Big sale at {store}: {total}."}
sending:
  quiet_hours: {start: "21:00", end: "08:00"}
  marketing_cap: 1
connectors: {sms: [twilio], email: [sendgrid], staff: [slack]}
"""
_SPEND = {"earn": "spend", "title": {"en": "Spend"}, "points": 1, "per": "1.00"}
_COUNTER = """
rewards:
  cake: {title: {en: a cake}, points: 8, categories: [cake]}
  money: {title: {en: 2 euros off}, kind: money_off, value: 2.00, points: 10}
  pay: {title: {en: points as money}, kind: points_as_money, points: 5, value: 0.50}
stamps:
  cakes: {title: {en: Cake card}, when: {categories: [cake]}}
milestones:
  first: {title: {en: Welcome}, metric: visits, at: 1, reward: coffee}
  card: {title: {en: A full card}, metric: stamps, stamps: cakes, every: 3, reward: coffee,
         on_undo: withdraw}
redeeming: {approve_above: 30}
messages:
  back: {"on": reward-returned, text: {en: "{reward} is yours again."}, subject: {en: A reward}}
alerts:
  late: {"on": late-redemption, text: "Late: {reward}."}
"""
"""What a shop with a counter has besides."""
_WAITING = """
household: {points_per_day: 10}
birthdays: {notice_days: 10}
segments:
  regulars: {title: {en: Regulars}, visits: {at_least: 1}}
  away: {title: {en: Away}, last_visit: {at_least: 14}}
automations:
  welcome:
    {"on": joined, steps: {hello: {send: hello}, rest: {wait: 2d, at_time: "10:00"},
     nudge: {send: nudge, when: {visits_at_most: 0}},
     thanks: {send: thanks, unless: {visits_at_most: 0}}}}
  birthday:
    {"on": birthday, days_before: 2, steps: {gift: {reward: coffee}, wish: {send: birthday}}}
  a_year: {"on": anniversary, steps: {gift: {award: 7}, tell: {send: year}}}
  second_time: {"on": visit, nth: 2, steps: {rest: {wait: 3h}, ask: {send: ask}}}
  win_back:
    {"on": dormant, days: 30, stop_when: [visit], steps: {first: {send: miss},
     week: {wait: 7d, at_time: "11:00"}, gift: {award: 5}, second: {send: gift}}}
  lapsing: {"on": points-expiring, days_before: 10, steps: {warn: {send: lapse}}}
  keeping:
    {"on": tier-ending, days_before: 20, stop_when: [tier-changed], steps: {warn: {send: tier}}}
  statement: {"on": month-ended, steps: {tell: {send: month}}}
campaigns:
  opening:
    {starts: "2026-11-21 10:00", ends: "2026-12-10 18:00", holdout: 40, stop_when: [visit],
     steps: {first: {send: opening}, days: {wait: 3d}, second: {send: still}},
     last_chance: {send: last, days_before: 2}}
messages:
  hello: {"on": automation, text: {en: "Welcome, {name}."}, subject: {en: Hello}}
  nudge: {"on": automation, text: {en: "Come by, {name}."}, subject: {en: Hello}}
  thanks: {"on": automation, text: {en: "Good to see you."}, subject: {en: Hello}}
  birthday: {"on": automation, text: {en: "{date}: {reward}, {code}."}, subject: {en: A day}}
  year: {"on": automation, text: {en: "{years} with us: +{award}."}, subject: {en: A year}}
  ask: {"on": automation, text: {en: "Visit {visits}: how was it?"}, subject: {en: A word}}
  miss:
    {"on": automation, purpose: marketing, text: {en: "{days} days."}, subject: {en: Come back}}
  lapse: {"on": automation, text: {en: "{points} lapse after {date}."}, subject: {en: Points}}
  tier: {"on": automation, text: {en: "{tier} until {date}."}, subject: {en: Tier}}
  month:
    {"on": automation, subject: {en: A month},
     text: {en: "{month}: {opening} + {earned} - {used} - {expired} = {closing}."}}
  opening: {"on": automation, purpose: marketing, text: {en: "We open."}, subject: {en: News}}
  still: {"on": automation, purpose: marketing, text: {en: "Still open."}, subject: {en: News}}
  last: {"on": automation, purpose: marketing, text: {en: "The last days."}, subject: {en: News}}
  gift:
    {"on": automation, purpose: marketing, text: {en: "+{award} for you."}, subject: {en: A gift}}
  treat:
    {"on": automation, purpose: marketing, text: {en: "{reward}: {code}."}, subject: {en: A gift}}
sending: {marketing_cap: 3}
"""
"""What a shop has besides in which much waits for its time."""
_VARIANTS: tuple[dict[str, Any], ...] = (
    {},
    {"earning": {"caps": {"per_receipt": 30, "per_day": 25}}},
    {"earning": {"rules": {"spend": {**_SPEND, "per": "7.00", "carry": True}}}},
    {
        "earning": {"pending": {"in_store": "1h"}, "debt": "forgive"},
        "expiry": {"months": 1},
        "tiers": {
            "metric": "spend",
            "levels": {"gold": {"title": {"en": "Gold"}, "at": "50.00"}},
        },
    },
    {
        "earning": {"rules": {"spend": {**_SPEND, "points": 2}}, "debt_cap": 20},
        "expiry": {"months": 1},
    },
)
COUNT = len(_VARIANTS)
"""So many there are without a counter; the same ones with a counter follow, then both that wait."""
KINDS = 4
"""So many shops of each number there are: with a counter or not, with what waits or not."""


def with_counter(number: int) -> int:
    """Name the program that has a counter besides."""
    return COUNT + number


def that_waits(number: int) -> int:
    """Name the program that has automations, segments and a campaign besides."""
    return 2 * COUNT + number


def has_counter(number: int) -> bool:
    """Tell whether a program has a counter."""
    return number // COUNT % 2 == 1


def waits(number: int) -> bool:
    """Tell whether a program has what waits."""
    return number >= 2 * COUNT


@cache
def text(number: int) -> str:
    """Write a program file."""
    whole = _merged(yaml.safe_load(_SHOP), _VARIANTS[number % COUNT])
    if has_counter(number):
        whole = _merged(whole, yaml.safe_load(_COUNTER))
    if waits(number):
        whole = _merged(whole, yaml.safe_load(_WAITING))
    return yaml.safe_dump(whole, sort_keys=False)


@cache
def parsed(number: int) -> Program:
    """Read it."""
    return program_file.read(text(number))


@cache
def published(number: int) -> Mapping[Key, bytes]:
    """Make the documents of a shop that has just published its first program."""
    store = MemoryStore()
    append(store, text(number), parsed(number), START)
    return store.documents


@cache
def versions(number: int) -> Mapping[str, Program]:
    """Name a program by the hashes its versions can have: as the first, or as a later one."""
    return {digest(f"{place}:{text(number)}")[:16]: parsed(number) for place in (0, 1)}


def _merged(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    whole = deepcopy(base)
    for key, value in change.items():
        old = whole.get(key)
        nested = isinstance(old, dict) and isinstance(value, dict)
        whole[key] = _merged(old, value) if isinstance(old, dict) and nested else value
    return whole
