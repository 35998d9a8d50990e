"""What is kept of campaigns: each as it was published, how far it is, and what it has spent."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from loyalty.domain.campaigns import Campaign, Cost
from loyalty.domain.uplift import Arm
from loyalty.stored import Record

CampaignState = Literal["scheduled", "running", "paused", "stopped", "ended"]


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a campaign, and by whom; nobody's word: it happened by itself."""

    at: datetime
    what: str
    by: str = ""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Both arms as they were counted at an instant; `final`: the campaign was over by then.

    While it is counted, `after` is the address of the last journey of the page before.
    """

    at: datetime
    final: bool = False
    told: Arm = Arm()
    held: Arm = Arm()
    after: str = ""


class CampaignRecord(Record, frozen=True, kw_only=True):
    """A campaign as it was published, with the program `version` whose texts it sends.

    Guests are begun in the order of their accounts' addresses, `after` that of the last page; all
    are `begun` when there is none left. The `page` that is being begun, up to the address `upto`,
    is kept before anybody of it is: guests may leave their segment before it is done again. `told`
    and `held` count guests in the two arms, `points` and `money` what those who were told are
    promised, at the `level` (percent) of their page. `offer` is the percent of what receipts earn
    besides; at 0 that is over. When that was lowered last at its pace, it had given `lowered_given`
    points. `came` is what came of it so far, `counting` the next count of that, under way. After a
    pause, `resuming` is how far the journeys that met it are set going again; None: all are.
    """

    id: str
    campaign: Campaign
    version: str
    by: str
    at: datetime
    starts_at: datetime
    ends_at: datetime
    state: CampaignState = "scheduled"
    after: str = ""
    page: tuple[str, ...] | None = None
    upto: str = ""
    begun: bool = False
    resuming: str | None = None
    told: int = 0
    held: int = 0
    points: int = 0
    money: int = 0
    level: int = 100
    offer: int = 100
    lowered_at: datetime | None = None
    lowered_given: int = 0
    counting: Comparison | None = None
    came: Comparison | None = None
    notes: tuple[Note, ...] = ()

    @property
    def promised(self) -> Cost:
        """What those who were told are promised."""
        return Cost(self.points, self.money)


class Spent(Record, frozen=True, kw_only=True):
    """What was spent of one part of a campaign's budget; `offers` are the points of its offer.

    `level` is the percent that the offer gives from now on, kept here for who spends from here.
    """

    points: int = 0
    money: int = 0
    offers: int = 0
    level: int = 100


class Switch(Record, frozen=True, kw_only=True):
    """Whether all messages to guests are stopped, since when, by whom and why."""

    stopped: bool
    at: datetime
    by: str
    why: str = ""
