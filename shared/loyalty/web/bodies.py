"""What callers of the member API send and get, as types: read, written and documented by them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from loyalty.connectors.generic_body import Id, Line, MaybeId, Text
from loyalty.dispatches import State
from loyalty.domain.transaction import Channel
from loyalty.web.api import Body, Name

Purposes = bool | tuple[Literal["service", "marketing"], ...]
"""`true` is every purpose, `false` none; or a list of those that were agreed to."""
Consents = Annotated[dict[Literal["sms", "email"], Purposes], Meta(
    description="sms or email, each with true, false, or a list of service and marketing",
)]  # fmt: skip
Birthday = Annotated[str, Meta(
    pattern=r"^(\d\d-\d\d)?\Z", description="MM-DD, as in 03-31", extra={"code": "invalid_date"},
)]  # fmt: skip
Points = Annotated[int, Meta(ge=1, le=10**9)]
Sum = Annotated[int, Meta(ge=0, le=10**12)]
"""Money in minor units."""
ReceiptId = Annotated[str, Meta(
    pattern=r"^[a-z0-9_]{1,40}(\.[a-z0-9_]{1,40})?:.{1,128}\Z",
    description="the connector and the receipt, as in generic:R-1001",
)]  # fmt: skip
"""`connector:receipt`, or `connector.account:receipt` for a vendor's further account."""


class Joining(Body, frozen=True):
    """A new member: at least a phone or an e-mail address."""

    name: str = ""
    phone: str = ""
    email: str = ""
    birthday: Birthday = ""
    """MM-DD; no year is ever kept."""
    language: Annotated[str, Meta(max_length=10)] = ""
    store: Name | Literal[""] = ""
    """Where they joined: their nights are quiet, and their birthday begins, by its clock."""
    consents: Consents = {}  # noqa: RUF012 - msgspec makes a new one for each
    consent_text: Annotated[str, Meta(max_length=40)] = ""
    """The version of the words that were agreed to."""
    referral: Text = ""
    """The code of the member who told them of us."""
    customer: Text = ""
    """Who they are to a vendor: `square:ABC`."""


class Changing(Body, frozen=True):
    """What changes about a member; what is left out stays."""

    birthday: Birthday = ""
    """MM-DD; it can be changed again only after the program's `birthdays.edit_days`."""
    language: Annotated[str, Meta(max_length=10)] = ""
    consents: Consents = {}  # noqa: RUF012 - msgspec makes a new one for each
    consent_text: Annotated[str, Meta(max_length=40)] = ""


class Adjustment(Body, frozen=True):
    """Points to give, or below zero to take, by an id of the caller's, and why: name nobody."""

    id: Id
    points: Annotated[int, Meta(ge=-(10**9), le=10**9)]
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class Merging(Body, frozen=True):
    """Another member who is the same person, by an id of the caller's, and why: name nobody."""

    id: Id
    into: Annotated[str, Meta(min_length=1, max_length=100)]
    """Who stays."""
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class Sharing(Body, frozen=True):
    """The member whose account is shared, by an id of the caller's."""

    id: Id
    account: Annotated[str, Meta(min_length=1, max_length=100)]


class ReceiptCode(Body, frozen=True):
    """The code printed on a receipt, as a person types it."""

    code: Annotated[str, Meta(max_length=40)]


class Search(Body, frozen=True):
    """Exactly one of these."""

    phone: str = ""
    email: str = ""
    card: Annotated[str, Meta(max_length=40)] = ""
    customer: Annotated[str, Meta(max_length=100)] = ""
    """A vendor's customer id, as in `square:ABC`."""


