"""What the system ended with, beside what was expected without it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from infra.sandbox.outbox import Message
from loyalty.audit import Audit, audit
from loyalty.delivery import Shop
from loyalty.ports import Query
from loyalty.records import accounts, entries
from loyalty.stored import R, Records

Json = dict[str, Any]
_BALANCE = re.compile(r"(?<![+\d-])\d+")
_POINTS = re.compile(r"[+-]\d+")
_END = re.compile(r"[.!?।]+(?:\s+|$)")
_CODE = re.compile(r"\b[A-Z2-9]{4}-[A-Z2-9]{4}\b")


def found(
    shop: Shop, members: Mapping[str, str], receipts: Mapping[str, str], outbox: list[Message]
) -> Json:
    """Collect everything that the expected file states, under the scenario's own names."""
    return {
        "members": {key: balance(shop, member) for key, member in members.items()},
        "receipts": _receipts(shop, {m: key for key, m in members.items()}, receipts),
        "messages": _messages(outbox),
        "alerts": [message.text for message in outbox if message.channel == "staff"],
    }


def audited(shop: Shop) -> Audit:
    """Recount the ledger from its entries, as `loyalty verify` does."""

    def all_of(collection: Records[R]) -> list[R]:
        found = shop.store.query(Query(collection.collection, limit=100_000))
        return [record for _, document in found if (record := collection.read(document))]

    return audit(
        all_of(entries), all_of(accounts), lambda day: shop.programs.of_day(day).visits.sitting
    )


def differences(
    expected: Json, ended: Json, *, ordered: bool = True, waited: Mapping[str, str] = {}
) -> list[str]:
    """Say where two results differ, a line each.

    What a receipt keeps is only known to the system once it is booked. Unless `ordered`, acts that
    were decided at the same time may have come in any order: then each guest reads the same
    sentences, with other balances on the way, and the team reads the same alerts, some twice.
    Receipts that `waited` for a guest to join (by the guest's phone) are booked at once: which of
    them the carried cents complete to a point depends on the order, their sum does not.
    """
    for receipt in expected["receipts"].values():
        if receipt["state"] in ("unclaimed", "review"):
            receipt["kept_eligible"] = 0
    if not ordered:
        expected, ended = _in_any_order(expected, waited), _in_any_order(ended, waited)
    wanted = dict(_leaves({part: expected[part] for part in ended}))
    found = dict(_leaves(ended))
    pairs = (
        (place, wanted.get(place, "nothing"), found.get(place, "nothing"))
        for place in sorted(wanted.keys() | found.keys())
    )
    return [
        f"{place}: expected {one}, found {other}" for place, one, other in pairs if one != other
    ]


def _leaves(result: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """List all plain values in a result, with the way to each."""
    if not isinstance(result, dict | list):
        yield place, result
        return
    inside = result.items() if isinstance(result, dict) else enumerate(result)
    for name, value in inside:
        yield from _leaves(value, f"{place} {name}".lstrip())


def _in_any_order(result: Json, waited: Mapping[str, str]) -> Json:
    told = {
        to: _sentences(messages, split=to in waited.values())
        for to, messages in result["messages"].items()
    }
    receipts = _in_sum(result["receipts"], waited)
    alerts = sorted(set(result["alerts"]))
    return {**result, "receipts": receipts, "messages": told, "alerts": alerts}


def _in_sum(receipts: Json, waited: Mapping[str, str]) -> Json:
    """Tell of receipts that waited for the same guest what they came to together."""
    sums: dict[str, int] = defaultdict(int)
    told: Json = {}
    for name, receipt in receipts.items():
        told[name] = receipt
        if name in waited:
            told[name] = {**receipt, "booked": "in sum"}
            sums[f"waited for {waited[name]}"] += receipt["booked"]
    return {**told, **sums}


def _sentences(messages: list[Json], *, split: bool) -> list[str]:
    """List all that somebody read, without the balances: numbers that have no sign.

    If points may be split otherwise, without those too, but with their sum.
    """
    texts = [f"{message['channel']}: {message['text']}" for message in messages]
    told = sorted(_BALANCE.sub("#", part) for text in texts for part in _END.split(text) if part)
    if not split:
        return told
    points = sum(int(number) for text in texts for number in _POINTS.findall(text))
    return [*sorted(_POINTS.sub("#", part) for part in told), f"{points} in all"]


def balance(shop: Shop, member: str) -> Json:
    """Show a member's account as the expected file does."""
    record = accounts.get(shop.store, member)
    if record is None:
        return {}
    account, now = record.account, shop.clock.now()
    return {
        "points": account.points(now),
        "pending": account.pending(now),
        "tier": account.tier,
        "visits": account.totals.visits,
        "lifetime_points": account.totals.points,
        "debt": account.debt,
    }


def _receipts(shop: Shop, keys: Mapping[str, str], names: Mapping[str, str]) -> Json:
    query = Query("entries", limit=10_000)
    records = (entries.read(document) for _, document in shop.store.query(query))
    kept = [record.receipt for record in records if record and record.receipt]
    return {
        names.get(receipt.id, receipt.id): {
            "member": keys.get(receipt.member),
            "kept_eligible": receipt.kept,
            "booked": receipt.points,
            "state": "voided" if receipt.voided or receipt.void else receipt.state,
        }
        for receipt in kept
    }


def _messages(outbox: list[Message]) -> Json:
    """List each guest's messages in order, with voucher codes made unreadable."""
    found: dict[str, list[Json]] = defaultdict(list)
    for message in outbox:
        if message.channel != "staff":
            text = _CODE.sub("****-****", message.text)
            found[message.to].append({"channel": message.channel, "to": message.to, "text": text})
    return dict(found)
