"""Writes the pages that follow from the code: `make docs`. A test fails when one of them lags."""

from __future__ import annotations

import json
import re
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from inspect import cleandoc, getdoc
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
import yaml

from infra import deployment
from loyalty import connectors, events, records
from loyalty.collections import COLLECTIONS, Collection
from loyalty.connectors.settings import variable
from loyalty.connectors.spec import Connector, Setting
from loyalty.domain import account, journeys, transaction
from loyalty.program_file import documents as program_pages
from loyalty.settings import VARIABLES, Variable

TOP = Path(__file__).parent.parent
PATHS = {"read_sale": "/transaction-ingest", "read_feedback": "/message-feedback"}
PARTS = (
    transaction.Sale,
    transaction.Line,
    transaction.Refund,
    transaction.RefundLine,
    transaction.Void,
    transaction.Claim,
    account.Totals,
    events.Said,
    journeys.Still,
    journeys.Mark,
)
"""What events hold besides plain values, in the order in which the page tells of it."""

_MEANINGS = {
    "id": "Names the event; the same act always has the same id.",
    "at": "When it was decided.",
    "subject": "What it is about; it stays the same through all steps.",
    "member": "The member's id.",
    "account": "The account's id.",
    "entry": "The id of the ledger entry.",
    "store": "The store's name in the program.",
    "version": "The program version that applied.",
    "currency": "The currency, as in `EUR`.",
    "receipt": "The receipt.",
    "occurred_at": "When it happened at the till.",
    "points": "Points, as a whole number.",
    "TransactionRecorded.transaction": "The fact: a sale, a refund, a void or a claim.",
    "TransactionRecorded.digest": "SHA-256 of the raw body, which is not kept.",
    "PointsPosted.kind": "What kind of act it was.",
    "PointsPosted.seq": "The number of the entry in its account, from 1.",
    "PointsPosted.points": "What the balance gained; for a release, the points set free.",
    "PointsPosted.balance": "Points right after the act.",
    "PointsPosted.pending": "Points that cannot be spent yet, right after the act.",
    "PointsPosted.before": "What tiers and milestones look at, before the act.",
    "PointsPosted.after": "The same, after it.",
    "PointsPosted.reason": "Why, in one line.",
    "PointsPosted.total": "What a sale came to, in minor units.",
    "PointsPosted.tier_before": "The tier held before the act.",
    "PointsPosted.tier_after": "The tier held after it.",
    "PointsPosted.reward": "The reward it is about.",
    "MilestoneReached.milestone": "The milestone's name in the program.",
    "MilestoneReached.number": "Which of its lines was crossed: the 10 of a tenth visit.",
    "MilestoneReached.entry": "The id of the ledger entry of the award.",
    "MilestoneReached.points": "Points given for it.",
    "MilestoneReached.voucher": "The id of the voucher given for it. Its code is not here.",
    "SweepRequested.at": "When it was asked for. A scheduler's tick always says the same.",
    "SweepRequested.job": "What to do: the sweep itself, or a nightly job.",
    "SweepRequested.cursor": "Where a job that goes page by page has come to; it begins without.",
    "NotificationRequested.says": "What the message says, in this order.",
    "NotificationRequested.audience": "Who is told.",
    "NotificationRequested.sign_in": "For a visitor: the record in `people` that has the address.",
    "NotificationRequested.seq": "The number of the act in its account: the order of messages.",
    "NotificationRequested.useful_until": "After this instant the message is dropped.",
    "NotificationRequested.still": "Nothing is sent once this is no longer so.",
    "NotificationRequested.channels": "Channels instead of the message's own, in this order.",
    "Still.stops": "What takes the reason away.",
    "Still.mark": "What was so when the journey began.",
    "Still.campaign": "The campaign that must still be running, as in `campaign:spring`.",
    "Still.automation": "The automation that the program must still have.",
    "Mark.visit": "The last visit, in minutes from the epoch.",
    "Mark.tier": "The tier.",
    "Mark.reward": "The reward that it is about.",
    "Mark.until": "When the tier ends.",
    "Mark.since": "When points became enough for it: one that is taken later is not waited for.",
    "Mark.lapse": "Points that lapse by then are what it is about.",
    "OccasionCame.automation": "The automation that waits for it, by its name in the program.",
    "OccasionCame.key": "Tells this occasion from the automation's others for this member.",
    "OccasionCame.values": "Values for the slots of its messages.",
    "OccasionCame.words": "Slots whose value is put into the guest's language later.",
    "PointsPosted.activity": "What a guest did besides buying.",
    "PointsPosted.score": "How a guest judged, in a survey or a review.",
    "MemberChanged.what": "What changed.",
    "Said.message": "The message's name in the program; for staff, the alert's.",
    "Said.values": "Values for the slots of its text.",
    "Said.words": "Slots whose value is put into the guest's language later, as `tier:gold`.",
    "Totals.spend": "Kept eligible money, in minor units.",
    "Totals.visits": "Visits.",
    "Totals.points": "Points earned by purchases.",
    "Totals.stamps": "Pieces kept, by stamp card.",
    "Fact.source": "The connector it came through.",
    "Fact.account": "The vendor account it came through; empty for the first.",
    "Fact.receipt": "The till's id of the receipt.",
    "Sale.revision": "Grows with every change of the receipt.",
    "Sale.channel": "Where it was sold.",
    "Sale.lines": "Its lines.",
    "Sale.total": "What was paid, tax and tip included, in minor units.",
    "Sale.tip": "The tip in it.",
    "Sale.tax": "Tax on top of the lines' amounts.",
    "Sale.discount": "Taken off the receipt as a whole.",
    "Sale.reward_discount": "The same, but paid with points.",
    "Sale.included_tax": "Tax inside the lines' amounts that is not given line by line.",
    "Sale.guest": "Keyed hashes of who the guest is, the surest first.",
    "Sale.staff": "Who served, as the till names them.",
    "PointsPosted.others": "Other members whose points the account keeps.",
    "PointsPosted.enough_for": "Rewards that what can be spent has just become enough for.",
    "Void.newest": "Only if the till has told of no revision after this one.",
    "Line.id": "The line's name within the receipt.",
    "Line.amount": "Price times quantity before any discount, in minor units.",
    "Line.name": "What was sold, in the till's words.",
    "Line.sku": "The till's article number.",
    "Line.category": "The till's category.",
    "Line.kind": "Only an item earns.",
    "Line.quantity": "Thousandths of a piece.",
    "Line.discount": "Taken off this line.",
    "Line.included_tax": "Tax inside the amount.",
    "Refund.id": "The till's id of the refund.",
    "Refund.amount": "Money given back, in minor units.",
    "Refund.lines": "The lines given back; none: the receipt as a whole.",
    "RefundLine.line": "The line of the sale.",
    "RefundLine.quantity": "Thousandths of a piece given back.",
}
"""What each field means, by `Class.field` or by its name alone."""

