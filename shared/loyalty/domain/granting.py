"""What a receipt is worth with the offers it has, and what each of those adds to it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from loyalty.domain.earning import NOTHING, Judgement, Tried, judge, rate
from loyalty.domain.entry import Receipt
from loyalty.domain.offers import RULE, Applied, with_rules
from loyalty.domain.program import Program
from loyalty.domain.transaction import Refund

_replace = msgspec.structs.replace


def judgement(receipt: Receipt, rules: Program) -> Judgement:
    """Judge a receipt as it stands; what nobody may earn from yet, or any more, is nothing."""
    if receipt.voided or receipt.state in ("review", "refused"):
        return NOTHING
    return judged(receipt, rules, [receipt.refunds[name] for name in receipt.posted])


def judged(receipt: Receipt, rules: Program, back: Sequence[Refund]) -> Judgement:
    """Judge a receipt after these refunds, with the offers that it has."""
    if receipt.sale is None:
        return NOTHING
    rules = with_rules(rules, receipt.offers)
    worth = judge(rules, receipt.sale, back, receipt.tier, receipt.segments)
    short = [each for each in receipt.offers if each.short]
    if not short:
        return worth
    raw, cap = worth.raw + sum(each.granted for each in short), rules.earning.caps.per_receipt
    tried = (*worth.tried, *map(_tried, short))
    return _replace(worth, raw=raw if cap is None else min(cap, raw), tried=tried)


def _tried(short: Applied) -> Tried:
    given = f"{short.granted} from " if short.granted else ""
    why = f"{given}campaign {short.title}: its budget is spent"
    name = f"{RULE}{short.campaign}"
    return Tried(rule=name, matched=True, why=why, points=str(short.granted))


def wanted(receipt: Receipt, rules: Program, before: Sequence[Applied], offer: Applied) -> int:
    """Tell the points that an offer adds to a receipt, on top of those before it.

    What it adds to a sum with carry counts as a whole point sooner or later: it is rounded up.
    """
    without = judgement(_replace(receipt, offers=tuple(before)), rules)
    own = (*before, _replace(offer, short=False))
    worth = judgement(_replace(receipt, offers=own), rules)
    more = {key: share - without.carried.get(key, 0) for key, share in worth.carried.items()}
    carried = sum(-(-share // rate(key)) for key, share in more.items())
    return max(0, worth.raw - without.raw) + carried
