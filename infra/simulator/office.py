"""The office of a simulated shop: campaigns are begun and halted there, and jobs asked for."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from infra.simulator.till import member_of
from infra.simulator.what_waits import ZONE, Ask, Begin, Born, Halt, Hush, campaign_of
from loyalty import silence
from loyalty.campaigns import commissioning
from loyalty.campaigns.campaign_records import CampaignRecord, Switch
from loyalty.domain import campaigns as rules
from loyalty.domain.campaigns import Campaign
from loyalty.errors import Problem
from loyalty.events import SweepRequested, encode
from loyalty.guests import birthdays
from loyalty.program_file.campaign_text import wrong
from loyalty.records import campaigns, profiles

if TYPE_CHECKING:
    from infra.simulator.world import World

Act = Ask | Begin | Halt | Hush | Born
_STATES = {"pause": "paused", "resume": "running", "stop": "stopped"}


class Office:
    """What the owner asked for, as far as there was an answer. A refusal must have its reason.

    `published` are the campaigns as they were meant, `halted` those that were told to stand still
    or to be over.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.published: dict[str, Campaign] = {}
        self.begun: set[str] = set()
        self.halted: dict[str, str] = {}
        self._asked = 0

    def does(self, act: Act) -> None:
        """Ask for it. Raises TryAgain if there is no answer."""
        try:
            self._asks(act)
        except Problem as refused:
            self._world.say(f"refused: {refused.code}")
            if refused.code != self._reason(act):
                self._world.wrong.append(f"{act} was refused without a reason: {refused.code}")
        else:
            self._world.say("answered: done")

    def _asks(self, act: Act) -> None:
        world, shop, now = self._world, self._world.shop, self._world.clock.now()
        match act:
            case Begin(name):
                meant = self.published.setdefault(name, campaign_of(act, now))
                if wrong({name: meant}, shop.programs.current().program):
                    raise Problem(422, "invalid_campaign", "The program has no such thing.")
                commissioning.start(name, meant, "owner", shop)
                self.begun.add(name)
            case Halt(name, what):
                self._halts(name, what)
            case Hush(stopped):
                silence.turn(shop.store, Switch(stopped=stopped, at=now, by="owner"))
            case Born(guest, day):
                birthdays.change(member_of(world, guest), day, shop)
            case Ask(job, times):
                self._asked += 1
                event = SweepRequested(id=f"{job}-{self._asked}", at=now, subject=job, job=job)
                world.bus.publish("sweep-requested", [encode(event)] * times)

    def _halts(self, name: str, what: str) -> None:
        change = {"pause": commissioning.pause, "resume": commissioning.resume,
                  "stop": commissioning.stop}[what]  # fmt: skip
        told = len(self._world.story)
        before = campaigns.get(self._world.store, name)
        change(name, "owner", self._world.shop)
        if len(self._world.story) == told or (before and before.state != _STATES[what]):
            self.halted[name] = _STATES[what]  # else another one came after what was so already

    def _reason(self, act: Act) -> str:
        """Tell why it may be refused, as it stands at that instant."""
        now = self._world.clock.now()
        match act:
            case Begin(name):
                if not self._world.shop.programs.current().program.campaigns:
                    return "invalid_campaign"
                return "campaign_over" if campaign_end(self.published[name]) <= now else ""
            case Halt(name):
                found = campaigns.get(self._world.store, name)
                return "unknown_campaign" if found is None else _over(found, now)
            case Born(guest):
                known = profiles.get(self._world.store, member_of(self._world, guest))
                return "birthday_changed" if known and known.birthday_at else ""
        return ""


def campaign_end(campaign: Campaign) -> datetime:
    """Find when a campaign ends."""
    return rules.instant(campaign.ends, ZONE)


def _over(record: CampaignRecord, now: datetime) -> str:
    over = record.state in ("stopped", "ended") or now >= campaign_end(record.campaign)
    return "campaign_over" if over else ""
