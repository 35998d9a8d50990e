"""A till that was offline tells what it handed out: captured, or a loss of the house; once."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.functions.test_member_api import PHONE, PROGRAM, Till, till
from tests.rig import NOON, opened, sale

from loyalty import app as composition
from loyalty import wording
from loyalty.audit import audit
from loyalty.connectors.spec import Guest
from loyalty.errors import TryAgain
from loyalty.events import NotificationRequested, decode
from loyalty.records import accounts, entries, losses, timers
from loyalty.web import auth

LATER = NOON + timedelta(hours=1)
__all__ = ["till"]


def held(till: Till, name: str = "R81", **more: Any) -> Any:
    return till.holds(id=name, offline=True, **more)


def ticket(till: Till, name: str = "R81", **more: Any) -> str:
    return till.gets("GET", f"/v1/holds/{held(till, name, **more)['id']}/ticket")["ticket"]


def out(text: str, name: str = "T1", at: datetime = NOON, **more: Any) -> dict[str, Any]:
    body = {"ticket": text, "at": at.isoformat(), "till": name, "value": 350, "store": "main"}
    return body | more


def told(till: Till, text: str, name: str = "T1", **more: Any) -> Any:
    return till.gets("POST", "/v1/tickets", out(text, name, **more))


def points(till: Till) -> int:
    return till.gets("GET", f"/v1/members/{till.member}")["points"]


def booked(till: Till) -> list[Any]:
    return list(losses.each(till.rig.store))


# -- tickets ------------------------------------------------------------------------------


def test_a_reward_to_be_shown_offline_is_set_aside_for_so_many_hours(till):
    assert held(till)["until"] == "2026-11-22T11:00:00Z"
    assert till.holds(id="R82")["until"] == "2026-11-21T11:15:00Z"


def test_a_ticket_says_what_the_till_takes_off_and_until_when(till):
    hold = held(till)
    issued = till.gets("GET", f"/v1/holds/{hold['id']}/ticket")
    assert issued["says"] == {
        "hold": hold["id"], "reward": "coffee", "title": "a coffee", "value": 0, "currency": "EUR",
        "categories": ["coffee"], "stores": [], "until": "2026-11-22T11:00:00Z",
    }  # fmt: skip
    assert till.gets("GET", f"/v1/holds/{hold['id']}/ticket") == issued


def test_a_ticket_says_nothing_of_the_guest(till):
    said = ticket(till).split(".")[1]
    text = base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)).decode()
    assert "coffee" in text
    assert not [secret for secret in (till.member, PHONE, PHONE[3:], "Sita") if secret in text]


def test_a_till_learns_the_key_and_its_bound_while_it_is_online(till):
    known = till.gets("GET", "/v1/tickets/key")
    assert (known["hours"], known["limit"], known["currency"]) == (24, 500, "EUR")
    assert len(base64.urlsafe_b64decode(known["key"] + "=")) == 32


def test_a_hold_that_is_over_has_no_ticket(till):
    path = f"/v1/holds/{held(till)['id']}"
    till.gets("POST", f"{path}/void", {})
    assert till.refused("GET", f"{path}/ticket") == (409, "hold_ended")
    assert till.refused("GET", "/v1/holds/nobody/ticket") == (404, "not_found")


@pytest.fixture
def plain(tmp_path):
    """A till of a program that says nothing of tickets."""
    with opened(tmp_path, PROGRAM.partition("redeeming:")[0]) as rig:
        composition.use(composition.App(rig.shop))
        auth.seed(rig.store, "rk_test")
        yield Till(rig)
        composition._APP.clear()


def test_without_offline_hours_there_are_no_tickets(plain):
    asked = {"id": "R81", "member": plain.member, "reward": "coffee", "offline": True}
    assert plain.refused("POST", "/v1/holds", asked) == (409, "no_tickets")
    path = f"/v1/holds/{plain.holds()['id']}/ticket"
    assert plain.refused("GET", path) == (409, "no_tickets")
    known = plain.gets("GET", "/v1/tickets/key")
    assert (known["hours"], known["limit"]) == (0, 0)


def test_a_key_of_another_store_is_given_no_ticket(till):
    path = f"/v1/holds/{held(till, store='main')['id']}/ticket"
    till.has("rk_pier", stores=("pier",))
    assert till.refused("GET", path) == (404, "not_found")
    till.has("rk_reader", scopes=("members:read",))
    assert till.refused("GET", path) == (403, "forbidden")


# -- telling ------------------------------------------------------------------------------


def test_what_was_handed_out_is_captured_when_the_till_is_back(till):
    text = ticket(till)
    till.rig.clock.advance(timedelta(hours=3))
    said = told(till, text, receipt="generic:R81")
    assert (said["state"], said["why"], said["lost"], said["beyond"]) == ("captured", "", 0, False)
    end = till.rig.history(till.member)[-1]
    assert (end.kind, end.receipt, end.by) == ("capture", "generic:R81", "key:local:T1")
    assert points(till) == 30


def test_told_twice_it_is_captured_once(till):
    text = ticket(till)
    assert told(till, text) == told(till, text)
    assert points(till) == 30
    assert booked(till) == []


def test_one_ticket_at_two_tills_is_one_capture_and_one_loss(till):
    text = ticket(till)
    assert told(till, text, "T1")["state"] == "captured"
    said = told(till, text, "T2")
    assert (said["state"], said["why"], said["lost"]) == ("lost", "already_captured", 350)
    assert told(till, text, "T2") == said, "told again, it is the same loss"
    assert told(till, text, "T1")["state"] == "captured"
    [loss] = booked(till)
    assert (loss.till, loss.reward, loss.value, loss.store, loss.day) == (
        "key:local:T2", "coffee", 350, "main", "2026-11-21",
    )  # fmt: skip


def test_a_loss_leaves_the_guests_points_as_they_are(till):
    text = ticket(till)
    told(till, text, "T1")
    before = accounts.get(till.rig.store, till.member)
    told(till, text, "T2")
    assert accounts.get(till.rig.store, till.member) == before
    till.rig.run()
    assert audit(entries.each(till.rig.store), accounts.each(till.rig.store)).findings == ()


def test_a_till_that_captured_it_online_on_the_same_receipt_has_lost_nothing(till):
    hold, text = held(till), ticket(till)
    till.gets("POST", f"/v1/holds/{hold['id']}/capture", {"receipt": "generic:R81"})
    assert told(till, text, receipt="generic:R81")["state"] == "captured"
    assert told(till, text, "T2", receipt="generic:R82")["state"] == "lost"


def test_what_was_taken_back_after_it_was_told_is_no_loss_when_it_is_told_again(till):
    hold, text = held(till), ticket(till)
    told(till, text)
    till.gets("POST", f"/v1/holds/{hold['id']}/take-back", {})
    assert told(till, text)["state"] == "captured"
    assert (booked(till), points(till)) == ([], 50)
    assert told(till, text, "T2")["why"] == "hold_voided"


def test_the_ticket_of_a_voided_hold_is_a_loss(till):
    hold, text = held(till), ticket(till)
    till.gets("POST", f"/v1/holds/{hold['id']}/void", {})
    assert told(till, text)["why"] == "hold_voided"
    assert points(till) == 50


def test_a_hold_that_ended_meanwhile_is_captured_late_and_lost_after_the_grace(till):
    one, two = ticket(till, "A"), ticket(till, "B")
    till.rig.clock.advance(timedelta(days=2))
    assert told(till, one)["state"] == "captured"
    assert till.rig.history(till.member)[-1].kind == "recapture"
    till.rig.clock.advance(timedelta(days=7))
    assert told(till, two)["why"] == "hold_expired"
    assert told(till, one)["state"] == "captured", "also late it is told only once"
    assert points(till) == 30


def test_a_reward_handed_out_at_the_wrong_store_is_a_loss(till):
    text = ticket(till, reward="cruise", store="pier")
    assert told(till, text)["why"] == "not_at_this_store"
    assert told(till, text)["state"] == "lost", "and stays one"
    assert told(till, text, "T2", store="pier")["state"] == "captured"


def test_a_receipt_of_another_guest_is_no_loss_but_a_mistake(till):
    till.rig.join(name="Anna", phone="+4915123456700")
    till.rig.tell(sale("R9", 1_000), Guest(phone="+4915123456700"))
    till.rig.run()
    text = ticket(till)
    wrong = out(text, receipt="generic:R9")
    assert till.refused("POST", "/v1/tickets", wrong) == (409, "receipt_of_another")
    assert told(till, text)["state"] == "captured"


def test_many_tills_at_once_are_one_capture_and_else_losses(till):
    text, known = ticket(till), [f"T{n}" for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda name: told(till, text, name)["state"], known * 2))
    assert [said[:8].count(state) for state in ("captured", "lost")] == [1, 7]
    assert said[8:] == said[:8], "each till hears the same when it tells again"
    assert (len(booked(till)), points(till)) == (7, 30)


# -- the bound ----------------------------------------------------------------------------


def lose(till: Till, name: str, at_till: str, **more: Any) -> Any:
    """Hand out a reward whose hold was voided before."""
    hold, text = held(till, name, reward="pay"), ticket(till, name, reward="pay")
    till.gets("POST", f"/v1/holds/{hold['id']}/void", {})
    return told(till, text, at_till, **more)


def test_losses_add_up_for_each_till_and_beyond_the_bound_it_is_told(till):
    assert (lose(till, "A", "T1")["lost"], lose(till, "B", "T2")["lost"]) == (350, 350)
    exact = lose(till, "C", "T1", value=150)
    assert (exact["lost"], exact["limit"], exact["beyond"]) == (500, 500, False)
    beyond = lose(till, "D", "T1", value=1)
    assert (beyond["lost"], beyond["beyond"]) == (501, True)
    assert len(booked(till)) == 4, "what is beyond is booked too"
    captured = told(till, ticket(till, "E"), "T1")
    assert (captured["state"], captured["beyond"]) == ("captured", True)


def test_the_tills_of_two_keys_are_not_one_till(till):
    lose(till, "A", "T1")
    till.has("rk_two")
    assert lose(till, "B", "T1")["lost"] == 350


def test_losses_count_on_the_business_day_of_the_store_on_which_it_was_handed_out(till):
    """The day in Berlin turns at four: 02:59 by UTC in November is still yesterday's."""
    till.rig.clock.advance(timedelta(days=1))
    late, early = (datetime.fromisoformat(f"2026-11-22T{at}+00:00") for at in ("02:59", "03:00"))
    said = [lose(till, "A", "T1", at=late), lose(till, "B", "T1", at=early)]
    assert [(each["day"], each["lost"]) for each in said] == [
        ("2026-11-21", 350), ("2026-11-22", 350),
    ]  # fmt: skip