_PLAIN = {str: "text", int: "whole number", bool: "`true` or `false`", datetime: "instant"}
_MADE = "Written by `make docs` from {source}; change that, not this page."


def pages() -> dict[str, str]:
    """Return the path of each generated file, seen from the top folder, and its text."""
    written = {f"docs/{name}": text for name, text in program_pages.pages().items()}
    return {
        **written,
        "docs/connectors.md": _page(_connectors()),
        "docs/events.md": _page(_events()),
        "docs/settings.md": _page(_settings()),
        "docs/collections.md": _page(_collections()),
        ".env.example": _page(_example()),
        **deployment.files(),
    }


def loaded() -> list[Connector]:
    """Load every connector there is."""
    return [connectors.load(name) for name in connectors.names()]


# -- connectors -------------------------------------------------------------------------------


def _connectors() -> Iterator[str]:
    yield f"# Connectors\n\n{_made('`shared/loyalty/connectors`')}\n"
    yield cleandoc("""
        A connector is one file. What it can do is what it declares here. Settings come from
        environment variables. A merchant's further account adds its name to each of them:
        `SQUARE_ACCESS_TOKEN__SECOND` belongs to the account `second`, whose webhook is
        `/transaction-ingest/square/second`. While a secret is being rotated, the one before it
        stays in the same variable with `_PREVIOUS` at its end. `…_BASE_URL` puts another address
        in the place of the vendor's. `loyalty connectors list` tells what is missing,
        `loyalty connectors check` asks vendors whether they know us, and
        `loyalty connectors set-up NAME` has the vendor make what we need there; where a connector
        has no `set_up`, make its webhooks in the vendor's console. Each reads its own environment:
        for a deployment, give it the values of the secrets there.
    """)
    yield "\nA vendor's error codes are put into these words:\n"
    yield from _table(("word", "what follows"), _WORDS.items())
    for connector in loaded():
        yield from _connector(connector)


_WORDS = {
    "`opted-out`": "The guest said stop: the channel is blocked for them.",
    "`bad-address`": "Nobody can be reached there: the channel is blocked for them.",
    "`refused`": "This request will never be accepted: the next vendor may try.",
    "`credentials`": "The account is wrong, unpaid or suspended: messages wait.",
    "`slow-down`": "Surely not done: it is asked again later.",
    "`try-again`": "Perhaps done: it is looked up before it is asked again.",
}


