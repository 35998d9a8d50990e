"""Writes the program file's pages: `python -m loyalty.program_file.documents docs`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from inspect import getdoc
from pathlib import Path

from msgspec import inspect as mi

from loyalty.program_file.kinds import (
    Kind,
    Scope,
    choices,
    default_of,
    is_words,
    kind_of,
    parts_of,
    program_kind,
    tag_of,
    words_for,
)
from loyalty.program_file.meanings import meaning_of
from loyalty.program_file.schema import innermost, parts, schema
from loyalty.program_file.showing import show
from loyalty.program_file.wording import ALERT_SLOTS, ALERTED, SLOTS
from loyalty.steps.lifecycle_sweep import JOBS

_SCOPE = Scope("EUR")
_TOP = """\
# The program file

Written by `make docs`; change the types, not this page.

One YAML file says what a brand's program is. Amounts of money are written in the program's
currency with a point (`12.50`; yen without), factors as `1.5`, spans of time as `90m`, `2h` or
`1d`, times of day as `"04:00"`. Names of your own are small letters, digits and `_`. Aliases,
anchors and tags are refused. `docs/program.schema.json` makes an editor complete the file; begin
it with `# yaml-language-server: $schema=…/program.schema.json`.
"""


_CLOCK = """\
`schedules` moves all but the sweep (`timers`). A line has five fields: minute, hour, day of the
month, month, weekday. Each is `*`, a value, a range `1-5`, a list `1,15` or a step `*/10`.
"""


def pages() -> dict[str, str]:
    """Return each generated file's name and text."""
    written = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
    return {"program.schema.json": written, "program.md": "\n".join(_guide())}


def _guide() -> Iterator[str]:
    yield _TOP
    places = _places()
    for part in parts():
        yield from _section(part, places[part.cls.__name__])
    yield from _slots()
    yield from _jobs()


def _places() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    _visit("", program_kind(), found)
    return found


def _visit(path: str, kind: Kind, found: dict[str, list[str]]) -> None:
    for part in parts_of(kind):
        found.setdefault(part.cls.__name__, []).append(path)
        for field in part.fields:
            below = kind_of(field.type)
            name = ".<name>" if isinstance(below.type, mi.DictType) else ""
            _visit(f"{path}.{field.encode_name}{name}".strip("."), innermost(below), found)


def _section(part: mi.StructType, places: list[str]) -> Iterator[str]:
    yield f"## {part.cls.__name__}\n"
    where = ", ".join(f"`{place}`" for place in dict.fromkeys(places) if place)
    yield f"At {where}.\n" if where else "The file as a whole.\n"
    yield f"{getdoc(part.cls)}\n"
    yield "| key | form | if left out | meaning |\n|---|---|---|---|"
    for key, word in tag_of(part).items():
        yield f"| `{key}` | `{word}` | must be given | Says that it is this kind. |"
    yield from (_row(part, field) for field in part.fields)
    yield ""


def _row(part: mi.StructType, field: mi.Field) -> str:
    kind = kind_of(field.type)
    told = " ".join(meaning_of(part.cls.__name__, field.name).split())
    cells = (f"`{field.encode_name}`", _forms(field, kind), _default(field, kind), told)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _default(field: mi.Field, kind: Kind) -> str:
    if field.required:
        return "must be given"
    if parts_of(kind) and not kind.optional:
        return "its own defaults"
    default = default_of(field)
    return f"`{show(kind, default, _SCOPE)}`" if default not in (None, (), {}, "") else "none"


def _forms(field: mi.Field, kind: Kind) -> str:
    counted = kind.within(field.encode_name, _SCOPE._replace(metric="visits"))
    rest = f"; where the metric is not spend {_form(counted)}" if counted != kind else ""
    return _form(kind) + rest


def _form(kind: Kind) -> str:
    if kind.form:
        bounds = _bounds(kind)
        return f"{kind.form.noun}, as in `{kind.form.show(kind.form.example, 'EUR')}`{bounds}"
    return _FORMS[type(kind.type)](kind)


def _bounds(kind: Kind) -> str:
    known = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    limits = ((words, getattr(kind.type, name)) for name, words in known.items())
    shown = [f"{words} {_limit(kind, limit)}" for words, limit in limits if limit]
    return "".join(f", {each}" for each in shown)


def _limit(kind: Kind, limit: int) -> str:
    return kind.form.show(limit, "EUR") if kind.form else str(limit)


def _text(kind: Kind) -> str:
    pattern = getattr(kind.type, "pattern", None)
    return f"text {words_for(pattern, kind.example)}" if pattern else "text"


def _names(kind: Kind) -> str:
    inner = kind_of(kind.type.value_type)  # type: ignore[attr-defined]
    if is_words(kind):
        return "one text per language, as in `{en: Hello}`"
    key = kind_of(kind.type.key_type)  # type: ignore[attr-defined]
    named = ", ".join(f"`{choice}`" for choice in choices(key)) or "a name of your own"
    return f"for each ({named}): {_form(inner)}"


def _linked(kind: Kind) -> str:
    names = (part.cls.__name__ for part in parts_of(kind))
    return " or ".join(f"[{name}](#{name.lower()})" for name in names)


_FORMS: dict[type[mi.Type], Callable[[Kind], str]] = {
    mi.StrType: _text,
    mi.BoolType: lambda _: "`true` or `false`",
    mi.LiteralType: lambda kind: " or ".join(f"`{choice}`" for choice in choices(kind)),
    mi.VarTupleType: lambda kind: f"a list of: {_form(kind_of(kind.type.item_type))}",  # type: ignore[attr-defined]
    mi.DictType: _names,
    mi.StructType: _linked,
    mi.UnionType: _linked,
}


def _slots() -> Iterator[str]:
    yield "## What texts can say\n"
    yield "| text | slots |\n|---|---|"
    told = {f"message on `{on}`": slots for on, slots in SLOTS.items()} | {
        "alert": ALERT_SLOTS, **{f"alert on `{on}`": slots for on, slots in ALERTED.items()},
    }  # fmt: skip
    for text, slots in told.items():
        yield f"| {text} | {', '.join(f'`{{{slot}}}`' for slot in sorted(slots))} |"
    yield ""


def _jobs() -> Iterator[str]:
    yield "## What runs by the clock\n"
    yield _CLOCK
    yield "| job | if left out | what it does |\n|---|---|---|"
    for name, job in JOBS.items():
        yield f"| `{name}` | `{job.cron or 'off'}` | {job.about} |"
    yield ""


def main(folder: str = "docs") -> None:
    """Write both files into a folder."""
    for name, text in pages().items():
        (Path(folder) / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