# -- staff hear of it ---------------------------------------------------------------------


@pytest.fixture
def watched(tmp_path):
    """A till of a program that alerts staff to losses."""
    alert = 'gone: {on: offline-loss, text: "{reward} ({total}) at {store} for nothing."}'
    with opened(tmp_path, PROGRAM.replace("alerts:\n", f"alerts:\n  {alert}\n")) as rig:
        composition.use(composition.App(rig.shop))
        auth.seed(rig.store, "rk_test")
        yield Till(rig)
        composition._APP.clear()


class DeadBus:
    """A bus that takes nothing."""

    def publish(self, topic: str, events: Any) -> None:
        raise TryAgain(f"{topic}: {len(events)} events were not taken")


def alerts(till: Till) -> list[NotificationRequested]:
    found = [body for topic, body in till.rig.bus.published if topic == "notification-requested"]
    return [each for each in map(decode, found) if each.audience == "staff"]


def test_staff_hear_once_of_a_loss_and_of_nobodys_name(watched):
    lose(watched, "A", "T1")
    [request] = alerts(watched)
    program = watched.rig.shop.programs.current().program
    text = wording.alert(program, request.says[0])
    assert text == "points as money (EUR 3.50) at Main Street for nothing."
    assert watched.member.encode() not in watched.rig.bus.published[-1][1]
    promised = timers.find(watched.rig.store, ("due_at", "<", LATER), order="due_at")
    assert not [each for each in promised if each.subject.startswith("loss:")]


