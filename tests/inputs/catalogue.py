"""Bad input and abuse: 55 kinds of it, and exactly how each is answered.

`ROWS` is what is there today; `LATER` names the kinds that belong to what is not built yet. Where
an answer is not the one that was first thought of, `why` says which decision made it so.
"""

from __future__ import annotations

import gzip
from typing import NamedTuple

from tests.functions.serving import KEY, a_sale
from tests.inputs.house import event, jwt
from tests.inputs.senders import (
    CANARY,
    Send,
    amount,
    another_store,
    asks,
    at,
    body,
    cut_off,
    deep,
    endless,
    get,
    guest,
    join,
    late,
    line,
    link,
    many_sales,
    method,
    post,
    resigned,
    sale,
    signature,
    start,
    twice,
    typed,
    unsigned,
    with_api_headers,
)

LATER = {
    25: "the guest's pages: a name that is HTML, shown in a browser",
    28: "exports: cells that a spreadsheet would run",
    42: "webhooks of partners: addresses that lead into our own network",
    45: "the staff console: a forged sign-in header (here it is ignored: row 35)",
    46: "receipts claimed by photo: one receipt, two guests",
    49: "referrals: rings of invented friends",
    50: "redeeming: one balance spent twice at once",
}


class Row(NamedTuple):
    """One input: its kind, what it is, how it comes, and its answer."""

    number: int
    what: str
    send: Send
    status: int
    code: str = ""
    why: str = ""


TOO_LONG = "x" * (256 * 1024)
BIDI = "Si\u202eta\u200b" + "\u0301\u0316" * 5000
CARD = "4111 1111 1111 1111"
NEW_PHONE = "+4915123450024"
EVIL = "a" * 50_000 + "!" * 50_000
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
FRAMING = (
    "in the cloud that is Google's front end; waitress takes it in one way, and the app trusts no "
    "header: it asks for the signature of the bytes it got"
)

