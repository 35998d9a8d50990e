"""What a month on Google Cloud costs: `python -m infra.costs`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import yaml
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

TABLE = Path(__file__).parent / "prices.yaml"
SIZES = (1_000, 100_000, 1_000_000)
"""Purchases a month."""


class Resource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something Google bills: `price` USD for `per` units, after so many `free` units a month.

    `purchase` units are used by each ordinary purchase, `month` units in any case.
    """

    per: float
    price: float
    free: float
    purchase: float
    month: float
    confirmed: bool
    source: str
    about: str

    def used(self, purchases: int) -> float:
        """Tell how many units a month with so many purchases uses."""
        return self.month + purchases * self.purchase

    def cost(self, purchases: int) -> float:
        """Tell what that costs, in USD."""
        return max(0.0, self.used(purchases) - self.free) / self.per * self.price


class Prices(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The price table, and the day on which it was put together."""

    date: date
    region: str
    resources: dict[str, Resource]

    def total(self, purchases: int) -> float:
        """Tell what a month with so many purchases costs, in USD."""
        return sum(each.cost(purchases) for each in self.resources.values())


def prices() -> Prices:
    """Read the price table."""
    return msgspec.convert(yaml.safe_load(TABLE.read_text("utf-8")), Prices)


def shown(known: Prices) -> Table:
    """Lay the costs out: a line for each resource, a column for each size."""
    table = Table(title=f"USD a month, at list prices of {known.date}", box=SIMPLE_HEAD)
    table.add_column("")
    for size in SIZES:
        table.add_column(f"{size:,} purchases", justify="right")
    for name, each in known.resources.items():
        mark = "" if each.confirmed else " *"
        table.add_row(f"{name}{mark}", *(f"{each.cost(size):.2f}" for size in SIZES))
    table.add_section()
    table.add_row("in all", *(f"{known.total(size):.2f}" for size in SIZES), style="bold")
    return table


def main() -> None:
    """Print the table, and what it does not tell."""
    known, console = prices(), Console(highlight=False)
    console.print(shown(known))
    console.print(f"* recalled, not confirmed. {known.region}")
    console.print("Texts and mails are billed by their vendors, and cost far more: docs/costs.md.")


if __name__ == "__main__":
    main()
