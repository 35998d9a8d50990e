"""What automations must mean: steps that do one thing, names that exist, texts to be filled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from loyalty.domain import automations as on
from loyalty.domain.campaigns import Campaign
from loyalty.domain.program import Message, Program
from loyalty.program_file.checking import Check, Finding
from loyalty.program_file.mistakes import Path, closest, short
from loyalty.program_file.wording import ALWAYS, unfilled

VERBS: Final = ("send", "award", "reward", "alert", "tag", "untag", "wait")
_SLOTS: dict[type, frozenset[str]] = {
    on.Came: frozenset({"store"}),
    on.TierChange: frozenset({"tier"}),
    on.Reached: frozenset({"milestone"}),
    on.Affordable: frozenset({"reward"}),
    on.Active: frozenset({"score"}),
    on.Birthday: frozenset({"date"}),
    on.Anniversary: frozenset({"date", "years"}),
    on.Dormant: frozenset({"days"}),
    on.Expiring: frozenset({"date"}),
    on.TierEnding: frozenset({"date", "tier"}),
    Campaign: frozenset({"date"}),
    on.MonthEnded: frozenset(
        {
            "month",
            "opening",
            "earned",
            "used",
            "expired",
            "closing",
            "expiring",
            "expires_on",
            "next_reward",
            "missing",
        }
    ),
}
"""What a message can say of what began an automation, besides what it can always say."""


def steps_do_one_thing(program: Program) -> Iterator[Finding]:
    """Each step does exactly one thing, and a time of day belongs to a wait."""
    for path, step in _steps(program):
        verbs = [verb for verb in VERBS if getattr(step, verb) is not None]
        if len(verbs) != 1:
            problem = f"it does {' and '.join(verbs)} at once" if verbs else "it does nothing"
            yield Finding(path, problem, f"give it exactly one of {', '.join(VERBS)}")
        if step.wait is not None and step.wait > on.LONGEST_WAIT:
            hint = "write `365d` or less; a birthday or an anniversary begins an automation anew"
            yield Finding((*path, "wait"), "nothing waits for longer than a year", hint)
        if step.at_time and step.wait is None:
            hint = "add `wait:`, or leave `at_time` out"
            yield Finding((*path, "at_time"), "only a wait ends at a time of day", hint)


def automations_do_something(program: Program) -> Iterator[Finding]:
    """There is a step, and the last one is not a wait; a campaign may have an offer alone."""
    for where, each in _reactions(program):
        if isinstance(each, Campaign) and each.offer and not each.steps:
            continue
        path = (*where, "steps")
        last = next(reversed(each.steps.values()), None)
        if last is None or last.wait is not None:
            problem = "nothing comes after the wait" if last else "there is no step"
            yield Finding(path, problem, "add what is done, as in `hello: {send: welcome}`")


def _steps(program: Program) -> Iterator[tuple[Path, on.Step]]:
    for where, each in _reactions(program):
        yield from (((*where, "steps", step), it) for step, it in each.steps.items())


def _reactions(program: Program) -> Iterator[tuple[Path, on.Reaction]]:
    """List what has steps: automations and campaigns."""
    for name, automation in program.automations.items():
        yield ("automations", name), automation
    for name, campaign in program.campaigns.items():
        yield ("campaigns", name), campaign


def automations_name_what_there_is(program: Program) -> Iterator[Finding]:
    """A step, and what begins an automation, name only what the program has."""
    messages = [name for name, each in program.messages.items() if each.on == "automation"]
    alerts = [name for name, each in program.alerts.items() if each.on == "automation"]
    for path, step in _steps(program):
        yield from _known((*path, "send"), step.send, messages, "messages", "on: automation")
        yield from _known((*path, "alert"), step.alert, alerts, "alerts", "on: automation")
        yield from _known((*path, "reward"), step.reward, program.rewards, "rewards")
    for name, each in program.automations.items():
        path = ("automations", name)
        if isinstance(each, on.Reached):
            yield from _known(
                (*path, "milestone"), each.milestone, program.milestones, "milestones"
            )
        if isinstance(each, on.Active):
            yield from _known((*path, "activity"), each.activity, program.activities, "activities")
        if isinstance(each, on.Affordable):
            priced = [name for name, reward in program.rewards.items() if reward.points]
            yield from _known((*path, "reward"), each.reward, priced, "rewards", "points")


def _known(
    path: Path, name: str | None, known: Iterable[str], listed: str, having: str = ""
) -> Iterator[Finding]:
    here = list(known)
    if name is not None and name not in here:
        among = f"{listed} with `{having}`" if having else listed
        problem = f"{short(name)} is not among the {among} of this program"
        yield Finding(path, problem, closest(name, here), (listed, name, "on"))


def guests_are_told_by_what_there_is(program: Program) -> Iterator[Finding]:
    """Automations ask only for tiers and segments of the program."""
    levels = program.tiers.levels if program.tiers else {}
    asked: list[tuple[Path, on.Guests]] = [
        ((*where, "when"), each.when) for where, each in _reactions(program)
    ]
    asked += [((*path, "when"), step.when) for path, step in _steps(program) if step.when]
    asked += [((*path, "unless"), step.unless) for path, step in _steps(program) if step.unless]
    for path, guests in asked:
        for index, tier in enumerate(guests.tiers):
            yield from _known((*path, "tiers", str(index)), tier, levels, "tiers")
        for index, name in enumerate(guests.segments):
            where = (*path, "segments", str(index))
            yield from _known(where, name, program.segments, "segments")


def beginnings_are_told(program: Program) -> Iterator[Finding]:
    """What begins an automation is told one way, and can come."""
    for path, each in _reactions(program):
        if isinstance(each, on.Dormant) and (each.days is None) == (each.rhythm is None):
            hint = "give `days:`, or `rhythm:` to go by how often each guest comes"
            yield Finding(path, "it does not say how long is long, or says it twice", hint)
        if isinstance(each, on.Came) and (each.nth is None) == (each.every_nth is None):
            hint = "give `nth:` for one visit, or `every_nth:` for each multiple"
            yield Finding(path, "it does not say which visit, or says it twice", hint)
        if "unaffordable" in each.stop_when and not isinstance(each, on.Affordable):
            hint = "leave it out, or begin `on: reward-affordable`"
            yield Finding((*path, "stop_when"), "it is about no reward", hint)


def win_backs_are_marketing(program: Program) -> Iterator[Finding]:
    """Who stayed away is written to only if they agreed to marketing, as for a campaign."""
    for name, each in program.automations.items():
        steps = each.steps.items() if isinstance(each, on.Dormant) else ()
        for step, does in steps:
            message = program.messages.get(does.send or "")
            if message and message.on == "automation" and message.purpose != "marketing":
                path = ("automations", name, "steps", step, "send")
                problem = f"{short(does.send or '')} is a service message: a win-back advertises"
                yield Finding(path, problem, "add `purpose: marketing` to it")


def automations_fill_their_texts(program: Program) -> Iterator[Finding]:
    """A text that an automation sends asks only for what is known then."""
    for (_, name), each in _reactions(program):
        known = ALWAYS | {"visits"} | _SLOTS.get(type(each), frozenset())
        for step in each.steps.values():
            known |= {"award"} if step.award else set()
            known |= {"reward", "code"} if step.reward else set()
            message = program.messages.get(step.send or "")
            yield from _texts(step.send or "", message, name, known)
        if isinstance(each, Campaign) and each.last_chance:
            last = each.last_chance.send
            yield from _texts(last, program.messages.get(last), name, known)


def _texts(
    called: str, message: Message | None, automation: str, known: frozenset[str]
) -> Iterator[Finding]:
    written = (("text", message.text), ("subject", message.subject)) if message else ()
    for key, words in written:
        for language, text in words.items():
            path = ("messages", called, key, language)
            yield from unfilled(path, text, known, f", sent by `{automation}`")


REACTING: tuple[Check, ...] = (
    steps_do_one_thing,
    automations_do_something,
    automations_name_what_there_is,
    guests_are_told_by_what_there_is,
    beginnings_are_told,
    win_backs_are_marketing,
    automations_fill_their_texts,
)
