"""ListPaymentRefunds: what it demands of a question, and how it pages through the answer."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from infra.sandbox.shapes import Text, Thing
from infra.sandbox.square_search import cursor, instant, place, refuse_problem
from infra.sandbox.square_shapes import Json

MOST = 100
YEAR = timedelta(days=365)
STATUSES = ("PENDING", "COMPLETED", "REJECTED", "FAILED")
SOURCES = ("CARD", "BANK_ACCOUNT", "WALLET", "CASH", "EXTERNAL")
QUESTION = Thing(
    {
        "begin_time": Text(1),
        "end_time": Text(1),
        "sort_order": Text(among=("ASC", "DESC")),
        "cursor": Text(),
        "location_id": Text(0, 50),
        "status": Text(among=STATUSES),
        "source_type": Text(among=SOURCES),
        "limit": Text(pattern="[1-9][0-9]?|100"),
    }
)
_ASKED = {"location_id": "location_id", "status": "status", "source_type": "destination_type"}
"""Which field of a refund a parameter is about."""


def listed(refunds: list[Json], asked: Mapping[str, str], now: datetime) -> Json:
    """Answer a list; an empty answer has no `refunds` at all."""
    refuse_problem(list(QUESTION.problems(dict(asked), "")))
    question = {name: text for name, text in asked.items() if name not in ("cursor", "limit")}
    newest_first = asked.get("sort_order", "DESC") == "DESC"
    found = sorted(_of_time(_wanted(refunds, asked), asked, now), key=_key, reverse=newest_first)
    if "cursor" in asked:
        after = place(asked["cursor"], question)
        found = [
            each for each in found if _key(each) != after and (_key(each) < after) is newest_first
        ]
    limit = int(asked.get("limit", MOST))
    answer: Json = {"refunds": found[:limit]} if found else {}
    return answer | ({"cursor": cursor(_key(found[limit - 1]), question)} if found[limit:] else {})


def _wanted(refunds: list[Json], asked: Mapping[str, str]) -> list[Json]:
    wanted = {field: asked[name] for name, field in _ASKED.items() if name in asked}
    return [each for each in refunds if wanted.items() <= each.items()]


def _of_time(refunds: list[Json], asked: Mapping[str, str], now: datetime) -> list[Json]:
    """Keep those made in the span; its beginning belongs to it."""
    first = instant(asked["begin_time"]) if "begin_time" in asked else now - YEAR
    last = instant(asked["end_time"]) if "end_time" in asked else now
    return [each for each in refunds if first <= instant(each["created_at"]) <= last]


def _key(refund: Json) -> tuple[str, str]:
    """Sort by time, then id, so that a page never skips or repeats a refund."""
    return refund["created_at"], refund["id"]
