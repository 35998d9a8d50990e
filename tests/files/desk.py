"""A till's folder on disk, files as tills write them, and a shop that reads them."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.rig import NOON, Rig, opened

from loyalty.events import FilesDue, encode
from loyalty.ports import Query

PROGRAM = Path("tests/programs/files.yaml").read_text("utf-8")
SITA = "+4915112345678"
DAY = "2026-11-20"
COLUMNS = (
    "receipt_no", "line_no", "kind", "store_id", "occurred_at", "customer_ref", "sku", "category",
    "name", "qty", "unit_price", "line_total", "line_tax", "tip", "discount", "currency",
    "refund_of",
)  # fmt: skip
USUAL = {
    "line_no": "1", "kind": "SALE", "store_id": "main",
    "occurred_at": "2026-11-20T10:15:30+01:00", "customer_ref": f"phone:{SITA}", "qty": "1",
    "line_total": "24,00", "currency": "EUR",
}  # fmt: skip


def table(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS, between: str = ";") -> bytes:
    """Write rows as a till does; what a row leaves out is as usual."""
    told = [between.join(columns)]
    told += [between.join({**USUAL, **row}.get(name, "") for name in columns) for row in rows]
    return "".join(f"{line}\r\n" for line in told).encode()


def manifest(name: str, body: bytes, rows: int, **more: Any) -> bytes:
    """Announce a file."""
    told = {
        "format": "loyalty-sales/1", "file": name, "rows": rows, "bytes": len(body),
        "sha256": hashlib.sha256(body).hexdigest(), "business_date": DAY,
        "timezone": "Europe/Berlin", "currency": "EUR", "decimal": ",", "delimiter": ";",
        "encoding": "utf-8", **more,
    }  # fmt: skip
    return json.dumps(told).encode()


class Desk(Rig):
    """A shop with a folder that its till fills."""

    top: Path

    def put(
        self, name: str, body: bytes, *, at: datetime = NOON, till: str = "main", day: str = DAY
    ) -> Path:
        """Lay one file down."""
        path = self.top / "in" / till / day / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        os.utime(path, (at.timestamp(), at.timestamp()))
        return path

    def upload(self, body: bytes, rows: int, name: str = "sales-01.csv", **more: Any) -> None:
        """Lay a file down, then its manifest."""
        at, day = more.pop("at", NOON), more.pop("day", DAY)
        body = gzip.compress(body, mtime=0) if name.endswith(".gz") else body
        self.put(name, body, at=at, day=day)
        stem = name.removesuffix(".gz").rpartition(".")[0]
        self.put(f"{stem}.manifest.json", manifest(name, body, rows, **more), at=at, day=day)

    def due(self) -> None:
        """Let the night come."""
        event = FilesDue(id="files", at=self.clock.now(), subject="files")
        self.bus.publish("files-due", [encode(event)])
        self.run()

    def answer(self, name: str = "sales-01.result.json") -> Any:
        """Read what the till's owner is told."""
        return json.loads((self.top / "out/main" / DAY / name).read_bytes())

    def answers(self) -> list[str]:
        """List all answers there are."""
        return sorted(path.name for path in (self.top / "out").rglob("*") if path.is_file())

    def world(self) -> dict[str, Any]:
        """Take all that files can change in the end."""
        whole = self.dump()
        return {name: whole.get(name) for name in ("entries", "accounts", "quarantine")}

    def booked(self, member: str) -> list[tuple[str, int, int]]:
        """List a guest's acts: kind, points, and the money kept after it."""
        return [(each.kind, each.points, each.after.spend) for each in self.history(member)]

    def receipts(self) -> int:
        """Count the receipts in the ledger."""
        return self.store.count(Query("entries"))


@contextmanager
def desk(
    folder: Path, program: str = PROGRAM, environment: dict[str, str] | None = None, **more: Any
) -> Iterator[Desk]:
    """Open a shop with an empty folder for its till."""
    top = folder / "uploads"
    top.mkdir(exist_ok=True)
    with opened(folder, program, environment={"FOLDER_PATH": str(top), **(environment or {})},
                **more) as rig:  # fmt: skip
        rig.__class__ = Desk
        rig.top = top  # type: ignore[attr-defined]
        yield rig  # type: ignore[misc]
