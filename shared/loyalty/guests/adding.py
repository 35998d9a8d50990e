"""A guest puts their card into a phone's wallet: made or renewed only because they asked."""

from __future__ import annotations

from typing import NamedTuple
from uuid import uuid4

from loyalty import connectors
from loyalty.connectors.spec import Pass, PassFile, PassLink
from loyalty.delivery import Shop
from loyalty.domain.account import Account
from loyalty.domain.program import Program
from loyalty.errors import InDoubt, Problem, TryAgain, VendorRefused
from loyalty.guests import homes, linking, members, wallet_card
from loyalty.records import PartnerLink, contacts

PATIENCE = 8.0
"""Seconds that a guest waits for a wallet."""


class Wallet(NamedTuple):
    """A wallet that guests are offered. `keeps`: the card lies there, and we change it there."""

    name: str
    title: str
    keeps: bool


def wallets(program: Program) -> list[Wallet]:
    """List the wallets that a program offers."""
    loaded = [connectors.load(name) for name in program.connectors.get("wallet", ())]
    return [Wallet(each.name, each.title, "update_pass" in each.operations) for each in loaded]


def add(name: str, member: str, shop: Shop) -> PassLink | PassFile:
    """Make a guest's card, or make it current. Raises Problem 404, or 503 if no card can be had."""
    program = shop.programs.current().program
    wallet = next((each for each in wallets(program) if each.name == name), None)
    if wallet is None:
        raise Problem(404, "not_found", "There is no such wallet.")
    try:
        return _kept(wallet, member, shop) if wallet.keeps else _made(wallet, member, shop)[0]
    except (TryAgain, InDoubt, VendorRefused, LookupError) as trouble:
        shop.log("WARNING", "no card for a wallet", connector=name, why=_why(trouble))
        raise Problem(503, "wallet_away", "The wallet cannot be reached now.") from None


def _why(trouble: Exception) -> str:
    return trouble.word if isinstance(trouble, VendorRefused) else type(trouble).__name__


def _kept(wallet: Wallet, member: str, shop: Shop) -> PassLink | PassFile:
    """Note first that there is a card: one that nobody knows of could never be emptied."""
    ours = linking.join(wallet.name, member, f"{linking.GUEST}{uuid4().hex}", shop)
    try:
        return _rounds(ours, wallet, member, shop)
    except (TryAgain, InDoubt, LookupError):
        linking.release(ours, shop)
        raise
    except VendorRefused as refusal:
        linking.close(ours, refusal.word, shop)
        raise


def _rounds(ours: PartnerLink, wallet: Wallet, member: str, shop: Shop) -> PassLink | PassFile:
    for _ in range(linking.ROUNDS):
        added, account, card = _made(wallet, member, shop)
        again = linking.settle(ours, account.seq, wallet_card.fingerprint(card), shop)
        if again is None:
            return added
        ours = again
    raise TryAgain("the card changes faster than it can be told")


def _made(wallet: Wallet, member: str, shop: Shop) -> tuple[PassLink | PassFile, Account, Pass]:
    home, contact = homes.find(shop.store, member), contacts.get(shop.store, member)
    if home is None or contact is None:
        raise Problem(404, "not_found", "There is no such account.")
    program, code = shop.programs.current().program, members.card(member, shop)
    card = wallet_card.shown(home.account, contact, program, shop.clock.now(), code)
    added = shop.vendors.run(wallet.name, "add_to_wallet", card, budget_seconds=PATIENCE)
    return added, home.account, card
