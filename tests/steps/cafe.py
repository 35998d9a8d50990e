"""A cafe at work with the vendors' sandbox, for tests of one step at a time."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from infra import vendors
from infra.simulator.store import MemoryStore
from tests.rig import NOON, Rig, sale

from loyalty.adapters.clock import SystemClock
from loyalty.adapters.http import RequestsHttp
from loyalty.connectors.engine import Engine
from loyalty.connectors.spec import Guest, Incoming
from loyalty.records import claims, contacts, deliveries
from loyalty.steps import message_feedback

SITA, HARI = "+4915112345671", "+4915112345673"


SERVICE_ONLY = {"sms:service": True, "email:service": True}
_READ: dict[str, dict[str, Any]] = {}


class Newest(random.Random):
    """Draws what was published last, and delivers everything as often as it may come."""

    def randrange(self, start, stop=None, step=1):  # noqa: ARG002 - the real one's arguments
        return start - 1

    def randint(self, _low, high):
        return high


class Cafe:
    """A rig whose vendors answer at once and never make anybody sleep."""

    def __init__(
        self,
        sandbox: Any,
        program: str = "steps",
        *,
        copies: int = 1,
        wrap: Any = None,
        store: Any = None,
        tests: str = "",
    ):
        self.sandbox, self.http = sandbox, RequestsHttp()
        environment = vendors.environment(sandbox, "https://cafe.example")
        environment.pop("TWILIO_FEEDBACK_URL")
        self.engine = Engine(self.http, SystemClock(), environment, sleep=lambda _: None)

        def made(shop):
            shop = shop._replace(vendors=self.engine)
            return wrap(shop) if wrap else shop

        text = Path("tests/programs", f"{program}.yaml").read_text("utf-8")
        store, read = store or MemoryStore(), _READ.setdefault(program, {})
        if isinstance(store, MemoryStore):
            store.documents.update(read.get("documents", {}))
        self.rig = Rig(
            Path(), text, store=store, shuffle=Newest(), copies=copies, wrap=made, tests=tests
        )
        if isinstance(store, MemoryStore):
            self._spare_reading(read)

    def starts_with(self, **settings):
        """Have other settings, which a process reads when it starts; returns those before."""
        before = {name: self.engine._environment.get(name, "") for name in settings}
        self.engine._environment.update(settings)
        self.engine._configs.clear()
        return before

    def _spare_reading(self, read):
        """Read each program once for all tests: that is what takes longest."""
        versions = self.rig.shop.programs
        versions._parsed.update(read.get("parsed", {}))
        versions.current()
        read.setdefault("parsed", dict(versions._parsed))
        read.setdefault("documents", dict(self.rig.store.documents))

    @property
    def now(self):
        return self.rig.clock.now()

    @property
    def shop(self):
        return self.rig.shop

    @property
    def bus(self):
        return self.rig.bus

    def join(self, name="Sita Rai", phone=SITA, **more):
        return self.rig.join(name, phone, **more)

    def told(self, fact, phone=SITA):
        """A till tells a fact; nothing is processed yet."""
        self.rig.tell(fact, Guest(phone=phone))

    def buys(self, receipt, amount, phone=SITA, **more):
        """A guest buys now, unless told otherwise, and everything that follows is done."""
        self.told(sale(receipt, amount, **{"at": self.now, **more}), phone)
        self.rig.run()

    def tells(self, fact, phone=SITA):
        """A till tells a fact, and everything that follows is done."""
        self.told(fact, phone)
        self.rig.run()

    def passes(self, **time):
        """Let time pass, and do what is due by then."""
        self.rig.clock.advance(timedelta(**time))
        self.rig.sweep()

    def is_now(self, instant):
        self.rig.clock.set(instant)

    # -- what can be seen -----------------------------------------------------------------

    def points(self, member):
        return self.rig.points(member)

    def texts(self):
        return [message.text for message in self.sandbox.outbox]

    def asked(self, vendor="twilio"):
        return [(seen.method, seen.status) for seen in self.sandbox.requests.of(vendor)]

    def claim(self, act):
        return claims.get(self.rig.store, f"message:{act}")

    def contact(self, member):
        return contacts.get(self.rig.store, member)

    def delivery(self, act):
        return deliveries.get(self.rig.store, f"message:{act}")

    def kinds(self, member):
        return [(entry.kind, entry.points) for entry in self.rig.history(member)]

    # -- what vendors tell ----------------------------------------------------------------

    def hears(self, act, status, **more):
        """Twilio calls back about the message of an act."""
        form = {"MessageSid": "SM1", "MessageStatus": status, "To": SITA, **more}
        return self._called({"d": f"message:{act}"}, form)

    def gets(self, text, phone=SITA):
        """A guest writes back; Twilio acts on its keywords itself."""
        self.sandbox.twilio.inbound(phone, text)
        return self._called({}, {"MessageSid": "SM2", "From": phone, "Body": text})

    def _called(self, query, form):
        url, body = f"https://cafe.example/?{urlencode(query)}", urlencode(form).encode()
        incoming = Incoming(url=url, headers={}, body=body, now=self.now)
        return message_feedback.receive("twilio", "", incoming, body, self.shop)

    def close(self):
        self.http.close()


__all__ = ["HARI", "NOON", "SITA", "Cafe", "sale"]
