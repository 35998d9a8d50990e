"""Documents as typed values: what each collection holds."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from loyalty.campaigns.campaign_records import CampaignRecord, Spent, Switch
from loyalty.counter.till_records import Loss, Screen, Shift, Staff, Tries, Undoable
from loyalty.domain.account import Account
from loyalty.domain.entry import Entry, Receipt
from loyalty.file_records import FileReading, FileReceipt
from loyalty.friends.referral_records import Referral, Referred
from loyalty.job_records import Job, Pull
from loyalty.journeys.journey_records import Journey
from loyalty.outgoing import Outgoing
from loyalty.stored import Record, Records


class EntryRecord(Record, frozen=True, kw_only=True):
    """An entry with its outcome (both frozen), and for a sale its receipt.

    A receipt that nobody could be credited for yet has no entry. The other fields are copies
    for queries.
    """

    entry: Entry | None = None
    outcome: tuple[Outgoing, ...] = ()
    receipt: Receipt | None = None
    members: tuple[str, ...] = ()
    kind: str = ""
    at: datetime | None = None
    days: tuple[str, ...] = ()
    state: str = ""


class Identity(Record, frozen=True, kw_only=True):
    """Whose phone, e-mail or customer id this is; while nobody's, which receipts wait."""

    member: str = ""
    waiting: tuple[str, ...] = ()


class Timer(Record, frozen=True, kw_only=True):
    """Work that is due at an instant: its kind says what, and its subject about whom.

    Of what is due at one instant, the act with the lower `rank` comes first. `marks` are the days
    that each automation was told of last.
    """

    kind: Literal[
        "publish", "account", "referral", "erase", "merge", "move", "journey", "yearly",
        "campaign", "campaigns", "compare",
    ]  # fmt: skip
    subject: str
    due_at: datetime
    rank: int = 0
    tries: int = 0
    outcome: tuple[Outgoing, ...] = ()
    marks: dict[str, str] = {}  # noqa: RUF012 - msgspec makes a new one for each


class MilestoneGuard(Record, frozen=True, kw_only=True):
    """A milestone granted (or withdrawn) for one member and number, by the act with this seq.

    `trigger` is the entry that keeps the outcome of that act.
    """

    state: Literal["granted", "withdrawn"]
    seq: int
    trigger: str
    points: int = 0
    voucher: str = ""


class Voucher(Record, frozen=True, kw_only=True):
    """A reward given out, to be redeemed once by its code.

    `withdrawn`: what it was given for went back after it was used; it never opens again.
    """

    id: str
    member: str
    reward: str
    code: str
    cause: str
    version: str
    issued_at: datetime
    expires_at: datetime
    state: Literal["open", "withdrawn", "redeemed", "expired"] = "open"
    withdrawn: bool = False


class Review(Record, frozen=True, kw_only=True):
    """Points that wait for a person: of a sale, or for bringing a friend.

    `receipt` names what waits: a receipt, or the payment of a referral, as in `referral:m_42`.
    """

    receipt: str
    kind: Literal["receipt", "referral"] = "receipt"
    member: str
    why: str
    at: datetime
    state: Literal["open", "approved", "refused", "lifted"] = "open"
    by: str = ""


class Quarantined(Record, frozen=True, kw_only=True):
    """What can never be processed as it is. Holds no personal data."""

    id: str
    code: str
    why: str
    at: datetime
    topic: str = ""
    body: str = ""


class ProgramRecord(Record, frozen=True, kw_only=True):
    """A published version: its text as the merchant wrote it, and since when it holds."""

    hash: str
    effective_from: datetime
    published_at: datetime
    text: str


class ApiKey(Record, frozen=True, kw_only=True):
    """A key's rights; the key itself is only in its holder's hands."""

    name: str
    scopes: tuple[str, ...]
    per_minute: int = 600
    stores: tuple[str, ...] = ()


class Adjustment(Record, frozen=True, kw_only=True):
    """Points that a person wants to give or take, which a second one has to agree to."""

    key: str
    member: str
    points: int
    why: str
    by: str
    at: datetime
    state: Literal["open", "approved", "refused", "withdrawn"] = "open"
    second: str = ""


