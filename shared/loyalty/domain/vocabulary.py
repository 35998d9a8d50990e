"""What all parts of the program file are made of, and how each kind of value is written in it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Money = Annotated[int, Meta(ge=0, extra={"written": "money"})]
"""Minor units; written `12.50` in the program's (or the store's) currency."""
Factor = Annotated[int, Meta(ge=0, extra={"written": "factor"})]
"""Basis points; written `1.5` for 15000."""
Minutes = Annotated[int, Meta(ge=0, le=3660 * 1440, extra={"written": "duration"})]
"""Minutes; written `90m`, `2h` or `1d`. Ten years at most: dates end in the year 9999."""
TimeOfDay = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["04:00"])]
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Words = dict[str, str]
"""One text per language, as in `{en: Hello, de: Hallo}`."""
MessageChannel = Literal["sms", "email"]
Purpose = Literal["service", "marketing"]


class Part(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A part of the program file: unknown keys are mistakes."""
