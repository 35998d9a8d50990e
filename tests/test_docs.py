"""What the pages say is so: generated ones are current, links lead somewhere, examples run."""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from infra import children, documents, emulators, vendors
from infra.local import Local
from infra.sandbox.server import Sandbox

from loyalty import cli
from loyalty.connectors.settings import variable
from loyalty.domain.account import Totals
from loyalty.logs import QUIET
from loyalty.settings import VARIABLES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PLACES = (
    "*.md",
    "docs/**/*.md",
    "terraform/*.md",
    "infra/**/*.md",
    "tests/**/*.md",
    ".github/*.md",
)
PAGES = sorted(path for place in PLACES for path in ROOT.glob(place))
ADDRESS = "http://127.0.0.1:8080"
LONGEST_README = 120
PATIENCE = 30.0


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(text: str) -> list[tuple[str, str]]:
    """List the fenced blocks of a page: their language and what stands in them."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def prose(text: str) -> str:
    """Return a page without its fenced blocks and without code in a line."""
    whole = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", whole)


# -- generated pages --------------------------------------------------------------------------


@pytest.mark.parametrize("name", documents.pages())
def test_a_generated_page_is_current(name):
    # Write them again with: make docs
    assert (ROOT / name).read_text("utf-8") == documents.pages()[name]


def test_pages_are_written_only_where_they_differ(tmp_path):
    files = {"docs/a.md": "one\n", "b": "two\n"}
    assert documents.write(tmp_path, files) == ["docs/a.md", "b"]
    assert documents.write(tmp_path, {**files, "b": "three\n"}) == ["b"]
    assert (tmp_path / "b").read_text() == "three\n"


def test_a_field_that_nobody_described_is_an_error():
    with pytest.raises(LookupError, match=r"say what Totals\.colour means"):
        documents.meaning(Totals, "colour")


def test_every_connector_and_setting_has_its_line():
    page = (ROOT / "docs/connectors.md").read_text("utf-8")
    for connector in documents.loaded():
        assert f"\n## {connector.title}\n" in page
        assert all(f"`{code}`" in page for code in connector.errors)
        assert all(f"`{variable(connector.name, s.name)}`" in page for s in connector.settings)


def test_the_example_environment_lists_exactly_the_variables():
    text = (ROOT / ".env.example").read_text("utf-8")
    found = re.findall(r"^# ([A-Z][A-Z0-9_]+)=(.*)$", text, re.MULTILINE)
    vendors_own = [
        variable(connector.name, name)
        for connector in documents.loaded()
        for name in [s.name for s in connector.settings] + ["base_url"] * bool(connector.base_url)
    ]
    assert sorted(name for name, _ in found) == sorted([v.name for v in VARIABLES] + vendors_own)
    secret = {variable(c.name, s.name) for c in documents.loaded() for s in c.settings if s.secret}
    secret |= {each.name for each in VARIABLES if each.secret}
    assert [name for name, value in found if name in secret and value] == []


def test_nothing_is_set_in_the_example_environment():
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    assert all(line.startswith("#") or not line for line in lines)


# -- links, paths, decisions ------------------------------------------------------------------


def links(text: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", prose(text))


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def dead(page: Path, text: str) -> list[str]:
    """List the links of a page that lead nowhere within the project."""
    ours = [link for link in links(text) if not re.match(r"[a-z]+:", link)]
    return [link for link in ours if not leads_somewhere(page, text, *link.partition("#")[::2])]


def leads_somewhere(page: Path, text: str, place: str, anchor: str) -> bool:
    target = (page.parent / place).resolve() if place else page
    if not (target.exists() and target.is_relative_to(ROOT)):
        return False
    return not anchor or anchor in anchors(target.read_text("utf-8") if place else text)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page):
    assert dead(page, page.read_text("utf-8")) == []


def test_a_dead_link_is_found():
    text = (
        "# One\n[a](nowhere.md) [b](#one) [c](#two) [d](LICENSE) [e](https://x.example) `[f](g)`\n"
    )
    assert dead(ROOT / "README.md", text) == ["nowhere.md", "#two"]


MACHINE = re.compile(r"(?<![\w.:/<>{}-])/(?:home|root|Users|work|tmp|var|opt|mnt|srv|etc)/\w")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_no_page_names_a_path_of_somebodys_machine(page):
    assert MACHINE.findall(page.read_text("utf-8")) == []


def test_a_path_of_a_machine_is_found():
    assert MACHINE.search("see /home/ana/regulars")
    assert not MACHINE.search("GET /v1/members, https://x.example/home/x")


DECISIONS = sorted((ROOT / "docs/decisions").glob("[!R]*.md"))


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_is_dated_indexed_and_short(page):
    text = page.read_text("utf-8")
    day = date.fromisoformat(page.name[:10]).isoformat()
    title = text.splitlines()[0].removeprefix("# ")
    index = (page.parent / "README.md").read_text("utf-8")
    assert text.splitlines()[2] == day
    assert f"| {day} | [{title}]({page.name}) |" in index
    for part in ("Context.", "Decision.", "Considered.", "Revisit when"):
        assert f"**{part}**" in text
    assert len(text.splitlines()) <= 30


def test_the_index_lists_only_decisions_there_are():
    listed = links((ROOT / "docs/decisions/README.md").read_text("utf-8"))
    assert listed == [page.name for page in DECISIONS]


# -- the README -------------------------------------------------------------------------------

COMMANDS = [
    line for language, text in blocks(README) if language == "sh" for line in text.splitlines()
]


def made(command: str) -> str:
    """Return the target of a `make` command."""
    return command.split("#", maxsplit=1)[0].split()[1]


def test_the_readme_is_short():
    assert len(README.splitlines()) <= LONGEST_README


def test_the_readme_begins_with_the_demo_and_the_tests():
    assert [made(command) for command in COMMANDS[:2]] == ["demo", "test"]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_make_command_is_a_target(page):
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    used = re.findall(r"(?:^|`)make ([a-z]+(?:-[a-z]+)*)", page.read_text("utf-8"), re.MULTILINE)
    assert set(used) <= targets


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_loyalty_command_exists(page):
    used = re.findall(r"`(?:\.venv/bin/)?loyalty ([a-z]+)", page.read_text("utf-8"))
    assert set(used) <= cli.main.commands.keys()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Local, Path]]:
    """Run what `make run SANDBOX=1` runs, on ports that are free and in a folder of its own."""
    folder = tmp_path_factory.mktemp("readme")
    sandbox = Sandbox(seed="readme").start()
    given = vendors.environment(sandbox, ADDRESS)
    program = str(ROOT / "infra/programs/art-cafe.yaml")
    settings = {"PORT": "0", "LOYALTY_DATA": str(folder / "data"), "LOYALTY_PROGRAM": program}
    local = Local({**given, **settings}, log=QUIET)
    local.start()
    yield local, folder
    local.stop()
    sandbox.stop()


def run(command: str, local: Local, folder: Path) -> Any:
    """Run a block of a page as a reader does, but at the address of the running shop."""
    assert ADDRESS in command
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = children.run(
        [BASH, "-ceu", command.replace(ADDRESS, local.url)],
        cwd=folder, env={**os.environ, "PATH": path, "NO_PROXY": "127.0.0.1"}, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def examples(text: str) -> list[tuple[str, dict[str, Any]]]:
    """List the commands of a page that the answer follows at once."""
    return [
        (command, json.loads(answer))
        for (language, command), (after, answer) in pairwise(blocks(text))
        if (language, after) == ("sh", "json")
    ]


def until(asked: Callable[[], Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Ask until the answer holds what is wanted; return that part of the last answer."""
    end = time.monotonic() + PATIENCE
    while True:
        answer = asked()
        part = {name: answer.get(name) for name in wanted}
        if part == wanted or time.monotonic() > end:
            return part
        time.sleep(0.1)


