"""Every collection in one table: its database, its index fields and how long it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from loyalty.ports import Database, Query

Composite = tuple[str, ...]
"""Fields of an index, each with `ASCENDING`, `DESCENDING` or `CONTAINS` after it."""


class Collection(NamedTuple):
    """Where documents of one kind live.

    `indexed` are the fields a query may filter or order by; `keep_days` is the retention, with
    None for ever; `key` says in words what the id is made from. `composites` are the indexes over
    several fields that Firestore is told to keep.
    """

    database: Database
    key: str
    about: str
    indexed: tuple[str, ...] = ()
    keep_days: int | None = None
    composites: frozenset[Composite] = frozenset()


COLLECTIONS: dict[str, Collection] = {
    "accounts": Collection(
        "ledger",
        "account id",
        "Balance, lots, debt, tier, visits, recent days, digest, tags, segments, offers.",
        ("segments", "offers"),
    ),
    "entries": Collection(
        "ledger",
        "why-id of the act",
        "One act each; a sale's entry carries its receipt, an unclaimed receipt has no entry yet.",
        ("members", "at", "kind", "days", "state"),
        composites=frozenset({("members CONTAINS", "at DESCENDING")}),
    ),
    "identities": Collection(
        "ledger",
        "keyed hash",
        "Phone, e-mail, card or vendor's customer id, hashed, to its member.",
        ("member",),
    ),
    "timers": Collection("ledger", "kind:subject", "Work that is due at an instant.", ("due_at",)),
    "jobs": Collection("ledger", "job's name", "How far a nightly run is, and what it counted."),
    "pulls": Collection("ledger", "till", "Up to when a till was asked for its sales."),
    "programs": Collection("ledger", "hash of the text", "Program versions.", ("effective_from",)),
    "milestones": Collection(
        "ledger", "milestone:member:id:n", "The guard that lets a milestone be granted once."
    ),
    "vouchers": Collection(
        "ledger", "why-id of the grant", "Rewards given out, with their code.", ("member", "code")
    ),
    "reviews": Collection(
        "ledger",
        "receipt's why-id, or referral:friend",
        "Sales, and friends brought, whose points wait for a person.",
        ("state", "at"),
        composites=frozenset({("state ASCENDING", "at ASCENDING")}),
    ),
    "quarantine": Collection(
        "ledger", "event id", "What can never be processed as it is, with the reason.", ("at",), 400
    ),
    "files": Collection(
        "ledger",
        "till's connector and the file's name, or its till and content",
        "How far a nightly file is read, and what became of its rows.",
        (),
        400,
    ),
    "file_receipts": Collection(
        "ledger",
        "receipt id and kind",
        "What a file told last of a receipt: a keyed hash, revision, sum and what went back.",
        (),
        400,
    ),
    "keys": Collection("ledger", "hash of the key", "API keys: scopes and limits, never the key."),
    "adjustments": Collection(
        "ledger",
        "adjustment's key",
        "Adjustments of points that wait, or waited, for a second person.",
        ("state", "at"),
        composites=frozenset({("state ASCENDING", "at ASCENDING")}),
    ),
    "screens": Collection(
        "ledger", "hash of its code or cookie", "Till screens, and the codes that set them up."
    ),
    "shifts": Collection(
        "ledger", "hash of its cookie", "Who is signed in at which till screen.", (), 2
    ),
    "tries": Collection("ledger", "staff id, or screen", "When PINs were tried lately.", (), 2),
    "losses": Collection(
        "ledger",
        "loss:hold:till",
        "Rewards that a till handed out offline and that were gone: the house's loss.",
        ("till", "day"),
    ),
    "undoable": Collection(
        "ledger",
        "staff id",
        "What each person at a till did last, so that they can undo it.",
        (),
        2,
    ),
    "staff": Collection(
        "people", "staff id", "Who works here: name, store, role, and the hash of their PIN."
    ),
    "merges": Collection(
        "ledger",
        "member id",
        "Whose account is kept in whose, why, and what led to them before.",
        ("into",),
    ),
    "journeys": Collection(
        "ledger",
        "journey:automation:member:occasion",
        "Guests on their way through an automation.",
        ("member", "automation"),
        400,
    ),
    "campaigns": Collection(
        "ledger", "campaign's name", "Campaigns as they were published, and how far each is."
    ),
    "budgets": Collection(
        "ledger", "budget:campaign:part", "What a campaign spent, in sixteen parts."
    ),
    "switches": Collection(
        "ledger", "switch's name", "Whether all messages to guests are stopped, and by whom."
    ),
    "referrals": Collection(
        "ledger",
        "friend's account",
        "Who told whom of us, and whether both were paid.",
        ("referrer",),
    ),
    "referred": Collection(
        "ledger", "account:month", "How many friends a guest was paid for in a month.", (), 400
    ),
    "profiles": Collection("people", "member id", "Birthday, joining date, home store."),
    "contacts": Collection(
        "people",
        "member id",
        "Name, addresses, language, consent, suppression, cap window.",
        ("changed_at",),
    ),
    "claims": Collection(
        "people",
        "message id",
        "One message to one person, claimed before it is sent.",
        ("member", "at"),
        400,
        frozenset({("member ASCENDING", "at DESCENDING")}),
    ),
    "deliveries": Collection(
        "people", "message id", "What a vendor told about a message; only moves forward.", (), 400
    ),
    "consents": Collection(
        "people", "member:channel:purpose:instant", "Proof of each consent.", ("member", "at")
    ),
    "sign_ins": Collection(
        "people",
        "hash of a browser's token",
        "An address that a guest says is theirs, until a code proves it.",
        ("address", "member"),
        1,
    ),
    "askings": Collection(
        "people", "keyed hash of who asks", "When codes were asked for, to limit them.", (), 1
    ),
    "sessions": Collection(
        "people", "hash of a browser's token", "Who is signed in on their pages.", ("member",), 30
    ),
    "links": Collection(
        "people", "hash of a link's token", "Links that sign in once.", ("member",), 1
    ),
    "partner_links": Collection(
        "people",
        "partner:member",
        "That a member has a card at a partner, and which act it shows.",
        ("member",),
    ),
    "suppressions": Collection(
        "people", "keyed hash and channel", "Addresses that said stop, kept after erasure."
    ),
}


def of(name: str, collections: Mapping[str, Collection] = COLLECTIONS) -> Collection:
    """Find a collection. Raises ValueError if there is none of this name."""
    if name not in collections:
        raise ValueError(f"there is no collection {name!r}")
    return collections[name]


def asked(query: Query, collections: Mapping[str, Collection] = COLLECTIONS) -> Collection:
    """Find what a query is about. Raises ValueError for what Firestore cannot answer."""
    collection = of(query.collection, collections)
    for field in (*(where.field for where in query.where), query.order):
        if field is not None and field not in collection.indexed:
            raise ValueError(f"{query.collection}.{field} is not indexed")
    if sum(where.op == "contains" for where in query.where) > 1:
        raise ValueError("a query asks at most one list")
    if any(where.op[0] in "<>" and where.field != query.order for where in query.where):
        raise ValueError("a range is asked for in the order of its field")
    if query.descending and query.order is None:
        raise ValueError("documents come by id in one direction only")
    composite = needed(query)
    if composite and composite not in collection.composites:
        raise ValueError(f"{query.collection} has no composite index over {', '.join(composite)}")
    return collection


def needed(query: Query) -> Composite:
    """Name the composite index that Firestore answers a query from; empty if it needs none.

    It needs one to filter by some fields and order by another; whatever else may be asked it
    answers by merging the indexes that it keeps of every field.
    """
    filters = {
        f"{where.field} {'CONTAINS' if where.op == 'contains' else 'ASCENDING'}"
        for where in query.where
        if where.field != query.order
    }
    if not filters or query.order is None:
        return ()
    return (*sorted(filters), f"{query.order} {'DESCENDING' if query.descending else 'ASCENDING'}")
