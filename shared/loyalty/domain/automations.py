"""What reacts to a guest's story: what begins a journey, the steps of one, and what ends it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from loyalty.domain.vocabulary import MessageChannel, Minutes, Name, Part, TimeOfDay, Words

Stop = Literal["visit", "unaffordable", "tier-changed"]
"""What takes a journey's reason away: the guest came; cannot pay for the reward; moved tiers."""
Reason = Stop | Literal["reward-taken", "nothing-lapses", "tier-kept"]
"""What takes it away without being told as well: it is what the automation is about."""
Days = Annotated[int, Meta(ge=1, le=3660)]
Lead = Annotated[int, Meta(ge=0, le=366)]
LONGEST_WAIT = 365 * 1440
"""Minutes; a journey that nothing happened to is forgotten some weeks later."""


class Guests(Part, frozen=True):
    """Which guests: every key given must hold."""

    tiers: tuple[Name, ...] = ()
    segments: tuple[Name, ...] = ()
    """They are in one of these, as of last night."""
    tags: tuple[Name, ...] = ()
    """They have one of these."""
    visits_at_least: Annotated[int, Meta(ge=1)] | None = None
    """So many visits were counted, or more."""
    visits_at_most: Annotated[int, Meta(ge=0)] | None = None
    """No more visits were counted."""
    points_at_least: Annotated[int, Meta(ge=1)] | None = None
    """They can spend so many points, or more."""
    points_at_most: Annotated[int, Meta(ge=0)] | None = None
    """They can spend no more points."""


class Step(Part, frozen=True):
    """One step of a journey. It does exactly one thing, at once or not at all."""

    send: Name | None = None
    """A message that is told `on: automation`."""
    channels: tuple[MessageChannel, ...] = ()
    """With `send`: by these, the preferred one first, instead of the message's own."""
    award: Annotated[int, Meta(ge=1)] | None = None
    """Points; they never count towards a milestone."""
    reward: Name | None = None
    """A reward, as a voucher with a code."""
    alert: Name | None = None
    """An alert to the team that is told `on: automation`."""
    tag: Name | None = None
    """A tag is put on the guest. One that is there stays, and one too many (50) is left out."""
    untag: Name | None = None
    """A tag is taken off the guest, if they have it."""
    wait: Minutes | None = None
    """How long nothing happens: a year at most."""
    at_time: TimeOfDay | None = None
    """With `wait`: go on at this time of day, where the guest is at home."""
    when: Guests | None = None
    """Do this step for these guests only."""
    unless: Guests | None = None
    """Leave this step out for these guests."""


class Reaction(Part, frozen=True):
    """What all automations have."""

    steps: dict[Name, Step]
    """What is done, one after another, each by a name of your own."""
    title: Words = {}  # noqa: RUF012 - msgspec makes a new one for each
    """The reason beside points that it gives; its name, if left out."""
    when: Guests = Guests()
    """Only for these guests."""
    stop_when: tuple[Stop, ...] = ()
    """The journey ends at once when its reason is gone: nothing of it is sent any more."""

    @property
    def stops(self) -> tuple[Reason, ...]:
        """What takes its reason away, also without being told."""
        return tuple(dict.fromkeys((*self.own_stops, *self.stop_when)))

    @property
    def own_stops(self) -> tuple[Reason, ...]:
        """What it is about, and what takes that away."""
        return ()


class Joined(Reaction, frozen=True, tag_field="on", tag="joined"):
    """A guest joined."""


class Registered(Reaction, frozen=True, tag_field="on", tag="registered"):
    """A guest proved an address on their page for the first time."""


class Came(Reaction, frozen=True, tag_field="on", tag="visit"):
    """A guest's visit was counted: the `nth` one, or each `every_nth`."""

    nth: Days | None = None
    """Once, with this visit."""
    every_nth: Days | None = None
    """Again with each multiple of this."""


class TierChange(Reaction, frozen=True, tag_field="on", tag="tier-changed"):
    """A guest's tier rose or fell: each time, also again after a refund took it back.

    What is to be given once for ever is given by a milestone.
    """


