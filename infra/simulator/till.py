"""The till of a simulated shop: it asks for what a schedule has it ask, and keeps every answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from infra.simulator.at_the_counter import (
    DIVISIBLE,
    PRICE,
    Act,
    Adjust,
    Capture,
    Decide,
    GiveUp,
    Hold,
    TakeBack,
    Undo,
)
from infra.simulator.guests import address_of
from infra.simulator.households import LIMIT, had, is_shared
from loyalty.counter import adjusting, redeeming
from loyalty.counter.adjusting import Adjusted
from loyalty.counter.redeeming import Asking, Capturing
from loyalty.counter.taking import Taking
from loyalty.domain.account import Account
from loyalty.domain.entry import Entry, Used
from loyalty.errors import Problem
from loyalty.records import (
    accounts,
    adjustments,
    contacts,
    entries,
    identities,
    merges,
    vouchers,
)

if TYPE_CHECKING:
    from infra.simulator.world import World


class Answer(NamedTuple):
    """What a till was told."""

    act: Act
    told: Taking | Adjusted


class Till:
    """All tills of a shop. A refusal is looked at at once: it must have its reason."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.answers: list[Answer] = []

    def does(self, act: Act) -> None:
        """Ask for something. Raises TryAgain if there is no answer."""
        try:
            told = self._asks(act)
        except Problem as refused:
            self._world.say(f"refused: {refused.code}")
            if not Reasons(self._world, act).hold(refused.code):
                self._world.wrong.append(f"{act} was refused without a reason: {refused.code}")
        else:
            self.answers.append(Answer(act, told))
            self._world.say(f"answered: {told.state}")

    def _asks(self, act: Act) -> Taking | Adjusted:
        shop = self._world.shop
        match act:
            case Hold():
                return redeeming.hold(asking(self._world, act), shop)
            case Capture(hold, points, receipt):
                return redeeming.capture(Capturing(hold, points, receipt), shop)
            case GiveUp(hold):
                return redeeming.void(hold, "", shop)
            case TakeBack(hold):
                return redeeming.take_back(hold, "maya", shop)
            case _:
                return self._adjusts(act)

    def _adjusts(self, act: Adjust | Decide | Undo) -> Adjusted:
        shop = self._world.shop
        match act:
            case Adjust(key, guest, points, by):
                member = member_of(self._world, guest)
                return adjusting.adjust(member, points, "a word", key, by, shop)
            case Decide(key, by, agrees):
                return (adjusting.approve if agrees else adjusting.turn_down)(key, by, shop)
            case Undo(key, by):
                return adjusting.take_back(key, by, shop)


def member_of(world: World, guest: int) -> str:
    """Find the id by which tills remember a guest, whoever they were found to be, or nobody's."""
    ((kind, address),) = address_of(guest).items()
    found = identities.get(world.store, world.shop.pepper.hash(kind, address))
    if not found or not found.member:
        return "m_nobody"
    before = (each.member for each in merges.each(world.store))
    known = ((name, contacts.get(world.store, name)) for name in (found.member, *before))
    own = (name for name, each in known if each and address in (each.phone, each.email))
    return next(own, found.member)


def home_of(world: World, member: str) -> Account | None:
    """Find the account where a member's points are kept."""
    found = accounts.get(world.store, member)
    while found and found.account.into:
        found = accounts.get(world.store, found.account.into)
    return found.account if found else None


def asking(world: World, act: Hold) -> Asking:
    """Say what a till asks for."""
    member = member_of(world, act.guest)
    voucher = f"voucher:award:{member}:{act.given}" if act.given else ""
    return Asking(act.id, member, act.reward, act.points, voucher, "main", act.online)


