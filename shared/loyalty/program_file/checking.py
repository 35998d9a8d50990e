"""What a program must mean: names that exist, sums that add up, lines that can be reached.

Each check is one function from the program to its findings; `CHECKS` is the table of them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from loyalty.domain import money
from loyalty.domain.conditions import When
from loyalty.domain.program import Milestone, Program, QuietHours, Spend
from loyalty.program_file.mistakes import Path, closest, short
from loyalty.program_file.places import CURRENCIES, CURRENCY_OF, zones


class Finding(NamedTuple):
    """A mistake in what the program says, at the key it is about."""

    path: Path
    problem: str
    hint: str
    listed: Path = ()
    """Where the names it should be among are listed: if that is wrong, this is no news."""


Check = Callable[[Program], Iterable[Finding]]


def a_store_is_named(program: Program) -> Iterator[Finding]:
    """Points are earned at stores: there must be one."""
    if not program.stores:
        hint = "add one, as in `main: {title: Main street 1}`"
        yield Finding(("stores",), "there is no store", hint)


def stores_are_known(program: Program) -> Iterator[Finding]:
    """A rule or a reward names only stores of the program."""
    for name, rule in program.earning.rules.items():
        path = ("earning", "rules", name, "when", "stores")
        yield from unknown(path, rule.when.stores, program.stores, ("stores",))
    for name, reward in program.rewards.items():
        asked = ("rewards", name, "stores")
        yield from unknown(asked, reward.stores, program.stores, ("stores",))


def tiers_are_known(program: Program) -> Iterator[Finding]:
    """A rule, a reward or an alert names only tiers of the program."""
    levels = program.tiers.levels if program.tiers else {}
    for name, rule in program.earning.rules.items():
        path = ("earning", "rules", name, "when", "tiers")
        yield from unknown(path, rule.when.tiers, levels, ("tiers", "levels"))
    for name, reward in program.rewards.items():
        asked = ("rewards", name, "tiers")
        yield from unknown(asked, reward.tiers, levels, ("tiers", "levels"))
    for name, alert in program.alerts.items():
        asked = ("alerts", name, "tiers")
        yield from unknown(asked, alert.tiers, levels, ("tiers", "levels"))


def rewards_are_known(program: Program) -> Iterator[Finding]:
    """A milestone gives only rewards of the program, and never one that is points as money."""
    for name, milestone in program.milestones.items():
        given = program.rewards.get(milestone.reward or "")
        if given and given.kind == "points_as_money":
            problem, hint = "points as money cannot be given", "give points with `award:`"
            yield Finding(("milestones", name, "reward"), problem, hint)
        if milestone.reward is not None and milestone.reward not in program.rewards:
            problem = f"{short(milestone.reward)} is not among the rewards of this program"
            hint = closest(milestone.reward, program.rewards)
            yield Finding(("milestones", name, "reward"), problem, hint, ("rewards",))


def unknown(
    path: Path, names: Iterable[str], known: Iterable[str], listed: Path
) -> Iterator[Finding]:
    """Find the names that are not among those of the program."""
    here = list(known)
    among = set(here)
    for index, name in enumerate(names):
        if name not in among:
            problem = f"{short(name)} is not among the {listed[0]} of this program"
            yield Finding((*path, str(index)), problem, closest(name, here), listed)


def a_till_has_one_store(program: Program) -> Iterator[Finding]:
    """A receipt must belong to one store: no till is named twice."""
    seen: dict[str, str] = {}
    for name, store in program.stores.items():
        for index, till in enumerate(store.tills):
            if till in seen:
                problem = f"the till {short(till)} belongs to `{seen[till]}` already"
                hint = "name each till at one store, once"
                yield Finding(("stores", name, "tills", str(index)), problem, hint)
            seen.setdefault(till, name)


def zones_are_known(program: Program) -> Iterator[Finding]:
    """Every time zone is in the time zone database."""
    asked = [(("stores", name, "zone"), store.zone) for name, store in program.stores.items()]
    for path, zone in [(("zone",), program.zone), *asked]:
        if zone is not None and zone not in zones():
            problem = f"{short(zone)} is no time zone"
            yield Finding(path, problem, _zone_hint(zone))


def _zone_hint(zone: str) -> str:
    continent, _, city = zone.replace(" ", "_").lower().rpartition("/")
    names = sorted(zones())
    same_city = [known for known in names if known.lower().endswith(f"/{city}")]
    nearby = [known for known in names if known.lower().startswith(f"{continent}/")]
    found = same_city[:1] or nearby
    return closest(zone, found) if found else "write continent and city, as in `Europe/Berlin`"


def currencies_are_known(program: Program) -> Iterator[Finding]:
    """Every currency is one of ISO 4217."""
    asked = [(("stores", name, "currency"), each.currency) for name, each in program.stores.items()]
    for path, currency in [(("currency",), program.currency), *asked]:
        if currency is not None and currency not in CURRENCIES:
            usual = CURRENCY_OF.get(program.country, "EUR")
            hint = f"write its three letters, as in `{usual}`"
            yield Finding(path, f"{short(currency)} is no currency in use", hint)


def the_country_is_known(program: Program) -> Iterator[Finding]:
    """The country is one of ISO 3166: phone numbers are completed by it."""
    if program.country not in CURRENCY_OF:
        problem = f"{short(program.country)} is no country"
        hint = "write its two letters, as in `DE`, `GB` or `NP`"
        yield Finding(("country",), problem, hint)


def currencies_share_their_digits(program: Program) -> Iterator[Finding]:
    """Amounts of the program hold for all stores, so one cent must be as fine as another.

    `per: 1.00` is kept as 100 of the smallest unit: for a store in yen this would be 100 yen.
    """
    digits = money.exponent(program.currency)
    for name, store in _foreign(program):
        if money.exponent(store) != digits:
            problem = f"{store} has other digits after the point than {program.currency}"
            hint = "amounts in this file hold for all stores: give this store a program of its own"
            yield Finding(("stores", name, "currency"), problem, hint)


def currencies_are_not_added_up(program: Program) -> Iterator[Finding]:
    """For now nothing may add up money over stores of different currencies.

    Without rates of exchange, 1 EUR and 1 NPR would count the same in a sum that is carried on,
    capped or compared with a line.
    """
    if any(True for _ in _foreign(program)):
        currencies = sorted({program.currency_of(store) for store in program.stores})
        problem = f"this would add up {' and '.join(currencies)} as if they were the same money"
        yield from (Finding(path, problem, hint) for path, hint in _sums(program))


def _foreign(program: Program) -> Iterator[tuple[str, str]]:
    for name, store in program.stores.items():
        if store.currency and store.currency != program.currency:
            yield name, store.currency


def _sums(program: Program) -> Iterator[tuple[Path, str]]:
    for name, rule in program.earning.rules.items():
        stores = rule.when.stores or tuple(program.stores)
        mixed = {program.currency_of(store) for store in stores if store in program.stores}
        if isinstance(rule, Spend) and rule.carry and len(mixed) > 1:
            yield ("earning", "rules", name, "carry"), "limit it with `when: {stores: […]}`"
    for cap in ("per_receipt", "per_day"):
        if getattr(program.earning.caps, cap) is not None:
            yield ("earning", "caps", cap), "leave caps out, or give each currency its own program"
    if program.tiers and program.tiers.metric == "spend":
        yield ("tiers", "metric"), "measure tiers in visits or points"
    for name, milestone in program.milestones.items():
        if milestone.metric == "spend":
            yield ("milestones", name, "metric"), "measure it in visits or points"


def carry_has_no_caps(program: Program) -> Iterator[Finding]:
    """A carried sum has no points of a single receipt or day that a cap could hold down."""
    carried = [n for n, r in program.earning.rules.items() if isinstance(r, Spend) and r.carry]
    capped = program.earning.caps.per_receipt or program.earning.caps.per_day
    if carried and capped:
        problem = f"caps do not go together with `carry` (of `{carried[0]}`)"
        yield Finding(("earning", "caps"), problem, "leave out the caps, or set `carry: false`")


def milestones_have_one_line(program: Program) -> Iterator[Finding]:
    """A milestone is reached once, or again and again; never both, never at nothing."""
    for name, milestone in program.milestones.items():
        if (milestone.at is None) == (milestone.every is None):
            how = "neither `at` nor `every`" if milestone.at is None else "both `at` and `every`"
            hint = "give `at` to reach it once, or `every` to reach it again and again"
            yield Finding(("milestones", name), f"it has {how}", hint)
        elif milestone.at == 0:
            problem = "every guest begins at 0: this line is never crossed"
            yield Finding(("milestones", name, "at"), problem, "begin at 1 or above")


def stamps_are_counted_on_a_card(program: Program) -> Iterator[Finding]:
    """A milestone of stamps names its card; one of something else names none."""
    for name, milestone in program.milestones.items():
        path = ("milestones", name, "stamps")
        if milestone.metric != "stamps" and milestone.stamps is not None:
            yield Finding(path, "it measures something else", "leave it out, or `metric: stamps`")
        if milestone.metric == "stamps" and milestone.stamps is None:
            hint = "add `stamps:` with the name of a card of `stamps`"
            yield Finding(("milestones", name), "it does not say whose stamps", hint)
        elif milestone.metric == "stamps" and milestone.stamps not in program.stamps:
            card = milestone.stamps or ""
            problem = f"{short(card)} is not among the stamps of this program"
            yield Finding(path, problem, closest(card, program.stamps), ("stamps",))


def milestones_give_something(program: Program) -> Iterator[Finding]:
    """A milestone gives points, a reward, or both."""
    for name, milestone in program.milestones.items():
        if not _gives(milestone):
            hint = "add `award:` with points, or `reward:` with the name of a reward"
            yield Finding(("milestones", name), "it gives nothing", hint)


def _gives(milestone: Milestone) -> bool:
    return milestone.award > 0 or milestone.reward is not None


def tiers_rise(program: Program) -> Iterator[Finding]:
    """Each tier begins above the one before it."""
    levels = list(program.tiers.levels.items()) if program.tiers else []
    if program.tiers and not levels:
        yield Finding(("tiers", "levels"), "there is no tier", "add one, or leave out `tiers`")
    for (lower, below), (upper, level) in pairwise(levels):
        if level.at <= below.at:
            problem = f"it does not begin above `{lower}`"
            hint = "write the levels from the lowest to the highest, each with a higher `at`"
            yield Finding(("tiers", "levels", upper, "at"), problem, hint)


def money_off_has_a_value(program: Program) -> Iterator[Finding]:
    """A reward that takes money off must say how much, and for how many points."""
    for name, reward in program.rewards.items():
        if reward.kind != "free_item" and reward.value == 0:
            hint = "add `value:` with the amount taken off"
            yield Finding(("rewards", name, "value"), "money off without a value", hint)
        if reward.kind == "points_as_money" and reward.points is None:
            hint = "add `points:` with the points that pay for `value`"
            yield Finding(("rewards", name, "points"), "points as money without points", hint)


def spans_are_not_empty(program: Program) -> Iterator[Finding]:
    """A span of time that ends where it starts is either never or always: nobody can tell."""
    for path, span in _spans(program):
        if span.start is not None and span.start == span.end:
            problem = f"it starts and ends at {span.start}"
            yield Finding((*path, "end"), problem, "choose an end that differs from the start")


def _spans(program: Program) -> Iterator[tuple[Path, QuietHours | When]]:
    yield ("sending", "quiet_hours"), program.sending.quiet_hours
    for name, rule in program.earning.rules.items():
        yield ("earning", "rules", name, "when"), rule.when


MEANING: tuple[Check, ...] = (
    a_store_is_named,
    stores_are_known,
    tiers_are_known,
    rewards_are_known,
    a_till_has_one_store,
    zones_are_known,
    currencies_are_known,
    the_country_is_known,
    currencies_share_their_digits,
    currencies_are_not_added_up,
    carry_has_no_caps,
    milestones_have_one_line,
    milestones_give_something,
    stamps_are_counted_on_a_card,
    tiers_rise,
    money_off_has_a_value,
    spans_are_not_empty,
)
