"""The member API, for tills, apps and automations with a key: join, look up, history, rewards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec
from flask import Request, Response

from loyalty import dispatches, identity, phones
from loyalty.delivery import Shop
from loyalty.domain.entry import Entry
from loyalty.errors import Problem
from loyalty.friends import referring
from loyalty.guests import changes, homes, members
from loyalty.web import (
    api,
    campaign_api,
    counter_api,
    merge_api,
    openapi,
    people_api,
    reading,
    switch_api,
    ticket_api,
)
from loyalty.web.api import Call, Operation, Reply
from loyalty.web.bodies import (
    ChangedMember,
    Changes,
    Code,
    Entries,
    EntryShown,
    Joining,
    Listing,
    Member,
    Messages,
    MessageShown,
    Search,
    Since,
)
from loyalty.web.guards import Guards
from loyalty.web.mistakes import Mistake


def enroll(call: Call) -> Reply:
    """Join: 201 with the new member, or 200 with the one who has this phone or e-mail.

    Asked again with the same Idempotency-Key it is 201 again, with the same member.
    """
    joining, referral = _joining(call), call.body.referral
    if referral:
        referring.owner(referral, call.shop)
    member, new = members.enroll(joining, call.once, call.shop)
    if referral:
        with suppress(Problem):  # who is here already may have been brought by another
            referring.attribute(member, referral, call.shop)
    call.shop.log.note(subject=member)
    first = new or bool(call.once and member == members.named(call.once))
    return Reply(201 if first else 200, people_api.found(member, call.shop))


def changed(call: Call) -> Changes:
    """List members about whom anything changed after an instant, the first change first.

    It reaches to a minute ago; go on with `until`. Whoever changed again is listed again. Of
    whom was erased it tells the id, and that there is nothing more.
    """
    asked: Since = call.body
    found, until = changes.since(asked.changed_since, asked.limit, call.shop)
    told = (ChangedMember(id=name, erased=homes.erased(call.shop.store, name)) for name in found)
    return Changes(members=tuple(told), until=until)


def show(call: Call) -> Member:
    """Show one member."""
    return people_api.found(call.id, call.shop)


def referral_code(call: Call) -> Code:
    """Tell the code that a member hands on to friends."""
    people_api.found(call.id, call.shop)
    return Code(code=referring.code(call.id, call.shop))


def search(call: Call) -> Member:
    """Find a member by phone, e-mail address, the code on their card or a vendor's customer id."""
    asked: Search = call.body
    if sum(map(bool, (asked.phone, asked.email, asked.card, asked.customer))) != 1:
        raise Problem(400, "invalid_query", "Give one of phone, email, card and customer.")
    country = call.shop.programs.current().program.country
    number = phones.e164(asked.phone, country) if asked.phone else ""
    address = identity.email(asked.email) if asked.email else ""
    card = identity.written(asked.card) if asked.card else ""
    member = members.find(
        call.shop, phone=number, email=address, card=card, customer=asked.customer
    )
    return people_api.found(member, call.shop)


def history(call: Call) -> Entries:
    """List a member's acts, the newest first."""
    asked: Listing = call.body
    people_api.found(call.id, call.shop)
    listed = homes.acts(call.shop.store, call.id, asked.limit)
    return Entries(entries=tuple(_shown(told.entry) for told in listed))


def messages(call: Call) -> Messages:
    """List a member's last messages, with what became of each, and why some were not sent."""
    asked: Listing = call.body
    people_api.found(call.id, call.shop)
    listed = dispatches.of_member(call.id, asked.limit, call.shop.store)
    return Messages(messages=tuple(MessageShown(**each._asdict()) for each in listed))


def _shown(entry: Entry) -> EntryShown:
    names = (field.name for field in msgspec.structs.fields(EntryShown))
    return EntryShown(**{name: getattr(entry, name) for name in names})


def _joining(call: Call) -> members.Joining:
    body: Joining = call.body
    program = call.shop.programs.current().program
    if found := [*_unreached(body), *people_api.mistakes(
        body.birthday, body.language, program.languages)]:  # fmt: skip
        raise api.wrong(*found)
    phone = phones.e164(body.phone, program.country) if body.phone else ""
    email = identity.email(body.email) if body.email else ""
    return members.Joining(
        name=identity.clean(body.name, 100),
        phone=phone,
        email=email,
        birthday=body.birthday,
        language=body.language,
        store=call.store(body.store),
        consents=people_api.agreed(body.consents),
        consent_text=identity.clean(body.consent_text, 40),
        customer=body.customer,
    )


def _unreached(body: Joining) -> Iterator[Mistake]:
    if not (body.phone or body.email):
        yield "phone", "missing", "Give a phone or an e-mail address."


def described(call: Call) -> Any:
    """Describe this API, as OpenAPI 3.1."""
    title = call.shop.programs.current().program.title
    return openapi.document(OPERATIONS, title, reading.address(call.request))


OPERATIONS = (
    Operation("GET", "/v1/openapi.json", "", described, {200: dict[str, Any]}),
    Operation("POST", "/v1/members", "members:write", enroll, {201: Member, 200: Member},
              takes=Joining, problems=(409, 422)),
    Operation("GET", "/v1/members", "members:read", search, {200: Member}, asks=Search,
              problems=(404, 422)),
    Operation("GET", "/v1/changes", "members:read", changed, {200: Changes}, asks=Since),
    Operation("GET", "/v1/members/{id}", "members:read", show, {200: Member}, problems=(404,)),
    Operation("GET", "/v1/members/{id}/entries", "members:read", history, {200: Entries},
              asks=Listing, problems=(404,)),
    Operation("GET", "/v1/members/{id}/messages", "members:read", messages, {200: Messages},
              asks=Listing, problems=(404,)),
    Operation("GET", "/v1/members/{id}/referral-code", "members:read", referral_code,
              {200: Code}, problems=(404,)),
    *people_api.OPERATIONS,
    *merge_api.OPERATIONS,
    *counter_api.OPERATIONS,
    *ticket_api.OPERATIONS,
    *campaign_api.OPERATIONS,
    *switch_api.OPERATIONS,
)  # fmt: skip


def answer(request: Request, shop: Shop, guards: Guards) -> Response:
    """Take a call, with a key where the operation asks for one."""
    return api.answer(OPERATIONS, request, shop, guards)
