"""What segments and stages must mean: names that exist, spans that somebody can be in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from loyalty.domain.automations import Reaction
from loyalty.domain.conditions import When
from loyalty.domain.grouping import Rfm, Score, Segment, Stages
from loyalty.domain.program import Program
from loyalty.program_file.checking import Check, Finding, unknown
from loyalty.program_file.mistakes import Path, closest, short


def segments_are_known(program: Program) -> Iterator[Finding]:
    """A rule or a stamp card names only segments of the program."""
    for path, when in _whens(program):
        yield from unknown((*path, "segments"), when.segments, program.segments, ("segments",))


def _whens(program: Program) -> Iterator[tuple[Path, When]]:
    for name, rule in program.earning.rules.items():
        yield ("earning", "rules", name, "when"), rule.when
    for name, card in program.stamps.items():
        yield ("stamps", name, "when"), card.when
    for name, campaign in program.campaigns.items():
        if campaign.offer:
            yield ("campaigns", name, "offer", "when"), campaign.offer.when


def asks_for_segments(program: Program) -> Iterator[Path]:
    """List the rules, cards, automations and campaigns that are for guests of some segment."""
    yield from (path for path, when in _whens(program) if when.segments)
    for name, each in program.campaigns.items():
        if each.segments or _for_some(each):
            yield ("campaigns", name)
    yield from (("automations", n) for n, each in program.automations.items() if _for_some(each))


def _for_some(reaction: Reaction) -> bool:
    steps = (guests for it in reaction.steps.values() for guests in (it.when, it.unless))
    return any(guests.segments for guests in (reaction.when, *steps) if guests)


def segments_name_what_there_is(program: Program) -> Iterator[Finding]:
    """A segment names only stores, tiers and languages of the program."""
    levels = program.tiers.levels if program.tiers else {}
    for name, segment in program.segments.items():
        path = ("segments", name)
        stores = (*path, "favorite", "stores")
        yield from unknown(stores, segment.favorite.stores, program.stores, ("stores",))
        yield from unknown((*path, "tiers"), segment.tiers, levels, ("tiers", "levels"))
        for index, language in enumerate(segment.languages):
            if language not in program.languages:
                problem = f"{short(language)} is not among the languages of this program"
                hint = closest(language, program.languages)
                yield Finding((*path, "languages", str(index)), problem, hint, ("languages",))


def segments_ask_for_something(program: Program) -> Iterator[Finding]:
    """A segment of everybody is none."""
    for name, segment in program.segments.items():
        if segment == Segment(title=segment.title):
            hint = "add a condition, as in `visits: {at_least: 5}`"
            yield Finding(("segments", name), "it asks for nothing: everybody is in it", hint)


def segments_can_have_guests(program: Program) -> Iterator[Finding]:
    """What a segment asks for can be true of somebody."""
    for name, segment in program.segments.items():
        for key, span in _spans(segment):
            least, most = span.at_least, span.at_most
            if least is not None and most is not None and least > most:
                hint = "choose one that is not below `at_least`"
                path = ("segments", name, *key, "at_most")
                yield Finding(path, "it is below `at_least`: nobody is in it", hint)
        both = [tag for tag in segment.without_tags if tag in segment.tags]
        if both and set(segment.tags) <= set(segment.without_tags):
            problem = f"{short(both[0])} is asked for in `tags` as well: nobody is in it"
            yield Finding(("segments", name, "without_tags"), problem, "leave it out of one")


def _spans(segment: Segment) -> Iterator[tuple[Path, Score]]:
    for key in ("last_visit", "visits", "spend", "points"):
        yield (key,), getattr(segment, key)
    for key in ("recency", "frequency", "money"):
        yield ("rfm", key), getattr(segment.rfm, key)


def spans_are_days_or_months(program: Program) -> Iterator[Finding]:
    """Visits and money are counted over days or over months, not over both."""
    for name, segment in program.segments.items():
        for key in ("visits", "spend"):
            span = getattr(segment, key)
            if span.days and span.months:
                path = ("segments", name, key, "months")
                yield Finding(path, "`days` are given as well", "give one of the two")


def stages_follow_each_other(program: Program) -> Iterator[Finding]:
    """A guest is lapsing before they are lost, and regular before they are a VIP."""
    stages, standard = program.stages, Stages()
    for upper, lower in (("lost_after", "lapsing_after"), ("vip_visits", "regular_visits")):
        high, low = getattr(stages, upper), getattr(stages, lower)
        if high <= low:
            key = upper if high != getattr(standard, upper) else lower
            problem = f"`{upper}` is {high}, and `{lower}` {low}"
            yield Finding(("stages", key), problem, f"let `{upper}` be the greater one")


def segments_add_up_one_money(program: Program) -> Iterator[Finding]:
    """Where stores have different currencies, nothing may be decided by a sum of money."""
    currencies = sorted({program.currency_of(store) for store in program.stores})
    if len(currencies) > 1:
        problem = f"this would add up {' and '.join(currencies)} as if they were the same money"
        yield from (Finding(path, problem, "go by visits") for path in _sums(program))


def _sums(program: Program) -> Iterable[Path]:
    if program.stages.vip_spend is not None:
        yield ("stages", "vip_spend")
    for name, segment in program.segments.items():
        if segment.spend != type(segment.spend)():
            yield ("segments", name, "spend")
        if (segment.rfm.money, segment.rfm.classes) != (Rfm().money, ()):
            yield ("segments", name, "rfm")


GROUPING: tuple[Check, ...] = (
    segments_are_known,
    segments_name_what_there_is,
    segments_ask_for_something,
    segments_can_have_guests,
    spans_are_days_or_months,
    stages_follow_each_other,
    segments_add_up_one_money,
)
