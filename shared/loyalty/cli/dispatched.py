"""What became of messages, in words: a line each for a guest's, counted for a campaign's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from loyalty import dispatches
from loyalty.campaigns.campaign_records import CampaignRecord
from loyalty.cli import showing
from loyalty.dispatches import Counted, Dispatch, State
from loyalty.ports import Store

MOST = 5000
"""So many guests of a campaign are looked at; more of them tell nothing new."""
WHY = {
    "cap": "marketing cap",
    "no-consent": "no consent or address for its channels, or they said stop",
    "nobody": "no address any more, or nobody",
    "too-late": "too late: not useful any more, or quiet until then",
    "campaign-over": "campaign over",
    "all-stopped": "all messages were stopped",
    "not-a-test-number": "not a test number",
    "withdrawn": "its automation was taken out of the program",
    "visit": "the guest came",
    "unaffordable": "the reward cannot be paid for any more",
    "tier-changed": "the tier changed",
    "budget": "too little budget left",
    "opted-out": "they said stop",
    "bad-address": "the address cannot be reached",
    "refused": "the vendor refused it",
    "credentials": "the vendor refused our credentials",
}

_NOT_SENT: tuple[State, ...] = ("not sent", "failed", "waits", "on its way")


def show(found: Sequence[Dispatch], zone: str) -> None:
    """Show a guest's last messages."""
    showing.heading(f"Last messages ({len(found)})")
    rows = [
        (
            showing.when(each.at, zone), each.about, each.channel,
            "waits until then" if each.state == "waits" else each.state, _in_words(each.why),
        )
        for each in found
    ]  # fmt: skip
    showing.table(("=when", "about", "channel", "what became of it", "why"), rows)


def of_campaign(record: CampaignRecord, store: Store) -> Counted:
    """Count a campaign's messages page by page, for so many guests at the most."""
    counted = dispatches.of_campaign(record, store)
    while counted.after and counted.guests < MOST:
        counted = counted.plus(dispatches.of_campaign(record, store, counted.after))
    return counted


def counts(counted: Counted) -> list[tuple[str, str]]:
    """Say in a line or two what became of a campaign's messages, and why some did not leave."""
    rest = [(state, counted.of(state)) for state in _NOT_SENT]
    told = [f"{found.total()} {state}{_why(state, found)}" for state, found in rest if found]
    first = [f"of the first {counted.guests} guests"] if counted.after else []
    early = ", ".join(f"{number} ({_in_words(why)})" for why, number in counted.early.most_common())
    return [
        ("messages", "; ".join([f"{counted.sent} sent", *told, *first])),
        *([("ended early", early)] if early else []),
    ]


def _why(state: State, found: Counter[str]) -> str:
    why = "quiet hours, or a pause" if state == "waits" else ", ".join(_listed(found))
    return f" ({why})" if why else ""


def _listed(found: Counter[str]) -> list[str]:
    """Name the reasons, the most frequent first, with numbers where there are several."""
    several = len(found) > 1
    words = [(_in_words(why), n) for why, n in found.most_common() if why]
    return [f"{why}: {n}" if several else why for why, n in words]


def _in_words(why: str) -> str:
    return WHY.get(why, why)
