"""The member API about two members: found to be one person, or sharing an account."""

from __future__ import annotations

from loyalty import identity
from loyalty.guests import merging, parting
from loyalty.guests.merging import Wish
from loyalty.web import people_api
from loyalty.web.api import Call, Operation
from loyalty.web.bodies import Member, Merging, Nothing, Sharing


def merge(call: Call) -> Member:
    """Merge a member into another one who is the same person; who stays is shown."""
    asked: Merging = call.body
    why = identity.clean(asked.reason, 200)
    merging.merge(Wish(call.own(asked.id), call.id, asked.into, call.by, why), call.shop)
    return people_api.found(call.id, call.shop)


def share(call: Call) -> Member:
    """Keep a member's points in another one's account, which both use from then on."""
    asked: Sharing = call.body
    wish = Wish(call.own(asked.id), call.id, asked.account, call.by, shared=True)
    merging.merge(wish, call.shop)
    return people_api.found(call.id, call.shop)


def part(call: Call) -> Member:
    """Undo a merge or a sharing: what remains of what was brought goes back."""
    parting.unmerge(call.id, call.by, call.shop)
    return people_api.found(call.id, call.shop)


OPERATIONS = (
    Operation("POST", "/v1/members/{id}/merge", "members:merge", merge, {200: Member},
              takes=Merging, problems=(404, 409, 422)),
    Operation("POST", "/v1/members/{id}/share", "members:merge", share, {200: Member},
              takes=Sharing, problems=(404, 409, 422)),
    Operation("POST", "/v1/members/{id}/part", "members:merge", part, {200: Member},
              takes=Nothing, problems=(404, 409)),
)  # fmt: skip