class Since(Body, frozen=True):
    """From when on, by the clock of the last listing, and how much."""

    changed_since: Annotated[datetime, Meta(tz=True)]
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class Listing(Body, frozen=True):
    """How much of a list."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class Place(Body, frozen=True):
    """Where it is asked, and in which language titles are told."""

    store: Name | Literal[""] = ""
    language: Annotated[str, Meta(max_length=10)] = ""


class Basket(Body, frozen=True):
    """What a guest is about to pay for, at a store, and who they are if it is known."""

    lines: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=500)]
    store: Name | Literal[""] = ""
    member: MaybeId = ""
    channel: Channel = "in_store"
    discount: Sum = 0
    language: Annotated[str, Meta(max_length=10)] = ""


class Hold(Body, frozen=True):
    """A reward to set aside: one for points, or a voucher by its id or its code.

    `id` is the caller's own (the till's number of the receipt and the reward, say): whoever asks
    twice with one id holds once.
    """

    id: Id
    member: MaybeId = ""
    """May be left out with a voucher's code."""
    reward: Name | Literal[""] = ""
    points: Points | None = None
    """For points as money: how many to pay with."""
    voucher: Text = ""
    store: Name | Literal[""] = ""
    online: bool = False
    """Held longer: the guest is not at the counter yet."""
    offline: bool = False
    """Held for as long as the program lets tickets last, which offline tills take."""


class Capture(Body, frozen=True):
    """How a hold is spent: all of it, or less points as money; on which receipt, if it is known."""

    points: Points | None = None
    receipt: ReceiptId | Literal[""] = ""
    store: Name | Literal[""] = ""


class Did(Body, frozen=True):
    """An activity of the program, told by an id of the caller's: the same id counts once.

    `score` is how a guest judged, if they did: in a survey, or a review.
    """

    activity: Name
    id: Id
    score: Annotated[int, Meta(ge=0, le=100)] | None = None


class Nothing(Body, frozen=True):
    """An empty object."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A member with the balances of this moment; segments and stage are those of last night.

    `consents` lists for each channel what may be sent there: what was agreed to and holds.
    """

    id: str
    name: str
    phone: str
    email: str
    language: str
    consents: dict[str, tuple[str, ...]]
    points: int
    pending_points: int
    tier: str | None
    visits: int
    lifetime_points: int
    debt: int
    tags: tuple[str, ...]
    segments: tuple[str, ...]
    stage: str


class Adjusted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an adjustment; `points` is what the balance gained, or is to gain."""

    state: Literal["done", "waiting", "refused", "withdrawn"]
    points: int


class ChangedMember(msgspec.Struct, frozen=True, kw_only=True):
    """A member about whom anything changed; of who was `erased` there is only the id."""

    id: str
    erased: bool


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """Members in the order of their changes; `until` is where the next listing begins."""

    members: tuple[ChangedMember, ...]
    until: datetime


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the receipt was there (`claimed`), or is waited for."""

    state: Literal["claimed", "waiting"]


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """A code to hand on, or to print."""

    code: str


class EntryShown(msgspec.Struct, frozen=True, kw_only=True):
    """One act on a member's points, and why it happened."""

    id: str
    kind: str
    points: int
    reason: str
    receipt: str
    store: str
    at: datetime
    occurred_at: datetime
    seq: int
    rule: str
    version: str


class Entries(msgspec.Struct, frozen=True, kw_only=True):
    """A member's acts, the newest first."""

    entries: tuple[EntryShown, ...]


class MessageShown(msgspec.Struct, frozen=True, kw_only=True):
    """A message to a member: what it is about, and what became of it, since or until `at`.

    `why` says in a word why it was not sent, or failed; no channel is known of one that waits.
    """

    id: str
    about: str
    channel: str
    at: datetime
    state: State
    why: str


class Messages(msgspec.Struct, frozen=True, kw_only=True):
    """A member's messages, those that wait first, then the newest."""

    messages: tuple[MessageShown, ...]


class Mistake(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place in what was sent, and what is wrong there, in a word and in a sentence.

    `pointer` is a JSON pointer into the body, as in `#/lines/0/amount`; a field of the query is
    named in `parameter`.
    """

    code: str
    detail: str
    pointer: str = ""
    parameter: str = ""


class ProblemShown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a call was refused, by RFC 9457; `code` is for programs."""

    type: str
    title: str
    status: int
    code: str
    request_id: str
    errors: tuple[Mistake, ...] = ()
