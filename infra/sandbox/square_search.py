"""SearchOrders: what it demands of a question, and how it pages through the answer."""

import base64
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from infra.sandbox.shapes import Flag, Many, Problem, Text, Thing, Whole
from infra.sandbox.square_shapes import Json, SquareRefusalError

TIMES = ("created_at", "updated_at", "closed_at")
STATES = ("OPEN", "COMPLETED", "CANCELED", "DRAFT")
USUAL_PAGE = 500
TIME_RANGE = Thing({"start_at": Text(1), "end_at": Text(1)})
FILTER = Thing(
    {
        "state_filter": Thing({"states": Many(Text(among=STATES), 1)}, frozenset({"states"})),
        "date_time_filter": Thing(dict.fromkeys(TIMES, TIME_RANGE)),
        "source_filter": Thing({"source_names": Many(Text(1), 1, 10)}),
        "customer_filter": Thing({"customer_ids": Many(Text(1), 1, 10)}),
    }
)
SORT = Thing(
    {
        "sort_field": Text(among=tuple(name.upper() for name in TIMES)),
        "sort_order": Text(among=("ASC", "DESC")),
    },
    frozenset({"sort_field"}),
)
SEARCH = Thing(
    {
        "location_ids": Many(Text(1), 1, 10),
        "cursor": Text(),
        "query": Thing({"filter": FILTER, "sort": SORT}),
        "limit": Whole(1, 1000),
        "return_entries": Flag(),
    },
    frozenset({"location_ids"}),
)
CODES = {
    "missing": "MISSING_REQUIRED_PARAMETER",
    "unknown": "BAD_REQUEST",
    "short": "VALUE_TOO_SHORT",
    "long": "VALUE_TOO_LONG",
    "value": "INVALID_VALUE",
    "type": "INVALID_VALUE",
}


def refuse_problem(found: list[Problem]) -> None:
    """Refuse a body for the first thing that is wrong with it."""
    for problem in found:
        raise SquareRefusalError(400, CODES[problem.kind], problem.words, problem.path)


def search(orders: list[Json], body: Any, now: datetime) -> Json:
    """Answer a search; an empty answer has no `orders` at all."""
    refuse_problem(list(SEARCH.problems(body)))
    query = _Query(body, now)
    found = sorted(filter(query.wants, orders), key=query.key, reverse=query.newest_first)
    start = query.start(found)
    page = found[start : start + query.limit]
    name = "order_entries" if body.get("return_entries") else "orders"
    answer: Json = {name: [query.shown(order) for order in page]} if page else {}
    if start + query.limit < len(found):
        answer["cursor"] = query.cursor(page[-1])
    return answer


class _Query:
    """One question, checked against the rules that tie its parts together."""

    def __init__(self, body: Json, now: datetime) -> None:
        self._body = body
        asked = body.get("query", {})
        self._filter = asked.get("filter", {})
        sort = asked.get("sort", {})
        self.field = str(sort.get("sort_field", "CREATED_AT")).lower()
        self.newest_first = sort.get("sort_order", "DESC") == "DESC"
        self.limit = body.get("limit", USUAL_PAGE)
        self._states = self._filter.get("state_filter", {}).get("states")
        self._range = self._checked_range(now)

    def _checked_range(self, now: datetime) -> tuple[datetime, datetime] | None:
        times = self._filter.get("date_time_filter", {})
        if len(times) > 1:
            raise _bad("Only one time range may be given.", "query.filter.date_time_filter")
        if times and self.field not in times:
            raise _bad(
                "The sort field must match the date_time_filter field.", "query.sort.sort_field"
            )
        closed = {"COMPLETED", "CANCELED"}
        if self.field == "closed_at" and not (self._states and closed.issuperset(self._states)):
            raise _bad(
                "Sorting by CLOSED_AT needs a state_filter of closed states.", "query.filter"
            )
        span = times.get(self.field)
        if span is None:
            return None
        start = instant(span.get("start_at", "1970-01-01T00:00:00Z"))
        return start, instant(span["end_at"]) if "end_at" in span else now

    def wants(self, order: Json) -> bool:
        """Say whether an order passes every filter; both ends of a time range belong to it."""
        if order["location_id"] not in self._body["location_ids"]:
            return False
        if self._states and order["state"] not in self._states:
            return False
        if self._range and not (
            self.field in order and self._range[0] <= instant(order[self.field]) <= self._range[1]
        ):
            return False
        return self._from_source(order) and self._of_customer(order)

    def _from_source(self, order: Json) -> bool:
        names = self._filter.get("source_filter", {}).get("source_names")
        return not names or order.get("source", {}).get("name") in names

    def _of_customer(self, order: Json) -> bool:
        ids = self._filter.get("customer_filter", {}).get("customer_ids")
        return not ids or order.get("customer_id") in ids

    def key(self, order: Json) -> tuple[str, str]:
        """Sort by time, then id, so that a page never skips or repeats an order."""
        return order.get(self.field, ""), order["id"]

    def shown(self, order: Json) -> Json:
        """Give the whole order, or its short entry."""
        if not self._body.get("return_entries"):
            return order
        entry = {"order_id": order["id"], "location_id": order["location_id"]}
        return entry | ({"version": order["version"]} if "version" in order else {})

    def _asked(self) -> Json:
        return {k: v for k, v in self._body.items() if k not in ("cursor", "limit")}

    def cursor(self, last: Json) -> str:
        """Mark the place behind this order; it fits only the same question."""
        return cursor(self.key(last), self._asked())

    def start(self, found: list[Json]) -> int:
        """Find the place a cursor marks, or the beginning without one."""
        text = self._body.get("cursor")
        if not text:
            return 0
        after = place(text, self._asked())
        passed: Callable[[Json], bool] = lambda order: (  # noqa: E731 - it is a value here
            self.key(order) >= after if self.newest_first else self.key(order) <= after
        )
        return sum(map(passed, found))


def cursor(after: tuple[str, str], asked: Json) -> str:
    """Mark a place in the answer to a question."""
    mark = json.dumps({"after": list(after), "asked": asked}, sort_keys=True)
    return base64.urlsafe_b64encode(mark.encode()).decode()


def place(text: str, asked: Json) -> tuple[str, ...]:
    """Read the place that a cursor marks; it fits only the same question."""
    try:
        mark = json.loads(base64.urlsafe_b64decode(text))
        after = tuple(mark["after"])
    except (ValueError, KeyError, TypeError) as trouble:
        raise SquareRefusalError(400, "INVALID_CURSOR", "Invalid cursor.", "cursor") from trouble
    if mark["asked"] != asked:
        raise SquareRefusalError(400, "INVALID_CURSOR", "The query has changed.", "cursor")
    return after


def _bad(words: str, field: str) -> SquareRefusalError:
    return SquareRefusalError(400, "BAD_REQUEST", words, field)


def instant(text: str) -> datetime:
    """Read a time as Square wants it written."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as trouble:
        raise SquareRefusalError(400, "INVALID_TIME", f"{text} is not a time.") from trouble
    if moment.tzinfo is None:
        raise SquareRefusalError(400, "INVALID_TIME", f"{text} has no zone.")
    return moment
