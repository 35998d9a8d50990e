"""Every door of the house that answers HTTP, found by listing, and what is thrown at it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, quote

from hypothesis import strategies as st
from infra.sandbox import signatures
from infra.topology import topology
from tests.connectors.listening import listeners, vector
from tests.connectors.vendor import Time
from tests.functions.serving import (
    FEEDBACK,
    PHONE,
    PROGRAM,
    SEED,
    SETTINGS,
    SQUARE,
    TOKEN,
    a_sale,
    pushed,
    served,
    signed,
)
from tests.functions.test_mains import GOOD
from tests.fuzz.inputs import HEADERS, LETTERS, bodies, forms
from tests.rig import Rig

from loyalty import app as composition
from loyalty.connectors import load, names
from loyalty.connectors.engine import Engine
from loyalty.connectors.spec import WebhookVerb
from loyalty.delivery import Shop
from loyalty.errors import Rejected, TryAgain
from loyalty.events import Event, decode, encode
from loyalty.ports import HttpRequest, HttpResponse
from loyalty.web import api, auth, member_api

API_KEY = "rk_fuzz"
FUNCTIONS: dict[WebhookVerb, str] = {
    "read_sale": "transaction_ingest", "read_feedback": "message_feedback",
}  # fmt: skip
Sign = Callable[[bytes, str], dict[str, str]]


class Call(NamedTuple):
    """One request to a function."""

    function: str
    path: str
    body: bytes
    method: str = "POST"
    headers: Mapping[str, str] = {}
    kind: str = "application/json"


class Vendors:
    """Vendors who know of everything they are asked for, and that nobody has paid for it yet."""

    def send(self, request: HttpRequest) -> HttpResponse:
        kind = "refund" if "/refunds/" in request.url else "payment"
        return HttpResponse(200, {}, json.dumps({kind: {"id": "P1", "status": "PENDING"}}).encode())


def open_house(folder: Path) -> Rig:
    """Open a shop that admits every push, knows one guest and asks no real vendor."""
    time = Time()

    def with_vendors(shop: Shop) -> Shop:
        return shop._replace(vendors=Engine(Vendors(), time, SETTINGS, time.sleep))

    rig = Rig(folder, PROGRAM, wrap=with_vendors)
    rig.join(phone=PHONE)
    auth.seed(rig.store, API_KEY)
    composition.use(composition.App(rig.shop, composition.everybody, per_minute=10**9))
    return rig


def answer(call: Call) -> int:
    """Make a call and return the status."""
    client = served(call.function)
    told = client.open(
        call.path, method=call.method, data=call.body, headers=dict(call.headers),
        content_type=call.kind,
    )  # fmt: skip
    return int(told.status_code)


# -- webhooks ---------------------------------------------------------------------------------


def by_square(body: bytes, _: str) -> dict[str, str]:
    key, url = SQUARE["key"], SQUARE["url"]
    return {"x-square-hmacsha256-signature": signatures.square(key, url, body)}


def by_twilio(body: bytes, query: str) -> dict[str, str]:
    form = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    flat = {name: values[0] for name, values in form.items()}
    url = f"{FEEDBACK}?{query}" if query else FEEDBACK
    return {"X-Twilio-Signature": signatures.twilio(TOKEN, url, flat)}


def by_sendgrid(body: bytes, _: str) -> dict[str, str]:
    start = "x-twilio-email-event-webhook"
    signature = signatures.sendgrid(SEED, "1760000001", body)
    return {f"{start}-signature": signature, f"{start}-timestamp": "1760000001"}


SIGNERS: dict[str, Sign] = {
    "generic": lambda body, _: signed(body),
    "sendgrid": by_sendgrid,
    "square": by_square,
    "twilio": by_twilio,
}
MORE: dict[str, list[bytes]] = {
    "generic": [
        a_sale(lines=[{"id": "1", "amount": 1250, "quantity": "0.5", "sku": "A"}], tip=0),
        (
            b'{"type":"sale.refunded","timestamp":"2026-11-21T11:00:00Z","data":{"refund":"F1",'
            b'"receipt":"R1","amount":5,"occurred_at":"2026-11-21T11:00:00Z","lines":[{"line":"1"}]}}'
        ),
    ],
    "sendgrid": [b'[{"event":"unsubscribe","sg_event_id":"e","email":"a@b.example"}]'],
}
TEXT = {"MessageSid": "SM1", "From": PHONE, "Body": "STOP", "OptOutType": "STOP"}
RECEIPT = {"MessageSid": "SM1", "MessageStatus": "failed", "ErrorCode": "30005", "To": PHONE}


def webhook(name: str) -> st.SearchStrategy[Call]:
    """Throw at one connector's webhook, nearly always rightly signed."""
    verb, hears = next(iter(load(name).webhooks.items()))
    seeds = [vector(name).incoming.body, *MORE.get(name, [])]
    drawn = bodies(seeds) if hears.parsed else forms([TEXT, RECEIPT])
    queries = st.sampled_from(["", "d=message:sale:generic:R1", "d=%ff%00", "d=&d=a;b"])

    def call(body: bytes, query: str, junk: str, way: int) -> Call:
        headers = SIGNERS[name](body, query)
        if way == 0:
            headers = dict.fromkeys(headers, junk)
        path = f"/{name}?{query}" if query else f"/{name}"
        kind = hears.media_types[0] if way < 9 else junk
        return Call(FUNCTIONS[verb], path, body, headers=headers, kind=kind)

    return st.builds(call, drawn, queries, HEADERS, st.integers(0, 9))