ROWS = (
    Row(1, "GET on a webhook", method("GET"), 405, "method_not_allowed"),
    Row(1, "PUT on a webhook", method("PUT"), 405, "method_not_allowed"),
    Row(2, "a body above 256 kB", body(TOO_LONG + "x"), 413, "too_large"),
    Row(2, "a body of 11 MB", body("x" * 11 * 10**6), 413, "too_large"),
    Row(2, "chunks without an end", endless, 413, "too_large"),
    Row(2, "half of the bytes that were promised", cut_off(100), 401, "unauthorized"),
    Row(2, "none of the bytes that were promised", cut_off(0), 400, "incomplete"),
    Row(
        3, "a gzip body",
        lambda house: house.till(gzip.compress(a_sale()), headers={"Content-Encoding": "gzip"}),
        415, "content_encoding",
    ),
    Row(4, "text/plain", typed("text/plain"), 415, "media_type"),
    Row(4, "charset utf-16", typed("application/json; charset=utf-16"), 400, "invalid_encoding"),
    Row(4, "UTF-16 bytes", typed("application/json", a_sale().decode().encode("utf-16")),
        400, "invalid_encoding"),
    Row(4, "a byte order mark", body("\ufeff" + a_sale().decode()), 400, "invalid_encoding"),
    Row(5, "no signature", unsigned(a_sale()), 401, "unauthorized"),
    Row(5, "an empty signature", signature(""), 401, "unauthorized"),
    Row(5, "10,000 signatures, the good one last",
        resigned(lambda good: "v1,AAAA " * 10_000 + good), 401, "unauthorized"),
    Row(6, "the tag v0", resigned(lambda good: good.replace("v1,", "v0,")), 401, "unauthorized"),
    Row(6, "the tag none", signature("none,"), 401, "unauthorized"),
    Row(7, "a signature that is not ASCII", signature("v1,é\xff"), 401, "unauthorized"),
    Row(8, "junk inside the base64", resigned(lambda good: f"{good[:9]}!{good[9:]}"),
        401, "unauthorized"),
    Row(9, "signed 301 seconds ago", late(seconds=-301), 401, "unauthorized",
        "one same answer to whoever is refused: docs/generic-webhook.md"),
    Row(9, "signed for in 301 seconds", late(seconds=301), 401, "unauthorized"),
    Row(9, "the time -1", at("-1"), 401, "unauthorized"),
    Row(9, "the time 1e18", at("1000000000000000000"), 401, "unauthorized"),
    Row(10, "the same call again", twice, 200),
    Row(11, "the store of another account", another_store, 202,
        why="tills name their places and the program maps them (rule 25): put aside, not lost"),
    Row(11, "the signature of one account on the address of another",
        lambda house: house.till(a_sale(), path="/generic/second"), 401, "unauthorized"),
    Row(12, "JSON 5,000 deep", body(deep(5000)), 400, "too_deep"),
    Row(12, "JSON 5,000 deep to our API", post(deep(5000)), 400, "too_deep"),
    Row(13, "NaN", amount("NaN"), 400, "invalid_number"),
    Row(13, "Infinity", amount("Infinity"), 400, "invalid_number"),
    Row(13, "1e400", amount("1e400"), 400, "invalid_number"),
    Row(13, "-0", amount("-0"), 400, "invalid_number"),
    Row(13, "1.0 for a whole number", amount("1.0"), 400, "invalid_number"),
    Row(14, "a number of 5,000 digits", amount("9" * 5000), 400, "out_of_range"),
    Row(14, "2**63", amount(str(2**63)), 400, "out_of_range"),
    Row(15, "the same key twice", body('{"a":1,"a":2}'), 400, "duplicate_key"),
    Row(16, "true as an amount", amount("true"), 400, "invalid_type"),
    Row(16, 'the amount "10"', amount('"10"'), 400, "invalid_type"),
    Row(16, "the amount 1_000", amount("1_000"), 400, "invalid_body"),
    Row(16, "an amount in Arabic digits", amount("١٢"), 400, "invalid_body"),
    Row(17, "a purchase of -5.00", sale(total=-500), 422, "amount_sign"),
    Row(17, "a purchase of nothing", sale(total=0), 422, "amount_sign"),
    Row(18, "a receipt above the ceiling", sale(receipt="R18", total=50_001), 200,
        why="ingest decides nothing (rule 18): the receipt is taken and waits for a person"),
    Row(19, "another currency", sale(currency="USD"), 422, "currency_mismatch"),
    Row(19, "a currency there is not", sale(currency="ZZZ"), 422, "currency_mismatch"),
    Row(19, "half a yen", amount("10.50"), 400, "invalid_number",
        why="amounts are whole minor units in every currency: a fraction is no number of ours"),
    Row(20, "an empty body", body(""), 400, "invalid_body"),
    Row(20, "[]", body("[]"), 400, "invalid_body"),
    Row(20, "null", body("null"), 400, "invalid_body"),
    Row(20, "a text", body('"sale"'), 400, "invalid_body"),
    Row(20, "null to our API", post("null"), 400, "invalid_body"),
    Row(21, "points and a tier in a sale", sale(receipt="R21", points=10**6, tier="gold"), 200),
    Row(21, "points for oneself", join(phone=NEW_PHONE, points=10**6), 400, "invalid_body",
        why="the problem is the body's; `errors` names the field, as `unknown_field`"),
    Row(22, "a receipt with a slash", sale(receipt="x/members/m1"), 400, "invalid_id"),
    Row(22, "a receipt of 1,501 bytes", sale(receipt="x" * 1501), 400, "invalid_id"),
    Row(22, "a receipt that climbs", sale(receipt="../x"), 400, "invalid_id"),
    Row(22, "a member that climbs", get("/v1/members/..%2f..%2fkeys"), 404, "not_found"),
    Row(22, "a member with underscores", get("/v1/members/__x__"), 404, "not_found"),
    Row(23, "a NUL", sale(store="atelier\0"), 400, "invalid_text"),
    Row(23, "half a character", body('{"type":"\\ud800"}'), 400, "invalid_text"),
    Row(23, "an escape sequence", sale(store="\x1b[31m"), 400, "invalid_text"),
    Row(24, "a name of marks that cannot be seen", join(phone=NEW_PHONE, name=BIDI), 201),
    Row(26, "a name that looks like a template",
        join(phone="+4915123450026", name="{{7*7}}{points}%s{0.__class__}"), 201),
    Row(27, "a line break in an e-mail address", join(email="a@b.example\r\nBcc: c@d.example"),
        422, "email_not_allowed", why="it is no address at all, as other texts that are none"),
    Row(29, "an operator in place of a text", sale(receipt={"$ne": 1}), 400, "invalid_type"),
    Row(29, "an operator in place of a phone", join(phone={"$ne": ""}), 400, "invalid_body"),
    Row(29, "SQL for a member", get("/v1/members/m'%20OR%20'1'='1"), 404, "not_found"),
    Row(30, "a short code", join(phone="12345"), 422, "phone_not_allowed"),
    Row(30, "a premium number", join(phone="+49 900 1234567"), 422, "phone_not_allowed"),
    Row(30, "a satellite phone", join(phone="+881612345678"), 422, "phone_not_allowed"),
    Row(30, "an extension", join(phone="+4915123456789 ext 5"), 422, "phone_not_allowed"),
    Row(30, "two numbers", join(phone="+4915123456789 / +4915123456780"),
        422, "phone_not_allowed"),
    Row(30, "letters", join(phone="0151 234 HELLO"), 422, "phone_not_allowed"),
    Row(30, "a short code at the till", sale(receipt="R30", guest={"phone": "12345"}), 200,
        why="a mistyped phone makes the guest unknown, not the sale wrong"),
    Row(31, "an address of 1,000 characters", join(email="a" * 990 + "@b.example"),
        422, "email_not_allowed"),
    Row(31, "an address without a domain", join(email="a@b"), 422, "email_not_allowed"),
    Row(32, "31 February", sale(occurred_at="2026-02-31T00:00:00Z"), 400, "invalid_date"),
    Row(32, "the year 9999", sale(occurred_at="9999-12-31T23:59:59Z"), 400, "invalid_date"),
    Row(32, "no zone", sale(occurred_at="2026-11-21T12:00:00"), 400, "invalid_date"),
    Row(32, "a leap second", sale(occurred_at="2016-12-31T23:59:60Z"), 400, "invalid_date"),
    Row(32, "next week", sale(occurred_at="2026-11-28T12:00:00Z"), 422, "future_date"),
    Row(32, "a birthday in 1890", join(phone=NEW_PHONE, birthday="1890-01-01"),
        400, "invalid_body", "a birthday is a day and a month: no year is ever kept"),
    Row(33, "100 kB for every pattern of ours", sale(receipt=EVIL, store=EVIL),
        400, "invalid_id"),
    Row(33, "100 kB for the patterns of an address", join(email=EVIL), 422, "email_not_allowed"),
    Row(33, "100 kB for the patterns of a phone", join(phone=EVIL), 422, "phone_not_allowed"),
    Row(34, "two lengths of one body", line("Content-Length: 5", "Transfer-Encoding: chunked"),
        401, why=FRAMING),
    Row(34, "a header that goes on in the next line", line("Host: a", " b"), 401, why=FRAMING),
    Row(34, "two hosts", line("Host: a", "Host: b"), 401, why=FRAMING),
    Row(35, "an address and an account that we are to believe",
        with_api_headers(X_Forwarded_For="127.0.0.1", X_Goog_Authenticated_User_Email="me"),
        401, "unauthorized"),
    Row(35, "a push that says it is the scheduler",
        lambda house: house.push(event(""), token="", X_CloudScheduler="true"),
        401, "unauthorized", "who is not known is 401, as everywhere: docs/security-iam.md"),
    Row(36, "a push without a token", lambda house: house.push(event(""), token=""),
        401, "unauthorized", "the platform's own check answers 403, ours 401"),
    Row(36, "a push with another project's token",
        lambda house: house.push(event(""), token=jwt(aud="https://points", email="me@x.example")),
        401, "unauthorized"),
    Row(37, "a push with bad base64", lambda house: house.push(event("%%%")), 204),
    Row(37, "a push without data", lambda house: house.push({"message": {}}), 204),
    Row(37, "a push with attributes of others",
        lambda house: house.push({"message": {"attributes": {"a": CANARY}, "data": "e30="}}), 204),
    Row(38, "an unknown member", sale(receipt="R38", guest={"phone": "+4915123450038"}), 200,
        why="known or not is the same 200; it waits at the identity (identities-that-wait)"),
    Row(39, "a code for a member's number", asks("+4915123456789"), 303),
    Row(39, "a code for a number that nobody has", asks("+4915123450039"), 303),
    Row(40, "a link that is made up, looked at", link("GET"), 200),
    Row(40, "a link that is made up, pressed", link("POST"), 410),
    Row(41, "the fourth code for a number in ten minutes", asks("+4915123450041", times=4), 429),
    Row(41, "the eleventh number of one block", asks("+4915123451{:03}", times=11), 429),
    Row(43, "a form from another site",
        lambda house: house.screen("/sign-out", origin="https://evil.example", token="x"),
        403, "forged"),
    Row(43, "a form from nowhere", lambda house: house.screen("/sign-out", origin="", token="x"),
        403, "forged"),
    Row(43, "a form without its token", lambda house: house.screen("/sign-out", token="x"),
        403, "forged"),
    Row(44, "a hold that is not this store's", lambda house: house.screen("/holds/H404"),
        404, "not_found", "as one that is not there: tests/console; API keys see the brand"),
    Row(47, "seven receipts within the hour", many_sales, 200,
        why="the sale is taken; from the seventh on points wait for a person"),
    Row(48, "points for oneself",
        lambda house: house.own_form("/guests/m_sita/points", points="50", why="gift"),
        403, "own_account", "others' adjustments wait for a manager: tests/console"),
    Row(51, "stop.", guest("stop.", "+4915123450100"), 204),
    Row(51, " Stop ", guest(" Stop ", "+4915123450101"), 204),
    Row(51, "STOPALL", guest("STOPALL", "+4915123450102"), 204),
    Row(51, "REVOKE", guest("REVOKE", "+4915123450103"), 204),
    Row(51, "opt out", guest("opt out", "+4915123450104"), 204),
    Row(51, "ARRET", guest("ARRET", "+4915123450105"), 204),
    Row(51, "🛑", guest("🛑", "+4915123450106"), 204),
    Row(51, "please stop texting me", guest("please stop texting me", "+4915123450109"), 204,
        why="a person has to read it, and there is no console yet: it blocks nothing so far"),
    Row(52, "START from whoever never agreed", start, 204),
    Row(53, "a card number in a sale", sale(receipt="R53", channel=CARD), 422, "card_data"),
    Row(53, "a check code in a sale", sale(receipt="R53", payment={"cvv": "123"}),
        422, "card_data"),
    Row(53, "a card number as a name", join(phone=NEW_PHONE, name=CARD), 422, "card_data"),
    Row(54, "a tag of YAML", lambda house: house.program("a: !!python/object:os.system x"),
        0, "mistakes", "no HTTP route takes a program: the command line does, and tells mistakes"),
    Row(54, "aliases that multiply", lambda house: house.program(BOMB), 0, "mistakes"),
    Row(54, "10 MB", lambda house: house.program("a: " + "x" * 10**7), 0, "mistakes"),
    Row(55, "more sales than an account may tell in a minute",
        lambda house: house.flood(*[a_sale(receipt=f"R55-{n}") for n in range(4)]),
        429, "too_many_requests"),
)  # fmt: skip
"""Every row with its answer; a status of 0 is a command's, which has none."""

UNHEARD = (CANARY, CARD, KEY.decode(), "4915123456789", "Bcc", "HELLO")
"""What stands in the inputs and may stand in no answer to a mistake."""
