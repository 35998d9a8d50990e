"""The guest's card: what they have, what they can take, and a reward on its way to the counter."""

from __future__ import annotations

from math import ceil
from typing import Any

from flask import Response

from loyalty.counter import claiming, quoting, redeeming
from loyalty.counter.quoting import Choice
from loyalty.counter.redeeming import Asking
from loyalty.counter.taking import Taking
from loyalty.domain.account import Account
from loyalty.domain.entry import Entry
from loyalty.errors import Problem
from loyalty.guests import homes, members
from loyalty.records import entries
from loyalty.web.pages import friends, rendering, texts, wallets
from loyalty.web.pages.visit import Visit

REFRESH = 15
"""Seconds until the page of a reward looks again, unless it is to stand still."""
NEWEST = 50


def show(visit: Visit) -> Response:
    """Show the card."""
    member, shop, now = visit.member, visit.shop, visit.shop.clock.now()
    account = _account(visit)
    found = quoting.takeable(account, "", visit.language, shop)
    code = members.card(member, shop)
    return visit.page(
        "card.html", contact=visit.contact, code=code, qr=rendering.drawn(code),
        points=account.points(now), pending=account.pending(now), tier=_tier(visit, account),
        choices=[each for each in found.rewards if not each.missing], vouchers=found.vouchers,
        following=_following(found.rewards), stamps=found.stamps, held=_held(visit, account),
        day=visit.day, friends=friends.bringing(visit), wallets=wallets.offered(visit),
    )  # fmt: skip


def _account(visit: Visit) -> Account:
    found = homes.find(visit.shop.store, visit.member)
    if found is None:
        raise Problem(404, "not_found", "There is no such account.")
    return found.account


def _tier(visit: Visit, account: Account) -> str:
    levels = visit.program.tiers.levels if visit.program.tiers else {}
    found = levels.get(account.tier or "")
    return visit.program.words(found.title, visit.language) if found else ""


def _following(choices: tuple[Choice, ...]) -> Choice | None:
    return min((c for c in choices if c.missing), key=lambda c: c.missing, default=None)


def _held(visit: Visit, account: Account) -> list[tuple[str, str]]:
    rewards, now = visit.program.rewards, visit.shop.clock.now()
    return [
        (held.id, visit.program.words(rewards[held.reward].title, visit.language))
        for held in account.held(now)
        if held.reward in rewards and _theirs(visit, account, held.id)
    ]


def _theirs(visit: Visit, account: Account, hold: str) -> bool:
    """Tell whether a hold is this guest's: its id is the code, and others may share the account."""
    record = entries.get(visit.shop.store, f"hold:{hold}") if account.others else None
    acted = record.entry.members[-1] if record and record.entry else account.id
    return not account.others or acted == visit.member


# -- a reward ---------------------------------------------------------------------------------


def hold(visit: Visit) -> Response:
    """Set a reward aside. The same form sets it aside once, however often it is sent."""
    sent, member = visit.form, visit.member
    name = visit.shop.pepper.code(f"hold:{member}:{sent.get('nonce', '')}")
    points = sent.get("points", "")
    asking = Asking(
        id=name, member=member, reward=sent.get("reward", ""), voucher=sent.get("voucher", ""),
        points=int(points) if points.isascii() and points.isdigit() and len(points) < 10 else None,  # noqa: PLR2004 - no balance is that long
        online=True,
    )  # fmt: skip
    redeeming.hold(asking, visit.shop)
    return visit.to(f"/hold/{name}")


def held(visit: Visit, id: str) -> Response:  # noqa: A002 - the slot's name
    """Show the code of a reward that is set aside, how it stands, and how long it is kept."""
    taking = _own(visit, id)
    left = ceil((taking.until - visit.shop.clock.now()).total_seconds() / 60)
    open_now = taking.state == "held" and left > 0
    live = open_now and "still" not in visit.request.args
    answer = visit.page(
        "hold.html", taking=taking, title=_title(visit, taking), left=left, is_open=open_now,
        qr=rendering.drawn(taking.id), live=live,
    )  # fmt: skip
    if live:
        answer.headers["Refresh"] = str(REFRESH)
    return answer


def cancel(visit: Visit, id: str) -> Response:  # noqa: A002 - the slot's name
    """Give a reward up."""
    _ = visit.form
    redeeming.void(_own(visit, id).id, "", visit.shop)
    return visit.to(f"/hold/{id}")


def _own(visit: Visit, name: str) -> Taking:
    """Look at a hold of this guest. Raises Problem 404 for somebody else's, as for none."""
    member, taking = visit.member, redeeming.look(name, visit.shop)
    if taking.member != member:
        raise Problem(404, "not_found", "There is no such hold.")
    return taking


def _title(visit: Visit, taking: Taking) -> str:
    reward = visit.program.rewards.get(taking.reward)
    return visit.program.words(reward.title, visit.language) if reward else taking.title


# -- receipts and history -----------------------------------------------------------------------


def receipt(visit: Visit, found: str = "") -> Response:
    """Ask for the code on a receipt; `found` is what came of the last one."""
    _ = visit.member
    return visit.page("claim.html", found=found)


def claim(visit: Visit) -> Response:
    """Give the guest the receipt whose code they typed."""
    sent, member = visit.form, visit.member
    return receipt(visit, claiming.claim(member, sent.get("code", "")[:32], visit.shop))


def history(visit: Visit) -> Response:
    """Show what happened to the points, and why; also why a sale gave none."""
    listed = homes.acts(visit.shop.store, visit.member, NEWEST)
    shown = (told.entry for told in listed if told.entry.kind != "tag")  # the team's own notes
    return visit.page("history.html", acts=[_act(visit, entry) for entry in shown])


def _act(visit: Visit, entry: Entry) -> dict[str, Any]:
    store, whole = visit.program.stores.get(entry.store), f"{entry.kind}:{entry.rule}"
    known = next((name for name in (whole, entry.kind) if name in texts.TEXTS), "other")
    return {
        "day": visit.day(entry.occurred_at),
        "what": visit.say(known),
        "points": entry.points,
        "reason": entry.reason if known != whole else "",  # a whole sentence was said already
        "store": store.title if store else "",
    }
