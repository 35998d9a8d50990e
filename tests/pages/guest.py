"""A guest at the pages, with a browser that keeps cookies and fills in forms as they stand."""

from __future__ import annotations

import re
from html import unescape

from tests.steps.cafe import SITA

ORIGIN = "https://cafe.example"
FIELD = re.compile(r'<input type="hidden" name="([a-z]+)" value="([^"]*)"')
FORM = re.compile(r'<form method="post"(?: action="([^"]*)")?>(.*?)</form>', re.DOTALL)


class Guest:
    """Goes to pages and sends their forms; every answer is the last one's."""

    def __init__(self, cafe, client):
        self.cafe, self._new = cafe, client
        self.browser = client()
        self.answer = None

    def another(self):
        return Guest(self.cafe, self._new)

    def goes(self, path):
        self.answer = self.browser.get(path, base_url=ORIGIN)
        self.at = path
        return self

    def sends(self, action="", headers=None, place=0, **fields):
        """Send a form of the page that is open: the first with this action, or one after it."""
        found = [form for form in FORM.findall(self.text) if form[0] in ("", action)]
        to, inside = found[place]
        hidden = {name: unescape(value) for name, value in FIELD.findall(inside)}
        self.last = (to or self.at, {**hidden, **fields})
        return self.again(headers)

    def again(self, headers=None):
        """Send the last form once more, as a second click does."""
        to, fields = self.last
        self.answer = self.browser.post(
            to, data=fields, base_url=ORIGIN,
            headers={"Origin": ORIGIN} if headers is None else headers,
        )  # fmt: skip
        return self

    def follows(self):
        return self.goes(self.answer.headers["Location"])

    @property
    def status(self):
        return self.answer.status_code

    @property
    def text(self):
        return self.answer.get_data(as_text=True)

    # -- what guests do -------------------------------------------------------------------

    def asks(self, address=SITA, path="/join", **fields):
        self.goes(path).sends("/join", address=address, **fields)
        self.cafe.rig.run()
        return self

    def types(self, code):
        return self.goes("/code").sends("/code", code=code)

    def code(self):
        """Read the newest code on the phone."""
        texts = [text for text in self.cafe.texts() if re.match(r"\d{6} ", text)]
        return texts[-1][:6]

    def joins(self, address=SITA, **fields):
        self.asks(address, **{"name": "Sita Rai", "sms:service": "yes", **fields})
        self.types(self.code())
        assert self.status == 303, self.text
        self.cafe.rig.run()
        return self

    def member(self):
        from loyalty.guests import sessions  # noqa: PLC0415 - looked at here alone

        cookie = self.browser.get_cookie("__Host-guest", domain="cafe.example")
        return sessions.member_of(cookie.value, self.cafe.shop)
