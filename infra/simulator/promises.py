"""What must hold after every schedule, whatever went wrong: each broken promise in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from infra.simulator.guests import address_of
from infra.simulator.programs import COUNT
from infra.simulator.promises_of_campaigns import keeps_to_its_campaigns
from infra.simulator.promises_of_messages import (
    claims_by_consent,
    leaves_once,
    settles_every_message,
)
from infra.simulator.promises_of_the_counter import keeps_its_counter
from infra.simulator.promises_of_time import keeps_what_waits
from infra.simulator.promises_of_unions import touched, unites_and_parts
from infra.simulator.recording import Commit
from infra.simulator.schedule import Join, Publish, Tell
from infra.simulator.world import PROMISED, World
from loyalty.audit import audit
from loyalty.domain.account import Totals
from loyalty.domain.entry import Receipt
from loyalty.domain.transaction import Refund, Sale, Void
from loyalty.events import peek
from loyalty.records import (
    accounts,
    campaigns,
    entries,
    identities,
    milestones,
    quarantine,
    timers,
    vouchers,
)

SITTING = 60
BOOKS = {entries.collection, accounts.collection, vouchers.collection}
TOLD = "transaction-recorded"
AGAIN = ("occasion:", "tick")
"""What may come again as another event by the same name."""
BY_HAND: tuple[Callable[[int], int], ...] = (
    lambda cents: cents // 100,
    lambda cents: min(30, cents // 100),
    lambda _: 0,  # all of it is carried
    lambda cents: cents // 100,
    lambda cents: 2 * cents // 100,
)
"""What a coffee is worth in points, by the number of the program."""


def broken(world: World, expected: World) -> list[str]:
    """List every promise that a run broke; `expected` lived through the same without trouble."""
    return [found for promise in PROMISES for found in promise(world, expected)]


# -- the ledger ---------------------------------------------------------------------------


def adds_up(world: World, _: World) -> Iterator[str]:
    """The recount finds nothing lost, doubled or altered, no lot below 0, no points beside debt."""
    found = audit(entries.each(world.store), accounts.each(world.store), lambda _day: SITTING)
    for each in found.findings:
        yield f"{each.what} of {each.account}: {each.expected}, not {each.found}"


def books_each_fact_once(world: World, _: World) -> Iterator[str]:
    """Every fact that was told is on its receipt, and booked if its guest is known."""
    told = [event.fact for event in world.schedule.events if isinstance(event, Tell)]
    for name in dict.fromkeys(fact.receipt_id for fact in told):
        receipt = receipt_of(world, name)
        facts = [fact for fact in told if fact.receipt_id == name]
        if receipt is None:
            yield f"receipt {name} is lost"
        elif what := [*_missing(receipt, facts), *_unbooked(world, receipt)]:
            yield f"receipt {name}: {', '.join(what)}"


def _missing(receipt: Receipt, facts: Iterable[Sale | Refund | Void]) -> Iterator[str]:
    for fact in facts:
        if isinstance(fact, Sale) and (not receipt.sale or receipt.sale.revision < fact.revision):
            yield f"revision {fact.revision} is lost"
        if isinstance(fact, Refund) and fact.id not in receipt.refunds:
            yield f"refund {fact.id} is lost"
        if isinstance(fact, Void) and not receipt.void:
            yield "its void is lost"


def _unbooked(world: World, receipt: Receipt) -> Iterator[str]:
    if receipt.sale is None:
        return
    known = [identities.get(world.store, name) for name in receipt.sale.guest]
    if any(each and each.member for each in known):
        booked = Counter(receipt.posted) == Counter(list(receipt.refunds))
        done = receipt.state == "posted" and booked and receipt.voided == bool(receipt.void)
        if not done:
            yield "its guest is known, and it is not booked"


def comes_to_the_same(world: World, expected: World) -> Iterator[str]:
    """Facts and totals are those of a run in which nothing went wrong."""
    apart = touched(world)
    found = totals(world, apart)
    for name, value in totals(expected, apart).items():
        if found.get(name) != value:
            yield f"{name}: {value}, not {found.get(name)}"


def totals(world: World, apart: Container[str]) -> dict[str, Any]:
    """Tell what must be the same in any order: receipts, sums and carried spend.

    Of those who came together or parted (`apart`) it is only what all of them kept.
    """
    found: dict[str, Any] = {}
    all_kept = Totals()
    for record in entries.each(world.store):
        if receipt := record.receipt:
            found[receipt.id] = _tail(receipt)
    for each in accounts.each(world.store):
        account = each.account
        if account.id not in apart:
            found[account.id] = (account.totals, account.carry)
        else:
            all_kept = all_kept.plus(account.totals)
    found["together"] = (all_kept.spend, all_kept.stamps)
    return found


def _tail(receipt: Receipt) -> tuple[Any, ...]:
    revision = receipt.sale.revision if receipt.sale else None
    return (
        receipt.state, revision, receipt.kept, receipt.raw, receipt.day, receipt.counts,
        receipt.carried, sorted(receipt.refunds), sorted(receipt.posted), receipt.voided,
    )  # fmt: skip


def is_worth_its_money(world: World, _: World) -> Iterator[str]:
    """Receipts of one coffee are worth what can be worked out in the head."""
    if any(isinstance(event, Publish) for event in world.schedule.events):
        return
    for record in entries.each(world.store):
        receipt = record.receipt
        if receipt and receipt.member and receipt.sale and len(receipt.sale.lines) == 1:
            if any(refund.lines for refund in receipt.refunds.values()):
                continue
            back = sum(refund.amount for refund in receipt.refunds.values())
            kept = 0 if receipt.void else max(0, receipt.sale.total - back)
            raw = BY_HAND[world.schedule.program % COUNT](kept)
            if (receipt.kept, receipt.raw) != (kept, raw):
                yield f"{receipt.id}: {kept} cents, {raw} points, not {receipt.kept}, {receipt.raw}"


def receipt_of(world: World, name: str) -> Receipt | None:
    """Read a receipt."""
    found = entries.get(world.store, f"sale:{name}")
    return found.receipt if found else None


# -- the rest -----------------------------------------------------------------------------


def loses_nothing(world: World, _: World) -> Iterator[str]:
    """No message died, nothing was put aside, no promise is left, everybody who joined is in."""
    yield from (f"dead: {each.subscription}, {each.error}" for each in world.bus.dead)
    yield from (f"put aside: {each.why}" for each in quarantine.each(world.store))
    now = world.clock.now()
    for timer in timers.each(world.store):
        if timer.kind in PROMISED or timer.due_at <= now:
            yield f"timer {timer.kind}:{timer.subject} is left"
    for event in world.schedule.events:
        if isinstance(event, Join) and not _is_member(world, event.guest):
            yield f"guest {event.guest} never joined"


def _is_member(world: World, guest: int) -> bool:
    ((kind, address),) = address_of(guest).items()
    found = identities.get(world.store, world.shop.pepper.hash(kind, address))
    return bool(found and accounts.get(world.store, found.member))


def says_the_same_again(world: World, _: World) -> Iterator[str]:
    """An event that is published again is the same to the last byte.

    An occasion may come again, when a visit goes back after which it was over: it begins nothing.
    Sweeps that are asked for differ by when, as does what a till tells twice.
    """
    said: dict[str, Any] = {}
    for topic, body in world.bus.published:
        name = peek(body)["id"]
        form = {**peek(body), "at": ""} if topic == TOLD else body
        if said.setdefault(name, form) != form and not name.startswith(AGAIN):
            yield f"{name} was published in two forms"


def publishes_every_outcome(world: World, _: World) -> Iterator[str]:
    """What an act decided to publish was published, and what was granted was booked."""
    published = {body.decode() for _, body in world.bus.published}
    for record in entries.each(world.store):
        if record.entry and any(each.body not in published for each in record.outcome):
            yield f"what {record.entry.id} led to was never published"
    for guard in milestones.each(world.store):
        if entries.get(world.store, guard.trigger) is None:
            yield f"{guard.trigger} was granted and never booked"


def was_right_all_along(world: World, _: World) -> Iterator[str]:
    """Nothing was seen to be wrong on the way."""
    yield from world.wrong


def replays(world: World, _: World) -> Iterator[str]:
    """The same units in the order in which they were committed write the same documents.

    One that wrote nothing protected nothing: it may rest on what was before another's commit. So
    may one that books nothing, and a step of a campaign that its owner halts at that moment: it is
    as if it came before.
    """
    ended = dict(world.store.documents)
    wrote = [commit for commit in world.commits if commit.writes]
    world.store.documents.clear()
    world.store.documents.update(world.beginning)
    world.begin_again()
    for number, commit in enumerate(wrote):
        world.clock.set(commit.at, back=True)
        with _as_it_was(world, commit):
            world.store.atomically(commit.database, commit.work)
        if world.commits[-1].writes != commit.writes:
            names = sorted({write.key.collection for write in commit.writes})
            yield f"commit {number} wrote {', '.join(names)} otherwise when it was replayed"
            break
    if world.store.documents != ended:
        yield "the replay ended in other documents"


@contextmanager
def _as_it_was(world: World, commit: Commit) -> Iterator[None]:
    """Let a unit see the campaign that it saw; one that books nothing, all that it saw."""
    found, books = world.store.documents, {write.key.collection for write in commit.writes} & BOOKS
    seen = {
        key: body for key, body in commit.stale.items()
        if body and (not books or key.collection == campaigns.collection)
    }  # fmt: skip
    now = {key: found[key] for key in seen if key in found}
    found.update(seen)
    yield
    for key in seen.keys() - now.keys():
        del found[key]
    found.update(now)


PROMISES: tuple[Callable[[World, World], Iterator[str]], ...] = (
    adds_up, books_each_fact_once, comes_to_the_same, is_worth_its_money, leaves_once,
    settles_every_message, claims_by_consent, says_the_same_again, publishes_every_outcome,
    loses_nothing, keeps_its_counter, unites_and_parts, keeps_what_waits,
    keeps_to_its_campaigns, was_right_all_along, replays,
)  # fmt: skip
