"""What the steps need from the world: a store, a bus, HTTP and a clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol, TypeVar, runtime_checkable

T = TypeVar("T")

Document = dict[str, Any]
"""JSON values and aware datetimes. What `get` returns converts to the record that was put."""

Database = Literal["ledger", "people"]


class Key(NamedTuple):
    """The address of one document. `id` is always a hash (see `records.Collection.key`)."""

    collection: str
    id: str


class Where(NamedTuple):
    """A filter on an indexed field; `contains` asks whether a list field holds the value."""

    field: str
    op: Literal["==", "<", "<=", ">", ">=", "contains"]
    value: Any


class Query(NamedTuple):
    """Documents of one collection, in the order of one field, then of their id.

    `after` is the cursor of the last page: the order field's value and the id it ended with.
    """

    collection: str
    where: tuple[Where, ...] = ()
    order: str | None = None
    descending: bool = False
    limit: int = 100
    after: tuple[Any, str] | None = None


class Unit(Protocol):
    """One all-or-nothing change to one database. All reads come before the first write.

    A document is written once at most: a second write of it raises RuntimeError.
    A unit protects only what it writes: the commit fails, and the work is run again, when a
    document that it read *and* writes was changed by somebody else in between.
    """

    def get(self, *keys: Key) -> list[Document | None]:
        """Read documents in one batch, in the order asked; None where there is none."""
        ...

    def create(self, key: Key, document: Document) -> None:
        """Write a document that must not exist yet; else the commit raises AlreadyExists."""
        ...

    def put(self, key: Key, document: Document) -> None:
        """Write a document whole."""
        ...

    def delete(self, key: Key) -> None:
        """Remove a document; no error if there is none."""
        ...


class Store(Protocol):
    """Documents in two databases. See `records` for the typed view of it."""

    def atomically(self, database: Database, work: Callable[[Unit], T]) -> T:
        """Run `work` in one unit and commit it; run it again on contention.

        `work` must be free of side effects. Raises AlreadyExists if a `create` collides, and
        TryAgain when contention outlasts the tries. Whatever `work` raises undoes the unit.
        """
        ...

    def get(self, *keys: Key) -> list[Document | None]:
        """Read committed documents outside any unit."""
        ...

    def query(self, query: Query) -> list[tuple[str, Document]]:
        """Committed documents that match, as `(id, document)`. Never used on the hot path."""
        ...

    def count(self, query: Query) -> int:
        """How many documents match; order, limit and cursor are ignored."""
        ...

    def close(self) -> None:
        """Finish what was accepted, then let go of files and threads."""
        ...


@runtime_checkable
class Keeping(Protocol):
    """A Store that keeps everything until it is told to remove what was kept long enough."""

    def remove_old(self, at: datetime, most: int) -> int:
        """Remove so many documents at most whose retention was over by then; tell how many."""
        ...


Handler = Callable[[str, bytes, int], None]
"""Takes (subscription, event bytes, attempt from 1); raises to be called again later."""


class Bus(Protocol):
    """Topics with subscriptions: at least once, in any order."""

    def publish(self, topic: str, events: Sequence[bytes]) -> None:
        """Return only once every event is durable; raise TryAgain otherwise."""
        ...


class HttpRequest(NamedTuple):
    """One call to a vendor. `headers` may hold secrets: never logged."""

    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: bytes | None = None
    timeout: float = 10.0


class HttpResponse(NamedTuple):
    """A vendor's answer; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http(Protocol):
    """Sends one request, follows no redirect, retries nothing."""

    def send(self, request: HttpRequest) -> HttpResponse:
        """Raise TryAgain if it surely never reached the vendor, InDoubt if it may have."""
        ...


class Clock(Protocol):
    """What time it is, as an aware UTC instant."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        ...
