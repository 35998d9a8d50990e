"""What a connector is: one vendor as data and pure functions. It sends nothing itself.

An outgoing operation is a generator: it yields requests, is sent each answer, and returns the
result in our words. A webhook is two functions: is this really from the vendor, and what does
it say? The engine does the rest: HTTP, time-outs, retries, limits, secrets, errors, redaction.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from loyalty.domain.transaction import Transaction
from loyalty.ports import HttpRequest, HttpResponse

Conversation = Generator[HttpRequest, HttpResponse, Any]
"""Yields what to ask, is sent the answer, returns the result."""

Verb = Literal[
    "fetch_sale",  # what a webhook only hinted at: Hint -> list[Heard]
    "list_sales",  # catch-up: Span -> list[Heard]
    "list_files",  # nightly files: Listing -> tuple[Listed, ...]
    "read_file",  # Piece -> bytes; TryAgain if the file is another one by now
    "write_file",  # Writing -> True, or False if there is such a file
    "send_sms",  # Text -> Sent
    "send_email",  # Mail -> Sent
    "alert_staff",  # StaffNote -> Sent
    "find_sms",  # was it sent? Text -> Sent or None
    "add_to_wallet",  # the guest asks for a card on the phone: Pass -> PassLink or PassFile
    "update_pass",  # the card shows what is so now: Pass -> False if the guest has none there
    "empty_pass",  # the guest is gone: member id -> False if there is no card
    "set_up",  # creates what the vendor needs (webhooks, templates): None -> list[str] of done
    "check",  # are the credentials good? None -> a sentence
]
WebhookVerb = Literal["read_sale", "read_feedback"]

Word = Literal[
    "opted-out",  # this person said stop: suppress the address
    "bad-address",  # cannot be reached there: mark the address
    "refused",  # this request will never be accepted
    "credentials",  # the account is wrong, unpaid or suspended: pause the channel
    "slow-down",  # surely not processed; try again later
    "try-again",  # may have been processed: look it up before a resend
]


class Setting(msgspec.Struct, frozen=True):
    """One thing the merchant gives. Its variable is `<CONNECTOR>_<NAME>` in capitals."""

    name: str
    help: str
    secret: bool = False
    default: str | None = None
    """None: must be given."""
    only: tuple[str, ...] = ()
    """The verbs that may have it: who merely reads feedback gets no key to send. Empty: all."""

    def serves(self, verb: str) -> bool:
        """Tell whether a verb may have it; "" stands for all of them."""
        return not (verb and self.only) or verb in self.only


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """One account's settings, read by the engine from the environment."""

    connector: str
    values: Mapping[str, str]
    previous: Mapping[str, str] = {}
    """Secrets that are being rotated out and still count."""
    account: str = ""
    base_url: str = ""
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    """When the operation began; a webhook has it in `Incoming`."""

    def __getitem__(self, name: str) -> str:
        """Return a setting; settings that were left out are an empty string."""
        return self.values.get(name, "")

    def secrets(self, name: str) -> list[str]:
        """Return the secret in force, then the one before it during a rotation."""
        return [found[name] for found in (self.values, self.previous) if found.get(name)]

    def __repr__(self) -> str:
        """Never show a value."""
        return f"Config({self.connector!r}, {self.account!r})"


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook call as it came. Header names are lower-case; `url` is the public address."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    now: datetime

    def __repr__(self) -> str:
        """Never show what it holds."""
        return f"Incoming({len(self.body)} bytes)"


class Guest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who a till says the guest is. Personal: it never leaves the ingesting function."""

    phone: str = ""
    email: str = ""
    customer: str = ""
    """The vendor's own id of the customer."""
    member: str = ""
    """Our own member id, where the till knows it."""
    card: str = ""
    """The code on the guest's card, as it was scanned or typed."""


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """A fact from a till. Its `store` still holds the till's own name of the location."""

    transaction: Transaction
    guest: Guest = Guest()


