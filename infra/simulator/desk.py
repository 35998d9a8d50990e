"""The desk of a simulated shop, where guests are merged and parted: it keeps every answer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from infra.simulator.guests import address_of
from infra.simulator.till import home_of, member_of
from infra.simulator.together import Merge, Union
from loyalty.errors import Problem
from loyalty.guests import merging, parting
from loyalty.records import accounts, entries, merges, timers

if TYPE_CHECKING:
    from infra.simulator.schedule import Join, Say
    from infra.simulator.world import World


class Desk:
    """Who is one person here, as far as staff were told so, and what that person refused.

    `stopped` are the addresses that must not be written to, `unwilling` those that get no
    advertising: their own guest said so, or one whom staff found to be the same person.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._one: dict[int, int] = {}
        self._no: set[int] = set()
        self.answers: list[Union] = []
        self._under_way: dict[int, int] = {}
        self.stopped: set[str] = set()
        self.unwilling: set[str] = set()

    def does(self, act: Union) -> None:
        """Ask for it. Raises TryAgain if there is no answer. A second telling changes nothing."""
        world, known = self._world, act in self.answers
        world.clock.advance(timedelta(milliseconds=1))  # nobody is so fast
        open_ones = any(each.kind == "merge" for each in timers.each(world.store))
        told, before = len(world.story), dict(world.store.documents) if known else {}
        try:
            self._asks(act)
        except Problem as refused:
            self._under_way = {}
            world.say(f"refused: {refused.code}")
            if refused.code not in self._reasons(act):
                world.wrong.append(f"{act} was refused without a reason: {refused.code}")
            return
        self._under_way = {}
        alone = len(world.story) == told and not open_ones  # what is open is done by any telling
        if known and isinstance(act, Merge) and alone and world.store.documents != before:
            world.wrong.append(f"{act} was told again, and changed something")
        self._answered(act, known=known)

    def _asks(self, act: Union) -> None:
        shop = self._world.shop
        one = member_of(self._world, act.guest)
        if isinstance(act, Merge):
            other = member_of(self._world, act.into)
            self._under_way = {} if act.shared else {act.guest: act.into}
            merging.merge(merging.Wish(act.act, one, other, "maya", shared=act.shared), shop)
        else:
            parting.unmerge(one, "maya", shop)

    def _reasons(self, act: Union) -> set[str]:
        """Tell why it may be refused, as it stands at that instant."""
        store, now = self._world.store, self._world.clock.now()
        names = [member_of(self._world, act.guest)]
        names += [member_of(self._world, act.into)] if isinstance(act, Merge) else []
        found = [accounts.get(store, name) for name in names]
        known = [record.account for record in found if record]
        homes = [home for name in names if (home := home_of(self._world, name))]
        unknown = {"not_found"} if len(known) < len(names) else set()
        held = [each for home in homes[:1] for each in home.held(now)]
        if isinstance(act, Merge):
            away = {"kept_elsewhere"} if any(account.into for account in known) else set()
            return unknown | away | ({"reward_held"} if held else set())
        merged = merges.get(store, names[0])
        if unknown or merged is None:
            return unknown or {"not_merged"}
        mine = set(_joined(self._world, merged.act))
        theirs = [entries.get(store, f"hold:{each.id}") for each in held]
        own = any(each and each.entry and each.entry.members[-1] in mine for each in theirs)
        further = {"merged_further"} if known[0].into != homes[0].id else set()
        return further | ({"reward_held"} if own else set())

    # -- what follows from it ----------------------------------------------------------------

    def _answered(self, act: Union, *, known: bool) -> None:
        self.answers.append(act)
        self._world.say("answered: done")
        if not self._is_away(act.guest):
            self._one.pop(act.guest, None)  # also where they parted before the answer came
        elif isinstance(act, Merge) and not (act.shared or known):
            self._one.pop(act.into, None)
            self._one[act.guest] = act.into
            self._stricter(act.guest, self._person(act.into))

    def _is_away(self, guest: int) -> bool:
        """Tell whether a guest's account is kept elsewhere now."""
        found = accounts.get(self._world.store, member_of(self._world, guest))
        return bool(found and found.account.into)

    def _stricter(self, guest: int, person: int) -> None:
        """Take over what a guest refused: on the channel of both, and all advertising."""
        if _channel(guest) == _channel(person) and _address(guest) in self.stopped:
            self.stopped.add(_address(person))
        if _address(guest) in self.unwilling:
            self.unwilling.add(_address(person))

    def _person(self, guest: int) -> int:
        while guest in self._one:
            guest = self._one[guest]
        return guest

    def hears(self, said: Say, *, told: bool = True) -> None:
        """Learn that a guest wrote STOP or START: it holds for the person who that is.

        A START may hold before its sender is `told` so, a STOP has to from then on. Who is being
        merged at that moment may be the other one already.
        """
        if said.keyword == "stop" and not told:
            return
        known = (
            self._under_way.get(said.guest, said.guest) if said.keyword == "start" else said.guest
        )
        person = self._person(known)
        both = {said.guest, person} if _channel(person) == _channel(said.guest) else {said.guest}
        change = self.stopped.add if said.keyword == "stop" else self.stopped.discard
        for guest in both:
            change(_address(guest))

    def knows(self, joined: Join) -> None:
        """Learn that a guest joined."""
        if not joined.marketing:
            self.unwilling.add(_address(joined.guest))


def _joined(world: World, act: str) -> tuple[str, ...]:
    found = entries.get(world.store, f"merge:{act}:out")
    return found.entry.joined if found and found.entry else ()


def _address(guest: int) -> str:
    return next(iter(address_of(guest).values()))


def _channel(guest: int) -> str:
    return next(iter(address_of(guest)))
