"""How documents are found in Firestore: the fields beside each body, and what is asked of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter
from google.cloud.firestore_v1.query import Query as Asked

from loyalty.adapters.instants import in_utc, instant
from loyalty.ports import Document, Query, Where

_OPERATORS = {"contains": "array_contains"}
_LARGEST = 2**63


def natively(indexed: Sequence[str], document: Document) -> dict[str, Any]:
    """Take the fields that queries go by; one that a document lacks is never found by it."""
    return {field: value_of(document[field]) for field in indexed if field in document}


def value_of(value: Any) -> Any:
    """Turn a value into what Firestore orders as we do; instants also where they came as text.

    Raises TypeError for what has no order here, ValueError for a naive datetime.
    """
    if isinstance(value, list | tuple):
        return [value_of(each) for each in value]
    if isinstance(value, str):
        return instant(value) or value
    if isinstance(value, datetime):
        return in_utc(value)
    if (
        value is None
        or isinstance(value, bool)
        or (isinstance(value, int) and -_LARGEST <= value < _LARGEST)
    ):
        return value
    raise TypeError(f"cannot index a {type(value).__name__}")


def matching(client: firestore.Client, query: Query) -> Asked:
    """Ask for everything that matches, in no order."""
    asked: Any = client.collection(query.collection)
    for where in query.where:
        asked = asked.where(filter=_filter(where))
    return asked  # type: ignore[no-any-return]  # the library's own type


def select(client: firestore.Client, query: Query) -> Asked:
    """Ask for one page."""
    asked: Any = matching(client, query)
    direction = Asked.DESCENDING if query.descending else Asked.ASCENDING
    if query.order:
        asked = asked.order_by(query.order, direction=direction)
    asked = asked.order_by("__name__", direction=direction)
    if query.after:
        asked = asked.start_after(_cursor(client, query, query.after))
    return asked.limit(query.limit)  # type: ignore[no-any-return]  # the library's own type


def _filter(where: Where) -> FieldFilter:
    return FieldFilter(where.field, _OPERATORS.get(where.op, where.op), value_of(where.value))


def _cursor(client: firestore.Client, query: Query, after: tuple[Any, str]) -> dict[str, Any]:
    """Begin where the last page ended."""
    value, number = after
    place = client.collection(query.collection).document(number)
    return {query.order: value_of(value), "__name__": place} if query.order else {"__name__": place}
