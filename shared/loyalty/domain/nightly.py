"""The part of the program about nightly files, of tills that cannot call us."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from loyalty.domain.vocabulary import Part, TimeOfDay

Column = Literal[
    "receipt_no", "line_no", "kind", "store_id", "occurred_at", "customer_ref", "sku", "category",
    "name", "qty", "unit_price", "line_total", "line_tax", "tip", "discount", "currency",
    "refund_of", "refund_line", "line_kind", "channel", "test",
]  # fmt: skip
"""What a row of a nightly file can tell; docs/files.md says what each means."""
Day = Annotated[
    str, Meta(pattern=r"^20\d{2}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$", examples=["2026-12-01"])
]


class Files(Part, frozen=True):
    """The nightly files of one till, which lie below `in/` and the name of the till."""

    via: Annotated[
        str,
        Meta(
            pattern=r"^[a-z][a-z0-9_]{0,39}(\.[a-z0-9][a-z0-9_]{0,39})?$",
            examples=["s3"],
        ),
    ]
    """The connector that reads them, with the account for a vendor's further one: `s3.second`."""
    named: (
        Annotated[
            str,
            Meta(
                pattern=r"^[a-z][a-z0-9_]{0,39}(\.[a-z0-9][a-z0-9_]{0,39})?:[a-z][a-z0-9_]{0,39}$",
                examples=["s3:counter"],
            ),
        ]
        | None
    ) = None
    """The till that its receipts are named by, as among a store's `tills`, where it is another."""
    manifest: bool = True
    """Whether a manifest says when a file is whole; without, it must lie still for 15 minutes."""
    days: Annotated[int, Meta(ge=1, le=366)] = 14
    """Folders of older business days are not looked into any more."""
    numbers_restart: bool = False
    """Whether the till's receipt numbers begin anew each business day."""
    numbers_restart_at: TimeOfDay | None = None
    """By which clock they do so; else what is sold at night is of its file's day."""
    numbers_restart_from: Day | None = None
    """The first business day on which they do so; from the first if left out."""
    numbers_restart_until: Day | None = None
    """The first business day on which they do so no more."""
    columns: dict[Column, str] = {}  # noqa: RUF012 - msgspec makes a new one for each
    """What the file calls a column, where it has another name."""
    delimiter: Literal["semicolon", "comma", "tab", "bar"] = "semicolon"
    """What stands between cells, where no manifest says so."""
    decimal: Literal["comma", "point"] = "comma"
    """What stands before cents, where no manifest says so."""
    encoding: Literal["utf-8", "windows-1252"] = "utf-8"
    """How letters are written, where no manifest says so."""
    dates: Literal["iso", "day_first", "month_first"] = "iso"
    """How dates are written: `2026-11-20T10:15:30+01:00`, `20.11.2026 10:15` or `11/20/2026`."""
    expected_by: TimeOfDay = "12:00"
    """When the file of the business day before is missed."""

    def begins_anew(self, day: str) -> bool:
        """Tell whether a number of this business day is given again on another day."""
        begun = self.numbers_restart and (self.numbers_restart_from or "") <= day
        return begun and (self.numbers_restart_until is None or day < self.numbers_restart_until)


def named(folder: str, files: Files) -> tuple[str, str]:
    """Name a till as stores of the program do: its connector with the account, and its place."""
    source, _, place = (files.named or f"{files.via}:{folder}").partition(":")
    return source, place
