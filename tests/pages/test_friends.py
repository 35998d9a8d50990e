"""Guests who bring friends: what their card hands on, and where the friend lands with it."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.functions.serving import application
from tests.pages.guest import Guest
from tests.steps.cafe import HARI, SITA

from loyalty.domain.transaction import BY_HAND
from loyalty.friends import referring
from loyalty.guests import erasing, sessions
from loyalty.records import identities, profiles, referrals, sign_ins

CODE = re.compile(r'<p class="letters">([A-Z2-9]{4}-[A-Z2-9]{4})</p>\n<p><a')
LINK = re.compile(r'<a href="(https://cafe\.example/r/[^"]+)"')


@pytest.fixture
def cafe(opened):
    return opened("friends")


@pytest.fixture
def sita(cafe):
    return Guest(cafe, application("member_page").test_client).joins()


@pytest.fixture
def hari(sita):
    return sita.another()


def code_of(guest):
    return CODE.search(guest.goes("/card").text)[1]


def lands(hari, sita, more=""):
    return hari.goes(f"/r/{code_of(sita)}{more}")


def path_to_join(guest):
    found = re.search(r'<a class="button" href="([^"]+)"', guest.text)
    return unescape(found[1])


def comes(hari, sita, more=""):
    """Go the whole way from the link to the card."""
    hari.asks(HARI, path=path_to_join(lands(hari, sita, more)))
    hari.types(hari.code())
    hari.cafe.rig.run()
    return hari.member()


# -- the card -----------------------------------------------------------------------------------


def test_the_card_has_the_code_and_a_link_to_hand_on(cafe, sita):
    code = code_of(sita)
    assert referring.owner(code, cafe.shop) == sita.member()
    assert LINK.search(sita.text)[1] == f"https://cafe.example/r/{code}"
    assert "You get 30 points for a friend" in sita.text
    assert "7 days after they have bought for EUR 5.00" in sita.text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Come to Momo & Friends with me and collect points: "),
        ("de", "Komm mit zu Momo & Friends und sammle Punkte: "),
        ("ne", "मसँग Momo & Friends मा आउनुहोस् र अंक जम्मा गर्नुहोस्: "),
    ],
)
def test_it_is_shared_by_text_whatsapp_and_mail_in_the_guests_language(sita, language, words):
    link = f"https://cafe.example/r/{code_of(sita)}"
    text = words + link
    sita.goes(f"/card?lang={language}")
    found = re.findall(r'<a class="button" href="((?:sms|https://wa|mailto)[^"]+)"', sita.text)
    parts = [urlsplit(unescape(each)) for each in found]
    assert [(p.scheme, p.netloc, p.path) for p in parts] == [
        ("sms", "", ""), ("https", "wa.me", "/"), ("mailto", "", "")
    ]  # fmt: skip
    assert [parse_qs(p.query) for p in parts] == [
        {"body": [text]}, {"text": [text]}, {"subject": ["Momo & Friends"], "body": [text]}
    ]  # fmt: skip


def test_a_guest_sees_how_many_friends_came_and_no_names(cafe, sita, hari):
    assert 'id="brought"' not in sita.goes("/card").text
    comes(hari, sita)
    assert "Friends who came: 1. Paid: 0. Waiting: 1." in sita.goes("/card").text
    cafe.buys("R1", 500, HARI)
    cafe.passes(days=7)
    assert "Friends who came: 1. Paid: 1. Waiting: 0." in sita.goes("/card").text
    assert HARI not in sita.text
    assert "Hari" not in sita.text


def test_a_friend_who_waits_for_a_person_looks_like_any_who_waits(cafe, sita, hari):
    comes(hari, sita)
    cafe.buys("R1", 500, HARI, revision=BY_HAND)
    cafe.passes(days=7)
    assert referrals.get(cafe.shop.store, hari.member()).state == "held"
    assert "Friends who came: 1. Paid: 0. Waiting: 1." in sita.goes("/card").text


def test_a_program_without_a_part_for_friends_shows_none(opened):
    cafe = opened()
    guest = Guest(cafe, application("member_page").test_client).joins()
    assert "Bring a friend" not in guest.goes("/card").text


def test_who_has_no_code_yet_makes_it_with_a_button(cafe, sita):
    made = cafe.shop.pepper.code(f"referral:{sita.member()}")
    name = cafe.shop.pepper.hash("referral", made)
    cafe.shop.store.atomically("ledger", lambda unit: identities.delete(unit, name))
    assert made not in sita.goes("/card").text
    sita.sends("/friends").again()
    assert sita.status == 303
    assert code_of(sita) == made


def test_looking_at_the_card_changes_nothing(cafe, sita):
    before = cafe.rig.dump()
    code_of(sita)
    assert cafe.rig.dump() == before


# -- the landing page ---------------------------------------------------------------------------


def test_a_friend_is_told_who_we_are_and_what_both_get_and_gets_no_cookie(sita, hari):
    lands(hari, sita)
    assert hari.status == 200
    for said in ("invited to Momo &amp; Friends", "Main Street · The Pier", "You get 10 points",
                 "Whoever invited you gets 30 points", "EUR 5.00"):  # fmt: skip
        assert said in hari.text
    assert "Set-Cookie" not in hari.answer.headers
    assert "<form" not in hari.text


def test_the_page_of_a_store_names_it_and_remembers_it(cafe, sita, hari):
    assert "The Pier" in lands(hari, sita, "/pier").text
    assert "Main Street" not in hari.text
    assert profiles.get(cafe.shop.store, comes(hari, sita, "/pier")).store == "pier"
    assert hari.goes("/r/AAAA-AAAA/nowhere").status == 404


def test_the_page_speaks_the_languages_of_the_program(sita, hari):
    assert "Du bist zu Momo &amp; Friends eingeladen" in lands(hari, sita, "?lang=de").text
    assert "lang=de" in path_to_join(hari)
    assert "निम्तो" in lands(hari, sita, "?lang=ne").text


def test_whoever_joins_over_the_link_is_the_guests_friend_and_both_are_paid(cafe, sita, hari):
    member = comes(hari, sita)
    assert referrals.get(cafe.shop.store, member).referrer == sita.member()
    cafe.buys("R1", 500, HARI)
    cafe.passes(days=7)
    assert (cafe.points(sita.member()), cafe.points(member)) == (30, 15)


def test_the_code_is_kept_when_another_language_or_another_code_is_asked_for(cafe, sita, hari):
    start = path_to_join(lands(hari, sita))
    hari.goes(start)
    [other] = re.findall(r'href="(\?lang=de[^"]*)"', hari.text)
    hari.asks(HARI, path=f"/join{unescape(other)}").goes("/code")
    again = unescape(re.search(r'href="(/join\?[^"]*)"', hari.text)[1])
    hari.asks(HARI, path=again).types(hari.code())
    assert referrals.get(cafe.shop.store, hari.member()).referrer == sita.member()


def test_what_a_friend_told_is_gone_once_they_are_in(cafe, sita, hari):
    comes(hari, sita)
    assert {wish.friend for wish in sign_ins.each(cafe.shop.store)} == {""}


UNUSABLE = ("AAAA-AAAA", "AAAAAAAA", "nonsense", "%D8%A7" * 3, "x" * 128, "0000-0000")


@pytest.mark.parametrize("code", UNUSABLE)
def test_a_code_that_is_nobodys_welcomes_without_a_reward(cafe, sita, hari, code):  # noqa: ARG001
    hari.goes(f"/r/{code}")
    if hari.status == 404:
        assert "%" in code
        return
    assert "This code cannot be used. You are welcome all the same." in hari.text
    assert "points as a welcome" not in hari.text
    assert "Set-Cookie" not in hari.answer.headers
    hari.asks(HARI, path=path_to_join(hari)).types(hari.code())
    assert hari.status == 303
    assert referrals.get(cafe.shop.store, hari.member()) is None


def test_all_codes_that_cannot_be_used_are_answered_alike(cafe, sita, hari):
    gone = code_of(sita)
    erasing.erase(sita.member(), cafe.shop)
    pages = {
        re.sub(r"p1\.[0-9a-f]+", "", hari.goes(f"/r/{code}").text)
        for code in (gone, "AAAA-AAAA", "nonsense")
    }
    assert len(pages) == 1


def test_a_forged_code_in_the_form_keeps_nobody_out(cafe, sita, hari):  # noqa: ARG001
    hari.asks(HARI, friend="'; drop table").types(hari.code())
    assert hari.status == 303
    assert referrals.get(cafe.shop.store, hari.member()) is None


def test_without_a_part_for_friends_no_code_can_be_used(opened):
    cafe = opened()
    member = cafe.join("Sita", SITA)
    guest = Guest(cafe, application("member_page").test_client)
    guest.goes(f"/r/{referring.code(member, cafe.shop)}")
    assert "This code cannot be used" in guest.text


def test_a_guest_of_old_who_has_bought_is_nobodys_friend(cafe, sita, hari):
    member = cafe.join("Hari", HARI)
    cafe.buys("R1", 500, HARI)
    assert comes(hari, sita) == member
    assert referrals.get(cafe.shop.store, member) is None


def test_signing_in_cut_off_after_joining_still_finds_the_friend(cafe, sita, hari):
    """The member is there, and the wish is not done: the second try ends it."""
    hari.asks(HARI, path=path_to_join(lands(hari, sita)))
    member = cafe.join("", HARI)
    hari.types(hari.code())
    assert hari.member() == member
    assert referrals.get(cafe.shop.store, member).referrer == sita.member()


def test_a_code_is_read_however_it_is_typed(sita, hari):
    code = code_of(sita).replace("-", "").lower()
    assert "You get 10 points" in hari.goes(f"/r/{code}").text


def test_a_link_signs_in_to_a_card_with_a_code(cafe, sita):
    other = sita.another()
    token = sessions.link(cafe.join("Maya", "+4915112345679"), cafe.shop)
    other.goes(f"/m/{token}").sends()
    assert other.goes("/card").sends("/friends").status == 303
    assert CODE.search(other.goes("/card").text)


def test_the_part_for_friends_is_fenced_in_like_every_page(sita, hari):
    lands(hari, sita)
    assert "default-src 'none'" in hari.answer.headers["Content-Security-Policy"]
    assert hari.answer.headers["Cache-Control"] == "no-store"
