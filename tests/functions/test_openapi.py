"""The member API answers as its own description says, whatever is sent to it."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance
from tests.functions.serving import application
from tests.functions.test_member_api import PHONE, Till, till

from loyalty.counter import claiming
from loyalty.web import member_api, openapi

SCHEMA = schemathesis.openapi.from_dict(openapi.document(member_api.OPERATIONS, "Cafe", "http://x"))
KEY = {"Authorization": "Bearer rk_test"}
CALLS = 15
"""So many calls of each operation; `make fuzz` throws more at every door."""
NAMES = [f"{each.method} {each.path}" for each in member_api.OPERATIONS]
REACHED: set[str] = set()
CAMPAIGN = {
    "starts": "2026-12-01 10:00", "ends": "2026-12-24 18:00", "steps": {"gift": {"award": 5}},
}  # fmt: skip
__all__ = ["till"]


def ids(till: Till, path: str) -> list[str]:
    """Make things to call about: a member or a hold in each state, and what there is not."""
    if path.endswith(("/merge", "/share", "/part")):
        joined = [till.rig.join(phone=f"+49151234568{n:02}") for n in range(CALLS)]
        for name in joined if path.endswith("/part") else ():
            asked = {"id": name, "into": till.member, "reason": "the same phone"}
            till.gets("POST", f"/v1/members/{name}/merge", asked)
        return joined
    if path == "/v1/tickets":
        till.shown = shown(till, till.holds(id="T", reward="pay"))
    if path.startswith("/v1/campaigns/"):
        for name in ("spring", "summer", "stopped"):
            till.gets("POST", "/v1/campaigns", {"name": name, "campaign": CAMPAIGN})
        till.gets("POST", "/v1/campaigns/stopped/stop", {})
        return ["spring", "summer", "stopped", "nothing"]
    if "/holds/" not in path:
        return [till.member, till.member, "m_nobody"]
    paths = [f"/v1/holds/{till.holds(id=name, reward='pay')['id']}" for name in ("A", "B", "C")]
    till.gets("POST", f"{paths[1]}/capture", {})
    till.gets("POST", f"{paths[2]}/void", {})
    return [*(path.rpartition("/")[2] for path in paths), "nobody"]


def shown(till: Till, held: Any) -> str:
    """Give the ticket of a hold."""
    return till.gets("GET", f"/v1/holds/{held['id']}/ticket")["ticket"]


def sensible(case: Any, till: Till, known: str) -> Any:
    """Make what is sent mean something here, as far as it is about something that has to be."""
    meant = {"member": till.member, "reward": "pay", "phone": PHONE, "store": "main", "points": 10,
             "activity": "survey", "into": till.member, "account": till.member,
             "changed_since": "2026-11-20T12:00:00Z",
             "ticket": getattr(till, "shown", ""), "at": "2026-11-21T11:00:00Z",
             "campaign": CAMPAIGN,
             "code": claiming.code("generic:R9", till.rig.shop.pepper)}  # fmt: skip
    left = {"language": "", "voucher": "", "email": "", "birthday": "", "receipt": "",
            "referral": "", "customer": ""}  # fmt: skip
    if "id" in case.path_parameters:
        case.path_parameters["id"] = known
    if isinstance(case.body, dict):
        needed = {"phone": PHONE} if case.path == "/v1/members" else {}
        case.body = needed | {k: {**meant, **left}.get(k, v) for k, v in case.body.items()}
    case.query = {k: meant[k] for k in case.query if k in meant}
    return case


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_answers_as_it_is_described(till, name):
    method, path = name.split(" ")
    known = ids(till, path)

    @settings(
        max_examples=CALLS, deadline=None, database=None, derandomize=True,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(
        case=SCHEMA[path][method].as_strategy(),
        known=st.sampled_from(known),
        make=st.sampled_from([True, True, False]),
    )
    def calls(case: Any, known: str, make: bool) -> None:  # noqa: FBT001 - hypothesis names it
        sent = sensible(case, till, known) if make else case
        answer = sent.call(app=application("member_api"), base_url="http://x", headers=KEY)
        assert answer.status_code < 500, answer.text
        sent.validate_response(
            answer, checks=[status_code_conformance, response_schema_conformance]
        )
        if answer.status_code < 300:
            REACHED.add(name)

    calls()
    assert name in REACHED, f"nothing that was sent to {name} made sense"
