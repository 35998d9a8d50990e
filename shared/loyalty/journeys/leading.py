"""Guests on their way through automations: begun once for each occasion, led on by timers.

A stage does the steps up to the next wait in one unit, and keeps what it published. A timer goes
on only after that was published, so that a cut between the two is healed by the next sweep.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

import msgspec

from loyalty import bookkeeping, timekeeping
from loyalty.campaigns import budgeting, running
from loyalty.campaigns.campaign_records import CampaignRecord
from loyalty.delivery import Outcome, Shop, publish
from loyalty.domain import journeys as way
from loyalty.domain import tags
from loyalty.domain.automations import Reaction
from loyalty.domain.campaigns import cost
from loyalty.domain.journeys import Still
from loyalty.domain.ledger import Passbook
from loyalty.events import Event, NotificationRequested, Said
from loyalty.forwarding import heir
from loyalty.guests import homes
from loyalty.guests.homes import Home
from loyalty.journeys.journey_records import Journey
from loyalty.ports import Unit
from loyalty.records import Timer, Voucher, journeys, timers, vouchers

USEFUL = timedelta(days=7)
"""A message is worth sending so long at least: whether its reason holds is looked at by itself."""
BUDGET = "budget"
"""Why a journey ends whose campaign has too little left for what it gives."""
_replace = msgspec.structs.replace


def created(
    unit: Unit, journey: Journey, home: Home, reaction: Reaction, shop: Shop,
    campaign: CampaignRecord | None = None,
) -> Outcome | None:  # fmt: skip
    """Begin a journey that is not there yet with its first stage: creating it is the guard.

    None if its campaign's budget has too little for that: then nothing of it is kept.
    """
    after = _stage(unit, journey, home, reaction, shop, campaign)
    if after.why == BUDGET:
        return None
    journeys.create(unit, journey.id, _replace(after, begun=after.outcome, outcome=()))
    if after.due_at:
        timer = Timer(kind="journey", subject=journey.id, due_at=after.due_at)
        timers.put(unit, journey.id, timer)
    return after.outcome


# -- going on -----------------------------------------------------------------------------------


def go_on(timer: Timer, shop: Shop) -> None:
    """Do a journey's next stage, publish what came of it, and only then set its timer anew."""
    journey = shop.store.atomically("ledger", lambda unit: _go_on(unit, timer, shop))
    if journey:
        publish(shop.bus, journey.outcome)
    if journey is None or journey.state != "paused":  # else its timer was set with it
        due = journey.due_at if journey else None
        shop.store.atomically("ledger", lambda unit: _rearm(unit, timer, due))
    if journey and journey.why == BUDGET:
        shop.log("WARNING", "campaign had too little left for a gift", campaign=journey.automation)


def _go_on(unit: Unit, timer: Timer, shop: Shop) -> Journey | None:
    journey = journeys.get(unit, timer.subject)
    if journey is None or journey.due_at is None or journey.due_at > shop.clock.now():
        return journey  # this stage was done, and perhaps not yet published
    after = _next(unit, journey, shop)
    if timer.due_at != journey.due_at:  # nobody knows whether the last stage was published
        after = _replace(after, outcome=(*journey.outcome, *after.outcome))
    journeys.put(unit, journey.id, after)
    if after.state == "paused" and after.due_at:
        timekeeping.promise(unit, f"paused:{journey.id}", after.outcome, shop.clock.now())
        timers.put(unit, journey.id, _replace(timer, due_at=after.due_at, tries=0))
    return after


def _next(unit: Unit, journey: Journey, shop: Shop) -> Journey:
    program, now = shop.programs.at(shop.clock.now()).program, shop.clock.now()
    campaign = running.find(unit, journey.automation)
    reaction = (
        running.reaction(campaign, journey, now)
        if campaign
        else shop.programs.named(journey.version).automations[journey.automation]
    )
    home = homes.find(unit, journey.member)
    if home is None or home.closed or not (whom := _heir(unit, home, journey)):
        return stopped(journey, "nobody")
    if campaign and (halt := running.why_not(campaign, now)):
        return _paused(journey, campaign, now) if halt == running.PAUSED else stopped(journey, halt)
    if why := way.gone(_still(journey, reaction), home.account, program, now):
        return stopped(journey, why)
    after = _stage(unit, _replace(journey, member=whom), home, reaction, shop, campaign)
    return _replace(after, member=journey.member)


def _heir(unit: Unit, home: Home, journey: Journey) -> str:
    """Name who goes on: the guest, or the person they were found to be meanwhile; or nobody."""
    return home.person if home.person == home.member else heir(unit, home, journey.id)


def _paused(journey: Journey, campaign: CampaignRecord, now: datetime) -> Journey:
    """Wait until the campaign goes on; look once more soon, for it may go on at this moment.

    Whoever sets those going again who wait would not have found this one waiting.
    """
    again = campaign.ends_at if journey.state == "paused" else now + running.AGAIN
    due = min(again, campaign.ends_at)
    return _replace(journey, state="paused", due_at=due, outcome=())


def resumed(unit: Unit, name: str, now: datetime) -> None:
    """Let a journey that met a pause of its campaign go on, now."""
    journey = journeys.get(unit, name)
    if journey and journey.state == "paused":
        journeys.put(unit, name, _replace(journey, state="waiting", due_at=now))
        timers.put(unit, name, Timer(kind="journey", subject=name, due_at=now))


