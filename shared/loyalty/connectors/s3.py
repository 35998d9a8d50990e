"""Amazon S3, and what speaks like it: the nightly files of tills that cannot call us.

boto3 signs each request and reads the lists, for it knows regions, addresses and XML; the request
itself is sent by the engine like every other, so that time-outs, retries and limits are ours.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Generator, Mapping
from datetime import UTC
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import unquote_plus

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

SIGNED_FOR = 900
"""Seconds that a signed address is good for."""
MOST_PAGES = 50
_JSON = "application/json"
_PARTIAL = 206
_CODE = re.compile(rb"<Code>([A-Za-z0-9.]{1,64})</Code>")
_CHANGED = frozenset({"PreconditionFailed", "412", "NoSuchKey", "404", "InvalidRange", "416"})
_THERE = frozenset({"PreconditionFailed", "412"})
ERRORS: Mapping[str, Word] = {
    "SlowDown": "slow-down",
    "RequestTimeout": "try-again",
    "ConditionalRequestConflict": "try-again",
    "PreconditionFailed": "refused",
    "NoSuchKey": "refused",
    "AccessDenied": "credentials",
    "InvalidAccessKeyId": "credentials",
    "SignatureDoesNotMatch": "credentials",
    "ExpiredToken": "credentials",
    "NoSuchBucket": "credentials",
    "PermanentRedirect": "credentials",  # the region is another one
    "AuthorizationHeaderMalformed": "credentials",
    "RequestTimeTooSkewed": "credentials",
}


def list_files(
    config: Config, asked: Listing
) -> Generator[HttpRequest, HttpResponse, tuple[Listed, ...]]:
    """List what lies in the bucket, a thousand at a time."""
    found: list[Listed] = []
    start = config["prefix"] + asked.prefix
    more = {"StartAfter": config["prefix"] + asked.after} if asked.after else {}
    for _ in range(MOST_PAGES):
        answer = yield _request(config, "list_objects_v2", {"Prefix": start, **more})
        page = _read(config, answer.body)
        found += [_listed(config, each) for each in page.get("Contents", ())]
        if not page.get("IsTruncated"):
            return tuple(found)
        more = {"ContinuationToken": page["NextContinuationToken"]}
    raise VendorRefused("refused", "too-many-files")


def read_file(config: Config, piece: Piece) -> Generator[HttpRequest, HttpResponse, bytes]:
    """Read some bytes of a file, if it is still the same. Raises TryAgain if it is not."""
    span = f"bytes={piece.start}-{piece.start + piece.length - 1}"
    asked = {"Key": config["prefix"] + piece.name, "IfMatch": piece.version, "Range": span}
    headers = {"If-Match": piece.version, "Range": span, "Accept-Encoding": "identity"}
    try:
        answer = yield _request(config, "get_object", asked, headers)
    except VendorRefused as refusal:
        if refusal.code in _CHANGED:
            raise TryAgain("s3: the file was changed or taken away") from None
        raise
    if answer.status != _PARTIAL or len(answer.body) > piece.length:
        raise ValueError("not the bytes that were asked for")
    return answer.body


def write_file(config: Config, new: Writing) -> Generator[HttpRequest, HttpResponse, bool]:
    """Write a file that is not there yet; False if it is."""
    digest = b64encode(sha256(new.body).digest()).decode()
    asked = {
        "Key": config["prefix"] + new.name, "IfNoneMatch": "*", "ChecksumSHA256": digest,
        "ContentType": _JSON,
    }  # fmt: skip
    headers = {"If-None-Match": "*", "x-amz-checksum-sha256": digest, "Content-Type": _JSON}
    request = _request(config, "put_object", asked, headers)
    try:
        yield request._replace(method="PUT", body=new.body)
    except VendorRefused as refusal:
        if refusal.code in _THERE:
            return False
        raise
    return True


def check(config: Config, _: None) -> Generator[HttpRequest, HttpResponse, str]:
    """Try the key by a look into the bucket."""
    yield _request(config, "list_objects_v2", {"Prefix": config["prefix"], "MaxKeys": 1})
    return f"The bucket {config['bucket']} can be read."


def error_code(answer: HttpResponse) -> str:
    """Find the code in the XML of a refusal."""
    found = _CODE.search(answer.body[:4096])
    return found[1].decode() if found else ""


def _request(
    config: Config,
    operation: str,
    asked: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
) -> HttpRequest:
    """Have boto3 make and sign the address of an operation."""
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - a tenth of a second to import

    try:
        url = _client(config).generate_presigned_url(
            operation, Params={"Bucket": config["bucket"], **asked}, ExpiresIn=SIGNED_FOR
        )
    except (BotoCoreError, ValueError):  # their texts may quote what was set
        raise VendorRefused("credentials", "bad-settings") from None
    return HttpRequest("GET", url, headers or {})


def _client(config: Config) -> Any:
    names = ("endpoint_url", "region", "access_key_id", "secret_access_key")
    return _made(*(config[name] for name in names))


@lru_cache(maxsize=8)
def _made(endpoint: str, region: str, key: str, secret: str) -> Any:
    """Make a client once for each account: it reads the description of all of S3."""
    import boto3  # noqa: PLC0415 - only where files are read
    from botocore.config import Config as Options  # noqa: PLC0415 - the same

    style = "path" if endpoint else "virtual"
    options = Options(signature_version="s3v4", s3={"addressing_style": style})
    return boto3.client(
        "s3", region_name=region, endpoint_url=endpoint or None, config=options,
        aws_access_key_id=key, aws_secret_access_key=secret,
    )  # fmt: skip


def _read(config: Config, body: bytes) -> dict[str, Any]:
    from botocore.parsers import ResponseParserError, create_parser  # noqa: PLC0415 - as above

    model = _client(config).meta.service_model.operation_model("ListObjectsV2")
    answer = {"status_code": 200, "headers": {}, "body": body}
    try:
        page: dict[str, Any] = create_parser("rest-xml").parse(answer, model.output_shape)
    except ResponseParserError:  # its text quotes the answer
        raise ValueError("not a list of files") from None
    if "IsTruncated" not in page:
        raise ValueError("not a list of files")
    return page


def _listed(config: Config, found: Mapping[str, Any]) -> Listed:
    return Listed(
        name=unquote_plus(found["Key"]).removeprefix(config["prefix"]),
        size=found["Size"],
        version=found["ETag"],
        modified=found["LastModified"].astimezone(UTC),
    )


CONNECTOR = Connector(
    name="s3",
    title="Amazon S3",
    docs="https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html",
    settings=(
        Setting("bucket", "The bucket that tills upload to."),
        Setting("access_key_id", "Of a key that may list, read `in/` and write `out/`, no more."),
        Setting("secret_access_key", "The key's secret.", secret=True),
        Setting("region", "The bucket's region.", default="eu-central-1"),
        Setting("prefix", "What all names begin with, as in `cafe/`.", default=""),
        Setting("endpoint_url", "Another vendor that speaks S3, as MinIO.", default=""),
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
