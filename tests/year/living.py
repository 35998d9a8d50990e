"""The product lives through a year: its real steps over a store in memory and a clock that jumps.

The scheduler asks for a sweep each minute. A minute in which nothing is due changes nothing, so
the clock goes on to the next one in which something is.
"""

from __future__ import annotations

import gc
import hashlib
import io
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

from infra.simulator.boundaries import Crash
from infra.simulator.store import MemoryStore, Write
from infra.simulator.vendors import Vendors
from infra.topology import topology
from tests.year.plan import BERLIN, DOWN, START, UP, Fact, Guest, Plan
from tests.year.seen import Seen, Sums

from loyalty import cron, program_file, programs, schedules
from loyalty.adapters.clock import SystemClock, VirtualClock
from loyalty.adapters.http import RequestsHttp
from loyalty.adapters.memory import MemoryBus
from loyalty.connectors.engine import Engine
from loyalty.connectors.spec import Guest as Told
from loyalty.connectors.spec import Heard, Reply, Sent, Verb
from loyalty.counter import redeeming
from loyalty.delivery import Shop, hear
from loyalty.domain.program import Version
from loyalty.domain.transaction import Line, Refund, Sale, Void
from loyalty.errors import Problem
from loyalty.friends import referring
from loyalty.guests import activities, birthdays, codes, erasing, members, merging, moving, sessions
from loyalty.guests.activities import Done
from loyalty.identity import Pepper
from loyalty.logs import Log
from loyalty.records import SignIn, accounts, entries, journeys, sign_ins, timers
from loyalty.silence import Silence
from loyalty.steps import (
    file_import,
    journey_start,
    lifecycle_sweep,
    message_feedback,
    milestone_check,
    notification_dispatch,
    points_calculation,
    transaction_ingest,
)

STEPS: dict[str, Any] = {
    "points_calculation": points_calculation,
    "milestone_check": milestone_check,
    "journey_start": journey_start,
    "notification_dispatch": notification_dispatch,
    "lifecycle_sweep": lifecycle_sweep,
    "file_import": file_import,
}
TEXT = (Path(__file__).parent / "program.yaml").read_text("utf-8")
LATER_TEXT = TEXT.replace("days: 45", "days: 40")
MINUTE = timedelta(minutes=1)
TROUBLE = ("down", "lost answer", "busy", "silence")
TWICE = 0.03
"""So often a message of the bus comes twice."""


def jobs() -> set[str]:
    """List what runs by the clock in these shops: nobody there can be asked for sales."""
    program = program_file.read(TEXT)
    return {each.name for each in schedules.table(program, one_machine=True)}


class Store(MemoryStore):
    """Knows when a timer was written last, so that the next one need not be looked for."""

    def __init__(self) -> None:
        super().__init__()
        self.timers_changed = self.programs_changed = True

    def committed(self, _database: Any, _work: Any, writes: list[Write]) -> None:
        for write in writes:
            self.timers_changed |= write.key.collection == "timers"
            self.programs_changed |= write.key.collection == "programs"


class Published(programs.Programs):
    """All programs, read again only once one was published: the clock jumps, and they do not."""

    def _list(self) -> list[Version]:
        store = cast("Store", self._store)
        if store.programs_changed:
            store.programs_changed, self._read_at = False, None
            super()._list()
        return self._versions


class Bus(MemoryBus):
    """Delivers in any order, and some messages twice."""

    def publish(self, topic: str, events: Sequence[bytes]) -> None:
        before = len(self.pending)
        super().publish(topic, events)
        self.published.clear()
        self.pending += [m for m in self.pending[before:] if self._shuffle.random() < TWICE]


