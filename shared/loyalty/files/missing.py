"""A night without a file: who is to be told, and in which words' slots.

However often it is looked for, a request has one name for each till, day and alert: told once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from loyalty.domain.program import Version
from loyalty.events import NotificationRequested, Said
from loyalty.files.shelf import Source


def alerts(
    source: Source, day: str, version: Version, now: datetime
) -> list[NotificationRequested]:
    """Ask for the alerts about a till's file of a business day that did not come."""
    program, till = version.program, source.till
    store = program.store_of(source.files.via, till.name)
    values = {
        "till": till.name, "date": day, "store": program.stores[store].title if store else "",
    }  # fmt: skip
    name = f"file-missing:{source.files.via}:{till.name}:{day}"
    useful = timedelta(hours=program.sending.useful_hours)
    return [
        NotificationRequested(
            id=f"alert:{alert}:{name}", at=now, subject=name,
            version=version.hash, says=(Said(message=alert, values=values),), audience="staff",
            store=store or "", useful_until=now + useful,
        )
        for alert, about in program.alerts.items() if about.on == "file-missing"
    ]  # fmt: skip
