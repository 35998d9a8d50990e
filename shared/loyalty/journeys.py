"""Guests on their way through automations: begun once for each occasion, led on by timers.

A stage does the steps up to the next wait in one unit, and keeps what it published. A timer goes
on only after that was published, so that a cut between the two is healed by the next sweep.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

import msgspec

from loyalty import bookkeeping, budgeting, homes, running
from loyalty.campaign_records import CampaignRecord
from loyalty.delivery import Outcome, Shop, first_then_look, publish
from loyalty.domain import journeys as way
from loyalty.domain.automations import Reaction
from loyalty.domain.campaigns import cost
from loyalty.domain.journeys import Still
from loyalty.domain.ledger import Passbook
from loyalty.domain.program import Version
from loyalty.events import Event, NotificationRequested, Said
from loyalty.homes import Home
from loyalty.journey_records import Journey
from loyalty.ports import Unit
from loyalty.records import Timer, Voucher, journeys, timers, vouchers

_replace = msgspec.structs.replace


class Beginning(NamedTuple):
    """That an automation begins for a guest; `key` tells this occasion from others.

    `since` is what was so when it came, where that is more than the account says by now.
    """

    automation: str
    key: str
    member: str
    zone: str
    values: Mapping[str, str] = {}
    words: Mapping[str, str] = {}
    reward: str = ""
    since: Mapping[str, int | str] = {}


# -- beginning ----------------------------------------------------------------------------------


def begin(beginning: Beginning, cause: str, version: Version, shop: Shop) -> Outcome:
    """Begin a journey, if it is for this guest; told again, return the same outcome."""
    work = partial(_begin, beginning=beginning, cause=cause, version=version, shop=shop)
    return first_then_look(lambda _: shop.store.atomically("ledger", work))


def _begin(unit: Unit, beginning: Beginning, cause: str, version: Version, shop: Shop) -> Outcome:
    home = homes.find(unit, beginning.member)
    if home is None or home.record.closed:
        return ()  # erased meanwhile
    people = homes.names(
        unit, home
    )  # what was begun for one of a person's names was begun for them
    names = [f"journey:{beginning.automation}:{who}:{beginning.key}" for who in people]
    if found := [each for each in journeys.several(unit, names) if each]:
        return next((each.begun for each in found if each.cause == cause), ())
    now, reaction = shop.clock.now(), version.program.automations[beginning.automation]
    if not way.fits(reaction.when, home.account, now):
        return ()
    mark = _replace(way.mark(home.account, beginning.reward), **beginning.since)
    journey = Journey(
        id=names[0], automation=beginning.automation, member=home.person, account=home.account.id,
        version=version.hash, cause=cause, at=now, zone=beginning.zone, mark=mark,
        values=dict(beginning.values), words=dict(beginning.words),
    )  # fmt: skip
    still = Still(stops=reaction.stop_when, mark=mark)
    if why := way.gone(still, home.account, version.program, now):
        journeys.create(unit, journey.id, _stopped(journey, why))
        return ()
    return created(unit, journey, home, reaction, shop)


def created(
    unit: Unit, journey: Journey, home: Home, reaction: Reaction, shop: Shop,
    campaign: CampaignRecord | None = None,
) -> Outcome:  # fmt: skip
    """Begin a journey that is not there yet with its first stage: creating it is the guard."""
    after = _stage(unit, journey, home, reaction, shop, campaign)
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
    due = journey.due_at if journey else None
    shop.store.atomically("ledger", lambda unit: _rearm(unit, timer, due))


def _go_on(unit: Unit, timer: Timer, shop: Shop) -> Journey | None:
    journey = journeys.get(unit, timer.subject)
    if journey is None or journey.due_at is None or journey.due_at > shop.clock.now():
        return journey  # this stage was done, and perhaps not yet published
    after = _next(unit, journey, shop)
    journeys.put(unit, journey.id, after)
    return after


def _next(unit: Unit, journey: Journey, shop: Shop) -> Journey:
    program, now = shop.programs.at(shop.clock.now()).program, shop.clock.now()
    campaign = running.find(unit, journey.automation)
    reaction = (
        running.reaction(campaign, journey.next, now)
        if campaign
        else shop.programs.named(journey.version).automations[journey.automation]
    )
    home = homes.find(unit, journey.member)
    if home is None or home.record.closed or home.person != journey.member:
        return _stopped(journey, "nobody")
    if campaign is None and journey.automation not in program.automations:
        return _stopped(journey, "withdrawn")
    if campaign and (halt := running.why_not(campaign, now)):
        later = _replace(journey, due_at=now + running.AGAIN, outcome=())
        return later if halt == running.PAUSED else _stopped(journey, halt)
    if why := way.gone(
        Still(stops=reaction.stop_when, mark=journey.mark), home.account, program, now
    ):
        return _stopped(journey, why)
    return _stage(unit, journey, home, reaction, shop, campaign)


def _stopped(journey: Journey, why: str) -> Journey:
    return _replace(journey, state="stopped", why=why, next="", due_at=None, outcome=())


def _rearm(unit: Unit, timer: Timer, due: datetime | None) -> None:
    found = timers.get(unit, timer.subject)
    if found is None or found.due_at != timer.due_at:
        return  # another sweep was here
    if due is None:
        timers.delete(unit, timer.subject)
    else:
        timers.put(unit, timer.subject, _replace(timer, due_at=due, tries=0))


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
            return _stopped(journey, "budget")
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
    version, now = shop.programs.at(shop.clock.now()), shop.clock.now()
    known = version.program.rewards.get(reward)
    days = timedelta(days=known.valid_days if known else 30)
    return Voucher(
        id=name, member=journey.member, reward=reward, code=shop.pepper.code(name),
        cause=journey.id, version=version.hash, issued_at=now, expires_at=now + days,
    )  # fmt: skip


def _told(journey: Journey, name: str, reaction: Reaction, book: Passbook) -> Iterator[Event]:
    """Ask for the message or the alert of a step."""
    step = reaction.steps[name]
    if step.send:
        still = _still(journey, reaction)
        yield _request(journey, f"message:{journey.id}:{name}", step.send, book, still)
    if step.alert:
        alert = _request(journey, f"alert:{journey.id}:{name}", step.alert, book, None)
        yield _replace(alert, audience="staff")


def _still(journey: Journey, reaction: Reaction) -> Still | None:
    """Say what must still be so when a message leaves."""
    campaign = journey.automation if journey.automation.startswith(running.PREFIX) else ""
    if not (reaction.stop_when or campaign):
        return None
    return Still(stops=reaction.stop_when, mark=journey.mark, campaign=campaign)


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
    useful = timedelta(hours=book.program.sending.useful_hours)
    return NotificationRequested(
        id=name, at=now, subject=journey.id, says=(said,), version=journey.version,
        member=journey.member, account=account.id, seq=account.seq, useful_until=now + useful,
        still=still,
    )  # fmt: skip
