"""Starts a connector: `make connector name=acme` writes its module and its test.

Both pass all checks as they are, and there is no list to put the new name on.
"""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parents[1]
_NAME = re.compile(r"[a-z][a-z0-9_]{1,19}")

_CONNECTOR = Template('''\
"""$title: what it does for the shop, in one sentence.

How it signs requests, and what its answers look like.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping

import msgspec

from loyalty.connectors.spec import Config, Connector, Rate, Setting, Word
from loyalty.ports import HttpRequest, HttpResponse

# The vendor's codes in our words. Others are sorted by their HTTP status.
ERRORS: Mapping[str, Word] = {
    "invalid_token": "credentials",
    "too_many_requests": "slow-down",
}


class Account(msgspec.Struct, frozen=True):
    """The merchant's account, as far as we read it."""

    name: str


class Refusal(msgspec.Struct, frozen=True):
    """The body of an answer that is not 2xx."""

    code: str = ""


def check(config: Config, _: None) -> Generator[HttpRequest, HttpResponse, str]:
    """Ask whose account it is."""
    headers = {"Authorization": f"Bearer {config['api_key']}", "Accept": "application/json"}
    answer = yield HttpRequest("GET", f"{config.base_url}/account", headers)
    account = msgspec.json.decode(answer.body, type=Account)
    return f"$title knows us as {account.name}."


def error_code(response: HttpResponse) -> str:
    """Find the vendor's code in a refusal."""
    try:
        return msgspec.json.decode(response.body, type=Refusal).code
    except ValueError:  # a proxy's page
        return ""


CONNECTOR = Connector(
    name="$name",
    title="$title",
    docs="https://developer.$host.example",
    base_url="https://api.$host.example",
    settings=(Setting("api_key", "Where the merchant finds it.", secret=True),),
    operations={"check": check},
    errors=ERRORS,
    error_code=error_code,
    rate=Rate(10),
)
''')

_TEST = Template('''\
"""What $title promises; `test_all` holds it to what all connectors promise."""

from __future__ import annotations

import pytest
from tests.connectors.vendor import Reply

from loyalty.connectors.engine import Engine
from loyalty.errors import VendorRefused


@pytest.fixture
def engine(http, time, vendor):
    environment = {
        "${NAME}_API_KEY": "made-up",
        "${NAME}_BASE_URL": vendor.url,
    }
    return Engine(http, time, environment, time.sleep)


def test_check_says_whose_account_it_is(engine, vendor):
    vendor.say(Reply(200, {"name": "Art Cafe"}))
    said = engine.run("$name", "check", None)
    assert said == "$title knows us as Art Cafe."
    assert vendor.asked[0].headers["authorization"] == "Bearer made-up"


def test_a_refusal_comes_out_in_our_words(engine, vendor):
    vendor.say(Reply(400, {"code": "invalid_token"}))
    with pytest.raises(VendorRefused) as refused:
        engine.run("$name", "check", None)
    assert (refused.value.word, refused.value.code) == ("credentials", "invalid_token")
''')


def write(name: str, root: Path = ROOT) -> list[Path]:
    """Write both files. Raises ValueError for a bad name and FileExistsError if one is there."""
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ValueError("a connector's name is 2 to 20 small letters, digits and underscores")
    title = name.replace("_", " ").title()
    words = {"name": name, "NAME": name.upper(), "title": title, "host": name.replace("_", "-")}
    texts = {
        root / "shared/loyalty/connectors" / f"{name}.py": _CONNECTOR.substitute(words),
        root / "tests/connectors" / f"test_{name}.py": _TEST.substitute(words),
    }
    for path in texts:
        if path.exists():
            raise FileExistsError(f"{path} is there already")
    for path, text in texts.items():
        path.write_text(text, "utf-8")
    return list(texts)


def main(arguments: list[str]) -> int:
    """Write a connector named on the command line."""
    if len(arguments) != 1:
        print("usage: python -m infra.connector_template NAME", file=sys.stderr)
        return 2
    try:
        written = write(arguments[0])
    except (ValueError, FileExistsError) as error:
        print(error, file=sys.stderr)
        return 1
    for path in written:
        print(f"wrote {path.relative_to(ROOT)}")
    print("A connector that hears webhooks also needs tests/connectors/vectors/<name>.json.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