class Reached(Reaction, frozen=True, tag_field="on", tag="milestone-reached"):
    """A guest reached a milestone; any, if none is named."""

    milestone: Name | None = None
    """Which one."""


class Affordable(Reaction, frozen=True, kw_only=True, tag_field="on", tag="reward-affordable"):
    """A guest's points have just become enough for a reward: each time, as for a reminder."""

    reward: Name
    """Which one."""

    @property
    def own_stops(self) -> tuple[Reason, ...]:
        """It is a reminder of what is there and was not used."""
        return ("unaffordable", "reward-taken")


class Active(Reaction, frozen=True, kw_only=True, tag_field="on", tag="activity"):
    """A guest did something that is no purchase: answered a survey, wrote a review."""

    activity: Name
    """Which one."""
    score_at_most: Annotated[int, Meta(ge=0, le=100)] | None = None
    """Only with a score that was told and is no better than this."""


class Birthday(Reaction, frozen=True, tag_field="on", tag="birthday"):
    """A guest's birthday comes, at the day's beginning where they joined."""

    days_before: Lead = 0
    """So many days earlier."""


class Anniversary(Reaction, frozen=True, tag_field="on", tag="anniversary"):
    """A year, and each further one, since a guest joined."""

    days_before: Lead = 0
    """So many days earlier."""


class Dormant(Reaction, frozen=True, tag_field="on", tag="dormant"):
    """A guest has not come for long: for `days`, or for long by their own `rhythm`."""

    days: Days | None = None
    """So many days after the last visit."""
    rhythm: Annotated[int, Meta(ge=10000, le=1000000, extra={"written": "factor"})] | None = None
    """So many times the usual days between two visits; it takes three visits to know them."""
    least_days: Days = 21
    """By rhythm, never sooner than this."""
    include_already: bool = False
    """Begin also for those who are away for so long already when it is new: all on one night."""

    @property
    def own_stops(self) -> tuple[Reason, ...]:
        """Whoever comes back is not away any more."""
        return ("visit",)

    @property
    def mark(self) -> tuple[int | None, int | None, int]:
        """How long is long: an automation that says it otherwise is a new one."""
        return self.days, self.rhythm, self.least_days


class Expiring(Reaction, frozen=True, tag_field="on", tag="points-expiring"):
    """Points of a guest are about to lapse."""

    days_before: Days = 30
    """So many days earlier."""

    @property
    def own_stops(self) -> tuple[Reason, ...]:
        """What was used, or has lapsed, does not lapse any more."""
        return ("nothing-lapses",)


class TierEnding(Reaction, frozen=True, tag_field="on", tag="tier-ending"):
    """A guest is about to drop a tier: what they kept so far is not enough to stay."""

    days_before: Days = 30
    """So many days earlier."""

    @property
    def own_stops(self) -> tuple[Reason, ...]:
        """What was kept after all is not about to end, nor what has ended."""
        return ("tier-kept", "tier-changed")


class MonthEnded(Reaction, frozen=True, tag_field="on", tag="month-ended"):
    """A month is over in which something happened to a guest's points."""


Automation = (
    Joined | Registered | Came | TierChange | Reached | Affordable | Active | Birthday
    | Anniversary | Dormant | Expiring | TierEnding | MonthEnded
)  # fmt: skip
Yearly = Birthday | Anniversary
ByTime = Dormant | Expiring | TierEnding | MonthEnded
"""What an account's own timer brings."""


class Birthdays(Part, frozen=True):
    """How birthdays are kept, and kept from being made up."""

    leap_day: Literal["feb28", "mar01"] = "feb28"
    """When somebody born on February 29 celebrates in other years."""
    notice_days: Annotated[int, Meta(ge=0, le=366)] = 30
    """A birthday that is told of later than so many days before counts from the next year on."""
    edit_days: Annotated[int, Meta(ge=0, le=3660)] = 365
    """So many days after a guest changed it, it can be changed again."""
