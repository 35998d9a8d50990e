"""What a vendor's answer means: its error in one of our words, and when to come back."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from loyalty.connectors.spec import Connector, Word
from loyalty.ports import HttpResponse

LONGEST_WAIT = 3600.0
"""A vendor that names a longer pause is asked again after this many seconds."""

_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_SECONDS = re.compile(r"[0-9]{1,9}")
_BY_STATUS: Mapping[int, Word] = {
    401: "credentials",
    403: "credentials",
    408: "try-again",
    429: "slow-down",
}


def sort(connector: Connector, answer: HttpResponse) -> tuple[Word, str]:
    """Put a refusal into our words, with the vendor's code or else the status as its code."""
    code = _code(connector, answer) or str(answer.status)
    return connector.errors.get(code) or _by_status(answer.status), code


def retry_after(answer: HttpResponse, now: datetime) -> float | None:
    """Return the seconds that a vendor asks us to wait, if it says so in either form."""
    said = answer.headers.get("retry-after", "").strip()
    seconds = float(said) if _SECONDS.fullmatch(said) else _until(said, now)
    return None if seconds is None else min(max(seconds, 0.0), LONGEST_WAIT)


def _code(connector: Connector, answer: HttpResponse) -> str:
    """Find the vendor's code. It becomes part of errors and logs: only what looks like one."""
    code = connector.error_code(answer)
    return code if _CODE.fullmatch(code) else ""


def _by_status(status: int) -> Word:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    # A redirect is never followed: it is a vendor's front door that is being moved or mended.
    return "refused" if 400 <= status < 500 else "try-again"  # noqa: PLR2004 - HTTP's own ranges


def _until(said: str, now: datetime) -> float | None:
    try:
        then = parsedate_to_datetime(said)
    except (ValueError, TypeError, OverflowError):
        return None
    aware = then if then.tzinfo else then.replace(tzinfo=UTC)
    return math.ceil((aware - now).total_seconds())