class Reasons:
    """Why something may be refused, as it stands at that instant."""

    def __init__(self, world: World, act: Act) -> None:
        self._world, self._act = world, act
        self._name = act.hold if isinstance(act, Capture | GiveUp | TakeBack) else ""

    def hold(self, code: str) -> bool:
        """Tell whether there is the reason that was given."""
        reasons: dict[str, Callable[[], bool]] = {
            "not_found": self._is_nobodys,
            "insufficient_points": self._cannot_pay,
            "over_daily_limit": self._had_enough,
            "voucher_used": lambda: self._voucher_is("redeemed", "withdrawn"),
            "voucher_expired": lambda: self._voucher_is("open"),
            "voucher_held": self._voucher_is_held,
            "hold_expired": self._is_too_late,
            "hold_voided": lambda: self._ended("hold-void", "restore"),
            "already_captured": lambda: self._ended("capture", "recapture"),
            "not_captured": lambda: not self._ended("capture", "recapture"),
            "receipt_of_another": self._is_anothers,
            "returned": lambda: any(each.back or each.returned for each in self._used()),
            "second_person": lambda: isinstance(self._act, Decide),
            "already_decided": lambda: isinstance(self._act, Decide),
        }
        return code in reasons and reasons[code]()

    def _ended(self, *kinds: str) -> bool:
        return any(entries.get(self._world.store, f"{kind}:{self._name}") for kind in kinds)

    def _held(self) -> Entry | None:
        found = entries.get(self._world.store, f"hold:{self._name}")
        return found.entry if found else None

    def _is_nobodys(self) -> bool:
        store = self._world.store
        match self._act:
            case Hold() as wish:
                asked = asking(self._world, wish)
                known = accounts.get(store, asked.member) is not None
                return not known or bool(asked.voucher and not self._is_theirs(asked))
            case Adjust(guest=guest):
                return accounts.get(store, member_of(self._world, guest)) is None
            case Decide(key=key):
                return adjustments.get(store, key) is None
            case Undo(key=key):
                return entries.get(store, f"adjust:{key}") is None
        return self._held() is None

    def _is_theirs(self, asked: Asking) -> bool:
        """Tell whether a voucher was given to somebody whose points are in the same account."""
        found = vouchers.get(self._world.store, asked.voucher)
        homes = [
            home_of(self._world, name) for name in (asked.member, found.member if found else "")
        ]
        return found is not None and homes[0] == homes[1]

    def _cannot_pay(self) -> bool:
        wish = self._act
        account = self._account()
        if not isinstance(wish, Hold) or account is None or not wish.reward:
            return False
        price = wish.points if wish.reward == DIVISIBLE else PRICE[wish.reward]
        return account.points(self._world.clock.now()) < (price or 0)

    def _had_enough(self) -> bool:
        """Tell whether a guest took so much today of what others share that this is too much."""
        wish, account, store = self._act, self._account(), self._world.store
        if not isinstance(wish, Hold) or account is None or not is_shared(store, account):
            return False
        price = (wish.points if wish.reward == DIVISIBLE else PRICE.get(wish.reward)) or 0
        member = member_of(self._world, wish.guest)
        return had(store, account, member, self._world.clock.now()) + price > LIMIT

    def _account(self) -> Account | None:
        if not isinstance(self._act, Hold):
            return None
        return home_of(self._world, member_of(self._world, self._act.guest))

    def _voucher(self) -> str:
        if isinstance(self._act, Hold):
            return asking(self._world, self._act).voucher
        held = self._held()
        return held.voucher if held else ""

    def _voucher_is(self, *states: str) -> bool:
        found = vouchers.get(self._world.store, self._voucher())
        return bool(found and found.state in states)

    def _voucher_is_held(self) -> bool:
        account, now = self._account(), self._world.clock.now()
        return bool(account and any(h.voucher == self._voucher() for h in account.held(now)))

    def _is_anothers(self) -> bool:
        """Tell whether the receipt is on another account than what is held."""
        held, wish, world = self._held(), self._act, self._world
        on = entries.get(world.store, f"sale:{wish.receipt}") if isinstance(wish, Capture) else None
        if held is None or on is None or on.receipt is None or not on.receipt.member:
            return False
        return home_of(world, held.members[0]) != home_of(world, on.receipt.member)

    def _is_too_late(self) -> bool:
        held = self._held()
        days = self._world.shop.programs.current().program.redeeming.grace_days
        grace, now = timedelta(days=days), self._world.clock.now()
        return bool(held and held.hold and now > held.hold.until + grace)

    def _used(self) -> tuple[Used, ...]:
        found = (
            entries.get(self._world.store, f"{k}:{self._name}") for k in ("capture", "recapture")
        )
        ends = [each.entry for each in found if each and each.entry]
        on = [entries.get(self._world.store, f"sale:{end.receipt}") for end in ends if end.receipt]
        used = (u for each in on if each and each.receipt for u in each.receipt.rewards)
        return tuple(each for each in used if each.hold == self._name)
