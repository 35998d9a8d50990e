"""Everything that reads what strangers write, and what holds for it."""

from __future__ import annotations

from hypothesis import strategies as st
from tests.fuzz import doors, inputs
from tests.fuzz.playing import Broken, Target, only
from tests.program_file.cafe import PROGRAMS
from tests.program_file.test_any_text import LINES, PIECES
from tests.program_file.test_any_text import damaged as damaged_program
from tests.rig import Rig

from loyalty import identity, phones, program_file
from loyalty.connectors import strict
from loyalty.domain import messages
from loyalty.errors import Problem

NUMBERS = st.text("+0123456789 -()/.,;x#*", max_size=30) | inputs.TEXTS | st.sampled_from(
    ["+4915123456789", "0151 23456789", "tel:+1-201-555-0123;ext=5", "+" * 300, "1" * 249]
)  # fmt: skip
TEMPLATES = st.lists(
    st.sampled_from(["{name}", "{points}", "{", "}", "{{", "{0}", "{name.__class__}", "%s", "$x"])
    | inputs.TEXTS
).map("".join)


def _strict(body: bytes) -> None:
    for floats in (True, False):
        with only(Problem):
            strict.parse(body, floats=floats)


def _phone(text: str) -> None:
    for country in ("DE", "NP", "US"):
        with only(Problem):
            if not phones.e164(text, country).startswith("+"):
                raise Broken("no number of the world")


def _address(text: str) -> None:
    with only(Problem):
        identity.email(text)
    identity.clean(text, 100).encode()


def _message(thrown: tuple[str, dict[str, str]]) -> None:
    """Put values in, each only once: what a value holds is never a slot."""
    text, values = thrown
    marked = {name: f"\x02{value}\x03" for name, value in values.items()}
    said = messages.fill(text, marked)
    if any(f"\x02{value}\x03" not in said for n, value in values.items() if f"{{{n}}}" in text):
        raise Broken("a value was read as a template")


def _program(text: str) -> None:
    with only(program_file.Mistakes):
        program_file.read(text)


def _door(call: doors.Call) -> None:
    status = doors.answer(call)
    if status >= 500 and not doors.is_newer(call):
        raise Broken(f"answered {status}")


def readers() -> list[Target]:
    """List what reads without HTTP around it."""
    json = inputs.bodies([b'{"a":[1,{"b":"\\u00e9"}],"c":-2.5e3}', *doors.MORE["generic"]])
    values = st.dictionaries(st.sampled_from(["name", "points"]), TEMPLATES)
    programs = (
        damaged_program(tuple(PROGRAMS.values()))
        | st.lists(PIECES | st.sampled_from(LINES), max_size=60).map("".join)
        | st.text(inputs.ODDER, max_size=200)
    )
    return [
        Target("strict JSON", json, _strict),
        Target("phones", NUMBERS, _phone),
        Target(
            "names and e-mail addresses",
            inputs.TEXTS | st.text(inputs.ODDER, max_size=300),
            _address,
        ),
        Target("message templates", st.tuples(TEMPLATES, values), _message),
        Target("program files", programs, _program),
    ]


def targets(rig: Rig) -> list[Target]:
    """List every target; the doors are those of an open house."""
    return [*readers(), *(Target(name, calls, _door) for name, calls in doors.doors(rig).items())]
