"""The member API's page is true: its commands run as they stand, and no call is missing."""

from __future__ import annotations

import json
import os
import re
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests
from infra.children import run
from infra.local import announce
from tests.test_docs import ADDRESS, BASH, PATIENCE, ROOT, blocks, needs_curl, shop

from loyalty.web import member_api

PAGE = (ROOT / "docs/member-api.md").read_text("utf-8")
ELSEWHERE = {
    "/v1/openapi.json", "/v1/holds/{id}/ticket", "/v1/tickets/key", "/v1/tickets",
    "/v1/members/{id}/messages",
}  # fmt: skip
"""Told of in words (a message takes a moment), or on the page of tickets."""
MAKING_A_KEY, *COMMANDS = [text for language, text in blocks(PAGE) if language == "sh"]
SCRIPT = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
__all__ = ["shop"]


def bash(script: str, folder: Path) -> str:
    done = run(
        [BASH, "-euo", "pipefail", "-c", script], cwd=folder, timeout=PATIENCE,
        env={**os.environ, "PATH": SCRIPT, "NO_PROXY": "127.0.0.1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def holds(found: Any, wanted: Any) -> bool:
    """Tell whether an answer has all that the page shows of it."""
    if isinstance(wanted, dict):
        return all(name in found and holds(found[name], each) for name, each in wanted.items())
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(holds, found, wanted))
    return bool(found) if wanted == "…" else found == wanted


@needs_curl
def test_every_command_of_the_page_answers_as_it_says(shop):
    local, folder = shop
    parts = [f"{{ {text}\n}} > {number}.out" for number, text in enumerate(COMMANDS)]
    bash("\n".join(parts).replace(ADDRESS, local.url), folder)
    answers = [(folder / f"{number}.out").read_text("utf-8") for number in range(len(COMMANDS))]
    shown = [json.loads(text) if language == "json" else None
             for (first, _), (language, text) in pairwise([*blocks(PAGE), ("", "")])
             if first == "sh"][1:]  # fmt: skip
    assert [bool(answer) for answer in answers] == [each is not None for each in shown]
    for command, answer, wanted in zip(COMMANDS, answers, shown, strict=True):
        assert wanted is None or holds(json.loads(answer), wanted), f"{command}\n{answer}"


def test_a_key_is_made_as_the_page_says(tmp_path):
    program, data = ROOT / "infra/programs/art-cafe.yaml", f"--data {tmp_path}"
    bash(f"loyalty program publish {program} --yes {data}", tmp_path)
    secret = bash(f"{MAKING_A_KEY.replace('.venv/bin/', '').strip()} {data}", tmp_path)
    assert re.fullmatch(r"rk_[\w-]{43}\n", secret)


def called() -> set[tuple[str, str]]:
    """List the calls of the page by method and path, without a query."""
    found = set()
    for line in "\n".join(COMMANDS).replace("\\\n", " ").splitlines():
        for path, rest in re.findall(r'\bapi "?(/v1/[^\s"?]*)(.*)', line):
            posts = "POST" if " -d " in rest else "GET"
            method = re.search(r"-X ([A-Z]+)", rest)
            found.add((method[1] if method else posts, path))
    return found


@pytest.mark.parametrize(
    "operation", member_api.OPERATIONS, ids=lambda each: f"{each.method} {each.path}"
)
def test_every_call_is_on_the_page(operation):
    if operation.path in ELSEWHERE:
        return
    path = re.compile(re.sub(r"\{\w+\}", "[^/]+", operation.path))
    assert any(method == operation.method and path.fullmatch(at) for method, at in called())


def test_the_local_servers_first_lines_lead_to_the_page_and_the_description(shop, capsys):
    local, _ = shop
    announce(local, sandbox=None)
    [line] = [each for each in capsys.readouterr().out.splitlines() if "docs/member-api.md" in each]
    address = line.split()[0]
    told = requests.get(address, timeout=PATIENCE).json()
    assert [each["url"] for each in told["servers"]] == [f"{local.url}/member-api"]
