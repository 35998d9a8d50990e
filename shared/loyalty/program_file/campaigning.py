"""What campaigns must mean: a time that can be, texts that there are, a budget to keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from loyalty.domain.automations import Reaction
from loyalty.domain.campaigns import Campaign, LastChance, Offer, instant
from loyalty.domain.program import Program
from loyalty.domain.vocabulary import MessageChannel
from loyalty.program_file.checking import Check, Finding, unknown
from loyalty.program_file.mistakes import Path, closest, short

_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d", re.ASCII)
LONGEST = timedelta(days=366)
"""Who was in a campaign is remembered for some weeks more."""
ROUNDS = 60
"""So many rounds are looked at, whether one begins before another is over."""


def campaigns_begin_and_end(program: Program) -> Iterator[Finding]:
    """A campaign begins on a day that there is, and ends after that."""
    for name, each in program.campaigns.items():
        path: Path = ("campaigns", name)
        days = [key for key in ("starts", "ends") if not _is_day(getattr(each, key), program)]
        for key in days:
            yield Finding((*path, key), "there is no such day", "look at a calendar")
        if not days and each.ends <= each.starts:
            yield Finding((*path, "ends"), "it ends before it begins", "choose a later end")
        if not days and not each.cron and _lasts(each, program) > LONGEST:
            hint = "let it end sooner, or give it `cron:` and `hours:` to come again"
            yield Finding((*path, "ends"), "it lasts for longer than a year", hint)


def _lasts(campaign: Campaign, program: Program) -> timedelta:
    if not (_WRITTEN.fullmatch(campaign.starts) and _WRITTEN.fullmatch(campaign.ends)):
        return timedelta()
    return instant(campaign.ends, program.zone) - instant(campaign.starts, program.zone)


def _is_day(text: str, program: Program) -> bool:
    """Tell whether there is such a day; what is not written as one was told of when it was read."""
    if not _WRITTEN.fullmatch(text):
        return True
    try:
        instant(text, program.zone)
    except (ValueError, LookupError, OverflowError):
        return False
    return True


def campaigns_ask_for_segments_that_exist(program: Program) -> Iterator[Finding]:
    """A campaign is for segments of the program."""
    for name, each in program.campaigns.items():
        path = ("campaigns", name, "segments")
        yield from unknown(path, each.segments, program.segments, ("segments",))


def campaigns_send_what_may_be_sent(program: Program) -> Iterator[Finding]:
    """What a campaign sends goes to those who agreed to marketing."""
    for name, each in program.campaigns.items():
        for path, message in _sent(("campaigns", name), each):
            found = program.messages.get(message)
            if found and found.on == "automation" and found.purpose != "marketing":
                problem = f"{short(message)} is a service message: a campaign advertises"
                yield Finding(path, problem, "add `purpose: marketing` to it")


def last_chances_are_known(program: Program) -> Iterator[Finding]:
    """A reminder is a message of the program, and comes while its campaign runs."""
    told = [key for key, each in program.messages.items() if each.on == "automation"]
    for name, each in program.campaigns.items():
        if each.last_chance and _is_longer(each.last_chance, each, program):
            path = ("campaigns", name, "last_chance", "days_before")
            yield Finding(path, "it would come before the campaign begins", "choose fewer days")
        if each.last_chance and each.last_chance.send not in told:
            path, message = ("campaigns", name, "last_chance", "send"), each.last_chance.send
            problem = f"{short(message)} is not among the messages with `on: automation`"
            yield Finding(path, problem, closest(message, told), ("messages",))


def _is_longer(last: LastChance, campaign: Campaign, program: Program) -> bool:
    if not all(_WRITTEN.fullmatch(at) and _is_day(at, program)
               for at in (campaign.starts, campaign.ends)):  # fmt: skip
        return False
    starts, ends = (instant(at, program.zone) for at in (campaign.starts, campaign.ends))
    return starts < ends <= starts + timedelta(days=last.days_before)


def _sent(path: Path, campaign: Campaign) -> Iterator[tuple[Path, str]]:
    for step, it in campaign.steps.items():
        if it.send:
            yield (*path, "steps", step, "send"), it.send
    if campaign.last_chance:
        yield (*path, "last_chance", "send"), campaign.last_chance.send


def chosen_channels_can_be_used(program: Program) -> Iterator[Finding]:
    """What goes by channels of a campaign's or a step's own has a carrier, and a subject."""
    for path, own, message in _chosen(program):
        found = program.messages.get(message)
        for channel in own:
            if not program.connectors.get(channel):
                hint = f"name one at `connectors: {channel}:`, or leave `{channel}` out"
                yield Finding(path, f"no connector carries `{channel}`", hint)
        if found and "email" in own and not (found.subject or found.email_template):
            problem = f"{short(message)} has no subject, and would go by e-mail"
            yield Finding(path, problem, "give the message a `subject:`, or leave `email` out")


def _chosen(program: Program) -> Iterator[tuple[Path, tuple[MessageChannel, ...], str]]:
    """List whose channels are chosen where, and for which message."""
    for where, each in _reactions(program):
        own = each.channels if isinstance(each, Campaign) else ()
        for name, step in each.steps.items():
            if step.channels:
                yield (*where, "steps", name, "channels"), step.channels, step.send or ""
            elif own and step.send:
                yield (*where, "channels"), own, step.send
        if own and isinstance(each, Campaign) and each.last_chance:
            yield (*where, "channels"), own, each.last_chance.send


def _reactions(program: Program) -> Iterator[tuple[Path, Reaction]]:
    yield from ((("automations", name), each) for name, each in program.automations.items())
    yield from ((("campaigns", name), each) for name, each in program.campaigns.items())


def offers_say_one_thing(program: Program) -> Iterator[Finding]:
    """An offer is a factor or points, and its hours are some."""
    for path, offer in _offers(program):
        if (offer.factor is None) == (offer.points is None):
            hint = "give `factor:` for all a receipt earns, or `points:` for each visit"
            yield Finding(path, "it does not say what it gives, or says it twice", hint)
        if offer.when.start is not None and offer.when.start == offer.when.end:
            problem = f"it starts and ends at {offer.when.start}"
            hint = "choose an end that differs from the start"
            yield Finding((*path, "when", "end"), problem, hint)


def offers_name_what_there_is(program: Program) -> Iterator[Finding]:
    """An offer is for stores and tiers of the program."""
    levels = program.tiers.levels if program.tiers else {}
    for path, offer in _offers(program):
        when = offer.when
        yield from unknown((*path, "when", "stores"), when.stores, program.stores, ("stores",))
        yield from unknown((*path, "when", "tiers"), when.tiers, levels, ("tiers", "levels"))


def _offers(program: Program) -> Iterator[tuple[Path, Offer]]:
    for name, each in program.campaigns.items():
        if each.offer:
            yield ("campaigns", name, "offer"), each.offer


def budgets_can_be_kept(program: Program) -> Iterator[Finding]:
    """A budget in money knows what things cost, and points are lowered from step to step."""
    for name, each in program.campaigns.items():
        path, budget = ("campaigns", name, "budget"), each.budget
        if budget.money is not None and not (budget.points_cost or budget.reward_cost):
            hint = "add `points_cost:`, what 100 points cost, or `reward_cost:`"
            yield Finding((*path, "money"), "nothing says what its gifts cost", hint)
        if budget.lower_to and budget.money is None and budget.points is None:
            hint = "add `points:` or `money:`, or leave it out"
            yield Finding((*path, "lower_to"), "there is no budget to pass", hint)
        if any(later >= before for before, later in pairwise(budget.lower_to)):
            yield Finding((*path, "lower_to"), "it does not fall", "write it as in `[50, 25, 0]`")


def rounds_can_come(program: Program) -> Iterator[Finding]:
    """A campaign with a cron line says how long a round lasts: it is over before the next one."""
    for name, each in program.campaigns.items():
        path: Path = ("campaigns", name)
        if bool(each.cron) != bool(each.hours):
            hint = "give both `cron:`, when a round begins, and `hours:`, how long it lasts"
            yield Finding((*path, "cron" if each.cron else "hours"), "a round needs both", hint)
        elif each.cron:
            yield from _wrong_rounds((*path, "cron"), each, program)


def _wrong_rounds(path: Path, each: Campaign, program: Program) -> Iterator[Finding]:
    from loyalty import cron  # noqa: PLC0415 - functions only reread what was checked

    if wrong := cron.wrong(each.cron):
        yield Finding(path, wrong.problem, wrong.hint.removesuffix(", or `off`"))
    elif each.hours and _is_day(each.starts, program):
        begins = [instant(each.starts, program.zone)]
        while len(begins) < ROUNDS:
            begins.append(cron.following(each.cron, program.zone, begins[-1]))
        length = timedelta(hours=each.hours)
        if any(later - before < length for before, later in pairwise(begins[1:])):
            hint = "choose fewer `hours:`, or let it come less often"
            yield Finding(path, "a round would begin before the one before it is over", hint)


CAMPAIGNING: tuple[Check, ...] = (
    campaigns_begin_and_end,
    rounds_can_come,
    campaigns_ask_for_segments_that_exist,
    campaigns_send_what_may_be_sent,
    last_chances_are_known,
    chosen_channels_can_be_used,
    offers_say_one_thing,
    offers_name_what_there_is,
    budgets_can_be_kept,
)
