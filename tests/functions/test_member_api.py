"""The member API as tills and apps call it: the counter's way from a basket to a used reward."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.functions.serving import served
from tests.rig import opened, sale

from loyalty import app as composition
from loyalty.connectors.spec import Guest
from loyalty.guests import members
from loyalty.identity import digest
from loyalty.records import ApiKey, contacts, keys, referrals, vouchers
from loyalty.web import auth, member_api, mistakes

CODED = [
    Path("shared/loyalty/connectors", name) for name in ("generic.py", "generic_body.py")
]  # fmt: skip
"""Where mistakes in bodies get their words, besides our own API."""
PHONE = "+4915123456789"
PROGRAM = (
    Path("tests/programs/rewards.yaml").read_text("utf-8")
    + "redeeming: {offline_hours: 24, offline_loss_limit: 5.00}\n"
)


class Till:
    """A till with a key, at a shop where Sita has 50 points."""

    def __init__(self, rig: Any) -> None:
        self.rig, self.key = rig, "rk_test"
        self.member = rig.join(phone=PHONE)
        rig.tell(sale("R1", 5_000), Guest(phone=PHONE))
        rig.run()

    def call(
        self, method: str, path: str, body: Any = None,
        headers: dict[str, str] | None = None, **query: Any,
    ) -> Any:  # fmt: skip
        known = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        return served("member_api").open(
            path, method=method, json=body, query_string=query, headers={**known, **(headers or {})}
        )

    def gets(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        answer = self.call(method, path, body, **query)
        assert answer.status_code < 300, answer.text
        return answer.get_json()

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        answer = self.call(method, path, body)
        return answer.status_code, answer.get_json()["code"]

    def holds(self, **more: Any) -> Any:
        asked = {"id": "R81", "member": self.member, "reward": "coffee", **more}
        return self.gets("POST", "/v1/holds", asked)

    def has(self, secret: str, **rights: Any) -> None:
        """Call with another key."""
        key = ApiKey(name=secret, **{"scopes": auth.SCOPES, **rights})
        self.rig.store.atomically("ledger", lambda unit: keys.put(unit, digest(secret), key))
        self.key = secret


@pytest.fixture
def till(tmp_path):
    with opened(tmp_path, PROGRAM) as rig:
        composition.use(composition.App(rig.shop))
        auth.seed(rig.store, "rk_test")
        yield Till(rig)
        composition._APP.clear()


def test_a_till_knows_before_payment_what_a_basket_earns_and_what_can_be_taken(till):
    lines = [{"amount": 450, "name": "Latte"}, {"amount": 380, "discount": 80}]
    said = till.gets("POST", "/v1/quotes", {"member": till.member, "lines": lines})
    assert (said["eligible"], said["points"], said["balance_after"]) == (750, 7, 57)
    takeable = till.gets("GET", f"/v1/members/{till.member}/rewards", store="main")
    assert takeable == said["takeable"]
    assert [r["reward"] for r in takeable["rewards"] if not r["missing"]] == [
        "pay", "coffee", "two_off",
    ]  # fmt: skip


def test_a_till_holds_a_reward_and_captures_it_with_the_receipt(till):
    held = till.holds()
    assert (held["state"], held["points"], held["categories"]) == ("held", 20, ["coffee"])
    assert till.holds() == held, "a till that lost the answer asks again"
    body = {"receipt": "generic:R81"}
    taken = till.gets("POST", f"/v1/holds/{held['id']}/capture", body)
    assert (taken["state"], taken["receipt"]) == ("captured", "generic:R81")
    assert till.gets("POST", f"/v1/holds/{held['id']}/capture", body) == taken
    assert till.gets("GET", f"/v1/members/{till.member}")["points"] == 30


def test_an_automation_tags_a_member_once_and_takes_the_tag_off_again(till):
    path = f"/v1/members/{till.member}/tags/vegan"
    assert till.gets("PUT", path)["tags"] == till.gets("PUT", path)["tags"] == ["vegan"]
    assert till.rig.history(till.member)[-1].by == "key:local"
    assert till.gets("DELETE", path)["tags"] == till.gets("DELETE", path)["tags"] == []
    assert [entry.kind for entry in till.rig.history(till.member)][-2:] == ["tag", "tag"]


def test_who_may_only_look_tags_nobody_and_nobody_is_tagged_who_is_no_member(till):
    assert till.refused("PUT", "/v1/members/m_404/tags/vegan") == (404, "not_found")
    path = f"/v1/members/{till.member}/tags"
    assert till.refused("PUT", f"{path}/Vegan") == (422, "invalid_tag")
    till.has("rk_reader", scopes=("members:read",))
    assert till.refused("PUT", f"{path}/vegan")[0] == 403
    assert till.gets("GET", f"/v1/members/{till.member}")["tags"] == []


def test_a_hold_is_called_by_the_id_that_the_caller_gave_it_too(till):
    held, path = till.holds(id="R81-coffee"), "/v1/holds/R81-coffee"
    assert till.gets("GET", path) == held
    assert till.gets("POST", f"{path}/capture", {})["state"] == "captured"
    assert till.gets("POST", f"{path}/take-back", {})["state"] == "voided"
    till.holds(id="h_mine")
    assert till.gets("GET", "/v1/holds/h_mine/ticket")["says"]["reward"] == "coffee"
    assert till.gets("POST", "/v1/holds/h_mine/void", {})["state"] == "voided"


def test_a_callers_own_id_leads_no_other_caller_to_a_hold(till):
    till.has("rk_one")
    till.holds()
    till.has("rk_two")
    assert till.refused("GET", "/v1/holds/R81") == (404, "not_found")
    assert till.refused("POST", "/v1/holds/R81/void", {}) == (404, "not_found")


def test_a_hold_is_voided_and_then_cannot_be_captured(till):
    path = f"/v1/holds/{till.holds()['id']}"
    assert till.gets("POST", f"{path}/void", {})["state"] == "voided"
    assert till.gets("GET", path)["state"] == "voided"
    assert till.refused("POST", f"{path}/capture", {}) == (409, "hold_voided")


def test_a_capture_is_taken_back(till):
    path = f"/v1/holds/{till.holds()['id']}"
    till.gets("POST", f"{path}/capture", {})
    till.gets("POST", f"{path}/take-back", {})
    assert till.gets("GET", f"/v1/members/{till.member}")["points"] == 50


def test_an_entry_tells_which_key_asked_for_it(till):
    till.holds()
    assert till.rig.history(till.member)[-1].by == "key:local"


def test_two_tills_may_use_the_same_id(till):
    till.has("rk_one")
    one = till.holds()
    till.has("rk_two")
    assert till.holds()["id"] != one["id"]
    assert till.gets("GET", f"/v1/members/{till.member}")["points"] == 10


def test_a_voucher_is_held_by_the_code_on_the_guests_phone(till):
    till.rig.tell(sale("R2", 100, at=till.rig.clock.now().replace(hour=17)), Guest(phone=PHONE))
    till.rig.run()
    (cake,) = vouchers.find(till.rig.store, ("member", "==", till.member))
    typed = cake.code.lower().replace("-", " ")
    held = till.gets("POST", "/v1/holds", {"id": "R82", "voucher": typed})
    assert (held["title"], held["voucher"]) == ("a cake", cake.id)


def test_a_friend_joins_with_the_code_that_a_member_handed_on(till):
    code = till.gets("GET", f"/v1/members/{till.member}/referral-code")["code"]
    body = {"phone": "+4915123456780", "referral": code.lower()}
    friend = till.gets("POST", "/v1/members", body)["id"]
    assert referrals.get(till.rig.store, friend).referrer == till.member
    wrong = {"phone": "+4915123456781", "referral": "AAAA-AAAA"}
    assert till.refused("POST", "/v1/members", wrong) == (422, "referral_not_allowed")
    assert members.find(till.rig.shop, phone="+4915123456781") is None


def test_a_guest_is_found_by_the_code_on_their_card(till):
    code = members.card(till.member, till.rig.shop)
    assert till.gets("GET", "/v1/members", card=code.lower())["id"] == till.member


def test_joining_again_with_one_key_is_answered_as_the_first_time(till):
    body, once = {"phone": "+4915123456780", "name": "Hari"}, {"Idempotency-Key": "form 7"}
    first = till.call("POST", "/v1/members", body, headers=once)
    again = till.call("POST", "/v1/members", body, headers=once)
    assert (again.status_code, again.json) == (first.status_code, first.json) == (201, first.json)
    known = till.call("POST", "/v1/members", body)
    assert (known.status_code, known.json) == (200, first.json)
    other = till.call("POST", "/v1/members", {"phone": "+4915123456781"}, headers=once)
    assert (other.status_code, other.json["code"]) == (409, "idempotency_key_reused")


def test_what_is_changed_again_is_answered_as_the_first_time(till):
    path = f"/v1/members/{till.member}"
    changes = {"consents": {"sms": True}, "birthday": "03-31"}
    assert till.gets("PATCH", path, changes) == till.gets("PATCH", path, changes)


def test_consents_and_language_change_and_what_is_left_out_stays(till):
    till.gets("PATCH", f"/v1/members/{till.member}", {"consents": {"sms": ["marketing"]}})
    given = contacts.get(till.rig.store, till.member).consents
    told = {name: each.given for name, each in given.items()}
    assert told == {"sms:service": False, "sms:marketing": True, "email:service": True}


def test_points_are_adjusted_once_with_a_reason(till):
    body = {"id": "A1", "points": 5, "reason": "spilled coffee"}
    for _ in range(2):
        path = f"/v1/members/{till.member}/adjustments"
        assert till.gets("POST", path, body) == {"state": "done", "points": 5}
    entry = till.rig.history(till.member)[-1]
    assert (entry.kind, entry.reason, entry.by) == ("adjust", "spilled coffee", "key:local")
    assert till.gets("GET", f"/v1/members/{till.member}")["points"] == 55


def test_a_receipt_is_claimed_by_its_code(till):
    till.rig.tell(sale("R9", 700), Guest())
    till.rig.run()
    code = till.gets("GET", "/v1/receipts/generic:R9/code")["code"]
    said = till.gets("POST", f"/v1/members/{till.member}/receipts", {"code": code})
    till.rig.run()
    assert said == {"state": "claimed"}
    assert till.gets("GET", f"/v1/members/{till.member}")["points"] == 57
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    path = f"/v1/members/{till.member}/receipts"
    assert till.refused("POST", path, {"code": wrong}) == (422, "invalid_receipt_code")


def test_a_member_is_copied_and_then_forgotten(till):
    copy = till.gets("GET", f"/v1/members/{till.member}/export")
    assert copy["member"]["phone"] == PHONE
    for _ in range(2):
        till.gets("POST", f"/v1/members/{till.member}/erase", {})
    assert till.refused("GET", f"/v1/members/{till.member}") == (404, "not_found")
    assert till.refused("POST", "/v1/members/m_nobody/erase", {}) == (404, "not_found")


def test_a_key_for_one_store_is_at_that_store_and_no_other(till):
    till.has("rk_main", stores=("main",))
    asked = {"id": "R83", "member": till.member, "reward": "cruise"}
    assert till.refused("POST", "/v1/holds", asked) == (409, "not_at_this_store")
    away = {**asked, "store": "pier"}
    assert till.refused("POST", "/v1/holds", away) == (403, "not_this_store")


def test_a_key_that_only_looks_takes_nothing(till):
    till.has("rk_look", scopes=("members:read",))
    asked = {"id": "R84", "member": till.member, "reward": "coffee"}
    assert till.refused("POST", "/v1/holds", asked) == (403, "forbidden")


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"id": "R1"}, (404, "not_found")),
        ({"id": "R/1", "member": "m", "reward": "coffee"}, (400, "invalid_body")),
        ({"id": "R1", "member": "m_1", "reward": "coffee", "free": 1}, (400, "invalid_body")),
        ({"id": "R1", "member": "m_1", "reward": "coffee", "points": "20"}, (400, "invalid_body")),
        (
            {"id": "R1", "member": "m_1", "reward": "coffee", "store": "moon"},
            (422, "unknown_store"),
        ),
        ({"id": "R1", "voucher": "AAAA-AAAA"}, (404, "not_found")),
    ],
)
def test_a_hold_that_makes_no_sense_is_refused_in_words(till, body, answer):
    assert till.refused("POST", "/v1/holds", body) == answer


def test_every_word_for_a_mistake_has_a_sentence():
    sources = (*Path("shared/loyalty/web").glob("*_api.py"), *CODED)
    text = "\n".join(path.read_text("utf-8") for path in sources)
    yielded = re.findall(r"yield [^\n]*, \"([a-z_]+)\"", text)
    table = re.findall(r"\(\"Expected[^\n]*?, \"([a-z_]+)\"\)", text)
    named = re.findall(r"path, \"([a-z_]+)\"\)", text)
    found = {*yielded, *table, *named}
    assert len(found) > 15
    assert found - mistakes.SENTENCES.keys() == set()


def told(answer: Any) -> list[tuple[str, str]]:
    """List the mistakes that an answer tells: where each is, and its sentence."""
    found = answer.get_json()["errors"]
    return [(each.get("pointer") or f"?{each['parameter']}", each["detail"]) for each in found]


def test_a_body_with_many_mistakes_is_told_all_of_them_in_sentences(till):
    body = {"reward": "A B", "points": 0, "offline": "yes", "cup": 1, "store": 3}
    answer = till.call("POST", "/v1/holds", body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_body")
    name = "Wanted: small letters, digits and _, a letter first, at most 40."
    assert told(answer) == [
        ("#/cup", "There is no field of this name."),
        ("#/id", "It is missing."),
        ("#/reward", name),
        ("#/points", "Wanted: a whole number, at least 1."),
        ("#/store", name),
        ("#/offline", "Wanted: true or false."),
    ]


def test_mistakes_are_found_in_every_line_of_a_basket(till):
    lines = [{"amount": "4.50"}, {"amount": 100}, {"quantity": 0}]
    answer = till.call("POST", "/v1/quotes", {"lines": lines, "channel": "boat"})
    assert told(answer) == [
        ("#/lines/0/amount", "Wanted: a whole number."),
        ("#/lines/2/amount", "It is missing."),
        ("#/lines/2/quantity", "Wanted: a whole number, at least 1."),
        ("#/channel", "Wanted: one of in_store, app, online, delivery."),
    ]
    assert told(till.call("POST", "/v1/quotes", {"lines": []})) == [
        ("#/lines", "Wanted: a list, its length at least 1."),
    ]


def test_what_no_type_tells_of_a_new_member_is_told_at_once_too(till):
    answer = till.call("POST", "/v1/members", {"birthday": "02-30", "language": "tlh"})
    assert told(answer) == [
        ("#/phone", "Give a phone or an e-mail address."),
        ("#/birthday", "Wanted: a day that a year has, as MM-DD."),
        ("#/language", "Wanted: one of en."),
    ]


def test_mistakes_in_a_query_name_its_fields(till):
    answer = till.call("GET", "/v1/changes", changed_since="today", limit="many")
    when = "Wanted: an instant that can be, with an offset, as in 2026-11-21T12:00:00Z."
    assert told(answer) == [("?changed_since", when), ("?limit", "Wanted: a whole number.")]


def test_a_thousand_mistakes_are_told_as_twenty(till):
    answer = till.call("POST", "/v1/quotes", {"lines": [{}] * 400})
    assert len(told(answer)) == 20


def test_a_call_without_a_body_is_told_what_is_wanted(till):
    answer = served("member_api").post("/v1/holds", headers={"Authorization": f"Bearer {till.key}"})
    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (400, "missing_body")
    assert problem["title"].startswith("Send a JSON object as the body")
    assert told(answer) == [("#/id", "It is missing.")]
    path = f"/v1/holds/{till.holds()['id']}/void"
    assert till.refused("POST", path) == (400, "missing_body")


@pytest.mark.parametrize("tag", ["größe", "a b", "a,b", "a/b", "vegan!", "x" * 200])
def test_a_tag_of_another_form_is_told_the_form(till, tag):
    answer = till.call("PUT", f"/v1/members/{till.member}/tags/{quote(tag, safe='')}")
    told = answer.get_json()
    assert (answer.status_code, told["code"]) == (422, "invalid_tag")
    assert told["title"] == "A tag is small letters, digits and _, a letter first, at most 40."
    gone = till.call("DELETE", f"/v1/members/{till.member}/tags/{quote(tag, safe='')}")
    assert gone.status_code == 422


def test_a_basket_below_zero_is_refused(till):
    body = {"lines": [{"amount": -100}]}
    assert till.refused("POST", "/v1/quotes", body) == (422, "amount_sign")


def test_the_description_needs_no_key_and_names_every_operation(till):
    till.key = ""
    paths = till.gets("GET", "/v1/openapi.json")["paths"]
    named = {(method.upper(), path) for path, each in paths.items() for method in each}
    assert named == {(each.method, each.path) for each in member_api.OPERATIONS}


@pytest.mark.usefixtures("till")
def test_the_description_says_where_the_api_is():
    def servers(base: str) -> Any:
        answer = served("member_api").get("/v1/openapi.json", base_url=base)
        return [each["url"] for each in answer.get_json()["servers"]]

    assert servers("http://127.0.0.1:8080/member-api") == ["http://127.0.0.1:8080/member-api"]
    assert servers("http://localhost:8080/member-api") == ["http://localhost:8080/member-api"]
    assert servers("http://member-api-x1.a.run.app") == ["https://member-api-x1.a.run.app"]


def test_the_description_tells_the_rest_of_what_is_known_of_an_operation(till):
    paths = till.gets("GET", "/v1/openapi.json")["paths"]
    told = paths["/v1/changes"]["get"]
    assert told["summary"].startswith("List members about whom anything changed")
    assert "\n" not in told["summary"]
    assert "It reaches to a minute ago" in told["description"]
    bare = [f"{name} {path}" for path, each in paths.items() for name, said in each.items()
            if not said.get("description")]  # fmt: skip
    assert bare == []


def test_two_members_who_are_one_person_are_merged_and_parted(till):
    other = till.rig.join(phone="+4915123456799")
    asked = {"id": "M1", "into": till.member, "reason": "asked at the bar"}
    for _ in range(2):
        shown = till.gets("POST", f"/v1/members/{other}/merge", asked)
        assert (shown["id"], shown["points"]) == (till.member, 50)
    assert till.gets("GET", f"/v1/members/{other}")["id"] == till.member
    assert till.refused("POST", f"/v1/members/{other}/merge", asked | {"id": "M2"}) == (
        409, "kept_elsewhere")  # fmt: skip
    assert till.gets("POST", f"/v1/members/{other}/part", {})["id"] == other


def test_a_merge_shows_which_consents_hold_and_counts_silence_on_promotions_as_a_no(till):
    agreed = [{"sms": True}, {"sms": ["service"]}]
    both = [
        till.gets("POST", "/v1/members", {"phone": f"+491512345670{n}", "consents": given})
        for n, given in enumerate(agreed)
    ]
    assert both[0]["consents"] == {"sms": ["service", "marketing"]}
    asked = {"id": "M1", "into": both[0]["id"], "reason": "asked at the bar"}
    shown = till.gets("POST", f"/v1/members/{both[1]['id']}/merge", asked)
    assert (shown["id"], shown["consents"]) == (both[0]["id"], {"sms": ["service"]})


def test_two_members_share_an_account(till):
    other = till.rig.join(phone="+4915123456799")
    asked = {"id": "S1", "account": till.member}
    shown = till.gets("POST", f"/v1/members/{other}/share", asked)
    assert (shown["id"], shown["points"]) == (other, 50)


def test_what_changed_is_listed(till):
    till.rig.clock.advance(timedelta(minutes=5))
    since = (till.rig.clock.now() - timedelta(days=1)).isoformat()
    listed = till.gets("GET", "/v1/changes", changed_since=since)
    assert listed["members"] == [{"id": till.member, "erased": False}]
    till.gets("POST", f"/v1/members/{till.member}/erase", {})
    till.rig.clock.advance(timedelta(minutes=5))
    gone = till.gets("GET", "/v1/changes", changed_since=listed["until"])
    assert gone["members"] == [{"id": till.member, "erased": True}]
    assert till.refused("GET", "/v1/changes") == (400, "invalid_query")


def test_a_member_is_found_by_their_customer_id(till):
    body = {"phone": "+4915123456780", "customer": "square:CUST-1"}
    member = till.gets("POST", "/v1/members", body)["id"]
    assert till.gets("GET", "/v1/members", customer="square:CUST-1")["id"] == member


def test_a_members_messages_are_listed_with_what_became_of_each(till):
    asked = f"/v1/members/{till.member}/messages"
    [told] = till.gets("GET", asked, limit=5)["messages"]
    assert (told["about"], told["channel"], told["state"]) == (
        "sale:generic:R1",
        "sms",
        "on its way",
    )
    assert "phone" not in told
    assert till.refused("GET", "/v1/members/m_nobody/messages") == (404, "not_found")


def test_a_birthday_in_another_form_is_told_by_a_word_of_its_own(till):
    [wrong] = till.call("POST", "/v1/members", {"birthday": "31.12."}).get_json()["errors"]
    assert (wrong["pointer"], wrong["code"]) == ("#/birthday", "invalid_date")
    assert wrong["detail"] == "Wanted: MM-DD, as in 03-31."
