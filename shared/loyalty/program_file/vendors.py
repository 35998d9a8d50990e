"""The connectors a program names: each exists and can do what it is named for."""

from __future__ import annotations

from collections.abc import Iterator

from loyalty import connectors
from loyalty.connectors.spec import Verb, WebhookVerb
from loyalty.domain.program import Program
from loyalty.program_file.checking import Check, Finding
from loyalty.program_file.mistakes import Path, closest, short

_CARRIES: dict[str, Verb] = {
    "sms": "send_sms", "email": "send_email", "staff": "alert_staff", "wallet": "add_to_wallet",
}  # fmt: skip
_TILL: WebhookVerb = "read_sale"


def connectors_can_carry(program: Program) -> Iterator[Finding]:
    """What is to carry a kind of message can send that kind."""
    for kind, names in program.connectors.items():
        for index, name in enumerate(names):
            path = ("connectors", kind, str(index))
            yield from _unable(path, name, _CARRIES[kind])


def tills_can_tell(program: Program) -> Iterator[Finding]:
    """A till is written with its connector and location, and the connector reads sales."""
    for store, named in program.stores.items():
        for index, till in enumerate(named.tills):
            path = ("stores", store, "tills", str(index))
            vendor, _, location = till.partition(":")
            if vendor and location:
                yield from _unable(path, vendor.partition(".")[0], _TILL)
            else:
                problem = f"{short(till)} does not name a connector and a location"
                yield Finding(path, problem, "write it as in `square:LOCATION`")


def _unable(path: Path, name: str, verb: Verb | WebhookVerb) -> Iterator[Finding]:
    if name not in connectors.names():
        yield Finding(path, f"there is no connector {short(name)}", closest(name, _able(verb)))
    elif not _can(name, verb):
        hint = f"use one that can: {', '.join(_able(verb))}"
        yield Finding(path, f"{short(name)} cannot do this (`{verb}`)", hint)


def _able(verb: Verb | WebhookVerb) -> list[str]:
    return [name for name in connectors.names() if _can(name, verb)]


def _can(name: str, verb: Verb | WebhookVerb) -> bool:
    vendor = connectors.load(name)
    return verb in vendor.operations or verb in vendor.webhooks


def messages_have_a_carrier(program: Program) -> Iterator[Finding]:
    """A message's channels each have a connector, and there is at least one channel."""
    for name, message in program.messages.items():
        path = ("messages", name, "channels")
        if not message.channels:
            yield Finding(path, "this message has no channel", "name `sms`, `email` or both")
        for channel in message.channels:
            if not program.connectors.get(channel):
                yield Finding(path, f"no connector carries `{channel}`", _connect(channel))


def alerts_have_a_carrier(program: Program) -> Iterator[Finding]:
    """Alerts need a connector that tells staff."""
    for name in program.alerts:
        if not program.connectors.get("staff"):
            yield Finding(("alerts", name), "no connector tells staff", _connect("staff"))


def _connect(kind: str) -> str:
    able = ", ".join(_able(_CARRIES[kind]))
    rest = "" if kind == "staff" else f", or leave `{kind}` out of the message's `channels`"
    return f"name one at `connectors: {kind}:` (there is {able}){rest}"


VENDORS: tuple[Check, ...] = (
    connectors_can_carry,
    tills_can_tell,
    messages_have_a_carrier,
    alerts_have_a_carrier,
)
