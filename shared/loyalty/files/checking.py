"""A nightly file is read through once before it is told: whether it is whole, and good."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from hashlib import sha256
from typing import NamedTuple

from loyalty.connectors.spec import Heard
from loyalty.delivery import Shop
from loyalty.domain.program import Program
from loyalty.domain.transaction import Sale
from loyalty.errors import Problem
from loyalty.file_records import Refused
from loyalty.files import rows, unpacking
from loyalty.files.drafts import Draft, Reader
from loyalty.files.forms import Form, Unreadable
from loyalty.files.shelf import Source
from loyalty.steps import transaction_ingest

FEW, SHARE, MOST = 5, 20, 1000
"""More wrong rows than `FEW`, and more than one in `SHARE`: the file is not taken.

Nor with more than `MOST`, however long it is: then it is not read any further.
"""


class Checked(NamedTuple):
    """A file read through once.

    `aside` counts receipts of unknown stores, `unknown` those whose guest cannot be read.
    """

    sha256: str
    rows: int
    refused: tuple[Refused, ...]
    wrong: Unreadable | None
    aside: int
    unknown: int


def read_through(pieces: Iterable[bytes], form: Form, source: Source, shop: Shop) -> Checked:
    """Read a file through; what is wrong with it is part of the answer."""
    digest, wrong, numbers, aside, unknown = sha256(), None, 0, 0, 0
    refused: list[Refused] = []
    stream, program = _hashed(pieces, digest.update), shop.programs.current().program
    try:
        for draft in drafts(stream, form, source, shop):
            numbers += len(draft.rows)
            refused += draft.refused
            aside += sum(_is_of_no_store(each, source, program) for each in draft.heard)
            unknown += draft.names_nobody
            if len(refused) > MOST:
                break
    except Unreadable as trouble:
        wrong = trouble
    for _ in stream:
        pass  # the rest still belongs to the hash
    if not wrong and len(refused) > max(FEW, min(numbers // SHARE, MOST)):
        wrong = Unreadable("TOO_MANY_BAD_ROWS")
    return Checked(digest.hexdigest(), numbers, tuple(refused), wrong, aside, unknown)


def drafts(pieces: Iterable[bytes], form: Form, source: Source, shop: Shop) -> Iterator[Draft]:
    """Read a file's receipts, each told or refused."""
    program, found = shop.programs.current().program, rows.rows(unpacking.lines(pieces, form), form)
    judge = partial(_judge, source=source, program=program, shop=shop)
    return Reader(source.till, form, program, judge).drafts(found)


def _judge(heard: Heard, source: Source, program: Program, shop: Shop) -> Problem | None:
    fact, now = heard.transaction, shop.clock.now()
    return transaction_ingest.problem_of(fact, source.till.source, program, now)


def _is_of_no_store(heard: Heard, source: Source, program: Program) -> bool:
    """Tell whether a receipt would be put aside for its store."""
    fact = heard.transaction
    return isinstance(fact, Sale) and program.store_of(source.till.source, fact.store) is None


def _hashed(pieces: Iterable[bytes], update: Callable[[bytes], None]) -> Iterator[bytes]:
    for piece in pieces:
        update(piece)
        yield piece
