"""One call of the till screen: where it comes from, who makes it, what they typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from flask import Request

from loyalty.counter.screening import Desk
from loyalty.counter.till_records import Screen, Staff
from loyalty.delivery import Shop
from loyalty.domain.program import Program
from loyalty.errors import Problem
from loyalty.guests import homes
from loyalty.identity import digest

SCREEN, SHIFT = "__Host-till-screen", "__Host-till-shift"
"""The cookies: of the device for good, of the person for a shift."""
_ONCE = re.compile(r"[0-9a-f]{16}")


class Visit(NamedTuple):
    """A call, from a screen that was set up or from none; `form` is what was sent."""

    request: Request
    shop: Shop
    desk: Desk | None = None
    form: Mapping[str, str] = {}

    @property
    def screen(self) -> Screen:
        """The screen. Raises Problem 401 if it is none of ours."""
        if self.desk is None:
            raise Problem(401, "unauthorized", "This screen is not set up.")
        return self.desk.screen

    @property
    def person(self) -> Staff:
        """Who is signed in. Raises Problem 401 if nobody is."""
        if self.desk is None or self.desk.person is None:
            raise Problem(401, "unauthorized", "Sign in first.")
        return self.desk.person

    @property
    def by(self) -> str:
        """The person, as acts remember who asked for them."""
        return f"staff:{self.person.id}"

    @property
    def store(self) -> str:
        """The store that the screen stands in."""
        return self.screen.store

    @property
    def program(self) -> Program:
        """The program in force."""
        return self.shop.programs.current().program

    @property
    def token(self) -> str:
        """What every form has to bring back: no other site can know it."""
        cookies = self.request.cookies
        secret = cookies.get(SHIFT, "") if self.desk and self.desk.person else ""
        return digest(f"form:{secret or cookies.get(SCREEN, '')}")[:32]

    @property
    def once(self) -> str:
        """Name what a form does, so that a double tap does it once. Raises Problem 400."""
        once = self.form.get("once", "")
        if not _ONCE.fullmatch(once):
            raise Problem(400, "invalid_body", "The form is not complete.")
        return f"{self.screen.id}-{once}"

    def for_another(self, member: str) -> str:
        """Return a guest's id. Raises Problem 403 if it is the account of who is signed in."""
        mine = self.person.guest
        own = homes.find(self.shop.store, mine) if mine else None
        other = homes.find(self.shop.store, member) if own else None
        if mine == member or (own and other and own.account.id == other.account.id):
            raise Problem(403, "own_account", "Ask somebody else to do that on your own account.")
        return member
