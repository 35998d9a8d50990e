"""The connectors a program names: each exists and can do what it is named for."""

from __future__ import annotations

from collections.abc import Iterator

from loyalty import connectors
from loyalty.connectors.spec import Verb, WebhookVerb
from loyalty.domain.nightly import named
from loyalty.domain.program import Program
from loyalty.program_file.checking import Check, Finding
from loyalty.program_file.mistakes import Path, closest, short

_CARRIES: dict[str, Verb] = {
    "sms": "send_sms", "email": "send_email", "staff": "alert_staff", "wallet": "add_to_wallet",
}  # fmt: skip
_TILL: WebhookVerb = "read_sale"
_FILES: Verb = "list_files"


def connectors_can_carry(program: Program) -> Iterator[Finding]:
    """What is to carry a kind of message can send that kind."""
    for kind, names in program.connectors.items():
        for index, name in enumerate(names):
            path = ("connectors", kind, str(index))
            if kind in _CARRIES:  # else it is told that there is no such kind
                yield from _unable(path, name, _CARRIES[kind])


def tills_can_tell(program: Program) -> Iterator[Finding]:
    """A till is written with its connector and location, and the connector reads sales."""
    for store, each in program.stores.items():
        for index, till in enumerate(each.tills):
            path = ("stores", store, "tills", str(index))
            vendor, _, location = till.partition(":")
            name = vendor.partition(".")[0]
            if vendor and location:
                keeps_files = name in connectors.names() and _can(name, _FILES)
                yield from () if keeps_files else _unable(path, name, _TILL, _FILES)
            else:
                problem = f"{short(till)} does not name a connector and a location"
                yield Finding(path, problem, "write it as in `square:LOCATION`")


def files_can_be_read(program: Program) -> Iterator[Finding]:
    """Nightly files come from a connector that keeps files, and are of a store of the program."""
    tills = {till.partition(":")[0] for store in program.stores.values() for till in store.tills}
    for name, files in program.files.items():
        yield from _unable(("files", name, "via"), files.via.partition(".")[0], _FILES)
        source, place = named(name, files)
        path = ("files", name, "named" if files.named else "via")
        unable = list(_unable(path, source.partition(".")[0], _FILES))
        yield from unable if files.named else ()
        if not unable and source not in tills:
            hint = f'name its place at a store, as in `tills: ["{source}:{place}"]`'
            yield Finding(path, f"no store has a till of {short(source)}", hint, ("stores",))


def receipts_are_named_once(program: Program) -> Iterator[Finding]:
    """No two tills name their receipts alike, and days on which numbers begin anew are some."""
    seen: dict[tuple[str, str], str] = {}
    for name, files in program.files.items():
        other = seen.setdefault(named(name, files), name)
        if other != name:
            problem = f"its receipts are named as those of `files.{other}`"
            hint = "leave `named` out, or name a till of its own"
            yield Finding(("files", name, "named"), problem, hint)
        start, end = files.numbers_restart_from, files.numbers_restart_until
        if (start or end or files.numbers_restart_at) and not files.numbers_restart:
            hint = "write `numbers_restart: true` too: it holds on these days"
            yield Finding(("files", name, "numbers_restart"), "numbers begin anew on no day", hint)
        elif start and end and start >= end:
            path = ("files", name, "numbers_restart_until")
            yield Finding(path, "it ends before it begins", "write a day after the first")


def columns_are_told_apart(program: Program) -> Iterator[Finding]:
    """No two columns of ours are read from one of a file."""
    for name, files in program.files.items():
        seen: dict[str, str] = {}
        for ours, theirs in files.columns.items():
            if theirs in seen:
                problem = f"{short(theirs)} is read as `{seen[theirs]}` already"
                hint = "read each column of the file once"
                yield Finding(("files", name, "columns", ours), problem, hint)
            seen.setdefault(theirs, ours)


def _unable(
    path: Path, name: str, verb: Verb | WebhookVerb, *others: Verb | WebhookVerb
) -> Iterator[Finding]:
    """Tell that a connector cannot do something, and which can; `others` would do as well."""
    able = sorted({known for each in (verb, *others) for known in _able(each)})
    if name not in connectors.names():
        yield Finding(path, f"there is no connector {short(name)}", closest(name, able))
    elif not _can(name, verb):
        hint = f"use one that can: {', '.join(able)}"
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
    files_can_be_read,
    receipts_are_named_once,
    columns_are_told_apart,
    messages_have_a_carrier,
    alerts_have_a_carrier,
)
