"""What happened, as facts in the past tense, and how they travel: CloudEvents in JSON.

An event's topic is its class name in kebab case. Ids derive from the act that caused the event,
so a second run of the same act publishes the same bytes. No phone, e-mail or name is ever here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal

import msgspec

from loyalty.domain.account import Totals
from loyalty.domain.entry import EntryKind
from loyalty.domain.journeys import Still
from loyalty.domain.transaction import Claim, Transaction
from loyalty.domain.vocabulary import MessageChannel
from loyalty.errors import Rejected, TryAgain

VERSION = 1
"""The wire version; readers also take the one before."""
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all events have. `subject` is what it is about; it stays the same through all steps."""

    id: str
    at: datetime
    subject: str


class TransactionRecorded(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A till told a fact about a receipt. `digest` is of the raw body, which is not kept."""

    transaction: Transaction
    digest: str = ""


class PointsPosted(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An entry was written. Balances are those right after it; `total` is what a sale came to.

    `reward` is the one that the act was about, `others` whose points the account keeps too;
    `activity` and `score` are what a guest did, and how they judged. `enough_for` are the rewards
    that what can be spent has just become enough for.
    """

    entry: str
    kind: EntryKind
    account: str
    member: str
    seq: int
    points: int
    balance: int
    pending: int
    before: Totals
    after: Totals
    reason: str
    version: str = ""
    receipt: str = ""
    store: str = ""
    total: int = 0
    currency: str = ""
    tier_before: str | None = None
    tier_after: str | None = None
    reward: str = ""
    others: tuple[str, ...] = ()
    activity: str = ""
    score: int | None = None
    enough_for: tuple[str, ...] = ()


class MilestoneReached(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A member crossed a line. `voucher` names the reward given for it, if any."""

    member: str
    milestone: str
    number: int
    entry: str
    points: int = 0
    voucher: str = ""


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing a message has to say: a message of the program, and the values for its slots.

    `words` are slots whose value is a name in the program, put into the guest's language later:
    `tier:gold`, `milestone:tenth_visit`, `reward:coffee`.
    """

    message: str
    values: dict[str, str] = {}
    words: dict[str, str] = {}


class NotificationRequested(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A guest (or staff, with no member) should be told something, once.

    `seq` is that of the account's act: what waits for the same hour is told in this order.
    A visitor is somebody who asked for a code; `sign_in` names what they told of themselves.
    Nothing is sent once the reason is gone for which it is `still` to be said. It goes by these
    `channels`, where whoever asks has an order of their own.
    """

    says: tuple[Said, ...]
    version: str
    member: str = ""
    account: str = ""
    audience: Literal["guest", "staff", "visitor"] = "guest"
    sign_in: str = ""
    store: str = ""
    seq: int = 0
    useful_until: datetime
    still: Still | None = None
    channels: tuple[MessageChannel, ...] = ()


class MemberChanged(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A member joined, or something about them changed that partners may care for."""

    member: str
    what: Literal["joined", "registered", "updated", "consent", "erased"]


class OccasionCame(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Time brought something to a guest that an automation waits for: a birthday, a long absence.

    `key` tells one occasion of an automation from the next.
    """

    member: str
    automation: str
    key: str
    values: dict[str, str] = {}
    words: dict[str, str] = {}


class SweepRequested(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Look for work that is due by now, by the clock of whoever hears it.

    `job` says which; `cursor` is where a job that goes page by page has come to, or the campaign
    that a round is asked for of.
    """

    job: str = "timers"
    cursor: str = ""


class FilesDue(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Look for nightly files of tills that cannot call us, and read on where it was left."""


class SalesDue(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Ask a till what it sold since it was asked last; the subject names it, as `square.second`."""


_EVENTS: tuple[type[Event], ...] = (
    TransactionRecorded,
    PointsPosted,
    MilestoneReached,
    NotificationRequested,
    MemberChanged,
    OccasionCame,
    SweepRequested,
    FilesDue,
    SalesDue,
)


@cache
def topic_of(kind: type[Event]) -> str:
    """Name the topic an event travels on: `TransactionRecorded` on `transaction-recorded`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


TOPICS: dict[str, type[Event]] = {topic_of(kind): kind for kind in _EVENTS}


class _Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """CloudEvents 1.0, structured mode."""

    specversion: str
    id: str
    source: str
    type: str
    time: datetime
    subject: str
    data: msgspec.Raw
    datacontenttype: str = "application/json"
    dataschemaversion: int = VERSION


def encode(event: Event) -> bytes:
    """Write an event in its wire form."""
    envelope = _Envelope(
        specversion="1.0",
        id=event.id,
        source="/loyalty",
        type=f"loyalty.{topic_of(type(event))}",
        time=event.at,
        subject=event.subject,
        data=msgspec.Raw(msgspec.json.encode(event)),
    )
    return msgspec.json.encode(envelope)


def claimed(receipt: str, member: str, at: datetime, act: str = "") -> TransactionRecorded:
    """Tell that a receipt, by its id, belongs to a member, and by which act if it was not joining.

    Two acts may tell it at two times: each has an event of its own.
    """
    till, _, number = receipt.partition(":")
    source, _, account = till.partition(".")
    claim = Claim(source=source, account=account, receipt=number, member=member, occurred_at=at)
    name = f"claim:{receipt}:{member}:{act}" if act else f"claim:{receipt}:{member}"
    return TransactionRecorded(id=name, at=at, subject=receipt, transaction=claim)


def tick() -> bytes:
    """Write the request that a scheduler repeats: it can only ever say the same."""
    return encode(SweepRequested(id="tick", at=_LONG_AGO, subject="sweep"))


def asked_for(job: str, about: str = "") -> bytes:
    """Write the same for a job, and what it is about; the sweep itself is asked for by the tick."""
    if job == "timers":
        return tick()
    name = f"{job}:{about}" if about else job
    return encode(
        SweepRequested(id=f"job:{name}", at=_LONG_AGO, subject=name, job=job, cursor=about)
    )


def decode(body: bytes) -> Event:
    """Read an event.

    Raises Rejected if it can never be read, and TryAgain if it is of a version that only newer
    code knows (a deploy is under way).
    """
    try:
        envelope = msgspec.json.decode(body, type=_Envelope)
        kind = TOPICS[envelope.type.removeprefix("loyalty.")]
    except (ValueError, KeyError) as error:  # also what is not even text
        raise Rejected("unreadable-event", type(error).__name__) from None
    if envelope.dataschemaversion != VERSION:
        raise TryAgain(f"event version {envelope.dataschemaversion} is not known here")
    try:
        return msgspec.json.decode(envelope.data, type=kind)
    except ValueError:
        raise Rejected("unreadable-event", f"not a {envelope.type}") from None


def peek(body: bytes) -> dict[str, Any]:
    """Read only the envelope's own fields, for lists of dead letters; never raises."""
    try:
        envelope = msgspec.json.decode(body, type=_Envelope)
    except ValueError:
        return {"id": "", "type": "unreadable", "subject": ""}
    return {"id": envelope.id, "type": envelope.type, "subject": envelope.subject}