# -- our own routes ---------------------------------------------------------------------------

JOINING = {
    "name": "Sita Rai", "phone": PHONE, "email": "sita@cafe.example", "birthday": "02-29",
    "language": "de", "consents": {"sms": ["service"], "email": True}, "consent_text": "v1",
}  # fmt: skip
SLOTS = st.sampled_from(["m_1", "__x__", "..", ".", "x" * 200]) | st.text(LETTERS, max_size=9)


def route(known: api.Operation) -> st.SearchStrategy[Call]:
    """Throw at one route of the member API, with a key."""
    query = st.builds(
        lambda name, value: f"{name}={quote(value, errors='replace')}",
        st.sampled_from(["phone", "email", "limit", "x"]),
        st.text(LETTERS, max_size=20) | st.sampled_from([PHONE, "a@b.example", "1", "٣", "%"]),
    )

    def call(slot: str, asked: str, body: bytes, key: str) -> Call:
        path = re.sub(r"\{\w+\}", lambda _: quote(slot, safe="", errors="replace"), known.path)
        given = {"Authorization": f"Bearer {API_KEY}", "Idempotency-Key": key}
        return Call("member_api", f"{path}?{asked}", body, known.method, given)

    return st.builds(call, SLOTS, query, bodies([json.dumps(JOINING).encode()]), HEADERS)


def push(function: str, event: Event) -> st.SearchStrategy[Call]:
    """Throw at a function that hears events: what is no push, and pushes of a damaged event."""
    inner = bodies([encode(event)]).map(lambda body: base64.b64encode(body).decode())
    envelope = inner.map(lambda data: json.dumps(pushed(function, data)).encode())
    drawn = bodies([json.dumps(pushed(function, "bm8=")).encode()]) | envelope
    return st.builds(lambda body: Call(function, "/", body), drawn)


def is_newer(call: Call) -> bool:
    """Tell whether it is an event that only newer code knows: that is asked for again."""
    try:
        decode(base64.b64decode(json.loads(call.body)["message"]["data"]))
    except TryAgain:
        return True
    except (Rejected, LookupError, TypeError, ValueError):
        return False
    return False


def anywhere(function: str) -> st.SearchStrategy[Call]:
    """Throw at any path of a function, by any method."""
    methods = st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
    path = st.text(LETTERS + "/?", max_size=20).map(
        lambda text: quote(text, "/?", errors="replace")
    )
    given = HEADERS.map(lambda text: {"Authorization": text, "traceparent": text})
    return st.builds(
        lambda where, method, body, headers: Call(function, f"/{where}", body, method, headers),
        path, methods, st.binary(max_size=20), given,
    )  # fmt: skip


def doors(rig: Rig) -> dict[str, st.SearchStrategy[Call]]:
    """List every door by its name."""
    wiring = topology()
    webhooks = {f"webhook {name}": webhook(name) for name in listeners(names())}
    routes = {f"{r.method} {r.path}": route(r) for r in member_api.OPERATIONS}
    pushes = {f"push to {name}": push(name, GOOD[name](rig)) for name in wiring.hearing()}
    paths = {f"any path of {name}": anywhere(name) for name in wiring.served()}
    return {**webhooks, **routes, **pushes, **paths}
