"""Partners who keep something of a member (a wallet its card) hear what is so now, and the end."""

from __future__ import annotations

from typing import Any

from loyalty import connectors
from loyalty.connectors.spec import Verb
from loyalty.delivery import Outcome, Shop
from loyalty.domain.entry import OF_MERGES
from loyalty.domain.program import Program
from loyalty.errors import TryAgain, VendorRefused
from loyalty.events import Event, MemberChanged, PointsPosted
from loyalty.guests import homes, linking, wallet_card
from loyalty.records import PartnerLink, contacts, partner_links

_ALWAYS = 2**63
HEARS = (PointsPosted, MemberChanged)


def handle(event: Event, shop: Shop) -> Outcome:
    """Bring a member's cards up to date, or empty them. Who has none costs one read."""
    if isinstance(event, PointsPosted):
        for partner in _partners(shop.programs.current().program):
            for member in dict.fromkeys((event.member, event.account, *event.others)):
                _follow(partner, member, event, shop)
    elif isinstance(event, MemberChanged) and event.what == "erased":
        for link in partner_links.find(shop.store, ("member", "==", event.member)):
            _leave(link, event, shop)
    return ()


def _partners(program: Program) -> list[str]:
    """List the wallets that keep cards; others make a new one each time it is asked for."""
    offered = program.connectors.get("wallet", ())
    return [name for name in offered if "update_pass" in connectors.load(name).operations]


# -- up to date -------------------------------------------------------------------------------


def _follow(partner: str, member: str, event: PointsPosted, shop: Shop) -> None:
    """Show what is so now. The act is only the reason to look, so an older one shows no less."""
    seq = _ALWAYS if event.kind in OF_MERGES else event.seq  # another account counts from there on
    ours = linking.take(partner, member, seq, event.id, shop)
    for _ in range(linking.ROUNDS):
        if ours is None:
            return
        ours = _round(ours, shop)
    if ours:
        linking.release(ours, shop)
        raise TryAgain("the card changes faster than it can be told")


def _round(ours: PartnerLink, shop: Shop) -> PartnerLink | None:
    """Tell the partner, if it shows something else; the link again if there is more to tell."""
    home = homes.find(shop.store, ours.member)
    contact = contacts.get(shop.store, ours.member)
    if home is None or contact is None:  # erased just now: that event empties the card
        linking.release(ours, shop)
        return None
    program, now = shop.programs.current().program, shop.clock.now()
    card = wallet_card.shown(home.account, contact, program, now)
    sent = wallet_card.fingerprint(card)
    if sent != ours.sent and not _told(ours, "update_pass", card, shop):
        return None
    return linking.settle(ours, home.account.seq, sent, shop)


def _told(ours: PartnerLink, verb: Verb, said: Any, shop: Shop) -> bool:
    """Call the partner outside any unit. False: there is no card any more, and the link is closed.

    Raises TryAgain with the turn given back, so that the next delivery need not wait for it.
    """
    try:
        there: bool = shop.vendors.run(ours.partner, verb, said)
    except VendorRefused as refusal:
        return _refused(ours, refusal, shop)
    except (TryAgain, LookupError) as trouble:
        linking.release(ours, shop)
        if isinstance(trouble, TryAgain):
            raise
        return _paused(ours, "is not set up", shop)
    if not there:
        linking.close(ours, "not-there", shop)
        shop.log("INFO", "no such card any more", code="card-gone", connector=ours.partner)
    return there


def _refused(ours: PartnerLink, refusal: VendorRefused, shop: Shop) -> bool:
    if refusal.word == "credentials":
        linking.release(ours, shop)
        return _paused(ours, "refused our credentials", shop)
    linking.close(ours, refusal.word, shop)
    shop.log("WARNING", "card refused", code="card-refused", connector=ours.partner,
             word=refusal.word)  # fmt: skip
    return False


def _paused(ours: PartnerLink, why: str, shop: Shop) -> bool:
    shop.log("ERROR", f"partner {why}", code="channel-paused", connector=ours.partner)
    raise TryAgain(f"{ours.partner} {why}")


# -- the end ----------------------------------------------------------------------------------


def _leave(link: PartnerLink, event: MemberChanged, shop: Shop) -> None:
    """Empty the card of a member who is erased, then forget that there was one."""
    ours = linking.take_last(link, event.id, shop)
    if ours:
        _told(ours, "empty_pass", ours.member, shop)
        linking.forget(ours, shop)