def _connector(connector: Connector) -> Iterator[str]:
    yield f"\n## {connector.title}\n"
    yield f"{_summary(sys.modules[f'loyalty.connectors.{connector.name}'])}\n"
    yield f"- Name: `{connector.name}`"
    yield f"- Reference: <{connector.docs}>"
    if connector.base_url:
        yield f"- Address: `{connector.base_url}`"
    if connector.rate:
        most = f"{connector.rate.requests} in {connector.rate.seconds:g} s"
        yield f"- Requests at the most: {most}, for each account"
    if connector.identity:
        yield "- Its customer ids lead to members too, as keyed hashes"
    yield ""
    yield from _abilities(connector)
    yield from _table(
        ("variable", "meaning", "if left out", "secret"),
        [_setting(connector.name, setting) for setting in connector.settings],
    )
    yield from _errors(connector)


def _abilities(connector: Connector) -> Iterator[str]:
    rows = [(f"`{verb}`", _summary(does)) for verb, does in connector.operations.items()]
    for verb, hook in connector.webhooks.items():
        form = ", ".join(f"`{media}`" for media in hook.media_types)
        where = f"`POST {PATHS[verb]}/{connector.name}` takes {form}"
        rows.append((f"`{verb}`", f"{where}. {_summary(hook.verify)}"))
    yield from _table(("can", "what that is"), rows)
    yield ""


def _setting(connector: str, setting: Setting) -> tuple[str, ...]:
    default = "must be given" if setting.default is None else _code(setting.default)
    secret = "yes" if setting.secret else "no"
    return f"`{variable(connector, setting.name)}`", setting.help, default, secret


def _errors(connector: Connector) -> Iterator[str]:
    if connector.errors:
        codes: dict[str, list[str]] = {}
        for code, word in connector.errors.items():
            codes.setdefault(word, []).append(f"`{code}`")
        yield ""
        yield from _table(
            ("word", "the vendor's codes"),
            [(f"`{word}`", ", ".join(told)) for word, told in codes.items()],
        )


# -- events -----------------------------------------------------------------------------------


def _events() -> Iterator[str]:
    yield f"# Events\n\n{_made('`shared/loyalty/events.py` and `infra/topology.yaml`')}\n"
    yield cleandoc("""
        Events are facts in the past tense, as CloudEvents 1.0 in JSON. Ids derive from the act,
        so a second run of the same act publishes the same bytes. They come at least once and in
        any order. No phone, e-mail or name of a guest is ever in one. Fields that have their
        default are left out. Instants are ISO 8601 in UTC; money is in minor units. One event,
        whole:
    """)
    yield f"\n```json\n{_example_event()}\n```"
    wiring = yaml.safe_load((TOP / "infra/topology.yaml").read_text("utf-8"))["functions"]
    for topic, kind in events.TOPICS.items():
        yield f"\n## {topic}\n\n{getdoc(kind)}\n"
        told = [name for name, each in wiring.items() if topic in each["publishes"]]
        heard = [n for n, e in wiring.items() if topic in (e["trigger"], *e.get("also_hears", ()))]
        yield f"Published by {_listed(told)}. Heard by {_listed(heard)}.\n"
        yield from _fields(kind)
    yield "\n# What events hold"
    for part in PARTS:
        yield f"\n## {part.__name__}\n\n{getdoc(part)}\n"
        yield from _fields(part)


def _example_event() -> str:
    noon = datetime(2026, 11, 21, 11, tzinfo=UTC)
    event = events.MemberChanged(
        id="joined:m_42", at=noon, subject="m_42", member="m_42", what="joined"
    )
    return json.dumps(json.loads(events.encode(event)), indent=2)


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nobody yet"


def _fields(kind: type[msgspec.Struct]) -> Iterator[str]:
    tag = kind.__struct_config__.tag
    rows = [(f"`{kind.__struct_config__.tag_field}`", f'`"{tag}"`', "always there", "Its kind.")]
    rows = rows if tag else []
    for field in msgspec.structs.fields(kind):
        default = _default(field)
        rows.append((f"`{field.name}`", form(field.type), default, meaning(kind, field.name)))
    yield from _table(("field", "form", "if left out", "meaning"), rows)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "always there"
    default = field.default
    if default is msgspec.NODEFAULT:
        default = field.default_factory() if callable(field.default_factory) else None
    empty = default is None or default in ((), {}, "") or isinstance(default, msgspec.Struct)
    return "empty" if empty else f"`{json.dumps(default)}`"


def meaning(kind: type, field: str) -> str:
    """Return what a field means. Raises LookupError for one that nobody has described."""
    names = [f"{each.__name__}.{field}" for each in kind.__mro__]
    told = next((_MEANINGS[name] for name in (*names, field) if name in _MEANINGS), None)
    if told is None:
        raise LookupError(f"say what {kind.__name__}.{field} means, in {Path(__file__).name}")
    return told


