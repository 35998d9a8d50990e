"""What a played day came to, in tables people can read."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from infra.demo import checking
from infra.demo.saturday import Saturday
from loyalty.delivery import Shop

SHOWN = 20
"""How many differences of a day are printed."""


def tell(
    console: Console, name: str, day: Saturday, shop: Shop, *, ordered: bool = True
) -> list[str]:
    """Print totals and verdict of a day; return every difference from what was expected.

    `ordered` if one thing happened after the other, so that guests were told in that order.
    """
    wrong = day.differences(ordered=ordered)
    console.print(_totals(name.replace("_", " "), day, shop))
    for line in wrong[:SHOWN]:
        console.print(f"[red]DIFFERS[/red] {line}", markup=True)
    report = checking.audited(shop)
    over = f"{report.entries} entries, {report.accounts} accounts, {report.points} points"
    verdict = "the ledger does NOT add up" if report.findings else "ledger adds up"
    console.print(f"verify: {verdict} ({over})")
    exactly = "as expected, to the point and the " + ("word" if ordered else "sentence")
    same = f"{len(wrong)} differences" if wrong else exactly
    console.print(f"compared with tests/expected/{name}.json: {same}")
    return wrong


def conclude(console: Console, wrong: list[str]) -> int:
    """Print the last line of all; return the exit code."""
    found = f"{len(wrong)} differences from what was expected; the first of each day are above."
    console.print(f"[red]{found}[/red]" if wrong else "Everything is as expected.", markup=True)
    return 1 if wrong else 0


def _totals(title: str, day: Saturday, shop: Shop) -> Table:
    table = Table("what", "how many", title=f"Totals of the {title}")
    accounts = [checking.balance(shop, member) for member in day.members.values()]
    outbox = day.sandbox.outbox
    rows = {
        "webhooks posted": day.tills.posted,
        "refused as forged": day.tills.refused,
        "receipts": len(day.tills.receipts),
        "members": len(day.members),
        "points": sum(account["points"] for account in accounts),
        "pending points": sum(account["pending"] for account in accounts),
        "messages": sum(message.channel != "staff" for message in outbox),
        "staff alerts": sum(message.channel == "staff" for message in outbox),
    }
    for what, count in rows.items():
        table.add_row(what, str(count))
    return table
