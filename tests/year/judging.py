"""Holds a year that was lived against the same year reckoned: what differs, what never happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, get_args

import msgspec
from infra.evidence import Row
from tests.year.living import Year, jobs
from tests.year.seen import Seen

from loyalty.audit import audit
from loyalty.domain.automations import Automation
from loyalty.records import Timer, accounts, entries

COMPARED = ("acts", "ways", "texts", "alerts", "sums")


class Found(NamedTuple):
    """What one shop's year came to, ready to be added up: nothing in it is the shop's own."""

    seconds: float
    guests: int
    members: int
    facts: int
    receipts: int
    texts: int
    fired: Counter[str]
    began: Counter[str]
    asked: Counter[str]
    counted: Counter[str]
    sums: Counter[str]
    twice: int
    different: dict[str, tuple[Any, Any]]
    troubles: list[str]


def found(year: Year, seen: Seen, reckoned: Seen, seconds: float) -> Found:
    """Hold a year that was lived against the same year reckoned."""
    return Found(
        seconds=seconds, guests=len(year.plan.guests), members=len(year.members),
        facts=len(year.plan.facts), receipts=seen.acts["sale"], texts=sum(seen.texts.values()),
        fired=year.fired, began=began(year, seen), asked=seen.asked,
        counted=Counter({part: len(getattr(seen, part)) for part in COMPARED}), sums=_sums(seen),
        twice=len(told_twice(year)), different=different(seen, reckoned), troubles=troubles(year),
    )  # fmt: skip


def together(years: Iterable[Found]) -> Found:
    """Add years up that were lived side by side: as long as the longest of them took."""
    all_, (first, *_) = list(years), list(years)
    added = {
        name: sum((getattr(each, name) for each in all_), type(getattr(first, name))())
        for name in Found._fields
        if name not in ("seconds", "different")
    }
    wrong = {
        f"shop {n}: {k}": v for n, each in enumerate(all_, 1) for k, v in each.different.items()
    }
    return Found(seconds=max(each.seconds for each in all_), different=wrong, **added)


def kinds() -> set[str]:
    """List every kind of timer that the code knows."""
    fields = {field.name: field for field in msgspec.structs.fields(Timer)}
    return set(get_args(fields["kind"].type))


def occasions() -> set[str]:
    """List every occasion that an automation can begin on."""
    return {kind.__struct_config__.tag for kind in get_args(Automation)}


def began(year: Year, seen: Seen) -> Counter[str]:
    """Count the ways that began, by their occasion."""
    known = year.shop.programs.current().program.automations
    tags = {name: type(each).__struct_config__.tag for name, each in known.items()}
    found: Counter[str] = Counter()
    for (name, _), number in seen.ways.items():
        found[str(tags.get(name, "campaign"))] += number
    return found


def different(seen: Seen, reckoned: Seen) -> dict[str, tuple[Any, Any]]:
    """List what is not as it was reckoned: as it was seen, and as it should be."""
    found = {}
    for part in COMPARED:
        was, should = getattr(seen, part), getattr(reckoned, part)
        for key in was.keys() | should.keys():
            if was.get(key, 0) != should.get(key, 0):
                found[f"{part} {key}"] = (was.get(key, 0), should.get(key, 0))
    for job in reckoned.asked:
        if seen.asked[job] != reckoned.asked[job]:
            found[f"asked {job}"] = (seen.asked[job], reckoned.asked[job])
    return found


def told_twice(year: Year) -> list[str]:
    """List messages that a phone got more than once."""
    texts = Counter(each.reference for each in year.vendors.outbox if each.channel == "sms")
    return [reference for reference, times in texts.items() if times > 1]


def troubles(year: Year) -> list[str]:
    """List what failed: dead messages, timers put off, sums that do not follow from entries."""
    failed = [line for line in year.errors.getvalue().splitlines() if "timer failed" in line]
    found = audit(entries.each(year.store), accounts.each(year.store)).findings
    return [*map(str, year.bus.dead), *failed, *map(str, found)]


def rows(year: Found) -> Iterator[Row]:
    """Tell what was promised, and what came of it."""
    least = 60 * year.guests
    yield Row("guests", f"{year.guests:,}", f"{year.members:,}", True)
    yield Row("receipts", f">= {least:,}", f"{year.receipts:,}", year.receipts >= least)
    yield from _fired("timer", kinds(), year.fired)
    yield from _fired("occasion", occasions(), year.began)
    yield from _fired("job", jobs(), year.asked)
    for part in COMPARED:
        wrong = sum(f" {part} " in f" {each}" for each in year.different)
        told = f"{year.counted[part]:,} counted, {wrong} differ"
        yield Row(f"{part} as reckoned apart", "0 differ", told, not wrong)
    yield Row("points earned - spent - lapsed = left", "0 missing", *_balanced(year.sums))
    yield Row("texts told twice", "0", str(year.twice), not year.twice)
    failed = len(year.troubles)
    yield Row("failed, or not following from entries", "0", str(failed), not failed)


def _fired(what: str, known: set[str], fired: Mapping[str, int]) -> Iterator[Row]:
    for name in sorted(known):
        yield Row(f"{what} {name}", "fires", f"{fired.get(name, 0):,}", fired.get(name, 0) > 0)


def _sums(seen: Seen) -> Counter[str]:
    found: Counter[str] = Counter()
    for each in seen.sums.values():
        found.update({name: part for name, part in each._asdict().items() if name != "tier"})
    return found


def _balanced(sums: Counter[str]) -> tuple[str, bool]:
    """What is held for a moment, at the end, is neither spent nor left."""
    left = sums["balance"] + sums["pending"]
    told = f"{sums['earned']:,} - {sums['spent']:,} - {sums['expired']:,} = {left:,}"
    return told, sums["earned"] - sums["spent"] - sums["expired"] == left
