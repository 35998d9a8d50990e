"""One call of a guest: who they are by their cookie, what they sent, and how they are answered."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from flask import Request, Response

from loyalty import identity
from loyalty.delivery import Shop
from loyalty.domain.program import Program
from loyalty.errors import Problem
from loyalty.guests import sessions
from loyalty.records import Contact, contacts
from loyalty.web import reading, sites
from loyalty.web.pages import rendering, texts

COOKIE = "__Host-guest"
_TOKEN = re.compile(r"[A-Za-z0-9_.-]{32,128}", re.ASCII)


class Visit:
    """A guest at their pages. Their cookie holds a token: a session's once they signed in."""

    def __init__(self, request: Request, shop: Shop) -> None:
        self.request, self.shop = request, shop
        given = request.cookies.get(COOKIE, "")
        self.known = bool(_TOKEN.fullmatch(given))
        self.token = given if self.known else sessions.new_token()

    @cached_property
    def program(self) -> Program:
        """The program in force."""
        return self.shop.programs.current().program

    @cached_property
    def contact(self) -> Contact | None:
        """The guest's name, addresses and language; None if nobody is signed in."""
        member = sessions.member_of(self.token, self.shop) if self.known else ""
        return contacts.get(self.shop.store, member) if member else None

    @property
    def member(self) -> str:
        """Who is signed in. Raises Problem 401 if nobody is."""
        if self.contact is None:
            raise Problem(401, "signed_out", "Sign in first.")
        self.shop.log.note(subject=self.contact.member)
        return self.contact.member

    @cached_property
    def language(self) -> str:
        """What they read: as they chose just now, as they told us, or as their browser says."""
        offered = self.program.languages
        asked = self.request.args.get("lang", "")
        own = self.contact.language if self.contact else ""
        chosen = next((each for each in (asked, own) if each in offered), None)
        return chosen or self.request.accept_languages.best_match(offered) or offered[0]

    @cached_property
    def form(self) -> dict[str, str]:
        """The fields of the form that was sent. Raises Problem 403 for what another site sent."""
        fields = sites.form(self.request)
        if not (self.known and identity.same(fields.get("csrf", ""), self.csrf)):
            raise Problem(403, "forged", "The form is not from our own page.")
        return fields

    @cached_property
    def csrf(self) -> str:
        """What our own forms hold and nobody else can know."""
        return self.shop.pepper.hash("csrf", self.token)

    @property
    def place(self) -> str:
        """Where they call from."""
        return sites.place(self.request)

    @property
    def home(self) -> str:
        """Where these pages are, as a guest's browser finds them."""
        return reading.address(self.request)

    # -- answers --------------------------------------------------------------------------

    def say(self, key: str, **values: object) -> str:
        """Return a text of the pages in their language."""
        return texts.say(key, self.language, **values)

    def day(self, at: datetime, form: str = "%Y-%m-%d") -> str:
        """Write an instant as a day where they are."""
        return at.astimezone(ZoneInfo(self.program.zone)).strftime(form)

    def page(self, template: str, status: int = 200, **shown: Any) -> Response:
        """Answer with a page; whoever comes for the first time gets a token."""
        answer = self.look(template, status, **shown)
        return answer if self.known else self.keep(answer, self.token)

    def look(self, template: str, status: int = 200, **shown: Any) -> Response:
        """Answer with a page that has no form, and gives nobody a cookie."""
        return rendering.html(
            template, status, t=self.say, at=self.at, lang=self.language, csrf=self.csrf,
            nonce=sessions.new_token, program=self.program, names=texts.LANGUAGES,
            signed_in=self.contact is not None, here=self.request.path, **shown,
        )  # fmt: skip

    def at(self, path: str) -> str:
        """Write one of our paths as the browser must ask for it."""
        return f"{self.request.root_path}{path}"

    def to(self, path: str) -> Response:
        """Send them to another page of ours."""
        return Response("", 303, {**rendering.HEADERS, "Location": self.at(path)})

    def keep(self, answer: Response, token: str, *, seconds: float | None = None) -> Response:
        """Have the browser keep a token; no script and no other site ever sees it."""
        lasts = sessions.LASTS.total_seconds() if seconds is None else seconds
        answer.set_cookie(
            COOKIE, token, max_age=int(lasts), path="/", secure=True, httponly=True, samesite="Lax"
        )
        return answer
