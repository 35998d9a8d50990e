"""From the receipts of a file to facts, once each: new, changed, or told before.

What a file told last of a receipt is kept as a keyed hash with its revision. It is kept before the
fact is published, so that two files at once never give one revision two meanings; and a page of
which not all was published is published again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from loyalty.connectors.spec import Heard
from loyalty.delivery import Shop
from loyalty.domain.transaction import Refund, Sale, Void
from loyalty.file_records import FileReading, FileReceipt, Refused
from loyalty.files.drafts import Draft
from loyalty.files.shelf import Source
from loyalty.ports import Unit
from loyalty.records import file_receipts, files

_replace = msgspec.structs.replace


class Told(NamedTuple):
    """What a page of receipts comes to: facts to publish, and what became of its rows."""

    heard: tuple[Heard, ...] = ()
    accepted: int = 0
    skipped: int = 0
    refused: tuple[Refused, ...] = ()


class _Choice(NamedTuple):
    """What to do with a draft: publish `heard`, if the content `unless` is not settled yet."""

    draft: Draft
    heard: Heard | None = None
    unless: str = ""
    refused: str = ""


def content(source: Source, sha256: str) -> str:
    """Name what is kept of a content: whether all of it was published."""
    return f"content:{source.till.connector}.{source.till.account}:{source.till.name}:{sha256}"


class Teller:
    """Tells the receipts of one file."""

    def __init__(self, source: Source, reading: FileReading, order: str, shop: Shop) -> None:
        self._source, self._sha, self._order, self._shop = source, reading.sha256, order, shop
        self._settled: dict[str, bool] = {}

    def tell(self, page: Sequence[Draft]) -> Told:
        """Keep what a page tells, and return what is to be published."""
        new = [draft for draft in page if draft.heard]
        chosen = self._shop.store.atomically("ledger", lambda unit: self._keep(unit, new))
        published = [c for c in chosen if c.heard and not (c.unless and self._is_settled(c.unless))]
        refused = [
            Refused(row=row, code=c.refused) for c in chosen if c.refused for row in c.draft.rows
        ]
        whole = sum(len(draft.rows) for draft in page if not draft.refused)
        accepted = sum(len(choice.draft.rows) for choice in published)
        heard = tuple(choice.heard for choice in published if choice.heard)
        return Told(heard, accepted, whole - accepted - len(refused), tuple(refused))

    def _keep(self, unit: Unit, drafts: Sequence[Draft]) -> list[_Choice]:
        names = [self._name(draft.heard[0]) for draft in drafts]
        found = unit.get(*map(file_receipts.key, names)) if names else []
        chosen = []
        for draft, name, document in zip(drafts, names, found, strict=True):
            choice, kept = self._choose(draft, file_receipts.read(document))
            chosen.append(choice)
            if kept:
                file_receipts.put(unit, name, kept)
        return chosen

    def _choose(
        self, draft: Draft, known: FileReceipt | None
    ) -> tuple[_Choice, FileReceipt | None]:
        heard = draft.heard[0]
        digest = self._shop.pepper.hash("file-receipt", _same(heard))
        if known is None:
            if isinstance(heard.transaction, Void):
                return _Choice(draft), None  # it was free from the first
            return _Choice(draft, heard), self._kept(digest, 0)
        if known.digest == digest:
            return _Choice(draft, _revised(heard, known.revision), known.read), None
        if self._order < known.order:
            return _Choice(draft), None  # a newer file told more
        if isinstance(heard.transaction, Refund):
            return _Choice(draft, refused="REFUND_CHANGED"), None
        revision = known.revision + 1
        return _Choice(draft, _revised(heard, revision)), self._kept(digest, revision)

    def _kept(self, digest: str, revision: int) -> FileReceipt:
        return FileReceipt(digest=digest, revision=revision, order=self._order, read=self._sha)

    def _name(self, heard: Heard) -> str:
        fact, till = heard.transaction, self._source.till
        kind = f"refund:{fact.id}" if isinstance(fact, Refund) else "sale"
        return f"{till.connector}.{till.account}:{fact.receipt}:{kind}"

    def _is_settled(self, sha: str) -> bool:
        """Tell whether all that another content told was published."""
        if sha not in self._settled:
            found = files.get(self._shop.store, content(self._source, sha))
            self._settled[sha] = bool(found and found.state == "done")
        return self._settled[sha]


def _revised(heard: Heard, revision: int) -> Heard:
    fact = heard.transaction
    return _replace(heard, transaction=_replace(fact, revision=revision)) if isinstance(
        fact, Sale
    ) else heard  # fmt: skip


def _same(heard: Heard) -> str:
    """Write all of a fact that makes it another when it changes."""
    fact, told = heard.transaction, None
    if isinstance(fact, Sale):
        told = [msgspec.to_builtins(_replace(fact, source="", account="")), heard.guest]
    elif isinstance(fact, Refund):
        told = [fact.amount, fact.lines]
    what: Any = [type(fact).__name__, told]
    return msgspec.json.encode(what, order="sorted").decode()
