"""A till screen as staff use it: pages are read, forms are sent as a browser sends them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import msgspec
from tests.functions.serving import served
from tests.rig import Rig

from loyalty.counter import screening, staffing
from loyalty.counter.till_records import Role, Staff
from loyalty.records import screens, staff

HOST = "https://console.example"
HTML = {"Accept": "text/html"}


class Page:
    """An answer, and the forms on it."""

    def __init__(self, answer: Any) -> None:
        self.status = answer.status_code
        self.headers = answer.headers
        self.html = answer.get_data(as_text=True)
        plain = re.sub(r"<style.*?</style>|<[^>]*>", " ", self.html, flags=re.DOTALL)
        self.text = " ".join(unescape(plain).split())

    def form(self, action: str, **chosen: str) -> dict[str, str]:
        """Return what the form of this address hides; of several, the one that has these."""
        forms = re.findall(rf'<form[^>]*"{re.escape(action)}".*?</form>', self.html, re.DOTALL)
        hidden = r'<input type="hidden" name="(\w+)" value="([^"]*)"'
        found = [dict(re.findall(hidden, form)) for form in forms]
        return next(each for each in found if chosen.items() <= each.items())

    @property
    def token(self) -> str:
        """What every form of this page brings back."""
        return re.findall(r'name="token" value="(\w+)"', self.html)[0]


class Till:
    """A device in a store, with whoever is signed in there."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.client = served("console")

    def set_up(self, store: str = "main") -> Page:
        """Make the device a till screen."""
        return self.post("/screen", code=self.code(store))

    def code(self, store: str = "main") -> str:
        """Have a code made."""
        code, made = screening.new_code(store, self.rig.clock.now())
        name = screening.key_of(code, self.rig.shop.pepper)
        self.rig.store.atomically("ledger", lambda unit: screens.create(unit, name, made))
        return code

    def hire(self, name: str, role: Role = "staff", **more: str) -> tuple[Staff, str]:
        """Let somebody sign in; return them and their PIN."""
        person, pin = staffing.hired(name, more.pop("store", ""), role, self.rig.shop.pepper)
        person = msgspec.structs.replace(person, **more)
        self.rig.store.atomically("people", lambda unit: staff.put(unit, person.id, person))
        return person, pin

    def sign_in(self, name: str = "Maya", role: Role = "staff", **more: str) -> Staff:
        """Let somebody begin a shift without typing a PIN, which takes its time to check."""
        person = Staff(id=f"s_{name.lower()}", name=name, pin="", role=role, **more)
        self.rig.store.atomically("people", lambda unit: staff.put(unit, person.id, person))
        screen = screening.screen(self.cookie("screen"), self.rig.store)
        assert screen
        cookie = screening.sign_in(person, screen, self.rig.shop)
        self.client.set_cookie("__Host-till-shift", cookie, domain=HOST.removeprefix("https://"))
        return person

    def cookie(self, name: str) -> str:
        """Read a cookie of this device."""
        found = self.client.get_cookie(f"__Host-till-{name}", domain=HOST.removeprefix("https://"))
        return found.value if found else ""

    def get(self, path: str = "/", **headers: str) -> Page:
        """Open a page."""
        return Page(self.client.get(path, base_url=HOST, headers={**HTML, **headers}))

    def post(self, path: str, headers: dict[str, str] | None = None, **form: str) -> Page:
        """Send a form just like this."""
        given = {**HTML, "Origin": HOST} if headers is None else headers
        return Page(self.client.post(path, base_url=HOST, data=form, headers=given))

    def send(self, path: str, **form: str) -> Page:
        """Send a form with what a page of this session puts into it."""
        return self.post(path, **{"token": self.get().token, "once": "0123456789abcdef", **form})

    def tap(self, page: Page, action: str, times: int = 1, **typed: str) -> Page:
        """Tap a button of a page, as often as this; return where that leads."""
        chosen = {name: typed.pop(name) for name in ("reward", "voucher") if name in typed}
        form = page.form(action, **chosen)
        answers = [self.post(action, **form, **typed) for _ in range(times)]
        last = answers[-1]
        return self.get(last.headers["Location"]) if last.status == 303 else last
