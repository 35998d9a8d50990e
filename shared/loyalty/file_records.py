"""What is kept of nightly files: how far each is read, and what it told of each receipt."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from loyalty.stored import Record


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a file that was not taken: which, why, and in which column. Never what it held."""

    row: int
    code: str
    field: str = ""


class FileReading(Record, frozen=True, kw_only=True):
    """A nightly file, one version of it, and how far it is read.

    `receipts` are settled already; `edition` counts the contents that came under this name,
    `before` is the hash of the one that was read last, and `again` tells that another name had
    this content, and told all of it.
    What is kept by content names the file, and whether all that it told was published.
    """

    name: str
    till: str = ""
    state: Literal["waiting", "reading", "done", "refused"] = "waiting"
    version: str = ""
    sha256: str = ""
    before: str = ""
    size: int = 0
    seen_at: datetime | None = None
    settled_at: datetime | None = None
    tries: int = 0
    edition: int = 0
    again: bool = False
    receipts: int = 0
    rows: int = 0
    accepted: int = 0
    skipped: int = 0
    aside: int = 0
    unknown: int = 0
    rejected: int = 0
    late: tuple[Refused, ...] = ()
    code: str = ""


class FileReceipt(Record, frozen=True, kw_only=True):
    """What a file told last of a receipt, or of a refund.

    `order` tells which of two files is newer; `read` names the content that told it. Of a sale,
    `total` is what was paid and `returned` what files told of it since, in minor units.
    """

    digest: str
    revision: int
    order: str
    read: str
    total: int | None = None
    returned: int = 0