def form(hint: Any) -> str:
    """Say what a field looks like on the wire."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    if get_origin(hint) is Literal:
        return " or ".join(f"`{word}`" for word in get_args(hint))
    parts = [form(part) for part in get_args(hint) if part not in (Ellipsis, type(None))]
    if get_origin(hint) in (Union, types.UnionType):
        return " or ".join(parts)
    if get_origin(hint) is tuple:
        return f"list of {parts[0]}"
    if get_origin(hint) is dict:
        return f"map from {parts[0]} to {parts[1]}"
    return f"[{hint.__name__}](#{hint.__name__.lower()})"


# -- settings and collections -----------------------------------------------------------------


def _settings() -> Iterator[str]:
    yield f"# Settings\n\n{_made('`shared/loyalty/settings.py`')}\n"
    yield cleandoc("""
        Everything is set by environment variables. `make` also reads them from a file `.env`;
        `.env.example` lists them all. Vendors' settings are in [connectors.md](connectors.md).
        What a merchant decides is not here but in the [program file](program.md).
    """)
    yield ""
    yield from _table(("variable", "if left out", "meaning", "secret"), map(_variable, VARIABLES))


def _variable(one: Variable) -> tuple[str, ...]:
    return f"`{one.name}`", _code(one.default), one.about, "yes" if one.secret else "no"


def _collections() -> Iterator[str]:
    yield f"# Collections\n\n{_made('`shared/loyalty/collections.py`')}\n"
    yield cleandoc("""
        Documents live in two databases: `ledger` knows members by an opaque id only, `people`
        knows who they are. A document's id is the hash of its key, so that no key can reach
        another place. Only indexed fields can be asked for. `kept` counts from the last time a
        document was written: then Firestore removes it by itself, and on one machine the nightly
        job `retention`.
    """)
    yield ""
    yield from _table(
        ("collection", "database", "key", "holds", "record", "indexed", "kept"),
        [_collection(name, each) for name, each in COLLECTIONS.items()],
    )


def _collection(name: str, each: Collection) -> tuple[str, ...]:
    stored = getattr(records, name)
    kept = f"{each.keep_days} days" if each.keep_days else "for ever"
    indexed = ", ".join(f"`{field}`" for field in each.indexed) or "none"
    record = f"`{stored._kind.__name__}` v{stored._version}"  # noqa: SLF001 - told here only
    return f"`{name}`", each.database, each.key, each.about, record, indexed, kept


# -- .env.example -----------------------------------------------------------------------------


def _example() -> Iterator[str]:
    yield "# Every variable there is, written by `make docs`. Copy this file to .env, take the"
    yield "# comment sign off what you set, and keep .env to yourself. `make` reads it: no quotes"
    yield "# around a value, $$ for a $, and no # in it."
    yield "\n# -- Regulars itself (docs/settings.md)"
    for one in VARIABLES:
        yield from _commented(one.about, one.name, one.default, secret=one.secret)
    for connector in loaded():
        yield f"\n# -- {connector.title} (docs/connectors.md)"
        for each in connector.settings:
            about = each.help + (" Must be given." if each.default is None else "")
            name = variable(connector.name, each.name)
            yield from _commented(about, name, each.default or "", secret=each.secret)
        if connector.base_url:
            name = variable(connector.name, "base_url")
            yield from _commented("Where the vendor lives.", name, connector.base_url)


def _commented(about: str, name: str, default: str, *, secret: bool = False) -> Iterator[str]:
    yield f"\n# {about}{' Secret.' if secret else ''}"
    yield f"# {name}={'' if secret else default}"


# -- in Markdown ------------------------------------------------------------------------------


def _page(lines: Iterable[str]) -> str:
    return "\n".join(lines).strip() + "\n"


def _made(source: str) -> str:
    return _MADE.format(source=source)


def _table(head: tuple[str, ...], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    cells = [list(row) for row in rows]
    if cells:
        yield f"| {' | '.join(head)} |"
        yield f"|{'---|' * len(head)}"
        yield from (f"| {' | '.join(map(_cell, row))} |" for row in cells)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _code(text: str) -> str:
    return f"`{text}`" if text else "empty"


def _summary(documented: Any) -> str:
    """Return the first sentence of what is said about a module or a function."""
    paragraph = " ".join((getdoc(documented) or "").partition("\n\n")[0].split())
    sentence = re.match(r".*?[.?](?=\s|$)", paragraph)
    return sentence[0] if sentence else paragraph


def write(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Write what is not there yet or not the same; return the paths that changed."""
    changed = []
    for name, text in files.items():
        path = folder / name
        if not path.is_file() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            changed.append(name)
    return changed


def main() -> None:
    """Write all pages and say which changed."""
    for name in write(TOP, pages()):
        print(f"wrote {name}")


if __name__ == "__main__":
    main()
