"""Google Cloud Storage: the nightly files of tills that cannot call us.

Its JSON API, by the key of a service account; only a new file is written by the XML API, whose PUT
may be repeated.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from loyalty.connectors import google_account
from loyalty.connectors.spec import (
    Config,
    Connector,
    Listed,
    Listing,
    Piece,
    Setting,
    Word,
    Writing,
)
from loyalty.errors import TryAgain, VendorRefused
from loyalty.ports import HttpRequest, HttpResponse

SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
MOST_PAGES = 50
_PARTIAL = 206
_CHANGED = frozenset({"404", "412", "416"})
ERRORS: Mapping[str, Word] = {
    "invalid_grant": "credentials",
    "invalid_client": "credentials",
    "invalid_scope": "credentials",
    "unauthorized_client": "credentials",
}


class Item(msgspec.Struct, frozen=True):
    """One object of a bucket, as far as we read it."""

    name: str
    size: str
    generation: str
    updated: datetime


class Page(msgspec.Struct, frozen=True, rename="camel"):
    """A page of a list."""

    kind: str
    items: tuple[Item, ...] = ()
    next_page_token: str = ""


def list_files(
    config: Config, asked: Listing
) -> Generator[HttpRequest, HttpResponse, tuple[Listed, ...]]:
    """List what lies in the bucket, a thousand at a time."""
    headers = yield from _headers(config)
    found: list[Listed] = []
    query = {"prefix": config["prefix"] + asked.prefix}
    if asked.after:
        query["startOffset"] = config["prefix"] + asked.after
    for _ in range(MOST_PAGES):
        answer = yield HttpRequest("GET", f"{_objects(config)}?{urlencode(query)}", headers)
        page = msgspec.json.decode(answer.body, type=Page)
        found += [_listed(config, each) for each in page.items]
        if not page.next_page_token:
            return tuple(found)
        query["pageToken"] = page.next_page_token
    raise VendorRefused("refused", "too-many-files")


def read_file(config: Config, piece: Piece) -> Generator[HttpRequest, HttpResponse, bytes]:
    """Read some bytes of a file, if it is still the same. Raises TryAgain if it is not."""
    headers = yield from _headers(config)
    span = {"Range": f"bytes={piece.start}-{piece.start + piece.length - 1}"}
    name = quote(config["prefix"] + piece.name, safe="")
    where = f"{_objects(config)}/{name}?alt=media&generation={quote(piece.version)}"
    plain = {"Accept-Encoding": "identity"}
    try:
        answer = yield HttpRequest("GET", where, {**headers, **span, **plain})
    except VendorRefused as refusal:
        if refusal.code in _CHANGED:
            raise TryAgain("google_storage: the file was changed or taken away") from None
        raise
    if answer.status != _PARTIAL or len(answer.body) > piece.length:
        raise ValueError("not the bytes that were asked for")
    return answer.body


def write_file(config: Config, new: Writing) -> Generator[HttpRequest, HttpResponse, bool]:
    """Write a file that is not there yet; False if it is."""
    headers = yield from _headers(config)
    bucket, name = (quote(each) for each in (config["bucket"], config["prefix"] + new.name))
    once = {"x-goog-if-generation-match": "0", "Content-Type": "application/json"}
    where = f"{config.base_url}/{bucket}/{name}"
    try:
        yield HttpRequest("PUT", where, {**headers, **once}, new.body)
    except VendorRefused as refusal:
        if refusal.code == "412":
            return False
        raise
    return True


def check(config: Config, _: None) -> Generator[HttpRequest, HttpResponse, str]:
    """Try the key by a look into the bucket."""
    headers = yield from _headers(config)
    yield HttpRequest("GET", f"{_objects(config)}?maxResults=1", headers)
    return f"The bucket {config['bucket']} can be read."


def error_code(answer: HttpResponse) -> str:
    """Find the word of a token that was not given; what the storage refuses is told by status."""
    try:
        found: Any = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    word = found.get("error") if isinstance(found, dict) else None
    return word if isinstance(word, str) else ""


def _headers(config: Config) -> Generator[HttpRequest, HttpResponse, dict[str, str]]:
    known = google_account.account(config)
    token = yield from google_account.access_token(config, known, SCOPE)
    return {"Authorization": f"Bearer {token}"}


def _objects(config: Config) -> str:
    return f"{config.base_url}/storage/v1/b/{quote(config['bucket'], safe='')}/o"


def _listed(config: Config, item: Item) -> Listed:
    name = item.name.removeprefix(config["prefix"])
    return Listed(
        name=name, size=int(item.size), version=item.generation, modified=item.updated
    )  # fmt: skip


CONNECTOR = Connector(
    name="google_storage",
    title="Google Cloud Storage",
    docs="https://cloud.google.com/storage/docs/json_api/v1",
    base_url="https://storage.googleapis.com",
    settings=(
        Setting("bucket", "The bucket that tills upload to."),
        Setting(
            "service_account",
            "The JSON key file of a service account that may list, read and create objects, whole.",
            secret=True,
        ),
        Setting("prefix", "What all names begin with, as in `cafe/`.", default=""),
        Setting(
            "manifest_secret",
            "If set, a manifest counts only with the `hmac` that this makes.",
            secret=True,
            default="",
        ),
    ),
    operations={
        "list_files": list_files,
        "read_file": read_file,
        "write_file": write_file,
        "check": check,
    },
    errors=ERRORS,
    error_code=error_code,
)