BASH = shutil.which("bash") or ""
needs_curl = pytest.mark.skipif(
    not (BASH and shutil.which("curl") and shutil.which("openssl")),
    reason="the examples are written for bash, curl and openssl",
)


@needs_curl
def test_the_readmes_examples_answer_as_it_says(shop):
    listed = examples(README)
    assert len(listed) == 3
    for command, wanted in listed:
        assert until(lambda command=command: run(command, *shop), wanted) == wanted


@needs_curl
def test_posting_the_readmes_sale_again_changes_nothing(shop):
    _, (post, taken), (show, member) = examples(README)
    assert run(post, *shop) == taken
    assert shop[0].bus.wait_idle(PATIENCE)
    assert {name: run(show, *shop)[name] for name in member} == member


@needs_curl
def test_the_generic_webhooks_example_answers_as_it_says(shop):
    text = (ROOT / "docs/generic-webhook.md").read_text("utf-8")
    [(command, wanted)] = examples(text)
    assert run(command, *shop) == wanted


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Run what `make run` runs on a folder, until Ctrl-C; yields its address."""
    port, program = emulators.free_port(), str(ROOT / "infra/programs/art-cafe.yaml")
    paths = {"PYTHONPATH": f"shared{os.pathsep}."}
    given = {"PORT": str(port), "LOYALTY_DATA": str(folder), "LOYALTY_PROGRAM": program, **paths}
    command = [sys.executable, "-m", "infra.local"]
    server = children.Child[str](
        command, {**os.environ, **given}, cwd=ROOT, text=True, stdout=children.PIPE
    )
    try:
        assert any("Ctrl-C stops it" in line for line in server.stdout or ())
        yield f"http://127.0.0.1:{port}"
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=PATIENCE)
        assert server.returncode == 0
    finally:
        children.end(server)


def test_a_till_screen_is_set_up_as_the_readme_says(tmp_path):
    steps = re.findall(r"`\.venv/bin/loyalty (staff [^`]+)`", README)

    def typed(step: str) -> str:
        given = {"LOYALTY_DATA": str(tmp_path)}
        return CliRunner().invoke(cli.main, step.split(), env=given).output

    with serving(tmp_path):
        assert "Stop the server, give this command again" in typed(steps[0])
    pin, code = (typed(step).split()[0] for step in steps)
    assert re.fullmatch(r"\d{6}", pin)
    with serving(tmp_path) as url:
        (console,) = re.findall(r"`(/console)`", README)
        address, form = f"{url}{console}/", {"Origin": url, "Accept": "text/html"}
        made = requests.post(
            f"{address}/screen",
            {"code": code},
            headers=form,
            allow_redirects=False,
            timeout=PATIENCE,
        )
        form["Cookie"] = made.headers["Set-Cookie"].partition(";")[0]  # as localhost may keep it
        assert "Maya" in requests.get(address, headers=form, timeout=PATIENCE).text


def test_guests_join_and_read_where_the_readme_says(shop):
    (join,) = re.findall(r"`(/member-page/join/\w+)`", README)
    local, _ = shop
    assert requests.get(f"{local.url}{join}", timeout=PATIENCE).ok
    after = f"http://127.0.0.1:{int(ADDRESS.rpartition(':')[2]) + 1}"
    (page,) = re.findall(rf"{after}(/\w+)", README)
    with Sandbox(seed="readme") as sandbox:
        assert requests.get(f"{sandbox.url}{page}", timeout=PATIENCE).ok


def test_every_command_of_the_readme_is_a_target_or_is_run():
    others = [
        text
        for language, text in blocks(README)
        if language == "sh" and not all(line.startswith("make ") for line in text.splitlines())
    ]
    assert others == [command for command, _ in examples(README)]


# -- the generic webhook's page ---------------------------------------------------------------

GENERIC = (ROOT / "docs/generic-webhook.md").read_text("utf-8")


def test_the_worked_vector_is_right():
    [vector] = [text for language, text in blocks(GENERIC) if language == ""]
    parts = dict(line.split(None, 1) for line in vector.splitlines())
    key = base64.b64decode(parts["secret"].removeprefix("whsec_"))
    message = f"{parts['id']}.{parts['timestamp']}.{parts['body']}".encode()
    mac = base64.b64encode(hmac.digest(key, message, "sha256")).decode()
    assert parts["signature"] == f"v1,{mac}"
    assert parts["secret"] == vendors.GENERIC_SECRET
    assert vendors.GENERIC_SECRET in README


def test_every_code_of_a_mistake_is_told():
    sources = ("connectors/generic.py", "connectors/generic_body.py", "connectors/strict.py",
               "web/reading.py", "web/webhooks.py", "web/answers.py",
               "steps/transaction_ingest.py")  # fmt: skip
    text = "\n".join((ROOT / "shared/loyalty" / name).read_text("utf-8") for name in sources)
    problems = re.findall(r"(?:Problem|_problem)\((?:\d+, )?\"([a-z_]+)\"", text)
    yielded = re.findall(r"yield [^\n]*, \"([a-z_]+)\"$", text, re.MULTILINE)
    table = re.findall(r"^    \(\"[^\n]*, \"([a-z_]+)\"\),$", text, re.MULTILINE)
    codes = {*problems, *yielded, *table, "card_data", "amount_sign"}
    assert len(codes) > 25
    assert {code for code in codes if f"`{code}`" not in GENERIC} == set()


def test_the_pages_mistake_is_answered_so(shop):
    local, _ = shop
    [(_, _), (_, shown)] = [
        (language, text) for language, text in blocks(GENERIC) if language == "json"
    ]
    body = b'{"type":"sale.completed","timestamp":"2026-11-21T11:00:00Z","data":{"store":"x"}}'
    at = str(int(time.time()))
    key = base64.b64decode(vendors.GENERIC_SECRET.removeprefix("whsec_"))
    mac = base64.b64encode(hmac.digest(key, f"evt_2.{at}.".encode() + body, "sha256")).decode()
    headers = {
        "Content-Type": "application/json", "webhook-id": "evt_2", "webhook-timestamp": at,
        "webhook-signature": f"v1,{mac}",
    }  # fmt: skip
    address = f"{local.url}/transaction-ingest/generic"
    answer = requests.post(address, body, headers=headers, timeout=PATIENCE).json()
    assert {**answer, "request_id": "…"} == json.loads(shown)
