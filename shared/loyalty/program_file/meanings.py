"""What each key of the program file means, from the words beside its definition."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from loyalty.domain import automations, campaigns, conditions, grouping, nightly, program

_SOURCES = (program, automations, campaigns, conditions, grouping, nightly)
_COMMON = {
    "title": "The name that people read.",
    "points": "How many points.",
    "when": "When the rule applies; always if left out.",
    "start": "From this time of day on, included.",
    "end": "Until this time of day, not included.",
    "zone": "The time zone.",
    "currency": "The currency.",
    "metric": "What is measured: kept spend, visits, points earned by purchases, or stamps.",
    "channels": "Where the receipt was made; everywhere if left out.",
    "stores": "The stores it is about; all if left out.",
    "tiers": "The tiers it is about; all guests if left out.",
    "categories": "The till's categories it is about; all goods if left out.",
    "skus": "The till's article numbers it is about; all goods if left out.",
    "business_day_turns_at": "When the business day begins: a sale before it is the day before's.",
}
_OWN = {
    "Store.zone": "The store's time zone; the program's if left out.",
    "Store.currency": "The store's currency; the program's if left out.",
    "Store.business_day_turns_at": "The turn of the store's day; the program's if left out.",
    "When.weekdays": "The weekdays, by the local calendar; every day if left out.",
    "Spend.per": "For each such amount of money.",
    "Multiply.factor": "How many times the points, from 1 to 10.",
    "Caps.per_receipt": "The most points of one receipt; no limit if left out.",
    "Caps.per_day": "The most points of one member on one business day; no limit if left out.",
    "Limits.receipt_ceiling": "A receipt above this amount waits.",
    "Limits.receipts_per_hour": "More receipts of one member than this in 60 minutes wait.",
    "Earning.rules": "The rules, each by a name of your own; what they give is added up.",
    "Earning.excluded_categories": "The till's categories that earn nothing.",
    "Earning.caps": "The most that can be earned; not together with `carry`.",
    "Earning.limits": "What a person should look at before it earns.",
    "Expiry.months": "How many months points last after they can be spent.",
    "Expiry.round_to": "Points lapse at the end of that day, or of that month.",
    "Visits.sitting": "Receipts within this time of the first are one visit.",
    "Visits.minimum": "A receipt below this amount is no visit.",
    "Visits.channels": "The channels whose receipts count.",
    "Tiers.levels": "The tiers by a name of your own, from the lowest to the highest.",
    "Tiers.window": "The time over which the metric is summed up.",
    "Tiers.grace_days": "How long a tier outlasts its window.",
    "Reward.value": "How much money is taken off.",
    "Reward.categories": "The till's categories it can be used for; all if left out.",
    "Reward.valid_days": "How many days the voucher can be used.",
    "Milestone.award": "Points given for it; they never count towards a milestone.",
    "Milestone.reward": "A reward of this program given for it.",
    "Message.on": "What the message is about.",
    "Message.text": "What is said, in every language; `{points}` and the like are filled in.",
    "Message.channels": "The channels, the preferred one first.",
    "Message.purpose": "Marketing needs a consent of its own and is capped.",
    "Message.subject": "The subject of the e-mail, in every language.",
    "Alert.on": "What the alert is about.",
    "Alert.text": "What staff read; `{store}` and the like are filled in.",
    "Alert.tiers": "Only for guests of these tiers; for all if left out.",
    "Alert.at_least": "Only for receipts of at least this amount.",
    "Sending.quiet_hours": "When nothing is sent.",
    "Sending.cap_days": "The days over which the cap counts.",
    "Program.engine": "Which generation of the rules this file is written for.",
    "Program.title": "The brand's name.",
    "Program.currency": "The currency of all amounts in this file.",
    "Program.zone": "The time zone, as in `Europe/Berlin`.",
    "Program.stores": "The shops, each by a name of your own.",
    "Program.earning": "What a receipt earns.",
    "Program.expiry": "When points lapse; never if left out.",
    "Program.visits": "What counts as a visit.",
    "Program.tiers": "Standing by what a guest spends, visits or earns; none if left out.",
    "Program.stamps": "Stamp cards, each by a name of your own.",
    "Program.rewards": "What guests can get, each by a name of your own.",
    "Program.redeeming": "How rewards are taken at the counter.",
    "Program.household": "How people share an account.",
    "Program.referral": "What guests get who bring friends; nothing if left out.",
    "Program.activities": "What guests do besides buying, each by a name of your own.",
    "Program.milestones": "What is reached and given, each by a name of your own.",
    "Program.segments": "Groups of guests, each by a name of your own.",
    "Program.stages": "When a guest is new, active, regular, vip, lapsing or lost.",
    "Program.messages": "What guests are told, each by a name of your own.",
    "Program.alerts": "What staff are told, each by a name of your own.",
    "Program.sending": "When messages may leave.",
    "Program.birthdays": "How birthdays are kept.",
    "Program.automations": "What begins by itself, each by a name of your own.",
    "Program.campaigns": "What runs between two instants, each by a name of its own for ever.",
}
"""Meanings of keys that have no words of their own where they are defined."""


@cache
def meaning_of(part: str, key: str) -> str:
    """Return what a key of a part (by its class name) means. Raises LookupError if untold."""
    told = _beside(part).get(key) or _OWN.get(f"{part}.{key}") or _COMMON.get(key)
    if told is None:
        raise LookupError(
            f"say what {part}.{key} means: write a string below it where it is defined"
        )
    return told


@cache
def _beside(part: str) -> dict[str, str]:
    """Collect the words beside a part's keys, also of those that it inherits."""
    node = _classes()[part]
    above = (base.id for base in node.bases if isinstance(base, ast.Name))
    inherited = [_beside(base) for base in above if base in _classes()]
    return {key: told for each in inherited for key, told in each.items()} | dict(
        _documented(node.body)
    )


@cache
def _classes() -> dict[str, ast.ClassDef]:
    trees = (ast.parse(inspect.getsource(source)) for source in _SOURCES)
    nodes = (node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef))
    return {node.name: node for node in nodes}


def _documented(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement, after in pairwise(body):
        match statement, after:
            case ast.AnnAssign(target=ast.Name(id=key)), ast.Expr(
                value=ast.Constant(value=str(told))
            ):
                yield key, told
