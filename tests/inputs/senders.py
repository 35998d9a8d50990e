"""How bad input comes to the house: each of these returns something that sends it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.functions.serving import a_sale, signed
from tests.inputs.house import Answer, House
from tests.rig import NOON

Send = Callable[[House], Answer]
CANARY = "canary-4711"
"""Stands in many of the inputs."""


def body(text: str) -> Send:
    """Let a till sign and send exactly this."""
    return lambda house: house.till(text.encode())


def amount(written: str) -> Send:
    """Let a till write the total of a sale like this."""
    return body(a_sale(staff=CANARY, total=7).decode().replace('"total": 7', f'"total": {written}'))


def sale(**changes: Any) -> Send:
    return lambda house: house.sale(staff=CANARY, **changes)


def bare(headers: dict[str, str]) -> Send:
    """Let a till send a sale with a signature header of its own making."""
    return lambda house: house.till(a_sale(), headers=headers)


def signature(text: str) -> Send:
    return bare(headers={"webhook-signature": text})


def resigned(change: Callable[[str], str]) -> Send:
    """Write a good signature in another way."""
    return signature(change(signed(a_sale())["webhook-signature"]))


def at(instant: str) -> Send:
    """Claim another time than the one that was signed."""
    return bare(headers={"webhook-timestamp": instant})


def late(**away: float) -> Send:
    """Sign rightly, at another time."""
    headers = signed(a_sale(), at=NOON + timedelta(**away))
    return lambda house: house.till(a_sale(), headers=headers)


def join(**fields: Any) -> Send:
    return lambda house: house.api("POST", "/v1/members", fields)


def post(text: str | bytes) -> Send:
    """Post exactly this to our own API."""
    raw = text.encode() if isinstance(text, str) else text
    return lambda house: house.api("POST", "/v1/members", raw)


def get(path: str) -> Send:
    return lambda house: house.api("GET", path)


def guest(said: str, phone: str) -> Send:
    """Let a guest who gave consent write back."""

    def send(house: House) -> Answer:
        house.rig.join(phone=phone)
        return house.guest(said, phone)

    return send


def asks(number: str, times: int = 1) -> Send:
    """Ask for a code so many times, each time as a new guest; the last answer counts."""

    def send(house: House) -> Answer:
        answers = [house.page("/join", address=number.format(n)) for n in range(times)]
        return answers[-1]

    return send


def link(method: str) -> Send:
    """Open a link that nobody made, or press its button."""
    return lambda house: house.page(f"/m/{CANARY}", method)


def start(house: House) -> Answer:
    """Let a guest start who never agreed to anything."""
    house.rig.join(phone="+4915123450052", consents={})
    return house.guest("START", "+4915123450052")


def deep(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


def line(*headers: str) -> Send:
    """Say it on the wire, framing and all."""
    lines = ("POST /generic HTTP/1.1", *headers, "Connection: close", "", "0", "", "")
    return lambda house: house.line("\r\n".join(lines).encode())


def unsigned(text: bytes, **more: Any) -> Send:
    return lambda house: house.till(text, sign=False, **more)


def typed(kind: str, text: bytes | None = None) -> Send:
    """Sign rightly and name another media type."""
    return lambda house: house.till(text or a_sale(), content_type=kind)


def method(verb: str) -> Send:
    return lambda house: house.till(b"", method=verb)


def with_api_headers(**headers: str) -> Send:
    """Call the API without a key, with headers that only a platform sets."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda house: house.api("GET", "/v1/members/m_1", key="", **given)


class Endless:
    """A body that has no end; whoever reads on is counted."""

    def __init__(self) -> None:
        self.read_so_far = 0

    def read(self, size: int = -1) -> bytes:
        if size < 0 or self.read_so_far > 10**6:
            raise AssertionError("reads without a bound")
        self.read_so_far += size
        return b"x" * size

    readline = read


def endless(house: House) -> Answer:
    """Send chunks for ever."""
    wire = {"wsgi.input": Endless(), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    return house.till(b"", sign=False, environ_overrides=wire)


def cut_off(after: int) -> Send:
    """Promise a whole sale, and send no more than its beginning."""
    whole, wire = a_sale(), {"CONTENT_LENGTH": "5000"}
    return lambda house: house.till(
        whole[:after], headers=signed(whole), environ_overrides=wire, sign=False
    )


def twice(house: House) -> Answer:
    """Send the same signed bytes again."""
    return (house.sale(receipt="again"), house.sale(receipt="again"))[1]


def another_store(house: House) -> Answer:
    """Sign for one account and name the store of another."""
    return house.till(a_sale(receipt="R11", store="LATELIER"))


def many_sales(house: House) -> Answer:
    """Buy seven times within the hour."""
    house.rig.join(phone="+4915123450047", consents={})
    told = {"guest": {"phone": "+4915123450047"}, "total": 400}
    answers = [house.sale(receipt=f"R47-{n}", **told) for n in range(7)]
    house.rig.run()
    return answers[-1]
