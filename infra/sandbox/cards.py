"""A card in a guest's wallet, as the phone shows it; the QR code is told by what it holds."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Card:
    """One card on one phone. `lines` are labels and what stands under them, the points first."""

    vendor: str
    id: str
    title: str
    code: str
    lines: list[tuple[str, str]]
    color: str
    at: datetime
    name: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give the card as the control address shows it."""
        return {**asdict(self), "at": self.at.isoformat()}
