"""From the receipts of a file to facts, once each: new, changed, or told before.

What a file told last of a receipt is kept as a keyed hash with its revision. It is kept before the
fact is published, so that two files at once never give one revision two meanings; and a page of
which not all was published is published again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from loyalty.connectors.spec import Heard
from loyalty.delivery import Shop
from loyalty.domain.transaction import Refund, Sale, Transaction, Void
from loyalty.file_records import FileReading, FileReceipt, Refused
from loyalty.files.drafts import Draft
from loyalty.files.shelf import Source
from loyalty.ports import Unit
from loyalty.records import file_receipts, files

_replace = msgspec.structs.replace
_Kept = Mapping[str, FileReceipt | None]


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
        self._settled = {reading.sha256: True} if reading.again else {}

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
        facts = [draft.heard[0].transaction for draft in drafts]
        names = list(dict.fromkeys(name for f in facts for name in (self._sale(f), self._name(f))))
        found = unit.get(*map(file_receipts.key, names)) if names else []
        known = dict(zip(names, map(file_receipts.read, found), strict=True))
        chosen, kept = [], dict[str, FileReceipt]()
        for draft in drafts:
            choice, changed = self._choose(draft, {**known, **kept})
            chosen.append(choice)
            kept.update(changed)
        for name, receipt in kept.items():
            file_receipts.put(unit, name, receipt)
        return chosen

    def _choose(self, draft: Draft, kept: _Kept) -> tuple[_Choice, Mapping[str, FileReceipt]]:
        """Choose what to do with a draft, and what to keep of it."""
        heard = draft.heard[0]
        name = self._name(heard.transaction)
        known = kept[name]
        digest = self._shop.pepper.hash("file-receipt", _same(heard))
        if known is None:
            return self._begin(draft, digest, kept)
        if known.digest == digest and known.revision == 0 and isinstance(heard.transaction, Void):
            return _Choice(draft), {}  # nobody was told of it
        if known.digest == digest:
            return _Choice(draft, _revised(heard, known.revision), known.read), {}
        if self._order < known.order:
            return _Choice(draft), {}  # a newer file told more
        if isinstance(heard.transaction, Refund):
            return _Choice(draft, refused="REFUND_CHANGED"), {}
        revision = known.revision + 1
        again = self._kept(heard, digest, revision, known.returned)
        return _Choice(draft, _revised(heard, revision)), {name: again}

    def _begin(
        self, draft: Draft, digest: str, kept: _Kept
    ) -> tuple[_Choice, Mapping[str, FileReceipt]]:
        """Choose what to do with what no file told before."""
        heard, fact = draft.heard[0], draft.heard[0].transaction
        new = {self._name(fact): self._kept(heard, digest, 0)}
        if isinstance(fact, Void):
            return _Choice(draft), new  # it was free from the first, whatever an older file says
        sale = kept[self._sale(fact)]
        if not isinstance(fact, Refund) or sale is None or sale.total is None:
            return _Choice(draft, heard), new
        returned = sale.returned + fact.amount
        if returned > sale.total:
            return _Choice(draft, refused="REFUND_ABOVE_SALE"), {}
        return _Choice(draft, heard), {**new, self._sale(fact): _replace(sale, returned=returned)}

    def _kept(self, heard: Heard, digest: str, revision: int, returned: int = 0) -> FileReceipt:
        return FileReceipt(
            digest=digest, revision=revision, order=self._order, read=self._sha,
            total=_total(heard.transaction), returned=returned,
        )  # fmt: skip

    def _name(self, fact: Transaction) -> str:
        kind = f"refund:{fact.id}" if isinstance(fact, Refund) else "sale"
        return f"{self._receipt(fact)}:{kind}"

    def _sale(self, fact: Transaction) -> str:
        return f"{self._receipt(fact)}:sale"

    def _receipt(self, fact: Transaction) -> str:
        till = self._source.till
        return f"{till.connector}.{till.account}:{fact.receipt}"

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


def _total(fact: Transaction) -> int | None:
    """Tell what a sale comes to; a void one to nothing. A refund has none."""
    return fact.total if isinstance(fact, Sale) else 0 if isinstance(fact, Void) else None


def _same(heard: Heard) -> str:
    """Write all of a fact that makes it another when it changes."""
    fact, told = heard.transaction, None
    if isinstance(fact, Sale):
        told = [msgspec.to_builtins(_replace(fact, source="", account="")), heard.guest]
    elif isinstance(fact, Refund):
        told = [fact.amount, fact.lines]
    what: Any = [type(fact).__name__, told]
    return msgspec.json.encode(what, order="sorted").decode()
