"""A guest's tags: given and taken, brought into an account that is kept for others, taken along.

`Account.brought` says whose each tag is while an account keeps others: its own stand under its own
name. What is given meanwhile is its own, and what is taken off is taken off all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from loyalty.domain.account import Account
from loyalty.domain.automations import Step
from loyalty.domain.pages import Pages

MOST = 50
"""So many tags one guest can have."""
Way = Literal["given", "taken"]
Brought = Mapping[str, tuple[str, ...]]
_replace = msgspec.structs.replace


def write(book: Pages, act: str, tag: str, way: Way, why: str = "", **about: Any) -> None:
    """Write into a book that a tag is given or taken."""
    book.account = after(book.account, tag, way)
    told = f"tag {tag} {way}: {why}" if why else f"tag {tag} {way}"
    book.write("tag", act, book.now, reason=told, rule=tag, **about)


def changes(account: Account, tag: str, way: Way) -> bool:
    """Tell whether giving or taking a tag changes anything."""
    return (tag in account.tags) != (way == "given")


def after(account: Account, tag: str, way: Way) -> Account:
    """Return the account with a tag given or taken."""
    return given(account, tag) if way == "given" else taken(account, tag)


def of_step(step: Step, account: Account) -> tuple[str, Way] | None:
    """Say what a step of an automation gives or takes; a tag too many is left out."""
    tag, way = step.tag or step.untag or "", _way(step)
    if not tag or not changes(account, tag, way) or (way == "given" and full(account)):
        return None
    return tag, way


def _way(step: Step) -> Way:
    return "given" if step.tag else "taken"


def given(account: Account, tag: str) -> Account:
    """Put a tag on; one that is there stays."""
    if tag in account.tags:
        return account
    own = {account.id: _sorted((*account.brought.get(account.id, ()), tag))}
    brought = {**account.brought, **own} if account.brought else {}
    return _replace(account, tags=_sorted((*account.tags, tag)), brought=brought)


def taken(account: Account, tag: str) -> Account:
    """Take a tag off, whoever brought it."""
    rest = {name: tuple(t for t in tags if t != tag) for name, tags in account.brought.items()}
    return _replace(account, tags=tuple(t for t in account.tags if t != tag), brought=rest)


def full(account: Account) -> bool:
    """Tell whether a guest can have no further tag."""
    return len(account.tags) >= MOST


def united(account: Account, other: Account) -> Account:
    """Put the tags of another account, which is kept in this one from now on, beside its own."""
    brought = {account.id: account.tags, **account.brought, other.id: other.tags}
    return _replace(account, tags=_all(brought), brought=brought)


def parted(account: Account, other: Account) -> tuple[Account, Account]:
    """Give what is left of another account's tags back to it; what several brought, each keeps."""
    if other.id not in account.brought:
        return account, other  # nobody took down whose they were
    theirs = account.brought[other.id]
    rest = {name: tags for name, tags in account.brought.items() if name != other.id}
    kept = {
        name: tuple(tag for tag in tags if tag in theirs) for name, tags in other.brought.items()
    }
    return (
        _replace(account, tags=_all(rest), brought=rest if len(rest) > 1 else {}),
        _replace(other, tags=theirs, brought=kept),
    )


def _all(brought: Brought) -> tuple[str, ...]:
    return _sorted(tag for tags in brought.values() for tag in tags)


def _sorted(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(tags)))
