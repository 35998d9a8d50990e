"""What a month on Google Cloud costs: `python -m infra.costs staging`, or of prod."""

from __future__ import annotations

import re
import sys
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec
import yaml
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

TABLE = Path(__file__).parent / "prices.yaml"
ENVIRONMENTS = Path(__file__).parent.parent / "terraform/environments"
BACKUP_DAYS = 14
"""How long backups are kept where an environment does not say: what variables.tf says."""
SIZES = (1_000, 100_000, 1_000_000)
"""Purchases a month."""


class Deployed(NamedTuple):
    """What an environment pays for by itself: instances always on, and days backups are kept."""

    instances: int
    backup_days: int


class Resource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something Google bills: `price` USD for `per` units, after so many `free` units a month.

    `purchase` units are used by each ordinary purchase, `month` units in any case, `instance` units
    by each instance that is always on, `backup` units by each purchase for each day of backups.
    """

    per: float
    price: float
    free: float
    purchase: float
    month: float
    confirmed: bool
    source: str
    about: str
    instance: float = 0
    backup: float = 0

    def used(self, purchases: int, deployed: Deployed) -> float:
        """Tell how many units a month with so many purchases uses."""
        each = self.purchase + self.backup * deployed.backup_days
        return self.month + self.instance * deployed.instances + purchases * each

    def cost(self, purchases: int, deployed: Deployed) -> float:
        """Tell what that costs, in USD."""
        return max(0.0, self.used(purchases, deployed) - self.free) / self.per * self.price


class Prices(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The price table, and the day on which it was put together."""

    date: date
    region: str
    resources: dict[str, Resource]

    def total(self, purchases: int, deployed: Deployed) -> float:
        """Tell what a month with so many purchases costs, in USD."""
        return sum(each.cost(purchases, deployed) for each in self.resources.values())


def prices() -> Prices:
    """Read the price table."""
    return msgspec.convert(yaml.safe_load(TABLE.read_text("utf-8")), Prices)


def deployed(environment: str = "prod") -> Deployed:
    """Read from an environment's variables what it pays for by itself."""
    file = ENVIRONMENTS / f"{environment}.tfvars"
    if not file.exists():
        sys.exit(f"There is no terraform/environments/{file.name}.")
    text = re.sub("#.*", "", file.read_text("utf-8"))
    days = re.search(r"^backup_days *= *(\d+)", text, re.MULTILINE)
    instances = sum(map(int, re.findall(r"\bmin_instances *= *(\d+)", text)))
    return Deployed(instances, int(days[1]) if days else BACKUP_DAYS)


def shown(known: Prices, deployed: Deployed) -> Table:
    """Lay the costs out: a line for each resource, a column for each size."""
    table = Table(title=f"USD a month, at list prices of {known.date}", box=SIMPLE_HEAD)
    table.add_column("", no_wrap=True)
    for size in SIZES:
        table.add_column(f"{size:,} purchases", justify="right")
    for name, each in known.resources.items():
        mark = "" if each.confirmed else " *"
        table.add_row(f"{name}{mark}", *(f"{each.cost(size, deployed):.2f}" for size in SIZES))
    table.add_section()
    table.add_row("in all", *(f"{known.total(size, deployed):.2f}" for size in SIZES), style="bold")
    return table


def main(environment: str = "prod") -> None:
    """Print the table of an environment, and what it does not tell."""
    known, owed, console = prices(), deployed(environment), Console(highlight=False)
    console.print(shown(known, owed))
    console.print(f"{environment}: {owed.instances} always on, backups of {owed.backup_days} days.")
    console.print(f"* recalled, not confirmed. {known.region}")
    console.print("Texts and mails are billed by their vendors, and cost far more: docs/costs.md.")


if __name__ == "__main__":
    main(*sys.argv[1:2])