def stopped(journey: Journey, why: str) -> Journey:
    """End a journey before its last step, and say why."""
    return _replace(journey, state="stopped", why=why, next="", due_at=None, outcome=())


def _rearm(unit: Unit, timer: Timer, due: datetime | None) -> None:
    found = timers.get(unit, timer.subject)
    if found is None or found.due_at != timer.due_at:
        return  # another sweep was here
    if due is None:
        timers.delete(unit, timer.subject)
    else:
        timers.put(unit, timer.subject, _replace(timer, due_at=due, tries=0))


def empty(member: str, shop: Shop) -> None:
    """Forget what a member's journeys said; that they were there is nobody's any more."""
    for journey in journeys.each(shop.store, ("member", "==", member)):
        shop.store.atomically("ledger", partial(_empty, name=journey.id))


def _empty(unit: Unit, name: str) -> None:
    if journey := journeys.get(unit, name):
        bare = _replace(journey, values={}, words={}, begun=(), outcome=())
        journeys.put(unit, name, bare)


# -- a stage ------------------------------------------------------------------------------------


def _stage(
    unit: Unit, journey: Journey, home: Home, reaction: Reaction, shop: Shop,
    campaign: CampaignRecord | None = None,
) -> Journey:  # fmt: skip
    """Do the steps up to the next wait. The account is written: the steps rest on it.

    What a campaign gives is spent first: where its budget has too little, none of it happens.
    """
    version = shop.programs.at(shop.clock.now())
    book = bookkeeping.opened_from(home, version, shop)
    walk = way.walk(reaction, journey.next, book.account, book.now, journey.zone)
    if campaign:
        asks = cost((reaction.steps[name] for name in walk.steps), campaign.campaign.budget)
        if not budgeting.spend(unit, campaign, asks, journey.member):
            return stopped(journey, BUDGET)
    asked: list[Event] = []
    for name in walk.steps:
        journey = _done(unit, journey, name, reaction, book, shop)
        asked += _told(journey, name, reaction, book)
    outcome = bookkeeping.write(unit, book, "", [*bookkeeping.posted(book), *asked])
    state = "waiting" if walk.until else "done"
    return _replace(journey, next=walk.next, due_at=walk.until, state=state, outcome=outcome)


def _done(
    unit: Unit, journey: Journey, name: str, reaction: Reaction, book: Passbook, shop: Shop
) -> Journey:
    """Book what a step gives; what later messages can say of it is kept."""
    step, act = reaction.steps[name], f"award:{journey.id}:{name}"
    if step.award:
        book.award(act, step.award, _title(journey, reaction, book), journey.automation, journey.id)
        return _replace(journey, values={**journey.values, "award": str(step.award)})
    if change := tags.of_step(step, book.account):
        title = _title(journey, reaction, book)
        tags.write(book, f"tag:{journey.id}:{name}", *change, title, cause=journey.id)
    if step.reward:
        voucher = _voucher(journey, f"voucher:{journey.id}:{name}", step.reward, shop)
        vouchers.create(unit, voucher.id, voucher)
        values = {**journey.values, "nonce": voucher.id}
        words = {**journey.words, "reward": f"reward:{step.reward}"}
        return _replace(journey, values=values, words=words)
    return journey


def _title(journey: Journey, reaction: Reaction, book: Passbook) -> str:
    program = book.program
    named = journey.automation.removeprefix(running.PREFIX)
    return program.words(reaction.title, program.languages[0]) or named.replace("_", " ")


def _voucher(journey: Journey, name: str, reward: str, shop: Shop) -> Voucher:
    now, known = shop.clock.now(), shop.programs.named(journey.version).rewards.get(reward)
    days = timedelta(days=known.valid_days if known else 30)
    return Voucher(
        id=name, member=journey.member, reward=reward, code=shop.pepper.code(name),
        cause=journey.id, version=journey.version, issued_at=now, expires_at=now + days,
    )  # fmt: skip


def _told(journey: Journey, name: str, reaction: Reaction, book: Passbook) -> Iterator[Event]:
    """Ask for the message or the alert of a step."""
    step = reaction.steps[name]
    if step.send:
        still = _still(journey, reaction)
        told = _request(journey, f"message:{journey.id}:{name}", step.send, book, still)
        yield _replace(told, channels=step.channels or running.channels(reaction))
    if step.alert:
        alert = _request(journey, f"alert:{journey.id}:{name}", step.alert, book, None)
        yield _replace(alert, audience="staff")


def _still(journey: Journey, reaction: Reaction) -> Still:
    """Say what must still be so when a message leaves."""
    campaign = journey.automation if journey.automation.startswith(running.PREFIX) else ""
    automation = "" if campaign else journey.automation
    return Still(stops=reaction.stops, mark=journey.mark, campaign=campaign, automation=automation)


def _request(
    journey: Journey, name: str, message: str, book: Passbook, still: Still | None
) -> NotificationRequested:
    account, now = book.account, book.now
    values = {
        "points": str(account.points(now)), "balance": str(account.points(now)),
        "pending": str(account.pending(now)), "visits": str(account.totals.visits),
        "store": "", "total": "",
    }  # fmt: skip
    said = Said(message=message, values={**values, **journey.values}, words=journey.words)
    useful = max(USEFUL, timedelta(hours=book.program.sending.useful_hours))
    return NotificationRequested(
        id=name, at=now, subject=journey.id, says=(said,), version=journey.version,
        member=journey.member, account=account.id, seq=account.seq, useful_until=now + useful,
        still=still,
    )  # fmt: skip
