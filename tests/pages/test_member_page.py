"""What the guest's pages promise: proof by a code, consent, their own card and nobody else's."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from tests.functions.serving import application
from tests.pages.guest import ORIGIN, Guest
from tests.rig import sale
from tests.steps.cafe import HARI, SERVICE_ONLY, SITA

from loyalty.counter import claiming, redeeming
from loyalty.counter.redeeming import Capturing
from loyalty.domain.transaction import Line
from loyalty.guests import codes, members, merging, sessions, tagging
from loyalty.records import consents, contacts, profiles, sign_ins
from loyalty.records import sessions as kept_sessions
from loyalty.web import member_page
from loyalty.web.pages.texts import LANGUAGES, TEXTS

SLOT = re.compile(r"\{[a-z]+\}")


def published(cafe, what):
    return [body for _, body in cafe.bus.published if f'"what":"{what}"'.encode() in body]


def rich(cafe, guest, euros=100):
    """Let the guest join and spend."""
    guest.joins()
    cafe.buys("R1", euros * 100)
    return guest.member()


# -- joining ----------------------------------------------------------------------------------


def test_a_guest_joins_by_a_code_with_the_consents_they_ticked(cafe, guest):
    guest.joins(birthday="03-31", store="main")
    member = guest.member()
    contact, profile = contacts.get(cafe.shop.store, member), profiles.get(cafe.shop.store, member)
    given = {name for name, consent in contact.consents.items() if consent.given}
    assert (contact.name, contact.phone, given) == ("Sita Rai", SITA, {"sms:service"})
    assert (profile.birthday, profile.store, profile.registered_at) == ("03-31", "main", cafe.now)
    proofs = consents.find(cafe.shop.store, ("member", "==", member))
    assert {(p.channel, p.purpose, p.given, p.source) for p in proofs} >= {
        ("sms", "service", True, "page"), ("email", "marketing", False, "page"),
    }  # fmt: skip


def test_a_registration_is_told_once_however_often_the_guest_signs_in(cafe, guest):
    guest.joins()
    guest.another().joins()
    assert len(set(published(cafe, "registered"))) == 1
    assert len(set(published(cafe, "joined"))) == 1


def test_a_guest_known_from_the_till_is_signed_in_and_stays_as_they_are(cafe, guest):
    member = cafe.join("Hari", SITA, consents=SERVICE_ONLY)
    guest.joins(name="Somebody", **{"sms:marketing": "yes"})
    assert guest.member() == member
    assert cafe.contact(member).name == "Hari"
    assert "sms:marketing" not in cafe.contact(member).consents


def test_whether_a_number_is_known_cannot_be_seen(cafe, guest):
    cafe.join("Hari", HARI)
    told = []
    for each, number in ((guest, SITA), (guest.another(), HARI)):
        each.asks(number)
        first = (each.status, each.text, each.answer.headers["Location"])
        each.goes("/code")
        told.append((first, re.sub(r"p1\.[0-9a-f]+", "", each.text)))
    assert told[0] == told[1]


def test_an_email_address_is_proved_by_a_mail(cafe, guest):
    guest.joins("sita@momo.example")
    assert cafe.contact(guest.member()).email == "sita@momo.example"
    assert {message.channel for message in cafe.sandbox.outbox} == {"email"}


def test_a_code_opens_once_for_its_own_browser_and_ten_minutes(cafe, guest):
    guest.joins()
    used, late = guest.another(), guest.another()
    assert used.types(guest.code()).status == 410
    late.asks()
    cafe.is_now(cafe.now + codes.GOOD_FOR)
    assert late.types(late.code()).status == 410


def test_two_clicks_on_the_right_code_are_one_session(cafe, guest):
    guest.asks()
    before = guest.browser.get_cookie("__Host-guest", domain="cafe.example").value
    guest.types(guest.code())
    member = guest.member()
    guest.browser.set_cookie(
        "__Host-guest", before, domain="cafe.example", secure=True, httponly=True
    )
    guest.again()
    assert (guest.status, guest.member()) == (303, member)
    assert len(kept_sessions.find(cafe.shop.store, ("member", "==", member))) == 1


def test_five_guesses_use_a_code_up(cafe, guest):  # noqa: ARG001 - the cafe is open
    guest.asks()
    right = guest.code()
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    assert [guest.types(wrong).status for _ in range(5)] == [403] * 5
    assert guest.types(right).status == 410


def test_a_number_gets_three_codes_in_ten_minutes_and_a_block_of_numbers_ten(cafe, guest):
    asked = [guest.another().asks().status for _ in range(4)]
    assert asked == [303, 303, 303, 429]
    cafe.is_now(cafe.now + codes.GOOD_FOR)
    assert guest.another().asks().status == 303
    block = [guest.another().asks(f"+49151234561{n:02}").status for n in range(11)]
    assert block == [303] * 10 + [429]


def test_who_asks_from_one_place_gets_twenty_codes_in_ten_minutes(cafe, guest):  # noqa: ARG001
    asked = [guest.another().asks(f"guest{n}@momo.example").status for n in range(21)]
    assert asked == [303] * 20 + [429]


def test_a_form_that_is_sent_twice_asks_for_one_code(cafe, guest):
    guest.asks()
    guest.again()
    cafe.rig.run()
    assert (guest.status, len(cafe.texts())) == (303, 1)


def test_who_said_stop_gets_no_code_and_the_same_answer(cafe, guest):
    cafe.join("Hari", SITA)
    cafe.gets("STOP")
    said = len(cafe.texts())
    guest.asks()
    assert (guest.status, len(cafe.texts())) == (303, said)
    assert "If you told us STOP" in guest.goes("/join").text


def test_a_code_leaves_in_quiet_hours_as_it_was_asked_for_now(cafe, guest):
    cafe.is_now(cafe.now + timedelta(hours=11))
    guest.joins()


def test_neither_number_nor_code_nor_token_is_where_it_does_not_belong(cafe, guest):
    guest.asks()
    code = guest.code()
    guest.types(code)
    cafe.rig.run()
    token = guest.browser.get_cookie("__Host-guest", domain="cafe.example").value
    told = b"".join(body for _, body in cafe.bus.published) + str(cafe.rig.dump()).encode()
    logged = cafe.shop.log.stream.getvalue().encode()
    assert [secret for secret in (code, token) if secret.encode() in told + logged] == []
    assert SITA.encode() not in b"".join(body for _, body in cafe.bus.published) + logged
    assert b"POST /code" in logged
    assert sign_ins.get(cafe.shop.store, codes.named(token)) is None


# -- sessions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://evil.example"}, {"Origin": "null"},
     {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"}],
)  # fmt: skip
def test_what_another_site_sends_is_refused(guest, headers):
    guest.joins()
    assert guest.goes("/card").sends("/out", headers=headers).status == 403
    assert guest.member()


def test_a_form_without_our_own_secret_is_refused(guest):
    guest.joins()
    guest.goes("/card").sends("/out", csrf="p1.made-up")
    assert (guest.status, bool(guest.member())) == (403, True)


def test_the_cookie_is_for_this_site_alone_and_no_script_sees_it(guest):
    guest.goes("/join")
    [cookie] = guest.answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-guest=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def test_looking_changes_nothing_and_every_page_is_fenced_in(cafe, guest):
    guest.joins()
    hold = rich_hold(cafe, guest)
    before = cafe.rig.dump()
    for page in member_page.PAGES:
        if page.method == "GET":
            slots = {"store": "main", "id": hold, "name": "apple_wallet", "code": "K7QM-2XRD"}
            path = page.path.format(token=sessions.new_token(), **slots)
            head = guest.goes(path).answer.headers
            assert "default-src 'none'" in head["Content-Security-Policy"]
            assert head["Referrer-Policy"] == "strict-origin"
            assert "no-store" in head["Cache-Control"] or "public" in head["Cache-Control"]
            assert b"<script" not in guest.answer.get_data()
    assert cafe.rig.dump() == before


def rich_hold(cafe, guest):
    cafe.buys("R9", 5000)
    guest.goes("/card").sends("/hold", place=2)
    return guest.answer.headers["Location"].rpartition("/")[2]


def test_a_link_signs_in_once_and_only_when_its_button_is_pressed(cafe, guest):
    token = sessions.link(cafe.join(), cafe.shop)
    other = guest.another()
    guest.goes(f"/m/{token}").goes(f"/m/{token}").sends()
    assert (guest.status, bool(guest.member())) == (303, True)
    assert other.goes(f"/m/{token}").sends().status == 410
    assert token not in cafe.shop.log.stream.getvalue()


def test_a_link_is_good_for_fifteen_minutes(cafe, guest):
    token = sessions.link(cafe.join(), cafe.shop)
    cafe.is_now(cafe.now + sessions.LINK_LASTS)
    assert guest.goes(f"/m/{token}").sends().status == 410


def test_a_session_ends_by_time_and_by_signing_out(cafe, guest):
    guest.joins()
    guest.goes("/card").sends("/out")
    assert guest.goes("/card").status == 303
    guest.joins()
    cafe.is_now(cafe.now + sessions.LASTS)
    assert guest.goes("/card").status == 303


# -- the card ---------------------------------------------------------------------------------


def test_the_card_shows_points_what_can_be_taken_and_how_far_the_next_is(cafe, guest):
    rich(cafe, guest, euros=25)
    text = guest.goes("/card").text
    assert '<strong id="points">25</strong>' in text
    assert "5 points to go: 2 euros off" in text
    assert "a coffee" in text
    assert "a toast" not in text


def test_the_card_shows_how_full_a_stamp_card_is(cafe, guest):
    rich(cafe, guest)
    lines = (Line(id="1", amount=900, category="coffee", quantity=3000),)
    cafe.buys("C1", 900, lines=lines)
    assert "Coffee card: 4 of 5 stamps for a cake" in guest.goes("/card").text


def test_the_code_on_the_card_leads_to_the_guest(cafe, guest):
    member = rich(cafe, guest)
    code = members.card(member, cafe.shop)
    assert code in guest.goes("/card").text
    assert members.find(cafe.shop, card=code) == member


def test_a_reward_is_set_aside_once_shown_as_a_code_and_captured_by_it(cafe, guest):
    member = rich(cafe, guest)
    hold = rich_hold(cafe, guest)
    guest.again()
    assert cafe.points(member) == 150 - 20
    page = guest.goes(f"/hold/{hold}")
    assert hold in page.text
    assert "60 minutes left" in page.text
    assert page.answer.headers["Refresh"]
    redeeming.capture(Capturing(id=hold), cafe.shop)
    assert "Enjoy!" in guest.goes(f"/hold/{hold}").text
    assert "Refresh" not in guest.answer.headers


def test_a_guest_who_cancels_has_the_points_back(cafe, guest):
    member = rich(cafe, guest)
    hold = rich_hold(cafe, guest)
    guest.goes(f"/hold/{hold}").sends(f"/hold/{hold}/cancel")
    assert "Cancelled" in guest.follows().text
    assert cafe.points(member) == 150


def test_a_reward_of_another_guest_is_as_absent_as_none(cafe, guest):
    rich(cafe, guest)
    hold = rich_hold(cafe, guest)
    other = guest.another().joins(HARI)
    absent = other.goes("/hold/AAAA-AAAA")
    told = (absent.status, absent.text)
    assert (other.goes(f"/hold/{hold}").status, other.text) == told
    other.last = (f"/hold/{hold}/cancel", {"csrf": re.search(r"p1\.\w+", other.text)[0]})
    assert other.again().status == 404


def test_a_voucher_is_taken_from_the_page(cafe, guest):
    rich(cafe, guest)
    cafe.is_now(cafe.now + timedelta(days=1))
    cafe.buys("R2", 500)
    guest.goes("/card")
    assert "a cake" in guest.text
    guest.sends("/hold")
    assert "a cake" in guest.follows().text


def test_the_history_says_why_a_sale_gave_nothing(cafe, guest):
    guest.joins()
    cafe.told(sale("R3", 50, at=cafe.now), SITA)
    cafe.rig.run()
    text = guest.goes("/history").text
    assert "+0" in text
    assert "EUR 0.50: 1 point per euro" in text


def test_the_history_does_not_show_the_teams_own_notes(cafe, guest):
    guest.joins()
    tagging.give(members.find(cafe.shop, phone=SITA), "talks_a_lot", "staff:maya", cafe.shop)
    assert "talks_a_lot" not in guest.goes("/history").text


@pytest.mark.parametrize(
    ("shared", "language", "words"),
    [
        (False, "en", "Your two accounts became one"),
        (False, "de", "Deine beiden Konten sind jetzt eins"),
        (False, "ne", "तपाईंका दुई खाता एउटै भए"),
        (True, "en", "Points are kept together with another member&#39;s"),
        (True, "de", "Die Punkte liegen jetzt mit denen eines anderen Mitglieds zusammen"),
        (True, "ne", "अंक अब अर्को सदस्यको अंकसँगै राखिन्छ"),
    ],
)
def test_the_history_tells_a_shared_account_from_a_merged_one(opened, shared, language, words):
    cafe = opened("wallets")
    guest = Guest(cafe, application("member_page").test_client).joins()
    wish = merging.Wish("M1", cafe.join("Hari", HARI), guest.member(), "key:x", shared=shared)
    merging.merge(wish, cafe.shop)
    text = guest.goes(f"/history?lang={language}").text
    assert words in text
    assert "became one" not in text.replace(words, "")


def test_a_receipt_without_a_card_is_claimed_by_its_code(cafe, guest):
    guest.joins()
    cafe.rig.tell(sale("R7", 4000, at=cafe.now))
    cafe.rig.run()
    code = claiming.code("generic:R7", cafe.shop.pepper)
    assert "It is yours" in guest.goes("/claim").sends("/claim", code=code).text
    cafe.rig.run()
    assert cafe.points(guest.member()) == 40
    assert "a letter may be wrong" in guest.goes("/claim").sends("/claim", code="AAAA-AAAAB").text


# -- own data ---------------------------------------------------------------------------------


def test_consent_is_taken_back_with_proof_and_the_language_changes(cafe, guest):
    guest.joins()
    member = guest.member()
    cafe.is_now(cafe.now + timedelta(minutes=1))
    guest.goes("/me").sends("/me", **{"email:marketing": "yes"})
    assert "Saved." in guest.follows().text
    given = {name for name, each in cafe.contact(member).consents.items() if each.given}
    assert given == {"email:marketing"}
    proofs = consents.find(cafe.shop.store, ("member", "==", member), order=None)
    assert ("sms", "service", False) in {(p.channel, p.purpose, p.given) for p in proofs}


def test_a_new_phone_is_proved_and_the_old_one_is_told(cafe, guest):
    guest.joins()
    member = guest.member()
    guest.goes("/me").sends("/me/address", address=HARI)
    cafe.rig.run()
    guest.types(guest.code())
    cafe.rig.run()
    assert cafe.contact(member).phone == HARI
    assert members.find(cafe.shop, phone=HARI) == member
    assert members.find(cafe.shop, phone=SITA) is None
    last = cafe.sandbox.outbox[-1]
    assert (last.to, "another address" in last.text) == (SITA, True)


def test_an_address_of_another_member_is_not_taken_over(cafe, guest):
    other = cafe.join("Hari", HARI)
    guest.joins()
    guest.goes("/me").sends("/me/address", address=HARI)
    cafe.rig.run()
    assert guest.types(guest.code()).status == 409
    assert members.find(cafe.shop, phone=HARI) == other


def test_a_new_phone_that_said_stop_stays_blocked(cafe, guest):
    guest.joins("sita@momo.example")
    guest.goes("/me").sends("/me/address", address=HARI)
    cafe.rig.run()
    code = guest.code()
    cafe.gets("STOP", HARI)
    guest.types(code)
    assert cafe.contact(guest.member()).suppressed == {"sms": "opted-out"}


def test_the_export_holds_what_we_know(cafe, guest):
    rich(cafe, guest)
    told = guest.goes("/me/export").answer.get_json()
    assert told["member"]["phone"] == SITA
    assert {"sale"} <= {act["kind"] for act in told["history"]}
    assert len(told["consents"]) == 4


def test_who_says_so_twice_is_erased_and_signed_out(cafe, guest):
    guest.joins()
    member = guest.member()
    unsure = guest.goes("/me").sends("/me/erase")
    assert unsure.status == 422
    assert "Tick the box first" in unsure.text
    assert "gone for good" not in unsure.text
    guest.goes("/me").sends("/me/erase", sure="yes")
    assert "You are erased" in guest.follows().text
    assert cafe.contact(member) is None
    assert guest.goes("/card").status == 303
    assert len(set(published(cafe, "erased"))) == 1


def test_who_shares_an_account_sees_only_what_they_set_aside_themselves(cafe, guest):
    guest.joins()
    other = cafe.join("Hari", "+4915112345699")
    merging.merge(merging.Wish("S1", other, guest.member(), "key:x", shared=True), cafe.shop)
    cafe.buys("R1", 9000)
    redeeming.hold(redeeming.Asking(id="THEIRS", member=other, reward="coffee"), cafe.shop)
    redeeming.hold(redeeming.Asking(id="MINE", member=guest.member(), reward="coffee"), cafe.shop)
    text = guest.goes("/card").answer.get_data(as_text=True)
    assert ("MINE" in text, "THEIRS" in text) == (True, False)


# -- words ------------------------------------------------------------------------------------


def test_every_text_is_there_in_every_language_with_the_same_slots():
    for key, words in TEXTS.items():
        assert words.keys() == LANGUAGES.keys(), key
        slots = [sorted(SLOT.findall(text)) for text in words.values()]
        assert slots.count(slots[0]) == len(slots), key


def test_the_poster_leads_to_the_stores_own_form(guest):
    picture = guest.goes("/join/main/poster.svg")
    assert picture.answer.mimetype == "image/svg+xml"
    assert "Reward Cafe" in picture.text
    assert guest.goes("/join/main/poster.pdf").answer.get_data()[:5] == b"%PDF-"
    assert guest.goes("/join/nowhere/poster.svg").status == 404
    assert 'name="store" value="main"' in guest.goes("/join/main").text
