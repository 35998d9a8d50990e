"""A card in a wallet follows the till, through the running system: real HTTP, file and bus."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
import requests
from infra import vendors
from infra.local import Local
from infra.sandbox.server import Sandbox
from tests.functions.serving import signed

from loyalty.guests import adding, erasing, members
from loyalty.logs import QUIET

PHONE, PATIENCE = "+4915112345671", 30.0


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with Sandbox() as sandbox:
        given = vendors.environment(sandbox, "http://the-system") | vendors.wallets(sandbox)
        settings = {
            "PORT": "0",
            "LOYALTY_DATA": str(tmp_path_factory.mktemp("cafe")),
            "LOYALTY_PROGRAM": "tests/programs/wallets.yaml",
        }
        local = Local({**given, **settings}, log=QUIET)
        local.start(ticks=False)
        vendors.connect(sandbox, "http://the-system")
        yield local, sandbox
        local.stop()


def sells(local, receipt, amount):
    """Have the till post a sale, as tills do, and wait until all of it is done."""
    at = datetime.now(UTC)
    data = {"receipt": receipt, "store": "main", "occurred_at": at.isoformat(), "currency": "EUR",
            "total": amount, "guest": {"phone": PHONE}}  # fmt: skip
    told = {"type": "sale.completed", "timestamp": at.isoformat(), "data": data}
    body = json.dumps(told).encode()
    key = base64.b64decode(vendors.GENERIC_SECRET.removeprefix("whsec_"))
    head = {**signed(body, key, at), "Content-Type": "application/json"}
    answer = requests.post(
        f"{local.address('transaction_ingest')}/generic", body, headers=head, timeout=PATIENCE
    )
    assert answer.ok, answer.text
    assert local.bus.wait_idle(PATIENCE)


def test_a_sale_shows_on_the_phone_and_who_is_erased_has_no_card_any_more(shop):
    local, sandbox = shop
    joining = members.Joining(name="Sita Rai", phone=PHONE)
    member, _ = members.enroll(joining, "", local.shop)
    requests.get(adding.add("google_wallet", member, local.shop).url, timeout=PATIENCE)
    assert [card.lines[0] for card in sandbox.cards] == [("Points", "0")]
    for number in range(3):
        sells(local, f"R{number}", 1200)
    assert [card.lines[0] for card in sandbox.cards] == [("Points", "36")]
    assert "36" in requests.get(f"{sandbox.url}/cards", timeout=PATIENCE).text
    erasing.erase(member, local.shop)
    assert local.bus.wait_idle(PATIENCE)
    assert sandbox.cards == []
    assert local.bus.dead_letters() == []
