"""One part of the program, key by key, as it is written in the file."""

from __future__ import annotations

from msgspec import inspect as mi

from loyalty.domain.grouping import Segment
from loyalty.domain.program import Program
from loyalty.program_file.kinds import Scope, kind_of
from loyalty.program_file.showing import is_said, show


def said(segment: Segment, program: Program) -> list[tuple[str, str]]:
    """Tell what a segment asks for: each key that it says, and how."""
    scope, part = Scope(program.currency), mi.type_info(type(segment))
    assert isinstance(part, mi.StructType)  # noqa: S101 - a segment is a part
    return [
        (field.encode_name, show(kind_of(field.type), getattr(segment, field.name), scope))
        for field in part.fields
        if field.name != "title" and is_said(field, segment)
    ]
