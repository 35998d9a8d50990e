"""What must hold at the counter after every schedule: spent once, given back once, by two words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NamedTuple

from infra.simulator.at_the_counter import DIVISIBLE, LIMIT, Act, Adjust
from infra.simulator.schedule import Join, Tell
from infra.simulator.till import member_of
from infra.simulator.world import World
from loyalty.counter.taking import Taking
from loyalty.domain.entry import Entry, Receipt, Used
from loyalty.domain.transaction import Sale
from loyalty.ports import Key
from loyalty.records import accounts, adjustments, entries, vouchers
from loyalty.recount import on

_ENDS = ("capture", "hold-void", "hold-expire")
_SPENT = ("capture", "recapture")
GRACE = timedelta(days=7)
"""So long after its time a hold can be captured in any simulated shop."""
_DAY = timedelta(days=1)


class _Life(NamedTuple):
    """A hold and everything that it caused, in the order in which it was written."""

    name: str
    held: Entry
    caused: list[Entry]

    def of(self, *kinds: str) -> list[Entry]:
        return [entry for entry in self.caused if entry.kind in kinds]

    def redeemed(self, *kinds: str) -> int:
        return sum(on(entry, "redeemed") for entry in self.of(*kinds))

    def cost(self) -> int:
        """Tell what its guest paid for it: late, some of it may have been forgiven."""
        return sum(on(entry, "redeemed", "written-off") for entry in self.of(*_SPENT))


class _Ledger(NamedTuple):
    """What a world's ledger holds in the end, read once."""

    world: World
    acts: list[Entry]
    receipts: list[Receipt]
    lives: list[_Life]


def keeps_its_counter(world: World, _: World) -> Iterator[str]:
    """Whatever is promised at the counter."""
    if any(isinstance(event, Act) for event in world.schedule.events):
        ledger = _read(world)
        for promise in PROMISES:
            yield from promise(ledger)


def _read(world: World) -> _Ledger:
    records = list(entries.each(world.store))
    place = {key: n for n, key in enumerate(_created(world))}
    acts = [r.entry for r in records if r.entry]
    acts.sort(key=lambda entry: place[entries.key(entry.id)])
    caused: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in acts:
        caused[entry.cause].append(entry)
    lives = [
        _Life(entry.id.partition(":")[2], entry, caused[entry.id])
        for entry in acts
        if entry.kind == "hold"
    ]
    return _Ledger(world, acts, [r.receipt for r in records if r.receipt], lives)


def _created(world: World) -> Iterator[Key]:
    """List the entries in the order in which they were written, whichever account they are on."""
    keys = (write.key for commit in world.commits for write in commit.writes)
    yield from dict.fromkeys(key for key in keys if key.collection == entries.collection)


def owners(world: World) -> dict[str, int]:
    """Tell whose the receipts became of which no till knew the guest."""
    told = [event for event in world.schedule.events if isinstance(event, Tell)]
    known = {event.fact.receipt_id for event in told if event.guest is not None}
    names = {event.fact.receipt_id for event in told} - known
    guests = [event.guest for event in world.schedule.events if isinstance(event, Join)]
    guest_of = {member_of(world, guest): guest for guest in guests} if names else {}
    found = [entries.get(world.store, f"sale:{name}") for name in sorted(names)]
    receipts = [each.receipt for each in found if each and each.receipt]
    return {each.id: guest_of[each.member] for each in receipts if each.member}


def ends_once(ledger: _Ledger) -> Iterator[str]:
    """A hold ends at most once; only one that time ended is captured late; one is taken back."""
    for life in ledger.lives:
        ends = [entry.kind for entry in life.of(*_ENDS)]
        if len(ends) > 1:
            yield f"hold {life.name} ended by {', '.join(ends)}"
        if life.of("recapture") and ends != ["hold-expire"]:
            yield f"hold {life.name} was captured late, and time had not ended it"
        if life.of("restore") and not life.of(*_SPENT):
            yield f"hold {life.name} was given back, and never captured"


def is_taken_in_time(ledger: _Ledger) -> Iterator[str]:
    """A reward is captured while it is held, or late by some days, as far as clocks can tell."""
    for life in ledger.lives if not ledger.world.schedule.has_clocks_set_back() else ():
        until = life.held.hold.until if life.held.hold else life.held.at
        late = [e for e in life.of("recapture") if not until <= e.at <= until + GRACE]
        if late or any(e.at >= until for e in life.of("capture")):
            yield f"hold {life.name} until {until} was captured by {life.of(*_SPENT)[0].at}"


def keeps_what_is_held(ledger: _Ledger) -> Iterator[str]:
    """What is held is spent or comes back, all of it and once; until then it is on the account."""
    open_ones = {
        h.id: h.points for each in accounts.each(ledger.world.store) for h in each.account.holds
    }
    for life in ledger.lives:
        held, ends = on(life.held, "held"), life.of(*_ENDS)
        if on(life.held, "member") != -held:
            yield f"hold {life.name} holds {held} points, and took {-on(life.held, 'member')}"
        came = sum(on(end, "member", "debt", "expired", "redeemed") for end in ends)
        if came != (held if ends else 0):
            yield f"hold {life.name} held {held} points, and {came} came of them"
        if life.redeemed("hold-void", "hold-expire") or life.redeemed(*_SPENT) > held:
            yield f"hold {life.name} held {held} points, and others were spent"
        if (life.name in open_ones) == bool(ends) or open_ones.get(life.name, held) != held:
            yield f"hold {life.name} is {'open' if ends else 'lost'} on the account"


