"""What is kept of guests on their way through automations."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from loyalty.domain.account import Totals
from loyalty.domain.journeys import Mark
from loyalty.outgoing import Outgoing
from loyalty.stored import Record


class Journey(Record, frozen=True, kw_only=True):
    """A guest on their way through an automation: what is `next`, when, and why it ended.

    It began by the event `cause`, whose outcome is `begun`; `outcome` is that of its last stage.
    `values` and `words` fill its messages; `mark` is what was so when it began. In a campaign,
    `arm` says whether the guest was told, or held out to compare with: then nothing ever follows;
    `level` is the percent of its points that they were promised, and `before` what they had bought
    until then, if their account is theirs alone.
    """

    id: str
    automation: str
    member: str
    account: str
    version: str
    cause: str
    at: datetime
    zone: str
    mark: Mark
    next: str = ""
    state: Literal["waiting", "paused", "done", "stopped", "held"] = "waiting"
    arm: Literal["", "told", "held"] = ""
    level: int = 100
    before: Totals | None = None
    why: str = ""
    due_at: datetime | None = None
    values: dict[str, str] = {}  # noqa: RUF012 - msgspec makes a new one for each
    words: dict[str, str] = {}  # noqa: RUF012 - msgspec makes a new one for each
    begun: tuple[Outgoing, ...] = ()
    outcome: tuple[Outgoing, ...] = ()