class Dying:
    """A store, or a bus, of a process that ends after so many commits or publishings."""

    def __init__(self, real: Any, left: int) -> None:
        self._real, self._left = real, left

    def atomically(self, database: Any, work: Callable[[Any], Any]) -> Any:
        self._count()
        return self._real.atomically(database, work)

    def publish(self, topic: str, events: Sequence[bytes]) -> None:
        self._count()
        self._real.publish(topic, events)

    def _count(self) -> None:
        if self._left == 0:
            raise Crash
        self._left -= 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class Year:
    """A shop with its guests, and all that happens to them."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan, self.folder = plan, folder
        self.clock, self.store = VirtualClock(START), Store()
        self.bus = Bus(_topics(), random.Random("bus"))
        trouble = {call: TROUBLE[call // 97 % 4] for call in range(50, 100_000, 97)}
        self.vendors = Phones(self.clock, trouble, lambda *_: None, lambda _: None)
        self.errors = io.StringIO()
        self.phones = {guest.number: guest.phone for guest in plan.guests}
        self.members: dict[int, str] = {}
        self.fired: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self._due: datetime | None = None
        self._crons: dict[str, tuple[datetime, bytes]] = {}
        self._jobs = len(jobs()) - 1
        programs.first(self.store, TEXT, START)
        self.shop = Shop(
            store=self.store, bus=self.bus, clock=self.clock,
            programs=Published(self.store, self.clock),
            vendors=cast("Engine", _Vendors(self.vendors, folder)),
            pepper=Pepper("p1:a pepper for tests only"), log=Log("ERROR", self.errors),
            silence=Silence(self.store, self.clock),
        )  # fmt: skip
        self._sold: dict[str, list[Fact]] = defaultdict(list)
        for fact in plan.facts:
            if fact.what == "sale" and fact.store == "market":
                self._sold[_business_day(fact.occurred_at)].append(fact)

    # -- time passes ----------------------------------------------------------------------

    def live(self, until: datetime) -> None:
        """Live through it all. Nothing here goes in circles: who collects them would find none."""
        gc.disable()
        try:
            self._live(until)
        finally:
            gc.enable()

    def _live(self, until: datetime) -> None:
        for fact in self.plan.facts:
            if fact.store == "market" and fact.what == "sale":
                continue  # a file tells of it
            self._pass(fact.at)
            self.clock.set(max(fact.at, self.clock.now()))
            with suppress(Crash):
                self._happens(fact)
            self._run()
        self._pass(until)

    def _pass(self, until: datetime) -> None:
        """Do all that the scheduler asks for until an instant."""
        while (at := self._next()) <= until:
            self.clock.set(max(at, self.clock.now()))
            for name, (due, body) in list(self._schedules().items()):
                if due <= at:
                    if name == "files":
                        self._lay_files(at)
                    self.asked[name] += 1
                    self.bus.publish(schedules.TOPIC, [body])
                    self._crons.pop(name)
            self._run()
            if self._next_due() <= at:
                self._sweep()

    def _sweep(self) -> None:
        now = self.clock.now()
        due = timers.find(self.store, ("due_at", "<=", now), order="due_at", limit=100_000)
        self.fired.update(timer.kind for timer in due)
        self.asked["timers"] += 1
        self.bus.publish(schedules.TOPIC, [schedules.asked_for("timers")])
        self._run()

    def _next(self) -> datetime:
        soonest = min(self._next_due(), *(due for due, _ in self._schedules().values()))
        whole = soonest.replace(second=0, microsecond=0)
        soonest = whole + MINUTE * (whole < soonest)
        soonest = max(soonest, self._ticked())
        return UP if DOWN <= soonest < UP else soonest

    def _ticked(self) -> datetime:
        """Find the first whole minute from now on."""
        now = self.clock.now()
        whole = now.replace(second=0, microsecond=0)
        return whole + MINUTE * (whole < now)

    def _next_due(self) -> datetime:
        if self.store.timers_changed:
            found = timers.find(self.store, order="due_at", limit=1)
            self._due, self.store.timers_changed = (found[0].due_at if found else None), False
        return self._due or datetime.max.replace(tzinfo=START.tzinfo)

    def _schedules(self) -> dict[str, tuple[datetime, bytes]]:
        if len(self._crons) < self._jobs:
            now = self.clock.now()
            for each in schedules.table(self.shop.programs.current().program, one_machine=True):
                if each.name != schedules.TICK and each.name not in self._crons:
                    due = cron.following(each.cron, each.zone, now)
                    self._crons[each.name] = (due, each.body)
        return self._crons

    def _run(self) -> None:
        self.bus.run(self._handle)

    def _handle(self, subscription: str, body: bytes, _attempt: int) -> None:
        hear(subscription, STEPS[subscription], body, self.shop)

    # -- what happens ---------------------------------------------------------------------

    def _happens(self, fact: Fact) -> None:
        if fact.what in ("sale", "edit", "refund", "void"):
            self._tells(fact)
        else:
            getattr(self, f"_{fact.what.replace('-', '_')}")(fact)

    def _tells(self, fact: Fact) -> None:
        made: Any
        if fact.what == "refund":
            made = Refund(source="generic", receipt=fact.name, id="1", amount=fact.amount,
                          occurred_at=fact.at)  # fmt: skip
        elif fact.what == "void":
            made = Void(source="generic", receipt=fact.name, occurred_at=fact.at)
        else:
            line = Line(id="1", name="Coffee", category="coffee", amount=fact.amount)
            made = Sale(
                source="generic", receipt=fact.name, revision=int(fact.what == "edit"),
                store=fact.store, channel=cast("Any", fact.channel), occurred_at=fact.occurred_at,
                currency="EUR", lines=(line,), total=fact.amount,
            )  # fmt: skip
        member = self.members[fact.guest]
        by_card = fact.guest % 4 and member
        told = (
            Told(card=members.card(member, self.shop))
            if by_card
            else Told(phone=self.phones[fact.guest])
        )
        heard = Heard(transaction=made, guest=told)
        transaction_ingest.record("generic", "", [heard], "", self.shop)

    def _lay_files(self, now: datetime) -> None:
        """The market's till lays down its day, before the night's files are read."""
        today = _business_day(now)
        ended = [day for day in self._sold if day < today]
        for day in sorted(ended):
            path = self.folder / f"in/market/{day}/sales.csv"
            path.parent.mkdir(parents=True)
            rows = list(_rows(self._sold.pop(day), self.phones))
            body = "".join(rows).encode()
            path.write_bytes(body)
            told = {
                "format": "loyalty-sales/1", "file": path.name, "rows": len(rows) - 1,
                "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest(),
            }  # fmt: skip
            path.with_name("sales.manifest.json").write_text(json.dumps(told), "utf-8")

    def _join(self, fact: Fact) -> None:
        guest = self.plan.guests[fact.guest]
        agreed = {"sms:service": True, "sms:marketing": True}
        more: dict[str, Any] = {
            "store": guest.store,
            "birthday": guest.birthday,
            "consents": agreed,
        }
        if guest.pages:
            self._join_on_pages(guest, more)
        else:
            joining = members.Joining(name="Sita Rai", phone=guest.phone, language="en", **more)
            members.enroll(joining, "", self.shop)
        self.members[guest.number] = members.find(self.shop, phone=guest.phone) or ""

    def _join_on_pages(self, guest: Guest, more: dict[str, Any]) -> None:
        friend = ""
        if guest.friend_of in self.members:
            friend = referring.code(self.members[guest.friend_of], self.shop)
        proved = self._proved(f"token {guest.number}", SignIn(
            asked_at=self.clock.now(), phone=guest.phone, language="en", name="Sita Rai",
            friend=friend, **more,
        ))  # fmt: skip
        sessions.sign_in(f"token {guest.number}", proved, self.shop)

    def _proved(self, token: str, wish: SignIn) -> SignIn:
        codes.ask(
            token, codes.wanted(wish, self.shop), f"10.0.0.{len(self.members) % 250}", self.shop
        )
        self._run()
        asked = sign_ins.get(self.store, codes.named(token))
        assert asked
        return codes.prove(
            token, codes.digits(codes.named(token), asked, self.shop.pepper), self.shop
        )

    def _birthday(self, fact: Fact) -> None:
        with suppress(Problem):
            birthdays.change(self.members[fact.guest], fact.name, self.shop)

    def _survey(self, fact: Fact) -> None:
        done = Done("survey", fact.name, fact.amount)
        activities.count(self.members[fact.guest], done, "key:x", self.shop)

    def _survey_cut(self, fact: Fact) -> None:
        """The process ends before it says what happened."""
        done = Done("survey", fact.name, fact.amount)
        dying = self.shop._replace(bus=cast("Any", Dying(self.bus, 0)))
        activities.count(self.members[fact.guest], done, "key:x", dying)

    def _stop(self, fact: Fact) -> None:
        reply = Reply(
            id=f"stop {fact.guest}", channel="sms", address=self.phones[fact.guest], keyword="stop"
        )
        message_feedback._hear(reply, self.shop)

    def _erase(self, fact: Fact) -> None:
        erasing.mark(self.members[fact.guest], self.shop)  # and there the process ends

    def _merge(self, fact: Fact) -> None:
        member, into = self.members[fact.guest], self.members[fact.guest - 1]
        dying = self.shop._replace(store=cast("Any", Dying(self.store, 1)))
        merging.merge(merging.Wish(f"M{fact.guest}", member, into, "owner"), dying)

    def _move(self, fact: Fact) -> None:
        token = f"move {fact.guest}"
        wish = SignIn(asked_at=self.clock.now(), phone=fact.other, language="en",
                      member=self.members[fact.guest])  # fmt: skip
        proved = self._proved(token, wish)
        self.phones[fact.guest] = fact.other
        moving.move(token, proved, self.shop._replace(store=cast("Any", Dying(self.store, 1))))

    def _hold(self, fact: Fact) -> None:
        with suppress(Problem):
            asking = redeeming.Asking(fact.name, self.members[fact.guest], "coffee")
            redeeming.hold(asking, self.shop)

    def _take(self, fact: Fact) -> None:
        with suppress(Problem):
            redeeming.capture(redeeming.Capturing(fact.name), self.shop)

    def _give_up(self, fact: Fact) -> None:
        with suppress(Problem):
            redeeming.void(fact.name, "", self.shop)

    def _publish(self, _: Fact) -> None:
        programs.publish(self.store, LATER_TEXT, self.clock.now())

    # -- what came of it ------------------------------------------------------------------

    def seen(self) -> Seen:
        """Count it."""
        booked = [r.entry for r in entries.each(self.store) if r.entry]
        ways = Counter((j.automation, j.why or j.state) for j in journeys.each(self.store))
        sms = Counter((m.to, _plain(m.body)) for m in self.vendors.outbox if m.channel == "sms")
        notes = {m.reference: m.body for m in self.vendors.outbox if m.channel == "staff"}
        alerts = Counter(notes.values())  # better twice than never: a note counts once
        return Seen(
            Counter(entry.kind for entry in booked), ways, sms, alerts, self._sums(booked),
            self.asked,
        )  # fmt: skip

    def _sums(self, booked: list[Any]) -> dict[int, Sums]:
        parts: dict[str, Counter[str]] = defaultdict(Counter)
        for entry in booked:
            for posting in entry.postings:
                parts[entry.members[0]][posting.book] -= posting.points
        now, found = self.clock.now(), {}
        for number, member in self.members.items():
            record, own = accounts.get(self.store, member), parts[member]
            assert record
            account = record.account
            found[number] = Sums(
                earned=own["issued"], spent=-own["redeemed"], expired=-own["expired"],
                balance=account.points(now), pending=account.pending(now), owed=account.debt,
                visits=account.totals.visits, tier=account.tier or "",
            )  # fmt: skip
        return found


class Phones(Vendors):
    """Vendors in trouble, but never with a code: whoever asks for one here types it at once."""

    def run(self, connector: str, verb: Verb, argument: Any, *more: Any) -> Sent | None:
        """Answer a call."""
        if argument.reference.startswith("code:"):
            self._answers.pop(self._calls, None)
        return super().run(connector, verb, argument, *more)


class _Vendors:
    """Scripted vendors; only the folder of nightly files is a real one."""

    def __init__(self, scripted: Vendors, folder: Path) -> None:
        self._scripted = scripted
        environment = {"FOLDER_PATH": str(folder)}
        self._engine = Engine(RequestsHttp(), SystemClock(), environment)
        self.config = self._engine.config

    def run(self, connector: str, verb: Any, *more: Any, **named: Any) -> Any:
        if connector == "folder":
            return self._engine.run(connector, verb, *more, **named)
        return self._scripted.run(connector, verb, *more)


@cache
def _topics() -> dict[str, list[str]]:
    """List who hears what. No guest here has a card at a partner: nobody would hear of one."""
    heard = topology().topics()
    return {topic: [name for name in names if name in STEPS] for topic, names in heard.items()}


def _plain(text: str) -> str:
    """Shorten what the product says by itself; the digits of a code are its secret."""
    return next((word for word in ("is your code", "another address") if word in text), text)


def _business_day(at: datetime) -> str:
    there = at.astimezone(BERLIN)
    return (there - timedelta(hours=4)).date().isoformat()


def _rows(facts: list[Fact], phones: dict[int, str]) -> Iterator[str]:
    yield "receipt_no;line_no;kind;store_id;occurred_at;customer_ref;qty;line_total;currency\n"
    for fact in facts:
        amount = f"{fact.amount // 100},{fact.amount % 100:02d}"
        at = fact.occurred_at.isoformat()
        yield f"{fact.name};1;SALE;market;{at};phone:{phones[fact.guest]};1;{amount};EUR\n"