class Merge(Record, frozen=True, kw_only=True):
    """A member whose account is kept in another one: the two are one person, or share it.

    `leading` are the ids of the identities that led to the member until then.
    """

    act: str
    member: str
    into: str
    by: str
    why: str
    at: datetime
    shared: bool
    leading: tuple[str, ...] = ()
    state: Literal["open", "undone"] = "open"
    undone_by: str = ""


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a member agreed to a purpose on a channel, and how that is known."""

    given: bool
    at: datetime
    source: str = ""
    text: str = ""


class Contact(Record, frozen=True, kw_only=True):
    """How to greet and reach a member, and whether that is allowed.

    `consents` has keys `sms:service`; `suppressed` maps a channel to why nothing may go there;
    `sent` are the instants of counted marketing messages. `seq` grows with every change;
    `changed_at` is when they told us something else the last time.
    """

    member: str
    name: str = ""
    phone: str = ""
    email: str = ""
    language: str = ""
    zone: str = ""
    consents: dict[str, Consent] = {}  # noqa: RUF012 - msgspec makes a new one for each
    suppressed: dict[str, str] = {}  # noqa: RUF012 - msgspec makes a new one for each
    sent: tuple[datetime, ...] = ()
    seq: int = 0
    changed_at: datetime | None = None


class Profile(Record, frozen=True, kw_only=True):
    """The rest of what a member told about themselves.

    `birthday` is `03-31`, told at `birthday_at`, else on joining; `store` is where they joined;
    `registered_at` when they first proved an address on their page.
    """

    member: str
    joined_at: datetime
    birthday: str = ""
    birthday_at: datetime | None = None
    joined_by: str = ""
    store: str = ""
    registered_at: datetime | None = None


class SignIn(Record, frozen=True, kw_only=True):
    """A guest who says that an address is theirs; the code that proves it is derived, not kept.

    `address` is the hash of phone or e-mail. `form` names the form that asked, so that a second
    click asks for nothing new. With a `member` it is their address that changes; else the rest is
    what a new member told. Once it is `done` nothing is left of all that. `says` is what goes to
    the address: a code, or that it was changed for another. `friend` is the code of whoever told
    them of us.
    """

    asked_at: datetime
    address: str = ""
    phone: str = ""
    email: str = ""
    language: str = ""
    form: str = ""
    says: Literal["code", "moved"] = "code"
    tries: int = 0
    done: bool = False
    member: str = ""
    name: str = ""
    birthday: str = ""
    store: str = ""
    friend: str = ""
    consents: dict[str, bool] = {}  # noqa: RUF012 - msgspec makes a new one for each
    consent_text: str = ""


class Askings(Record, frozen=True, kw_only=True):
    """When somebody asked for codes, within the last day."""

    at: tuple[datetime, ...] = ()


class Session(Record, frozen=True, kw_only=True):
    """A browser whose guest proved who they are, until when."""

    member: str
    until: datetime


class Link(Record, frozen=True, kw_only=True):
    """A link in a message that signs its guest in, once."""

    member: str
    until: datetime


class Claim(Record, frozen=True, kw_only=True):
    """One message to one person over one vendor, and what became of it.

    Claimed before the vendor is called: whoever finds it in `claimed` must look it up first. One
    for marketing counts towards its member's cap under the instant `at`.
    """

    message: str
    channel: str
    connector: str
    state: str
    at: datetime
    member: str = ""
    purpose: str = "service"
    provider_id: str = ""
    word: str = ""


class DeliveryRecord(Record, frozen=True, kw_only=True):
    """What the vendor told about a message; its state only moves forward."""

    message: str
    state: str
    at: datetime
    provider_id: str = ""
    word: str = ""


class ConsentProof(Record, frozen=True, kw_only=True):
    """One yes or no, kept as proof."""

    member: str
    channel: str
    purpose: str
    given: bool
    at: datetime
    source: str
    text: str = ""


class PartnerLink(Record, frozen=True, kw_only=True):
    """A member's card at a partner (a wallet), and how far the partner knows what is so.

    It shows what was so after the account's act `seq`; 0: nothing yet, or in doubt. `sent` is the
    fingerprint of what was sent. Whoever is `by` it may call the partner `until` an instant;
    `rounds` grows when somebody comes meanwhile, who then leaves the rest to them.
    """

    partner: str
    member: str
    at: datetime
    state: Literal["open", "closed"] = "open"
    seq: int = 0
    sent: str = ""
    by: str = ""
    until: datetime | None = None
    rounds: int = 0
    word: str = ""


class Suppression(Record, frozen=True, kw_only=True):
    """An address (hashed) that said stop; kept even when the person is erased."""

    at: datetime
    why: str


class AccountRecord(Record, frozen=True, kw_only=True):
    """A member's account as it is stored; `segments` and `offers` (by campaign) are for queries."""

    account: Account
    closed: str = ""
    segments: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()


def account_record(account: Account, closed: str = "") -> AccountRecord:
    """Make the document of an account."""
    offers = tuple(dict.fromkeys(each.campaign for each in account.offers))
    return AccountRecord(account=account, closed=closed, segments=account.segments, offers=offers)


accounts = Records("accounts", AccountRecord)
entries = Records("entries", EntryRecord)
identities = Records("identities", Identity)
timers = Records("timers", Timer)
jobs = Records("jobs", Job)
pulls = Records("pulls", Pull)
milestones = Records("milestones", MilestoneGuard)
vouchers = Records("vouchers", Voucher)
reviews = Records("reviews", Review)
quarantine = Records("quarantine", Quarantined)
programs = Records("programs", ProgramRecord)
keys = Records("keys", ApiKey)
files = Records("files", FileReading)
file_receipts = Records("file_receipts", FileReceipt)
adjustments = Records("adjustments", Adjustment)
losses = Records("losses", Loss)
screens = Records("screens", Screen)
shifts = Records("shifts", Shift)
tries = Records("tries", Tries)
undoable = Records("undoable", Undoable)
staff = Records("staff", Staff)
merges = Records("merges", Merge)
journeys = Records("journeys", Journey)
campaigns = Records("campaigns", CampaignRecord)
budgets = Records("budgets", Spent)
switches = Records("switches", Switch)
referrals = Records("referrals", Referral)
referred = Records("referred", Referred)
contacts = Records("contacts", Contact)
profiles = Records("profiles", Profile)
claims = Records("claims", Claim)
deliveries = Records("deliveries", DeliveryRecord)
consents = Records("consents", ConsentProof)
sign_ins = Records("sign_ins", SignIn)
askings = Records("askings", Askings)
sessions = Records("sessions", Session)
links = Records("links", Link)
partner_links = Records("partner_links", PartnerLink)
suppressions = Records("suppressions", Suppression)
