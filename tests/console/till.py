"""A till screen as staff use it: pages are read, forms are sent as a browser sends them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from tests.functions.serving import served
from tests.rig import Rig

from loyalty import screening, staffing
from loyalty.records import Role, Staff, screens, staff

HOST = "https://console.example"
HTML = {"Accept": "text/html"}


class Page:
    """An answer, and the forms on it."""

    def __init__(self, answer: Any) -> None:
        self.status = answer.status_code
        self.headers = answer.headers
        self.html = answer.get_data(as_text=True)
        self.text = " ".join(unescape(re.sub(r"<style.*?</style>|<[^>]*>", " ", self.html, flags=re.DOTALL)).split())

    def form(self, action: str, **chosen: str) -> dict[str, str]:
        """Return what the form of this address has hidden in it; of several, the one with these."""
        forms = re.findall(rf'<form[^>]*action="{re.escape(action)}".*?</form>', self.html, re.DOTALL)
        found = [dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', f)) for f in forms]
        return next(each for each in found if chosen.items() <= each.items())


class Till:
    """A device in a store, with whoever is signed in there."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.client = served("console")

    def set_up(self, store: str = "main") -> Page:
        """Make the device a till screen."""
        code, made = screening.new_code(store, self.rig.clock.now())
        self.rig.store.atomically("ledger", lambda u: screens.create(u, screening.key_of(code), made))
        return self.post("/screen", code=code)

    def hire(self, name: str, role: Role = "staff", store: str = "", guest: str = "") -> tuple[Staff, str]:
        """Let somebody sign in; return them and their PIN."""
        import msgspec

        person, pin = staffing.hired(name, store, role, self.rig.shop.pepper)
        person = msgspec.structs.replace(person, guest=guest)
        self.rig.store.atomically("people", lambda unit: staff.put(unit, person.id, person))
        return person, pin

    def sign_in(self, name: str = "Maya", role: Role = "staff", **more: str) -> Staff:
        """Hire somebody and sign them in."""
        person, pin = self.hire(name, role, **more)
        assert self.send("/sign-in", who=person.id, pin=pin).status == 303
        return person

    def get(self, path: str = "/", **headers: str) -> Page:
        """Open a page."""
        return Page(self.client.get(path, base_url=HOST, headers={**HTML, **headers}))

    def post(self, path: str, headers: dict[str, str] | None = None, **form: str) -> Page:
        """Send a form as it is."""
        given = {**HTML, "Origin": HOST, **(headers or {})}
        return Page(self.client.post(path, base_url=HOST, data=form, headers=given))

    def send(self, path: str, **form: str) -> Page:
        """Send a form with the token of this session."""
        return self.post(path, token=self.get().form("/find" if "/find" in self.get().html else "/sign-in")["token"], **form)

    def tap(self, on: str, action: str, times: int = 1, typed: dict[str, str] | None = None, **chosen: str) -> Page:
        """Open a page and tap a button on it, as often as this; return where that leads."""
        form = self.get(on).form(action, **chosen)
        answers = [self.post(action, **form, **(typed or {})) for _ in range(times)]
        return self.get(answers[-1].headers["Location"]) if answers[-1].status == 303 else answers[-1]
