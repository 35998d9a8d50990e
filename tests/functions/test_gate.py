"""Who may push events, by what the environment says; the default is nobody."""

from __future__ import annotations

import pytest

from loyalty.app import everybody, gate, nobody
from loyalty.errors import Problem
from loyalty.settings import Settings

EMULATED = {"PUBSUB_EMULATOR_HOST": "127.0.0.1:8400"}
CHECKED = {
    "LOYALTY_PUSH_ACCOUNT": "pusher@regulars.iam.gserviceaccount.com",
    "LOYALTY_PUSH_AUDIENCE": "https://points.example",
}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"K_SERVICE": "points-calculation"},
        {**EMULATED, "K_SERVICE": "points-calculation"},
        {**EMULATED, "HOST": "0.0.0.0"},  # noqa: S104 - that is what is refused
        {"LOYALTY_PUSH_ACCOUNT": CHECKED["LOYALTY_PUSH_ACCOUNT"]},
    ],
    ids=["nothing", "platform", "emulator on the platform", "open to all", "half"],
)
def test_without_a_check_nobody_is_admitted(environment):
    assert gate(Settings(environment)) is nobody


def test_the_emulator_is_admitted_on_loopback():
    assert gate(Settings(EMULATED)) is everybody


def test_with_an_account_and_an_audience_tokens_are_checked():
    with pytest.raises(Problem):
        gate(Settings({**EMULATED, **CHECKED}))("")
