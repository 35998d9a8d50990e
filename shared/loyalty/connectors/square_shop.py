"""What it takes to know one sale or refund: the questions to ask Square, and in which order."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from loyalty.connectors.spec import Config, Guest, Heard, Span
from loyalty.connectors.square_facts import (
    Article,
    articles,
    is_settled,
    moment,
    refunds,
    sale,
    taken_back,
    void,
)
from loyalty.connectors.square_json import (
    CatalogObject,
    Customer,
    Named,
    Order,
    Payment,
    PaymentRefund,
    read,
    read_page,
)
from loyalty.errors import VendorRefused
from loyalty.ports import HttpRequest, HttpResponse

T = TypeVar("T")
Asking = Generator[HttpRequest, HttpResponse, T]

ABSENT = frozenset({"NOT_FOUND", "CUSTOMER_NOT_FOUND", "404"})
"""How Square says that something is not there."""

_CATALOG = ("objects", "related_objects")
_MOST_LOCATIONS = 10  # in one search
_SLOWEST_REFUND = timedelta(days=14)  # from asked for to given back


def get(config: Config, path: str) -> HttpRequest:
    """Ask for something."""
    headers = {
        "Authorization": f"Bearer {config['access_token']}",
        "Square-Version": config["version"],
        "Accept": "application/json",
    }
    return HttpRequest("GET", f"{config.base_url}/v2/{path}", headers)


def post(config: Config, path: str, body: Mapping[str, Any]) -> HttpRequest:
    """Send an object."""
    asked = get(config, path)
    headers = {**asked.headers, "Content-Type": "application/json"}
    return HttpRequest("POST", asked.url, headers, msgspec.json.encode(body))


class Shop:
    """One merchant's Square. In one conversation nothing is asked for twice."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._payments: dict[str, Payment] = {}
        self._customers: dict[str, Customer] = {}
        self._catalog: dict[str, Article] = {}

    def order(self, id_: str) -> Asking[Order]:
        """Ask for an order."""
        return read((yield self._get("orders", id_)).body, "order", Order)

    def refund(self, id_: str) -> Asking[PaymentRefund]:
        """Ask for a refund."""
        return read((yield self._get("refunds", id_)).body, "refund", PaymentRefund)

    def payment(self, id_: str) -> Asking[Payment]:
        """Ask for a payment."""
        if id_ not in self._payments:
            answer = yield self._get("payments", id_)
            self._payments[id_] = read(answer.body, "payment", Payment)
        return self._payments[id_]

    def sold(self, order: Order, known: Payment | None = None) -> Asking[list[Heard]]:
        """Tell what an order says once it is paid for or canceled, and what it takes back."""
        if not order.line_items:  # a mere return: its refund tells of it
            return []
        if order.state == "CANCELED":
            return [Heard(transaction=void(self._config, order))]
        payments = yield from self._payments_of(order, known)
        if not is_settled(order, payments):
            return []
        back = [Heard(transaction=fact) for fact in taken_back(self._config, order)]
        if order.total_money.amount <= 0:  # given away
            return back
        return [(yield from self._purchase(order, payments)), *back]

    def given_back(self, refund: PaymentRefund) -> Asking[list[Heard]]:
        """Tell what a refund takes from a sale; nothing while it waits, or if no sale is known."""
        if refund.status != "COMPLETED" or not refund.payment_id:
            return []
        receipt = (yield from self.payment(refund.payment_id)).order_id
        if not receipt:
            return []
        own = (yield from self.order(refund.order_id)) if refund.order_id else None
        facts = refunds(self._config, refund, receipt, own)
        return [Heard(transaction=fact) for fact in facts]

    def orders(self, span: Span) -> Asking[list[Order]]:
        """Ask for all orders that changed in a span."""
        found: list[Order] = []
        places = list(span.locations) or (yield from self._locations())
        for first in range(0, len(places), _MOST_LOCATIONS):
            query = _search(places[first : first + _MOST_LOCATIONS], span)
            found += yield from self._orders(query)
        return found

    def refunds(self, span: Span) -> Asking[list[PaymentRefund]]:
        """Ask for all refunds that changed in a span.

        Square is asked by when they were made, and one made earlier may have come true since.
        """
        query = {
            "begin_time": _stamp(span.start - _SLOWEST_REFUND),
            "end_time": _stamp(span.end),
            "status": "COMPLETED",
            "sort_order": "ASC",
        }
        found, cursor = list[PaymentRefund](), ""
        while True:
            path = f"refunds?{urlencode({**query, 'cursor': cursor} if cursor else query)}"
            answer = yield get(self._config, path)
            page, cursor = read_page(answer.body, "refunds", PaymentRefund)
            found += [refund for refund in page if _is_in(span, refund)]
            if not cursor:
                return found

    def _orders(self, query: Mapping[str, Any]) -> Asking[list[Order]]:
        found, cursor = list[Order](), ""
        while True:
            body = {**query, "cursor": cursor} if cursor else query
            answer = yield post(self._config, "orders/search", body)
            page, cursor = read_page(answer.body, "orders", Order)
            found += page
            if not cursor:
                return found

    def _locations(self) -> Asking[list[str]]:
        answer = yield get(self._config, "locations")
        return [each.id for each in read_page(answer.body, "locations", Named)[0]]

    def _payments_of(self, order: Order, known: Payment | None) -> Asking[list[Payment]]:
        if known:
            self._payments[known.id] = known
        ids = [tender.payment_id for tender in order.tenders if tender.payment_id]
        payments = []
        for id_ in ids or ([known.id] if known else []):
            payments.append((yield from self.payment(id_)))  # noqa: PERF401 - it has to yield
        return payments

    def _purchase(self, order: Order, payments: Sequence[Payment]) -> Asking[Heard]:
        catalog = yield from self._articles([line.catalog_object_id for line in order.line_items])
        staff = next((each.team_member_id for each in payments if each.team_member_id), "")
        guest = yield from self._guest(order, payments)
        return Heard(transaction=sale(self._config, order, catalog, staff), guest=guest)

    def _guest(self, order: Order, payments: Sequence[Payment]) -> Asking[Guest]:
        paying = (*(each.customer_id for each in payments), *(t.customer_id for t in order.tenders))
        id_ = next(filter(None, (order.customer_id, *paying)), "")
        known = (yield from self._customer(id_)) if id_ else Customer()
        emails = (known.email_address, *(each.buyer_email_address for each in payments))
        email = next(filter(None, emails), "")
        return Guest(phone=known.phone_number, email=email, customer=id_)

    def _customer(self, id_: str) -> Asking[Customer]:
        """Ask for a customer; one that was deleted since still has the id by which we know them."""
        if id_ not in self._customers:
            try:
                answer = yield self._get("customers", id_)
                self._customers[id_] = read(answer.body, "customer", Customer)
            except VendorRefused as refusal:
                if refusal.code not in ABSENT:
                    raise
                self._customers[id_] = Customer()
        return self._customers[id_]

    def _articles(self, ids: Iterable[str]) -> Asking[Mapping[str, Article]]:
        """Look variations up. Their items come along, but the items' categories may not."""
        unknown = sorted({id_ for id_ in ids if id_} - self._catalog.keys())
        if unknown:
            found = yield from self._objects(unknown)
            items = [each.item_data for each in found.values() if each.item_data]
            missing = {item.category for item in items if item.category} - found.keys()
            if missing:
                found |= yield from self._objects(sorted(missing))
            self._catalog |= {id_: Article() for id_ in unknown} | articles(found)
        return self._catalog

    def _objects(self, ids: list[str]) -> Asking[dict[str, CatalogObject]]:
        body = {"object_ids": ids, "include_related_objects": True}
        answer = yield post(self._config, "catalog/batch-retrieve", body)
        pages = (read_page(answer.body, each, CatalogObject) for each in _CATALOG)
        return {found.id: found for page, _ in pages for found in page}

    def _get(self, what: str, id_: str) -> HttpRequest:
        return get(self._config, f"{what}/{quote(id_, safe='')}")


def _search(locations: list[str], span: Span) -> dict[str, Any]:
    """Ask by when orders changed: one from an offline till arrives days after it was made."""
    changed = {"start_at": _stamp(span.start), "end_at": _stamp(span.end)}
    states = {"states": ["OPEN", "COMPLETED", "CANCELED"]}
    return {
        "location_ids": locations,
        "limit": 500,
        "query": {
            "filter": {"date_time_filter": {"updated_at": changed}, "state_filter": states},
            "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
        },
    }


def _is_in(span: Span, refund: PaymentRefund) -> bool:
    here = not span.locations or refund.location_id in span.locations
    return here and span.start <= moment(refund.updated_at or refund.created_at) < span.end


def _stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
