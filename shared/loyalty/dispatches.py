"""What became of messages to guests: of one guest's last ones, and of all that a campaign sends.

Nothing is counted beforehand: it is told from the claims, what vendors said later, and journeys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from loyalty.campaigns import running
from loyalty.campaigns.campaign_records import CampaignRecord
from loyalty.events import peek
from loyalty.guests import homes
from loyalty.journeys.journey_records import Journey
from loyalty.ports import Store, Where
from loyalty.records import Claim, DeliveryRecord, claims, deliveries, journeys, timers

State = Literal["waits", "on its way", "sent", "delivered", "read", "failed", "not sent"]
_OF_CLAIM: dict[str, State] = {
    "claimed": "on its way", "waiting": "waits", "accepted": "sent", "failed": "failed",
    "dropped": "not sent",
}  # fmt: skip
_OF_DELIVERY: dict[str, State] = {"delivered": "delivered", "read": "read", "failed": "failed"}
_WENT = ("sent", "delivered", "read")
PAGE = 100
"""So many guests of a campaign are looked at in one go."""


class Dispatch(NamedTuple):
    """One message to a guest: what it is about, by what, since (or until) when, and why not."""

    id: str
    about: str
    channel: str
    at: datetime
    state: State
    why: str = ""


class Counted(NamedTuple):
    """What became of a campaign's messages to so many of its guests.

    `early` counts guests whose way ended before its last step, by the reason. It goes on `after`
    the address of the last of them; empty: these were all.
    """

    guests: int
    messages: Counter[tuple[State, str]]
    early: Counter[str]
    after: str = ""

    @property
    def sent(self) -> int:
        """Count those that a vendor took, and has not told since that it could not bring."""
        return sum(number for (state, _), number in self.messages.items() if state in _WENT)

    def of(self, state: State) -> Counter[str]:
        """Count those of one state by why."""
        return Counter({why: n for (its, why), n in self.messages.items() if its == state})

    def plus(self, other: Counted) -> Counted:
        """Add what came after."""
        return Counted(
            self.guests + other.guests, self.messages + other.messages,
            self.early + other.early, other.after,
        )  # fmt: skip


def of_member(member: str, limit: int, store: Store) -> list[Dispatch]:
    """List a person's newest messages, those that wait first, whichever name each was sent to."""
    found = [
        claim
        for name in homes.known_as(store, member)
        for claim in claims.find(
            store, ("member", "==", name), order="at", descending=True, limit=limit
        )
    ]
    newest = sorted(found, key=lambda claim: claim.at, reverse=True)[:limit]
    told = deliveries.several(store, [claim.message for claim in newest])
    sent = [_dispatch(*each) for each in zip(newest, told, strict=True)]
    return [*_waiting(member, limit, store), *sent][:limit]


def _dispatch(claim: Claim, told: DeliveryRecord | None) -> Dispatch:
    state, why = _became(claim, told)
    at = told.at if told and told.state in _OF_DELIVERY else claim.at
    return Dispatch(claim.message, _about(claim.message), claim.channel, at, state, why)


def _became(claim: Claim, told: DeliveryRecord | None) -> tuple[State, str]:
    if told and told.state in _OF_DELIVERY:
        return _OF_DELIVERY[told.state], told.word
    return _OF_CLAIM.get(claim.state, "on its way"), claim.word


def _about(message: str) -> str:
    """Name what a message belongs to: `campaign:advent, step tell`, or the act that it tells of."""
    kind, _, about = message.partition(":")
    if not about.startswith("journey:"):
        return about or kind
    parts = about.split(":")
    own = parts[1:3] if parts[1] == running.PREFIX[:-1] else parts[1:2]
    return f"{':'.join(own)}, step {parts[-1]}"


def _waiting(member: str, limit: int, store: Store) -> Iterator[Dispatch]:
    """Find messages about a person's last acts and journeys that wait for the end of the night."""
    acts = [told.entry.id for told in homes.acts(store, member, limit)]
    names = [f"{kind}:{act}" for act in acts for kind in ("message", "promotion")]
    for name in homes.known_as(store, member):
        for journey in journeys.find(store, ("member", "==", name), limit=PAGE):
            names += _asked(journey)
    yield from (
        Dispatch(name, _about(name), "", at, "waits") for name, at in _put_off(names, store)
    )


def _asked(journey: Journey) -> list[str]:
    """List the messages that a journey asked for lately."""
    named = [peek(each.body.encode())["id"] for each in (*journey.begun, *journey.outcome)]
    return [name for name in named if name.startswith("message:")]


def _put_off(names: Sequence[str], store: Store) -> Iterator[tuple[str, datetime]]:
    """Find those that are published again later, and when; what was claimed does not wait."""
    names = list(dict.fromkeys(names))
    found = zip(
        names,
        timers.several(store, [f"publish:{name}" for name in names]),
        claims.several(store, names),
        strict=True,
    )
    return ((name, timer.due_at) for name, timer, claim in found if timer and claim is None)


def of_campaign(
    record: CampaignRecord, store: Store, after: str = "", limit: int = PAGE
) -> Counted:
    """Count what became of the messages to a page of a campaign's guests."""
    where = (Where("automation", "==", running.named(record.id)),)
    page = journeys.page(store, after, limit, where)
    told = [journey for _, journey in page if journey and journey.arm == "told"]
    return Counted(
        len(told), _counted(running.messages(record, told), store),
        Counter(each.why for each in told if each.why),
        page[-1][0] if len(page) == limit else "",
    )  # fmt: skip


def _counted(names: Sequence[str], store: Store) -> Counter[tuple[State, str]]:
    """Count messages by what became of them; those that were not asked for yet are none."""
    made = [claim for claim in claims.several(store, names) if claim]
    later = deliveries.several(store, [claim.message for claim in made])
    found: Counter[tuple[State, str]] = Counter(map(_became, made, later))
    known = {claim.message for claim in made}
    waits = sum(1 for _ in _put_off([each for each in names if each not in known], store))
    return found + Counter({("waits", ""): waits})
