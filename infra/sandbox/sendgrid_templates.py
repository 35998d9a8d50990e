"""Fills a dynamic template in: names in double braces, nothing cleverer."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

BLANK = re.compile(r"\{\{\{\s*([\w.]+)\s*\}\}\}|\{\{\s*([\w.]+)\s*\}\}")
SUBJECT = re.compile(r"\ASubject:[ \t]*(.*)\n\s*")


@dataclass(frozen=True)
class Rendered:
    """A template with a guest's data in it; `html` is empty for a plain one."""

    subject: str
    text: str
    html: str


def render(template: str, data: Mapping[str, object]) -> Rendered:
    """Fill a template in; a name without a value becomes nothing, silently, as at SendGrid.

    A first line `Subject: ...` is the subject. A template with a tag in it is HTML, where a value
    in two braces is escaped and one in three is not.
    """
    found = SUBJECT.match(template)
    subject = _fill(found.group(1), data, escape=False) if found else ""
    body = template[found.end() :] if found else template
    if not re.search(r"<\w", body):
        return Rendered(subject, _fill(body, data, escape=False), "")
    page = _fill(body, data, escape=True)
    return Rendered(subject, plain(page), page)


def plain(page: str) -> str:
    """Give the words of an HTML mail, a line for each block."""
    lines = re.sub(r"(?i)<(br|/p|/h\d|/div|/li|/tr)\b[^>]*>", "\n", page)
    return html.unescape(re.sub(r"<[^>]+>", "", lines)).strip()


def _fill(text: str, data: Mapping[str, object], *, escape: bool) -> str:
    def value(blank: re.Match[str]) -> str:
        words = _look_up(data, blank.group(1) or blank.group(2))
        return html.escape(words) if escape and blank.group(2) else words

    return BLANK.sub(value, text)


def _look_up(data: Mapping[str, object], path: str) -> str:
    found: object = data
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return "" if found is None else str(found)