def test_an_alert_that_could_not_be_published_is_published_by_the_sweep(watched):
    text, path = ticket(watched), f"/v1/holds/{held(watched)['id']}"
    watched.gets("POST", f"{path}/void", {})
    composition.use(composition.App(watched.rig.shop._replace(bus=DeadBus())))
    assert watched.call("POST", "/v1/tickets", out(text)).status_code == 503
    composition.use(composition.App(watched.rig.shop))
    assert told(watched, text)["state"] == "lost", "the till tells again"
    assert alerts(watched) == []
    watched.rig.clock.advance(timedelta(minutes=3))
    watched.rig.sweep()
    assert len({each.id for each in alerts(watched)}) == 1
    assert len(booked(watched)) == 1


# -- what is refused ----------------------------------------------------------------------


def test_a_ticket_that_we_did_not_sign_is_refused_and_nothing_is_booked(till):
    text = ticket(till)
    forged = text.replace("T1.", "T1.A")
    assert till.refused("POST", "/v1/tickets", out(forged)) == (422, "invalid_ticket")
    assert till.refused("POST", "/v1/tickets", out("")) == (422, "invalid_ticket")
    assert (points(till), booked(till)) == (30, [])


@pytest.mark.parametrize("off", [timedelta(hours=25), -timedelta(hours=25)])
def test_a_day_on_which_it_cannot_have_been_is_refused(till, off):
    body = out(ticket(till), at=NOON + off)
    assert till.refused("POST", "/v1/tickets", body) == (422, "wrong_date")


def test_the_ends_of_time_are_refused(till):
    text = ticket(till)
    for at in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        body = out(text) | {"at": at}
        assert till.refused("POST", "/v1/tickets", body) == (422, "wrong_date")
