"""An operation of the member API: what it takes, what it gives, and how it is called.

The types are the one definition: a body is read by them, and the OpenAPI page is written from
them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import msgspec
from flask import Request, Response
from msgspec import Meta

from loyalty.connectors.card_data import card_numbers
from loyalty.delivery import Shop
from loyalty.errors import Problem
from loyalty.identity import digest
from loyalty.records import ApiKey
from loyalty.web import answers, checking, reading, router
from loyalty.web.guards import Guards
from loyalty.web.mistakes import Mistake

Name = Annotated[str, Meta(
    pattern=r"^[a-z][a-z0-9_]{0,39}\Z",
    description="small letters, digits and _, a letter first, at most 40",
)]  # fmt: skip
"""The name of a store, a reward or the like in the program."""
LONGEST_KEY = 255


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a caller sends: a field that we do not know is a mistake."""


class Call(NamedTuple):
    """One call: who makes it, with what body or query, on which thing."""

    request: Request
    shop: Shop
    key: ApiKey
    body: Any
    id: str
    slots: Mapping[str, str] = {}

    @property
    def by(self) -> str:
        """Name the caller, as acts remember who asked for them."""
        return f"key:{self.key.name}"

    def own(self, name: str) -> str:
        """Make a caller's own id one that no other caller can have."""
        return f"api:{digest(self.key.name)[:16]}:{name}"

    @property
    def once(self) -> str:
        """Name this call by the caller's Idempotency-Key, honored for ever; "" without one."""
        key = self.request.headers.get("Idempotency-Key", "")
        if len(key) > LONGEST_KEY:
            raise Problem(400, "invalid_idempotency_key", "Idempotency-Key is longer than 255.")
        return self.own(key) if key else ""

    def store(self, asked: str) -> str:
        """Tell at which store this happens. Raises Problem 403 if it is none of the caller's."""
        stores = self.key.stores
        store = asked or (stores[0] if len(stores) == 1 else "")
        if stores and store not in stores:
            raise Problem(403, "not_this_store", "This key is for other stores.")
        if store and store not in self.shop.programs.current().program.stores:
            raise Problem(422, "unknown_store", "The program has no such store.")
        return store


class Reply(NamedTuple):
    """An answer with a status of its own."""

    status: int
    value: Any


class Operation(NamedTuple):
    """One operation. `path` has slots, `{id}` most of all; `scope` "" is open to everybody.

    `gives` maps each good status to the type of its answer, `problems` are the others.
    """

    method: str
    path: str
    scope: str
    view: Callable[[Call], Any]
    gives: dict[int, Any]
    takes: type[Body] | None = None
    asks: type[Body] | None = None
    problems: tuple[int, ...] = ()


def answer(
    operations: Sequence[Operation], request: Request, shop: Shop, guards: Guards
) -> Response:
    """Admit the caller, read what they send, and run the operation."""
    found, slots = router.find(operations, request)
    shop.log.note(route=f"{found.method} {found.path}")
    key = (
        guards.door.admit(request, found.scope, shop) if found.scope else ApiKey(name="", scopes=())
    )
    body = _sent(found, request)
    made = found.view(Call(request, shop, key, body, slots.get("id", ""), slots))
    reply = made if isinstance(made, Reply) else Reply(next(iter(found.gives)), made)
    return answers.json(reply.value, reply.status)


def _sent(found: Operation, request: Request) -> Any:
    if found.takes:
        return _read(_object(found.takes, request), found.takes, "invalid_body", strict=True)
    asked: dict[str, Any] = request.args.to_dict() if found.asks else {}
    return _read(asked, found.asks, "invalid_query", strict=False) if found.asks else None


def _object(kind: type[Body], request: Request) -> dict[str, Any]:
    """Read the object that was sent. Raises Problem 400, also if nothing was, and 413, 415, 422."""
    raw = reading.raw(request)
    if not raw:
        title = "Send a JSON object as the body, with Content-Type: application/json."
        raise Problem(400, "missing_body", title, checking.everything({}, kind, strict=True))
    body = reading.json_object(raw, request)
    if cards := [(path, "card_data") for path in card_numbers(body)]:
        raise Problem(422, "card_data", "A card number is nothing we want to know.", (*cards,))
    return body


def _read(given: dict[str, Any], kind: type[Body], code: str, *, strict: bool) -> Any:
    """Read what was sent by its type. Raises Problem 400 that names all mistakes."""
    try:
        return msgspec.convert(given, kind, strict=strict)
    except msgspec.ValidationError:  # its text may quote a value
        raise wrong(*checking.everything(given, kind, strict=strict), code=code) from None


def wrong(*found: Mistake, code: str = "invalid_body") -> Problem:
    """Make the problem of a body, or a query, in which something is wrong."""
    return Problem(400, code, "Something is missing or wrong: `errors` names each.", found)
