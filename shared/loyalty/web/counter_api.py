"""The member API at the counter: quotes, what can be taken, holds and what becomes of them."""

from __future__ import annotations

from contextlib import suppress

from loyalty import identity
from loyalty.connectors.generic_body import Line, thousandths
from loyalty.counter import quoting, redeeming, vouching
from loyalty.counter.quoting import Quote, Takeable
from loyalty.counter.redeeming import Asking, Capturing
from loyalty.counter.taking import Taking
from loyalty.domain import transaction
from loyalty.domain.transaction import Sale
from loyalty.errors import Problem
from loyalty.guests import activities, homes
from loyalty.guests.activities import Counted
from loyalty.web.api import Call, Operation, Reply
from loyalty.web.bodies import Basket, Capture, Did, Hold, Nothing, Place

_OURS = "h_"
"""How the ids of holds that are made here begin."""


def quote(call: Call) -> Quote:
    """Tell what a basket would earn if it were paid now, and what the guest can take first."""
    basket: Basket = call.body
    if basket.member and homes.living(call.shop.store, basket.member) is None:
        raise Problem(404, "not_found", "There is no such member.")
    sale = _sale(basket, call.store(basket.store), call)
    return quoting.quote(sale, basket.member, basket.language, call.shop)


def _sale(basket: Basket, store: str, call: Call) -> Sale:
    program = call.shop.programs.current().program
    place = store or next(iter(program.stores))
    lines = tuple(_line(line, number) for number, line in enumerate(basket.lines, 1))
    return Sale(
        source="quote", receipt=call.own("quote"), revision=0, store=place,
        channel=basket.channel, occurred_at=call.shop.clock.now(),
        currency=program.currency_of(place), lines=lines, discount=basket.discount,
        total=max(0, sum(line.amount - line.discount for line in lines) - basket.discount),
    )  # fmt: skip


def _line(line: Line, number: int) -> transaction.Line:
    if line.amount < 0 or line.discount < 0:
        raise Problem(422, "amount_sign", "An amount is below zero.")
    return transaction.Line(
        id=line.id or str(number), amount=line.amount, name=line.name, sku=line.sku,
        category=line.category, kind=line.kind, quantity=thousandths(line.quantity),
        discount=line.discount,
    )  # fmt: skip


def rewards(call: Call) -> Takeable:
    """List what a member can take at this store now, the affordable first."""
    asked: Place = call.body
    record = homes.living(call.shop.store, call.id)
    if record is None:
        raise Problem(404, "not_found", "There is no such member.")
    return quoting.takeable(record.account, call.store(asked.store), asked.language, call.shop)


def hold(call: Call) -> Reply:
    """Set a reward aside for a guest: 201, also when the same id asks again.

    Either id leads to it from then on: the one that it is answered with, or the caller's own.
    """
    asked: Hold = call.body
    member, voucher = asked.member, asked.voucher
    if voucher and (found := vouching.coded(call.shop.store, voucher)):
        member, voucher = member or found.member, found.id
    asking = Asking(
        id=_named(asked.id, call), member=member, reward=asked.reward,
        points=asked.points, voucher=voucher, store=call.store(asked.store),
        online=asked.online, offline=asked.offline, by=call.by,
    )  # fmt: skip
    return Reply(201, redeeming.hold(asking, call.shop))


def _named(own: str, call: Call) -> str:
    """Name the hold that this caller made by an id of their own."""
    return f"{_OURS}{identity.id_from(call.own(own))}"


def look(call: Call) -> Taking:
    """Look at a hold, by its id, by the caller's own id for it, or by the code the guest shows.

    An id of the caller's own means the hold that was made with it by this key, and no other's.
    """
    taken, stores = _found(call), call.key.stores
    if stores and taken.store and taken.store not in stores:
        raise Problem(404, "not_found", "There is no such hold.")
    return taken


def _found(call: Call) -> Taking:
    """Look by the likelier name first; whoever's name is like ours is found all the same."""
    names = [_named(call.id, call), call.id]
    first, second = reversed(names) if call.id.startswith(_OURS) else names
    with suppress(Problem):
        return redeeming.look(first, call.shop)
    return redeeming.look(second, call.shop)


def capture(call: Call) -> Taking:
    """Spend what is held; one that ended by time too, since the guest has had it.

    Again, with the same points and receipt, it changes nothing.
    """
    asked: Capture = call.body
    wish = Capturing(look(call).id, asked.points, asked.receipt, call.store(asked.store), call.by)
    return redeeming.capture(wish, call.shop)


def void(call: Call) -> Taking:
    """Give up a hold: its points are back at once.

    Again, it changes nothing. What was captured is taken back instead.
    """
    return redeeming.void(look(call).id, call.by, call.shop)


def take_back(call: Call) -> Taking:
    """Undo a capture: the guest has not had it after all.

    Again, it changes nothing. All its points return, or its voucher opens again.
    """
    return redeeming.take_back(look(call).id, call.by, call.shop)


def activity(call: Call) -> Counted:
    """Count something a guest did besides buying; told again, it counts no more."""
    asked: Did = call.body
    done = activities.Done(asked.activity, call.own(asked.id), asked.score)
    return activities.count(call.id, done, call.by, call.shop)


OPERATIONS = (
    Operation("POST", "/v1/quotes", "members:read", quote, {200: Quote}, takes=Basket,
              problems=(404, 422)),
    Operation("GET", "/v1/members/{id}/rewards", "members:read", rewards, {200: Takeable},
              asks=Place, problems=(404, 422)),
    Operation("POST", "/v1/members/{id}/activities", "members:write", activity, {200: Counted},
              takes=Did, problems=(404, 422)),
    Operation("POST", "/v1/holds", "rewards:write", hold, {201: Taking}, takes=Hold,
              problems=(404, 409, 422)),
    Operation("GET", "/v1/holds/{id}", "members:read", look, {200: Taking}, problems=(404,)),
    Operation("POST", "/v1/holds/{id}/capture", "rewards:write", capture, {200: Taking},
              takes=Capture, problems=(404, 409, 422)),
    Operation("POST", "/v1/holds/{id}/void", "rewards:write", void, {200: Taking}, takes=Nothing,
              problems=(404, 409)),
    Operation("POST", "/v1/holds/{id}/take-back", "rewards:write", take_back, {200: Taking},
              takes=Nothing, problems=(404, 409)),
)  # fmt: skip