def gives_back_what_was_used(ledger: _Ledger) -> Iterator[str]:
    """What came back of a reward is what its receipt says, and never more than was used.

    Who was parted from whose receipt that is takes it back at the counter.
    """
    used = {u.hold: (r, u) for r in ledger.receipts for u in r.rewards}
    told = [event.fact for event in ledger.world.schedule.events if isinstance(event, Tell)]
    edited = {fact.receipt_id for fact in told if isinstance(fact, Sale) and fact.revision}
    parted = any(entry.kind == "unmerge" for entry in ledger.acts)
    for life in ledger.lives:
        cost, back = life.cost(), -life.redeemed("restore")
        if not 0 <= back <= cost:
            yield f"hold {life.name}: {back} of {cost} points came back"
        if life.name in used:
            receipt, each = used[life.name]
            due = 0 if parted else _due(receipt, each, cost)
            if (
                back != each.back
                or back < due
                or (back > due and not (parted or receipt.id in edited))
            ):
                yield f"hold {life.name} on {receipt.id}: {due} are due, not {back}, {each.back}"


def _due(receipt: Receipt, each: Used, cost: int) -> int:
    """Work out what has to be back: all with all of it, a share of what can be divided."""
    if receipt.voided:
        return cost
    if receipt.sale is None or receipt.state != "posted":
        return 0
    returned = min(receipt.sale.total, sum(r.amount for r in receipt.refunds.values()))
    if returned == receipt.sale.total:
        return cost
    return cost * returned // receipt.sale.total if each.reward == DIVISIBLE else 0


def uses_a_voucher_once(ledger: _Ledger) -> Iterator[str]:
    """A voucher is held once and redeemed once at a time, and says which it is."""
    known = [each.id for each in vouchers.each(ledger.world.store)]
    held, redeemed = Counter[str](), Counter[str]()
    for entry in ledger.acts:
        if entry.voucher:
            held[entry.voucher] += (entry.kind == "hold") - (entry.kind in _ENDS)
            redeemed[entry.voucher] += (entry.kind in _SPENT) - (entry.kind == "restore")
            if not 0 <= held[entry.voucher] <= 1 or not 0 <= redeemed[entry.voucher] <= 1:
                yield f"{entry.voucher} was used twice, at last by {entry.id}"
    for name in known:
        found = vouchers.get(ledger.world.store, name)
        if found and (found.state == "redeemed") != bool(redeemed[name]):
            yield f"{name} is {found.state}, and {redeemed[name]} times redeemed"


def says_how_it_is(ledger: _Ledger) -> Iterator[str]:
    """What a till was told is in the ledger."""
    lives = {life.name: life for life in ledger.lives}
    for _act, told in ledger.world.till.answers:
        if isinstance(told, Taking):
            life = lives.get(told.id)
            if life is None or not _is_so(life, told):
                yield f"a till was told that {told.id} is {told.state} for {told.points}"


def _is_so(life: _Life, told: Taking) -> bool:
    if told.state == "captured":
        return [on(entry, "redeemed") for entry in life.of(*_SPENT)] == [told.points]
    if told.state == "voided":
        return bool(life.of("hold-void", "restore"))
    return told.points == on(life.held, "held")


def adjusts_by_two_words(ledger: _Ledger) -> Iterator[str]:
    """Many points are adjusted by two people only."""
    by_one: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in ledger.acts:
        if entry.kind == "adjust" and not entry.id.endswith(":back"):
            one, _plus, other = entry.by.partition("+")
            if one == other:
                yield f"{entry.id} is by {one} alone"
            by_one[entry.members[0], entry.by].append(entry)
    for (_, by), mine in by_one.items():
        yield from _beyond(mine) if "+" not in by else ()


def _beyond(mine: list[Entry]) -> Iterator[str]:
    """Add up what balances gained and lost: what was forgiven at once changed none."""
    for last in mine:
        day = [entry for entry in mine if last.at - _DAY < entry.at <= last.at]
        if sum(abs(on(entry, "member", "debt")) for entry in day) > LIMIT:
            yield f"{last.id} is beyond what {last.by} may adjust in a day"


def adjusts_what_it_said(ledger: _Ledger) -> Iterator[str]:
    """What a till was told to be adjusted is, and what was agreed to; nothing else that waits."""
    done = {entry.id for entry in ledger.acts if entry.kind == "adjust"}
    for act, told in ledger.world.till.answers:
        if isinstance(act, Adjust) and told.state == "done" and f"adjust:{act.key}" not in done:
            yield f"a till was told that {act.key} is done"
    for each in adjustments.each(ledger.world.store):
        if (each.state == "approved") != (f"adjust:{each.key}" in done):
            yield f"adjustment {each.key} is {each.state}"


def belongs_to_who_used_it(ledger: _Ledger) -> Iterator[str]:
    """A receipt of nobody becomes the guest's who used a reward on it."""
    for receipt in ledger.receipts:
        if receipt.sale and receipt.rewards and receipt.state == "unclaimed":
            yield f"a reward was used on {receipt.id}, and it is nobody's"


PROMISES: tuple[Callable[[_Ledger], Iterator[str]], ...] = (
    ends_once, is_taken_in_time, keeps_what_is_held, gives_back_what_was_used,
    uses_a_voucher_once, says_how_it_is,
    adjusts_by_two_words, adjusts_what_it_said, belongs_to_who_used_it,
)  # fmt: skip
