"""Runs the tools that look for weak spots, each in its own words, and reads what they found."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from infra import children
from infra.evidence import Row
from infra.topology import TOP

HOME = TOP / "build/audit/bin"
"""The tools have a virtual environment of their own: what they need is not what we need."""
KNOWN = TOP / "infra/security/known.json"
"""Hashes of what looks like a secret and was made up, and the file of each."""
BILL = TOP / "build/sbom.json"
SOURCES = ("shared", "functions", "infra")
PATIENCE = 900


class Said(NamedTuple):
    """What a tool wrote, and how it ended."""

    code: int
    out: str
    err: str


def ran(*command: str) -> Said:
    """Run a tool of ours. Raises FileNotFoundError if it is not installed."""
    done = children.run([HOME / command[0], *command[1:]], cwd=TOP, timeout=PATIENCE)
    return Said(done.returncode, done.stdout, done.stderr)


def bandit() -> Row:
    """Look for common mistakes of Python programs."""
    said = ran("bandit", "-q", "-r", *SOURCES, "-c", "pyproject.toml", "-f", "json")
    found = [
        f"{each['filename']}:{each['line_number']} {each['test_id']} {each['issue_text']}"
        for each in _json(said)["results"]
    ]
    return _row("bandit", found)


def semgrep() -> Row:
    """Look for what our own rules forbid."""
    said = ran(
        "semgrep", "scan", "--config", "infra/security/rules.yaml", "--json", "--metrics=off",
        "--disable-version-check", "--quiet", *SOURCES,
    )  # fmt: skip
    told = _json(said)
    found = [
        f"{each['path']}:{each['start']['line']} {each['check_id'].rpartition('.')[2]}"
        for each in told["results"]
    ]
    return _row("semgrep, our rules", found + [str(each) for each in told["errors"]])


def secrets() -> Row:
    """Look for keys and passwords in everything that is under version control."""
    said = ran("detect-secrets", "scan", "--exclude-files", r"(\.lock|\.lock\.hcl|/known\.json)$")
    known = json.loads(KNOWN.read_text("utf-8"))
    found = [
        f"{file}:{each['line_number']} {each['type']}"
        for file, places in _json(said)["results"].items()
        for each in places
        if each["hashed_secret"] not in known
    ]
    return _row("secret scan", found)


def weaknesses() -> Row:
    """Ask for known weaknesses of all that is installed, where those who know can be reached."""
    said = ran(
        "pip-audit", "-r", "requirements.lock", "--require-hashes", "--disable-pip", "-f", "json",
        "--progress-spinner", "off",
    )  # fmt: skip
    told = json.loads(said.out)["dependencies"] if said.out.startswith("{") else []
    asked = [each for each in told if "skip_reason" not in each]
    found = [
        f"{each['name']} {each['version']}: {weak['id']}"
        for each in asked
        for weak in each.get("vulns", ())
    ]
    if found or (asked and len(asked) == len(told)):
        return _row("known weaknesses", found)
    reached = f"{len(asked)} of {len(told)} packages are known where we asked"
    return Row("known weaknesses", "0 found", f"not seen here: {reached}", kept=None)


def bill_of_materials() -> Row:
    """Write down what a deployment consists of, for those who must know."""
    BILL.parent.mkdir(exist_ok=True)
    said = ran(
        "cyclonedx-py", "requirements", "requirements.lock", "--pyproject", "pyproject.toml",
        "--output-reproducible", "-o", str(BILL),
    )  # fmt: skip
    if said.code:
        return Row("bill of materials", "written", said.err.strip()[-60:], kept=False)
    listed = len(json.loads(BILL.read_text("utf-8"))["components"])
    lock = Path(TOP / "requirements.lock").read_text("utf-8")
    asked = sum("==" in line for line in lock.splitlines())
    return Row("bill of materials", f"{asked} packages", f"{listed} packages", listed == asked)


TOOLS: Sequence[Callable[[], Row]] = (bandit, semgrep, secrets, weaknesses, bill_of_materials)


def _json(said: Said) -> Any:
    try:
        return json.loads(said.out)
    except ValueError as error:
        raise RuntimeError(said.err or said.out) from error


def _row(what: str, found: Sequence[str]) -> Row:
    for each in found:
        print(f"{what}: {each}", file=sys.stderr)
    return Row(what, "0 found", f"{len(found)} found", not found)
