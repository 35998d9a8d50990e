"""A till that cannot call: what happens at it is told by a file a time, as its export writes it."""

from __future__ import annotations

import os
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

from infra.local import Local
from tests.files.desk import DAY, manifest, table
from tests.rig import NOON

from loyalty.events import FilesDue, encode

Json = dict[str, Any]
NUMBERS = count(1)
COLUMNS = (
    "receipt_no", "line_no", "kind", "store_id", "occurred_at", "customer_ref", "category", "name",
    "qty", "line_total", "line_tax", "tip", "discount", "currency", "refund_of", "line_kind",
)  # fmt: skip


class NightlyFiles:
    """Plays events as the tills of the demo do, each in a file with its manifest."""

    def __init__(self, folder: Path, local: Local, phone: str) -> None:
        self._folder, self._local, self._phone = folder, local, phone

    def play(self, event: Json) -> None:
        """Export one event, and let the night come."""
        number = next(NUMBERS)
        rows = _refund(event) if event["do"] == "refund" else _lines(event)
        guest = f"phone:{self._phone}" if event["guest"] else ""
        whole = {"customer_ref": guest, "occurred_at": event["occurred_at"]}
        body = table(*({**whole, **row} for row in rows), columns=COLUMNS)
        self._put(f"sales-{number:03}.csv", body, number)
        told = manifest(f"sales-{number:03}.csv", body, len(rows))
        self._put(f"sales-{number:03}.manifest.json", told, number)
        due = FilesDue(id=f"files:{number}", at=NOON, subject="files")
        self._local.bus.publish("files-due", [encode(due)])

    def _put(self, name: str, body: bytes, number: int) -> None:
        path = self._folder / "in/main" / DAY / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        os.utime(path, (NOON.timestamp() + number, NOON.timestamp() + number))


def _lines(event: Json) -> list[dict[str, str]]:
    """Write a sale: what is left of each line after its discount, with tax, and the tip apart."""
    rows = []
    for place, line in enumerate(event["lines"]):
        on_top = event["tax"] if place == 0 else 0
        rows.append({
            "receipt_no": event["receipt"], "line_no": line["id"], "name": line["name"],
            "category": line["category"], "line_kind": line["kind"],
            "line_total": _euros(line["amount"] - line["discount"] + on_top),
            "line_tax": _euros(line.get("included_tax", 0) + on_top),
            "tip": _euros(event["tip"]) if place == 0 else "",
            "discount": _euros(line["discount"]),
        })  # fmt: skip
    return rows


def _refund(event: Json) -> list[dict[str, str]]:
    return [
        {
            "receipt_no": event["refund"],
            "kind": "REFUND",
            "refund_of": event["receipt"],
            "qty": "-1",
            "line_total": _euros(-event["amount"]),
        }
    ]


def _euros(cents: int) -> str:
    return f"{Decimal(cents) / 100:.2f}".replace(".", ",")