class Hint(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened: ask the vendor for the rest with `fetch_sale`."""

    kind: str
    id: str
    data: Mapping[str, str] = {}


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time to catch up on, end not included."""

    start: datetime
    end: datetime
    locations: tuple[str, ...] = ()


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """Which files: their names begin with `prefix`, and come after `after`, which is no name."""

    prefix: str
    after: str = ""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it lies there now. Another `version` is another content, or may be."""

    name: str
    size: int
    version: str
    modified: datetime


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Some bytes of one version of a file: `length`, or as many as there are after `start`."""

    name: str
    version: str
    start: int
    length: int


class Writing(msgspec.Struct, frozen=True, kw_only=True):
    """A file to be written once, in JSON."""

    name: str
    body: bytes


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text message. `reference` is ours and comes back with the delivery receipt."""

    to: str
    body: str
    reference: str
    callback_url: str = ""
    since: datetime | None = None
    """When we claimed it: a look-up need not search before."""


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """An e-mail, by the vendor's template (with values) or by our own subject and text."""

    to: str
    name: str
    subject: str
    body: str
    reference: str
    template: str = ""
    values: Mapping[str, str] = {}
    marketing: bool = False


class StaffNote(msgspec.Struct, frozen=True, kw_only=True):
    """A line for the team. Holds no phone and no e-mail."""

    text: str
    reference: str


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """The vendor took it. `id` is the vendor's."""

    id: str


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """A member's card in a phone's wallet, as it stands now.

    All words are in the guest's language already. Empty ones are not shown.
    """

    member: str
    """The opaque id; it names the card at the vendor, for ever."""
    program: str
    """What the club is called."""
    code: str
    """What the till scans."""
    points: int
    name: str = ""
    tier: str = ""
    next_reward: str = ""
    stamps: str = ""
    """How full the stamp cards are, in one line."""
    points_label: str = "Points"
    tier_label: str = "Tier"
    next_label: str = "Next reward"
    stamps_label: str = "Stamps"
    token: str = ""
    """What a phone shows us when it asks for the card again: kept by us, 16 characters or more."""

    def __repr__(self) -> str:
        """Never show whose it is."""
        return "Pass()"


class PassLink(msgspec.Struct, frozen=True, kw_only=True):
    """Where the guest adds the card. Whoever has it may: made anew each time, never logged."""

    url: str

    def __repr__(self) -> str:
        """Never show it."""
        return "PassLink()"


class PassFile(msgspec.Struct, frozen=True, kw_only=True):
    """The card itself, to be served under its media type."""

    body: bytes
    media_type: str

    def __repr__(self) -> str:
        """Never show what it holds."""
        return f"PassFile({len(self.body)} bytes)"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a message. States only move forward, in the order of `STATES`."""

    reference: str
    state: Literal["accepted", "sent", "delivered", "read", "failed"]
    id: str = ""
    word: Word | None = None


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What a guest wrote back. `keyword` is set when the vendor already acted on it."""

    id: str
    channel: Literal["sms", "email"]
    address: str
    text: str = ""
    keyword: Literal["stop", "start", "help"] | None = None


Feedback = Delivery | Reply
STATES = ("claimed", "unknown", "accepted", "sent", "delivered", "read", "failed")


class Webhook(msgspec.Struct, frozen=True):
    """How to hear a vendor. `verify` compares in constant time and never raises.

    `read` gets the strictly parsed JSON body, or the raw body where `parsed` is False, and
    raises Problem on a body the vendor would not send.
    """

    verify: Callable[[Config, Incoming], bool]
    read: Callable[[Config, Incoming, Any], list[Heard] | list[Hint] | list[Feedback]]
    parsed: bool = True
    media_types: tuple[str, ...] = ("application/json",)


class Rate(msgspec.Struct, frozen=True):
    """How many requests in how many seconds one vendor account takes."""

    requests: int
    seconds: float = 1.0


class Connector(msgspec.Struct, frozen=True, kw_only=True):
    """One vendor. The operations it has are what it can do."""

    name: str
    title: str
    docs: str
    settings: tuple[Setting, ...] = ()
    base_url: str = ""
    """Where the vendor lives; `<CONNECTOR>_BASE_URL` puts another place in."""
    operations: Mapping[Verb, Callable[[Config, Any], Conversation]] = {}
    webhooks: Mapping[WebhookVerb, Webhook] = {}
    errors: Mapping[str, Word] = {}
    """The vendor's error codes in our words; other answers are sorted by HTTP status."""
    error_code: Callable[[HttpResponse], str] = lambda _: ""
    """Finds the vendor's code in a refusal (any answer that is not 2xx)."""
    rate: Rate | None = None
    identity: str = ""
    """Prefix for this vendor's customer ids in our identities, if it has any."""
