"""Which tills can be asked what they sold: a call of theirs that was lost then loses no sale."""

from __future__ import annotations

from loyalty import connectors
from loyalty.domain.program import Program


def tills(program: Program) -> dict[str, tuple[str, ...]]:
    """Find the tills that can be asked, as `square` or `square.second`, and their locations."""
    found: dict[str, tuple[str, ...]] = {}
    for store in program.stores.values():
        for till in store.tills:
            name, _, location = till.partition(":")
            if "list_sales" in connectors.load(name.partition(".")[0]).operations:
                found[name] = (*found.get(name, ()), location)
    return found
