"""A real browser, scripts off, is led from the button on the card to the wallet."""

from __future__ import annotations

import re
import time

import pytest
from infra import vendors
from infra.local import Local
from infra.sandbox.server import Sandbox
from tests import browsing

from loyalty.logs import QUIET

NUMBER, PATIENCE = "+4915112345671", 30.0


@pytest.fixture
def shop(tmp_path):
    with Sandbox(seed="wallets") as sandbox:
        given = vendors.environment(sandbox, "https://cafe.example") | vendors.wallets(sandbox)
        settings = {
            "PORT": "0",
            "LOYALTY_DATA": str(tmp_path / "data"),
            "LOYALTY_PROGRAM": "tests/programs/wallets.yaml",
        }
        local = Local({**given, **settings}, log=QUIET)
        local.start(ticks=False)
        vendors.connect(sandbox, "https://cafe.example")
        yield local, sandbox
        local.stop()


@pytest.mark.slow
def test_the_button_leads_to_the_wallet_and_the_card_is_on_the_phone(shop, tmp_path):
    browsing.needed()
    local, sandbox = shop
    with browsing.phone(tmp_path) as phone:
        phone.goes(f"{local.address('member_page')}/join")
        phone.fills("Phone number or e-mail", NUMBER)
        phone.presses("Send me a code")
        assert local.bus.wait_idle(PATIENCE)
        phone.fills("Code", re.match(r"\d{6}", sandbox.outbox[-1].text)[0])
        phone.presses("Open my card")
        assert phone.kept_out() == []
        phone.presses("Add to Google Wallet")
        until = time.monotonic() + PATIENCE
        while not sandbox.cards and time.monotonic() < until:
            time.sleep(0.1)
        assert [card.lines[0] for card in sandbox.cards] == [("Points", "0")]
        assert phone.driver.current_url.startswith(sandbox.url)
